//! The generator's assumptions about the hand-written layer are correct, hand-written files and
//! functions are short, and tests are neither forgotten nor dependent on the speed of the machine.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use nsx_api_gen::generate_from_str;
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, Block, ImplItemFn, ItemFn, ItemMod};

/// The maximum number of lines of code in a hand-written file, without its tests, and in a
/// function.
const LONGEST_FILE: usize = 500;
const LONGEST_FUNCTION: usize = 60;

fn source(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nsx-api/src");
    fs::read_to_string(root.join(path)).unwrap()
}

/// The code of one operation.
fn builder(id: &str, responses: &str) -> String {
    let document = format!(
        "openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\npaths: {{/a: {{get: {{operationId: {id}, responses: {{{responses}}}}}}}}}"
    );
    let generated = generate_from_str("doc", &document).unwrap_or_else(|error| panic!("{error}"));
    generated.files[Path::new("builder/untagged.rs")].clone()
}

/// The methods of every hand-written `impl Client` block.
fn client_methods() -> Vec<String> {
    let mut methods = Vec::new();
    for path in files_by_hand(&["nsx-api/src"]) {
        let file = syn::parse_file(&fs::read_to_string(path).unwrap()).unwrap();
        for item in file.items {
            let syn::Item::Impl(block) = item else {
                continue;
            };
            let is_of_client =
                matches!(&*block.self_ty, syn::Type::Path(path) if path.path.is_ident("Client"));
            if !is_of_client || block.trait_.is_some() {
                continue;
            }
            methods.extend(block.items.into_iter().filter_map(|item| match item {
                syn::ImplItem::Fn(function) => Some(function.sig.ident.to_string()),
                _ => None,
            }));
        }
    }
    methods
}

#[test]
fn an_operation_named_like_a_client_method_is_renamed() {
    let methods = client_methods();
    for method in ["builder", "close", "request"] {
        assert!(methods.contains(&method.to_owned()), "{methods:?}");
    }
    for method in methods {
        let code = builder(&method, "'204': {description: D}");
        assert!(
            code.contains(&format!("pub fn {method}_(&self)")),
            "{method}: {code}"
        );
    }
}

#[test]
fn the_docs_of_an_operation_link_the_error_kind_of_each_status() {
    let source = source("error/kind.rs");
    let mut seen = 0;
    for line in source.lines() {
        let Some((status, kind)) = line.trim().split_once(" => Self::") else {
            continue;
        };
        let kind = kind.trim_end_matches(',');
        if status.len() == 3 && status.parse::<u16>().is_ok() {
            let code = builder(
                "GetA",
                &format!("'204': {{description: D}}, '{status}': {{description: E}}"),
            );
            let row = format!("| {status} | E | [`ErrorKind::{kind}`](crate::ErrorKind::{kind}) |");
            assert!(code.contains(&row), "{row} is not in {code}");
            seen += 1;
        }
    }
    assert!(seen >= 9, "only {seen} statuses were found in {source}");
}

/// The code in these folders, without generated code and tests.
fn files_by_hand(folders: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut open: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["generated", "tests", "fuzzing"].contains(&name.as_str()) {
                open.extend(
                    fs::read_dir(path)
                        .unwrap()
                        .map(|entry| entry.unwrap().path()),
                );
            }
        } else if name.ends_with(".rs") && name != "tests.rs" {
            files.push(path);
        }
    }
    files
}

/// The functions of a file that are too long, and the number of its lines of code.
#[derive(Default)]
struct Lines {
    too_long: Vec<String>,
    all: usize,
}

impl Lines {
    fn add(&mut self, name: &syn::Ident, block: &Block) {
        let block = block.clone();
        let function = syn::parse_quote!(fn a() #block);
        let lines = code_lines(&syn::File {
            shebang: None,
            frontmatter: None,
            attrs: Vec::new(),
            items: vec![function],
        });
        if lines > LONGEST_FUNCTION {
            self.too_long.push(format!("{name} has {lines} lines"));
        }
    }
}

fn code_lines(file: &syn::File) -> usize {
    let text = prettyplease::unparse(file);
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
        .count()
}

fn is_of_tests(attributes: &[Attribute]) -> bool {
    let mut attributes = attributes.iter();
    attributes.any(|one| {
        one.path().is_ident("cfg")
            && one
                .meta
                .require_list()
                .is_ok_and(|list| list.tokens.to_string() == "test")
    })
}

impl<'ast> Visit<'ast> for Lines {
    fn visit_item_mod(&mut self, module: &'ast ItemMod) {
        if !is_of_tests(&module.attrs) {
            visit::visit_item_mod(self, module);
        }
    }

