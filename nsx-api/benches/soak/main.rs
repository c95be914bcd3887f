//! Mixed calls for a long time, against managers at which everything goes wrong now and then: whether memory, file descriptors or
//! tasks grow.
//!
//! `cargo bench -p nsx-api --features mock --bench soak -- 600` goes on for ten minutes, and fails if one of them grows. The managers
//! are in a process of their own.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a fault of the benchmark"
)]

mod managers;
#[path = "../measure/mod.rs"]
mod measure;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nsx_api::auth::Session;
use nsx_api::http::Method;
use nsx_api::{CallOptions, Client, Error, Limits};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use managers::{PASSWORD, USER};
use measure::{number, row, table};

/// How many calls are under way, about.
const WORKERS: usize = 32;
/// How often it is looked at what there is.
const LOOKS: u32 = 10;
/// What may be there more at the end than after the first fifth, for each hundred.
const SPARE: u64 = 15;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == "serve") {
        managers::serve();
        return ExitCode::SUCCESS;
    }
    let seconds = arguments.iter().find_map(|argument| argument.parse().ok());
    let length = Duration::from_secs(seconds.unwrap_or(if measure::is_bench() { 20 } else { 1 }));
    let mut process = Command::new(std::env::current_exe().unwrap())
        .arg("serve")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let urls = [(); managers::COUNT].map(|()| lines.next().unwrap().unwrap());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let has_grown = runtime.block_on(soak(&urls, length));
    let _ = process.kill();
    let _ = process.wait();
    match has_grown {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    }
}

/// Calls for that long; says whether something has grown.
async fn soak(urls: &[String], length: Duration) -> bool {
    table(
        &format!("Mixed calls with faults, for {length:?}"),
        [
            "after",
            "calls",
            "of them failed",
            "memory, kB",
            "file descriptors",
            "tasks",
        ],
    );
    let tally = Arc::new(Mutex::new(BTreeMap::new()));
    let mut workers = JoinSet::new();
    for number in 0..WORKERS {
        workers.spawn(work(config(urls), number as u64, tally.clone()));
    }
    let start = Instant::now();
    let mut seen = Vec::new();
    for look in 1..=LOOKS {
        sleep(length * look / LOOKS - start.elapsed().min(length * look / LOOKS)).await;
        let now = Seen::now();
        let tally = tally.lock().unwrap();
        let all: u64 = tally.values().sum();
        let well = tally.get("ok").copied().unwrap_or_default();
        row([
            &format!("{:.0} s", start.elapsed().as_secs_f64()),
            &number(all),
            &number(all - well),
            &number(now.memory),
            &number(now.files),
            &number(now.tasks),
        ]);
        seen.push(now);
    }
    workers.shutdown().await;
    println!("\nWhat calls came to: {:?}.", tally.lock().unwrap());
    let (early, late) = (&seen[1], &seen[LOOKS as usize - 1]);
    let grown = early.less_than(late);
    match grown.is_empty() {
        true => println!("\nNothing has grown since the second look by more than {SPARE} %."),
        false => println!(
            "\nGROWN since the second look by more than {SPARE} %: {}.",
            grown.join(", ")
        ),
    }
    !grown.is_empty()
}

fn config(urls: &[String]) -> Client {
    let config = Client::builder(&urls[0])
        .auth(Session::new(USER, PASSWORD))
        .limits(Limits::off())
        .options(
            CallOptions::new()
                .deadline(Duration::from_secs(5))
                .attempt_timeout(Duration::from_secs(1))
                .max_retry_delay(Duration::from_millis(50)),
        );
    let config = urls[1..]
        .iter()
        .fold(config, |config, url| config.manager(url));
    config.build().unwrap()
}

/// Calls of every kind, one after the other, some of them given up under way.
async fn work(shared: Client, seed: u64, tally: Arc<Mutex<BTreeMap<String, u64>>>) {
    let mut dice = managers::Dice(seed);
    let mut client = shared.clone();
    loop {
        let patience = match dice.roll(8) {
            0 => Duration::from_millis(dice.roll(20)),
            _ => Duration::from_secs(60),
        };
        let outcome = match timeout(patience, call(&client, dice.roll(5))).await {
            Ok(Ok(())) => "ok".to_owned(),
            Ok(Err(error)) => format!("{:?}", error.kind()),
            Err(_) => "cancelled".to_owned(),
        };
        *tally.lock().unwrap().entry(outcome).or_default() += 1;
        // Now and then one that logs out.
        if dice.roll(500) == 0 {
            client.close().await;
            client = shared.clone();
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
        2 => drop(
            client
                .request(Method::PUT, "/api/v1/things/1")
                .text("thing")
                .send()
                .await?,
        ),
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

/// What the process has at a moment.
struct Seen {
    /// Resident, in kB.
    memory: u64,
    files: u64,
    tasks: u64,
}

impl Seen {
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

    /// What there is more of later, and not by a little.
    fn less_than(&self, later: &Self) -> Vec<&'static str> {
        let grown = |before: u64, after: u64| after > before + before * SPARE / 100 + 64;
        [
            ("memory", grown(self.memory, later.memory)),
            ("file descriptors", grown(self.files, later.files)),
            ("tasks", grown(self.tasks, later.tasks)),
        ]
        .into_iter()
        .filter_map(|(name, has_grown)| has_grown.then_some(name))
        .collect()
    }
}
