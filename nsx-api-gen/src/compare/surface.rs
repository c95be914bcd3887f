//! The Rust API of a document, with which operations use which types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::{Subject, Usage};
use super::unused::Unused;
use crate::document::{self, component, items, members, reference};
use crate::model::rust_api::{
    Method, RustApi, RustType, Struct, Success, TypeDefinition, TypeKind,
};
use crate::model::{self, Api, In, base_path};
use crate::names;

/// The Rust API of a document.
pub(super) struct Surface {
    /// The normalized document.
    pub(super) root: Value,
    /// The path of the first server.
    pub(super) base: String,
    /// In document order.
    pub(super) operations: Vec<Operation>,
    /// By name.
    pub(super) types: BTreeMap<String, Type>,
}

pub(super) struct Operation {
    pub(super) unused: Unused,
    /// Its position in the document.
    pub(super) index: usize,
    pub(super) model: model::Operation,
    pub(super) method: Method,
    /// The path without that of the server, and without parameter names: `/nodes/{}?action=stop`.
    pub(super) pattern: String,
    /// The path without that of the server.
    pub(super) path: String,
}

/// A type of the document.
pub(super) struct Type {
    pub(super) name: String,
    pub(super) definition: TypeDefinition,
    /// The types that it inherits from. The type of an inline schema inherits from the one that the
    /// same property has in the base.
    pub(super) bases: Vec<String>,
    /// Whether it is the type of an inline schema.
    pub(super) is_inline: bool,
    /// Whether it, or a type that inherits from it, is sent or received.
    pub(super) usage: Usage,
    /// The client's methods that use it or a type that inherits from it.
    pub(super) methods: Vec<String>,
}

impl Surface {
    pub(super) fn new(root: Value, api: Api, rust: RustApi, unused: Vec<Unused>) -> Self {
        let base = base_path(&root);
        let places = document::operations(&root);
        let paths: Vec<String> = places.iter().map(|place| place.path.to_owned()).collect();
        let operations = api.operations.into_iter().zip(rust.methods).zip(paths);
        // Normalization does not change the order of operations.
        let mut unused = unused.into_iter();
        let operations = operations
            .enumerate()
            .map(|(index, ((model, method), path))| Operation {
                unused: unused.next().unwrap_or_default(),
                index,
                model,
                method,
                pattern: without_parameter_names(&path),
                path,
            });
        let operations: Vec<Operation> = operations.collect();
        let bases = bases(&root, &rust.types);
        let components = members(root.pointer("/components/schemas"));
        let components: BTreeSet<String> =
            components.map(|(name, _)| names::type_name(name)).collect();
        let types = rust.types.into_iter().map(|(name, definition)| {
            let ty = Type {
                name: name.clone(),
                definition,
                bases: bases.get(&name).cloned().unwrap_or_default(),
                is_inline: !components.contains(&name),
                usage: Usage::default(),
                methods: Vec::new(),
            };
            (name, ty)
        });
        let mut types: BTreeMap<String, Type> = types.collect();
        mark_usage(&operations, &mut types);
        Self {
            root,
            base,
            operations,
            types,
        }
    }

    /// The struct with this name.
    pub(super) fn object(&self, name: &str) -> Option<&Struct> {
        match &self.types.get(name)?.definition.kind {
            TypeKind::Struct(object) => Some(object),
            _ => None,
        }
    }
}

impl Operation {
    pub(super) fn subject(&self) -> Subject {
        Subject::Operation {
            id: self.model.id.clone(),
            name: self.method.name.clone(),
            method: self.model.method.to_uppercase(),
            path: self.model.path_and_query(),
        }
    }

    /// The names of the client's method, the builder, and the entry in the operation table.
    pub(super) fn names(&self) -> [&str; 3] {
        let method = &self.method;
        [&method.name, &method.builder, &method.table_entry]
    }

    fn sent(&self) -> impl Iterator<Item = &RustType> {
        let arguments = self.method.arguments.iter().map(|argument| &argument.ty);
        arguments.chain(self.method.body.iter().map(|body| &body.ty))
    }

