//! What is read of git: the text of a file at a revision. git is called as a command, without a shell.

use std::path::Path;
use std::process::{Command, Output};

/// A file at a revision, as git writes it: `HEAD:./spec/nsx.yaml`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Blob {
    /// `HEAD`, `v1.2`; nothing for what is staged.
    pub(crate) revision: String,
    /// From the root of the repository, or behind `./` from the folder where git runs.
    pub(crate) path: String,
}

impl Blob {
    /// A revision, or a revision with a path. Alone it stands for the file `default`.
    pub(crate) fn new(text: &str, default: &str) -> Result<Self, String> {
        // An option would change what git does.
        if text.starts_with('-') || text.is_empty() {
            return Err(format!("`{text}` is no revision"));
        }
        let (revision, path) = match text.split_once(':') {
            Some((revision, path)) => (revision, path.to_owned()),
            None => (text, format!("./{default}")),
        };
        Ok(Self {
            revision: revision.to_owned(),
            path,
        })
    }

    /// Another file at the same revision, from the folder where git runs.
    pub(crate) fn beside(&self, path: &str) -> Self {
        Self {
            revision: self.revision.clone(),
            path: format!("./{path}"),
        }
    }

    /// The file's bytes, as they were committed.
    pub(crate) fn read(&self, folder: &Path) -> Result<Vec<u8>, String> {
        // This takes one object and no paths, and gives the bytes as they are: no filter of the checkout is run.
        Ok(git(folder, &["cat-file", "blob", &self.name()])?.stdout)
    }

    /// As git and the user write it.
    pub(crate) fn name(&self) -> String {
        format!("{}:{}", self.revision, self.path)
    }
}

fn git(folder: &Path, arguments: &[&str]) -> Result<Output, String> {
    let output = Command::new("git")
        .arg("-C")
        .arg(folder)
        .args(arguments)
        .output()
        .map_err(|error| format!("git cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(output);
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.trim().trim_start_matches("fatal: ");
    Err(format!("git {}: {said}", arguments.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_revision_is_read_with_its_path_or_the_documents() {
        let name = |text| Blob::new(text, "spec/nsx.yaml").map(|blob| blob.name());
        assert_eq!(name("v1.2").unwrap(), "v1.2:./spec/nsx.yaml");
        assert_eq!(name("main:doc.yaml").unwrap(), "main:doc.yaml");
        assert_eq!(name(":doc.yaml").unwrap(), ":doc.yaml");
        for bad in ["--output=x", "-p", ""] {
            assert_eq!(name(bad).unwrap_err(), format!("`{bad}` is no revision"));
        }
    }
}
