//! The example on the crate page: a client, and one call of an operation in the document.

use super::code::HEADER_MARK;
use super::example::{Call, documented_kind};
use super::method::Method;
use super::types::Types;
use crate::model::Api;

/// The beginning of an example that runs. The mock manager is started in hidden lines.
const RUN: [&str; 9] = [
    "```rust",
    "# #[cfg(not(feature = \"mock\"))]",
    "# fn main() {}",
    "# #[cfg(feature = \"mock\")]",
    "# #[tokio::main(flavor = \"current_thread\")]",
    "# async fn main() -> Result<(), Box<dyn std::error::Error>> {",
    "# let manager = nsx_api::mock::Manager::start().await?;",
    "# let (address, ca) = (manager.url(), manager.ca_pem());",
    "# let (user, password) = (manager.username(), manager.password());",
];

/// The beginning of an example for which the mock manager has no response, so it is only compiled.
const COMPILED: [&str; 3] = [
    "```rust,no_run",
    "# async fn example(address: &str, ca: &str, user: &str, password: &str)",
    "# -> Result<(), Box<dyn std::error::Error>> {",
];

/// The statuses to handle, most likely first.
const LIKELY_STATUSES: [&str; 5] = ["403", "404", "409", "412", "400"];

const CONNECT: [&str; 5] = [
    "let client = Client::builder(address)",
    "    .auth(Session::new(user, password))",
    "    .ca_pem(ca)",
    "    .build()?;",
    "",
];

/// The content of `example.md`.
pub(super) fn crate_example(methods: &[Method<'_>], types: &Types, api: &Api) -> String {
    let mut lines = vec![
        format!("<!-- {HEADER_MARK} Do not edit. -->"),
        String::new(),
    ];
    lines.extend(match simplest_call(methods, types, api) {
        Some(call) => operation_example(&call, types),
        None => raw_request_example(),
    });
    lines.extend(["# Ok(())", "# }", "```", ""].map(str::to_owned));
    lines.join("\n")
}

/// The simplest call: preferably one that returns a value, reads, and has few arguments.
fn simplest_call<'m>(methods: &'m [Method<'m>], types: &Types, api: &Api) -> Option<Call<'m>> {
    let calls = methods
        .iter()
        .map(|method| (method, Call::new(method, types, api)));
    let calls = calls.filter(|(_, call)| call.outside.is_empty());
    let best = calls.min_by_key(|(method, call)| {
        let arguments = method.required().count() + usize::from(method.required_body().is_some());
        (
            !call.has_value(),
            method.operation().deprecated,
            method.operation().method != "get",
            method.is_list,
            arguments,
        )
    });
    best.map(|(_, call)| call)
}

fn operation_example(call: &Call<'_>, types: &Types) -> Vec<String> {
    let start: &[&str] = match call.is_answered {
        true => &RUN,
        false => &COMPILED,
    };
    let mut lines = owned(start);
    let error = documented_kind(call.operation(), LIKELY_STATUSES);
    lines.push(match error {
        Some(_) => "use nsx_api::auth::Session;\nuse nsx_api::{Client, ErrorKind};".to_owned(),
        None => "use nsx_api::Client;\nuse nsx_api::auth::Session;".to_owned(),
    });
    if call.uses_types() {
        lines.push("use nsx_api::types;".to_owned());
    }
    lines.push(String::new());
    lines.extend(owned(&CONNECT));
    lines.extend(
        call.operation()
            .deprecated
            .then(|| "# #[allow(deprecated)]".to_owned()),
    );
    lines.extend(call.sent(types, error, "error.into()"));
    lines
}

/// A raw request, if there is no suitable operation.
fn raw_request_example() -> Vec<String> {
    let mut lines = owned(&RUN);
    lines.extend(owned(&[
        "# let version = |_: &_| nsx_api::mock::Answer::json(200, [\"4.2.1\"]);",
        "# manager.on(\"GET /api/v1/node/version\", version);",
        "use nsx_api::auth::Session;",
        "use nsx_api::http::Method;",
        "use nsx_api::{Client, ErrorKind};",
        "",
    ]));
    lines.extend(owned(&CONNECT));
    lines.extend(owned(&[
        "match client.request(Method::GET, \"/api/v1/node/version\").send().await {",
        "    Ok(response) => println!(\"{}\", String::from_utf8_lossy(&response)),",
        "    Err(error) if error.kind() == ErrorKind::Forbidden => eprintln!(\"{error}\"),",
        "    Err(error) => return Err(error.into()),",
        "}",
    ]));
    lines
}

fn owned(lines: &[&str]) -> Vec<String> {
    lines.iter().map(|line| (*line).to_owned()).collect()
}
