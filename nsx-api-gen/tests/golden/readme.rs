//! Runs in a copy of nsx-api with the operation that the README adds.

use nsx_api::mock::Manager;

#[tokio::test]
async fn the_operation_added_in_the_readme_returns_the_version() -> Result<(), Box<dyn std::error::Error>> {
    let manager = Manager::start().await?;
    let client = manager.client()?;
    let version = client.read_node_version().send().await?.product_version.clone();
    assert_eq!(version.as_deref(), Some("4.2.1.0"));
    Ok(())
}
