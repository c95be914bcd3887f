//! Structs with named fields: one `from_map` and one `serialize` for each, instead of serde's
//! derives.

use syn::meta::ParseNestedMeta;
use syn::{Field, ItemStruct, LitStr, Token, Type};

use super::attributes::{docs_of, docs_of_type};

use super::field_order::FieldOrder;
use crate::emit::code::Code;
use crate::emit::lists::{CURSOR, RESULTS};
use crate::emit::paths::{argument, sdk_type, shorten_type, text, type_ident};
use crate::model::rust_api::{self, Constructor, RustType, Struct};
use crate::names::deduplicate;

/// The name of a discriminator property, and the value that identifies the variant.
pub(crate) type DiscriminatorValue = (String, String);

/// A struct with named fields.
#[derive(Clone)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) docs: String,
    pub(super) fields: Vec<Member>,
}

/// A field of a struct.
#[derive(Clone)]
pub(super) struct Member {
    rust: String,
    pub(super) json: String,
    docs: String,
    pub(super) ty: Type,
    /// It is omitted if it is empty.
    optional: bool,
    /// It may be missing in a response.
    may_be_missing: bool,
    /// It can be null.
    nullable: bool,
    /// Its `Option` contains another one, which is `None` if the value is null.
    keeps_null: bool,
    /// It takes the unknown fields.
    rest: bool,
    /// Its value in a new object, if it is a discriminator.
    discriminator_value: Option<String>,
}

impl Object {
    pub(super) fn new(item: ItemStruct, order: &FieldOrder) -> Result<Self, String> {
        let docs = docs_of_type(&item.ident, &item.attrs);
        let name = item.ident.to_string();
        let fields = item.fields.into_iter().map(Member::new);
        let fields = fields.collect::<Result<Vec<_>, _>>();
        let mut fields = fields.map_err(|reason| format!("the type `{name}`: {reason}"))?;
        fields.sort_by_key(|member| (member.rest, order.position(&name, &member.json)));
        let names = fields.iter().map(|member| member.rust.clone()).collect();
        for (member, rust) in fields.iter_mut().zip(deduplicate(names)) {
            member.nullable = order.is_nullable(&name, &member.json);
            member.rust = rust;
        }
        Ok(Self { name, docs, fields })
    }

    /// The field for a property.
    pub(super) fn field(&self, property: &str) -> Option<&str> {
        let mut fields = self.fields.iter();
        let field = fields.find(|member| !member.rest && member.json == property);
        field.map(|member| member.rust.as_str())
    }

    /// Optional fields that can be null get a value for null, so that it can be sent and is sent
    /// back. The fields of a page are read by code that expects one `Option`.
    pub(super) fn keep_null(&mut self) {
        let is_page = [CURSOR, RESULTS]
            .iter()
            .all(|name| self.field(name).is_some());
        let is_page_field = |member: &Member| is_page && [CURSOR, RESULTS].contains(&&*member.json);
        let members = self.fields.iter_mut().filter(|member| !member.rest);
        for member in members.filter(|member| !is_page_field(member)) {
            member.keep_null();
        }
    }

    /// Writes the struct and its implementations, after [`completed`](Self::completed).
    pub(super) fn write(&self, sent: bool, code: &mut Code) {
        self.write_definition(code);
        match self.constructor(sent) {
            Constructor::New => self.write_new(code),
            Constructor::Default if !self.derives_default() => self.write_default(code),
            Constructor::Default | Constructor::None => {}
        }
        code.gap();
        self.write_read(code);
        code.gap();
        self.write_deserialize(code);
        code.gap();
        self.write_serialize(code);
    }

    /// Adds the data that is known only after all types were read.
    pub(super) fn completed(&self, kept: bool, values: &[DiscriminatorValue]) -> Self {
        let mut object = self.clone();
        for member in object.fields.iter_mut().filter(|member| !member.rest) {
            member.discriminator_value = self.discriminator_value(values, &member.json);
        }
        if kept && !object.fields.iter().any(|member| member.rest) {
            object.fields.push(Member::rest(&self.fields));
        }
        object
    }

    /// The value of a discriminator in a new object. If the type is a variant of two unions, one of
    /// them may identify it only by its name.
    fn discriminator_value(&self, values: &[DiscriminatorValue], property: &str) -> Option<String> {
        let matching = || values.iter().filter(|(name, _)| name == property);
        let own = matching().find(|(_, value)| self.name != *value);
        own.or_else(|| matching().next())
            .map(|(_, value)| value.clone())
    }

    /// The arguments of its constructor.
    pub(super) fn required(&self) -> impl Iterator<Item = &Member> {
        self.fields.iter().filter(|member| member.is_argument())
    }

