//! Runs a test in a process of its own, if it changes what all tests of a process share: the
//! environment, the logger or the panic hook.

use std::ffi::OsStr;
use std::process::Command;

/// Runs `test` again in a process of its own, with these environment variables; `None` removes one.
/// Returns true in that process.
///
/// ```ignore
/// #[test]
/// fn the_test() {
///     if !in_own_process(the_test, []) {
///         return;
///     }
///     // The environment, the logger and the panic hook belong to this test.
/// }
/// ```
pub(crate) fn in_own_process<'v, T>(
    test: T,
    variables: impl IntoIterator<Item = (&'v str, Option<&'v OsStr>)>,
) -> bool {
    const MARK: &str = "NSX_API_TEST_OWN_PROCESS";
    let path = path_of(&test);
    if let Some(marked) = std::env::var_os(MARK) {
        assert_eq!(marked.to_str(), Some(path), "a second process was started");
        return true;
    }
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args([path, "--exact", "--nocapture", "--include-ignored"]);
    command.env(MARK, path);
    for (name, value) in variables {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    let run = command.output().unwrap();
    let [out, err] = [&run.stdout, &run.stderr].map(|bytes| String::from_utf8_lossy(bytes));
    assert!(
        run.status.success() && out.contains("test result: ok. 1 passed"),
        "{path} failed in its own process: {}\n{out}\n{err}",
        run.status
    );
    false
}

/// The path of a test as its program lists it: without the name of the program.
fn path_of<T>(_test: &T) -> &'static str {
    let path = std::any::type_name::<T>();
    path.split_once("::").unwrap().1
}
