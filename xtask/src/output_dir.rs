//! The output directory of the generator: compares it with the generated files and replaces it.
//!
//! The directory is replaced as a whole. The new one is written completely to a sibling directory.
//! Then the old one is renamed to a backup, and the new one to the final name. If a run is
//! interrupted at any point, a complete directory exists: between the two renames it is the backup,
//! which the next run restores. Unchanged files keep their modification time, so that cargo does
//! not rebuild them.

use crate::workspace::with_path;
use nsx_api_gen::HEADER_MARK;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

/// The text of each file, by its path relative to the directory.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// The number of lines at the start of a file in which the generator's mark is searched.
///
/// The generator writes the mark to the first line, but the conflict markers of an unfinished merge
/// may come before it. Generating again resolves such a merge.
const MARK_LINES: usize = 10;

/// How many foreign files an error lists. A wrong directory may contain any number.
const MAX_LISTED: usize = 20;

/// The output directory.
#[derive(Debug)]
pub(crate) struct OutputDir {
    path: PathBuf,
    /// Where the new directory is written.
    staging: PathBuf,
    /// Where the old directory is kept until the new one is in place.
    backup: PathBuf,
}

/// A difference between the directory and the generated files.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct FileChange {
    /// Relative to the directory.
    pub(crate) path: PathBuf,
    pub(crate) kind: ChangeKind,
    /// The current text. Empty for a new file.
    pub(crate) old: String,
    /// The generated text. Empty for a removed file.
    pub(crate) new: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeKind {
    Created,
    Updated,
    Removed,
}

impl OutputDir {
    /// Does not access the file system. The directory need not exist.
    pub(crate) fn new(path: &Path) -> Result<Self, Box<dyn Error>> {
        let name = path
            .file_name()
            .ok_or_else(|| format!("{} does not end with a directory name", path.display()))?;
        let sibling =
            |suffix: &str| path.with_file_name(format!(".{}.xtask-{suffix}", name.display()));
        Ok(Self {
            path: path.to_path_buf(),
            staging: sibling("new"),
            backup: sibling("old"),
        })
    }

    /// Cleans up after an interrupted run. Returns true if the directory was restored from the
    /// backup.
    pub(crate) fn recover(&self) -> io::Result<bool> {
        let is_missing = !exists(&self.path)? && exists(&self.backup)?;
        if is_missing {
            fs::rename(&self.backup, &self.path).map_err(with_path(&self.backup))?;
        }
        remove_dir(&self.backup)?;
        remove_dir(&self.staging)?;
        Ok(is_missing)
    }

    /// Compares the directory with the generated files.
    ///
    /// It is an error if the directory contains files that the generator did not write.
    pub(crate) fn compare(&self, generated: &Files) -> Result<Vec<FileChange>, Box<dyn Error>> {
        let mut present = BTreeMap::new();
        if exists(&self.path)? {
            read_files(&self.path, Path::new(""), &mut present)?;
        }
        self.check_ownership(&present)?;
        let paths: BTreeSet<&PathBuf> = present.keys().chain(generated.keys()).collect();
        Ok(paths
            .into_iter()
            .filter_map(|path| file_change(path, present.get(path), generated.get(path)))
            .collect())
    }

    /// Checks that the generator wrote every file of the directory.
    fn check_ownership(&self, present: &Files) -> Result<(), String> {
        let foreign: Vec<String> = present
            .iter()
            .filter(|(_, text)| !has_mark(text))
            .map(|(path, _)| format!("\n  {}", self.path.join(path).display()))
            .collect();
        if foreign.is_empty() {
            return Ok(());
        }
        let (listed, rest) = foreign.split_at(foreign.len().min(MAX_LISTED));
        let rest = match rest.len() {
            0 => String::new(),
            count => format!("\n  and {count} more"),
        };
        Err(format!(
            "{} may only contain generated files; it was not changed. Move or delete the files that the generator did not write:{}{rest}",
            self.path.display(),
            listed.concat()
        ))
    }

    /// Replaces the directory. If this fails, the old one is unchanged.
    pub(crate) fn replace(&self, generated: &Files, changes: &[FileChange]) -> io::Result<()> {
        let changed: BTreeSet<&Path> = changes.iter().map(|change| change.path.as_path()).collect();
        self.stage(generated, &changed)
            .and_then(|()| self.swap())
            .inspect_err(|_| {
                // An error is ignored here: the next run removes the staging directory too.
                let _ = remove_dir(&self.staging);
            })?;
        remove_dir(&self.backup)
    }

