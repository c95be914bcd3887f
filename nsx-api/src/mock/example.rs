//! Runs the examples in the docs.

use std::error::Error;

use tokio::runtime::Builder;

use super::manager::Manager;
use crate::Client;

/// Runs an example with the client of a new mock manager, in its own runtime.
///
/// Examples call it in hidden lines.
///
/// # Errors
/// If the mock manager cannot be started, or the example returns an error.
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
