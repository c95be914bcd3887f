//! Builds documents with a given number of operations. They resemble the documents of managers:
//! they create, read, list, update and delete resources with nested objects, enums and lists.

use serde_json::{Map, Value, json};

/// A JSON document with this number of operations.
pub(crate) fn with_operations(operations: usize) -> String {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for number in 0..operations.div_ceil(5) {
        let mut left = operations - 5 * number;
        let name = format!("Resource{number}");
        let path = format!("/api/v1/resources-{number}");
        let calls = [
            (path.clone() + "/{id}", "get", "Get", false),
            (path.clone(), "get", "List", false),
            (path.clone(), "post", "Create", true),
            (path.clone() + "/{id}", "put", "Update", true),
            (path + "/{id}", "delete", "Delete", false),
        ];
        for (path, method, verb, has_body) in calls {
            if left == 0 {
                break;
            }
            left -= 1;
            let item = paths.entry(path.clone()).or_insert_with(|| json!({}));
            item[method] = operation(&name, &path, verb, has_body, number % 20);
        }
        add_schemas(&mut schemas, &name);
    }
    let info = json!({"title": "A manager", "version": "1.0.0"});
    let document = json!({"openapi": "3.0.3", "info": info, "paths": paths, "components": {"schemas": schemas}});
    document.to_string()
}

fn operation(name: &str, path: &str, verb: &str, has_body: bool, tag: usize) -> Value {
    let mut parameters = Vec::new();
    if path.contains("{id}") {
        parameters.push(parameter("id", "path", "string"));
    }
    if verb == "List" {
        parameters.push(parameter("cursor", "query", "string"));
        parameters.push(parameter("page_size", "query", "integer"));
        parameters.push(parameter("sort_ascending", "query", "boolean"));
    }
    let response = match verb {
        "Delete" => json!({"description": "Deleted"}),
        "List" => content("The resources", &format!("{name}ListResult")),
        _ => content("The resource", name),
    };
    let mut operation = json!({
        "operationId": format!("{verb}{name}"),
        "summary": format!("{verb} the resources of kind {name}"),
        "description": "A description of one or two sentences, as in real documents. It needs a privilege.",
        "tags": [format!("Tag {tag}")],
        "parameters": parameters,
        "responses": {"200": response},
    });
    if has_body {
        operation["requestBody"] = content("", name);
        operation["requestBody"]["required"] = true.into();
    }
    operation
}

fn parameter(name: &str, location: &str, kind: &str) -> Value {
    json!({"name": name, "in": location, "required": location == "path", "schema": {"type": kind}, "description": format!("The {name}")})
}

fn content(description: &str, schema: &str) -> Value {
    json!({"description": description, "content": {"application/json": {"schema": reference(schema)}}})
}

fn reference(schema: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{schema}")})
}

/// Adds the schemas of one resource.
fn add_schemas(schemas: &mut Map<String, Value>, name: &str) {
    let text = |about: &str| json!({"type": "string", "description": about});
    let integer =
        json!({"type": "integer", "format": "int64", "description": "A number of something"});
    let part = format!("{name}Part");
    let settings = format!("{name}Settings");
    let kind = format!("{name}Kind");
    schemas.insert(
        kind.clone(),
        json!({"type": "string", "enum": ["PRIMARY", "SECONDARY", "NONE"]}),
    );
    schemas.insert(
        part.clone(),
        json!({"type": "object", "required": ["key"], "properties": {"key": text("Its key"), "value": text("Its value")}}),
    );
    schemas.insert(
        settings.clone(),
        json!({"type": "object", "properties": {
            "enabled": {"type": "boolean", "description": "Whether it is on"},
            "timeout": integer, "limit": integer, "kind": reference(&kind),
            "addresses": {"type": "array", "items": text("An address"), "description": "Where it is"},
        }}),
    );
    schemas.insert(
        name.to_owned(),
        json!({"type": "object", "required": ["display_name"], "properties": {
            "id": text("Its id"), "display_name": text("What it is called"), "description": text("What it is for"),
            "resource_type": text("What it is"), "kind": reference(&kind), "settings": reference(&settings),
            "parts": {"type": "array", "items": reference(&part), "description": "What it is made of"},
            "_create_time": integer, "_create_user": text("Who has made it"), "_last_modified_time": integer,
            "_revision": {"type": "integer", "format": "int32", "description": "How often it was changed"},
        }}),
    );
    schemas.insert(
        format!("{name}ListResult"),
        json!({"type": "object", "required": ["results"], "properties": {
            "cursor": text("Where the next page begins"), "result_count": integer,
            "results": {"type": "array", "items": reference(name), "description": "The resources"},
        }}),
    );
}
