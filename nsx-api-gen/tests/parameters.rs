//! Parameters and inline types keep their own name, place and type, or the document is rejected.
//! `golden/arguments.rs` calls operations with every mix of parameters and bodies.

use std::path::Path;

use nsx_api_gen::generate_from_str;

/// A document with these paths and schemas.
fn document(paths: &str, schemas: &str) -> String {
    format!(
        "openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\npaths: {{{paths}}}\ncomponents: {{schemas: {{{schemas}}}}}\n"
    )
}

/// The code of the builders and of the types.
fn code(document: &str) -> (String, String) {
    let generated = generate_from_str("doc", document).unwrap_or_else(|error| panic!("{error}"));
    let file = |path: &str| generated.files[Path::new(path)].clone();
    (file("builder/untagged.rs"), file("types.rs"))
}

fn error(document: &str) -> String {
    generate_from_str("doc", document).unwrap_err().to_string()
}

#[track_caller]
fn assert_has(code: &str, line: &str) {
    assert!(code.contains(line), "{line} is not in {code}");
}

#[test]
fn inline_allof_body_does_not_become_the_component_of_the_same_name() {
    let (builder, types) = code(&document(
        "/f: {post: {operationId: DoF, requestBody: {required: true, content: {application/json: \
         {schema: {allOf: [{type: object, properties: {name: {type: string}}}]}}}}, \
         responses: {'204': {description: D}}}}",
        "DoFBody: {type: object, required: [count], properties: {count: {type: integer}}}",
    ));
    assert_has(&builder, "pub fn do_f(&self, body: types::DoFBody2)");
    let own = types.split("pub struct DoFBody2 {").nth(1).unwrap();
    assert!(
        own.split('}')
            .next()
            .unwrap()
            .contains("pub name: Option<String>")
    );
}

#[test]
fn enum_variant_of_a_oneof_does_not_become_the_enum_of_another_parameter() {
    let (_, types) = code(&document(
        "/u: {get: {operationId: GetU, parameters: [\
         {name: uni, in: query, schema: {oneOf: [{type: string, enum: [v1, v2]}, {type: integer}]}}, \
         {name: uniString, in: query, schema: {type: string, enum: [w1]}}, \
         {name: uniVariant1, in: query, schema: {type: string, enum: [x1]}}], \
         responses: {'204': {description: D}}}}",
        "",
    ));
    for table in [
        "(\"v1\", Self::V1)",
        "(\"w1\", Self::W1)",
        "(\"x1\", Self::X1)",
    ] {
        assert_has(&types, table);
    }
}

#[test]
fn value_type_of_additional_properties_does_not_become_that_of_a_property() {
    let (_, types) = code(&document(
        "/u: {post: {operationId: PostU, requestBody: {content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}, \
         responses: {'204': {description: D}}}}",
        "A: {type: object, properties: {extraValue: {type: string, enum: [one]}}, \
         additionalProperties: {type: string, enum: [two]}}",
    ));
    for table in ["(\"one\", Self::One)", "(\"two\", Self::Two)"] {
        assert_has(&types, table);
    }
}

#[test]
fn nullable_enum_in_a_union_is_an_option_of_the_enum() {
    let (_, types) = code(&document(
        "/u: {post: {operationId: PostU, requestBody: {content: {application/json: {schema: {oneOf: [{type: integer}, \
         {type: object, properties: {kind: {type: string, nullable: true, enum: [one]}, \
         list: {type: array, items: {type: string, enum: [two, null]}}}}]}}}}, \
         responses: {'200': {description: D, content: {application/json: {schema: \
         {$ref: '#/components/schemas/PostUBodyVariant2KindInner'}}}}}}}",
        "PostUBodyVariant2KindInner: {type: string, enum: [three]}",
    ));
    for line in [
        "pub kind: Option<Option<PostUBodyVariant2Kind>>,",
        "pub list: Option<Vec<Option<PostUBodyVariant2ListItem>>>,",
        "(\"one\", Self::One)",
        "(\"two\", Self::Two)",
        "(\"three\", Self::Three)",
    ] {
        assert_has(&types, line);
    }
}

#[test]
fn component_made_of_a_nullable_part_is_an_enum() {
    let all = "All: {type: object, required: [kind], properties: {kind: {$ref: '#/components/schemas/Kind'}}}";
    let one = "{type: string, nullable: true, enum: [one]}";
    for kind in [
        one.to_owned(),
        format!("{{oneOf: [{one}, {{type: string, enum: [two]}}]}}"),
    ] {
        let (_, types) = code(&document(
            "/k: {post: {operationId: PostK, requestBody: {content: {application/json: {schema: \
             {$ref: '#/components/schemas/All'}}}}, responses: {'204': {description: D}}}}",
            &format!("Kind: {{allOf: [{kind}]}}, {all}"),
        ));
        assert_has(&types, "pub enum Kind {");
        assert_has(&types, "pub kind: Option<Kind>,");
    }
}

