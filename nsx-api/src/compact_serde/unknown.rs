//! Counts what the document does not list while a value is decoded: unknown fields, and unlisted
//! values of enums and discriminators. The union of untagged types chooses the variant with the
//! fewest.

use std::cell::Cell;

use serde::de::{IgnoredAny, MapAccess};
use serde_json::Value;

thread_local! {
    /// The number of values; `None` while nobody counts.
    static UNKNOWN: Cell<Option<usize>> = const { Cell::new(None) };
}

/// The result of `decode`, and the number of unknown values in it. The count of the caller stays.
pub(super) fn counting_unknown<T>(decode: impl FnOnce() -> T) -> (T, usize) {
    let before = UNKNOWN.replace(Some(0));
    let decoded = decode();
    (decoded, UNKNOWN.replace(before).unwrap_or(0))
}

/// Counts unknown values.
pub(super) fn count_unknown(values: usize) {
    UNKNOWN.set(UNKNOWN.get().map(|count| count.saturating_add(values)));
}

/// Counts the value of an unknown field, with the values in it.
pub(super) fn count_unknown_field(value: &Value) {
    if UNKNOWN.get().is_some() {
        count_unknown(count_values(value));
    }
}

/// Skips the value of an unknown field.
#[inline(never)]
pub(super) fn skip_unknown<'de, A: MapAccess<'de>>(map: &mut A) -> Result<(), A::Error> {
    match UNKNOWN.get() {
        None => drop(map.next_value::<IgnoredAny>()?),
        Some(_) => count_unknown_field(&map.next_value()?),
    }
    Ok(())
}

/// The number of values in a value, itself included.
pub(super) fn count_values(value: &Value) -> usize {
    match value {
        Value::Array(items) => items.iter().map(count_values).sum::<usize>() + 1,
        Value::Object(fields) => fields.values().map(count_values).sum::<usize>() + 1,
        _ => 1,
    }
}
