//! Generates the text of all files from a checked document.
//!
//! progenitor generates the types and determines the type of each parameter. The modules here read
//! its code and write the SDK's code instead. Only this module depends on progenitor.

mod bisect_failure;
mod builder;
mod code;
mod component_order;
mod crate_example;
mod encode_union;
mod example;
mod inline_schemas;
mod isolation;
mod lists;
mod method;
mod method_docs;
mod operation_table;
mod paths;
mod progenitor;
mod rust_api;
mod signatures;
mod status;
mod token_items;
mod types;
mod typify_input;
mod used_by;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use serde_json::Value;
use syn::{Signature, Type};

use crate::document::markdown as docs;
use crate::document::{discriminated_union, recorded};
use crate::error::{Error, Fault};
use crate::model::Api;
use crate::model::rust_api::RustApi;
use crate::names;
use crate::read::Document;
use code::Code;
pub use code::HEADER_MARK;
use lists::{Lists, Page};
use method::{Method, Success};
use signatures::{Function, argument_name};
use types::{DiscriminatorValue, FieldOrder, Types};

/// The generated files, by path in the output folder.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// Generates all files.
pub(crate) fn emit(document: &Document, root: &Value, api: &Api) -> Result<Files, Error> {
    let about = format!(
        "{} {}, SHA-256 {}",
        docs::on_one_line(&api.title),
        docs::on_one_line(&api.version),
        document.digest
    );
    read_types(&document.file, root, api, |methods, types, pages| {
        files(api, methods, types, pages, &about)
    })
}

/// The Rust API of the code that [`emit`] generates.
pub(crate) fn rust_api(file: &str, root: &Value, api: &Api) -> Result<RustApi, Error> {
    read_types(file, root, api, |methods, types, _| {
        rust_api::rust_api(methods, types)
    })
}

/// The names of all types of a checked document, and the reserved ones.
pub(crate) fn type_names(root: &Value) -> BTreeSet<String> {
    typify_input::type_names(root)
}

/// Generates the methods and types, and calls `use_them` with both and with the pages of lists.
fn read_types<T: Send>(
    file: &str,
    root: &Value,
    api: &Api,
    use_them: impl FnOnce(&[Method<'_>], &Types, &BTreeMap<String, Page>) -> T + Send,
) -> Result<T, Error> {
    let input = typify_input::to_typify_input(root);
    let extensible = discriminated_union::extensible_types(root);
    let variants = recorded::union_variants(root);
    let order = FieldOrder::new(&input);
    let result = isolation::run_isolated(move || {
        let code = progenitor::generate(input)?;
        Ok(methods_and_types(code, api, &order, &extensible, variants)
            .map(|(methods, types, pages)| use_them(&methods, &types, &pages)))
    });
    let faults = match result {
        Ok(Ok(result)) => return Ok(result),
        Ok(Err(fault)) => vec![fault],
        Err(reason) => {
            let input = typify_input::to_typify_input(root);
            bisect_failure::bisect_failure(&input, api, &reason)
        }
    };
    Err(Error::Document {
        file: file.to_owned(),
        faults,
    })
}

type MethodsAndTypes<'a> = (Vec<Method<'a>>, Types, BTreeMap<String, Page>);

fn methods_and_types<'a>(
    code: progenitor::Code,
    api: &'a Api,
    order: &FieldOrder,
    extensible: &BTreeSet<String>,
    variants: Vec<(String, DiscriminatorValue)>,
) -> Result<MethodsAndTypes<'a>, Fault> {
    let of_types = |message| Fault::of_document("#/components/schemas", message);
    let types = types::Code::parse(code.types).map_err(of_types)?;
    let lists = Lists::new(types.types());
    let methods = methods(api, &code.functions, &lists)?;
    let pages = lists.pages(&methods);
    let sent: Vec<Type> = methods.iter().flat_map(Method::sent).collect();
    let received: Vec<Type> = methods.iter().filter_map(Method::received).collect();
    let mut types = Types::new(types, order, extensible, &sent, &received).map_err(of_types)?;
    types.add_variants(variants);
    types.add_used_by(&used_by::used_by(&methods));
    Ok((methods, types, pages))
}

