//! A field of a struct.

use syn::meta::ParseNestedMeta;
use syn::{Field, LitStr, Token, Type};

use super::attributes::docs_of;
use crate::emit::code::Code;
use crate::emit::paths::{argument, sdk_type, short_type, text, type_ident};
use crate::model::rust_api::{self, RustType};

/// A field of a struct.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) rust: String,
    pub(super) json: String,
    pub(super) docs: String,
    pub(super) ty: Type,
    /// It is omitted if it is empty.
    pub(super) optional: bool,
    /// It may be missing in a response.
    pub(super) may_be_missing: bool,
    /// It can be null.
    pub(super) nullable: bool,
    /// Its `Option` contains another one, which is `None` if the value is null.
    pub(super) keeps_null: bool,
    /// It takes the unknown fields.
    pub(super) rest: bool,
    /// Its value in a new object, if it is a discriminator.
    pub(super) discriminator_value: Option<String>,
}

impl Member {
    /// A field for unknown fields.
    pub(super) fn rest(others: &[Self]) -> Self {
        Self {
            rust: free_name("extra", others),
            json: String::new(),
            docs: "Fields that the document does not list. They are kept and sent back unchanged."
                .to_owned(),
            ty: sdk_type("Extra"),
            optional: true,
            may_be_missing: true,
            nullable: false,
            keeps_null: false,
            rest: true,
            discriminator_value: None,
        }
    }

    pub(super) fn new(field: Field) -> Result<Self, String> {
        let Some(rust) = field.ident else {
            return Err("a field has no name".to_owned());
        };
        let ty = short_type(field.ty);
        let mut member = Self {
            json: rust.to_string(),
            docs: docs_of(&field.attrs),
            optional: false,
            may_be_missing: type_ident(&ty).as_deref() == Some("Option"),
            nullable: false,
            keeps_null: false,
            rest: false,
            discriminator_value: None,
            // A keyword that progenitor does not know.
            rust: if rust == "gen" {
                "gen_".to_owned()
            } else {
                rust.to_string()
            },
            ty,
        };
        member.unbox_option();
        member.document_secret_access();
        let serde = field
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("serde"));
        for attribute in serde {
            let read = attribute.parse_nested_meta(|meta| member.read(&meta));
            read.map_err(|error| format!("the field `{}`: {error}", member.rust))?;
        }
        member.wrap_optional_collection();
        Ok(member)
    }

    /// For a recursive type, typify boxes the `Option` instead of its content and makes the field
    /// required.
    pub(super) fn unbox_option(&mut self) {
        let inner = argument(&self.ty, "Box").and_then(|option| argument(option, "Option"));
        let inner = inner.cloned();
        if let Some(inner) = inner {
            self.ty = syn::parse_quote!(Option<Box<#inner>>);
            (self.optional, self.may_be_missing) = (true, true);
        }
    }

    /// typify omits an empty list or map. With an `Option`, a list of the manager can be emptied.
    pub(super) fn wrap_optional_collection(&mut self) {
        let ty = &self.ty;
        if self.optional && !self.rest && type_ident(ty).as_deref() != Some("Option") {
            self.ty = syn::parse_quote!(Option<#ty>);
        }
    }

    pub(super) fn keep_null(&mut self) {
        if !self.optional || !self.nullable {
            return;
        }
        let ty = &self.ty;
        self.ty = syn::parse_quote!(Option<#ty>);
        self.keeps_null = true;
        if !self.docs.is_empty() {
            self.docs += "\n\n";
        }
        self.docs += "`Some(None)` is null.";
    }

    /// Parses one of serde's attributes.
    pub(super) fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        match meta.path.get_ident().map(ToString::to_string).as_deref() {
            Some("rename") => self.json = meta.value()?.parse::<LitStr>()?.value(),
            Some("skip_serializing_if") => {
                meta.value()?.parse::<LitStr>()?;
                (self.optional, self.may_be_missing) = (true, true);
            }
            // Required but nullable: it must not be missing.
            Some("deserialize_with") => {
                meta.value()?.parse::<LitStr>()?;
                self.may_be_missing = false;
            }
            Some("default") if !meta.input.peek(Token![=]) => {}
            Some("flatten") => {
                (self.rest, self.optional, self.may_be_missing) = (true, true, true);
            }
            _ => return Err(meta.error("unknown serde attribute")),
        }
        Ok(())
    }

    /// Readers of the docs cannot guess how to access a secret.
    pub(super) fn document_secret_access(&mut self) {
        let secret = sdk_type("Secret");
        let secrets: [Type; 2] = [syn::parse_quote!(Option<#secret>), secret];
        if !secrets.contains(&self.ty) {
            return;
        }
        if !self.docs.is_empty() {
            self.docs += "\n\n";
        }
        self.docs += "Read it with [`expose_secret`](crate::Secret::expose_secret).";
    }

    /// The name of the field.
    pub(super) fn rust(&self) -> &str {
        &self.rust
    }

    /// Whether it is an argument of `new`.
    pub(super) fn is_argument(&self) -> bool {
        !self.optional && self.discriminator_value.is_none()
    }

    pub(super) fn rust_api(&self) -> rust_api::Field {
        rust_api::Field {
            rust: self.rust.clone(),
            json: self.json.clone(),
            ty: RustType::new(&text(&self.ty)),
            optional: self.optional,
            is_rest: self.rest,
            discriminator_value: self.discriminator_value.clone(),
        }
    }

    /// The field in a new object.
    pub(super) fn initial_value(&self) -> String {
        let rust = &self.rust;
        match &self.discriminator_value {
            Some(value) => format!("{rust}: compact_serde::Discriminator::of({value:?})"),
            None if !self.optional => format!("{rust}: {rust}.into()"),
            None if self.rest => format!("{rust}: Default::default()"),
            None => format!("{rust}: None"),
        }
    }

    pub(super) fn write_definition(&self, code: &mut Code) {
        code.docs(&self.docs);
        let schema = match self.rest {
            true => Some("flatten".to_owned()),
            false => (self.rust != self.json).then(|| format!("rename = {:?}", self.json)),
        };
        if let Some(schema) = schema {
            code.line(format!(
                "#[cfg_attr(feature = \"schemars\", schemars({schema}))]"
            ));
        }
        code.line(format!("pub {}: {},", self.rust, text(&self.ty)));
    }

    /// The value of the field after reading the map.
    pub(super) fn value(&self) -> String {
        let (rust, json) = (&self.rust, &self.json);
        let is_option = type_ident(&self.ty).as_deref() == Some("Option");
        if self.may_be_missing {
            rust.clone()
        } else if is_option {
            format!("{rust}: compact_serde::present({rust}, {json:?})?")
        } else {
            format!("{rust}: compact_serde::required({rust}, {json:?})?")
        }
    }

    pub(super) fn serialize(&self) -> String {
        let (rust, json) = (&self.rust, &self.json);
        match (self.rest, self.optional) {
            (true, _) => format!("object.extra(&self.{rust});"),
            (_, true) => format!("object.optional({json:?}, &self.{rust});"),
            (_, false) => format!("object.field({json:?}, &self.{rust});"),
        }
    }
}

/// A name that no field has.
pub(super) fn free_name(name: &str, members: &[Member]) -> String {
    let mut name = name.to_owned();
    while members.iter().any(|member| member.rust == name) {
        name.push('_');
    }
    name
}
