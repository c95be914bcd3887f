//! Must not compile: `get_thing` lacks the arguments that the document requires.

fn main() {}

/// The call that lacks two of three arguments.
pub fn call(client: &nsx_api::Client) {
    let _ = client.get_thing("id");
}
