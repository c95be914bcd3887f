//! Finds the operation of a request by its method, path and query.
//!
//! The operation table is a parameter, so that the tests can use paths that are not in the
//! document.

use std::cmp::Reverse;

use http::Method;

use crate::Operation;

/// The result of a lookup.
#[derive(Debug)]
pub(super) enum Route {
    /// An operation of the document.
    Operation(&'static Operation),
    /// The document has the path, but only with these methods.
    OtherMethod(Vec<&'static Method>),
    /// The document has no such path.
    Unknown,
}

/// Finds the operation of a request.
///
/// As OpenAPI requires, a path without parameters takes precedence over one with parameters, even
/// if the method is another one. If several operations share method and path, the one that requires
/// more of the query takes precedence.
pub(super) fn find_route(
    table: &[&'static Operation],
    method: &Method,
    path: &str,
    query: Option<&str>,
) -> Route {
    let is_match = |operation: &&'static Operation| {
        path_matches(operation.path, path) && query_contains(query, operation.query)
    };
    let matching = table.iter().copied().filter(is_match);
    let fewest = matching
        .clone()
        .map(|operation| parameter_count(operation.path))
        .min();
    let same_path = matching.filter(|operation| Some(parameter_count(operation.path)) == fewest);
    let same_path: Vec<_> = same_path.collect();
    let found = same_path
        .iter()
        .filter(|operation| operation.method == *method)
        .min_by_key(|operation| Reverse(query_pairs(operation.query).count()));
    match found {
        Some(operation) => Route::Operation(operation),
        None if same_path.is_empty() => Route::Unknown,
        None => Route::OtherMethod(methods(&same_path)),
    }
}

/// The methods of these operations, without duplicates.
fn methods(operations: &[&'static Operation]) -> Vec<&'static Method> {
    let mut methods = Vec::new();
    for operation in operations {
        if !methods.contains(&&operation.method) {
            methods.push(&operation.method);
        }
    }
    methods
}

/// Whether a query contains all pairs of `required`.
pub(super) fn query_contains(query: Option<&str>, required: &str) -> bool {
    let query = query.unwrap_or_default();
    query_pairs(required).all(|required| query_pairs(query).any(|pair| pair == required))
}

fn query_pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|pair| !pair.is_empty())
}

/// Whether a path matches a template such as `/api/v1/nodes/{node-id}`. A parameter matches one or
/// more characters within a segment.
pub(super) fn path_matches(template: &str, path: &str) -> bool {
    let (mut templates, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (templates.next(), segments.next()) {
            (None, None) => return true,
            (Some(template), Some(segment)) if segment_matches(template, segment) => {}
            _ => return false,
        }
    }
}

fn parameter_count(template: &str) -> usize {
    template.matches('{').count()
}

fn segment_matches(template: &str, segment: &str) -> bool {
    let Some((literal, rest)) = template.split_once('{') else {
        return template == segment;
    };
    let (Some(mut segment), Some((_, mut template))) =
        (segment.strip_prefix(literal), rest.split_once('}'))
    else {
        return false;
    };
    // Matching each literal at its first occurrence is sufficient, except for the last literal,
    // which must be at the end of the segment.
    while let Some((literal, rest)) = template.split_once('{') {
        let (Some(after), Some((_, next))) =
            (after_parameter(segment, literal), rest.split_once('}'))
        else {
            return false;
        };
        (segment, template) = (after, next);
    }
    segment
        .strip_suffix(template)
        .is_some_and(|value| !value.is_empty())
}

/// The text after the first `literal` that has at least one character before it.
fn after_parameter<'a>(segment: &'a str, literal: &str) -> Option<&'a str> {
    let mut characters = segment.chars();
    characters.next()?;
    characters
        .as_str()
        .split_once(literal)
        .map(|(_, after)| after)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::DocumentedResponse;

