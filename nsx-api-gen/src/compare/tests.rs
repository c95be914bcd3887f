//! Compares small documents. Each kind of change has a case that gives exactly this kind.

use serde_json::{Value, json};

use super::*;

/// A case: the kind, the old document, and the new one.
type Case = (Kind, Value, Value);

fn text(document: &Value) -> Source {
    Source::new("doc", document.to_string())
}

/// A document with these path items and schemas.
fn document(paths: &Value, schemas: &Value) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": {"title": "T", "version": "1"},
        "servers": [{"url": "/api/v1"}],
        "paths": paths,
        "components": {"schemas": schemas},
    })
}

/// A document with one operation that has these members.
fn operation(members: &Value) -> Value {
    let mut operation =
        json!({"operationId": "ReadNode", "responses": {"200": {"description": "OK"}}});
    merge(&mut operation, members);
    document(
        &json!({"/nodes/{node-id}": {
            "parameters": [{"name": "node-id", "in": "path", "required": true, "schema": {"type": "string"}}],
            "post": operation,
        }}),
        &json!({}),
    )
}

fn merge(object: &mut Value, members: &Value) {
    for (key, value) in members.as_object().unwrap() {
        object[key] = value.clone();
    }
}

fn parameters(list: Value) -> Value {
    operation(&json!({"parameters": list}))
}

/// An operation with a query parameter `kind` that has these members.
fn parameter(members: Value) -> Value {
    let mut parameter = json!({"name": "kind", "in": "query", "schema": {"type": "string"}});
    merge(&mut parameter, &members);
    parameters(json!([parameter]))
}

fn content(media: &str, schema: Value) -> Value {
    json!({"description": "D", "content": {media: {"schema": schema}}})
}

fn body(members: Value) -> Value {
    let mut body = content("application/json", json!({"type": "string"}));
    merge(&mut body, &members);
    operation(&json!({"requestBody": body}))
}

fn response(response: Value) -> Value {
    operation(&json!({"responses": {"200": response}}))
}

fn statuses(list: &[&str]) -> Value {
    let responses = list
        .iter()
        .map(|status| ((*status).to_owned(), json!({"description": "D"})));
    operation(&json!({"responses": responses.collect::<serde_json::Map<_, _>>()}))
}

/// A document whose operation sends and receives this `Node`, among other schemas.
fn node(node: Value) -> Value {
    used(true, true, json!({"Node": node}))
}

fn used(sent: bool, received: bool, schemas: Value) -> Value {
    let node = || {
        content(
            "application/json",
            json!({"$ref": "#/components/schemas/Node"}),
        )
    };
    let mut put = json!({"operationId": "PutNode", "responses": {"200": {"description": "OK"}}});
    if sent {
        put["requestBody"] = node();
        put["requestBody"]["required"] = json!(true);
    }
    if received {
        put["responses"]["200"] = node();
    }
    document(&json!({"/node": {"put": put}}), &schemas)
}

/// `Node` with these properties.
fn object(required: &[&str], properties: Value) -> Value {
    node(json!({"type": "object", "required": required, "properties": properties}))
}

/// `Node` with a property `name` that has these members.
fn property(required: &[&str], members: Value) -> Value {
    let mut property = json!({"type": "string"});
    merge(&mut property, &members);
    object(required, json!({"name": property}))
}

fn texts(values: &[&str]) -> Value {
    node(json!({"type": "string", "enum": values}))
}

fn union(types: &[&str]) -> Value {
    let variants: Vec<Value> = types.iter().map(|name| json!({"type": name})).collect();
    node(json!({"oneOf": variants}))
}

fn operation_cases() -> Vec<Case> {
    use Kind::*;
    let plain = || operation(&json!({}));
    let with = |key: &str, value: Value| operation(&json!({ key: value }));
    let served = |url: &str| {
        let mut document = plain();
        document["servers"][0]["url"] = json!(url);
        document
    };
    let at = |path: &str, method: &str| {
        let get = json!({"operationId": "GetA", "x-idempotent": true, "responses": {"200": {"description": "OK"}}});
        document(&json!({ path: { method: get } }), &json!({}))
    };
    let both = {
        let mut both = plain();
        both["paths"]["/b"] = at("/b", "get")["paths"]["/b"].clone();
        both
    };
    vec![
        (
            ServerPathChanged,
            served("/api/v1"),
            served("https://host/policy/api/v1"),
        ),
        (OperationAdded, plain(), both.clone()),
        (OperationRemoved, both, plain()),
        (
            OperationRenamed,
            plain(),
            with("operationId", json!("GetNode")),
        ),
        (
            OperationIdChanged,
            plain(),
            with("operationId", json!("read-node")),
        ),
        (OperationPathChanged, at("/a", "get"), at("/b", "get")),
        (
            OperationHttpMethodChanged,
            at("/a", "get"),
            at("/a", "post"),
        ),
        (OperationTagChanged, plain(), with("tags", json!(["Nodes"]))),
        (
            OperationBecameDeprecated,
            plain(),
            with("deprecated", json!(true)),
        ),
        (
            OperationNoLongerDeprecated,
            with("deprecated", json!(true)),
            plain(),
        ),
        (
            OperationBecameIdempotent,
            plain(),
            with("x-idempotent", json!(true)),
        ),
        (
            OperationNoLongerIdempotent,
            with("x-idempotent", json!(true)),
            plain(),
        ),
    ]
}

fn parameter_cases() -> Vec<Case> {
    use Kind::*;
    let none = || parameters(json!([]));
    let optional = || parameter(json!({}));
    let required = || parameter(json!({"required": true}));
    let two = |one: &str, other: &str| {
        let query = |name| json!({"name": name, "in": "query", "required": true, "schema": {"type": "string"}});
        parameters(json!([query(one), query(other)]))
    };
    let list = |explode: bool| {
        parameter(
            json!({"explode": explode, "schema": {"type": "array", "items": {"type": "string"}}}),
        )
    };
    let in_path = |name: &str| {
        let one =
            json!({"name": name, "in": "path", "required": true, "schema": {"type": "string"}});
        let get = json!({"operationId": "GetA", "parameters": [one], "responses": {"200": {"description": "OK"}}});
        document(
            &json!({ format!("/a/{{{name}}}"): { "get": get } }),
            &json!({}),
        )
    };
    vec![
        (RequestParameterAdded, none(), optional()),
        (RequestParameterAddedRequired, none(), required()),
        (RequestParameterRemoved, optional(), none()),
        (RequestParameterBecameRequired, optional(), required()),
        (RequestParameterBecameOptional, required(), optional()),
        (RequestParametersReordered, two("a", "b"), two("b", "a")),
        (
            RequestParameterTypeChanged,
            optional(),
            parameter(json!({"schema": {"type": "integer"}})),
        ),
        (
            RequestParameterWireNameChanged,
            parameter(json!({"name": "pageSize"})),
            parameter(json!({"name": "page_size"})),
        ),
        (
            RequestPathParameterRenamed,
            in_path("id"),
            in_path("node-id"),
        ),
        (
            RequestParameterLocationChanged,
            optional(),
            parameter(json!({"in": "header"})),
        ),
        (RequestParameterStyleChanged, list(true), list(false)),
        (
            RequestParameterBecameDeprecated,
            optional(),
            parameter(json!({"deprecated": true})),
        ),
        (
            RequestParameterNoLongerDeprecated,
            parameter(json!({"deprecated": true})),
            optional(),
        ),
    ]
}

