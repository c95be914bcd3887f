//! Discriminated unions: reading, writing, and the paths in errors.

use std::collections::BTreeMap;

use serde::de::{Deserializer, MapAccess};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::types::Kind;
use crate::compact_serde::{
    Discriminator, FromMap, Object, deserialize, discriminated_union, next_field, set_optional,
};
use crate::response::decode;

/// A generated type with a field of every kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaf {
    kind: Option<Kind>,
    numbers: Option<Vec<i8>>,
    float: Option<f64>,
    map: Option<BTreeMap<String, Option<bool>>>,
    any: Option<Value>,
    inner: Option<Box<Union>>,
    untagged: Option<Untagged>,
}

/// Other types of a document keep serde's derives.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Untagged {
    Number(u64),
    Text(Wrapper),
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Wrapper(String);

/// A newtype has no discriminator field.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Wrapped(Box<Leaf>);

impl<'de> FromMap<'de> for Leaf {
    const NAME: &'static str = "Leaf";
    const FIELDS: &'static [&'static str] = &[
        "kind", "numbers", "float", "map", "any", "inner", "untagged",
    ];

    fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
        let (mut kind, mut numbers, mut float, mut labels) = (None, None, None, None);
        let (mut any, mut inner, mut untagged) = (None, None, None);
        while let Some(field) = next_field(&mut map, Self::NAMES)? {
            match field {
                0 => set_optional(&mut kind, "kind", &mut map),
                1 => set_optional(&mut numbers, "numbers", &mut map),
                2 => set_optional(&mut float, "float", &mut map),
                3 => set_optional(&mut labels, "map", &mut map),
                4 => set_optional(&mut any, "any", &mut map),
                5 => set_optional(&mut inner, "inner", &mut map),
                _ => set_optional(&mut untagged, "untagged", &mut map),
            }?;
        }
        Ok(Self {
            kind,
            numbers,
            float,
            map: labels,
            any,
            inner,
            untagged,
        })
    }
}

impl<'de> Deserialize<'de> for Leaf {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer)
    }
}

impl Serialize for Leaf {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = Object::new(serializer);
        object.optional("kind", &self.kind);
        object.optional("numbers", &self.numbers);
        object.optional("float", &self.float);
        object.optional("map", &self.map);
        object.optional("any", &self.any);
        object.optional("inner", &self.inner);
        object.optional("untagged", &self.untagged);
        object.end()
    }
}

#[derive(Clone, Debug)]
pub(super) enum Union {
    Leaf(Box<Leaf>),
    Wrapped(Wrapped),
    Other(crate::Extra),
}

discriminated_union! {
    Union by "kind" or Other(crate::Extra);
    Leaf(Box<Leaf>).kind = ["b-c", "A"];
    Wrapped(Wrapped) = ["wrapped"];
}

fn read(text: &str) -> Union {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_discriminator_selects_the_variant_at_any_position_and_nothing_is_lost() {
    for known in [
        json!({"kind": "b-c"}),
        json!({
            "numbers": [1, -1], "float": 1, "map": {"a": null, "b": true}, "any": {"a": [null, 1.5, "x"]},
            "untagged": "text", "inner": {"inner": {"kind": "A", "untagged": 5}, "kind": "A"}, "kind": "A",
        }),
    ] {
        let union = read(&known.to_string());
        assert!(matches!(union, Union::Leaf(_)), "{known}");
        let mut written = serde_json::to_value(&union).unwrap();
        if let Some(float) = written.get_mut("float") {
            assert_eq!(float.take(), json!(1.0));
            *float = json!(1);
        }
        assert_eq!(written, known);
    }
    for other in [
        json!({"kind": "new", "a": {"b": [1.5, 18446744073709551615_u64]}}),
        json!({"kind": 5}),
        json!({"a": 1}),
        json!({}),
    ] {
        let union = read(&other.to_string());
        assert!(matches!(union, Union::Other(_)), "{other}");
        assert_eq!(serde_json::to_value(&union).unwrap(), other);
    }
}

#[test]
fn a_discriminated_union_variant_may_be_a_newtype() {
    let union = read(r#"{"kind":"wrapped","numbers":[1]}"#);
    assert!(matches!(&union, Union::Wrapped(Wrapped(leaf)) if leaf.numbers == Some(vec![1])));
    let written = serde_json::to_value(&union).unwrap();
    assert_eq!(written, json!({"kind": "wrapped", "numbers": [1]}));
    let reason = decode_error(r#"[{"numbers":[300],"kind":"wrapped"}]"#);
    assert_eq!(
        reason,
        "the body does not match the type: at [0].numbers[0]: expected i8"
    );
}

#[test]
fn the_discriminator_is_written_as_the_variant_requires() {
    for (kind, written) in [
        (None, "b-c"),
        (Some("A"), "A"),
        (Some("b-c"), "b-c"),
        (Some("new"), "b-c"),
    ] {
        let leaf = Leaf {
            kind: kind.map(Kind::from),
            ..Leaf::default()
        };
        let union = Union::from(leaf);
        assert_eq!(
            serde_json::to_value(&union).unwrap(),
            json!({"kind": written})
        );
    }
    assert_eq!(<Option<String>>::of("a").value(), Some("a"));
}

#[test]
fn debug_of_an_unknown_variant_shows_only_field_names() {
    let other = read(r#"{"kind":"new","a":"SECRET"}"#);
    let shown = format!("{other:?}");
    // The order is that of the map.
    let orders = [
        r#"Other(Extra("a", "kind"))"#,
        r#"Other(Extra("kind", "a"))"#,
    ];
    assert!(orders.contains(&shown.as_str()), "{shown}");
}

fn decode_error(body: &str) -> String {
    decode::json::<Vec<Union>>(body.as_bytes()).unwrap_err()
}

#[test]
fn a_decode_error_has_the_path_through_nested_discriminated_unions() {
    for (body, reason) in [
        (
            r#"[{"kind":"A","numbers":[1,300]}]"#,
            "at [0].numbers[1]: expected i8",
        ),
        (
            r#"[{"inner":{"inner":{"kind":"A","map":{"k":"SECRET"}},"kind":"A"},"kind":"A"}]"#,
            "at [0].inner.inner.map.k: expected a boolean, found a string",
        ),
        (
            r#"[{"kind":"A","inner":["SECRET"]}]"#,
            "at [0].inner: expected struct Union, found an array",
        ),
        (
            r#"[{"kind":"A","kind":"A"}]"#,
            "at [0]: duplicate field `kind`",
        ),
        // A name from the manager cannot end a path or start a line.
        (
            r#"[{"kind":"A","map":{"a: missing field `SECRET`\n":5}}]"#,
            "at [0].map.a:missing field `SECRET`: expected a boolean, found an integer",
        ),
        (
            r#"[{"kind":"A","untagged":{"at x: missing field `SECRET`":"SECRET"}}]"#,
            "at [0].untagged: the value is not valid, line 1 column 67",
        ),
        (
            r#"["SECRET"]"#,
            "at [0]: expected struct Union, found a string",
        ),
    ] {
        assert_eq!(
            decode_error(body),
            format!("the body does not match the type: {reason}"),
            "{body}"
        );
    }
}

#[test]
fn a_decode_error_below_many_discriminated_unions_takes_linear_time() {
    let mut body = json!({"kind": "A", "float": "SECRET"});
    for _ in 0..60 {
        body = json!({"inner": body, "kind": "A"});
    }
    let reason = decode_error(&json!([body]).to_string());
    assert!(reason.starts_with("the body does not match the type: at [0].inner.inner."));
    assert!(!reason.contains("SECRET"), "{reason}");
}
