//! Makes operationIds unique, because they become method names.
//!
//! Documents use the same id for several operations. Half of the 2409 operations of NSX's Policy
//! API share their id with others: one is under `/infra/…`, others are under `/global-infra/…` and
//! `/orgs/{org-id}/projects/{project-id}/infra/…`. The following rule chooses names that do not
//! change when operations are added:
//!
//! - Of the operations that share an id, the one with the simplest path keeps it: the one with the
//!   fewest segments, then the fewest parameters, then without a query, then with the shortest
//!   path.
//! - The others get the beginning of their own path as a prefix, up to what it has in common with
//!   the end of the simplest path: `GlobalInfraReadSegment`,
//!   `OrgsOrgIdProjectsProjectIdInfraReadSegment`. VMware itself does the same since 9.1.
//! - If the ends of the paths have nothing in common, if that name is already used, or if there is
//!   no id, the name consists of method and path: `GetDomainsGroupsById`. If that is used as well,
//!   it includes all parameters, and finally a number.
//!
//! A name thus depends neither on the order of operations nor on other operations with the same id,
//! except for the one with the simplest path. The original id is kept in `x-operation-id`, because
//! the vendor's manual uses it.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToPascalCase;
use serde_json::{Value, json};

use crate::document::change::Change;
use crate::document::{self, METHODS, ORIGINAL_ID, OperationRef};
use crate::names::{self, NumberSuffixes};

/// `operation_ids`: gives an operation a new id, by the rule of this module, if it has none or if
/// its Rust name is used by another.
pub(crate) fn operation_ids(root: &mut Value, changes: &mut Vec<Change>) {
    assign_operation_ids(root, &BTreeSet::new(), changes);
}

/// Like [`operation_ids`], but the operations with these pointers keep their ids in any case.
pub(crate) fn assign_operation_ids(
    root: &mut Value,
    kept: &BTreeSet<String>,
    changes: &mut Vec<Change>,
) {
    for (pointer, id, message) in new_ids(root, kept) {
        let node = root.pointer_mut(pointer.trim_start_matches('#'));
        if let Some(node) = node.and_then(Value::as_object_mut)
            && let Some(old) = node.insert("operationId".to_owned(), json!(id))
        {
            node.entry(ORIGINAL_ID).or_insert(old);
        }
        changes.push(Change {
            pass: "operation_ids",
            pointer,
            operation: Some(id),
            message,
        });
    }
}

/// The operations that need another id, by pointer, each with the id and the reason.
fn new_ids(root: &Value, kept: &BTreeSet<String>) -> Vec<(String, String, String)> {
    let places = document::operations(root).into_iter();
    let mut places: Vec<OperationRef<'_>> = places.filter(|place| place.node.is_object()).collect();
    places.sort_by_cached_key(|place| (!kept.contains(&place.pointer), simplicity(place)));
    let mut used_names = UsedNames::default();
    let mut others = Vec::new();
    for place in &places {
        let id = usable_id(place);
        match id.map(|id| used_names.user(id)) {
            Some(None) => used_names.add(id.unwrap_or_default(), place),
            user => others.push((place, user.flatten())),
        }
    }
    let mut list = Vec::new();
    for (place, user) in others {
        let (id, how) = used_names.choose(place, user);
        used_names.add(&id, place);
        list.push((
            place.pointer.clone(),
            id,
            format!("{}: {how}", why(place, user)),
        ));
    }
    list
}

fn usable_id<'a>(place: &OperationRef<'a>) -> Option<&'a str> {
    place.id().filter(|id| names::has_ident(id))
}

fn why(place: &OperationRef<'_>, user: Option<&OperationRef<'_>>) -> String {
    match (place.id(), user) {
        (Some(id), Some(user)) => {
            let (method, path) = (user.method.to_uppercase(), user.path);
            format!("the operationId `{id}` is also used by {method} {path}")
        }
        (Some(id), None) => format!("the operationId `{id}` is not a valid name"),
        (None, _) => "there is no operationId".to_owned(),
    }
}

/// The sort key of an operation: the one with the simplest path comes first.
fn simplicity<'a>(place: &OperationRef<'a>) -> impl Ord + use<'a> {
    let (path, query) = place.path_and_query();
    let segments = segments(place);
    let parameters = segments.iter().filter(|one| is_parameter(one)).count();
    let method = METHODS.iter().position(|method| *method == place.method);
    (segments.len(), parameters, query, path.len(), path, method)
}

/// The Rust names in use, with their operations.
#[derive(Default)]
struct UsedNames<'p> {
    names: BTreeMap<String, &'p OperationRef<'p>>,
    numbers: NumberSuffixes,
}

