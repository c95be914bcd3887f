//! The API reference: Swagger UI with the document, in a directory that a browser can open from
//! disk or from a server.
//!
//! Swagger UI comes as an archive in a crate. The content security policy of the page allows no
//! requests to other hosts; without it, a description in the document could load an image from
//! elsewhere.

use crate::workspace::with_path;
use serde_json::Value;
use std::error::Error;
use std::fs;
use std::io::{Cursor, Read};
use std::path::Path;
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

/// The name of the directory. It is next to the directories of crates: no crate can have this name,
/// because of the `-`.
pub(super) const DIR_NAME: &str = "api-reference";

/// The files of Swagger UI that the page needs: script, style sheet, and the files that its license
/// requires.
const VIEWER_FILES: [&str; 4] = [
    "dist/swagger-ui-bundle.js",
    "dist/swagger-ui.css",
    "LICENSE",
    "NOTICE",
];

/// The files that are the same for every document.
const PAGE_FILES: [(&str, &str); 3] = [
    ("index.html", include_str!("index.html")),
    ("page.js", include_str!("page.js")),
    ("page.css", include_str!("page.css")),
];

/// Writes the API reference of the document to the directory.
pub(super) fn write(document: &Path, dir: &Path) -> Result<(), Box<dyn Error>> {
    let script = document_script(&nsx_api_gen::read(document)?)?;
    fs::create_dir_all(dir).map_err(with_path(dir))?;
    extract_viewer(dir)?;
    for (name, content) in PAGE_FILES {
        write_file(dir, name, content.as_bytes())?;
    }
    write_file(dir, "document.js", script.as_bytes())?;
    Ok(())
}

/// The document as a script, because a page opened from disk cannot fetch other files.
///
/// The script parses a JSON string. An object literal would not do: a property named `__proto__`
/// would set the prototype.
fn document_script(document: &Value) -> serde_json::Result<String> {
    let text = serde_json::to_string(&document.to_string())?;
    Ok(format!("const openapi = JSON.parse({text});\n"))
}

/// Extracts the files of Swagger UI.
fn extract_viewer(dir: &Path) -> Result<(), Box<dyn Error>> {
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    // The archive has one top directory, named after the version.
    let top = archive
        .file_names()
        .flatten()
        .find_map(|name| name.split_once('/').map(|(top, _)| top.to_owned()))
        .ok_or("the archive of Swagger UI is empty")?;
    for path in VIEWER_FILES {
        let mut content = Vec::new();
        archive
            .by_name(&format!("{top}/{path}"))?
            .read_to_end(&mut content)?;
        let name = path.rsplit('/').next().unwrap_or(path);
        write_file(dir, name, &content)?;
    }
    Ok(())
}

fn write_file(dir: &Path, name: &str, content: &[u8]) -> std::io::Result<()> {
    let path = dir.join(name);
    fs::write(&path, content).map_err(with_path(&path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tempfile::TempDir;

    #[test]
    fn the_api_reference_has_the_page_swagger_ui_and_the_document() {
        let dir = TempDir::new().unwrap();
        let document = dir.path().join("nsx.json");
        fs::write(&document, r#"{"openapi": "3.0.3", "paths": {}}"#).unwrap();
        let reference = dir.path().join("reference");
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
    fn the_script_parses_the_document_as_json_and_never_runs_it_as_code() {
        let hostile =
            serde_json::json!({"__proto__": {"x": "\u{2028}\"); alert(1); (\"</script>"}});
        let script = document_script(&hostile).unwrap();
        let text = script
            .strip_prefix("const openapi = JSON.parse(")
            .and_then(|rest| rest.strip_suffix(");\n"))
            .unwrap();
        let inner: String = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::from_str::<Value>(&inner).unwrap(), hostile);
    }
}
