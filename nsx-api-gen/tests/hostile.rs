//! Documents that try to exhaust memory, stack or time: each ends with code or with an error that
//! names the limit.
//!
//! Time is measured in allocations, so that the result is the same on every machine and whatever
//! else runs there. The bounds are a few times what is needed today.

use std::io::Read;

use nsx_api_gen::compare::{Source, compare};
use nsx_api_gen::generate_from_str;
use nsx_api_gen::import::{Import, Selection, import};

use crate::work::Work;

/// A Swagger document with one operation that returns `S0`, and with these definitions.
fn swagger(definitions: &str) -> String {
    format!(
        r##"{{"swagger": "2.0", "info": {{"title": "T", "version": "1"}}, "paths": {{"/a": {{"get": {{"operationId": "GetA",
        "responses": {{"200": {{"description": "OK", "schema": {{"$ref": "#/definitions/S0"}}}}}}}}}}}},
        "definitions": {{{definitions}}}}}"##
    )
}

fn to(name: impl std::fmt::Display) -> String {
    format!(r##"{{"$ref": "#/definitions/{name}"}}"##)
}

/// Numbered definitions, each with a reference to the next one.
fn row(count: usize, definition: impl Fn(&str) -> String) -> String {
    let row = (0..count).map(|index| {
        let next = to(format_args!("S{}", index + 1));
        format!(r#""S{index}": {}, "#, definition(&next))
    });
    format!(
        r#"{}"S{count}": {{"type": "object"}}"#,
        row.collect::<String>()
    )
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(", ")
}

fn imported(text: &str) -> Result<(), String> {
    let task = Import::new(Source::new("doc", text), Selection::new().all());
    import(&task).map(drop).map_err(|error| error.to_string())
}

fn compared(text: &str) -> Result<(), String> {
    let source = || Source::new("doc", text);
    compare(&source(), &source())
        .map(drop)
        .map_err(|error| error.to_string())
}

fn generated(text: &str) -> Result<(), String> {
    generate_from_str("doc", text)
        .map(drop)
        .map_err(|error| error.to_string())
}

type Command = fn(&str) -> Result<(), String>;

const COMMANDS: [Command; 3] = [imported, compared, generated];

/// Runs commands on a document, and checks that each of them allocates memory at most `count`
/// times.
#[track_caller]
fn run_within<const N: usize>(
    count: usize,
    commands: [Command; N],
    text: &str,
) -> [Result<(), String>; N] {
    commands.map(|command| {
        let (result, work) = Work::of(|| command(text));
        assert!(work.allocations < count as u64, "{work:?}: {text:.200}");
        result
    })
}

/// Checks that four times the items take no more than about four times the work.
#[track_caller]
fn assert_linear(items: usize, document: impl Fn(usize) -> String) {
    let [few, many] = [items, 4 * items].map(|count| {
        let text = document(count);
        let (result, work) = Work::of(|| compared(&text));
        assert_eq!(result, Ok(()));
        work
    });
    let is_linear = |few: u64, many: u64| many < 5 * few;
    assert!(
        is_linear(few.allocations, many.allocations) && is_linear(few.bytes, many.bytes),
        "{few:?}, {many:?}"
    );
}

/// Aliases that stand for more values than a document may have. A fast test of `read` checks a
/// lower limit.
fn alias_bomb() -> String {
    let laughs = (1..30).map(|level| {
        let aliases = list(9, |_| format!("*a{}", level - 1));
        format!("x{level}: &a{level} [{aliases}]\n")
    });
    let laughs: String = laughs.collect();
    format!("openapi: 3.0.3\nx0: &a0 [x, x, x, x, x, x, x, x, x]\n{laughs}")
}

#[test]
#[ignore = "slow: reads millions of values in a debug build"]
fn a_yaml_alias_bomb_is_rejected_by_every_command() {
    for command in COMMANDS {
        let (result, work) = Work::of(|| command(&alias_bomb()));
        let error = result.unwrap_err();
        assert!(error.starts_with("doc:") && error.len() < 2000, "{error}");
        // The limit is four million values.
        assert!(work.allocations < 4_000_000, "{work:?}");
        assert!(work.memory < 512 << 20, "{work:?}");
    }
}

#[test]
fn a_document_that_exceeds_a_limit_is_rejected_by_every_command() {
    let nested = |open: &str, close: &str| {
        let example = format!("{}1{}", open.repeat(100_000), close.repeat(100_000));
        swagger(&format!(r#""S0": {{"example": {example}}}"#))
    };
    let yaml = |rest: &str| format!("openapi: 3.0.3\n{rest}");
    let parameter =
        |index: usize| format!(r#"{{"name": "p{index}", "in": "query", "type": "string"}}"#);
    for (text, limit) in [
        (nested("[", "]"), "nested more than 64 levels"),
        (nested(r#"{"a":"#, "}"), "nested more than 64 levels"),
        (nested(r#"{"allOf":["#, "]}"), "nested more than 64 levels"),
        (nested(r#"{"not":"#, "}"), "nested more than 64 levels"),
        (
            yaml(&format!("x: {}", "[".repeat(100_000))),
            "nested more than 64 levels",
        ),
        (
            yaml(&format!("x:\n  {}1", "- ".repeat(100_000))),
            "nested more than 64 levels",
        ),
        (
            yaml(&format!(
                "x: &a {}\ny: [{}]",
                "x".repeat(1 << 20),
                list(100, |_| "*a".to_owned())
            )),
            "64 MB of text",
        ),
        (yaml("x: &a [*a]"), "doc:2:"),
        (
            format!("{{\"a\": {}}}", "9".repeat(100_000)),
            "out of range",
        ),
        (" ".repeat((64 << 20) + 1), "larger than 64 MB"),
        (
            swagger(&row(1000, |next| format!(r#"{{"allOf": [{next}]}}"#))),
            "more than 64 levels of references",
        ),
        (
            swagger(&row(1000, str::to_owned)),
            "more than 64 levels of references",
        ),
        (
            swagger(&row(40, |next| format!(r#"{{"allOf": [{next}, {next}]}}"#))),
            "more than 500000 schemas",
        ),
        (
            swagger(&list(20_001, |index| format!(r#""S{index}": {{}}"#))),
            "the limit is 20000",
        ),
        (
            swagger(&format!(
                r#""S0": {{"type": "string", "enum": [{}]}}"#,
                list(10_001, |index| format!("\"v{index}\""))
            )),
            "the limit is 10000",
        ),
        (
            swagger(&format!(
                r#""S0": {{"properties": {{"{}": {{}}}}}}"#,
                "a".repeat(5000)
            )),
            "the limit is 4096",
        ),
        (
            swagger(r#""S0": {}"#).replace(
                r#""operationId""#,
                &format!(
                    r#""parameters": [{}], "operationId""#,
                    list(1001, parameter)
                ),
            ),
            "the limit is 1000",
        ),
    ] {
        for result in run_within(10_000 + text.len(), COMMANDS, &text) {
            let error = result.unwrap_err();
            assert!(
                error.contains(limit) && error.len() < 2000,
                "{limit}: {error}"
            );
        }
    }
}

#[test]
fn examples_of_recursive_schemas_and_exponential_oneofs_end() {
    let of_itself = format!(r#""S0": {{"allOf": [{}]}}"#, to("S0"));
    let twice = format!(r#""S0": {{"allOf": [{}, {}]}}"#, to("S0"), to("S0"));
    let choices = row(26, |next| format!(r#"{{"oneOf": [{next}, {next}]}}"#));
    for definitions in [of_itself, twice, choices] {
        let text = swagger(&definitions).replace(
            r#""description": "OK","#,
            r#""description": "OK", "examples": {"application/json": {"a": 1}},"#,
        );
        let _ = run_within(10_000_000, COMMANDS, &text);
    }
}

#[test]
fn recursive_schemas_references_and_allofs_end() {
    let union = r#"{"oneOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}]}"#;
    for (definitions, error) in [
        (format!(r#""S0": {}"#, to("S0")), Some("circular")),
        (
            format!(r#""S0": {}, "S1": {}"#, to("S1"), to("S0")),
            Some("circular"),
        ),
        (
            format!(r#""S0": {{"allOf": [{}]}}"#, to("S0")),
            Some("contains itself"),
        ),
        (
            format!(
                r#""S0": {{"allOf": [{}]}}, "S1": {{"allOf": [{}]}}"#,
                to("S1"),
                to("S0")
            ),
            Some("contains itself"),
        ),
        (format!(r#""S0": {{"not": {}}}"#, to("S0")), None),
        (
            format!(r#""S0": {{"type": "array", "items": {}}}"#, to("S0")),
            None,
        ),
        (
            format!(
                r#""S0": {{"type": "object", "additionalProperties": {}}}"#,
                to("S0")
            ),
            None,
        ),
        (
            format!(
                r#""S0": {{"type": "object", "properties": {{"a": {}}}}}"#,
                to("S0")
            ),
            None,
        ),
        // Two parts have the same property, whose types have that property too. The last one
        // overrides the others.
        (
            format!(
                r#""S0": {{"allOf": [{}, {}]}}, "A": {{"properties": {{"o": {}}}}}, "B": {{"properties": {{"o": {}}}}}"#,
                to("A"),
                to("B"),
                to("A"),
                to("B")
            ),
            None,
        ),
        (
            format!(
                r#""S0": {{"allOf": [{}, {{"properties": {{"o": {{"type": "array", "items": {}}}}}}}]}},
                "A": {{"properties": {{"o": {{"type": "array", "items": {}}}}}}}"#,
                to("A"),
                to("S0"),
                to("A")
            ),
            None,
        ),
        // A variant is merged with the other parts and has such a property, too.
        (
            format!(
                r#""S0": {{"allOf": [{}, {}]}}, "A": {{"oneOf": [{{"properties": {{"o": {}}}}}]}}, "B": {{"properties": {{"o": {}}}}}"#,
                to("A"),
                to("B"),
                to("A"),
                to("B")
            ),
            None,
        ),
        // Unions are combined with each other.
        (
            format!(r#""S0": {{"allOf": [{}]}}"#, vec![union; 20].join(", ")),
            Some("too many combinations"),
        ),
        // The same type in both parts needs no merging.
        (
            format!(
                r#""S0": {{"allOf": [{}, {{"properties": {{"o": {}}}}}]}}, "A": {{"properties": {{"o": {}}}}}"#,
                to("A"),
                to("A"),
                to("A")
            ),
            None,
        ),
    ] {
        let text = swagger(&definitions);
        imported(&text).unwrap();
        for command in [compared, generated] {
            let result = command(&text);
            match error {
                Some(error) => assert!(
                    result.clone().unwrap_err().contains(error),
                    "{definitions}: {result:?}"
                ),
                None => assert_eq!(result, Ok(()), "{definitions}"),
            }
        }
    }
    for rest in [
        r##""parameters": [{"$ref": "#/parameters/p"}], "responses": {"200": {"$ref": "#/responses/r"}}"##,
        r##""responses": {"200": {"description": "OK"}}"##,
    ] {
        let text = format!(
            r##"{{"swagger": "2.0", "info": {{"title": "T", "version": "1"}},
            "parameters": {{"p": {{"$ref": "#/parameters/q"}}, "q": {{"$ref": "#/parameters/p"}}}},
            "responses": {{"r": {{"$ref": "#/responses/r"}}}},
            "paths": {{"/a": {{"get": {{"operationId": "GetA", {rest}}}}}}}}}"##
        );
        imported(&text).unwrap();
        assert!(generated(&text).unwrap_err().contains("circular"));
    }
}

#[test]
fn diamond_shaped_allofs_are_visited_once() {
    let diamond = row(15, |next| format!(r#"{{"allOf": [{next}, {next}]}}"#));
    let text = swagger(&diamond).replace(
        r#""operationId""#,
        r##""parameters": [{"name": "q", "in": "query", "required": true, "schema": {"$ref": "#/definitions/S0"}}], "operationId""##,
    );
    let properties = row(40, |next| {
        format!(r#"{{"properties": {{"a": {next}, "b": {next}}}}}"#)
    });
    let long = row(300, |next| {
        format!(r#"{{"type": "object", "required": ["a"], "properties": {{"a": {next}}}}}"#)
    });
    for text in [swagger(&properties), swagger(&long)] {
        assert_eq!(
            run_within(20 * text.len(), COMMANDS, &text),
            [(); 3].map(Ok)
        );
    }
    // An object is not supported as a query parameter. What matters is that the error comes
    // quickly.
    let [result] = run_within(20 * text.len(), [generated], &text);
    assert!(result.unwrap_err().contains("object as a query parameter"));
}

#[test]
fn required_names_without_properties_take_linear_time() {
    let base = to("Base");
    assert_linear(250, |count| {
        let definitions = list(count, |index| {
            format!(r#""S{index}": {{"allOf": [{base}, {{"required": ["z"]}}]}}"#)
        });
        swagger(&format!(
            r#""Base": {{"required": ["y"], "properties": {{"b": {{}}}}}}, {definitions}"#
        ))
    });
}

#[test]
fn numbering_many_name_collisions_takes_linear_time() {
    let answer = r#""responses": {"200": {"description": "OK"}}"#;
    // Twelve digits of the same two signs: all names without signs are equal.
    let spelled = |index: usize, zero: &str, one: &str| {
        format!("{index:012b}").replace('0', zero).replace('1', one)
    };
    let paths = |paths: &str| {
        swagger(r#""S0": {}"#).replace(r#""paths": {"#, &format!(r#""paths": {{{paths}, "#))
    };
    assert_linear(250, |count| {
        let signs = list(count, |index| format!("\"{}\"", spelled(index, "=", "<")));
        swagger(&format!(r#""S0": {{"type": "string", "enum": [{signs}]}}"#))
    });
    assert_linear(125, |count| {
        paths(&list(count, |index| {
            let path = spelled(index, "/b", "//b");
            format!(r#""{path}": {{"get": {{{answer}}}}}"#)
        }))
    });
    assert_linear(125, |count| {
        paths(&list(count, |index| {
            format!(r#""/p{index}?a=*": {{"get": {{"operationId": "Get{index}", {answer}}}}}"#)
        }))
    });
}

#[test]
fn an_exponential_path_pattern_ends() {
    let key = "/a".repeat(60);
    let text = format!(
        r#"{{"openapi": "3.0.3", "info": {{"title": "T", "version": "1"}}, "paths": {{"{key}": {{"get": {{"operationId": "GetA", "responses": {{"200": {{"description": "OK"}}}}}}}}}}}}"#
    );
    for pattern in [
        "*****…a".to_owned(),
        "/*a".repeat(60) + "b",
        "*a".repeat(500),
        "a".repeat(5000),
    ] {
        let document = Source::new("doc", text.as_str());
        let task = Import::new(document, Selection::new().path(pattern));
        let (result, work) = Work::of(|| import(&task));
        let error = result.unwrap_err().to_string();
        assert!(error.contains("no operation whose path matches"), "{error}");
        assert!(work.allocations < 1_000, "{work:?}");
    }
}

/// Applies actions to a small document. Returns the error, if any, and the work.
fn overlaid(actions: &str) -> (Option<String>, Work) {
    let document = swagger(r#""S0": {"x-a": {"leaf": {}}, "x-b": [[]]}"#);
    let mut task = Import::new(Source::new("doc", document), Selection::new().all());
    task.overlay = Some(Source::new(
        "overlay",
        format!(r#"{{"overlay": "1.0.0", "actions": [{actions}]}}"#),
    ));
    let (result, work) = Work::of(|| import(&task));
    (result.err().map(|error| error.to_string()), work)
}

/// Actions that double the number of lists in a document, forty times.
fn doubling(inner: &str) -> String {
    list(40, |_| {
        format!(r#"{{"target": "$.components.schemas.S0['x-b']..*", "update": [[{inner}], []]}}"#)
    })
}

#[test]
fn an_overlay_cannot_make_a_document_too_large() {
    let deeper = list(80, |_| {
        r#"{"target": "$..[?@.leaf]", "update": {"leaf": {"leaf": {}}}}"#.to_owned()
    });
    let heavy = r#"{"target": "$..*..*..*..*..*..*", "update": {"x-a": 1}}"#.to_owned();
    let long = format!("\"{}\"", "x".repeat(4000));
    for (actions, limit) in [
        (doubling(&long), Some("1 MB")),
        (deeper, None),
        (heavy, None),
    ] {
        let (error, work) = overlaid(&actions);
        if let Some(limit) = limit {
            let error = error.unwrap_or_default();
            assert!(error.contains(limit), "{error:.500}");
        }
        assert!(work.allocations < 2_000_000, "{work:?}");
        assert!(work.memory < 16 << 20, "{work:?}");
    }
}

/// The smallest updates reach the limit after the most places.
#[test]
#[ignore = "slow: an overlay changes hundreds of thousands of places in a debug build"]
fn an_overlay_of_small_updates_cannot_make_a_document_too_large() {
    let (error, work) = overlaid(&doubling(""));
    let error = error.unwrap_or_default();
    assert!(error.contains("1 MB"), "{error:.500}");
    assert!(work.allocations < 100_000_000, "{work:?}");
    assert!(work.memory < 1 << 30, "{work:?}");
}

#[test]
fn an_endless_stream_is_read_up_to_the_size_limit() {
    let endless = std::io::repeat(b'y').take(u64::MAX);
    let source = Source::from_reader("endless", endless).unwrap();
    let error = compare(&source, &source).unwrap_err().to_string();
    assert_eq!(error, "endless:1:1: the text is larger than 64 MB");
}

/// The example of each of a thousand items is checked against nested unions.
#[test]
fn synthesized_examples_of_exponential_anyofs_end() {
    let schema = |name: String| format!(r##"{{"$ref": "#/components/schemas/{name}"}}"##);
    let choices = list(20, |level| {
        let next = schema(format!("S{}", level + 1));
        format!(r#""S{level}": {{"example": 5, "anyOf": [{next}, {next}]}}"#)
    });
    let items = schema("S0".to_owned());
    let answer = format!(
        r#"{{"type": "array", "minItems": 30, "items": {{"type": "array", "minItems": 30, "items": {items}}}}}"#
    );
    let paths = list(20, |number| {
        format!(
            r#""/a{number}": {{"get": {{"operationId": "Get{number}", "responses": {{"200": {{"description": "D",
            "content": {{"application/json": {{"schema": {answer}}}}}}}}}}}}}"#
        )
    });
    let text = format!(
        r#"{{"openapi": "3.0.3", "info": {{"title": "T", "version": "1"}}, "paths": {{{paths}}},
        "components": {{"schemas": {{{choices}, "S20": {{"type": "string", "maxLength": 3}}}}}}}}"#
    );
    assert_eq!(run_within(5_000_000, [generated], &text), [Ok(())]);
}
