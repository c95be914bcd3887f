//! The modules of a package form layers: its folders import each other without a cycle, and inside
//! a folder at most three files import each other in a cycle.
//!
//! `cargo test -p nsx-api-gen modules -- --nocapture` prints the figures.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{Attribute, File, Item, ItemMod, ItemUse, Macro, UseTree, VisRestricted, Visibility};

const PACKAGES: [&str; 2] = ["nsx-api", "nsx-api-gen"];

/// The largest cycle of files inside one folder.
const LARGEST_CYCLE_IN_FOLDER: usize = 3;

/// Modules outside of the layers: generated code, tests and docs.
const SKIPPED: [&str; 5] = ["cookbook", "docs_tests", "fuzzing", "generated", "tests"];

/// The length of a chain of re-exports that is followed.
const MAX_DEPTH: usize = 10;

/// The segments of a path below the crate root. The root itself has none.
type ModulePath = Vec<String>;

/// A module, or an inline module of a file.
#[derive(Default)]
struct Module {
    children: BTreeSet<String>,
    defined: BTreeSet<String>,
    /// Imported and re-exported names, with their paths.
    imports: BTreeMap<String, Vec<String>>,
    /// The paths of glob imports.
    globs: Vec<Vec<String>>,
    /// All paths that the code of the module mentions.
    paths: Vec<Vec<String>>,
    /// The module of its file.
    file: ModulePath,
}

/// The modules of a package by their paths.
struct Package {
    modules: BTreeMap<ModulePath, Module>,
}

impl Package {
    fn read(source: &Path) -> Self {
        let mut package = Self {
            modules: BTreeMap::new(),
        };
        package.read_file(&source.join("lib.rs"), source, &Vec::new());
        package
    }

    /// Reads a file, and those of the modules that it declares, which are in `folder`.
    fn read_file(&mut self, file: &Path, folder: &Path, path: &ModulePath) {
        let text = fs::read_to_string(file).unwrap();
        let File { items, .. } = syn::parse_file(&text).unwrap();
        self.read_items(&items, folder, path, path);
    }

    fn read_items(&mut self, items: &[Item], folder: &Path, path: &ModulePath, file: &ModulePath) {
        let mut module = Module {
            file: file.clone(),
            ..Module::default()
        };
        let is_root = path.is_empty();
        for item in items {
            match item {
                Item::Mod(child) if is_skipped(child) => {}
                Item::Mod(child) => {
                    let name = child.ident.to_string();
                    let below = [path.clone(), vec![name.clone()]].concat();
                    match &child.content {
                        Some((_, items)) => {
                            self.read_items(items, &folder.join(&name), &below, file);
                        }
                        None => {
                            let (file, folder) = file_of(folder, &name);
                            self.read_file(&file, &folder, &below);
                        }
                    }
                    module.children.insert(name);
                }
                Item::Use(import) => module.add_use(import, is_root),
                item => {
                    module.defined.extend(name_of(item));
                    module.visit_item(item);
                }
            }
        }
        self.modules.insert(path.clone(), module);
    }

    /// The module that defines what `path` names in `module`; `None` for other crates and for names
    /// of the module's own.
    fn definition(&self, module: &ModulePath, path: &[String]) -> Option<ModulePath> {
        let path = self.absolute(module, path, 0)?;
        self.follow(&path, 0)
    }

    fn absolute(&self, module: &ModulePath, path: &[String], depth: usize) -> Option<ModulePath> {
        let (first, mut rest) = path.split_first()?;
        let mut base = match first.as_str() {
            "crate" => Vec::new(),
            "self" => module.clone(),
            "super" => module[..module.len().checked_sub(1)?].to_vec(),
            name if self.modules[module].children.contains(name) => {
                rest = path;
                module.clone()
            }
            name => {
                // The name of an imported module.
                let import = self.modules[module].imports.get(name)?;
                let is_of_module = !rest.is_empty() && depth < MAX_DEPTH;
                let path = is_of_module.then(|| [import, rest].concat())?;
                return self.absolute(module, &path, depth + 1);
            }
        };
        while let Some((first, behind)) = rest.split_first()
            && first == "super"
        {
            base.pop()?;
            rest = behind;
        }
        Some([base, rest.to_vec()].concat())
    }

