//! Options of calls: time limits, retries, extra headers.

use std::fmt;
use std::time::Duration;

use http::{HeaderMap, HeaderName};

use crate::encode::value;

const DEADLINE: Duration = Duration::from_secs(300);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(60);
const MAX_RETRIES: u32 = 4;
/// Many times the largest page of a list.
const BODY_LIMIT: usize = 16 << 20;
const MIN_RETRY_DELAY: Duration = Duration::ZERO;
const MAX_RETRY_DELAY: Duration = Duration::from_secs(10);

/// Options of calls; each that is not set keeps the client's, or the default.
///
/// Given to [`Config::options`](crate::Config::options) they are the defaults of a client, given to
/// [`Client::with`](crate::Client::with) they are those of the calls made through it.
///
/// # Defaults
///
/// Why they are what they are is said in the [tour](crate#retries); other clients of managers have others:
///
/// | | here | Terraform provider | vmware-nsxlib |
/// | --- | --- | --- | --- |
/// | retries | 4 | 4 | 9 |
/// | waits | random, up to 250 ms, 500 ms … 10 s | random, up to 500 ms | random, 0.5 s doubling, up to 10 s |
/// | sent again | what was not begun, and if idempotent also what may have been: [the table](Self::max_retries) | 400, 409, 429, 500, 503, 504, no answer | 429, 503, 500 with the codes 98, 607, 610 |
/// | budget | a fifth of the calls, and ten a second | none | none |
/// | rate | found out from 429 and 503: [`Limits`](crate::Limits) | none | none; if switched on, from 1 a second: half with each 429 or 503, one more when a call waited, up to 100 |
/// | at once | 40 a manager | | 10 connections a manager |
/// | connection | [10 s](crate::Config::connect_timeout) | | 10 s |
/// | attempt | 60 s | | 180 s |
///
/// What ours bring, and what they cost, where a manager answers some requests 503: measured with the waits cut to 5 to 20 ms,
/// without limits, forty calls at a time.
///
/// | the manager fails | calls | succeed | requests |
/// | --- | --- | --- | --- |
/// | every tenth request | 10,000 | all | |
/// | five of ten | 5,000 | 61 % | 6,099 |
/// | all | 5,000 | none | 6,100 |
///
/// All clones of a client share one budget. It lets them send a fifth more requests than there are calls, ten more a second, and a
/// hundred that are there at the beginning, whatever the manager does. A call that goes to [another manager](crate::Config::manager)
/// does that once without the budget, as a retry or by a redirect, so there are at most two requests for each call beside it, and one more for
/// credentials that were renewed. When it is spent, calls end with the error
/// of their last attempt, which says so.
///
/// ```
/// use std::time::Duration;
/// use nsx_api::CallOptions;
///
/// let options = CallOptions::new()
///     .deadline(Duration::from_secs(20))
///     .max_retries(1)
///     .header("X-Allow-Overwrite", "true");
/// ```
#[derive(Clone, Default)]
#[must_use = "options do nothing until a client has them"]
pub struct CallOptions {
    deadline: Option<Duration>,
    attempt_timeout: Option<Duration>,
    max_retries: Option<u32>,
    min_retry_delay: Option<Duration>,
    max_retry_delay: Option<Duration>,
    retry_unavailable: Option<bool>,
    body_limit: Option<usize>,
    idempotent: Option<bool>,
    headers: HeaderMap,
    deferred_error: Option<String>,
}

