//! Sessions of an NSX Manager: one login with user name and password, then a cookie and an XSRF
//! token.

use std::time::{Duration, SystemTime};

use http::{HeaderMap, Method, header};
use zeroize::Zeroizing;

use crate::credentials::Credentials;
use crate::credentials::encode_form;
use crate::scheme::auth_context::AuthContext;
use crate::scheme::authenticate::{Authenticate, BoxError};
use crate::{CallOptions, Secret};

const CREATE: &str = "/api/session/create";
const DESTROY: &str = "/api/session/destroy";
/// The session cookie.
const COOKIE: &str = "JSESSIONID";
const XSRF: &str = "x-xsrf-token";
/// The default of a manager.
const IDLE_TIMEOUT: Duration = Duration::from_secs(1800);
/// The maximum number and total length of cookies: a gateway may set others besides the session
/// cookie.
const MAX_COOKIES: usize = 16;
const MAX_COOKIE_BYTES: usize = 4096;

/// A session of an NSX Manager: the scheme to use with a user name and password.
///
/// The first call logs in to the manager with `POST /api/session/create`. All calls then send the
/// session cookie and the `X-XSRF-TOKEN` header. Each manager of a cluster has its own session.
///
/// The client creates a new session when the old one has been idle for almost its timeout, or when
/// the manager no longer knows it. Concurrent calls share one login.
/// [`Client::close`](crate::Client::close) ends the session.
///
/// ```
/// # #[cfg(not(feature = "mock"))]
/// # fn main() {}
/// # #[cfg(feature = "mock")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use nsx_api::mock::Manager;
/// # let manager = Manager::builder().credentials("admin", "VMware1!VMware1!").start().await?;
/// # manager.on("GET /api/v1/node/version", |_| 200);
/// # let (address, ca) = (manager.url(), manager.ca_pem());
/// use nsx_api::Client;
/// use nsx_api::auth::Session;
///
/// let client = Client::builder(address)
///     .auth(Session::new("admin", "VMware1!VMware1!"))
/// #     .ca_pem(ca)
///     .build()?;
/// # use nsx_api::http::Method;
/// # client.request(Method::GET, "/api/v1/node/version").send().await?;
/// # assert_eq!(manager.logins(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Session {
    user: String,
    password: Secret,
    idle_timeout: Duration,
}

impl Session {
    /// Takes the user name and password. All characters are allowed.
    pub fn new(user: impl Into<String>, password: impl Into<Secret>) -> Self {
        Self {
            user: user.into(),
            password: password.into(),
            idle_timeout: IDLE_TIMEOUT,
        }
    }

    /// Sets the idle timeout that is configured on the manager. 30 minutes by default, which is the
    /// manager's default.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Reads the session from the response to a login.
    pub(crate) fn parse_response(&self, headers: &HeaderMap) -> Result<Credentials, String> {
        match session(headers) {
            Some(credentials) => Ok(credentials.idle_timeout(self.idle_timeout)),
            None => Err(no_session_reason(headers)),
        }
    }

    fn form(&self) -> Zeroizing<String> {
        let password = self.password.expose_secret();
        encode_form(&[("j_username", &self.user), ("j_password", password)])
    }
}

impl Authenticate for Session {
    async fn authenticate(&self, context: &AuthContext) -> Result<Credentials, BoxError> {
        let response = context
            .request(Method::POST, CREATE)
            .secret_form(self.form())
            .send()
            .await?;
        Ok(self.parse_response(response.headers())?)
    }

    async fn revoke(
        &self,
        context: &AuthContext,
        credentials: &Credentials,
    ) -> Result<(), BoxError> {
        context
            .with(CallOptions::new().max_retries(0))
            .request(Method::POST, DESTROY)
            .named("logout")
            .credentials(credentials)
            .send()
            .await?;
        Ok(())
    }

    fn is_per_manager(&self) -> bool {
        true
    }

