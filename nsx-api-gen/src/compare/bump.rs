//! The version bump that a change requires, according to cargo's rules.

use std::fmt;

use semver::Version;

use super::kinds::Level;

/// The part of a version that is incremented.
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
    /// The bump for a change of this level, after a release of the version `old`.
    ///
    /// cargo considers two versions compatible if their first non-zero number is the same. Below
    /// 1.0.0 a breaking change therefore increments the minor version and any other change the
    /// patch version. Below 0.1.0 every change increments the patch version.
    pub fn of(level: Level, old: &Version) -> Self {
        match (level, old.major, old.minor) {
            (Level::Breaking, 0, 0) => Self::Patch,
            (Level::Breaking, 0, _) => Self::Minor,
            (Level::Breaking, ..) => Self::Major,
            (_, 0, _) | (Level::Note, ..) => Self::Patch,
            (Level::Compatible, ..) => Self::Minor,
        }
    }

    /// The lowest release after `old` in which this part is incremented.
    ///
    /// A pre-release has incremented its last number that is not zero, and everything before that:
    /// after `0.2.0-rc.1` a breaking change needs no more than `0.2.0`, but after `0.1.1-rc.1` it
    /// needs `0.2.0` too.
    ///
    /// ```
    /// # use nsx_api_gen::compare::{Bump, Level};
    /// let old = semver::Version::new(0, 3, 1);
    /// let bump = Bump::of(Level::Breaking, &old);
    /// assert_eq!((bump, bump.after(&old)), (Bump::Minor, semver::Version::new(0, 4, 0)));
    /// ```
    pub fn after(self, old: &Version) -> Version {
        let (major, minor, patch) = (old.major, old.minor, old.patch);
        let is_incremented = match self {
            Self::Patch => true,
            Self::Minor => patch == 0,
            Self::Major => minor == 0 && patch == 0,
        };
        if is_incremented && !old.pre.is_empty() {
            return Version::new(major, minor, patch);
        }
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
    fn version_bumps_follow_the_semver_rules_of_cargo() {
        for (old, note, compatible, breaking) in [
            ("1.2.3", "1.2.4", "1.3.0", "2.0.0"),
            ("0.2.3", "0.2.4", "0.2.4", "0.3.0"),
            ("0.0.3", "0.0.4", "0.0.4", "0.0.4"),
            ("1.2.3-rc.1", "1.2.3", "1.3.0", "2.0.0"),
            ("1.2.0-rc.1", "1.2.0", "1.2.0", "2.0.0"),
            ("2.0.0-rc.1", "2.0.0", "2.0.0", "2.0.0"),
            ("0.2.3-rc.1", "0.2.3", "0.2.3", "0.3.0"),
            ("0.2.0-rc.1", "0.2.0", "0.2.0", "0.2.0"),
            ("0.0.3-rc.1", "0.0.3", "0.0.3", "0.0.3"),
            ("1.2.3+build", "1.2.4", "1.3.0", "2.0.0"),
        ] {
            let old: Version = old.parse().unwrap();
            let next = |level| Bump::of(level, &old).after(&old).to_string();
            assert_eq!(next(Level::Note), note);
            assert_eq!(next(Level::Compatible), compatible);
            assert_eq!(next(Level::Breaking), breaking);
        }
    }
}
