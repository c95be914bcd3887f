//! Finds broken links in HTML pages: links to missing files and to missing anchors. Links to other
//! hosts are not checked.

use crate::workspace::with_path;
use html5gum::{DefaultEmitter, Token, Tokenizer};
use percent_encoding::percent_decode_str;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

/// The id of the section in which rustdoc repeats docs of other crates. Their links work only in
/// the docs of those crates.
const BLANKET_IMPLEMENTATIONS: &str = "blanket-implementations";

/// A link whose target does not exist.
#[derive(Debug, PartialEq)]
pub(super) struct BrokenLink {
    page: PathBuf,
    link: String,
}

impl fmt::Display for BrokenLink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let page = self.page.display();
        write!(formatter, "{page}: broken link: {}", self.link)
    }
}

/// The anchors and links of a page.
#[derive(Default)]
struct Page {
    /// The ids of the elements.
    anchors: BTreeSet<String>,
    /// The local links, as written in the page.
    links: BTreeSet<String>,
}

/// Checks the pages in these subdirectories of `dir`. Returns the number of pages and the broken
/// links.
pub(super) fn find_broken_links(
    dir: &Path,
    subdirs: &[&str],
) -> io::Result<(usize, Vec<BrokenLink>)> {
    let mut pages = BTreeMap::new();
    for subdir in subdirs {
        read_pages(&dir.join(subdir), &mut pages)?;
    }
    let mut broken_links = Vec::new();
    for (path, page) in &pages {
        let broken = page
            .links
            .iter()
            .filter(|link| !target_exists(dir, path, link, &pages));
        broken_links.extend(broken.map(|link| BrokenLink {
            page: path.strip_prefix(dir).unwrap_or(path).to_owned(),
            link: link.clone(),
        }));
    }
    Ok((pages.len(), broken_links))
}

/// Reads the pages of a directory, recursively.
fn read_pages(dir: &Path, pages: &mut BTreeMap<PathBuf, Page>) -> io::Result<()> {
    for entry in fs::read_dir(dir).map_err(with_path(dir))? {
        let entry = entry.map_err(with_path(dir))?;
        let path = entry.path();
        // Symbolic links to directories are not followed, because they may form a loop.
        if entry.file_type().map_err(with_path(&path))?.is_dir() {
            read_pages(&path, pages)?;
        } else if path
            .extension()
            .is_some_and(|extension| extension == "html")
        {
            let html = fs::read_to_string(&path).map_err(with_path(&path))?;
            pages.insert(path, Page::parse(&html));
        }
    }
    Ok(())
}

impl Page {
    fn parse(html: &str) -> Self {
        let mut page = Self::default();
        let mut in_blanket_implementations = false;
        let mut emitter = DefaultEmitter::default();
        // What looks like a tag in a script or a style sheet is none.
        emitter.naively_switch_states(true);
        for token in Tokenizer::new_with_emitter(html, emitter).flatten() {
            let Token::StartTag(tag) = token else {
                continue;
            };
            let value = |name: &[u8]| {
                let value = tag.attributes.get(name)?;
                Some(String::from_utf8_lossy(value).into_owned())
            };
            if let Some(id) = value(b"id") {
                in_blanket_implementations |= id == BLANKET_IMPLEMENTATIONS;
                page.anchors.insert(id);
            }
            let source = value(b"src").filter(|_| tag.name.as_slice() == b"img");
            let links = value(b"href").into_iter().chain(source);
            page.links
                .extend(links.filter(|link| !in_blanket_implementations && is_local(link)));
        }
        page
    }
}

/// Whether a link has neither a scheme, such as `https:` or `data:`, nor a host.
fn is_local(link: &str) -> bool {
    let end = link.find(['/', '?', '#']).unwrap_or(link.len());
    !link.starts_with("//") && !link.get(..end).is_some_and(|start| start.contains(':'))
}

/// Whether the target of a link exists.
fn target_exists(dir: &Path, page: &Path, link: &str, pages: &BTreeMap<PathBuf, Page>) -> bool {
    let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
    let path = path.split('?').next().unwrap_or(path);
    let target = match path {
        "" => page.to_owned(),
        path => join_normalized(page.parent().unwrap_or(page), &percent_decoded(path)),
    };
    match pages.get(&target) {
        // Like a browser, this compares the encoded anchor first: some ids of rustdoc contain
        // percent signs.
        Some(page) => {
            anchor.is_empty()
                || page.anchors.contains(anchor)
                || page.anchors.contains(&percent_decoded(anchor))
        }
        // Not an HTML page, or a page whose anchors a script creates, such as source code.
        None => target.starts_with(dir) && target.is_file(),
    }
}

fn percent_decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Joins the paths and resolves `..`.
fn join_normalized(dir: &Path, path: &str) -> PathBuf {
    let mut joined = dir.to_owned();
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

    /// The broken links of a page. There is also a page with an anchor, and a style sheet.
    fn broken_links(body: &str) -> Vec<String> {
        let dir = TempDir::new().unwrap();
        let write = |path: &str, text: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("sdk/a/page.html", body);
        write("sdk/b.html", "<h1 id=\"here now\">B</h1>");
        write("other/style.css", "");
        let (pages, broken) = find_broken_links(dir.path(), &["sdk"]).unwrap();
        assert_eq!(pages, 2);
        assert!(
            broken
                .iter()
                .all(|one| one.page == Path::new("sdk/a/page.html"))
        );
        broken.into_iter().map(|one| one.link).collect()
    }

    #[test]
    fn links_to_pages_anchors_and_files_are_valid() {
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
            assert_eq!(broken_links(&page), [""; 0], "{link}");
        }
    }

    #[test]
    fn broken_links_are_found() {
        for link in [
            "../c.html",
            "b.html",
            "../b.html#there",
            "#own",
            "../b.html/x",
            "../../../../../../../../../../etc/hostname",
        ] {
            assert_eq!(broken_links(&format!("<a href=\"{link}\">x</a>")), [link]);
        }
        assert_eq!(broken_links("<img src='gone.svg'>"), ["gone.svg"]);
    }

    #[test]
    fn links_in_blanket_implementations_are_not_checked() {
        let page = "<a href=x>x</a><h2 id=blanket-implementations></h2><a href=y>y</a>";
        assert_eq!(broken_links(page), ["x"]);
    }

    #[cfg(unix)]
    #[test]
    fn symbolic_links_to_directories_are_not_followed() {
        let dir = TempDir::new().unwrap();
        for name in ["x", "y"] {
            std::os::unix::fs::symlink(".", dir.path().join(name)).unwrap();
        }
        fs::write(dir.path().join("page.html"), "").unwrap();
        let (pages, _) = find_broken_links(dir.path(), &[""]).unwrap();
        assert_eq!(pages, 1);
    }

    #[test]
    fn links_in_comments_and_code_are_ignored() {
        assert_eq!(
            broken_links("<!-- <a href=\"x\"> --><code>&lt;a href=\"y\"></code>"),
            [""; 0]
        );
    }
}
