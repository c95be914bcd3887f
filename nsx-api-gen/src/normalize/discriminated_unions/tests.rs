use super::*;

fn to(name: &str) -> Value {
    json!({"$ref": pointer(name)})
}

/// A base, and a component that contains it.
fn base(values: &Value, others: Value) -> Value {
    let mut schemas = json!({
        "Base": {
            "type": "object", "description": "It", "required": ["kind"],
            "discriminator": {"propertyName": "kind"},
            "properties": {"kind": {"type": "string", "enum": values}},
        },
        "Holder": {"properties": {"base": to("Base")}},
    });
    schemas
        .as_object_mut()
        .unwrap()
        .extend(others.as_object().unwrap().clone());
    json!({"components": {"schemas": schemas}, "paths": {}})
}

fn normalized(mut root: Value) -> (Value, Vec<String>) {
    let mut changes = Vec::new();
    normalize(&mut root, &mut changes);
    let changes = changes.iter().map(ToString::to_string).collect();
    (root["components"]["schemas"].take(), changes)
}

#[test]
fn a_discriminator_base_becomes_a_union_of_the_children_in_its_enum() {
    let (schemas, changes) = normalized(base(
        &json!(["B", "A", "Gone", "Deep"]),
        json!({
            "A": {"allOf": [to("Base"), {"properties": {"a": {"type": "string"}}}]},
            "B": {"description": "Nothing more", "allOf": [to("Base"), {"type": "object"}]},
            "Deep": {"allOf": [to("A"), {"properties": {"d": {"type": "string"}}}]},
            "Unlisted": {"allOf": [to("Base"), {"properties": {"u": {"type": "string"}}}]},
        }),
    ));
    let parent = to("BaseBase");
    assert_eq!(
        schemas["Base"],
        json!({
            "description": "It",
            "oneOf": [to("B"), to("A"), to("Deep"), to("BaseBase")],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"B": pointer("B"), "A": pointer("A"), "Deep": pointer("Deep")},
                "x-fallback": to("BaseBase"),
            },
        })
    );
    let properties = json!({"kind": {"type": "string", "enum": ["B", "A", "Gone", "Deep"]}});
    assert_eq!(schemas["BaseBase"]["properties"], properties);
    assert_eq!(schemas["BaseBase"].get("discriminator"), None);
    assert_eq!(schemas["Holder"]["properties"]["base"], to("Base"));
    assert_eq!(schemas["A"]["allOf"][0], parent);
    assert_eq!(schemas["Unlisted"]["allOf"][0], parent);
    assert_eq!(schemas["Deep"]["allOf"][0], to("A"));
    // typify would make a newtype of a component that only wraps another.
    let whole = json!({"type": "object", "description": "Nothing more", "required": ["kind"], "properties": properties});
    assert_eq!(schemas["B"], whole);
    assert_eq!(
        changes,
        [
            "variants: #/components/schemas/Base: becomes a union with the discriminator `kind`: `B`, `A`, `Deep`; any other value is a `BaseBase`"
        ]
    );
}

#[test]
fn a_child_that_is_a_discriminator_base_itself_keeps_its_type_in_the_parent_union() {
    let child = json!({
        "properties": {"c": {"type": "string"}}, "discriminator": {"propertyName": "kind"},
        "allOf": [to("Base")],
    });
    let grandchild = json!({"allOf": [to("Child"), {"properties": {"g": {"type": "string"}}}]});
    let holder = json!({"type": "array", "items": {"description": "One", "allOf": [to("Child")]}});
    let (schemas, _) = normalized(base(
        &json!(["Child", "Grandchild"]),
        json!({"Child": child, "ChildBase": {}, "Grandchild": grandchild, "Children": holder}),
    ));
    let mapping = json!({"Child": pointer("ChildBase2"), "Grandchild": pointer("Grandchild")});
    assert_eq!(schemas["Base"]["discriminator"]["mapping"], mapping);
    assert_eq!(
        schemas["Child"]["oneOf"],
        json!([to("Grandchild"), to("ChildBase2")])
    );
    assert_eq!(schemas["ChildBase2"]["allOf"], json!([to("BaseBase")]));
    assert_eq!(schemas["Grandchild"]["allOf"][0], to("ChildBase2"));
    assert_eq!(schemas["Children"]["items"]["allOf"], json!([to("Child")]));
}

