//! What the examples of the docs run in.

use std::error::Error;

use tokio::runtime::Builder;

use super::Manager;
use crate::Client;

/// Runs an example with the client of a new manager, in a runtime of its own.
///
/// Examples call it in lines that the docs do not show.
///
/// # Errors
/// When the manager cannot be started, and what the example fails with.
#[doc(hidden)]
pub fn example<E>(run: impl AsyncFnOnce(Client) -> Result<(), E>) -> Result<(), Box<dyn Error>>
where
    E: Into<Box<dyn Error>>,
{
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let manager = Manager::start().await?;
        run(manager.client()?).await.map_err(Into::into)
    })
}
