//! Choices by a discriminator: what is read, what is written, and where it says that something does not fit.

use std::collections::BTreeMap;

use serde::de::{Deserializer, MapAccess};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::types::Kind;
use crate::compact::{FromMap, Object, Tag, deserialize, next_field, one_of, set_optional};
use crate::response::decode;

/// As the generator writes it, with a field of every kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Leaf {
    kind: Option<Kind>,
    numbers: Option<Vec<i8>>,
    float: Option<f64>,
    map: Option<BTreeMap<String, Option<bool>>>,
    any: Option<Value>,
    inner: Option<Box<Choice>>,
    untagged: Option<Untagged>,
}

/// Other types that a document makes keep serde's derive.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(untagged)]
pub(super) enum Untagged {
    Number(u64),
    Text(Wrapper),
}

#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(transparent)]
pub(super) struct Wrapper(String);

/// A type that only wraps another has no field that says what it is.
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
pub(super) enum Choice {
    Leaf(Box<Leaf>),
    Wrapped(Wrapped),
    Other(crate::Extra),
}

one_of! {
    Choice by "kind" or Other(crate::Extra);
    Leaf(Box<Leaf>).kind = ["b-c", "A"];
    Wrapped(Wrapped) = ["wrapped"];
}

fn read(text: &str) -> Choice {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_discriminator_decides_wherever_it_stands_and_all_comes_back() {
    for known in [
        json!({"kind": "b-c"}),
        json!({
            "numbers": [1, -1], "float": 1, "map": {"a": null, "b": true}, "any": {"a": [null, 1.5, "x"]},
            "untagged": "text", "inner": {"inner": {"kind": "A", "untagged": 5}, "kind": "A"}, "kind": "A",
        }),
    ] {
        let choice = read(&known.to_string());
        assert!(matches!(choice, Choice::Leaf(_)), "{known}");
        let mut written = serde_json::to_value(&choice).unwrap();
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
        let choice = read(&other.to_string());
        assert!(matches!(choice, Choice::Other(_)), "{other}");
        assert_eq!(serde_json::to_value(&choice).unwrap(), other);
    }
}

#[test]
fn a_variant_may_only_wrap_another_type() {
    let choice = read(r#"{"kind":"wrapped","numbers":[1]}"#);
    assert!(matches!(&choice, Choice::Wrapped(Wrapped(leaf)) if leaf.numbers == Some(vec![1])));
    let written = serde_json::to_value(&choice).unwrap();
    assert_eq!(written, json!({"kind": "wrapped", "numbers": [1]}));
    let reason = misfit(r#"[{"numbers":[300],"kind":"wrapped"}]"#);
    assert_eq!(
        reason,
        "the body does not fit: at [0].numbers[0]: expected i8"
    );
}

#[test]
fn what_is_written_says_what_the_variant_is() {
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
        let choice = Choice::from(leaf);
        assert_eq!(
            serde_json::to_value(&choice).unwrap(),
            json!({"kind": written})
        );
    }
    assert_eq!(<Option<String>>::of("a").text(), Some("a"));
}

#[test]
fn debug_shows_what_the_variants_show_and_of_the_others_the_names() {
    let other = read(r#"{"kind":"new","a":"SECRET"}"#);
    let shown = format!("{other:?}");
    // In which order is the map's affair.
    let orders = [
        r#"Other(Extra("a", "kind"))"#,
        r#"Other(Extra("kind", "a"))"#,
    ];
    assert!(orders.contains(&shown.as_str()), "{shown}");
}

fn misfit(body: &str) -> String {
    decode::json::<Vec<Choice>>(body.as_bytes()).unwrap_err()
}

#[test]
fn a_value_that_does_not_fit_is_found_however_deep_the_choices_are() {
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
            "at [0].inner: expected struct Choice, found an array",
        ),
        (
            r#"[{"kind":"A","kind":"A"}]"#,
            "at [0]: duplicate field `kind`",
        ),
        // Names of the other side end no path, and begin no line.
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
            "at [0]: expected struct Choice, found a string",
        ),
    ] {
        assert_eq!(
            misfit(body),
            format!("the body does not fit: {reason}"),
            "{body}"
        );
    }
}

#[test]
fn a_misfit_below_many_choices_is_found_in_one_go() {
    let mut body = json!({"kind": "A", "float": "SECRET"});
    for _ in 0..60 {
        body = json!({"inner": body, "kind": "A"});
    }
    let reason = misfit(&json!([body]).to_string());
    assert!(reason.starts_with("the body does not fit: at [0].inner.inner."));
    assert!(!reason.contains("SECRET"), "{reason}");
}
