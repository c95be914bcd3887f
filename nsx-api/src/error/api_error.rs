//! The error body of a manager, parsed leniently.
//!
//! The type does not come from the document, because it has to exist for every document, and
//! because managers deviate from it: `error_code` may be a string, and `error_data` an array. A
//! field of the wrong type must not discard the others.

use serde_json::{Map, Value};

use super::text::without_bom;

/// The manager's error body, which explains why a call failed.
///
/// Error bodies are always read as this type, even if the document defines another `ApiError` in
/// [`types`](crate::types). Fields that cannot be read are left out; the others are kept.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::http::Method;
/// # use nsx_api::mock::{Answer, Manager};
/// # let manager = Manager::start().await?;
/// # manager.respond_with(Answer::json(400, serde_json::json!({
/// #     "error_code": "258", "error_message": "Invalid group.",
/// #     "related_errors": [{"error_message": "The name is too long."}],
/// # })));
/// # let client = manager.client()?;
/// # let result = client.request(Method::GET, "/api/v1/ns-groups/7").send().await;
/// # let error = result.unwrap_err();
/// if let Some(said) = error.api_error() {
///     println!("{:?} {:?}", said.error_code, said.error_message);
///     for related in &said.related_errors {
///         println!("  {:?}", related.error_message);
///     }
/// }
/// # assert_eq!(error.error_code(), Some(258));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ApiError {
    /// The manager's error code. Some managers send it as a string.
    pub error_code: Option<i64>,
    /// What went wrong, in the manager's words.
    pub error_message: Option<String>,
    /// Further details.
    pub details: Option<String>,
    /// The part of the manager that reported the error.
    pub module_name: Option<String>,
    /// Data about the error: an object according to the document, an array from older managers.
    pub error_data: Option<Value>,
    /// Related errors.
    pub related_errors: Vec<ApiError>,
}

impl ApiError {
    /// Parses a body; `None` if it is not an error of a manager.
    pub(crate) fn from_body(body: &[u8]) -> Option<Self> {
        match serde_json::from_slice(without_bom(body)).ok()? {
            Value::Object(fields) => Self::from_fields(fields),
            _ => None,
        }
    }

    fn from_fields(mut fields: Map<String, Value>) -> Option<Self> {
        let error = Self {
            error_code: fields.get("error_code").and_then(integer),
            error_message: fields.remove("error_message").and_then(into_string),
            details: fields.remove("details").and_then(into_string),
            module_name: fields.remove("module_name").and_then(into_string),
            error_data: fields.remove("error_data").filter(|data| !data.is_null()),
            related_errors: fields
                .remove("related_errors")
                .map_or_else(Vec::new, related_errors),
        };
        (error != Self::default()).then_some(error)
    }

    /// Applies `change` to all texts, and to the text of all numbers. A number that changes becomes
    /// a string. An error code that changes is dropped.
    pub(crate) fn map_texts(mut self, change: &impl Fn(String) -> String) -> Self {
        self.error_code = self.error_code.filter(|code| {
            let code = code.to_string();
            change(code.clone()) == code
        });
        self.error_message = self.error_message.map(change);
        self.details = self.details.map(change);
        self.module_name = self.module_name.map(change);
        self.error_data = self.error_data.map(|data| map_data(data, change));
        self.related_errors = self
            .related_errors
            .into_iter()
            .map(|error| error.map_texts(change))
            .collect();
        self
    }
}

fn integer(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or_else(|| value.as_str()?.trim().parse().ok())
}

