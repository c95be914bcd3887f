//! Requirements on the published packages.

use crate::support::{CommandOutput, root};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

const PUBLISHED: [&str; 2] = ["nsx-api", "nsx-api-gen"];

fn read_file(path: &str) -> String {
    let text = fs::read_to_string(root().join(path));
    text.unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The packages in the output of `cargo metadata` for this platform.
fn packages() -> Vec<Value> {
    let version = CommandOutput::run(Command::new("rustc").arg("-vV")).success();
    let host = version
        .stdout
        .lines()
        .find_map(|line| line.strip_prefix("host: "));
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap());
    cargo
        .args([
            "metadata",
            "--locked",
            "--format-version",
            "1",
            "--filter-platform",
            host.unwrap(),
        ])
        .current_dir(root());
    let metadata: Value =
        serde_json::from_str(&CommandOutput::run(&mut cargo).success().stdout).unwrap();
    metadata["packages"].as_array().unwrap().clone()
}

/// Parses `1.89` and `1.89.0`.
fn rust_version(package: &Value) -> Option<[u64; 3]> {
    let mut numbers = package["rust_version"]
        .as_str()?
        .split('.')
        .map(|number| number.parse().unwrap());
    Some([(); 3].map(|()| numbers.next().unwrap_or(0)))
}

#[test]
fn no_dependency_requires_a_newer_rust_version_than_the_sdk() {
    let packages = packages();
    let ours = packages
        .iter()
        .find(|package| package["name"] == PUBLISHED[0]);
    let ours = rust_version(ours.unwrap()).unwrap();
    let later = packages
        .iter()
        .filter(|package| rust_version(package).is_some_and(|version| version > ours));
    let later: Vec<_> = later.map(|package| package["id"].as_str()).collect();
    assert!(later.is_empty(), "{later:?}");
    assert!(packages.len() > 100);
}

/// Not even as dev-dependencies: each can be built and published while the other does not compile.
#[test]
fn the_sdk_and_the_generator_do_not_depend_on_each_other() {
    let packages = packages();
    for package in PUBLISHED {
        let ours = packages.iter().find(|known| known["name"] == package);
        let dependencies = ours.unwrap()["dependencies"].as_array().unwrap();
        assert!(!dependencies.is_empty(), "{package}");
        let found: Vec<_> = dependencies
            .iter()
            .map(|dependency| &dependency["name"])
            .filter(|name| {
                PUBLISHED
                    .iter()
                    .any(|other| *other != package && *name == other)
            })
            .collect();
        assert!(found.is_empty(), "{package}: {found:?}");
    }
}

/// They are copies, because git on Windows may check out a symbolic link as a text file.
#[test]
fn each_package_contains_the_license_texts() {
    for package in PUBLISHED {
        for name in ["LICENSE-APACHE", "LICENSE-MIT"] {
            assert_eq!(
                read_file(&format!("{package}/{name}")),
                read_file(name),
                "{package}"
            );
        }
    }
}

/// crates.io shows a README without the other files of the repository.
#[test]
fn the_readme_of_each_package_has_no_relative_links() {
    let manifest = read_file("Cargo.toml");
    let version = manifest
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = "));
    let sentence = format!("needs Rust {} or later", version.unwrap().trim_matches('"'));
    for package in PUBLISHED {
        let readme = read_file(&format!("{package}/README.md"));
        assert!(readme.contains(&sentence), "{package}");
        for link in readme.split("](").skip(1) {
            assert!(link.starts_with("https://"), "{package}: {link}");
        }
        assert!(
            read_file(&format!("{package}/src/lib.rs")).contains("include_str!(\"../README.md\")")
        );
    }
}

#[test]
fn no_published_package_includes_files_from_outside() {
    for package in PUBLISHED {
        let mut dirs = vec![root().join(package).join("src")];
        while let Some(dir) = dirs.pop() {
            for entry in fs::read_dir(dir).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    dirs.push(path);
                    continue;
                }
                let depth = path
                    .strip_prefix(root().join(package))
                    .unwrap()
                    .components()
                    .count();
                let outside = format!("include_str!(\"{}", "../".repeat(depth));
                assert!(
                    !fs::read_to_string(&path).unwrap().contains(&outside),
                    "{path:?}"
                );
            }
        }
    }
}

/// The number of crates that a program with the default features and this one compiles.
fn crates(feature: &str) -> usize {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap());
    cargo.args(["tree", "--locked", "--package", "nsx-api"]);
    cargo.args(["--features", feature]);
    cargo.args(["--edges", "normal,build", "--prefix", "none"]);
    cargo.args(["--target", "x86_64-unknown-linux-gnu", "--format", "{p}"]);
    let tree = CommandOutput::run(cargo.current_dir(root()))
        .success()
        .stdout;
    let crates = tree.lines().map(|line| {
        line.trim_end_matches(" (*)")
            .trim_end_matches(" (proc-macro)")
    });
    crates.collect::<BTreeSet<_>>().len()
}

/// Users compare these numbers before they add a dependency.
#[test]
fn the_dependency_counts_in_the_docs_are_correct() {
    let page = read_file("nsx-api/src/lib.rs");
    let all = crates("ring");
    let assert_row = |feature: &str, words: String| {
        let start = format!("//! | `{feature}`");
        let row = page.lines().find(|line| line.starts_with(&start)).unwrap();
        assert!(row.contains(&words), "{row}: {words}");
    };
    assert_row("ring", format!("| {all} in all |"));
    assert_row(
        "aws-lc-rs",
        format!(" {} if both are on |", crates("aws-lc-rs") - all),
    );
    for feature in ["mock", "metrics", "schemars"] {
        assert_row(feature, format!("| {} more |", crates(feature) - all));
    }
}
