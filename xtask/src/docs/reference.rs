//! The reference of the API: Swagger UI and the document, in a folder that a browser reads from disk as well as from a server.
//!
//! The viewer comes from a crate, packed. The page asks no other host for anything, by its content security policy: a description
//! of the document could otherwise have a browser fetch a picture from elsewhere.

use crate::workspace::at;
use serde_json::Value;
use std::error::Error;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// The name of the folder, beside those of crates, none of which can be called so.
pub(super) const FOLDER: &str = "api-reference";

/// The parts of the viewer that the page needs: the script, what it looks like, and what its licence asks to be kept.
const VIEWER: [&str; 4] = [
    "dist/swagger-ui-bundle.js",
    "dist/swagger-ui.css",
    "LICENSE",
    "NOTICE",
];

/// The parts that are the same for every document.
const PAGE: [(&str, &str); 3] = [
    ("index.html", include_str!("index.html")),
    ("page.js", include_str!("page.js")),
    ("page.css", include_str!("page.css")),
];

/// Writes the reference of the document into the folder.
pub(super) fn write(document: &Path, folder: &Path) -> Result<(), Box<dyn Error>> {
    let script = script(&nsx_api_gen::read(document)?)?;
    fs::create_dir_all(folder).map_err(at(folder))?;
    put_viewer(folder)?;
    for (name, content) in PAGE {
        put(folder, name, content.as_bytes())?;
    }
    put(folder, "document.js", script.as_bytes())?;
    Ok(())
}

/// The document as a script, because a page on disk may read no other file. It is a text that the page reads as JSON: as code, a
/// property named `__proto__` would be more than a property.
fn script(document: &Value) -> serde_json::Result<String> {
    let text = serde_json::to_string(&document.to_string())?;
    Ok(format!("const openapi = JSON.parse({text});\n"))
}

/// Writes the parts of the viewer.
fn put_viewer(folder: &Path) -> Result<(), Box<dyn Error>> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    // All is in one folder, whose name has the version.
    let top = archive
        .file_names()
        .flatten()
        .find_map(|name| name.split_once('/').map(|(top, _)| top.to_owned()))
        .ok_or("the archive of Swagger UI is empty")?;
    for path in VIEWER {
        let mut content = Vec::new();
        archive
            .by_name(&format!("{top}/{path}"))?
            .read_to_end(&mut content)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        put(folder, name, &content)?;
    }
    Ok(())
}

fn put(folder: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    let path = folder.join(name);
    fs::write(&path, content).map_err(at(&path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn the_folder_has_the_page_the_viewer_and_the_document() {
        let folder = TempDir::new().unwrap();
        let document = folder.path().join("nsx.json");
        fs::write(&document, r#"{"openapi": "3.0.3", "paths": {}}"#).unwrap();
        let reference = folder.path().join("reference");
        write(&document, &reference).unwrap();

        let page = fs::read_to_string(reference.join("index.html")).unwrap();
        for name in [
            "swagger-ui-bundle.js",
            "swagger-ui.css",
            "page.js",
            "page.css",
            "document.js",
        ] {
            assert!(page.contains(&format!("\"{name}\"")), "{name}");
            assert!(
                fs::metadata(reference.join(name)).unwrap().len() > 50,
                "{name}"
            );
        }
        assert!(reference.join("LICENSE").exists());
    }

    #[test]
    fn the_document_is_read_as_json_and_never_as_code() {
        let hostile =
            serde_json::json!({"__proto__": {"x": "\u{2028}\"); alert(1); (\"</script>"}});
        let script = script(&hostile).unwrap();
        let text = script
            .strip_prefix("const openapi = JSON.parse(")
            .and_then(|rest| rest.strip_suffix(");\n"))
            .unwrap();
        let inner: String = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&inner).unwrap(), hostile);
    }
}
