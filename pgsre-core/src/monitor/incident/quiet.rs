//! Of what nobody is told, although it goes on: silences, what follows from something heavier, and
//! the time of grace.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Incident, IncidentState, Judgement};
use crate::alert::is_named;
use crate::finding::Severity;
use crate::monitor::Labels;

/// Why nobody is told of an incident.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quiet {
    /// A [`Silence`] covers it.
    Silenced,
    /// It follows from another one that fires.
    Inhibited,
    /// The watcher has just started.
    Grace,
}

/// Incidents of which nobody wants to be told for a while: during maintenance, say.
#[derive(Clone, Debug, PartialEq)]
pub struct Silence {
    /// The rule: an exact name, a beginning such as `replication.*`, or `*`.
    pub rule: String,
    /// Only incidents with these labels, the server among them.
    pub labels: Labels,
    /// From when; always where `None`.
    pub starts_at: Option<Timestamp>,
    /// Until when: a silence that never ends is a rule to be removed.
    pub ends_at: Timestamp,
    /// Why.
    pub reason: String,
}

impl Silence {
    /// Whether it covers an incident at this time.
    #[must_use]
    pub fn covers(&self, incident: &Incident, now: Timestamp) -> bool {
        self.starts_at.is_none_or(|starts_at| starts_at <= now)
            && now < self.ends_at
            && is_named(&self.rule, &incident.rule)
            && is_part(&self.labels, &incident.labels)
    }
}

/// Why nobody is told of this one, the weightiest reason first.
pub(super) fn quiet(
    incident: &Incident,
    open: &BTreeMap<String, Incident>,
    by: &Judgement<'_>,
    now: Timestamp,
) -> Option<Quiet> {
    let is_silenced = by.silences.iter().any(|silence| silence.covers(incident, now));
    let follows = || open.values().any(|other| inhibits(other, incident, by));
    let is_graced = by.grace_until.is_some_and(|until| now < until)
        && incident.told.is_none()
        && incident.severity < Severity::Critical;
    match () {
        () if is_silenced => Some(Quiet::Silenced),
        () if follows() => Some(Quiet::Inhibited),
        () if is_graced => Some(Quiet::Grace),
        () => None,
    }
}

/// Whether `incident` follows from `other`: the rule says so, and it is about the same thing.
fn inhibits(other: &Incident, incident: &Incident, by: &Judgement<'_>) -> bool {
    let fires = other.state != IncidentState::Pending;
    let rule = by.rules.iter().filter(|rule| fires && rule.name == other.rule);
    let mut named = rule.flat_map(|rule| &rule.inhibits);
    other.rule != incident.rule
        && named.any(|name| is_named(name, &incident.rule))
        && is_part(&other.labels, &incident.labels)
}

fn is_part(labels: &Labels, of: &Labels) -> bool {
    labels.iter().all(|(name, value)| of.get(name) == Some(value))
}

#[cfg(test)]
mod tests;
