//! Compares the compact serde implementation of generated types with serde's derive, for lists:
//! time and allocations.
//!
//! Run it with `cargo bench -p nsx-api --bench lists`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is an error in the benchmark"
)]

mod compact_serde;
#[macro_use]
mod serde_macros;
#[path = "../measure/mod.rs"]
mod measure;
mod sample_json;
mod types;

use std::hint::black_box;
use std::time::{Duration, Instant};

use nsx_api::Extra;
use serde::{Serialize, de::DeserializeOwned};

use measure::{
    PairedTimes, format_count, format_duration, format_ratio, measure_alternating, print_row,
    print_table_header, rounds,
};
use types::{compact_extra, compact_skip, derived, derived_flatten};

/// Two fields that the types do not have.
const UNKNOWN_FIELDS: &str =
    r#""parent_path":"/infra/segments/a","realization":{"state":"SUCCESS","sites":["default"]},"#;

fn main() {
    let rows = [
        (
            "skips unknown fields, like derive",
            compare_skipping as fn(&[u8]) -> Results,
        ),
        (
            "keeps unknown fields, like derive with `flatten`",
            compare_keeping,
        ),
    ];
    for (fields, unknown) in [
        ("all fields known", ""),
        ("two fields unknown", UNKNOWN_FIELDS),
    ] {
        print_table_header(
            &format!("Lists, {fields}"),
            [
                "objects",
                "variant",
                "read, compact",
                "read, derive",
                "ratio",
                "allocations, compact",
                "allocations, derive",
                "ratio",
                "write, ratio",
            ],
        );
        for (form, compared) in rows {
            for count in [1, 100, 10_000] {
                let Results {
                    read,
                    write,
                    allocations: [ours, theirs],
                } = compared(sample_json::switch_list(count, unknown).as_bytes());
                print_row([
                    &format_count(count.into()),
                    form,
                    &format_duration(read.ours),
                    &format_duration(read.theirs),
                    &read.ratio.to_string(),
                    &format_count(ours),
                    &format_count(theirs),
                    &format_ratio(ours, theirs),
                    &write.ratio.to_string(),
                ]);
            }
        }
    }
}

fn compare_skipping(json: &[u8]) -> Results {
    compare::<compact_skip::Switches, derived::Switches>(json)
}

fn compare_keeping(json: &[u8]) -> Results {
    compare::<compact_extra::Switches, derived_flatten::Switches>(json)
}

struct Results {
    read: PairedTimes,
    write: PairedTimes,
    /// The allocations of reading, ours and theirs.
    allocations: [u64; 2],
}

fn compare<Ours, Theirs>(json: &[u8]) -> Results
where
    Ours: DeserializeOwned + Serialize,
    Theirs: DeserializeOwned + Serialize,
{
    // About the same total time for each size.
    let count = rounds((40_000_000 / json.len()).clamp(15, 400));
    let repeats = (100_000 / json.len()).max(1);
    Results {
        read: measure_alternating(
            count,
            || time_to_read::<Ours>(repeats, json),
            || time_to_read::<Theirs>(repeats, json),
        ),
        write: measure_alternating(
            count,
            || time_to_write::<Ours>(repeats, json),
            || time_to_write::<Theirs>(repeats, json),
        ),
        allocations: [
            count_allocations::<Ours>(json),
            count_allocations::<Theirs>(json),
        ],
    }
}

fn parse<T: DeserializeOwned>(json: &[u8]) -> T {
    serde_json::from_slice(json).unwrap()
}

/// The time to write a list.
///
/// The list is parsed anew for each measurement, so that neither implementation has a better memory
/// layout. The output buffer is already allocated.
fn time_to_write<T: DeserializeOwned + Serialize>(repeats: usize, json: &[u8]) -> Duration {
    let list: T = parse(json);
    let mut written = Vec::with_capacity(2 * json.len());
    serde_json::to_writer(&mut written, &list).unwrap();
    let start = Instant::now();
    for _ in 0..repeats {
        written.clear();
        serde_json::to_writer(&mut written, black_box(&list)).unwrap();
    }
    start.elapsed() / repeats as u32
}

fn count_allocations<T: DeserializeOwned>(json: &[u8]) -> u64 {
    allocation_counter::measure(|| drop(parse::<T>(json))).count_total
}

/// The time to read a list, without the time to drop it.
fn time_to_read<T: DeserializeOwned>(repeats: usize, json: &[u8]) -> Duration {
    let mut lists = Vec::with_capacity(repeats);
    let start = Instant::now();
    for _ in 0..repeats {
        lists.push(black_box(parse::<T>(json)));
    }
    start.elapsed() / repeats as u32
}
