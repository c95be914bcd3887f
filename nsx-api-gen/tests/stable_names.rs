//! What part of a document is imported does not change the Rust names of that part.

use std::fs;

use nsx_api_gen::compare::{Kind, Level, Source, compare};
use nsx_api_gen::import::{Import, Selection, import, list};

use crate::mutations::Random;
use crate::real_documents::real_documents;

/// A document with an operation for each of these components, which are in YAML's flow style.
fn document(components: &[(&str, &str)], used: &[&str]) -> Source {
    let paths: Vec<String> = used
        .iter()
        .map(|name| {
            format!(
                "/{name}: {{put: {{operationId: Put{name}, requestBody: {{content: {{application/json: {{schema: {{$ref: '#/components/schemas/{name}'}}}}}}}}, \
                 responses: {{'200': {{description: OK, content: {{application/json: {{schema: {{$ref: '#/components/schemas/{name}'}}}}}}}}}}}}}}"
            )
        })
        .collect();
    let schemas: Vec<String> = components
        .iter()
        .map(|(name, schema)| format!("{name}: {schema}"))
        .collect();
    let text = format!(
        "openapi: 3.0.3\ninfo: {{title: T, version: '1'}}\npaths: {{{}}}\ncomponents: {{schemas: {{{}}}}}\n",
        paths.join(", "),
        schemas.join(", ")
    );
    Source::new("whole.yaml", text)
}

fn imported(document: &Source, operations: &[&str], into: Option<&str>) -> String {
    let selection = operations.iter().fold(Selection::new(), |selection, name| {
        selection.operation(*name)
    });
    let mut task = Import::new(document.clone(), selection);
    task.into = into.map(|text| Source::new("part.yaml", text));
    import(&task).unwrap().text
}

/// Imports one part, and then another part in addition: at once, and into the first document. In
/// both cases code for the first part stays valid.
#[track_caller]
fn assert_stable(document: &Source, first: &str, second: &str) -> String {
    assert_stable_ids(document, &format!("Put{first}"), &format!("Put{second}"))
}

#[track_caller]
fn assert_stable_ids(document: &Source, first: &str, second: &str) -> String {
    let part = imported(document, &[first], None);
    let both = imported(document, &[first, second], None);
    let merged = imported(document, &[second], Some(&part));
    for all in [both, merged] {
        let comparison = compare(
            &Source::new("part", part.clone()),
            &Source::new("all", all.clone()),
        );
        let comparison = comparison.unwrap();
        let breaking: Vec<String> = comparison
            .changes()
            .iter()
            .filter(|change| change.level() == Level::Breaking)
            // A type that is now sent too gets a field, but keeps its names.
            .filter(|change| change.kind != Kind::TypeExtraAdded)
            .map(|change| format!("{:?}: {change}", change.subject))
            .collect();
        assert_eq!(
            breaking,
            [] as [String; 0],
            "{first} {second}\n{part}\n{all}"
        );
    }
    part
}

const STATUS: &str = "{type: string, enum: [up, down]}";
const TEXT: &str = "{type: object, properties: {a: {type: string}}}";

fn to(name: &str) -> String {
    format!("{{$ref: '#/components/schemas/{name}'}}")
}

fn object(properties: &str) -> String {
    format!("{{type: object, properties: {{{properties}}}}}")
}

#[test]
fn inline_type_keeps_its_name_if_a_component_with_it_is_imported() {
    let node = object(&format!(
        "status: {STATUS}, list: {{type: array, items: {TEXT}}}"
    ));
    for (name, schema) in [
        ("NodeStatus", TEXT),
        ("NodeListItem", STATUS),
        ("node_status", TEXT),
    ] {
        let document = document(&[("Node", &node), (name, schema)], &["Node", name]);
        assert_stable(&document, "Node", name);
    }
}

#[test]
fn types_of_bodies_and_numbered_types_keep_their_names() {
    let whole = "openapi: 3.0.3
info: {title: T, version: '1'}
paths:
  /a:
    put:
      operationId: PutA
      parameters: [{name: kind, in: query, schema: {type: string, enum: [a]}}]
      requestBody: {content: {application/json: {schema: {type: object, properties: {b: {type: string, enum: [x]}}}}}}
      responses: {'200': {description: OK, content: {application/json: {schema: {type: object, properties: {c: {type: string}}}}}}}
  /b: {put: {operationId: PutB, responses: {'200': {description: OK, content: {application/json: {schema: {$ref: '#/components/schemas/All'}}}}}}}
components:
  schemas:
    PutABody: {type: object, properties: {z: {type: string}}}
    PutABodyB: {type: string, enum: [q]}
    PutABodyB2: {type: string, enum: [r]}
    PutAKind: {type: object, properties: {z: {type: string}}}
    PutAResponse: {type: object, properties: {z: {type: string}}}
    All: {type: object, properties: {a: {$ref: '#/components/schemas/PutABody'}, b: {$ref: '#/components/schemas/PutABodyB'}, c: {$ref: '#/components/schemas/PutABodyB2'}, d: {$ref: '#/components/schemas/PutAKind'}, e: {$ref: '#/components/schemas/PutAResponse'}}}
";
    let part = assert_stable(&Source::new("whole.yaml", whole), "A", "B");
    assert!(part.contains("x-reserved-type-names"), "{part}");
}

