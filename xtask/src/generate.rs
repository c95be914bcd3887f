//! `cargo xtask generate [--check]`: writes the generated code, or shows how it differs.
//!
//! All code is generated in memory first, so an invalid document changes no file.

use crate::output_dir::{ChangeKind, FileChange, Files, OutputDir};
use crate::unified_diff::unified_diff;
use crate::workspace::{self, with_path};
use crate::{
    CHECK_FAILED, CommandResult, diff, eprint_line, print, print_error, print_pass_summary,
    progress, style, unsupported,
};
use nsx_api_gen::Generated;
use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// How many diffs `--check` prints. The other files are only listed.
const MAX_DIFFS: usize = 20;

const EXAMPLES: &str = "\
Examples:
  cargo xtask generate
  cargo xtask generate --check
  cargo xtask generate --spec spec/whole.yaml --out whole/src/generated --skip-unsupported";

/// The arguments of `cargo xtask generate`.
#[derive(clap::Args, Default)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Write nothing; show what is out of date, and exit with code 4 if anything is
    #[arg(long)]
    check: bool,
    /// List the changes that were made to the document before the code was generated
    #[arg(long, short)]
    verbose: bool,
    /// Skip unsupported operations and the schemas that only they use, and list them with the
    /// reasons
    #[arg(long)]
    skip_unsupported: bool,
    /// OpenAPI or Swagger document [default: spec/nsx.yaml]
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// Output directory, for generated files only [default: nsx-api/src/generated]
    #[arg(long, value_name = "DIR")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let root = workspace::root()?;
    let spec = resolve_path(&root, arguments.spec.as_deref(), workspace::SPEC)?;
    let out = resolve_path(&root, arguments.out.as_deref(), workspace::GENERATED)?;
    env::set_current_dir(&root).map_err(with_path(&root))?;

    let output_dir = OutputDir::new(&out)?;
    // Held until the end of the run. A check writes nothing and needs no lock.
    let _lock = if arguments.check {
        None
    } else {
        Some(lock_and_recover(&root, &out, &output_dir)?)
    };
    let generated = generate_code(&spec, arguments.skip_unsupported)?;
    if arguments.verbose {
        generated.report.iter().for_each(print);
    } else {
        print_pass_summary(&generated.summary);
    }
    unsupported::print_skipped(&generated.skipped);
    let generation = Generation {
        spec,
        out,
        output_dir,
        files: generated.files,
    };
    let outcome = if arguments.check {
        generation.check(&fix_command(arguments))?
    } else {
        generation.write(&root)?
    };
    unsupported::print_summary(&generated.skipped, generated.operations);
    Ok(outcome)
}

fn generate_code(spec: &Path, skip_unsupported: bool) -> Result<Generated, Box<dyn Error>> {
    let what = format!("generating code from {}", workspace::file_name(spec));
    progress::show_while(what, || {
        if skip_unsupported {
            return Ok(nsx_api_gen::generate_supported(spec)?);
        }
        let generated = nsx_api_gen::generate(spec);
        generated.map_err(|error| unsupported::with_hint(&error, spec).into())
    })
}

/// Takes the lock for the output directory, and restores the directory if the last run was
/// interrupted.
fn lock_and_recover(root: &Path, out: &Path, output_dir: &OutputDir) -> io::Result<File> {
    let lock = lock(&root.join("target"))?;
    if output_dir.recover()? {
        print(format_args!(
            "{}: restored after an interrupted run",
            out.display()
        ));
    }
    Ok(lock)
}

/// The path of a command line option, or the default in the workspace, relative to the root.
fn resolve_path(root: &Path, option: Option<&Path>, default: &str) -> io::Result<PathBuf> {
    let path = option.map_or_else(|| root.join(default), Path::to_path_buf);
    workspace::relative_to_root(root, &path).map_err(with_path(&path))
}

/// Generated code and the directory for it.
struct Generation {
    spec: PathBuf,
    out: PathBuf,
    output_dir: OutputDir,
    files: Files,
}

