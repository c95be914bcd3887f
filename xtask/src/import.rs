//! `cargo xtask import`: the operations that somebody needs of a manager's own document, as the document of this workspace.

use crate::workspace::{self, at};
use crate::{Outcome, complain, progress, say, say_passes, unsupported};
use clap::ArgGroup;
use nsx_api_gen::compare::Source;
use nsx_api_gen::import::{Import, Imported, Listed, Selection, import, list};
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const EXAMPLES: &str = "\
A manager serves its document at /api/v1/spec/openapi/nsx_api.json, and that of the Policy API at
/policy/api/v1/spec/openapi/nsx_policy_api.json.

Examples:
  cargo xtask import nsx_api.json --list switch
  cargo xtask import nsx_api.json --operation ListLogicalSwitches --operation GetLogicalSwitch
  cargo xtask import nsx_api.json --path '/logical-switches/**' --merge
  curl … | cargo xtask import - --all -o spec/whole.yaml";

/// What the command line says.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("choice").required(true).multiple(true).args(["operation", "tag", "path", "all", "list"])))]
pub(crate) struct Arguments {
    /// The document, Swagger 2.0 or OpenAPI 3, in JSON or YAML; `-` is standard input
    document: PathBuf,
    /// Keep the operation with this operationId, as --list shows it or as the document has it
    #[arg(long, value_name = "ID")]
    operation: Vec<String>,
    /// Keep the operations with this tag
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Keep the operations whose path fits: `*` is any text within a segment, `**` any segments
    #[arg(long, value_name = "GLOB")]
    path: Vec<String>,
    /// Keep every operation
    #[arg(long)]
    all: bool,
    /// Write nothing; show the operations that can be kept, those with the word in id, path, tag or summary
    #[arg(long, value_name = "WORD", num_args = 0..=1, default_missing_value = "",
          conflicts_with_all = ["operation", "tag", "path", "all", "merge", "output"])]
    list: Option<String>,
    /// Correct the document by an OpenAPI Overlay first
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    /// Add to the document that is there, and keep what it has; without it that is replaced
    #[arg(long)]
    merge: bool,
    /// Leave out the chosen operations that `generate` could make no code of, and say which and why
    #[arg(long, conflicts_with = "list")]
    skip_unsupported: bool,
    /// The document to write [default: spec/nsx.yaml of this workspace]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Say what was changed in the document, place by place
    #[arg(long, short)]
    verbose: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> Outcome {
    let document = source(&arguments.document)?;
    let overlay = arguments.overlay.as_deref().map(source).transpose()?;
    let what = format!("reading {}", named(&arguments.document));
    if let Some(word) = &arguments.list {
        let listed = progress::during(what, || list(&document, overlay.as_ref()))?;
        return show(&listed, word);
    }
    let root = workspace::root()?;
    let output = match &arguments.output {
        Some(path) => path.clone(),
        None => root.join(workspace::SPEC),
    };
    let into = arguments.merge.then(|| source(&output)).transpose()?;
    let mut task = Import::new(document, selection(arguments));
    task.overlay = overlay;
    task.into = into;
    task.skip_unsupported = arguments.skip_unsupported;
    let imported = progress::during(what, || import(&task))?;
    write(&output, &imported.text)?;
    tell(arguments, &workspace::from_root(&root, &output)?, &imported);
    Ok(ExitCode::SUCCESS)
}

fn selection(arguments: &Arguments) -> Selection {
    let mut selection = Selection::new();
    for id in &arguments.operation {
        selection = selection.operation(id);
    }
    for tag in &arguments.tag {
        selection = selection.tag(tag);
    }
    for path in &arguments.path {
        selection = selection.path(path);
    }
    match arguments.all {
        true => selection.all(),
        false => selection,
    }
}

/// What stands for standard input.
const STDIN: &str = "-";

fn named(path: &Path) -> String {
    match path == Path::new(STDIN) {
        true => "standard input".to_owned(),
        false => workspace::name(path),
    }
}

fn source(path: &Path) -> io::Result<Source> {
    match path == Path::new(STDIN) {
        true => Source::from_reader(named(path), io::stdin().lock()),
        false => Source::from_file(path).map_err(at(path)),
    }
}

/// Writes beside the file first, so that a run that is interrupted leaves what there was.
fn write(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    let name = path
        .file_name()
        .ok_or("the document to write has no name")?;
    let mut beside = name.to_owned();
    beside.push(".new");
    let beside = path.with_file_name(beside);
    fs::write(&beside, text).map_err(at(&beside))?;
    fs::rename(&beside, path).map_err(at(path))?;
    Ok(())
}

fn tell(arguments: &Arguments, output: &Path, imported: &Imported) {
    if arguments.verbose {
        imported.report.iter().for_each(say);
    }
    let Imported {
        operations,
        of,
        summary,
        notes,
        skipped: left_out,
        ..
    } = imported;
    if !arguments.verbose {
        say_passes("changed", summary);
    }
    notes.iter().for_each(say);
    unsupported::tell(left_out);
    unsupported::sum_up(left_out, *operations);
    let output = output.display();
    say(format_args!(
        "{output} written: {operations} of {of} operations. Next: cargo xtask generate"
    ));
}

fn show(operations: &[Listed], word: &str) -> Outcome {
    let found: Vec<&Listed> = operations.iter().filter(|one| one.has(word)).collect();
    for operation in &found {
        let Listed {
            id,
            original_id,
            method,
            path,
            tags,
            summary,
            ..
        } = operation;
        say(format_args!("{id}\n    {method} {path}"));
        if let Some(original) = original_id {
            say(format_args!("    in the document: {original}"));
        }
        if !summary.is_empty() {
            say(format_args!("    {summary}"));
        }
        for tag in tags {
            say(format_args!("    tag: {tag}"));
        }
    }
    if found.is_empty() {
        complain(format_args!(
            "no operation of {} has `{word}` in it",
            operations.len()
        ));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