fn body_and_response_cases() -> Vec<Case> {
    use Kind::*;
    let none = || operation(&json!({}));
    let required = || body(json!({"required": true}));
    let json = |schema: Value| response(content("application/json", schema));
    let text = || json(json!({"type": "string"}));
    let of = |media: &str| response(content(media, json!({"type": "string"})));
    let plain = || json!({"text/plain": {"schema": {"type": "string"}}});
    vec![
        (RequestBodyAdded, none(), body(json!({}))),
        (RequestBodyAddedRequired, none(), required()),
        (RequestBodyRemoved, body(json!({})), none()),
        (RequestBodyBecameRequired, body(json!({})), required()),
        (RequestBodyBecameOptional, required(), body(json!({}))),
        (
            RequestBodyTypeChanged,
            body(json!({})),
            body(json!({"content": {"application/json": {"schema": {"type": "integer"}}}})),
        ),
        (
            RequestBodyMediaTypeChanged,
            body(json!({})),
            body(json!({"content": plain()})),
        ),
        (ResponseBodyAdded, none(), text()),
        (ResponseBodyRemoved, text(), none()),
        (
            ResponseBodyTypeChanged,
            text(),
            json(json!({"type": "integer"})),
        ),
        (ResponseBodyTypeChanged, text(), of("text/csv")),
        (ResponseMediaTypeChanged, of("text/plain"), of("text/csv")),
        (
            ResponseAcceptChanged,
            text(),
            of("application/vnd.nsx+json"),
        ),
        (
            ResponseSuccessStatusAdded,
            statuses(&["200"]),
            statuses(&["200", "202"]),
        ),
        (
            ResponseSuccessStatusRemoved,
            statuses(&["200", "202"]),
            statuses(&["200"]),
        ),
        (
            ResponseErrorStatusAdded,
            statuses(&["200"]),
            statuses(&["200", "404"]),
        ),
        (
            ResponseErrorStatusRemoved,
            statuses(&["200", "default"]),
            statuses(&["200"]),
        ),
    ]
}

fn type_cases() -> Vec<Case> {
    use Kind::*;
    let named =
        json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}});
    let one = || object(&["name"], json!({"name": {"type": "string"}}));
    let two = || used(true, true, json!({"Node": named, "Tag": named}));
    let holder = |name: &str| {
        let node = json!({"type": "object", "properties": {"tag": {"$ref": format!("#/components/schemas/{name}")}}});
        used(true, true, json!({ "Node": node, name: named }))
    };
    let open = |rest: Value| json!({"type": "object", "properties": {"name": {"type": "string"}}, "additionalProperties": rest});
    let rest = |rest: Value| node(open(rest));
    let received = |rest: Value| used(false, true, json!({"Node": open(rest)}));
    vec![
        (TypeAdded, one(), two()),
        (TypeRemoved, two(), one()),
        (TypeRenamed, holder("Tag"), holder("Label")),
        (TypeChanged, one(), node(json!({"type": "string"}))),
        (
            TypeChanged,
            node(json!({"type": "string"})),
            node(json!({"type": "integer"})),
        ),
        (
            TypeExtraAdded,
            received(json!(true)),
            received(json!({"type": "string"})),
        ),
        (
            TypeExtraRemoved,
            received(json!({"type": "string"})),
            received(json!(false)),
        ),
        (
            PropertyTypeChanged,
            rest(json!({"type": "string"})),
            rest(json!({"type": "integer"})),
        ),
        (
            PropertyTypeChanged,
            rest(json!(true)),
            rest(json!({"type": "integer"})),
        ),
    ]
}

