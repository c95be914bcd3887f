//! Holds what the pages of the docs say to what the code does.

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;

use crate::call::retry::{self, Cause, LONGEST_OBEYED, Policy, RetryInput};
use crate::{CallOptions, Config, ErrorKind, Limits};

const TOUR: &str = include_str!("lib.rs");
const COOKBOOK: &str = include_str!("cookbook.rs");
const KINDS: &str = include_str!("error/kind.rs");

/// The lines of a page, without what makes comments of them.
fn page(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().filter_map(|line| line.strip_prefix("//!"));
    lines.map(str::trim)
}

/// The rows of the tables below a heading, cell by cell.
fn rows(heading: &str) -> Vec<Vec<&'static str>> {
    let below = page(TOUR).skip_while(|line| *line != heading).skip(1);
    let section = below.take_while(|line| !line.starts_with("# "));
    let cells = |line: &'static str| {
        let inner = line.strip_prefix('|')?.strip_suffix('|')?;
        Some(inner.split('|').map(str::trim).collect())
    };
    section.filter_map(cells).collect()
}

/// The default of something, as the table of the retries says it.
fn default_of(what: &str) -> &'static str {
    let rows = rows("# Retries");
    let row = rows.iter().find(|row| row[0].contains(what));
    row.unwrap_or_else(|| panic!("no row for {what}"))[1]
}

