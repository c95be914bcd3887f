//! Assigns types to files.
//!
//! A type that only the operations of one tag use is in the file of that tag; all others are in
//! `types.rs`. The file of a tag therefore never depends on that of another tag, and a document
//! with one tag has one file.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use syn::Type;

use super::graph::names_of;
use super::{Defined, TypeKind, Types};
use crate::emit::code::{Code, used};
use crate::emit::lists::Page;

/// The module of each type, by name. Types that are not listed are in the root.
type Modules<'a> = HashMap<String, &'a str>;

impl Types {
    /// The code of `types.rs`, under an empty name, and of its modules; `used` has the types that
    /// the operations of each module use.
    pub(crate) fn files(
        &self,
        used: &BTreeMap<String, Vec<Type>>,
        pages: &BTreeMap<String, Page>,
    ) -> BTreeMap<String, Code> {
        let modules = self.modules(used);
        let module = |defined: &Defined| modules.get(&defined.name).copied().unwrap_or_default();
        let mut groups: BTreeMap<&str, Vec<&Defined>> = BTreeMap::from([("", Vec::new())]);
        for defined in &self.defined {
            groups.entry(module(defined)).or_default().push(defined);
        }
        let names: Vec<&str> = groups
            .keys()
            .copied()
            .filter(|name| !name.is_empty())
            .collect();
        let files = groups.iter().map(|(name, types)| {
            let mut code = Code::default();
            match name.is_empty() {
                true => write_root(types, &names, &mut code),
                false => self.write_head(types, pages, &modules, &mut code),
            }
            for defined in types {
                code.gap();
                self.write(defined, &mut code);
                if let Some(page) = pages.get(&defined.name) {
                    code.gap();
                    page.write(&defined.name, &mut code);
                }
            }
            ((*name).to_owned(), code)
        });
        files.collect()
    }

    fn modules<'a>(&self, used: &'a BTreeMap<String, Vec<Type>>) -> Modules<'a> {
        let mut modules = Modules::new();
        if used.len() < 2 {
            return modules;
        }
        for (module, types) in used {
            for name in self.graph.reach(types) {
                let first = modules.entry(name).or_insert(module);
                if first != module {
                    *first = "";
                }
            }
        }
        modules
    }

    /// Writes the imports of a module.
    fn write_head(
        &self,
        types: &[&Defined],
        pages: &BTreeMap<String, Page>,
        modules: &Modules<'_>,
        code: &mut Code,
    ) {
        let mut names: BTreeSet<&str> = BTreeSet::new();
        let mut items = BTreeSet::new();
        for defined in types {
            names.extend(self.graph.names(&defined.name).map(String::as_str));
            let page = pages.get(&defined.name);
            items.extend(page.into_iter().flat_map(|page| names_of(&page.item)));
        }
        names.extend(items.iter().map(String::as_str));
        names.retain(|name| {
            let is_root = modules.get(*name).is_none_or(|module| module.is_empty());
            is_root && self.has(name)
        });
        write_uses(types, code);
        if !names.is_empty() {
            let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
            code.gap();
            code.uses("super", &names);
        }
    }
}

fn write_root(types: &[&Defined], modules: &[&str], code: &mut Code) {
    code.module_docs("The types of requests and responses.");
    write_uses(types, code);
    if !modules.is_empty() {
        code.gap();
        code.modules(modules);
    }
}

/// Writes the imports of the serde helpers.
fn write_uses(types: &[&Defined], code: &mut Code) {
    let any = |is: fn(&TypeKind) -> bool| types.iter().any(|defined| is(&defined.kind));
    let objects = any(|kind| matches!(kind, TypeKind::Object(_)));
    let string_enums = any(|kind| matches!(kind, TypeKind::StringEnum(_)));
    let unions = any(|kind| matches!(kind, TypeKind::Union(_)));
    let untagged = any(|kind| matches!(kind, TypeKind::Untagged(_)));
    if objects {
        code.gap();
        code.line("use serde::de::MapAccess;");
        code.line("use serde::{Deserialize, Deserializer, Serialize, Serializer};");
    }
    let ours = used(&[
        (objects, "self"),
        (objects, "FromMap"),
        (string_enums, "StringEnum"),
        (unions, "discriminated_union"),
        (string_enums, "string_enum"),
        (untagged, "untagged_union"),
    ]);
    if !ours.is_empty() {
        code.gap();
        code.uses("crate::compact_serde", &ours);
    }
}
