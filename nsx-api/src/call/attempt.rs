//! One attempt: the request goes out once, and what comes back is read.

use std::pin::pin;
use std::time::Duration;

use http::{HeaderMap, StatusCode};

use super::context::Course;
use super::time_limit::TimeLimit;
use crate::call::failure::{self, Failure};
use crate::call::receive::{self, Receive};
use crate::error::Answer;
use crate::response::{mark_sensitive, request_id};

/// How long the body of an error may take. What it means is in its status, which is worth more than the rest of the body.
const ERROR_BODY_TIME: Duration = Duration::from_secs(5);

/// An attempt, and how long it may take.
pub(super) struct Attempt<'a> {
    pub(super) course: &'a Course<'a>,
    pub(super) limit: TimeLimit,
}

impl Attempt<'_> {
    pub(super) async fn run<T: Receive>(&self) -> Result<(T, StatusCode, HeaderMap), Failure> {
        let mut response = self.limit.hold(pin!(self.execute())).await??;
        let status = response.status();
        let mut headers = std::mem::take(response.headers_mut());
        mark_sensitive(&mut headers);
        if !status.is_success() {
            return Err(self.refused(response, headers).await);
        }
        let announced = receive::announced(&self.course.outgoing.method, status, &headers);
        let most = self.course.client.options.effective_body_limit();
        match T::receive(response, announced, self.limit, most).await {
            Ok(value) => Ok((value, status, headers)),
            Err(failure) => Err(failure.with_answer(Answer {
                status,
                request_id: request_id(&headers).map(|id| self.course.mask(id.to_owned())),
                ..Answer::default()
            })),
        }
    }

    async fn execute(&self) -> Result<reqwest::Response, Failure> {
        let outgoing = &self.course.outgoing;
        let mut request = reqwest::Request::new(outgoing.method.clone(), outgoing.url.clone());
        *request.headers_mut() = outgoing.headers.clone();
        *request.body_mut() = outgoing.body.take()?;
        if let Some(kept) = &self.course.kept {
            kept.credentials.apply(request.headers_mut());
        }
        #[cfg(test)]
        if let Some(network) = super::network::network() {
            return network(request).await;
        }
        let connections = &self.course.client.core.connections;
        let http = connections
            .http(self.limit.left().unwrap_or(Duration::MAX))
            .await;
        let result = http.execute(request).await;
        result.map_err(|error| failure::request(error, connections.has_identity()))
    }

    /// The failure of an answer that is not a success. Its body is read as far as it comes.
    async fn refused(&self, response: reqwest::Response, headers: HeaderMap) -> Failure {
        let status = response.status();
        let body = receive::as_far_as_it_comes(response, self.limit.at_most(ERROR_BODY_TIME)).await;
        let mask = |text: String| self.course.mask(text);
        failure::refused(status, &headers, &body, &self.course.outgoing.url, mask)
    }
}
