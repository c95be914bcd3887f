//! Reads progenitor's builders: which field is which parameter, and of what type.
//!
//! progenitor changes its names around those of the parameters, so the builders are known by their
//! shape: what stands in the query, the headers, the path, and what `send` returns. A shape that is
//! not known is an error.

use syn::punctuated::Punctuated;
use syn::visit::{self, Visit};
use syn::{
    Expr, ExprCall, ExprIf, ExprMethodCall, Fields, ImplItem, Item, ItemImpl, ItemMod, ItemStruct,
    Lit, Macro, ReturnType, Token, Type,
};

use super::paths::{argument, type_ident};
use crate::model::In;

/// What progenitor made of one operation.
pub(super) struct Builder {
    pub(super) parameters: Vec<Parameter>,
    pub(super) body: Option<Type>,
    pub(super) success: Type,
}

/// A parameter as progenitor knows it.
pub(super) struct Parameter {
    /// The document's name; of a path's parameter progenitor keeps only the order.
    pub(super) name: Option<String>,
    pub(super) place: In,
    pub(super) ty: Type,
}

/// The builders in the document's order.
pub(super) fn builders(module: &ItemMod) -> Result<Vec<Builder>, String> {
    let items = module.content.as_ref().map(|(_, items)| items.as_slice());
    let items = items.unwrap_or_default();
    let structs = items.iter().filter_map(|item| match item {
        Item::Struct(item) => Some(item),
        _ => None,
    });
    structs
        .map(|item| {
            let name = item.ident.to_string();
            builder(items, item).ok_or(format!("the shape of its builder `{name}` is not known"))
        })
        .collect()
}

fn builder(items: &[Item], item: &ItemStruct) -> Option<Builder> {
    let send = items.iter().find_map(|other| match other {
        Item::Impl(block) if is_of(block, item) => block.items.iter().find_map(send),
        _ => None,
    })?;
    let mut found = Found::default();
    found.visit_block(&send.block);
    let parameters = found.parameters.into_iter().map(|(name, place, ident)| {
        let ty = field(item, &ident)?;
        Some(Parameter { name, place, ty })
    });
    Some(Builder {
        parameters: parameters.collect::<Option<Vec<_>>>()?,
        body: found
            .body
            .map(|ident| field(item, &ident))
            .map_or(Some(None), |ty| ty.map(Some))?,
        success: success(&send.sig.output)?,
    })
}

fn is_of(block: &ItemImpl, item: &ItemStruct) -> bool {
    block.trait_.is_none() && type_ident(&block.self_ty).as_deref() == Some(&item.ident.to_string())
}

/// The method that sends; a parameter's setter may have the same name and is not async.
fn send(item: &ImplItem) -> Option<&syn::ImplItemFn> {
    match item {
        ImplItem::Fn(function) if function.sig.asyncness.is_some() => Some(function),
        _ => None,
    }
}

/// The type of a field without progenitor's wrapping: `Result<Option<T>, String>` is `T`.
fn field(item: &ItemStruct, name: &str) -> Option<Type> {
    let Fields::Named(fields) = &item.fields else {
        return None;
    };
    let field = fields.named.iter().find(|field| {
        let ident = field.ident.as_ref();
        ident.is_some_and(|ident| ident == name)
    })?;
    let value = argument(&field.ty, "Result")?;
    let value = argument(value, "Option").unwrap_or(value);
    Some(without_builder(value.clone()))
}

/// `types::builder::Thing` is progenitor's way to collect a `types::Thing`.
fn without_builder(mut ty: Type) -> Type {
    if let Type::Path(path) = &mut ty {
        let segments = path.path.segments.iter();
        let kept = segments
            .filter(|segment| segment.ident != "builder")
            .cloned();
        path.path.segments = kept.collect();
    }
    ty
}

/// The success of `Result<ResponseValue<T>, Error<E>>`.
fn success(output: &ReturnType) -> Option<Type> {
    let ReturnType::Type(_, ty) = output else {
        return None;
    };
    argument(argument(ty, "Result")?, "ResponseValue").cloned()
}

/// What the body of `send` uses, in its order.
#[derive(Default)]
struct Found {
    parameters: Vec<(Option<String>, In, String)>,
    body: Option<String>,
    /// The variable of the `if let Some(value) = variable` that stands around.
    optional: Option<String>,
}

impl<'ast> Visit<'ast> for Found {
    fn visit_macro(&mut self, node: &'ast Macro) {
        // The path is put together by `format!`, whose tokens the visitor does not look into.
        let arguments = Punctuated::<Expr, Token![,]>::parse_terminated;
        if let Ok(arguments) = node.parse_body_with(arguments) {
            for argument in &arguments {
                Found::path_parameter(self, argument);
            }
        }
    }

    fn visit_expr_call(&mut self, node: &'ast ExprCall) {
        let arguments: Vec<&Expr> = node.args.iter().collect();
        if path_ends(&node.func, &["QueryParam", "new"])
            && let [name, value] = arguments.as_slice()
            && let (Some(name), Some(ident)) = (literal(name), variable(value))
        {
            self.parameters.push((Some(name), In::Query, ident));
        }
        visit::visit_expr_call(self, node);
    }

    fn visit_expr_if(&mut self, node: &'ast ExprIf) {
        let before = self.optional.take();
        if let Expr::Let(condition) = node.cond.as_ref() {
            self.optional = variable(&condition.expr);
        }
        visit::visit_expr_if(self, node);
        self.optional = before;
    }

    fn visit_expr_method_call(&mut self, node: &'ast ExprMethodCall) {
        // The chain's calls in the order in which they are made.
        visit::visit_expr_method_call(self, node);
        let arguments: Vec<&Expr> = node.args.iter().collect();
        match (node.method.to_string().as_str(), arguments.as_slice()) {
            ("append", [name, value]) => {
                let ident = self.optional.clone().or_else(|| variable(value));
                if let (Some(name), Some(ident)) = (literal(name), ident) {
                    self.parameters.push((Some(name), In::Header, ident));
                }
            }
            ("json" | "form_urlencoded" | "body", [body]) => self.body = variable(body),
            _ => {}
        }
    }
}

impl Found {
    fn path_parameter(&mut self, argument: &Expr) {
        if let Expr::Call(call) = argument
            && path_ends(&call.func, &["encode_path"])
            && let Some(ident) = call.args.first().and_then(variable)
        {
            self.parameters.push((None, In::Path, ident));
        }
    }
}

fn path_ends(function: &Expr, names: &[&str]) -> bool {
    let Expr::Path(path) = function else {
        return false;
    };
    let segments: Vec<String> = path
        .path
        .segments
        .iter()
        .map(|one| one.ident.to_string())
        .collect();
    segments.ends_with(
        &names
            .iter()
            .map(|name| (*name).to_owned())
            .collect::<Vec<_>>(),
    )
}

fn literal(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Str(text) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// The variable that an expression begins with: `&name`, `name.to_string()`.
fn variable(expression: &Expr) -> Option<String> {
    match expression {
        Expr::Path(path) => path.path.get_ident().map(ToString::to_string),
        Expr::Reference(reference) => variable(&reference.expr),
        Expr::MethodCall(call) => variable(&call.receiver),
        Expr::Try(question) => variable(&question.expr),
        _ => None,
    }
}
