use super::*;
use serde_json::json;

/// The components of a document after flattening, or the faults.
fn flattened(schemas: Value) -> Result<Value, String> {
    let root = json!({"paths": {}, "components": {"schemas": schemas}});
    let flat = flatten("a.yaml", &root).map_err(|error| error.to_string())?;
    Ok(flat["components"]["schemas"].clone())
}

fn to(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

fn object(property: &str) -> Value {
    json!({"type": "object", "required": [property], "properties": {property: {"type": "string"}}})
}

#[test]
fn a_schema_with_a_single_allof_part_keeps_it() {
    for schema in [
        to("A"),
        json!({"description": "D", "nullable": true, "allOf": [to("A")]}),
        json!({"oneOf": [to("A"), to("B")]}),
        json!({"format": "password", "allOf": [{"type": "string"}, {"maxLength": 8}]}),
    ] {
        let schemas = json!({"S": schema, "A": object("a"), "B": object("b")});
        assert_eq!(flattened(schemas.clone()), Ok(schemas));
    }
}

#[test]
fn allof_parts_of_any_type_become_one_schema() {
    for (parts, expected) in [
        (
            json!([to("A"), {"additionalProperties": {"type": "integer"}}]),
            json!({"type": "object", "additionalProperties": {"type": "integer"}, "properties": {"a": {"type": "string"}}, "required": ["a"]}),
        ),
        (
            json!([{"type": "string"}, {"type": "string", "enum": ["x", "y"]}, {"enum": ["y", "z"], "maxLength": 3}]),
            json!({"type": "string", "enum": ["y"], "maxLength": 3}),
        ),
        (
            json!([{"type": "number"}, {"type": "integer"}]),
            json!({"type": "integer"}),
        ),
        (
            json!([{"type": "array", "items": {}, "minItems": 1}, {"type": "array", "items": to("A")}]),
            json!({"type": "array", "items": to("A"), "minItems": 1}),
        ),
        (
            json!([{"nullable": true, "type": "object"}, {"nullable": true, "properties": {"x": {}}}]),
            json!({"nullable": true, "type": "object", "properties": {"x": {}}}),
        ),
    ] {
        let all = flattened(json!({"S": {"allOf": parts}, "A": object("a")})).unwrap();
        assert_eq!(all["S"], expected);
    }
}

#[test]
fn allof_parts_that_contradict_each_other_are_reported() {
    for (parts, reason) in [
        (
            json!([{"type": "string"}, {"type": "integer"}]),
            "a value cannot be",
        ),
        (
            json!([{"enum": ["a"]}, {"enum": ["b"]}]),
            "the enums have no value in common",
        ),
        (json!([to("A"), {"type": "string"}]), "a value cannot be"),
    ] {
        let holder = json!({"properties": {"p": {"allOf": parts}}});
        let error = flattened(json!({"S": holder, "A": object("a")})).unwrap_err();
        assert!(
            error.contains("#/components/schemas/S: ") && error.contains(reason),
            "{error}"
        );
    }
}

#[test]
fn each_variant_of_a_union_gets_what_is_beside_the_union() {
    let beside = json!({"p": {"type": "integer"}});
    for schema in [
        json!({"description": "D", "properties": beside, "oneOf": [to("A"), object("b")]}),
        json!({"description": "D", "allOf": [{"oneOf": [to("A"), object("b")]}, {"properties": beside}]}),
        json!({"description": "D", "allOf": [to("P"), to("U")]}),
    ] {
        let union = json!({"oneOf": [to("A"), object("b")]});
        let all = json!({"S": schema, "A": object("a"), "P": {"properties": beside}, "U": union});
        let all = flattened(all).unwrap();
        let variant = |name: &str| json!({"type": "object", "properties": {"p": {"type": "integer"}, name: {"type": "string"}}, "required": [name]});
        assert_eq!(
            all["S"],
            json!({"description": "D", "oneOf": [to("SA"), variant("b")]})
        );
        assert_eq!(all["SA"], variant("a"));
    }
}

#[test]
fn a_variant_that_has_what_is_beside_the_union_stays() {
    let child = |name: &str| json!({"allOf": [to("Base"), object(name)]});
    let union = json!({"oneOf": [to("A"), to("B")]});
    let mut base = object("id");
    base.as_object_mut()
        .unwrap()
        .extend(union.as_object().unwrap().clone());
    let all = json!({"Base": base, "A": child("a"), "B": child("b")});
    let all = flattened(all).unwrap();
    assert_eq!(all["Base"], union);
    let both = json!({"id": {"type": "string"}, "a": {"type": "string"}});
    assert_eq!(
        all["A"],
        json!({"type": "object", "properties": both, "required": ["id", "a"]})
    );
    assert_eq!(all.as_object().unwrap().len(), 3);
}

#[test]
fn a_discriminator_refers_to_the_combined_variants() {
    let kind = |name: &str| json!({"properties": {"kind": {"type": "string"}, name: {}}});
    let union = json!({
        "oneOf": [to("A"), to("B")],
        "discriminator": {"propertyName": "kind", "mapping": {"a": to("A")["$ref"], "b": to("B")["$ref"]}, "x-fallback": to("B")},
    });
    let all = json!({
        "U": union, "A": kind("a"), "B": kind("b"), "Sa": {"type": "string"},
        "S": {"properties": {"u": {"allOf": [to("U"), {"properties": {"p": {}}}]}}},
    });
    let all = flattened(all).unwrap();
    let combined = &all["S"]["properties"]["u"];
    assert_eq!(combined["oneOf"], json!([to("SUA"), to("SUB")]));
    assert_eq!(
        combined["discriminator"],
        json!({"propertyName": "kind", "mapping": {"a": to("SUA")["$ref"], "b": to("SUB")["$ref"]}, "x-fallback": to("SUB")})
    );
    let names = |name: &str| {
        let names = all[name]["properties"].as_object().unwrap().keys();
        names.cloned().collect::<Vec<_>>()
    };
    assert_eq!(names("SUA"), ["p", "kind", "a"]);
    assert_eq!(all["U"], union);
}

#[test]
fn unions_are_combined_and_their_number_is_limited() {
    let union = |names: [&str; 2]| json!({"oneOf": names.map(object)});
    let two = json!({"allOf": [union(["a", "b"]), union(["c", "d"])]});
    let all = flattened(json!({"S": two})).unwrap();
    let variants = all["S"]["oneOf"].as_array().unwrap();
    let required: Vec<Value> = variants
        .iter()
        .flat_map(|variant| variant["oneOf"].as_array().unwrap())
        .map(|variant| variant["required"].clone())
        .collect();
    assert_eq!(
        json!(required),
        json!([["a", "c"], ["a", "d"], ["b", "c"], ["b", "d"]])
    );
    let many = vec![union(["a", "b"]); 20];
    let error = flattened(json!({"S": {"allOf": many}})).unwrap_err();
    assert!(
        error.contains("#/components/schemas/S: `allOf` and `oneOf` have too many"),
        "{error}"
    );
}

#[test]
fn a_union_that_only_restricts_values_is_dropped() {
    let formats = json!([{"format": "ipv4"}, {"format": "ipv6"}]);
    let schema = json!({"type": "string", "anyOf": formats});
    let all = flattened(json!({"S": schema})).unwrap();
    assert_eq!(all["S"], json!({"type": "string"}));
}

#[test]
fn an_enum_that_tells_variants_apart_is_a_discriminator() {
    let tagged = |values: Value, more: &str| {
        json!({"type": "object", "required": ["kind"], "properties": {
            "kind": {"type": "string", "enum": values}, more: {},
        }})
    };
    let (a, b) = (tagged(json!(["a", "x"]), "p"), tagged(json!(["b"]), "q"));
    let other = json!({"required": ["kind"], "properties": {"kind": {"type": "string"}}});
    for (variants, mapping, fallback) in [
        (
            json!([to("A"), to("B")]),
            json!({"a": "A", "x": "A", "b": "B"}),
            None,
        ),
        (
            json!([a, b]),
            json!({"a": "SA", "x": "SA", "b": "SB"}),
            None,
        ),
        (
            json!([to("A"), b, other]),
            json!({"a": "A", "x": "A", "b": "SB"}),
            Some("SOther"),
        ),
        (
            json!([{"allOf": [to("P"), to("A")]}, {"allOf": [to("P"), to("B")]}]),
            json!({"a": "SA", "x": "SA", "b": "SB"}),
            None,
        ),
    ] {
        for key in ["oneOf", "anyOf"] {
            let all = json!({"S": {key: variants}, "A": a, "B": b, "P": object("p2")});
            let all = flattened(all).unwrap();
            let discriminator = &all["S"]["discriminator"];
            assert_eq!(discriminator["propertyName"], "kind", "{variants}");
            let found = discriminator["mapping"].as_object().unwrap();
            for (value, name) in mapping.as_object().unwrap() {
                assert_eq!(found[value], to(name.as_str().unwrap())["$ref"]);
            }
            assert_eq!(found.len(), mapping.as_object().unwrap().len());
            assert_eq!(discriminator.get("x-fallback").cloned(), fallback.map(to));
        }
    }
}

#[test]
fn variants_that_no_enum_tells_apart_get_no_discriminator() {
    let kind = |schema: Value| json!({"required": ["kind"], "properties": {"kind": schema}});
    let of = |values: Value| kind(json!({"type": "string", "enum": values}));
    let a = of(json!(["a"]));
    for other in [
        of(json!(["b", "a"])),
        json!({"properties": {"kind": {"type": "string", "enum": ["b"]}}}),
        kind(json!({"type": "integer", "enum": [1]})),
        kind(json!({"type": "string", "format": "password"})),
        json!({"type": "string", "enum": ["b"]}),
        json!({"oneOf": [of(json!(["b"])), of(json!(["c"]))]}),
        to("Alias"),
    ] {
        let all = json!({"S": {"oneOf": [a, other]}, "Alias": to("B"), "B": of(json!(["b"]))});
        let all = flattened(all).unwrap();
        assert_eq!(all["S"].get("discriminator"), None, "{other}");
    }
    let open = kind(json!({"type": "string"}));
    let all = flattened(json!({"S": {"oneOf": [open, open]}})).unwrap();
    assert_eq!(all["S"].get("discriminator"), None);
}

#[test]
fn a_property_of_one_direction_is_required_only_in_types_of_that_direction() {
    let object = json!({
        "required": ["id", "password", "name", "kind", "ref"],
        "properties": {
            "id": {"type": "string", "readOnly": true},
            "password": {"type": "string", "writeOnly": true},
            "name": {"type": "string"},
            "kind": {"type": "string", "readOnly": true},
            "ref": {"description": "D", "allOf": [to("Id")]},
        },
    });
    let content = |schema: Value| json!({"content": {"application/json": {"schema": schema}}});
    let list = |name: &str| json!({"type": "array", "items": {"properties": {"x": to(name)}}});
    let union = json!({"oneOf": [to("A")], "discriminator": {"propertyName": "kind"}});
    let root = json!({
        "paths": {"/a": {"put": {
            "operationId": "PutA",
            "requestBody": content(list("Sent")),
            "responses": {"200": content(list("Received"))},
        }, "post": {
            "operationId": "PostA",
            "requestBody": content(object.clone()),
            "responses": {"200": {"$ref": "#/components/responses/R"}},
        }}},
        "components": {
            "schemas": {
                "Sent": {"allOf": [to("Both"), object]},
                "Received": {"properties": {"a": object, "b": to("Both")}},
                "Both": object,
                "InResponse": object,
                "Id": {"type": "string", "readOnly": true},
                "A": {}, "U": union,
            },
            "responses": {"R": content(to("InResponse"))},
        },
    });
    let flat = flatten("a.yaml", &root).unwrap();
    for (pointer, expected) in [
        (
            "/components/schemas/Sent",
            json!(["password", "name", "kind"]),
        ),
        (
            "/components/schemas/Received/properties/a",
            json!(["id", "name", "kind", "ref"]),
        ),
        (
            "/components/schemas/Both",
            json!(["id", "name", "kind", "ref"]),
        ),
        (
            "/components/schemas/InResponse",
            json!(["id", "name", "kind", "ref"]),
        ),
        (
            "/paths/~1a/post/requestBody/content/application~1json/schema",
            json!(["password", "name", "kind"]),
        ),
    ] {
        assert_eq!(
            flat.pointer(pointer).unwrap()["required"],
            expected,
            "{pointer}"
        );
    }
}