impl CallOptions {
    /// No option set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How long a call may take with all its attempts and the waits between them. 5 minutes by default.
    ///
    /// For [`Request::stream`](crate::Request::stream) it holds up to the response's headers.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// How long one attempt may take, from the connection to the last byte of the body. 60 seconds by default, which
    /// is longer than the gateways before a manager usually give it.
    ///
    /// With several managers the first attempt of an idempotent call takes no more than half of the time until the deadline, where that
    /// is five seconds or more, unless this is set: the other half is for another manager, should this one hang. A login leaves the
    /// same half.
    ///
    /// For [`Request::stream`](crate::Request::stream) it holds up to the headers, and then for each piece of the body. What a
    /// client is built with also bounds its [connect time-out](crate::Config::connect_timeout).
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// How many attempts may follow a failed first one. 4 by default; 0 switches retries off.
    ///
    /// What a call met decides whether it is sent again:
    ///
    /// | | sent again |
    /// | --- | --- |
    /// | no connection: nobody listens, no address, no end of the handshake | always |
    /// | TLS failed | always; where one side does not trust the other's certificate only at another manager, and, where the manager said so when the request was sent, only if idempotent |
    /// | HTTP/2: the stream is refused, or a `GOAWAY` came before it | always |
    /// | 429 | always |
    /// | 503 with an `error_code`, so by the manager itself | always, unless [`retry_unavailable`](Self::retry_unavailable) says otherwise |
    /// | 500 with the code 99, to a client with a certificate: the manager does not know it yet | always |
    /// | any other 503, which may be a proxy's that has forwarded the request; 500, 502, 504 | if [idempotent](Self::idempotent) |
    /// | a time-out, a lost connection, half an answer | if idempotent |
    /// | anything else | never |
    ///
    /// A `Retry-After` of up to a minute is obeyed, if the deadline allows; for a longer one there is no retry, and the
    /// error says how long it is. One that cannot be read, or is over, asks for nothing. A body that is a stream is sent once.
    ///
    /// New credentials after 401 or 403, and redirects among managers, are no retries. When the login fails for the manager's sake,
    /// waiting for another one is.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = Some(retries);
        self
    }

    /// The shortest wait before a retry. None by default: the waits are random, so that calls that failed together do not
    /// come back together.
    pub fn min_retry_delay(mut self, delay: Duration) -> Self {
        self.min_retry_delay = Some(delay);
        self
    }

    /// The longest wait before a retry. 10 seconds by default. The longest possible wait doubles with each retry, from 250 ms up
    /// to this; a `Retry-After` comes on top. If it is below [`min_retry_delay`](Self::min_retry_delay), that one is used.
    pub fn max_retry_delay(mut self, delay: Duration) -> Self {
        self.max_retry_delay = Some(delay);
        self
    }

    /// Whether a 503 with a manager's `error_code` in it says that the call was not begun, so that any call is sent again after
    /// it. It does by default: a manager documents it for what it turns away because it is busy or starting. Without it only
    /// idempotent calls are sent again after a 503.
    pub fn retry_unavailable(mut self, retry: bool) -> Self {
        self.retry_unavailable = Some(retry);
        self
    }

    /// The largest body of a success that is held in memory, in bytes. 16 MiB by default. A larger one is
    /// [`ErrorKind::BodyTooLarge`](crate::ErrorKind::BodyTooLarge). Streams are not limited.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Whether the calls count as idempotent: sending them twice is the same as sending them once.
    ///
    /// By default the document says so, operation by operation ([`Operation::idempotent`](crate::Operation::idempotent)), and
    /// the method where it does not: GET, HEAD, PUT, DELETE and OPTIONS are, POST and PATCH are not.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Some(idempotent);
        self
    }

    /// A header for every call, `X-Allow-Overwrite` for one. A second value for a name replaces the first.
    ///
    /// Headers of authentication and of the connection are refused: the deferred_error comes back from
    /// [`Config::build`](crate::Config::build), or from the call.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        if let Err(reason) = value::set_header(&mut self.headers, name, value) {
            self.deferred_error.get_or_insert(reason);
        }
        self
    }

    /// Fills in the options that are not set from `defaults`.
    pub(crate) fn with_defaults(mut self, defaults: &Self) -> Self {
        self.deadline = self.deadline.or(defaults.deadline);
        self.attempt_timeout = self.attempt_timeout.or(defaults.attempt_timeout);
        self.max_retries = self.max_retries.or(defaults.max_retries);
        self.min_retry_delay = self.min_retry_delay.or(defaults.min_retry_delay);
        self.max_retry_delay = self.max_retry_delay.or(defaults.max_retry_delay);
        self.retry_unavailable = self.retry_unavailable.or(defaults.retry_unavailable);
        self.body_limit = self.body_limit.or(defaults.body_limit);
        self.idempotent = self.idempotent.or(defaults.idempotent);
        self.deferred_error = self
            .deferred_error
            .or_else(|| defaults.deferred_error.clone());
        if let Err(reason) = value::add_missing(&mut self.headers, &defaults.headers) {
            self.deferred_error.get_or_insert(reason);
        }
        self
    }

    pub(crate) fn effective_deadline(&self) -> Duration {
        self.deadline.unwrap_or(DEADLINE)
    }

    pub(crate) fn effective_attempt_timeout(&self) -> Duration {
        self.attempt_timeout.unwrap_or(ATTEMPT_TIMEOUT)
    }

    pub(crate) fn has_attempt_timeout(&self) -> bool {
        self.attempt_timeout.is_some()
    }

    pub(crate) fn effective_max_retries(&self) -> u32 {
        self.max_retries.unwrap_or(MAX_RETRIES)
    }

    /// The minimum and the maximum wait before a retry.
    pub(crate) fn effective_retry_delay(&self) -> (Duration, Duration) {
        (
            self.min_retry_delay.unwrap_or(MIN_RETRY_DELAY),
            self.max_retry_delay.unwrap_or(MAX_RETRY_DELAY),
        )
    }

    pub(crate) fn effective_retry_unavailable(&self) -> bool {
        self.retry_unavailable.unwrap_or(true)
    }

    pub(crate) fn effective_body_limit(&self) -> usize {
        self.body_limit.unwrap_or(BODY_LIMIT)
    }

    pub(crate) fn is_idempotent(&self, by_method: bool) -> bool {
        self.idempotent.unwrap_or(by_method)
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    pub(crate) fn deferred_error(&self) -> Option<&str> {
        self.deferred_error.as_deref()
    }
}

