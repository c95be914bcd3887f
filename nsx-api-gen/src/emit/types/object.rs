//! Structs with named fields: one `from_map` and one `serialize` for each, in place of serde's derive.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::meta::ParseNestedMeta;
use syn::{Attribute, Field, Ident, ItemStruct, LitStr, Token, Type};

use super::attributes::{docs_of, docs_of_type};
use super::one_of::Says;
use super::order::Order;
use crate::emit::paths::{argument, shorten_type, type_ident};

/// A struct with named fields.
pub(super) struct Object {
    pub(super) name: Ident,
    pub(super) docs: Vec<Attribute>,
    pub(super) fields: Vec<Member>,
}

/// A field of a struct.
pub(super) struct Member {
    rust: Ident,
    pub(super) json: String,
    docs: Vec<Attribute>,
    pub(super) ty: Type,
    /// It is left out when there is nothing in it.
    optional: bool,
    /// It may be missing where it is read.
    may_be_missing: bool,
    /// It takes the fields that have no member of their own.
    rest: bool,
    /// Its value in a new object, where that says what the object is.
    says: Option<String>,
}

impl Object {
    pub(super) fn new(item: ItemStruct, order: &Order) -> Result<Self, String> {
        let name = item.ident;
        let docs = docs_of_type(&name, &item.attrs);
        let fields = item.fields.into_iter().map(Member::new);
        let fields = fields.collect::<Result<Vec<_>, _>>();
        let mut fields = fields.map_err(|reason| format!("the type `{name}`: {reason}"))?;
        let text = name.to_string();
        fields.sort_by_key(|member| order.position(&text, &member.json));
        Ok(Self { name, docs, fields })
    }

    /// The field for a property.
    pub(super) fn field(&self, property: &str) -> Option<Ident> {
        let mut fields = self.fields.iter();
        let field = fields.find(|member| !member.rest && member.json == property);
        field.map(|member| member.rust.clone())
    }

    /// The struct and its implementations; `says` has the properties whose values are known, since they say what it is.
    pub(super) fn items(&self, sent: bool, kept: bool, says: &[Says]) -> Vec<TokenStream> {
        let mut members = self.members(kept);
        for member in members.iter_mut().filter(|member| !member.rest) {
            member.says = self.value(says, &member.json);
        }
        let mut items = vec![self.definition(&members)];
        if let Some(constructor) = self.constructor(&members, sent) {
            items.push(constructor);
        }
        items.push(self.read(&members));
        items.push(self.deserialize());
        items.push(self.serialize(&members));
        items
    }

    /// What a property says in a new object. Of two choices that it is a variant of, one may know it by its name alone.
    fn value(&self, says: &[Says], property: &str) -> Option<String> {
        let values = || says.iter().filter(|(name, _)| name == property);
        let own = values().find(|(_, value)| self.name != value);
        own.or_else(|| values().next())
            .map(|(_, value)| value.clone())
    }

    /// Whether nothing is required of it.
    fn has_default(&self) -> bool {
        self.fields.iter().all(|member| member.optional)
    }

    /// The fields, with one for what the document does not know where the type is written back.
    fn members(&self, kept: bool) -> Vec<Member> {
        let mut members: Vec<Member> = self.fields.iter().map(Member::copy).collect();
        if kept && !members.iter().any(|member| member.rest) {
            members.push(Member {
                rust: free("extra", &members),
                json: String::new(),
                docs: vec![syn::parse_quote!(
                    #[doc = " Fields that the document does not know, kept so that they are written back."]
                )],
                ty: syn::parse_quote!(crate::Extra),
                optional: true,
                may_be_missing: true,
                rest: true,
                says: None,
            });
        }
        members
    }

