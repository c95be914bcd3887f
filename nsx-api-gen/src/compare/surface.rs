//! The Rust API of a document: methods with their arguments and results, and types.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::change::{Subject, Usage};
use super::shape::{Field, Shape, Ty};
use crate::document::discriminated_union::{self, DiscriminatedUnion};
use crate::document::parameter_style::Style;
use crate::document::{self, OperationRef, is_json_content, is_password, members, resolve};
use crate::model::{self, Api, BodyFormat, In};
use crate::names;

/// The Rust API of a document.
pub(super) struct Surface {
    /// The path of the first server.
    pub(super) base: String,
    pub(super) operations: Vec<Operation>,
    pub(super) types: Vec<Type>,
}

pub(super) struct Operation {
    pub(super) model: model::Operation,
    /// The path without that of the server.
    pub(super) path: String,
    /// The path without parameter names: `/nodes/{}`.
    pub(super) pattern: String,
    /// The names of the client's method, the builder, and the entry in the operation table.
    pub(super) names: [String; 3],
    /// In the order of the method's arguments.
    pub(super) arguments: Vec<Argument>,
    pub(super) body: Option<Body>,
    pub(super) success: Success,
}

pub(super) struct Argument {
    pub(super) name: String,
    pub(super) rust: String,
    pub(super) place: In,
    pub(super) required: bool,
    pub(super) style: Style,
    pub(super) deprecated: bool,
    pub(super) ty: Ty,
}

pub(super) struct Body {
    pub(super) media: String,
    pub(super) required: bool,
    pub(super) ty: Ty,
}

/// The result of `send`.
pub(super) enum Success {
    Nothing,
    Stream { media: String },
    Value { media: String, ty: Ty },
}

/// A component that is a type.
pub(super) struct Type {
    pub(super) name: String,
    pub(super) ty: Ty,
    /// Whether it can have properties that the document does not list: the fallback of a union, or
    /// a base that is not a union.
    is_extensible: bool,
    /// Whether values of the type itself are sent or received.
    pub(super) own: Usage,
    /// The same, including types that inherit from it.
    pub(super) usage: Usage,
    /// The client's methods that use it or a type that inherits from it.
    pub(super) methods: Vec<String>,
}

impl Surface {
    /// Builds the API of a checked document.
    pub(super) fn new(root: &Value) -> Self {
        let places = document::operations(root);
        let models = Api::new(root).operations;
        let operations: Vec<Operation> = places
            .iter()
            .zip(models)
            .map(|(place, model)| Operation::new(root, place, model))
            .collect();
        let base = operations.first().map(Operation::base).unwrap_or_default();
        let components = members(root.pointer("/components/schemas"));
        let mut types: Vec<Type> = components
            .filter(|(_, schema)| !is_password(root, schema))
            .map(|(name, schema)| Type::new(root, name, schema))
            .collect();
        mark_discriminators(root, &mut types);
        let extensible = discriminated_union::extensible_types(root);
        for ty in &mut types {
            ty.is_extensible = extensible.contains(&ty.name);
        }
        mark_usage(&operations, &mut types);
        Self {
            base,
            operations,
            types,
        }
    }

    pub(super) fn ty(&self, name: &str) -> Option<&Type> {
        self.types.iter().find(|ty| ty.name == name)
    }
}

/// Marks the discriminator fields of union variants.
fn mark_discriminators(node: &Value, types: &mut [Type]) {
    for variant in DiscriminatedUnion::from_schema(node)
        .iter()
        .flat_map(|union| {
            let variants = union.variants.iter();
            variants.map(|variant| (names::type_name(variant.component), union.property))
        })
    {
        let (name, property) = variant;
        let ty = types.iter_mut().find(|ty| ty.name == name);
        if let Some(Shape::Object(object)) = ty.map(|ty| &mut ty.ty.shape) {
            let mut fields = object.fields.iter_mut();
            if let Some(field) = fields.find(|field| field.json == property) {
                field.is_discriminator = true;
            }
        }
    }
    match node {
        Value::Object(map) => map
            .values()
            .for_each(|inner| mark_discriminators(inner, types)),
        Value::Array(list) => list
            .iter()
            .for_each(|inner| mark_discriminators(inner, types)),
        _ => {}
    }
}

impl Operation {
    fn new(root: &Value, place: &OperationRef<'_>, model: model::Operation) -> Self {
        let id = model.id.as_str();
        let named = |suffix: &str| names::type_name(&format!("{id}-{suffix}"));
        let body = model.body.as_ref();
        Self {
            path: place.path.to_owned(),
            pattern: without_parameter_names(place.path),
            names: [
                names::method_name(id),
                names::builder_name(id),
                names::static_name(id),
            ],
            arguments: arguments(root, place, &model),
            body: body.map(|body| Body::new(root, place, body, &named("body"))),
            success: Success::new(root, place, &named("response")),
            model,
        }
    }

