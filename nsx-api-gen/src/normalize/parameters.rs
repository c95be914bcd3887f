//! Parameters: completes path parameters, splits objects and multipart bodies, and drops
//! unsupported parameters.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::parameter_style::{Style, is_scalar, schema_type};
use crate::document::{
    self, IN_PART, MULTIPART, OperationRef, all_of, is_json, items, join, media_type, members,
    path_parameter_names, resolve, text,
};

/// Normalizes the parameters of every operation.
pub(super) fn normalize(root: &mut Value, changes: &mut Vec<Change>) {
    let mut normalized = Vec::new();
    let mut changed_paths = BTreeSet::new();
    for place in document::operations(root) {
        let mut list = Parameters::new(root, &place);
        list.fixed_query();
        list.query_object();
        list.json_parameters();
        list.path_text();
        list.path_parameters();
        let is_multipart = list.multipart_parts();
        list.drop_unsupported();
        if !list.changes.is_empty() {
            changed_paths.insert(place.path.to_owned());
            changes.append(&mut list.changes);
        }
        let path = place.path.to_owned();
        normalized.push((path, place.pointer.clone(), list.list, is_multipart));
    }
    // The operations of a changed path get all of its parameters, so that none of those that were
    // dropped or replaced remains.
    for (path, pointer, list, is_multipart) in normalized {
        let node = root.pointer_mut(pointer.trim_start_matches('#'));
        let node = node.filter(|_| changed_paths.contains(&path));
        if let Some(node) = node.and_then(Value::as_object_mut) {
            node.insert("parameters".to_owned(), Value::Array(list));
            if is_multipart {
                node.remove("requestBody");
            }
        }
    }
    for path in &changed_paths {
        let item = root.pointer_mut(&join("/paths", path));
        if let Some(item) = item.and_then(Value::as_object_mut) {
            item.remove("parameters");
        }
    }
}

/// The resolved parameters of one operation, including those of the path item.
struct Parameters<'a> {
    root: &'a Value,
    place: &'a OperationRef<'a>,
    list: Vec<Value>,
    changes: Vec<Change>,
}

