//! Runs `cargo xtask import`.

use crate::support::{CommandOutput, xtask};
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;
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

fn dir_with_document() -> TempDir {
    let dir = TempDir::new().unwrap();
    fs::write(dir.path().join("nsx_api.json"), DOCUMENT).unwrap();
    dir
}

fn import(dir: &Path, arguments: &[&str]) -> CommandOutput {
    let mut command = xtask();
    command.current_dir(dir).arg("import");
    CommandOutput::run(command.args(arguments))
}

#[test]
fn operations_can_be_listed_imported_merged_and_generated() {
    let dir = dir_with_document();
    let listed = import(dir.path(), &["nsx_api.json", "--list", "switch"]);
    assert_eq!(listed.code, Some(0), "{listed:?}");
    assert_eq!(
        listed.stdout,
        "ListSwitches\n    GET /switches\n    List the switches\nCreateSwitch\n    POST /switches\n"
    );
    let all = import(dir.path(), &["nsx_api.json", "--list"]);
    assert!(all.stdout.contains("ListNodes"), "{all:?}");

    let chosen = [
        "nsx_api.json",
        "--operation",
        "ListSwitches",
        "-o",
        "nsx.yaml",
    ];
    let imported = import(dir.path(), &chosen);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert!(
        imported
            .stdout
            .ends_with("nsx.yaml written: 1 of 3 operations. Next: cargo xtask generate\n"),
        "{imported:?}"
    );
    let text = fs::read_to_string(dir.path().join("nsx.yaml")).unwrap();
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
    let imported = import(dir.path(), &more);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    assert!(imported.stdout.contains("server: "), "{imported:?}");
    let mut generate = xtask();
    generate.current_dir(dir.path());
    let generated =
        CommandOutput::run(generate.args(["generate", "--spec", "nsx.yaml", "--out", "out"]));
    assert_eq!(generated.code, Some(0), "{generated:?}");
    let builders = fs::read_to_string(dir.path().join("out/builder/untagged.rs")).unwrap();
    assert!(builders.contains("fn list_nodes") && builders.contains("fn list_switches"));
}

#[test]
fn an_overlay_action_that_selects_nothing_is_a_warning_or_with_strict_an_error() {
    let dir = dir_with_document();
    let overlay = "overlay: 1.0.0\nactions: [{target: $.definitions.Unused, remove: true}]\n";
    fs::write(dir.path().join("overlay.yaml"), overlay).unwrap();
    let arguments = [
        "nsx_api.json",
        "--all",
        "-o",
        "nsx.yaml",
        "--overlay",
        "overlay.yaml",
    ];
    let warned = import(dir.path(), &arguments);
    assert_eq!(warned.code, Some(0), "{warned:?}");
    let message = "overlay.yaml: #/actions/0: $.definitions.Unused selects nothing";
    assert!(
        warned.stderr.contains(&format!("warning: {message}")),
        "{warned:?}"
    );
    assert!(!warned.stdout.contains("overlay"), "{warned:?}");

    fs::remove_file(dir.path().join("nsx.yaml")).unwrap();
    let refused = import(dir.path(), &[&arguments[..], &["--strict"]].concat());
    assert_eq!(refused.code, Some(1), "{refused:?}");
    assert!(
        refused.stderr.contains(&format!("error: {message}")),
        "{refused:?}"
    );
    assert!(!dir.path().join("nsx.yaml").exists());
}

