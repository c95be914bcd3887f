//! Whether the links of written pages lead to a page that is there, and to a place on it. Other hosts are not asked.

use crate::workspace::at;
use html5gum::{DefaultEmitter, Token, Tokenizer};
use percent_encoding::percent_decode_str;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// Where rustdoc begins to repeat the docs of other crates, with links that lead somewhere in those alone.
const FOREIGN: &str = "blanket-implementations";

/// A link that leads nowhere.
#[derive(Debug, PartialEq)]
pub(super) struct Broken {
    page: PathBuf,
    link: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = self.page.display();
        write!(formatter, "{page}: {} leads nowhere", self.link)
    }
}

/// What matters of a page.
#[derive(Default)]
struct Page {
    /// The places that a link may lead to.
    places: BTreeSet<String>,
    /// The targets of its own links that lead to this folder, as they are written.
    links: BTreeSet<String>,
}

/// How many pages there are in these parts of the folder, and which of their links lead nowhere.
pub(super) fn check(folder: &Path, parts: &[&str]) -> io::Result<(usize, Vec<Broken>)> {
    let mut pages = BTreeMap::new();
    for part in parts {
        read(&folder.join(part), &mut pages)?;
    }
    let mut broken = Vec::new();
    for (path, page) in &pages {
        let nowhere = page
            .links
            .iter()
            .filter(|link| !leads(folder, path, link, &pages));
        broken.extend(nowhere.map(|link| Broken {
            page: path.strip_prefix(folder).unwrap_or(path).to_owned(),
            link: link.clone(),
        }));
    }
    Ok((pages.len(), broken))
}

/// Reads the pages of a folder and of those below it.
fn read(folder: &Path, pages: &mut BTreeMap<PathBuf, Page>) -> io::Result<()> {
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let path = entry.path();
        // A link to a folder is not followed: it may lead back here.
        if entry.file_type().map_err(at(&path))?.is_dir() {
            read(&path, pages)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            let text = fs::read_to_string(&path).map_err(at(&path))?;
            pages.insert(path, Page::of(&text));
        }
    }
    Ok(())
}

impl Page {
    fn of(text: &str) -> Self {
        let mut page = Self::default();
        let mut foreign = false;
        let mut emitter = DefaultEmitter::default();
        // What looks like a tag in a script or a style sheet is none.
        emitter.naively_switch_states(true);
        for token in Tokenizer::new_with_emitter(text, emitter).flatten() {
            let Token::StartTag(tag) = token else {
                continue;
            };
            let value = |name: &[u8]| {
                let value = tag.attributes.get(name)?;
                Some(String::from_utf8_lossy(value).into_owned())
            };
            if let Some(place) = value(b"id") {
                foreign |= place == FOREIGN;
                page.places.insert(place);
            }
            let source = value(b"src").filter(|_| tag.name.as_slice() == b"img");
            let links = value(b"href").into_iter().chain(source);
            page.links
                .extend(links.filter(|link| !foreign && is_local(link)));
        }
        page
    }
}

/// Whether a link has no scheme: neither `https:` nor `data:` leads to this folder.
fn is_local(link: &str) -> bool {
    let end = link.find(['/', '?', '#']).unwrap_or(link.len());
    !link.starts_with("//") && !link.get(..end).is_some_and(|start| start.contains(':'))
}

/// Whether a link of a page leads somewhere.
fn leads(folder: &Path, page: &Path, link: &str, pages: &BTreeMap<PathBuf, Page>) -> bool {
    let (path, place) = link.split_once('#').unwrap_or((link, ""));
    let path = path.split('?').next().unwrap_or(path);
    let target = match path {
        "" => page.to_owned(),
        path => joined(page.parent().unwrap_or(page), &decoded(path)),
    };
    match pages.get(&target) {
        // As a browser does: rustdoc has places with signs that are encoded, and they are called so.
        Some(page) => {
            place.is_empty() || page.places.contains(place) || page.places.contains(&decoded(place))
        }
        // A file of another kind, or a page that a script makes the places of, as those of source code.
        None => target.starts_with(folder) && target.is_file(),
    }
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// A path below a folder, without the `..` in it.
fn joined(folder: &Path, path: &str) -> PathBuf {
    let mut joined = folder.to_owned();
    for part in Path::new(path).components() {
        match part {
            Component::ParentDir => {
                joined.pop();
            }
            Component::Normal(part) => joined.push(part),
            _ => {}
        }
    }
    joined
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    /// The links that lead nowhere from a page beside which there are another one, with a place, and a style sheet.
    fn broken(body: &str) -> Vec<String> {
        let folder = TempDir::new().unwrap();
        let put = |path: &str, text: &str| {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("sdk/a/page.html", body);
        put("sdk/b.html", "<h1 id=\"here now\">B</h1>");
        put("other/style.css", "");
        let (pages, broken) = check(folder.path(), &["sdk"]).unwrap();
        assert_eq!(pages, 2);
        assert!(
            broken
                .iter()
                .all(|one| one.page == Path::new("sdk/a/page.html"))
        );
        broken.into_iter().map(|one| one.link).collect()
    }

    #[test]
    fn a_link_leads_to_a_page_a_place_on_it_or_a_file() {
        let links = [
            "../b.html",
            "../b.html#here%20now",
            "#impl-From%3CT%3E-for-T",
            "../b.html?x=1#here%20now",
            "../../other/style.css",
            "#own",
            "https://example.com/nowhere#at-all",
            "data:,",
            "//example.com/x",
        ];
        for link in links {
            let page =
                format!("<i id=own></i><i id=impl-From%3CT%3E-for-T></i><a href=\"{link}\">x</a>");
            assert_eq!(broken(&page), [""; 0], "{link}");
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_told() {
        for link in [
            "../c.html",
            "b.html",
            "../b.html#there",
            "#own",
            "../b.html/x",
            "../../../../../../../../../../etc/hostname",
        ] {
            assert_eq!(broken(&format!("<a href=\"{link}\">x</a>")), [link]);
        }
        assert_eq!(broken("<img src='gone.svg'>"), ["gone.svg"]);
    }

    #[test]
    fn the_docs_of_other_crates_that_rustdoc_repeats_are_not_this_ones() {
        let page = "<a href=x>x</a><h2 id=blanket-implementations></h2><a href=y>y</a>";
        assert_eq!(broken(page), ["x"]);
    }

    #[cfg(unix)]
    #[test]
    fn folders_that_lead_back_to_themselves_are_read_once() {
        let folder = TempDir::new().unwrap();
        for name in ["x", "y"] {
            std::os::unix::fs::symlink(".", folder.path().join(name)).unwrap();
        }
        fs::write(folder.path().join("page.html"), "").unwrap();
        let (pages, _) = check(folder.path(), &[""]).unwrap();
        assert_eq!(pages, 1);
    }

    #[test]
    fn what_only_looks_like_a_link_is_none() {
        assert_eq!(
            broken("<!-- <a href=\"x\"> --><code>&lt;a href=\"y\"></code>"),
            [""; 0]
        );
    }
}
