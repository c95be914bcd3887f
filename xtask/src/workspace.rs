//! The root of the workspace and the paths in it.
//!
//! Commands change to the root first. They then do the same in every directory of the workspace,
//! and print paths relative to the root.

use std::env;
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The OpenAPI document, relative to the root.
pub(crate) const SPEC: &str = "spec/nsx.yaml";

/// The directory of the generated code, relative to the root.
pub(crate) const GENERATED: &str = "nsx-api/src/generated";

/// The root of the workspace: the parent of this package's directory, which cargo passes in the
/// environment.
///
/// Without cargo, it is the workspace that contains the current directory: the binary may have been
/// built in another checkout.
pub(crate) fn root() -> Result<PathBuf, Box<dyn Error>> {
    let Some(package) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        return Ok(find_root(&env::current_dir()?)?);
    };
    let root = package.parent();
    Ok(root
        .ok_or_else(|| format!("{} has no parent directory", package.display()))?
        .to_path_buf())
}

fn find_root(start: &Path) -> Result<PathBuf, String> {
    let mut dirs = start.ancestors();
    let root = dirs.find(|dir| dir.join(SPEC).is_file());
    root.map(Path::to_path_buf).ok_or_else(|| {
        let start = start.display();
        format!("{SPEC} not found in {start} or any parent directory; run this command inside the workspace")
    })
}

/// The last component of a path, for short messages.
pub(crate) fn file_name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
}

/// The path relative to the root, or an absolute path if it is outside of the root.
pub(crate) fn relative_to_root(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let (root, path) = (absolute(root)?, absolute(path)?);
    Ok(path
        .strip_prefix(&root)
        .map(Path::to_path_buf)
        .unwrap_or(path))
}

/// Resolves symbolic links and `..` if the path exists.
fn absolute(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path).or_else(|_| std::path::absolute(path))
}

/// Adds the path to the message of an I/O error.
pub(crate) fn with_path(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
