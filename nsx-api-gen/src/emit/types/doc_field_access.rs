//! Chooses the part of a response that an example prints: an informative field, never a secret.

use syn::Type;

use super::literals::inner;
use super::member::Member;
use super::{TypeKind, Types, own_name};
use crate::emit::paths::{argument, is};

/// Fields that identify an object, the best first.
const IDENTIFYING_FIELDS: [&str; 10] = [
    "display_name",
    "name",
    "id",
    "product_version",
    "version",
    "status",
    "state",
    "overall_status",
    "results",
    "result_count",
];

impl Types {
    /// A `println!` of part of the value in the variable `name`. With `is_held`, the variable is a
    /// response that contains the value.
    pub(crate) fn doc_field_access(&self, ty: &Type, name: &str, is_held: bool) -> String {
        if argument(ty, "Vec").is_some() {
            return format!("println!(\"{{}} in total\", {name}.len())");
        }
        if let Some(object) = self.object_of(ty) {
            let fields = || object.iter().filter(|one| can_be_printed(one));
            let mut known = IDENTIFYING_FIELDS.iter();
            let known = known.find_map(|known| fields().find(|one| one.json == *known));
            let text = || fields().find(|one| !is_list(one));
            if let Some(member) = known.or_else(text).or_else(|| fields().next()) {
                return print_field(member, name);
            }
        }
        let value = if is_held {
            format!("*{name}")
        } else {
            name.to_owned()
        };
        match is(ty, "String") {
            true => format!("println!(\"{{}}\", {value})"),
            false => format!("println!(\"{{:?}}\", {value})"),
        }
    }

    /// The type of the items of a page.
    pub(crate) fn item_of(&self, page: &Type) -> Option<&Type> {
        let results = self
            .object_of(page)?
            .iter()
            .find(|one| one.json == "results")?;
        argument(inner(&results.ty), "Vec")
    }

    fn object_of(&self, ty: &Type) -> Option<&[Member]> {
        let name = own_name(ty)?;
        match &self.defined.get(*self.index.get(&name)?)?.kind {
            TypeKind::Object(object) => Some(&object.fields),
            _ => None,
        }
    }
}

/// Words in the names of fields that may contain a secret without being marked as one.
const SECRETS: [&str; 7] = [
    "credential",
    "key",
    "passphrase",
    "password",
    "private",
    "secret",
    "token",
];

/// Whether a field can be printed on a line: a string, a number, or a list.
fn can_be_printed(member: &Member) -> bool {
    let name = member.json.to_lowercase();
    // These fields are metadata of the manager, such as links.
    if name.starts_with('_') || SECRETS.iter().any(|word| name.contains(word)) {
        return false;
    }
    let ty = inner(&member.ty);
    let printable_types = ["String", "bool", "i32", "i64", "u64", "f64", "Vec"];
    let is_secret = argument(ty, "Vec").is_some_and(|item| is(item, "Secret"));
    printable_types.iter().any(|name| is(ty, name)) && !is_secret
}

fn is_list(member: &Member) -> bool {
    is(inner(&member.ty), "Vec")
}

fn print_field(member: &Member, name: &str) -> String {
    let place = format!("{name}.{}", member.rust());
    let ty = inner(&member.ty);
    let is_optional = is(&member.ty, "Option");
    let item = argument(ty, "Vec");
    let is_string_list = item.is_some_and(|item| is(item, "String"));
    match (is_optional, is_string_list, item.is_some()) {
        (false, true, _) => format!("println!(\"{{}}\", {place}.join(\", \"))"),
        (false, _, true) => format!("println!(\"{{}} in total\", {place}.len())"),
        (false, ..) => format!("println!(\"{{}}\", {place})"),
        (true, _, true) => format!("println!(\"{{}} in total\", {place}.iter().flatten().count())"),
        (true, ..) if is(ty, "String") => {
            format!("println!(\"{{}}\", {place}.as_deref().unwrap_or_default())")
        }
        (true, ..) => format!("println!(\"{{:?}}\", {place})"),
    }
}
