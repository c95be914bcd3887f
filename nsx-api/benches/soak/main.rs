//! Mixed calls for a long time, against managers at which everything goes wrong now and then: whether memory, file descriptors or
//! tasks grow.
//!
//! `cargo bench -p nsx-api --features mock --bench soak -- 600` goes on for ten minutes, and fails if one of them grows or is left at the
//! end. The managers are in a process of their own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a fault of the benchmark"
)]

mod managers;
#[path = "../measure/mod.rs"]
mod measure;
#[path = "../measure/serving.rs"]
mod serving;

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

use managers::{Dice, PASSWORD, USER};
use measure::{number, row, table};
use serving::Serving;

/// How many calls are under way, about.
const WORKERS: usize = 32;
/// How often it is looked at what there is, and how many of the looks are a row.
const LOOKS: u32 = 60;
const LOOKS_A_ROW: u32 = 6;
/// What there may be more of in the last third than in the middle one, for each hundred.
const SPARE: u64 = 10;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        return managers::serve();
    }
    let seconds = arguments.iter().find_map(|argument| argument.parse().ok());
    let length = Duration::from_secs(seconds.unwrap_or(if measure::is_bench() { 20 } else { 1 }));
    let mut process = Serving::start();
    let urls = [(); managers::COUNT].map(|()| process.line());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(soak(&urls, length));
}

/// What calls came to, by how often.
type Tally = Arc<Mutex<BTreeMap<String, u64>>>;

/// Calls for that long.
async fn soak(urls: &[String], length: Duration) {
    table(
        &format!("Mixed calls with faults, for {length:?}"),
        [
            "after",
            "calls",
            "given up by the caller",
            "failed",
            "memory, kB",
            "file descriptors",
            "tasks",
        ],
    );
    let before = Seen::now();
    let tally = Tally::default();
    // With limits, which slow calls down once a manager has refused some, and without.
    let clients = [Limits::adaptive(), Limits::off()].map(|limits| client(urls, limits));
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        let client = clients[number % 2].clone();
        workers.spawn(work(client, number as u64, tally.clone()));
    }
    let start = Instant::now();
    let mut seen = Vec::new();
    for look in 1..=LOOKS {
        let until = length * look / LOOKS;
        sleep(until.saturating_sub(start.elapsed())).await;
        seen.push(Seen::now());
        if look.is_multiple_of(LOOKS_A_ROW) {
            say(
                start.elapsed(),
                &tally.lock().unwrap(),
                &seen[seen.len() - 1],
            );
        }
    }
    workers.shutdown().await;
    for client in clients {
        client.close().await;
    }
    let came_to = tally.lock().unwrap().clone();
    println!("\nWhat calls came to: {came_to:?}.");
    check(&before, &seen, &came_to).await;
}

fn say(after: Duration, tally: &BTreeMap<String, u64>, now: &Seen) {
    let all: u64 = tally.values().sum();
    let [well, given_up] = ["ok", "given up"].map(|key| tally.get(key).copied().unwrap_or(0));
    row([
        &format!("{:.0} s", after.as_secs_f64()),
        &number(all),
        &number(given_up),
        &number(all - well - given_up),
        &number(now.memory),
        &number(now.files),
        &number(now.tasks),
    ]);
}

/// Nothing has grown, nothing is left, and most calls went through. What a second tells of memory is its beginning.
async fn check(before: &Seen, seen: &[Seen], tally: &BTreeMap<String, u64>) {
    let all: u64 = tally.values().sum();
    let well = tally["ok"];
    assert!(well * 2 > all, "{well} of {all} calls went through");
    // Connections that are in no pool any more are closed by tasks that end by themselves.
    let start = Instant::now();
    let mut left = Seen::now();
    while left.tasks > before.tasks && start.elapsed() < Duration::from_secs(10) {
        sleep(Duration::from_millis(50)).await;
        left = Seen::now();
    }
    assert_eq!(left.tasks, before.tasks, "tasks are left");
    assert!(
        left.files <= before.files + 2,
        "{} file descriptors, {} before",
        left.files,
        before.files
    );
    println!(
        "\nAt the end there are {} tasks and {} file descriptors, as before.",
        left.tasks, left.files
    );
    if !measure::is_bench() {
        return;
    }
    let third = seen.len() / 3;
    for (name, pick) in Seen::PARTS {
        let [middle, last] =
            [&seen[third..2 * third], &seen[2 * third..]].map(|part| median(part, pick));
        assert!(
            last <= middle + middle * SPARE / 100,
            "{name}: {middle}, then {last}"
        );
        println!(
            "{name}: {} in the middle third, {} in the last (medians).",
            number(middle),
            number(last)
        );
    }
}

fn median(seen: &[Seen], pick: Part) -> u64 {
    let mut values: Vec<u64> = seen.iter().map(pick).collect();
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

/// Calls of every kind, one after the other, some of them given up under way; now and then the sessions are ended.
async fn work(client: Client, seed: u64, tally: Tally) {
    let mut dice = Dice(seed);
    loop {
        let patience = match dice.roll(20) {
            0 => Duration::from_millis(dice.roll(20)),
            _ => Duration::from_secs(60),
        };
        let outcome = match timeout(patience, call(&client, dice.roll(5))).await {
            Ok(Ok(())) => "ok".to_owned(),
            Ok(Err(error)) => format!("{:?}", error.kind()),
            Err(_) => "given up".to_owned(),
        };
        *tally.lock().unwrap().entry(outcome).or_default() += 1;
        if dice.roll(2000) == 0 {
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
            let mut pieces = request.stream().await?.into_inner();
            while let Some(piece) = pieces.next().await {
                drop(piece?);
            }
        }
        _ => {
            let request = client.request(Method::GET, "/api/v1/large");
            drop(request.send().await?.json::<Vec<String>>()?);
        }
    }
    Ok(())
}

type Part = fn(&Seen) -> u64;

/// What the process has at a moment.
struct Seen {
    /// Resident, in kB.
    memory: u64,
    files: u64,
    tasks: u64,
}

impl Seen {
    const PARTS: [(&'static str, Part); 3] = [
        ("Memory in kB", |seen| seen.memory),
        ("File descriptors", |seen| seen.files),
        ("Tasks", |seen| seen.tasks),
    ];

    /// Memory and files are zero where the system does not tell them as Linux does.
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