    fn visit_item_fn(&mut self, function: &'ast ItemFn) {
        self.add(&function.sig.ident, &function.block);
    }

    fn visit_impl_item_fn(&mut self, function: &'ast ImplItemFn) {
        self.add(&function.sig.ident, &function.block);
    }
}

#[test]
fn hand_written_files_and_functions_are_short() {
    let mut long = Vec::new();
    let mut all = 0;
    for path in files_by_hand(&["nsx-api/src", "nsx-api-gen/src", "xtask/src"]) {
        let text = fs::read_to_string(&path).unwrap();
        let mut file = syn::parse_file(&text).unwrap();
        file.items
            .retain(|item| !matches!(item, syn::Item::Mod(module) if is_of_tests(&module.attrs)));
        let mut lines = Lines {
            all: code_lines(&file),
            ..Lines::default()
        };
        lines.visit_file(&file);
        if lines.all > LONGEST_FILE {
            long.push(format!("{}: {} lines", path.display(), lines.all));
        }
        long.extend(
            lines
                .too_long
                .iter()
                .map(|function| format!("{}: {function}", path.display())),
        );
        all += lines.all;
    }
    assert!(all > 10_000, "{all}");
    assert!(long.is_empty(), "{}", long.join("\n"));
}

/// Names that the field's own have replaced: whole words that stand nowhere in the repository.
const RETIRED: [&str; 49] = [
    "Callers",
    "Course",
    "CutShort",
    "Deed",
    "Hoist",
    "Keeper",
    "LeftOut",
    "Manner",
    "Misfit",
    "NotBegun",
    "OneOf",
    "OutOfTime",
    "Outgoing",
    "Renewal",
    "Renewed",
    "Unready",
    "any_values",
    "blame",
    "culprits",
    "far_end",
    "half_at_most",
    "halve",
    "has_way_out",
    "is_discreet",
    "is_for_each_manager",
    "is_passing",
    "is_way_out",
    "keeper",
    "kitchen",
    "left_out",
    "look_if_due",
    "look_if_suspect",
    "made_of",
    "made_up",
    "mend",
    "mended",
    "names_apart",
    "not_excluded",
    "one_given",
    "other_files",
    "part_discriminators",
    "redeclared",
    "stand_in",
    "sum_up",
    "take_in",
    "tour",
    "were_good",
    "were_no_use",
    "wide_integers",
];

/// The longest line of a comment. Tables, links and strings in examples may be longer.
const COMMENT_WIDTH: usize = 100;

/// The files in git; `None` outside of a git repository.
fn tracked_files(root: &Path) -> Option<Vec<PathBuf>> {
    let mut git = Command::new("git");
    let output = git.arg("-C").arg(root).args(["ls-files", "-z"]).output();
    let output = output.ok().filter(|output| output.status.success())?;
    let names = String::from_utf8(output.stdout).unwrap();
    let names = names.split_terminator('\0').map(|name| root.join(name));
    Some(names.filter(|path| path.is_file()).collect())
}

/// The text files of the repository, without those that are generated or downloaded, and without
/// other files that happen to be in the folder.
fn repository_files() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let tracked = tracked_files(&root);
    let mut files = text_files(root);
    files.retain(|path| {
        tracked
            .as_ref()
            .is_none_or(|tracked| tracked.contains(path))
    });
    files
}

fn text_files(root: PathBuf) -> Vec<PathBuf> {
    const SKIPPED: [&str; 7] = [
        ".git",
        "CHANGELOG.md",
        "corpus",
        "expected",
        "generated",
        "handwritten.rs",
        "target",
    ];
    const ENDINGS: [&str; 7] = ["md", "py", "rs", "sh", "toml", "yaml", "yml"];
    let mut pending = vec![root];
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if SKIPPED.contains(&name.as_ref()) {
            continue;
        }
        if path.is_dir() {
            pending.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        } else if path
            .extension()
            .is_some_and(|ending| ENDINGS.contains(&ending.to_string_lossy().as_ref()))
        {
            files.push(path);
        }
    }
    files
}

