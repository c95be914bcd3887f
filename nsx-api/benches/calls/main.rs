//! What a call costs beside one that is written by hand on reqwest and serde_json, with the same headers, against the same server:
//! time, instructions, allocations, throughput and memory.
//!
//! `cargo bench -p nsx-api --features mock --bench calls`. Instructions are counted where valgrind is installed.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a fault of the benchmark"
)]

#[path = "../measure/mod.rs"]
mod measure;
mod server;
#[path = "../measure/serving.rs"]
mod serving;
mod sides;

use std::process::Command;
use std::time::{Duration, Instant};

use allocation_counter::AllocationInfo;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

use measure::{in_turns, number, ratio, rounds, row, table, time};
use server::{HELD, Place, Server};
use sides::{ByHand, Sdk, Side};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve"] => server::serve(),
        ["calls", side, address, certificate, count] => {
            let count = count.parse().unwrap();
            match side {
                "sdk" => make_calls::<Sdk>(address, certificate, count),
                _ => make_calls::<ByHand>(address, certificate, count),
            }
        }
        _ => {
            let server = Server::start();
            one_call(&server.place);
            many_calls(&server.place);
            in_flight(&server.place);
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

/// One call after the other, on a connection that is kept.
fn one_call(place: &Place) {
    table(
        "One call, on a connection that is kept",
        ["", "SDK", "by hand", "ratio", "aim"],
    );
    for (name, address) in [("plain", &place.plain), ("TLS", &place.tls)] {
        let (sdk, by_hand) = (
            Prepared::<Sdk>::new(address, place),
            Prepared::<ByHand>::new(address, place),
        );
        let pair = in_turns(rounds(400), || sdk.time(50), || by_hand.time(50));
        row([
            &format!("{name}, time"),
            &time(pair.ours / 50),
            &time(pair.theirs / 50),
            &pair.ratio.to_string(),
            "1.05",
        ]);
        let count = |side| instructions(side, address, place);
        match (count("sdk"), count("by hand")) {
            (Some(sdk), Some(by_hand)) => {
                counted(&format!("{name}, instructions"), sdk, by_hand, "1.10");
            }
            _ => row([&format!("{name}, instructions"), "not counted", "", "", ""]),
        }
        let (sdk, by_hand) = (sdk.allocations(), by_hand.allocations());
        counted(
            &format!("{name}, allocations"),
            sdk.count_total,
            by_hand.count_total,
            "1.10",
        );
        counted(
            &format!("{name}, bytes allocated"),
            sdk.bytes_total,
            by_hand.bytes_total,
            "",
        );
    }
}

fn counted(name: &str, ours: u64, theirs: u64, aim: &str) {
    row([
        name,
        &number(ours),
        &number(theirs),
        &ratio(ours, theirs),
        aim,
    ]);
}

/// A side that has made its first call, and the runtime that it lives in.
struct Prepared<S> {
    runtime: Runtime,
    side: S,
}

impl<S: Side> Prepared<S> {
    fn new(address: &str, place: &Place) -> Self {
        let runtime = one_thread();
        let side = S::new(address, &place.certificate);
        let prepared = Self { runtime, side };
        prepared.time(100);
        prepared
    }

    fn time(&self, calls: usize) -> Duration {
        let start = Instant::now();
        self.make(calls);
        start.elapsed()
    }

    fn make(&self, calls: usize) {
        self.runtime.block_on(async {
            for _ in 0..calls {
                self.side.call().await;
            }
        });
    }

    /// Those of one call.
    fn allocations(&self) -> AllocationInfo {
        const CALLS: usize = 100;
        let mut all = allocation_counter::measure(|| self.make(CALLS));
        all.count_total /= CALLS as u64;
        all.bytes_total /= CALLS as u64;
        all
    }
}

/// Those of one call: what so many more calls take in a process of their own. `None` where there is no valgrind, and in a test.
fn instructions(side: &str, address: &str, place: &Place) -> Option<u64> {
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
                side,
                address,
                &place.certificate,
                &calls.to_string(),
            ])
            .output()
            .ok()?;
        let said = String::from_utf8(run.stderr).unwrap();
        assert!(run.status.success(), "{said}");
        let (_, count) = said.split_once("Collected : ")?;
        count.lines().next()?.trim().parse::<u64>().ok()
    };
    Some((count(many)? - count(few)?) / (many - few))
}

