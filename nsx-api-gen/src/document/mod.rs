//! What the steps share to look through a document: JSON pointers, references, its operations and
//! its schemas.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use serde_json::{Map, Value};

/// The methods that OpenAPI 3.0 gives a path item, in its order.
pub(crate) const METHODS: [&str; 8] = [
    "get", "put", "post", "delete", "options", "head", "patch", "trace",
];

/// The member of an operation by which a document says whether sending it twice has the effect of sending it once.
pub(crate) const IDEMPOTENT: &str = "x-idempotent";

/// The member of an operation that has another id than in the vendor's document: that one, by which the vendor's manual has it.
pub(crate) const ORIGINAL_ID: &str = "x-operation-id";

/// What a caller of an operation must be allowed to: a list of names. OpenAPI has no word for it where that is no scope.
pub(crate) const PRIVILEGES: &str = "x-required-privileges";

/// The media type of bodies that are made of parts.
pub(crate) const MULTIPART: &str = "multipart/form-data";

/// The media type of bodies that are made of fields.
pub(crate) const URL_ENCODED: &str = "application/x-www-form-urlencoded";

/// The place of a parameter that is a part of such a body, once the document is normalized.
pub(crate) const IN_PART: &str = "part";

/// Where a chain of references is given up: real documents have one or two links.
const LONGEST_CHAIN: usize = 64;

/// The pointer of a member of `pointer`.
pub(crate) fn join(pointer: &str, key: &str) -> String {
    format!("{pointer}/{}", escaped(key))
}

/// A key as it stands in a pointer.
fn escaped(key: &str) -> Cow<'_, str> {
    match key.contains(['~', '/']) {
        true => key.replace('~', "~0").replace('/', "~1").into(),
        false => key.into(),
    }
}

/// The members of an object; none of anything else.
pub(crate) fn members(node: Option<&Value>) -> impl Iterator<Item = (&String, &Value)> {
    node.and_then(Value::as_object).into_iter().flatten()
}

/// The items of an array; none of anything else.
pub(crate) fn items(node: Option<&Value>) -> impl Iterator<Item = &Value> {
    node.and_then(Value::as_array).into_iter().flatten()
}

/// The text of a member, where it is one.
pub(crate) fn text<'a>(node: &'a Value, key: &str) -> Option<&'a str> {
    node.get(key).and_then(Value::as_str)
}

/// The target of a node's `$ref`.
pub(crate) fn reference(node: &Value) -> Option<&str> {
    text(node, "$ref")
}

/// The last part of a reference: a component's name.
pub(crate) fn component(reference: &str) -> &str {
    reference.rsplit('/').next().unwrap_or(reference)
}

/// The pointer of the component that a reference leads to, or into; `None` if it leads to none.
pub(crate) fn component_at(reference: &str) -> Option<&str> {
    let end = reference.match_indices('/').nth(3);
    let pointer = reference.get(..end.map_or(reference.len(), |(at, _)| at))?;
    let (section, _) = pointer.strip_prefix("#/components/")?.split_once('/')?;
    (!section.is_empty()).then_some(pointer)
}

/// Follows a node's references to what they stand for; `None` where one leads nowhere.
pub(crate) fn resolve<'a>(root: &'a Value, node: &'a Value) -> Option<&'a Value> {
    let mut node = node;
    for _ in 0..LONGEST_CHAIN {
        match reference(node) {
            Some(target) => node = root.pointer(target.strip_prefix('#')?)?,
            None => return Some(node),
        }
    }
    None
}

/// One operation of a document, where it stands.
pub(crate) struct Place<'a> {
    /// The key of the path item.
    pub(crate) path: &'a str,
    /// The method in lower case.
    pub(crate) method: &'static str,
    /// The operation's pointer.
    pub(crate) pointer: String,
    /// The path item.
    pub(crate) item: &'a Value,
    /// The operation itself.
    pub(crate) node: &'a Value,
}

