//! The sessions of a mock manager, which expire when they are idle.
//!
//! There is no clock here: the time is a parameter.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use http::HeaderMap;
use http::header::COOKIE;
use tokio::time::Instant;

use super::random::random_hex;
use super::recorded::single_header;

/// The cookie with the id of a session.
pub(super) const SESSION_COOKIE: &str = "JSESSIONID";
/// The header that must accompany the cookie.
pub(super) const XSRF_TOKEN: &str = "x-xsrf-token";

pub(super) struct Sessions {
    live: HashMap<String, Session>,
    timeout: Duration,
    created: usize,
}

struct Session {
    xsrf_token: String,
    last_used: Instant,
}

/// A new session, as sent to the client.
pub(super) struct NewSession {
    pub(super) id: String,
    pub(super) xsrf_token: String,
}

/// Why a call has no valid session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SessionError {
    /// The session does not exist or has expired.
    Unknown,
    /// The session exists, but the XSRF token is missing or wrong.
    WrongXsrfToken,
}

impl Sessions {
    /// No sessions yet. A session expires when it has been idle for `timeout`.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            live: HashMap::new(),
            timeout,
            created: 0,
        }
    }

    pub(super) fn create(&mut self, now: Instant) -> io::Result<NewSession> {
        let (id, xsrf_token) = (random_hex()?, random_hex()?);
        let session = Session {
            xsrf_token: xsrf_token.clone(),
            last_used: now,
        };
        self.live.insert(id.clone(), session);
        self.created += 1;
        Ok(NewSession { id, xsrf_token })
    }

    /// Finds the session of a call, and records that it was used.
    pub(super) fn find(
        &mut self,
        headers: &HeaderMap,
        now: Instant,
    ) -> Result<String, SessionError> {
        self.remove_idle(now);
        let id = session_ids(headers)
            .find(|id| self.live.contains_key(*id))
            .ok_or(SessionError::Unknown)?;
        let session = self.live.get_mut(id).ok_or(SessionError::Unknown)?;
        if single_header(headers, XSRF_TOKEN) != Some(session.xsrf_token.as_str()) {
            return Err(SessionError::WrongXsrfToken);
        }
        session.last_used = now;
        Ok(id.to_owned())
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.live.remove(id);
    }

    pub(super) fn remove_all(&mut self) {
        self.live.clear();
    }

    /// The number of live sessions.
    pub(super) fn live_count(&mut self, now: Instant) -> usize {
        self.remove_idle(now);
        self.live.len()
    }

    /// The number of sessions created so far.
    pub(super) fn created_count(&self) -> usize {
        self.created
    }

    fn remove_idle(&mut self, now: Instant) {
        let timeout = self.timeout;
        self.live
            .retain(|_, session| now.saturating_duration_since(session.last_used) < timeout);
    }
}

/// Whether a call has a session cookie, valid or not.
pub(super) fn has_session_cookie(headers: &HeaderMap) -> bool {
    session_ids(headers).next().is_some()
}

/// The session ids among the cookies. A header may contain several cookies, and over HTTP/2 there
/// may be several headers.
fn session_ids(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let headers = headers.get_all(COOKIE).into_iter();
    headers
        .filter_map(|cookies| cookies.to_str().ok())
        .flat_map(|cookies| cookies.split(';'))
        .filter_map(|cookie| cookie.trim().split_once('='))
        .filter_map(|(name, value)| (name == SESSION_COOKIE).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(1800);

    fn headers(cookies: &[String], xsrf_tokens: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(COOKIE, cookie.parse().unwrap());
        }
        for token in xsrf_tokens {
            headers.append(XSRF_TOKEN, token.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_mock_session_is_found_by_its_cookie_and_xsrf_token() {
        let mut sessions = Sessions::new(TIMEOUT);
        let now = Instant::now();
        let NewSession { id, xsrf_token } = sessions.create(now).unwrap();
        let other = sessions.create(now).unwrap();
        let (right, token) = (format!("JSESSIONID={id}"), xsrf_token.as_str());
        let stale = "JSESSIONID=stale".to_owned();
        for (cookies, tokens, expected) in [
            (vec![right.clone()], &[token][..], Ok(())),
            (vec![format!("a=1; {right};b=2")], &[token], Ok(())),
            (vec!["a=1".to_owned(), right.clone()], &[token], Ok(())),
            (vec![format!("{stale}; {right}")], &[token], Ok(())),
            (vec![right.clone()], &[], Err(SessionError::WrongXsrfToken)),
            (
                vec![right.clone()],
                &[""],
                Err(SessionError::WrongXsrfToken),
            ),
            (
                vec![right.clone()],
                &[&other.xsrf_token],
                Err(SessionError::WrongXsrfToken),
            ),
            (
                vec![right.clone()],
                &[token, token],
                Err(SessionError::WrongXsrfToken),
            ),
            (vec![stale], &[token], Err(SessionError::Unknown)),
            (
                vec![format!("jsessionid={id}")],
                &[token],
                Err(SessionError::Unknown),
            ),
            (vec![], &[token], Err(SessionError::Unknown)),
        ] {
            let shown = format!("{cookies:?} {tokens:?}");
            let found = sessions.find(&headers(&cookies, tokens), now);
            assert_eq!(found, expected.map(|()| id.clone()), "{shown}");
        }
    }

    #[test]
    fn only_calls_with_the_right_xsrf_token_extend_a_mock_session() {
        let mut sessions = Sessions::new(TIMEOUT);
        let start = Instant::now();
        let NewSession { id, xsrf_token } = sessions.create(start).unwrap();
        let right = headers(&[format!("JSESSIONID={id}")], &[&xsrf_token]);
        let wrong = headers(&[format!("JSESSIONID={id}")], &[]);
        let nearly = TIMEOUT - Duration::from_millis(1);
        assert!(sessions.find(&right, start + nearly).is_ok());
        assert!(sessions.find(&right, start + 2 * nearly).is_ok());
        assert!(sessions.find(&wrong, start + 3 * nearly).is_err());
        assert_eq!(sessions.live_count(start + 2 * nearly), 1);
        assert_eq!(
            sessions.find(&right, start + 2 * nearly + TIMEOUT),
            Err(SessionError::Unknown)
        );
        assert_eq!(
            (sessions.live_count(start), sessions.created_count()),
            (0, 1)
        );
    }
}
