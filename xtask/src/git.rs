//! Reads files at a git revision, by running the `git` command.

use std::path::Path;
use std::process::{Command, Output};

/// A file at a revision, in git's notation: `HEAD:./spec/nsx.yaml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blob {
    /// `HEAD`, `v1.2`; empty for the index.
    pub(crate) revision: String,
    /// Relative to the root of the repository, or, after `./`, to the directory in which git runs.
    pub(crate) path: String,
}

impl Blob {
    /// Parses `REVISION` or `REVISION:PATH`. Without a path it is the file `default_path`.
    pub(crate) fn new(text: &str, default_path: &str) -> Result<Self, String> {
        // Git would read a leading `-` as an option.
        if text.starts_with('-') || text.is_empty() {
            return Err(format!("`{text}` is not a revision"));
        }
        let (revision, path) = match text.split_once(':') {
            Some((revision, path)) => (revision, path.to_owned()),
            None => (text, format!("./{default_path}")),
        };
        Ok(Self {
            revision: revision.to_owned(),
            path,
        })
    }

    /// Another file at the same revision. The path is relative to the directory in which git runs.
    pub(crate) fn sibling(&self, path: &str) -> Self {
        Self {
            revision: self.revision.clone(),
            path: format!("./{path}"),
        }
    }

    /// The content of the file, as it was committed.
    pub(crate) fn read(&self, dir: &Path) -> Result<Vec<u8>, String> {
        // `cat-file` runs no filters, such as a conversion of line endings.
        Ok(run_git(dir, &["cat-file", "blob", &self.name()])?.stdout)
    }

    /// The name in git's notation.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.revision, self.path)
    }
}

fn run_git(dir: &Path, arguments: &[&str]) -> Result<Output, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(arguments)
        .output()
        .map_err(|error| format!("cannot run git: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let message = String::from_utf8_lossy(&output.stderr);
    let message = message.trim().trim_start_matches("fatal: ");
    Err(format!("git {}: {message}", arguments.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_git_revision_is_parsed_with_its_path_or_the_default_path() {
        let name = |text| Blob::new(text, "spec/nsx.yaml").map(|blob| blob.name());
        assert_eq!(name("v1.2").unwrap(), "v1.2:./spec/nsx.yaml");
        assert_eq!(name("main:doc.yaml").unwrap(), "main:doc.yaml");
        assert_eq!(name(":doc.yaml").unwrap(), ":doc.yaml");
        for bad in ["--output=x", "-p", ""] {
            let message = format!("`{bad}` is not a revision");
            assert_eq!(name(bad).unwrap_err(), message);
        }
    }
}
