//! Names as Rust writes them. Those of types and fields are what typify calls them, which has the same rules.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToPascalCase, ToShoutySnakeCase, ToSnakeCase};

/// Names that the generated types use unqualified, and that no schema may take.
pub(crate) const RESERVED_TYPES: [&str; 27] = [
    "AsRef",
    "Box",
    "Clone",
    "Debug",
    "Default",
    "Deserialize",
    "Deserializer",
    "Display",
    "Err",
    "From",
    "FromMap",
    "Into",
    "MapAccess",
    "None",
    "Ok",
    "Option",
    "Result",
    "Self",
    "Serialize",
    "Serializer",
    "Some",
    "String",
    "StringEnum",
    "ToString",
    "TryFrom",
    "TryInto",
    "Vec",
];

/// Names that the generated builders use unqualified.
const RESERVED_BUILDERS: [&str; 14] = [
    "Body",
    "ByteStream",
    "Client",
    "Error",
    "Into",
    "Items",
    "Option",
    "Pages",
    "Request",
    "Response",
    "Result",
    "Self",
    "String",
    "Vec",
];

/// Methods that a builder has, or would have if its operation answered a list: an operation that comes to do so leaves the
/// names of its setters as they are.
const BUILDER_METHODS: [&str; 4] = ["into_request", "pages", "send", "stream"];

/// Methods that a client has already, by hand or by its traits.
const RESERVED_METHODS: [&str; 16] = [
    "as_ref",
    "borrow",
    "builder",
    "clone",
    "clone_into",
    "close",
    "from",
    "from_env",
    "into",
    "manager",
    "operation",
    "options",
    "request",
    "to_owned",
    "try_into",
    "with",
];

/// A schema's name as a type.
pub(crate) fn type_name(name: &str) -> String {
    ident(words(name).to_pascal_case(), 'X')
}

/// A parameter's name as an argument or a field.
pub(crate) fn field_name(name: &str) -> String {
    ident(words(name).to_snake_case(), 'x')
}

/// The numbers that stand behind names whose first is taken. Those tried once are not tried again, which would take ever longer.
#[derive(Default)]
pub(crate) struct Numbers(BTreeMap<String, usize>);

impl Numbers {
    /// What the first number from 2 on makes that makes anything. A number that makes nothing for a name never may again.
    pub(crate) fn first<T>(
        &mut self,
        name: &str,
        mut make: impl FnMut(usize) -> Option<T>,
    ) -> Option<T> {
        let next = self.0.entry(name.to_owned()).or_insert(2);
        (*next..).find_map(|number| {
            *next = number;
            make(number)
        })
    }
}

/// Names that are told apart: of those that are one the first keeps it, and each other gets a number that makes it a name of
/// its own.
pub(crate) fn apart(names: Vec<String>) -> Vec<String> {
    let taken: BTreeSet<String> = names.iter().cloned().collect();
    let mut given = BTreeSet::new();
    let mut numbers = Numbers::default();
    let mut own = |name: String| {
        if given.insert(name.clone()) {
            return name;
        }
        // A keyword has an underscore behind it already.
        let word = name.trim_end_matches('_');
        let numbered = numbers.first(word, |number| {
            let name = format!("{word}_{number}");
            (!taken.contains(&name) && given.insert(name.clone())).then_some(name)
        });
        numbered.unwrap_or(name)
    };
    names.into_iter().map(&mut own).collect()
}

/// What stands between a text and what makes its variant's name another. No document has this character.
const APART: char = '\u{fdd0}';

/// The texts of an enum, so that each makes a name of its own for its variant: behind one whose name another has stands a number,
/// behind one that makes none a word.
pub(crate) fn variant_texts(texts: &[&str]) -> Vec<String> {
    let named = texts.iter().filter(|text| has_ident(text));
    let mut taken: BTreeSet<String> = named.map(|text| type_name(text)).collect();
    let mut given = BTreeSet::new();
    let mut numbers = Numbers::default();
    let mut own = |text: &&str| {
        let word = match *text {
            "" => Some("Empty"),
            text if has_ident(text) => None,
            _ => Some("Sign"),
        };
        if word.is_none() && given.insert(type_name(text)) {
            return (*text).to_owned();
        }
        let first = word.map(|word| format!("{text}{APART}{word}"));
        let name = type_name(first.as_deref().unwrap_or(text));
        if let Some(first) = first.filter(|_| taken.insert(name.clone())) {
            return first;
        }
        let word = word.unwrap_or_default();
        let numbered = numbers.first(&name, |number| {
            let text = format!("{text}{APART}{word}{number}");
            taken.insert(type_name(&text)).then_some(text)
        });
        numbered.unwrap_or_default()
    };
    texts.iter().map(&mut own).collect()
}

/// The text on the wire of one of [`variant_texts`].
pub(crate) fn wire_text(text: &str) -> &str {
    text.split_once(APART).map_or(text, |(text, _)| text)
}

/// The setter of a field.
pub(crate) fn setter_name(field: &str) -> String {
    beside(field.to_owned(), &BUILDER_METHODS)
}

/// A tag as a file's and a module's name.
pub(crate) fn module_name(tag: &str) -> String {
    // Windows has no file of these names, whatever comes behind the dot.
    const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];
    // A file's name is kept to ASCII: rustc refuses others for modules.
    let ascii: String = words(tag)
        .chars()
        .map(|letter| if letter.is_ascii() { letter } else { '-' })
        .collect();
    let name = ident(plurals(&ascii).to_snake_case(), 'x');
    let port = name.len() == 4 && (name.starts_with("com") || name.starts_with("lpt"));
    if port || DEVICES.contains(&name.as_str()) {
        return name + "_";
    }
    name
}

