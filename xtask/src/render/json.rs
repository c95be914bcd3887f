//! The report for programs: one JSON object.

use super::Report;
use super::summary::{LevelCount, count_levels};
use nsx_api_gen::compare::{Change, Kind, Level, Subject};
use serde_json::{Map, Value, json};

impl Report<'_> {
    /// The comparison as one JSON object.
    pub(crate) fn to_json(&self) -> String {
        let shown = self.shown();
        let changes: Vec<Value> = shown.iter().map(|change| change_to_json(change)).collect();
        let level = self.comparison.level();
        let report = json!({
            "old": self.old,
            "new": self.new,
            "level": level.map(|level| level.to_string()),
            "bump": self.required.map(|required| required.bump.to_string()),
            "version": self.required.map(|required| required.before.to_string()),
            "next_version": self.required.map(|required| required.minimum.to_string()),
            "summary": self.summary_to_json(&shown),
            "changes": changes,
        });
        format!("{report:#}\n")
    }

    /// Counts the changes that are listed, and names what to do about the breaking ones. `total`
    /// also counts those that the filter hides.
    fn summary_to_json(&self, shown: &[&Change]) -> Value {
        let levels = count_levels(shown);
        let by_level = levels
            .iter()
            .map(|level| (level.level.to_string(), json!(level.count)));
        json!({
            "total": self.comparison.changes().len(),
            "accepted": self.accepted,
            "listed": shown.len(),
            "levels": by_level.collect::<Map<_, _>>(),
            "kinds": kinds_to_json(&levels),
            "advice": advice_to_json(&levels),
        })
    }
}

fn kinds_to_json(levels: &[LevelCount]) -> Value {
    let mut counts = Map::new();
    for (kind, count) in levels.iter().flat_map(|level| &level.kinds) {
        // A kind can have several levels.
        let before = counts.get(kind.id()).and_then(Value::as_u64).unwrap_or(0);
        let count = u64::try_from(*count).unwrap_or(u64::MAX);
        counts.insert(kind.id().to_owned(), json!(before.saturating_add(count)));
    }
    Value::Object(counts)
}

fn advice_to_json(levels: &[LevelCount]) -> Value {
    let breaking = levels
        .iter()
        .filter(|level| level.level == Level::Breaking)
        .flat_map(|level| &level.kinds);
    let advice = |kind: &Kind| Some((kind.id().to_owned(), json!(kind.advice()?)));
    Value::Object(breaking.filter_map(|(kind, _)| advice(kind)).collect())
}

fn change_to_json(change: &Change) -> Value {
    let level = |level: Option<Level>| level.map(|level| level.to_string());
    let mut value = json!({
        "id": change.kind.id(),
        "level": change.level().to_string(),
        "request_level": level(change.request_level()),
        "response_level": level(change.response_level()),
        "operation": null,
        "type": null,
        "place": change.place,
        "old": change.old,
        "new": change.new,
        "text": change.to_string(),
        "sent": change.usage.sent,
        "received": change.usage.received,
        "methods": change.methods,
        "inherited_by": change.inherited_by,
    });
    let (key, subject) = match &change.subject {
        Subject::Operation {
            id,
            name,
            method,
            path,
            ..
        } => (
            "operation",
            json!({"id": id, "name": name, "method": method, "path": path}),
        ),
        Subject::Type { name } => ("type", json!(name)),
        _ => return value,
    };
    if let Some(slot) = value.get_mut(key) {
        *slot = subject;
    }
    value
}
