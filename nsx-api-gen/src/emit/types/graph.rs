//! Which types contain which other types.

use std::collections::{BTreeMap, BTreeSet};

use syn::visit::{self, Visit};
use syn::{Item, Path, Type};

/// The types that each type contains.
pub(super) struct Graph(BTreeMap<String, BTreeSet<String>>);

impl Graph {
    pub(super) fn new<'a>(items: impl Iterator<Item = &'a Item>) -> Self {
        let nodes = items.filter_map(|item| match item {
            Item::Struct(item) => Some((
                item.ident.to_string(),
                names_in(|names| names.visit_fields(&item.fields)),
            )),
            Item::Enum(item) => Some((
                item.ident.to_string(),
                names_in(|names| names.visit_item_enum(item)),
            )),
            Item::Type(item) => Some((
                item.ident.to_string(),
                names_in(|names| names.visit_type(&item.ty)),
            )),
            _ => None,
        });
        Self(nodes.collect())
    }

    /// The types in a type's definition.
    pub(super) fn names(&self, name: &str) -> impl Iterator<Item = &String> {
        self.0.get(name).into_iter().flatten()
    }

    /// All types that these types contain, directly and indirectly.
    pub(super) fn reach(&self, from: &[Type]) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut pending: Vec<String> = from.iter().flat_map(names_of).collect();
        while let Some(name) = pending.pop() {
            if let Some(inner) = self.0.get(&name)
                && reached.insert(name)
            {
                pending.extend(inner.iter().cloned());
            }
        }
        reached
    }
}

/// The names of the document's types in a type.
pub(super) fn names_of(ty: &Type) -> BTreeSet<String> {
    names_in(|names| names.visit_type(ty))
}

/// The names of the document's types in the visited items.
fn names_in(visit: impl FnOnce(&mut Names)) -> BTreeSet<String> {
    let mut names = Names::default();
    visit(&mut names);
    names.0
}

#[derive(Default)]
struct Names(BTreeSet<String>);

impl<'ast> Visit<'ast> for Names {
    fn visit_path(&mut self, path: &'ast Path) {
        // A type of another module may have the same name as one of the document:
        // `serde_json::Value`.
        let mut names = path.segments.iter().rev().map(|one| &one.ident);
        if let Some(last) = names.next()
            && names.next().is_none_or(|module| module == "types")
        {
            self.0.insert(last.to_string());
        }
        visit::visit_path(self, path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use syn::parse_quote;

    #[test]
    fn a_type_of_another_module_is_not_a_type_of_the_document() {
        let items: [Item; 2] = [
            parse_quote!(
                pub struct Value {
                    pub inner: ::std::option::Option<::std::vec::Vec<Inner>>,
                }
            ),
            parse_quote!(
                pub struct Inner {}
            ),
        ];
        let graph = Graph::new(items.iter());
        for (ty, reached) in [
            (parse_quote!(::serde_json::Value), &[][..]),
            (parse_quote!(types::Value), &["Inner", "Value"]),
            (parse_quote!(::std::vec::Vec<types::Inner>), &["Inner"]),
        ] {
            assert_eq!(Vec::from_iter(graph.reach(&[ty])), reached);
        }
    }
}
