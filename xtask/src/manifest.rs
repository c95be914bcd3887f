//! The version of the SDK: from its manifest, or from the workspace's manifest if it is inherited.

use semver::Version;
use toml::{Table, Value};

/// The manifest of the SDK, relative to the root.
pub(crate) const SDK: &str = "nsx-api/Cargo.toml";

/// The manifest of the workspace, relative to the root.
pub(crate) const WORKSPACE: &str = "Cargo.toml";

/// The version of the SDK. `read_manifest` returns the text of a manifest.
pub(crate) fn sdk_version(
    read_manifest: impl Fn(&str) -> Result<String, String>,
) -> Result<Version, String> {
    let version = package_version(&read_manifest(SDK)?, SDK, &["package"])?;
    match version.get("workspace") {
        Some(Value::Boolean(true)) => {
            let path = ["workspace", "package"];
            let version = package_version(&read_manifest(WORKSPACE)?, WORKSPACE, &path)?;
            parse_version(&version, WORKSPACE, &path)
        }
        _ => parse_version(&version, SDK, &["package"]),
    }
}

/// The value of `version` in a table of a manifest.
fn package_version(manifest: &str, file: &str, path: &[&str]) -> Result<Value, String> {
    let manifest: Table = manifest
        .parse()
        .map_err(|error| format!("{file}: {error}"))?;
    let package = path
        .iter()
        .try_fold(Value::Table(manifest), |table, key| table.get(key).cloned());
    let version = package.and_then(|package| package.get("version").cloned());
    version.ok_or_else(|| format!("{file}: no version in [{}]", path.join(".")))
}

fn parse_version(value: &Value, file: &str, path: &[&str]) -> Result<Version, String> {
    let text = value
        .as_str()
        .ok_or_else(|| format!("{file}: no version in [{}]", path.join(".")))?;
    Version::parse(text).map_err(|error| format!("{file}: invalid version `{text}`: {error}"))
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
            ("package.version = \"0.4.0\"\n", "0.4.0"),
            ("package = { name = \"a\", version = \"0.4.0\" }\n", "0.4.0"),
            ("[\"package\"]\n\"version\" = \"0.4.0\"\n", "0.4.0"),
            ("[package.version]\nworkspace = true\n", "1.2.3"),
            (
                "a = [\n[\"[package]\"],\n]\n[package]\nversion = \"\"\"0.4.0\"\"\"",
                "0.4.0",
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
                "Cargo.toml: no version in [workspace.package]",
            ),
            (
                "[package]\nversion.workspace = false",
                "",
                "nsx-api/Cargo.toml: no version",
            ),
            ("[package", "", "nsx-api/Cargo.toml: TOML parse error"),
        ] {
            let error = version_of(sdk, workspace).unwrap_err();
            assert!(error.starts_with(start), "{error}");
        }
    }
}