    /// The field for an optional property that is not a discriminator.
    pub(super) fn optional(&self, property: &str) -> Option<&Member> {
        let is_it = |member: &&Member| !member.rest && member.json == property;
        let member = self.fields.iter().find(is_it);
        member.filter(|member| member.optional && member.discriminator_value.is_none())
    }

    /// The definition as plain data, after [`completed`](Self::completed).
    pub(super) fn rust_api(&self, sent: bool) -> Struct {
        Struct {
            fields: self.fields.iter().map(Member::rust_api).collect(),
            constructor: self.constructor(sent),
        }
    }

    fn constructor(&self, sent: bool) -> Constructor {
        if self.derives_default() {
            Constructor::Default
        } else if !sent && !self.has_default() {
            Constructor::None
        } else if self.required().next().is_none() {
            Constructor::Default
        } else {
            Constructor::New
        }
    }

    /// Whether no field is required.
    fn has_default(&self) -> bool {
        self.fields.iter().all(|member| member.optional)
    }

    /// Whether all fields have an empty default.
    fn derives_default(&self) -> bool {
        let mut fields = self.fields.iter();
        fields.all(|member| member.optional && member.discriminator_value.is_none())
    }

    fn write_definition(&self, code: &mut Code) {
        code.docs(&self.docs);
        code.line(match self.derives_default() {
            true => "#[derive(Clone, Debug, Default)]",
            false => "#[derive(Clone, Debug)]",
        });
        code.line("#[cfg_attr(feature = \"schemars\", derive(schemars::JsonSchema))]");
        if self.fields.is_empty() {
            return code.line(format!("pub struct {} {{}}", self.name));
        }
        code.block(format!("pub struct {}", self.name), |code| {
            self.fields
                .iter()
                .for_each(|member| member.write_definition(code));
        });
    }

    /// `new` takes the required fields.
    fn write_new(&self, code: &mut Code) {
        let name = &self.name;
        let required = self.required();
        let arguments: Vec<String> = required
            .map(|member| format!("{}: impl Into<{}>", member.rust, text(&member.ty)))
            .collect();
        code.gap();
        code.block(format!("impl {name}"), |code| {
            let article = if name.starts_with(['A', 'E', 'I', 'O']) {
                "an"
            } else {
                "a"
            };
            code.docs(&format!(
                "Creates {article} `{name}` with the required fields. All other fields are empty."
            ));
            code.function("pub fn new", &arguments, "Self", |code| {
                self.write_initial(code)
            });
        });
    }

    /// Without required fields but with a discriminator, `Default` is implemented by hand.
    fn write_default(&self, code: &mut Code) {
        code.gap();
        code.block(format!("impl Default for {}", self.name), |code| {
            code.function("fn default", &[], "Self", |code| self.write_initial(code));
        });
    }

    fn write_initial(&self, code: &mut Code) {
        code.block("Self", |code| {
            self.fields
                .iter()
                .for_each(|member| code.line(format!("{},", member.initial_value())));
        });
    }

    fn write_read(&self, code: &mut Code) {
        let (rest, known): (Vec<_>, Vec<_>) = self.fields.iter().partition(|member| member.rest);
        let rest = rest.first().map(|member| &member.rust);
        let json: Vec<String> = known
            .iter()
            .map(|member| format!("{:?}", member.json))
            .collect();
        // Variables that must not collide with those of the fields.
        let (map, field) = (
            free_name("map", &self.fields),
            free_name("field", &self.fields),
        );
        let next = match rest {
            Some(rest) => {
                format!("compact_serde::next_field_or_keep(&mut {map}, Self::NAMES, &mut {rest})?")
            }
            None => format!("compact_serde::next_field(&mut {map}, Self::NAMES)?"),
        };
        let name = &self.name;
        code.block(format!("impl<'de> FromMap<'de> for {name}"), |code| {
            code.line(format!("const NAME: &'static str = {name:?};"));
            code.list("const FIELDS: &'static [&'static str] = &[", &json, "];");
            code.gap();
            let arguments = [format!("mut {map}: A")];
            let output = "Result<Self, A::Error>";
            code.function(
                "fn from_map<A: MapAccess<'de>>",
                &arguments,
                output,
                |code| {
                    known
                        .iter()
                        .for_each(|member| code.line(format!("let mut {} = None;", member.rust)));
                    rest.iter().for_each(|rest| {
                        code.line(format!("let mut {rest} = Default::default();"))
                    });
                    write_loop(&next, &map, &field, &known, code);
                    let values = known.iter().map(|member| member.value());
                    write_result(values.chain(rest.cloned()), code);
                },
            );
        });
    }

