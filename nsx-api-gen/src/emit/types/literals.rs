//! Short literals of the types, for the examples in the docs.

use serde_json::Value;
use syn::{ItemEnum, Type};

use super::member::Member;
use super::object::Object;
use super::string_enum::variant_values;
use super::{TypeKind, Types, own_name};
use crate::document::markdown::visible;

use crate::emit::paths::{argument, named, type_ident};

/// The maximum nesting of objects in a literal.
const MAX_DEPTH: usize = 2;

/// The maximum number of fields in a literal.
const MAX_FIELDS: usize = 4;

/// The maximum length of a string in a literal.
const MAX_LENGTH: usize = 40;

/// Fields that a caller is likely to set, for a type without required fields.
const LIKELY_FIELDS: [&str; 3] = ["display_name", "name", "description"];

/// A value in an example.
pub(crate) struct Literal {
    /// An expression of the exact type.
    pub(crate) exact: String,
    /// An expression where `impl Into` is accepted.
    pub(crate) given: String,
}

impl Literal {
    fn plain(code: String) -> Self {
        Self {
            exact: code.clone(),
            given: code,
        }
    }

    fn text(text: &str) -> Self {
        Self {
            exact: format!("{text:?}.to_owned()"),
            given: format!("{text:?}"),
        }
    }
}

impl Types {
    /// A literal of a type. A string without an example has the value `name`; `known` is the
    /// example of the document.
    pub(crate) fn literal(&self, ty: &Type, name: &str, known: Option<&Value>) -> Option<Literal> {
        self.literal_within(ty, name, known, MAX_DEPTH)
    }

    fn literal_within(
        &self,
        ty: &Type,
        name: &str,
        known: Option<&Value>,
        depth: usize,
    ) -> Option<Literal> {
        if named(ty).is_some() {
            return self.literal_of_component(&own_name(ty)?, known, depth);
        }
        if let Some(item) = argument(ty, "Vec") {
            let known = known
                .and_then(Value::as_array)
                .and_then(|list| list.first());
            let item = self.literal_within(item, name, known, depth)?;
            return Some(Literal::plain(format!("vec![{}]", item.exact)));
        }
        let ident = type_ident(ty)?;
        Some(match ident.as_str() {
            "String" => Literal::text(known.and_then(presentable_string).unwrap_or(name)),
            "Secret" if own_name(ty).is_none() => Literal {
                exact: "\"secret\".into()".to_owned(),
                given: "\"secret\"".to_owned(),
            },
            "bool" => Literal::plain(known.and_then(Value::as_bool).unwrap_or(true).to_string()),
            "i32" | "i64" | "u64" => Literal::plain(integer_literal(&ident, known)?),
            "f64" => Literal::plain(format!(
                "{:?}",
                known.and_then(Value::as_f64).unwrap_or(1.0)
            )),
            // Types in the same file refer to each other without a path.
            _ => return self.literal_of_component(&own_name(ty)?, known, depth),
        })
    }

    fn literal_of_component(
        &self,
        name: &str,
        known: Option<&Value>,
        depth: usize,
    ) -> Option<Literal> {
        let defined = self.defined.get(*self.index.get(name)?)?;
        let code = match &defined.kind {
            TypeKind::StringEnum(item) => variant(item, known)?,
            TypeKind::Object(object) if depth > 0 => self.object(object, known, depth)?,
            TypeKind::Object(_)
            | TypeKind::Union(_)
            | TypeKind::Untagged(_)
            | TypeKind::Other(_) => return None,
        };
        Some(Literal::plain(format!("types::{code}")))
    }

    /// An object created by its constructor, or with one field set.
    fn object(&self, object: &Object, known: Option<&Value>, depth: usize) -> Option<String> {
        let values = self
            .discriminator_values
            .get(&object.name)
            .map(Vec::as_slice);
        let object = object.completed(false, values.unwrap_or_default());
        let name = &object.name;
        let value = |member: &Member| {
            let known = known.and_then(|known| known.get(&member.json));
            self.literal_within(inner(&member.ty), &member.json, known, depth - 1)
        };
        let required: Vec<&Member> = object.required().collect();
        if !required.is_empty() {
            let can_be_made = self.sent.contains(name) && required.len() <= MAX_FIELDS;
            let values = required.into_iter().filter(|_| can_be_made);
            let values: Option<Vec<String>> = values.map(|one| Some(value(one)?.given)).collect();
            let values = values.filter(|values| !values.is_empty())?.join(", ");
            return Some(format!("{name}::new({values})"));
        }
        let mut likely = LIKELY_FIELDS.iter();
        let field = likely.find_map(|likely| object.optional(likely));
        let set = field.and_then(|member| Some((member.rust(), value(member)?.exact)));
        Some(match set {
            Some((field, value)) => {
                format!("{name} {{ {field}: Some({value}), ..Default::default() }}")
            }
            None => format!("{name}::default()"),
        })
    }
}

/// The `T` of an `Option<T>`.
pub(super) fn inner(ty: &Type) -> &Type {
    argument(ty, "Option").unwrap_or(ty)
}

/// A string that is suitable for an example.
fn presentable_string(value: &Value) -> Option<&str> {
    let text = value.as_str()?;
    let is_shown = !text.trim().is_empty()
        && text.chars().count() <= MAX_LENGTH
        && !text.contains('\n')
        && visible(text) == text;
    is_shown.then_some(text)
}

/// An integer literal, with a suffix if Rust would infer another type.
fn integer_literal(ty: &str, known: Option<&Value>) -> Option<String> {
    let number = known.filter(|known| known.is_i64() || known.is_u64());
    let number = number.map_or_else(|| "1".to_owned(), ToString::to_string);
    match ty {
        "i32" => number.parse::<i32>().ok().map(|number| number.to_string()),
        "u64" => number
            .parse::<u64>()
            .ok()
            .map(|number| format!("{number}_u64")),
        _ => number
            .parse::<i64>()
            .ok()
            .map(|number| match i32::try_from(number) {
                Ok(_) => number.to_string(),
                Err(_) => format!("{number}_i64"),
            }),
    }
}

/// The variant of the example, or the first one.
fn variant(item: &ItemEnum, known: Option<&Value>) -> Option<String> {
    let rows = variant_values(item);
    let known = known.and_then(Value::as_str);
    let row = rows.iter().find(|(_, text)| Some(text.as_str()) == known);
    let (ident, _) = row.or_else(|| rows.first())?;
    Some(format!("{}::{ident}", item.ident))
}
