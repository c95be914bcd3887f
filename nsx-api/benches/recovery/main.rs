//! What it costs to get through: a retry, another manager, a new session, in requests and in time, beside a call that nothing befalls.
//!
//! `cargo bench -p nsx-api --features mock --bench recovery`. Waits are switched off but in one row: how long they are is a setting.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a fault of the benchmark"
)]

#[path = "../measure/mod.rs"]
mod measure;

use std::time::{Duration, Instant};

use nsx_api::auth::Session;
use nsx_api::http::Method;
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, Config};
use tokio::task::JoinSet;

use measure::{Spread, rounds, row, table, time};

/// Two managers of a cluster.
struct Scene {
    first: Manager,
    second: Manager,
}

/// A way to get through: what a client is set up with, and what befalls it before each call.
struct Way {
    name: &'static str,
    config: fn(Config, &Scene) -> Config,
    befalls: fn(&Scene),
    /// How many calls are made at once.
    calls: usize,
    /// Whether each has a client of its own, that has called nobody yet.
    is_first: bool,
}

const PLAIN: Way = Way {
    name: "goes through at once",
    config: |config, _| config,
    befalls: |_| {},
    calls: 1,
    is_first: false,
};

const WAYS: [Way; 8] = [
    Way {
        name: "is a client's first: a connection and a login",
        is_first: true,
        ..PLAIN
    },
    Way {
        name: "is answered 503 first, and sent again",
        befalls: |scene| scene.first.respond_with(busy()),
        ..PLAIN
    },
    Way {
        name: "is answered 503 first, with the wait that is the default",
        config: |config, _| config.options(CallOptions::new()),
        befalls: |scene| scene.first.respond_with(busy()),
        ..PLAIN
    },
    Way {
        name: "loses its connection",
        befalls: |scene| scene.first.respond_with(Answer::dropped()),
        ..PLAIN
    },
    Way {
        name: "goes to another manager, as one is at its limit",
        config: |config, scene| config.manager(scene.second.url()),
        befalls: |scene| scene.first.respond_with(busy()),
        ..PLAIN
    },
    Way {
        name: "is a client's first, and the first of its managers is gone",
        config: |_, scene| config(GONE).manager(scene.first.url()),
        is_first: true,
        ..PLAIN
    },
    Way {
        name: "finds its session over",
        befalls: |scene| scene.first.expire_sessions(),
        ..PLAIN
    },
    Way {
        name: "finds its session over, with 63 others at the same time (all of them)",
        befalls: |scene| scene.first.expire_sessions(),
        calls: 64,
        ..PLAIN
    },
];

/// A port where nobody listens.
const GONE: &str = "http://127.0.0.1:9";

#[tokio::main(worker_threads = 2)]
async fn main() {
    let scene = Scene {
        first: manager().await,
        second: manager().await,
    };
    table(
        "What it costs to get through",
        [
            "a call that",
            "requests",
            "time",
            "of as many to which nothing happens",
        ],
    );
    // The first ones find a machine that sleeps.
    PLAIN.cost(&scene).await;
    for way in [PLAIN].into_iter().chain(WAYS) {
        // Just before it, so that both meet the same machine.
        let plain = Way {
            calls: way.calls,
            ..PLAIN
        }
        .cost(&scene)
        .await;
        let cost = way.cost(&scene).await;
        let times = cost.time.as_secs_f64() / plain.time.as_secs_f64();
        row([
            way.name,
            &format!("{:.0}", cost.requests),
            &time(cost.time),
            &format!("{times:.1}"),
        ]);
    }
}

async fn manager() -> Manager {
    let builder = Manager::builder().credentials("admin", "VMware1!VMware1!");
    let manager = builder.plain_http().start().await.unwrap();
    prepare(&manager);
    manager
}

fn prepare(manager: &Manager) {
    manager.reset();
    manager.on("GET /api/v1/things", |_| 200);
}

fn config(address: &str) -> Config {
    Client::builder(address)
        .auth(Session::new("admin", "VMware1!VMware1!"))
        .options(CallOptions::new().max_retry_delay(Duration::ZERO))
}

/// A manager that takes no more at the moment.
fn busy() -> Answer {
    Answer::api_error(503, 98, "The manager is busy.")
}

struct Cost {
    requests: f64,
    time: Duration,
}

impl Way {
    /// The median of calls.
    async fn cost(&self, scene: &Scene) -> Cost {
        let mut times = Vec::new();
        let mut requests = Vec::new();
        let managers = [&scene.first, &scene.second];
        for _ in 0..rounds(200) {
            // One that has failed often has spent its budget of retries, and spreads its calls.
            let client = self.client(scene);
            // Each manager had one, so that it is the first one's turn.
            if !self.is_first {
                self.call(&client).await;
                self.call(&client).await;
            }
            managers.into_iter().for_each(prepare);
            (self.befalls)(scene);
            let start = Instant::now();
            self.call(&client).await;
            times.push(start.elapsed().as_secs_f64());
            requests.push(managers.map(|manager| manager.count() as f64).iter().sum());
        }
        Cost {
            requests: Spread::of(requests).median,
            time: Duration::from_secs_f64(Spread::of(times).median),
        }
    }

    fn client(&self, scene: &Scene) -> Client {
        let client = (self.config)(config(&scene.first.url()), scene);
        client.build().unwrap()
    }

    async fn call(&self, client: &Client) {
        let mut tasks = JoinSet::new();
        for _ in 1..self.calls {
            let client = client.clone();
            tasks.spawn(async move { call(&client).await });
        }
        call(client).await;
        while let Some(done) = tasks.join_next().await {
            done.unwrap();
        }
    }
}

async fn call(client: &Client) {
    let request = client.request(Method::GET, "/api/v1/things");
    request.send().await.unwrap();
}
