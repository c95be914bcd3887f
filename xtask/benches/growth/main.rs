//! From a document to code that is checked: the shipped document, those of real managers, and how it grows with the number of operations.
//!
//! `cargo bench -p xtask --bench growth`. Where `openapi-to-rust` is installed it is measured beside; documents of real managers are where
//! there is a folder of them beside the project. A plot is left in `target/tmp`.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is a fault of the benchmark"
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
use support::Place;
use support::process::{Cost, cargo, run};

const SIZES: [usize; 4] = [1, 10, 100, 1000];
const RIVAL: &str = "openapi-to-rust";
/// What the code of the rival's documents says that it needs.
const RIVAL_VERSION: &str = "0.23.0";

/// The generator as users run it, but built for speed.
const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

fn main() {
    if !measure::is_bench() {
        println!("growth takes minutes: it is left to `cargo bench`");
        return;
    }
    let place = Place::new("growth");
    shipped_and_real(&place);
    grow(&place);
}

/// The shipped document, and those of real managers where they are at hand.
fn shipped_and_real(place: &Place) {
    print_table_header(
        "Code made of documents (built for speed)",
        ["document", "operations", "CPU", "memory", "lines of Rust"],
    );
    let shipped = place.root.join("spec/nsx.yaml");
    say_generated(place, "spec/nsx.yaml", &shipped);
    let folder = place.root.join("../shared/openapi");
    let Ok(entries) = fs::read_dir(&folder) else {
        println!("\nLeft out: there is no folder of real documents beside the project.");
        return;
    };
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if !(name.contains("openapi3") || name.contains("swagger2")) {
            continue;
        }
        let imported = place.scratch.join("imported.yaml");
        let arguments = ["import", path(&file), "--all", "--output", path(&imported)];
        run(XTASK, &place.root, &arguments).unwrap();
        say_generated(place, &name, &imported);
    }
}

fn say_generated(place: &Place, name: &str, file: &Path) {
    let out = place.scratch.join("generated");
    let cost = generate(place, file, &out);
    let table = fs::read_to_string(out.join("operations.rs")).unwrap();
    // The table of all of them is one more.
    let operations = table.matches("pub static ").count() - 1;
    print_row([
        name,
        &format_count(operations as u64),
        &cost.seconds(),
        &cost.megabytes(),
        &format_count(lines(&out)),
    ]);
}

fn generate(place: &Place, file: &Path, out: &Path) -> Cost {
    let _ = fs::remove_dir_all(out);
    run(
        XTASK,
        &place.root,
        &["generate", "--spec", path(file), "--out", path(out)],
    )
    .unwrap()
}

fn lines(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).unwrap();
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

/// The cost of both steps, and the size of what lies between.
struct Grown {
    generate: Cost,
    check: Cost,
    lines: u64,
}

/// How it grows with the number of operations, beside the rival.
fn grow(place: &Place) {
    let sdk = Sdk::prepare(place);
    let rival = Rival::prepare(place);
    print_table_header(
        "Growth with the number of operations",
        [
            "operations",
            "generate, CPU",
            "its memory",
            "cargo check, CPU",
            "its memory",
            "lines",
            "the rival: generate",
            "memory",
            "cargo check",
            "memory",
            "lines",
            "check, ratio",
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
        let file = place.scratch.join(format!("{size}.json"));
        fs::write(&file, document::of(size)).unwrap();
        let grown = sdk.measure(place, &file);
        let other = rival.as_ref().map(|rival| rival.measure(&file));
        let mut cells = vec![format_count(size as u64)];
        cells.extend(grown.cells());
        cells.extend(
            other
                .as_ref()
                .map_or([const { String::new() }; 5], Grown::cells),
        );
        let ratio = other
            .as_ref()
            .map(|other| grown.check.cpu.as_secs_f64() / other.check.cpu.as_secs_f64());
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
            Some(grown.check),
            other.as_ref().map(|other| other.check),
            Some(grown.generate),
            other.as_ref().map(|other| other.generate),
        ];
        for (line, cost) in lines.iter_mut().zip(costs) {
            let point = cost.map(|cost| (size as f64, cost.cpu.as_secs_f64().max(0.001)));
            line.points.extend(point);
        }
    }
    if rival.is_none() {
        println!(
            "\nLeft out: {RIVAL} is not installed (`cargo install {RIVAL} --version {RIVAL_VERSION} --locked`)."
        );
    }
    let file = place.scratch.join("growth.svg");
    plot::draw(&file, &lines);
    println!(
        "\nThe plot is in {}.",
        file.strip_prefix(&place.root).unwrap_or(&file).display()
    );
}

impl Grown {
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

/// A copy of the SDK whose generated code is another one each time.
struct Sdk {
    folder: PathBuf,
}

impl Sdk {
    fn prepare(place: &Place) -> Self {
        let folder = place.scratch.join("sdk");
        copy(&place.root.join("nsx-api"), &folder.join("nsx-api"));
        for file in ["Cargo.toml", "Cargo.lock"] {
            fs::copy(place.root.join(file), folder.join(file)).unwrap();
        }
        let manifest = folder.join("Cargo.toml");
        let text = fs::read_to_string(&manifest).unwrap();
        let members = r#"members = ["nsx-api", "nsx-api-gen", "xtask"]"#;
        assert!(text.contains(members));
        let text = text.replace(members, r#"members = ["nsx-api"]"#);
        let lines = text
            .lines()
            .filter(|line| !line.starts_with("nsx-api-gen = "));
        fs::write(manifest, lines.collect::<Vec<_>>().join("\n")).unwrap();
        let sdk = Self { folder };
        sdk.check();
        sdk
    }

    fn check(&self) -> Cost {
        cargo(&self.folder, &["check", "--package", "nsx-api"])
    }

    fn measure(&self, place: &Place, file: &Path) -> Grown {
        let out = self.folder.join("nsx-api/src/generated");
        let generate = generate(place, file, &out);
        Grown {
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

/// A crate whose code the rival makes, with what that says it needs.
struct Rival {
    folder: PathBuf,
}

impl Rival {
    fn prepare(place: &Place) -> Option<Self> {
        let folder = place.scratch.join("rival");
        fs::create_dir_all(folder.join("src")).unwrap();
        let file = place.scratch.join("rival.json");
        // Of all the shapes, so that what is needed is there the first time.
        fs::write(&file, document::of(10)).unwrap();
        run(RIVAL, &folder, &["generate", path(&file)])?;
        let needed = fs::read_to_string(folder.join("src/generated/REQUIRED_DEPS.toml")).unwrap();
        let package = "[package]\nname = \"rival\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[workspace]\n\n";
        fs::write(folder.join("Cargo.toml"), format!("{package}{needed}")).unwrap();
        fs::write(
            folder.join("src/lib.rs"),
            "#![allow(warnings)]\npub mod generated;\n",
        )
        .unwrap();
        let rival = Self { folder };
        rival.check();
        Some(rival)
    }

    fn check(&self) -> Cost {
        cargo(&self.folder, &["check"])
    }

    fn measure(&self, file: &Path) -> Grown {
        let out = self.folder.join("src/generated");
        fs::remove_dir_all(&out).unwrap();
        let generate = run(RIVAL, &self.folder, &["generate", path(file)]).unwrap();
        Grown {
            generate,
            check: self.check(),
            lines: lines(&out),
        }
    }
}