#[test]
fn a_base_with_an_incomplete_discriminator_stays_one_type() {
    let child = json!({"allOf": [to("Base"), {"properties": {"a": {"type": "string"}}}]});
    let stays =
        "variants: #/components/schemas/Base: stays a single type that keeps unknown fields: ";
    for (discriminator, property, reason) in [
        (
            json!({}),
            json!({"type": "string"}),
            "the discriminator has no `propertyName`",
        ),
        (
            json!({"propertyName": "k"}),
            json!({"type": "string"}),
            "it has no string property `k`",
        ),
        (
            json!({"propertyName": "kind"}),
            json!({"type": "integer"}),
            "it has no string property `kind`",
        ),
        (
            json!({"propertyName": "kind"}),
            json!({"type": "string", "format": "password"}),
            "it has no string property `kind`",
        ),
        (
            json!({"propertyName": "kind"}),
            json!({"type": "string", "enum": ["a"]}),
            "no value of `kind` is the name of a child",
        ),
    ] {
        let mut root = base(&json!([]), json!({"A": child}));
        let schema = &mut root["components"]["schemas"]["Base"];
        schema["discriminator"] = discriminator;
        schema["properties"]["kind"] = property;
        let mut expected = root["components"]["schemas"].clone();
        expected["Base"]["x-extensible"] = json!(true);
        assert_eq!(
            normalized(root),
            (expected, vec![format!("{stays}{reason}")])
        );
    }
}

#[test]
fn a_discriminator_in_an_allof_part_is_hoisted() {
    let child = json!({"allOf": [to("Base"), {"properties": {"a": {"type": "string"}}}]});
    let others = json!({"A": child, "Named": {"properties": {"name": {"type": "string"}}}});
    let with = |discriminator: &[(&str, Value)], part: Value| {
        let mut root = base(&json!([]), others.clone());
        let mut base = json!({"allOf": [to("Named"), part]});
        let own = discriminator.iter().cloned();
        base.as_object_mut()
            .unwrap()
            .extend(own.map(|(key, value)| (key.to_owned(), value)));
        root["components"]["schemas"]["Base"] = base;
        normalized(root)
    };
    let kind = json!({"kind": {"type": "string", "enum": ["A"]}});
    let by_kind = json!({"propertyName": "kind"});
    let own = [("discriminator", by_kind.clone())];
    let (expected, whole) = with(&own, json!({"properties": kind}));
    assert_eq!(expected["Base"]["oneOf"], json!([to("A"), to("BaseBase")]));
    let part = json!({"properties": kind, "discriminator": by_kind});
    for part in [part.clone(), json!({"allOf": [part]})] {
        let (schemas, mut changes) = with(&[], part);
        assert_eq!(schemas["Base"], expected["Base"]);
        assert_eq!(schemas["A"], expected["A"]);
        let moved = "hoisted_discriminator: #/components/schemas/Base: moved the discriminator of an `allOf` part to the component";
        assert_eq!(changes.remove(0), moved);
        assert_eq!(changes, whole);
    }
}

#[test]
fn discriminator_values_of_a_base_override_those_of_its_parents() {
    let child = json!({"allOf": [to("Base"), {"properties": {"a": {"type": "string"}}}]});
    let parent = json!({"properties": {"kind": {"type": "string"}}});
    let mut root = base(
        &json!([]),
        json!({"A": child, "Abstract": child, "Parent": parent}),
    );
    let own = json!({"properties": {"kind": {"type": "string", "enum": ["A", "B"]}}});
    let discriminator = json!({"propertyName": "kind"});
    root["components"]["schemas"]["Base"] =
        json!({"discriminator": discriminator, "allOf": [to("Parent"), own]});
    let (schemas, _) = normalized(root);
    let mapping = json!({"A": pointer("A")});
    assert_eq!(schemas["Base"]["discriminator"]["mapping"], mapping);
}