#[test]
fn union_of_enums_is_one_enum() {
    let (_, types) = code(&document(
        "/u: {post: {operationId: PostU, requestBody: {content: {application/json: {schema: {oneOf: \
         [{type: string, enum: [one, two]}, {type: string, enum: [two, three]}]}}}}, \
         responses: {'204': {description: D}}}}",
        "",
    ));
    assert_has(&types, "pub enum PostUBody {");
    for value in ["One", "Two", "Three"] {
        assert_has(
            &types,
            &format!("(\"{}\", Self::{value})", value.to_lowercase()),
        );
    }
    assert!(!types.contains("PostUBodyVariant"));
}

/// The union has no conversion from strings, so the alias cannot have one.
#[test]
fn alias_of_a_union_of_scalars_has_no_conversion_from_strings() {
    for first in ["{type: string, enum: [one]}", "{type: boolean}"] {
        let (_, types) = code(&document(
            "/u: {get: {operationId: GetU, responses: {'200': {description: D, content: {application/json: {schema: \
             {$ref: '#/components/schemas/Alias'}}}}}}}",
            &format!(
                "Alias: {{allOf: [{{$ref: '#/components/schemas/Size'}}]}}, Size: {{oneOf: [{first}, {{type: integer}}]}}"
            ),
        ));
        assert_has(&types, "pub struct Alias(pub Size);");
        assert_has(&types, "Display for Alias");
        assert!(
            !types.contains("FromStr for Alias") && !types.contains("for Alias {\n    type Err")
        );
    }
}

#[test]
fn inherited_enum_does_not_become_the_type_of_the_same_name() {
    let schemas = "Base: {type: object, properties: {status: {type: string, enum: [one]}, size: {type: integer}}}, \
                   Node: {allOf: [{$ref: '#/components/schemas/Base'}, {type: object, properties: {n: {type: string}}}]}";
    let operation = |parameters: &str, schema: &str| {
        format!(
            "/n: {{get: {{operationId: Node, parameters: [{parameters}], responses: {{'200': {{description: D, content: \
             {{application/json: {{schema: {{$ref: '#/components/schemas/{schema}'}}}}}}}}}}}}}}"
        )
    };
    // Another inline enum gets a number.
    let parameter = "{name: status, in: query, schema: {type: string, enum: [two]}}";
    let (builder, types) = code(&document(&operation(parameter, "Node"), schemas));
    assert_has(&types, "pub status: Option<NodeStatus>,");
    assert_has(&types, "(\"one\", Self::One)");
    assert_has(&types, "(\"two\", Self::Two)");
    assert_has(&builder, "impl Into<types::NodeStatus2>");
    // Beside a component, the inherited one does.
    let property = "All: {type: object, properties: {a: {$ref: '#/components/schemas/Node'}, \
                    b: {$ref: '#/components/schemas/NodeStatus'}}}";
    let more = format!("{schemas}, NodeStatus: {{type: string, enum: [three]}}, {property}");
    let (_, types) = code(&document(&operation("", "All"), &more));
    for line in [
        "pub struct Node {\n    pub status: Option<NodeStatus2>,\n    pub size: Option<i64>,\n    pub n:",
        "pub b: Option<NodeStatus>,",
        "(\"three\", Self::Three)",
    ] {
        assert_has(&types, line);
    }
}

#[test]
fn header_names_of_path_item_and_operation_are_compared_without_case() {
    let (builder, _) = code(&document(
        "/h: {parameters: [{name: X-Note, in: header, required: true, schema: {type: string}}], \
         get: {operationId: GetH, parameters: [{name: x-note, in: header, required: true, schema: {type: boolean}}], \
         responses: {'204': {description: D}}}}",
        "",
    ));
    assert_has(&builder, "pub fn get_h(&self, x_note: bool) -> GetH<'_>");
}

#[test]
fn parameter_that_is_declared_twice_is_an_error_with_the_operation() {
    let twice = "{name: size, in: query, schema: {type: integer}}, {name: size, in: query, schema: {type: string}}";
    let object = "{name: size, in: query, required: true, schema: {type: integer}}, \
                  {name: filter, in: query, schema: {type: object, properties: {size: {type: string}}}}";
    let headers = "{name: X-A, in: header, schema: {type: integer}}, {name: x-a, in: header, schema: {type: string}}";
    for parameters in [twice, object, headers] {
        let message = error(&document(
            &format!(
                "/a: {{get: {{operationId: GetA, parameters: [{parameters}], responses: {{'204': {{description: D}}}}}}}}"
            ),
            "",
        ));
        assert_has(&message, "GetA: the parameter ");
        assert_has(&message, "is declared twice in the ");
    }
    // The same parameter twice is one.
    code(&document(
        "/a: {get: {operationId: GetA, parameters: [{name: s, in: query, schema: {type: integer}}, \
         {name: s, in: query, schema: {type: integer}}], responses: {'204': {description: D}}}}",
        "",
    ));
}

