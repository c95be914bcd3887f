//! Generated types read and write the same JSON as serde's derives.

#![allow(unreachable_pub, reason = "generated types are public")]

mod discriminated_union;
mod types;
mod untagged_union;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use types::{Kept, Kind, Node, Typed, derived};

/// Deserializes `text` as both types, and compares the results or the errors.
fn same<Ours, Theirs>(text: &str) -> Result<(), TestCaseError>
where
    Ours: DeserializeOwned + Serialize + std::fmt::Debug,
    Theirs: DeserializeOwned + Serialize + std::fmt::Debug,
{
    let ours = serde_json::from_str::<Ours>(text);
    let theirs = serde_json::from_str::<Theirs>(text);
    // In the derives a null field counts as present; in generated types it may occur again.
    if let Err(error) = &theirs
        && error.to_string().starts_with("duplicate field")
        && text.contains(":null")
    {
        return Ok(());
    }
    match (ours, theirs) {
        (Ok(ours), Ok(theirs)) => {
            let written = (serde_json::to_string(&ours), serde_json::to_string(&theirs));
            prop_assert_eq!(written.0.unwrap(), written.1.unwrap(), "{}", text);
        }
        (Err(ours), Err(theirs)) => {
            let (ours, theirs) = (without_place(&ours), without_place(&theirs));
            // Other messages quote the value or internals of the derive. If there are two errors,
            // either may be found first.
            let of_fields = |error: &str| {
                error.starts_with("missing field") || error.starts_with("duplicate field")
            };
            if of_fields(&ours) && of_fields(&theirs) {
                prop_assert_eq!(ours, theirs, "{}", text);
            }
        }
        (ours, theirs) => prop_assert!(false, "{text}: {ours:?} {theirs:?}"),
    }
    Ok(())
}

fn without_place(error: &serde_json::Error) -> String {
    let text = error.to_string();
    text.split(" at line ")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// Arbitrary JSON with a limited depth.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(json!(null)),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<u8>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,5}".prop_map(Value::from),
        Just(json!("A")),
        Just(json!("b-c")),
    ];
    leaf.prop_recursive(2, 12, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec(("[a-c]", inner), 0..4).prop_map(|entries| entries.into_iter().collect()),
        ]
    })
}

/// The text of an object with known and unknown fields in any order, some of them twice, mostly of
/// the right type.
fn object(depth: u32) -> BoxedStrategy<String> {
    let text = |value: Value| value.to_string();
    let mut fields: Vec<BoxedStrategy<(String, String)>> = vec![
        ".{0,5}"
            .prop_map(|id| ("id".into(), json!(id).to_string()))
            .boxed(),
        proptest::option::of(".{0,5}")
            .prop_map(|name| ("name".into(), json!(name).to_string()))
            .boxed(),
        vec(".{0,3}", 0..3)
            .prop_map(|list| ("list".into(), json!(list).to_string()))
            .boxed(),
        any::<Option<i64>>()
            .prop_map(|count| ("count".into(), json!(count).to_string()))
            .boxed(),
        prop_oneof!["A", "b-c", ".{0,3}"]
            .prop_map(|kind| ("kind".into(), json!(kind).to_string()))
            .boxed(),
        any::<Option<u8>>()
            .prop_map(|value| ("nullable".into(), json!(value).to_string()))
            .boxed(),
        proptest::collection::btree_map("[a-c]", ".{0,3}", 0..3)
            .prop_map(|labels| ("labels".into(), json!(labels).to_string()))
            .boxed(),
        ("[w-z]{1,2}", any_value())
            .prop_map(move |(name, value)| (name, text(value)))
            .boxed(),
        ("[w-z]", any::<u8>())
            .prop_map(move |(name, value)| (name, value.to_string()))
            .boxed(),
        // Mostly of a wrong type, but not an array, which the derive accepts as an object.
        (
            prop_oneof!["id", "name", "list", "count", "kind", "nullable", "labels"],
            any_value(),
        )
            .prop_map(move |(name, value)| (name, text(value)))
            .boxed(),
        any_value()
            .prop_filter("an array", |value| !value.is_array())
            .prop_map(move |value| ("nested".into(), text(value)))
            .boxed(),
    ];
    if depth > 0 {
        fields.push(
            object(depth - 1)
                .prop_map(|inner| ("nested".into(), inner))
                .boxed(),
        );
    }
    let id = proptest::option::weighted(0.8, fields[0].clone());
    (id, vec(proptest::strategy::Union::new(fields), 0..5))
        .prop_map(|(id, others)| id.into_iter().chain(others).collect::<Vec<_>>())
        .prop_shuffle()
        .prop_map(|entries| {
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, value)| format!("{}:{value}", json!(name)))
                .collect();
            format!("{{{}}}", entries.join(","))
        })
        .boxed()
}

/// Checks all types with this number of random texts each.
fn check_types(cases: u32) {
    check(cases, object(2), |text| same::<Node, derived::Node>(&text));
    check(cases, object(2), |text| same::<Kept, derived::Kept>(&text));
    check(cases, object(0), |text| {
        same::<Typed, derived::Typed>(&text)
    });
    let no_object = any_value().prop_filter("an object or array", |value| {
        !value.is_array() && !value.is_object()
    });
    check(cases, no_object, |value| {
        same::<Node, derived::Node>(&value.to_string())?;
        same::<Kept, derived::Kept>(&value.to_string())
    });
}