fn make_calls<S: Side>(address: &str, certificate: &str, count: usize) {
    let side = S::new(address, certificate);
    one_thread().block_on(async {
        for _ in 0..count {
            side.call().await;
        }
    });
}

/// A thousand calls, so many of them at a time.
fn many_calls(place: &Place) {
    const CALLS: usize = 1000;
    table(
        &format!(
            "{CALLS} calls, some at a time, of which the SDK is told to allow as many (its default is 40)"
        ),
        [
            "at a time",
            "SDK, calls a second",
            "by hand, calls a second",
            "ratio",
            "aim",
        ],
    );
    for (name, address) in [("plain", &place.plain), ("TLS", &place.tls)] {
        for at_once in [1, 8, 64] {
            // One at a time needs one thread: on two, it is luck which of them is asleep.
            let runtime = if at_once == 1 {
                one_thread()
            } else {
                two_threads()
            };
            let _in_runtime = runtime.enter();
            let sdk = Sdk::new(address, &place.certificate);
            let by_hand = ByHand::new(address, &place.certificate);
            let pair = in_turns(
                rounds(200),
                || runtime.block_on(spread(&sdk, CALLS, at_once)),
                || runtime.block_on(spread(&by_hand, CALLS, at_once)),
            );
            let rate = |time: Duration| number((CALLS as f64 / time.as_secs_f64()) as u64);
            // Of throughput, and not of time.
            row([
                &format!("{at_once}, {name}"),
                &rate(pair.ours),
                &rate(pair.theirs),
                &pair.ratio.inverse().to_string(),
                "0.95",
            ]);
        }
    }
}

async fn spread<S: Side>(side: &S, calls: usize, at_once: usize) -> Duration {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for share in 0..at_once {
        let side = side.clone();
        let calls = (share..calls).step_by(at_once).count();
        tasks.spawn(async move {
            for _ in 0..calls {
                side.call().await;
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    start.elapsed()
}

/// What calls hold that wait for their answers.
fn in_flight(place: &Place) {
    table(
        &format!("Memory of a call that waits for its answer, with {HELD} of them"),
        ["", "SDK", "by hand", "ratio"],
    );
    let [sdk, by_hand] = [held::<Sdk>(place), held::<ByHand>(place)];
    for (name, pick) in [
        ("bytes, with its connection", 0),
        ("bytes, connections kept from before", 1),
    ] {
        let (ours, theirs) = (sdk[pick], by_hand[pick]);
        row([name, &number(ours), &number(theirs), &ratio(ours, theirs)]);
    }
}

/// What is allocated while calls wait, for each: the first time, and once more.
fn held<S: Side>(place: &Place) -> [u64; 2] {
    let runtime = one_thread();
    let side = S::new(&place.held, &place.certificate);
    [(), ()].map(|()| {
        let mut tasks = JoinSet::new();
        let info = allocation_counter::measure(|| {
            runtime.block_on(async {
                for _ in 0..HELD {
                    let side = side.clone();
                    tasks.spawn(async move { side.call().await });
                }
                // Until all of them have been sent.
                tokio::time::sleep(Duration::from_millis(500)).await;
            });
        });
        // One more, and the server answers all.
        runtime.block_on(async {
            side.call().await;
            while let Some(done) = tasks.join_next().await {
                done.unwrap();
            }
        });
        u64::try_from(info.bytes_current).unwrap() / HELD as u64
    })
}
