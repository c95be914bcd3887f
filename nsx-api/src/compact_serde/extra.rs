//! The fields of an object that are not in the document.

use std::fmt;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, map};

/// Fields of an object that are not in the document. They are kept, so that an object that was read
/// can be written back without losing any.
///
/// A manager that is newer than the document may send such fields. `Extra` derefs to a map. `Debug`
/// shows only the names, because an unknown field could be a secret.
///
/// ```
/// use nsx_api::Extra;
///
/// let mut extra = Extra::default();
/// extra.insert("passphrase".to_owned(), "s3cret".into());
/// assert_eq!(extra["passphrase"], "s3cret");
/// assert_eq!(format!("{extra:?}"), r#"Extra("passphrase")"#);
/// ```
#[derive(Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Extra(Map<String, Value>);

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut names = f.debug_tuple("Extra");
        for name in self.0.keys() {
            names.field(name);
        }
        names.finish()
    }
}

impl Deref for Extra {
    type Target = Map<String, Value>;

    fn deref(&self) -> &Map<String, Value> {
        &self.0
    }
}

impl DerefMut for Extra {
    fn deref_mut(&mut self) -> &mut Map<String, Value> {
        &mut self.0
    }
}

impl From<Map<String, Value>> for Extra {
    fn from(fields: Map<String, Value>) -> Self {
        Self(fields)
    }
}

impl<'a> IntoIterator for &'a Extra {
    type Item = (&'a String, &'a Value);
    type IntoIter = map::Iter<'a>;

    fn into_iter(self) -> map::Iter<'a> {
        self.0.iter()
    }
}

#[cfg(feature = "schemars")]
impl schemars::JsonSchema for Extra {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Extra".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Map::<String, Value>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn debug_of_extra_fields_shows_names_only() {
        let mut extra = Extra::default();
        assert_eq!(format!("{extra:?}"), "Extra");
        extra.insert("a".to_owned(), json!({ "SECRET": "SECRET" }));
        extra.insert("b".to_owned(), json!("SECRET"));
        assert_eq!(format!("{extra:?}"), r#"Extra("a", "b")"#);
        assert!(!format!("{extra:#?}").contains("SECRET"));
    }

    #[test]
    fn extra_fields_are_used_as_a_map() {
        let map = Map::from_iter([("a".to_owned(), json!(1)), ("b".to_owned(), json!([2]))]);
        let extra = Extra::from(map.clone());
        assert_eq!(*extra, map);
        assert_eq!((extra.len(), &extra["b"]), (2, &json!([2])));
        let names: Vec<&String> = (&extra).into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "b"]);
        let json = serde_json::to_value(&extra).unwrap();
        assert_eq!(json, Value::Object(map));
        assert_eq!(serde_json::from_value::<Extra>(json).unwrap(), extra);
    }

    #[cfg(feature = "schemars")]
    #[test]
    fn the_schema_of_extra_fields_is_that_of_a_map() {
        #[derive(schemars::JsonSchema)]
        #[expect(dead_code, reason = "only its schema is used")]
        struct With<T> {
            id: String,
            #[schemars(flatten)]
            extra: T,
        }
        let schema = |schema: schemars::Schema| {
            let mut schema = schema.to_value();
            schema.as_object_mut().unwrap().remove("title");
            schema
        };
        assert_eq!(
            schema(schemars::schema_for!(With<Extra>)),
            schema(schemars::schema_for!(With<Map<String, Value>>))
        );
    }
}
