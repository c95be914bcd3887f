//! Servers, and paths with patterns in their queries.

use serde_json::{Value, json};

use crate::change::Change;
use crate::document::{join, members, text};

pub(super) fn mend(root: &mut Value, changes: &mut Vec<Change>) {
    server_variables(root, changes);
    query_patterns(root, changes);
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

/// `query_patterns`: a value in a path's query that is a pattern and no value is a parameter that is required. NSX Manager 3.1 has
/// `/node/upgrade/performtask?action=[^/]+`.
fn query_patterns(root: &mut Value, changes: &mut Vec<Change>) {
    let Some(paths) = root.get_mut("paths").and_then(Value::as_object_mut) else {
        return;
    };
    let patterned: Vec<(String, String, Vec<String>)> = paths
        .keys()
        .filter_map(|key| {
            let (new, names) = without_patterns(key)?;
            Some((key.clone(), new, names))
        })
        .collect();
    for (old, new, names) in patterned {
        if paths.contains_key(&new) {
            continue;
        }
        let message = format!("called {new}, with the parameter {}", names.join(", "));
        changes.push(Change::of_document(
            "query_patterns",
            join("#/paths", &old),
            message,
        ));
        let items = std::mem::take(paths);
        paths.extend(items.into_iter().map(|(key, item)| match key == old {
            true => (new.clone(), with_parameters(item, &names)),
            false => (key, item),
        }));
    }
}

/// The path without the pairs of its query whose values are patterns, and the names in those.
fn without_patterns(key: &str) -> Option<(String, Vec<String>)> {
    let (path, query) = key.split_once('?')?;
    let is_pattern = |pair: &&str| pair.contains(['[', ']', '{', '}', '*', '|', '^', '\\']);
    let (patterns, fixed): (Vec<&str>, Vec<&str>) = query.split('&').partition(is_pattern);
    if patterns.is_empty() {
        return None;
    }
    let names = patterns.iter().filter_map(|pair| pair.split('=').next());
    let path = match fixed.join("&").as_str() {
        "" => path.to_owned(),
        query => format!("{path}?{query}"),
    };
    Some((path, names.map(str::to_owned).collect()))
}

fn with_parameters(mut item: Value, names: &[String]) -> Value {
    let parameters = names.iter().map(
        |name| json!({"name": name, "in": "query", "required": true, "schema": {"type": "string"}}),
    );
    if let Some(item) = item.as_object_mut() {
        let list = item.entry("parameters").or_insert_with(|| json!([]));
        if let Some(list) = list.as_array_mut() {
            list.extend(parameters);
        }
    }
    item
}

#[cfg(test)]
mod tests {
    use super::*;

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