fn files(
    api: &Api,
    methods: &[Method<'_>],
    types: &Types,
    pages: &BTreeMap<String, Page>,
    about: &str,
) -> Files {
    let mut modules: BTreeMap<String, Vec<&Method<'_>>> = BTreeMap::new();
    for method in methods {
        let module = names::module_name(method.tag().unwrap_or("untagged"));
        modules.entry(module).or_default().push(method);
    }
    let used = modules.iter().map(|(name, methods)| {
        let types = methods.iter().flat_map(|method| method.types());
        (name.clone(), types.collect())
    });
    let used: BTreeMap<String, Vec<Type>> = used.collect();

    let mut files = Files::new();
    let example = crate_example::crate_example(methods, types, api);
    files.insert(PathBuf::from("example.md"), example);
    let mut add = |path: String, about: &str, code: Code| {
        files.insert(path.split('/').collect(), file(about, code));
    };
    add("mod.rs".to_owned(), about, written(root_module));
    add(
        "operations.rs".to_owned(),
        "",
        written(|code| operation_table::operations(api, code)),
    );
    add(
        "examples.rs".to_owned(),
        "",
        written(|code| operation_table::examples(api, code)),
    );
    add(
        "schemas.rs".to_owned(),
        "",
        written(|code| schemas_file(api, types, code)),
    );
    for (name, code) in types.files(&used, pages) {
        add(
            if name.is_empty() {
                "types.rs".to_owned()
            } else {
                format!("types/{name}.rs")
            },
            "",
            code,
        );
    }
    let names: Vec<&str> = modules.keys().map(String::as_str).collect();
    add(
        "builder/mod.rs".to_owned(),
        "",
        written(|code| builder_module(&names, code)),
    );
    for (name, methods) in &modules {
        let code = written(|code| builder_file(api, methods, types, code));
        add(format!("builder/{name}.rs"), "", code);
    }
    files
}

fn written(write: impl FnOnce(&mut Code)) -> Code {
    let mut code = Code::default();
    write(&mut code);
    code
}

/// The text of a file: its header and its code.
fn file(about: &str, code: Code) -> String {
    let mut text = format!("// {HEADER_MARK} Do not edit.\n");
    for line in about.lines() {
        text += &format!("// {line}\n");
    }
    text + "\n" + code.into_text().trim_start()
}

/// All operations of the document, with the types of progenitor's functions.
fn methods<'a>(
    api: &'a Api,
    functions: &BTreeMap<String, Signature>,
    lists: &Lists<'_>,
) -> Result<Vec<Method<'a>>, Fault> {
    let methods = api.operations.iter().map(|operation| {
        let name = argument_name(&operation.id);
        let signature = functions.get(&name);
        let signature =
            signature.ok_or_else(|| format!("progenitor generated no function named `{name}`"));
        let function = signature.and_then(Function::from_signature);
        let method = function.and_then(|function| Method::new(operation, function));
        method.map_err(|message| Fault {
            pointer: operation.pointer.clone(),
            operation: Some(operation.id.clone()),
            message,
        })
    });
    let mut methods: Vec<Method<'_>> = methods.collect::<Result<_, Fault>>()?;
    for method in &mut methods {
        method.is_list = lists.has(method);
    }
    Ok(methods)
}

fn root_module(code: &mut Code) {
    code.module_docs("Operations, types and builders, generated from the document.");
    code.text(
        "
// Descriptions come from the document, and so do the names and sizes of types and operations.
#![allow(
    missing_docs,
    non_camel_case_types,
    clippy::disallowed_names,
    clippy::doc_lazy_continuation,
    clippy::doc_overindented_list_items,
    clippy::enum_variant_names,
    clippy::infallible_try_from,
    clippy::large_enum_variant,
    clippy::too_many_arguments
)]

pub mod builder;
#[cfg(feature = \"mock\")]
pub(crate) mod examples;
pub mod operations;
#[cfg(feature = \"schemars\")]
pub mod schemas;
pub mod types;
",
    );
}

/// Writes the JSON Schemas of the components that are types.
fn schemas_file(api: &Api, types: &Types, code: &mut Code) {
    let components = api.schemas.iter().filter_map(|name| {
        let rust = names::type_name(name);
        types
            .has(&rust)
            .then(|| format!("({name:?}, schema_for!(types::{rust}))"))
    });
    let components: Vec<String> = components.collect();
    code.module_docs("JSON Schemas of the types, for programs that validate or display values.");
    code.gap();
    code.line(match components.is_empty() {
        true => "use schemars::Schema;",
        false => "use schemars::{Schema, schema_for};",
    });
    code.gap();
    if !components.is_empty() {
        code.line("use crate::generated::types;");
        code.gap();
    }
    code.docs("The components of the document that are types, each with its JSON Schema.");
    let head = "pub fn components() -> Vec<(&'static str, Schema)>";
    code.block(head, |code| code.list("Vec::from([", &components, "])"));
}

fn builder_module(modules: &[&str], code: &mut Code) {
    code.module_docs(
        "One builder per operation, created by a method of [`Client`](crate::Client).",
    );
    code.gap();
    code.modules(modules);
}

/// Writes the methods and builders of one tag, and imports only what they use.
fn builder_file(api: &Api, methods: &[&Method<'_>], types: &Types, code: &mut Code) {
    let any = |is: fn(&Method<'_>) -> bool| methods.iter().any(|method| is(method));
    let (streams, is_list) = (any(|method| method.streams()), any(|method| method.is_list));
    let is_stream = any(|method| matches!(method.success, Success::Stream));
    code.gap();
    code.line(match any(|method| method.has_types()) {
        true => "use crate::generated::{operations, types};",
        false => "use crate::generated::operations;",
    });
    let kinds = code::used(&[
        (streams, "Body"),
        (is_stream, "ByteStream"),
        (true, "Client"),
        (true, "Error"),
        (is_list, "Items"),
        (is_list, "Pages"),
        (true, "Request"),
        (true, "Response"),
    ]);
    code.uses("crate", &kinds);
    code.gap();
    let tag = methods.first().and_then(|method| method.tag());
    code.docs(&method_docs::tag_docs(api, tag));
    code.block("impl Client", |code| {
        for (index, method) in methods.iter().enumerate() {
            if index > 0 {
                code.gap();
            }
            method.write_start(types, api, code);
        }
    });
    for method in methods {
        code.gap();
        method.write_builder(code);
    }
}
