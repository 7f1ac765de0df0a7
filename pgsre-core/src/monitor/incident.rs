//! From readings to alerts that begin once and end once: [`Incidents`].

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::rule::Rule;
use super::{Labels, Metric, Reading, Sample};
use crate::finding::Severity;

mod alert;
mod file;
mod judge;
mod quiet;

pub(super) use alert::bound;
pub use file::{IncidentsFile, IncidentsFileError};
pub use quiet::{Quiet, Silence};

/// Readings that are this many times further apart than those before leave a gap, of which nothing
/// is known: what was pending begins anew.
const GAP_FACTOR: i32 = 3;

/// The shortest time between two readings that counts as a gap.
const GAP_FLOOR: SignedDuration = SignedDuration::from_secs(30);

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
    /// What people want to know beside the last figure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why nobody is told of it now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quiet: Option<Quiet>,
    /// What was told of it last; `None` where nothing was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<(Severity, IncidentState)>,
    /// Since when the figure is sound again, while it is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sound_since: Option<Timestamp>,
    /// Since when it is beyond the critical bound, while it is not yet critical.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    critical_since: Option<Timestamp>,
    /// Which of the last readings were out of bounds, the newest in the lowest bit: for rules that
    /// need several.
    #[serde(default, skip_serializing_if = "is_zero")]
    recent: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference")]
fn is_zero(bits: &u32) -> bool {
    *bits == 0
}

impl Incident {
    /// The same for every alert about the same thing: its rule and labels, whatever its severity.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        fingerprint(&self.rule, &self.labels)
    }
}

fn fingerprint(rule: &str, labels: &Labels) -> String {
    let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    format!("{rule}{{{}}}", labels.join(","))
}

/// What changed with a reading, and is to be told.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// An incident fires, or weighs more or less than before.
    Firing(Incident),
    /// It is over.
    Resolved(Incident, Timestamp),
}

/// By what readings are judged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Judgement<'a> {
    /// Which figures are out of bounds.
    pub rules: &'a [Rule],
    /// Of what nobody wants to be told.
    pub silences: &'a [Silence],
    /// Until when nobody is told of what is less than critical: for a while after a watcher has
    /// started, many a figure is out of bounds because of a restart that somebody knows of.
    pub grace_until: Option<Timestamp>,
}

