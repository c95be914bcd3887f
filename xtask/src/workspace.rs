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

/// The root: the parent of this package's folder. Cargo says where that is. A binary that is started without cargo may come
/// from another checkout than the one it is meant for, so the folder where the user is decides.
pub(crate) fn root() -> Result<PathBuf, Box<dyn Error>> {
    let Some(package) = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from) else {
        return Ok(above(&env::current_dir()?)?);
    };
    let root = package.parent();
    Ok(root
        .ok_or_else(|| format!("{} has no parent folder", package.display()))?
        .to_path_buf())
}

fn above(folder: &Path) -> Result<PathBuf, String> {
    let mut folders = folder.ancestors();
    let root = folders.find(|folder| folder.join(SPEC).is_file());
    root.map(Path::to_path_buf).ok_or_else(|| {
        let folder = folder.display();
        format!("neither {folder} nor a folder above it is the workspace: {SPEC} is in none of them. Go there, or use cargo xtask")
    })
}

/// The last part of a path, for a text that must be short.
pub(crate) fn name(path: &Path) -> String {
    let name = path.file_name().unwrap_or(path.as_os_str());
    name.to_string_lossy().into_owned()
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
