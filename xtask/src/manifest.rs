//! The version of the SDK as its manifest has it, or the workspace's manifest in its place.

use semver::Version;

/// The manifest of the SDK, from the root.
pub(crate) const SDK: &str = "nsx-api/Cargo.toml";

/// The manifest of the workspace, from the root.
pub(crate) const WORKSPACE: &str = "Cargo.toml";

/// The version of the SDK; `read` gives the text of a manifest.
pub(crate) fn version(read: impl Fn(&str) -> Result<String, String>) -> Result<Version, String> {
    match field(&read(SDK)?, "package", "version") {
        Some(Field::Text(text)) => parse(&text, SDK),
        Some(Field::Workspace) => match field(&read(WORKSPACE)?, "workspace.package", "version") {
            Some(Field::Text(text)) => parse(&text, WORKSPACE),
            _ => Err(format!(
                "{WORKSPACE}: no version of the workspace's packages is found"
            )),
        },
        None => Err(format!("{SDK}: no version is found")),
    }
}

fn parse(text: &str, file: &str) -> Result<Version, String> {
    Version::parse(text).map_err(|error| format!("{file}: the version `{text}`: {error}"))
}

#[derive(Debug, PartialEq, Eq)]
enum Field {
    Text(String),
    /// It is the one of the workspace.
    Workspace,
}

/// A key of a table. This reads what cargo writes and people write like it, a key in a line; it is no reader of all of TOML.
fn field(manifest: &str, table: &str, key: &str) -> Option<Field> {
    let mut here = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            let name = name.split(']').next().unwrap_or_default();
            here = name.trim() == table;
        } else if let Some((name, value)) = line.split_once('=').filter(|_| here) {
            let (name, value) = (name.trim(), value.trim());
            if name == key {
                return value_of(value);
            }
            let inherited = name.strip_prefix(key).map(str::trim) == Some(".workspace");
            if inherited && value.starts_with("true") {
                return Some(Field::Workspace);
            }
        }
    }
    None
}

/// `"1.2.3"`, `'1.2.3'` or `{ workspace = true }`, whatever comment is behind it.
fn value_of(value: &str) -> Option<Field> {
    let quote = value.chars().next()?;
    if quote == '{' {
        let plain: String = value.chars().filter(|one| !one.is_whitespace()).collect();
        return plain
            .starts_with("{workspace=true}")
            .then_some(Field::Workspace);
    }
    let text = value.strip_prefix(['"', '\''])?;
    let (text, _) = text.split_once(quote)?;
    Some(Field::Text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(sdk: &str, workspace: &str) -> Result<String, String> {
        let version = version(|file| match file {
            SDK => Ok(sdk.to_owned()),
            _ => Ok(workspace.to_owned()),
        });
        version.map(|version| version.to_string())
    }

    #[test]
    fn the_version_is_the_packages_or_the_workspaces() {
        let workspace = "[workspace.dependencies]\nversion = \"9.9.9\"\n[workspace.package]\nversion = \"1.2.3\" # it\n";
        for (sdk, expected) in [
            (
                "[package]\nname = \"nsx-api\"\nversion = \"0.4.0\"\n",
                "0.4.0",
            ),
            ("[package]\nversion='0.4.0-rc.1'\n", "0.4.0-rc.1"),
            ("[package]\nversion.workspace = true\n", "1.2.3"),
            ("[package]\nversion = { workspace = true }\n", "1.2.3"),
            (
                "[dependencies]\nversion = \"7.0.0\"\n\n[package] # this\nversion.workspace=true",
                "1.2.3",
            ),
        ] {
            assert_eq!(of(sdk, workspace).as_deref(), Ok(expected), "{sdk}");
        }
    }

    #[test]
    fn a_manifest_without_a_version_is_an_error_that_names_it() {
        for (sdk, workspace, start) in [
            ("", "", "nsx-api/Cargo.toml: no version"),
            (
                "[package]\nversion = 1",
                "",
                "nsx-api/Cargo.toml: no version",
            ),
            (
                "[package]\nversion = \"1\"",
                "",
                "nsx-api/Cargo.toml: the version `1`",
            ),
            (
                "[package]\nversion.workspace = true",
                "[package]",
                "Cargo.toml: no version",
            ),
        ] {
            let error = of(sdk, workspace).unwrap_err();
            assert!(error.starts_with(start), "{error}");
        }
    }
}