fn into_string(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn related_errors(value: Value) -> Vec<ApiError> {
    let Value::Array(errors) = value else {
        return Vec::new();
    };
    errors
        .into_iter()
        .filter_map(|error| match error {
            Value::Object(fields) => ApiError::from_fields(fields),
            _ => None,
        })
        .collect()
}

fn map_data(data: Value, change: &impl Fn(String) -> String) -> Value {
    match data {
        Value::String(text) => Value::String(change(text)),
        Value::Array(values) => values.into_iter().map(|v| map_data(v, change)).collect(),
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (change(name), map_data(value, change)))
            .collect(),
        Value::Number(number) => {
            let written = number.to_string();
            match change(written.clone()) {
                same if same == written => Value::Number(number),
                changed => Value::String(changed),
            }
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(body: Value) -> Option<ApiError> {
        ApiError::from_body(body.to_string().as_bytes())
    }

    #[test]
    fn an_error_code_is_read_as_a_number_or_a_string() {
        for (code, expected) in [
            (json!(403), Some(403)),
            (json!("403"), Some(403)),
            (json!(" 102 "), Some(102)),
            (json!(-1), Some(-1)),
            (json!(9_223_372_036_854_775_807_i64), Some(i64::MAX)),
            (json!(1.5), None),
            (json!("AUTH"), None),
            (json!(null), None),
            (json!([403]), None),
            (json!("99999999999999999999"), None),
        ] {
            let error = read(json!({ "error_code": code, "error_message": "m" })).unwrap();
            assert_eq!(error.error_code, expected, "{code}");
            assert_eq!(error.error_message.as_deref(), Some("m"));
        }
    }

    #[test]
    fn an_error_field_of_the_wrong_type_does_not_discard_the_others() {
        let whole = json!({ "error_code": 1, "error_message": "m", "details": "d", "module_name": "n", "error_data": {}, "related_errors": [] });
        for name in [
            "error_code",
            "error_message",
            "details",
            "module_name",
            "related_errors",
        ] {
            let mut body = whole.clone();
            body[name] = json!({ "wrong": true });
            let error = read(body).unwrap();
            let kept = [
                error.error_code.is_some(),
                error.error_message.is_some(),
                error.details.is_some(),
                error.module_name.is_some(),
            ];
            let lost = kept.iter().filter(|kept| !**kept).count();
            assert_eq!(lost, usize::from(name != "related_errors"), "{name}");
        }
    }

    #[test]
    fn related_errors_nest_and_error_data_takes_any_form() {
        let error = read(json!({
            "error_data": ["a", 1],
            "related_errors": [
                { "httpStatus": "BAD_REQUEST", "error_message": "inner", "related_errors": [{ "error_code": "7" }] },
                "no error",
                {},
            ],
        }))
        .unwrap();
        assert_eq!(error.error_data, Some(json!(["a", 1])));
        assert_eq!(error.related_errors.len(), 1);
        assert_eq!(
            error.related_errors[0].related_errors[0].error_code,
            Some(7)
        );
    }

    #[test]
    fn a_body_that_is_not_an_error_of_a_manager_is_ignored() {
        for body in [
            "",
            "null",
            "[]",
            "{}",
            "\"x\"",
            "<html>",
            "{\"error_code\":",
            "{\"other\":1}",
        ] {
            assert_eq!(ApiError::from_body(body.as_bytes()), None, "{body}");
        }
        let deep = format!("{}1{}", "[".repeat(5000), "]".repeat(5000));
        assert_eq!(ApiError::from_body(deep.as_bytes()), None);
    }

    #[test]
    fn a_byte_order_mark_before_an_error_body_is_ignored() {
        let error = ApiError::from_body(b"\xEF\xBB\xBF{\"error_code\":1}").unwrap();
        assert_eq!(error.error_code, Some(1));
    }

    #[test]
    fn all_texts_of_an_error_body_are_masked() {
        let error = read(json!({
            "error_message": "pw", "details": "pw", "module_name": "pw",
            "error_data": { "pw": ["pw", { "a": "pw" }] }, "related_errors": [{ "details": "pw" }],
        }))
        .unwrap()
        .map_texts(&|text| text.replace("pw", "•"));
        assert!(!format!("{error:?}").contains("pw"), "{error:?}");
    }

    #[test]
    fn a_masked_number_becomes_a_text_and_a_masked_error_code_is_dropped() {
        let error = read(json!({ "error_code": 84736251, "error_data": [84736251, 7, 1.5] }));
        let error = error
            .unwrap()
            .map_texts(&|text| text.replace("84736251", "•••"));
        assert_eq!(error.error_code, None);
        assert_eq!(error.error_data, Some(json!(["•••", 7, 1.5])));
    }
}
