//! Converts real documents, if available, and checks that nothing gets lost.

use std::path::PathBuf;

use serde_json::Value;

use super::convert;
use crate::document::{items, members, operations, reference, resolve, text};
use crate::real_documents::real_documents;

fn documents() -> Vec<PathBuf> {
    let Some(folder) = real_documents() else {
        return Vec::new();
    };
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.to_string_lossy().contains(".swagger2."))
        .collect();
    paths.sort();
    paths
}

#[test]
fn converting_a_real_swagger_document_is_deterministic_and_loses_nothing() {
    for path in documents() {
        let name = path.display();
        let old = crate::read::read(&path).unwrap().root;
        let (new, changes) = convert(old.clone());
        let again = convert(old.clone());
        assert_eq!(new.to_string(), again.0.to_string(), "{name}");
        assert_eq!(changes, again.1, "{name}");
        let (before, after) = (operations(&old), operations(&new));
        assert!(!before.is_empty(), "{name}");
        assert_eq!(before.len(), after.len(), "{name}");
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(before.pointer, after.pointer, "{name}");
            assert_eq!(
                inputs_of_swagger(&old, before.node),
                inputs(&new, after.node),
                "{name} {}",
                after.pointer
            );
            let statuses = |node: &Value| -> Vec<String> {
                members(node.get("responses"))
                    .map(|(key, _)| key.clone())
                    .collect()
            };
            assert_eq!(statuses(before.node), statuses(after.node), "{name}");
            same_answers(&old, &new, before.node, after.node);
        }
        let parts = |root: &Value, pointer: &str| -> Vec<String> {
            let parts = members(root.pointer(pointer));
            parts.map(|(key, _)| key.clone()).collect()
        };
        for (old_place, new_place) in [
            ("/definitions", "/components/schemas"),
            ("/responses", "/components/responses"),
            ("/securityDefinitions", "/components/securitySchemes"),
        ] {
            assert_eq!(parts(&old, old_place), parts(&new, new_place), "{name}");
        }
        every_reference_leads_somewhere(&new, &new);
        assert!(!new.to_string().contains("#/definitions"), "{name}");
        println!(
            "{name}: {} operations, {} changes",
            after.len(),
            changes.len()
        );
    }
}

/// The names of an operation's parameters and form fields, and whether it has a body.
fn inputs_of_swagger(root: &Value, operation: &Value) -> (Vec<String>, bool) {
    let (mut names, mut fields, mut body) = (Vec::new(), Vec::new(), false);
    for parameter in items(operation.get("parameters")) {
        let parameter = resolve(root, parameter).unwrap();
        let name = text(parameter, "name").unwrap().to_owned();
        match text(parameter, "in") {
            Some("body") => body = true,
            Some("formData") => fields.push(name),
            _ => names.push(name),
        }
    }
    body |= !fields.is_empty();
    // An upload without a body parameter has a body, too.
    body |= items(operation.get("consumes")).any(|name| name == "application/octet-stream");
    names.extend(fields);
    (names, body)
}

fn inputs(root: &Value, operation: &Value) -> (Vec<String>, bool) {
    let name = |parameter| {
        text(resolve(root, parameter).unwrap(), "name")
            .unwrap()
            .to_owned()
    };
    let mut names: Vec<String> = items(operation.get("parameters")).map(name).collect();
    for (media, content) in members(operation.pointer("/requestBody/content")) {
        if media == "multipart/form-data" {
            let fields = members(content.pointer("/schema/properties"));
            names.extend(fields.map(|(name, _)| name.clone()));
        }
    }
    (names, operation.get("requestBody").is_some())
}

/// A response with a schema has content with a schema that refers to the same definition.
fn same_answers(old: &Value, new: &Value, before: &Value, after: &Value) {
    for (status, answer) in members(before.get("responses")) {
        let answer = resolve(old, answer).unwrap();
        let upgraded = resolve(new, &after["responses"][status]).unwrap();
        assert_eq!(answer["description"], upgraded["description"]);
        let Some(schema) = answer.get("schema") else {
            continue;
        };
        let content: Vec<&Value> = members(upgraded.get("content"))
            .map(|(_, media)| media)
            .collect();
        assert!(!content.is_empty(), "{status} of {after}");
        let component = |node| reference(node).map(crate::document::component);
        for media in content {
            assert_eq!(component(schema), component(&media["schema"]));
        }
    }
}

fn every_reference_leads_somewhere(root: &Value, node: &Value) {
    if let Some(target) = reference(node) {
        assert!(resolve(root, node).is_some(), "{target} leads nowhere");
    }
    match node {
        Value::Object(map) => map
            .values()
            .for_each(|part| every_reference_leads_somewhere(root, part)),
        Value::Array(list) => list
            .iter()
            .for_each(|part| every_reference_leads_somewhere(root, part)),
        _ => {}
    }
}
