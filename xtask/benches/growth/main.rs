//! Measures `cargo xtask generate` and `cargo check` of the generated code: for the document of
//! this workspace, for documents of real managers, and for documents with a growing number of
//! operations.
//!
//! Run it with `cargo bench -p xtask --bench growth`. If `openapi-to-rust` is installed, it is
//! measured too. Documents of real managers are read from `shared/openapi` next to this repository,
//! if it exists. The benchmark writes a plot to `target/tmp`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is an error in the benchmark"
)]

mod document;
#[path = "../../../nsx-api/benches/measure/mod.rs"]
mod measure;
mod plot;
#[path = "../support/mod.rs"]
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use measure::{format_count, print_row, print_table_header};
use plot::Line;
use support::BenchDirs;
use support::process::{Cost, cargo, run};

const SIZES: [usize; 4] = [1, 10, 100, 1000];
const OTHER_GENERATOR: &str = "openapi-to-rust";
/// The version that this benchmark was written for.
const OTHER_VERSION: &str = "0.23.0";

/// The xtask binary, built in release mode.
const XTASK: &str = env!("CARGO_BIN_EXE_xtask-commands");

fn main() {
    if !measure::is_bench() {
        println!("skipped: this benchmark takes minutes, run it with `cargo bench`");
        return;
    }
    let dirs = BenchDirs::new("growth");
    bench_documents(&dirs);
    bench_growth(&dirs);
}

/// Measures the document of this workspace, and documents of real managers if there are any.
fn bench_documents(dirs: &BenchDirs) {
    print_table_header(
        "Code generation (release build)",
        ["document", "operations", "CPU", "memory", "lines of Rust"],
    );
    let shipped = dirs.root.join("spec/nsx.yaml");
    print_generated_row(dirs, "spec/nsx.yaml", &shipped);
    let dir = dirs.root.join("../shared/openapi");
    let Ok(entries) = fs::read_dir(&dir) else {
        println!("\nSkipped: there is no directory shared/openapi next to this repository.");
        return;
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if !(name.contains("openapi3") || name.contains("swagger2")) {
            continue;
        }
        let imported = dirs.scratch.join("imported.yaml");
        let arguments = ["import", path(&file), "--all", "--output", path(&imported)];
        run(XTASK, &dirs.root, &arguments).unwrap();
        print_generated_row(dirs, &name, &imported);
    }
}

fn print_generated_row(dirs: &BenchDirs, name: &str, file: &Path) {
    let out = dirs.scratch.join("generated");
    let cost = generate(dirs, file, &out);
    let table = fs::read_to_string(out.join("operations.rs")).unwrap();
    // One of them is the table of all operations.
    let operations = table.matches("pub static ").count() - 1;
    print_row([
        name,
        &format_count(operations as u64),
        &cost.seconds(),
        &cost.megabytes(),
        &format_count(lines(&out)),
    ]);
}

fn generate(dirs: &BenchDirs, file: &Path, out: &Path) -> Cost {
    let _ = fs::remove_dir_all(out);
    run(
        XTASK,
        &dirs.root,
        &["generate", "--spec", path(file), "--out", path(out)],
    )
    .unwrap()
}

fn lines(dir: &Path) -> u64 {
    let entries = fs::read_dir(dir).unwrap();
    let lines = entries.map(|entry| {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => lines(&path),
            false if path.extension().is_some_and(|end| end == "rs") => {
                fs::read_to_string(path).unwrap().lines().count() as u64
            }
            false => 0,
        }
    });
    lines.sum()
}

fn path(path: &Path) -> &str {
    path.to_str().unwrap()
}

/// The costs of generating and checking, and the size of the generated code.
struct Costs {
    generate: Cost,
    check: Cost,
    lines: u64,
}

