//! The health check of a manager in a cluster.

use std::sync::Arc;
use std::time::Duration;

use http::Method;
use serde::Deserialize;

use crate::Error;
use crate::client::options::CallOptions;
use crate::cluster::health::HealthProbe;
use crate::scheme::auth_context::AuthContext;

const HEALTH_PATH: &str = "/api/v1/reverse-proxy/node/health";

pub(super) fn new(context: AuthContext) -> HealthProbe {
    Arc::new(move |deadline| {
        let context = context.clone();
        Box::pin(async move { is_healthy(&context, deadline).await })
    })
}

/// Whether a manager reports itself healthy. The request carries no credentials, so a manager that
/// refuses it is up.
async fn is_healthy(context: &AuthContext, deadline: Duration) -> bool {
    let options = CallOptions::new().max_retries(0).deadline(deadline);
    let response = context
        .with(options)
        .request(Method::GET, HEALTH_PATH)
        .named("health")
        .send()
        .await;
    match response {
        Ok(response) => response
            .json::<HealthReport>()
            .map_or(true, |report| report.healthy.unwrap_or(true)),
        Err(error) => is_alive(&error),
    }
}

fn is_alive(error: &Error) -> bool {
    error
        .status()
        .is_some_and(|status| !status.is_server_error())
}

#[derive(Deserialize)]
struct HealthReport {
    healthy: Option<bool>,
}