/// The variant that a cell of the table of the errors links to.
fn variant(row: &[&'static str]) -> Option<&'static str> {
    let (_, link) = row.get(1)?.split_once("](ErrorKind::")?;
    link.strip_suffix(')')
}

fn failed(cause: Cause) -> RetryInput {
    RetryInput {
        retries: 0,
        cause,
        retry_after: None,
        left: None,
        elsewhere: false,
    }
}

fn policy(idempotent: bool) -> Policy {
    let options = CallOptions::new();
    Policy {
        max_retries: options.effective_max_retries(),
        delay: options.effective_retry_delay(),
        idempotent,
        repeatable: true,
        retry_unavailable: options.effective_retry_unavailable(),
        by_certificate: false,
    }
}

/// When a call is sent again after this, in the words of the table.
fn sent_again(cause: Cause) -> &'static str {
    let is_sent_again = |idempotent| policy(idempotent).wait(failed(cause), 0.0).is_some();
    match (is_sent_again(false), is_sent_again(true)) {
        (true, _) => "always",
        (false, true) => "if idempotent",
        (false, false) => "never",
    }
}

#[test]
fn every_kind_of_error_has_a_row_and_every_row_a_kind() {
    let declared = KINDS
        .lines()
        .skip_while(|line| !line.starts_with("pub enum ErrorKind"))
        .take_while(|line| *line != "}")
        .filter_map(|line| line.strip_prefix("    ")?.strip_suffix(','));
    let declared: BTreeSet<&str> = declared
        .filter(|line| line.chars().all(char::is_alphanumeric))
        .collect();
    let rows = rows("# Errors");
    let told: BTreeSet<&str> = rows.iter().filter_map(|row| variant(row)).collect();
    assert_eq!(told, declared);
    assert!(declared.contains(format!("{:?}", ErrorKind::Config).as_str()));
}

#[test]
fn the_rows_of_statuses_say_what_becomes_of_them() {
    let mut statuses = 0;
    for row in rows("# Errors") {
        let code = row[0].ends_with("`error_code`").then_some(1);
        let status = |text: &str| text.trim().parse::<StatusCode>().ok();
        for status in row[0].split(',').filter_map(status) {
            let kind = ErrorKind::of(status);
            assert_eq!(variant(&row), Some(format!("{kind:?}").as_str()), "{row:?}");
            let again = match kind {
                ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Redirect => "never",
                _ => row[2],
            };
            assert_eq!(sent_again(Cause::Status(status, code)), again, "{row:?}");
            statuses += 1;
        }
    }
    assert_eq!(statuses, 17);
}

#[test]
fn the_rows_of_failures_say_what_becomes_of_them() {
    for (kind, cause) in [
        (ErrorKind::Connect, Cause::NoConnection),
        (ErrorKind::Timeout, Cause::AttemptTimeout),
        (ErrorKind::Connection, Cause::ConnectionLost),
        (ErrorKind::BodyTooLarge, Cause::CallerError),
        (ErrorKind::InvalidRequest, Cause::CallerError),
    ] {
        let rows = rows("# Errors");
        let name = format!("{kind:?}");
        let row = rows.iter().find(|row| variant(row) == Some(&name)).unwrap();
        assert_eq!(row[2], sent_again(cause), "{row:?}");
    }
}

#[test]
fn the_defaults_of_the_retries_are_those_of_the_code() {
    let options = CallOptions::new();
    let seconds = |time: Duration| format!("{} s", time.as_secs());
    let retries = options.effective_max_retries().to_string();
    assert_eq!(default_of("[retries]"), retries);
    assert_eq!(
        default_of("[attempt]"),
        seconds(options.effective_attempt_timeout())
    );
    assert_eq!(
        default_of("[whole call]"),
        seconds(options.effective_deadline())
    );
    assert_eq!(
        default_of("`Retry-After`"),
        format!("obeyed up to {}", seconds(LONGEST_OBEYED))
    );
    let mebibytes = options.effective_body_limit() >> 20;
    assert_eq!(default_of("[body in memory]"), format!("{mebibytes} MiB"));
    let config = format!("{:?}", Config::new("nsx"));
    let connection = default_of("[connection]").replace(' ', "");
    assert!(config.contains(&format!("connect_timeout: {connection}")));
}

#[test]
fn the_waits_are_those_of_the_code() {
    let longest = |retries| {
        let patient = Policy {
            max_retries: u32::MAX,
            ..policy(true)
        };
        let failed = RetryInput {
            retries,
            ..failed(Cause::NoConnection)
        };
        format!("{:?}", patient.wait(failed, 1.0).unwrap())
    };
    let waits = [0, 1, 2, 30].map(longest);
    assert_eq!(waits, ["250ms", "500ms", "1s", "10s"]);
    assert_eq!(
        default_of("[waits]"),
        "random, up to 250 ms, 500 ms, 1 s … 10 s"
    );
}

#[test]
fn the_budget_and_the_limits_are_those_of_the_code() {
    let share = format!("{:.0}", 1.0 / retry::SHARE_OF_CALLS);
    assert_eq!(share, "5");
    assert_eq!(
        default_of("budget"),
        format!(
            "a fifth of the calls, and {} a second",
            retry::RETRIES_PER_SECOND
        )
    );
    let limits = format!("{:?}", Limits::default());
    let at_once = default_of("[calls at once]");
    let at_once = at_once.strip_suffix(" a manager").unwrap();
    assert!(
        limits.contains(&format!("concurrent: {at_once}")),
        "{limits}"
    );
}

#[test]
fn each_link_into_a_page_leads_to_a_heading() {
    let slug = |heading: &str| {
        let text = heading.trim_start_matches('#').trim().to_lowercase();
        let kept = text
            .chars()
            .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
        kept.collect::<String>().replace(' ', "-")
    };
    let headings = |page: &'static str| -> BTreeSet<String> {
        let titles = page.lines().filter_map(|line| line.strip_prefix("//! #"));
        titles.map(slug).collect()
    };
    let links = |page: &'static str, to: &'static str| {
        let places = page.split(to).skip(1);
        places.filter_map(|rest| rest.split(')').next())
    };
    for (from, to, page) in [
        (TOUR, "](cookbook#", COOKBOOK),
        (TOUR, "](#", TOUR),
        (COOKBOOK, "](crate#", TOUR),
    ] {
        let headings = headings(page);
        for link in links(from, to) {
            assert!(headings.contains(link), "{to}{link})");
        }
    }
}
