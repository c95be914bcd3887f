//! The version of the SDK: from its manifest, or from the workspace's manifest if it is inherited.

use semver::Version;

/// The manifest of the SDK, relative to the root.
pub(crate) const SDK: &str = "nsx-api/Cargo.toml";

/// The manifest of the workspace, relative to the root.
pub(crate) const WORKSPACE: &str = "Cargo.toml";

/// The version of the SDK. `read_manifest` returns the text of a manifest.
pub(crate) fn sdk_version(
    read_manifest: impl Fn(&str) -> Result<String, String>,
) -> Result<Version, String> {
    match find_field(&read_manifest(SDK)?, "package", "version") {
        Some(Field::Text(text)) => parse_version(&text, SDK),
        Some(Field::Workspace) => {
            let manifest = read_manifest(WORKSPACE)?;
            match find_field(&manifest, "workspace.package", "version") {
                Some(Field::Text(text)) => parse_version(&text, WORKSPACE),
                _ => Err(format!("{WORKSPACE}: no version in [workspace.package]")),
            }
        }
        None => Err(format!("{SDK}: no version in [package]")),
    }
}

fn parse_version(text: &str, file: &str) -> Result<Version, String> {
    Version::parse(text).map_err(|error| format!("{file}: invalid version `{text}`: {error}"))
}

#[derive(Debug, PartialEq, Eq)]
enum Field {
    Text(String),
    /// Inherited: `field.workspace = true`.
    Workspace,
}

/// The value of a key in a table of a manifest.
///
/// This is not a TOML parser. It reads manifests in the usual form, with one key per line.
fn find_field(manifest: &str, table: &str, key: &str) -> Option<Field> {
    let mut in_table = false;
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line.strip_prefix('[') {
            let name = name.split(']').next().unwrap_or_default();
            in_table = name.trim() == table;
        } else if let Some((name, value)) = line.split_once('=').filter(|_| in_table) {
            let (name, value) = (name.trim(), value.trim());
            if name == key {
                return parse_value(value);
            }
            let inherited = name.strip_prefix(key).map(str::trim) == Some(".workspace");
            if inherited && value.starts_with("true") {
                return Some(Field::Workspace);
            }
        }
    }
    None
}

/// Parses `"1.2.3"`, `'1.2.3'` or `{ workspace = true }`. A comment may follow.
fn parse_value(value: &str) -> Option<Field> {
    let quote = value.chars().next()?;
    if quote == '{' {
        let compact: String = value.chars().filter(|one| !one.is_whitespace()).collect();
        return compact
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

    fn version_of(sdk: &str, workspace: &str) -> Result<String, String> {
        let version = sdk_version(|file| match file {
            SDK => Ok(sdk.to_owned()),
            _ => Ok(workspace.to_owned()),
        });
        version.map(|version| version.to_string())
    }

    #[test]
    fn the_version_is_read_from_the_package_or_inherited_from_the_workspace() {
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
            assert_eq!(version_of(sdk, workspace).as_deref(), Ok(expected), "{sdk}");
        }
    }

    #[test]
    fn a_manifest_without_a_version_is_named_in_the_error() {
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
                "nsx-api/Cargo.toml: invalid version `1`",
            ),
            (
                "[package]\nversion.workspace = true",
                "[package]",
                "Cargo.toml: no version",
            ),
        ] {
            let error = version_of(sdk, workspace).unwrap_err();
            assert!(error.starts_with(start), "{error}");
        }
    }
}