/// Measures documents with a growing number of operations, with both generators.
fn bench_growth(dirs: &BenchDirs) {
    let sdk = Sdk::prepare(dirs);
    let other = OtherGenerator::prepare(dirs);
    print_table_header(
        "Growth with the number of operations",
        [
            "operations",
            "generate, CPU",
            "memory",
            "cargo check, CPU",
            "memory",
            "lines",
            "openapi-to-rust: generate, CPU",
            "memory",
            "cargo check, CPU",
            "memory",
            "lines",
            "cargo check, ratio",
        ],
    );
    let mut lines = [
        ("nsx-api: cargo check", true),
        ("openapi-to-rust: cargo check", false),
        ("nsx-api: generate", true),
        ("openapi-to-rust: generate", false),
    ]
    .map(|(name, is_ours)| Line {
        name,
        is_ours,
        points: Vec::new(),
    });
    for size in SIZES {
        let file = dirs.scratch.join(format!("{size}.json"));
        fs::write(&file, document::with_operations(size)).unwrap();
        let costs = sdk.measure(dirs, &file);
        let other = other.as_ref().map(|other| other.measure(&file));
        let mut cells = vec![format_count(size as u64)];
        cells.extend(costs.cells());
        cells.extend(
            other
                .as_ref()
                .map_or([const { String::new() }; 5], Costs::cells),
        );
        let ratio = other
            .as_ref()
            .map(|other| costs.check.cpu.as_secs_f64() / other.check.cpu.as_secs_f64());
        cells.push(ratio.map_or_else(String::new, |ratio| format!("**{ratio:.2}**")));
        print_row::<12>(
            cells
                .iter()
                .map(String::as_str)
                .collect::<Vec<_>>()
                .try_into()
                .unwrap(),
        );
        let costs = [
            Some(costs.check),
            other.as_ref().map(|other| other.check),
            Some(costs.generate),
            other.as_ref().map(|other| other.generate),
        ];
        for (line, cost) in lines.iter_mut().zip(costs) {
            let point = cost.map(|cost| (size as f64, cost.cpu.as_secs_f64().max(0.001)));
            line.points.extend(point);
        }
    }
    if other.is_none() {
        println!(
            "\nSkipped: {OTHER_GENERATOR} is not installed (`cargo install {OTHER_GENERATOR} --version {OTHER_VERSION} --locked`)."
        );
    }
    let file = dirs.scratch.join("growth.svg");
    plot::draw(&file, &lines);
    println!(
        "\nWrote the plot to {}.",
        file.strip_prefix(&dirs.root).unwrap_or(&file).display()
    );
}

impl Costs {
    fn cells(&self) -> [String; 5] {
        [
            self.generate.seconds(),
            self.generate.megabytes(),
            self.check.seconds(),
            self.check.megabytes(),
            format_count(self.lines),
        ]
    }
}

/// A copy of the SDK whose generated code is replaced for each document.
struct Sdk {
    dir: PathBuf,
}

impl Sdk {
    fn prepare(dirs: &BenchDirs) -> Self {
        let dir = dirs.scratch.join("sdk");
        copy(&dirs.root.join("nsx-api"), &dir.join("nsx-api"));
        for file in ["Cargo.toml", "Cargo.lock"] {
            fs::copy(dirs.root.join(file), dir.join(file)).unwrap();
        }
        let manifest = dir.join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        let members = r#"members = ["nsx-api", "nsx-api-gen", "xtask"]"#;
        assert!(text.contains(members));
        let text = text.replace(members, r#"members = ["nsx-api"]"#);
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("nsx-api-gen = "));
        fs::write(manifest, lines.collect::<Vec<_>>().join("\n")).unwrap();
        let sdk = Self { dir };
        sdk.check();
        sdk
    }

    fn check(&self) -> Cost {
        cargo(&self.dir, &["check", "--package", "nsx-api"])
    }

    fn measure(&self, dirs: &BenchDirs, file: &Path) -> Costs {
        let out = self.dir.join("nsx-api/src/generated");
        let generate = generate(dirs, file, &out);
        Costs {
            generate,
            check: self.check(),
            lines: lines(&out),
        }
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        match from.is_dir() {
            true => copy(&from, &to),
            false => drop(fs::copy(&from, &to).unwrap()),
        }
    }
}

/// A crate with the code of the other generator and the dependencies of that code.
struct OtherGenerator {
    dir: PathBuf,
}

impl OtherGenerator {
    fn prepare(dirs: &BenchDirs) -> Option<Self> {
        let dir = dirs.scratch.join("openapi-to-rust");
        fs::create_dir_all(dir.join("src")).unwrap();
        let file = dirs.scratch.join("openapi-to-rust.json");
        // Contains all kinds of operations, so that the list of dependencies is complete.
        fs::write(&file, document::with_operations(10)).unwrap();
        run(OTHER_GENERATOR, &dir, &["generate", path(&file)])?;
        let dependencies =
            fs::read_to_string(dir.join("src/generated/REQUIRED_DEPS.toml")).unwrap();
        let package = "[package]\nname = \"other\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n";
        fs::write(dir.join("Cargo.toml"), format!("{package}{dependencies}")).unwrap();
        fs::write(
            dir.join("src/lib.rs"),
            "#![allow(warnings)]\npub mod generated;\n",
        )
        .unwrap();
        let other = Self { dir };
        other.check();
        Some(other)
    }

    fn check(&self) -> Cost {
        cargo(&self.dir, &["check"])
    }

    fn measure(&self, file: &Path) -> Costs {
        let out = self.dir.join("src/generated");
        fs::remove_dir_all(&out).unwrap();
        let generate = run(OTHER_GENERATOR, &self.dir, &["generate", path(file)]).unwrap();
        Costs {
            generate,
            check: self.check(),
            lines: lines(&out),
        }
    }
}