/// In the vSphere document `Any` has the discriminator of all types, and `Event` is the base of
/// many.
#[test]
fn a_component_that_inherits_a_discriminator_and_has_children_is_a_base() {
    let event = json!({"allOf": [to("Base"), {"properties": {"key": {"type": "string"}}}]});
    let child = json!({"allOf": [to("Event"), {"properties": {"vm": {"type": "string"}}}]});
    let alone =
        json!({"allOf": [to("Base"), {"properties": {"e": to("Event"), "a": to("Alone")}}]});
    let mut root = base(
        &json!([]),
        json!({"Event": event, "VmEvent": child, "Alone": alone}),
    );
    let schema = &mut root["components"]["schemas"]["Base"];
    schema["properties"]["kind"] = json!({"type": "string"});
    schema["discriminator"]["mapping"] = json!({"vm": "VmEvent", "alone": "Alone"});
    let (schemas, _) = normalized(root);
    assert_eq!(
        schemas["Event"],
        json!({
            "oneOf": [to("VmEvent"), to("EventBase")],
            "discriminator": {
                "propertyName": "kind",
                "mapping": {"vm": pointer("VmEvent"), "VmEvent": pointer("VmEvent")},
                "x-fallback": to("EventBase"),
            },
        })
    );
    assert_eq!(schemas["VmEvent"]["allOf"][0], to("EventBase"));
    assert_eq!(schemas["Alone"]["allOf"][1]["properties"]["e"], to("Event"));
    assert_eq!(schemas["Alone"].get("oneOf"), None);
    let all = [to("VmEvent"), to("Alone"), to("EventBase"), to("BaseBase")];
    assert_eq!(schemas["Base"]["oneOf"], json!(all));
}

#[test]
fn a_discriminator_base_with_too_many_children_stays_one_type() {
    let many = |count: usize| {
        let child = |index| {
            (
                format!("C{index}"),
                json!({"allOf": [to("Base"), {"properties": {"a": {}}}]}),
            )
        };
        let mut root = base(&json!([]), Value::Object((0..count).map(child).collect()));
        root["components"]["schemas"]["Base"]["properties"]["kind"] = json!({"type": "string"});
        normalized(root).1
    };
    assert!(
        many(MAX_VARIANTS)[0].contains("becomes a union with the discriminator `kind`: `C0`, ")
    );
    assert_eq!(
        many(MAX_VARIANTS + 1),
        [
            "variants: #/components/schemas/Base: stays a single type that keeps unknown fields: \
            513 variants are too many for a union (the limit is 512)"
        ]
    );
}

#[test]
fn a_discriminator_base_that_is_not_used_as_a_type_stays_a_parent() {
    let child = json!({"allOf": [to("Base"), {"properties": {"a": {"type": "string"}}}]});
    let mut root = base(&json!(["A"]), json!({"A": child}));
    root["components"]["schemas"]["Holder"] = json!({"properties": {"a": to("A")}});
    let mut expected = root["components"]["schemas"].clone();
    expected["Base"]["x-extensible"] = json!(true);
    assert_eq!(normalized(root), (expected, vec![]));
}

#[test]
fn a_discriminator_base_with_oneof_is_a_base_too() {
    let mut root = base(
        &json!([]),
        json!({"A": {"allOf": [to("Base"), {"properties": {"a": {}}}]}}),
    );
    let schema = &mut root["components"]["schemas"]["Base"];
    schema["oneOf"] = json!([to("A")]);
    schema["discriminator"]["mapping"] = json!({"a": "A", "gone": "Gone", "base": "Base"});
    let (schemas, _) = normalized(root);
    let mapping = json!({"a": pointer("A"), "A": pointer("A")});
    assert_eq!(schemas["Base"]["discriminator"]["mapping"], mapping);
    assert_eq!(schemas["BaseBase"].get("oneOf"), None);
}

