//! A document with many edge cases: its code is the same on every run, compiles without warnings,
//! and makes the requests that the document defines.

#[path = "golden/arguments.rs"]
mod arguments;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use nsx_api_gen::compare::Source;
use nsx_api_gen::import::{Import, Selection, import};
use nsx_api_gen::{Generated, generate_from_str};

/// The text of each file, by path.
type Files = BTreeMap<PathBuf, String>;

const DOCUMENT: &str = include_str!("golden/golden.yaml");

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn golden() -> Generated {
    generated("golden.yaml", DOCUMENT)
}

#[test]
fn the_generated_code_does_not_depend_on_line_endings() {
    let windows = DOCUMENT.replace('\n', "\r\n");
    let windows = generate_from_str("golden.yaml", &windows).unwrap();
    assert_eq!(golden().files, golden().files);
    assert_eq!(golden().files, windows.files);
}

/// The generated code is committed, so that a change of the generator, of progenitor or of typify
/// is visible. `UPDATE_EXPECTED=1 cargo test -p nsx-api-gen` updates it.
#[test]
fn the_generated_code_matches_the_golden_files() {
    let folder = here("tests/golden/expected");
    let files = golden().files;
    if std::env::var_os("UPDATE_EXPECTED").is_some() {
        let _ = fs::remove_dir_all(&folder);
        write(&folder, &files);
    }
    assert_eq!(list(&folder), files.keys().cloned().collect::<Vec<_>>());
    for (path, text) in &files {
        let expected = fs::read_to_string(folder.join(path)).unwrap_or_default();
        assert!(
            expected.replace("\r\n", "\n") == *text,
            "{} differs from the expected file; UPDATE_EXPECTED=1 updates it",
            path.display()
        );
    }
}

#[test]
fn header_parameter_beside_a_body_keeps_its_type() {
    let document = "
openapi: 3.0.3
info: {title: t, version: '1'}
paths:
  /things/{id}:
    put:
      operationId: PutThing
      parameters:
      - {name: id, in: path, required: true, schema: {type: string}}
      - {name: If-Match, in: header, schema: {type: boolean}}
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
      responses: {'204': {description: done}}
components: {schemas: {Thing: {type: object, properties: {a: {type: string}}}}}
";
    let generated = generated("doc", document);
    let code = &generated.files[Path::new("builder/untagged.rs")];
    for line in [
        "pub fn put_thing(&self, id: impl Into<String>, body: types::Thing) -> PutThing<'_> {",
        "pub fn if_match(mut self, value: impl Into<bool>) -> Self {",
    ] {
        assert!(code.contains(line), "{line} is not in {code}");
    }
}

/// The documents whose code is compiled, in the order of [`compiled_documents`].
const COMPILED: [&str; 5] = ["golden", "names", "arguments", "swagger", "readme"];

/// The code of each document of [`COMPILED`], with the tests that call it, by their files.
fn compiled_documents() -> [(Generated, Files); 5] {
    let program = |name: &str| {
        let text = fs::read_to_string(here("tests/golden").join(name)).unwrap();
        (PathBuf::from(name), text)
    };
    let arguments = [(PathBuf::from("arguments.rs"), arguments::program())];
    [
        (
            golden(),
            [program("wire.rs"), program("missing_argument.rs")].into(),
        ),
        (names(), Files::new()),
        (
            generated("arguments.yaml", &arguments::document()),
            arguments.into(),
        ),
        (imported_from_swagger(), [program("swagger.rs")].into()),
        (
            with_the_operation_of_the_readme(),
            [program("readme.rs")].into(),
        ),
    ]
}

fn generated(name: &str, text: &str) -> Generated {
    generate_from_str(name, text).unwrap_or_else(|error| panic!("{error}"))
}

fn names() -> Generated {
    generated("names.yaml", include_str!("golden/names.yaml"))
}

/// The workflow for a manager's own document: import it, and generate code from the result.
fn imported_from_swagger() -> Generated {
    let document = Source::new("swagger.yaml", include_str!("golden/swagger.yaml"));
    let imported = import(&Import::new(document, Selection::new().all()));
    let imported = imported.unwrap_or_else(|error| panic!("{error}"));
    generated("nsx.yaml", &imported.text)
}

/// The README shows how to add an operation and how to call it.
fn with_the_operation_of_the_readme() -> Generated {
    let readme = fs::read_to_string(here("../README.md"))
        .unwrap()
        .replace("\r\n", "\n");
    let spec = fs::read_to_string(here("../spec/nsx.yaml"))
        .unwrap()
        .replace("\r\n", "\n");
    assert!(readme.contains("client.read_node_version().send().await?.product_version"));
    let block = readme
        .split("```yaml\npaths:\n")
        .nth(1)
        .unwrap()
        .split("```")
        .next()
        .unwrap();
    let (paths, schemas) = block.split_once("components:\n  schemas:\n").unwrap();
    // If the spec already has the operation, the README was followed.
    let spec = match spec.contains("operationId: ReadNodeVersion") {
        true => spec,
        false => spec
            .replacen("\npaths:\n", &format!("\npaths:\n{paths}"), 1)
            .replacen("\n  schemas:\n", &format!("\n  schemas:\n{schemas}"), 1),
    };
    generated("nsx.yaml", &spec)
}