impl<'a> Place<'a> {
    /// The operationId, where there is one.
    pub(crate) fn id(&self) -> Option<&'a str> {
        text(self.node, "operationId")
    }

    /// The operationId that the vendor's document has, where it is another.
    pub(crate) fn original_id(&self) -> Option<&'a str> {
        text(self.node, ORIGINAL_ID)
    }

    /// The path, and the query that the operation goes by: several operations of NSX share a path.
    pub(crate) fn path_and_query(&self) -> (&'a str, &'a str) {
        self.path.split_once('?').unwrap_or((self.path, ""))
    }

    /// The parameters of the path item and of the operation, unresolved, each with its pointer.
    pub(crate) fn parameters(&self) -> Vec<(String, &'a Value)> {
        let of = |owner: &'a Value, pointer: &str| {
            let pointer = format!("{pointer}/parameters");
            let list = items(owner.get("parameters")).enumerate();
            list.map(|(index, node)| (format!("{pointer}/{index}"), node))
                .collect::<Vec<_>>()
        };
        let mut list = of(self.item, &join("#/paths", self.path));
        list.extend(of(self.node, &self.pointer));
        list.retain(|(_, node)| !is_ignored(node));
        list
    }

    /// The response that a success comes as: the first that has a body, if one has; the default where no success is documented.
    pub(crate) fn success(&self, root: &'a Value) -> Option<&'a Value> {
        let resolved = |node| resolve(root, node);
        let successes: Vec<&Value> = self
            .responses()
            .filter(|(status, ..)| is_success(status))
            .filter_map(|(.., node)| resolved(node))
            .collect();
        let has_body = |node: &&&Value| members(node.get("content")).next().is_some();
        let success = successes.iter().find(has_body).or(successes.first());
        let default = || self.responses().find(|(status, ..)| *status == "default");
        success
            .copied()
            .or_else(|| default().and_then(|(.., node)| resolved(node)))
    }

    /// The responses by status, unresolved, each with its pointer.
    pub(crate) fn responses(&self) -> impl Iterator<Item = (&'a str, String, &'a Value)> {
        let pointer = format!("{}/responses", self.pointer);
        members(self.node.get("responses"))
            .filter(|(status, _)| !status.starts_with("x-"))
            .map(move |(status, node)| (status.as_str(), join(&pointer, status), node))
    }
}

/// The names of a path's parameters; `None` when its braces do not match.
pub(crate) fn template(path: &str) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut rest = path;
    while let Some((before, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}')?;
        let plain = !before.contains('}') && !name.contains(['{', '/']);
        if !plain || name.is_empty() {
            return None;
        }
        names.push(name.to_owned());
        rest = after;
    }
    (!rest.contains('}')).then_some(names)
}

/// OpenAPI says of three headers that a parameter for them is ignored: the SDK sets them.
fn is_ignored(parameter: &Value) -> bool {
    const HEADERS: [&str; 3] = ["accept", "authorization", "content-type"];
    let name = text(parameter, "name").unwrap_or_default();
    text(parameter, "in") == Some("header") && HEADERS.contains(&name.to_ascii_lowercase().as_str())
}

/// The path items; a vendor's extensions stand among them.
pub(crate) fn paths(root: &Value) -> impl Iterator<Item = (&String, &Value)> {
    members(root.get("paths")).filter(|(path, _)| !path.starts_with("x-"))
}

/// Every operation in the document's order.
pub(crate) fn operations(root: &Value) -> Vec<Place<'_>> {
    let mut list = Vec::new();
    for (path, item) in paths(root) {
        let pointer = join("#/paths", path);
        for method in METHODS {
            if let Some(node) = item.get(method) {
                list.push(Place {
                    path,
                    method,
                    pointer: join(&pointer, method),
                    item,
                    node,
                });
            }
        }
    }
    list
}

/// The operationId of the operation that a pointer leads into.
pub(crate) fn operation_at<'a>(root: &'a Value, pointer: &str) -> Option<&'a str> {
    let mut keys = pointer.strip_prefix("#/paths/")?.split('/');
    let (path, method) = (keys.next()?, keys.next()?);
    text(
        root.pointer(&format!("/paths/{path}/{method}"))?,
        "operationId",
    )
}

/// Whether a status of the document is a success: `200`, `2XX`.
pub(crate) fn is_success(status: &str) -> bool {
    status.starts_with('2')
}

/// Whether a schema is that of a file: bytes, and not text.
pub(crate) fn is_file(root: &Value, schema: &Value) -> bool {
    let schema = resolve(root, schema);
    schema.is_some_and(|schema| text(schema, "format") == Some("binary"))
}

/// Whether a schema is that of a list of files.
pub(crate) fn is_list_of_files(root: &Value, schema: &Value) -> bool {
    let items = resolve(root, schema).and_then(|schema| schema.get("items"));
    items.is_some_and(|items| is_file(root, items))
}