    fn follow(&self, path: &[String], depth: usize) -> Option<ModulePath> {
        let mut module = ModulePath::new();
        for (index, name) in path.iter().enumerate() {
            let known = &self.modules[&module];
            if known.children.contains(name) {
                module.push(name.clone());
                continue;
            }
            let rest = &path[index + 1..];
            let mut candidates: Vec<Vec<String>> = Vec::new();
            if let Some(import) = known.imports.get(name) {
                candidates.push([import, rest].concat());
            } else if !known.defined.contains(name) {
                let globs = known.globs.iter();
                candidates.extend(globs.map(|glob| [glob, &path[index..]].concat()));
            }
            let found = candidates.iter().find_map(|candidate| {
                let path = self.absolute(&module, candidate, depth)?;
                (depth < MAX_DEPTH).then(|| self.follow(&path, depth + 1))?
            });
            return Some(found.unwrap_or(module));
        }
        Some(module)
    }

    /// The imports between files, as pairs of the importing and the imported file.
    fn edges(&self) -> BTreeSet<(ModulePath, ModulePath)> {
        let mut edges = BTreeSet::new();
        for (path, module) in &self.modules {
            for used in &module.paths {
                if let Some(target) = self.definition(path, used) {
                    let target = self.modules[&target].file.clone();
                    if target != module.file {
                        edges.insert((module.file.clone(), target));
                    }
                }
            }
        }
        edges
    }

    fn files(&self) -> BTreeSet<&ModulePath> {
        self.modules.values().map(|module| &module.file).collect()
    }
}

fn name_of(item: &Item) -> Option<String> {
    let name = match item {
        Item::Const(item) => &item.ident,
        Item::Enum(item) => &item.ident,
        Item::Fn(item) => &item.sig.ident,
        Item::Macro(item) => item.ident.as_ref()?,
        Item::Static(item) => &item.ident,
        Item::Struct(item) => &item.ident,
        Item::Trait(item) => &item.ident,
        Item::Type(item) => &item.ident,
        Item::Union(item) => &item.ident,
        _ => return None,
    };
    Some(name.to_string())
}

fn file_of(folder: &Path, name: &str) -> (PathBuf, PathBuf) {
    let below = folder.join(name);
    let file = folder.join(format!("{name}.rs"));
    match file.is_file() {
        true => (file, below),
        false => (below.join("mod.rs"), below),
    }
}

fn is_skipped(module: &ItemMod) -> bool {
    SKIPPED.contains(&module.ident.to_string().as_str()) || module.attrs.iter().any(is_for_tests)
}

/// Whether an attribute is a `cfg` that only tests, docs or fuzzing meet.
fn is_for_tests(attribute: &Attribute) -> bool {
    if !attribute.path().is_ident("cfg") {
        return false;
    }
    let condition = attribute.meta.to_token_stream().to_string();
    let words = condition.split(|character: char| !character.is_alphanumeric());
    let words: Vec<&str> = words.collect();
    words
        .iter()
        .any(|word| ["test", "doctest", "fuzzing"].contains(word))
        && !words.contains(&"not")
}

impl Module {
    /// The root's own `pub use` makes the public interface, and is no import.
    fn add_use(&mut self, import: &ItemUse, is_root: bool) {
        if import.attrs.iter().any(is_for_tests) {
            return;
        }
        let is_interface = is_root && !matches!(import.vis, Visibility::Inherited);
        self.add_tree(&import.tree, Vec::new(), is_interface);
    }

    fn add_tree(&mut self, tree: &UseTree, mut path: Vec<String>, is_interface: bool) {
        match tree {
            UseTree::Path(part) => {
                path.push(part.ident.to_string());
                self.add_tree(&part.tree, path, is_interface);
            }
            UseTree::Group(group) => {
                for tree in &group.items {
                    self.add_tree(tree, path.clone(), is_interface);
                }
            }
            UseTree::Glob(_) => self.globs.push(path.clone()),
            UseTree::Name(name) => self.add_name(&name.ident, &name.ident, path, is_interface),
            UseTree::Rename(name) => self.add_name(&name.ident, &name.rename, path, is_interface),
        }
        if let UseTree::Glob(_) = tree
            && !is_interface
        {
            self.paths.push(self.globs.last().unwrap().clone());
        }
    }

    fn add_name(
        &mut self,
        name: &syn::Ident,
        alias: &syn::Ident,
        mut path: Vec<String>,
        is_interface: bool,
    ) {
        let mut alias = alias.to_string();
        match name.to_string() {
            // `use a::{self}` imports `a`.
            name if name == "self" && alias == "self" => {
                alias = path.last().unwrap().clone();
            }
            name if name == "self" => {}
            name => path.push(name),
        }
        if !is_interface {
            self.paths.push(path.clone());
        }
        self.imports.insert(alias, path);
    }

