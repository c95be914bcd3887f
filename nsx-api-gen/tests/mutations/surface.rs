//! What users of generated code can notice, read from the code itself.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use quote::ToTokens;
use syn::visit::{self, Visit};
use syn::{
    Attribute, Expr, ExprMethodCall, Fields, FnArg, ImplItem, ImplItemFn, Item, ItemEnum, ItemImpl,
    ItemStatic, ItemStruct, Pat, ReturnType, Signature,
};

/// Lines of text, each for something that code can use or that it sends.
#[derive(Debug, Default)]
pub(crate) struct Surface {
    /// If one of them is missing, code may not compile or does something else.
    pub(crate) relied_on: BTreeSet<String>,
    /// Anything else that users can notice.
    pub(crate) noticed: BTreeSet<String>,
    /// The arguments of the method that creates each builder.
    arguments: BTreeMap<String, Vec<String>>,
    /// The names of the path parameters, by the name of the entry in the operation table.
    path_names: BTreeMap<String, Vec<String>>,
}

impl Surface {
    pub(crate) fn new(files: &BTreeMap<PathBuf, String>) -> Self {
        let mut surface = Self::default();
        let is_code = |path: &PathBuf| {
            let path = path.to_str().unwrap().replace('\\', "/");
            path.ends_with(".rs") && !["schemas.rs", "examples.rs"].contains(&path.as_str())
        };
        let files: Vec<syn::File> = files
            .iter()
            .filter(|(path, _)| is_code(path))
            .map(|(_, text)| syn::parse_file(text).unwrap())
            .collect();
        let items = || files.iter().flat_map(|file| &file.items);
        // The builders refer to the table and to the methods.
        for item in items() {
            match item {
                Item::Static(item) => surface.operation(item),
                Item::Impl(item) if item.self_ty.to_token_stream().to_string() == "Client" => {
                    surface.client(item);
                }
                _ => {}
            }
        }
        for item in items() {
            surface.item(item);
        }
        surface
    }

    fn rely(&mut self, line: String) {
        self.relied_on.insert(line);
    }

    fn operation(&mut self, item: &ItemStatic) {
        let name = item.ident.to_string();
        let Expr::Struct(table) = &*item.expr else {
            return;
        };
        for field in &table.fields {
            let key = field.member.to_token_stream().to_string();
            let value = code(&field.expr);
            match key.as_str() {
                "path" => {
                    let names: Vec<String> = value
                        .split('{')
                        .skip(1)
                        .filter_map(|part| Some(part.split_once('}')?.0.to_owned()))
                        .collect();
                    let pattern = names.iter().fold(value, |text, name| {
                        text.replace(&format!("{{{name}}}"), "{}")
                    });
                    self.path_names.insert(name.clone(), names);
                    self.rely(format!("operation {name}: {pattern}"));
                }
                "method" | "query" => self.rely(format!("operation {name}: {key} {value}")),
                _ => {
                    self.noticed
                        .insert(format!("operation {name}: {key} {value}"));
                }
            }
        }
    }

    fn client(&mut self, item: &ItemImpl) {
        for function in functions(item) {
            let (signature, builder) = (&function.sig, output(&function.sig));
            let types: Vec<String> = arguments(signature).into_iter().map(|one| one.1).collect();
            let name = &signature.ident;
            self.rely(format!("Client::{name}({}) -> {builder}", types.join(", ")));
            if function
                .attrs
                .iter()
                .any(|one| one.path().is_ident("deprecated"))
            {
                self.noticed.insert(format!("Client::{name} is deprecated"));
            }
            let names = arguments(signature).into_iter().map(|one| one.0).collect();
            let builder = builder.split('<').next().unwrap().trim().to_owned();
            self.arguments.insert(builder, names);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Struct(item) => self.structure(item),
            Item::Enum(item) => self.enumeration(item),
            Item::Impl(item) => self.implementation(item),
            Item::Macro(item) if item.mac.path.is_ident("discriminated_union") => {
                self.union(&item.mac.tokens.to_string());
            }
            _ => {}
        }
    }