/// The name before a media type's parameters, in lower case.
pub(crate) fn media_type(name: &str) -> String {
    let name = name.split(';').next().unwrap_or(name);
    name.trim().to_ascii_lowercase()
}

/// Whether a media type is JSON, by its name or by its suffix.
pub(crate) fn is_json(name: &str) -> bool {
    let name = media_type(name);
    name == "application/json" || name.ends_with("+json")
}

/// Whether a content is JSON: by its media type, unless its schema is that of a file.
pub(crate) fn is_json_content(root: &Value, name: &str, media: &Value) -> bool {
    is_json(name) && !has_file(root, media)
}

/// Whether a content has the schema of a file.
pub(crate) fn has_file(root: &Value, media: &Value) -> bool {
    let schema = media.get("schema");
    schema.is_some_and(|schema| is_file(root, schema))
}

/// A media type as it is sent: with its parameters, but for the charset, which is always UTF-8.
pub(crate) fn sent_media_type(name: &str) -> String {
    let parameters = name.split(';').skip(1).map(str::trim);
    let kept = parameters.filter(|one| {
        let key = one.split('=').next().unwrap_or_default().trim();
        !key.is_empty() && !key.eq_ignore_ascii_case("charset")
    });
    kept.fold(media_type(name), |name, parameter| {
        format!("{name};{parameter}")
    })
}

/// Whether a schema is a password, or made of one.
pub(crate) fn is_password(root: &Value, schema: &Value) -> bool {
    let is_text = |schema: &Value| matches!(text(schema, "type"), None | Some("string"));
    let is_own = |schema: &&Value| text(schema, "format") == Some("password") && is_text(schema);
    resolve(root, schema).is_some_and(is_text) && made_of(root, schema).iter().any(is_own)
}

/// Whether a schema says of itself that it may be null.
pub(crate) fn says_null(schema: &Value) -> bool {
    schema.get("nullable") == Some(&Value::Bool(true))
        || items(schema.get("enum")).any(Value::is_null)
}

/// The names of a schema's properties, and of all that it is made of, those of the first part first.
pub(crate) fn properties<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a str> {
    let mut seen = BTreeSet::new();
    let all = made_of(root, schema).into_iter();
    let names = all.flat_map(|schema| members(schema.get("properties")));
    names
        .map(|(name, _)| name.as_str())
        .filter(|name| seen.insert(*name))
        .collect()
}

/// A schema, and before it all that it is made of by `allOf`, each once, whatever the ways that lead to it.
pub(crate) fn made_of<'a>(root: &'a Value, schema: &'a Value) -> Vec<&'a Value> {
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

/// Calls `visit` for every schema of the document, references too, the inner ones first.
pub(crate) fn for_each_schema(root: &mut Value, visit: &mut dyn FnMut(&mut Map<String, Value>)) {
    for_each_schema_at(root, &mut |_, schema| visit(schema));
}

/// The same with the place of each schema.
pub(crate) fn for_each_schema_at(root: &mut Value, visit: &mut Visit<'_>) {
    let document = At::ROOT;
    if let Some(components) = root.get_mut("components") {
        let at = document.member("components");
        if let Some(schemas) = components.get_mut("schemas") {
            each_member(schemas, &at.member("schemas"), &mut |schema, at| {
                schema_tree(schema, at, visit);
            });
        }
        for section in ["parameters", "responses", "requestBodies", "headers"] {
            holders(components.get_mut(section), &at.member(section), visit);
        }
    }
    let Some(paths) = root.get_mut("paths") else {
        return;
    };
    each_member(paths, &document.member("paths"), &mut |item, at| {
        holders(item.get_mut("parameters"), &at.member("parameters"), visit);
        for method in METHODS {
            if let Some(operation) = item.get_mut(method) {
                operation_schemas(operation, &at.member(method), visit);
            }
        }
    });
}

/// Where a node stands. It becomes a pointer, as text, only where something is said of it.
pub(crate) struct At<'a> {
    within: Option<&'a At<'a>>,
    key: Key<'a>,
}

