//! The operationIds, which become the names of methods.
//!
//! Documents give several operations one id: of the 2409 operations of NSX's Policy API half have an id that others have too, one
//! under `/infra/…`, others under `/global-infra/…` and `/orgs/{org-id}/projects/{project-id}/infra/…`. Names are given by one rule, so
//! that they stay when operations are added:
//!
//! 1. Of the operations that share an id the *plainest* keeps it: the one of the fewest segments, then of the fewest parameters, then
//!    without a query, then of the shortest path.
//! 2. Another gets the start of its own path before the id, up to what it has in common with the end of the plainest:
//!    `GlobalInfraReadSegment`, `OrgsOrgIdProjectsProjectIdInfraReadSegment`. So does VMware itself from 9.1 on.
//! 3. Where the paths end in nothing alike, or that name is taken, and where there is no id, method and path make the name:
//!    `GetDomainsGroupsById`, with all parameters if the plainer one has that name, and last with a number.
//!
//! So a name depends on no order, and on no other operation of the id but the plainest: only one that is plainer than that changes names.
//! What the document called an operation that gets another name is kept in `x-operation-id`, for the vendor's manual has it.

use std::collections::{BTreeMap, BTreeSet};

use heck::ToPascalCase;
use serde_json::{Value, json};

use crate::document::change::Change;
use crate::document::{self, METHODS, ORIGINAL_ID, Place};
use crate::names::{self, Numbers};

/// `operation_ids`: an operation whose id another has in Rust, or that has none, gets one by the rule of this module.
pub(crate) fn operation_ids(root: &mut Value, changes: &mut Vec<Change>) {
    name_beside(root, &BTreeSet::new(), changes);
}

/// The same, where the operations with these pointers keep their ids before all others.
pub(crate) fn name_beside(root: &mut Value, kept: &BTreeSet<String>, changes: &mut Vec<Change>) {
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

/// The operations that need another id, by their pointers: the id, and why.
fn new_ids(root: &Value, kept: &BTreeSet<String>) -> Vec<(String, String, String)> {
    let places = document::operations(root).into_iter();
    let mut places: Vec<Place<'_>> = places.filter(|place| place.node.is_object()).collect();
    places.sort_by_cached_key(|place| (!kept.contains(&place.pointer), plainness(place)));
    let mut taken = Taken::default();
    let mut others = Vec::new();
    for place in &places {
        let id = usable_id(place);
        match id.map(|id| taken.holder(id)) {
            Some(None) => taken.add(id.unwrap_or_default(), place),
            holder => others.push((place, holder.flatten())),
        }
    }
    let mut list = Vec::new();
    for (place, holder) in others {
        let (id, how) = taken.free(place, holder);
        taken.add(&id, place);
        list.push((
            place.pointer.clone(),
            id,
            format!("{}: {how}", why(place, holder)),
        ));
    }
    list
}

fn usable_id<'a>(place: &Place<'a>) -> Option<&'a str> {
    place.id().filter(|id| names::has_ident(id))
}

fn why(place: &Place<'_>, holder: Option<&Place<'_>>) -> String {
    match (place.id(), holder) {
        (Some(id), Some(holder)) => {
            let (method, path) = (holder.method.to_uppercase(), holder.path);
            format!("the operationId `{id}` stands for {method} {path} too")
        }
        (Some(id), None) => format!("the operationId `{id}` is no name"),
        (None, _) => "there is no operationId".to_owned(),
    }
}

/// What is the plainest of some operations has the least of this.
fn plainness<'a>(place: &Place<'a>) -> impl Ord + use<'a> {
    let (path, query) = place.path_and_query();
    let segments = segments(place);
    let parameters = segments.iter().filter(|one| is_parameter(one)).count();
    let method = METHODS.iter().position(|method| *method == place.method);
    (segments.len(), parameters, query, path.len(), path, method)
}

/// The names that operations have in Rust, and which.
#[derive(Default)]
struct Taken<'p> {
    names: BTreeMap<String, &'p Place<'p>>,
    numbers: Numbers,
}

impl<'p> Taken<'p> {
    fn add(&mut self, id: &str, place: &'p Place<'p>) {
        let names = names_of(id).into_iter();
        self.names.extend(names.map(|name| (name, place)));
    }

    fn holder(&self, id: &str) -> Option<&'p Place<'p>> {
        names_of(id)
            .iter()
            .find_map(|name| self.names.get(name).copied())
    }

