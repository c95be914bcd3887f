//! The last step: from a checked document to the text of the generated files.
//!
//! progenitor makes the types and finds the type of each parameter; the passes here read that and
//! write the SDK's code in its place. Only this module knows progenitor.

mod blame;
mod builder;
mod code;
pub(crate) mod docs;
mod example;
mod lists;
mod method;
mod page;
mod paths;
mod pieces;
mod private;
mod progenitor;
mod recognize;
mod table;
mod tour;
mod types;
mod unions;
mod uses;
mod variants;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Once;
use std::thread;

use serde_json::Value;
use syn::{Signature, Type};

use crate::HEADER_MARK;
use crate::error::{Error, Fault};
use crate::model::Api;
use crate::names;
use crate::read::Document;
use crate::union;
use code::Code;
use lists::Lists;
use method::{Method, Success};
use recognize::{Function, argument_name};
use types::{Order, Types};

/// The generated files by their path in the output folder.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// Generates every file.
pub(crate) fn emit(document: &Document, root: &Value, api: &Api) -> Result<Files, Error> {
    let about = format!(
        "{} {}, SHA-256 {}",
        docs::joined(&api.title),
        docs::joined(&api.version),
        document.digest
    );
    let private = private::private(root);
    let open = union::open(root);
    let order = Order::new(&private);
    let result = apart(|| {
        let code = progenitor::generate(private.clone());
        code.map(|code| files(code, api, &order, &open, &about))
    });
    let faults = match result {
        Ok(Ok(files)) => return Ok(files),
        Ok(Err(fault)) => vec![fault],
        Err(reason) => blame::blame(&private, api, &reason),
    };
    Err(Error::Document {
        file: document.file.clone(),
        faults,
    })
}

fn files(
    code: progenitor::Code,
    api: &Api,
    order: &Order,
    open: &BTreeSet<String>,
    about: &str,
) -> Result<Files, Fault> {
    let of_types = |message| Fault::of_document("#/components/schemas", message);
    let types = types::Code::read(code.types).map_err(of_types)?;
    let lists = Lists::new(types.types());
    let methods = methods(api, &code.functions, &lists)?;
    let pages = lists.pages(&methods);
    let sent: Vec<Type> = methods.iter().flat_map(Method::sent).collect();
    let received: Vec<Type> = methods.iter().filter_map(Method::received).collect();
    let mut types = Types::new(types, order, open, &sent, &received).map_err(of_types)?;
    types.tell_uses(&uses::uses(&methods));
    let mut modules: BTreeMap<String, Vec<&Method<'_>>> = BTreeMap::new();
    for method in &methods {
        let module = names::module_name(method.tag().unwrap_or("untagged"));
        modules.entry(module).or_default().push(method);
    }
    let used = modules.iter().map(|(name, methods)| {
        let types = methods.iter().flat_map(|method| method.types());
        (name.clone(), types.collect())
    });
    let used: BTreeMap<String, Vec<Type>> = used.collect();

    let mut files = Files::new();
    let tour = tour::markdown(&methods, &types, api);
    files.insert(PathBuf::from("example.md"), tour);
    let mut add = |path: String, about: &str, code: Code| {
        files.insert(path.split('/').collect(), file(about, code));
    };
    add("mod.rs".to_owned(), about, written(root_module));
    add(
        "operations.rs".to_owned(),
        "",
        written(|code| table::operations(api, code)),
    );
    add(
        "examples.rs".to_owned(),
        "",
        written(|code| table::examples(api, code)),
    );
    add(
        "schemas.rs".to_owned(),
        "",
        written(|code| schemas_file(api, &types, code)),
    );
    for (name, code) in types.files(&used, &pages) {
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
        let code = written(|code| builder_file(api, methods, &types, code));
        add(format!("builder/{name}.rs"), "", code);
    }
    Ok(files)
}

fn written(write: impl FnOnce(&mut Code)) -> Code {
    let mut code = Code::default();
    write(&mut code);
    code
}

/// The text of a file: its header, and its code.
fn file(about: &str, code: Code) -> String {
    let mut text = format!("// {HEADER_MARK} Do not edit.\n");
    for line in about.lines() {
        text += &format!("// {line}\n");
    }
    text + "\n" + code.into_text().trim_start()
}

/// Each operation of the document with the types of progenitor's function for it.
fn methods<'a>(
    api: &'a Api,
    functions: &BTreeMap<String, Signature>,
    lists: &Lists<'_>,
) -> Result<Vec<Method<'a>>, Fault> {
    let methods = api.operations.iter().map(|operation| {
        let name = argument_name(&operation.id);
        let signature = functions.get(&name);
        let signature =
            signature.ok_or_else(|| format!("progenitor wrote no function named `{name}`"));
        let function = signature.and_then(Function::read);
        let method = function.and_then(|function| Method::new(operation, function, lists));
        method.map_err(|message| Fault {
            pointer: operation.pointer.clone(),
            operation: Some(operation.id.clone()),
            message,
        })
    });
    methods.collect()
}

fn root_module(code: &mut Code) {
    code.module_docs("The operations, types and builders of the document.");
    code.text(
        "
// What the document does not describe has no description here either, and how a type or an
// operation is cut is the document's choice.
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

/// Writes the JSON Schemas of the components that are types of their own.
fn schemas_file(api: &Api, types: &Types, code: &mut Code) {
    let components = api.schemas.iter().filter_map(|name| {
        let rust = names::type_name(name);
        types
            .has(&rust)
            .then(|| format!("({name:?}, schema_for!(types::{rust}))"))
    });
    let components: Vec<String> = components.collect();
    code.module_docs(
        "JSON Schemas of the types, for programs that check or show values before they are sent.",
    );
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
    code.docs(
        "Each component of the document that is a type of its own, with the JSON Schema derived of that type.",
    );
    let head = "pub fn components() -> Vec<(&'static str, Schema)>";
    code.block(head, |code| code.list("Vec::from([", &components, "])"));
}

fn builder_module(modules: &[&str], code: &mut Code) {
    code.module_docs(
        "A builder for each operation; [`Client`](crate::Client) has a method that starts it.",
    );
    code.gap();
    code.modules(modules);
}

/// Writes the methods and builders of one tag, with just what they use in scope.
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
    code.docs(&page::tag(api, tag));
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

/// A type of progenitor's builders, with short paths.
fn types_type(mut ty: Type) -> Type {
    paths::shorten_type(&mut ty);
    ty
}

/// Runs what may panic or need much stack in a thread of its own, and makes a panic an error.
fn apart<T: Send>(run: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    const NAME: &str = "nsx-api-gen";
    const STACK: usize = 256 << 20;
    static QUIET: Once = Once::new();
    // The panic is reported as an error; the default hook would print it as well.
    QUIET.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(NAME) {
                hook(info);
            }
        }));
    });
    thread::scope(|scope| {
        let builder = thread::Builder::new()
            .name(NAME.to_owned())
            .stack_size(STACK);
        let thread = builder
            .spawn_scoped(scope, run)
            .map_err(|error| format!("no thread to generate in: {error}"))?;
        thread.join().unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(in_our_words(text.unwrap_or("for no reason given")))
        })
    })
}

/// What progenitor says as it gives up, where that is something that a document's author can mend.
fn in_our_words(panic: &str) -> String {
    match panic.strip_prefix("Failed to make unique variant names for ") {
        Some(values) => format!("values of an enum are one in Rust, or none at all: {values}"),
        None => format!("progenitor gave up: {panic}"),
    }
}
