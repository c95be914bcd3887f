//! Runs code that may panic, as progenitor does for unsupported constructs.

use std::sync::Once;
use std::thread;

/// Runs a function that may panic or need a large stack in its own thread. A panic becomes an
/// error.
pub(super) fn run_isolated<T: Send>(
    run: impl FnOnce() -> Result<T, String> + Send,
) -> Result<T, String> {
    const NAME: &str = "nsx-api-gen";
    const STACK: usize = 256 << 20;
    static QUIET: Once = Once::new();
    // The panic becomes an error. The default hook would print it as well.
    QUIET.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if thread::current().name() != Some(NAME) {
                hook(info);
            }
        }));
    });
    thread::scope(|scope| {
        let builder = thread::Builder::new()
            .name(NAME.to_owned())
            .stack_size(STACK);
        let thread = builder
            .spawn_scoped(scope, run)
            .map_err(|error| format!("cannot start a thread: {error}"))?;
        thread.join().unwrap_or_else(|panic| {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            Err(describe_panic(text.unwrap_or("unknown reason")))
        })
    })
}

/// Explains a panic of progenitor that the author of the document can fix.
fn describe_panic(panic: &str) -> String {
    match panic.strip_prefix("Failed to make unique variant names for ") {
        Some(values) => format!("enum values have no unique Rust names: {values}"),
        None => format!("progenitor failed: {panic}"),
    }
}
