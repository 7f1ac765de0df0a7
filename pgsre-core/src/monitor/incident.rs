//! From readings to alerts that begin once and end once: [`Incidents`].

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::rule::{Rule, Threshold};
use super::{Labels, Metric, Reading, Sample};
use crate::finding::Severity;

/// How far an incident has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// Out of bounds, but not for long enough.
    Pending,
    /// Out of bounds.
    Firing,
    /// The figure is unknown for longer than it may be.
    NoData,
}

/// One rule that does not hold for one thing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// The rule's name.
    pub rule: String,
    /// How much it weighs now: it may change while it goes on.
    pub severity: Severity,
    /// How far it has come.
    pub state: IncidentState,
    /// What it is about, the server among it.
    pub labels: Labels,
    /// Since when.
    pub since: Timestamp,
    /// The last figure.
    pub value: Option<f64>,
    /// Since when the figure is sound again, while it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sound_since: Option<Timestamp>,
    /// Since when it is beyond the critical bound, while it is not yet critical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    critical_since: Option<Timestamp>,
}

impl Incident {
    /// The same for every alert about the same thing: its rule and labels.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.rule, &self.labels)
    }
}

fn fingerprint(rule: &str, labels: &Labels) -> String {
    let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{rule}{{{}}}", labels.join(","))
}

/// What changed with a reading.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An incident fires, or weighs more or less than before.
    Firing(Incident),
    /// It is over.
    Resolved(Incident, Timestamp),
}

/// Every incident of one server that is not over: plain data that survives a restart.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incidents {
    open: BTreeMap<String, Incident>,
}

impl Incidents {
    /// What is open now, the heaviest first.
    #[must_use]
    pub fn open(&self) -> Vec<&Incident> {
        let mut open: Vec<_> = self.open.values().collect();
        open.sort_by_key(|incident| std::cmp::Reverse((incident.severity, incident.since)));
        open
    }

    /// Judges one reading as if it had gone on for ever: what is out of bounds fires at once. For
    /// one look at a server.
    #[must_use]
    pub fn of_one(rules: &[Rule], reading: &Reading) -> Self {
        let instant: Vec<Rule> = rules.iter().cloned().map(without_patience).collect();
        let mut incidents = Self::default();
        incidents.advance(&instant, reading, reading.at);
        incidents
    }

    /// Takes one reading; returns what changed. A server that is down silences what follows from
    /// it: nothing else begins or ends while it is not reached.
    pub fn advance(&mut self, rules: &[Rule], reading: &Reading, now: Timestamp) -> Vec<Change> {
        let mut changes = Vec::new();
        let mut present = Vec::new();
        let is_down = reading.server.role.is_none();
        for rule in rules {
            for sample in reading.samples.iter().filter(|sample| rule.watches(sample)) {
                if is_down && sample.metric != Metric::Up {
                    continue;
                }
                let mut labels = sample.labels.clone();
                labels.insert("server".to_owned(), reading.server.name.clone());
                let key = fingerprint(&rule.name, &labels);
                changes.extend(self.judge(rule, sample, key.clone(), labels, now));
                present.push(key);
            }
        }
        if !is_down {
            changes.extend(self.gone(&present, now));
        }
        changes
    }

    fn judge(
        &mut self,
        rule: &Rule,
        sample: &Sample,
        key: String,
        labels: Labels,
        now: Timestamp,
    ) -> Option<Change> {
        let before = self.open.remove(&key);
        let next = match sample.value {
            Some(value) => step(rule, value, before.as_ref(), labels, now),
            None => unknown(rule, before.as_ref(), labels, now),
        };
        let change = change(before.as_ref(), next.as_ref(), now);
        if let Some(next) = next {
            self.open.insert(key, next);
        }
        change
    }

    /// What a rule no longer sees: a slot that was dropped, a replica that is no longer expected.
    fn gone(&mut self, present: &[String], now: Timestamp) -> Vec<Change> {
        let gone: Vec<String> =
            self.open.keys().filter(|key| !present.contains(key)).cloned().collect();
        gone.into_iter()
            .filter_map(|key| self.open.remove(&key))
            .filter(|incident| incident.state != IncidentState::Pending)
            .map(|incident| Change::Resolved(incident, now))
            .collect()
    }
}

