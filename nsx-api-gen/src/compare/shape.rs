//! What Rust type a schema becomes, as far as two of them have to be told apart.
//!
//! Component schemas are named and not followed, so that what holds itself comes to an end.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::document::union;
use crate::document::{
    component, is_password, items, members, reference, resolve, says_null, text,
};
use crate::names::{apart, field_name, type_name};

/// A type and whether it can be null.
#[derive(Debug)]
pub(super) struct Ty {
    pub(super) nullable: bool,
    pub(super) shape: Shape,
}

#[derive(Debug)]
pub(super) enum Shape {
    /// A type that no other is in.
    Plain(Plain),
    /// A component that is a type of its own, by its Rust name.
    Named(String),
    List(Box<Ty>),
    Map(Box<Ty>),
    Object(Object),
    Texts(Texts),
    Choice(Choice),
}

#[derive(Debug)]
pub(super) struct Plain {
    pub(super) rust: &'static str,
    pub(super) format: Option<String>,
}

/// An enum of strings.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) name: String,
    pub(super) values: Vec<String>,
}

/// An enum of other types.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) name: String,
    pub(super) variants: Vec<Ty>,
}

/// A struct.
#[derive(Debug)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) fields: Vec<Field>,
    /// The components that it is made of, by their Rust names.
    pub(super) bases: Vec<String>,
    /// The type of the properties that it does not name, where the document gives one.
    pub(super) rest: Option<Box<Ty>>,
}

#[derive(Debug)]
pub(super) struct Field {
    pub(super) json: String,
    pub(super) rust: String,
    pub(super) required: bool,
    /// Its value says which variant of a choice the struct is, and is there without being given.
    pub(super) says: bool,
    pub(super) deprecated: bool,
    /// The base that the field comes from as it is.
    pub(super) origin: Option<String>,
    pub(super) ty: Ty,
}

impl Ty {
    /// Reads a schema; `name` is that of the type which is made of it where it is none of the components.
    pub(super) fn new(root: &Value, schema: &Value, name: &str) -> Self {
        Self {
            nullable: says_null(schema),
            shape: Shape::new(root, schema, name),
        }
    }

    pub(super) fn plain(rust: &'static str) -> Self {
        Self {
            nullable: false,
            shape: Shape::plain(rust),
        }
    }

    /// The type as Rust writes it.
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

    /// What a component of this type is.
    pub(super) fn what(&self) -> String {
        match &self.shape {
            Shape::Object(_) => "struct".to_owned(),
            Shape::Texts(_) => "enum of strings".to_owned(),
            Shape::Choice(_) => "enum of types".to_owned(),
            _ => self.rust(),
        }
    }

    /// The types that it holds directly.
    pub(super) fn inner(&self) -> Vec<&Self> {
        match &self.shape {
            Shape::Plain(_) | Shape::Named(_) | Shape::Texts(_) => Vec::new(),
            Shape::List(inner) | Shape::Map(inner) => vec![inner.as_ref()],
            Shape::Choice(choice) => choice.variants.iter().collect(),
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
            return Self::plain("Secret");
        }
        if let Some(target) = reference(schema) {
            return Self::Named(type_name(component(target)));
        }
        let parts: Vec<&Value> = items(schema.get("allOf")).collect();
        let choices: Vec<&Value> = items(schema.get("oneOf").or(schema.get("anyOf"))).collect();
        // What is made of one thing alone, or is a choice of it, is that thing.
        if let ([part], []) | ([], [part]) = (parts.as_slice(), choices.as_slice())
            && schema.get("properties").is_none()
            && !union::is_choice(schema)
        {
            return Self::new(root, part, name);
        }
        if let Some(object) = Object::new(root, schema, name) {
            return Self::Object(object);
        }
        let variants: Vec<Ty> = choices
            .iter()
            .enumerate()
            .map(|(index, part)| Ty::new(root, part, &format!("{name}Variant{}", index + 1)))
            .collect();
        if !variants.is_empty() {
            let name = name.to_owned();
            return Self::Choice(Choice { name, variants });
        }
        let known = parts.iter().map(|part| Self::new(root, part, name));
        known
            .chain([Self::simple(root, schema, name)])
            .find(|shape| !matches!(shape, Self::Plain(Plain { rust: ANY, .. })))
            .unwrap_or(Self::plain(ANY))
    }