    fn stage(&self, generated: &Files, changed: &BTreeSet<&Path>) -> io::Result<()> {
        fs::create_dir_all(&self.staging).map_err(with_path(&self.staging))?;
        interruption_point();
        for (path, text) in generated {
            let target = join_below(&self.staging, path)?;
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).map_err(with_path(parent))?;
            }
            if changed.contains(path.as_path()) {
                write_synced(&target, text).map_err(with_path(&target))?;
            } else {
                copy_with_mtime(&self.path.join(path), &target).map_err(with_path(&target))?;
            }
            interruption_point();
        }
        Ok(())
    }

    fn swap(&self) -> io::Result<()> {
        if exists(&self.path)? {
            fs::rename(&self.path, &self.backup).map_err(with_path(&self.path))?;
        }
        interruption_point();
        fs::rename(&self.staging, &self.path)
            .map_err(with_path(&self.path))
            .inspect_err(|_| {
                // Fails if there was no old directory. Then there is nothing to restore.
                let _ = fs::rename(&self.backup, &self.path);
            })?;
        interruption_point();
        Ok(())
    }
}

fn file_change(path: &Path, old: Option<&String>, new: Option<&String>) -> Option<FileChange> {
    let kind = match (old, new) {
        (Some(old), Some(new)) if equal_except_line_endings(old, new) => return None,
        (Some(_), Some(_)) => ChangeKind::Updated,
        (None, _) => ChangeKind::Created,
        (_, None) => ChangeKind::Removed,
    };
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    Some(FileChange {
        path: path.to_path_buf(),
        kind,
        old: text(old),
        new: text(new),
    })
}

/// Git may convert line endings at checkout. The files are up to date all the same.
fn equal_except_line_endings(old: &str, new: &str) -> bool {
    old == new || old.replace("\r\n", "\n") == new.replace("\r\n", "\n")
}

fn has_mark(text: &str) -> bool {
    text.lines()
        .take(MARK_LINES)
        .any(|line| line.contains(HEADER_MARK))
}

/// Reads all files of a directory, recursively. Invalid UTF-8 is replaced: no generated file has
/// it.
fn read_files(dir: &Path, below: &Path, files: &mut Files) -> io::Result<()> {
    let here = dir.join(below);
    for entry in fs::read_dir(&here).map_err(with_path(&here))? {
        let entry = entry.map_err(with_path(&here))?;
        let path = below.join(entry.file_name());
        let kind = entry.file_type().map_err(with_path(&entry.path()))?;
        if kind.is_dir() {
            read_files(dir, &path, files)?;
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).map_err(with_path(&entry.path()))?;
            files.insert(path, String::from_utf8_lossy(&bytes).into_owned());
        } else {
            files.insert(path, String::new());
        }
    }
    Ok(())
}

/// Joins the paths. It is an error if the result could be outside of the directory.
fn join_below(dir: &Path, path: &Path) -> io::Result<PathBuf> {
    if path
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Ok(dir.join(path));
    }
    Err(io::Error::new(
        ErrorKind::InvalidInput,
        format!("{} is outside of the output directory", path.display()),
    ))
}

fn write_synced(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    interruption_point();
    file.write_all(text.as_bytes())?;
    // Without this, the file could be empty after the rename if the system loses power.
    file.sync_all()
}

fn copy_with_mtime(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    let modified = fs::metadata(from)?.modified()?;
    File::options().write(true).open(to)?.set_modified(modified)
}

fn exists(path: &Path) -> io::Result<bool> {
    path.try_exists().map_err(with_path(path))
}

/// Removes a directory if it exists.
fn remove_dir(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(with_path(path)(error)),
        _ => Ok(()),
    }
}

/// A test interrupts the run at each of these points.
#[cfg(not(test))]
fn interruption_point() {}

