//! Must not compile: `get_thing` is called without arguments that the document requires.

fn main() {}

/// A call without two of its three arguments.
pub fn call(client: &nsx_api::Client) {
    let _ = client.get_thing("id");
}