/// Whether the code compiles is checked by the slow test below.
#[test]
fn the_code_of_each_compiled_document_has_every_operation() {
    for (name, (generated, _)) in COMPILED.into_iter().zip(compiled_documents()) {
        let table = &generated.files[Path::new("operations.rs")];
        let operations = table.matches("pub static ").count();
        assert_eq!(operations, generated.operations + 1, "{name}");
    }
    let schemas = &names().files[Path::new("schemas.rs")];
    assert!(
        schemas.contains("(\"2D\", schema_for!(types::X2d))"),
        "{schemas}"
    );
}

/// The handwritten layer is compiled with the code of each document, as packages of one workspace:
/// its dependencies are compiled once.
#[test]
#[ignore = "slow: cargo compiles the SDK with the code of five documents"]
fn the_code_of_each_document_compiles_without_warnings_and_makes_the_documented_requests() {
    let workspace = workspace();
    let lint = |arguments: &[&str]| {
        let clippy = ["clippy", "--message-format=short"];
        let output = cargo(&workspace, &[&clippy, arguments].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), text)
    };
    let (golden, names) = ("--package=nsx-api-golden", "--package=nsx-api-names");
    let (compiles, text) = lint(&["--lib", golden, names]);
    assert!(compiles && !text.contains("warning"), "{text}");
    let (compiles, text) = lint(&["--test=missing_argument", golden]);
    assert!(!compiles && text.contains("error[E0061]"), "{text}");

    let programs = ["wire", "arguments", "swagger", "readme"];
    let programs = programs.map(|name| format!("--test={name}"));
    let programs = programs.iter().map(String::as_str);
    let test = ["test", "--workspace", "--no-fail-fast"];
    let test: Vec<&str> = test.into_iter().chain(programs).collect();
    assert_success(&cargo(&workspace, &test));
    assert_success(&cargo(&workspace, &["test", "--doc", golden]));
}

/// The files of a folder, by relative path, sorted.
fn list(folder: &Path) -> Vec<PathBuf> {
    let mut pending = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(next) = pending.pop() {
        for entry in fs::read_dir(next).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => pending.push(path),
                false => files.push(path.strip_prefix(folder).unwrap().to_owned()),
            }
        }
    }
    files.sort();
    files
}

fn assert_success(output: &Output) {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{out}\n{err}");
}

/// A workspace with a copy of nsx-api for each document, with its code and tests.
fn workspace() -> PathBuf {
    let root = here("..");
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join("golden");
    let _ = fs::remove_dir_all(&copy);
    for (name, (generated, tests)) in COMPILED.into_iter().zip(compiled_documents()) {
        let package = copy.join(name);
        copy_folder(&root.join("nsx-api/src"), &package.join("src"));
        let _ = fs::remove_dir_all(package.join("src/generated"));
        write(&package.join("src/generated"), &generated.files);
        write(&package.join("tests"), &tests);
        let manifest = fs::read_to_string(root.join("nsx-api/Cargo.toml")).unwrap();
        fs::write(package.join("Cargo.toml"), renamed(&manifest, name)).unwrap();
        copy_file(&root.join("nsx-api/README.md"), &package.join("README.md"));
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let manifest = manifest.lines().filter_map(|line| {
        let is_package = line.starts_with("nsx-api = ") || line.starts_with("nsx-api-gen = ");
        match line.starts_with("members = ") {
            true => Some(format!("members = {COMPILED:?}")),
            false => (!is_package).then(|| line.to_owned()),
        }
    });
    let manifest: Vec<String> = manifest.collect();
    fs::write(copy.join("Cargo.toml"), manifest.join("\n")).unwrap();
    for file in ["Cargo.lock", "clippy.toml"] {
        copy_file(&root.join(file), &copy.join(file));
    }
    copy
}

/// A manifest without its `[[example]]`, `[[test]]` and `[[bench]]` tables, whose files are not
/// copied, and without the package as its own dependency. Cargo finds the tests of the copy by
/// itself. The package is renamed, because cargo
/// would confuse packages with the same name in a shared target folder.
fn renamed(manifest: &str, name: &str) -> String {
    let mut kept = true;
    let lines = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            kept = !line.starts_with("[[");
        }
        kept && !line.starts_with("nsx-api = ") && !line.starts_with("autotests = ")
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    let text = text.replacen(
        "name = \"nsx-api\"",
        &format!("name = \"nsx-api-{name}\""),
        1,
    );
    text.replacen("[lib]", "[lib]\nname = \"nsx_api\"", 1)
}

fn cargo(workspace: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO"));
    // Otherwise the environment of this test would make cargo rerun build scripts.
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("CARGO_PKG_") || text.starts_with("CARGO_MANIFEST_") {
            command.env_remove(&name);
        }
    }
    command
        .args(arguments)
        .args(["--offline", "--features", "metrics,mock,schemars"])
        .current_dir(workspace)
        // Reuses the dependencies that were built for this test.
        .env(
            "CARGO_TARGET_DIR",
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(".."),
        )
        .env_remove("RUSTFLAGS")
        .env_remove("CARGO_ENCODED_RUSTFLAGS")
        .env("CARGO_TERM_COLOR", "never")
        .output()
        .unwrap()
}

fn write(folder: &Path, files: &Files) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Copies the text but not the permissions: the checkout may be read-only.
fn copy_file(from: &Path, to: &Path) {
    fs::write(to, fs::read(from).unwrap()).unwrap();
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            copy_file(&entry.path(), &target);
        }
    }
}