    const fn operation(
        id: &'static str,
        method: Method,
        path: &'static str,
        query: &'static str,
    ) -> Operation {
        const OK: &[DocumentedResponse] = &[DocumentedResponse {
            status: "200",
            description: "OK",
        }];
        Operation {
            id,
            method,
            path,
            query,
            idempotent: true,
            accept: "application/json",
            responses: OK,
        }
    }

    static TABLE: &[&Operation] = &[
        &operation("ReadNode", Method::GET, "/api/v1/nodes/{node-id}", ""),
        &operation("UpdateNode", Method::PUT, "/api/v1/nodes/{node-id}", ""),
        &operation("ReadStatus", Method::GET, "/api/v1/nodes/status", ""),
        &operation(
            "Start",
            Method::POST,
            "/api/v1/nodes/{node-id}",
            "action=start",
        ),
        &operation(
            "Stop",
            Method::POST,
            "/api/v1/nodes/{node-id}",
            "action=stop",
        ),
        &operation(
            "StopHard",
            Method::POST,
            "/api/v1/nodes/{node-id}",
            "action=stop&force=true",
        ),
    ];

    #[test]
    fn mock_paths_match_templates_segment_by_segment() {
        for (template, path, expected) in [
            ("/a/b", "/a/b", true),
            ("/a/b", "/a/b/", false),
            ("/a/b", "/a", false),
            ("/a/{x}", "/a/1", true),
            ("/a/{x}", "/a/", false),
            ("/a/{x}", "/a/1/2", false),
            ("/a/{x}/c", "/a/1/c", true),
            ("/a/v{x}.json", "/a/v1.json", true),
            ("/a/v{x}.json", "/a/v.json", false),
            ("/a/{x}-{y}", "/a/1-2", true),
            ("/a/{x}-{y}", "/a/é-2", true),
            ("/a/{x}-{y}", "/a/-2", false),
            ("/a/{x}-{y}", "/a/1-", false),
            ("/a/{x", "/a/1", false),
            ("/a/{x}{y", "/a/1", false),
            ("/a", "", false),
        ] {
            assert_eq!(
                path_matches(template, path),
                expected,
                "{template} and {path}"
            );
        }
    }

    #[test]
    fn a_mock_route_without_parameters_takes_precedence() {
        let found = |method, path| name(find_route(TABLE, &method, path, None));
        assert_eq!(found(Method::GET, "/api/v1/nodes/status"), "ReadStatus");
        assert_eq!(found(Method::GET, "/api/v1/nodes/7"), "ReadNode");
        assert_eq!(found(Method::PUT, "/api/v1/nodes/7"), "UpdateNode");
        assert_eq!(found(Method::DELETE, "/api/v1/nodes/7"), "[GET, PUT]");
        assert_eq!(found(Method::PUT, "/api/v1/nodes/status"), "[GET]");
        assert_eq!(found(Method::GET, "/api/v1/elsewhere"), "unknown");
    }

    #[test]
    fn mock_routes_with_the_same_path_are_distinguished_by_their_query() {
        for (query, expected) in [
            (Some("action=start"), "Start"),
            (Some("x=1&action=stop"), "Stop"),
            (Some("force=true&action=stop"), "StopHard"),
            (Some("action=pause"), "[GET, PUT]"),
            (None, "[GET, PUT]"),
        ] {
            let route = find_route(TABLE, &Method::POST, "/api/v1/nodes/7", query);
            assert_eq!(name(route), expected, "{query:?}");
        }
    }

    #[test]
    fn the_allowed_methods_of_a_mock_route_have_no_duplicates() {
        let route = find_route(
            TABLE,
            &Method::PATCH,
            "/api/v1/nodes/7",
            Some("action=stop&force=true"),
        );
        assert_eq!(name(route), "[GET, PUT, POST]");
    }

    fn name(route: Route) -> String {
        match route {
            Route::Operation(operation) => operation.id.to_owned(),
            Route::OtherMethod(methods) => format!("{methods:?}"),
            Route::Unknown => "unknown".to_owned(),
        }
    }
}
