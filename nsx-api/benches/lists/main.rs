//! Lists read and written in the compact form, beside serde's derive for the same types: time and allocations.
//!
//! `cargo bench -p nsx-api --bench lists`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a fault of the benchmark"
)]

mod compact_serde;
#[macro_use]
mod forms;
#[path = "../measure/mod.rs"]
mod measure;
mod texts;
mod types;

use std::hint::black_box;
use std::time::{Duration, Instant};

use nsx_api::Extra;
use serde::{Serialize, de::DeserializeOwned};

use measure::{Pair, in_turns, number, ratio, rounds, row, table, time};
use types::{compact_extra, compact_skip, derived, derived_flatten};

/// Two fields that no type knows.
const NEWER: &str =
    r#""parent_path":"/infra/segments/a","realization":{"state":"SUCCESS","sites":["default"]},"#;

fn main() {
    let rows = [
        (
            "skips what is unknown, as derive",
            skipped as fn(&[u8]) -> Compared,
        ),
        ("keeps it, as derive with `flatten`", kept),
    ];
    for (sent, newer) in [("all fields known", ""), ("two of them unknown", NEWER)] {
        table(
            &format!("Lists, {sent}"),
            [
                "objects",
                "the compact form",
                "reads in",
                "derive",
                "ratio",
                "allocations",
                "derive",
                "ratio",
                "writes in, ratio",
            ],
        );
        for (form, compared) in rows {
            for count in [1, 100, 10_000] {
                let Compared {
                    read,
                    write,
                    allocations: [ours, theirs],
                } = compared(texts::list(count, newer).as_bytes());
                row([
                    &number(count.into()),
                    form,
                    &time(read.ours),
                    &time(read.theirs),
                    &read.ratio.to_string(),
                    &number(ours),
                    &number(theirs),
                    &ratio(ours, theirs),
                    &write.ratio.to_string(),
                ]);
            }
        }
    }
}

fn skipped(text: &[u8]) -> Compared {
    compare::<compact_skip::Switches, derived::Switches>(text)
}

fn kept(text: &[u8]) -> Compared {
    compare::<compact_extra::Switches, derived_flatten::Switches>(text)
}

struct Compared {
    read: Pair,
    write: Pair,
    /// Those of reading, ours and theirs.
    allocations: [u64; 2],
}

fn compare<Ours, Theirs>(text: &[u8]) -> Compared
where
    Ours: DeserializeOwned + Serialize,
    Theirs: DeserializeOwned + Serialize,
{
    // As long for each size, about.
    let count = rounds((40_000_000 / text.len()).clamp(15, 400));
    let repeats = (100_000 / text.len()).max(1);
    Compared {
        read: in_turns(
            count,
            || time_to_read::<Ours>(repeats, text),
            || time_to_read::<Theirs>(repeats, text),
        ),
        write: in_turns(
            count,
            || time_to_write::<Ours>(repeats, text),
            || time_to_write::<Theirs>(repeats, text),
        ),
        allocations: [allocations::<Ours>(text), allocations::<Theirs>(text)],
    }
}

fn from_text<T: DeserializeOwned>(text: &[u8]) -> T {
    serde_json::from_slice(text).unwrap()
}

/// The list is made each time, so that none of the two has it in better places of the memory; what is written has a place already.
fn time_to_write<T: DeserializeOwned + Serialize>(repeats: usize, text: &[u8]) -> Duration {
    let list: T = from_text(text);
    let mut written = Vec::with_capacity(2 * text.len());
    serde_json::to_writer(&mut written, &list).unwrap();
    let start = Instant::now();
    for _ in 0..repeats {
        written.clear();
        serde_json::to_writer(&mut written, black_box(&list)).unwrap();
    }
    start.elapsed() / repeats as u32
}

fn allocations<T: DeserializeOwned>(text: &[u8]) -> u64 {
    allocation_counter::measure(|| drop(from_text::<T>(text))).count_total
}

/// How long it takes, without the time to drop what comes out.
fn time_to_read<T: DeserializeOwned>(repeats: usize, text: &[u8]) -> Duration {
    let mut lists = Vec::with_capacity(repeats);
    let start = Instant::now();
    for _ in 0..repeats {
        lists.push(black_box(from_text::<T>(text)));
    }
    start.elapsed() / repeats as u32
}
