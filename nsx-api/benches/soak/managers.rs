//! Mock managers in a child process, with a fault every few milliseconds.

use std::io::{self, Write};
use std::time::Duration;

use nsx_api::mock::{Answer, Manager};
use serde_json::json;
use tokio::time::sleep;

use crate::server_process::wait_for_parent_exit;

pub(crate) const COUNT: usize = 3;
pub(crate) const USER: &str = "admin";
pub(crate) const PASSWORD: &str = "VMware1!VMware1!";

/// A pseudo-random number generator with a fixed seed (SplitMix64).
pub(crate) struct Rng(pub(crate) u64);

impl Rng {
    /// A number below `limit`.
    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit
    }
}

/// Serves until the parent process exits.
pub(crate) fn serve() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut managers = Vec::new();
        for _ in 0..COUNT {
            let manager = start(0).await.unwrap();
            println!("{}", manager.url());
            managers.push(manager);
        }
        io::stdout().flush().unwrap();
        tokio::spawn(inject_faults(managers));
        wait_for_parent_exit().await;
    });
}

async fn start(port: u16) -> io::Result<Manager> {
    let builder = Manager::builder().credentials(USER, PASSWORD).plain_http();
    let manager = builder.port(port).start().await?;
    prepare(&manager);
    Ok(manager)
}

/// Resets the manager and adds its routes. Without a reset, recorded requests and unused responses
/// would accumulate.
fn prepare(manager: &Manager) {
    manager.reset();
    manager.on("GET /api/v1/things/{id}", |_| 200);
    manager.on("POST /api/v1/things", |_| 201);
    manager.on("GET /api/v1/large", |_| {
        Answer::json(200, vec!["x".repeat(100); 1000])
    });
    manager.on("GET /api/v1/reverse-proxy/node/health", |_| {
        Answer::json(200, json!({ "healthy": true }))
    });
}

/// Injects one fault after the other.
async fn inject_faults(mut managers: Vec<Manager>) {
    let mut rng = Rng(7);
    loop {
        let index = rng.below(COUNT as u64) as usize;
        let manager = &managers[index];
        // One fault per 30 calls on average, independent of the rate of calls.
        let next = manager.count() + rng.below(60) as usize;
        for _ in 0..100 {
            if manager.count() < next {
                sleep(Duration::from_millis(5)).await;
            }
        }
        if manager.count() > 1000 {
            prepare(manager);
        }
        match rng.below(200) {
            0 => {
                // Stops the manager and starts it again on the same port.
                let url = managers.remove(index).url();
                sleep(Duration::from_millis(300)).await;
                let port = url.rsplit(':').next().unwrap().parse().unwrap();
                let manager = loop {
                    match start(port).await {
                        Ok(manager) => break manager,
                        Err(_) => sleep(Duration::from_millis(10)).await,
                    }
                };
                managers.insert(index, manager);
            }
            1..4 => manager.expire_sessions(),
            _ => manager.respond_with(random_fault(&mut rng)),
        }
    }
}

fn random_fault(rng: &mut Rng) -> Answer {
    match rng.below(9) {
        0 => Answer::dropped(),
        1 => Answer::api_error(503, 98, "The manager is busy."),
        2 => Answer::status(503),
        3 => Answer::api_error(429, 99, "Too many requests.").header("retry-after", "0"),
        4 => Answer::success().truncated_at(3),
        5 => Answer::success().stalled_at(3),
        6 => Answer::success().delay(Duration::from_millis(rng.below(1500))),
        7 => Answer::raw("HTTP/1.1 200 OK\r\nnonsense"),
        _ => Answer::api_error(500, 100, "The manager failed."),
    }
}
