//! Whose calls are answered: from the headers of a call and the certificate of its connection to a
//! yes, or to the refusal that a manager would send.
//!
//! Pure: what is known (sessions, tokens) and the time are handed in.

use std::collections::HashSet;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, COOKIE};
use tokio::time::Instant;

use super::answer::Answer;
use super::login::user_and_password;
use super::recorded::{RecordedRequest, only};
use super::sessions::{NoSession, Sessions, has_cookie};

/// What stays as it was when the stand-in started: its user, and how that user may come in.
pub(super) struct Policy {
    pub(super) username: String,
    pub(super) password: String,
    pub(super) rules: Rules,
}

/// How a user may come in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) basic_auth: bool,
    pub(super) behind_gateway: bool,
    pub(super) anyone: bool,
}

impl Rules {
    pub(super) fn takes_basic_auth(self) -> bool {
        self.basic_auth && !self.behind_gateway
    }
}

/// What comes and goes.
pub(super) struct Granted {
    pub(super) sessions: Sessions,
    pub(super) bearer_tokens: HashSet<String>,
}

impl Granted {
    pub(super) fn new(session_timeout: Duration) -> Self {
        Self {
            sessions: Sessions::new(session_timeout),
            bearer_tokens: HashSet::new(),
        }
    }
}

/// A call that is not answered, and what its caller is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refused {
    status: u16,
    code: i64,
    message: &'static str,
}

impl Refused {
    /// The user is known and may not do this.
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

impl From<Refused> for Answer {
    fn from(refused: Refused) -> Self {
        Self::refusal(refused.status, refused.code, refused.message)
    }
}

impl Policy {
    /// Whether a call is answered.
    pub(super) fn check(
        &self,
        granted: &mut Granted,
        call: &RecordedRequest,
        now: Instant,
    ) -> Result<(), Refused> {
        if self.rules.anyone {
            return Ok(());
        }
        if has_cookie(&call.headers) {
            return self.session(granted, call, now).map(drop);
        }
        let by_headers =
            call.headers.contains_key(AUTHORIZATION) || call.headers.contains_key(COOKIE);
        let right = match by_headers {
            true => self.authorizes(granted, call),
            false => call.client_certificate.is_some(),
        };
        right.then_some(()).ok_or(self.unknown())
    }

    /// The session that a call belongs to. It alone counts: clients that log in again when they are told that it has ended
    /// have an `Authorization` header beside it.
    pub(super) fn session(
        &self,
        granted: &mut Granted,
        call: &RecordedRequest,
        now: Instant,
    ) -> Result<String, Refused> {
        let session = granted.sessions.find(&call.headers, now);
        session.map_err(|why| match why {
            NoSession::Unknown => self.unknown(),
            NoSession::WrongXsrfToken => Refused::XSRF_TOKEN,
        })
    }

    /// Whether a login has the right user and password.
    pub(super) fn login(&self, call: &RecordedRequest) -> Result<(), Refused> {
        let (username, password) = user_and_password(call).ok_or(self.unknown())?;
        let right = username == self.username.as_bytes() && password == self.password.as_bytes();
        right.then_some(()).ok_or(self.unknown())
    }

    fn authorizes(&self, granted: &Granted, call: &RecordedRequest) -> bool {
        let given = only(&call.headers, AUTHORIZATION.as_str());
        let Some((scheme, value)) = given.and_then(|given| given.split_once(' ')) else {
            return false;
        };
        match scheme.to_ascii_lowercase().as_str() {
            "basic" => self.rules.takes_basic_auth() && self.is_user(value),
            "remote" => self.is_user(value),
            "bearer" => granted.bearer_tokens.contains(value),
            _ => false,
        }
    }

    fn is_user(&self, encoded: &str) -> bool {
        encoded == STANDARD.encode(format!("{}:{}", self.username, self.password))
    }

