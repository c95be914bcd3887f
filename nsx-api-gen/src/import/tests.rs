use super::*;
use serde_json::json;

/// Two operations of a Swagger document that share a schema, and a third.
const DOCUMENT: &str = r##"{
    "swagger": "2.0",
    "info": {"title": "A manager", "version": "4.2"},
    "basePath": "/api/v1",
    "tags": [{"name": "nodes", "description": "Nodes"}, {"name": "tags"}],
    "securityDefinitions": {"basic": {"type": "basic"}, "other": {"type": "basic"}},
    "security": [{"basic": []}],
    "paths": {
        "/nodes/{id}": {
            "parameters": [{"name": "id", "in": "path", "required": true, "type": "string"}],
            "get": {"operationId": "GetNode", "tags": ["nodes"], "summary": "Read a node",
                "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Node"}}}},
            "delete": {"operationId": "DeleteNode", "tags": ["nodes"], "responses": {"404": {"$ref": "#/responses/NotFound"}}}
        },
        "/nodes/{id}?action=restart": {"post": {"operationId": "RestartNode", "parameters": [{"$ref": "#/parameters/Force"}],
            "responses": {"200": {"description": "OK"}}}},
        "/tags": {"get": {"operationId": "GetTags", "tags": ["tags"],
            "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Tag"}}}}}
    },
    "parameters": {"Force": {"name": "force", "in": "query", "type": "boolean"}},
    "responses": {"NotFound": {"description": "No", "schema": {"$ref": "#/definitions/Fault"}}},
    "definitions": {
        "Node": {"type": "object", "properties": {"z": {"$ref": "#/definitions/Tag"}, "a": {"type": "array", "items": {"$ref": "#/definitions/Node"}}}},
        "Tag": {"type": "string"},
        "Fault": {"type": "object"},
        "Unused": {"type": "object"}
    }
}"##;

fn task(selection: Selection) -> Import {
    Import {
        document: Source::new("nsx_api.json", DOCUMENT),
        selection,
        overlay: None,
        into: None,
        skip_unsupported: false,
    }
}

fn imported(task: &Import) -> Value {
    let text = import(task).unwrap().text;
    read::tree("imported", text.as_bytes()).unwrap()
}

fn message(task: &Import) -> String {
    import(task).unwrap_err().to_string()
}

fn keys(node: &Value, pointer: &str) -> Vec<String> {
    let map = node.pointer(pointer).and_then(Value::as_object);
    map.into_iter()
        .flatten()
        .map(|(key, _)| key.clone())
        .collect()
}

#[test]
fn what_was_chosen_is_kept_with_exactly_the_components_that_it_reaches() {
    let new = Selection::new;
    for (selection, paths, schemas, others) in [
        (
            new().operation("GetNode"),
            &["/nodes/{id}"][..],
            &["Node", "Tag"][..],
            &["schemas", "securitySchemes"][..],
        ),
        (
            new().tag("tags"),
            &["/tags"],
            &["Tag"],
            &["schemas", "securitySchemes"],
        ),
        (
            new().operation("DeleteNode"),
            &["/nodes/{id}"],
            &["Fault"],
            &["responses", "schemas", "securitySchemes"],
        ),
        (
            new().path("/nodes/*").operation("GetTags"),
            &["/nodes/{id}", "/nodes/{id}?action=restart", "/tags"],
            &["Fault", "Node", "Tag"],
            &["parameters", "responses", "schemas", "securitySchemes"],
        ),
        (
            new().path("/nodes/{id}[?]action=*"),
            &["/nodes/{id}?action=restart"],
            &[],
            &["parameters", "securitySchemes"],
        ),
        (
            new().all(),
            &["/nodes/{id}", "/nodes/{id}?action=restart", "/tags"],
            &["Fault", "Node", "Tag"],
            &["parameters", "responses", "schemas", "securitySchemes"],
        ),
    ] {
        let root = imported(&task(selection.clone()));
        assert_eq!(keys(&root, "/paths"), paths, "{selection:?}");
        assert_eq!(keys(&root, "/components/schemas"), schemas, "{selection:?}");
        assert_eq!(keys(&root, "/components"), others, "{selection:?}");
        assert_eq!(keys(&root, "/components/securitySchemes"), ["basic"]);
    }
    let root = imported(&task(new().operation("GetNode")));
    assert_eq!(keys(&root, "/paths/~1nodes~1{id}"), ["get", "parameters"]);
    assert_eq!(
        keys(&root, "/components/schemas/Node/properties"),
        ["z", "a"]
    );
    assert_eq!(
        root["tags"],
        json!([{"name": "nodes", "description": "Nodes"}])
    );
    assert_eq!(root["servers"], json!([{"url": "/api/v1"}]));
}

