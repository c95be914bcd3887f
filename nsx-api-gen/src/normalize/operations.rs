//! Servers, and paths with patterns in their query.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use crate::document::change::Change;
use crate::document::{self, join, members, text};

pub(super) fn normalize(root: &mut Value, changes: &mut Vec<Change>) {
    server_variables(root, changes);
    part_servers(root, changes);
    query_patterns(root, changes);
}

/// `server_variables`: replaces variables in the server URL with their defaults. Only the path of
/// the URL is used, which usually has none.
fn server_variables(root: &mut Value, changes: &mut Vec<Change>) {
    let Some(server) = root.pointer_mut("/servers/0") else {
        return;
    };
    let Some(url) = text(server, "url").map(str::to_owned) else {
        return;
    };
    let variables = members(server.get("variables"));
    let filled = variables
        .filter_map(|(name, variable)| Some((name, text(variable, "default")?)))
        .fold(url.clone(), |url, (name, default)| {
            url.replace(&format!("{{{name}}}"), default)
        });
    if filled == url {
        return;
    }
    let message = format!("changed {url} to {filled}, using the defaults of its variables");
    changes.push(Change::of_document(
        "server_variables",
        "#/servers/0/url",
        message,
    ));
    if let Some(server) = server.as_object_mut() {
        server.insert("url".to_owned(), json!(filled));
        server.remove("variables");
    }
}

/// `part_servers`: drops the servers of paths and operations. All operations are called at the
/// address that the user configures.
fn part_servers(root: &mut Value, changes: &mut Vec<Change>) {
    let places = document::operations(root).into_iter();
    let operations = places.map(|place| (place.pointer.clone(), place.id().map(str::to_owned)));
    let items = document::paths(root).map(|(path, _)| (join("#/paths", path), None));
    let holders: Vec<(String, Option<String>)> = items.chain(operations).collect();
    for (pointer, operation) in holders {
        let node = root.pointer_mut(pointer.trim_start_matches('#'));
        let node = node.and_then(Value::as_object_mut);
        let Some(servers) = node.and_then(|node| node.shift_remove("servers")) else {
            continue;
        };
        let urls: Vec<&str> = document::items(Some(&servers))
            .filter_map(|one| text(one, "url"))
            .collect();
        let message = format!(
            "called at the server of the document, not at {}",
            urls.join(", ")
        );
        changes.push(Change {
            pass: "part_servers",
            pointer,
            operation,
            message,
        });
    }
}

/// `query_patterns`: a pattern in the query of a path becomes a required parameter. NSX Manager 3.1
/// has `/node/upgrade/performtask?action=[^/]+`.
fn query_patterns(root: &mut Value, changes: &mut Vec<Change>) {
    let Some(paths) = root.get("paths").and_then(Value::as_object) else {
        return;
    };
    let mut renamed = BTreeMap::new();
    let mut taken = BTreeSet::new();
    for path in paths.keys().filter_map(|key| PatternedPath::parse(key)) {
        if paths.contains_key(&path.new) || !taken.insert(path.new.clone()) {
            continue;
        }
        let pointer = join("#/paths", &path.old);
        changes.push(Change::of_document(
            "query_patterns",
            pointer,
            path.message(),
        ));
        let item = paths.get(&path.old).map(|item| path.item(root, item));
        renamed.insert(path.old, (path.new, item.unwrap_or_default()));
    }
    if let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) {
        let items = std::mem::take(paths).into_iter();
        paths.extend(items.map(|(key, item)| renamed.remove(&key).unwrap_or((key, item))));
    }
}

/// A path with patterns in its query.
struct PatternedPath {
    old: String,
    /// The path without these pairs.
    new: String,
    /// The names of these pairs. For a value such as `{b}`, also the name of the parameter that it
    /// refers to.
    names: Vec<(String, Option<String>)>,
}

