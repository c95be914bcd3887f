//! Compares a call of the SDK with a handwritten one on reqwest and serde_json: time, instructions,
//! allocations, throughput and memory. Both send the same headers to the same server.
//!
//! Run it with `cargo bench -p nsx-api --bench calls`. Instructions are counted if
//! valgrind is installed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is an error in the benchmark"
)]

mod clients;
#[path = "../measure/mod.rs"]
mod measure;
mod server;
#[path = "../measure/server_process.rs"]
mod server_process;

use std::process::Command;
use std::time::{Duration, Instant};

use allocation_counter::AllocationInfo;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use clients::{BenchClient, ByHand, Sdk};
use measure::{
    format_count, format_duration, format_ratio, measure_alternating, print_row,
    print_table_header, rounds,
};
use server::{Endpoints, HELD_REQUESTS, Server};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => server::serve(),
        ["calls", client, address, certificate, count] => {
            let count = count.parse().unwrap();
            match client {
                "sdk" => run_calls::<Sdk>(address, certificate, count),
                _ => run_calls::<ByHand>(address, certificate, count),
            }
        }
        _ => {
            let server = Server::start();
            bench_single_call(&server.endpoints);
            bench_concurrent_calls(&server.endpoints);
            bench_memory_in_flight(&server.endpoints);
        }
    }
}

fn one_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