    fn structure(&mut self, item: &ItemStruct) {
        let name = item.ident.to_string();
        if self.arguments.contains_key(&name) {
            return;
        }
        self.derives(&name, &item.attrs);
        let mut fields: Vec<String> = item
            .fields
            .iter()
            .map(|field| match &field.ident {
                Some(ident) => format!("{ident}: {}", code(&field.ty)),
                None => code(&field.ty),
            })
            .collect();
        fields.sort();
        self.rely(format!("struct {name} {{ {} }}", fields.join(", ")));
    }

    fn derives(&mut self, name: &str, attributes: &[Attribute]) {
        for derive in attributes
            .iter()
            .filter(|one| one.path().is_ident("derive"))
        {
            let traits = derive.meta.require_list().unwrap().tokens.to_string();
            for one in traits.split(',') {
                let one = one.split("::").last().unwrap().trim();
                self.rely(format!("{name}: {one}"));
            }
        }
    }

    fn enumeration(&mut self, item: &ItemEnum) {
        let name = item.ident.to_string();
        self.derives(&name, &item.attrs);
        let variants = item.variants.iter().map(|variant| {
            let attributes: Vec<String> = variant
                .attrs
                .iter()
                .filter(|one| !one.path().is_ident("doc"))
                .map(code)
                .collect();
            let content = match &variant.fields {
                Fields::Unit => String::new(),
                fields => code(fields),
            };
            format!("{}{}{content}", attributes.join(" "), variant.ident)
        });
        let variants: Vec<String> = variants.collect();
        if item
            .attrs
            .iter()
            .any(|one| one.path().is_ident("non_exhaustive"))
        {
            for variant in variants {
                self.rely(format!("{name}::{variant}"));
            }
        } else {
            self.rely(format!("enum {name} {{ {} }}", variants.join(", ")));
        }
    }

    fn union(&mut self, tokens: &str) {
        let mut rows = tokens
            .split(';')
            .map(str::trim)
            .filter(|row| !row.is_empty());
        let head = rows.next().unwrap();
        let name = head.split_whitespace().next().unwrap().to_owned();
        self.rely(format!("union {head}"));
        for row in rows {
            let (variant, values) = row.split_once('=').unwrap();
            let values = values.trim().trim_matches(['[', ']']);
            for (index, value) in values.split(',').enumerate() {
                let verb = if index == 0 { "is sent as" } else { "is also" };
                if index == 0 {
                    self.rely(format!("{name} {variant} {verb} {value}"));
                }
                self.rely(format!("{name} reads {} as {variant}", value.trim()));
            }
        }
    }

    fn implementation(&mut self, item: &ItemImpl) {
        let name = code(&item.self_ty);
        let plain = name.split('<').next().unwrap().trim().to_owned();
        match &item.trait_ {
            Some((path, _)) => {
                let path = code(path);
                match path.as_str() {
                    "StringEnum" => self.string_enum(&name, item),
                    "Serialize" => self.serialize(&name, item),
                    "Default" => self.initial(&name, item),
                    _ => {}
                }
                self.rely(format!("{name}: {path}"));
            }
            None if plain == "Client" => {}
            None if self.arguments.contains_key(&plain) => self.builder(&plain, item),
            None => {
                for function in functions(item) {
                    let signature = &function.sig;
                    let all = arguments(signature).into_iter();
                    let all: Vec<String> = all.map(|(name, ty)| format!("{name}: {ty}")).collect();
                    self.rely(format!("{name}::{}({})", signature.ident, all.join(", ")));
                }
                self.initial(&name, item);
            }
        }
    }

    /// The discriminator values of a new struct.
    fn initial(&mut self, name: &str, item: &ItemImpl) {
        let text = code(item);
        for part in text.split("Discriminator::of(").skip(1) {
            let value = part.split(')').next().unwrap();
            self.rely(format!("a new {name} has {value}"));
        }
    }

    fn string_enum(&mut self, name: &str, item: &ItemImpl) {
        let table = item.items.iter().find_map(|item| match item {
            ImplItem::Const(item) if item.ident == "TABLE" => Some(&item.expr),
            _ => None,
        });
        let Some(Expr::Reference(table)) = table else {
            panic!("{name} has no table");
        };
        let Expr::Array(rows) = &*table.expr else {
            panic!("{name} has no table");
        };
        for row in &rows.elems {
            self.rely(format!("{name} on the wire: {}", code(row)));
        }
    }