    fn check(&self) -> Result<(), BoxError> {
        if self.user.is_empty() {
            return Err("the user name is empty".into());
        }
        match self.idle_timeout.is_zero() {
            true => Err("the idle timeout of the session is zero".into()),
            false => Ok(()),
        }
    }

    fn secrets(&self) -> Vec<Secret> {
        vec![self.password.clone()]
    }
}

/// Reads the session from the response to a login.
///
/// All cookies are returned to the manager, because a gateway may use its own to route requests to
/// the same node. Some managers send no XSRF token.
fn session(headers: &HeaderMap) -> Option<Credentials> {
    let cookies = cookies(headers);
    cookies.iter().find(|(name, _)| *name == COOKIE)?;
    let lengths = cookies.iter().map(|(name, value)| name.len() + value.len());
    if cookies.len() > MAX_COOKIES || lengths.sum::<usize>() > MAX_COOKIE_BYTES {
        return None;
    }
    let credentials = cookies
        .into_iter()
        .fold(Credentials::new(), |credentials, (name, value)| {
            credentials.cookie(name, value)
        });
    let token = headers.get(XSRF).and_then(|token| token.to_str().ok());
    match token.filter(|token| token.len() <= MAX_COOKIE_BYTES) {
        Some(token) => Some(credentials.header(XSRF, token)),
        None => Some(credentials),
    }
}

/// The cookies that the response sets, with the last value of each. Empty and expired cookies are
/// left out.
fn cookies(headers: &HeaderMap) -> Vec<(&str, &str)> {
    let mut cookies: Vec<(&str, &str)> = Vec::new();
    for line in headers.get_all(header::SET_COOKIE) {
        let Some((name, value, attributes)) = line.to_str().ok().and_then(parse_cookie) else {
            continue;
        };
        cookies.retain(|(other, _)| *other != name);
        if !value.is_empty() && !has_expired(attributes) {
            cookies.push((name, value));
        }
    }
    cookies
}

/// Splits a cookie into name, value and attributes.
fn parse_cookie(line: &str) -> Option<(&str, &str, &str)> {
    let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
    let (name, value) = pair.split_once('=')?;
    let name = name.trim();
    (!name.is_empty()).then_some((name, value.trim(), attributes))
}

fn has_expired(attributes: &str) -> bool {
    let mut attributes = attributes
        .split(';')
        .filter_map(|attribute| attribute.split_once('='));
    attributes.any(
        |(name, value)| match name.trim().to_ascii_lowercase().as_str() {
            "max-age" => value.trim().parse::<i64>().is_ok_and(|age| age <= 0),
            // Some servers write the date with hyphens.
            "expires" => httpdate::parse_http_date(&value.trim().replace('-', " "))
                .is_ok_and(|date| date <= SystemTime::now()),
            _ => false,
        },
    )
}