enum Key<'a> {
    Name(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    const ROOT: At<'static> = At {
        within: None,
        key: Key::Name("#"),
    };

    fn member(&'a self, name: &'a str) -> Self {
        Self {
            within: Some(self),
            key: Key::Name(name),
        }
    }

    fn item(&'a self, index: usize) -> Self {
        Self {
            within: Some(self),
            key: Key::Index(index),
        }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(within) = self.within {
            write!(f, "{within}/")?;
        }
        match self.key {
            Key::Name(name) => f.write_str(&escaped(name)),
            Key::Index(index) => write!(f, "{index}"),
        }
    }
}

type Visit<'a> = dyn FnMut(&At<'_>, &mut Map<String, Value>) + 'a;

fn operation_schemas(operation: &mut Value, at: &At<'_>, visit: &mut Visit<'_>) {
    for key in ["parameters", "responses"] {
        holders(operation.get_mut(key), &at.member(key), visit);
    }
    if let Some(body) = operation.get_mut("requestBody") {
        holder(body, &at.member("requestBody"), visit);
    }
}

fn holders(list: Option<&mut Value>, at: &At<'_>, visit: &mut Visit<'_>) {
    if let Some(list) = list {
        each_member(list, at, &mut |part, at| holder(part, at, visit));
    }
}

/// A parameter, header, request body or response: its schemas stand under `schema` and `content`.
fn holder(part: &mut Value, at: &At<'_>, visit: &mut Visit<'_>) {
    if let Some(schema) = part.get_mut("schema") {
        schema_tree(schema, &at.member("schema"), visit);
    }
    if let Some(content) = part.get_mut("content") {
        each_member(content, &at.member("content"), &mut |media, at| {
            if let Some(schema) = media.get_mut("schema") {
                schema_tree(schema, &at.member("schema"), visit);
            }
        });
    }
    holders(part.get_mut("headers"), &at.member("headers"), visit);
}

fn schema_tree(schema: &mut Value, at: &At<'_>, visit: &mut Visit<'_>) {
    let Some(schema) = schema.as_object_mut() else {
        return;
    };
    for (key, inner) in schema.iter_mut() {
        let at = at.member(key);
        match key.as_str() {
            "items" | "not" | "additionalProperties" => schema_tree(inner, &at, visit),
            "properties" | "allOf" | "oneOf" | "anyOf" => {
                each_member(inner, &at, &mut |inner, at| schema_tree(inner, at, visit));
            }
            _ => {}
        }
    }
    visit(at, schema);
}

/// The members of an object, or the items of an array, each with its place.
fn each_member(node: &mut Value, at: &At<'_>, visit: &mut dyn FnMut(&mut Value, &At<'_>)) {
    match node {
        Value::Object(map) => {
            for (key, inner) in map {
                visit(inner, &at.member(key));
            }
        }
        Value::Array(list) => {
            for (index, inner) in list.iter_mut().enumerate() {
                visit(inner, &at.item(index));
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn references_are_followed_and_rings_are_given_up() {
        let root = json!({"components": {"schemas": {
            "A": {"$ref": "#/components/schemas/B"},
            "B": {"type": "string"},
            "C": {"$ref": "#/components/schemas/C"},
        }}});
        let at = |name: &str| {
            root.pointer(&format!("/components/schemas/{name}"))
                .unwrap()
        };
        assert_eq!(resolve(&root, at("A")), Some(&json!({"type": "string"})));
        assert_eq!(resolve(&root, at("C")), None);
        assert_eq!(resolve(&root, &json!({"$ref": "other.yaml#/X"})), None);
    }

    #[test]
    fn what_a_schema_is_made_of_is_looked_at_once_however_many_ways_lead_there() {
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

    #[test]
    fn a_pointer_escapes_what_it_must() {
        assert_eq!(join("#/paths", "/a~b"), "#/paths/~1a~0b");
    }

    #[test]
    fn every_schema_is_visited_once_and_no_property_named_like_a_keyword_is_taken_for_one() {
        let mut root = json!({
            "components": {"schemas": {"A": {"properties": {"items": {"type": "string"}}}}},
            "paths": {"/a": {"get": {
                "parameters": [{"name": "q", "schema": {"type": "array", "items": {"type": "integer"}}}],
                "responses": {"200": {"content": {"application/json": {"schema": {"allOf": [{"type": "object"}]}}}}},
            }}},
        });
        let mut seen = 0;
        for_each_schema(&mut root, &mut |_| seen += 1);
        assert_eq!(seen, 6);
    }
}
