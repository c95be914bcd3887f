//! Credentials: the headers that authenticate a call, and their lifetime.

pub(crate) mod credential_cache;
pub(crate) mod refusal_backoff;
pub(crate) mod source;

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use tokio::time::Instant;
use zeroize::Zeroizing;

use crate::Secret;
use crate::encode::path::append_pair;
use crate::encode::value;

/// The headers that authenticate a call, and their lifetime. An
/// [`Authenticate`](crate::auth::Authenticate) scheme returns them.
///
/// An invalid value, such as a token with a line break, does not fail here. The call fails instead,
/// and its error names the reason.
///
/// ```
/// use std::time::Duration;
/// use nsx_api::auth::Credentials;
///
/// let token = Credentials::bearer("eyJhbGciOi").expires_in(Duration::from_secs(1800));
/// let gateway = Credentials::new().header("X-Api-Key", "7d1c0f");
/// assert_eq!(format!("{gateway:?}"), r#"Credentials(["x-api-key"])"#);
/// # let _ = token;
/// ```
#[derive(Clone, Default)]
#[must_use = "credentials do nothing until they are returned to the client"]
pub struct Credentials {
    headers: HeaderMap,
    /// The values to mask when a manager echoes them.
    secrets: Vec<Secret>,
    /// When they expire, and when a refresh is due.
    expiry: Option<(Instant, Instant)>,
    idle_timeout: Option<Duration>,
    deferred_error: Option<String>,
}

impl Credentials {
    /// Creates credentials without headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates credentials with `Authorization: Bearer …`.
    pub fn bearer(token: impl Into<Secret>) -> Self {
        Self::new().authorization("Bearer", token.into())
    }

    /// Creates credentials with `Authorization: Basic …`: user name and password as UTF-8, in
    /// base64.
    pub fn basic(user: &str, password: &Secret) -> Self {
        Self::user_and_password("Basic", user, password)
    }

    /// `Authorization: Basic …` or `Remote …`, which differ in that word only.
    pub(crate) fn user_and_password(scheme: &str, user: &str, password: &Secret) -> Self {
        let pair = Zeroizing::new(format!("{user}:{}", password.expose_secret()));
        let mut credentials =
            Self::new().authorization(scheme, STANDARD.encode(pair.as_bytes()).into());
        credentials.secrets.push(password.clone());
        if let Err(deferred_error) = check_user_and_password(user, password) {
            credentials.deferred_error = Some(deferred_error);
        }
        credentials
    }

    /// Adds a header. A second header of the same name replaces the first. Headers that belong to
    /// the connection, such as `Host` and `Content-Length`, are not allowed.
    pub fn header(self, name: &str, value: impl Into<Secret>) -> Self {
        let value = value.into();
        match HeaderName::from_bytes(name.as_bytes()) {
            Ok(name) if value::is_connection_header(&name) => self.with_error(&format!(
                "the header {name} belongs to the connection and cannot carry credentials"
            )),
            Ok(name) => self.set_secret_header(
                name,
                Zeroizing::new(value.expose_secret().to_owned()),
                value,
            ),
            Err(_) => self.with_error("a header name of the credentials is not valid"),
        }
    }

    /// Adds a cookie. All cookies are sent in one header.
    pub fn cookie(self, name: &str, value: impl Into<Secret>) -> Self {
        let value = value.into();
        let is_of_cookie = |character: char| character.is_ascii_graphic() && character != ';';
        if name.is_empty()
            || !name.chars().all(|c| is_of_cookie(c) && c != '=')
            || !value.expose_secret().chars().all(is_of_cookie)
        {
            return self.with_error(
                "the name or the value of a cookie contains a character that is not allowed",
            );
        }
        let before = self
            .headers
            .get(header::COOKIE)
            .and_then(|cookies| cookies.to_str().ok())
            .unwrap_or_default();
        let separator = if before.is_empty() { "" } else { "; " };
        let cookies = Zeroizing::new(format!(
            "{before}{separator}{name}={}",
            value.expose_secret()
        ));
        self.set_secret_header(header::COOKIE, cookies, value)
    }

    /// Sets how long the credentials are valid, from now. By default, they are valid until a
    /// manager refuses them.
    ///
    /// The client refreshes them one minute before they expire. If the lifetime is less than four
    /// minutes, it refreshes them after three quarters of it.
    pub fn expires_in(mut self, lifetime: Duration) -> Self {
        let expires = Instant::now().checked_add(lifetime);
        self.expiry = expires.map(|expires| {
            let refresh_at = expires.checked_sub(refresh_margin(lifetime));
            (expires, refresh_at.unwrap_or(expires))
        });
        self
    }

    /// Sets how long the credentials stay valid while they are not used. This is how sessions
    /// expire.
    ///
    /// The client refreshes them before a call if they have been idle for all but the last minute
    /// of this time, or for three quarters of it if it is less than four minutes.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = Some(timeout);
        self
    }

    fn authorization(self, scheme: &str, token: Secret) -> Self {
        let value = Zeroizing::new(format!("{scheme} {}", token.expose_secret()));
        self.set_secret_header(header::AUTHORIZATION, value, token)
    }

    fn set_secret_header(
        mut self,
        name: HeaderName,
        value: Zeroizing<String>,
        secret: Secret,
    ) -> Self {
        self.secrets.push(secret);
        match sensitive_value(value).and_then(|value| {
            self.headers.try_insert(&name, value).ok()?;
            Some(())
        }) {
            Some(()) => self,
            None => self.with_error(&format!(
                "the credentials cannot be sent: the value of {name} is not one line of printable ASCII"
            )),
        }
    }

    /// Keeps the first error.
    fn with_error(mut self, error: &str) -> Self {
        self.deferred_error.get_or_insert_with(|| error.to_owned());
        self
    }

    /// Returns the error of an invalid header, if there is one.
    pub(crate) fn validated(self) -> Result<Self, String> {
        match self.deferred_error {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    pub(super) fn has_same_headers_as(&self, other: &Self) -> bool {
        self.headers == other.headers
    }

    /// Sets the headers on a request, and replaces those of the same names.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.insert(name, value.clone());
        }
    }

    pub(crate) fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// When they expire, and when a refresh is due.
    pub(super) fn expiry(&self) -> Option<(Instant, Instant)> {
        self.expiry
    }

    /// How long they can be unused before they count as expired.
    pub(super) fn max_idle(&self) -> Option<Duration> {
        let timeout = self.idle_timeout?;
        Some(timeout.saturating_sub(refresh_margin(timeout)))
    }
}

