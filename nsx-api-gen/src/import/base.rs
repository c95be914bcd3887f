//! Base paths: the Manager API of NSX has its paths below `/api/v1`, the Policy API below
//! `/policy/api/v1`.

use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::model;

/// `base_path`: if the base paths differ, the part that they do not share moves into the paths. The
/// URLs do not change.
pub(super) fn join(root: &mut Value, new: &mut Value, changes: &mut Vec<Change>) {
    let (old_base, new_base) = (model::base_path(root), model::base_path(new));
    if old_base == new_base {
        return;
    }
    let base = shared(&old_base, &new_base);
    let beyond = |whole: &str| whole.get(base.len()..).unwrap_or_default().to_owned();
    move_paths(root, &beyond(&old_base));
    move_paths(new, &beyond(&new_base));
    if old_base != base {
        let message = format!(
            "changed from `{old_base}` to `{base}/`, because the imported document has `{new_base}`: the rest of each base path moves into the paths"
        );
        changes.push(Change::of_document("base_path", "#/servers/0/url", message));
        set(root, &old_base, &base);
    } else {
        let message = format!("prefixed the imported paths with `{}`", beyond(&new_base));
        changes.push(Change::of_document("base_path", "#/paths", message));
    }
}

/// The leading segments that two base paths share.
fn shared(one: &str, other: &str) -> String {
    let both = one.split('/').zip(other.split('/'));
    let alike = both.take_while(|(one, other)| one == other);
    alike.map(|(one, _)| one).collect::<Vec<_>>().join("/")
}

fn move_paths(root: &mut Value, start: &str) {
    let Some(Value::Object(paths)) = root.get_mut("paths") else {
        return;
    };
    let moved = |(path, item): (String, Value)| match path.starts_with('/') {
        true => (format!("{start}{path}"), item),
        false => (path, item),
    };
    let moved: Map<String, Value> = std::mem::take(paths).into_iter().map(moved).collect();
    *paths = moved;
}

/// Replaces the base path at the end of the server's URL.
fn set(root: &mut Value, old: &str, base: &str) {
    let Some(server) = root.pointer_mut("/servers/0") else {
        return;
    };
    let url = server.get("url").and_then(Value::as_str).unwrap_or("/");
    let url = url.trim_end_matches('/');
    let host = url.strip_suffix(old).unwrap_or(url);
    let url = match format!("{host}{base}") {
        url if url.is_empty() => "/".to_owned(),
        url => url,
    };
    server["url"] = json!(url);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(url: &str) -> Value {
        json!({"servers": [{"url": url}], "paths": {"/a": {}, "x-a": {}}})
    }

    #[test]
    fn the_part_of_the_base_path_that_documents_do_not_share_moves_into_the_paths() {
        for (old, new, url, own, imported) in [
            ("/api/v1", "/api/v1", "/api/v1", "/a", "/a"),
            ("/api/v1", "https://nsx/api/v1/", "/api/v1", "/a", "/a"),
            (
                "/api/v1",
                "/policy/api/v1",
                "/",
                "/api/v1/a",
                "/policy/api/v1/a",
            ),
            (
                "https://nsx/api/v1",
                "/api/v2",
                "https://nsx/api",
                "/v1/a",
                "/v2/a",
            ),
            ("/api", "/api/v1", "/api", "/a", "/v1/a"),
            ("/", "/api/v1", "/", "/a", "/api/v1/a"),
            ("/api/v1", "/api", "/api", "/v1/a", "/a"),
        ] {
            let (mut root, mut added) = (document(old), document(new));
            let mut changes = Vec::new();
            join(&mut root, &mut added, &mut changes);
            assert_eq!(root["servers"][0]["url"], url, "{old} {new}");
            assert!(root["paths"].get(own).is_some(), "{root}");
            assert!(added["paths"].get(imported).is_some(), "{added}");
            assert_eq!(changes.len(), usize::from(own != imported), "{changes:?}");
        }
    }
}
