//! What an example shows of an answer: a field that a reader knows the answer by, and never a secret.

use syn::Type;

use super::object::Member;
use super::sample::inner;
use super::{Kind, Types, own_name};
use crate::emit::method::is;
use crate::emit::paths::argument;

/// Fields that an object is known by, the likeliest first.
const KNOWN_BY: [&str; 10] = [
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
    /// A call of `println!` that shows something of a value in the variable `name`; `is_held` says that the variable holds it in a
    /// response.
    pub(in crate::emit) fn shown(&self, ty: &Type, name: &str, is_held: bool) -> String {
        if argument(ty, "Vec").is_some() {
            return format!("println!(\"{{}} in all\", {name}.len())");
        }
        if let Some(object) = self.object_of(ty) {
            let fields = || object.iter().filter(|one| can_be_shown(one));
            let mut known = KNOWN_BY.iter();
            let known = known.find_map(|known| fields().find(|one| one.json == *known));
            let text = || fields().find(|one| !is_list(one));
            if let Some(member) = known.or_else(text).or_else(|| fields().next()) {
                return field(member, name);
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
    pub(in crate::emit) fn item_of(&self, page: &Type) -> Option<&Type> {
        let results = self
            .object_of(page)?
            .iter()
            .find(|one| one.json == "results")?;
        argument(inner(&results.ty), "Vec")
    }

    fn object_of(&self, ty: &Type) -> Option<&[Member]> {
        let name = own_name(ty)?;
        match &self.defined.get(*self.index.get(&name)?)?.kind {
            Kind::Object(object) => Some(&object.fields),
            Kind::OneOf(_) | Kind::Texts(_) | Kind::Other(_) => None,
        }
    }
}

/// Words in the names of fields that may hold a secret which the document does not mark as one.
const SECRETS: [&str; 7] = [
    "credential",
    "key",
    "passphrase",
    "password",
    "private",
    "secret",
    "token",
];

/// Whether a field says something in a line: text, a number, or a list.
fn can_be_shown(member: &Member) -> bool {
    let name = member.json.to_lowercase();
    // What begins so is about the resource in the manager: its links, say.
    if name.starts_with('_') || SECRETS.iter().any(|word| name.contains(word)) {
        return false;
    }
    let ty = inner(&member.ty);
    let is_plain = ["String", "bool", "i32", "i64", "u64", "f64", "Vec"];
    let is_secret = argument(ty, "Vec").is_some_and(|item| is(item, "Secret"));
    is_plain.iter().any(|name| is(ty, name)) && !is_secret
}

fn is_list(member: &Member) -> bool {
    is(inner(&member.ty), "Vec")
}

fn field(member: &Member, name: &str) -> String {
    let place = format!("{name}.{}", member.rust());
    let ty = inner(&member.ty);
    let is_optional = is(&member.ty, "Option");
    let item = argument(ty, "Vec");
    let is_texts = item.is_some_and(|item| is(item, "String"));
    match (is_optional, is_texts, item.is_some()) {
        (false, true, _) => format!("println!(\"{{}}\", {place}.join(\", \"))"),
        (false, _, true) => format!("println!(\"{{}} in all\", {place}.len())"),
        (false, ..) => format!("println!(\"{{}}\", {place})"),
        (true, _, true) => format!("println!(\"{{}} in all\", {place}.iter().flatten().count())"),
        (true, ..) if is(ty, "String") => {
            format!("println!(\"{{}}\", {place}.as_deref().unwrap_or_default())")
        }
        (true, ..) => format!("println!(\"{{:?}}\", {place})"),
    }
}