    fn simple(root: &Value, schema: &Value, name: &str) -> Self {
        let format = text(schema, "format");
        let inner = |key: &str, suffix: &str| {
            let schema = schema.get(key).filter(|schema| schema.is_object());
            schema.map(|schema| Box::new(Ty::new(root, schema, &format!("{name}{suffix}"))))
        };
        let any = || Box::new(Ty::plain(ANY));
        let rust = match text(schema, "type") {
            Some("string") => {
                let values = texts(schema);
                if !values.is_empty() {
                    let name = name.to_owned();
                    return Self::Texts(Texts { name, values });
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
        Self::Plain(Plain { rust, format })
    }

    fn plain(rust: &'static str) -> Self {
        Self::Plain(Plain { rust, format: None })
    }

    /// The type as Rust writes it where it cannot be null.
    pub(super) fn rust(&self) -> String {
        match self {
            Self::Plain(plain) => plain.rust.to_owned(),
            Self::Named(name) => name.clone(),
            Self::Texts(texts) => texts.name.clone(),
            Self::Choice(choice) => choice.name.clone(),
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
    /// The struct that is made of a schema and of all that it is made of; `None` where that has no property.
    fn new(root: &Value, schema: &Value, name: &str) -> Option<Self> {
        let mut merge = Merge {
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
    /// The field of this name in Rust.
    pub(super) fn field(&self, rust: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.rust == rust)
    }

    /// Where the field stands among the arguments of `new`.
    pub(super) fn required_position(&self, rust: &str) -> Option<usize> {
        let mut required = self.fields.iter().filter(|field| field.is_argument());
        required.position(|field| field.rust == rust)
    }

    /// The type of the field for properties that have none of their own; `kept` says that there is one without a type, too.
    pub(super) fn extra(&self, kept: bool) -> Option<String> {
        match &self.rest {
            Some(rest) => Some(format!("BTreeMap<String, {}>", rest.rust())),
            None => kept.then(|| "Extra".to_owned()),
        }
    }
}

impl Field {
    /// Whether `new` takes it.
    pub(super) fn is_argument(&self) -> bool {
        self.required && !self.says
    }

    /// The field's type as Rust writes it.
    pub(super) fn rust_type(&self) -> String {
        match self.required {
            true => self.ty.rust(),
            false => format!("Option<{}>", self.ty.shape.rust()),
        }
    }
}

/// Puts together the parts of an `allOf`. A base that comes twice adds nothing the second time.
struct Merge<'a> {
    root: &'a Value,
    name: &'a str,
    seen: BTreeSet<&'a str>,
    /// What is required, and by which base.
    required: Vec<(&'a str, Option<String>)>,
    rest: Option<&'a Value>,
    object: Object,
}

impl<'a> Merge<'a> {
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
            says: false,
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
        for (field, name) in fields.iter_mut().zip(apart(names)) {
            field.rust = name;
        }
        for (json, origin) in self.required {
            let mut fields = self.object.fields.iter_mut();
            if let Some(field) = fields.find(|field| field.json == json && !field.required) {
                field.required = true;
                // Who requires it has made it another field.
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

/// The values of an enum of strings, each once.
fn texts(schema: &Value) -> Vec<String> {
    let mut values: Vec<String> = Vec::new();
    for value in items(schema.get("enum")).filter_map(Value::as_str) {
        if !values.iter().any(|known| known == value) {
            values.push(value.to_owned());
        }
    }
    values
}
