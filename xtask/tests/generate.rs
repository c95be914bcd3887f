//! Runs `cargo xtask generate` on copies of the document and the generated code.

use crate::support::{CommandOutput, Sandbox, generate_command, read_files, root, xtask};
use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, SystemTime};

const STALE: i32 = 4;
const FAILED: i32 = 1;
const USAGE: i32 = 2;

#[test]
fn the_first_generate_run_creates_and_lists_every_file() {
    let sandbox = Sandbox::new();
    sandbox
        .run(&[])
        .success()
        .stdout_contains("  created ")
        .stdout_contains("0 updated, 0 removed, 0 unchanged");
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
fn generate_is_deterministic() {
    assert_eq!(
        read_files(&Sandbox::generated().out()),
        read_files(&Sandbox::generated().out())
    );
}

#[test]
fn the_committed_code_is_up_to_date() {
    let sandbox = Sandbox::new();
    let mut check = generate_command(&sandbox.spec(), &root().join("nsx-api/src/generated"));
    CommandOutput::run(check.arg("--check")).success();
}

#[test]
fn a_second_generate_run_changes_no_file_and_no_modification_time() {
    let sandbox = Sandbox::generated();
    let before = sandbox.snapshot();
    sandbox
        .run(&[])
        .success()
        .stdout_contains("nothing changed");
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn only_changed_files_get_a_new_modification_time() {
    let sandbox = Sandbox::generated();
    let (edited, kept) = (sandbox.out().join("types.rs"), sandbox.out().join("mod.rs"));
    append(&edited, "// edited\n");
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    let file = File::options().write(true).open(&kept).unwrap();
    file.set_modified(time).unwrap();
    sandbox
        .run(&[])
        .success()
        .stdout_contains("updated")
        .stdout_contains("0 created, 1 updated, 0 removed");
    assert_eq!(fs::metadata(&kept).unwrap().modified().unwrap(), time);
    assert!(!fs::read_to_string(&edited).unwrap().contains("// edited"));
}

#[test]
fn a_file_that_is_no_longer_generated_is_removed() {
    let sandbox = Sandbox::generated();
    let before = sandbox.snapshot();
    fs::copy(
        sandbox.out().join("types.rs"),
        sandbox.out().join("builder/gone.rs"),
    )
    .unwrap();
    sandbox
        .run(&[])
        .success()
        .stdout_contains("builder/gone.rs")
        .stdout_contains("0 created, 0 updated, 1 removed");
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn generate_check_passes_on_up_to_date_code_and_writes_nothing() {
    let sandbox = Sandbox::generated();
    let before = sandbox.snapshot();
    sandbox
        .run(&["--check"])
        .success()
        .stdout_contains("up to date");
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn generate_check_lists_stale_files_and_the_command_that_updates_them() {
    type Damage = fn(&Path);
    let cases: [(&str, Damage, (&str, &str)); 4] = [
        (
            "an edit",
            |out| append(&out.join("types.rs"), "// edited\n"),
            ("differs:", "types.rs"),
        ),
        (
            "a deletion",
            |out| fs::remove_file(out.join("mod.rs")).unwrap(),
            ("missing:", "mod.rs"),
        ),
        (
            "a stray generated file",
            |out| {
                fs::copy(out.join("mod.rs"), out.join("stray.rs")).unwrap();
            },
            ("no longer generated:", "stray.rs"),
        ),
        (
            "no directory",
            |out| fs::remove_dir_all(out).unwrap(),
            ("missing:", "types.rs"),
        ),
    ];
    for (name, damage, (message, file)) in cases {
        let sandbox = Sandbox::generated();
        let good = read_files(&sandbox.out());
        damage(&sandbox.out());
        let damaged = sandbox.out().exists().then(|| sandbox.snapshot());
        let update = "cargo xtask generate --spec nsx.yaml --out generated";
        println!("{name}");
        sandbox
            .run(&["--check"])
            .exit_code(STALE)
            .stderr_contains(message)
            .stderr_contains(file)
            .stderr_contains(update);
        assert_eq!(
            sandbox.out().exists().then(|| sandbox.snapshot()),
            damaged,
            "{name}: --check wrote"
        );
        sandbox.run(&[]).success();
        assert_eq!(read_files(&sandbox.out()), good, "{name}");
        sandbox.run(&["--check"]).success();
    }
}

#[test]
fn generate_check_shows_truncated_diffs() {
    let sandbox = Sandbox::generated();
    let types = sandbox.out().join("types.rs");
    append(&types, "// edited\n");
    sandbox
        .run(&["--check"])
        .exit_code(STALE)
        .stdout_contains("generated/types.rs (now)")
        .stdout_contains("-// edited");
    append(&types, &"// edited\n".repeat(10_000));
    let outcome = sandbox
        .run(&["--check"])
        .exit_code(STALE)
        .stdout_contains("more lines");
    assert!(
        outcome.stdout.lines().count() < 100,
        "{} lines",
        outcome.stdout.lines().count()
    );
}

#[test]
fn generate_check_fails_on_a_changed_document_until_the_code_is_generated() {
    let sandbox = Sandbox::generated();
    sandbox.rename_operation();
    sandbox
        .run(&["--check"])
        .exit_code(STALE)
        .stdout_contains("MintToken");
    sandbox.run(&[]).success().stdout_contains("operations.rs");
    sandbox.run(&["--check"]).success();
}

#[test]
fn an_invalid_document_changes_no_generated_file() {
    let broken = [
        "",
        "openapi: [",
        "swagger: '2.0'\n",
        "\u{0}",
        "openapi: 3.0.3\npaths: 7\n",
    ];
    let sandbox = Sandbox::generated();
    let before = sandbox.snapshot();
    for text in broken {
        fs::write(sandbox.spec(), text).unwrap();
        for arguments in [&[][..], &["--check"]] {
            sandbox
                .run(arguments)
                .exit_code(FAILED)
                .stderr_contains("error: ")
                .stderr_contains("nsx.yaml");
            assert_eq!(sandbox.snapshot(), before, "{text:?}");
        }
    }
    fs::remove_file(sandbox.spec()).unwrap();
    sandbox
        .run(&[])
        .exit_code(FAILED)
        .stderr_contains("nsx.yaml");
    assert_eq!(sandbox.snapshot(), before);
    assert_eq!(sandbox.leftovers(), [""; 0]);
}

#[test]
fn generate_check_ignores_crlf_line_endings() {
    let sandbox = Sandbox::generated();
    for path in sandbox.snapshot().into_keys() {
        let text = fs::read_to_string(&path).unwrap();
        fs::write(&path, text.replace('\n', "\r\n")).unwrap();
    }
    let before = sandbox.snapshot();
    sandbox.edit_spec(|text| text.replace('\n', "\r\n"));
    sandbox.run(&["--check"]).success();
    sandbox
        .run(&[])
        .success()
        .stdout_contains("nothing changed");
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn generate_refuses_an_output_dir_with_handwritten_files_and_keeps_them() {
    for name in ["notes.md", "types.rs", "builder/mine.rs"] {
        let sandbox = Sandbox::generated();
        fs::write(sandbox.out().join(name), "// by hand\n").unwrap();
        sandbox.rename_operation();
        let before = sandbox.snapshot();
        for arguments in [&[][..], &["--check"]] {
            sandbox
                .run(arguments)
                .exit_code(FAILED)
                .stderr_contains(name)
                .stderr_contains("may only contain generated files");
            assert_eq!(sandbox.snapshot(), before);
        }
    }
}

#[test]
fn the_error_lists_twenty_handwritten_files_and_counts_the_rest() {
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
        let outcome = sandbox.run(&[]).exit_code(FAILED);
        let named = outcome.stderr.matches("by-hand-").count();
        assert_eq!(named, 20, "{count}");
        let counted = outcome.stderr.lines().find(|line| line.ends_with(" more"));
        assert_eq!(counted, rest);
    }
}

#[test]
fn generate_resolves_an_unfinished_merge() {
    let sandbox = Sandbox::generated();
    let good = read_files(&sandbox.out());
    let types = sandbox.out().join("types.rs");
    let text = fs::read_to_string(&types).unwrap();
    fs::write(
        &types,
        format!("<<<<<<< ours\n{text}=======\n{text}>>>>>>> theirs\n"),
    )
    .unwrap();
    sandbox.run(&[]).success();
    assert_eq!(read_files(&sandbox.out()), good);
}

#[test]
fn the_error_names_an_output_dir_that_cannot_be_written() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.dir.path().join("file"), "").unwrap();
    let out = Path::new("file").join("generated");
    let mut command = xtask();
    command
        .current_dir(sandbox.dir.path())
        .args(["generate", "--spec", "nsx.yaml", "--out"])
        .arg(&out);
    CommandOutput::run(&mut command)
        .exit_code(FAILED)
        .stderr_contains(out.to_str().unwrap());
}

#[test]
fn generate_does_not_replace_a_file_at_the_path_of_the_output_dir() {
    let sandbox = Sandbox::new();
    fs::write(sandbox.out(), "by hand").unwrap();
    sandbox
        .run(&[])
        .exit_code(FAILED)
        .stderr_contains("generated");
    assert_eq!(fs::read_to_string(sandbox.out()).unwrap(), "by hand");
}

#[test]
fn the_output_dir_is_restored_from_the_backup_of_an_interrupted_run() {
    let sandbox = Sandbox::generated();
    let before = sandbox.snapshot();
    fs::rename(
        sandbox.out(),
        sandbox.dir.path().join(".generated.xtask-old"),
    )
    .unwrap();
    sandbox
        .run(&[])
        .success()
        .stdout_contains("interrupted")
        .stdout_contains("nothing changed");
    assert_eq!(sandbox.snapshot(), before);
    assert_eq!(sandbox.leftovers(), [""; 0]);
}

#[test]
fn the_output_dir_is_restored_from_the_backup_even_if_the_document_is_invalid() {
    let sandbox = Sandbox::generated();
    let before = sandbox.snapshot();
    fs::rename(
        sandbox.out(),
        sandbox.dir.path().join(".generated.xtask-old"),
    )
    .unwrap();
    fs::write(sandbox.spec(), "openapi: [").unwrap();
    sandbox.run(&[]).exit_code(FAILED);
    assert_eq!(sandbox.snapshot(), before);
}

#[test]
fn temporary_files_of_an_interrupted_run_are_removed() {
    let sandbox = Sandbox::generated();
    let before = sandbox.snapshot();
    for left in [".generated.xtask-old", ".generated.xtask-new"] {
        fs::create_dir_all(sandbox.dir.path().join(left).join("builder")).unwrap();
    }
    sandbox.run(&[]).success();
    assert_eq!(sandbox.snapshot(), before);
    assert_eq!(sandbox.leftovers(), [""; 0]);
}

/// A document with one supported and one unsupported operation.
fn with_an_unsupported_operation() -> Sandbox {
    let sandbox = Sandbox::new();
    let cookie = "\npaths:\n  /a:\n    get:\n      operationId: GetA\n      parameters:\n      - {name: b, in: cookie, required: true, schema: {type: string}}\n      responses: {'200': {description: D}}\n";
    sandbox.edit_spec(|text| text.replace("\r\n", "\n").replacen("\npaths:\n", cookie, 1));
    sandbox
}

#[test]
fn an_unsupported_operation_is_an_error_with_a_hint_at_skip_unsupported() {
    let sandbox = with_an_unsupported_operation();
    for arguments in [&[][..], &["--check"]] {
        let outcome = sandbox.run(arguments).exit_code(FAILED).stderr_contains(
            "#/paths/~1a/get/parameters/0: GetA: the parameter `b`: cookie parameters",
        );
        assert_eq!(
            outcome.stderr.lines().last(),
            Some(
                "To generate the other operations, use --skip-unsupported: it skips and lists the 1 of 2 operations with errors."
            )
        );
    }
    assert!(!sandbox.out().exists());
    // There is no hint if the option would not help.
    sandbox.edit_spec(|text| text.replacen("- url: ", "- url: x", 1));
    let outcome = sandbox
        .run(&[])
        .exit_code(FAILED)
        .stderr_contains("#/servers/0/url");
    assert!(!outcome.stderr.contains("--skip"), "{outcome:?}");
}

#[test]
fn skip_unsupported_skips_and_lists_unsupported_operations() {
    let sandbox = with_an_unsupported_operation();
    sandbox
        .run(&["--skip-unsupported"])
        .success()
        .stderr_contains(
            "skipped: GetA, GET /a\n    #/paths/~1a/get/parameters/0: the parameter `b`: cookie parameters",
        )
        .stdout_contains("skipped 1 of 2 operations (--skip-unsupported)")
        .stdout_contains("8 created");
    sandbox
        .run(&["--check", "--skip-unsupported"])
        .success()
        .stderr_contains("skipped: GetA, GET /a");
    sandbox.run(&["--check"]).exit_code(FAILED);

    append(&sandbox.out().join("types.rs"), "// edited\n");
    sandbox
        .run(&["--check", "--skip-unsupported"])
        .exit_code(STALE)
        .stderr_contains("To update it, run: cargo xtask generate --spec nsx.yaml --out generated --skip-unsupported");
}

#[test]
fn skip_unsupported_changes_nothing_if_all_operations_are_supported() {
    let sandbox = Sandbox::generated();
    let outcome = sandbox
        .run(&["--skip-unsupported"])
        .success()
        .stdout_contains("nothing changed");
    assert!(!outcome.stdout.contains("skipped"), "{outcome:?}");
    assert_eq!(outcome.stderr, "");
}

/// Kills a run when the directory with the new files contains this many, or the old directory was
/// renamed, or the run ends.
fn kill_at(count: usize, sandbox: &Sandbox) {
    let [staging, backup] = ["new", "old"].map(|suffix| {
        let name = format!(".generated.xtask-{suffix}");
        sandbox.dir.path().join(name)
    });
    // The files change while they are counted.
    fn count_files(dir: &Path) -> usize {
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let paths = entries.map(|entry| entry.path());
        paths.map(|path| 1 + count_files(&path)).sum()
    }
    let mut child = sandbox.command(&[]).stdout(Stdio::null()).spawn().unwrap();
    while count_files(&staging) < count && !backup.exists() && child.try_wait().unwrap().is_none() {
        thread::yield_now();
    }
    let _ = child.kill();
    child.wait().unwrap();
}

/// The unit tests of the output directory interrupt it at every step.
#[test]
fn a_killed_generate_run_leaves_either_the_old_or_the_new_files() {
    let sandbox = Sandbox::generated();
    let old = read_files(&sandbox.out());
    sandbox.rename_operation();
    sandbox.run(&[]).success();
    let new = read_files(&sandbox.out());
    let retired = sandbox.dir.path().join(".generated.xtask-old");
    let original = Sandbox::new();
    // The last number is not reached: that run is killed after it has renamed a directory.
    for count in 0..new.len() + 3 {
        CommandOutput::run(&mut generate_command(&original.spec(), &sandbox.out())).success();
        assert_eq!(read_files(&sandbox.out()), old);

        kill_at(count, &sandbox);
        let out = sandbox.out();
        let found = read_files(if out.exists() { &out } else { &retired });
        assert!(
            found == old || found == new,
            "killed at {count} files: {:?}",
            found.keys()
        );
    }
}

#[test]
fn concurrent_generate_runs_do_not_mix_their_files() {
    let (one, two) = (Sandbox::generated(), Sandbox::new());
    two.rename_operation();
    two.run(&[]).success();
    let (first, second) = (read_files(&one.out()), read_files(&two.out()));
    let start = |run: usize| {
        let spec = if run.is_multiple_of(2) {
            one.spec()
        } else {
            two.spec()
        };
        generate_command(&spec, &one.out())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let children: Vec<_> = (0..8).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let found = read_files(&one.out());
    assert!(found == first || found == second);
    assert_eq!(one.leftovers(), [""; 0]);
}

#[test]
fn generate_works_in_any_directory_and_prints_paths_relative_to_the_root() {
    for dir in ["", "spec", "nsx-api/src"] {
        let mut command = xtask();
        command
            .current_dir(root().join(dir))
            .args(["generate", "--check"]);
        CommandOutput::run(&mut command)
            .success()
            .stdout_contains("nsx-api/src/generated is up to date with spec/nsx.yaml");
    }
}

#[test]
fn an_invalid_command_line_is_a_usage_error() {
    for arguments in [
        &["generate", "--no-such-option"][..],
        &["no-such-command"],
        &[],
    ] {
        CommandOutput::run(xtask().args(arguments))
            .exit_code(USAGE)
            .stderr_contains("Usage");
    }
}

#[test]
fn every_help_text_lists_the_same_exit_codes() {
    let codes = |arguments: &[&str]| {
        let help = CommandOutput::run(xtask().args(arguments)).success().stdout;
        help.split_once("Exit codes of all commands:\n")
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
fn without_cargo_the_workspace_is_found_from_the_current_directory() {
    let other = Sandbox::new();
    let workspace = other.dir.path();
    fs::create_dir_all(workspace.join("xtask/src")).unwrap();
    let mut command = xtask();
    command
        .env_remove("CARGO_MANIFEST_DIR")
        .current_dir(workspace.join("xtask/src"))
        .args(["generate", "--spec", "../../nsx.yaml"]);
    CommandOutput::run(&mut command)
        .exit_code(FAILED)
        .stderr_contains("spec/nsx.yaml not found in ");
    fs::create_dir(workspace.join("spec")).unwrap();
    fs::copy(other.spec(), workspace.join("spec/nsx.yaml")).unwrap();
    CommandOutput::run(&mut command)
        .success()
        .stdout_contains("nsx-api/src/generated written from nsx.yaml");
    assert!(workspace.join("nsx-api/src/generated/mod.rs").is_file());
}

#[test]
fn a_closed_stdout_pipe_does_not_change_the_exit_code() {
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

/// If the SDK does not compile, it must still be possible to regenerate it.
#[test]
fn xtask_does_not_depend_on_the_sdk() {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(root()).args([
        "tree",
        "--package",
        "xtask-commands",
        "--all-features",
        "--prefix",
        "none",
    ]);
    let outcome = CommandOutput::run(&mut cargo)
        .success()
        .stdout_contains("nsx-api-gen v");
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