/// Every incident of one server that is not over: plain data that survives a restart.
///
/// There is no counter of flapping: a threshold to clear, a time to hold and one to keep end it at
/// its cause, and an alert that is held back because it came often is one that nobody sees.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Incidents {
    open: BTreeMap<String, Incident>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    read_at: Option<Timestamp>,
    /// The time between the two readings before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pace: Option<SignedDuration>,
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
        let instant: Vec<Rule> = rules.iter().cloned().map(Rule::without_patience).collect();
        let mut incidents = Self::default();
        incidents.advance(&instant, reading, reading.at);
        incidents
    }

    /// Takes one reading; returns what changed. A server that is down silences what is read over
    /// its connection: nothing of that begins or ends while it is not reached.
    pub fn advance(&mut self, rules: &[Rule], reading: &Reading, now: Timestamp) -> Vec<Change> {
        self.judge(&Judgement { rules, ..Judgement::default() }, reading, now)
    }

    /// The same with silences and a time of grace. What is [quiet](Incident::quiet) goes on, and is
    /// told once it is quiet no more; what was told already is never told as over because of it.
    pub fn judge(&mut self, by: &Judgement<'_>, reading: &Reading, now: Timestamp) -> Vec<Change> {
        self.forget_what_a_gap_hid(now);
        let mut over = Vec::new();
        let mut present = Vec::new();
        let is_down = reading.server.role.is_none();
        for rule in by.rules {
            for sample in reading.samples.iter().filter(|sample| rule.watches(sample)) {
                if is_down && !is_known_of_a_server_that_is_down(sample.metric) {
                    continue;
                }
                let mut labels = sample.labels.clone();
                labels.insert("server".to_owned(), reading.server.name.clone());
                let key = fingerprint(&rule.name, &labels);
                over.extend(self.judge_sample(rule, sample, key.clone(), labels, now));
                present.push(key);
            }
        }
        over.extend(self.gone(by.rules, reading, &present));
        let mut changes = self.tell(by, now);
        changes.extend(over.into_iter().filter_map(|incident| resolved(incident, now)));
        changes
    }

    /// Ends whatever is open, because nobody watches the server any more.
    #[must_use]
    pub fn abandon(self, now: Timestamp) -> Vec<Change> {
        self.open.into_values().filter_map(|incident| resolved(incident, now)).collect()
    }

    /// A rule's time counts what was seen. A watcher that was stopped or suspended saw nothing.
    fn forget_what_a_gap_hid(&mut self, now: Timestamp) {
        let apart = self.read_at.map(|at| now.duration_since(at));
        let usual = self.pace.map_or(GAP_FLOOR, |pace| (pace * GAP_FACTOR).max(GAP_FLOOR));
        if apart.is_some_and(|apart| apart > usual) {
            self.open.retain(|_, incident| incident.state != IncidentState::Pending);
        }
        self.pace = apart.filter(|apart| *apart > SignedDuration::ZERO).or(self.pace);
        self.read_at = Some(now);
    }

    /// Judges one figure; returns the incident that ended with it.
    fn judge_sample(
        &mut self,
        rule: &Rule,
        sample: &Sample,
        key: String,
        labels: Labels,
        now: Timestamp,
    ) -> Option<Incident> {
        let before = self.open.remove(&key);
        let next = match sample.value {
            Some(value) => judge::known(rule, value, before.as_ref(), labels, now),
            None => judge::unknown(rule, before.as_ref(), labels, now),
        };
        match next {
            Some(next) => {
                let told = before.and_then(|before| before.told);
                let note = sample.note.clone();
                self.open.insert(key, Incident { told, note, ..next });
                None
            }
            None => before,
        }
    }

    /// What a rule no longer sees: a slot that was dropped, a replica that is no longer expected, a
    /// rule that left the configuration. A probe that failed says nothing of that kind.
    fn gone(&mut self, rules: &[Rule], reading: &Reading, present: &[String]) -> Vec<Incident> {
        let is_down = reading.server.role.is_none();
        let is_gone = |key: &String, incident: &Incident| {
            if present.contains(key) {
                return false;
            }
            let Some(rule) = rules.iter().find(|rule| rule.name == incident.rule) else {
                return true;
            };
            let is_hidden = is_down && !is_known_of_a_server_that_is_down(rule.metric);
            !is_hidden && !reading.samples_of(rule.metric).any(|sample| hides(sample, incident))
        };
        let gone: Vec<String> = self
            .open
            .iter()
            .filter(|(key, incident)| is_gone(key, incident))
            .map(|(key, _)| key.clone())
            .collect();
        gone.into_iter().filter_map(|key| self.open.remove(&key)).collect()
    }

    /// What is to be told of what is open.
    fn tell(&mut self, by: &Judgement<'_>, now: Timestamp) -> Vec<Change> {
        let quiet: Vec<Option<Quiet>> = self
            .open
            .values()
            .map(|incident| quiet::quiet(incident, &self.open, by, now))
            .collect();
        let mut changes = Vec::new();
        for (incident, quiet) in self.open.values_mut().zip(quiet) {
            incident.quiet = quiet;
            let says = (incident.severity, incident.state);
            if quiet.is_none()
                && incident.state != IncidentState::Pending
                && incident.told != Some(says)
            {
                incident.told = Some(says);
                changes.push(Change::Firing(incident.clone()));
            }
        }
        changes
    }
}

/// What is told of an incident that is over: nothing, where nobody was told of its beginning.
fn resolved(incident: Incident, now: Timestamp) -> Option<Change> {
    incident.told.is_some().then_some(Change::Resolved(incident, now))
}

/// What is measured without the server's connection is known while the server is down.
fn is_known_of_a_server_that_is_down(metric: Metric) -> bool {
    metric == Metric::Up || metric.is_independent()
}

/// Whether a probe that failed would have said something of this incident.
fn hides(sample: &Sample, incident: &Incident) -> bool {
    let is_among = |(name, value): (&String, &String)| incident.labels.get(name) == Some(value);
    sample.value.is_none() && sample.labels.iter().all(is_among)
}

#[cfg(test)]
mod tests;
