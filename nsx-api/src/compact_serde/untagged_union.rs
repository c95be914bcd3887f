//! Unions without a discriminator: a value is decoded as the variant that fits best.
//!
//! That is the variant for which the fewest values are unknown, at any depth: those of unknown
//! fields, and unlisted values of enums. Of equal ones, it is the first. The value is buffered,
//! because it is decoded once for each variant.

use std::cell::Cell;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};
use serde_json::Value;

use super::DecodeError;
use super::discriminated_union::BufferedValue;
use super::unknown::{count_unknown, count_values, counting_unknown};

/// Decodes one variant.
pub(crate) type TryVariant<T> = fn(Value) -> Result<T, DecodeError>;

/// How often the variants of nested unions may be tried, for each value in the outermost one.
/// Without a limit, the number of attempts doubles with each level.
const ATTEMPTS_PER_VALUE: usize = 100;

thread_local! {
    /// The attempts that are left within the outermost union. `None` outside of unions.
    static ATTEMPTS_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
}

/// Decodes the variant that fits best.
pub(crate) fn deserialize_best_fit<'de, T, D>(
    deserializer: D,
    name: &'static str,
    variants: &[TryVariant<T>],
) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
{
    let value = Value::deserialize(deserializer)?;
    let limit = AttemptLimit::start(&value);
    let mut best: Option<(usize, T)> = None;
    for decode in variants {
        limit.count();
        if limit.is_reached() {
            break;
        }
        let (decoded, unknown) = counting_unknown(|| decode(value.clone()));
        let Ok(decoded) = decoded else {
            continue;
        };
        if best.as_ref().is_none_or(|(least, _)| unknown < *least) {
            best = Some((unknown, decoded));
        }
        if unknown == 0 {
            break;
        }
    }
    match best {
        _ if limit.is_reached() => Err(D::Error::custom(
            "the value has too many unions in each other",
        )),
        Some((unknown, decoded)) => {
            count_unknown(unknown);
            Ok(decoded)
        }
        None => Err(D::Error::custom(format_args!("no variant of {name} fits"))),
    }
}

/// Decodes the type of a variant.
pub(crate) fn decode_value<T: DeserializeOwned>(value: Value) -> Result<T, DecodeError> {
    T::deserialize(BufferedValue(value))
}

/// Limits the attempts within the outermost union.
struct AttemptLimit {
    is_outermost: bool,
}

impl AttemptLimit {
    fn start(value: &Value) -> Self {
        let is_outermost = ATTEMPTS_LEFT.get().is_none();
        if is_outermost {
            let attempts = count_values(value).saturating_mul(ATTEMPTS_PER_VALUE);
            ATTEMPTS_LEFT.set(Some(attempts));
        }
        Self { is_outermost }
    }

    /// Counts an attempt.
    fn count(&self) {
        let left = ATTEMPTS_LEFT.get();
        ATTEMPTS_LEFT.set(left.map(|left| left.saturating_sub(1)));
    }

    fn is_reached(&self) -> bool {
        ATTEMPTS_LEFT.get() == Some(0)
    }
}

impl Drop for AttemptLimit {
    fn drop(&mut self) {
        if self.is_outermost {
            ATTEMPTS_LEFT.set(None);
        }
    }
}

/// Implements serde's traits for a union without a discriminator, and `From` for its variants.
#[allow(unused_macros, reason = "a document may have no such union")]
macro_rules! untagged_union {
    ($name:ident; $($variant:ident($ty:ty);)*) => {
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> Result<Self, D::Error> {
                $crate::compact_serde::deserialize_best_fit(
                    deserializer,
                    stringify!($name),
                    &[$(|value| {
                        $crate::compact_serde::decode_value::<$ty>(value).map(Self::$variant)
                    }),*],
                )
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                match self {
                    $(Self::$variant(value) => ::serde::Serialize::serialize(value, serializer),)*
                }
            }
        }
    };
}
pub(crate) use untagged_union;
