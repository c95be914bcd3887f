//! Parameters: those that the path has, and those that are several in one.

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::parameter_style::{Style, is_scalar, kind};
use crate::document::{
    self, IN_PART, MULTIPART, Place, is_json, items, made_of, media_type, members, resolve,
    template, text,
};

/// Mends the parameters of every operation.
pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    let mut mended = Vec::new();
    for place in document::operations(root) {
        let mut list = Parameters::new(root, &place);
        list.fixed_query();
        list.query_object();
        list.json_parameters();
        list.path_text();
        list.path_parameters();
        let is_multipart = list.multipart_parts();
        list.left_out_parameters();
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

    /// `query_object`: an object in the query is a parameter for each of its properties, as its style `form` has it, or `deepObject`
    /// under names such as `filter[size]`. Properties that are objects themselves have no form there.
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
        let style = text(parameter, "style").unwrap_or("form");
        let is_deep = style == "deepObject";
        let is_form = style == "form" && parameter.get("explode") != Some(&Value::Bool(false));
        let is_query = text(parameter, "in") == Some("query");
        let schema = parameter
            .get("schema")
            .filter(|_| is_query && (is_form || is_deep))?;
        let name = text(parameter, "name").unwrap_or_default();
        let schemas = made_of(self.root, schema);
        let mut properties = Map::new();
        for schema in &schemas {
            let own = members(schema.get("properties"));
            properties.extend(own.map(|(name, schema)| (name.clone(), schema.clone())));
        }
        // One without properties has no form there.
        properties.iter().next()?;
        let is_required = parameter.get("required") == Some(&Value::Bool(true));
        let required = schemas
            .iter()
            .flat_map(|schema| items(schema.get("required")));
        let required: Vec<&str> = required.filter_map(Value::as_str).collect();
        let (mut parts, mut left_out) = (Vec::new(), Vec::new());
        for (property, schema) in &properties {
            if !self.is_plain(schema, is_deep) {
                left_out.push(property.as_str());
                continue;
            }
            let about = resolve(self.root, schema).and_then(|schema| text(schema, "description"));
            let required = is_required && required.contains(&property.as_str());
            let property = match is_deep {
                true => format!("{name}[{property}]"),
                false => property.clone(),
            };
            parts.push(made(&property, "query", required, about, schema));
        }
        let message = match left_out.as_slice() {
            [] => format!("`{name}` is a parameter for each of its properties"),
            names => format!(
                "`{name}` is a parameter for each of its properties, but for those that have no form there: {}",
                names.join(", ")
            ),
        };
        Some((parts, message))
    }

    /// A scalar, or an array of scalars, for which `deepObject` has no form.
    fn is_plain(&self, schema: &Value, is_deep: bool) -> bool {
        let made_of = made_of(self.root, schema);
        let mut items = made_of.iter().filter_map(|schema| schema.get("items"));
        match kind(self.root, schema) {
            Some("array") => !is_deep && items.all(|items| is_scalar(kind(self.root, items))),
            kind => is_scalar(kind),
        }
    }

    /// `json_parameters`: a parameter whose `content` is JSON has the schema of that.
    fn json_parameters(&mut self) {
        let mut told = Vec::new();
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
            told.push(format!("`{name}` is written as JSON"));
        }
        told.into_iter()
            .for_each(|message| self.changed("json_parameters", message));
    }

    /// `path_text`: what is one scalar or another is text in a path, as is what nothing is said of. FastAPI has
    /// `anyOf: [{type: integer}, {type: string}]`.
    fn path_text(&mut self) {
        let mut told = Vec::new();
        for parameter in &mut self.list {
            let schema = parameter.get("schema").cloned();
            let schema = schema.filter(|_| text(parameter, "in") == Some("path"));
            if !schema.is_some_and(|schema| is_one_of_scalars(self.root, &schema)) {
                continue;
            }
            let name = text(parameter, "name").unwrap_or_default();
            told.push(format!("`{name}` is text"));
            if let Some(parameter) = parameter.as_object_mut() {
                parameter.insert("schema".to_owned(), json!({"type": "string"}));
            }
        }
        told.into_iter()
            .for_each(|message| self.changed("path_text", message));
    }

    /// `left_out_parameters`: what cannot be sent need not be, unless it is required.
    fn left_out_parameters(&mut self) {
        let mut told = Vec::new();
        self.list.retain(|parameter| {
            let is_required = parameter.get("required") == Some(&Value::Bool(true));
            let Err(reason) = Style::of(self.root, parameter) else {
                return true;
            };
            let name = text(parameter, "name").unwrap_or_default();
            told.extend((!is_required).then(|| format!("`{name}` cannot be given: {reason}")));
            is_required
        });
        told.into_iter()
            .for_each(|message| self.changed("left_out_parameters", message));
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

/// Whether a schema says of no type, but at most that it is one of several scalars.
fn is_one_of_scalars(root: &Value, schema: &Value) -> bool {
    let Some(schema) = resolve(root, schema) else {
        return false;
    };
    let keys = ["anyOf", "oneOf"].into_iter();
    let mut parts = keys.flat_map(|key| items(schema.get(key)));
    let says_more = schema.get("enum").is_some() || kind(root, schema).is_some();
    !says_more && parts.all(|part| is_scalar(kind(root, part)))
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
                    "query_object: `filter` is a parameter for each of its properties, but for those that have no form there: deep"
                ]
            );
        }
        let deep =
            json!({"name": "filter", "in": "query", "style": "deepObject", "schema": schema});
        assert_eq!(mended("/a", json!([deep])).0, ["query filter[size]"]);
        let part = json!({"name": "filter", "in": "query", "required": true, "schema": {"allOf": [schema]}});
        assert_eq!(mended("/a", json!([part])).0, ["query size!", "query sort"]);
    }

    #[test]
    fn what_cannot_be_sent_is_left_out_unless_it_is_required() {
        let cookie = json!({"name": "a", "in": "cookie", "schema": {"type": "string"}});
        let objects = json!({"type": "array", "items": {"$ref": "#/components/schemas/Filter"}});
        let objects = |required: bool| json!({"name": "b", "in": "query", "required": required, "schema": objects});
        let (list, changes) = mended("/a", json!([cookie, objects(false)]));
        assert_eq!(list, [""; 0]);
        assert_eq!(
            changes,
            [
                "left_out_parameters: `a` cannot be given: a parameter in a cookie is not supported",
                "left_out_parameters: `b` cannot be given: an array that is no list of scalars as a parameter in a query is not supported",
            ]
        );
        assert_eq!(
            mended("/a", json!([objects(true)])),
            (vec!["query b!".to_owned()], Vec::new())
        );
    }

    #[test]
    fn a_parameter_with_json_in_it_and_a_path_of_this_or_that_have_a_schema() {
        let filter = json!({"$ref": "#/components/schemas/Filter"});
        let filter = json!({"name": "f", "in": "query", "content": {"application/json": {"schema": filter}}});
        let either = json!({"anyOf": [{"type": "integer"}, {"type": "string"}]});
        let either = json!({"name": "e", "in": "path", "required": true, "schema": either});
        let (list, changes) = mended("/a/{e}", json!([filter, either]));
        assert_eq!(list, ["query f", "path e!"]);
        assert_eq!(
            changes,
            [
                "json_parameters: `f` is written as JSON",
                "path_text: `e` is text"
            ]
        );
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
