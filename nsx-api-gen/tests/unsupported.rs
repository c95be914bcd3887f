//! Documents with unsupported operations: what is skipped, and how it is reported.

use std::path::Path;

use nsx_api_gen::compare::Source;
use nsx_api_gen::import::{Import, Selection, import};
use nsx_api_gen::{Generated, generate_from_str, generate_supported_from_str};

/// A document with one supported operation, and with these paths and components.
fn document(paths: &str, components: &str) -> String {
    let good = format!("/good: {{get: {{operationId: GetGood, {}}}}}", ok("Good"));
    format!(
        "openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\npaths: {{{good}, {paths}}}\ncomponents: {{{components}}}\n"
    )
}

/// The responses of an operation that returns a schema.
fn ok(name: &str) -> String {
    format!(
        "responses: {{'200': {{description: D, content: {{application/json: {{schema: {{$ref: '#/components/schemas/{name}'}}}}}}}}}}"
    )
}

const GOOD: &str = "Good: {type: object, properties: {a: {type: string}}}";
const COOKIE: &str = "parameters: [{name: b, in: cookie, required: true, schema: {type: string}}]";
const NOTHING: &str = "responses: {'200': {description: D}}";

fn schemas(others: &str) -> String {
    format!("schemas: {{{GOOD}, {others}}}")
}

