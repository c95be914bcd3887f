//! The folder of generated files: how it differs from what was generated, and its replacement.
//!
//! The folder is replaced as a whole. The new one is made beside it, complete and on disk; then the old one is renamed
//! out of the way and the new one into its place. Whenever that stops, one of the two is there whole: between the two
//! renames the old one has its other name, and the next run starts by giving it back. Files that do not change are
//! copied with their time, so that cargo does not compile them again.

use crate::workspace::at;
use nsx_api_gen::HEADER_MARK;
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Component, Path, PathBuf};

/// Text by path, from the folder.
pub(crate) type Files = BTreeMap<PathBuf, String>;

/// Lines at the start of a file in which the generator's mark is looked for. The mark is in the first one, but a merge
/// that git could not finish puts its own lines before it, and generating again is how such a merge is mended.
const HEAD: usize = 10;

/// How many files that do not belong into the folder are named: a wrong folder may hold any number.
const LISTED: usize = 20;

/// The folder of generated files.
#[derive(Debug)]
pub(crate) struct Folder {
    path: PathBuf,
    /// The new folder while it is made.
    staged: PathBuf,
    /// The old folder while it is replaced.
    retired: PathBuf,
}

/// What generating would do to one file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// From the folder.
    pub(crate) path: PathBuf,
    pub(crate) kind: Kind,
    /// The text now, empty for a new file.
    pub(crate) old: String,
    /// The generated text, empty for a file that is removed.
    pub(crate) new: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Created,
    Updated,
    Removed,
}

impl Folder {
    /// Names the folder. Nothing is read, and it need not exist.
    pub(crate) fn new(path: &Path) -> Result<Self, Box<dyn Error>> {
        let name = path
            .file_name()
            .ok_or_else(|| format!("{} has no folder name", path.display()))?;
        let beside =
            |suffix: &str| path.with_file_name(format!(".{}.xtask-{suffix}", name.display()));
        Ok(Self {
            path: path.to_path_buf(),
            staged: beside("new"),
            retired: beside("old"),
        })
    }

    /// Cleans up after a run that was interrupted. True if the folder had to be given back its name.
    pub(crate) fn recover(&self) -> io::Result<bool> {
        let lost = !exists(&self.path)? && exists(&self.retired)?;
        if lost {
            fs::rename(&self.retired, &self.path).map_err(at(&self.retired))?;
        }
        remove(&self.retired)?;
        remove(&self.staged)?;
        Ok(lost)
    }

    /// Compares the folder with what was generated. Files that the generator did not write are an error: the folder is
    /// the generator's alone.
    pub(crate) fn compare(&self, generated: &Files) -> Result<Vec<Change>, Box<dyn Error>> {
        let mut present = BTreeMap::new();
        if exists(&self.path)? {
            read(&self.path, Path::new(""), &mut present)?;
        }
        self.refuse_strangers(&present)?;
        let paths: BTreeSet<&PathBuf> = present.keys().chain(generated.keys()).collect();
        Ok(paths
            .into_iter()
            .filter_map(|path| change(path, present.get(path), generated.get(path)))
            .collect())
    }

    fn refuse_strangers(&self, present: &Files) -> Result<(), String> {
        let strangers: Vec<String> = present
            .iter()
            .filter(|(_, text)| !is_generated(text))
            .map(|(path, _)| format!("\n  {}", self.path.join(path).display()))
            .collect();
        if strangers.is_empty() {
            return Ok(());
        }
        let (listed, rest) = strangers.split_at(strangers.len().min(LISTED));
        let rest = match rest.len() {
            0 => String::new(),
            count => format!("\n  and {count} more"),
        };
        Err(format!(
            "{} is for generated files only, and was left as it is. Move or remove what the generator did not write:{}{rest}",
            self.path.display(),
            listed.concat()
        ))
    }

    /// Replaces the folder. When this fails, the old one is as it was.
    pub(crate) fn replace(&self, generated: &Files, changes: &[Change]) -> io::Result<()> {
        let changed: BTreeSet<&Path> = changes.iter().map(|change| change.path.as_path()).collect();
        self.stage(generated, &changed)
            .and_then(|()| self.swap())
            .inspect_err(|_| {
                // What is left of it is removed by the next run too, so the first error is the one to report.
                let _ = remove(&self.staged);
            })?;
        remove(&self.retired)
    }

    fn stage(&self, generated: &Files, changed: &BTreeSet<&Path>) -> io::Result<()> {
        fs::create_dir_all(&self.staged).map_err(at(&self.staged))?;
        for (path, text) in generated {
            let target = inside(&self.staged, path)?;
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent).map_err(at(parent))?;
            }
            if changed.contains(path.as_path()) {
                write(&target, text).map_err(at(&target))?;
            } else {
                copy(&self.path.join(path), &target).map_err(at(&target))?;
            }
        }
        Ok(())
    }

    fn swap(&self) -> io::Result<()> {
        if exists(&self.path)? {
            fs::rename(&self.path, &self.retired).map_err(at(&self.path))?;
        }
        fs::rename(&self.staged, &self.path)
            .map_err(at(&self.path))
            .inspect_err(|_| {
                // Fails when there was no old folder; then there is nothing to give back.
                let _ = fs::rename(&self.retired, &self.path);
            })
    }
}

fn change(path: &Path, old: Option<&String>, new: Option<&String>) -> Option<Change> {
    let kind = match (old, new) {
        (Some(old), Some(new)) if same_lines(old, new) => return None,
        (Some(_), Some(_)) => Kind::Updated,
        (None, _) => Kind::Created,
        (_, None) => Kind::Removed,
    };
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    Some(Change {
        path: path.to_path_buf(),
        kind,
        old: text(old),
        new: text(new),
    })
}

