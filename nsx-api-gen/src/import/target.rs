//! Evaluates the target of an overlay action.
//!
//! JSONPath evaluation is not bounded: `$..*..*..*` selects most nodes many times. Here the steps
//! are evaluated one by one, and a node that is selected twice is kept once. Each step therefore
//! visits a node at most as often as the tree is deep.

use std::collections::HashSet;

use serde_json::Value;
use serde_json_path::JsonPath;

/// The maximum length of a target.
const MAX_TARGET_LENGTH: usize = 1000;

/// The maximum number of branches in one step: `*`, `..`, ranges and filters, and `,` in a filter.
const MAX_BRANCHES: usize = 4;

/// The JSON pointers of the selected nodes, each once.
pub(super) fn select(target: &str, root: &Value) -> Result<Vec<String>, String> {
    if target.len() > MAX_TARGET_LENGTH {
        return Err(format!(
            "a target can have at most {MAX_TARGET_LENGTH} characters"
        ));
    }
    let steps = steps(target);
    for step in &steps {
        check_bounded(step)?;
    }
    JsonPath::parse(target).map_err(|error| format!("{target}: {error}"))?;
    let mut selected = vec![String::new()];
    for step in steps {
        let path = JsonPath::parse(&format!("${step}"));
        let path = path.map_err(|error| format!("{target}: {error}"))?;
        if step.starts_with("..") {
            selected = topmost(selected);
        }
        selected = evaluate_step(&path, &selected, root);
    }
    Ok(selected)
}

fn evaluate_step(path: &JsonPath, from: &[String], root: &Value) -> Vec<String> {
    let mut seen = HashSet::new();
    let mut selected = Vec::new();
    for start in from {
        let Some(node) = root.pointer(start) else {
            continue;
        };
        for place in path.query_located(node).locations() {
            let pointer = format!("{start}{}", place.to_json_pointer());
            if seen.insert(pointer.clone()) {
                selected.push(pointer);
            }
        }
    }
    selected
}

/// The nodes that are not inside another selected node. `..` visits everything below them anyway.
fn topmost(places: Vec<String>) -> Vec<String> {
    let all: HashSet<&str> = places.iter().map(String::as_str).collect();
    let is_top = |place: &&String| {
        let ends = place.match_indices('/').map(|(end, _)| end);
        let mut above = ends.filter_map(|end| place.get(..end));
        !above.any(|above| all.contains(above))
    };
    places.iter().filter(is_top).cloned().collect()
}

/// The steps of a path after its `$`, as written.
fn steps(target: &str) -> Vec<&str> {
    let mut starts = Vec::new();
    let mut scan = Scanner::default();
    let mut before = '$';
    for (index, letter) in target.char_indices().skip(1) {
        let is_outside = scan.quote.is_none() && scan.depth == 0;
        // `..[` and `..name` are one step each.
        let begins = match letter {
            '.' | '[' => before != '.',
            _ => false,
        };
        if is_outside && begins {
            starts.push(index);
        }
        scan.next(letter);
        if !letter.is_whitespace() {
            before = letter;
        }
    }
    let ends = starts.iter().copied().skip(1).chain([target.len()]);
    let spans = starts.iter().copied().zip(ends);
    spans
        .filter_map(|(start, end)| target.get(start..end).map(str::trim_end))
        .collect()
}

/// Checks that a step has a bounded effort.
fn check_bounded(step: &str) -> Result<(), String> {
    let mut scan = Scanner::default();
    let (mut branches, mut filter, mut before) = (0_usize, false, ' ');
    for letter in step.chars() {
        let quoted = scan.quote.is_some();
        scan.next(letter);
        if quoted {
            continue;
        }
        filter |= letter == '?';
        if filter && letter == '$' {
            return Err(format!("{step}: a filter cannot refer to `$`"));
        }
        let branch = match letter {
            '*' | '?' | ':' => true,
            '.' => before == '.',
            ',' => filter,
            _ => false,
        };
        branches = branches.saturating_add(usize::from(branch));
        before = letter;
    }
    match branches > MAX_BRANCHES {
        true => Err(format!(
            "{step}: a step can branch at most {MAX_BRANCHES} times"
        )),
        false => Ok(()),
    }
}

/// The position in the text of a path: the current quote and the depth of brackets.
#[derive(Default)]
struct Scanner {
    quote: Option<char>,
    escaped: bool,
    depth: usize,
}

impl Scanner {
    fn next(&mut self, letter: char) {
        match self.quote {
            Some(_) if self.escaped => self.escaped = false,
            Some(_) if letter == '\\' => self.escaped = true,
            Some(quote) if letter == quote => self.quote = None,
            Some(_) => {}
            None => match letter {
                '\'' | '"' => self.quote = Some(letter),
                '[' | '(' => self.depth = self.depth.saturating_add(1),
                ']' | ')' => self.depth = self.depth.saturating_sub(1),
                _ => {}
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn jsonpath_steps_select_the_same_nodes_as_the_whole_path() {
        let root = json!({
            "a": [{"b": 1, "c.d": {"b": 2}}, {"b": [3, {"b": 4}]}],
            "it's": {"b": {"/": {"~": 5}}},
        });
        for target in [
            "$",
            "$.a",
            "$.a[0].b",
            "$['a'][0]['c.d']",
            "$[\"it's\"].b['/']['~']",
            "$.a[?@.b == 1]",
            "$.a[?@['c.d'] && @.b].b",
            "$..b",
            "$..*",
            "$..[1]",
            "$.a[*]..b",
            "$..[?@.b == 4]",
            "$.a[1:]",
            "$.a[0,1].b",
            "$ .a [0]",
        ] {
            let path = JsonPath::parse(target).unwrap();
            let whole = path.query_located(&root);
            let whole: Vec<String> = whole
                .locations()
                .map(|place| place.to_json_pointer())
                .collect();
            assert_eq!(select(target, &root), Ok(whole), "{target}");
        }
    }

    #[test]
    fn an_exponential_jsonpath_is_bounded() {
        let mut root = json!(1);
        for _ in 0..60 {
            root = json!({"a": [root]});
        }
        let count = |target: &str| select(target, &root).map(|all| all.len());
        assert_eq!(count(&format!("${}", "..*".repeat(50))), Ok(71));
        assert_eq!(count(&format!("${}", "['a','a'][0,0]".repeat(60))), Ok(1));
        for (target, reason) in [
            ("$[?@[?@[?@[?@[?@.a]]]]]", "branch at most 4 times"),
            ("$..[?@..a == $..a]", "cannot refer to `$`"),
            (
                &format!("$[?{}@.a]", "!(".repeat(600)),
                "at most 1000 characters",
            ),
            ("$.a[", "$.a["),
            ("", ""),
            ("é.a", "é.a"),
        ] {
            let error = count(target).unwrap_err();
            assert!(error.contains(reason), "{target}: {error}");
        }
    }
}
