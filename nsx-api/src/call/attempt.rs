//! One attempt: sends the request once and reads the response.

use std::pin::pin;
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use tokio::time::Instant;

use super::context::CallContext;
use super::decision::AttemptFailure;
use super::failure::{self, Failure, read_error_body};
use super::receive::{self, Receive};
use super::retry::Cause;
use super::time_limit::TimeLimit;
use crate::ErrorKind;
use crate::cluster::limits::Throttle;
use crate::credentials::credential_cache::RefreshOutcome;
use crate::error::ErrorResponse;
use crate::response::headers::{mark_sensitive, request_id};

/// The time limit for reading the body of an error. The status is enough to handle the error.
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);
/// The shortest failover timeout. Some calls take seconds, and probes detect a hanging manager too.
const SHORTEST_ATTEMPT: Duration = Duration::from_secs(5);

/// One attempt, with its time limit.
pub(super) struct Attempt<'a> {
    call: &'a CallContext<'a>,
    limit: TimeLimit,
}

impl<'a> Attempt<'a> {
    pub(super) fn new(call: &'a CallContext<'a>) -> Self {
        Self {
            limit: call.attempt_limit(),
            call,
        }
    }

    pub(super) async fn run<T: Receive>(&self) -> Result<(T, StatusCode, HeaderMap), Failure> {
        let mut response = self.limit.timeout(pin!(self.execute())).await??;
        let status = response.status();
        let mut headers = std::mem::take(response.headers_mut());
        mark_sensitive(&mut headers);
        if !status.is_success() {
            return Err(self.refused(response, headers).await);
        }
        let announced = receive::announced(&self.call.request.method, status, &headers);
        let max_length = self.call.options.effective_body_limit();
        match T::receive(response, announced, self.limit, max_length).await {
            Ok(value) => Ok((value, status, headers)),
            Err(failure) => Err(failure.with_response(ErrorResponse {
                status,
                request_id: request_id(&headers).map(|id| self.call.mask(id.to_owned())),
                ..ErrorResponse::default()
            })),
        }
    }

    async fn execute(&self) -> Result<reqwest::Response, Failure> {
        let prepared = &self.call.request;
        let mut request = reqwest::Request::new(prepared.method.clone(), prepared.url.clone());
        *request.headers_mut() = prepared.headers.clone();
        *request.body_mut() = prepared.body.take()?;
        self.call.credentials.apply(request.headers_mut());
        #[cfg(test)]
        if let Some(network) = super::network::network() {
            return network(request).await;
        }
        let connections = &self.call.core.connections;
        let http = connections
            .http(self.limit.left().unwrap_or(Duration::MAX))
            .await;
        let result = http.execute(request).await;
        result.map_err(|error| failure::request(error, connections.has_identity()))
    }

    /// The failure for a non-2xx response.
    async fn refused(&self, response: reqwest::Response, headers: HeaderMap) -> Failure {
        let status = response.status();
        let body = read_error_body(response, self.limit.at_most(ERROR_BODY_TIME)).await;
        let mask = |text: String| self.call.mask(text);
        failure::refused(status, &headers, &body, &self.call.request.url, mask)
    }
}