/// Git may give the files other line ends at checkout. That does not make them stale.
fn same_lines(old: &str, new: &str) -> bool {
    old == new || old.replace("\r\n", "\n") == new.replace("\r\n", "\n")
}

fn is_generated(text: &str) -> bool {
    text.lines()
        .take(HEAD)
        .any(|line| line.contains(HEADER_MARK))
}

/// Reads all files below a folder. What is not UTF-8 is read as far as it goes: it was not generated that way.
fn read(folder: &Path, below: &Path, files: &mut Files) -> io::Result<()> {
    let here = folder.join(below);
    for entry in fs::read_dir(&here).map_err(at(&here))? {
        let entry = entry.map_err(at(&here))?;
        let path = below.join(entry.file_name());
        let kind = entry.file_type().map_err(at(&entry.path()))?;
        if kind.is_dir() {
            read(folder, &path, files)?;
        } else if kind.is_file() {
            let bytes = fs::read(entry.path()).map_err(at(&entry.path()))?;
            files.insert(path, String::from_utf8_lossy(&bytes).into_owned());
        } else {
            files.insert(path, String::new());
        }
    }
    Ok(())
}

/// A path below the folder, or an error if it would lead out of it.
fn inside(folder: &Path, path: &Path) -> io::Result<PathBuf> {
    if path
        .components()
        .all(|part| matches!(part, Component::Normal(_)))
    {
        return Ok(folder.join(path));
    }
    Err(io::Error::new(
        ErrorKind::InvalidInput,
        format!("{} leads out of the folder", path.display()),
    ))
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(text.as_bytes())?;
    // Otherwise a power cut after the rename could leave the new name with nothing in it.
    file.sync_all()
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::copy(from, to)?;
    let modified = fs::metadata(from)?.modified()?;
    File::options().write(true).open(to)?.set_modified(modified)
}

fn exists(path: &Path) -> io::Result<bool> {
    path.try_exists().map_err(at(path))
}

/// Removes a folder if there is one.
fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(at(path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    fn files(entries: &[(&str, &str)]) -> Files {
        let text = |name| format!("// {HEADER_MARK}\n{name}\n");
        entries
            .iter()
            .map(|(path, name)| (PathBuf::from(path), text(name)))
            .collect()
    }

    /// A folder with two files in it, and a place for it that is removed with the test.
    fn folder() -> (TempDir, Folder, Files) {
        let place = TempDir::new().unwrap();
        let folder = Folder::new(&place.path().join("generated")).unwrap();
        let first = files(&[("mod.rs", "one"), ("builder/mod.rs", "two")]);
        let changes = folder.compare(&first).unwrap();
        folder.replace(&first, &changes).unwrap();
        (place, folder, first)
    }

    fn content(path: &Path) -> Files {
        let mut files = Files::new();
        read(path, Path::new(""), &mut files).unwrap();
        files
    }

    fn names(path: &Path) -> Vec<String> {
        fs::read_dir(path)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect()
    }

    #[test]
    fn each_file_is_created_updated_removed_or_unchanged() {
        let (_place, folder, _) = folder();
        let next = files(&[("mod.rs", "one"), ("types.rs", "three")]);
        let changes = folder.compare(&next).unwrap();
        let kinds: Vec<_> = changes
            .iter()
            .map(|change| (change.path.to_str().unwrap(), change.kind))
            .collect();
        assert_eq!(
            kinds,
            [
                ("builder/mod.rs", Kind::Removed),
                ("types.rs", Kind::Created)
            ]
        );
        folder.replace(&next, &changes).unwrap();
        assert_eq!(content(&folder.path), next);
    }

    #[test]
    fn a_replacement_leaves_nothing_beside_the_folder() {
        let (place, folder, first) = folder();
        folder.replace(&first, &[]).unwrap();
        assert_eq!(names(place.path()), ["generated"]);
    }

    #[test]
    fn files_that_cannot_be_staged_leave_the_old_ones() {
        let (place, folder, first) = folder();
        for impossible in [
            files(&[("a", ""), ("a/b", "")]),
            files(&[("../a", "")]),
            files(&[("/a", "")]),
        ] {
            let changes = folder.compare(&impossible).unwrap();
            folder.replace(&impossible, &changes).unwrap_err();
            assert_eq!(content(&folder.path), first);
            assert_eq!(names(place.path()), ["generated"]);
        }
    }

    #[test]
    fn a_swap_that_fails_half_way_gives_the_old_folder_back() {
        let (place, folder, first) = folder();
        let error = folder.swap().unwrap_err();
        assert!(error.to_string().contains("generated"), "{error}");
        assert_eq!(content(&folder.path), first);
        assert_eq!(names(place.path()), ["generated"]);
    }

    #[test]
    fn the_mark_is_found_below_the_lines_of_an_unfinished_merge() {
        let cases = [
            (format!("// {HEADER_MARK}\n"), true),
            (
                format!(
                    "<<<<<<< ours\n// {HEADER_MARK} a\n=======\n// {HEADER_MARK} b\n>>>>>>> theirs\n"
                ),
                true,
            ),
            (format!("{}// {HEADER_MARK}\n", "\n".repeat(HEAD)), false),
            ("// by hand\n".to_owned(), false),
            (String::new(), false),
        ];
        for (text, expected) in cases {
            assert_eq!(is_generated(&text), expected, "{text}");
        }
    }

    #[test]
    fn a_path_without_a_name_is_refused() {
        Folder::new(Path::new("/")).unwrap_err();
    }
}
