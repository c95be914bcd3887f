//! HTTP Basic (RFC 7617): user and password on every call.

use std::fmt;
use std::future::ready;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, HeaderValue, header};

use super::{Authenticate, Waiting};
use crate::path::append_pair;
use crate::{Error, Secret};

/// A shorter password would be found in every text.
const SHORTEST_MASKED: usize = 4;

/// The credentials, encoded once.
pub(crate) struct Basic {
    header: HeaderValue,
    /// All the forms that an echo may have.
    secrets: Vec<Secret>,
}

impl Basic {
    /// Encodes a user and a password, or says why they cannot be.
    pub(crate) fn new(user: &str, password: &Secret) -> Result<Self, String> {
        if user.is_empty() {
            return Err("the user name is empty".into());
        }
        if user.contains(':') {
            return Err("the user name has a colon in it, which HTTP Basic cannot carry".into());
        }
        if user
            .chars()
            .chain(password.expose_secret().chars())
            .any(char::is_control)
        {
            return Err("the user name or the password has a control character in it".into());
        }
        let token = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        let mut header =
            HeaderValue::from_str(&format!("Basic {token}")).map_err(|e| e.to_string())?;
        header.set_sensitive(true);
        Ok(Self {
            header,
            secrets: forms(token, password),
        })
    }
}

/// The encoded credentials, and the password as it is, within JSON, within a URL, and within HTML.
fn forms(token: String, password: &Secret) -> Vec<Secret> {
    let plain = password.expose_secret();
    let json = serde_json::Value::from(plain).to_string();
    let json = json
        .strip_prefix('"')
        .and_then(|json| json.strip_suffix('"'));
    let mut url = String::new();
    append_pair(&mut url, "", plain);
    let url = url.trim_start_matches('=');
    let mut forms = vec![
        token,
        plain.to_owned(),
        json.unwrap_or_default().to_owned(),
        url.to_owned(),
        lower_case_escapes(url),
        html(plain, "&quot;", "&#39;"),
        html(plain, "&#34;", "&#x27;"),
    ];
    forms.retain(|form| form.len() >= SHORTEST_MASKED);
    forms.sort_unstable();
    forms.dedup();
    forms.into_iter().map(Secret::from).collect()
}

/// `%2f` for `%2F`.
fn lower_case_escapes(url: &str) -> String {
    let mut digits = 0;
    url.chars()
        .map(|character| match character {
            '%' => {
                digits = 2;
                character
            }
            _ if digits > 0 => {
                digits -= 1;
                character.to_ascii_lowercase()
            }
            _ => character,
        })
        .collect()
}

/// Escaped for HTML, with these for the two quotes, which there is more than one way to write.
fn html(text: &str, quote: &str, apostrophe: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', quote)
        .replace('\'', apostrophe)
}

impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Basic")
    }
}

impl Authenticate for Basic {
    fn apply<'a>(&'a self, headers: &'a mut HeaderMap) -> Waiting<'a, Result<(), Error>> {
        headers.insert(header::AUTHORIZATION, self.header.clone());
        Box::pin(ready(Ok(())))
    }

    fn mask(&self, text: String) -> String {
        self.secrets
            .iter()
            .map(Secret::expose_secret)
            .fold(text, |text, secret| text.replace(secret, "•••"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_is_encoded_and_sensitive() {
        for (user, password, value) in [
            (
                "Aladdin",
                "open sesame",
                "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
            ),
            ("test", "123\u{A3}", "Basic dGVzdDoxMjPCow=="),
            ("admin", "", "Basic YWRtaW46"),
            ("admin", "a:b+c%", "Basic YWRtaW46YTpiK2Ml"),
        ] {
            let basic = Basic::new(user, &password.into()).unwrap();
            assert_eq!(basic.header.to_str().unwrap(), value);
            assert_eq!(format!("{:?} {basic:?}", basic.header), "Sensitive Basic");
        }
    }

    #[test]
    fn credentials_that_cannot_be_carried_are_refused_without_being_shown() {
        for (user, password) in [
            ("", "SECRET"),
            ("a:b", "SECRET"),
            ("a\n", "SECRET"),
            ("a", "SECRET\n"),
            ("a", "SECRET\0"),
        ] {
            let reason = Basic::new(user, &password.into()).unwrap_err();
            assert!(!reason.contains("SECRET"), "{reason}");
        }
    }

    #[test]
    fn an_echo_of_the_credentials_is_masked_in_every_form() {
        let basic = Basic::new("admin", &r#"=VM"ware\1+!"#.into()).unwrap();
        let echo = r#"Basic YWRtaW46PVZNIndhcmVcMSsh plain =VM"ware\1+! JSON =VM\"ware\\1+! URL %3DVM%22ware%5C1%2B%21"#;
        assert_eq!(
            basic.mask(echo.to_owned()),
            "Basic ••• plain ••• JSON ••• URL •••"
        );
        let basic = Basic::new("admin", &r#"<a>&"b"/'c'"#.into()).unwrap();
        for echo in [
            "&lt;a&gt;&amp;&quot;b&quot;/&#39;c&#39;",
            "&lt;a&gt;&amp;&#34;b&#34;/&#x27;c&#x27;",
            "%3Ca%3E%26%22b%22%2F%27c%27",
            "%3ca%3e%26%22b%22%2f%27c%27",
        ] {
            assert_eq!(basic.mask(format!("a {echo}.")), "a •••.");
        }
        let short = Basic::new("admin", &"a".into()).unwrap();
        assert_eq!(short.mask("a".to_owned()), "a");
    }
}
