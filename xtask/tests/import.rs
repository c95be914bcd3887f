//! `cargo xtask import` as a user runs it.

#![allow(clippy::unwrap_used)] // Of the functions that tests share: a panic there is a failed test too.

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
use support::{Outcome, xtask};
use tempfile::TempDir;

const DOCUMENT: &str = r##"{
    "swagger": "2.0",
    "info": {"title": "A manager", "version": "4.2"},
    "host": "manager", "basePath": "/api/v1",
    "paths": {
        "/switches": {
            "get": {"operationId": "ListSwitches", "summary": "List the switches", "responses": {"200": {"description": "OK", "schema": {"$ref": "#/definitions/Switches"}}}},
            "post": {"operationId": "CreateSwitch", "responses": {"201": {"description": "Created"}}}
        },
        "/nodes": {"get": {"operationId": "ListNodes", "responses": {"200": {"description": "OK"}}}}
    },
    "definitions": {"Switches": {"type": "array", "items": {"type": "string"}}, "Unused": {"type": "object"}}
}"##;

fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("nsx_api.json"), DOCUMENT).unwrap();
    folder
}

fn import(folder: &Path, arguments: &[&str]) -> Outcome {
    let mut command = xtask();
    command.current_dir(folder).arg("import");
    Outcome::of(command.args(arguments))
}