impl Generation {
    fn write(&self, root: &Path) -> CommandResult {
        let changes = self.output_dir.compare(&self.files)?;
        if changes.is_empty() {
            self.print_up_to_date();
            return Ok(ExitCode::SUCCESS);
        }
        self.output_dir.replace(&self.files, &changes)?;
        for change in &changes {
            print(format_args!(
                "  {} {}",
                change.kind.past_tense(),
                self.out.join(&change.path).display()
            ));
        }
        print(format_args!(
            "{} written from {}: {}",
            self.out.display(),
            self.spec.display(),
            self.count_changes(&changes)
        ));
        diff::print_short_report(root, &self.spec);
        Ok(ExitCode::SUCCESS)
    }

    fn check(&self, fix_command: &str) -> CommandResult {
        let changes = self.output_dir.compare(&self.files)?;
        if changes.is_empty() {
            self.print_up_to_date();
            return Ok(ExitCode::SUCCESS);
        }
        for change in changes
            .iter()
            .filter(|change| change.kind == ChangeKind::Updated)
            .take(MAX_DIFFS)
        {
            let path = self.out.join(&change.path);
            let diff = unified_diff(&path, &change.old, &change.new);
            print(style::unified_diff(&diff));
        }
        let (out, spec) = (self.out.display(), self.spec.display());
        print_error(format_args!("{out} is not up to date with {spec}:"));
        for change in &changes {
            eprint_line(format_args!(
                "  {} {}",
                change.kind.problem(),
                self.out.join(&change.path).display()
            ));
        }
        eprint_line(format_args!("To update it, run: {fix_command}"));
        Ok(ExitCode::from(CHECK_FAILED))
    }

    fn print_up_to_date(&self) {
        let (out, spec, count) = (self.out.display(), self.spec.display(), self.files.len());
        print(format_args!(
            "{out} is up to date with {spec}: {count} files, nothing changed"
        ));
    }

    fn count_changes(&self, changes: &[FileChange]) -> String {
        let count = |kind| changes.iter().filter(|change| change.kind == kind).count();
        let created = count(ChangeKind::Created);
        let updated = count(ChangeKind::Updated);
        let removed = count(ChangeKind::Removed);
        let unchanged = self.files.len().saturating_sub(created + updated);
        format!("{created} created, {updated} updated, {removed} removed, {unchanged} unchanged")
    }
}

impl ChangeKind {
    /// The message after the file was written.
    fn past_tense(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Removed => "removed",
        }
    }

    /// The message of `--check`.
    fn problem(self) -> &'static str {
        match self {
            Self::Created => "missing:",
            Self::Updated => "differs:",
            Self::Removed => "no longer generated:",
        }
    }
}

/// Takes a lock, so that two runs in one checkout do not replace a directory at the same time.
///
/// The lock ends when the file is closed, also if the process crashes.
fn lock(target: &Path) -> io::Result<File> {
    let path = target.join("xtask.lock");
    fs::create_dir_all(target).map_err(with_path(target))?;
    let file = File::create(&path).map_err(with_path(&path))?;
    match progress::show_while("waiting for another run to finish", || file.lock()) {
        // If the file system has no locks, continue without one.
        Err(error) if error.kind() != ErrorKind::Unsupported => Err(with_path(&path)(error)),
        _ => Ok(file),
    }
}

/// The command that brings the checked directory up to date.
fn fix_command(arguments: &Arguments) -> String {
    let option = |name: &str, value: &Option<PathBuf>| {
        value
            .as_ref()
            .map(|path| format!(" --{name} {}", quoted(path)))
            .unwrap_or_default()
    };
    let skip = match arguments.skip_unsupported {
        true => " --skip-unsupported",
        false => "",
    };
    format!(
        "cargo xtask generate{}{}{skip}",
        option("spec", &arguments.spec),
        option("out", &arguments.out)
    )
}

fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    if text.contains(char::is_whitespace) {
        format!("\"{text}\"")
    } else {
        text
    }
}
