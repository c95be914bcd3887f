//! `cargo xtask generate` as a user runs it, on copies of the document and the folder.

#![allow(clippy::unwrap_used)] // Of the functions that tests share: a panic there is a failed test too.

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};
use support::{Outcome, Sandbox, command, root, texts, xtask};

const STALE: i32 = 4;
const FAILED: i32 = 1;
const USAGE: i32 = 2;

#[test]
fn the_first_run_writes_every_file_and_says_so() {
    let sandbox = Sandbox::new();
    sandbox
        .run(&[])
        .succeeded()
        .says("  created ")
        .says("0 updated, 0 removed, 0 unchanged");
    for name in [
        "mod.rs",
        "types.rs",
        "operations.rs",
        "examples.rs",
        "builder/mod.rs",
    ] {
        assert!(sandbox.out().join(name).is_file(), "{name}");
    }
    assert_eq!(sandbox.leftovers(), [""; 0]);
}

#[test]
fn the_same_document_gives_the_same_texts() {
    assert_eq!(
        texts(&Sandbox::generated().out()),
        texts(&Sandbox::generated().out())
    );
}

#[test]
fn the_committed_code_is_what_a_copy_of_the_document_gives() {
    let sandbox = Sandbox::new();
    let mut check = command(&sandbox.spec(), &root().join("nsx-api/src/generated"));
    Outcome::of(check.arg("--check")).succeeded();
}

#[test]
fn a_second_run_changes_nothing_and_leaves_the_times() {
    let sandbox = Sandbox::generated();
    let before = sandbox.tree();
    sandbox.run(&[]).succeeded().says("nothing changed");
    assert_eq!(sandbox.tree(), before);
}

#[test]
fn only_files_that_change_get_a_new_time() {
    let sandbox = Sandbox::generated();
    let (edited, kept) = (sandbox.out().join("types.rs"), sandbox.out().join("mod.rs"));
    append(&edited, "// edited\n");
    let time = fs::metadata(&kept).unwrap().modified().unwrap();
    thread::sleep(Duration::from_millis(20));
    sandbox
        .run(&[])
        .succeeded()
        .says("updated")
        .says("0 created, 1 updated, 0 removed");
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), time);
    assert!(!fs::read_to_string(&edited).unwrap().contains("// edited"));
}

#[test]
fn a_file_that_is_generated_no_more_is_removed() {
    let sandbox = Sandbox::generated();
    let before = sandbox.tree();
    fs::copy(
        sandbox.out().join("types.rs"),
        sandbox.out().join("builder/gone.rs"),
    )
    .unwrap();
    sandbox
        .run(&[])
        .succeeded()
        .says("builder/gone.rs")
        .says("0 created, 0 updated, 1 removed");
    assert_eq!(sandbox.tree(), before);
}

#[test]
fn check_passes_on_generated_code_and_writes_nothing() {
    let sandbox = Sandbox::generated();
    let before = sandbox.tree();
    sandbox.run(&["--check"]).succeeded().says("up to date");
    assert_eq!(sandbox.tree(), before);
}

#[test]
fn check_tells_what_is_stale_and_how_to_mend_it() {
    type Spoil = fn(&Path);
    let cases: [(&str, Spoil, (&str, &str)); 4] = [
        (
            "an edit",
            |out| append(&out.join("types.rs"), "// edited\n"),
            ("differs:", "types.rs"),
        ),
        (
            "a deletion",
            |out| fs::remove_file(out.join("mod.rs")).unwrap(),
            ("is missing:", "mod.rs"),
        ),
        (
            "a stray file of ours",
            |out| {
                fs::copy(out.join("mod.rs"), out.join("stray.rs")).unwrap();
            },
            ("is generated no more:", "stray.rs"),
        ),
        (
            "no folder at all",
            |out| fs::remove_dir_all(out).unwrap(),
            ("is missing:", "types.rs"),
        ),
    ];
    for (name, spoil, fault) in cases {
        let sandbox = Sandbox::generated();
        let good = texts(&sandbox.out());
        spoil(&sandbox.out());
        let spoilt = sandbox.out().exists().then(|| sandbox.tree());
        let mend = "cargo xtask generate --spec nsx.yaml --out generated";
        println!("{name}");
        sandbox
            .run(&["--check"])
            .ended_with(STALE)
            .complains(fault.0)
            .complains(fault.1)
            .complains(mend);
        assert_eq!(
            sandbox.out().exists().then(|| sandbox.tree()),
            spoilt,
            "{name}: --check wrote"
        );
        sandbox.run(&[]).succeeded();
        assert_eq!(texts(&sandbox.out()), good, "{name}");
        sandbox.run(&["--check"]).succeeded();
    }
}

