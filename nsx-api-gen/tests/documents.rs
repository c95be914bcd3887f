//! Documents of real managers and related products, if available: each is imported completely and
//! generated.

use std::path::{Path, PathBuf};

use nsx_api_gen::compare::Source;
use nsx_api_gen::generate_from_str;
use nsx_api_gen::import::{Import, Selection, import};
use serde_json::Value;

/// The documents, with their numbers of operations.
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
    println!("skipped: there is no folder with real documents next to the project");
    None
}

fn task(folder: &Path, name: &str, selection: Selection) -> Import {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    Import::new(Source::new(name, bytes), selection)
}

#[test]
fn every_operation_of_a_real_document_is_generated() {
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
fn importing_one_operation_of_a_real_document_imports_only_its_types() {
    let Some(folder) = folder() else { return };
    for (name, _) in DOCUMENTS.into_iter().take(3) {
        let selection = Selection::new().operation("CreateRegistrationToken");
        let imported = import(&task(&folder, name, selection)).unwrap();
        let generated = generate_from_str(name, &imported.text).unwrap();
        let builders = generated.files.iter();
        let builders = builders.filter(|(path, _)| path.starts_with("builder"));
        let methods: Vec<&str> = builders
            .flat_map(|(_, text)| text.lines())
            .filter_map(|line| line.trim().strip_prefix("pub fn "))
            .filter(|line| line.contains("(&self"))
            .collect();
        let types = &generated.files[Path::new("types.rs")];
        let types: Vec<&str> = types
            .lines()
            .filter_map(|line| {
                ["pub struct ", "pub enum ", "pub type "]
                    .iter()
                    .find_map(|start| line.strip_prefix(start))
            })
            .filter_map(|line| line.split([' ', '(', '{', '<', ';']).next())
            .collect();
        let method = "create_registration_token(&self) -> CreateRegistrationToken<'_> {";
        assert_eq!(methods, [method], "{name}");
        // The errors of this document have no related errors.
        let wanted = match name.contains("-2.1.") {
            true => &["ApiError", "RegistrationToken"][..],
            false => &["ApiError", "RegistrationToken", "RelatedApiError"],
        };
        assert_eq!(types, wanted, "{name}");
    }
}

/// The document with the keys of all objects reversed, except for properties, whose order
/// determines that of the fields.
fn shuffled(node: Value, is_ordered: bool) -> Value {
    match node {
        Value::Object(map) => {
            let mut entries: Vec<(String, Value)> = map
                .into_iter()
                .map(|(key, inner)| {
                    let inner = shuffled(inner, !is_ordered && key == "properties");
                    (key, inner)
                })
                .collect();
            if !is_ordered {
                entries.reverse();
            }
            Value::Object(entries.into_iter().collect())
        }
        Value::Array(list) => list
            .into_iter()
            .map(|inner| shuffled(inner, false))
            .collect(),
        node => node,
    }
}

#[test]
fn the_key_order_of_a_real_document_affects_neither_import_nor_code() {
    let Some(folder) = folder() else { return };
    for (name, _) in DOCUMENTS {
        let as_served = std::fs::read_to_string(folder.join(name)).unwrap();
        let tree: Value = match name.ends_with(".json") {
            true => serde_json::from_str(&as_served).unwrap(),
            false => serde_saphyr::from_str(&as_served).unwrap(),
        };
        let shuffled = shuffled(tree, false).to_string();
        assert_ne!(as_served, shuffled);
        // The large documents take a minute in a debug build. The imported document is generated
        // anyway.
        let is_large = as_served.len() > 1_000_000;
        let imported = |text: &str| {
            let task = Import::new(Source::new(name, text), Selection::new().all());
            import(&task).unwrap()
        };
        assert!(
            imported(&as_served).text == imported(&shuffled).text,
            "{name}"
        );
        if is_large {
            continue;
        }
        let files = |text: &str| {
            let mut files = generate_from_str(name, text).unwrap().files;
            // It contains the digest of the text.
            let module = files.remove(Path::new("mod.rs")).unwrap();
            (
                files,
                module.replace(|letter: char| letter.is_ascii_hexdigit(), ""),
            )
        };
        let (one, other) = (files(&as_served), files(&shuffled));
        for (path, text) in &one.0 {
            assert!(
                other.0.get(path) == Some(text),
                "{name}: {}",
                path.display()
            );
        }
        assert_eq!((one.0.len(), one.1), (other.0.len(), other.1), "{name}");
    }
}