impl CallContext<'_> {
    /// The time limit of an attempt that starts now. If there is an alternative manager, one
    /// attempt of an idempotent call is limited to half of the remaining time, in case the manager
    /// hangs. An explicit attempt timeout is not shortened.
    fn attempt_limit(&self) -> TimeLimit {
        let limit = self.deadline.of_attempt(self.options);
        let should_shorten = self.state.may_shorten_attempt()
            && !self.options.has_attempt_timeout()
            && self.has_alternative();
        match should_shorten {
            true => limit.cap_at_half_of_remaining(self.deadline, SHORTEST_ATTEMPT),
            false => limit,
        }
    }

    /// Updates the limits, the health of the manager and the credential cache with the outcome of
    /// an attempt. The request was sent at `sent`.
    pub(super) fn record_outcome(&self, sent: Instant, failure: Option<&Failure>) {
        let cause = failure.map(|failure| failure.cause);
        let has_responded = failure.is_none_or(|failure| failure.error.status().is_some());
        self.record_for_limits(sent, cause, has_responded);
        if self.core.cluster.has_others() {
            self.record_for_health(sent, cause, has_responded);
        }
        self.record_for_credentials(cause);
    }

    fn record_for_limits(&self, sent: Instant, cause: Option<Cause>, has_responded: bool) {
        let limiter = &self.endpoint().limiter;
        match cause {
            Some(Cause::Status(StatusCode::TOO_MANY_REQUESTS, _)) => {
                limiter.on_throttled(Throttle::Rate, sent);
            }
            Some(Cause::Status(StatusCode::SERVICE_UNAVAILABLE, Some(_))) => {
                limiter.on_throttled(Throttle::Busy, sent);
            }
            _ if has_responded => limiter.on_response(),
            _ => {}
        }
    }

    fn record_for_health(&self, sent: Instant, cause: Option<Cause>, has_responded: bool) {
        let endpoint = self.endpoint();
        let (health, manager) = (&endpoint.health, &endpoint.address.manager);
        match cause {
            Some(Cause::DeadlineExceeded | Cause::FailoverTimeout) => endpoint.probe_if_suspect(),
            Some(cause) if cause.is_of_manager() => health.on_failure(manager, Instant::now()),
            _ if has_responded => health.on_response(manager, sent),
            _ => {}
        }
    }

    fn record_for_credentials(&self, cause: Option<Cause>) {
        let (Some(cache), Some(credentials)) = (self.cache(), &self.credentials.current) else {
            return;
        };
        match cause {
            None => cache.on_accepted(self.operation()),
            Some(cause)
                if cause.is_credential_refusal()
                    && self.state.refreshed == Some(RefreshOutcome::Refreshed) =>
            {
                cache.on_refused_after_refresh(credentials, self.operation());
            }
            Some(_) => {}
        }
    }

    /// The facts about a failed attempt that the decision depends on.
    pub(super) fn failure_facts(&self, failure: &Failure) -> AttemptFailure {
        AttemptFailure {
            cause: failure.cause,
            is_tls: failure.error.kind() == ErrorKind::Tls,
            retry_after: failure.retry_after,
            redirect_to: self.redirect_target(failure),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};

    use http::Method;

    use crate::call::network;
    use crate::{Body, CallOptions, Client, ErrorKind};

    use super::*;

    /// A body that can be sent only once.
    struct Stream;

    impl futures_core::Stream for Stream {
        type Item = std::io::Result<bytes::Bytes>;

        fn poll_next(
            self: std::pin::Pin<&mut Self>,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Self::Item>> {
            std::task::Poll::Ready(None)
        }
    }

    /// Makes a call to two managers, of which the first never responds. Returns the time that the
    /// call took, and its attempts or the kind of its error.
    async fn call(
        method: Method,
        options: CallOptions,
        body: Option<Body>,
    ) -> (u64, Result<u32, ErrorKind>) {
        let options = options.deadline(Duration::from_secs(20));
        let client = Client::builder("http://localhost:1")
            .manager("http://localhost:2")
            .options(options)
            .build()
            .unwrap();
        let request = client.request(method, "/things/1");
        let request = match body {
            Some(body) => request.body(body),
            None => request,
        };
        let began = Instant::now();
        let result = request.send().await;
        let result = result
            .map(|response| response.attempts())
            .map_err(|error| error.kind());
        (began.elapsed().as_secs(), result)
    }

    #[test]
    fn only_an_attempt_that_can_be_retried_elsewhere_ends_at_half_of_the_deadline() {
        let options = CallOptions::new;
        let timeout = Err(ErrorKind::Timeout);
        for (method, options, body, expected) in [
            (Method::GET, options(), None, (10, Ok(2))),
            (Method::PUT, options(), Some(Body::from("x")), (10, Ok(2))),
            (Method::POST, options(), None, (20, timeout)),
            (Method::PATCH, options(), None, (20, timeout)),
            (Method::POST, options().idempotent(true), None, (10, Ok(2))),
            (
                Method::GET,
                options().idempotent(false),
                None,
                (20, timeout),
            ),
            (Method::GET, options().max_retries(0), None, (20, timeout)),
            (
                Method::PUT,
                options(),
                Some(Body::from_stream(Stream)),
                (20, timeout),
            ),
            (
                Method::GET,
                options().attempt_timeout(Duration::from_secs(15)),
                None,
                (15, Ok(2)),
            ),
        ] {
            let row = format!("{method} {options:?} {body:?}");
            let is_first = Arc::new(AtomicBool::new(true));
            let answer = move |_| {
                let hangs = is_first.swap(false, Ordering::Relaxed);
                async move {
                    match hangs {
                        true => std::future::pending().await,
                        false => Ok(network::answer(200, &[], "null")),
                    }
                }
            };
            network::run(answer, async {
                assert_eq!(call(method, options, body).await, expected, "{row}");
            });
        }
    }
}