    fn write_deserialize(&self, code: &mut Code) {
        code.block(format!("impl<'de> Deserialize<'de> for {}", self.name), |code| {
            let head = "fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>";
            code.block(head, |code| code.line("compact_serde::deserialize(deserializer)"));
        });
    }

    fn write_serialize(&self, code: &mut Code) {
        let mutable = if self.fields.is_empty() { "" } else { "mut " };
        code.block(format!("impl Serialize for {}", self.name), |code| {
            let head =
                "fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>";
            code.block(head, |code| {
                code.line(format!(
                    "let {mutable}object = compact_serde::Object::new(serializer);"
                ));
                self.fields
                    .iter()
                    .for_each(|member| code.line(member.serialize()));
                code.line("object.end()");
            });
        });
    }
}

/// Writes the struct with the values of its fields.
fn write_result(values: impl Iterator<Item = String>, code: &mut Code) {
    code.line("Ok(Self {");
    code.inside(|code| values.for_each(|value| code.line(format!("{value},"))));
    code.line("})");
}

/// Writes a match arm for each field. The last one is the wildcard.
fn write_loop(next: &str, map: &str, field: &str, known: &[&Member], code: &mut Code) {
    let set = |member: &Member| {
        let (rust, json) = (&member.rust, &member.json);
        // Of a field that keeps null, only the inner value is read.
        let set = match member.may_be_missing && !member.keeps_null {
            true => "set_optional",
            false => "set",
        };
        format!("compact_serde::{set}(&mut {rust}, {json:?}, &mut {map})")
    };
    match known {
        [] => code.line(format!("while {next}.is_some() {{}}")),
        [one] => {
            let set = set(one);
            code.block(format!("while {next}.is_some()"), |code| {
                code.line(format!("{set}?;"))
            });
        }
        [before @ .., last] => {
            code.block(format!("while let Some({field}) = {next}"), |code| {
                code.line(format!("match {field} {{"));
                code.inside(|code| {
                    for (index, member) in before.iter().enumerate() {
                        code.line(format!("{index} => {},", set(member)));
                    }
                    code.line(format!("_ => {},", set(last)));
                });
                code.line("}?;");
            });
        }
    }
}

impl Member {
    /// A field for unknown fields.
    fn rest(others: &[Self]) -> Self {
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

    fn new(field: Field) -> Result<Self, String> {
        let Some(rust) = field.ident else {
            return Err("a field has no name".to_owned());
        };
        let ty = shortened(field.ty);
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
    fn unbox_option(&mut self) {
        let inner = argument(&self.ty, "Box").and_then(|option| argument(option, "Option"));
        let inner = inner.cloned();
        if let Some(inner) = inner {
            self.ty = syn::parse_quote!(Option<Box<#inner>>);
            (self.optional, self.may_be_missing) = (true, true);
        }
    }

    /// typify omits an empty list or map. With an `Option`, a list of the manager can be emptied.
    fn wrap_optional_collection(&mut self) {
        let ty = &self.ty;
        if self.optional && !self.rest && type_ident(ty).as_deref() != Some("Option") {
            self.ty = syn::parse_quote!(Option<#ty>);
        }
    }

    fn keep_null(&mut self) {
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
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
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
    fn document_secret_access(&mut self) {
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
    fn is_argument(&self) -> bool {
        !self.optional && self.discriminator_value.is_none()
    }

    fn rust_api(&self) -> rust_api::Field {
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
    fn initial_value(&self) -> String {
        let rust = &self.rust;
        match &self.discriminator_value {
            Some(value) => format!("{rust}: compact_serde::Discriminator::of({value:?})"),
            None if !self.optional => format!("{rust}: {rust}.into()"),
            None if self.rest => format!("{rust}: Default::default()"),
            None => format!("{rust}: None"),
        }
    }

    fn write_definition(&self, code: &mut Code) {
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
    fn value(&self) -> String {
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

    fn serialize(&self) -> String {
        let (rust, json) = (&self.rust, &self.json);
        match (self.rest, self.optional) {
            (true, _) => format!("object.extra(&self.{rust});"),
            (_, true) => format!("object.optional({json:?}, &self.{rust});"),
            (_, false) => format!("object.field({json:?}, &self.{rust});"),
        }
    }
}

/// A name that no field has.
fn free_name(name: &str, members: &[Member]) -> String {
    let mut name = name.to_owned();
    while members.iter().any(|member| member.rust == name) {
        name.push('_');
    }
    name
}

fn shortened(mut ty: Type) -> Type {
    shorten_type(&mut ty);
    ty
}