#[test]
fn box_stays_in_its_field_if_an_operation_enters_the_cycle_elsewhere() {
    let [a, b, c] =
        ["B", "C", "A"].map(|next| object(&format!("next: {}, text: {{type: string}}", to(next))));
    let required = format!(
        "{{type: object, required: [next], properties: {{next: {}}}}}",
        to("D")
    );
    let cycle = [
        ("A", a.as_str()),
        ("B", &b),
        ("C", &c),
        // Two cycles that share a component, and one of a single component.
        ("D", &object(&format!("a: {}, d: {}", to("E"), to("D")))),
        ("E", &required),
    ];
    for first in ["A", "B", "C"] {
        for second in ["A", "B", "C", "D", "E"] {
            let document = document(&cycle, &["A", "B", "C", "D", "E"]);
            assert_stable(&document, first, second);
        }
    }
    // Through types without names of their own.
    let holder = object(&format!(
        "all: {{type: object, properties: {{a: {}}}}}",
        to("Z")
    ));
    let union = format!("{{oneOf: [{}, {{type: string}}]}}", to("Holder"));
    let document = document(
        &[
            ("Holder", &holder),
            ("Z", &union),
            ("Aa", &object(&format!("z: {}", to("Z")))),
        ],
        &["Holder", "Z", "Aa"],
    );
    for (first, second) in [
        ("Holder", "Z"),
        ("Z", "Holder"),
        ("Holder", "Aa"),
        ("Z", "Aa"),
        ("Aa", "Z"),
    ] {
        assert_stable(&document, first, second);
    }
}

#[test]
fn constructor_of_a_union_variant_does_not_depend_on_the_import_of_the_union() {
    let animal = |own: &str| {
        format!(
            "{{type: object, required: [kind, sort, {own}], properties: {{kind: {{type: string}}, sort: {{type: string}}, {own}: {{type: string}}}}}}"
        )
    };
    let (cat, dog) = (animal("claws"), animal("tail"));
    let union = format!("oneOf: [{}, {}]", to("Cat"), to("Dog"));
    let plain = format!("{{{union}, discriminator: {{propertyName: kind}}}}");
    let mapped = format!(
        "{{{union}, discriminator: {{propertyName: kind, mapping: {{cat: '#/components/schemas/Cat', dog: '#/components/schemas/Dog'}}}}}}"
    );
    let holder = object(&format!("pets: {{type: array, items: {mapped}}}"));
    for union in [&plain, &mapped, &holder] {
        let document = document(
            &[("Cat", &cat), ("Dog", &dog), ("Pet", union)],
            &["Cat", "Dog", "Pet"],
        );
        let part = assert_stable(&document, "Cat", "Pet");
        assert!(part.contains("x-union-variants"), "{part}");
        let part = assert_stable(&document, "Cat", "Dog");
        assert!(!part.contains("Dog"), "{part}");
        let all = assert_stable(&document, "Pet", "Cat");
        assert!(!all.contains("x-union-variants"), "{all}");
    }
}

#[test]
fn base_is_a_union_even_if_only_a_type_that_inherits_from_it_is_imported() {
    let base = "{type: object, required: [kind], properties: {kind: {type: string}, name: {type: string}}, discriminator: {propertyName: kind}}";
    let child = |own: &str| {
        let own =
            format!("{{type: object, required: [{own}], properties: {{{own}: {{type: string}}}}}}");
        format!("{{allOf: [{}, {own}]}}", to("Base"))
    };
    let (one, two) = (child("one"), child("two"));
    let list = object(&format!("all: {{type: array, items: {}}}", to("Base")));
    let components = [
        ("Base", base),
        ("One", &one),
        ("Two", &two),
        ("List", &list),
    ];
    for used in [&["One", "Two", "List"][..], &["One", "Two", "Base"]] {
        let document = document(&components, used);
        let last = used[2];
        let part = assert_stable(&document, "One", last);
        assert!(part.contains("x-union-bases"), "{part}");
        assert_stable(&document, "One", "Two");
        assert_stable(&document, last, "One");
    }
}

/// The component and the property of the issue that this was built for.
#[test]
#[ignore = "slow: imports parts of whole documents in a debug build"]
fn names_of_a_part_of_a_real_document_stay_if_another_part_is_imported() {
    let Some(folder) = real_documents() else {
        return;
    };
    let pairs = std::env::var("MUTATIONS").map_or(2, |count| count.parse().unwrap());
    for name in [
        "nsx-manager-3.1.0.swagger2.json",
        "nsx-manager-2.1.swagger2.json",
        "nsx-policy-9.1.1.bindings.openapi3.json",
    ] {
        let document = Source::new(name, fs::read(folder.join(name)).unwrap());
        if name.contains("3.1.0") {
            assert_stable_ids(
                &document,
                "JoinClusterJoin_cluster",
                "ReadClusterNodeStatus",
            );
        }
        let all = list(&document, None).unwrap();
        let mut random = Random::new(1);
        for _ in 0..pairs {
            let (first, second) = (random.pick(&all), random.pick(&all));
            assert_stable_ids(&document, &first.id, &second.id);
        }
    }
}
