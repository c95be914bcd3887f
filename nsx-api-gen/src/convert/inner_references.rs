//! `inner_references`: the target of a reference into the middle of the document becomes a
//! component.
//!
//! Bundlers write such references, `#/components/schemas/A/properties/inner` for example, and
//! JSON Schema has `$defs`. A percent-encoded reference to a component is decoded.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::{Value, json};

use crate::document::change::Change;
use crate::document::key_order::KeyKind;
use crate::document::{join, members, reference};
use crate::names::type_name;

const PASS: &str = "inner_references";

/// The most targets that become components. Bundled documents have some hundreds.
const MAX_TARGETS: usize = 10_000;

/// Replaces references into the middle of the document.
pub(super) fn resolve(root: &mut Value, changes: &mut Vec<Change>) {
    let mut targets = BTreeMap::new();
    collect(root, root, KeyKind::Members, "#", &mut targets);
    // Inner targets first: an outer one then contains a reference to the component.
    let mut pointers: Vec<String> = targets.values().cloned().collect();
    pointers.sort_by_key(|pointer| std::cmp::Reverse(pointer.matches('/').count()));
    pointers.dedup();
    let mut moved = BTreeMap::new();
    for pointer in pointers.into_iter().take(MAX_TARGETS) {
        let target = root.pointer(&pointer).and_then(reference);
        if let Some(target) = target.filter(|target| is_component(target)) {
            moved.insert(pointer, target.to_owned());
        } else if let Some(component) = move_to_component(root, &pointer) {
            let message = format!("becomes {component}, because it is the target of a reference");
            changes.push(Change::of_document(PASS, format!("#{pointer}"), message));
            moved.insert(pointer, component);
        }
    }
    rewrite(root, KeyKind::Members, "#", &mut |place, target| {
        let pointer = targets.get(&key(place, target))?;
        let component = moved.get(pointer).cloned();
        Some(component.unwrap_or_else(|| format!("#{pointer}")))
    });
}

/// A reference, as the key of its target. One to `#/$defs` depends on the component that it is in.
fn key(place: &str, target: &str) -> String {
    match target.starts_with("#/$defs/") {
        true => format!("{} {target}", component_of(place)),
        false => target.to_owned(),
    }
}

/// The component that a place is in: `#/components/schemas/A`.
fn component_of(place: &str) -> &str {
    let end = place
        .match_indices('/')
        .nth(3)
        .map_or(place.len(), |(at, _)| at);
    place.get(..end).unwrap_or(place)
}