/// A type gains or loses its constructor because of a change of an operation, which is a second
/// change.
fn constructor_cases() -> Vec<(Kind, Kind, Value, Value)> {
    use Kind::*;
    let required =
        json!({"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}});
    let sent = |sent| used(sent, false, json!({"Node": required}));
    vec![
        (
            RequestBodyAddedRequired,
            TypeConstructorAdded,
            sent(false),
            sent(true),
        ),
        (
            RequestBodyRemoved,
            TypeConstructorRemoved,
            sent(true),
            sent(false),
        ),
    ]
}

fn property_cases() -> Vec<Case> {
    use Kind::*;
    let required = |members: Value| property(&["name"], members);
    let optional = |members: Value| property(&[], members);
    let received = |members: Value| {
        let mut name = json!({"type": "string"});
        merge(&mut name, &members);
        let node = json!({"type": "object", "properties": {"name": name}});
        used(false, true, json!({"Node": node}))
    };
    let none = || object(&[], json!({"id": {"type": "string"}}));
    let with = |required: &[&str]| {
        object(
            required,
            json!({"id": {"type": "string"}, "name": {"type": "string"}}),
        )
    };
    let pair = |one: &str, other: &str| {
        object(
            &[one, other],
            json!({one: {"type": "string"}, other: {"type": "string"}}),
        )
    };
    let on = |key: &str| json!({ key: true });
    let reference = |name: &str| json!({"type": "object", "properties": {"a": {"type": "array", "items": {"type": name}}}});
    vec![
        (PropertyAdded, none(), with(&[])),
        (PropertyAddedRequired, none(), with(&["name"])),
        (PropertyRemoved, with(&["name"]), none()),
        (
            PropertyBecameRequired,
            optional(json!({})),
            required(json!({})),
        ),
        (
            PropertyBecameOptional,
            required(json!({})),
            optional(json!({})),
        ),
        (PropertiesReordered, pair("a", "b"), pair("b", "a")),
        (
            PropertyBecameNullable,
            required(json!({})),
            required(on("nullable")),
        ),
        (
            PropertyNoLongerNullable,
            required(on("nullable")),
            required(json!({})),
        ),
        (
            PropertyBecameNullable,
            optional(json!({})),
            optional(on("nullable")),
        ),
        (
            PropertyNoLongerNullable,
            optional(on("nullable")),
            optional(json!({})),
        ),
        (
            OptionalPropertyBecameNullable,
            received(json!({})),
            received(on("nullable")),
        ),
        (
            OptionalPropertyNoLongerNullable,
            received(on("nullable")),
            received(json!({})),
        ),
        (
            PropertyTypeChanged,
            optional(json!({})),
            optional(json!({"type": "boolean"})),
        ),
        (
            PropertyTypeChanged,
            optional(json!({})),
            optional(json!({"format": "password"})),
        ),
        (
            PropertyTypeChanged,
            optional(json!({"type": "integer"})),
            optional(json!({"type": "integer", "format": "int32"})),
        ),
        (
            PropertyTypeChanged,
            node(reference("string")),
            node(reference("integer")),
        ),
        (
            PropertyWireNameChanged,
            object(&[], json!({"nodeId": {"type": "string"}})),
            object(&[], json!({"node_id": {"type": "string"}})),
        ),
        (
            PropertyBecameDeprecated,
            optional(json!({})),
            optional(on("deprecated")),
        ),
        (
            PropertyNoLongerDeprecated,
            optional(on("deprecated")),
            optional(json!({})),
        ),
        (
            FormatChanged,
            optional(json!({"format": "uuid"})),
            optional(json!({"format": "ip"})),
        ),
        (
            PropertyBecameNullable,
            object(
                &["a"],
                json!({"a": {"type": "array", "items": {"type": "string"}}}),
            ),
            object(
                &["a"],
                json!({"a": {"type": "array", "nullable": true, "items": {"type": "string"}}}),
            ),
        ),
        (EnumValueAdded, texts(&["A"]), texts(&["A", "B"])),
        (EnumValueRemoved, texts(&["A", "B"]), texts(&["A"])),
        (
            UnionVariantAdded,
            union(&["string", "integer"]),
            union(&["boolean", "string", "integer"]),
        ),
        (
            UnionVariantRemoved,
            union(&["boolean", "string", "integer"]),
            union(&["string", "integer"]),
        ),
        (
            UnionVariantsReordered,
            union(&["string", "integer"]),
            union(&["integer", "string"]),
        ),
    ]
}

/// Changes of what is sent and received that leave the code as it is.
fn wire_cases() -> Vec<Case> {
    use Kind::*;
    let plain = || operation(&json!({}));
    let with = |key: &str, value: Value| operation(&json!({ key: value }));
    let secured = |alternatives: Value| with("security", alternatives);
    let servers = |second: &str| {
        let mut document = plain();
        document["servers"] = json!([{"url": "/api/v1"}, {"url": second}]);
        document
    };
    let scheme = |id: &str, scheme: &str| {
        let mut document = plain();
        document["components"]["securitySchemes"] = json!({id: {"type": "http", "scheme": scheme}});
        document["security"] = json!([{id: []}]);
        document
    };
    let headers = |headers: Value| response(json!({"description": "D", "headers": headers}));
    let error = |schema: Value| {
        operation(
            &json!({"responses": {"200": {"description": "OK"}, "404": content("application/json", schema)}}),
        )
    };
    let optional = |members: Value| property(&[], members);
    let on = |key: &str| optional(json!({ key: true }));
    let none = || optional(json!({}));
    let sized = |length: u64| optional(json!({"maxLength": length}));
    vec![
        (ServersChanged, servers("/a"), servers("/b")),
        (
            OperationSecurityTightened,
            secured(json!([{"basic": []}, {"session": []}])),
            secured(json!([{"basic": []}])),
        ),
        (
            OperationSecurityTightened,
            secured(json!([{"oauth": ["read"]}])),
            secured(json!([{"oauth": ["read", "write"]}])),
        ),
        (
            OperationSecurityTightened,
            plain(),
            secured(json!([{"basic": []}])),
        ),
        (
            OperationSecurityRelaxed,
            secured(json!([{"basic": []}])),
            secured(json!([{}, {"basic": []}])),
        ),
        (
            OperationPrivilegeAdded,
            plain(),
            with("x-required-privileges", json!(["admin"])),
        ),
        (
            OperationPrivilegeRemoved,
            with("x-required-privileges", json!(["admin"])),
            plain(),
        ),
        (
            OperationSunsetChanged,
            with("x-sunset", json!("2027-01-01")),
            with("x-sunset", json!("2028-01-01")),
        ),
        (
            ResponseErrorBodyChanged,
            error(json!({"type": "string"})),
            error(json!({"type": "integer"})),
        ),
        (
            ResponseHeaderAdded,
            headers(json!({})),
            headers(json!({"X-A": {"schema": {"type": "string"}}})),
        ),
        (
            ResponseHeaderChanged,
            headers(json!({"X-A": {"schema": {"type": "string"}}})),
            headers(json!({"X-A": {"schema": {"type": "integer"}}})),
        ),
        (
            OperationSecurityTightened,
            scheme("login", "basic"),
            scheme("login", "bearer"),
        ),
        (
            MediaTypesChanged,
            body(json!({})),
            body(
                json!({"content": {"application/json": {"schema": {"type": "string"}}, "text/csv": {}}}),
            ),
        ),
        (
            MediaTypesChanged,
            response(content("application/json", json!({"type": "string"}))),
            response(
                json!({"description": "D", "content": {"application/json": {"schema": {"type": "string"}}, "text/csv": {}}}),
            ),
        ),
        (
            ServersChanged,
            plain(),
            with("servers", json!([{"url": "https://other"}])),
        ),
        (
            ResponseHeaderRemoved,
            headers(json!({"X-A": {"schema": {"type": "string"}}})),
            headers(json!({})),
        ),
        (PropertyBecameReadOnly, none(), on("readOnly")),
        (PropertyNoLongerReadOnly, on("readOnly"), none()),
        (PropertyBecameWriteOnly, none(), on("writeOnly")),
        (PropertyNoLongerWriteOnly, on("writeOnly"), none()),
        (ConstraintTightened, none(), sized(5)),
        (ConstraintTightened, sized(5), sized(4)),
        (ConstraintRelaxed, sized(5), sized(6)),
        (ConstraintRelaxed, sized(5), none()),
        (
            ConstraintTightened,
            optional(json!({"pattern": "^a"})),
            optional(json!({"pattern": "^b"})),
        ),
        (
            ConstraintTightened,
            optional(json!({"type": "integer", "enum": [1, 2]})),
            optional(json!({"type": "integer", "enum": [2, 3]})),
        ),
        (
            ConstraintRelaxed,
            optional(json!({"type": "integer", "enum": [1]})),
            optional(json!({"type": "integer", "enum": [1, 2]})),
        ),
        (
            ConstraintTightened,
            optional(json!({"type": "number", "minimum": 1})),
            optional(json!({"type": "number", "minimum": 1, "exclusiveMinimum": true})),
        ),
        (
            ConstraintTightened,
            parameter(json!({"schema": {"type": "integer"}})),
            parameter(json!({"schema": {"type": "integer", "maximum": 9}})),
        ),
        (
            ConstraintTightened,
            object(
                &[],
                json!({"a": {"type": "array", "items": {"type": "string"}}}),
            ),
            object(
                &[],
                json!({"a": {"type": "array", "items": {"type": "string", "minLength": 1}}}),
            ),
        ),
        (
            DefaultChanged,
            optional(json!({"default": "a"})),
            optional(json!({"default": "b"})),
        ),
        (
            DefaultChanged,
            parameter(json!({})),
            parameter(json!({"schema": {"type": "string", "default": "b"}})),
        ),
        (
            OptionalPropertyBecameNullable,
            body(json!({})),
            body(
                json!({"content": {"application/json": {"schema": {"type": "string", "nullable": true}}}}),
            ),
        ),
    ]
}

/// Two objects with discriminator values, and a union of them.
fn animals(discriminator: Value) -> Value {
    let animal = |own: &str| {
        json!({"type": "object", "required": ["kind", "sort", own], "properties": {
            "kind": {"type": "string"}, "sort": {"type": "string"}, own: {"type": "string"},
        }})
    };
    let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let mut union = json!({"oneOf": [to("Cat"), to("Dog")]});
    if discriminator != Value::Null {
        union["discriminator"] = discriminator;
    }
    used(
        true,
        true,
        json!({"Node": union, "Cat": animal("claws"), "Dog": animal("tail")}),
    )
}

fn mapped(values: &[(&str, &str)]) -> Value {
    let mapping = values.iter().map(|(value, name)| {
        (
            (*value).to_owned(),
            json!(format!("#/components/schemas/{name}")),
        )
    });
    let mapping: serde_json::Map<_, _> = mapping.collect();
    animals(json!({"propertyName": "kind", "mapping": mapping}))
}

fn cases() -> Vec<Case> {
    [
        wire_cases(),
        operation_cases(),
        parameter_cases(),
        body_and_response_cases(),
        type_cases(),
        property_cases(),
    ]
    .concat()
}

/// The kinds of changes between two documents.
fn kinds(old: &Value, new: &Value) -> Vec<Kind> {
    let comparison = changes(old, new);
    comparison.iter().map(|change| change.kind).collect()
}

fn changes(old: &Value, new: &Value) -> Vec<Change> {
    compare(&text(old), &text(new)).unwrap().changes
}

/// The kinds and texts of the changes.
fn lines(old: &Value, new: &Value) -> Vec<String> {
    let comparison = changes(old, new);
    comparison
        .iter()
        .map(|change| format!("{}: {change}", change.kind.id()))
        .collect()
}

#[test]
fn each_case_gives_exactly_its_kind_of_change() {
    for (kind, old, new) in cases() {
        assert_eq!(kinds(&old, &new), [kind], "{old}\n{new}");
    }
    for (companion, kind, old, new) in constructor_cases() {
        assert_eq!(kinds(&old, &new), [companion, kind], "{old}\n{new}");
    }
}

#[test]
fn every_kind_of_change_has_a_case() {
    let mut shown: Vec<Kind> = cases().into_iter().map(|(kind, ..)| kind).collect();
    shown.extend(constructor_cases().into_iter().map(|(_, kind, ..)| kind));
    let lines: Vec<&str> = table().into_iter().flat_map(|(.., lines)| lines).collect();
    for kind in Kind::ALL {
        let start = format!("{}: ", kind.id());
        let is_shown = shown.contains(kind) || lines.iter().any(|line| line.starts_with(&start));
        assert!(is_shown, "{}", kind.id());
    }
}

#[test]
fn a_document_compared_with_itself_has_no_changes() {
    for (_, old, new) in cases() {
        assert_eq!(kinds(&old, &old), []);
        assert_eq!(kinds(&new, &new), []);
    }
    let golden = || Source::new("golden", include_str!("../../tests/golden/golden.yaml"));
    let comparison = compare(&golden(), &golden()).unwrap();
    assert_eq!((comparison.changes(), comparison.level()), (&[][..], None));
}

#[test]
fn swapping_the_documents_turns_additions_into_removals() {
    for (kind, old, new) in cases() {
        let [swapped] = kinds(&new, &old)[..] else {
            panic!("{kind:?} the other way round is not one change");
        };
        assert!(
            opposites(kind).contains(&swapped.id().to_owned()),
            "{kind:?} {swapped:?}"
        );
    }
}

/// The ids of the changes that undo a change of this kind.
fn opposites(kind: Kind) -> Vec<String> {
    let id = kind.id();
    let replaced = |one: &str, other: &str| id.contains(one).then(|| id.replace(one, other));
    [
        replaced("-added-required", "-removed"),
        replaced("-added", "-removed"),
        replaced("-removed", "-added"),
        replaced("-removed", "-added-required"),
        replaced("-became-required", "-became-optional"),
        replaced("-became-optional", "-became-required"),
        replaced("-became-", "-no-longer-"),
        replaced("-no-longer-", "-became-"),
        replaced("-tightened", "-relaxed"),
        replaced("-relaxed", "-tightened"),
        // Some kinds undo themselves. Another pattern is stricter both ways.
        Some(id.to_owned()),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[test]
fn change_ids_are_unique_kebab_case_and_documented() {
    let mut ids: Vec<&str> = Kind::ALL.iter().map(|kind| kind.id()).collect();
    for kind in Kind::ALL {
        let plain = |letter: char| letter.is_ascii_lowercase() || letter == '-';
        assert!(kind.id().chars().all(plain), "{kind:?}");
        assert!(kind.documentation().ends_with('.'), "{kind:?}");
        assert!(
            kind.request_level().or(kind.response_level()).is_some(),
            "{kind:?}"
        );
        let name = format!("{kind:?}").to_lowercase();
        assert_eq!(kind.id().replace('-', ""), name);
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), Kind::ALL.len());
}

#[test]
fn requests_and_responses_have_separate_levels() {
    let required = |one: &str, other: &str| json!({"Node": {"type": "object", "required": [one, other], "properties": {one: {"type": "string"}, other: {"type": "string"}}}});
    for (sent, received, usage, level) in [
        (true, false, "sent", Level::Breaking),
        (false, true, "received", Level::Note),
        (true, true, "sent and received", Level::Breaking),
        (
            false,
            false,
            "not used in requests or success responses",
            Level::Breaking,
        ),
    ] {
        let of = |one, other| used(sent, received, required(one, other));
        let changes = changes(&of("a", "b"), &of("b", "a"));
        let [change] = changes.as_slice() else {
            panic!("{changes:?}");
        };
        assert_eq!(change.kind, Kind::PropertiesReordered);
        assert_eq!(
            (change.usage.to_string().as_str(), change.level()),
            (usage, level)
        );
        assert_eq!(change.request_level().is_some(), sent || !received);
        assert_eq!(change.response_level().is_some(), received || !sent);
    }
}

#[test]
fn a_type_change_is_reported_once_with_all_methods_that_use_it() {
    let of = |properties: Value| {
        let get = |id: &str, name: &str| {
            let schema = json!({"$ref": format!("#/components/schemas/{name}")});
            json!({"get": {"operationId": id, "responses": {"200": content("application/json", schema)}}})
        };
        let list = json!({"type": "object", "properties": {"nodes": {"type": "array", "items": {"$ref": "#/components/schemas/Node"}}}});
        document(
            &json!({"/nodes": get("ListNodes", "NodeList"), "/node": get("GetNode", "Node"), "/tag": get("GetTag", "Tag")}),
            &json!({"NodeList": list, "Node": {"type": "object", "properties": properties}, "Tag": {"type": "string"}}),
        )
    };
    let old = of(json!({"parent": {"$ref": "#/components/schemas/Node"}}));
    let new =
        of(json!({"parent": {"$ref": "#/components/schemas/Node"}, "id": {"type": "string"}}));
    let changes = changes(&old, &new);
    let [change] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!(
        change.subject,
        Subject::Type {
            name: "Node".to_owned()
        }
    );
    assert_eq!(change.methods, ["get_node", "list_nodes"]);
    assert_eq!(change.to_string(), "property `id` added: `Option<String>`");
}

#[test]
fn a_change_of_an_inherited_allof_property_is_reported_for_the_base() {
    let of = |base: Value, own: Value, name: &str| {
        let base_reference = json!({"$ref": format!("#/components/schemas/{name}")});
        let node = json!({"allOf": [base_reference, {"type": "object", "properties": own}]});
        used(
            true,
            false,
            json!({"Node": node, name: {"type": "object", "properties": base}}),
        )
    };
    let string = || json!({"type": "string"});
    let old = of(json!({"id": string()}), json!({"name": string()}), "Base");
    let new = of(
        json!({"id": string(), "tag": string()}),
        json!({"name": {"type": "integer"}}),
        "Base",
    );
    let changes = changes(&old, &new);
    let reported: Vec<_> = changes
        .iter()
        .map(|change| (change.subject.clone(), change.to_string()))
        .collect();
    let subject = |name: &str| Subject::Type {
        name: name.to_owned(),
    };
    assert_eq!(
        reported,
        [
            (
                subject("Base"),
                "property `tag` added: `Option<String>`".to_owned()
            ),
            (
                subject("Node"),
                "property `name` has another type: `String` → `i64`".to_owned()
            ),
        ]
    );
    assert!(
        changes
            .iter()
            .all(|change| change.usage == Usage::SENT && change.methods == ["put_node"])
    );
    // Renaming the base is one change, too.
    let new = of(json!({"id": string()}), json!({"name": string()}), "Root");
    assert_eq!(
        lines(&old, &new),
        ["type-renamed: type renamed: `Base` → `Root`"]
    );
}

#[test]
fn a_type_that_inherits_a_change_is_named_but_its_own_changes_are_reported() {
    let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let text = || json!({"type": "string"});
    let of = |base: Value, own: Value, added: bool| {
        let heir = |base: &str, own: &Value| json!({"allOf": [to(base), {"type": "object", "properties": own}]});
        let mut schemas = json!({
            "Base": {"type": "object", "properties": base},
            "Middle": heir("Base", &json!({"m": {"type": "string"}})),
            "Node": heir("Middle", &own),
            "Other": heir("Base", &json!({"o": text()})),
        });
        if added {
            schemas["New"] = json!({"type": "object", "properties": {"a": text()}});
            schemas["NewNode"] = heir("New", &json!({"n": text()}));
        }
        used(true, true, schemas)
    };
    let state = |values: &[&str]| json!({"state": {"type": "string", "enum": values}});
    let old = of(state(&["up", "down"]), json!({}), false);
    let new = of(state(&["up"]), json!({"own": text()}), true);
    let changes = changes(&old, &new);
    let reported: Vec<(String, &[String])> = changes
        .iter()
        .map(|change| match &change.subject {
            Subject::Type { name } => (format!("{name}: {change}"), change.inherited_by.as_slice()),
            other => panic!("{other:?}"),
        })
        .collect();
    let heirs = ["MiddleState", "NodeState", "OtherState"].map(str::to_owned);
    assert_eq!(
        reported,
        [
            ("BaseState: value `down` removed".to_owned(), &heirs[..]),
            ("New: type added".to_owned(), &[]),
            ("NewNode: type added".to_owned(), &[]),
            (
                "Node: property `own` added: `Option<String>`".to_owned(),
                &[]
            ),
        ]
    );
}

#[test]
fn a_child_that_requires_an_inherited_allof_property_is_reported_itself() {
    let of = |required: &[&str]| {
        let own = json!({"type": "object", "required": required, "properties": {"name": {"type": "string"}}});
        let node = json!({"allOf": [{"$ref": "#/components/schemas/Base"}, own]});
        let base = json!({"type": "object", "properties": {"id": {"type": "string"}}});
        used(true, false, json!({"Node": node, "Base": base}))
    };
    let changes = changes(&of(&[]), &of(&["id"]));
    let [change] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!(change.kind, Kind::PropertyBecameRequired);
    assert_eq!(
        change.subject,
        Subject::Type {
            name: "Node".to_owned()
        }
    );
}

#[test]
fn changes_of_inline_types_are_reported_for_the_types() {
    let of = |value: &str| {
        let kind = json!({"type": "string", "enum": [value]});
        let nested =
            json!({"type": "array", "items": {"type": "object", "properties": {"kind": kind}}});
        let schema = json!({"type": "object", "properties": {"tags": nested}});
        let mut body = content("application/json", schema.clone());
        merge(&mut body, &json!({"required": true}));
        let mut document = operation(&json!({
            "parameters": [{"name": "sort", "in": "query", "schema": kind}],
            "requestBody": body,
            "responses": {"200": content("application/json", schema.clone())},
        }));
        document["components"]["schemas"]["Node"] = schema;
        document
    };
    let changes = changes(&of("A"), &of("B"));
    let added: Vec<(String, &[String])> = changes
        .iter()
        .filter(|change| change.kind == Kind::EnumValueAdded)
        .map(|change| match &change.subject {
            Subject::Type { name } => (format!("{name}: {change}"), change.methods.as_slice()),
            other => panic!("{other:?}"),
        })
        .collect();
    let methods = &["read_node".to_owned()];
    assert_eq!(
        added,
        [
            ("NodeTagsItemKind: value `B` added".to_owned(), &[][..]),
            (
                "ReadNodeBodyTagsItemKind: value `B` added".to_owned(),
                methods
            ),
            (
                "ReadNodeResponseTagsItemKind: value `B` added".to_owned(),
                methods
            ),
            ("ReadNodeSort: value `B` added".to_owned(), methods),
        ]
    );
}

/// Code that calls `a` still compiles, and calls something else.
#[test]
fn operations_that_exchange_their_ids_keep_their_methods() {
    let of = |get: &str, put: &str| {
        let of = |id: &str| json!({"operationId": id, "x-idempotent": true, "responses": {"200": {"description": "OK"}}});
        document(&json!({"/a": {"get": of(get), "put": of(put)}}), &json!({}))
    };
    assert_eq!(
        lines(&of("A", "B"), &of("B", "A")),
        [
            "operation-http-method-changed: HTTP method changed: `PUT` → `GET`",
            "operation-http-method-changed: HTTP method changed: `GET` → `PUT`",
        ]
    );
    assert_eq!(
        lines(&of("A", "B"), &of("A", "C")),
        ["operation-renamed: method renamed: `b` → `c`"]
    );
}

#[test]
fn a_dissimilar_type_in_the_same_place_is_not_a_rename() {
    let of = |name: &str, property: &str| {
        let node = json!({"type": "object", "properties": {"tag": {"$ref": format!("#/components/schemas/{name}")}}});
        let other = json!({"type": "object", "properties": {property: {"type": "string"}}});
        used(true, false, json!({"Node": node, name: other}))
    };
    assert_eq!(
        lines(&of("Tag", "scope"), &of("Label", "text")),
        [
            "type-added: type added",
            "property-type-changed: property `tag` has another type: `Tag` → `Label`",
            "type-removed: type removed",
        ]
    );
}

#[test]
fn changes_that_only_affect_the_docs_are_ignored() {
    let old = property(
        &[],
        json!({"description": "A", "example": "y", "title": "T"}),
    );
    let new = property(&[], json!({"description": "B"}));
    assert_eq!(kinds(&old, &new), []);
    // A parameter cannot be null.
    let nullable = parameter(json!({"schema": {"type": "string", "nullable": true}}));
    assert_eq!(kinds(&parameter(json!({})), &nullable), []);
    let tag = json!({"$ref": "#/components/schemas/Tag"});
    let of = |tag: Value| {
        let node = json!({"type": "object", "properties": {"tag": tag}});
        used(true, true, json!({"Node": node, "Tag": {"type": "string"}}))
    };
    for same in [json!({"allOf": [tag]}), json!({"oneOf": [tag]})] {
        assert_eq!(kinds(&of(tag.clone()), &of(same)), []);
    }
}

#[test]
fn security_schemes_are_compared_by_what_they_are_and_once_for_the_document() {
    let of = |id: &str, scheme: &str| {
        let get = |id: &str| json!({"get": {"operationId": id, "responses": {"200": {"description": "OK"}}}});
        let mut document = document(&json!({"/a": get("A"), "/b": get("B")}), &json!({}));
        document["components"]["securitySchemes"] =
            json!({id: {"type": "http", "scheme": scheme, "description": id}});
        document["security"] = json!([{id: []}]);
        document
    };
    assert_eq!(kinds(&of("a", "basic"), &of("b", "basic")), []);
    assert_eq!(
        lines(&of("a", "basic"), &of("a", "bearer")),
        ["operation-security-tightened: security requires more: `http basic` → `http bearer`"]
    );
}

#[test]
fn a_query_parameter_may_take_the_name_of_a_path_parameter() {
    let of = |path: &str, query: Option<&str>| {
        let parameter = |name: &str, place: &str| json!({"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}});
        let mut parameters = vec![parameter(path, "path")];
        parameters.extend(query.map(|name| parameter(name, "query")));
        let get = json!({"operationId": "GetA", "parameters": parameters, "responses": {"200": {"description": "OK"}}});
        document(
            &json!({ format!("/a/{{{path}}}"): { "get": get } }),
            &json!({}),
        )
    };
    assert_eq!(
        kinds(&of("id", None), &of("node", Some("id"))),
        [
            Kind::RequestPathParameterRenamed,
            Kind::RequestParameterAdded
        ]
    );
}

#[test]
fn bounds_that_exclude_the_same_values_are_equal() {
    let with = |members: Value| property(&[], members);
    let integer = |members: Value| {
        let mut schema = json!({"type": "integer"});
        merge(&mut schema, &members);
        with(schema)
    };
    for (old, new) in [
        (with(json!({})), with(json!({"minLength": 0}))),
        (integer(json!({})), integer(json!({"multipleOf": 1}))),
        (
            integer(json!({})),
            integer(json!({"exclusiveMinimum": true})),
        ),
        (
            integer(json!({"minimum": 0, "exclusiveMinimum": true})),
            integer(json!({"minimum": 1})),
        ),
        (
            integer(json!({"format": "int32"})),
            integer(json!({"format": "int32", "minimum": i32::MIN, "maximum": i32::MAX})),
        ),
    ] {
        assert_eq!(kinds(&old, &new), [], "{new}");
        assert_eq!(kinds(&new, &old), [], "{new}");
    }
    for (old, new) in [
        (
            integer(json!({"maximum": i64::MAX - 1})),
            integer(json!({"maximum": i64::MAX - 2})),
        ),
        (
            integer(json!({"multipleOf": 5})),
            integer(json!({"multipleOf": 10})),
        ),
        (
            integer(json!({"minimum": 3})),
            integer(json!({"minimum": 3, "exclusiveMinimum": true})),
        ),
        (
            with(json!({"type": "number", "maximum": 1.5})),
            with(json!({"type": "number", "maximum": 1.5, "exclusiveMaximum": true})),
        ),
    ] {
        assert_eq!(kinds(&old, &new), [Kind::ConstraintTightened], "{new}");
        assert_eq!(kinds(&new, &old), [Kind::ConstraintRelaxed], "{new}");
    }
}

#[test]
fn constraints_of_properties_that_move_between_a_type_and_its_base_are_compared() {
    let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let name = |length: u64| json!({"name": {"type": "string", "maxLength": length}});
    let of = |base: Value, own: Value, parent: &str| {
        let other = json!({"type": "object", "properties": name(3)});
        let node = json!({"allOf": [to(parent), {"type": "object", "properties": own}]});
        let base = json!({"type": "object", "properties": base});
        used(
            true,
            true,
            json!({"Node": node, "Base": base, "Other": other}),
        )
    };
    let id = || json!({"id": {"type": "string"}});
    let both = |length| {
        let mut both = id();
        merge(&mut both, &name(length));
        both
    };
    let stricter = |old: u64, new: u64| {
        format!(
            "constraint-tightened: property `name` is stricter: `maxLength {old}` → `maxLength {new}`"
        )
    };
    // Into the type, from the base.
    let moved = lines(&of(both(10), id(), "Base"), &of(id(), both(5), "Base"));
    assert!(moved.contains(&stricter(10, 5)), "{moved:?}");
    // To another base.
    let moved = lines(&of(name(10), id(), "Base"), &of(name(10), id(), "Other"));
    assert!(moved.contains(&stricter(10, 3)), "{moved:?}");
    // Overridden.
    let own = lines(
        &of(name(10), name(10), "Base"),
        &of(name(10), name(5), "Base"),
    );
    assert_eq!(own, [stricter(10, 5)]);
    // Inherited, so it is reported for the base.
    let changes = changes(&of(name(10), id(), "Base"), &of(name(5), id(), "Base"));
    let [change] = changes.as_slice() else {
        panic!("{changes:?}");
    };
    assert_eq!(change.inherited_by, ["Node"]);
}

#[test]
fn an_inline_schema_that_moves_to_a_component_with_its_name_is_no_change() {
    let status = json!({"type": "string", "enum": ["up", "down"]});
    let of = |schema: &Value, components: Value| {
        let mut all = json!({"Node": {"type": "object", "properties": {"status": schema}}});
        merge(&mut all, &components);
        used(true, true, all)
    };
    let inline = of(&status, json!({}));
    let moved = of(
        &json!({"$ref": "#/components/schemas/NodeStatus"}),
        json!({"NodeStatus": status}),
    );
    assert_eq!(kinds(&inline, &moved), []);
    assert_eq!(kinds(&moved, &inline), []);
    let bounded = |length: u64| json!({"type": "string", "maxLength": length});
    let moved = of(
        &json!({"$ref": "#/components/schemas/Name"}),
        json!({"Name": bounded(4)}),
    );
    assert_eq!(
        lines(&of(&bounded(5), json!({})), &moved),
        [
            "type-added: type added",
            "property-type-changed: property `status` has another type: `String` → `Name`",
            "constraint-tightened: property `status` is stricter: `maxLength 5` → `maxLength 4`",
        ]
    );
    let object = |length: u64| json!({"type": "object", "properties": {"a": bounded(length)}});
    let moved = of(
        &json!({"$ref": "#/components/schemas/NodeStatus"}),
        json!({"NodeStatus": object(4)}),
    );
    assert_eq!(
        lines(&of(&object(5), json!({})), &moved),
        ["constraint-tightened: property `status.a` is stricter: `maxLength 5` → `maxLength 4`"]
    );
    // A password is a component without a type.
    let password = |length: u64| {
        of(
            &json!({"$ref": "#/components/schemas/Pin"}),
            json!({"Pin": {"type": "string", "format": "password", "minLength": length}}),
        )
    };
    assert_eq!(
        lines(&password(4), &password(6)),
        ["constraint-tightened: type is stricter: `minLength 4` → `minLength 6`"]
    );
}

#[test]
fn recursive_types_and_repeated_allof_bases_are_reported_once() {
    let reference = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let of = |word: &str| {
        let mut schemas = json!({"B0": {"type": "object", "properties": {"a": {"type": word}, "self": reference("Node")}}});
        for level in 1..10 {
            let below = reference(&format!("B{}", level - 1));
            schemas[format!("B{level}")] =
                json!({"allOf": [below, below, {"properties": {"own": {"type": "string"}}}]});
        }
        schemas["Node"] = json!({"allOf": [reference("B9"), {"properties": {"list": {"type": "array", "items": reference("Node")}}}]});
        used(true, true, schemas)
    };
    assert_eq!(
        lines(&of("string"), &of("integer")),
        ["property-type-changed: property `a` has another type: `String` → `i64`"]
    );
}

#[test]
fn comparing_an_invalid_document_is_the_same_error_as_in_generate() {
    let good = text(&operation(&json!({})));
    for bad in [
        "openapi: [",
        "swagger: '2.0'",
        "openapi: 3.0.3\ninfo: {title: T, version: '1'}\npaths: {}\n",
    ] {
        let expected = crate::generate_from_str("bad", bad)
            .unwrap_err()
            .to_string();
        let bad = Source::new("bad", bad);
        assert_eq!(compare(&bad, &good).unwrap_err().to_string(), expected);
        assert_eq!(compare(&good, &bad).unwrap_err().to_string(), expected);
    }
}

/// Changes that are more than one for code, with what is reported.
fn table() -> Vec<(&'static str, Value, Value, Vec<&'static str>)> {
    let plain = mapped(&[("cat", "Cat"), ("dog", "Dog")]);
    let to = |name: &str| json!({"$ref": format!("#/components/schemas/{name}")});
    let text = json!({"type": "string"});
    let parts = |names: &[&str]| {
        let all = ["A", "B", "C"].map(|name| {
            let object = json!({"type": "object", "properties": {name: text}});
            (name.to_owned(), object)
        });
        let mut schemas: serde_json::Map<_, _> = all.into_iter().collect();
        let parts: Vec<Value> = names.iter().map(|name| to(name)).collect();
        let node =
            json!({"type": "object", "required": ["p"], "properties": {"p": {"allOf": parts}}});
        schemas.insert("Node".to_owned(), node);
        used(true, true, Value::Object(schemas))
    };
    let bodies = |kind: &str| {
        body(json!({"content": {"application/json": {"schema":
            {"type": kind, "items": text, "properties": {"a": text}}}}}))
    };
    let cats = |names: &[&str]| {
        let mut document = plain.clone();
        let union = &mut document["components"]["schemas"]["Node"];
        let parts: Vec<Value> = names.iter().map(|name| to(name)).collect();
        union["oneOf"] = json!(parts);
        if !names.contains(&"Dog") {
            union["discriminator"]["mapping"]
                .as_object_mut()
                .unwrap()
                .remove("dog");
        }
        document
    };
    let dog = |owner: Value| {
        let mut document = plain.clone();
        document["components"]["schemas"]["Dog"]["properties"]["owner"] = owner;
        document
    };
    let page = |cursor: &str| {
        let list = json!({"type": "object", "properties": {"cursor": text, "results": {"type": "array", "items": text}}});
        operation(&json!({
            "operationId": "ReadNode",
            "parameters": [{"name": cursor, "in": "query", "schema": text}],
            "responses": {"200": content("application/json", list)},
        }))
    };
    let as_get = |mut document: Value| {
        let item = document["paths"]["/nodes/{node-id}"]
            .as_object_mut()
            .unwrap();
        let post = item.remove("post").unwrap();
        item.insert("get".to_owned(), post);
        document
    };
    let wrapped = |kind: Value| used(true, true, json!({"Node": to("Kind"), "Kind": kind}));
    let object = json!({"type": "object", "properties": {"a": text}});
    vec![
        (
            "a value is inserted whose variant has the same name",
            texts(&["A_B", "C"]),
            texts(&["a-b", "A_B", "C"]),
            vec!["enum-value-changed: variant `AB` has another value on the wire: `A_B` → `a-b`"],
        ),
        (
            "values exchange their variants",
            texts(&["a-b", "A_B"]),
            texts(&["A_B", "a-b"]),
            vec![
                "enum-value-changed: variant `AB` has another value on the wire: `a-b` → `A_B`",
                "enum-value-changed: variant `AB2` has another value on the wire: `A_B` → `a-b`",
            ],
        ),
        (
            "the first of two values with the same name is removed",
            texts(&["a-b", "A_B", "C"]),
            texts(&["A_B", "C"]),
            vec![
                "enum-value-changed: variant `AB` has another value on the wire: `a-b` → `A_B`",
                "enum-variant-renamed: value `A_B` has another variant: `AB2` → `AB`",
            ],
        ),
        (
            "a value has the name of the variant for unlisted values",
            texts(&["A"]),
            texts(&["A", "Unrecognized"]),
            vec![
                "enum-value-added: value `Unrecognized` added",
                "enum-fallback-changed: variant for other values changed: `Unrecognized` → `Unrecognized_`",
            ],
        ),
        (
            "a discriminator is added",
            animals(Value::Null),
            plain.clone(),
            vec![
                "type-constructor-changed: constructor takes other arguments: `new(kind, sort, claws)` → `new(sort, claws)`",
                "type-constructor-changed: constructor takes other arguments: `new(kind, sort, tail)` → `new(sort, tail)`",
                "type-changed: type has another kind: `enum of types` → `discriminated union`",
            ],
        ),
        (
            "a discriminator is removed",
            plain.clone(),
            animals(Value::Null),
            vec![
                "type-constructor-changed: constructor takes other arguments: `new(sort, claws)` → `new(kind, sort, claws)`",
                "type-constructor-changed: constructor takes other arguments: `new(sort, tail)` → `new(kind, sort, tail)`",
                "type-changed: type has another kind: `discriminated union` → `enum of types`",
            ],
        ),
        (
            "another property is the discriminator",
            plain.clone(),
            animals(
                json!({"propertyName": "sort", "mapping": {"cat": "#/components/schemas/Cat", "dog": "#/components/schemas/Dog"}}),
            ),
            vec![
                "type-constructor-changed: constructor takes other arguments: `new(sort, claws)` → `new(kind, claws)`",
                "type-constructor-changed: constructor takes other arguments: `new(sort, tail)` → `new(kind, tail)`",
                "union-discriminator-changed: discriminator changed: `kind` → `sort`",
            ],
        ),
        (
            "a discriminator value is renamed",
            plain.clone(),
            mapped(&[("feline", "Cat"), ("dog", "Dog")]),
            vec![
                "property-discriminator-value-changed: property `kind` has another value in a new struct: `cat` → `feline`",
                "union-variant-values-changed: variant `Cat` has other discriminator values: `cat`, `Cat` → `feline`, `Cat`",
            ],
        ),
        (
            "discriminator values are exchanged",
            plain.clone(),
            mapped(&[("dog", "Cat"), ("cat", "Dog")]),
            vec![
                "property-discriminator-value-changed: property `kind` has another value in a new struct: `cat` → `dog`",
                "property-discriminator-value-changed: property `kind` has another value in a new struct: `dog` → `cat`",
                "union-variant-values-changed: variant `Dog` has other discriminator values: `dog`, `Dog` → `cat`, `Dog`",
                "union-variant-values-changed: variant `Cat` has other discriminator values: `cat`, `Cat` → `dog`, `Cat`",
            ],
        ),
        (
            "a second discriminator value is sent",
            plain.clone(),
            mapped(&[("a", "Cat"), ("cat", "Cat"), ("dog", "Dog")]),
            vec![
                "property-discriminator-value-changed: property `kind` has another value in a new struct: `cat` → `a`",
                "union-variant-values-changed: variant `Cat` has other discriminator values: `cat`, `Cat` → `a`, `cat`, `Cat`",
            ],
        ),
        (
            "a second discriminator value is received",
            plain.clone(),
            mapped(&[("cat", "Cat"), ("dog", "Dog"), ("wolf", "Dog")]),
            vec![
                "union-variant-value-added: variant `Dog` has another discriminator value: `dog`, `Dog` → `dog`, `wolf`, `Dog`",
            ],
        ),
        (
            "a discriminated union gets a variant",
            cats(&["Cat"]),
            plain.clone(),
            vec![
                "type-extra-added: field added, for properties that the document does not list: `extra: crate::Extra`",
                "type-constructor-added: constructor added: `new(sort, tail)`",
                "discriminated-union-variant-added: variant added: `Dog(Dog)`",
            ],
        ),
        (
            "a variant contains its union",
            dog(to("Cat")),
            dog(to("Node")),
            vec![
                "property-type-changed: property `owner` has another type: `Cat` → `Node`",
                "union-variant-type-changed: variant `Dog` has another type: `Dog` → `Box<Dog>`",
            ],
        ),
        (
            "a merged property gets another part",
            parts(&["A", "B"]),
            parts(&["A", "B", "C"]),
            vec!["property-added: property `C` added: `Option<String>`"],
        ),
        (
            "a body becomes a list",
            bodies("object"),
            bodies("array"),
            vec![
                "request-body-type-changed: request body has another type: `ReadNodeBody` → `Vec<String>`",
                "type-removed: type removed",
            ],
        ),
        (
            "a list in pages is one no longer",
            as_get(page("cursor")),
            as_get(page("mark")),
            vec![
                "request-parameter-added: parameter `mark` added: `.mark(…)`",
                "request-parameter-removed: parameter `cursor` removed: `.cursor(…)`",
                "operation-list-removed: `stream` and `pages` removed",
            ],
        ),
        (
            "a list becomes one in pages",
            as_get(page("mark")),
            as_get(page("cursor")),
            vec![
                "request-parameter-added: parameter `cursor` added: `.cursor(…)`",
                "request-parameter-removed: parameter `mark` removed: `.mark(…)`",
                "operation-list-added: `stream` and `pages` added",
            ],
        ),
        (
            "a type loses implementations",
            wrapped(text.clone()),
            wrapped(object.clone()),
            vec![
                "type-changed: type has another kind: `String` → `struct`",
                "type-trait-removed: implementation of `TryFrom<&str> for Node` removed",
                "type-trait-removed: implementation of `TryFrom<String> for Node` removed",
                "type-trait-removed: implementation of `std::fmt::Display for Node` removed",
                "type-trait-removed: implementation of `std::str::FromStr for Node` removed",
            ],
        ),
        (
            "a type gets implementations",
            wrapped(object),
            wrapped(text.clone()),
            vec![
                "type-changed: type has another kind: `struct` → `String`",
                "type-trait-added: implementation of `TryFrom<&str> for Node` added",
                "type-trait-added: implementation of `TryFrom<String> for Node` added",
                "type-trait-added: implementation of `std::fmt::Display for Node` added",
                "type-trait-added: implementation of `std::str::FromStr for Node` added",
            ],
        ),
    ]
}

#[test]
fn changes_with_several_consequences_report_each_of_them() {
    for (what, old, new, expected) in table() {
        assert_eq!(lines(&old, &new), expected, "{what}");
    }
}
