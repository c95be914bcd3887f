//! Checks the credentials of a call: accepts it, or refuses it like a real manager.
//!
//! Pure functions: the sessions, the tokens and the time are parameters.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, COOKIE};
use tokio::time::Instant;

use super::answer::Answer;
use super::login::login_form;
use super::recorded::{RecordedRequest, single_header};
use super::sessions::{SessionError, Sessions, has_session_cookie};

/// The accepted user and the rules for credentials. They do not change after the start.
pub(super) struct AuthPolicy {
    pub(super) username: String,
    pub(super) password: String,
    pub(super) rules: AuthRules,
}

/// The rules for credentials.
#[derive(Clone, Copy, Debug)]
pub(super) struct AuthRules {
    pub(super) basic_auth: bool,
    pub(super) behind_gateway: bool,
    pub(super) accept_anyone: bool,
}

impl AuthRules {
    pub(super) fn allows_basic_auth(self) -> bool {
        self.basic_auth && !self.behind_gateway
    }
}

/// The sessions and tokens that are valid now.
pub(super) struct AuthState {
    pub(super) sessions: Sessions,
    pub(super) bearer_tokens: HashSet<String>,
}

impl AuthState {
    pub(super) fn new(session_timeout: Duration) -> Self {
        Self {
            sessions: Sessions::new(session_timeout),
            bearer_tokens: HashSet::new(),
        }
    }
}

/// The error response to a call whose credentials are refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct AuthRefusal {
    status: u16,
    code: i64,
    message: &'static str,
}

impl AuthRefusal {
    /// The credentials are correct, but the operation is forbidden.
    pub(super) const FORBIDDEN: Self = Self {
        status: 403,
        code: 289,
        message: "The user does not have permission to perform this operation.",
    };
    const XSRF_TOKEN: Self = Self {
        status: 403,
        code: 98,
        message: "The XSRF token of the session is missing or wrong.",
    };
}

impl From<AuthRefusal> for Answer {
    fn from(refused: AuthRefusal) -> Self {
        Self::generated_error(refused.status, refused.code, refused.message)
    }
}

impl AuthPolicy {
    /// Checks the credentials of a call.
    pub(super) fn authenticate(
        &self,
        auth_state: &mut AuthState,
        call: &RecordedRequest,
        now: Instant,
    ) -> Result<(), AuthRefusal> {
        if self.rules.accept_anyone {
            return Ok(());
        }
        if has_session_cookie(&call.headers) {
            return self.session(auth_state, call, now).map(drop);
        }
        let uses_headers =
            call.headers.contains_key(AUTHORIZATION) || call.headers.contains_key(COOKIE);
        let is_accepted = match uses_headers {
            true => self.accepts_authorization(auth_state, call),
            false => call.client_certificate.is_some(),
        };
        is_accepted.then_some(()).ok_or(self.invalid_credentials())
    }

    /// The session of a call. An `Authorization` header is ignored: some clients always send one in
    /// addition, to log in again when the session has expired.
    pub(super) fn session(
        &self,
        auth_state: &mut AuthState,
        call: &RecordedRequest,
        now: Instant,
    ) -> Result<String, AuthRefusal> {
        let session = auth_state.sessions.find(&call.headers, now);
        session.map_err(|error| match error {
            SessionError::Unknown => self.invalid_credentials(),
            SessionError::WrongXsrfToken => AuthRefusal::XSRF_TOKEN,
        })
    }

    /// Checks the user name and the password of a login.
    pub(super) fn check_login(&self, call: &RecordedRequest) -> Result<(), AuthRefusal> {
        let (username, password) = login_form(call).ok_or(self.invalid_credentials())?;
        let is_correct =
            username == self.username.as_bytes() && password == self.password.as_bytes();
        is_correct.then_some(()).ok_or(self.invalid_credentials())
    }

