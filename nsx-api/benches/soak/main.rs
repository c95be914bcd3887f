//! Soak test: makes mixed calls for a long time, against managers with injected faults, and checks
//! that memory, file descriptors and tasks do not grow.
//!
//! `cargo bench -p nsx-api --bench soak -- 600` runs for ten minutes. It fails if
//! one of them grows, or if tasks or file descriptors are left at the end. The managers run in a
//! child process.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is an error in the benchmark"
)]

mod managers;
#[path = "../measure/mod.rs"]
mod measure;
#[path = "../measure/server_process.rs"]
mod server_process;

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nsx_api::auth::Session;
use nsx_api::http::Method;
use nsx_api::{CallOptions, Client, Error, Limits};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use managers::{PASSWORD, Rng, USER};
use measure::{format_count, print_row, print_table_header};
use server_process::ServerProcess;

/// The number of concurrent calls, approximately.
const WORKERS: usize = 32;
/// How often the resources are sampled, and how many samples there are per row of the table.
const SAMPLES: u32 = 60;
const SAMPLES_PER_ROW: u32 = 6;
/// The allowed growth from the middle third to the last third, in percent.
const MAX_GROWTH_PERCENT: u64 = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        return managers::serve();
    }
    let seconds = arguments.iter().find_map(|argument| argument.parse().ok());
    let duration = Duration::from_secs(seconds.unwrap_or(if measure::is_bench() { 20 } else { 1 }));
    let mut process = ServerProcess::start();
    let urls = [(); managers::COUNT].map(|()| process.line());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(soak(&urls, duration));
}

/// The number of calls with each outcome.
type Tally = Arc<Mutex<BTreeMap<String, u64>>>;

/// Makes calls for this time.
async fn soak(urls: &[String], duration: Duration) {
    print_table_header(
        &format!("Mixed calls with faults, for {duration:?}"),
        [
            "after",
            "calls",
            "cancelled",
            "failed",
            "memory, kB",
            "file descriptors",
            "tasks",
        ],
    );
    let before = Resources::now();
    let tally = Tally::default();
    // One client with adaptive limits, which slow down after a manager rejects calls, and one
    // without limits.
    let clients = [Limits::adaptive(), Limits::off()].map(|limits| client(urls, limits));
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        let client = clients[number % 2].clone();
        workers.spawn(work(client, number as u64, tally.clone()));
    }
    let start = Instant::now();
    let mut samples = Vec::new();
    for sample in 1..=SAMPLES {
        let until = duration * sample / SAMPLES;
        sleep(until.saturating_sub(start.elapsed())).await;
        samples.push(Resources::now());
        if sample.is_multiple_of(SAMPLES_PER_ROW) {
            print_sample_row(
                start.elapsed(),
                &tally.lock().unwrap(),
                &samples[samples.len() - 1],
            );
        }
    }
    workers.shutdown().await;
    for client in clients {
        client.close().await;
    }
    let outcomes = tally.lock().unwrap().clone();
    println!("\nOutcomes of the calls: {outcomes:?}.");
    check(&before, &samples, &outcomes).await;
}

fn print_sample_row(after: Duration, tally: &BTreeMap<String, u64>, now: &Resources) {
    let all: u64 = tally.values().sum();
    let [succeeded, cancelled] =
        ["ok", "cancelled"].map(|key| tally.get(key).copied().unwrap_or(0));
    print_row([
        &format!("{:.0} s", after.as_secs_f64()),
        &format_count(all),
        &format_count(cancelled),
        &format_count(all - succeeded - cancelled),
        &format_count(now.memory),
        &format_count(now.files),
        &format_count(now.tasks),
    ]);
}

