//! Values of the types as literals, for the examples of the docs: no more than reads at a glance.

use serde_json::Value;
use syn::{ItemEnum, Type};

use super::object::{Member, Object};
use super::texts::rows;
use super::{Kind, Types, own_name};
use crate::document::markdown::visible;
use crate::emit::method::named;
use crate::emit::paths::{argument, type_ident};

/// How deep a value in an example may be: an object, and one in it.
const DEEPEST: usize = 2;

/// Fields that a value in an example may have; of one with more a caller knows better where it comes from.
const MOST_FIELDS: usize = 4;

/// Letters that a text in an example may have.
const LONGEST: usize = 40;

/// Fields that a caller is likely to set, in a type that requires none.
const LIKELY: [&str; 3] = ["display_name", "name", "description"];

/// A value in an example.
pub(in crate::emit) struct Literal {
    /// The value itself.
    pub(in crate::emit) exact: String,
    /// What becomes the value where `impl Into` is taken.
    pub(in crate::emit) given: String,
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
    /// A value of a type; `name` is what stands for a text, `known` what the document has as an example.
    pub(in crate::emit) fn literal(
        &self,
        ty: &Type,
        name: &str,
        known: Option<&Value>,
    ) -> Option<Literal> {
        self.within(ty, name, known, DEEPEST)
    }

    fn within(
        &self,
        ty: &Type,
        name: &str,
        known: Option<&Value>,
        depth: usize,
    ) -> Option<Literal> {
        if named(ty).is_some() {
            return self.of_document(&own_name(ty)?, known, depth);
        }
        if let Some(item) = argument(ty, "Vec") {
            let known = known
                .and_then(Value::as_array)
                .and_then(|list| list.first());
            let item = self.within(item, name, known, depth)?;
            return Some(Literal::plain(format!("vec![{}]", item.exact)));
        }
        let ident = type_ident(ty)?;
        Some(match ident.as_str() {
            "String" => Literal::text(known.and_then(shown_text).unwrap_or(name)),
            "Secret" if own_name(ty).is_none() => Literal {
                exact: "\"secret\".into()".to_owned(),
                given: "\"secret\"".to_owned(),
            },
            "bool" => Literal::plain(known.and_then(Value::as_bool).unwrap_or(true).to_string()),
            "i32" | "i64" | "u64" => Literal::plain(whole(&ident, known)?),
            "f64" => Literal::plain(format!(
                "{:?}",
                known.and_then(Value::as_f64).unwrap_or(1.0)
            )),
            // Types of one file name each other without a path.
            _ => return self.of_document(&own_name(ty)?, known, depth),
        })
    }

    fn of_document(&self, name: &str, known: Option<&Value>, depth: usize) -> Option<Literal> {
        let defined = self.defined.get(*self.index.get(name)?)?;
        let code = match &defined.kind {
            Kind::Texts(item) => variant(item, known)?,
            Kind::Object(object) if depth > 0 => self.object(object, known, depth)?,
            Kind::Object(_) | Kind::OneOf(_) | Kind::Other(_) => return None,
        };
        Some(Literal::plain(format!("types::{code}")))
    }

    /// An object as its constructor makes it, or with one field set.
    fn object(&self, object: &Object, known: Option<&Value>, depth: usize) -> Option<String> {
        let says = self.says.get(&object.name).map(Vec::as_slice);
        let object = object.whole(false, says.unwrap_or_default());
        let name = &object.name;
        let value = |member: &Member| {
            let known = known.and_then(|known| known.get(&member.json));
            self.within(inner(&member.ty), &member.json, known, depth - 1)
        };
        let required: Vec<&Member> = object.required().collect();
        if !required.is_empty() {
            let can_be_made = self.sent.contains(name) && required.len() <= MOST_FIELDS;
            let values = required.into_iter().filter(|_| can_be_made);
            let values: Option<Vec<String>> = values.map(|one| Some(value(one)?.given)).collect();
            let values = values.filter(|values| !values.is_empty())?.join(", ");
            return Some(format!("{name}::new({values})"));
        }
        let mut likely = LIKELY.iter();
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

/// The type of what is in an option.
pub(super) fn inner(ty: &Type) -> &Type {
    argument(ty, "Option").unwrap_or(ty)
}

/// A text that reads well in an example, if it is one.
fn shown_text(value: &Value) -> Option<&str> {
    let text = value.as_str()?;
    let is_shown = !text.trim().is_empty()
        && text.chars().count() <= LONGEST
        && !text.contains('\n')
        && visible(text) == text;
    is_shown.then_some(text)
}

/// A number of the type, which says which one it is where Rust would take it for another.
fn whole(ty: &str, known: Option<&Value>) -> Option<String> {
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

/// The variant of the example, or the first.
fn variant(item: &ItemEnum, known: Option<&Value>) -> Option<String> {
    let rows = rows(item);
    let known = known.and_then(Value::as_str);
    let row = rows.iter().find(|(_, text)| Some(text.as_str()) == known);
    let (ident, _) = row.or_else(|| rows.first())?;
    Some(format!("{}::{ident}", item.ident))
}
