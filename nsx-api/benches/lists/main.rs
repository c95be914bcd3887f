//! Lists of 1000 objects, in the compact form and with serde's derive. `cargo bench -p nsx-api --bench lists` shows how
//! long each takes, and at the end what the compact form takes of derive's time: measured in turns, so that a busy machine
//! slows both.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a fault of the benchmark"
)]

mod compact;
#[macro_use]
mod forms;
mod texts;
mod types;

use std::hint::black_box;
use std::time::{Duration, Instant};

use divan::Bencher;
use divan::counter::BytesCount;
use nsx_api::Extra;
use serde::{Serialize, de::DeserializeOwned};

use types::{compact_extra, compact_skip, derived, derived_flatten};

/// Two fields that no type knows.
const NEWER: &str =
    r#""parent_path":"/infra/segments/a","realization":{"state":"SUCCESS","sites":["default"]},"#;

fn main() {
    divan::main();
    // As `cargo bench` runs it, and not a test.
    if std::env::args().any(|argument| argument == "--bench") {
        print!("{}", ratios());
    }
}

fn read<T: DeserializeOwned>(bencher: Bencher<'_, '_>) {
    let text = texts::list("");
    bencher
        .counter(BytesCount::of_str(&text))
        .bench(|| from_text::<T>(text.as_bytes()));
}

fn write<T: DeserializeOwned + Serialize + Sync>(bencher: Bencher<'_, '_>) {
    let list: T = from_text(texts::list("").as_bytes());
    bencher.bench(|| to_text(&list));
}

fn from_text<T: DeserializeOwned>(text: &[u8]) -> T {
    serde_json::from_slice(text).unwrap()
}

fn to_text<T: Serialize>(list: &T) -> Vec<u8> {
    serde_json::to_vec(list).unwrap()
}

/// What the compact form takes of derive's time, for types that skip unknown fields and for types that keep them.
fn ratios() -> String {
    let sent = texts::list("");
    let ordered = to_text(&from_text::<derived::Switches>(sent.as_bytes()));
    let newer = texts::list(NEWER);
    let (sent, newer) = (sent.as_bytes(), newer.as_bytes());
    [
        format!("\n{:<34}  read  write\n", "compact / derive"),
        row::<compact_skip::Switches, derived::Switches>("as sent, skip / skip", sent),
        row::<compact_extra::Switches, derived::Switches>("as sent, keep / skip", sent),
        row::<compact_extra::Switches, derived_flatten::Switches>("as sent, keep / keep", sent),
        row::<compact_skip::Switches, derived::Switches>("in order, skip / skip", &ordered),
        row::<compact_extra::Switches, derived::Switches>("in order, keep / skip", &ordered),
        row::<compact_extra::Switches, derived_flatten::Switches>(
            "in order, keep / keep",
            &ordered,
        ),
        row::<compact_skip::Switches, derived::Switches>("with unknown fields, skip / skip", newer),
        row::<compact_extra::Switches, derived_flatten::Switches>(
            "with unknown fields, keep / keep",
            newer,
        ),
    ]
    .concat()
}

fn row<Ours, Theirs>(case: &str, text: &[u8]) -> String
where
    Ours: DeserializeOwned + Serialize,
    Theirs: DeserializeOwned + Serialize,
{
    let read = ratio(
        || time(|| from_text::<Ours>(text)),
        || time(|| from_text::<Theirs>(text)),
    );
    let write = ratio(
        || time_to_write::<Ours>(text),
        || time_to_write::<Theirs>(text),
    );
    format!("{case:<34}  {read:.2}  {write:.2}\n")
}

/// The median of what `ours` takes of the time of `theirs`, in turns.
fn ratio(ours: impl Fn() -> Duration, theirs: impl Fn() -> Duration) -> f64 {
    let mut ratios: Vec<f64> = (0..200)
        .map(|_| ours().as_secs_f64() / theirs().as_secs_f64())
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// The list is made each time, so that none of the two has it in better places of the memory.
fn time_to_write<T: DeserializeOwned + Serialize>(text: &[u8]) -> Duration {
    let list: T = from_text(text);
    time(|| to_text(&list))
}

/// How long `work` takes, without the time to drop what comes out.
fn time<T>(work: impl Fn() -> T) -> Duration {
    let start = Instant::now();
    let done = black_box(work());
    let time = start.elapsed();
    drop(done);
    time
}
