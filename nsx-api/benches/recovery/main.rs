//! Measures what recovery costs: a retry, a failover to another manager, a new session. Counts the
//! requests, and compares the time with calls without a fault.
//!
//! Run it with `cargo bench -p nsx-api --bench recovery`. Retry delays are set to
//! zero, except in one row, because their length is a setting.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is an error in the benchmark"
)]

#[path = "../measure/mod.rs"]
mod measure;

use std::time::{Duration, Instant};

use nsx_api::auth::Session;
use nsx_api::http::Method;
use nsx_api::mock::{Answer, Manager};
use nsx_api::{CallOptions, Client, Config};
use tokio::task::JoinSet;

use measure::{Quartiles, format_duration, print_row, print_table_header, rounds};

/// Two managers of a cluster.
struct Cluster {
    first: Manager,
    second: Manager,
}

/// A scenario: the configuration of the client, and the fault that is injected before each call.
struct Scenario {
    name: &'static str,
    config: fn(Config, &Cluster) -> Config,
    inject_fault: fn(&Cluster),
    /// The number of concurrent calls.
    calls: usize,
    /// Whether the call is the first one of its client.
    is_first_call: bool,
}

const NO_FAULT: Scenario = Scenario {
    name: "no fault",
    config: |config, _| config,
    inject_fault: |_| {},
    calls: 1,
    is_first_call: false,
};

const SCENARIOS: [Scenario; 8] = [
    Scenario {
        name: "first call of a client: connection and login",
        is_first_call: true,
        ..NO_FAULT
    },
    Scenario {
        name: "503, then a retry without delay",
        inject_fault: |cluster| cluster.first.respond_with(busy()),
        ..NO_FAULT
    },
    Scenario {
        name: "503, then a retry with the default delay",
        config: |config, _| config.options(CallOptions::new()),
        inject_fault: |cluster| cluster.first.respond_with(busy()),
        ..NO_FAULT
    },
    Scenario {
        name: "connection lost",
        inject_fault: |cluster| cluster.first.respond_with(Answer::dropped()),
        ..NO_FAULT
    },
    Scenario {
        name: "503, then failover to another manager",
        config: |config, cluster| config.manager(cluster.second.url()),
        inject_fault: |cluster| cluster.first.respond_with(busy()),
        ..NO_FAULT
    },
    Scenario {
        name: "first call of a client, and its first manager is unreachable",
        config: |_, cluster| config(UNREACHABLE).manager(cluster.first.url()),
        is_first_call: true,
        ..NO_FAULT
    },
    Scenario {
        name: "session expired",
        inject_fault: |cluster| cluster.first.expire_sessions(),
        ..NO_FAULT
    },
    Scenario {
        name: "session expired for 64 concurrent calls (total)",
        inject_fault: |cluster| cluster.first.expire_sessions(),
        calls: 64,
        ..NO_FAULT
    },
];

/// A port on which nothing listens.
const UNREACHABLE: &str = "http://127.0.0.1:9";

#[tokio::main(worker_threads = 2)]
async fn main() {
    let cluster = Cluster {
        first: manager().await,
        second: manager().await,
    };
    print_table_header(
        "Cost of recovery",
        [
            "scenario",
            "requests",
            "time",
            "relative to calls without a fault",
        ],
    );
    // Warm-up.
    NO_FAULT.cost(&cluster).await;
    for scenario in [NO_FAULT].into_iter().chain(SCENARIOS) {
        // Measured right before, so that both run under the same load of the machine.
        let no_fault = Scenario {
            calls: scenario.calls,
            ..NO_FAULT
        }
        .cost(&cluster)
        .await;
        let cost = scenario.cost(&cluster).await;
        let times = cost.time.as_secs_f64() / no_fault.time.as_secs_f64();
        print_row([
            scenario.name,
            &format!("{:.0}", cost.requests),
            &format_duration(cost.time),
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

/// The response of an overloaded manager.
fn busy() -> Answer {
    Answer::api_error(503, 98, "The manager is busy.")
}

struct Cost {
    requests: f64,
    time: Duration,
}

impl Scenario {
    /// The median cost of the calls.
    async fn cost(&self, cluster: &Cluster) -> Cost {
        let mut times = Vec::new();
        let mut requests = Vec::new();
        let managers = [&cluster.first, &cluster.second];
        for _ in 0..rounds(200) {
            // A new client each time: after many failures, a client has used up its retry budget.
            let client = self.client(cluster);
            // One call per manager, so that the next call goes to the first manager.
            if !self.is_first_call {
                self.call(&client).await;
                self.call(&client).await;
            }
            managers.into_iter().for_each(prepare);
            (self.inject_fault)(cluster);
            let start = Instant::now();
            self.call(&client).await;
            times.push(start.elapsed().as_secs_f64());
            requests.push(managers.map(|manager| manager.count() as f64).iter().sum());
        }
        Cost {
            requests: Quartiles::of(requests).median,
            time: Duration::from_secs_f64(Quartiles::of(times).median),
        }
    }

    fn client(&self, cluster: &Cluster) -> Client {
        let client = (self.config)(config(&cluster.first.url()), cluster);
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