#[test]
fn import_with_skip_unsupported_skips_unsupported_operations() {
    let dir = dir_with_document();
    let post = "\"CreateSwitch\",";
    let form = format!(
        "{post} \"parameters\": [{{\"name\": \"n\", \"in\": \"body\"}}, {{\"name\": \"c\", \"in\": \"cookie\", \"required\": true, \"type\": \"string\"}}],"
    );
    let document = DOCUMENT.replace(post, &form);
    fs::write(dir.path().join("nsx_api.json"), document).unwrap();
    let arguments = ["nsx_api.json", "--all", "-o", "nsx.yaml"];
    let imported = import(dir.path(), &arguments).success();
    assert!(!imported.stdout.contains("skipped"), "{imported:?}");
    let text = fs::read_to_string(dir.path().join("nsx.yaml")).unwrap();
    assert!(text.contains("CreateSwitch"), "{text}");

    let mut arguments = arguments.to_vec();
    arguments.push("--skip-unsupported");
    import(dir.path(), &arguments)
        .success()
        .stderr_contains("skipped: CreateSwitch, POST /switches\n    #/paths/~1switches/post/parameters/0: the parameter `c`: cookie parameters")
        .stdout_contains("skipped 1 of 3 operations (--skip-unsupported)")
        .stdout_contains("nsx.yaml written: 2 of 3 operations.");
    let text = fs::read_to_string(dir.path().join("nsx.yaml")).unwrap();
    assert!(!text.contains("CreateSwitch"), "{text}");
    let mut generate = xtask();
    generate.current_dir(dir.path());
    CommandOutput::run(generate.args(["generate", "--spec", "nsx.yaml", "--out", "out"])).success();
}

#[test]
fn a_duplicate_operation_id_is_listed_with_its_original_and_noted_at_import() {
    let dir = dir_with_document();
    let document = DOCUMENT
        .replace("/nodes", "/global/switches")
        .replace("ListNodes", "ListSwitches");
    fs::write(dir.path().join("nsx_api.json"), document).unwrap();
    import(dir.path(), &["nsx_api.json", "--list", "ListSwitches"])
        .success()
        .stdout_contains("ListSwitches\n    GET /switches\n")
        .stdout_contains("GlobalListSwitches\n    GET /global/switches\n    operationId in the document: ListSwitches\n");
    let arguments = [
        "nsx_api.json",
        "--operation",
        "ListSwitches",
        "-o",
        "nsx.yaml",
    ];
    import(dir.path(), &arguments).success().stdout_contains(
        "other operations with the operationId `ListSwitches` were not selected: GlobalListSwitches\n",
    );
}

#[test]
fn import_reads_a_document_from_standard_input() {
    let dir = dir_with_document();
    let mut child = xtask()
        .current_dir(dir.path())
        .args(["import", "-", "--all", "-o", "nsx.yaml"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(DOCUMENT.as_bytes()).unwrap();
    drop(input);
    assert!(child.wait().unwrap().success());
    assert!(dir.path().join("nsx.yaml").exists());
}

#[test]
fn a_failed_import_does_not_change_the_output_document() {
    let dir = dir_with_document();
    fs::write(dir.path().join("nsx.yaml"), "as it was").unwrap();
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
        let outcome = import(dir.path(), &arguments);
        assert_eq!(outcome.code, Some(code), "{outcome:?}");
        assert!(outcome.stderr.contains(message), "{outcome:?}");
        assert_eq!(
            fs::read_to_string(dir.path().join("nsx.yaml")).unwrap(),
            "as it was"
        );
    }
    let nothing = import(dir.path(), &["nsx_api.json", "--list", "firewall"]);
    assert_eq!(nothing.code, Some(1), "{nothing:?}");
    assert!(
        nothing
            .stderr
            .contains("none of the 3 operations contains `firewall`")
    );
}

#[test]
fn the_examples_in_the_import_help_work() {
    let dir = dir_with_document();
    let help = import(dir.path(), &["--help"]).success().stdout;
    let document = DOCUMENT
        .replace("/switches", "/logical-switches")
        .replace("ListSwitches", "ListLogicalSwitches")
        .replace("CreateSwitch", "GetLogicalSwitch")
        .replace("/nodes", "/logical-switches/{id}/nodes");
    fs::write(dir.path().join("nsx_api.json"), document).unwrap();
    fs::create_dir(dir.path().join("spec")).unwrap();
    fs::write(dir.path().join("spec/nsx.yaml"), "").unwrap();
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
            .current_dir(dir.path())
            .env("CARGO_MANIFEST_DIR", dir.path().join("xtask"));
        CommandOutput::run(command.arg("import").args(words)).success();
    }
    let text = fs::read_to_string(dir.path().join("spec/nsx.yaml")).unwrap();
    assert!(
        text.contains("GetLogicalSwitch") && text.contains("ListNodes"),
        "{text}"
    );
}