impl<'p> UsedNames<'p> {
    fn add(&mut self, id: &str, place: &'p OperationRef<'p>) {
        let names = names_of(id).into_iter();
        self.names.extend(names.map(|name| (name, place)));
    }

    fn user(&self, id: &str) -> Option<&'p OperationRef<'p>> {
        names_of(id)
            .iter()
            .find_map(|name| self.names.get(name).copied())
    }

    /// A name for an operation whose id is already used, and how the name was chosen.
    fn choose(
        &mut self,
        place: &OperationRef<'_>,
        user: Option<&OperationRef<'_>>,
    ) -> (String, &'static str) {
        let with_path_prefix = user.and_then(|user| with_path_prefix(place, user));
        if let Some(name) = with_path_prefix.filter(|name| self.user(name).is_none()) {
            return (name, "prefixed with the beginning of the path");
        }
        let mut names = [false, true]
            .map(|is_long| from_method_and_path(place, is_long))
            .into_iter();
        let name = names.find(|name| self.user(name).is_none());
        let name = name.unwrap_or_else(|| self.numbered(&from_method_and_path(place, true)));
        (name, "named after method and path")
    }

    /// The name with the first free number appended.
    fn numbered(&mut self, name: &str) -> String {
        let mut numbers = std::mem::take(&mut self.numbers);
        let numbered = numbers.first_free(&names::method_name(name), |number| {
            Some(format!("{name}{number}")).filter(|name| self.user(name).is_none())
        });
        self.numbers = numbers;
        numbered.unwrap_or_default()
    }
}

/// The Rust names of an operation: method, builder, and entry of the operation table.
fn names_of(id: &str) -> [String; 3] {
    [
        format!("fn {}", names::method_name(id)),
        format!("struct {}", names::builder_name(id)),
        format!("static {}", names::static_name(id)),
    ]
}

fn segments<'a>(place: &OperationRef<'a>) -> Vec<&'a str> {
    let (path, _) = place.path_and_query();
    path.split('/').filter(|one| !one.is_empty()).collect()
}

fn is_parameter(segment: &str) -> bool {
    segment.contains('{')
}

/// `GlobalInfraReadSegment` for `ReadSegment` of `/global-infra/segments/{segment-id}`, if
/// `/infra/segments/{segment-id}` keeps the id.
fn with_path_prefix(place: &OperationRef<'_>, simplest: &OperationRef<'_>) -> Option<String> {
    let (own, simplest) = (segments(place), segments(simplest));
    let is_same =
        |(one, other): &(&&str, &&str)| one == other || is_parameter(one) && is_parameter(other);
    let alike = |simplest: &[&str]| {
        own.iter()
            .rev()
            .zip(simplest.iter().rev())
            .take_while(is_same)
            .count()
    };
    if own.len() == simplest.len() && alike(&simplest) == own.len() {
        return None;
    }
    // The first segment of a longer path is its root, which never counts as common: `infra` and
    // `orgs/…/infra`.
    let root = usize::from(simplest.len() > 1);
    let (start, end) = own.split_at(own.len() - alike(simplest.get(root..)?));
    let is_distinct = end.iter().any(|segment| !is_parameter(segment));
    let start: String = start
        .iter()
        .map(|segment| segment.to_pascal_case())
        .collect();
    is_distinct.then(|| start + &capitalized(place.id().unwrap_or_default()))
}

