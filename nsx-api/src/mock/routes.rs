//! From a request's method and path to the operation that it is: the document's table, read the
//! other way round.
//!
//! Pure functions over a table that is handed in, so that they are tested with paths that the
//! document lacks.

use std::cmp::Reverse;

use http::Method;

use crate::Operation;

/// What a method and a path come to.
#[derive(Debug)]
pub(super) enum Route {
    /// An operation of the document.
    Operation(&'static Operation),
    /// The path is there, under these methods.
    OtherMethod(Vec<&'static Method>),
    /// The document has no such path.
    Unknown,
}

/// Finds the operation of a request. A path without parameters goes before one with, as OpenAPI
/// demands, whatever the method, and one that goes by more of the query before others.
pub(super) fn find(
    table: &[&'static Operation],
    method: &Method,
    path: &str,
    query: Option<&str>,
) -> Route {
    let fits = |operation: &&'static Operation| {
        matches(operation.path, path) && has_pairs(query, operation.query)
    };
    let fitting = table.iter().copied().filter(fits);
    let fewest = fitting
        .clone()
        .map(|operation| parameters(operation.path))
        .min();
    let same_path = fitting.filter(|operation| Some(parameters(operation.path)) == fewest);
    let same_path: Vec<_> = same_path.collect();
    let found = same_path
        .iter()
        .filter(|operation| operation.method == *method)
        .min_by_key(|operation| Reverse(pairs(operation.query).count()));
    match found {
        Some(operation) => Route::Operation(operation),
        None if same_path.is_empty() => Route::Unknown,
        None => Route::OtherMethod(methods(&same_path)),
    }
}

/// The methods of operations, each once.
fn methods(operations: &[&'static Operation]) -> Vec<&'static Method> {
    let mut methods = Vec::new();
    for operation in operations {
        if !methods.contains(&&operation.method) {
            methods.push(&operation.method);
        }
    }
    methods
}

/// Whether all pairs of `wanted` are in a request's query.
pub(super) fn has_pairs(query: Option<&str>, wanted: &str) -> bool {
    pairs(wanted).all(|wanted| pairs(query.unwrap_or_default()).any(|pair| pair == wanted))
}

fn pairs(query: &str) -> impl Iterator<Item = &str> {
    query.split('&').filter(|pair| !pair.is_empty())
}

/// Whether a path fits a template such as `/api/v1/nodes/{node-id}`. A parameter stands for one or
/// more characters within one segment.
pub(super) fn matches(template: &str, path: &str) -> bool {
    let (mut templates, mut segments) = (template.split('/'), path.split('/'));
    loop {
        match (templates.next(), segments.next()) {
            (None, None) => return true,
            (Some(template), Some(segment)) if segment_matches(template, segment) => {}
            _ => return false,
        }
    }
}

fn parameters(template: &str) -> usize {
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
    // The first place where the next literal is found is as good as any later one; the last literal
    // has to end it.
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

/// What follows the first `literal` that has at least one character before it.
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
    fn a_path_fits_its_template_segment_by_segment() {
        for (template, path, fits) in [
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
            assert_eq!(matches(template, path), fits, "{template} and {path}");
        }
    }

    #[test]
    fn a_concrete_path_goes_before_a_template() {
        let found = |method, path| name(find(TABLE, &method, path, None));
        assert_eq!(found(Method::GET, "/api/v1/nodes/status"), "ReadStatus");
        assert_eq!(found(Method::GET, "/api/v1/nodes/7"), "ReadNode");
        assert_eq!(found(Method::PUT, "/api/v1/nodes/7"), "UpdateNode");
        assert_eq!(found(Method::DELETE, "/api/v1/nodes/7"), "[GET, PUT]");
        assert_eq!(found(Method::PUT, "/api/v1/nodes/status"), "[GET]");
        assert_eq!(found(Method::GET, "/api/v1/elsewhere"), "unknown");
    }

    #[test]
    fn operations_that_share_a_path_are_told_apart_by_their_query() {
        for (query, expected) in [
            (Some("action=start"), "Start"),
            (Some("x=1&action=stop"), "Stop"),
            (Some("force=true&action=stop"), "StopHard"),
            (Some("action=pause"), "[GET, PUT]"),
            (None, "[GET, PUT]"),
        ] {
            let route = find(TABLE, &Method::POST, "/api/v1/nodes/7", query);
            assert_eq!(name(route), expected, "{query:?}");
        }
    }

    #[test]
    fn a_method_that_several_operations_have_is_told_of_once() {
        let route = find(
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
