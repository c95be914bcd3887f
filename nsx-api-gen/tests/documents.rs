//! The documents of real managers and of their neighbours, where they are at hand: each is imported whole, and code made of it.

#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};

use nsx_api_gen::compare::Source;
use nsx_api_gen::generate_from_str;
use nsx_api_gen::import::{Import, Selection, import};

/// The documents, and how many operations they have.
const DOCUMENTS: [(&str, usize); 5] = [
    ("nsx-manager-3.1.0.swagger2.json", 1408),
    ("nsx-manager-2.1.swagger2.json", 852),
    ("nsx-manager-9.1.1-excerpt.swagger2.yaml", 1),
    ("vsan-data-protection-9.1.openapi3.yaml", 65),
    ("log-management-9.1.openapi3.json", 23),
];

fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/openapi");
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: there is no folder of real documents beside the project");
    None
}

fn task(folder: &Path, name: &str, selection: Selection) -> Import {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    Import {
        document: Source::new(name, bytes),
        selection,
        overlay: None,
        into: None,
        skip_unsupported: false,
    }
}

#[test]
fn every_operation_of_a_real_document_becomes_code() {
    let Some(folder) = folder() else { return };
    for (name, count) in DOCUMENTS {
        let imported = import(&task(&folder, name, Selection::new().all())).unwrap();
        assert_eq!((imported.operations, imported.of), (count, count), "{name}");
        let generated =
            generate_from_str(name, &imported.text).unwrap_or_else(|error| panic!("{error}"));
        let table = &generated.files[Path::new("operations.rs")];
        assert_eq!(table.matches("pub static ").count(), count + 1, "{name}");
    }
}

#[test]
fn one_operation_of_a_real_document_brings_only_what_it_reaches() {
    let Some(folder) = folder() else { return };
    for (name, _) in DOCUMENTS.into_iter().take(3) {
        let selection = Selection::new().operation("CreateRegistrationToken");
        let imported = import(&task(&folder, name, selection)).unwrap();
        assert_eq!(imported.operations, 1, "{name}");
        let generated = generate_from_str(name, &imported.text).unwrap();
        let types = &generated.files[Path::new("types.rs")];
        let structs: Vec<&str> = types
            .lines()
            .filter_map(|line| line.strip_prefix("pub struct "))
            .collect();
        assert!(structs.len() <= 3, "{name}: {structs:?}");
    }
}
