//! A document and a folder of generated code to try the commands on, apart from those of the workspace.

#![allow(dead_code)] // Each test file uses its own part.

pub(crate) mod terminal;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;
use tempfile::TempDir;

/// The workspace's root.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// The command that cargo built for this test.
pub(crate) fn xtask() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    // The user may want colours; what is compared here has none.
    command.env_remove("CLICOLOR_FORCE");
    command
}

/// Generates from a document into a folder.
pub(crate) fn command(spec: &Path, out: &Path) -> Command {
    let mut command = xtask();
    command
        .arg("generate")
        .arg("--spec")
        .arg(spec)
        .arg("--out")
        .arg(out);
    command
}

/// A copy of the document, and a folder beside it.
pub(crate) struct Sandbox {
    pub(crate) folder: TempDir,
}

impl Sandbox {
    /// With the document only.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::copy(root().join("spec/nsx.yaml"), folder.path().join("nsx.yaml")).unwrap();
        Self { folder }
    }

    /// With the code generated too.
    pub(crate) fn generated() -> Self {
        let sandbox = Self::new();
        sandbox.run(&[]).succeeded();
        sandbox
    }

    pub(crate) fn spec(&self) -> PathBuf {
        self.folder.path().join("nsx.yaml")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.folder.path().join("generated")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = xtask();
        command.current_dir(self.folder.path()).args([
            "generate",
            "--spec",
            "nsx.yaml",
            "--out",
            "generated",
        ]);
        command.args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(&mut self.command(arguments))
    }

    /// Changes the document.
    pub(crate) fn edit_spec(&self, edit: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.spec()).unwrap();
        fs::write(self.spec(), edit(text)).unwrap();
    }

    /// Renames the operation, which changes some generated files and not others.
    pub(crate) fn rename_operation(&self) {
        self.edit_spec(|text| {
            text.replace(
                "operationId: CreateRegistrationToken",
                "operationId: MintToken",
            )
        });
    }

    pub(crate) fn tree(&self) -> Tree {
        tree(&self.out())
    }

    /// The names beside the document and the folder.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name != "nsx.yaml" && name != "generated")
            .collect()
    }
}

/// Bytes and time of each file.
pub(crate) type Tree = BTreeMap<PathBuf, (Vec<u8>, SystemTime)>;

pub(crate) fn tree(folder: &Path) -> Tree {
    let mut files = Tree::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(tree(&path));
        } else {
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            files.insert(path.clone(), (fs::read(&path).unwrap(), modified));
        }
    }
    files
}

/// Text of each file, by its path from the folder.
pub(crate) fn texts(folder: &Path) -> BTreeMap<PathBuf, String> {
    let strip = |path: PathBuf| path.strip_prefix(folder).unwrap().to_path_buf();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let files = tree(folder).into_iter();
    files
        .map(|(path, (bytes, _))| (strip(path), text(bytes)))
        .collect()
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Outcome {
    pub(crate) fn of(command: &mut Command) -> Self {
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: status.code(),
            stdout: text(stdout),
            stderr: text(stderr),
        }
    }

    #[track_caller]
    pub(crate) fn succeeded(self) -> Self {
        self.ended_with(0)
    }

    #[track_caller]
    pub(crate) fn ended_with(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn complains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        self
    }
}