#[test]
fn operations_are_listed_then_imported_then_generated_from() {
    let folder = folder();
    let listed = import(folder.path(), &["nsx_api.json", "--list", "switch"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    assert_eq!(
        listed.stdout,
        "ListSwitches\n    GET /switches\n    List the switches\nCreateSwitch\n    POST /switches\n"
    );
    let all = import(folder.path(), &["nsx_api.json", "--list"]);
    assert!(all.stdout.contains("ListNodes"), "{all:?}");

    let chosen = [
        "nsx_api.json",
        "--operation",
        "ListSwitches",
        "-o",
        "nsx.yaml",
    ];
    let imported = import(folder.path(), &chosen);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert!(
        imported
            .stdout
            .ends_with("nsx.yaml written: 1 of 3 operations. Next: cargo xtask generate\n"),
        "{imported:?}"
    );
    let text = fs::read_to_string(folder.path().join("nsx.yaml")).unwrap();
    assert!(text.contains("Switches:") && !text.contains("Unused") && !text.contains("ListNodes"));

    let more = [
        "nsx_api.json",
        "--path",
        "/nodes",
        "--merge",
        "-o",
        "nsx.yaml",
        "--verbose",
    ];
    let imported = import(folder.path(), &more);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert!(imported.stdout.contains("server: "), "{imported:?}");
    let mut generate = xtask();
    generate.current_dir(folder.path());
    let generated = Outcome::of(generate.args(["generate", "--spec", "nsx.yaml", "--out", "out"]));
    assert_eq!(generated.code, Some(0), "{generated:?}");
    let builders = fs::read_to_string(folder.path().join("out/builder/untagged.rs")).unwrap();
    assert!(builders.contains("fn list_nodes") && builders.contains("fn list_switches"));
}

#[test]
fn what_generate_could_not_take_is_left_out_where_that_is_asked_for() {
    let folder = folder();
    let post = "\"CreateSwitch\",";
    let form = format!(
        "{post} \"parameters\": [{{\"name\": \"n\", \"in\": \"body\"}}, {{\"name\": \"c\", \"in\": \"cookie\", \"required\": true, \"type\": \"string\"}}],"
    );
    let document = DOCUMENT.replace(post, &form);
    fs::write(folder.path().join("nsx_api.json"), document).unwrap();
    let arguments = ["nsx_api.json", "--all", "-o", "nsx.yaml"];
    let imported = import(folder.path(), &arguments).succeeded();
    assert!(!imported.stdout.contains("left out"), "{imported:?}");
    let text = fs::read_to_string(folder.path().join("nsx.yaml")).unwrap();
    assert!(text.contains("CreateSwitch"), "{text}");

    let mut arguments = arguments.to_vec();
    arguments.push("--skip-unsupported");
    import(folder.path(), &arguments)
        .succeeded()
        .complains("left out: CreateSwitch, POST /switches\n    #/paths/~1switches/post/parameters/0: the parameter `c`: cookie parameters")
        .says("1 of 3 operations left out (--skip-unsupported)")
        .says("nsx.yaml written: 2 of 3 operations.");
    let text = fs::read_to_string(folder.path().join("nsx.yaml")).unwrap();
    assert!(!text.contains("CreateSwitch"), "{text}");
    let mut generate = xtask();
    generate.current_dir(folder.path());
    Outcome::of(generate.args(["generate", "--spec", "nsx.yaml", "--out", "out"])).succeeded();
}

#[test]
fn an_id_that_several_have_is_listed_and_said_to_be_that_of_others() {
    let folder = folder();
    let document = DOCUMENT
        .replace("/nodes", "/global/switches")
        .replace("ListNodes", "ListSwitches");
    fs::write(folder.path().join("nsx_api.json"), document).unwrap();
    import(folder.path(), &["nsx_api.json", "--list", "ListSwitches"])
        .succeeded()
        .says("ListSwitches\n    GET /switches\n")
        .says("GlobalListSwitches\n    GET /global/switches\n    in the document: ListSwitches\n");
    let arguments = [
        "nsx_api.json",
        "--operation",
        "ListSwitches",
        "-o",
        "nsx.yaml",
    ];
    import(folder.path(), &arguments).succeeded().says(
        "other operations with the operationId `ListSwitches` were not selected: GlobalListSwitches\n",
    );
}

#[test]
fn a_document_comes_by_standard_input() {
    let folder = folder();
    let mut child = xtask()
        .current_dir(folder.path())
        .args(["import", "-", "--all", "-o", "nsx.yaml"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(DOCUMENT.as_bytes()).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    assert!(folder.path().join("nsx.yaml").exists());
}

#[test]
fn what_cannot_be_imported_leaves_the_document_as_it_was() {
    let folder = folder();
    fs::write(folder.path().join("nsx.yaml"), "as it was").unwrap();
    for (arguments, code, message) in [
        (
            &["nsx_api.json", "--merge"][..],
            2,
            "--operation <ID>|--tag <TAG>|--path <GLOB>|--all|--list",
        ),
        (
            &["nsx_api.json", "--operation", "listswitches"],
            1,
            "did you mean ListSwitches?",
        ),
        (
            &["nsx_api.json", "--tag", "t"],
            1,
            "no operation with the tag `t`",
        ),
        (&["none.json", "--all"], 1, "none.json"),
        (&["nsx_api.json", "--all", "--merge"], 1, "nsx.yaml"),
        (
            &["nsx_api.json", "--all", "--list"],
            2,
            "cannot be used with",
        ),
    ] {
        let mut arguments = arguments.to_vec();
        if code == 1 {
            arguments.extend(["-o", "nsx.yaml"]);
        }
        let outcome = import(folder.path(), &arguments);
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        assert!(outcome.stderr.contains(message), "{outcome:?}");
        assert_eq!(
            fs::read_to_string(folder.path().join("nsx.yaml")).unwrap(),
            "as it was"
        );
    }
    let nothing = import(folder.path(), &["nsx_api.json", "--list", "firewall"]);
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
    assert!(
        nothing
            .stderr
            .contains("no operation of 3 has `firewall` in it")
    );
}

#[test]
fn the_examples_of_the_help_do_what_they_say() {
    let folder = folder();
    let help = import(folder.path(), &["--help"]).succeeded().stdout;
    let document = DOCUMENT
        .replace("/switches", "/logical-switches")
        .replace("ListSwitches", "ListLogicalSwitches")
        .replace("CreateSwitch", "GetLogicalSwitch")
        .replace("/nodes", "/logical-switches/{id}/nodes");
    fs::write(folder.path().join("nsx_api.json"), document).unwrap();
    fs::create_dir(folder.path().join("spec")).unwrap();
    fs::write(folder.path().join("spec/nsx.yaml"), "").unwrap();
    let examples = help
        .lines()
        .filter_map(|line| line.trim().strip_prefix("cargo xtask import "));
    let examples: Vec<&str> = examples.collect();
    assert_eq!(examples.len(), 3, "{help}");
    for example in examples {
        let words: Vec<&str> = example
            .split(' ')
            .map(|word| word.trim_matches('\''))
            .collect();
        let mut command = xtask();
        command
            .current_dir(folder.path())
            .env("CARGO_MANIFEST_DIR", folder.path().join("xtask"));
        Outcome::of(command.arg("import").args(words)).succeeded();
    }
    let text = fs::read_to_string(folder.path().join("spec/nsx.yaml")).unwrap();
    assert!(
        text.contains("GetLogicalSwitch") && text.contains("ListNodes"),
        "{text}"
    );
}