#[test]
fn a_choice_that_names_nothing_is_an_error_that_helps() {
    let selection = Selection::new()
        .operation("getnode")
        .operation("Nothing")
        .tag("node")
        .path("/nodes")
        .path("/[");
    let message = message(&task(selection));
    for part in [
        "there is no operation `getnode` (did you mean GetNode?)",
        "there is no operation `Nothing`",
        "there is no operation with the tag `node`",
        "there is no operation with a path like `/nodes`",
        "there is no operation with a path like `/[`: ",
    ] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
}

#[test]
fn the_children_of_a_base_are_kept_where_it_may_stand_for_them() {
    let document = r##"{
        "swagger": "2.0", "info": {"title": "A manager", "version": "4.2"},
        "paths": {
            "/plans": {"get": {"operationId": "GetPlan", "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Plan"}}}}},
            "/weeks": {"get": {"operationId": "GetWeek", "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Week"}}}}},
            "/short": {"get": {"operationId": "GetShort", "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Short"}}}}},
            "/named": {"get": {"operationId": "GetNamed", "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Named"}}}}}
        },
        "definitions": {
            "Named": {"type": "object", "properties": {"name": {"type": "string"}}},
            "Plan": {"allOf": [
                {"$ref": "#/definitions/Named"},
                {"type": "object", "discriminator": "kind", "required": ["kind"], "properties": {"kind": {"type": "string"}}}
            ]},
            "Week": {"allOf": [{"$ref": "#/definitions/Plan"}, {"properties": {"day": {"$ref": "#/definitions/Day"}}}]},
            "Short": {"allOf": [{"$ref": "#/definitions/Week"}]},
            "Month": {"allOf": [{"$ref": "#/definitions/Plan"}]},
            "Day": {"type": "string"}
        }
    }"##;
    for (id, schemas) in [
        (
            "GetPlan",
            &["Day", "Month", "Named", "Plan", "Short", "Week"][..],
        ),
        ("GetWeek", &["Day", "Named", "Plan", "Short", "Week"]),
        ("GetShort", &["Day", "Named", "Plan", "Short", "Week"]),
        ("GetNamed", &["Named"]),
    ] {
        let task = Import {
            document: Source::new("nsx_api.json", document),
            ..task(Selection::new().operation(id))
        };
        assert_eq!(
            keys(&imported(&task), "/components/schemas"),
            schemas,
            "{id}"
        );
    }
}

