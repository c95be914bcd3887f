//! The parts of a schema.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::pointer::{items, members, resolve};

/// The names of the properties of a schema and of its `allOf` parts, in order.
pub(crate) fn property_names<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let all = parts(root, schema).into_iter();
    let names = all.flat_map(|schema| members(schema.get("properties")));
    names
        .map(|(name, _)| name.as_str())
        .filter(|name| seen.insert(*name))
        .collect()
}

/// A schema after all its direct and indirect `allOf` parts, each once.
pub(crate) fn parts<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
    let parts = tagged_parts(root, schema).into_iter();
    parts.map(|(_, part)| part).collect()
}

/// Like [`parts`], each with the index of the direct part that it belongs to.
pub(super) fn tagged_parts<'a>(root: &'a Value, schema: &'a Value) -> Vec<(usize, &'a Value)> {
    let mut list = Vec::new();
    let mut seen = BTreeSet::new();
    let Some(schema) = resolve(root, schema) else {
        return list;
    };
    seen.insert(std::ptr::from_ref(schema));
    let mut tag = 0;
    for part in items(schema.get("allOf")) {
        let mut parts = Vec::new();
        collect_parts(root, part, &mut seen, &mut parts);
        list.extend(parts.into_iter().map(|part| (tag, part)));
        tag += 1;
    }
    list.push((tag, schema));
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
    use crate::document::schema::is_password;
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
        assert_eq!(property_names(&root, &to(0)).len(), 60);
        assert!(is_password(&root, &to(0)) && is_password(&root, &to(60)));
    }
}