#[test]
fn check_shows_the_difference_in_bounded_length() {
    let sandbox = Sandbox::generated();
    let types = sandbox.out().join("types.rs");
    append(&types, "// edited\n");
    sandbox
        .run(&["--check"])
        .ended_with(STALE)
        .says("generated/types.rs (now)")
        .says("-// edited");
    append(&types, &"// edited\n".repeat(10_000));
    let outcome = sandbox
        .run(&["--check"])
        .ended_with(STALE)
        .says("lines more");
    assert!(
        outcome.stdout.lines().count() < 100,
        "{} lines",
        outcome.stdout.lines().count()
    );
}

#[test]
fn a_changed_document_is_stale_until_it_is_generated() {
    let sandbox = Sandbox::generated();
    sandbox.rename_operation();
    sandbox
        .run(&["--check"])
        .ended_with(STALE)
        .says("MintToken");
    sandbox.run(&[]).succeeded().says("operations.rs");
    sandbox.run(&["--check"]).succeeded();
}

#[test]
fn a_document_that_cannot_be_used_leaves_the_folder_as_it_was() {
    let broken = [
        "",
        "openapi: [",
        "swagger: '2.0'\n",
        "\u{0}",
        "openapi: 3.0.3\npaths: 7\n",
    ];
    let sandbox = Sandbox::generated();
    let before = sandbox.tree();
    for text in broken {
        fs::write(sandbox.spec(), text).unwrap();
        for arguments in [&[][..], &["--check"]] {
            sandbox
                .run(arguments)
                .ended_with(FAILED)
                .complains("error: ")
                .complains("nsx.yaml");
            assert_eq!(sandbox.tree(), before, "{text:?}");
        }
    }
    fs::remove_file(sandbox.spec()).unwrap();
    sandbox.run(&[]).ended_with(FAILED).complains("nsx.yaml");
    assert_eq!(sandbox.tree(), before);
    assert_eq!(sandbox.leftovers(), [""; 0]);
}

#[test]
fn line_ends_of_windows_are_not_stale() {
    let sandbox = Sandbox::generated();
    for path in sandbox.tree().into_keys() {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    }
    let before = sandbox.tree();
    sandbox.edit_spec(|text| text.replace('\n', "\r\n"));
    sandbox.run(&["--check"]).succeeded();
    sandbox.run(&[]).succeeded().says("nothing changed");
    assert_eq!(sandbox.tree(), before);
}

#[test]
fn files_written_by_hand_are_refused_and_left() {
    for name in ["notes.md", "types.rs", "builder/mine.rs"] {
        let sandbox = Sandbox::generated();
        fs::write(sandbox.out().join(name), "// by hand\n").unwrap();
        sandbox.rename_operation();
        let before = sandbox.tree();
        for arguments in [&[][..], &["--check"]] {
            sandbox
                .run(arguments)
                .ended_with(FAILED)
                .complains(name)
                .complains("is for generated files only");
            assert_eq!(sandbox.tree(), before);
        }
    }
}

#[test]
fn of_many_files_written_by_hand_twenty_are_named_and_the_rest_counted() {
    for (count, rest) in [
        (20, None),
        (21, Some("  and 1 more")),
        (100, Some("  and 80 more")),
    ] {
        let sandbox = Sandbox::generated();
        for number in 0..count {
            let path = sandbox.out().join(format!("by-hand-{number}.txt"));
            fs::write(path, "by hand\n").unwrap();
        }
        let outcome = sandbox.run(&[]).ended_with(FAILED);
        let named = outcome.stderr.matches("by-hand-").count();
        assert_eq!(named, 20, "{count}");
        let counted = outcome.stderr.lines().find(|line| line.ends_with(" more"));
        assert_eq!(counted, rest);
    }
}

#[test]
fn an_unfinished_merge_is_mended() {
    let sandbox = Sandbox::generated();
    let good = texts(&sandbox.out());
    let types = sandbox.out().join("types.rs");
    let text = fs::read_to_string(&types).unwrap();
    fs::write(
        &types,
        format!("<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n"),
    )
    .unwrap();
    sandbox.run(&[]).succeeded();
    assert_eq!(texts(&sandbox.out()), good);
}

#[test]
fn a_folder_that_cannot_be_written_is_named() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.folder.path().join("file"), "").unwrap();
    let out = Path::new("file").join("generated");
    let mut command = xtask();
    command
        .current_dir(sandbox.folder.path())
        .args(["generate", "--spec", "nsx.yaml", "--out"])
        .arg(&out);
    Outcome::of(&mut command)
        .ended_with(FAILED)
        .complains(out.to_str().unwrap());
}

#[test]
fn a_file_in_the_place_of_the_folder_is_named_and_left() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.out(), "by hand").unwrap();
    sandbox.run(&[]).ended_with(FAILED).complains("generated");
    assert_eq!(fs::read_to_string(sandbox.out()).unwrap(), "by hand");
}

