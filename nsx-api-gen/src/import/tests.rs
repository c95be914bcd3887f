use super::*;
use serde_json::json;

/// A Swagger document with two operations that share a schema, and a third one.
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
    read::parse_tree("imported", text.as_bytes()).unwrap()
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
fn a_component_used_only_by_a_dropped_extension_is_not_imported() {
    let document = DOCUMENT.replace(
        r#""operationId": "GetTags","#,
        r##""operationId": "GetTags", "x-of-vendor": {"$ref": "#/components/schemas/Node"},"##,
    );
    let selection = Selection::new().operation("GetTags");
    let root = imported(&Import::new(Source::new("doc", document), selection));
    assert_eq!(keys(&root, "/components/schemas"), ["Tag"]);
}

#[test]
fn a_reference_into_a_component_imports_it() {
    for (reference, schemas) in [
        ("#/definitions/Node/properties/z", &["Tag"][..]),
        ("#/components/schemas", &[]),
    ] {
        let document = DOCUMENT.replace(
            r##"{"description": "OK", "schema": {"$ref": "#/definitions/Tag"}}"##,
            &format!(r##"{{"description": "OK", "schema": {{"$ref": "{reference}"}}}}"##),
        );
        let selection = Selection::new().operation("GetTags");
        let root = imported(&Import::new(Source::new("doc", document), selection));
        assert_eq!(keys(&root, "/components/schemas"), schemas, "{reference}");
    }
}

#[test]
fn selected_operations_are_imported_with_exactly_their_components() {
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
fn a_selection_that_matches_nothing_is_an_error_with_suggestions() {
    let selection = Selection::new()
        .operation("getnode")
        .operation("Nothing")
        .tag("node")
        .path("/nodes")
        .path("/[");
    let message = message(&task(selection));
    for part in [
        "no operation `getnode` (did you mean GetNode?)",
        "no operation `Nothing`",
        "no operation with the tag `node`",
        "no operation whose path matches `/nodes`",
        "no operation whose path matches `/[`: ",
    ] {
        assert!(message.contains(part), "{part} is not in {message}");
    }
}

#[test]
fn the_allof_children_of_a_used_discriminator_base_are_imported() {
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
fn an_overlay_updates_and_removes_what_it_selects() {
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
    let imported = import(&task).unwrap();
    let [warning] = &imported.warnings[..] else {
        panic!("{:?}", imported.warnings);
    };
    assert!(warning.ends_with("$.nothing selects nothing"), "{warning}");
    assert!(!imported.report.iter().any(|line| line.contains("nothing")));
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
fn merge_adds_operations_and_shows_both_versions_of_a_conflict() {
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
    // Importing the same again changes nothing.
    let again = import(&more(&first)).unwrap().text;
    assert_eq!(import(&more(&again)).unwrap().text, again);

    let other = first.replace("type: string", "type: integer");
    let message = message(&more(&other));
    let part = "nsx.yaml: #/components/schemas/Tag: already exists with a different definition\n  existing:\n    type: integer\n  imported:\n    type: string";
    assert!(message.contains(part), "{part} is not in {message}");
}

/// A part of NSX's Policy API, with these roots of paths.
fn policy(roots: &[&str]) -> Source {
    let paths: serde_json::Map<String, Value> = roots
        .iter()
        .map(|root| {
            let parameters: Vec<Value> = document::path_parameter_names(root)
                .unwrap()
                .iter()
                .map(|name| json!({"name": name, "in": "path", "required": true, "type": "string"}))
                .collect();
            let get = json!({"operationId": "ListSegments", "parameters": parameters, "responses": {"200": {"description": "OK"}}});
            (format!("{root}/segments"), json!({"get": get}))
        })
        .collect();
    let document = json!({
        "swagger": "2.0", "info": {"title": "Policy", "version": "9"}, "basePath": "/policy/api/v1",
        "paths": paths,
    });
    Source::new("nsx_policy_api.json", document.to_string())
}

const PROJECT: &str = "/orgs/{org-id}/projects/{project-id}/infra";

fn ids(root: &Value) -> Vec<String> {
    let places = document::operations(root);
    let ids = places.iter().map(|place| place.id().unwrap_or_default());
    ids.map(str::to_owned).collect()
}

#[test]
fn a_replaced_operation_id_can_still_be_selected() {
    let document = policy(&[PROJECT, "/infra", "/global-infra"]);
    let of = |id: &str| Import {
        document: document.clone(),
        ..task(Selection::new().operation(id))
    };
    let first = import(&of("ListSegments")).unwrap();
    assert_eq!(
        first.notes,
        [
            "other operations with the operationId `ListSegments` were not selected: GlobalInfraListSegments, OrgsOrgIdProjectsProjectIdInfraListSegments"
        ]
    );
    let root = imported(&of("ListSegments"));
    assert_eq!(keys(&root, "/paths"), ["/infra/segments"]);
    let report = import(&of("GlobalInfraListSegments")).unwrap().report;
    assert_eq!(report.len(), 1, "{report:?}");
    let root = imported(&of("GlobalInfraListSegments"));
    assert_eq!(
        root["paths"]["/global-infra/segments"]["get"]["x-operation-id"],
        "ListSegments"
    );
    assert!(message(&of("listsegments")).contains(
        "did you mean GlobalInfraListSegments, ListSegments, OrgsOrgIdProjectsProjectIdInfraListSegments?"
    ));
    let listed = list(&document, None).unwrap();
    assert_eq!(
        listed.iter().filter(|one| one.has("ListSegments")).count(),
        3
    );

    // If none of the operations kept the id, it selects all of them.
    let kept = json!({"operationId": "Kept", "x-operation-id": "ListTags", "responses": {"200": {"description": "OK"}}});
    let document = json!({
        "openapi": "3.0.3", "info": {"title": "A", "version": "1"},
        "paths": {"/a": {"get": kept}, "/b": {"get": {"operationId": "ListTags2", "x-operation-id": "ListTags", "responses": {}}}},
    });
    let both = Import {
        document: Source::new("a.json", document.to_string()),
        ..task(Selection::new().operation("ListTags"))
    };
    assert_eq!(ids(&imported(&both)), ["Kept", "ListTags2"]);
}

#[test]
fn names_are_stable_when_a_growing_document_is_imported_in_steps() {
    let steps: [&[&str]; 3] = [
        &["/infra"],
        &["/infra", "/global-infra"],
        &["/infra", "/global-infra", PROJECT],
    ];
    let mut into = None;
    for roots in steps {
        let step = Import {
            document: policy(roots),
            into: into.take(),
            ..task(Selection::new().all())
        };
        into = Some(Source::new("nsx.yaml", import(&step).unwrap().text));
    }
    let whole = Import {
        document: policy(steps[2]),
        ..task(Selection::new().all())
    };
    assert_eq!(
        into.unwrap().bytes,
        import(&whole).unwrap().text.into_bytes()
    );
}

#[test]
fn merge_keeps_the_operation_id_of_an_existing_operation() {
    let own = import(&Import {
        document: policy(&["/global-infra"]),
        ..task(Selection::new().all())
    });
    let more = Import {
        document: policy(&["/infra", "/global-infra"]),
        into: Some(Source::new("nsx.yaml", own.unwrap().text)),
        ..task(Selection::new().all())
    };
    assert_eq!(ids(&imported(&more)), ["ListSegments", "InfraListSegments"]);
    let report = import(&more).unwrap().report.join("\n");
    for part in [
        "merged_ids: #/paths/~1global-infra~1segments/get: ListSegments: keeps this id; the id in the imported document is \"GlobalInfraListSegments\"",
        "operation_ids: #/paths/~1infra~1segments/get: InfraListSegments: the operationId `ListSegments` is also used by GET /global-infra/segments",
    ] {
        assert!(report.contains(part), "{part} is not in {report}");
    }
}

#[test]
fn merging_documents_with_two_base_paths_changes_no_url() {
    let first = import(&task(Selection::new().tag("tags"))).unwrap().text;
    let more = |text: String| Import {
        document: policy(&["/infra"]),
        into: Some(Source::new("nsx.yaml", text)),
        ..task(Selection::new().all())
    };
    let both = import(&more(first)).unwrap();
    let root = read::parse_tree("both", both.text.as_bytes()).unwrap();
    assert_eq!(
        keys(&root, "/paths"),
        ["/api/v1/tags", "/policy/api/v1/infra/segments"]
    );
    assert_eq!(root["servers"], json!([{"url": "/"}]));
    assert_eq!(ids(&root), ["GetTags", "ListSegments"]);
    let report = both.report.join("\n");
    assert!(
        report.contains("base_path: #/servers/0/url: changed from `/api/v1` to `/`"),
        "{report}"
    );
    // Further operations of both documents can be added then.
    assert_eq!(import(&more(both.text.clone())).unwrap().text, both.text);
    let third = Import {
        into: Some(Source::new("nsx.yaml", both.text)),
        ..task(Selection::new().tag("tags").operation("GetNode"))
    };
    let root = imported(&third);
    assert_eq!(ids(&root), ["GetNode", "GetTags", "ListSegments"]);
}

#[test]
fn component_names_do_not_depend_on_the_selection() {
    let response = |name: &str| {
        let schema = json!({"$ref": format!("#/definitions/{name}")});
        json!({"200": {"description": "OK", "schema": schema}})
    };
    let document = json!({
        "swagger": "2.0", "info": {"title": "A", "version": "1"},
        "paths": {
            "/a": {"get": {"operationId": "One", "responses": response("IPInfo")}},
            "/b": {"get": {"operationId": "Other", "responses": response("IpInfo")}},
        },
        "definitions": {"IPInfo": {"type": "object"}, "IpInfo": {"type": "string"}},
    });
    for (selection, names) in [
        (Selection::new().operation("One"), &["IpInfo2"][..]),
        (Selection::new().operation("Other"), &["IpInfo"]),
        (Selection::new().all(), &["IpInfo", "IpInfo2"]),
    ] {
        let task = Import {
            document: Source::new("a.json", document.to_string()),
            ..task(selection)
        };
        assert_eq!(keys(&imported(&task), "/components/schemas"), names);
    }
}

#[test]
fn vendor_extensions_are_dropped_and_cause_no_merge_conflict() {
    let text = DOCUMENT.replace(
        "\"type\": \"string\"}",
        "\"type\": \"string\", \"x-vmw-nsx-example\": 1}",
    );
    let first = import(&task(Selection::new().all())).unwrap();
    let more = Import {
        document: Source::new("nsx_api.json", text),
        ..task(Selection::new().all())
    };
    let second = import(&more).unwrap();
    assert_eq!(first.text, second.text);
    assert!(
        second
            .report
            .iter()
            .any(|line| line.contains("dropped `x-vmw-nsx-example`"))
    );
    let tag = "    Tag:\n      type: string";
    let there = first.text.replace(tag, &format!("{tag}\n      x-own: 1"));
    let more = Import {
        into: Some(Source::new("nsx.yaml", there.clone())),
        ..more
    };
    assert!(there.contains("x-own"));
    assert!(import(&more).unwrap().text.contains("x-own"));
}

#[test]
fn operations_are_listed_by_search_word() {
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
fn import_does_not_depend_on_key_order() {
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