fn generated(text: &str) -> Generated {
    generate_supported_from_str("doc", text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// The reports of what was skipped.
fn skipped(text: &str) -> Vec<String> {
    let generated = generated(text);
    generated.skipped.iter().map(ToString::to_string).collect()
}

#[test]
fn skipped_operations_are_reported_with_every_fault() {
    let cases = [
        (
            "a fault of the operation itself",
            document(
                &format!("/a: {{get: {{operationId: GetA, {COOKIE}, {NOTHING}}}}}"),
                &schemas(""),
            ),
            &[
                "GetA, GET /a\n    #/paths/~1a/get/parameters/0: the parameter `b`: cookie parameters are not supported",
            ][..],
        ),
        (
            "two faults",
            document(
                &format!("/a: {{get: {{operationId: GetA, {COOKIE}, responses: {{}}}}}}"),
                &schemas(""),
            ),
            &[
                "GetA, GET /a\n    #/paths/~1a/get/parameters/0: the parameter `b`: cookie parameters are not supported\n    #/paths/~1a/get/responses: an operation must have a response",
            ],
        ),
        (
            "an operation that is none",
            document("/a: {get: text}", &schemas("")),
            &["GET /a\n    #/paths/~1a/get: an operation must be an object"],
        ),
        (
            "a fault of the path",
            document(
                &format!(
                    "/a: {{parameters: [{{name: q, in: query, schema: {{type: strin, format: x}}}}], get: {{operationId: GetA, {NOTHING}}}, put: {{operationId: PutA, {NOTHING}, parameters: [{{name: q, in: query, schema: {{type: string}}}}]}}}}"
                ),
                &schemas(""),
            ),
            &[
                "GetA, GET /a\n    #/paths/~1a/parameters/0/schema/type: the parameter `q`: `strin` is not a type of OpenAPI 3.0",
                "PutA, PUT /a\n    #/paths/~1a/parameters/0/schema/type: the parameter `q`: `strin` is not a type of OpenAPI 3.0",
            ],
        ),
        (
            "a path without an operation that is known",
            document("/a: {$ref: 'other.yaml#/a'}", &schemas("")),
            &[
                "#/paths/~1a\n    #/paths/~1a: `other.yaml#/a` points to another file: use `cargo xtask import` to combine several files",
            ],
        ),
        (
            "a fault of a schema that an operation uses by others",
            document(
                &format!("/a: {{get: {{operationId: GetA, {}}}}}", ok("Outer")),
                &schemas(
                    "Outer: {type: object, properties: {inner: {$ref: '#/components/schemas/Inner'}}}, Inner: {type: array, items: {$ref: '#/components/schemas/Bad'}}, Bad: {type: strin}",
                ),
            ),
            &[
                "GetA, GET /a\n    #/components/schemas/Bad/type: `strin` is not a type of OpenAPI 3.0",
            ],
        ),
        (
            "a fault of a response that an operation refers to",
            document(
                "/a: {get: {operationId: GetA, responses: {'404': {$ref: '#/components/responses/No'}}}}",
                &format!("responses: {{No: text}}, {}", schemas("")),
            ),
            &["GetA, GET /a\n    #/components/responses/No: this must be an object"],
        ),
        (
            "a fault of a schema that no operation uses",
            document(
                "",
                &schemas(
                    "Bad: {type: strin}, UsesBad: {type: array, items: {$ref: '#/components/schemas/Bad'}}",
                ),
            ),
            &[
                "#/components/schemas/Bad\n    #/components/schemas/Bad/type: `strin` is not a type of OpenAPI 3.0",
                "#/components/schemas/UsesBad\n    #/components/schemas/Bad/type: `strin` is not a type of OpenAPI 3.0",
            ],
        ),
        ("no fault at all", document("", &schemas("")), &[]),
    ];
    for (name, text, expected) in cases {
        assert_eq!(skipped(&text), expected, "{name}");
        assert_eq!(generated(&text).operations, 1, "{name}");
        let builder = &generated(&text).files[Path::new("builder/untagged.rs")];
        assert!(
            builder.contains("pub fn get_good(&self)"),
            "{name}: {builder}"
        );
    }
}

#[test]
fn schemas_that_only_skipped_operations_use_are_skipped_too() {
    let text = document(
        &format!(
            "/a: {{get: {{operationId: GetA, {COOKIE}, {}}}}}",
            ok("Own")
        ),
        &schemas(
            "Own: {type: object, properties: {b: {$ref: '#/components/schemas/Deep'}, g: {$ref: '#/components/schemas/Good'}}}, \
             Deep: {type: object, properties: {c: {$ref: '#/components/schemas/Shared'}}}, Shared: {type: object, properties: {d: {type: string}}}, \
             Unused: {type: object, properties: {s: {$ref: '#/components/schemas/Shared'}}}",
        ),
    );
    let types = &generated(&text).files[Path::new("types.rs")];
    let structs: Vec<&str> = types
        .lines()
        .filter_map(|line| line.strip_prefix("pub struct "))
        .collect();
    assert_eq!(structs, ["Good {", "Shared {", "Unused {"]);
}

/// Otherwise an operation would be renamed once the one next to it is supported.
#[test]
fn skipping_an_operation_does_not_rename_the_others() {
    let text = document(
        &format!(
            "/a/things: {{get: {{operationId: ReadThing, {COOKIE}, {NOTHING}}}}}, /b/things: {{get: {{operationId: ReadThing, {NOTHING}}}}}"
        ),
        &schemas(""),
    );
    let generated = generated(&text);
    let builder = &generated.files[Path::new("builder/untagged.rs")];
    assert!(builder.contains("pub fn b_read_thing(&self)"), "{builder}");
    assert!(
        builder.contains("/// The vendor's documentation calls this operation `ReadThing`."),
        "{builder}"
    );
    // Changes of a skipped operation are not reported.
    assert_eq!(generated.summary, [("operation_ids", 1)]);
}

#[test]
fn faults_of_the_document_as_a_whole_are_errors() {
    let bad = format!("/a: {{get: {{operationId: GetA, {COOKIE}, {NOTHING}}}}}");
    let text = document(&bad, &schemas("")).replace("paths:", "servers: [{url: 'no url'}]\npaths:");
    let error = generate_supported_from_str("doc", &text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "doc: #/servers/0/url: the path of a server URL must start with `/`\n\
         doc: #: these faults concern the document as a whole, so skipping operations does not help"
    );
}

#[test]
fn a_document_without_supported_operations_is_an_error_with_every_fault() {
    let text = document(
        &format!("/a: {{get: {{operationId: GetA, {COOKIE}, {NOTHING}}}}}"),
        &schemas(""),
    )
    .replace(
        "properties: {a: {type: string}}",
        "properties: {a: {type: strin}}",
    );
    let error = generate_supported_from_str("doc", &text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "doc: #/paths/~1a/get/parameters/0: GetA: the parameter `b`: cookie parameters are not supported\n\
         doc: #/components/schemas/Good/properties/a/type: `strin` is not a type of OpenAPI 3.0\n\
         doc: #/paths: no operation is left: each of them has a fault or uses a component that has one"
    );
}

#[test]
fn nothing_is_skipped_without_skip_unsupported() {
    let text = document(
        &format!("/a: {{get: {{operationId: GetA, {COOKIE}, {NOTHING}}}}}"),
        &schemas(""),
    );
    let error = generate_from_str("doc", &text).unwrap_err();
    assert_eq!(
        error.to_string(),
        "doc: #/paths/~1a/get/parameters/0: GetA: the parameter `b`: cookie parameters are not supported"
    );
    let text = document("", &schemas(""));
    let (plain, supported) = (generate_from_str("doc", &text).unwrap(), generated(&text));
    assert_eq!(plain.files, supported.files);
    assert!(plain.skipped.is_empty() && plain.operations == 1);
}

/// The paths of both operations are normalized, but the imported document has the original ones.
#[test]
fn a_document_imported_with_skip_unsupported_can_be_generated() {
    let text = document(
        &format!(
            "'/a?action=[^/]+': {{get: {{operationId: GetA, {COOKIE}, {}}}, put: {{operationId: PutA, {NOTHING}}}}}, \
             '/b?action=[^/]+': {{get: {{operationId: GetB, {}}}}}, /c: {{get: text}}",
            ok("Own"),
            ok("Bad"),
        ),
        &schemas("Own: {type: object}, Bad: {type: strin}"),
    );
    let task = |selection, skip_unsupported| {
        let mut task = Import::new(Source::new("doc", text.as_str()), selection);
        task.skip_unsupported = skip_unsupported;
        task
    };
    let imported = import(&task(Selection::new().all(), true)).unwrap();
    assert_eq!((imported.operations, imported.of), (2, 5));
    let skipped: Vec<Option<&str>> = imported
        .skipped
        .iter()
        .map(|one| one.operation.as_deref())
        .collect();
    assert_eq!(skipped, [Some("GetA"), Some("GetB"), None]);
    assert!(
        imported.text.contains("/a?action=[^/]+"),
        "{}",
        imported.text
    );
    for gone in ["GetA", "GetB", "Own", "Bad", "/c:"] {
        assert!(!imported.text.contains(gone), "{gone}: {}", imported.text);
    }
    assert_eq!(
        generate_from_str("doc", &imported.text).unwrap().operations,
        2
    );

    let all = import(&task(Selection::new().all(), false)).unwrap();
    assert_eq!((all.operations, all.skipped.len()), (5, 0));
    let none = import(&task(Selection::new().operation("GetB"), true)).unwrap_err();
    assert!(none.to_string().contains("no operation is left"), "{none}");
}

/// A document without a line gives code or an error, and everything that is skipped has a reason.
/// The first line is the fifth, then every `step`th.
fn generate_damaged(step: usize) {
    let spec = include_str!("golden/golden.yaml");
    let lines: Vec<&str> = spec.lines().collect();
    for skip in (4..lines.len()).step_by(step) {
        let kept = lines.iter().enumerate().filter(|(index, _)| *index != skip);
        let text: Vec<&str> = kept.map(|(_, line)| *line).collect();
        if let Ok(generated) = generate_supported_from_str("doc", &text.join("\n")) {
            assert!(generated.skipped.iter().all(|one| !one.faults.is_empty()));
        }
    }
}

#[test]
fn skipping_operations_of_a_document_that_is_damaged_in_a_few_places_never_panics() {
    generate_damaged(43 * 7);
}

#[test]
#[ignore = "slow: generates dozens of documents in a debug build"]
fn skipping_operations_of_a_document_that_is_damaged_anywhere_never_panics() {
    generate_damaged(43);
}

#[test]
fn an_unused_allof_child_with_a_fault_is_skipped_alone() {
    let base = "Base: {type: object, discriminator: {propertyName: k}, required: [k], properties: {k: {type: string}}}";
    let child = |name: &str, property: &str| {
        format!(
            "{name}: {{allOf: [{{$ref: '#/components/schemas/Base'}}, {{type: object, properties: {{a: {property}}}}}]}}"
        )
    };
    let (one, two) = (child("One", "text"), child("Two", "{type: string}"));
    // The base lists other values, so that it does not reach these children.
    let used = base.replace("{type: string}", "{type: string, enum: [a, b]}");
    let get = format!("/a: {{get: {{operationId: GetA, {}}}}}", ok("Base"));
    for (paths, base) in [("", base), (&get, &used)] {
        let text = document(paths, &schemas(&format!("{base}, {one}, {two}")));
        assert_eq!(
            skipped(&text),
            [
                "#/components/schemas/One\n    #/components/schemas/One/allOf/1/properties/a: a schema must be an object"
            ]
        );
    }
}
