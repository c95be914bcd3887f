//! How two ways are compared: in turns, so that a busy machine slows both, and in what is counted and not timed.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::fmt;
use std::time::Duration;

/// Whether this is a benchmark, and not a test of it: `cargo test --bench` does everything once.
pub(crate) fn is_bench() -> bool {
    std::env::args().any(|argument| argument == "--bench")
}

/// `full` in a benchmark, and as little as there is in a test of it.
pub(crate) fn rounds(full: usize) -> usize {
    if is_bench() { full } else { 1 }
}

/// What two ways took, in turns.
pub(crate) struct Pair {
    /// The median.
    pub(crate) ours: Duration,
    /// The median.
    pub(crate) theirs: Duration,
    pub(crate) ratio: Spread,
}

/// A median, and what half of all lies between.
pub(crate) struct Spread {
    pub(crate) median: f64,
    low: f64,
    high: f64,
}

impl Spread {
    pub(crate) fn of(mut values: Vec<f64>) -> Self {
        values.sort_by(f64::total_cmp);
        let [low, median, high] = [1, 2, 3].map(|quarter| values[values.len() * quarter / 4]);
        Self { median, low, high }
    }

    /// That of the inverse values.
    pub(crate) fn inverse(&self) -> Self {
        let [low, median, high] = [self.high, self.median, self.low].map(f64::recip);
        Self { median, low, high }
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { median, low, high } = self;
        write!(f, "**{median:.2}** ({low:.2} to {high:.2})")
    }
}

/// Times two ways in turns; the one that goes first is the other one each time. The first round is not counted.
pub(crate) fn in_turns(
    count: usize,
    mut ours: impl FnMut() -> Duration,
    mut theirs: impl FnMut() -> Duration,
) -> Pair {
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
        Duration::from_secs_f64(Spread::of(rounds.iter().map(side).collect()).median)
    };
    Pair {
        ours: median(|round| round.0),
        theirs: median(|round| round.1),
        ratio: Spread::of(rounds.iter().map(|(ours, theirs)| ours / theirs).collect()),
    }
}

/// A time as people read it.
pub(crate) fn time(time: Duration) -> String {
    let micros = time.as_secs_f64() * 1e6;
    match micros {
        ..1e3 => format!("{micros:.1} µs"),
        ..1e6 => format!("{:.2} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}

/// A number as people read it.
pub(crate) fn number(number: u64) -> String {
    match number / 1000 {
        0 => number.to_string(),
        thousands => format!("{},{:03}", self::number(thousands), number % 1000),
    }
}

/// What one number is of another, as people read it.
pub(crate) fn ratio(ours: u64, theirs: u64) -> String {
    format!("**{:.2}**", ours as f64 / theirs as f64)
}

/// Prints a table of Markdown, a row at a time.
pub(crate) fn table<const N: usize>(title: &str, heads: [&str; N]) {
    println!("\n### {title}\n\n| {} |", heads.join(" | "));
    println!("|{}", " --- |".repeat(N));
}

pub(crate) fn row<const N: usize>(cells: [&str; N]) {
    println!("| {} |", cells.join(" | "));
}