/// A name in which the s behind capitals is one of them: `APIs` is a word, and not `AP` and `Is`.
fn plurals(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let is_plural = |index: usize| {
        let before = index
            .checked_sub(2)
            .and_then(|start| letters.get(start..index));
        let is_behind = before.is_some_and(|two| two.iter().all(char::is_ascii_uppercase));
        let next = letters.get(index + 1);
        is_behind && !next.is_some_and(char::is_ascii_lowercase)
    };
    let letter = |(index, letter): (usize, &char)| match letter {
        's' if is_plural(index) => 'S',
        letter => *letter,
    };
    letters.iter().enumerate().map(letter).collect()
}

/// An operationId as the client's method.
pub(crate) fn method_name(id: &str) -> String {
    beside(field_name(id), &RESERVED_METHODS)
}

/// An operationId as its builder.
pub(crate) fn builder_name(id: &str) -> String {
    beside(type_name(id), &RESERVED_BUILDERS)
}

/// An operationId as its entry in the table.
pub(crate) fn static_name(id: &str) -> String {
    let name = words(id).to_shouty_snake_case();
    match name.as_str() {
        "ALL" => "ALL_".to_owned(),
        _ => begun(name, 'X'),
    }
}

fn beside(name: String, taken: &[&str]) -> String {
    if taken.contains(&name.as_str()) {
        return name + "_";
    }
    name
}

/// The name with everything that cannot be in an identifier made a gap between words.
pub(crate) fn words(name: &str) -> String {
    match name {
        "+1" => return "plus1".to_owned(),
        "-1" => return "minus1".to_owned(),
        _ => {}
    }
    name.chars()
        .filter(|letter| *letter != '\'')
        .map(|letter| match letter {
            letter if unicode_ident::is_xid_continue(letter) => letter,
            _ => '-',
        })
        .collect()
}

/// Whether there is anything in a name that can be in an identifier.
pub(crate) fn has_ident(name: &str) -> bool {
    words(name).contains(|letter| letter != '-' && letter != '_')
}

/// A name that Rust takes: it begins with a letter, and is no keyword.
fn ident(name: String, first: char) -> String {
    escape_keyword(begun(name, first))
}

/// A keyword with an underscore behind it, and any other name as it is.
pub(crate) fn escape_keyword(name: String) -> String {
    // syn does not know this keyword yet.
    match syn::parse_str::<syn::Ident>(&name) {
        Ok(_) if name != "gen" => name,
        _ => name + "_",
    }
}

/// A name that begins with a letter: this one, where it has none or a digit there.
fn begun(name: String, first: char) -> String {
    match name.chars().next().is_some_and(unicode_ident::is_xid_start) {
        true => name,
        false => format!("{first}{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_one_get_numbers_that_no_other_has() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            apart(names(&["a", "b", "a", "a_2", "a"])),
            ["a", "b", "a_3", "a_2", "a_4"]
        );
    }

    #[test]
    fn each_text_of_an_enum_makes_a_name_of_its_own_and_stays_what_it_is_on_the_wire() {
        for (texts, names) in [
            (&["VCENTER", "Vcenter"][..], &["Vcenter", "Vcenter2"][..]),
            (
                &["pdf", "csv", "PDF", "pdf2"],
                &["Pdf", "Csv", "Pdf3", "Pdf2"],
            ),
            (&["", "ADMIN", "Empty"], &["Empty2", "Admin", "Empty"]),
            (
                &["=", "!=", "Self", "self"],
                &["Sign", "Sign2", "Self_", "Self2"],
            ),
        ] {
            let own = variant_texts(texts);
            let given: Vec<String> = own.iter().map(|text| type_name(text)).collect();
            assert_eq!(given, names);
            let wire: Vec<&str> = own.iter().map(|text| wire_text(text)).collect();
            assert_eq!(wire, texts);
        }
    }

    #[test]
    fn keywords_devices_and_the_clients_own_methods_get_an_underscore() {
        assert_eq!(field_name("type"), "type_");
        assert_eq!(field_name("self"), "self_");
        assert_eq!(field_name("X-Allow-Overwrite"), "x_allow_overwrite");
        assert_eq!(field_name("gen"), "gen_");
        assert_eq!(module_name("Zugänge"), "zug_nge");
        assert!(!has_ident("²") && !has_ident(" _") && has_ident("1"));
        assert_eq!(field_name("2nd"), "x2nd");
        assert_eq!(type_name("2D"), "X2d");
        assert_eq!(static_name("2fa"), "X2FA");
        assert_eq!(field_name("-1"), "minus1");
        assert_eq!(field_name("§"), "x");
        assert_eq!(module_name("System, Access Token"), "system_access_token");
        assert_eq!(module_name("IAM APIs"), "iam_apis");
        assert_eq!(module_name("PSCs"), "pscs");
        assert_eq!(module_name("VPCsStatus, DNSsec"), "vpcs_status_dn_ssec");
        assert_eq!(module_name("NUL"), "nul_");
        assert_eq!(module_name("COM1"), "com1_");
        assert_eq!(module_name("mod"), "mod_");
        assert_eq!(method_name("Request"), "request_");
        assert_eq!(builder_name("Request"), "Request_");
        assert_eq!(static_name("CreateToken"), "CREATE_TOKEN");
    }
}
