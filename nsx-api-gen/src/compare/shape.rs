//! The Rust type of a schema, as far as it matters for comparisons.
//!
//! Component schemas are referred to by name, so recursive types are finite.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::discriminated_union;
use crate::document::{
    component, is_nullable, is_password, items, members, reference, resolve, text,
};
use crate::names::{deduplicate, field_name, type_name};

/// A type, and whether it can be null.
#[derive(Debug)]
pub(super) struct Ty {
    pub(super) nullable: bool,
    pub(super) shape: Shape,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// A type that does not contain others.
    Scalar(Scalar),
    /// A component with its own type, by Rust name.
    Named(String),
    List(Box<Ty>),
    Map(Box<Ty>),
    Object(Object),
    StringEnum(StringEnum),
    Union(Union),
}

#[derive(Debug)]
pub(super) struct Scalar {
    pub(super) rust: &'static str,
    pub(super) format: Option<String>,
}

/// An enum of strings.
#[derive(Debug)]
pub(super) struct StringEnum {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

/// A union: an enum of other types.
#[derive(Debug)]
pub(super) struct Union {
    pub(super) name: String,
    pub(super) variants: Vec<Ty>,
}

/// A struct.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
    /// The Rust names of the components that it inherits from.
    pub(super) bases: Vec<String>,
    /// The type of additional properties, if the document defines one.
    pub(super) rest: Option<Box<Ty>>,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) json: String,
    pub(super) rust: String,
    pub(super) required: bool,
    /// Whether it is the discriminator of a variant, which is set automatically.
    pub(super) is_discriminator: bool,
    pub(super) deprecated: bool,
    /// The base that the field is inherited from without changes.
    pub(super) origin: Option<String>,
    pub(super) ty: Ty,
}

impl Ty {
    /// Converts a schema; `name` is the name of its type if it is inline.
    pub(super) fn new(root: &Value, schema: &Value, name: &str) -> Self {
        Self {
            nullable: is_nullable(schema),
            shape: Shape::new(root, schema, name),
        }
    }

    pub(super) fn scalar(rust: &'static str) -> Self {
        Self {
            nullable: false,
            shape: Shape::scalar(rust),
        }
    }

    /// The type in Rust.
    pub(super) fn rust(&self) -> String {
        let inner = self.shape.rust();
        match self.nullable {
            true => format!("Option<{inner}>"),
            false => inner,
        }
    }

    pub(super) fn is_list(&self) -> bool {
        matches!(self.shape, Shape::List(_))
    }

    /// The kind of a component's type, in words.
    pub(super) fn description(&self) -> String {
        match &self.shape {
            Shape::Object(_) => "struct".to_owned(),
            Shape::StringEnum(_) => "enum of strings".to_owned(),
            Shape::Union(_) => "enum of types".to_owned(),
            _ => self.rust(),
        }
    }

    /// The types that it contains directly.
    pub(super) fn inner(&self) -> Vec<&Self> {
        match &self.shape {
            Shape::Scalar(_) | Shape::Named(_) | Shape::StringEnum(_) => Vec::new(),
            Shape::List(inner) | Shape::Map(inner) => vec![inner.as_ref()],
            Shape::Union(discriminated_union) => discriminated_union.variants.iter().collect(),
            Shape::Object(object) => {
                let fields = object.fields.iter().map(|field| &field.ty);
                fields.chain(object.rest.as_deref()).collect()
            }
        }
    }
}

impl Shape {
    fn new(root: &Value, schema: &Value, name: &str) -> Self {
        if is_password(root, schema) {
            return Self::scalar("Secret");
        }
        if let Some(target) = reference(schema) {
            return Self::Named(type_name(component(target)));
        }
        let parts: Vec<&Value> = items(schema.get("allOf")).collect();
        let variants: Vec<&Value> = items(schema.get("oneOf").or(schema.get("anyOf"))).collect();
        // A single `allOf` part or variant is equivalent to that schema.
        if let ([part], []) | ([], [part]) = (parts.as_slice(), variants.as_slice())
            && schema.get("properties").is_none()
            && !discriminated_union::is_discriminated_union(schema)
        {
            return Self::new(root, part, name);
        }
        if let Some(object) = Object::new(root, schema, name) {
            return Self::Object(object);
        }
        let variants: Vec<Ty> = variants
            .iter()
            .enumerate()
            .map(|(index, part)| Ty::new(root, part, &format!("{name}Variant{}", index + 1)))
            .collect();
        if !variants.is_empty() {
            let name = name.to_owned();
            return Self::Union(Union { name, variants });
        }
        let known = parts.iter().map(|part| Self::new(root, part, name));
        known
            .chain([Self::simple(root, schema, name)])
            .find(|shape| !matches!(shape, Self::Scalar(Scalar { rust: ANY, .. })))
            .unwrap_or(Self::scalar(ANY))
    }

    fn simple(root: &Value, schema: &Value, name: &str) -> Self {
        let format = text(schema, "format");
        let inner = |key: &str, suffix: &str| {
            let schema = schema.get(key).filter(|schema| schema.is_object());
            schema.map(|schema| Box::new(Ty::new(root, schema, &format!("{name}{suffix}"))))
        };
        let any = || Box::new(Ty::scalar(ANY));
        let rust = match text(schema, "type") {
            Some("string") => {
                let values = string_enum(schema);
                if !values.is_empty() {
                    let name = name.to_owned();
                    return Self::StringEnum(StringEnum { name, values });
                }
                "String"
            }
            Some("integer") if format == Some("int32") => "i32",
            Some("integer") if format == Some("uint64") => "u64",
            Some("integer") => "i64",
            Some("number") => "f64",
            Some("boolean") => "bool",
            Some("array") => return Self::List(inner("items", "Item").unwrap_or_else(any)),
            Some("object") => {
                return Self::Map(inner("additionalProperties", "Value").unwrap_or_else(any));
            }
            _ => ANY,
        };
        let format = format.map(str::to_owned);
        Self::Scalar(Scalar { rust, format })
    }