#[test]
fn properties_next_to_oneof_are_in_each_variant() {
    let variant = json!({"properties": {"kind": {"type": "string"}, "a": {}}});
    let mut root = base(
        &json!([]),
        json!({"A": variant, "BaseA": {}, "Full": {"properties": {"kind": {"type": "string"}, "x": {}}}}),
    );
    let schema = &mut root["components"]["schemas"]["Base"];
    schema["oneOf"] = json!([to("A"), to("Full")]);
    schema["properties"] = json!({"kind": {"type": "string"}, "x": {"type": "string"}});
    schema["discriminator"]["mapping"] = json!({"a": "A"});
    let (schemas, changes) = normalized(root);
    let union = json!([to("BaseA2"), to("Full"), to("BaseBase")]);
    assert_eq!(schemas["Base"]["oneOf"], union);
    let mapping = json!({"a": pointer("BaseA2"), "A": pointer("BaseA2"), "Full": pointer("Full")});
    assert_eq!(schemas["Base"]["discriminator"]["mapping"], mapping);
    assert_eq!(
        schemas["BaseA2"],
        json!({"allOf": [to("BaseBase"), to("A")]})
    );
    assert_eq!(schemas["A"], variant);
    assert_eq!(
        changes[0],
        "joined_variants: #/components/schemas/BaseA2: combines the variant with the properties of `Base`"
    );
}

#[test]
fn each_oneof_variant_gets_a_discriminator_value() {
    let kind = json!({"properties": {"kind": {"type": "string"}}});
    let union = |key: &str, mapping: Value| {
        let discriminator = json!({"propertyName": "kind", "mapping": mapping});
        json!({key: [to("A"), to("B")], "discriminator": discriminator})
    };
    let root = json!({"paths": {}, "components": {"schemas": {
        "A": kind, "B": kind,
        "Union": union("anyOf", json!({"a": "A", "b": pointer("B"), "gone": "Gone"})),
    }}});
    let (schemas, changes) = normalized(root);
    let mapping =
        json!({"a": pointer("A"), "b": pointer("B"), "A": pointer("A"), "B": pointer("B")});
    assert_eq!(schemas["Union"]["oneOf"], json!([to("A"), to("B")]));
    assert_eq!(schemas["Union"]["discriminator"]["mapping"], mapping);
    assert_eq!(changes, ["variant_values: #: 1 times"]);
}

#[test]
fn a_oneof_whose_variants_cannot_be_distinguished_is_left_to_be_reported() {
    for (part, reason) in [
        (
            json!({"type": "object"}),
            "an inline variant cannot have a discriminator value",
        ),
        (
            to("A"),
            "`A` is not an object with a string property `kind`",
        ),
        (
            to("Gone"),
            "`Gone` is not an object with a string property `kind`",
        ),
    ] {
        let root = json!({"paths": {}, "components": {"schemas": {
            "A": {"properties": {"a": {"type": "string"}}},
            "Union": {"oneOf": [part], "discriminator": {"propertyName": "kind"}},
        }}});
        let union = &root["components"]["schemas"]["Union"];
        assert_eq!(
            discriminated_union::discriminator_fault(&root, union).as_deref(),
            Some(reason)
        );
        assert_eq!(
            normalized(root.clone()),
            (root["components"]["schemas"].clone(), vec![])
        );
    }
}

#[test]
fn extensible_components_are_marked() {
    let by_kind = json!({"propertyName": "kind"});
    let kind = json!({"kind": {"type": "string"}});
    let other = json!({"propertyName": "kind", "x-fallback": to("shape_base")});
    let mut root = json!({"components": {"schemas": {
        "Shape": {"oneOf": [to("Round"), to("shape_base")], "discriminator": other},
        "shape_base": {"properties": kind},
        "Round": {"allOf": [to("shape_base")]},
        "Union": {"oneOf": [to("Round")], "discriminator": by_kind},
        "Alone": {"properties": kind, "discriminator": by_kind},
        "Parent": {"properties": kind, "discriminator": by_kind},
        "Child": {"allOf": [to("Parent")]},
        "Grandchild": {"allOf": [to("Child")]},
    }}});
    mark(&mut root);
    let names: Vec<String> = discriminated_union::extensible_types(&root)
        .into_iter()
        .collect();
    assert_eq!(names, ["Alone", "Child", "Parent", "ShapeBase"]);
    strip_marks(&mut root);
    assert!(discriminated_union::extensible_types(&root).is_empty());
    let shape = "/components/schemas/Shape/discriminator";
    assert_eq!(root.pointer(shape), Some(&by_kind));
}
