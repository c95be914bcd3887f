//! Options of calls: timeouts, retries, and extra headers.

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

/// How calls are made: timeouts, retries, idempotency, and extra headers.
///
/// [`Config::options`](crate::Config::options) sets the options of a client,
/// [`Client::with`](crate::Client::with) those of some calls. An option that is not set has the
/// value of the client, or else the default.
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
///
/// # Defaults
///
/// The [crate guide](crate#retries) has the reasons. Other clients of NSX Manager have these:
///
/// | | this crate | Terraform provider | vmware-nsxlib |
/// | --- | --- | --- | --- |
/// | retries | 4 | 4 | 9 |
/// | backoff | random, up to 250 ms, 500 ms … 10 s | random, up to 500 ms | random, 0.5 s doubling, up to 10 s |
/// | retried | requests that were not processed; if idempotent also those that may have been ([all cases](Self::max_retries)) | 400, 409, 429, 500, 503, 504, no response | 429, 503, 500 with the codes 98, 607, 610 |
/// | retry budget | a fifth of the calls, plus 10 per second | none | none |
/// | calls per second | adapted to 429 and 503 responses ([`Limits`](crate::Limits)) | none | off; if enabled, from 1 per second: halved after each 429 or 503, one more after a call waited, up to 100 |
/// | concurrent calls | 40 per manager | | 10 connections per manager |
/// | connect timeout | [10 s](crate::Config::connect_timeout) | | 10 s |
/// | attempt timeout | 60 s | | 180 s |
///
/// # The retry budget
///
/// All clones of a client share one retry budget, so that retries cannot multiply the load on a
/// manager that fails. In any ten seconds there may be 100 retries, and another one for every five
/// calls of that time. When the budget is spent, a call ends with the error of its last attempt,
/// and the message says so.
///
/// Two kinds of requests do not use the budget. Each call may move once to [another
/// manager](crate::Config::manager), by a retry or a redirect, and it may be resent once after a
/// credential refresh. Besides its first attempt, a call therefore sends at most two requests
/// without the budget.
///
/// Measured against a manager that answers some requests with 503, with 40 concurrent calls,
/// without limits, and with the backoff reduced to 5 to 20 ms:
///
/// | share of 503 | calls | succeeded | requests |
/// | --- | --- | --- | --- |
/// | every tenth request | 10,000 | all | |
/// | half of the requests | 5,000 | 61 % | 6,099 |
/// | all requests | 5,000 | none | 6,100 |
#[derive(Clone, Default)]
#[must_use = "options do nothing until they are passed to a client"]
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
    /// Creates options without any option set.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets how long a call may take, with all its attempts and the delays between them. 5 minutes
    /// by default.
    ///
    /// For [`Request::stream`](crate::Request::stream), the deadline applies until the headers of
    /// the response have arrived.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// Sets how long one attempt may take, from the connection to the last byte of the body. 60
    /// seconds by default. Gateways in front of a manager usually time out earlier.
    ///
    /// For [`Request::stream`](crate::Request::stream), the timeout applies until the headers have
    /// arrived, and then to each piece of the body. The attempt timeout that a client is built with
    /// also limits its [connect timeout](crate::Config::connect_timeout).
    ///
    /// With several managers, the default is shorter for the first attempt of an idempotent call:
    /// half of the time until the deadline, if that is five seconds or more. If the manager hangs,
    /// the other half is left for another manager. Setting this option disables that. A login
    /// leaves the other half of the time in any case.
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = Some(timeout);
        self
    }

    /// Sets how many attempts may follow a failed first one. 4 by default; 0 disables retries.
    ///
    /// Whether a call is retried depends on how the attempt failed:
    ///
    /// | failure | retried |
    /// | --- | --- |
    /// | no connection: connection refused, DNS failure, handshake not completed | always |
    /// | TLS handshake failed | always |
    /// | one side does not trust the certificate of the other | only at another manager; if the manager reports that after the request was sent, also only if idempotent |
    /// | HTTP/2: the stream was refused, or the connection was closed (`GOAWAY`) before the request was processed | always |
    /// | 429 | always |
    /// | 503 with an `error_code`, which comes from the manager itself | always, unless [`retry_unavailable`](Self::retry_unavailable) is disabled |
    /// | 500 with the code 99, if the client has a certificate: the manager does not know the certificate yet | always |
    /// | 500, 502, 504, and 503 without an `error_code`, which may come from a proxy that forwarded the request | if [idempotent](Self::idempotent) |
    /// | timeout, lost connection, incomplete response | if idempotent |
    /// | anything else | never |
    ///
    /// A call whose body is a stream is never retried.
    ///
    /// A `Retry-After` of up to 60 seconds is obeyed, if the deadline allows it. A longer one fails
    /// the call; read it from [`Error::retry_after`](crate::Error::retry_after). An invalid
    /// `Retry-After`, or a date in the past, is ignored.
    ///
    /// A resend after a credential refresh (401, 403) or a redirect to another manager does not
    /// count as a retry. Waiting for another login, after one that failed because of the manager,
    /// does.
    pub fn max_retries(mut self, retries: u32) -> Self {
        self.max_retries = Some(retries);
        self
    }

    /// Sets the shortest delay before a retry. Zero by default: delays are random (full jitter), so
    /// that calls that failed together do not retry together.
    pub fn min_retry_delay(mut self, delay: Duration) -> Self {
        self.min_retry_delay = Some(delay);
        self
    }

    /// Sets the longest delay before a retry. 10 seconds by default.
    ///
    /// The delay is random, up to a limit that starts at 250 ms and doubles with each retry until
    /// it reaches this value. A `Retry-After` is added to it. If this is shorter than
    /// [`min_retry_delay`](Self::min_retry_delay), that value is used.
    pub fn max_retry_delay(mut self, delay: Duration) -> Self {
        self.max_retry_delay = Some(delay);
        self
    }

    /// Sets whether every call is retried after a 503 with an `error_code`. Enabled by default.
    ///
    /// A manager sends this response when it is busy or starting, and documents that it has not
    /// processed the request. If disabled, only idempotent calls are retried after a 503.
    pub fn retry_unavailable(mut self, retry: bool) -> Self {
        self.retry_unavailable = Some(retry);
        self
    }

    /// Sets the largest body of a 2xx response that is held in memory, in bytes. 16 MiB by default.
    ///
    /// A larger body fails the call with
    /// [`ErrorKind::BodyTooLarge`](crate::ErrorKind::BodyTooLarge).
    /// [Streams](crate::Request::stream) are not limited.
    pub fn body_limit(mut self, bytes: usize) -> Self {
        self.body_limit = Some(bytes);
        self
    }

    /// Sets whether calls are idempotent: safe to repeat, because sending them twice has the same
    /// effect as sending them once.
    ///
    /// By default, the document decides for each operation
    /// ([`Operation::idempotent`](crate::Operation::idempotent)). If it does not say, the method
    /// decides: GET, HEAD, PUT, DELETE and OPTIONS are idempotent, POST and PATCH are not.
    pub fn idempotent(mut self, idempotent: bool) -> Self {
        self.idempotent = Some(idempotent);
        self
    }

    /// Adds a header to every call, for example `X-Allow-Overwrite`. A second value for the same
    /// name replaces the first.
    ///
    /// # Errors
    ///
    /// Headers for authentication and for the connection are not allowed. With one of them,
    /// [`Config::build`](crate::Config::build) fails, or the call if the options were set with
    /// [`Client::with`](crate::Client::with).
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
            Some("the header cookie cannot be set by the caller")
        );
    }
}