    /// The path of the server.
    fn base(&self) -> String {
        let path = &self.model.path;
        let own = self.path.split('?').next().unwrap_or_default();
        path.strip_suffix(own).unwrap_or_default().to_owned()
    }

    /// The name of the client's method.
    pub(super) fn name(&self) -> &str {
        let [name, ..] = &self.names;
        name
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::Operation {
            id: self.model.id.clone(),
            name: self.name().to_owned(),
            method: self.model.method.to_uppercase(),
            path: self.model.path_and_query(),
        }
    }

    fn sent(&self) -> impl Iterator<Item = &Ty> {
        let arguments = self.arguments.iter().map(|argument| &argument.ty);
        arguments.chain(self.body.iter().map(|body| &body.ty))
    }

    fn received(&self) -> Option<&Ty> {
        match &self.success {
            Success::Value { ty, .. } => Some(ty),
            Success::Nothing | Success::Stream { .. } => None,
        }
    }
}

fn without_parameter_names(path: &str) -> String {
    let mut parts = path.split('{');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let behind = part.split_once('}').map_or("", |(_, behind)| behind);
        plain.push_str("{}");
        plain.push_str(behind);
    }
    plain
}

/// The arguments of the method: path parameters in the order of the path, then the others.
fn arguments(root: &Value, place: &OperationRef<'_>, model: &model::Operation) -> Vec<Argument> {
    let nodes = model::parameter_nodes(root, place);
    let parameters = model.parameters.iter();
    let mut list: Vec<Argument> = parameters
        .map(|parameter| {
            let mut nodes = nodes.iter();
            let node =
                nodes.find(|one| (one.0, one.1) == (parameter.name.as_str(), parameter.place));
            Argument::new(root, parameter, node.map(|one| one.2), &model.id)
        })
        .collect();
    let template = document::path_parameter_names(place.path).unwrap_or_default();
    list.sort_by_key(|argument| {
        let is_path = argument.place == In::Path;
        let mut names = template.iter().filter(|_| is_path);
        (!is_path, names.position(|name| *name == argument.name))
    });
    list
}

/// The `in` value of a location.
pub(super) fn location_name(place: In) -> &'static str {
    match place {
        In::Path => "path",
        In::Query => "query",
        In::Header => "header",
        In::Part => "part",
    }
}

impl Argument {
    fn new(root: &Value, parameter: &model::Parameter, node: Option<&Value>, id: &str) -> Self {
        let schema = node.and_then(|node| node.get("schema"));
        let name = names::type_name(&format!("{id}-{}", parameter.name));
        let ty = match schema {
            // A secret in a path cannot be protected.
            Some(schema) if parameter.place == In::Path && is_password(root, schema) => {
                Ty::scalar("String")
            }
            _ if parameter.is_file => Ty::scalar("Part"),
            _ if parameter.is_list_of_files => Ty::scalar("Vec<Part>"),
            // Only JSON has null.
            schema => Ty {
                nullable: false,
                ..Ty::new(root, schema.unwrap_or(&Value::Null), &name)
            },
        };
        let deprecated = node.and_then(|node| node.get("deprecated"));
        Self {
            name: parameter.name.clone(),
            rust: parameter.rust.clone(),
            place: parameter.place,
            required: parameter.required,
            style: parameter.style,
            deprecated: deprecated == Some(&Value::Bool(true)),
            ty,
        }
    }

    /// The argument or setter in code.
    pub(super) fn given(&self) -> String {
        match self.required {
            true => self.rust.clone(),
            false => format!(".{}(…)", names::setter_name(&self.rust)),
        }
    }
}

impl Body {
    fn new(root: &Value, place: &OperationRef<'_>, body: &model::Body, name: &str) -> Self {
        let node = place.node.get("requestBody");
        let node = node.and_then(|node| resolve(root, node));
        let content = members(node.and_then(|node| node.get("content"))).next();
        let schema = content.and_then(|(_, media)| media.get("schema"));
        let ty = match body.format {
            BodyFormat::Bytes => Ty::scalar("Body"),
            BodyFormat::Text => Ty::scalar("String"),
            BodyFormat::Json | BodyFormat::UrlEncoded => {
                Ty::new(root, schema.unwrap_or(&Value::Null), name)
            }
        };
        Self {
            media: body.media.clone(),
            required: body.required,
            ty,
        }
    }
}

