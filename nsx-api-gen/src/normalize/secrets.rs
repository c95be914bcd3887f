//! `secrets`: a string property with the name of a secret gets `format: password`, so that `Debug`
//! does not print it. NSX documents never say which values are secret.
//!
//! The rule is conservative: the last words of the name decide, and `token` alone is one only if
//! its description is not about pages. `x-secret` in the property decides instead, if it is there.

use heck::ToSnakeCase;
use serde_json::{Map, Value, json};

use crate::document::change::Change;
use crate::document::{for_each_schema_at, join};

const PASS: &str = "secrets";

/// The extension that says whether a property is a secret.
pub(crate) const X_SECRET: &str = "x-secret";

/// The last words of the names of secrets.
const NAMES: [&str; 19] = [
    "access_token",
    "api_token",
    "auth_token",
    "bearer_token",
    "csrf_token",
    "id_token",
    "passphrase",
    "passwd",
    "password",
    "pre_shared_key",
    "preshared_key",
    "private_key",
    "psk",
    "refresh_token",
    "registration_token",
    "secret",
    "secret_key",
    "session_token",
    "xsrf_token",
];

/// Marks the properties that are secrets.
pub(crate) fn mark_secrets(root: &mut Value, changes: &mut Vec<Change>) {
    for_each_schema_at(root, &mut |at, schema| {
        let Some(Value::Object(properties)) = schema.get_mut("properties") else {
            return;
        };
        for (name, property) in properties {
            let Some(property) = property.as_object_mut() else {
                continue;
            };
            let Some(reason) = reason(name, property) else {
                continue;
            };
            property.insert("format".to_owned(), json!("password"));
            let pointer = join(&format!("{at}/properties"), name);
            changes.push(Change::of_document(PASS, pointer, reason));
        }
    });
}

/// Why a property is a secret that is not marked as one; `None` if it is not.
fn reason(name: &str, property: &Map<String, Value>) -> Option<&'static str> {
    let is_text = property.get("type").and_then(Value::as_str) == Some("string");
    let is_plain = !["format", "enum"]
        .iter()
        .any(|key| property.contains_key(*key));
    if !is_text || !is_plain {
        return None;
    }
    match property.get(X_SECRET).and_then(Value::as_bool) {
        Some(true) => Some("is a secret, as `x-secret` says"),
        Some(false) => None,
        None => is_secret_name(name, property).then_some(
            "is taken for a secret because of its name; `x-secret: false` prevents that",
        ),
    }
}

fn is_secret_name(name: &str, property: &Map<String, Value>) -> bool {
    let words = name.to_snake_case();
    let ends_with = |ending: &str| {
        let before = words.strip_suffix(ending);
        before.is_some_and(|before| before.is_empty() || before.ends_with('_'))
    };
    let about = ["title", "description"].map(|key| property.get(key).and_then(Value::as_str));
    let about = about
        .map(Option::unwrap_or_default)
        .join(" ")
        .to_lowercase();
    // A URL, an id or a name of a secret ends with another word.
    NAMES.iter().any(|ending| ends_with(ending))
        || (words == "token" && !about.contains("page") && !about.contains("cursor"))
        || (words.ends_with("key_pem") && about.contains("private key"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::document::members;

    /// The properties that become secrets.
    fn marked(properties: Value) -> Vec<String> {
        let mut root = json!({"components": {"schemas": {"A": {"properties": properties}}}});
        let mut changes = Vec::new();
        mark_secrets(&mut root, &mut changes);
        let properties = root.pointer("/components/schemas/A/properties");
        let secrets = members(properties).filter(|(_, one)| one["format"] == "password");
        let secrets: Vec<String> = secrets.map(|(name, _)| name.clone()).collect();
        assert_eq!(secrets.len(), changes.len());
        // The second time, nothing is left to do.
        mark_secrets(&mut root, &mut changes);
        assert_eq!(secrets.len(), changes.len());
        secrets
    }

    #[test]
    fn a_text_with_the_name_of_a_secret_becomes_one() {
        for name in [
            "password",
            "old_password",
            "adminPassword",
            "Passphrase",
            "psk",
            "private_key",
            "rsaPrivateKey",
            "SharedSecret",
            "client_secret",
            "secret_key",
            "token",
            "accessToken",
            "registration-token",
        ] {
            let text = json!({"type": "string", "description": "D", "maxLength": 9});
            assert_eq!(marked(json!({name: text})), [name]);
        }
        let pem =
            json!({"tls_key_pem": {"type": "string", "description": "Private key of the client"}});
        assert_eq!(marked(pem), ["tls_key_pem"]);
    }

    #[test]
    fn a_property_that_only_mentions_a_secret_stays() {
        for name in [
            "password_expiry",
            "password_change_frequency",
            "token_type",
            "token_endpoint",
            "secret_name",
            "secretId",
            "public_key",
            "key",
            "page_token",
            "next_token",
            "allocation_token",
            "key_pem",
            "thumbprint",
            "license_key",
            "passwordless",
            "secretary",
            "mypsk",
        ] {
            let none: [&str; 0] = [];
            assert_eq!(marked(json!({name: {"type": "string"}})), none, "{name}");
        }
        for property in [
            json!({"type": "boolean"}),
            json!({"type": "string", "enum": ["NONE", "MD5"]}),
            json!({"type": "string", "format": "uri"}),
            json!({"type": "array", "items": {"type": "string"}}),
            json!({"$ref": "#/components/schemas/B"}),
            json!({"type": "string", "x-secret": false}),
        ] {
            assert_eq!(
                marked(json!({"password": property})),
                [] as [&str; 0],
                "{property}"
            );
        }
        let page =
            json!({"token": {"type": "string", "description": "The token of the next page."}});
        assert_eq!(marked(page), [] as [&str; 0]);
    }

    #[test]
    fn x_secret_marks_a_property_with_any_name() {
        let properties = json!({"community": {"type": "string", "x-secret": true}, "n": {"type": "integer", "x-secret": true}});
        assert_eq!(marked(properties), ["community"]);
    }
}