/// Explains why a successful response contains no usable session. The caller masks and truncates
/// the text.
fn no_session_reason(headers: &HeaderMap) -> String {
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next());
    let media_type = match media_type {
        Some(media_type) => format!(" (content-type: {media_type})"),
        None => String::new(),
    };
    let many = match headers.get_all(header::SET_COOKIE).iter().count() > MAX_COOKIES {
        true => ", or too many others",
        false => "",
    };
    format!("the login response sets no cookie {COOKIE}{many}{media_type}: is this an NSX Manager?")
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn answer(cookies: &[&str], xsrf: Option<&str>) -> HeaderMap {
        let cookies = cookies.iter().map(|cookie| (header::SET_COOKIE, *cookie));
        let xsrf = xsrf.map(|token| (header::HeaderName::from_static(XSRF), token));
        let mut headers = HeaderMap::new();
        for (name, value) in cookies.chain(xsrf) {
            headers.append(name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn a_session_cookie_is_found_among_other_cookies() {
        for (cookies, xsrf, sent) in [
            (
                &["JSESSIONID=A1; Path=/; Secure; HttpOnly"][..],
                Some("x"),
                Some("JSESSIONID=A1"),
            ),
            (&["JSESSIONID=A1"], None, Some("JSESSIONID=A1")),
            (
                &[
                    "lb=node-2; Path=/",
                    "JSESSIONID=A1; Secure",
                    "gone=; Max-Age=0",
                    "old=1; max-age=-1",
                ],
                Some("x"),
                Some("lb=node-2; JSESSIONID=A1"),
            ),
            (
                &["JSESSIONID=old", "JSESSIONID=new"],
                Some("x"),
                Some("JSESSIONID=new"),
            ),
            (
                &[" JSESSIONID = A1 ; Path=/"],
                Some("x"),
                Some("JSESSIONID=A1"),
            ),
            (&["JSESSIONID=a=b=="], Some("x"), Some("JSESSIONID=a=b==")),
            (&["JSESSIONID="], Some("x"), None),
            (
                &["JSESSIONID=A1", "JSESSIONID=; Max-Age=0"],
                Some("x"),
                None,
            ),
            (&["JSESSIONID"], Some("x"), None),
            (&["other=A1"], Some("x"), None),
            (
                &["JSESSIONID=deleted; Expires=Thu, 01-Jan-1970 00:00:00 GMT; Path=/"],
                Some("x"),
                None,
            ),
            (
                &["JSESSIONID=A1; Expires=Thu, 01 Jan 1970 00:00:00 GMT"],
                Some("x"),
                None,
            ),
            (
                &["JSESSIONID=A1; Expires=Fri, 31 Dec 9999 23:59:59 GMT"],
                Some("x"),
                Some("JSESSIONID=A1"),
            ),
            (&[], Some("x"), None),
        ] {
            let mut call = HeaderMap::new();
            let found = session(&answer(cookies, xsrf)).map(|credentials| {
                credentials.validated().unwrap().apply(&mut call);
                (call.get("cookie").unwrap().clone(), call.get(XSRF).cloned())
            });
            let expected = sent.map(|sent| {
                let header = |text: &str| HeaderValue::from_str(text).unwrap();
                (header(sent), xsrf.map(header))
            });
            assert_eq!(found, expected, "{cookies:?}");
        }
    }

    #[test]
    fn too_many_cookies_are_no_session() {
        let many: Vec<String> = (0..17).map(|number| format!("c{number}=x")).collect();
        let long = format!("long={}", "x".repeat(MAX_COOKIE_BYTES));
        for others in [many, vec![long]] {
            let mut cookies: Vec<&str> = others.iter().map(String::as_str).collect();
            cookies.push("JSESSIONID=A1");
            assert!(session(&answer(&cookies, None)).is_none());
        }
    }

    #[test]
    fn a_too_long_xsrf_token_is_left_out() {
        for (length, is_sent) in [(MAX_COOKIE_BYTES, true), (MAX_COOKIE_BYTES + 1, false)] {
            let headers = answer(&["JSESSIONID=A1"], Some(&"x".repeat(length)));
            let credentials = session(&headers).unwrap().validated().unwrap();
            let mut call = HeaderMap::new();
            credentials.apply(&mut call);
            assert_eq!(call.contains_key(XSRF), is_sent, "{length}");
            assert!(call.contains_key(header::COOKIE));
        }
    }

    #[test]
    fn the_session_login_form_encodes_all_characters() {
        let form = Session::new("ann&co", "a+b %&=\"'ü").form();
        assert_eq!(
            *form,
            "j_username=ann%26co&j_password=a%2Bb%20%25%26%3D%22%27%C3%BC"
        );
    }

    proptest! {
        #[test]
        fn no_answer_panics(
            cookies in vec(vec(any::<u8>(), 0..40), 0..20), xsrf in vec(any::<u8>(), 0..40),
        ) {
            let mut headers = HeaderMap::new();
            for cookie in cookies {
                if let Ok(value) = HeaderValue::from_bytes(&cookie) {
                    headers.append(header::SET_COOKIE, value);
                }
            }
            if let Ok(value) = HeaderValue::from_bytes(&xsrf) {
                headers.insert(XSRF, value);
            }
            let _ = session(&headers).map(Credentials::validated);
        }
    }
}
