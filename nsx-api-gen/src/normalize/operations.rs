//! Servers, and the names of operations.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToPascalCase;
use serde_json::{Value, json};

use crate::change::Change;
use crate::document::{self, Place, join, members, text};
use crate::names;

pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    server_variables(root, changes);
    part_servers(root, changes);
    query_patterns(root, changes);
    operation_ids(root, changes);
}

/// `server_variables`: a server's URL has its variables' defaults filled in. Only its path is used, which they are not in as a rule.
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
    let message = format!("{url} is {filled} by its defaults");
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

/// `part_servers`: a path or an operation with a server of its own is called at the document's, as whoever calls has given one address.
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
            "called at the document's server, not at {}",
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

/// `query_patterns`: a value in a path's query that is a pattern and no value is a parameter that is required. NSX Manager 3.1 has
/// `/node/upgrade/performtask?action=[^/]+`.
fn query_patterns(root: &mut Value, changes: &mut Vec<Change>) {
    let Some(paths) = root.get("paths").and_then(Value::as_object) else {
        return;
    };
    let patterned: Vec<Patterned> = paths
        .keys()
        .filter_map(|key| Patterned::read(key))
        .collect();
    for path in patterned {
        let Some(paths) = root
            .get("paths")
            .filter(|paths| paths.get(&path.new).is_none())
        else {
            continue;
        };
        let item = paths.get(&path.old).map(|item| path.item(root, item));
        let names: Vec<&str> = path.names.iter().map(|(name, _)| name.as_str()).collect();
        let message = format!(
            "called {}, with the parameter {}",
            path.new,
            names.join(", ")
        );
        let pointer = join("#/paths", &path.old);
        changes.push(Change::of_document("query_patterns", pointer, message));
        let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else {
            continue;
        };
        let items = std::mem::take(paths);
        paths.extend(items.into_iter().map(|(key, known)| match &item {
            Some(item) if key == path.old => (path.new.clone(), item.clone()),
            _ => (key, known),
        }));
    }
}

/// A path whose query has patterns in it.
struct Patterned {
    old: String,
    /// The path without the pairs whose values are patterns.
    new: String,
    /// The names in those, and the parameter that a value of this form names: `{b}`.
    names: Vec<(String, Option<String>)>,
}

impl Patterned {
    fn read(key: &str) -> Option<Self> {
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
            // One of the path itself stays there.
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

    /// The path item with a parameter for each pattern. What the document declares under the name in its braces is that parameter.
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
                // One that the document declares comes later, and wins.
                list.splice(..0, parameters);
            }
        }
        item
    }
}

/// Makes the parameters called `old` in a list required ones of the query called `new`.
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

/// `operation_ids`: operations without an id, and those whose ids are one in Rust, are named by method and path. None of them keeps an
/// id that others have: which one it was would depend on the others.
pub(crate) fn operation_ids(root: &mut Value, changes: &mut Vec<Change>) {
    let names = new_ids(root);
    for (pointer, id, message) in names {
        let node = root.pointer_mut(pointer.trim_start_matches('#'));
        if let Some(node) = node.and_then(Value::as_object_mut) {
            node.insert("operationId".to_owned(), json!(id));
        }
        changes.push(Change {
            pass: "operation_ids",
            pointer,
            operation: Some(id),
            message,
        });
    }
}

/// The operations that need another id, by their pointers: the id, and why.
fn new_ids(root: &Value) -> Vec<(String, String, String)> {
    let places = document::operations(root).into_iter();
    let places: Vec<Place<'_>> = places.filter(|place| place.node.is_object()).collect();
    let own = places.iter().filter_map(|place| usable_id(place));
    let counts = count(own.flat_map(names_of));
    let is_alone = |id: &str| names_of(id).iter().all(|name| counts.get(name) == Some(&1));
    let (kept, others): (Vec<_>, Vec<_>) = places
        .iter()
        .partition(|place| usable_id(place).is_some_and(is_alone));
    let kept = kept.into_iter().filter_map(|place| usable_id(place));
    let mut taken: BTreeSet<String> = kept.flat_map(names_of).collect();
    let short = count(others.iter().map(|place| name_of(place, false)));
    let mut list = Vec::new();
    for place in others {
        let name = name_of(place, false);
        let is_long = short.get(&name) != Some(&1) || is_taken(&taken, &name);
        let id = free(&taken, name_of(place, is_long));
        taken.extend(names_of(&id));
        let why = match place.id() {
            Some(id) => format!("the operationId `{id}` stands for others too, or is no name"),
            None => "there is no operationId".to_owned(),
        };
        let message = format!("{why}: it is called after method and path");
        list.push((place.pointer.clone(), id, message));
    }
    list
}

fn usable_id<'a>(place: &Place<'a>) -> Option<&'a str> {
    place.id().filter(|id| names::has_ident(id))
}

