//! Parameters: those that the path has, and those that are several in one.

use serde_json::{Value, json};

use crate::change::Change;
use crate::document::{
    self, IN_PART, MULTIPART, Place, items, media_type, members, resolve, template, text,
};

/// Mends the parameters of every operation.
pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    let mut mended = Vec::new();
    for place in document::operations(root) {
        let mut list = Parameters::new(root, &place);
        list.fixed_query();
        list.query_object();
        list.path_parameters();
        let is_multipart = list.multipart_parts();
        if !list.changes.is_empty() {
            mended.push((place.pointer.clone(), list.list, is_multipart));
            changes.extend(list.changes);
        }
    }
    for (pointer, list, is_multipart) in mended {
        let node = root.pointer_mut(pointer.trim_start_matches('#'));
        if let Some(node) = node.and_then(Value::as_object_mut) {
            node.insert("parameters".to_owned(), Value::Array(list));
            if is_multipart {
                node.remove("requestBody");
            }
        }
    }
}

/// The parameters of one operation, references followed, the path item's among them.
struct Parameters<'a> {
    root: &'a Value,
    place: &'a Place<'a>,
    list: Vec<Value>,
    changes: Vec<Change>,
}

impl<'a> Parameters<'a> {
    fn new(root: &'a Value, place: &'a Place<'a>) -> Self {
        let mut list: Vec<Value> = Vec::new();
        for (_, node) in place.parameters() {
            // One that leads nowhere stays, for `check` to report.
            let node = resolve(root, node).unwrap_or(node);
            if let (Some(at), Some(name)) = (text(node, "in"), text(node, "name")) {
                // The operation's own comes later, and wins over the path item's.
                list.retain(|known| !is(known, at, name));
            }
            list.push(node.clone());
        }
        Self {
            root,
            place,
            list,
            changes: Vec::new(),
        }
    }

    fn changed(&mut self, pass: &'static str, message: String) {
        self.changes.push(Change {
            pass,
            pointer: format!("{}/parameters", self.place.pointer),
            operation: self.place.id().map(str::to_owned),
            message,
        });
    }

    /// `fixed_query`: what the path's own query says is no parameter beside it.
    fn fixed_query(&mut self) {
        let (_, query) = self.place.path_and_query();
        let fixed: Vec<&str> = query
            .split('&')
            .filter_map(|pair| pair.split('=').next())
            .filter(|name| !name.is_empty())
            .collect();
        for name in fixed {
            let before = self.list.len();
            self.list.retain(|parameter| !is(parameter, "query", name));
            if self.list.len() < before {
                let message = format!("`{name}` is fixed by the path and no parameter");
                self.changed("fixed_query", message);
            }
        }
    }

    /// `query_object`: an object in the query is a parameter for each of its properties, as its style `form` has it. Properties that
    /// are objects themselves have no form there.
    fn query_object(&mut self) {
        let list = std::mem::take(&mut self.list);
        for parameter in list {
            match self.spread(&parameter) {
                Some((parts, message)) => {
                    self.list.extend(parts);
                    self.changed("query_object", message);
                }
                None => self.list.push(parameter),
            }
        }
    }

    fn spread(&self, parameter: &Value) -> Option<(Vec<Value>, String)> {
        let is_form = text(parameter, "in") == Some("query")
            && matches!(text(parameter, "style"), None | Some("form"))
            && parameter.get("explode") != Some(&Value::Bool(false));
        let schema = resolve(self.root, parameter.get("schema")?).filter(|_| is_form)?;
        let name = text(parameter, "name").unwrap_or_default();
        // One without properties has no form there.
        members(schema.get("properties")).next()?;
        let required: Vec<&str> = match parameter.get("required") {
            Some(Value::Bool(true)) => items(schema.get("required"))
                .filter_map(Value::as_str)
                .collect(),
            _ => Vec::new(),
        };
        let (mut parts, mut left_out) = (Vec::new(), Vec::new());
        for (property, schema) in members(schema.get("properties")) {
            if !self.is_plain(schema) {
                left_out.push(property.as_str());
                continue;
            }
            let about = resolve(self.root, schema).and_then(|schema| text(schema, "description"));
            let required = required.contains(&property.as_str());
            parts.push(made(property, "query", required, about, schema));
        }
        let message = match left_out.as_slice() {
            [] => format!("`{name}` is a parameter for each of its properties"),
            names => format!(
                "`{name}` is a parameter for each of its properties, but for those that are objects: {}",
                names.join(", ")
            ),
        };
        Some((parts, message))
    }

    /// A scalar, or an array of scalars.
    fn is_plain(&self, schema: &Value) -> bool {
        let kind = |schema: &Value| {
            let schema = resolve(self.root, schema)?;
            text(schema, "type").map(str::to_owned)
        };
        let is_scalar = |kind: Option<String>| {
            let kind = kind.as_deref();
            matches!(kind, Some("string" | "integer" | "number" | "boolean"))
        };
        match kind(schema).as_deref() {
            Some("array") => {
                let schema = resolve(self.root, schema);
                let items = schema.and_then(|schema| schema.get("items"));
                items.is_some_and(|items| is_scalar(kind(items)))
            }
            _ => is_scalar(kind(schema)),
        }
    }