    fn definition(&self, members: &[Member]) -> TokenStream {
        let (name, docs) = (&self.name, &self.docs);
        let default = derives_default(members).then(|| quote!(, Default));
        let fields = members.iter().map(Member::definition);
        quote! {
            #(#docs)*
            #[derive(Clone, Debug #default)]
            #[cfg_attr(feature = "schemars", derive(schemars::JsonSchema))]
            pub struct #name {
                #(#fields,)*
            }
        }
    }

    /// `new` takes what the document requires, so that a value can be written without the rest. Where that is nothing, and there
    /// is something to say all the same, `default` says it.
    fn constructor(&self, members: &[Member], sent: bool) -> Option<TokenStream> {
        let name = &self.name;
        let required = members.iter().filter(|member| member.is_argument());
        let arguments: Vec<_> = required
            .map(|member| {
                let (rust, ty) = (&member.rust, &member.ty);
                quote!(#rust: impl Into<#ty>)
            })
            .collect();
        let fields = members.iter().map(Member::first);
        let value = quote!(Self { #(#fields,)* });
        if derives_default(members) || !sent && !self.has_default() {
            return None;
        }
        if arguments.is_empty() {
            return Some(quote! {
                impl Default for #name {
                    fn default() -> Self {
                        #value
                    }
                }
            });
        }
        let doc =
            format!(" A `{name}` of the fields that the document requires; the others are empty.");
        Some(quote! {
            impl #name {
                #[doc = #doc]
                pub fn new(#(#arguments),*) -> Self {
                    #value
                }
            }
        })
    }

    fn read(&self, members: &[Member]) -> TokenStream {
        let name = &self.name;
        let text = name.to_string();
        let (rest, known): (Vec<_>, Vec<_>) = members.iter().partition(|member| member.rest);
        let json = known.iter().map(|member| &member.json);
        // Beside the fields these two are variables while the map is read.
        let (map, field) = (free("map", members), free("field", members));
        let locals = known.iter().map(|member| &member.rust);
        let rest = rest.first().map(|member| &member.rust);
        let declare_rest = rest.map(|rest| quote!(let mut #rest = Default::default();));
        let next = match rest {
            Some(rest) => quote!(compact::next_field_or_keep(&mut #map, Self::NAMES, &mut #rest)?),
            None => quote!(compact::next_field(&mut #map, Self::NAMES)?),
        };
        let read = read_loop(&next, &map, &field, &known);
        let values = known.iter().map(|member| member.value());
        let values_rest = rest.map(|rest| quote!(#rest,));
        quote! {
            impl<'de> FromMap<'de> for #name {
                const NAME: &'static str = #text;
                const FIELDS: &'static [&'static str] = &[#(#json),*];

                fn from_map<A: MapAccess<'de>>(mut #map: A) -> Result<Self, A::Error> {
                    #(let mut #locals = None;)*
                    #declare_rest
                    #read
                    Ok(Self { #(#values,)* #values_rest })
                }
            }
        }
    }

    fn deserialize(&self) -> TokenStream {
        let name = &self.name;
        quote! {
            impl<'de> Deserialize<'de> for #name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    compact::deserialize(deserializer)
                }
            }
        }
    }

    fn serialize(&self, members: &[Member]) -> TokenStream {
        let name = &self.name;
        let writes = members.iter().map(|member| {
            let (rust, json) = (&member.rust, &member.json);
            match (member.rest, member.optional) {
                (true, _) => quote!(object.extra(&self.#rust)?;),
                (_, true) => quote!(object.optional(#json, &self.#rust)?;),
                (_, false) => quote!(object.field(#json, &self.#rust)?;),
            }
        });
        let mutable = (!members.is_empty()).then(|| quote!(mut));
        quote! {
            impl Serialize for #name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    let #mutable object = compact::Object::new(serializer)?;
                    #(#writes)*
                    object.end()
                }
            }
        }
    }
}

/// Whether nothing is the default of every field.
fn derives_default(members: &[Member]) -> bool {
    members
        .iter()
        .all(|member| member.optional && member.says.is_none())
}

/// One arm for each field; the last one needs no number, since there is no other.
fn read_loop(next: &TokenStream, map: &Ident, field: &Ident, known: &[&Member]) -> TokenStream {
    let set = |member: &Member| {
        let (rust, json) = (&member.rust, &member.json);
        quote!(compact::set(&mut #rust, #json, &mut #map)?)
    };
    match known {
        [] => quote!(while #next.is_some() {}),
        [one] => {
            let set = set(one);
            quote!(while #next.is_some() { #set; })
        }
        [before @ .., last] => {
            let arms = before.iter().enumerate().map(|(index, member)| {
                let (index, set) = (proc_macro2::Literal::usize_unsuffixed(index), set(member));
                quote!(#index => #set,)
            });
            let last = set(last);
            quote! {
                while let Some(#field) = #next {
                    match #field {
                        #(#arms)*
                        _ => #last,
                    }
                }
            }
        }
    }
}

impl Member {
    fn new(field: Field) -> Result<Self, String> {
        let Some(rust) = field.ident else {
            return Err("a field has no name".to_owned());
        };
        let ty = short(field.ty);
        let mut member = Self {
            json: rust.to_string(),
            docs: docs_of(&field.attrs),
            optional: false,
            may_be_missing: type_ident(&ty).as_deref() == Some("Option"),
            rest: false,
            says: None,
            // A keyword that progenitor does not know.
            rust: if rust == "gen" {
                format_ident!("gen_")
            } else {
                rust
            },
            ty,
        };
        member.open_box();
        member.tell_how_to_read();
        let serde = field
            .attrs
            .iter()
            .filter(|attribute| attribute.path().is_ident("serde"));
        for attribute in serde {
            let read = attribute.parse_nested_meta(|meta| member.read(&meta));
            read.map_err(|error| format!("the field `{}`: {error}", member.rust))?;
        }
        member.tell_empty_from_missing();
        Ok(member)
    }

    /// Where a type holds itself typify boxes the option, and not what is in it, and takes the field for a required one.
    fn open_box(&mut self) {
        let inner = argument(&self.ty, "Box").and_then(|option| argument(option, "Option"));
        let inner = inner.cloned();
        if let Some(inner) = inner {
            self.ty = syn::parse_quote!(Option<Box<#inner>>);
            (self.optional, self.may_be_missing) = (true, true);
        }
    }

    /// typify leaves out a list or a map with nothing in it, and then nobody can empty one that the manager has.
    fn tell_empty_from_missing(&mut self) {
        let ty = &self.ty;
        if self.optional && !self.rest && type_ident(ty).as_deref() != Some("Option") {
            self.ty = syn::parse_quote!(Option<#ty>);
        }
    }

    /// Reads one of serde's attributes.
    fn read(&mut self, meta: &ParseNestedMeta<'_>) -> syn::Result<()> {
        match meta.path.get_ident().map(ToString::to_string).as_deref() {
            Some("rename") => self.json = meta.value()?.parse::<LitStr>()?.value(),
            Some("skip_serializing_if") => {
                meta.value()?.parse::<LitStr>()?;
                (self.optional, self.may_be_missing) = (true, true);
            }
            // Required, and null is allowed: it may not be missing.
            Some("deserialize_with") => {
                meta.value()?.parse::<LitStr>()?;
                self.may_be_missing = false;
            }
            Some("default") if !meta.input.peek(Token![=]) => {}
            Some("flatten") => {
                (self.rest, self.optional, self.may_be_missing) = (true, true, true);
            }
            _ => return Err(meta.error("an attribute that is not known")),
        }
        Ok(())
    }

    /// A reader of the docs cannot guess how to get at a secret.
    fn tell_how_to_read(&mut self) {
        let secrets: [Type; 2] = [
            syn::parse_quote!(crate::Secret),
            syn::parse_quote!(Option<crate::Secret>),
        ];
        if !secrets.contains(&self.ty) {
            return;
        }
        if !self.docs.is_empty() {
            self.docs.push(syn::parse_quote!(#[doc = ""]));
        }
        let how = " Read it with [`expose_secret`](crate::Secret::expose_secret).";
        self.docs.push(syn::parse_quote!(#[doc = #how]));
    }

    fn copy(&self) -> Self {
        Self {
            rust: self.rust.clone(),
            json: self.json.clone(),
            docs: self.docs.clone(),
            ty: self.ty.clone(),
            says: self.says.clone(),
            ..*self
        }
    }

    /// Whether `new` takes it.
    fn is_argument(&self) -> bool {
        !self.optional && self.says.is_none()
    }

    /// The field in a new object.
    fn first(&self) -> TokenStream {
        let rust = &self.rust;
        match &self.says {
            Some(value) => quote!(#rust: compact::Tag::of(#value)),
            None if !self.optional => quote!(#rust: #rust.into()),
            None if self.rest => quote!(#rust: Default::default()),
            None => quote!(#rust: None),
        }
    }

    fn definition(&self) -> TokenStream {
        let (rust, docs, ty, json) = (&self.rust, &self.docs, &self.ty, &self.json);
        let mut schema = Vec::new();
        if self.rest {
            schema.push(quote!(flatten));
        } else if rust != json {
            schema.push(quote!(rename = #json));
        }
        let schema = (!schema.is_empty())
            .then(|| quote!(#[cfg_attr(feature = "schemars", schemars(#(#schema),*))]));
        quote! {
            #(#docs)*
            #schema
            pub #rust: #ty
        }
    }

    /// The field's value once the map is read.
    fn value(&self) -> TokenStream {
        let (rust, json) = (&self.rust, &self.json);
        let is_option = type_ident(&self.ty).as_deref() == Some("Option");
        if self.may_be_missing {
            quote!(#rust: #rust.unwrap_or_default())
        } else if is_option {
            quote!(#rust: compact::present(#rust, #json)?)
        } else {
            quote!(#rust: compact::required(#rust, #json)?)
        }
    }
}

/// A name that no field has.
fn free(name: &str, members: &[Member]) -> Ident {
    let mut name = name.to_owned();
    while members.iter().any(|member| member.rust == name) {
        name.push('_');
    }
    format_ident!("{name}")
}

fn short(mut ty: Type) -> Type {
    shorten_type(&mut ty);
    ty
}