impl<'a> Parameters<'a> {
    fn new(root: &'a Value, place: &'a OperationRef<'a>) -> Self {
        // A dangling reference stays, for `check` to report.
        let nodes = place.parameters(root).into_iter();
        Self {
            root,
            place,
            list: nodes.map(|(_, node)| node.clone()).collect(),
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

    /// `fixed_query`: drops a query parameter that the path already fixes.
    fn fixed_query(&mut self) {
        let (_, query) = self.place.path_and_query();
        let fixed: Vec<&str> = query
            .split('&')
            .filter_map(|pair| pair.split('=').next())
            .filter(|name| !name.is_empty())
            .collect();
        for name in fixed {
            let before = self.list.len();
            self.list
                .retain(|parameter| !has_location_and_name(parameter, "query", name));
            if self.list.len() < before {
                let message = format!("dropped `{name}`, which the path already fixes");
                self.changed("fixed_query", message);
            }
        }
    }

    /// `query_object`: an object in the query becomes one parameter for each property: in the style
    /// `form` under the name of the property, in the style `deepObject` under names such as
    /// `filter[size]`. Nested objects are not supported.
    fn query_object(&mut self) {
        let list = std::mem::take(&mut self.list);
        for parameter in list {
            match self.split_object(&parameter) {
                Some((parts, message)) => {
                    self.list.extend(parts);
                    self.changed("query_object", message);
                }
                None => self.list.push(parameter),
            }
        }
    }

    fn split_object(&self, parameter: &Value) -> Option<(Vec<Value>, String)> {
        let style = text(parameter, "style").unwrap_or("form");
        let is_deep = style == "deepObject";
        let is_form = style == "form" && parameter.get("explode") != Some(&Value::Bool(false));
        let is_query = text(parameter, "in") == Some("query");
        let schema = parameter
            .get("schema")
            .filter(|_| is_query && (is_form || is_deep))?;
        let name = text(parameter, "name").unwrap_or_default();
        let schemas = all_of::parts(self.root, schema);
        let mut properties = Map::new();
        for schema in &schemas {
            let own = members(schema.get("properties"));
            properties.extend(own.map(|(name, schema)| (name.clone(), schema.clone())));
        }
        // An object without properties cannot be split.
        properties.iter().next()?;
        let is_required = parameter.get("required") == Some(&Value::Bool(true));
        let required = schemas
            .iter()
            .flat_map(|schema| items(schema.get("required")));
        let required: Vec<&str> = required.filter_map(Value::as_str).collect();
        let (mut parts, mut unsupported) = (Vec::new(), Vec::new());
        for (property, schema) in &properties {
            if !self.is_supported_property(schema, is_deep) {
                unsupported.push(property.as_str());
                continue;
            }
            let about = resolve(self.root, schema).and_then(|schema| text(schema, "description"));
            let required = is_required && required.contains(&property.as_str());
            let property = match is_deep {
                true => format!("{name}[{property}]"),
                false => property.clone(),
            };
            parts.push(new_parameter(&property, "query", required, about, schema));
        }
        let message = match unsupported.as_slice() {
            [] => format!("`{name}` becomes one parameter per property"),
            names => format!(
                "`{name}` becomes one parameter per property, except for unsupported ones: {}",
                names.join(", ")
            ),
        };
        Some((parts, message))
    }

    /// Whether a schema is a scalar or an array of scalars; `deepObject` does not support arrays.
    fn is_supported_property(&self, schema: &Value, is_deep: bool) -> bool {
        let parts = all_of::parts(self.root, schema);
        let mut items = parts.iter().filter_map(|schema| schema.get("items"));
        match schema_type(self.root, schema) {
            Some("array") => {
                !is_deep && items.all(|items| is_scalar(schema_type(self.root, items)))
            }
            schema_type => is_scalar(schema_type),
        }
    }

    /// `json_parameters`: a parameter with JSON `content` gets the schema of the content.
    fn json_parameters(&mut self) {
        let mut reported = Vec::new();
        for parameter in self.list.iter_mut().filter_map(Value::as_object_mut) {
            let content = members(parameter.get("content")).next();
            let Some((media, content)) = content.filter(|(media, _)| is_json(media)) else {
                continue;
            };
            let (media, schema) = (media.clone(), content.get("schema").cloned());
            parameter.insert("schema".to_owned(), schema.unwrap_or_else(|| json!({})));
            parameter.insert("content".to_owned(), json!({media: {}}));
            let name = parameter
                .get("name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            reported.push(format!("`{name}` is sent as JSON"));
        }
        reported
            .into_iter()
            .for_each(|message| self.changed("json_parameters", message));
    }

    /// `path_text`: a path parameter that is a union of scalars, or has no type, becomes a string.
    /// FastAPI has `anyOf: [{type: integer}, {type: string}]`.
    fn path_text(&mut self) {
        let mut reported = Vec::new();
        for parameter in &mut self.list {
            let schema = parameter.get("schema").cloned();
            let schema = schema.filter(|_| text(parameter, "in") == Some("path"));
            if !schema.is_some_and(|schema| is_one_of_scalars(self.root, &schema)) {
                continue;
            }
            let name = text(parameter, "name").unwrap_or_default();
            reported.push(format!("`{name}` becomes a string"));
            if let Some(parameter) = parameter.as_object_mut() {
                parameter.insert("schema".to_owned(), json!({"type": "string"}));
            }
        }
        reported
            .into_iter()
            .for_each(|message| self.changed("path_text", message));
    }

    /// `drop_unsupported`: drops unsupported parameters that are optional.
    fn drop_unsupported(&mut self) {
        let mut reported = Vec::new();
        self.list.retain(|parameter| {
            let is_required = parameter.get("required") == Some(&Value::Bool(true));
            let Err(reason) = Style::of(self.root, parameter) else {
                return true;
            };
            let name = text(parameter, "name").unwrap_or_default();
            reported.extend((!is_required).then(|| format!("dropped `{name}`: {reason}")));
            is_required
        });
        reported
            .into_iter()
            .for_each(|message| self.changed("dropped_parameters", message));
    }

    /// `multipart_parts`: each part of a multipart body becomes a parameter of the operation.
    /// Returns whether there is such a body.
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
        let schemas = all_of::parts(self.root, schema);
        let mut parts: Vec<(&String, &Value)> = Vec::new();
        for (name, part) in schemas
            .iter()
            .flat_map(|one| members(one.get("properties")))
        {
            // The last declaration of a property overrides the others.
            parts.retain(|(known, _)| *known != name);
            parts.push((name, part));
        }
        if parts.is_empty() {
            return false;
        }
        for (name, part) in &parts {
            let mut listed = schemas.iter().flat_map(|one| items(one.get("required")));
            let required = is_required && listed.any(|one| one == *name);
            let about = resolve(self.root, part).and_then(|part| text(part, "description"));
            self.list
                .push(new_parameter(name, IN_PART, required, about, part));
        }
        let names: Vec<&str> = parts.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!(
            "the parts of the body become parameters: {}",
            names.join(", ")
        );
        self.changed("multipart_parts", message);
        true
    }

    /// `path_parameters`: the path parameters are those in its braces. They are required, and
    /// strings unless declared otherwise.
    fn path_parameters(&mut self) {
        let (path, _) = self.place.path_and_query();
        let Some(path_parameter_names) = path_parameter_names(path) else {
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
            if !path_parameter_names.contains(&name) {
                self.list.remove(index);
                let message = format!("dropped `{name}`, which is not in the path {path}");
                self.changed("path_parameters", message);
            } else if parameter.get("required") != Some(&Value::Bool(true)) {
                if let Some(parameter) = parameter.as_object_mut() {
                    parameter.insert("required".to_owned(), json!(true));
                }
                self.changed("path_parameters", format!("`{name}` becomes required"));
            }
        }
        for name in path_parameter_names {
            if !self
                .list
                .iter()
                .any(|known| has_location_and_name(known, "path", &name))
            {
                self.list.push(
                    json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}}),
                );
                let message = format!("added the undeclared parameter `{name}` as a string");
                self.changed("path_parameters", message);
            }
        }
    }
}