    /// `multipart_parts`: each part of a multipart body is a parameter of the operation. Whether it has become one.
    fn multipart_parts(&mut self) -> bool {
        let body = self.place.node.get("requestBody");
        let Some(body) = body.and_then(|body| resolve(self.root, body)) else {
            return false;
        };
        let content = members(body.get("content")).collect::<Vec<_>>();
        let [(name, media)] = content.as_slice() else {
            return false;
        };
        let schema = media
            .get("schema")
            .and_then(|schema| resolve(self.root, schema));
        let Some(schema) = schema.filter(|_| media_type(name) == MULTIPART) else {
            return false;
        };
        let is_required = body.get("required") == Some(&Value::Bool(true));
        let parts: Vec<(&String, &Value)> = members(schema.get("properties")).collect();
        if parts.is_empty() {
            return false;
        }
        for (name, part) in &parts {
            let required = is_required && items(schema.get("required")).any(|one| one == *name);
            let about = resolve(self.root, part).and_then(|part| text(part, "description"));
            self.list.push(made(name, IN_PART, required, about, part));
        }
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!("parts of the body are parameters: {}", names.join(", "));
        self.changed("multipart_parts", message);
        true
    }

    /// `path_parameters`: the parameters of the path are those in its braces: required, and text where nothing is said of one.
    fn path_parameters(&mut self) {
        let (path, _) = self.place.path_and_query();
        let Some(template) = template(path) else {
            return;
        };
        for index in (0..self.list.len()).rev() {
            let Some(parameter) = self.list.get_mut(index) else {
                continue;
            };
            let name = text(parameter, "name").unwrap_or_default().to_owned();
            if text(parameter, "in") != Some("path") {
                continue;
            }
            if !template.contains(&name) {
                self.list.remove(index);
                let message = format!("`{name}` is not in the path {path}");
                self.changed("path_parameters", message);
            } else if parameter.get("required") != Some(&Value::Bool(true)) {
                if let Some(parameter) = parameter.as_object_mut() {
                    parameter.insert("required".to_owned(), json!(true));
                }
                self.changed("path_parameters", format!("`{name}` is required"));
            }
        }
        for name in template {
            if !self.list.iter().any(|known| is(known, "path", &name)) {
                self.list.push(
                    json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}),
                );
                let message = format!("`{name}` is not declared, and taken for text");
                self.changed("path_parameters", message);
            }
        }
    }
}

fn made(name: &str, at: &str, required: bool, about: Option<&str>, schema: &Value) -> Value {
    let mut parameter = json!({"name": name, "in": at, "required": required});
    if let Some(parameter) = parameter.as_object_mut() {
        let about = about.map(|about| ("description".to_owned(), json!(about)));
        parameter.extend(about);
        parameter.insert("schema".to_owned(), schema.clone());
    }
    parameter
}

fn is(parameter: &Value, place: &str, name: &str) -> bool {
    text(parameter, "in") == Some(place) && text(parameter, "name") == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What becomes of the parameters of one operation.
    fn mended(path: &str, parameters: Value) -> (Vec<String>, Vec<String>) {
        let mut root = json!({
            "paths": {path: {"get": {"operationId": "GetA", "parameters": parameters}}},
            "components": {"schemas": {"Filter": {
                "type": "object",
                "required": ["size"],
                "properties": {
                    "size": {"type": "integer", "description": "How many"},
                    "sort": {"type": "array", "items": {"type": "string"}},
                    "deep": {"type": "object"},
                },
            }}},
        });
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
        let places = document::operations(&root);
        let shown = places.iter().flat_map(Place::parameters).map(|(_, node)| {
            let required = node.get("required") == Some(&Value::Bool(true));
            format!(
                "{} {}{}",
                text(node, "in").unwrap_or_default(),
                text(node, "name").unwrap_or_default(),
                if required { "!" } else { "" }
            )
        });
        let changes = changes
            .iter()
            .map(|one| format!("{}: {}", one.pass, one.message));
        (shown.collect(), changes.collect())
    }

    #[test]
    fn an_object_in_the_query_is_a_parameter_for_each_of_its_properties() {
        let schema = json!({"$ref": "#/components/schemas/Filter"});
        for (required, shown) in [
            (true, ["query size!", "query sort"]),
            (false, ["query size", "query sort"]),
        ] {
            let filter =
                json!({"name": "filter", "in": "query", "required": required, "schema": schema});
            let (list, changes) = mended("/a", json!([filter]));
            assert_eq!(list, shown);
            assert_eq!(
                changes,
                [
                    "query_object: `filter` is a parameter for each of its properties, but for those that are objects: deep"
                ]
            );
        }
        let deep =
            json!({"name": "filter", "in": "query", "style": "deepObject", "schema": schema});
        assert_eq!(mended("/a", json!([deep])).1, [""; 0]);
    }

    #[test]
    fn a_parameter_that_the_path_fixes_is_none() {
        let action = json!({"name": "action", "in": "query", "schema": {"type": "string"}});
        let (list, changes) = mended("/a?action=stop", json!([action]));
        assert_eq!(list, [""; 0]);
        assert_eq!(
            changes,
            ["fixed_query: `action` is fixed by the path and no parameter"]
        );
    }

    #[test]
    fn the_parameters_of_the_path_are_those_in_its_braces() {
        let path = |name: &str| json!({"name": name, "in": "path", "schema": {"type": "string"}});
        let (list, changes) = mended("/a/{b}/{c}", json!([path("b"), path("x")]));
        assert_eq!(list, ["path b!", "path c!"]);
        assert_eq!(
            changes,
            [
                "path_parameters: `x` is not in the path /a/{b}/{c}",
                "path_parameters: `b` is required",
                "path_parameters: `c` is not declared, and taken for text",
            ]
        );
    }
}