    fn accepts_authorization(&self, auth_state: &AuthState, call: &RecordedRequest) -> bool {
        let header = single_header(&call.headers, AUTHORIZATION.as_str());
        let Some((scheme, value)) = header.and_then(|header| header.split_once(' ')) else {
            return false;
        };
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => self.rules.allows_basic_auth() && self.is_user_and_password(value),
            "remote" => self.is_user_and_password(value),
            "bearer" => auth_state.bearer_tokens.contains(value),
            _ => false,
        }
    }

    fn is_user_and_password(&self, encoded: &str) -> bool {
        encoded == STANDARD.encode(format!("{}:{}", self.username, self.password))
    }

    /// The credentials are wrong or missing.
    fn invalid_credentials(&self) -> AuthRefusal {
        let status = if self.rules.behind_gateway { 401 } else { 403 };
        AuthRefusal {
            status,
            code: status.into(),
            message: "The credentials were incorrect or the account specified has been locked.",
        }
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    const DEFAULT: AuthRules = AuthRules {
        basic_auth: true,
        behind_gateway: false,
        accept_anyone: false,
    };
    // admin:p+:ü
    const ADMIN: &str = "YWRtaW46cCs6w7w=";

    fn policy(rules: AuthRules) -> AuthPolicy {
        AuthPolicy {
            username: "admin".to_owned(),
            password: "p+:ü".to_owned(),
            rules,
        }
    }

    fn call(headers: &[(&str, &str)], certificate: bool) -> RecordedRequest {
        let mut request = http::Request::get("/");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let (head, ()) = request.body(()).unwrap().into_parts();
        let certificate = certificate.then(|| Bytes::from_static(b"DER"));
        RecordedRequest::new(&head, Bytes::new(), certificate, None)
    }

    /// The status and error code of the refusal, or 200.
    fn outcome(rules: AuthRules, headers: &[(&str, &str)], certificate: bool) -> (u16, i64) {
        let (mut auth_state, now) = (AuthState::new(Duration::from_secs(1)), Instant::now());
        auth_state.bearer_tokens.insert("a.b.c".to_owned());
        let session = auth_state.sessions.create(now).unwrap();
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| {
                let value = value.replace("<basic>", &format!("Basic {ADMIN}"));
                let value = value.replace("<session>", &format!("JSESSIONID={}", session.id));
                (*name, value.replace("<xsrf>", &session.xsrf_token))
            })
            .collect();
        let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        match policy(rules).authenticate(&mut auth_state, &call(&headers, certificate), now) {
            Ok(()) => (200, 0),
            Err(refused) => (refused.status, refused.code),
        }
    }

    #[test]
    fn mock_manager_checks_basic_bearer_session_and_certificate_credentials() {
        let remote = format!("Remote {ADMIN}");
        let basic = ("authorization", "<basic>");
        let session = ("cookie", "<session>");
        let xsrf = ("x-xsrf-token", "<xsrf>");
        let no_basic = AuthRules {
            basic_auth: false,
            ..DEFAULT
        };
        let gateway = AuthRules {
            behind_gateway: true,
            ..DEFAULT
        };
        let anyone = AuthRules {
            accept_anyone: true,
            ..DEFAULT
        };
        let (ok, invalid, wrong_xsrf) = ((200, 0), (403, 403), (403, 98));
        for (rules, headers, certificate, expected) in [
            (DEFAULT, &[basic][..], false, ok),
            (no_basic, &[basic], false, invalid),
            (gateway, &[basic], false, (401, 401)),
            (DEFAULT, &[basic, basic], false, invalid),
            (DEFAULT, &[("authorization", &remote)], false, ok),
            (no_basic, &[("authorization", &remote)], false, ok),
            (gateway, &[("authorization", &remote)], false, ok),
            (DEFAULT, &[("authorization", ADMIN)], false, invalid),
            (DEFAULT, &[("authorization", "Remote x")], false, invalid),
            (DEFAULT, &[("authorization", "Bearer a.b.c")], false, ok),
            (gateway, &[("authorization", "bEARER a.b.c")], false, ok),
            (DEFAULT, &[("authorization", "Bearer a.b")], false, invalid),
            (DEFAULT, &[("authorization", "Basic a.b.c")], false, invalid),
            (DEFAULT, &[session, xsrf], false, ok),
            (no_basic, &[session, xsrf], false, ok),
            (gateway, &[session, xsrf], false, ok),
            (DEFAULT, &[session], false, wrong_xsrf),
            (
                gateway,
                &[session, ("x-xsrf-token", "x")],
                false,
                wrong_xsrf,
            ),
            (DEFAULT, &[("cookie", "JSESSIONID=x"), xsrf], false, invalid),
            (
                gateway,
                &[("cookie", "JSESSIONID=x"), xsrf],
                false,
                (401, 401),
            ),
            (DEFAULT, &[session, xsrf, basic], false, ok),
            (no_basic, &[session, xsrf, basic], false, ok),
            (DEFAULT, &[session, basic], false, wrong_xsrf),
            (DEFAULT, &[("cookie", "JSESSIONID=x"), basic], true, invalid),
            (DEFAULT, &[("cookie", "lb=1"), basic], false, ok),
            (DEFAULT, &[xsrf], false, invalid),
            (DEFAULT, &[], false, invalid),
            (gateway, &[], false, (401, 401)),
            (DEFAULT, &[], true, ok),
            (no_basic, &[("accept", "*/*")], true, ok),
            (DEFAULT, &[("authorization", "")], true, invalid),
            (DEFAULT, &[("authorization", "Bearer x")], true, invalid),
            (DEFAULT, &[("cookie", "lb=1")], true, invalid),
            (DEFAULT, &[session], true, wrong_xsrf),
            (DEFAULT, &[session, xsrf], true, ok),
            (anyone, &[], false, ok),
            (anyone, &[session, basic], false, ok),
        ] {
            assert_eq!(
                outcome(rules, headers, certificate),
                expected,
                "{rules:?} {headers:?} {certificate}"
            );
        }
    }
}
