//! Helpers that run the commands on copies of the document and the generated code.

pub(crate) mod terminal;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;
use tempfile::TempDir;
use terminal::without_color_variables;

/// The root of the workspace.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

/// Copies the document but not its permissions: the checkout may be read-only.
pub(crate) fn copy_document(to: &Path) {
    fs::write(to, fs::read(root().join("spec/nsx.yaml")).unwrap()).unwrap();
}

/// The xtask binary that cargo built for this test. It finds this workspace even if cargo does not
/// run the tests.
pub(crate) fn xtask() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask-commands"));
    command.env("CARGO_MANIFEST_DIR", env!("CARGO_MANIFEST_DIR"));
    // The tests compare output without colors.
    without_color_variables(&mut command);
    command
}

/// `cargo xtask generate` with this document and output directory.
pub(crate) fn generate_command(spec: &Path, out: &Path) -> Command {
    let mut command = xtask();
    command
        .arg("generate")
        .arg("--spec")
        .arg(spec)
        .arg("--out")
        .arg(out);
    command
}

/// A temporary directory with a copy of the document and an output directory.
pub(crate) struct Sandbox {
    pub(crate) dir: TempDir,
}

impl Sandbox {
    /// Contains only the document.
    pub(crate) fn new() -> Self {
        let dir = TempDir::new().unwrap();
        copy_document(&dir.path().join("nsx.yaml"));
        Self { dir }
    }

    /// Contains the document and the generated code.
    pub(crate) fn generated() -> Self {
        let sandbox = Self::new();
        sandbox.run(&[]).success();
        sandbox
    }

    pub(crate) fn spec(&self) -> PathBuf {
        self.dir.path().join("nsx.yaml")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.dir.path().join("generated")
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = xtask();
        command.current_dir(self.dir.path()).args([
            "generate",
            "--spec",
            "nsx.yaml",
            "--out",
            "generated",
        ]);
        command.args(arguments);
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> CommandOutput {
        CommandOutput::run(&mut self.command(arguments))
    }

    /// Edits the document.
    pub(crate) fn edit_spec(&self, edit: impl FnOnce(String) -> String) {
        let text = fs::read_to_string(self.spec()).unwrap();
        fs::write(self.spec(), edit(text)).unwrap();
    }

    /// Renames the operation. This changes some of the generated files.
    pub(crate) fn rename_operation(&self) {
        self.edit_spec(|text| {
            text.replace(
                "operationId: CreateRegistrationToken",
                "operationId: MintToken",
            )
        });
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        snapshot(&self.out())
    }

    /// The names of other files next to the document and the output directory.
    pub(crate) fn leftovers(&self) -> Vec<String> {
        let names = fs::read_dir(self.dir.path()).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name != "nsx.yaml" && name != "generated")
            .collect()
    }
}

/// The content and modification time of each file.
pub(crate) type Snapshot = BTreeMap<PathBuf, (Vec<u8>, SystemTime)>;

pub(crate) fn snapshot(dir: &Path) -> Snapshot {
    let mut files = Snapshot::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(snapshot(&path));
        } else {
            let modified = fs::metadata(&path).unwrap().modified().unwrap();
            files.insert(path.clone(), (fs::read(&path).unwrap(), modified));
        }
    }
    files
}

/// The text of each file, by its path relative to the directory.
pub(crate) fn read_files(dir: &Path) -> BTreeMap<PathBuf, String> {
    let strip = |path: PathBuf| path.strip_prefix(dir).unwrap().to_path_buf();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let files = snapshot(dir).into_iter();
    files
        .map(|(path, (bytes, _))| (strip(path), text(bytes)))
        .collect()
}

/// The exit code and output of a command.
#[derive(Debug)]
pub(crate) struct CommandOutput {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl CommandOutput {
    pub(crate) fn run(command: &mut Command) -> Self {
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
    pub(crate) fn success(self) -> Self {
        self.exit_code(0)
    }

    #[track_caller]
    pub(crate) fn exit_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "{self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn stdout_contains(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "no {text:?} in {self:#?}");
        self
    }

    #[track_caller]
    pub(crate) fn stderr_contains(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "no {text:?} in {self:#?}");
        self
    }
}
