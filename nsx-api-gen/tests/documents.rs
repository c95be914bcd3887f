//! Documents of real managers and related products, if available: each is imported and generated,
//! a sample of its operations by default and all of them among the slow tests.

use std::path::Path;

use nsx_api_gen::compare::Source;
use nsx_api_gen::generate_from_str;
use nsx_api_gen::import::{Import, Selection, import, list};
use serde_json::Value;

use crate::real_documents::real_documents;

/// The documents, with their numbers of operations.
const DOCUMENTS: [(&str, usize); 5] = [
    ("nsx-manager-3.1.0.swagger2.json", 1408),
    ("nsx-manager-2.1.swagger2.json", 852),
    ("nsx-manager-9.1.1-excerpt.swagger2.yaml", 1),
    ("vsan-data-protection-9.1.openapi3.yaml", 65),
    ("log-management-9.1.openapi3.json", 23),
];

fn task(folder: &Path, name: &str, selection: Selection) -> Import {
    let bytes = std::fs::read(folder.join(name)).unwrap();
    Import::new(Source::new(name, bytes), selection)
}

/// Imports and generates a selection. Checks that each of its operations is in the result.
fn assert_generated(name: &str, task: &Import, count: usize) {
    let imported = import(task).unwrap();
    assert_eq!(imported.operations, count, "{name}");
    let generated =
        generate_from_str(name, &imported.text).unwrap_or_else(|error| panic!("{error}"));
    let table = &generated.files[Path::new("operations.rs")];
    assert_eq!(table.matches("pub static ").count(), count + 1, "{name}");
}

#[test]
fn a_sample_of_the_operations_of_a_real_document_is_generated() {
    let Some(folder) = real_documents() else {
        return;
    };
    for (name, count) in DOCUMENTS {
        let mut task = task(&folder, name, Selection::new());
        let operations = list(&task.document, None).unwrap();
        assert_eq!(operations.len(), count, "{name}");
        let sample: Vec<_> = operations.iter().step_by(count.div_ceil(8)).collect();
        task.selection = sample
            .iter()
            .fold(Selection::new(), |selection, operation| {
                selection.operation(&operation.id)
            });
        assert_generated(name, &task, sample.len());
    }
}

#[test]
#[ignore = "slow: generates thousands of operations in a debug build"]
fn every_operation_of_a_real_document_is_generated() {
    let Some(folder) = real_documents() else {
        return;
    };
    for (name, count) in DOCUMENTS {
        let all = task(&folder, name, Selection::new().all());
        assert_generated(name, &all, count);
    }
}

#[test]
fn importing_one_operation_of_a_real_document_imports_only_its_types() {
    let Some(folder) = real_documents() else {
        return;
    };
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

/// Imports a document as it is served and with its keys in another order, and checks that the
/// imported documents are equal. Returns both texts.
fn import_shuffled(folder: &Path, name: &str) -> [String; 2] {
    let as_served = std::fs::read_to_string(folder.join(name)).unwrap();
    let tree: Value = match name.ends_with(".json") {
        true => serde_json::from_str(&as_served).unwrap(),
        false => serde_saphyr::from_str(&as_served).unwrap(),
    };
    let shuffled = shuffled(tree, false).to_string();
    assert_ne!(as_served, shuffled);
    let imported = |text: &str| {
        let task = Import::new(Source::new(name, text), Selection::new().all());
        import(&task).unwrap()
    };
    assert!(
        imported(&as_served).text == imported(&shuffled).text,
        "{name}"
    );
    [as_served, shuffled]
}

/// Whether a document is generated in a moment, in a debug build.
fn is_small(folder: &Path, name: &str) -> bool {
    std::fs::metadata(folder.join(name)).unwrap().len() < 100_000
}

/// Generates a document in both orders, and checks that the code is equal.
fn assert_same_code(name: &str, texts: &[String; 2]) {
    let [one, other] = texts.each_ref().map(|text| {
        let mut files = generate_from_str(name, text).unwrap().files;
        // It contains the digest of the text.
        let module = files.remove(Path::new("mod.rs")).unwrap();
        let module = module.replace(|letter: char| letter.is_ascii_hexdigit(), "");
        (files, module)
    });
    for (path, text) in &one.0 {
        assert!(
            other.0.get(path) == Some(text),
            "{name}: {}",
            path.display()
        );
    }
    assert_eq!((one.0.len(), one.1), (other.0.len(), other.1), "{name}");
}

#[test]
fn the_key_order_of_a_small_real_document_affects_neither_import_nor_code() {
    let Some(folder) = real_documents() else {
        return;
    };
    let names = DOCUMENTS.map(|(name, _)| name);
    let small: Vec<_> = names
        .iter()
        .filter(|name| is_small(&folder, name))
        .collect();
    assert_eq!(small.len(), 2, "{small:?}");
    for name in small {
        assert_same_code(name, &import_shuffled(&folder, name));
    }
}

/// The code of the largest documents is not compared, which takes a minute in a debug build. The
/// imported document is generated anyway.
#[test]
#[ignore = "slow: imports whole documents in a debug build"]
fn the_key_order_of_a_large_real_document_affects_neither_import_nor_code() {
    let Some(folder) = real_documents() else {
        return;
    };
    for (name, _) in DOCUMENTS {
        if is_small(&folder, name) {
            continue;
        }
        let texts = import_shuffled(&folder, name);
        if texts[0].len() < 1_000_000 {
            assert_same_code(name, &texts);
        }
    }
}
