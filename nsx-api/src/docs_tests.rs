//! Checks that the crate guide and the cookbook match the code: tables, defaults and links.

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;

use crate::call::retry::{self, Cause, LONGEST_OBEYED, Policy, RetryInput};
use crate::{CallOptions, Config, ErrorKind, Limits};

const CRATE_GUIDE: &str = include_str!("lib.rs");
const COOKBOOK: &str = include_str!("cookbook.rs");
const ENVIRONMENT: &str = include_str!("environment/mod.rs");
const KINDS: &str = include_str!("error/kind.rs");

/// The lines of the `//!` comments of a file.
fn doc_lines(source: &str) -> impl Iterator<Item = &str> {
    let lines = source.lines().filter_map(|line| line.strip_prefix("//!"));
    lines.map(str::trim)
}

/// The cells of all table rows in the section with this heading.
fn table_rows(heading: &str) -> Vec<Vec<&'static str>> {
    let below = doc_lines(CRATE_GUIDE)
        .skip_while(|line| *line != heading)
        .skip(1);
    let section = below.take_while(|line| !line.starts_with("# "));
    let cells = |line: &'static str| {
        let inner = line.strip_prefix('|')?.strip_suffix('|')?;
        Some(inner.split('|').map(str::trim).collect())
    };
    section.filter_map(cells).collect()
}

/// The default value of a setting in the table of the section on retries.
fn documented_default(setting: &str) -> &'static str {
    let rows = table_rows("# Retries");
    let row = rows.iter().find(|row| row[0].contains(setting));
    row.unwrap_or_else(|| panic!("no row for {setting}"))[1]
}