#[test]
fn dropped_parameter_of_a_path_item_is_not_sent() {
    let (builder, _) = code(&document(
        "'/fix?action=x': {parameters: [{name: action, in: query, schema: {type: string}}, \
         {name: session, in: cookie, schema: {type: string}}, {name: keep, in: query, schema: {type: string}}], \
         post: {operationId: Fix, responses: {'204': {description: D}}}, \
         get: {operationId: Look, parameters: [{name: keep, in: query, schema: {type: boolean}}], responses: {'204': {description: D}}}}",
        "",
    ));
    assert!(!builder.contains("pub fn action(") && !builder.contains("pub fn session("));
    assert_has(&builder, "pub fn keep(mut self, value: impl Into<String>)");
    assert_has(&builder, "pub fn keep(mut self, value: impl Into<bool>)");
}

#[test]
fn referenced_authorization_header_is_ignored() {
    let text = document(
        "/a: {get: {operationId: GetA, parameters: [{$ref: '#/components/parameters/Auth'}], responses: {'204': {description: D}}}}",
        "",
    );
    let text = text.replace(
        "components: {",
        "components: {parameters: {Auth: {name: Authorization, in: header, required: true, schema: {type: string}}}, ",
    );
    assert_has(&code(&text).0, "pub fn get_a(&self) -> GetA<'_>");
}

#[test]
fn names_of_the_generators_own_are_rejected_in_a_document() {
    let part = "/a: {post: {operationId: PostA, parameters: [{name: p, in: part, schema: {type: string}}], \
                responses: {'204': {description: D}}}}";
    assert_has(
        &error(&document(part, "")),
        "a parameter cannot be in `part`",
    );
    for schema in [
        "A: {type: string, enum: [\"ab\\ufdd0cd\"]}",
        "A: {type: object, properties: {\"[\\\"\\ufdd0union\\\",\\\"kind\\\"]\": {type: string}}}",
    ] {
        let message = error(&document("", schema));
        assert_has(&message, "#/components/schemas/A/");
        assert_has(&message, "contains U+FDD0");
    }
    // Without the character it is a property like any other.
    let (_, types) = code(&document(
        "/a: {get: {operationId: GetA, responses: {'200': {description: D, content: {application/json: {schema: {$ref: '#/components/schemas/A'}}}}}}}",
        "A: {type: object, properties: {'[\"union\",\"kind\"]': {type: string}}}",
    ));
    assert_has(&types, "pub struct A {");
}

#[test]
fn multipart_body_made_of_allof_keeps_all_parts() {
    let (builder, _) = code(&document(
        "/m: {post: {operationId: PostM, requestBody: {required: true, content: {multipart/form-data: {schema: \
         {allOf: [{$ref: '#/components/schemas/Base'}, {type: object, properties: {file: {type: string, format: binary}}}]}}}}, \
         responses: {'204': {description: D}}}}",
        "Base: {type: object, required: [owner], properties: {owner: {type: string}}}",
    ));
    assert_has(
        &builder,
        "pub fn post_m(&self, owner: impl Into<String>) -> PostM<'_>",
    );
    assert_has(&builder, "pub fn file(");
}

#[test]
fn component_named_like_an_error_of_progenitor_keeps_its_implementations() {
    let (_, types) = code(&document(
        "'/c/{id}': {get: {operationId: GetC, parameters: [{name: id, in: path, required: true, \
         schema: {$ref: '#/components/schemas/ConversionError'}}], responses: {'204': {description: D}}}}",
        "ConversionError: {type: integer}",
    ));
    assert_has(&types, "Display for ConversionError");
}

#[test]
fn query_parameter_named_like_a_path_parameter_stays_in_document_order() {
    let (builder, _) = code(&document(
        "'/o/{id}': {get: {operationId: GetO, parameters: [{name: id, in: path, required: true, schema: {type: string}}, \
         {name: id, in: query, required: true, schema: {type: boolean}}, \
         {name: other, in: query, required: true, schema: {type: boolean}}], responses: {'204': {description: D}}}}",
        "",
    ));
    assert_has(
        &builder,
        "pub fn get_o(&self, id: impl Into<String>, id_2: bool, other: bool) -> GetO<'_>",
    );
}