#[cfg(test)]
use tests::interruption_point;

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::Cell;
    use std::panic::{self, AssertUnwindSafe};
    use tempfile::TempDir;

    fn files(entries: &[(&str, &str)]) -> Files {
        let text = |name| format!("// {HEADER_MARK}\n{name}\n");
        entries
            .iter()
            .map(|(path, name)| (PathBuf::from(path), text(name)))
            .collect()
    }

    /// An output directory with two files, in a temporary directory.
    fn output_dir() -> (TempDir, OutputDir, Files) {
        let temp = TempDir::new().unwrap();
        let dir = OutputDir::new(&temp.path().join("generated")).unwrap();
        let first = files(&[("mod.rs", "one"), ("builder/mod.rs", "two")]);
        let changes = dir.compare(&first).unwrap();
        dir.replace(&first, &changes).unwrap();
        (temp, dir, first)
    }

    fn content(path: &Path) -> Files {
        let mut files = Files::new();
        read_files(path, Path::new(""), &mut files).unwrap();
        files
    }

    fn names(path: &Path) -> Vec<String> {
        fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn each_generated_file_is_created_updated_removed_or_unchanged() {
        let (_temp, dir, _) = output_dir();
        let next = files(&[("mod.rs", "one"), ("types.rs", "three")]);
        let changes = dir.compare(&next).unwrap();
        let kinds: Vec<_> = changes
            .iter()
            .map(|change| (change.path.to_str().unwrap(), change.kind))
            .collect();
        assert_eq!(
            kinds,
            [
                ("builder/mod.rs", ChangeKind::Removed),
                ("types.rs", ChangeKind::Created)
            ]
        );
        dir.replace(&next, &changes).unwrap();
        assert_eq!(content(&dir.path), next);
    }

    #[test]
    fn replacing_the_output_dir_leaves_no_temporary_files() {
        let (temp, dir, first) = output_dir();
        dir.replace(&first, &[]).unwrap();
        assert_eq!(names(temp.path()), ["generated"]);
    }

    #[test]
    fn the_output_dir_is_unchanged_if_the_new_files_cannot_be_written() {
        let (temp, dir, first) = output_dir();
        for invalid in [
            files(&[("a", ""), ("a/b", "")]),
            files(&[("../a", "")]),
            files(&[("/a", "")]),
        ] {
            let changes = dir.compare(&invalid).unwrap();
            dir.replace(&invalid, &changes).unwrap_err();
            assert_eq!(content(&dir.path), first);
            assert_eq!(names(temp.path()), ["generated"]);
        }
    }

    #[test]
    fn the_old_output_dir_is_restored_if_the_second_rename_fails() {
        let (temp, dir, first) = output_dir();
        let error = dir.swap().unwrap_err();
        assert!(error.to_string().contains("generated"), "{error}");
        assert_eq!(content(&dir.path), first);
        assert_eq!(names(temp.path()), ["generated"]);
    }

    thread_local! {
        /// The number of points until the run is interrupted.
        static POINTS_LEFT: Cell<Option<usize>> = const { Cell::new(None) };
    }

    /// Unwinds at the chosen point. This leaves the same files as the end of the process would,
    /// because nothing is cleaned up in a destructor.
    pub(super) fn interruption_point() {
        let left = POINTS_LEFT.get();
        POINTS_LEFT.set(left.and_then(|left| left.checked_sub(1)));
        if left == Some(0) {
            panic::resume_unwind(Box::new("interrupted"));
        }
    }

    /// Replaces the directory, but ends at this point. Returns whether the point was reached.
    fn replace_until(point: usize, dir: &OutputDir, next: &Files) -> bool {
        let changes = dir.compare(next).unwrap();
        POINTS_LEFT.set(Some(point));
        let replace = AssertUnwindSafe(|| dir.replace(next, &changes).unwrap());
        let is_interrupted = panic::catch_unwind(replace).is_err();
        POINTS_LEFT.set(None);
        is_interrupted
    }

    #[test]
    fn a_run_interrupted_at_any_point_leaves_the_old_or_the_new_files() {
        let next = files(&[("mod.rs", "one"), ("types.rs", "three"), ("a/b.rs", "four")]);
        let mut points = 0;
        loop {
            let (temp, dir, first) = output_dir();
            if !replace_until(points, &dir, &next) {
                break;
            }
            let is_restored = dir.recover().unwrap();
            let found = content(&dir.path);
            assert!(found == first || found == next, "{points}: {found:?}");
            assert!(!is_restored || found == first, "{points}");
            assert_eq!(names(temp.path()), ["generated"], "{points}");
            assert!(!replace_until(usize::MAX, &dir, &next));
            assert_eq!(content(&dir.path), next, "{points}");
            points += 1;
        }
        // Creating the directory, three files, two of which are written and not copied, and two
        // renames.
        assert_eq!(points, 1 + 3 + 2 + 2);
    }

    #[test]
    fn the_header_mark_is_found_after_merge_conflict_markers() {
        let cases = [
            (format!("// {HEADER_MARK}\n"), true),
            (
                format!(
                    "<<<<<<< ours\n// {HEADER_MARK} a\n=======\n// {HEADER_MARK} b\n>>>>>>> theirs\n"
                ),
                true,
            ),
            (
                format!("{}// {HEADER_MARK}\n", "\n".repeat(MARK_LINES)),
                false,
            ),
            ("// by hand\n".to_owned(), false),
            (String::new(), false),
        ];
        for (text, expected) in cases {
            assert_eq!(has_mark(&text), expected, "{text}");
        }
    }

    #[test]
    fn an_output_path_without_a_name_is_an_error() {
        OutputDir::new(Path::new("/")).unwrap_err();
    }
}
