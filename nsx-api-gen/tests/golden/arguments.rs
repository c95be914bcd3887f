//! A document that combines parameters of every location and type with bodies of every media type,
//! and a program that calls its operations.

use std::fmt::Write;

/// Where a parameter is sent.
#[derive(Clone, Copy, PartialEq)]
enum In {
    Path,
    Query,
    Header,
}

/// The type of a parameter.
#[derive(Clone, Copy)]
enum Kind {
    Text,
    Flag,
    Number,
    Enum,
    List,
}
use In::{Header, Path, Query};
use Kind::{Enum, Flag, List, Number, Text};

const KINDS: [Kind; 5] = [Text, Flag, Number, Enum, List];

#[derive(Clone)]
struct Parameter {
    name: String,
    place: In,
    kind: Kind,
    required: bool,
}

/// A request body: its media type, its schema, and how the program sends and expects it.
struct Body {
    name: &'static str,
    media: &'static str,
    schema: &'static str,
    /// The argument, or `None` for a multipart body.
    rust: Option<&'static str>,
    sent: &'static str,
}

const BODIES: [Body; 7] = [
    Body {
        name: "json",
        media: "application/json",
        schema: "{$ref: '#/components/schemas/Thing'}",
        rust: Some("thing()"),
        sent: r#"{"a":"x","n":7}"#,
    },
    Body {
        name: "word",
        media: "application/json",
        schema: "{type: string}",
        rust: Some("\"word\".to_owned()"),
        sent: "\"word\"",
    },
    Body {
        name: "form",
        media: "application/x-www-form-urlencoded",
        schema: "{$ref: '#/components/schemas/Thing'}",
        rust: Some("thing()"),
        sent: "a=x&n=7",
    },
    Body {
        name: "text",
        media: "text/plain",
        schema: "{type: string}",
        rust: Some("\"some text\""),
        sent: "some text",
    },
    Body {
        name: "raw",
        media: "application/octet-stream",
        schema: "{type: string, format: binary}",
        rust: Some("\"raw bytes\""),
        sent: "raw bytes",
    },
    Body {
        name: "xml",
        media: "application/xml",
        schema: "{type: object}",
        rust: Some("\"<a/>\""),
        sent: "<a/>",
    },
    Body {
        name: "parts",
        media: "multipart/form-data",
        schema: "{type: object, required: [file], properties: {file: {type: string, format: binary}}}",
        rust: None,
        sent: "the file",
    },
];

/// An operation: its parameters, and a body, which may be optional.
struct Operation {
    id: String,
    parameters: Vec<Parameter>,
    body: Option<&'static Body>,
    body_required: bool,
}

fn parameters(place: In, kinds: &[(Kind, bool)]) -> Vec<Parameter> {
    let prefix = match place {
        Path => "p",
        Query => "q",
        Header => "X-Note",
    };
    let kinds = kinds.iter().enumerate();
    kinds
        .map(|(index, &(kind, required))| Parameter {
            name: format!("{prefix}{index}"),
            place,
            kind,
            required: required || place == Path,
        })
        .collect()
}

/// `count` parameters of all types in turn, every second one of them required.
fn many(place: In, count: usize) -> Vec<Parameter> {
    let kinds = (0..count).map(|index| {
        let kind = KINDS[index % KINDS.len()];
        (kind, index % 2 == 0)
    });
    parameters(place, &kinds.collect::<Vec<_>>())
}

