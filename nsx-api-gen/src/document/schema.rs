//! Properties of a schema, and of the schemas that it combines with `allOf`.

use std::collections::BTreeSet;

use serde_json::Value;

use super::pointer::{items, members, reference, resolve, text};

/// Whether a schema is a file, that is binary data.
pub(crate) fn is_file(root: &Value, schema: &Value) -> bool {
    let schema = resolve(root, schema);
    schema.is_some_and(|schema| text(schema, "format") == Some("binary"))
}

/// Whether a schema is a list of files.
pub(crate) fn is_list_of_files(root: &Value, schema: &Value) -> bool {
    let items = resolve(root, schema).and_then(|schema| schema.get("items"));
    items.is_some_and(|items| is_file(root, items))
}

/// Whether a schema is a password, directly or through `allOf`.
pub(crate) fn is_password(root: &Value, schema: &Value) -> bool {
    let is_text = |schema: &Value| matches!(text(schema, "type"), None | Some("string"));
    let is_own = |schema: &&Value| text(schema, "format") == Some("password") && is_text(schema);
    resolve(root, schema).is_some_and(is_text) && all_of_parts(root, schema).iter().any(is_own)
}

/// Whether a schema itself allows null, or has no own type and each part of its `allOf` does.
pub(crate) fn is_nullable(schema: &Value) -> bool {
    let has_type = schema.get("type").is_some() || schema.get("properties").is_some();
    let parts = items(schema.get("allOf")).filter(|_| !has_type);
    let mut parts = parts.peekable();
    schema.get("nullable") == Some(&Value::Bool(true))
        || items(schema.get("enum")).any(Value::is_null)
        || (parts.peek().is_some() && parts.all(is_nullable))
}

/// Removes null from a schema. If only a reference is left, it replaces the schema.
pub(crate) fn strip_null(schema: &mut Value) {
    let Some(map) = schema.as_object_mut() else {
        return;
    };
    map.shift_remove("nullable");
    let parts = map.get_mut("allOf").and_then(Value::as_array_mut);
    parts.into_iter().flatten().for_each(strip_null);
    if let Some(values) = map.get_mut("enum").and_then(Value::as_array_mut) {
        values.retain(|value| !value.is_null());
        if values.is_empty() {
            map.shift_remove("enum");
        }
    }
    let parts = map.get("allOf").and_then(Value::as_array);
    if let (1, Some([part])) = (map.len(), parts.map(Vec::as_slice))
        && reference(part).is_some()
    {
        *schema = part.clone();
    }
}

/// The names of the properties of a schema and of its `allOf` parts, in order.
pub(crate) fn properties<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let all = all_of_parts(root, schema).into_iter();
    let names = all.flat_map(|schema| members(schema.get("properties")));
    names
        .map(|(name, _)| name.as_str())
        .filter(|name| seen.insert(*name))
        .collect()
}

/// A schema after all its direct and indirect `allOf` parts, each once.
pub(crate) fn all_of_parts<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let mut list = Vec::new();
    collect_parts(root, schema, &mut BTreeSet::new(), &mut list);
    list
}

fn collect_parts<'a>(
    root: &'a Value,
    schema: &'a Value,
    seen: &mut BTreeSet<*const Value>,
    into: &mut Vec<&'a Value>,
) {
    let Some(schema) = resolve(root, schema) else {
        return;
    };
    if !seen.insert(std::ptr::from_ref(schema)) {
        return;
    }
    for part in items(schema.get("allOf")) {
        collect_parts(root, part, seen, into);
    }
    into.push(schema);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Map;
    use serde_json::json;

    #[test]
    fn each_allof_part_is_visited_once() {
        let to = |level: usize| json!({"$ref": format!("#/components/schemas/L{level}")});
        let mut schemas = Map::new();
        for level in 0..60 {
            let name = format!("p{level}");
            let own = json!({"properties": {name: {}}});
            let parts = json!({"allOf": [to(level + 1), to(level + 1), own]});
            schemas.insert(format!("L{level}"), parts);
        }
        schemas.insert(
            "L60".to_owned(),
            json!({"type": "string", "format": "password"}),
        );
        let root = json!({"components": {"schemas": schemas}});
        assert_eq!(properties(&root, &to(0)).len(), 60);
        assert!(is_password(&root, &to(0)) && is_password(&root, &to(60)));
    }
}
