//! Deserializes YAML and JSON strictly: duplicate keys are rejected, and depth and size are
//! limited. Because of YAML aliases, a small text can describe a large tree.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use super::file::MAX_BYTES;

/// The maximum nesting of lists and objects. Documents of managers have 9 levels.
pub(crate) const MAX_DEPTH: usize = 64;

/// The maximum number of values and keys. The largest known document of a manager has about a
/// million.
pub(super) const MAX_VALUES: usize = 4_000_000;

/// How much may still be read.
pub(crate) struct Budget {
    values: Cell<usize>,
    bytes: Cell<usize>,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            values: Cell::new(MAX_VALUES),
            bytes: Cell::new(MAX_BYTES),
        }
    }
}

impl Budget {
    /// A budget for a test.
    #[cfg(test)]
    pub(super) fn of_values(values: usize) -> Self {
        Self {
            values: Cell::new(values),
            ..Self::default()
        }
    }

    /// Charges one value or key, with its text.
    fn take<E: Error>(&self, text: &str) -> Result<(), E> {
        let take = |left: &Cell<usize>, count| {
            let rest = left.get().checked_sub(count);
            left.set(rest.unwrap_or_default());
            rest.is_some()
        };
        if !take(&self.values, 1) {
            let message = format!("more than {MAX_VALUES} values, after expanding aliases");
            return Err(E::custom(message));
        }
        if !take(&self.bytes, text.len()) {
            let most = MAX_BYTES >> 20;
            let message = format!("more than {most} MB of text, after expanding aliases");
            return Err(E::custom(message));
        }
        Ok(())
    }

    /// Charges a copy of a tree. Returns whether the budget covers it.
    pub(crate) fn covers(&self, tree: &Value) -> bool {
        let has_room = |text: &str| self.take::<serde_json::Error>(text).is_ok();
        match tree {
            Value::Object(map) => {
                let mut members = map.iter();
                has_room("") && members.all(|(key, inner)| has_room(key) && self.covers(inner))
            }
            Value::Array(list) => has_room("") && list.iter().all(|inner| self.covers(inner)),
            Value::String(text) => has_room(text),
            _ => has_room(""),
        }
    }
}

/// The message for a document that is nested too deeply.
pub(super) fn too_deep() -> String {
    format!("nested more than {MAX_DEPTH} levels deep")
}

/// Deserializes one value.
#[derive(Clone, Copy)]
pub(super) struct Strict<'a> {
    budget: &'a Budget,
    depth: usize,
}

impl<'a> Strict<'a> {
    pub(super) fn new(budget: &'a Budget) -> Self {
        Self { budget, depth: 0 }
    }

    fn below<E: Error>(self) -> Result<Self, E> {
        if self.depth >= MAX_DEPTH {
            return Err(E::custom(too_deep()));
        }
        let depth = self.depth.saturating_add(1);
        Ok(Self { depth, ..self })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a YAML or JSON value")
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        self.budget.take("")?;
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        self.budget.take("")?;
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        self.budget.take("")?;
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        self.budget.take("")?;
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        self.budget.take(value)?;
        Ok(Value::from(value))
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        self.budget.take("")?;
        Ok(Value::Null)
    }

    fn visit_none<E: Error>(self) -> Result<Value, E> {
        self.visit_unit()
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        self.budget.take("")?;
        let below = self.below()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(below)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        self.budget.take("")?;
        let below = self.below()?;
        let mut map = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            self.budget.take(&key)?;
            let value = entries.next_value_seed(below)?;
            if map.contains_key(&key) {
                return Err(A::Error::custom(format!("duplicate key `{key}`")));
            }
            map.insert(key, value);
        }
        Ok(Value::Object(map))
    }
}