impl PatternedPath {
    fn parse(key: &str) -> Option<Self> {
        let (path, query) = key.split_once('?')?;
        let is_pattern = |pair: &&str| pair.contains(['[', ']', '{', '}', '*', '|', '^', '\\']);
        let (patterns, fixed): (Vec<&str>, Vec<&str>) = query.split('&').partition(is_pattern);
        if patterns.is_empty() {
            return None;
        }
        let names = patterns.iter().map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let inner = value
                .strip_prefix('{')
                .and_then(|value| value.strip_suffix('}'));
            // A parameter of the path itself is left alone.
            let inner = inner.filter(|inner| !path.contains(&format!("{{{inner}}}")));
            (name.to_owned(), inner.map(str::to_owned))
        });
        Some(Self {
            old: key.to_owned(),
            new: match fixed.join("&").as_str() {
                "" => path.to_owned(),
                query => format!("{path}?{query}"),
            },
            names: names.collect(),
        })
    }

    /// The report of the change.
    fn message(&self) -> String {
        let names: Vec<&str> = self.names.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(", ");
        format!("renamed to {}, with the parameter {names}", self.new)
    }

    /// The path item with a parameter for each pattern. If the document declares the parameter in
    /// the braces, that one is used.
    fn item(&self, root: &Value, item: &Value) -> Value {
        let mut item = item.clone();
        for (name, inner) in &self.names {
            let Some(inner) = inner else {
                continue;
            };
            rename_declared(root, item.get_mut("parameters"), inner, name);
            for method in document::METHODS {
                let operation = item.get_mut(method);
                let list = operation.and_then(|operation| operation.get_mut("parameters"));
                rename_declared(root, list, inner, name);
            }
        }
        let parameters = self.names.iter().map(|(name, _)| {
            json!({"name": name, "in": "query", "required": true, "schema": {"type": "string"}})
        });
        if let Some(item) = item.as_object_mut() {
            let list = item.entry("parameters").or_insert_with(|| json!([]));
            if let Some(list) = list.as_array_mut() {
                // A parameter declared by the document comes later and takes precedence.
                list.splice(..0, parameters);
            }
        }
        item
    }
}

/// Turns the parameters called `old` in a list into required query parameters called `new`.
fn rename_declared(root: &Value, list: Option<&mut Value>, old: &str, new: &str) {
    for node in list.and_then(Value::as_array_mut).into_iter().flatten() {
        let declared = document::resolve(root, node).cloned();
        let declared = declared.filter(|node| text(node, "name") == Some(old));
        let Some(Value::Object(mut declared)) = declared else {
            continue;
        };
        declared.insert("name".to_owned(), json!(new));
        declared.insert("in".to_owned(), json!("query"));
        declared.insert("required".to_owned(), json!(true));
        *node = Value::Object(declared);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_pattern_in_a_path_becomes_a_parameter() {
        let mut root = json!({"paths": {
            "/b?x=1&action=[^/]+": {"post": {"operationId": "Post"}},
            "/c?action={action}": {"post": {"operationId": "PostC"}},
            "/d?action=*": {}, "/d": {},
        }});
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        let action = json!([{"name": "action", "in": "query", "required": true, "schema": {"type": "string"}}]);
        assert_eq!(
            root["paths"],
            json!({
                "/b?x=1": {"post": {"operationId": "Post"}, "parameters": action},
                "/c": {"post": {"operationId": "PostC"}, "parameters": action},
                "/d?action=*": {}, "/d": {},
            })
        );
        assert_eq!(changes.len(), 2);
    }

    #[test]
    fn a_query_pattern_uses_the_declared_parameter() {
        let declared =
            json!({"name": "b", "in": "path", "description": "B", "schema": {"type": "integer"}});
        let mut root = json!({
            "paths": {"/a?x={b}&action=go": {"get": {"operationId": "Get", "parameters": [
                {"$ref": "#/components/parameters/B"}, {"name": "c", "in": "query"},
            ]}}},
            "components": {"parameters": {"B": declared}},
        });
        normalize(&mut root, &mut Vec::new());
        let places = document::operations(&root);
        let list = crate::model::Api::new(&root)
            .operations
            .remove(0)
            .parameters;
        let list: Vec<_> = list
            .iter()
            .map(|one| (one.name.as_str(), one.required, one.description.as_deref()))
            .collect();
        assert_eq!(list, [("x", true, Some("B")), ("c", false, None)]);
        assert_eq!(places[0].path, "/a?action=go");
    }

    #[test]
    fn servers_of_paths_and_operations_are_dropped_and_reported() {
        let servers = json!([{"url": "https://other"}]);
        let mut root = json!({"paths": {"/a": {
            "servers": servers, "get": {"operationId": "GetA", "servers": servers},
        }}});
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        assert_eq!(root["paths"]["/a"], json!({"get": {"operationId": "GetA"}}));
        let expected = "called at the server of the document, not at https://other";
        assert!(changes.len() == 2 && changes.iter().all(|one| one.message == expected));
    }

    #[test]
    fn server_variables_are_replaced_by_their_defaults() {
        let mut root = json!({"servers": [{
            "url": "https://{host}/api",
            "variables": {"host": {"default": "localhost"}},
        }]});
        let mut changes = Vec::new();
        normalize(&mut root, &mut changes);
        assert_eq!(root["servers"][0], json!({"url": "https://localhost/api"}));
        assert_eq!(changes.len(), 1);
    }
}
