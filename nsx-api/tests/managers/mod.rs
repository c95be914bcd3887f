//! The mock managers of a cluster, and calls to them.

use nsx_api::auth::Basic;
use nsx_api::http::Method;
use nsx_api::mock::{Answer, Manager, ManagerBuilder};
use nsx_api::{Client, Config, Error, Limits};

pub(crate) const HEALTH: &str = "GET /api/v1/reverse-proxy/node/health";

pub(crate) async fn managers<const N: usize>() -> [Manager; N] {
    let mut managers = Vec::new();
    for _ in 0..N {
        managers.push(start(Manager::builder()).await.unwrap());
    }
    managers.try_into().unwrap()
}

pub(crate) async fn start(builder: ManagerBuilder) -> std::io::Result<Manager> {
    let builder = builder.credentials("admin", "Pa55-word").plain_http();
    let manager = builder.start().await?;
    add_handlers(&manager);
    Ok(manager)
}

/// Adds handlers for things and a health check that succeeds.
pub(crate) fn add_handlers(manager: &Manager) {
    for method in ["GET", "PUT", "POST"] {
        manager.on(&format!("{method} /api/v1/things/{{id}}"), |_| {
            Answer::json(200, ())
        });
    }
    manager.on(HEALTH, |_| {
        Answer::json(200, serde_json::json!({ "healthy": true }))
    });
}

pub(crate) fn config(managers: &[Manager]) -> Config {
    let mut urls = managers.iter().map(Manager::url);
    let config = Client::builder(urls.next().unwrap()).auth(Basic::new("admin", "Pa55-word"));
    urls.fold(config.limits(Limits::off()), Config::manager)
}

pub(crate) async fn call(client: &Client, method: Method) -> Result<String, Error> {
    let response = client.request(method, "/api/v1/things/1").send().await?;
    Ok(response.manager().to_owned())
}

pub(crate) fn calls_of(manager: &Manager) -> usize {
    let is_call = |path: &str| path.starts_with("/api/v1/things");
    let requests = manager.requests();
    requests.iter().filter(|call| is_call(&call.path)).count()
}