impl Success {
    fn new(root: &Value, place: &OperationRef<'_>, name: &str) -> Self {
        let node = place.success(root);
        let content = node.and_then(|node| node.get("content"));
        let json = members(content).find(|(name, media)| is_json_content(root, name, media));
        let mut all = members(content)
            .map(|(name, _)| document::sent_media_type(name))
            .peekable();
        match (json, all.peek()) {
            (Some((media, content)), _) => {
                let schema = content.get("schema").unwrap_or(&Value::Null);
                Self::Value {
                    media: document::sent_media_type(media),
                    ty: Ty::new(root, schema, name),
                }
            }
            (None, Some(_)) => Self::Stream {
                media: all.collect::<Vec<_>>().join(", "),
            },
            (None, None) => Self::Nothing,
        }
    }

    pub(super) fn rust(&self) -> String {
        match self {
            Self::Nothing => "()".to_owned(),
            Self::Stream { .. } => "ByteStream".to_owned(),
            Self::Value { ty, .. } => ty.rust(),
        }
    }
}

impl Type {
    fn new(root: &Value, name: &str, schema: &Value) -> Self {
        let name = names::type_name(name);
        Self {
            ty: Ty::new(root, schema, &name),
            name,
            is_extensible: false,
            own: Usage::default(),
            usage: Usage::default(),
            methods: Vec::new(),
        }
    }

    /// Whether the struct keeps unlisted properties.
    pub(super) fn keeps_unlisted(&self) -> bool {
        self.is_extensible || (self.own.sent && self.own.received)
    }

    /// Whether it has a constructor: it is sent and has required fields.
    pub(super) fn has_constructor(&self) -> bool {
        self.own.sent && self.requires()
    }

    pub(super) fn requires(&self) -> bool {
        match &self.ty.shape {
            Shape::Object(object) => object.fields.iter().any(Field::is_argument),
            _ => false,
        }
    }

    pub(super) fn subject(&self) -> Subject {
        Subject::Type {
            name: self.name.clone(),
        }
    }
}

/// Which types contain which others, and which ones they inherit from.
struct Graph {
    contained: BTreeMap<String, BTreeSet<String>>,
    bases: BTreeMap<String, BTreeSet<String>>,
}

impl Graph {
    fn new(types: &[Type]) -> Self {
        let edges = |named: fn(&Ty) -> BTreeSet<String>| {
            let edges = types.iter().map(|ty| (ty.name.clone(), named(&ty.ty)));
            edges.collect()
        };
        Self {
            contained: edges(contained),
            bases: edges(bases),
        }
    }

    /// All types that these types contain. With `inherited`, also those that they inherit from.
    fn mark_usage<'a>(
        &self,
        from: impl Iterator<Item = &'a Ty>,
        inherited: bool,
    ) -> BTreeSet<String> {
        let mut pending: Vec<String> = Vec::new();
        for ty in from {
            pending.extend(contained(ty));
            pending.extend(bases(ty).into_iter().filter(|_| inherited));
        }
        let mut reached = BTreeSet::new();
        while let Some(name) = pending.pop() {
            if reached.insert(name.clone()) {
                pending.extend(self.contained.get(&name).into_iter().flatten().cloned());
                let bases = self.bases.get(&name).filter(|_| inherited);
                pending.extend(bases.into_iter().flatten().cloned());
            }
        }
        reached
    }
}

fn contained(ty: &Ty) -> BTreeSet<String> {
    match &ty.shape {
        Shape::Named(name) => BTreeSet::from([name.clone()]),
        _ => ty.inner().into_iter().flat_map(contained).collect(),
    }
}

fn bases(ty: &Ty) -> BTreeSet<String> {
    let own = match &ty.shape {
        Shape::Object(object) => object.bases.as_slice(),
        _ => &[],
    };
    let inner = ty.inner().into_iter().flat_map(bases);
    own.iter().cloned().chain(inner).collect()
}

/// Determines for each type which operations use it.
fn mark_usage(operations: &[Operation], types: &mut [Type]) {
    let graph = Graph::new(types);
    let own_sent = graph.mark_usage(operations.iter().flat_map(Operation::sent), false);
    let own_received = graph.mark_usage(operations.iter().filter_map(Operation::received), false);
    for ty in types.iter_mut() {
        ty.own.sent = own_sent.contains(&ty.name);
        ty.own.received = own_received.contains(&ty.name);
    }
    let mut index: BTreeMap<String, &mut Type> = BTreeMap::new();
    for ty in types {
        index.insert(ty.name.clone(), ty);
    }
    for operation in operations {
        let sent = graph.mark_usage(operation.sent(), true);
        let received = graph.mark_usage(operation.received().into_iter(), true);
        for name in sent.union(&received) {
            if let Some(ty) = index.get_mut(name) {
                ty.usage.sent |= sent.contains(name);
                ty.usage.received |= received.contains(name);
                ty.methods.push(operation.name().to_owned());
            }
        }
    }
}