/// What an operation is called in Rust, as method, builder and entry of the table.
fn names_of(id: &str) -> [String; 3] {
    [
        format!("fn {}", names::method_name(id)),
        format!("struct {}", names::builder_name(id)),
        format!("static {}", names::static_name(id)),
    ]
}

fn count(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}

fn is_taken(taken: &BTreeSet<String>, id: &str) -> bool {
    names_of(id).iter().any(|name| taken.contains(name))
}

/// The name, with a number behind it where it is taken.
fn free(taken: &BTreeSet<String>, name: String) -> String {
    let numbered = (2..).map(|number| format!("{name}{number}"));
    let mut names = std::iter::once(name.clone()).chain(numbered);
    names
        .find(|name| !is_taken(taken, name))
        .unwrap_or_default()
}

/// `GetDomainsGroupsById` for `GET /domains/{domain-id}/groups/{id}`; in its long form with every parameter.
fn name_of(place: &Place<'_>, is_long: bool) -> String {
    let (path, query) = place.path_and_query();
    let segments: Vec<&str> = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .collect();
    let mut name = place.method.to_pascal_case();
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        if !segment.contains('{') {
            name += &segment.to_pascal_case();
        } else if is_long || is_last {
            name += "By";
            name += &segment.replace(['{', '}'], "-").to_pascal_case();
        }
    }
    name + &query.to_pascal_case()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(paths: Value) -> Vec<String> {
        let mut root = json!({ "paths": paths });
        let mut changes = Vec::new();
        operation_ids(&mut root, &mut changes);
        let places = document::operations(&root);
        let ids = places.iter().map(|place| place.id().unwrap_or_default());
        ids.map(str::to_owned).collect()
    }

    #[test]
    fn an_id_that_several_have_or_none_is_made_of_method_and_path() {
        let get = |id: &str| json!({"get": {"operationId": id}});
        assert_eq!(
            ids(json!({
                "/infra/groups/{group-id}": get("ReadGroup"),
                "/global-infra/groups/{group-id}": get("ReadGroup"),
                "/infra/groups": get("ListGroups"),
                "/orgs/{org}/groups": {"get": {}},
                "/node?action=restart": {"post": {"operationId": "²"}},
                "/a": get("get_a"),
                "/b": get("GetA"),
            })),
            [
                "GetInfraGroupsByGroupId",
                "GetGlobalInfraGroupsByGroupId",
                "ListGroups",
                "GetOrgsGroups",
                "PostNodeActionRestart",
                "GetA",
                "GetB",
            ]
        );
    }

    #[test]
    fn a_short_name_that_is_not_enough_gets_every_parameter_and_then_a_number() {
        let get = || json!({"get": {}});
        assert_eq!(
            ids(json!({
                "/a/{x}/b": get(),
                "/a/b": get(),
                "/a/b/": get(),
                "/c": get(),
                "/d": {"get": {"operationId": "GetC"}},
            })),
            ["GetAByXB", "GetAB", "GetAB2", "GetC2", "GetC"]
        );
    }

    #[test]
    fn a_pattern_in_the_query_of_a_path_is_a_parameter() {
        let mut root = json!({"paths": {
            "/b?x=1&action=[^/]+": {"post": {"operationId": "Post"}},
            "/c?action={action}": {"post": {"operationId": "PostC"}},
            "/d?action=*": {}, "/d": {},
        }});
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
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
    fn a_pattern_that_names_a_declared_parameter_is_that_one() {
        let declared =
            json!({"name": "b", "in": "path", "description": "B", "schema": {"type": "integer"}});
        let mut root = json!({
            "paths": {"/a?x={b}&action=go": {"get": {"operationId": "Get", "parameters": [
                {"$ref": "#/components/parameters/B"}, {"name": "c", "in": "query"},
            ]}}},
            "components": {"parameters": {"B": declared}},
        });
        mend(&mut root, &mut Vec::new());
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
    fn a_server_of_a_path_or_an_operation_is_told_and_not_used() {
        let servers = json!([{"url": "https://other"}]);
        let mut root = json!({"paths": {"/a": {
            "servers": servers, "get": {"operationId": "GetA", "servers": servers},
        }}});
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
        assert_eq!(root["paths"]["/a"], json!({"get": {"operationId": "GetA"}}));
        let told = "called at the document's server, not at https://other";
        assert!(changes.len() == 2 && changes.iter().all(|one| one.message == told));
    }

    #[test]
    fn a_servers_variables_are_its_defaults() {
        let mut root = json!({"servers": [{
            "url": "https://{host}/api",
            "variables": {"host": {"default": "localhost"}},
        }]});
        let mut changes = Vec::new();
        mend(&mut root, &mut changes);
        assert_eq!(root["servers"][0], json!({"url": "https://localhost/api"}));
        assert_eq!(changes.len(), 1);
    }
}