    fn serialize(&mut self, name: &str, item: &ItemImpl) {
        for function in functions_of_trait(item) {
            for statement in &function.block.stmts {
                let text = code(statement);
                if text.starts_with("object.") && !text.contains("end()") {
                    self.rely(format!("{name} on the wire: {text}"));
                }
            }
        }
    }

    fn builder(&mut self, name: &str, item: &ItemImpl) {
        for function in functions(item) {
            let signature = &function.sig;
            let types: Vec<String> = arguments(signature).into_iter().map(|one| one.1).collect();
            let (types, output) = (types.join(", "), output(signature));
            self.rely(format!("{name}.{}({types}) -> {output}", signature.ident));
        }
        for function in functions_of_trait(item) {
            if function.sig.ident == "into_request" {
                let mut calls = Calls::default();
                calls.visit_block(&function.block);
                self.request(name, &calls.0);
            }
        }
    }

    /// The parts of a request. A required argument is known by its position, a path parameter by
    /// its place in the path.
    fn request(&mut self, builder: &str, calls: &[(String, Vec<String>)]) {
        let table = calls.iter().find(|(name, _)| name == "operation");
        let entry = table.map(|(_, arguments)| arguments[0].rsplit(':').next().unwrap().to_owned());
        let path_names = entry.and_then(|entry| self.path_names.get(&entry).cloned());
        let path_names = path_names.unwrap_or_default();
        for (method, arguments) in calls {
            let mut arguments = arguments.clone();
            if method == "path" {
                let name = arguments[0].trim_matches('"').to_owned();
                let place = path_names.iter().position(|one| *one == name);
                arguments[0] = format!("{place:?}");
            }
            if ["json", "form", "text", "body", "multipart"].contains(&method.as_str()) {
                arguments.clear();
            }
            let known = self.arguments.get(builder).cloned().unwrap_or_default();
            for argument in &mut arguments {
                let field = argument.trim_start_matches('&').strip_prefix("self.");
                if let Some(field) = field.map(str::to_owned)
                    && let Some(index) = known.iter().position(|one| *one == field)
                {
                    *argument = format!("argument {index}");
                }
            }
            if method == "header" {
                arguments[0] = arguments[0].to_lowercase();
            }
            self.rely(format!(
                "{builder} sends .{method}({})",
                arguments.join(", ")
            ));
        }
    }
}

/// The method calls in a block, with their arguments.
#[derive(Default)]
struct Calls(Vec<(String, Vec<String>)>);

impl<'ast> Visit<'ast> for Calls {
    fn visit_expr_method_call(&mut self, call: &'ast ExprMethodCall) {
        let arguments = call.args.iter().map(code).collect();
        self.0.push((call.method.to_string(), arguments));
        visit::visit_expr_method_call(self, call);
    }
}

fn functions(item: &ItemImpl) -> impl Iterator<Item = &ImplItemFn> {
    let is_public = |one: &&ImplItemFn| matches!(one.vis, syn::Visibility::Public(_));
    functions_of_trait(item).filter(is_public)
}

fn functions_of_trait(item: &ItemImpl) -> impl Iterator<Item = &ImplItemFn> {
    item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(item) => Some(item),
        _ => None,
    })
}

/// The name and type of each argument.
fn arguments(signature: &Signature) -> Vec<(String, String)> {
    let typed = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(argument),
        FnArg::Receiver(_) => None,
    });
    typed
        .map(|argument| {
            let name = match &*argument.pat {
                Pat::Ident(name) => name.ident.to_string(),
                pattern => code(pattern),
            };
            (name, code(&argument.ty))
        })
        .collect()
}

fn output(signature: &Signature) -> String {
    match &signature.output {
        ReturnType::Default => "()".to_owned(),
        ReturnType::Type(_, ty) => code(ty),
    }
}

/// Code without spaces, except for words.
fn code(tokens: impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    let mut code = String::new();
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        let is_word = |letter: char| letter.is_alphanumeric() || letter == '_';
        let next = rest.peek().copied().unwrap_or(' ');
        let before = code.chars().next_back().unwrap_or(' ');
        if letter != ' ' || (is_word(before) && is_word(next)) {
            code.push(letter);
        }
    }
    code
}
