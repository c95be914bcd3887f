//! Reads the Rust API from what is generated: the methods here, the types in `types::rust_api`.

use super::method::{Argument, BodyArgument, Method, Success};
use super::paths::text;
use super::types::Types;
use crate::model::rust_api::{self, RustApi, RustType};
use crate::names;

/// The Rust API of the generated methods and types.
pub(super) fn rust_api(methods: &[Method<'_>], types: &Types) -> RustApi {
    RustApi {
        methods: methods.iter().map(method).collect(),
        types: types.rust_api(),
    }
}

fn method(method: &Method<'_>) -> rust_api::Method {
    rust_api::Method {
        name: method.method_name(),
        builder: method.builder(),
        table_entry: names::static_name(&method.operation.id),
        arguments: method.arguments.iter().map(argument).collect(),
        body: method.body.as_ref().map(body),
        success: match &method.success {
            Success::Nothing => rust_api::Success::Nothing,
            Success::Stream => rust_api::Success::Stream,
            Success::Value(ty) => rust_api::Success::Value(RustType::new(&text(ty))),
        },
        is_list: method.is_list,
    }
}

fn argument(argument: &Argument<'_>) -> rust_api::Argument {
    rust_api::Argument {
        name: argument.name.to_owned(),
        rust: argument.rust.clone(),
        place: argument.place,
        required: argument.required,
        style: argument.style,
        ty: RustType::new(&text(&argument.ty)),
    }
}

fn body(body: &BodyArgument<'_>) -> rust_api::BodyArgument {
    rust_api::BodyArgument {
        required: body.required,
        ty: RustType::new(&body.held()),
    }
}
