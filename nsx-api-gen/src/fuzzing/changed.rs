//! Generates documents that are almost valid: a node is removed, copied, renamed, wrapped or
//! replaced.

use serde_json::{Map, Value, json};

use crate::document::join;
use crate::read;

/// Keys that a change may use.
const KEYS: &str = "\
    $ref $defs additionalProperties allOf allowEmptyValue anyOf basePath collectionFormat components const consumes content \
    default definitions deprecated description discriminator encoding enum example examples explode format get headers in items \
    mapping maxItems maxLength maximum minimum name not nullable oneOf openapi operationId parameters pattern post prefixItems \
    produces properties propertyName put readOnly required requestBody responses schema schemas schemes security servers style \
    swagger summary tags title type uniqueItems writeOnly x-idempotent x-nullable x-operation-id xml 200";

/// Strings that a change may use: words of OpenAPI and Rust.
const WORDS: &str = "\
    2.0 3.0.3 3.1.0 2XX 4XX 204 default application/json multipart/form-data text/csv query path header body formData cookie multi \
    csv pipes string integer number boolean array object file null true date-time int64 int32 uint64 float password byte binary uuid \
    ipv4 self Self crate type r#type async String Option Vec Client Error Value builder new send a A a-b a_b aB /a /{a} /a?b=c {a}{b}";

/// Unusual strings that a change may use.
const SIGNS: [&str; 48] = [
    "", " ", "\n", "\r\n", "\t", "\0", "_", "__", "-", "a b", "0", "1", "-1", "1e400", "é", "ß",
    "中", "🦀", "\u{301}", "\u{202e}", "\u{2028}", "\"", "'", "\\", "\"#", "`", "```", "*/", "//",
    "//!", "<b>", "<!--", "[a](b)", "{", "}", "{a}", "/", "#", "#/", "~1", "%2F", "..", "|a|b|",
    "# a", "$a", "(a|b)*", "[^a]+", "^a$",
];

/// A word or an unusual string.
fn text(dice: &mut Dice) -> &'static str {
    match dice.roll(2) {
        0 => dice.pick(&SIGNS),
        _ => word(WORDS, dice),
    }
}

fn word(words: &'static str, dice: &mut Dice) -> &'static str {
    dice.pick(&words.split_ascii_whitespace().collect::<Vec<_>>())
}

/// A replacement for a node.
fn value(dice: &mut Dice) -> Value {
    match dice.roll(14) {
        0 => Value::Null,
        1 => json!(true),
        2 => json!(false),
        3 => json!(0),
        4 => json!(-1),
        5 => json!(1.5),
        6 => json!(u64::MAX),
        7 => json!(1e300),
        8 => json!([]),
        9 => json!({}),
        10 => json!({"type": text(dice)}),
        11 => json!([text(dice), text(dice)]),
        _ => json!(text(dice)),
    }
}

/// The document with up to four changes, as JSON, always the same for the same seed. `None` if the
/// text cannot be parsed.
pub fn changed(document: &[u8], seed: u32) -> Option<String> {
    let mut root = read::parse_tree("doc", document).ok()?;
    let mut dice = Dice(seed.into());
    for _ in 0..=dice.roll(4) {
        change(&mut root, &mut dice);
    }
    Some(root.to_string())
}

fn change(root: &mut Value, dice: &mut Dice) {
    let mut list = Vec::new();
    places(root, "", &mut list);
    let (at, other) = (dice.pick(&list), dice.pick(&list));
    let part = root.pointer(&other).cloned().unwrap_or_default();
    let part = if dice.roll(2) == 0 { part } else { value(dice) };
    match dice.roll(8) {
        0 => set(root, &at, part),
        1 => drop(taken(root, &at)),
        2 => add(root.pointer_mut(&at), key(&other, dice), part),
        3 => {
            if let Some((above, node)) = taken(root, &at) {
                add(root.pointer_mut(&above), key(&other, dice), node);
            }
        }
        4 => {
            let node = root.pointer(&at).cloned().unwrap_or_default();
            // One of them may contain the other.
            set(root, &other, node);
            set(root, &at, part);
        }
        5 => set(root, &at, json!({"$ref": format!("#{other}")})),
        6 => {
            let node = root.pointer(&at).cloned().unwrap_or_default();
            set(root, &at, wrapped(node, part, dice));
        }
        _ => {
            if let Some(Value::String(own)) = root.pointer_mut(&at) {
                match dice.roll(2) {
                    0 => own.push_str(text(dice)),
                    _ => own.insert_str(0, text(dice)),
                }
            } else {
                set(root, &at, value(dice));
            }
        }
    }
}

fn wrapped(node: Value, part: Value, dice: &mut Dice) -> Value {
    match dice.roll(9) {
        0 => json!([node]),
        1 => json!({"allOf": [node, part]}),
        2 => json!({"oneOf": [part, node]}),
        3 => json!({"anyOf": [node]}),
        4 => json!({"type": "array", "items": node}),
        5 => json!({"type": "object", "properties": {"a": node, "b": part}, "required": ["a"]}),
        6 => json!({"additionalProperties": node}),
        7 => json!({"not": node}),
        _ => json!({"description": "D", "content": {"application/json": {"schema": node}}}),
    }
}

/// A key of the document, a word of OpenAPI, or any string.
fn key(place: &str, dice: &mut Dice) -> String {
    let own = place.rsplit('/').next().unwrap_or_default();
    match dice.roll(4) {
        0 => own.replace("~1", "/").replace("~0", "~"),
        1 => text(dice).to_owned(),
        _ => word(KEYS, dice).to_owned(),
    }
}

fn set(root: &mut Value, at: &str, node: Value) {
    if let Some(place) = root.pointer_mut(at) {
        *place = node;
    }
}

fn add(holder: Option<&mut Value>, key: String, node: Value) {
    match holder {
        Some(Value::Object(map)) => drop(map.insert(key, node)),
        Some(Value::Array(list)) => list.push(node),
        Some(other) => *other = Value::Object(Map::from_iter([(key, node)])),
        None => {}
    }
}

/// Removes a node. Returns it together with the pointer of its parent.
fn taken(root: &mut Value, at: &str) -> Option<(String, Value)> {
    let (above, key) = at.rsplit_once('/')?;
    let key = key.replace("~1", "/").replace("~0", "~");
    let node = match root.pointer_mut(above)? {
        Value::Object(map) => map.shift_remove(&key)?,
        Value::Array(list) => {
            let index = key.parse().ok().filter(|index| *index < list.len())?;
            list.remove(index)
        }
        _ => return None,
    };
    Some((above.to_owned(), node))
}

/// The pointers of all nodes of a tree.
pub(crate) fn places(node: &Value, at: &str, into: &mut Vec<String>) {
    into.push(at.to_owned());
    match node {
        Value::Object(map) => map
            .iter()
            .for_each(|(key, part)| places(part, &join(at, key), into)),
        Value::Array(list) => (0..)
            .zip(list)
            .for_each(|(index, part)| places(part, &format!("{at}/{index}"), into)),
        _ => {}
    }
}

/// A deterministic random number generator (SplitMix64).
struct Dice(u64);

impl Dice {
    /// A number below `sides`.
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed >> 33) as usize % sides.max(1)
    }

    fn pick<T: Clone + Default>(&mut self, list: &[T]) -> T {
        let index = self.roll(list.len());
        list.get(index).cloned().unwrap_or_default()
    }
}