/// Collects the references that do not point to a component as they are written, each with the
/// pointer of its target.
fn collect(
    root: &Value,
    node: &Value,
    keys: KeyKind,
    place: &str,
    into: &mut BTreeMap<String, String>,
) {
    match node {
        Value::Object(map) => {
            if keys == KeyKind::Members
                && let Some(target) = reference(node)
                && !is_component(target)
                && let Some(pointer) = pointer_of(root, place, target)
            {
                into.insert(key(place, target), pointer);
            }
            for (name, inner) in map.iter().filter(|(name, _)| !name.starts_with("x-")) {
                collect(root, inner, keys.below(name), &join(place, name), into);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter().enumerate() {
                collect(root, inner, keys, &format!("{place}/{index}"), into);
            }
        }
        _ => {}
    }
}

/// Whether a reference points to a component, or to a path item, which is inlined.
fn is_component(target: &str) -> bool {
    let mut keys = target.split('/').skip(1);
    let depth = keys.clone().count();
    let is_plain = !target.contains('%');
    match keys.next() {
        Some("components") => depth == 3 && is_plain,
        Some("paths") => depth == 2 && is_plain,
        // Swagger 2.0.
        Some("definitions" | "parameters" | "responses") => depth == 2 && is_plain,
        _ => !target.starts_with("#/"),
    }
}

/// The pointer of a reference's target, if there is one.
fn pointer_of(root: &Value, place: &str, target: &str) -> Option<String> {
    let pointer = percent_decode_str(target.strip_prefix('#')?)
        .decode_utf8()
        .ok()?;
    let in_component = component_of(place)
        .strip_prefix('#')
        .map(|at| format!("{at}{pointer}"));
    let candidates = [Some(pointer.into_owned()), in_component];
    let mut candidates = candidates.into_iter().flatten();
    candidates.find(|pointer| root.pointer(pointer).is_some_and(Value::is_object))
}

/// Moves a node to a component, leaving a reference. Returns the reference.
fn move_to_component(root: &mut Value, pointer: &str) -> Option<String> {
    if is_component(&format!("#{pointer}")) {
        return None;
    }
    let keys: Vec<String> = pointer.split('/').skip(1).map(unescaped).collect();
    let section = section_of(&keys)?;
    let name = free_name(root, section, &keys);
    let is_swagger = root.get("swagger").is_some();
    let sections = match is_swagger {
        true => root.as_object_mut()?,
        false => {
            let components = root.as_object_mut()?.entry("components");
            components.or_insert_with(|| json!({})).as_object_mut()?
        }
    };
    let section = match (is_swagger, section) {
        (true, "schemas") => "definitions",
        (_, section) => section,
    };
    sections.entry(section).or_insert_with(|| json!({}));
    let base = if is_swagger { "#" } else { "#/components" };
    let component = join(&join(base, section), &name);
    let node = root.pointer_mut(pointer)?;
    let node = std::mem::replace(node, json!({"$ref": component}));
    let section = join(base, section);
    let section = root.pointer_mut(section.trim_start_matches('#'))?;
    section.as_object_mut()?.insert(name, node);
    Some(component)
}

fn unescaped(key: &str) -> String {
    key.replace("~1", "/").replace("~0", "~")
}

/// The section of the components that a node belongs to; `None` for another kind of node.
fn section_of(keys: &[String]) -> Option<&'static str> {
    let [.., parent, last] = keys else {
        return None;
    };
    Some(match (parent.as_str(), last.as_str()) {
        ("properties" | "$defs" | "definitions" | "allOf" | "oneOf" | "anyOf", _) => "schemas",
        (_, "schema" | "items" | "additionalProperties" | "not") => "schemas",
        ("responses", _) => "responses",
        ("parameters", _) => "parameters",
        ("headers", _) => "headers",
        (_, "requestBody") => "requestBodies",
        _ => return None,
    })
}

/// A name made of the keys that are names, with a number if another component has it.
fn free_name(root: &Value, section: &str, keys: &[String]) -> String {
    const KEYWORDS: [&str; 13] = [
        "components",
        "schemas",
        "definitions",
        "paths",
        "properties",
        "$defs",
        "content",
        "schema",
        "responses",
        "parameters",
        "items",
        "allOf",
        "additionalProperties",
    ];
    let names = keys.iter().filter(|key| !KEYWORDS.contains(&key.as_str()));
    let name = type_name(&names.map(String::as_str).collect::<Vec<_>>().join("-"));
    let sections = [format!("/components/{section}"), "/definitions".to_owned()];
    let known: Vec<String> = sections
        .iter()
        .flat_map(|section| members(root.pointer(section)))
        .map(|(name, _)| type_name(name))
        .collect();
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names.find(|name| !known.contains(name)).unwrap_or_default()
}