/// The sets of parameters, which are combined with each body.
fn mixes() -> Vec<Vec<Parameter>> {
    let mut mixes = vec![
        Vec::new(),
        parameters(Path, &[(Text, true), (Number, true)]),
        parameters(Query, &[(Flag, true), (List, false)]),
    ];
    for kind in KINDS {
        mixes.push(parameters(Header, &[(kind, false)]));
        mixes.push(parameters(Header, &[(kind, true)]));
    }
    mixes.push(parameters(Header, &[(Flag, false), (Enum, true)]));
    mixes.push(parameters(
        Header,
        &[(Number, false), (Text, true), (List, false)],
    ));
    let everywhere = |path, query, header| {
        let mut list = many(Path, path);
        list.extend(many(Header, header));
        list.extend(many(Query, query));
        list
    };
    mixes.push(everywhere(1, 1, 1));
    mixes.push(everywhere(2, 3, 2));
    mixes.push(everywhere(1, 4, 3));
    mixes.push(everywhere(3, 9, 12));
    mixes.push(everywhere(1, 24, 1));
    mixes.push(everywhere(0, 0, 21));
    // Arguments with the same Rust name, and one named like the body.
    mixes.push(
        [
            ("id", Path, Text),
            ("id", Query, Number),
            ("id", Header, Flag),
            ("a-b", Header, Number),
            ("a_b", Header, List),
            ("body", Header, Flag),
            ("Body", Query, Text),
        ]
        .map(|(name, place, kind)| Parameter {
            name: name.to_owned(),
            place,
            kind,
            required: place == Path,
        })
        .to_vec(),
    );
    mixes
}

fn operations() -> Vec<Operation> {
    let mut list = Vec::new();
    for (index, parameters) in mixes().into_iter().enumerate() {
        let operation = |name: &str, body, body_required| Operation {
            id: format!("m{index}_{name}"),
            parameters: parameters.clone(),
            body,
            body_required,
        };
        list.push(operation("none", None, false));
        for body in &BODIES {
            list.push(operation(body.name, Some(body), true));
            // A multipart body has required parts of its own.
            if body.rust.is_some() {
                list.push(operation(&format!("opt_{}", body.name), Some(body), false));
            }
        }
    }
    list
}

/// The document, as YAML.
pub(crate) fn document() -> String {
    let mut text = "openapi: 3.0.3\ninfo: {title: Arguments, version: '1'}\npaths:\n".to_owned();
    for operation in operations() {
        let id = &operation.id;
        let path = operation.parameters.iter().filter(|one| one.place == Path);
        let path: String = path.map(|one| format!("/{{{}}}", one.name)).collect();
        writeln!(
            text,
            "  /{id}{path}:\n    put:\n      operationId: {id}\n      parameters:"
        )
        .unwrap();
        for one in &operation.parameters {
            let place = match one.place {
                Path => "path",
                Query => "query",
                Header => "header",
            };
            let schema = match one.kind {
                Text => "{type: string}",
                Flag => "{type: boolean}",
                Number => "{type: integer}",
                Enum => "{type: string, enum: [up, down]}",
                List => "{type: array, items: {type: string}}",
            };
            let (name, required) = (&one.name, one.required);
            writeln!(
                text,
                "      - {{name: {name}, in: {place}, required: {required}, schema: {schema}}}"
            )
            .unwrap();
        }
        if operation.parameters.is_empty() {
            text = text.trim_end_matches("parameters:\n").trim_end().to_owned() + "\n";
        }
        if let Some(body) = operation.body {
            let (required, media, schema) = (operation.body_required, body.media, body.schema);
            writeln!(
                text,
                "      requestBody: {{required: {required}, content: {{{media}: {{schema: {schema}}}}}}}"
            )
            .unwrap();
        }
        text.push_str("      responses: {'204': {description: done}}\n");
    }
    text + "components: {schemas: {Thing: {type: object, required: [a], properties: {a: {type: string}, n: {type: integer}}}}}\n"
}

impl Operation {
    /// The names of the arguments. A parameter whose name is already used gets a number.
    fn arguments(&self) -> Vec<String> {
        let mut taken = vec!["client".to_owned()];
        taken.extend(
            self.body
                .and_then(|body| body.rust)
                .map(|_| "body".to_owned()),
        );
        let names = self.parameters.iter().map(|one| {
            let name = one.name.to_lowercase().replace('-', "_");
            let numbered = (2..).map(|number| format!("{name}_{number}"));
            let mut names = std::iter::once(name.clone()).chain(numbered);
            let own = names.find(|name| !taken.contains(name)).unwrap();
            taken.push(own.clone());
            own
        });
        names.collect()
    }
}