/// The `ErrorKind` that a row of the error table links to.
fn linked_kind(row: &[&'static str]) -> Option<&'static str> {
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

/// When a call is retried after this failure, in the words of the error table.
fn retry_rule(cause: Cause) -> &'static str {
    let is_retried = |idempotent| policy(idempotent).wait(failed(cause), 0.0).is_some();
    match (is_retried(false), is_retried(true)) {
        (true, _) => "always",
        (false, true) => "if idempotent",
        (false, false) => "never",
    }
}

#[test]
fn every_error_kind_has_a_row_in_the_error_table() {
    let declared = KINDS
        .lines()
        .skip_while(|line| !line.starts_with("pub enum ErrorKind"))
        .take_while(|line| *line != "}")
        .filter_map(|line| line.strip_prefix("    ")?.strip_suffix(','));
    let declared: BTreeSet<&str> = declared
        .filter(|line| line.chars().all(char::is_alphanumeric))
        .collect();
    let rows = table_rows("# Errors");
    let documented: BTreeSet<&str> = rows.iter().filter_map(|row| linked_kind(row)).collect();
    assert_eq!(documented, declared);
    assert!(declared.contains(format!("{:?}", ErrorKind::Config).as_str()));
}

#[test]
fn the_error_table_matches_the_retry_rules_of_statuses() {
    let mut statuses = 0;
    for row in table_rows("# Errors") {
        let code = row[0].ends_with("`error_code`").then_some(1);
        let status = |text: &str| text.trim().parse::<StatusCode>().ok();
        for status in row[0].split(',').filter_map(status) {
            let kind = ErrorKind::from_status(status);
            assert_eq!(
                linked_kind(&row),
                Some(format!("{kind:?}").as_str()),
                "{row:?}"
            );
            let expected = match kind {
                ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Redirect => "never",
                _ => row[2],
            };
            assert_eq!(retry_rule(Cause::Status(status, code)), expected, "{row:?}");
            statuses += 1;
        }
    }
    assert_eq!(statuses, 17);
}

#[test]
fn the_error_table_matches_the_retry_rules_of_connection_failures() {
    for (kind, cause) in [
        (ErrorKind::Connect, Cause::NoConnection),
        (ErrorKind::Timeout, Cause::AttemptTimeout),
        (ErrorKind::Connection, Cause::ConnectionLost),
        (ErrorKind::BodyTooLarge, Cause::CallerError),
        (ErrorKind::InvalidRequest, Cause::CallerError),
    ] {
        let rows = table_rows("# Errors");
        let name = format!("{kind:?}");
        let row = rows
            .iter()
            .find(|row| linked_kind(row) == Some(&name))
            .unwrap();
        assert_eq!(row[2], retry_rule(cause), "{row:?}");
    }
}

#[test]
fn the_documented_retry_and_timeout_defaults_match_the_code() {
    let options = CallOptions::new();
    let seconds = |time: Duration| format!("{} s", time.as_secs());
    let retries = options.effective_max_retries().to_string();
    assert_eq!(documented_default("[retries]"), retries);
    assert_eq!(
        documented_default("[attempt timeout]"),
        seconds(options.effective_attempt_timeout())
    );
    assert_eq!(
        documented_default("[deadline]"),
        seconds(options.effective_deadline())
    );
    assert_eq!(
        documented_default("`Retry-After`"),
        format!("obeyed up to {}", seconds(LONGEST_OBEYED))
    );
    let mebibytes = options.effective_body_limit() >> 20;
    assert_eq!(
        documented_default("[body in memory]"),
        format!("{mebibytes} MiB")
    );
    let config = format!("{:?}", Config::new("nsx"));
    let connection = documented_default("[connect timeout]").replace(' ', "");
    assert!(config.contains(&format!("connect_timeout: {connection}")));
}

#[test]
fn the_documented_retry_backoff_matches_the_code() {
    let longest_wait = |retries| {
        let policy = Policy {
            max_retries: u32::MAX,
            ..policy(true)
        };
        let failed = RetryInput {
            retries,
            ..failed(Cause::NoConnection)
        };
        format!("{:?}", policy.wait(failed, 1.0).unwrap())
    };
    let waits = [0, 1, 2, 30].map(longest_wait);
    assert_eq!(waits, ["250ms", "500ms", "1s", "10s"]);
    assert_eq!(
        documented_default("[backoff]"),
        "random, up to 250 ms, 500 ms, 1 s … 10 s"
    );
}

#[test]
fn the_documented_retry_budget_and_concurrency_limit_match_the_code() {
    let share = format!("{:.0}", 1.0 / retry::SHARE_OF_CALLS);
    assert_eq!(share, "5");
    assert_eq!(
        documented_default("budget"),
        format!(
            "a fifth of the calls, plus {} per second",
            retry::RETRIES_PER_SECOND
        )
    );
    let limits = format!("{:?}", Limits::default());
    let concurrent = documented_default("[concurrent calls]");
    let concurrent = concurrent.strip_suffix(" per manager").unwrap();
    assert!(
        limits.contains(&format!("concurrent: {concurrent}")),
        "{limits}"
    );
}

#[test]
fn the_docs_of_from_env_list_every_variable() {
    let variables = ENVIRONMENT
        .lines()
        .filter_map(|line| line.split_once("&str = \"NSXT_"))
        .map(|(_, name)| name.trim_end_matches("\";"))
        // One constant names two variables, for errors.
        .filter(|name| !name.contains(' '))
        .map(|name| format!("`NSXT_{name}`"));
    let table: Vec<&str> = ENVIRONMENT
        .lines()
        .filter(|line| line.trim_start().starts_with("/// | `NSXT_"))
        .collect();
    let mut count = 0;
    for variable in variables {
        assert!(
            table.iter().any(|row| row.contains(&variable)),
            "{variable}"
        );
        count += 1;
    }
    assert!(count > 10, "{count}");
}

#[test]
fn every_link_to_a_section_of_the_guide_or_cookbook_has_a_heading() {
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
        (CRATE_GUIDE, "](cookbook#", COOKBOOK),
        (CRATE_GUIDE, "](#", CRATE_GUIDE),
        (COOKBOOK, "](crate#", CRATE_GUIDE),
    ] {
        let headings = headings(page);
        for link in links(from, to) {
            assert!(headings.contains(link), "{to}{link})");
        }
    }
}
