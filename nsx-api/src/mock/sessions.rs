//! The sessions of a stand-in: created, looked up by the headers of a call, idle for too long, ended.
//!
//! No clock of its own: the time is handed in.

use std::collections::HashMap;
use std::io;
use std::time::Duration;

use http::HeaderMap;
use http::header::COOKIE;
use tokio::time::Instant;

use super::recorded::only;
use super::render::random_text;

/// The cookie that holds a session's id.
pub(super) const SESSION_COOKIE: &str = "JSESSIONID";
/// The header that has to come with it.
pub(super) const XSRF_TOKEN: &str = "x-xsrf-token";

pub(super) struct Sessions {
    live: HashMap<String, Session>,
    timeout: Duration,
    created: usize,
}

struct Session {
    xsrf_token: String,
    used: Instant,
}

/// A session as its owner knows it.
pub(super) struct Created {
    pub(super) id: String,
    pub(super) xsrf_token: String,
}

/// Why the headers of a call are not those of a session.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoSession {
    /// There is no such session, or none any more.
    Unknown,
    /// The session is there, the XSRF token is missing or wrong.
    WrongXsrfToken,
}

impl Sessions {
    /// None yet. One that is not used for the time-out ends.
    pub(super) fn new(timeout: Duration) -> Self {
        Self {
            live: HashMap::new(),
            timeout,
            created: 0,
        }
    }

    pub(super) fn create(&mut self, now: Instant) -> io::Result<Created> {
        let (id, xsrf_token) = (random_text()?, random_text()?);
        let session = Session {
            xsrf_token: xsrf_token.clone(),
            used: now,
        };
        self.live.insert(id.clone(), session);
        self.created += 1;
        Ok(Created { id, xsrf_token })
    }

    /// The session that a call's headers belong to, which is thereby used.
    pub(super) fn find(&mut self, headers: &HeaderMap, now: Instant) -> Result<String, NoSession> {
        self.forget_idle(now);
        let id = ids(headers)
            .find(|id| self.live.contains_key(*id))
            .ok_or(NoSession::Unknown)?;
        let session = self.live.get_mut(id).ok_or(NoSession::Unknown)?;
        if only(headers, XSRF_TOKEN) != Some(session.xsrf_token.as_str()) {
            return Err(NoSession::WrongXsrfToken);
        }
        session.used = now;
        Ok(id.to_owned())
    }

    pub(super) fn end(&mut self, id: &str) {
        self.live.remove(id);
    }

    pub(super) fn end_all(&mut self) {
        self.live.clear();
    }

    /// How many there are.
    pub(super) fn live(&mut self, now: Instant) -> usize {
        self.forget_idle(now);
        self.live.len()
    }

    /// How many there have ever been.
    pub(super) fn created(&self) -> usize {
        self.created
    }

    fn forget_idle(&mut self, now: Instant) {
        let timeout = self.timeout;
        self.live
            .retain(|_, session| now.saturating_duration_since(session.used) < timeout);
    }
}

/// Whether a call claims to belong to a session.
pub(super) fn has_cookie(headers: &HeaderMap) -> bool {
    ids(headers).next().is_some()
}

/// The ids of sessions among the cookies, of which there may be several in one header, and over
/// HTTP/2 several headers.
fn ids(headers: &HeaderMap) -> impl Iterator<Item = &str> {
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
    fn a_session_is_found_among_the_cookies_and_with_its_own_token_only() {
        let mut sessions = Sessions::new(TIMEOUT);
        let now = Instant::now();
        let Created { id, xsrf_token } = sessions.create(now).unwrap();
        let other = sessions.create(now).unwrap();
        let (right, token) = (format!("JSESSIONID={id}"), xsrf_token.as_str());
        let stale = "JSESSIONID=stale".to_owned();
        for (cookies, tokens, expected) in [
            (vec![right.clone()], &[token][..], Ok(())),
            (vec![format!("a=1; {right};b=2")], &[token], Ok(())),
            (vec!["a=1".to_owned(), right.clone()], &[token], Ok(())),
            (vec![format!("{stale}; {right}")], &[token], Ok(())),
            (vec![right.clone()], &[], Err(NoSession::WrongXsrfToken)),
            (vec![right.clone()], &[""], Err(NoSession::WrongXsrfToken)),
            (
                vec![right.clone()],
                &[&other.xsrf_token],
                Err(NoSession::WrongXsrfToken),
            ),
            (
                vec![right.clone()],
                &[token, token],
                Err(NoSession::WrongXsrfToken),
            ),
            (vec![stale], &[token], Err(NoSession::Unknown)),
            (
                vec![format!("jsessionid={id}")],
                &[token],
                Err(NoSession::Unknown),
            ),
            (vec![], &[token], Err(NoSession::Unknown)),
        ] {
            let shown = format!("{cookies:?} {tokens:?}");
            let found = sessions.find(&headers(&cookies, tokens), now);
            assert_eq!(found, expected.map(|()| id.clone()), "{shown}");
        }
    }

    #[test]
    fn only_a_use_with_the_right_token_prolongs_a_session() {
        let mut sessions = Sessions::new(TIMEOUT);
        let start = Instant::now();
        let Created { id, xsrf_token } = sessions.create(start).unwrap();
        let right = headers(&[format!("JSESSIONID={id}")], &[&xsrf_token]);
        let wrong = headers(&[format!("JSESSIONID={id}")], &[]);
        let nearly = TIMEOUT - Duration::from_millis(1);
        assert!(sessions.find(&right, start + nearly).is_ok());
        assert!(sessions.find(&right, start + 2 * nearly).is_ok());
        assert!(sessions.find(&wrong, start + 3 * nearly).is_err());
        assert_eq!(sessions.live(start + 2 * nearly), 1);
        assert_eq!(
            sessions.find(&right, start + 2 * nearly + TIMEOUT),
            Err(NoSession::Unknown)
        );
        assert_eq!((sessions.live(start), sessions.created()), (0, 1));
    }
}
