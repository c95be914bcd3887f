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

const DOCUMENT: &str = include_str!("golden/golden.yaml");

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn golden() -> Generated {
    generate_from_str("golden.yaml", DOCUMENT).unwrap_or_else(|error| panic!("{error}"))
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
fn the_generated_code_compiles_without_warnings_and_makes_the_documented_requests() {
    let workspace = workspace("golden", &golden(), &["wire.rs", "missing_argument.rs"]);
    let check = cargo(&workspace, &["clippy", "--lib", "--message-format=short"]);
    let text = String::from_utf8_lossy(&check.stderr);
    assert!(
        check.status.success() && !text.contains("warning"),
        "{text}"
    );

    let docs = cargo(&workspace, &["test", "--doc"]);
    assert_success(&docs);
    let test = cargo(&workspace, &["test", "--test", "wire"]);
    assert_success(&test);

    let check = cargo(&workspace, &["check", "--test", "missing_argument"]);
    let text = String::from_utf8_lossy(&check.stderr);
    assert!(
        !check.status.success() && text.contains("error[E0061]"),
        "{text}"
    );
}

#[test]
fn the_generated_code_compiles_without_warnings_whatever_the_names() {
    let names = include_str!("golden/names.yaml");
    let generated =
        generate_from_str("names.yaml", names).unwrap_or_else(|error| panic!("{error}"));
    let schemas = &generated.files[Path::new("schemas.rs")];
    assert!(
        schemas.contains("(\"2D\", schema_for!(types::X2d))"),
        "{schemas}"
    );
    let workspace = workspace("names", &generated, &[]);
    let check = cargo(&workspace, &["clippy", "--lib", "--message-format=short"]);
    let text = String::from_utf8_lossy(&check.stderr);
    assert!(
        check.status.success() && !text.contains("warning"),
        "{text}"
    );
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
    let generated = generate_from_str("doc", document).unwrap_or_else(|error| panic!("{error}"));
    let code = &generated.files[Path::new("builder/untagged.rs")];
    for line in [
        "pub fn put_thing(&self, id: impl Into<String>, body: types::Thing) -> PutThing<'_> {",
        "pub fn if_match(mut self, value: impl Into<bool>) -> Self {",
    ] {
        assert!(code.contains(line), "{line} is not in {code}");
    }
}

#[test]
fn every_mix_of_parameters_and_bodies_arrives_as_the_caller_wrote_it() {
    let generated = generate_from_str("arguments.yaml", &arguments::document())
        .unwrap_or_else(|error| panic!("{error}"));
    let workspace = workspace("arguments", &generated, &[]);
    let program = BTreeMap::from([(PathBuf::from("arguments.rs"), arguments::program())]);
    write(&workspace.join("nsx-api/tests"), &program);
    assert_success(&cargo(&workspace, &["test", "--test", "arguments"]));
}

/// The workflow for a manager's own document: import it, and generate code from the result.
#[test]
fn the_code_of_an_imported_swagger_document_makes_the_documented_requests() {
    let document = Source::new("swagger.yaml", include_str!("golden/swagger.yaml"));
    let imported = import(&Import::new(document, Selection::new().all()));
    let imported = imported.unwrap_or_else(|error| panic!("{error}"));
    let generated = generate_from_str("nsx.yaml", &imported.text).unwrap();
    let workspace = workspace("swagger", &generated, &["swagger.rs"]);
    assert_success(&cargo(&workspace, &["test", "--test", "swagger"]));
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

/// The README shows how to add an operation and how to call it.
#[test]
fn the_operation_added_in_the_readme_can_be_called() {
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
    let generated = generate_from_str("nsx.yaml", &spec).unwrap_or_else(|error| panic!("{error}"));
    let workspace = workspace("readme", &generated, &["readme.rs"]);
    assert_success(&cargo(&workspace, &["test", "--test", "readme"]));
}

fn assert_success(output: &Output) {
    let out = String::from_utf8_lossy(&output.stdout);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{out}\n{err}");
}

/// A copy of nsx-api in its own workspace, with this generated code and these tests.
fn workspace(name: &str, generated: &Generated, tests: &[&str]) -> PathBuf {
    let root = here("..");
    let copy = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(copy.join("nsx-api"));
    copy_folder(&root.join("nsx-api/src"), &copy.join("nsx-api/src"));
    let _ = fs::remove_dir_all(copy.join("nsx-api/src/generated"));
    write(&copy.join("nsx-api/src/generated"), &generated.files);
    for name in tests {
        let text = fs::read_to_string(here("tests/golden").join(name)).unwrap();
        write(
            &copy.join("nsx-api/tests"),
            &[(PathBuf::from(*name), text)].into(),
        );
    }
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let manifest: Vec<&str> = manifest
        .lines()
        .filter(|line| !line.starts_with("nsx-api-gen = "))
        .map(|line| {
            if line.starts_with("members = ") {
                "members = [\"nsx-api\"]"
            } else {
                line
            }
        })
        .collect();
    fs::write(copy.join("Cargo.toml"), manifest.join("\n")).unwrap();
    let manifest = fs::read_to_string(root.join("nsx-api/Cargo.toml")).unwrap();
    fs::write(copy.join("nsx-api/Cargo.toml"), renamed(&manifest, name)).unwrap();
    for file in ["Cargo.lock", "clippy.toml", "nsx-api/README.md"] {
        fs::copy(root.join(file), copy.join(file)).unwrap();
    }
    copy
}

/// A manifest without its `[[example]]`, `[[test]]` and `[[bench]]` tables, whose files are not
/// copied. The package is renamed, because cargo would confuse two packages with the same name in a
/// shared target folder.
fn renamed(manifest: &str, name: &str) -> String {
    let mut kept = true;
    let lines = manifest.lines().filter(|line| {
        if line.starts_with('[') {
            kept = !line.starts_with("[[");
        }
        kept
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
        .output()
        .unwrap()
}

fn write(folder: &Path, files: &BTreeMap<PathBuf, String>) {
    for (path, text) in files {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

fn copy_folder(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_folder(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