impl Parameter {
    /// The value in Rust, and the strings that are sent.
    fn value(&self, operation: &str, index: usize) -> (String, Vec<String>) {
        match self.kind {
            Text => (format!("\"t{index}\""), vec![format!("t{index}")]),
            Flag => ("true".to_owned(), vec!["true".to_owned()]),
            Number => (index.to_string(), vec![index.to_string()]),
            Enum => {
                let name = format!("{operation}-{}", self.name);
                let name = type_name(&name);
                (format!("types::{name}::Down"), vec!["down".to_owned()])
            }
            List => (
                format!("vec![\"l{index}\".to_owned(), \"m{index}\".to_owned()]"),
                vec![format!("l{index}"), format!("m{index}")],
            ),
        }
    }
}

/// The type that is named after an operation and a parameter: `M1OptJsonXNote2` for
/// `m1_opt_json-X-Note2`.
fn type_name(name: &str) -> String {
    let words = name.split(['-', '_']);
    let upper = words.map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    upper.collect()
}

/// The program: one call per operation, and the expected request.
pub(crate) fn program() -> String {
    let mut text = "
//! Written by the test that runs it.

use nsx_api::mock::{Answer, Manager};
#[allow(unused_imports)]
use nsx_api::types;

fn thing() -> types::Thing {
    types::Thing { n: Some(7), ..types::Thing::new(\"x\") }
}

/// Path, query, headers, the beginning of the content type, and the body.
type Expected = (
    &'static str,
    &'static [&'static str],
    &'static [(&'static str, &'static str)],
    &'static str,
    &'static str,
);
"
    .trim_start()
    .to_owned();
    for operation in operations() {
        text += &test(&operation);
    }
    text + "
fn check(manager: &Manager, expected: Expected) {
    let request = manager.requests().pop().unwrap();
    let (path, query, headers, content_type, body) = expected;
    assert_eq!(request.path, path);
    let sent = request.query.clone().unwrap_or_default();
    let mut sent: Vec<&str> = sent.split('&').filter(|pair| !pair.is_empty()).collect();
    sent.sort_unstable();
    assert_eq!(sent, query, \"{path}\");
    for (name, value) in headers {
        assert_eq!(request.header(name), Some(*value), \"{path}: {name}\");
    }
    let sent = request.header(\"content-type\").unwrap_or_default();
    assert!(sent.starts_with(content_type), \"{path}: {sent}\");
    let sent = String::from_utf8_lossy(&request.body);
    match content_type {
        \"multipart/form-data\" => assert!(sent.contains(body), \"{path}: {sent}\"),
        _ => assert_eq!(sent, body, \"{path}\"),
    }
}
"
}

fn test(operation: &Operation) -> String {
    let id = &operation.id;
    let (mut required, mut setters) = (Vec::new(), String::new());
    let (mut path, mut query, mut headers) = (format!("/{id}"), Vec::new(), Vec::new());
    let names = operation.arguments();
    let mut order: Vec<_> = operation.parameters.iter().zip(names).enumerate().collect();
    order.sort_by_key(|(_, (one, _))| one.place != Path);
    for (index, (one, argument)) in order {
        let (value, sent) = one.value(id, index);
        match one.required {
            true => required.push(value),
            false => write!(setters, ".{argument}({value})").unwrap(),
        }
        match one.place {
            Path => write!(path, "/{}", sent.join(",")).unwrap(),
            Query => query.extend(sent.iter().map(|text| format!("{}={text}", one.name))),
            Header => headers.push((one.name.to_lowercase(), sent.join(","))),
        }
    }
    query.sort();
    let (media, sent) = match operation.body {
        Some(body) => {
            match (body.rust, operation.body_required) {
                (Some(value), true) => required.push(value.to_owned()),
                (Some(value), false) => write!(setters, ".body({value})").unwrap(),
                (None, _) => {
                    required.push("nsx_api::Part::from(\"the file\".to_owned())".to_owned())
                }
            }
            (body.media, body.sent)
        }
        None => ("", ""),
    };
    let required = required.join(", ");
    format!(
        "
#[tokio::test]
async fn {id}() {{
    let manager = Manager::start().await.unwrap();
    manager.respond_with(Answer::status(204));
    let client = manager.client().unwrap();
    client.{id}({required}){setters}.send().await.unwrap();
    check(&manager, ({path:?}, &{query:?}, &{headers:?}, {media:?}, {sent:?}));
}}
"
    )
}