fn two_threads() -> Runtime {
    let mut builder = Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

/// Sequential calls on a reused connection.
fn bench_single_call(endpoints: &Endpoints) {
    print_table_header(
        "One call on a reused connection",
        ["", "SDK", "by hand", "ratio", "target"],
    );
    for (name, address) in [("plain", &endpoints.plain), ("TLS", &endpoints.tls)] {
        let (sdk, by_hand) = (
            WarmClient::<Sdk>::new(address, endpoints),
            WarmClient::<ByHand>::new(address, endpoints),
        );
        let pair = measure_alternating(rounds(400), || sdk.time(50), || by_hand.time(50));
        print_row([
            &format!("{name}, time"),
            &format_duration(pair.ours / 50),
            &format_duration(pair.theirs / 50),
            &pair.ratio.to_string(),
            "1.05",
        ]);
        let count = |client| count_instructions(client, address, endpoints);
        match (count("sdk"), count("by hand")) {
            (Some(sdk), Some(by_hand)) => {
                print_counts(&format!("{name}, instructions"), sdk, by_hand, "1.10");
            }
            _ => print_row([&format!("{name}, instructions"), "not counted", "", "", ""]),
        }
        let (sdk, by_hand) = (sdk.allocations(), by_hand.allocations());
        print_counts(
            &format!("{name}, allocations"),
            sdk.count_total,
            by_hand.count_total,
            "1.10",
        );
        print_counts(
            &format!("{name}, bytes allocated"),
            sdk.bytes_total,
            by_hand.bytes_total,
            "",
        );
    }
}

fn print_counts(name: &str, ours: u64, theirs: u64, target: &str) {
    print_row([
        name,
        &format_count(ours),
        &format_count(theirs),
        &format_ratio(ours, theirs),
        target,
    ]);
}

/// A client that is already connected, with its runtime.
struct WarmClient<S> {
    runtime: Runtime,
    client: S,
}

impl<S: BenchClient> WarmClient<S> {
    fn new(address: &str, endpoints: &Endpoints) -> Self {
        let runtime = one_thread();
        let client = S::new(address, &endpoints.certificate);
        let client = Self { runtime, client };
        client.time(100);
        client
    }

    fn time(&self, calls: usize) -> Duration {
        let start = Instant::now();
        self.make(calls);
        start.elapsed()
    }

    fn make(&self, calls: usize) {
        self.runtime.block_on(async {
            for _ in 0..calls {
                self.client.call().await;
            }
        });
    }

    /// The allocations of one call.
    fn allocations(&self) -> AllocationInfo {
        const CALLS: usize = 100;
        let mut all = allocation_counter::measure(|| self.make(CALLS));
        all.count_total /= CALLS as u64;
        all.bytes_total /= CALLS as u64;
        all
    }
}

/// The instructions of one call: the difference between a child process with many calls and one
/// with few, divided by the difference in calls. `None` without valgrind, and in `cargo test`.
fn count_instructions(client: &str, address: &str, endpoints: &Endpoints) -> Option<u64> {
    let (few, many) = (200, 2200);
    if !measure::is_bench() {
        return None;
    }
    let count = |calls: u64| {
        let run = Command::new("valgrind")
            .args(["--tool=callgrind", "--callgrind-out-file=/dev/null"])
            .arg(std::env::current_exe().unwrap())
            .args([
                "calls",
                client,
                address,
                &endpoints.certificate,
                &calls.to_string(),
            ])
            .output()
            .ok()?;
        let output = String::from_utf8(run.stderr).unwrap();
        assert!(run.status.success(), "{output}");
        let (_, count) = output.split_once("Collected : ")?;
        count.lines().next()?.trim().parse::<u64>().ok()
    };
    Some((count(many)? - count(few)?) / (many - few))
}

fn run_calls<S: BenchClient>(address: &str, certificate: &str, count: usize) {
    let client = S::new(address, certificate);
    one_thread().block_on(async {
        for _ in 0..count {
            client.call().await;
        }
    });
}

/// The throughput of concurrent calls.
fn bench_concurrent_calls(endpoints: &Endpoints) {
    const CALLS: usize = 1000;
    print_table_header(
        &format!(
            "{CALLS} calls, several at a time (the SDK's limit is raised from its default of 40)"
        ),
        [
            "at a time",
            "SDK, calls per second",
            "by hand, calls per second",
            "ratio",
            "target",
        ],
    );
    for (name, address) in [("plain", &endpoints.plain), ("TLS", &endpoints.tls)] {
        for concurrency in [1, 8, 64] {
            // One call at a time needs one thread. With two, the time depends on which one sleeps.
            let runtime = if concurrency == 1 {
                one_thread()
            } else {
                two_threads()
            };
            let _in_runtime = runtime.enter();
            let sdk = Sdk::new(address, &endpoints.certificate);
            let by_hand = ByHand::new(address, &endpoints.certificate);
            let pair = measure_alternating(
                rounds(200),
                || runtime.block_on(run_concurrently(&sdk, CALLS, concurrency)),
                || runtime.block_on(run_concurrently(&by_hand, CALLS, concurrency)),
            );
            let rate = |time: Duration| format_count((CALLS as f64 / time.as_secs_f64()) as u64);
            // The ratio of the throughput is the inverse of the ratio of the times.
            print_row([
                &format!("{concurrency}, {name}"),
                &rate(pair.ours),
                &rate(pair.theirs),
                &pair.ratio.inverse().to_string(),
                "0.95",
            ]);
        }
    }
}

async fn run_concurrently<S: BenchClient>(
    client: &S,
    calls: usize,
    concurrency: usize,
) -> Duration {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for share in 0..concurrency {
        let client = client.clone();
        let calls = (share..calls).step_by(concurrency).count();
        tasks.spawn(async move {
            for _ in 0..calls {
                client.call().await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    start.elapsed()
}

/// The memory of calls that wait for a response.
fn bench_memory_in_flight(endpoints: &Endpoints) {
    print_table_header(
        &format!("Memory per call, while {HELD_REQUESTS} calls wait for their responses"),
        ["", "SDK", "by hand", "ratio"],
    );
    let [sdk, by_hand] = [
        memory_per_held_call::<Sdk>(endpoints),
        memory_per_held_call::<ByHand>(endpoints),
    ];
    for (name, pick) in [
        ("bytes, with a new connection", 0),
        ("bytes, with a reused connection", 1),
    ] {
        let (ours, theirs) = (sdk[pick], by_hand[pick]);
        print_row([
            name,
            &format_count(ours),
            &format_count(theirs),
            &format_ratio(ours, theirs),
        ]);
    }
}

/// The bytes allocated per waiting call: with new connections, then with reused ones.
fn memory_per_held_call<S: BenchClient>(endpoints: &Endpoints) -> [u64; 2] {
    let runtime = one_thread();
    let client = S::new(&endpoints.held, &endpoints.certificate);
    [(), ()].map(|()| {
        let mut tasks = JoinSet::new();
        let info = allocation_counter::measure(|| {
            runtime.block_on(async {
                for _ in 0..HELD_REQUESTS {
                    let client = client.clone();
                    tasks.spawn(async move { client.call().await });
                }
                // Wait until all requests have been sent.
                tokio::time::sleep(Duration::from_millis(500)).await;
            });
        });
        // One more request makes the server respond to all.
        runtime.block_on(async {
            client.call().await;
            while let Some(done) = tasks.join_next().await {
                done.unwrap();
            }
        });
        u64::try_from(info.bytes_current).unwrap() / HELD_REQUESTS as u64
    })
}
