//! `cargo xtask generate [--check]`: writes the generated folder anew, or tells how it differs. Everything is generated
//! in memory first, so a document that cannot be used changes nothing.

use crate::folder::{Change, Files, Folder, Kind};
use crate::workspace::{self, at};
use crate::{
    Outcome, STALE, complain, diff, fail, lines, progress, say, say_passes, style, unsupported,
};
use nsx_api_gen::Generated;
use std::env;
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Files whose difference is shown by `--check`. The rest are named.
const SHOWN: usize = 20;

const EXAMPLES: &str = "\
Examples:
  cargo xtask generate
  cargo xtask generate --check
  cargo xtask generate --spec spec/whole.yaml --out whole/src/generated --skip-unsupported";

/// What the command line says.
#[derive(clap::Args, Default)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Arguments {
    /// Write nothing; show what is stale and end with exit code 4 if anything is
    #[arg(long)]
    check: bool,
    /// Say what was changed in the document before the code was generated
    #[arg(long, short)]
    verbose: bool,
    /// Leave out the operations that no code can be made of, with the schemas that only they use, and say which and why
    #[arg(long)]
    skip_unsupported: bool,
    /// The OpenAPI document [default: spec/nsx.yaml of this workspace]
    #[arg(long, value_name = "FILE")]
    spec: Option<PathBuf>,
    /// The folder of the generated code; nothing else may be in it [default: nsx-api/src/generated of this workspace]
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let root = workspace::root()?;
    let spec = place(&root, arguments.spec.as_deref(), workspace::SPEC)?;
    let out = place(&root, arguments.out.as_deref(), workspace::GENERATED)?;
    env::set_current_dir(&root).map_err(at(&root))?;

    let folder = Folder::new(&out)?;
    // Held to the end. Only what writes needs it.
    let _lock = if arguments.check {
        None
    } else {
        Some(prepare(&root, &out, &folder)?)
    };
    let generated = generated(&spec, arguments.skip_unsupported)?;
    if arguments.verbose {
        generated.report.iter().for_each(say);
    } else {
        say_passes("mended", &generated.summary);
    }
    unsupported::tell(&generated.skipped);
    let task = Task {
        spec,
        out,
        folder,
        files: generated.files,
    };
    let outcome = if arguments.check {
        task.check(&mend(arguments))?
    } else {
        task.write(&root)?
    };
    unsupported::sum_up(&generated.skipped, generated.operations);
    Ok(outcome)
}

/// The code of the document.
fn generated(spec: &Path, skip_unsupported: bool) -> Result<Generated, Box<dyn Error>> {
    let what = format!("generating code from {}", workspace::name(spec));
    progress::during(what, || {
        if skip_unsupported {
            return Ok(nsx_api_gen::generate_supported(spec)?);
        }
        let generated = nsx_api_gen::generate(spec);
        generated.map_err(|error| unsupported::hinted(&error, spec).into())
    })
}

/// Gets the folder ready to be replaced: by this run alone, and whole even if the last run was interrupted.
fn prepare(root: &Path, out: &Path, folder: &Folder) -> io::Result<File> {
    let lock = lock(&root.join("target"))?;
    if folder.recover()? {
        say(format_args!(
            "{}: put back after an interrupted run",
            out.display()
        ));
    }
    Ok(lock)
}

/// A path of the command line, which is relative to where the user is, or the workspace's own.
fn place(root: &Path, given: Option<&Path>, default: &str) -> io::Result<PathBuf> {
    let path = given.map_or_else(|| root.join(default), Path::to_path_buf);
    workspace::from_root(root, &path).map_err(at(&path))
}

struct Task {
    spec: PathBuf,
    out: PathBuf,
    folder: Folder,
    files: Files,
}

impl Task {
    fn write(&self, root: &Path) -> Outcome {
        let changes = self.folder.compare(&self.files)?;
        if changes.is_empty() {
            self.say_nothing_changed();
            return Ok(ExitCode::SUCCESS);
        }
        self.folder.replace(&self.files, &changes)?;
        for change in &changes {
            say(format_args!(
                "  {} {}",
                change.kind.done(),
                self.out.join(&change.path).display()
            ));
        }
        say(format_args!(
            "{} written from {}: {}",
            self.out.display(),
            self.spec.display(),
            self.count(&changes)
        ));
        diff::say_short(root, &self.spec);
        Ok(ExitCode::SUCCESS)
    }

    fn check(&self, mend: &str) -> Outcome {
        let changes = self.folder.compare(&self.files)?;
        if changes.is_empty() {
            self.say_nothing_changed();
            return Ok(ExitCode::SUCCESS);
        }
        for change in changes
            .iter()
            .filter(|change| change.kind == Kind::Updated)
            .take(SHOWN)
        {
            let path = self.out.join(&change.path);
            let difference = lines::unified(&path, &change.old, &change.new);
            say(style::difference(&difference));
        }
        let (out, spec) = (self.out.display(), self.spec.display());
        fail(format_args!("{out} is stale, it is not what {spec} gives:"));
        for change in &changes {
            complain(format_args!(
                "  {} {}",
                change.kind.fault(),
                self.out.join(&change.path).display()
            ));
        }
        complain(format_args!("To mend it, run: {mend}"));
        Ok(ExitCode::from(STALE))
    }

    fn say_nothing_changed(&self) {
        let (out, spec, count) = (self.out.display(), self.spec.display(), self.files.len());
        say(format_args!(
            "{out} is up to date with {spec}: nothing changed in {count} files"
        ));
    }

    fn count(&self, changes: &[Change]) -> String {
        let of = |kind| changes.iter().filter(|change| change.kind == kind).count();
        let (created, updated, removed) = (of(Kind::Created), of(Kind::Updated), of(Kind::Removed));
        let unchanged = self.files.len().saturating_sub(created + updated);
        format!("{created} created, {updated} updated, {removed} removed, {unchanged} unchanged")
    }
}

impl Kind {
    /// What happened to the file.
    fn done(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Removed => "removed",
        }
    }

    /// What is wrong with the file until then.
    fn fault(self) -> &'static str {
        match self {
            Self::Created => "is missing:",
            Self::Updated => "differs:",
            Self::Removed => "is generated no more:",
        }
    }
}

/// Keeps two runs of one checkout from replacing a folder at the same time. Ends with the file, also in a crash.
fn lock(target: &Path) -> io::Result<File> {
    let path = target.join("xtask.lock");
    fs::create_dir_all(target).map_err(at(target))?;
    let file = File::create(&path).map_err(at(&path))?;
    match progress::during("waiting for another run to end", || file.lock()) {
        // A file system without locks is no reason not to generate.
        Err(error) if error.kind() != ErrorKind::Unsupported => Err(at(&path)(error)),
        _ => Ok(file),
    }
}

/// The command that mends what `--check` found, for the same document and folder.
fn mend(arguments: &Arguments) -> String {
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