    fn received(&self) -> Option<&RustType> {
        match &self.method.success {
            Success::Value(ty) => Some(ty),
            Success::Nothing | Success::Stream => None,
        }
    }
}

impl Type {
    pub(super) fn subject(&self) -> Subject {
        Subject::Type {
            name: self.name.clone(),
        }
    }
}

fn without_parameter_names(path: &str) -> String {
    let mut parts = path.split('{');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let behind = part.split_once('}').map_or("", |(_, behind)| behind);
        plain.push_str("{}");
        plain.push_str(behind);
    }
    plain
}

/// The `in` value of a location.
pub(super) fn location_name(place: In) -> &'static str {
    match place {
        In::Path => "path",
        In::Query => "query",
        In::Header => "header",
        In::Part => "part",
    }
}

type Bases = BTreeMap<String, Vec<String>>;

/// The types that each type inherits from.
fn bases(root: &Value, types: &BTreeMap<String, TypeDefinition>) -> Bases {
    let mut bases = Bases::new();
    let mut pending = Vec::new();
    for (name, schema) in members(root.pointer("/components/schemas")) {
        let name = names::type_name(name);
        for base in items(schema.get("allOf")).filter_map(reference) {
            pending.push((name.clone(), names::type_name(component(base))));
        }
    }
    while let Some((name, base)) = pending.pop() {
        let known = bases.entry(name.clone()).or_default();
        if name == base || known.contains(&base) {
            continue;
        }
        known.push(base.clone());
        if let (Some(child), Some(base)) = (types.get(&name), types.get(&base)) {
            pending.extend(inline_bases(child, base, types));
        }
    }
    bases
}

/// The types of inline schemas that a struct has from its base, each with the type in the base.
fn inline_bases(
    child: &TypeDefinition,
    base: &TypeDefinition,
    types: &BTreeMap<String, TypeDefinition>,
) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let (TypeKind::Struct(child), TypeKind::Struct(base)) = (&child.kind, &base.kind) else {
        return pairs;
    };
    for field in child.properties() {
        let mut inherited = base.properties().filter(|one| one.json == field.json);
        let Some(inherited) = inherited.next() else {
            continue;
        };
        for (own, base) in field.ty.names().zip(inherited.ty.names()) {
            if own != base && types.contains_key(own) && types.contains_key(base) {
                pairs.push((own.to_owned(), base.to_owned()));
            }
        }
    }
    pairs
}

/// Determines for each type which operations use it.
fn mark_usage(operations: &[Operation], types: &mut BTreeMap<String, Type>) {
    let contained = |ty: &Type| -> BTreeSet<String> {
        let names = ty.definition.inner().into_iter().flat_map(RustType::names);
        names.map(str::to_owned).chain(ty.bases.clone()).collect()
    };
    let graph: BTreeMap<String, BTreeSet<String>> = types
        .values()
        .map(|ty| (ty.name.clone(), contained(ty)))
        .collect();
    for operation in operations {
        let sent = reach(&graph, operation.sent());
        let received = reach(&graph, operation.received().into_iter());
        for name in sent.union(&received) {
            if let Some(ty) = types.get_mut(*name) {
                ty.usage.sent |= sent.contains(name);
                ty.usage.received |= received.contains(name);
                ty.methods.push(operation.method.name.clone());
            }
        }
    }
}

/// All types that these types contain or inherit from.
fn reach<'a>(
    graph: &'a BTreeMap<String, BTreeSet<String>>,
    from: impl Iterator<Item = &'a RustType>,
) -> BTreeSet<&'a str> {
    let mut pending: Vec<&str> = from.flat_map(RustType::names).collect();
    let mut reached = BTreeSet::new();
    while let Some(name) = pending.pop() {
        if let Some(inner) = graph.get(name)
            && reached.insert(name)
        {
            pending.extend(inner.iter().map(String::as_str));
        }
    }
    reached
}
