//! `cargo xtask import`: imports selected operations of a manager's OpenAPI document into the
//! document of this workspace.

use crate::workspace::{self, with_path};
use crate::{
    CommandResult, eprint_line, print, print_pass_summary, print_warning, progress, unsupported,
};
use clap::ArgGroup;
use nsx_api_gen::compare::Source;
use nsx_api_gen::import::{Import, Imported, Listed, Selection, import, list};
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

const EXAMPLES: &str = "\
An NSX Manager serves its document at /api/v1/spec/openapi/nsx_api.json, and the document of the
Policy API at /policy/api/v1/spec/openapi/nsx_policy_api.json.

Examples:
  cargo xtask import nsx_api.json --list switch
  cargo xtask import nsx_api.json --operation ListLogicalSwitches --operation GetLogicalSwitch
  cargo xtask import nsx_api.json --path '/logical-switches/**' --merge
  curl … | cargo xtask import - --all -o spec/whole.yaml";

/// The arguments of `cargo xtask import`.
#[derive(clap::Args)]
#[command(after_help = EXAMPLES)]
#[command(group(ArgGroup::new("choice").required(true).multiple(true).args(["operation", "tag", "path", "all", "list"])))]
pub(crate) struct Arguments {
    /// Document to import from: Swagger 2.0 or OpenAPI 3, JSON or YAML; `-` reads standard input
    document: PathBuf,
    /// Import the operation with this operationId, as shown by --list or as in the document
    #[arg(long, value_name = "ID")]
    operation: Vec<String>,
    /// Import the operations with this tag
    #[arg(long, value_name = "TAG")]
    tag: Vec<String>,
    /// Import the operations whose path matches: `*` matches within a path segment, `**` any number
    /// of segments
    #[arg(long, value_name = "GLOB")]
    path: Vec<String>,
    /// Import all operations
    #[arg(long)]
    all: bool,
    /// Write nothing; list the operations, or only those with WORD in their id, path, tags or
    /// summary
    #[arg(long, value_name = "WORD", num_args = 0..=1, default_missing_value = "",
          conflicts_with_all = ["operation", "tag", "path", "all", "merge", "output"])]
    list: Option<String>,
    /// Apply an OpenAPI Overlay to the document first. Its targets address the document after the
    /// conversion to OpenAPI 3.0
    #[arg(long, value_name = "FILE")]
    overlay: Option<PathBuf>,
    /// Fail if an action of the overlay selects nothing, instead of printing a warning
    #[arg(long, requires = "overlay")]
    strict: bool,
    /// Add the operations to the output document; without this option the output is replaced
    #[arg(long)]
    merge: bool,
    /// Skip operations that `generate` does not support, and list them with the reasons
    #[arg(long, conflicts_with = "list")]
    skip_unsupported: bool,
    /// Document to write [default: spec/nsx.yaml]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// List the changes that were made to the document
    #[arg(long, short)]
    verbose: bool,
}

/// Runs the command.
pub(crate) fn run(arguments: &Arguments) -> CommandResult {
    let document = read_source(&arguments.document)?;
    let overlay = arguments.overlay.as_deref().map(read_source).transpose()?;
    let what = format!("reading {}", display_name(&arguments.document));
    if let Some(word) = &arguments.list {
        let listed = progress::show_while(what, || list(&document, overlay.as_ref()))?;
        return print_operations(&listed, word);
    }
    let root = workspace::root()?;
    let output = match &arguments.output {
        Some(path) => path.clone(),
        None => root.join(workspace::SPEC),
    };
    let into = arguments.merge.then(|| read_source(&output)).transpose()?;
    let mut task = Import::new(document, selection(arguments));
    task.overlay = overlay;
    task.into = into;
    task.skip_unsupported = arguments.skip_unsupported;
    let imported = progress::show_while(what, || import(&task))?;
    if arguments.strict && !imported.warnings.is_empty() {
        return Err(imported.warnings.join("\n").into());
    }
    imported.warnings.iter().for_each(print_warning);
    replace_file(&output, &imported.text)?;
    print_result(
        arguments,
        &workspace::relative_to_root(&root, &output)?,
        &imported,
    );
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

/// The argument for standard input.
const STDIN: &str = "-";

fn display_name(path: &Path) -> String {
    match path == Path::new(STDIN) {
        true => "standard input".to_owned(),
        false => workspace::file_name(path),
    }
}

fn read_source(path: &Path) -> io::Result<Source> {
    match path == Path::new(STDIN) {
        true => Source::from_reader(display_name(path), io::stdin().lock()),
        false => Source::from_file(path).map_err(with_path(path)),
    }
}

/// Writes a temporary file and renames it, so that an interrupted run leaves the old file
/// unchanged.
fn replace_file(path: &Path, text: &str) -> Result<(), Box<dyn Error>> {
    let name = path
        .file_name()
        .ok_or("the path of the output has no file name")?;
    let mut temporary = name.to_owned();
    temporary.push(".new");
    let temporary = path.with_file_name(temporary);
    fs::write(&temporary, text).map_err(with_path(&temporary))?;
    fs::rename(&temporary, path).map_err(with_path(path))?;
    Ok(())
}

fn print_result(arguments: &Arguments, output: &Path, imported: &Imported) {
    if arguments.verbose {
        imported.report.iter().for_each(print);
    }
    let Imported {
        operations,
        of,
        summary,
        notes,
        skipped,
        ..
    } = imported;
    if !arguments.verbose {
        print_pass_summary(summary);
    }
    notes.iter().for_each(print);
    unsupported::print_skipped(skipped);
    unsupported::print_summary(skipped, *operations);
    let output = output.display();
    print(format_args!(
        "{output} written: {operations} of {of} operations. Next: cargo xtask generate"
    ));
}

fn print_operations(operations: &[Listed], word: &str) -> CommandResult {
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
        print(format_args!("{id}\n    {method} {path}"));
        if let Some(original) = original_id {
            print(format_args!("    operationId in the document: {original}"));
        }
        if !summary.is_empty() {
            print(format_args!("    {summary}"));
        }
        for tag in tags {
            print(format_args!("    tag: {tag}"));
        }
    }
    if found.is_empty() {
        eprint_line(format_args!(
            "none of the {} operations contains `{word}`",
            operations.len()
        ));
        return Ok(ExitCode::FAILURE);
    }
    Ok(ExitCode::SUCCESS)
}
