//! Counts changes by level and kind.

use nsx_api_gen::compare::{Change, Kind, Level};

/// All levels, the most severe first.
pub(super) const LEVELS: [Level; 3] = [Level::Breaking, Level::Compatible, Level::Note];

/// How many changes there are of a level, and of each of its kinds.
pub(super) struct LevelCount {
    pub(super) level: Level,
    pub(super) count: usize,
    /// The most frequent kind first.
    pub(super) kinds: Vec<(Kind, usize)>,
}

impl LevelCount {
    fn new(level: Level, changes: &[&Change]) -> Self {
        let of_level = changes.iter().filter(|change| change.level() == level);
        let found: Vec<Kind> = of_level.map(|change| change.kind).collect();
        let count_of = |kind: &Kind| found.iter().filter(|one| *one == kind).count();
        let kinds = Kind::ALL.iter().map(|kind| (*kind, count_of(kind)));
        let mut kinds: Vec<(Kind, usize)> = kinds.filter(|(_, count)| *count > 0).collect();
        kinds.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        Self {
            level,
            count: found.len(),
            kinds,
        }
    }

    /// In words: `2 breaking changes`.
    pub(super) fn phrase(&self) -> String {
        let (level, count) = (self.level, self.count);
        let plural = if count == 1 { "" } else { "s" };
        match level {
            Level::Note => format!("{count} note{plural}"),
            _ => format!("{count} {level} change{plural}"),
        }
    }
}

/// The counts of each level, also of those without changes.
pub(super) fn count_levels(changes: &[&Change]) -> [LevelCount; 3] {
    LEVELS.map(|level| LevelCount::new(level, changes))
}