/// Shows the headers' names only.
impl fmt::Debug for CallOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.keys().map(HeaderName::as_str).collect();
        f.debug_struct("CallOptions")
            .field("deadline", &self.deadline)
            .field("attempt_timeout", &self.attempt_timeout)
            .field("max_retries", &self.max_retries)
            .field("min_retry_delay", &self.min_retry_delay)
            .field("max_retry_delay", &self.max_retry_delay)
            .field("retry_unavailable", &self.retry_unavailable)
            .field("body_limit", &self.body_limit)
            .field("idempotent", &self.idempotent)
            .field("headers", &headers)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn call_options_override_those_of_the_client() {
        let second = Duration::from_secs(1);
        let client = CallOptions::new()
            .deadline(second)
            .max_retries(9)
            .header("x-a", "client")
            .header("x-b", "client");
        let call = CallOptions::new()
            .max_retries(0)
            .idempotent(true)
            .header("X-A", "call")
            .with_defaults(&client);
        assert_eq!(call.effective_deadline(), second);
        assert_eq!(call.effective_attempt_timeout(), ATTEMPT_TIMEOUT);
        assert_eq!(call.effective_max_retries(), 0);
        assert!(call.is_idempotent(false));
        assert_eq!(call.headers().get("x-a").unwrap(), "call");
        assert_eq!(call.headers().get("x-b").unwrap(), "client");
        assert!(!client.is_idempotent(false));
    }

    #[test]
    fn debug_of_call_options_hides_header_values_and_an_invalid_header_is_reported() {
        let options = CallOptions::new()
            .header("x-key", "SECRET")
            .header("cookie", "SECRET")
            .header("x-a", "fine");
        assert!(!format!("{options:?}").contains("SECRET"));
        assert_eq!(
            options.deferred_error(),
            Some("the header cookie is not the caller's to set")
        );
    }
}