/// Whether a schema has no type, or is a union of scalars.
fn is_one_of_scalars(root: &Value, schema: &Value) -> bool {
    let Some(schema) = resolve(root, schema) else {
        return false;
    };
    let keys = ["anyOf", "oneOf"].into_iter();
    let mut parts = keys.flat_map(|key| items(schema.get(key)));
    let says_more = schema.get("enum").is_some() || schema_type(root, schema).is_some();
    !says_more && parts.all(|part| is_scalar(schema_type(root, part)))
}

fn new_parameter(
    name: &str,
    at: &str,
    required: bool,
    about: Option<&str>,
    schema: &Value,
) -> Value {
    let mut parameter = json!({"name": name, "in": at, "required": required});
    if let Some(parameter) = parameter.as_object_mut() {
        let about = about.map(|about| ("description".to_owned(), json!(about)));
        parameter.extend(about);
        parameter.insert("schema".to_owned(), schema.clone());
    }
    parameter
}

fn has_location_and_name(parameter: &Value, place: &str, name: &str) -> bool {
    text(parameter, "in") == Some(place) && text(parameter, "name") == Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parameters of one operation after normalization, and the changes.
    fn normalized(path: &str, parameters: Value) -> (Vec<String>, Vec<String>) {
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
        normalize(&mut root, &mut changes);
        let places = document::operations(&root);
        let shown = places
            .iter()
            .flat_map(|place| place.parameters(&root))
            .map(|(_, node)| {
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
    fn a_query_object_becomes_one_parameter_per_property() {
        let schema = json!({"$ref": "#/components/schemas/Filter"});
        for (required, shown) in [
            (true, ["query size!", "query sort"]),
            (false, ["query size", "query sort"]),
        ] {
            let filter =
                json!({"name": "filter", "in": "query", "required": required, "schema": schema});
            let (list, changes) = normalized("/a", json!([filter]));
            assert_eq!(list, shown);
            assert_eq!(
                changes,
                [
                    "query_object: `filter` becomes one parameter per property, except for unsupported ones: deep"
                ]
            );
        }
        let deep =
            json!({"name": "filter", "in": "query", "style": "deepObject", "schema": schema});
        assert_eq!(normalized("/a", json!([deep])).0, ["query filter[size]"]);
        let part = json!({"name": "filter", "in": "query", "required": true, "schema": {"allOf": [schema]}});
        assert_eq!(
            normalized("/a", json!([part])).0,
            ["query size!", "query sort"]
        );
    }

    #[test]
    fn unsupported_optional_parameters_are_dropped() {
        let cookie = json!({"name": "a", "in": "cookie", "schema": {"type": "string"}});
        let objects = json!({"type": "array", "items": {"$ref": "#/components/schemas/Filter"}});
        let objects = |required: bool| json!({"name": "b", "in": "query", "required": required, "schema": objects});
        let (list, changes) = normalized("/a", json!([cookie, objects(false)]));
        assert_eq!(list, [""; 0]);
        assert_eq!(
            changes,
            [
                "dropped_parameters: dropped `a`: cookie parameters are not supported",
                "dropped_parameters: dropped `b`: an array of arrays or objects as a query parameter is not supported",
            ]
        );
        assert_eq!(
            normalized("/a", json!([objects(true)])),
            (vec!["query b!".to_owned()], Vec::new())
        );
    }

    #[test]
    fn json_parameters_and_path_parameters_with_anyof_get_a_schema() {
        let filter = json!({"$ref": "#/components/schemas/Filter"});
        let filter = json!({"name": "f", "in": "query", "content": {"application/json": {"schema": filter}}});
        let either = json!({"anyOf": [{"type": "integer"}, {"type": "string"}]});
        let either = json!({"name": "e", "in": "path", "required": true, "schema": either});
        let (list, changes) = normalized("/a/{e}", json!([filter, either]));
        assert_eq!(list, ["query f", "path e!"]);
        assert_eq!(
            changes,
            [
                "json_parameters: `f` is sent as JSON",
                "path_text: `e` becomes a string"
            ]
        );
    }

    #[test]
    fn a_query_parameter_fixed_by_the_path_is_dropped() {
        let action = json!({"name": "action", "in": "query", "schema": {"type": "string"}});
        let (list, changes) = normalized("/a?action=stop", json!([action]));
        assert_eq!(list, [""; 0]);
        assert_eq!(
            changes,
            ["fixed_query: dropped `action`, which the path already fixes"]
        );
    }

    #[test]
    fn path_parameters_match_the_braces_of_the_path() {
        let path = |name: &str| json!({"name": name, "in": "path", "schema": {"type": "string"}});
        let (list, changes) = normalized("/a/{b}/{c}", json!([path("b"), path("x")]));
        assert_eq!(list, ["path b!", "path c!"]);
        assert_eq!(
            changes,
            [
                "path_parameters: dropped `x`, which is not in the path /a/{b}/{c}",
                "path_parameters: `b` becomes required",
                "path_parameters: added the undeclared parameter `c` as a string",
            ]
        );
    }
}
