//! What the generator knows of the layer written by hand is what that layer says.

#![allow(clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::fs;
use std::path::Path;

use nsx_api_gen::generate_from_str;

fn source(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nsx-api/src");
    fs::read_to_string(root.join(path)).unwrap()
}

/// The code of one operation.
fn builder(id: &str, responses: &str) -> String {
    let document = format!(
        "openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\npaths: {{/a: {{get: {{operationId: {id}, responses: {{{responses}}}}}}}}}"
    );
    let generated = generate_from_str("doc", &document).unwrap_or_else(|error| panic!("{error}"));
    generated.files[Path::new("builder/untagged.rs")].clone()
}

/// The names behind `fn` in the client's own implementation.
fn client_methods() -> Vec<String> {
    let source = source("client.rs");
    let block = source.split("\nimpl Client {").nth(1).unwrap();
    let block = block.split("\n}\n").next().unwrap();
    let functions = block
        .lines()
        .filter_map(|line| line.trim().split_once("fn "));
    functions
        .filter(|(before, _)| before.is_empty() || before.starts_with("pub"))
        .map(|(_, name)| name.split(['(', '<']).next().unwrap().to_owned())
        .collect()
}

#[test]
fn an_operation_called_like_a_method_of_the_client_gets_another_name() {
    let methods = client_methods();
    assert!(methods.contains(&"request".to_owned()), "{methods:?}");
    for method in methods {
        let code = builder(&method, "'204': {description: D}");
        assert!(
            code.contains(&format!("pub fn {method}_(&self)")),
            "{method}: {code}"
        );
    }
}

#[test]
fn the_page_of_an_operation_names_the_kind_of_error_that_a_status_is() {
    let source = source("error/kind.rs");
    let mut seen = 0;
    for line in source.lines() {
        let Some((status, kind)) = line.trim().split_once(" => Self::") else {
            continue;
        };
        let kind = kind.trim_end_matches(',');
        if status.len() == 3 && status.parse::<u16>().is_ok() {
            let code = builder(
                "GetA",
                &format!("'204': {{description: D}}, '{status}': {{description: E}}"),
            );
            let row = format!("| {status} | E | [`ErrorKind::{kind}`](crate::ErrorKind::{kind}) |");
            assert!(code.contains(&row), "{row} is not in {code}");
            seen += 1;
        }
    }
    assert!(seen >= 9, "only {seen} statuses were found in {source}");
}