fn check<T: std::fmt::Debug>(
    cases: u32,
    values: impl Strategy<Value = T>,
    test: impl Fn(T) -> Result<(), TestCaseError>,
) {
    let config = ProptestConfig {
        cases,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if let Err(error) = TestRunner::new(config).run(&values, test) {
        panic!("{error}");
    }
}

#[test]
fn generated_types_match_the_serde_derives() {
    check_types(200);
}

#[test]
#[ignore = "slow: 2000 random texts for each type"]
fn generated_types_match_the_serde_derives_for_many_texts() {
    check_types(2000);
}

/// The result of deserializing `text`, which must be the same for both types.
fn both(text: &str) -> Result<String, String> {
    same::<Node, derived::Node>(text).map_err(|e| e.to_string())?;
    serde_json::from_str::<Node>(text)
        .map(|node| serde_json::to_string(&node).unwrap())
        .map_err(|error| without_place(&error))
}

#[test]
fn important_cases_match_the_serde_derive() {
    for (text, expected) in [
        (r#"{"id":"a"}"#, Ok(r#"{"id":"a","nullable":null}"#)),
        (
            r#"{"name":null,"id":"a","nullable":1}"#,
            Ok(r#"{"id":"a","nullable":1}"#),
        ),
        (
            r#"{"list":[],"labels":{},"id":"a"}"#,
            Ok(r#"{"id":"a","list":[],"nullable":null,"labels":{}}"#),
        ),
        (
            r#"{"new":{"a":[1]},"id":"a"}"#,
            Ok(r#"{"id":"a","nullable":null}"#),
        ),
        (
            r#"{"kind":"z","id":"a"}"#,
            Ok(r#"{"id":"a","kind":"z","nullable":null}"#),
        ),
        (r#"{"i\u0064":"a"}"#, Ok(r#"{"id":"a","nullable":null}"#)),
        (
            r#"{"nested":{"id":"b"},"id":"a"}"#,
            Ok(r#"{"id":"a","nested":{"id":"b","nullable":null},"nullable":null}"#),
        ),
        (
            r#"{"id":"a","list":null}"#,
            Ok(r#"{"id":"a","nullable":null}"#),
        ),
        ("{}", Err("missing field `id`")),
        (r#"{"id":"a","id":"a"}"#, Err("duplicate field `id`")),
        (
            r#"{"id":"a","name":"b","name":null}"#,
            Err("duplicate field `name`"),
        ),
        (
            r#"{"id":null}"#,
            Err("invalid type: null, expected a string"),
        ),
        (
            r#"{"id":"a","list":7}"#,
            Err("invalid type: integer `7`, expected a sequence"),
        ),
        (r#"{"id":"a","nested":{}}"#, Err("missing field `id`")),
        ("7", Err("invalid type: integer `7`, expected struct Node")),
    ] {
        assert_eq!(
            both(text),
            expected.map(str::to_owned).map_err(str::to_owned),
            "{text}"
        );
    }
}

#[test]
fn an_array_is_not_accepted_as_an_object() {
    let text = r#"["a",null,[],null,null,null,null,{}]"#;
    serde_json::from_str::<derived::Node>(text).unwrap();
    let error = serde_json::from_str::<Node>(text).unwrap_err();
    assert_eq!(
        without_place(&error),
        "invalid type: sequence, expected struct Node"
    );
}

#[test]
fn unknown_fields_survive_get_change_put() {
    let text = r#"{"id":"a","nested":{"id":"b","new":[1.5,{"x":null}]},"_revision":7,"newer":{"deep":true}}"#;
    let mut kept: Kept = serde_json::from_str(text).unwrap();
    kept.id = "changed".into();
    let written: Value = serde_json::from_str(&serde_json::to_string(&kept).unwrap()).unwrap();
    let mut expected: Value = serde_json::from_str(text).unwrap();
    expected["id"] = json!("changed");
    assert_eq!(written, expected);
}

#[test]
fn a_string_enum_keeps_unknown_values() {
    for (text, kind) in [
        ("A", Kind::A),
        ("b-c", Kind::BC),
        ("a", Kind::Unrecognized("a".into())),
        ("", Kind::Unrecognized(String::new())),
    ] {
        assert_eq!(Kind::from(text), kind);
        assert_eq!(Kind::from(text.to_owned()), kind);
        assert_eq!(text.parse::<Kind>(), Ok(kind.clone()));
        assert_eq!(
            (kind.as_str(), kind.as_ref(), kind.to_string()),
            (text, text, text.to_owned())
        );
        let json = json!(text).to_string();
        assert_eq!(serde_json::from_str::<Kind>(&json).unwrap(), kind);
        assert_eq!(serde_json::to_string(&kind).unwrap(), json);
    }
    let error = serde_json::from_str::<Kind>("1").unwrap_err();
    assert_eq!(
        without_place(&error),
        "invalid type: integer `1`, expected string of enum Kind"
    );
}

#[test]
fn a_type_is_deserialized_from_a_json_value_as_from_text() {
    let value = json!({ "id": "a", "kind": "b-c", "new": 1, "nullable": 3 });
    let node: Node = serde_json::from_value(value.clone()).unwrap();
    assert_eq!(
        serde_json::to_value(&node).unwrap(),
        json!({ "id": "a", "kind": "b-c", "nullable": 3 })
    );
    assert!(serde_json::from_value::<Node>(json!({ "id": 1 })).is_err());
}

#[cfg(feature = "schemars")]
#[test]
fn a_json_schema_lists_the_enum_values_of_the_document() {
    assert_eq!(
        schemars::schema_for!(Kind).as_value()["enum"],
        json!(["A", "b-c"])
    );
    let secret = schemars::schema_for!(crate::Secret);
    assert_eq!(secret.as_value()["format"], json!("password"));
}