/// Checks that nothing has grown, that nothing is left, and that most calls succeeded. A short run
/// only shows how memory grows at the start, so growth is checked only in `cargo bench`.
async fn check(before: &Resources, samples: &[Resources], tally: &BTreeMap<String, u64>) {
    let all: u64 = tally.values().sum();
    let succeeded = tally["ok"];
    assert!(succeeded * 2 > all, "{succeeded} of {all} calls succeeded");
    // Tasks that close connections may still be running. They end by themselves.
    let start = Instant::now();
    let mut left = Resources::now();
    while left.tasks > before.tasks && start.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(50)).await;
        left = Resources::now();
    }
    assert_eq!(left.tasks, before.tasks, "tasks are left");
    assert!(
        left.files <= before.files + 2,
        "{} file descriptors, {} before",
        left.files,
        before.files
    );
    println!(
        "\nAt the end, {} tasks and {} file descriptors are left, no more than before.",
        left.tasks, left.files
    );
    if !measure::is_bench() {
        return;
    }
    let third = samples.len() / 3;
    for (name, pick) in Resources::METRICS {
        let [middle, last] =
            [&samples[third..2 * third], &samples[2 * third..]].map(|part| median(part, pick));
        assert!(
            last <= middle + middle * MAX_GROWTH_PERCENT / 100,
            "{name}: {middle}, then {last}"
        );
        println!(
            "{name}: {} in the middle third, {} in the last (medians).",
            format_count(middle),
            format_count(last)
        );
    }
}

fn median(samples: &[Resources], pick: Metric) -> u64 {
    let mut values: Vec<u64> = samples.iter().map(pick).collect();
    values.sort_unstable();
    values[values.len() / 2]
}

fn client(urls: &[String], limits: Limits) -> Client {
    let options = CallOptions::new()
        .deadline(Duration::from_secs(10))
        .max_retry_delay(Duration::from_millis(50));
    let config = Client::builder(&urls[0])
        .auth(Session::new(USER, PASSWORD))
        .limits(limits)
        .options(options);
    let config = urls[1..]
        .iter()
        .fold(config, |config, url| config.manager(url));
    config.build().unwrap()
}

/// Makes calls of every kind, one after the other. Cancels some of them, and closes the client now
/// and then.
async fn work(client: Client, seed: u64, tally: Tally) {
    let mut rng = Rng(seed);
    loop {
        let cancel_after = match rng.below(20) {
            0 => Duration::from_millis(rng.below(20)),
            _ => Duration::from_secs(60),
        };
        let outcome = match timeout(cancel_after, call(&client, rng.below(5))).await {
            Ok(Ok(())) => "ok".to_owned(),
            Ok(Err(error)) => format!("{:?}", error.kind()),
            Err(_) => "cancelled".to_owned(),
        };
        *tally.lock().unwrap().entry(outcome).or_default() += 1;
        if rng.below(2000) == 0 {
            client.close().await;
        }
    }
}

async fn call(client: &Client, kind: u64) -> Result<(), Error> {
    match kind {
        0 => drop(
            client
                .request(Method::GET, "/api/v1/things/1")
                .send()
                .await?,
        ),
        1 => {
            let things = vec!["thing"; 1000];
            let request = client.request(Method::POST, "/api/v1/things").json(&things);
            drop(request.send().await?);
        }
        2 => drop(client.create_registration_token().send().await?),
        3 => {
            let request = client.request(Method::GET, "/api/v1/large");
            let mut chunks = request.stream().await?.into_inner();
            while let Some(chunk) = chunks.next().await {
                drop(chunk?);
            }
        }
        _ => {
            let request = client.request(Method::GET, "/api/v1/large");
            drop(request.send().await?.json::<Vec<String>>()?);
        }
    }
    Ok(())
}

type Metric = fn(&Resources) -> u64;

/// The resources of the process at a point in time.
struct Resources {
    /// Resident memory, in kB.
    memory: u64,
    files: u64,
    tasks: u64,
}

impl Resources {
    const METRICS: [(&'static str, Metric); 3] = [
        ("Memory in kB", |samples| samples.memory),
        ("File descriptors", |samples| samples.files),
        ("Tasks", |samples| samples.tasks),
    ];

    /// Memory and files are zero on systems other than Linux.
    fn now() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let memory = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let digits = memory.map(|text| text.trim().trim_end_matches(" kB").parse().unwrap());
        Self {
            memory: digits.unwrap_or_default(),
            files: fs::read_dir("/proc/self/fd").map_or(0, |files| files.count() as u64),
            tasks: Handle::current().metrics().num_alive_tasks() as u64,
        }
    }
}
