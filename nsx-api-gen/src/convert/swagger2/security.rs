//! Security schemes.

use serde_json::{Map, Value, json};

use super::Converter;
use super::location::Location;
use crate::document::text;

/// The members of an OAuth flow: next to each other in Swagger, in the flow in OpenAPI.
const OF_FLOW: [&str; 3] = ["authorizationUrl", "tokenUrl", "scopes"];

impl Converter {
    pub(super) fn scheme(&mut self, node: Value, at: Location<'_>) -> Value {
        let flow = text(&node, "flow").and_then(flow_name);
        match (text(&node, "type"), flow) {
            (Some("basic"), _) => basic(node),
            (Some("oauth2"), Some(flow)) => oauth(node, flow),
            (Some("apiKey"), _) => node,
            _ => {
                let message = "unknown security scheme; it is kept unchanged";
                self.record("security", at, message);
                node
            }
        }
    }
}

fn flow_name(flow: &str) -> Option<&'static str> {
    match flow {
        "implicit" => Some("implicit"),
        "password" => Some("password"),
        "application" => Some("clientCredentials"),
        "accessCode" => Some("authorizationCode"),
        _ => None,
    }
}

fn basic(node: Value) -> Value {
    let mut scheme = Map::new();
    for (key, value) in into_object(node) {
        if key == "type" {
            scheme.insert(key, json!("http"));
            scheme.insert("scheme".to_owned(), json!("basic"));
        } else {
            scheme.insert(key, value);
        }
    }
    Value::Object(scheme)
}

fn oauth(node: Value, name: &str) -> Value {
    let mut scheme = Map::new();
    let mut flow = Map::new();
    for (key, value) in into_object(node) {
        if key == "flow" {
            // The flows take the place of the flow's name, and are filled in below.
            scheme.insert("flows".to_owned(), Value::Null);
        } else if OF_FLOW.contains(&key.as_str()) {
            flow.insert(key, value);
        } else {
            scheme.insert(key, value);
        }
    }
    // OpenAPI requires `scopes`, even if it is empty.
    flow.entry("scopes").or_insert_with(|| json!({}));
    let flows = Map::from_iter([(name.to_owned(), Value::Object(flow))]);
    scheme.insert("flows".to_owned(), Value::Object(flows));
    Value::Object(scheme)
}

fn into_object(node: Value) -> Map<String, Value> {
    match node {
        Value::Object(map) => map,
        _ => Map::new(),
    }
}