/// How long before the end of a lifetime a refresh is due.
fn refresh_margin(time: Duration) -> Duration {
    (time / 4).min(Duration::from_secs(60))
}

/// Makes a header value that `Debug` hides, and that is wiped from memory with its last copy.
fn sensitive_value(value: Zeroizing<String>) -> Option<HeaderValue> {
    if !value.is_ascii() {
        return None;
    }
    let bytes = Bytes::from_owner(Wiped(value));
    let mut value = HeaderValue::from_maybe_shared(bytes).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Text as bytes that are wiped from memory on drop.
pub(crate) struct Wiped(pub(crate) Zeroizing<String>);

impl AsRef<[u8]> for Wiped {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}

/// Encodes a form. The buffer has its full size from the start, because a buffer that grows leaves
/// copies of its content in memory.
pub(crate) fn encode_form(pairs: &[(&str, &str)]) -> Zeroizing<String> {
    let lengths = pairs
        .iter()
        .map(|(name, value)| 3 * (name.len() + value.len()) + 2);
    let mut form = Zeroizing::new(String::with_capacity(lengths.sum()));
    for (name, value) in pairs {
        append_pair(&mut form, name, value);
    }
    form
}

/// Checks the rules of RFC 7617.
pub(crate) fn check_user_and_password(user: &str, password: &Secret) -> Result<(), String> {
    if user.is_empty() {
        return Err("the user name is empty".into());
    }
    if user.contains(':') {
        return Err("the user name contains a colon, which HTTP Basic does not allow".into());
    }
    let mut characters = user.chars().chain(password.expose_secret().chars());
    if characters.any(char::is_control) {
        return Err("the user name or the password contains a control character".into());
    }
    Ok(())
}

/// Shows the names of the headers only.
impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_tuple("Credentials").field(&names).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header<'a>(credentials: &'a Credentials, name: &str) -> &'a HeaderValue {
        &credentials.headers[name]
    }

    #[test]
    fn basic_auth_headers_are_encoded_and_sensitive() {
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
            let credentials = Credentials::basic(user, &password.into());
            assert_eq!(header(&credentials, "authorization"), value);
            assert!(header(&credentials, "authorization").is_sensitive());
            assert!(credentials.validated().is_ok());
        }
    }

    #[test]
    fn the_error_of_invalid_credentials_does_not_show_them() {
        for credentials in [
            Credentials::basic("", &"SECRET".into()),
            Credentials::basic("a:b", &"SECRET".into()),
            Credentials::basic("a\n", &"SECRET".into()),
            Credentials::basic("a", &"SECRET\n".into()),
            Credentials::basic("a", &"SECRET\0".into()),
            Credentials::bearer("SECRET\nX: y"),
            Credentials::bearer("SECRETü"),
            Credentials::new().header("a b", "SECRET"),
            Credentials::new().cookie("a", "SECRET\r\n"),
            Credentials::new().cookie("a", "SECRET; b=c"),
            Credentials::new().cookie("a;b", "SECRET"),
            Credentials::new().cookie("", "SECRET"),
            Credentials::new().header("Content-Length", "SECRET"),
            Credentials::new().header("host", "SECRET"),
        ] {
            let shown = format!("{credentials:?}");
            let error = credentials.validated().unwrap_err();
            assert!(!format!("{shown} {error}").contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn cookies_share_one_header_and_a_second_header_value_replaces_the_first() {
        let credentials = Credentials::new()
            .cookie("JSESSIONID", "1")
            .cookie("lb", "2")
            .header("x-xsrf-token", "old")
            .header("X-XSRF-TOKEN", "new");
        assert_eq!(header(&credentials, "cookie"), "JSESSIONID=1; lb=2");
        assert_eq!(header(&credentials, "x-xsrf-token"), "new");
        let mut headers = HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_static("old"))]);
        credentials.apply(&mut headers);
        assert_eq!(headers["cookie"], "JSESSIONID=1; lb=2");
        assert_eq!(headers.len(), 2);
    }

    #[test]
    fn a_refresh_is_due_a_minute_or_a_quarter_of_the_lifetime_before_expiry() {
        for (lifetime, early) in [(3600, 60), (240, 60), (100, 25), (0, 0)] {
            let credentials = Credentials::new().expires_in(Duration::from_secs(lifetime));
            let (expires, refresh_at) = credentials.expiry().unwrap();
            assert_eq!(
                expires - refresh_at,
                Duration::from_secs(early),
                "{lifetime}"
            );
        }
        let session = Credentials::new().idle_timeout(Duration::from_secs(1800));
        assert_eq!(session.max_idle(), Some(Duration::from_secs(1740)));
        assert_eq!(session.expiry(), None);
        assert_eq!(Credentials::new().expires_in(Duration::MAX).expiry(), None);
    }
}
