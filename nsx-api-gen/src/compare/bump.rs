//! The version that a change calls for, by cargo's rules.

use std::fmt;

use semver::Version;

use super::change::Level;

/// The part of a version that is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Bump {
    /// `1.2.3` becomes `1.2.4`.
    Patch,
    /// `1.2.3` becomes `1.3.0`.
    Minor,
    /// `1.2.3` becomes `2.0.0`.
    Major,
}

impl Bump {
    /// What a change of this level calls for after a release of the version `old`.
    ///
    /// cargo takes versions for compatible whose first number that is not 0 is the same. So below 1.0.0 a breaking change
    /// raises the minor version and any other the patch version, and below 0.1.0 every change raises the patch version.
    pub fn of(level: Level, old: &Version) -> Self {
        match (level, old.major, old.minor) {
            (Level::Breaking, 0, 0) => Self::Patch,
            (Level::Breaking, 0, _) => Self::Minor,
            (Level::Breaking, ..) => Self::Major,
            (_, 0, _) | (Level::Note, ..) => Self::Patch,
            (Level::Compatible, ..) => Self::Minor,
        }
    }

    /// The lowest version after `old` in which this part is raised.
    ///
    /// ```
    /// # use nsx_api_gen::compare::{Bump, Level};
    /// let old = semver::Version::new(0, 3, 1);
    /// let bump = Bump::of(Level::Breaking, &old);
    /// assert_eq!((bump, bump.after(&old)), (Bump::Minor, semver::Version::new(0, 4, 0)));
    /// ```
    pub fn after(self, old: &Version) -> Version {
        let (major, minor, patch) = (old.major, old.minor, old.patch);
        match self {
            Self::Patch => Version::new(major, minor, patch.saturating_add(1)),
            Self::Minor => Version::new(major, minor.saturating_add(1), 0),
            Self::Major => Version::new(major.saturating_add(1), 0, 0),
        }
    }
}

impl fmt::Display for Bump {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Patch => "patch",
            Self::Minor => "minor",
            Self::Major => "major",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_that_a_level_calls_for_is_cargos() {
        for (old, note, compatible, breaking) in [
            ("1.2.3", "1.2.4", "1.3.0", "2.0.0"),
            ("0.2.3", "0.2.4", "0.2.4", "0.3.0"),
            ("0.0.3", "0.0.4", "0.0.4", "0.0.4"),
        ] {
            let old: Version = old.parse().unwrap();
            let next = |level| Bump::of(level, &old).after(&old).to_string();
            assert_eq!(next(Level::Note), note);
            assert_eq!(next(Level::Compatible), compatible);
            assert_eq!(next(Level::Breaking), breaking);
        }
    }
}
