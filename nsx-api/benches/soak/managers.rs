//! Managers at which something goes wrong every few milliseconds, in a process of their own.

use std::io::{self, Write};
use std::time::Duration;

use nsx_api::mock::{Answer, Manager};
use serde_json::json;
use tokio::time::sleep;

use crate::serving::until_gone;

pub(crate) const COUNT: usize = 3;
pub(crate) const USER: &str = "admin";
pub(crate) const PASSWORD: &str = "VMware1!VMware1!";

/// Numbers that are as good as random, and the same each time (SplitMix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }
}

/// Serves until whoever has started it is gone.
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
        tokio::spawn(trouble(managers));
        until_gone().await;
    });
}

async fn start(port: u16) -> io::Result<Manager> {
    let builder = Manager::builder().credentials(USER, PASSWORD).plain_http();
    let manager = builder.port(port).start().await?;
    prepare(&manager);
    Ok(manager)
}

/// What it has. What it recorded until now takes memory, and what was not met would pile up.
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

/// Something that goes wrong, one after the other.
async fn trouble(mut managers: Vec<Manager>) {
    let mut dice = Dice(7);
    loop {
        let place = dice.roll(COUNT as u64) as usize;
        let manager = &managers[place];
        // One in so many calls, however many there are.
        let next = manager.count() + dice.roll(60) as usize;
        for _ in 0..100 {
            if manager.count() < next {
                sleep(Duration::from_millis(5)).await;
            }
        }
        if manager.count() > 1000 {
            prepare(manager);
        }
        match dice.roll(200) {
            0 => {
                // It is gone for a while, and comes back at the same place.
                let url = managers.remove(place).url();
                sleep(Duration::from_millis(300)).await;
                let port = url.rsplit(':').next().unwrap().parse().unwrap();
                let manager = loop {
                    match start(port).await {
                        Ok(manager) => break manager,
                        Err(_) => sleep(Duration::from_millis(10)).await,
                    }
                };
                managers.insert(place, manager);
            }
            1..4 => manager.expire_sessions(),
            _ => manager.respond_with(fault(&mut dice)),
        }
    }
}

fn fault(dice: &mut Dice) -> Answer {
    match dice.roll(9) {
        0 => Answer::dropped(),
        1 => Answer::api_error(503, 98, "The manager is busy."),
        2 => Answer::status(503),
        3 => Answer::api_error(429, 99, "Too many requests.").header("retry-after", "0"),
        4 => Answer::success().truncated_at(3),
        5 => Answer::success().stalled_at(3),
        6 => Answer::success().delay(Duration::from_millis(dice.roll(1500))),
        7 => Answer::raw("HTTP/1.1 200 OK\r\nnonsense"),
        _ => Answer::api_error(500, 100, "The manager failed."),
    }
}
