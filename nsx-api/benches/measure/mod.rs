//! Helpers to compare two implementations and to print the results as Markdown tables.
//!
//! Times are measured alternately, so that other load on the machine slows both implementations.

#![allow(dead_code, reason = "each benchmark uses some of the helpers")]

use std::fmt;
use std::time::Duration;

/// Whether this is `cargo bench`. `cargo test --bench` only runs everything once.
pub(crate) fn is_bench() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// The number of rounds to measure: `full` in `cargo bench`, 1 in `cargo test`.
pub(crate) fn rounds(full: usize) -> usize {
    if is_bench() { full } else { 1 }
}

/// The times of two implementations, measured alternately.
pub(crate) struct PairedTimes {
    /// The median.
    pub(crate) ours: Duration,
    /// The median.
    pub(crate) theirs: Duration,
    pub(crate) ratio: Quartiles,
}

/// The median and the quartiles: half of the values lie between `low` and `high`.
pub(crate) struct Quartiles {
    pub(crate) median: f64,
    low: f64,
    high: f64,
}

impl Quartiles {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let [low, median, high] = [1, 2, 3].map(|quarter| values[values.len() * quarter / 4]);
        Self { median, low, high }
    }

    /// The quartiles of the reciprocal values.
    pub(crate) fn inverse(&self) -> Self {
        let [low, median, high] = [self.high, self.median, self.low].map(f64::recip);
        Self { median, low, high }
    }
}

impl fmt::Display for Quartiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { median, low, high } = self;
        write!(f, "**{median:.2}** ({low:.2} to {high:.2})")
    }
}

/// Measures two implementations alternately. The order changes in each round. The first round is a
/// warm-up and is not counted.
pub(crate) fn measure_alternating(
    count: usize,
    mut ours: impl FnMut() -> Duration,
    mut theirs: impl FnMut() -> Duration,
) -> PairedTimes {
    ours();
    theirs();
    let rounds: Vec<(f64, f64)> = (0..count)
        .map(|round| {
            let first = round.is_multiple_of(2).then(&mut ours);
            let theirs = theirs().as_secs_f64();
            let ours = first.unwrap_or_else(&mut ours).as_secs_f64();
            (ours, theirs)
        })
        .collect();
    let median = |side: fn(&(f64, f64)) -> f64| {
        Duration::from_secs_f64(Quartiles::of(rounds.iter().map(side).collect()).median)
    };
    PairedTimes {
        ours: median(|round| round.0),
        theirs: median(|round| round.1),
        ratio: Quartiles::of(rounds.iter().map(|(ours, theirs)| ours / theirs).collect()),
    }
}

pub(crate) fn format_duration(duration: Duration) -> String {
    let micros = duration.as_secs_f64() * 1e6;
    match micros {
        ..1e3 => format!("{micros:.1} µs"),
        ..1e6 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

/// Formats a number with thousands separators.
pub(crate) fn format_count(number: u64) -> String {
    match number / 1000 {
        0 => number.to_string(),
        thousands => format!("{},{:03}", self::format_count(thousands), number % 1000),
    }
}

/// Formats the ratio of two numbers in bold.
pub(crate) fn format_ratio(ours: u64, theirs: u64) -> String {
    format!("**{:.2}**", ours as f64 / theirs as f64)
}

/// Prints a heading and the header of a Markdown table.
pub(crate) fn print_table_header<const N: usize>(title: &str, heads: [&str; N]) {
    println!("\n### {title}\n\n| {} |", heads.join(" | "));
    println!("|{}", " --- |".repeat(N));
}

/// Prints a row of a Markdown table.
pub(crate) fn print_row<const N: usize>(cells: [&str; N]) {
    println!("| {} |", cells.join(" | "));
}