#[test]
fn a_folder_that_lost_its_name_gets_it_back() {
    let sandbox = Sandbox::generated();
    let before = sandbox.tree();
    fs::rename(
        sandbox.out(),
        sandbox.folder.path().join(".generated.xtask-old"),
    )
    .unwrap();
    sandbox
        .run(&[])
        .succeeded()
        .says("interrupted")
        .says("nothing changed");
    assert_eq!(sandbox.tree(), before);
    assert_eq!(sandbox.leftovers(), [""; 0]);
}

#[test]
fn a_folder_that_lost_its_name_gets_it_back_when_the_document_is_broken_too() {
    let sandbox = Sandbox::generated();
    let before = sandbox.tree();
    fs::rename(
        sandbox.out(),
        sandbox.folder.path().join(".generated.xtask-old"),
    )
    .unwrap();
    fs::write(sandbox.spec(), "openapi: [").unwrap();
    sandbox.run(&[]).ended_with(FAILED);
    assert_eq!(sandbox.tree(), before);
}

#[test]
fn what_an_interrupted_run_left_is_cleaned_up() {
    let sandbox = Sandbox::generated();
    let before = sandbox.tree();
    for left in [".generated.xtask-old", ".generated.xtask-new"] {
        fs::create_dir_all(sandbox.folder.path().join(left).join("builder")).unwrap();
    }
    sandbox.run(&[]).succeeded();
    assert_eq!(sandbox.tree(), before);
    assert_eq!(sandbox.leftovers(), [""; 0]);
}

/// A document with an operation that no code can be made of beside the one of the workspace.
fn with_an_unsupported_operation() -> Sandbox {
    let sandbox = Sandbox::new();
    let cookie = "\npaths:\n  /a:\n    get:\n      operationId: GetA\n      parameters:\n      - {name: b, in: cookie, required: true, schema: {type: string}}\n      responses: {'200': {description: D}}\n";
    sandbox.edit_spec(|text| text.replace("\r\n", "\n").replacen("\npaths:\n", cookie, 1));
    sandbox
}

#[test]
fn an_operation_that_is_not_supported_fails_the_run_and_the_last_line_says_how_to_go_on() {
    let sandbox = with_an_unsupported_operation();
    for arguments in [&[][..], &["--check"]] {
        let outcome = sandbox.run(arguments).ended_with(FAILED).complains(
            "#/paths/~1a/get/parameters/0: GetA: the parameter `b`: cookie parameters",
        );
        assert_eq!(
            outcome.stderr.lines().last(),
            Some(
                "Code can be made without 1 of the 2 operations: --skip-unsupported leaves them out, and says which."
            )
        );
    }
    assert!(!sandbox.out().exists());
    // Where that does not help, nothing is said of it.
    sandbox.edit_spec(|text| text.replacen("title:", "titel:", 1));
    let outcome = sandbox.run(&[]).ended_with(FAILED).complains("`title`");
    assert!(!outcome.stderr.contains("--skip"), "{outcome:?}");
}

#[test]
fn an_operation_that_is_not_supported_is_left_out_where_that_is_asked_for() {
    let sandbox = with_an_unsupported_operation();
    sandbox
        .run(&["--skip-unsupported"])
        .succeeded()
        .complains(
            "left out: GetA, GET /a\n    #/paths/~1a/get/parameters/0: the parameter `b`: cookie parameters",
        )
        .says("1 of 2 operations left out (--skip-unsupported)")
        .says("8 created");
    sandbox
        .run(&["--check", "--skip-unsupported"])
        .succeeded()
        .complains("left out: GetA, GET /a");
    sandbox.run(&["--check"]).ended_with(FAILED);

    append(&sandbox.out().join("types.rs"), "// edited\n");
    sandbox
        .run(&["--check", "--skip-unsupported"])
        .ended_with(STALE)
        .complains("To mend it, run: cargo xtask generate --spec nsx.yaml --out generated --skip-unsupported");
}

#[test]
fn a_document_whose_operations_are_all_supported_is_generated_the_same_way_with_and_without() {
    let sandbox = Sandbox::generated();
    let outcome = sandbox
        .run(&["--skip-unsupported"])
        .succeeded()
        .says("nothing changed");
    assert!(!outcome.stdout.contains("left out"), "{outcome:?}");
    assert_eq!(outcome.stderr, "");
}