#[test]
fn retired_names_are_not_used() {
    let mut found = Vec::new();
    for path in repository_files() {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            let mut words = line.split(|letter: char| !letter.is_alphanumeric() && letter != '_');
            let is_stand_in = line.to_lowercase().contains("stand-in");
            if is_stand_in || words.any(|word| RETIRED.contains(&word)) {
                found.push(format!("{}:{}: {line}", path.display(), number + 1));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn comments_fit_their_width() {
    let mut too_long = Vec::new();
    for path in repository_files() {
        let text = fs::read_to_string(&path).unwrap();
        for (number, line) in text.lines().enumerate() {
            let comment = line.trim_start();
            let words = comment.trim_start_matches(['/', '!']).trim_start();
            let is_exempt = words.starts_with(['|', '[', '#', '"']) || words.contains("](");
            let is_long = line.chars().count() > COMMENT_WIDTH;
            if comment.starts_with("//") && is_long && !is_exempt {
                too_long.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    assert!(too_long.is_empty(), "{}", too_long.join("\n"));
}

/// The folders of test programs. Every other file in them is a module of `main.rs`.
const TEST_PROGRAMS: [&str; 4] = [
    "nsx-api/tests",
    "nsx-api/examples/tests",
    "nsx-api-gen/tests",
    "xtask/tests",
];

/// Cargo does not compile a file that is not declared, so its tests would not run.
#[test]
fn every_test_file_is_a_module_of_its_program() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for folder in TEST_PROGRAMS.map(|folder| root.join(folder)) {
        let main = fs::read_to_string(folder.join("main.rs")).unwrap();
        let items = syn::parse_file(&main).unwrap().items;
        let declared: BTreeSet<String> = items
            .iter()
            .filter_map(|item| match item {
                syn::Item::Mod(module) => Some(module.ident.to_string()),
                _ => None,
            })
            .collect();
        let paths = fs::read_dir(&folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let forgotten: Vec<PathBuf> = paths
            .filter(|path| path.extension().is_some_and(|ending| ending == "rs"))
            .filter(|path| {
                let name = path.file_stem().unwrap().to_str().unwrap();
                name != "main" && !declared.contains(name)
            })
            .collect();
        assert!(forgotten.is_empty(), "no `mod` in main.rs: {forgotten:?}");
    }
}

/// The Rust files of these folders and the folders in them.
fn rust_files(folders: &[&str]) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut pending: Vec<PathBuf> = folders.iter().map(|folder| root.join(folder)).collect();
    let mut files = Vec::new();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = fs::read_dir(&path).unwrap();
            pending.extend(entries.map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files
}

/// The test code of a file: all of it if it is `tests.rs` or in a folder `tests`, otherwise its test
/// modules.
fn test_code(path: &Path, text: &str) -> String {
    let file = syn::parse_file(text).unwrap();
    let is_test = path
        .iter()
        .any(|part| part == "tests" || part == "tests.rs");
    let items = file.items.iter().filter(|item| match item {
        syn::Item::Mod(module) => is_test || is_of_tests(&module.attrs),
        _ => is_test,
    });
    let items: Vec<String> = items
        .map(|item| item.to_token_stream().to_string())
        .collect();
    items.join("\n")
}

/// Whether code refers to the clock of the standard library, by its path or by an import.
fn uses_system_clock(code: &str) -> bool {
    let after_path = code.split("std :: time ::").skip(1);
    after_path
        .map(str::trim_start)
        .any(|rest| match rest.strip_prefix('{') {
            Some(list) => {
                let names = list.split('}').next().unwrap_or_default();
                names.split(',').any(|name| name.trim() == "Instant")
            }
            None => rest.starts_with("Instant"),
        })
}

/// Tests that read the system clock and need it, with the reason.
const SYSTEM_CLOCK: [(&str, &str); 0] = [];

/// How long something takes depends on the machine and on what else runs there. Tests pause the
/// clock of tokio, which is not the one of the standard library, or count work.
#[test]
fn no_test_measures_elapsed_time() {
    let mut files = rust_files(&["nsx-api/src", "nsx-api-gen/src", "xtask/src"]);
    files.extend(rust_files(&TEST_PROGRAMS));
    assert!(files.len() > 200, "{}", files.len());
    let mut found = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let is_exempt = SYSTEM_CLOCK
            .iter()
            .any(|(exempt, _)| path.ends_with(exempt));
        if !is_exempt && text.contains("Instant") && uses_system_clock(&test_code(&path, &text)) {
            found.push(path.display().to_string());
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    let uses_clock = |source: &str| {
        let code: proc_macro2::TokenStream = source.parse().unwrap();
        uses_system_clock(&code.to_string())
    };
    assert!(uses_clock("use std::time::{Duration, Instant};"));
    assert!(uses_clock("let start = std::time::Instant::now();"));
    assert!(!uses_clock(
        "use std::time::Duration; use tokio::time::Instant;"
    ));
}