fn capitalized(id: &str) -> String {
    let mut letters = id.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// `GetDomainsGroupsById` for `GET /domains/{domain-id}/groups/{id}`; the long form contains every
/// parameter.
fn from_method_and_path(place: &OperationRef<'_>, is_long: bool) -> String {
    let (_, query) = place.path_and_query();
    let segments = segments(place);
    let mut name = place.method.to_pascal_case();
    for (index, segment) in segments.iter().enumerate() {
        let is_last = index + 1 == segments.len();
        if !is_parameter(segment) {
            name += &segment.to_pascal_case();
        } else if is_long || is_last {
            name += "By";
            name += &segment.replace(['{', '}'], "-").to_pascal_case();
        }
    }
    name + &query.to_pascal_case()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The new and the original ids of a document's operations, in document order.
    fn named(paths: Value) -> Vec<(String, Option<String>)> {
        let mut root = json!({ "paths": paths });
        operation_ids(&mut root, &mut Vec::new());
        let places = document::operations(&root).into_iter();
        let own = |place: &OperationRef<'_>| place.original_id().map(str::to_owned);
        places
            .map(|place| (place.id().unwrap_or_default().to_owned(), own(&place)))
            .collect()
    }

    fn ids(paths: Value) -> Vec<String> {
        named(paths).into_iter().map(|(id, _)| id).collect()
    }

    fn get(id: &str) -> Value {
        json!({"get": {"operationId": id}})
    }

    #[test]
    fn the_simplest_path_keeps_a_shared_operation_id_and_others_get_a_path_prefix() {
        let paths = json!({
            "/orgs/{org-id}/projects/{project-id}/infra/segments/{segment-id}": get("ReadSegment"),
            "/global-infra/segments/{segment-id}": get("ReadSegment"),
            "/infra/tier-1s/{tier-1-id}/segments/{id}": get("ReadSegment"),
            "/infra/segments/{segment-id}": get("ReadSegment"),
            "/infra/segments": get("ListSegments"),
        });
        let expected = [
            "OrgsOrgIdProjectsProjectIdInfraReadSegment",
            "GlobalInfraReadSegment",
            "InfraTier1sTier1IdReadSegment",
            "ReadSegment",
            "ListSegments",
        ];
        assert_eq!(ids(paths.clone()), expected);
        // Removing one operation does not change the names of the others, whatever the order.
        let all = paths.as_object().unwrap();
        for (removed, name) in all.keys().zip(expected) {
            if name == "ReadSegment" {
                continue;
            }
            let mut fewer = all.clone();
            fewer.shift_remove(removed);
            let fewer: serde_json::Map<_, _> = fewer.into_iter().rev().collect();
            let mut others: Vec<&str> = expected.into_iter().filter(|one| *one != name).collect();
            others.reverse();
            assert_eq!(ids(fewer.into()), others);
        }
    }

    #[test]
    fn the_original_operation_id_is_kept() {
        let own = named(json!({
            "/infra/groups": get("ListGroups"),
            "/global-infra/groups": get("ListGroups"),
            "/a": {"get": {}},
            "/b": get("²"),
            "/c/groups": {"get": {"operationId": "ListGroups", "x-operation-id": "List"}},
        }));
        let own: Vec<Option<&str>> = own.iter().map(|(_, own)| own.as_deref()).collect();
        assert_eq!(
            own,
            [
                Some("ListGroups"),
                Some("ListGroups"),
                None,
                Some("²"),
                Some("List")
            ]
        );
    }

    #[test]
    fn an_ambiguous_operation_id_is_replaced_by_method_and_path() {
        assert_eq!(
            ids(json!({
                "/infra/groups/{id}": {"get": {"operationId": "Group"}, "patch": {"operationId": "Group"}},
                "/infra/groups/{id}?action=revise": {"post": {"operationId": "Group"}},
                "/global-infra/groups/{id}": get("Group"),
                "/x/global-infra": get("GlobalInfraGroup"),
                "/orgs/{org}/groups": {"get": {}},
                "/node?action=restart": {"post": {"operationId": "²"}},
                "/a": get("get_a"),
                "/b": get("GetA"),
                "/x/a": get("GetA"),
            })),
            [
                "Group",
                "PatchInfraGroupsById",
                "PostInfraGroupsByIdActionRevise",
                "GetGlobalInfraGroupsById",
                "GlobalInfraGroup",
                "GetOrgsGroups",
                "PostNodeActionRestart",
                "get_a",
                "GetB",
                "XGetA",
            ]
        );
    }

    #[test]
    fn an_ambiguous_path_name_gets_every_parameter_and_then_a_number() {
        let get = || json!({"get": {}});
        assert_eq!(
            ids(json!({
                "/a/{x}/b": get(),
                "/a/b": get(),
                "/a/b/": get(),
                "/c": get(),
                "/d": {"get": {"operationId": "GetC"}},
            })),
            ["GetAByXB", "GetAB", "GetAB2", "GetC2", "GetC"]
        );
    }

    #[test]
    fn an_existing_operation_keeps_its_operation_id_before_a_simpler_path() {
        let mut root = json!({"paths": {
            "/infra/groups": get("ListGroups"),
            "/orgs/{org}/groups": get("ListGroups"),
        }});
        let kept = BTreeSet::from(["#/paths/~1orgs~1{org}~1groups/get".to_owned()]);
        assign_operation_ids(&mut root, &kept, &mut Vec::new());
        let ids: Vec<_> = document::operations(&root)
            .iter()
            .map(|place| place.id().unwrap())
            .collect();
        assert_eq!(ids, ["InfraListGroups", "ListGroups"]);
    }
}
