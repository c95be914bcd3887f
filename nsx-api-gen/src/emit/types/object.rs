//! Structs with named fields: one `from_map` and one `serialize` for each, instead of serde's
//! derives.

use syn::ItemStruct;

use super::attributes::docs_of_type;
use super::field_order::FieldOrder;
use super::member::{Member, free_name};
use crate::emit::code::Code;
use crate::emit::lists::{CURSOR, RESULTS};
use crate::emit::paths::text;
use crate::model::rust_api::{Constructor, Struct};
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