#[test]
fn an_overlay_corrects_what_it_selects() {
    let overlay = r#"
overlay: 1.0.0
info: {title: Corrections, version: 1.0.0}
actions:
- target: $.paths['/tags'].get
  update: {summary: Read the tags, tags: [more], x-idempotent: true}
- target: $.components.schemas.Tag
  update: {type: object}
- target: $.paths['/nodes/{id}'].get
  remove: true
- target: $.paths.*.get.tags[0]
  remove: true
- target: $.nothing
  remove: true
"#;
    let overlay = Some(Source::new("overlay.yaml", overlay));
    let task = Import {
        overlay,
        ..task(Selection::new().all())
    };
    let root = imported(&task);
    assert_eq!(
        keys(&root, "/paths/~1tags/get"),
        [
            "tags",
            "operationId",
            "x-idempotent",
            "summary",
            "responses"
        ]
    );
    assert_eq!(root["paths"]["/tags"]["get"]["tags"], json!(["more"]));
    assert_eq!(
        root["components"]["schemas"]["Tag"],
        json!({"type": "object"})
    );
    assert_eq!(
        keys(&root, "/paths/~1nodes~1{id}"),
        ["delete", "parameters"]
    );
    let report = import(&task).unwrap().report;
    assert!(
        report
            .iter()
            .any(|line| line.ends_with("$.nothing selects nothing"))
    );
    for (text, message) in [
        ("actions: []", "#/overlay: "),
        (
            "overlay: 1.0.0\nactions: [{remove: true}]",
            "#/actions/0: an action must have a `target`",
        ),
        (
            "overlay: 1.0.0\nactions: [{target: 'paths'}]",
            "#/actions/0: paths: ",
        ),
        (
            "overlay: 1.0.0\nactions: [{target: $.paths}]",
            "must `update` or `remove`",
        ),
    ] {
        let task = Import {
            overlay: Some(Source::new("overlay.yaml", text)),
            ..task.clone()
        };
        let found = super::import(&task).unwrap_err().to_string();
        assert!(found.contains(message), "{found}");
    }
}

#[test]
fn operations_are_added_to_what_is_there_and_a_conflict_shows_both_sides() {
    let first = import(&task(Selection::new().operation("GetNode")))
        .unwrap()
        .text;
    let more = |text: &str| Import {
        into: Some(Source::new("nsx.yaml", text)),
        ..task(Selection::new().operation("DeleteNode").tag("tags"))
    };
    let root = imported(&more(&first));
    assert_eq!(
        root,
        imported(&task(
            Selection::new()
                .operation("GetNode")
                .operation("DeleteNode")
                .tag("tags")
        ))
    );
    // The same again changes nothing.
    let again = import(&more(&first)).unwrap().text;
    assert_eq!(import(&more(&again)).unwrap().text, again);

    let other = first
        .replace("type: string", "type: integer")
        .replace("/api/v1", "/api/v2");
    let message = message(&more(&other));
    for part in [
        "nsx.yaml: #/components/schemas/Tag: it is there already, and another\n  here:\n    type: integer\n  imported:\n    type: string",
        "#/servers/0/url: the paths of this document begin with `/api/v2`, those of the imported one with `/api/v1`",
    ] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
}

#[test]
fn operations_are_listed_by_a_word() {
    let listed = list(&Source::new("nsx_api.json", DOCUMENT), None).unwrap();
    let having = |word: &str| -> Vec<&str> {
        let listed = listed.iter().filter(|one| one.has(word));
        listed.map(|one| one.id.as_str()).collect()
    };
    assert_eq!(having("READ A"), ["GetNode"]);
    assert_eq!(having("restart"), ["RestartNode"]);
    assert_eq!(having("tags"), ["GetTags"]);
    assert_eq!(having("").len(), 4);
}

#[test]
fn the_order_of_keys_does_not_matter() {
    fn reversed(node: Value) -> Value {
        match node {
            Value::Object(map) => {
                let is_properties =
                    map.values().all(|inner| inner.is_object()) && map.contains_key("z");
                let entries = map.into_iter().map(|(key, inner)| (key, reversed(inner)));
                let entries: Vec<_> = entries.collect();
                match is_properties {
                    true => entries.into_iter().collect(),
                    false => entries.into_iter().rev().collect(),
                }
            }
            Value::Array(list) => list.into_iter().map(reversed).collect(),
            other => other,
        }
    }
    let root: Value = serde_json::from_str(DOCUMENT).unwrap();
    let shuffled = Import {
        document: Source::new("nsx_api.json", reversed(root).to_string()),
        ..task(Selection::new().all())
    };
    assert_eq!(
        import(&shuffled).unwrap().text,
        import(&task(Selection::new().all())).unwrap().text
    );
}