    /// Adds the paths in the tokens of a macro that begin at the crate or relative to the module.
    fn add_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut expects_segment = false;
        for token in tokens {
            match token {
                TokenTree::Ident(name) => {
                    if !expects_segment {
                        self.paths.push(std::mem::take(&mut path));
                    }
                    path.push(name.to_string());
                    expects_segment = false;
                    continue;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' && !path.is_empty() => {
                    expects_segment = true;
                    continue;
                }
                TokenTree::Group(group) => self.add_tokens(group.stream()),
                _ => {}
            }
            self.paths.push(std::mem::take(&mut path));
            expects_segment = false;
        }
        self.paths.push(path);
        // A single name is a variable, or a name that an import explains.
        self.paths.retain(|path| path.len() > 1);
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item_use(&mut self, import: &'ast ItemUse) {
        self.add_use(import, false);
    }

    fn visit_item_mod(&mut self, _: &'ast ItemMod) {}

    fn visit_vis_restricted(&mut self, _: &'ast VisRestricted) {}

    fn visit_attribute(&mut self, _: &'ast Attribute) {}

    fn visit_path(&mut self, path: &'ast syn::Path) {
        let segments = path.segments.iter();
        self.paths
            .push(segments.map(|segment| segment.ident.to_string()).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast Macro) {
        self.add_tokens(call.tokens.clone());
    }
}

type Graph = BTreeMap<String, BTreeSet<String>>;

fn graph(edges: impl IntoIterator<Item = (String, String)>) -> Graph {
    let mut graph = Graph::new();
    for (from, to) in edges {
        graph.entry(to.clone()).or_default();
        graph.entry(from).or_default().insert(to);
    }
    graph
}

/// A shortest path from one node to another, without the first node.
fn shortest_path(graph: &Graph, from: &str, to: &str) -> Option<Vec<String>> {
    let mut before: BTreeMap<&str, &str> = BTreeMap::new();
    let mut pending = VecDeque::from([from]);
    while let Some(node) = pending.pop_front() {
        for next in &graph[node] {
            if before.contains_key(next.as_str()) {
                continue;
            }
            before.insert(next, node);
            if next == to {
                let mut way = vec![to.to_owned()];
                let mut node = node;
                while node != from {
                    way.push(node.to_owned());
                    node = before[node];
                }
                way.reverse();
                return Some(way);
            }
            pending.push_back(next);
        }
    }
    None
}

fn reachable<'g>(graph: &'g Graph, from: &str) -> BTreeSet<&'g str> {
    let mut reached = BTreeSet::new();
    let mut pending: Vec<&str> = graph[from].iter().map(String::as_str).collect();
    while let Some(node) = pending.pop() {
        if reached.insert(node) {
            pending.extend(graph[node].iter().map(String::as_str));
        }
    }
    reached
}

/// The sets of nodes that reach each other, of two nodes or more.
fn cycles(graph: &Graph) -> Vec<Vec<String>> {
    let reach: BTreeMap<&str, BTreeSet<&str>> = graph
        .keys()
        .map(|node| (node.as_str(), reachable(graph, node)))
        .collect();
    let mut seen = BTreeSet::new();
    let mut cycles = Vec::new();
    for node in graph.keys().map(String::as_str) {
        if seen.contains(node) || !reach[node].contains(node) {
            continue;
        }
        let members = reach[node].iter().copied();
        let members: Vec<&str> = members
            .filter(|other| reach[other].contains(node))
            .collect();
        seen.extend(members.iter().copied());
        cycles.push(members.into_iter().map(str::to_owned).collect());
    }
    cycles
}

/// What is measured in a package.
struct Report {
    files: usize,
    top_level: usize,
    largest_cycle: usize,
    /// A message for each forbidden cycle, with an example.
    cycles: Vec<String>,
    /// The folders, each with those that it imports from.
    imports: Graph,
}

fn report(source: &Path) -> Report {
    let package = Package::read(source);
    let folder = |path: &ModulePath| path.first().cloned().unwrap_or_else(|| "lib.rs".into());
    let file = |path: &ModulePath| match path.join("::") {
        root if root.is_empty() => "lib.rs".to_owned(),
        path => path,
    };
    let edges = package.edges();
    let of_files = graph(edges.iter().map(|(from, to)| (file(from), file(to))));
    let between = edges.iter().filter(|(from, to)| folder(from) != folder(to));
    let of_folders = graph(between.map(|(from, to)| (folder(from), folder(to))));

    let mut forbidden = Vec::new();
    for members in cycles(&of_folders) {
        let way = shortest_path(&of_folders, &members[0], &members[0]).unwrap();
        let mut message = format!("folders that import each other: {}", members.join(", "));
        let steps = std::iter::once(&members[0]).chain(&way);
        for (from, to) in steps.zip(&way) {
            let imports = edges
                .iter()
                .filter(|(one, other)| folder(one) == *from && folder(other) == *to)
                .map(|(one, other)| format!("{} imports {}", file(one), file(other)));
            for import in imports {
                message.push_str(&format!("\n  {from} -> {to}: {import}"));
            }
        }
        forbidden.push(message);
    }
    let within = edges.iter().filter(|(from, to)| folder(from) == folder(to));
    let within = graph(within.map(|(from, to)| (file(from), file(to))));
    for members in cycles(&within) {
        if members.len() > LARGEST_CYCLE_IN_FOLDER {
            let way = shortest_path(&within, &members[0], &members[0]).unwrap();
            let message = format!(
                "{} files that import each other: {}\n  for example {} -> {}",
                members.len(),
                members.join(", "),
                members[0],
                way.join(" -> ")
            );
            forbidden.push(message);
        }
    }
    let sizes = cycles(&of_files).into_iter().map(|members| members.len());
    let top_level = package.modules[&ModulePath::new()].children.len() + 1;
    Report {
        files: package.files().len(),
        top_level,
        largest_cycle: sizes.max().unwrap_or_default(),
        cycles: forbidden,
        imports: of_folders,
    }
}

#[test]
fn modules_have_no_import_cycle() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut failures = Vec::new();
    for package in PACKAGES {
        let report = report(&root.join(package).join("src"));
        println!(
            "{package}: {} files, {} files and folders at the top level, largest import cycle: {} files",
            report.files, report.top_level, report.largest_cycle
        );
        let cycles = report.cycles.into_iter();
        failures.extend(cycles.map(|message| format!("{package}: {message}")));
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// The folders of a package in the order of the table in `ARCHITECTURE.md`.
fn documented_layers(package: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ARCHITECTURE.md");
    let text = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let heading = format!("## The folders of `{package}/src`\n");
    let section = text.split(&heading).nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let rows = section.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.map(|row| row.split(['/', '.', '`']).next().unwrap().to_owned())
        .collect()
}

#[test]
fn folders_import_only_from_the_documented_layers_above() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for package in PACKAGES {
        let layers = documented_layers(package);
        let layer = |name: &str| layers.iter().position(|layer| layer == name);
        let report = report(&root.join(package).join("src"));
        let mut checked = 0;
        for (folder, imports) in &report.imports {
            for import in imports {
                if let (Some(from), Some(to)) = (layer(folder), layer(import)) {
                    assert!(to < from, "{package}: {folder} imports {import}");
                    checked += 1;
                }
            }
        }
        assert!(checked > 20, "{package}: {checked} imports");
    }
}

/// Reads a package that consists of these files.
fn report_of(files: &[(&str, &str)]) -> Report {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    report(folder.path())
}

#[test]
fn an_import_cycle_between_folders_is_found_through_reexports_super_and_macros() {
    for import in [
        "use crate::Upper;",
        "use super::super::upper::Upper;",
        "pub(crate) use crate::upper::Upper;",
        "fn print() { println!(\"{}\", crate::upper::NAME); }",
        "fn name(_: &crate::upper::Upper) {}",
    ] {
        let report = report_of(&[
            ("lib.rs", "mod lower;\nmod upper;\npub use upper::Upper;"),
            ("lower/mod.rs", "mod inner;\npub struct Lower;"),
            ("lower/inner.rs", import),
            (
                "upper.rs",
                "use crate::lower::Lower;\npub struct Upper(Lower);",
            ),
        ]);
        let message = &report.cycles[0];
        assert!(message.contains("lower, upper"), "{import}: {message}");
        assert!(message.contains("lower::inner imports upper"), "{message}");
    }
}

#[test]
fn imports_of_tests_and_in_one_direction_are_no_cycle() {
    let report = report_of(&[
        ("lib.rs", "mod lower;\nmod upper;\npub use upper::Upper;"),
        (
            "lower.rs",
            "pub struct Lower;\n#[cfg(test)]\nmod tests {\n    use crate::Upper;\n}",
        ),
        (
            "upper.rs",
            "use crate::lower::Lower;\npub struct Upper(Lower);",
        ),
    ]);
    assert!(report.cycles.is_empty());
    assert_eq!((report.files, report.largest_cycle), (3, 0));
}