fn without_patience(mut rule: Rule) -> Rule {
    for threshold in [&mut rule.warning, &mut rule.critical].into_iter().flatten() {
        threshold.hold = Duration::ZERO;
    }
    if let Some((_, patience)) = &mut rule.no_data {
        *patience = Duration::ZERO;
    }
    rule
}

/// The incident after a known value; `None` where there is none.
fn step(
    rule: &Rule,
    value: f64,
    before: Option<&Incident>,
    labels: Labels,
    now: Timestamp,
) -> Option<Incident> {
    let firing = before.filter(|before| before.state == IncidentState::Firing);
    let fires_as = |severity| firing.is_some_and(|before| before.severity >= severity);
    let crossed = |threshold: Option<Threshold>, severity| {
        threshold.filter(|threshold| threshold.is_crossed(value, fires_as(severity)))
    };
    let critical = crossed(rule.critical, Severity::Critical);
    // A warning whose rule has none begins with the critical bound.
    let warning = crossed(rule.warning, Severity::Warning).or(critical);
    let Some(lightest) = warning else { return kept(rule, value, firing, now) };

    let carried = before.filter(|before| before.state != IncidentState::NoData);
    let since = carried.map_or(now, |before| before.since);
    let critical_since =
        critical.map(|_| carried.and_then(|before| before.critical_since).unwrap_or(now));
    let is_critical = critical.zip(critical_since).is_some_and(|(threshold, since)| {
        fires_as(Severity::Critical) || has_passed(since, threshold.hold, now)
    });
    let fires = is_critical
        || firing.is_some()
        || (rule.warning.is_some() && has_passed(since, lightest.hold, now));
    Some(Incident {
        rule: rule.name.clone(),
        severity: if is_critical || rule.warning.is_none() {
            Severity::Critical
        } else {
            Severity::Warning
        },
        state: if fires { IncidentState::Firing } else { IncidentState::Pending },
        labels,
        since,
        value: Some(value),
        sound_since: None,
        critical_since,
    })
}

/// An incident that goes on for a while although the value is sound again.
fn kept(rule: &Rule, value: f64, firing: Option<&Incident>, now: Timestamp) -> Option<Incident> {
    let firing = firing?;
    let keep = rule.warning.or(rule.critical).map_or(Duration::ZERO, |threshold| threshold.keep);
    let sound_since = firing.sound_since.unwrap_or(now);
    (!has_passed(sound_since, keep, now)).then(|| Incident {
        value: Some(value),
        sound_since: Some(sound_since),
        critical_since: None,
        ..firing.clone()
    })
}

/// The incident after an unknown value. One that fires goes on: not to know is no recovery.
fn unknown(
    rule: &Rule,
    before: Option<&Incident>,
    labels: Labels,
    now: Timestamp,
) -> Option<Incident> {
    if let Some(firing) = before.filter(|before| before.state == IncidentState::Firing) {
        return Some(Incident { value: None, ..firing.clone() });
    }
    let (severity, patience) = rule.no_data?;
    let since = before.map_or(now, |before| before.since);
    let state = if has_passed(since, patience, now) {
        IncidentState::NoData
    } else {
        IncidentState::Pending
    };
    Some(Incident {
        rule: rule.name.clone(),
        severity,
        state,
        labels,
        since,
        value: None,
        sound_since: None,
        critical_since: None,
    })
}

fn has_passed(since: Timestamp, patience: Duration, now: Timestamp) -> bool {
    let patience = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
    now.duration_since(since) >= patience
}

fn change(before: Option<&Incident>, next: Option<&Incident>, now: Timestamp) -> Option<Change> {
    let told = |incident: &&Incident| incident.state != IncidentState::Pending;
    let (before, next) = (before.filter(told), next.filter(told));
    match (before, next) {
        (None, Some(next)) => Some(Change::Firing(next.clone())),
        (Some(before), Some(next)) => (before.severity != next.severity
            || before.state != next.state)
            .then(|| Change::Firing(next.clone())),
        (Some(before), None) => Some(Change::Resolved(before.clone(), now)),
        (None, None) => None,
    }
}

#[cfg(test)]
mod tests;
