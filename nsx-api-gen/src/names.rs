//! Rust names for schemas, properties, parameters, operations and tags. Names of types and fields
//! must match those of typify, so they follow its rules.

use std::collections::{BTreeMap, BTreeSet};

use heck::{ToPascalCase, ToShoutySnakeCase, ToSnakeCase};

/// Names that the generated types use unqualified. A schema cannot have one of them.
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

/// Methods of a builder, or methods it gets if its operation becomes a paginated list. All of them
/// are reserved, so that setters keep their names in that case.
const BUILDER_METHODS: [&str; 4] = ["into_request", "pages", "send", "stream"];

/// Methods that the client already has, directly or through a trait.
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

/// The type name of a schema.
pub(crate) fn type_name(name: &str) -> String {
    ident(to_words(name).to_pascal_case(), 'X')
}

/// The argument or field name of a parameter.
pub(crate) fn field_name(name: &str) -> String {
    ident(to_words(name).to_snake_case(), 'x')
}

/// The next number for each name that is already in use. Remembering it avoids quadratic time.
#[derive(Default)]
pub(crate) struct NumberSuffixes(BTreeMap<String, usize>);

impl NumberSuffixes {
    /// The first result of `make` for 2, 3, 4, …. A number that was rejected for a name is not
    /// tried again.
    pub(crate) fn first_free<T>(
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

/// Makes names unique: the first of several equal names is kept, and the others get a number.
pub(crate) fn deduplicate(names: Vec<String>) -> Vec<String> {
    let taken: BTreeSet<String> = names.iter().cloned().collect();
    let mut given = BTreeSet::new();
    let mut numbers = NumberSuffixes::default();
    let mut own = |name: String| {
        if given.insert(name.clone()) {
            return name;
        }
        // A name that is a keyword already ends with an underscore.
        let word = name.trim_end_matches('_');
        let numbered = numbers.first_free(word, |number| {
            let name = format!("{word}_{number}");
            (!taken.contains(&name) && given.insert(name.clone())).then_some(name)
        });
        numbered.unwrap_or(name)
    };
    names.into_iter().map(&mut own).collect()
}

/// A Unicode noncharacter that marks names of the generator's own. `read` rejects documents that
/// contain it.
pub(crate) const RESERVED_CHAR: char = '\u{fdd0}';

/// Separates the text of an enum value from a suffix that makes its variant's name unique.
const SUFFIX_MARK: char = RESERVED_CHAR;

/// The values of an enum, changed so that each gives a unique variant name: a value whose name is
/// already in use gets a number, and a value without letters or digits gets a word.
pub(crate) fn unique_variant_texts(texts: &[&str]) -> Vec<String> {
    let named = texts.iter().filter(|text| has_ident(text));
    let mut taken: BTreeSet<String> = named.map(|text| type_name(text)).collect();
    let mut given = BTreeSet::new();
    let mut numbers = NumberSuffixes::default();
    let mut own = |text: &&str| {
        let word = match *text {
            "" => Some("Empty"),
            text if has_ident(text) => None,
            _ => Some("Sign"),
        };
        if word.is_none() && given.insert(type_name(text)) {
            return (*text).to_owned();
        }
        let first = word.map(|word| format!("{text}{SUFFIX_MARK}{word}"));
        let name = type_name(first.as_deref().unwrap_or(text));
        if let Some(first) = first.filter(|_| taken.insert(name.clone())) {
            return first;
        }
        let word = word.unwrap_or_default();
        let numbered = numbers.first_free(&name, |number| {
            let text = format!("{text}{SUFFIX_MARK}{word}{number}");
            taken.insert(type_name(&text)).then_some(text)
        });
        numbered.unwrap_or_default()
    };
    texts.iter().map(&mut own).collect()
}

/// The value on the wire for one of [`unique_variant_texts`].
pub(crate) fn wire_value(text: &str) -> &str {
    text.split_once(SUFFIX_MARK).map_or(text, |(text, _)| text)
}

/// The name of a field's setter.
pub(crate) fn setter_name(field: &str) -> String {
    avoid_reserved(field.to_owned(), &BUILDER_METHODS)
}

/// The module and file name of a tag.
pub(crate) fn module_name(tag: &str) -> String {
    // Windows does not allow files with these names, whatever their extension.
    const DEVICES: [&str; 4] = ["aux", "con", "nul", "prn"];
    // rustc does not accept non-ASCII file names for modules.
    let ascii: String = to_words(tag)
        .chars()
        .map(|letter| if letter.is_ascii() { letter } else { '-' })
        .collect();
    let name = ident(capitalize_plural_s(&ascii).to_snake_case(), 'x');
    let port = name.len() == 4 && (name.starts_with("com") || name.starts_with("lpt"));
    if port || DEVICES.contains(&name.as_str()) {
        return name + "_";
    }
    name
}

/// Turns a plural `s` after capital letters into a capital, so that `APIs` counts as one word
/// instead of `AP` and `Is`.
fn capitalize_plural_s(name: &str) -> String {
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

/// The client method of an operationId.
pub(crate) fn method_name(id: &str) -> String {
    avoid_reserved(field_name(id), &RESERVED_METHODS)
}

/// The builder type of an operationId.
pub(crate) fn builder_name(id: &str) -> String {
    avoid_reserved(type_name(id), &RESERVED_BUILDERS)
}

/// The name of an operationId's entry in the operation table.
pub(crate) fn static_name(id: &str) -> String {
    let name = to_words(id).to_shouty_snake_case();
    match name.as_str() {
        "ALL" => "ALL_".to_owned(),
        _ => with_valid_start(name, 'X'),
    }
}

fn avoid_reserved(name: String, taken: &[&str]) -> String {
    if taken.contains(&name.as_str()) {
        return name + "_";
    }
    name
}

/// Replaces every character that an identifier cannot contain with a word separator.
pub(crate) fn to_words(name: &str) -> String {
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

/// Whether a name contains a character that an identifier can contain.
pub(crate) fn has_ident(name: &str) -> bool {
    to_words(name).contains(|letter| letter != '-' && letter != '_')
}

/// A valid identifier: it starts with a letter and is not a keyword.
fn ident(name: String, first: char) -> String {
    escape_keyword(with_valid_start(name, first))
}

/// Appends an underscore to a keyword.
pub(crate) fn escape_keyword(name: String) -> String {
    // syn does not know this keyword yet.
    match syn::parse_str::<syn::Ident>(&name) {
        Ok(_) if name != "gen" => name,
        _ => name + "_",
    }
}

/// Prepends `first` if the name does not start with a letter.
fn with_valid_start(name: String, first: char) -> String {
    match name.chars().next().is_some_and(unicode_ident::is_xid_start) {
        true => name,
        false => format!("{first}{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duplicate_names_get_unique_numbers() {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        assert_eq!(
            deduplicate(names(&["a", "b", "a", "a_2", "a"])),
            ["a", "b", "a_3", "a_2", "a_4"]
        );
    }

    #[test]
    fn enum_values_get_unique_variant_names_and_keep_their_wire_value() {
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
            let own = unique_variant_texts(texts);
            let given: Vec<String> = own.iter().map(|text| type_name(text)).collect();
            assert_eq!(given, names);
            let wire: Vec<&str> = own.iter().map(|text| wire_value(text)).collect();
            assert_eq!(wire, texts);
        }
    }

    #[test]
    fn keywords_windows_devices_and_client_methods_get_a_trailing_underscore() {
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