    /// Nobody is known by these credentials, or there are none.
    fn unknown(&self) -> Refused {
        let status = if self.rules.behind_gateway { 401 } else { 403 };
        Refused {
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

    const USUAL: Rules = Rules {
        basic_auth: true,
        behind_gateway: false,
        anyone: false,
    };
    // admin:p+:ü
    const ADMIN: &str = "YWRtaW46cCs6w7w=";

    fn policy(rules: Rules) -> Policy {
        Policy {
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

    /// Status and code of the refusal, or 200.
    fn outcome(rules: Rules, headers: &[(&str, &str)], certificate: bool) -> (u16, i64) {
        let (mut granted, now) = (Granted::new(Duration::from_secs(1)), Instant::now());
        granted.bearer_tokens.insert("a.b.c".to_owned());
        let session = granted.sessions.create(now).unwrap();
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| {
                let value = value.replace("<basic>", &format!("Basic {ADMIN}"));
                let value = value.replace("<session>", &format!("JSESSIONID={}", session.id));
                (*name, value.replace("<xsrf>", &session.xsrf_token))
            })
            .collect();
        let headers: Vec<_> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        match policy(rules).check(&mut granted, &call(&headers, certificate), now) {
            Ok(()) => (200, 0),
            Err(refused) => (refused.status, refused.code),
        }
    }

    #[test]
    fn each_scheme_has_its_own_rules() {
        let remote = format!("Remote {ADMIN}");
        let basic = ("authorization", "<basic>");
        let session = ("cookie", "<session>");
        let xsrf = ("x-xsrf-token", "<xsrf>");
        let no_basic = Rules {
            basic_auth: false,
            ..USUAL
        };
        let gateway = Rules {
            behind_gateway: true,
            ..USUAL
        };
        let anyone = Rules {
            anyone: true,
            ..USUAL
        };
        let (fine, unknown, xsrf_wrong) = ((200, 0), (403, 403), (403, 98));
        for (rules, headers, certificate, expected) in [
            (USUAL, &[basic][..], false, fine),
            (no_basic, &[basic], false, unknown),
            (gateway, &[basic], false, (401, 401)),
            (USUAL, &[basic, basic], false, unknown),
            (USUAL, &[("authorization", &remote)], false, fine),
            (no_basic, &[("authorization", &remote)], false, fine),
            (gateway, &[("authorization", &remote)], false, fine),
            (USUAL, &[("authorization", ADMIN)], false, unknown),
            (USUAL, &[("authorization", "Remote x")], false, unknown),
            (USUAL, &[("authorization", "Bearer a.b.c")], false, fine),
            (gateway, &[("authorization", "bEARER a.b.c")], false, fine),
            (USUAL, &[("authorization", "Bearer a.b")], false, unknown),
            (USUAL, &[("authorization", "Basic a.b.c")], false, unknown),
            (USUAL, &[session, xsrf], false, fine),
            (no_basic, &[session, xsrf], false, fine),
            (gateway, &[session, xsrf], false, fine),
            (USUAL, &[session], false, xsrf_wrong),
            (
                gateway,
                &[session, ("x-xsrf-token", "x")],
                false,
                xsrf_wrong,
            ),
            (USUAL, &[("cookie", "JSESSIONID=x"), xsrf], false, unknown),
            (
                gateway,
                &[("cookie", "JSESSIONID=x"), xsrf],
                false,
                (401, 401),
            ),
            (USUAL, &[session, xsrf, basic], false, fine),
            (no_basic, &[session, xsrf, basic], false, fine),
            (USUAL, &[session, basic], false, xsrf_wrong),
            (USUAL, &[("cookie", "JSESSIONID=x"), basic], true, unknown),
            (USUAL, &[("cookie", "lb=1"), basic], false, fine),
            (USUAL, &[xsrf], false, unknown),
            (USUAL, &[], false, unknown),
            (gateway, &[], false, (401, 401)),
            (USUAL, &[], true, fine),
            (no_basic, &[("accept", "*/*")], true, fine),
            (USUAL, &[("authorization", "")], true, unknown),
            (USUAL, &[("authorization", "Bearer x")], true, unknown),
            (USUAL, &[("cookie", "lb=1")], true, unknown),
            (USUAL, &[session], true, xsrf_wrong),
            (USUAL, &[session, xsrf], true, fine),
            (anyone, &[], false, fine),
            (anyone, &[session, basic], false, fine),
        ] {
            assert_eq!(
                outcome(rules, headers, certificate),
                expected,
                "{rules:?} {headers:?} {certificate}"
            );
        }
    }
}