/// Kills runs at moments spread over their whole length.
#[test]
fn a_killed_run_leaves_the_old_files_or_the_new_ones() {
    const RUNS: u32 = 24;
    let sandbox = Sandbox::generated();
    let old = texts(&sandbox.out());
    sandbox.rename_operation();
    let start = Instant::now();
    sandbox.run(&[]).succeeded();
    let length = start.elapsed();
    let new = texts(&sandbox.out());
    let retired = sandbox.folder.path().join(".generated.xtask-old");
    let original = Sandbox::new();
    for run in 0..RUNS {
        Outcome::of(&mut command(&original.spec(), &sandbox.out())).succeeded();
        assert_eq!(texts(&sandbox.out()), old);

        let mut child = sandbox.command(&[]).stdout(Stdio::null()).spawn().unwrap();
        thread::sleep(length * run / RUNS);
        child.kill().unwrap();
        child.wait().unwrap();
        let out = sandbox.out();
        let found = texts(if out.exists() { &out } else { &retired });
        assert!(
            found == old || found == new,
            "run {run}: {:?}",
            found.keys()
        );
    }
}

#[test]
fn runs_at_the_same_time_do_not_mix_their_files() {
    let (one, two) = (Sandbox::generated(), Sandbox::new());
    two.rename_operation();
    two.run(&[]).succeeded();
    let (first, second) = (texts(&one.out()), texts(&two.out()));
    let start = |run: usize| {
        let spec = if run.is_multiple_of(2) {
            one.spec()
        } else {
            two.spec()
        };
        command(&spec, &one.out())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..8).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let found = texts(&one.out());
    assert!(found == first || found == second);
    assert_eq!(one.leftovers(), [""; 0]);
}

#[test]
fn it_works_from_any_folder_and_prints_paths_from_the_root() {
    for folder in ["", "spec", "nsx-api/src"] {
        let mut command = xtask();
        command
            .current_dir(root().join(folder))
            .args(["generate", "--check"]);
        Outcome::of(&mut command)
            .succeeded()
            .says("nsx-api/src/generated is up to date with spec/nsx.yaml");
    }
}

#[test]
fn a_command_line_that_is_wrong_is_a_usage_error() {
    for arguments in [
        &["generate", "--no-such-option"][..],
        &["no-such-command"],
        &[],
    ] {
        Outcome::of(xtask().args(arguments))
            .ended_with(USAGE)
            .complains("Usage");
    }
}

#[test]
fn every_help_tells_the_same_exit_codes() {
    let codes = |arguments: &[&str]| {
        let help = Outcome::of(xtask().args(arguments)).succeeded().stdout;
        help.split_once("Exit codes, of every command:\n")
            .unwrap()
            .1
            .to_owned()
    };
    let all = codes(&["--help"]);
    for code in [0, FAILED, USAGE, STALE] {
        assert!(all.contains(&format!("  {code}  ")), "{all}");
    }
    for command in ["generate", "import", "diff", "docs", "demo"] {
        assert_eq!(codes(&[command, "--help"]), all, "{command}");
        assert_eq!(codes(&[command, "-h"]), all, "{command}");
    }
}

#[test]
fn without_cargo_the_workspace_is_the_one_where_the_user_is() {
    let other = Sandbox::new();
    let workspace = other.folder.path();
    fs::create_dir_all(workspace.join("xtask/src")).unwrap();
    let mut command = xtask();
    command
        .env_remove("CARGO_MANIFEST_DIR")
        .current_dir(workspace.join("xtask/src"))
        .args(["generate", "--spec", "../../nsx.yaml"]);
    Outcome::of(&mut command)
        .ended_with(FAILED)
        .complains("spec/nsx.yaml is in none of them");
    fs::create_dir(workspace.join("spec")).unwrap();
    fs::copy(other.spec(), workspace.join("spec/nsx.yaml")).unwrap();
    Outcome::of(&mut command)
        .succeeded()
        .says("nsx-api/src/generated written from nsx.yaml");
    assert!(workspace.join("nsx-api/src/generated/mod.rs").is_file());
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let sandbox = Sandbox::generated();
    append(
        &sandbox.out().join("types.rs"),
        &"// edited\n".repeat(10_000),
    );
    let mut child = sandbox
        .command(&["--check"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(STALE));
}

/// A broken SDK must not stand in the way of generating it anew.
#[test]
fn xtask_does_not_depend_on_the_sdk() {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap());
    cargo.current_dir(root()).args([
        "tree",
        "--package",
        "xtask",
        "--all-features",
        "--prefix",
        "none",
    ]);
    let outcome = Outcome::of(&mut cargo).succeeded().says("nsx-api-gen v");
    let found: Vec<_> = outcome
        .stdout
        .lines()
        .filter(|line| line.starts_with("nsx-api v"))
        .collect();
    assert_eq!(found, [""; 0]);
}

fn append(path: &Path, text: &str) {
    let old = fs::read_to_string(path).unwrap();
    fs::write(path, old + text).unwrap();
}