/// Rewrites references, with the place of each.
fn rewrite(
    node: &mut Value,
    keys: KeyKind,
    place: &str,
    new: &mut dyn FnMut(&str, &str) -> Option<String>,
) {
    if keys == KeyKind::Members
        && let Some(target) = reference(node).and_then(|target| new(place, target))
        && let Some(node) = node.as_object_mut()
    {
        node.insert("$ref".to_owned(), json!(target));
    }
    match node {
        Value::Object(map) => {
            let members = map.iter_mut().filter(|(name, _)| !name.starts_with("x-"));
            for (name, inner) in members {
                rewrite(inner, keys.below(name), &join(place, name), new);
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter_mut().enumerate() {
                rewrite(inner, keys, &format!("{place}/{index}"), new);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(mut root: Value) -> (Value, usize) {
        let mut changes = Vec::new();
        resolve(&mut root, &mut changes);
        (root, changes.len())
    }

    fn to(target: &str) -> Value {
        json!({ "$ref": target })
    }

    #[test]
    fn the_target_of_an_inner_reference_becomes_a_component() {
        let inner = json!({"type": "object", "properties": {"self": to("#/components/schemas/A/properties/in")}});
        let (root, changes) = resolved(json!({
            "paths": {
                "/a": {"get": {"responses": {"200": {"description": "D"}}, "parameters": [{"name": "q"}]}},
                "/b": {"get": {
                    "responses": {"200": to("#/paths/~1a/get/responses/200")},
                    "parameters": [to("#/paths/~1a/get/parameters/0")],
                }},
                "/c": {"$ref": "#/paths/~1a"},
            },
            "components": {"schemas": {
                "A": {"properties": {"in": inner}},
                "B": {"properties": {"a": to("#/components/schemas/A/properties/in"), "b": to("#/components/schemas/C%20D")}},
                "C D": {},
                "AIn": {},
            }},
        }));
        let schemas = &root["components"]["schemas"];
        let new = to("#/components/schemas/AIn2");
        assert_eq!(
            schemas["AIn2"],
            json!({"type": "object", "properties": {"self": new}})
        );
        assert_eq!(schemas["A"]["properties"]["in"], new);
        assert_eq!(
            schemas["B"]["properties"],
            json!({"a": new, "b": to("#/components/schemas/C D")})
        );
        assert_eq!(
            root["components"]["responses"]["AGet200"],
            json!({"description": "D"})
        );
        assert_eq!(
            root["paths"]["/b"]["get"]["responses"]["200"],
            to("#/components/responses/AGet200")
        );
        assert_eq!(
            root["components"]["parameters"]["AGet0"],
            json!({"name": "q"})
        );
        assert_eq!(root["paths"]["/c"], to("#/paths/~1a"));
        assert_eq!(changes, 3);
    }

    #[test]
    fn definitions_within_a_schema_become_components() {
        let local =
            json!({"$defs": {"L": {"type": "string"}}, "properties": {"l": to("#/$defs/L")}});
        let (root, changes) = resolved(json!({"components": {"schemas": {
            "A": local,
            "B": local,
            "C": {"$defs": {"L": {"items": to("#/components/schemas/C/$defs/M")}, "M": {}}, "items": to("#/components/schemas/C/$defs/L")},
        }}}));
        let schemas = &root["components"]["schemas"];
        for name in ["A", "B"] {
            assert_eq!(
                schemas[name]["properties"]["l"],
                to(&format!("#/components/schemas/{name}L"))
            );
            assert_eq!(schemas[format!("{name}L")], json!({"type": "string"}));
        }
        assert_eq!(
            schemas["CL"],
            json!({"items": to("#/components/schemas/CM")})
        );
        assert_eq!(schemas["C"]["items"], to("#/components/schemas/CL"));
        assert_eq!(changes, 4);
    }

    #[test]
    fn other_references_stay() {
        let root = json!({
            "definitions": {"A": to("#/definitions/B"), "B": {"x-a": to("#/definitions/A/x")}},
            "paths": {"/a": {"get": {"parameters": [to("#/parameters/p"), to("other.yaml#/a/b/c"), to("#/nowhere/a/b")]}}},
        });
        assert_eq!(resolved(root.clone()), (root, 0));
        // The target is a reference itself.
        let b = json!({"properties": {"a": to("#/definitions/A")}});
        let root =
            json!({"definitions": {"A": {}, "B": b, "C": to("#/definitions/B/properties/a")}});
        let (root, changes) = resolved(root);
        assert_eq!(
            (&root["definitions"]["C"], changes),
            (&to("#/definitions/A"), 0)
        );
        let root = json!({"swagger": "2.0", "definitions": {"A": {"properties": {"b": {"type": "string"}}}, "B": to("#/definitions/A/properties/b")}});
        let (root, _) = resolved(root);
        assert_eq!(root["definitions"]["B"], to("#/definitions/AB"));
        assert_eq!(root["definitions"]["AB"], json!({"type": "string"}));
    }
}
