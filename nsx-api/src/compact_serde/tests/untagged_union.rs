//! A value is decoded as the variant that fits best.

use serde::de::{Deserializer, MapAccess};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::types::Kind;
use crate::Extra;
use crate::compact_serde::{
    FromMap, Object, deserialize, next_field_or_keep, required, set, set_optional, untagged_union,
};

/// A struct with a required field, an optional field, and unknown fields.
macro_rules! object {
    ($name:ident { $required:ident: $first:ty, $optional:ident: $second:ty }) => {
        #[derive(Clone, Debug)]
        struct $name {
            $required: $first,
            $optional: Option<$second>,
            extra: Extra,
        }

        impl<'de> FromMap<'de> for $name {
            const NAME: &'static str = stringify!($name);
            const FIELDS: &'static [&'static str] = &[stringify!($required), stringify!($optional)];

            fn from_map<A: MapAccess<'de>>(mut map: A) -> Result<Self, A::Error> {
                let (mut first, mut second, mut extra) = (None, None, Extra::default());
                while let Some(field) = next_field_or_keep(&mut map, Self::NAMES, &mut extra)? {
                    match field {
                        0 => set(&mut first, stringify!($required), &mut map),
                        _ => set_optional(&mut second, stringify!($optional), &mut map),
                    }?;
                }
                Ok(Self {
                    $required: required(first, stringify!($required))?,
                    $optional: second,
                    extra,
                })
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserialize(deserializer)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut object = Object::new(serializer);
                object.field(stringify!($required), &self.$required);
                object.optional(stringify!($optional), &self.$optional);
                object.extra(&self.extra);
                object.end()
            }
        }
    };
}

object!(Radio {
    id: i64,
    power: i64
});
object!(Bridge { id: i64, ports: Vec<Port> });
object!(Port {
    name: String,
    kind: Kind
});
object!(Tree { id: i64, inner: Vec<Union> });
object!(Forest { id: i64, inner: Vec<Union> });

#[derive(Clone, Debug)]
enum Union {
    Radio(Radio),
    Bridge(Bridge),
    Tree(Tree),
    Forest(Forest),
    Number(i64),
    Text(String),
    List(Vec<Self>),
}

untagged_union! {
    Union;
    Radio(Radio);
    Bridge(Bridge);
    Tree(Tree);
    Forest(Forest);
    Number(i64);
    Text(String);
    List(Vec<Self>);
}

fn variant(value: &Union) -> &'static str {
    match value {
        Union::Radio(_) => "Radio",
        Union::Bridge(_) => "Bridge",
        Union::Tree(_) => "Tree",
        Union::Forest(_) => "Forest",
        Union::Number(_) => "Number",
        Union::Text(_) => "Text",
        Union::List(_) => "List",
    }
}

#[test]
fn the_variant_with_the_fewest_unknown_fields_and_values_is_decoded() {
    let radio = json!({"id": 1, "power": 2});
    for (value, expected) in [
        (radio.clone(), "Radio"),
        (json!({"id": 1}), "Radio"),
        (json!({"id": 1, "ports": []}), "Bridge"),
        (
            json!({"id": 1, "x": 0, "ports": [{"name": "p", "kind": "A"}]}),
            "Bridge",
        ),
        (json!({"id": 1, "power": "off", "inner": []}), "Tree"),
        // `power` is one unknown value for a bridge, `ports` is four for a radio.
        (
            json!({"id": 1, "power": 2, "ports": [{"name": "p", "kind": "A"}]}),
            "Bridge",
        ),
        (
            json!({"id": 1, "power": 2, "ports": [{"name": "p", "kind": "new"}]}),
            "Bridge",
        ),
        (json!({"id": 1, "power": 2, "ports": []}), "Radio"),
        (
            json!({"id": 1, "inner": [{"id": 2, "ports": []}, radio, "text", [3]]}),
            "Tree",
        ),
        (json!(7), "Number"),
        (json!("seven"), "Text"),
        (json!([7, "seven", []]), "List"),
    ] {
        let decoded: Union = serde_json::from_value(value.clone()).unwrap();
        assert_eq!(variant(&decoded), expected, "{value}");
        assert_eq!(serde_json::to_value(&decoded).unwrap(), value);
        let decoded: Union = serde_json::from_str(&value.to_string()).unwrap();
        assert_eq!(variant(&decoded), expected, "{value}");
    }
}

#[test]
fn a_value_that_fits_no_variant_is_an_error_that_does_not_show_it() {
    for value in [
        json!({"power": "SECRET"}),
        json!(true),
        json!(null),
        json!(["SECRET", 1.5]),
    ] {
        let error = serde_json::from_value::<Union>(value)
            .unwrap_err()
            .to_string();
        assert_eq!(error, "no variant of Union fits");
    }
}

#[test]
fn nested_unions_of_a_hostile_value_end() {
    // At each level, two variants fit equally badly.
    let nested = |depth| {
        let level = |inner, _| json!({"id": 1, "x": 0, "inner": [inner]});
        (0..depth).fold(json!({"id": 1, "x": 0}), level)
    };
    let decoded: Union = serde_json::from_value(nested(5)).unwrap();
    assert_eq!(variant(&decoded), "Tree");
    assert_eq!(serde_json::to_value(&decoded).unwrap(), nested(5));
    let error = serde_json::from_value::<Union>(nested(60)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the value has too many unions in each other"
    );
    // The next value has its own limit.
    serde_json::from_value::<Union>(json!({"id": 1, "power": 2})).unwrap();
}

#[test]
fn a_long_list_of_unions_is_not_limited() {
    let list = Value::from_iter((0..10_000).map(|id| json!({"id": id, "x": 0, "ports": []})));
    let decoded: Union = serde_json::from_value(list.clone()).unwrap();
    assert_eq!(serde_json::to_value(&decoded).unwrap(), list);
}
