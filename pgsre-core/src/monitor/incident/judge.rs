//! What becomes of one incident with one more figure.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::{Incident, IncidentState};
use crate::finding::Severity;
use crate::monitor::Labels;
use crate::monitor::rule::{Needs, Rule, Threshold};

/// The incident after a known value; `None` where there is none.
pub(super) fn known(
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
    let recent = recent(rule.needs, before, warning.is_some());
    let new = || fresh(rule, Severity::Warning, labels.clone(), now);
    let Some(lightest) = warning.filter(|_| is_enough(rule.needs, recent)) else {
        return not_out_of_bounds(rule, value, before, recent, now, new);
    };

    let carried = before.filter(|before| before.state != IncidentState::NoData);
    // Readings that were too few to count do not count for the time either.
    let carried = carried.filter(|before| is_enough(rule.needs, before.recent));
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
        severity: if is_critical || rule.warning.is_none() {
            Severity::Critical
        } else {
            Severity::Warning
        },
        state: if fires { IncidentState::Firing } else { IncidentState::Pending },
        since: firing.map_or(since, |firing| firing.since),
        value: Some(value),
        critical_since,
        recent,
        ..new()
    })
}

/// The incident after an unknown value. One that fires goes on: not to know is no recovery.
pub(super) fn unknown(
    rule: &Rule,
    before: Option<&Incident>,
    labels: Labels,
    now: Timestamp,
) -> Option<Incident> {
    if let Some(firing) = before.filter(|before| before.state == IncidentState::Firing) {
        return Some(Incident { value: None, ..firing.clone() });
    }
    let Some((severity, patience)) = rule.no_data else {
        // It says neither that the figure is sound nor that it is not.
        return before.filter(|before| before.recent != 0).cloned();
    };
    let without = before.filter(|before| before.value.is_none());
    let since = without.map_or(now, |before| before.since);
    let state = if has_passed(since, patience, now) {
        IncidentState::NoData
    } else {
        IncidentState::Pending
    };
    Some(Incident { since, state, ..fresh(rule, severity, labels, now) })
}

fn fresh(rule: &Rule, severity: Severity, labels: Labels, now: Timestamp) -> Incident {
    Incident {
        rule: rule.name.clone(),
        severity,
        state: IncidentState::Pending,
        labels,
        since: now,
        value: None,
        note: None,
        quiet: None,
        told: None,
        sound_since: None,
        critical_since: None,
        recent: 0,
    }
}

/// A sound value, or too few that are not: a firing incident is kept for its time, and the readings
/// are counted.
fn not_out_of_bounds(
    rule: &Rule,
    value: f64,
    before: Option<&Incident>,
    recent: u32,
    now: Timestamp,
    new: impl Fn() -> Incident,
) -> Option<Incident> {
    let firing = before.filter(|before| before.state == IncidentState::Firing);
    let Some(firing) = firing else {
        return (recent != 0).then(|| Incident { value: Some(value), recent, ..new() });
    };
    // Some of the last readings were out of bounds, enough of them: it goes on.
    if rule.needs.is_some() && is_enough(rule.needs, recent) {
        return Some(Incident { value: Some(value), recent, ..firing.clone() });
    }
    let keep = rule.warning.or(rule.critical).map_or(Duration::ZERO, |threshold| threshold.keep);
    let sound_since = firing.sound_since.unwrap_or(now);
    (!has_passed(sound_since, keep, now)).then(|| Incident {
        value: Some(value),
        sound_since: Some(sound_since),
        critical_since: None,
        recent,
        ..firing.clone()
    })
}

/// The last readings with this one; nothing where a rule needs one only.
fn recent(needs: Option<Needs>, before: Option<&Incident>, crossed: bool) -> u32 {
    let Some(needs) = needs else { return 0 };
    let earlier = before.map_or(0, |before| before.recent) << 1;
    (earlier | u32::from(crossed)) & needs.mask()
}

fn is_enough(needs: Option<Needs>, recent: u32) -> bool {
    needs.is_none_or(|needs| recent.count_ones() >= needs.readings())
}

fn has_passed(since: Timestamp, patience: Duration, now: Timestamp) -> bool {
    let patience = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
    now.duration_since(since) >= patience
}
