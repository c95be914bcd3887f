//! Converts damaged documents. The conversion always gives a document that the next steps can
//! process.

use serde_json::{Value, json};

use super::yaml;
use crate::convert::swagger2::convert;
use crate::fuzzing::places;

/// A document with every kind of member.
const DOCUMENT: &str = "{swagger: '2.0', info: {title: T, version: '1'}, host: h, basePath: /api, schemes: [https],
    consumes: [application/json], produces: [application/json],
    securityDefinitions: {B: {type: basic}, O: {type: oauth2, flow: implicit, authorizationUrl: u, scopes: {r: read}}},
    parameters: {Q: {name: q, in: query, type: array, items: {type: string}, collectionFormat: pipes}, B: {name: b, in: body, schema: {$ref: '#/definitions/A'}},
        F: {name: f, in: formData, type: file}},
    responses: {Bad: {description: D, schema: {$ref: '#/definitions/A'}, headers: {H: {type: integer}}, examples: {application/json: {a: 1}}}},
    definitions: {A: {type: object, discriminator: k, required: [k], properties: {k: {type: string, required: true}, n: {x-nullable: true, allOf: [{$ref: '#/definitions/A'}]}}}},
    paths: {'/a/{p}': {parameters: [{name: p, in: path, required: true, type: string}, {$ref: '#/parameters/B'}],
        get: {operationId: GetA, produces: [text/csv], parameters: [{$ref: '#/parameters/Q'}], responses: {'200': {description: D, schema: {type: file}}, '400': {$ref: '#/responses/Bad'}}},
        post: {operationId: PostA, consumes: [multipart/form-data], parameters: [{$ref: '#/parameters/F'}, {name: g, in: formData, type: array, items: {type: string}}], responses: {'201': {description: D}}}}}}";

/// Converts a document and runs the following steps.
fn all_steps(root: Value) {
    let (mut root, _) = convert(root);
    crate::normalize::normalize(&mut root);
    // Faults are expected, panics are not.
    let _ = crate::check::check("doc", &root);
}

/// Replaces members of the document by values of other types, and removes and renames members:
/// every `step`th change.
fn convert_damaged(step: usize) {
    let whole = yaml(DOCUMENT);
    let mut list = Vec::new();
    places(&whole, "", &mut list);
    assert!(list.len() > 100, "{}", list.len());
    let others = [
        json!(null),
        json!(true),
        json!(-1.5),
        json!(""),
        json!("file"),
        json!([]),
        json!([null, {"in": "body"}, {"in": "formData", "name": "n"}]),
        json!({}),
        json!({"$ref": "#/parameters/B"}),
        json!({"$ref": {"$ref": 1}}),
        json!({"in": "body", "schema": {"type": "file", "required": true}}),
    ];
    let replaced = list
        .iter()
        .flat_map(|place| others.iter().map(move |other| (place, other)));
    for (place, other) in replaced.step_by(step) {
        let mut root = whole.clone();
        *root.pointer_mut(place).unwrap() = other.clone();
        all_steps(root);
    }
    let names = [
        None,
        Some("$ref"),
        Some("schema"),
        Some("x-a"),
        Some("content"),
    ];
    let renamed = list
        .iter()
        .filter_map(|place| place.rsplit_once('/'))
        .flat_map(|place| names.map(|name| (place, name)));
    for ((above, key), name) in renamed.step_by(step) {
        let key = key.replace("~1", "/").replace("~0", "~");
        let mut root = whole.clone();
        if let Some(holder) = root.pointer_mut(above).and_then(Value::as_object_mut) {
            let part = holder.shift_remove(&key).unwrap();
            holder.extend(name.map(|name| (name.to_owned(), part)));
        }
        all_steps(root);
    }
}

/// The step has no factor in common with the numbers of values and names, so that each place and
/// each value is changed.
#[test]
fn a_swagger_member_of_the_wrong_type_or_with_another_name_does_not_panic() {
    convert_damaged(7);
}

#[test]
#[ignore = "slow: converts thousands of documents in a debug build"]
fn any_swagger_member_of_any_wrong_type_or_with_another_name_does_not_panic() {
    convert_damaged(1);
}

#[test]
fn a_truncated_swagger_document_does_not_panic() {
    let text = yaml(DOCUMENT).to_string();
    let block = text.replace(',', ",\n");
    let lines: Vec<&str> = block.lines().collect();
    for cut in 0..lines.len() {
        let mut rest = lines.clone();
        rest.remove(cut);
        let _ = crate::generate_from_str("doc", &rest.join("\n"));
        let _ = crate::generate_from_str("doc", &lines[..cut].join("\n"));
    }
}

#[test]
fn circular_references_and_deep_nesting_end() {
    let ring = "{swagger: '2.0', parameters: {A: {$ref: '#/parameters/B'}, B: {$ref: '#/parameters/A'}},
        responses: {A: {$ref: '#/responses/A'}}, definitions: {A: {$ref: '#/definitions/A'}},
        paths: {/a: {parameters: [{$ref: '#/parameters/A'}], get: {produces: [text/csv], responses: {'200': {$ref: '#/responses/A'}}}}}}";
    all_steps(yaml(ring));
    let mut schema = json!({"type": "file"});
    for _ in 0..120 {
        schema = json!({"items": schema});
    }
    all_steps(json!({"swagger": "2.0", "definitions": {"A": schema}}));
}
