//! Where the workspace is. Commands move to its root first, so that they do the same from any subfolder and every
//! path that they print is relative to it.

use std::env;
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The OpenAPI document, from the root.
pub(crate) const SPEC: &str = "spec/nsx.yaml";

/// The folder of the generated code, from the root.
pub(crate) const GENERATED: &str = "nsx-api/src/generated";

/// The root: the parent of this package's folder. Cargo says at run time where that is; the place at compile time is
/// for a binary that is started without cargo.
pub(crate) fn root() -> Result<PathBuf, Box<dyn Error>> {
    let package =
        env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
    let package = PathBuf::from(package);
    let root = package.parent();
    Ok(root
        .ok_or_else(|| format!("{} has no parent folder", package.display()))?
        .to_path_buf())
}

/// The path from the root when it is below the root, otherwise from the file system's root.
pub(crate) fn from_root(root: &Path, path: &Path) -> io::Result<PathBuf> {
    let (root, path) = (resolve(root)?, resolve(path)?);
    Ok(path
        .strip_prefix(&root)
        .map(Path::to_path_buf)
        .unwrap_or(path))
}

/// Follows symbolic links and `..` if the path exists.
fn resolve(path: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(path).or_else(|_| std::path::absolute(path))
}

/// Adds the path to an error of the file system, which does not know it.
pub(crate) fn at(path: &Path) -> impl FnOnce(io::Error) -> io::Error {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}