    fn scalar(rust: &'static str) -> Self {
        Self::Scalar(Scalar { rust, format: None })
    }

    /// The type in Rust, without `Option`.
    pub(super) fn rust(&self) -> String {
        match self {
            Self::Scalar(scalar) => scalar.rust.to_owned(),
            Self::Named(name) => name.clone(),
            Self::StringEnum(string_enum) => string_enum.name.clone(),
            Self::Union(discriminated_union) => discriminated_union.name.clone(),
            Self::Object(object) => object.name.clone(),
            Self::List(inner) => format!("Vec<{}>", inner.rust()),
            Self::Map(inner) => match inner.rust().as_str() {
                ANY => "serde_json::Map<String, serde_json::Value>".to_owned(),
                inner => format!("BTreeMap<String, {inner}>"),
            },
        }
    }
}

const ANY: &str = "serde_json::Value";

impl Object {
    /// The struct of a schema and its `allOf` parts; `None` if there are no properties.
    fn new(root: &Value, schema: &Value, name: &str) -> Option<Self> {
        let mut merge = AllOfMerge {
            root,
            name,
            seen: BTreeSet::new(),
            required: Vec::new(),
            rest: None,
            object: Self {
                name: name.to_owned(),
                fields: Vec::new(),
                bases: Vec::new(),
                rest: None,
            },
        };
        merge.add(schema, None);
        (!merge.object.fields.is_empty()).then(|| merge.finish())
    }
}

impl Object {
    /// The field with this Rust name.
    pub(super) fn field(&self, rust: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.rust == rust)
    }

    /// The position of the field among the arguments of `new`.
    pub(super) fn required_position(&self, rust: &str) -> Option<usize> {
        let mut required = self.fields.iter().filter(|field| field.is_argument());
        required.position(|field| field.rust == rust)
    }

    /// The type of the field for unlisted properties. With `kept`, there is one even if they have
    /// no type.
    pub(super) fn extra(&self, kept: bool) -> Option<String> {
        match &self.rest {
            Some(rest) => Some(format!("BTreeMap<String, {}>", rest.rust())),
            None => kept.then(|| "Extra".to_owned()),
        }
    }
}

impl Field {
    /// Whether it is an argument of `new`.
    pub(super) fn is_argument(&self) -> bool {
        self.required && !self.is_discriminator
    }

    /// The type of the field in Rust.
    pub(super) fn rust_type(&self) -> String {
        match self.required {
            true => self.ty.rust(),
            false => format!("Option<{}>", self.ty.shape.rust()),
        }
    }
}

/// Merges the parts of an `allOf`. A base that occurs twice is merged once.
struct AllOfMerge<'a> {
    root: &'a Value,
    name: &'a str,
    seen: BTreeSet<&'a str>,
    /// The required names, each with the base that requires it.
    required: Vec<(&'a str, Option<String>)>,
    rest: Option<&'a Value>,
    object: Object,
}

impl<'a> AllOfMerge<'a> {
    fn add(&mut self, schema: &'a Value, origin: Option<&str>) {
        for part in items(schema.get("allOf")) {
            match reference(part) {
                None => self.add(part, origin),
                Some(target) if self.seen.insert(target) => {
                    let base = type_name(component(target));
                    if let Some(schema) = resolve(self.root, part) {
                        self.add(schema, Some(&base));
                    }
                    self.object.bases.push(base);
                }
                Some(_) => {}
            }
        }
        for (json, schema) in members(schema.get("properties")) {
            self.property(json, schema, origin);
        }
        let names = items(schema.get("required")).filter_map(Value::as_str);
        let names = names.map(|name| (name, origin.map(str::to_owned)));
        self.required.extend(names);
        let rest = schema.get("additionalProperties");
        self.rest = rest.filter(|rest| rest.is_object()).or(self.rest);
    }

    fn property(&mut self, json: &str, schema: &Value, origin: Option<&str>) {
        let name = format!("{}{}", self.name, type_name(json));
        let field = Field {
            json: json.to_owned(),
            rust: field_name(json),
            required: false,
            is_discriminator: false,
            deprecated: schema.get("deprecated") == Some(&Value::Bool(true)),
            origin: origin.map(str::to_owned),
            ty: Ty::new(self.root, schema, &name),
        };
        let fields = &mut self.object.fields;
        match fields.iter_mut().find(|known| known.json == json) {
            Some(known) => *known = field,
            None => fields.push(field),
        }
    }

    fn finish(mut self) -> Object {
        let fields = &mut self.object.fields;
        let names = fields.iter().map(|field| field.rust.clone()).collect();
        for (field, name) in fields.iter_mut().zip(deduplicate(names)) {
            field.rust = name;
        }
        for (json, origin) in self.required {
            let mut fields = self.object.fields.iter_mut();
            if let Some(field) = fields.find(|field| field.json == json && !field.required) {
                field.required = true;
                // Requiring an inherited property overrides its field.
                field.origin = origin;
            }
        }
        if let Some(rest) = self.rest {
            let name = format!("{}Value", self.name);
            self.object.rest = Some(Box::new(Ty::new(self.root, rest, &name)));
        }
        self.object
    }
}

/// The values of an enum of strings, without duplicates.
fn string_enum(schema: &Value) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in items(schema.get("enum")).filter_map(Value::as_str) {
        if !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
    }
    values
}