    /// A name for an operation whose id another holds, and how it was made.
    fn free(&mut self, place: &Place<'_>, holder: Option<&Place<'_>>) -> (String, &'static str) {
        let with_start = holder.and_then(|holder| with_start(place, holder));
        if let Some(name) = with_start.filter(|name| self.holder(name).is_none()) {
            return (name, "called by it with the start of the path");
        }
        let mut names = [false, true]
            .map(|is_long| by_path(place, is_long))
            .into_iter();
        let name = names.find(|name| self.holder(name).is_none());
        let name = name.unwrap_or_else(|| self.numbered(&by_path(place, true)));
        (name, "called after method and path")
    }

    /// The name with the first number behind it that makes it free.
    fn numbered(&mut self, name: &str) -> String {
        let mut numbers = std::mem::take(&mut self.numbers);
        let numbered = numbers.first(&names::method_name(name), |number| {
            Some(format!("{name}{number}")).filter(|name| self.holder(name).is_none())
        });
        self.numbers = numbers;
        numbered.unwrap_or_default()
    }
}

/// What an operation is called in Rust, as method, builder and entry of the table.
fn names_of(id: &str) -> [String; 3] {
    [
        format!("fn {}", names::method_name(id)),
        format!("struct {}", names::builder_name(id)),
        format!("static {}", names::static_name(id)),
    ]
}

fn segments<'a>(place: &Place<'a>) -> Vec<&'a str> {
    let (path, _) = place.path_and_query();
    path.split('/').filter(|one| !one.is_empty()).collect()
}

fn is_parameter(segment: &str) -> bool {
    segment.contains('{')
}

/// `GlobalInfraReadSegment` for `ReadSegment` of `/global-infra/segments/{segment-id}`, beside that of `/infra/segments/{segment-id}`.
fn with_start(place: &Place<'_>, plain: &Place<'_>) -> Option<String> {
    let (own, plain) = (segments(place), segments(plain));
    let is_same =
        |(one, other): &(&&str, &&str)| one == other || is_parameter(one) && is_parameter(other);
    let alike = |plain: &[&str]| {
        own.iter()
            .rev()
            .zip(plain.iter().rev())
            .take_while(is_same)
            .count()
    };
    if own.len() == plain.len() && alike(&plain) == own.len() {
        return None;
    }
    // The first segment of a plain path is its root, if more follow, and that is never the same: `infra`, and `orgs/…/infra`.
    let root = usize::from(plain.len() > 1);
    let (start, end) = own.split_at(own.len() - alike(plain.get(root..)?));
    let is_told = end.iter().any(|segment| !is_parameter(segment));
    let start: String = start
        .iter()
        .map(|segment| segment.to_pascal_case())
        .collect();
    is_told.then(|| start + &capitalized(place.id().unwrap_or_default()))
}

fn capitalized(id: &str) -> String {
    let mut letters = id.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// `GetDomainsGroupsById` for `GET /domains/{domain-id}/groups/{id}`; in its long form with every parameter.
fn by_path(place: &Place<'_>, is_long: bool) -> String {
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

    /// The ids that a document's operations get, and what is kept of their own, in the document's order.
    fn named(paths: Value) -> Vec<(String, Option<String>)> {
        let mut root = json!({ "paths": paths });
        operation_ids(&mut root, &mut Vec::new());
        let places = document::operations(&root).into_iter();
        let own = |place: &Place<'_>| place.original_id().map(str::to_owned);
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
    fn of_those_that_share_an_id_the_plainest_keeps_it_and_others_get_the_start_of_their_paths() {
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
        // What is there without one of the others has the same name, whatever the order.
        let all = paths.as_object().unwrap();
        for (left_out, name) in all.keys().zip(expected) {
            if name == "ReadSegment" {
                continue;
            }
            let mut fewer = all.clone();
            fewer.shift_remove(left_out);
            let fewer: serde_json::Map<_, _> = fewer.into_iter().rev().collect();
            let mut others: Vec<&str> = expected.into_iter().filter(|one| *one != name).collect();
            others.reverse();
            assert_eq!(ids(fewer.into()), others);
        }
    }

    #[test]
    fn what_the_document_calls_an_operation_is_kept() {
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
    fn what_the_start_of_the_path_does_not_tell_apart_is_called_by_method_and_path() {
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
    fn a_short_name_that_is_not_enough_gets_every_parameter_and_then_a_number() {
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
    fn what_is_there_already_keeps_its_id_before_what_is_plainer() {
        let mut root = json!({"paths": {
            "/infra/groups": get("ListGroups"),
            "/orgs/{org}/groups": get("ListGroups"),
        }});
        let kept = BTreeSet::from(["#/paths/~1orgs~1{org}~1groups/get".to_owned()]);
        name_beside(&mut root, &kept, &mut Vec::new());
        let ids: Vec<_> = document::operations(&root)
            .iter()
            .map(|place| place.id().unwrap())
            .collect();
        assert_eq!(ids, ["InfraListGroups", "ListGroups"]);
    }
}
