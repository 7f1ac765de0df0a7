//! What is told of an incident.

use jiff::{SignedDuration, SpanRound, Timestamp, Unit as TimeUnit};

use super::{Change, Incident, IncidentState};
use crate::alert::{Alert, AlertEvent};
use crate::finding::Severity;
use crate::monitor::rule::{Bound, Rule};
use crate::monitor::{Metric, Unit};

impl Change {
    /// The alert that says so. `source` is who says it: `pgsre@` and the host's name.
    #[must_use]
    pub fn alert(&self, rules: &[Rule], source: &str) -> Alert {
        let (event, incident, ends_at) = match self {
            Self::Firing(incident) => (AlertEvent::Firing, incident, None),
            Self::Resolved(incident, at) => (AlertEvent::Resolved, incident, Some(*at)),
        };
        let rule = rules.iter().find(|rule| rule.name == incident.rule);
        Alert {
            schema: 1,
            event,
            fingerprint: incident.fingerprint(),
            rule: incident.rule.clone(),
            severity: incident.severity,
            summary: summary(incident, rule, ends_at),
            labels: incident.labels.clone(),
            value: incident.value,
            starts_at: incident.since,
            ends_at,
            source: source.to_owned(),
        }
    }
}

/// `shop: replication.lag of replica db2: 3.2 s, above 1 s`, and a note where there is one.
fn summary(incident: &Incident, rule: Option<&Rule>, ends_at: Option<Timestamp>) -> String {
    let mut line = format!("{}{}", subject(incident), incident.rule);
    let about: Vec<String> = incident
        .labels
        .iter()
        .filter(|(name, _)| *name != "server")
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    if !about.is_empty() {
        line.push_str(&format!(" of {}", about.join(", ")));
    }
    let metric = rule.map(|rule| rule.metric);
    let value = incident.value.map(|value| figure(metric, value));
    match (ends_at, incident.state) {
        (Some(at), _) => {
            line.push_str(&format!(": over after {}", lasted(at.duration_since(incident.since))));
            line.push_str(&value.map_or_else(String::new, |value| format!(", now {value}")));
        }
        (None, IncidentState::NoData) => line.push_str(": no data"),
        (None, _) => {
            let bound = rule.and_then(|rule| bound(rule, incident.severity));
            let bound = bound.filter(|_| metric.is_none_or(|metric| metric.unit() != Unit::Bool));
            line.push_str(&format!(": {}", value.unwrap_or_else(|| "unknown now".to_owned())));
            line.push_str(&bound.map_or_else(String::new, |bound| format!(", {bound}")));
            if let Some(note) = &incident.note {
                line.push_str(&format!(": {note}"));
            }
        }
    }
    line.replace(|c: char| c.is_control(), " ")
}

fn subject(incident: &Incident) -> String {
    incident.labels.get("server").map_or_else(String::new, |server| format!("{server}: "))
}

/// `above 1 s`: where a rule of this severity fires.
pub(in crate::monitor) fn bound(rule: &Rule, severity: Severity) -> Option<String> {
    let threshold = match severity {
        Severity::Critical => rule.critical,
        _ => rule.warning.or(rule.critical),
    };
    Some(match threshold?.bound {
        Bound::Above(value) => format!("above {}", figure(Some(rule.metric), value)),
        Bound::Below(value) => format!("below {}", figure(Some(rule.metric), value)),
    })
}

/// A figure with its unit.
fn figure(metric: Option<Metric>, value: f64) -> String {
    match metric.map(Metric::unit) {
        Some(Unit::Seconds) => format!("{} s", short(value)),
        Some(Unit::Bytes) => bytes(value),
        Some(Unit::BytesPerSecond) => format!("{}/s", bytes(value)),
        Some(Unit::PerSecond) => format!("{}/s", short(value)),
        Some(Unit::Ratio) => format!("{} %", short(value * 100.0)),
        Some(Unit::Bool) => if value > 0.0 { "yes" } else { "no" }.to_owned(),
        Some(Unit::Days) => format!("{} days", short(value)),
        Some(Unit::Count) | None => short(value),
    }
}

/// Three significant digits at least, and no zeros behind them.
fn short(value: f64) -> String {
    let digits = match value.abs() {
        100.0.. => 0,
        10.0.. => 1,
        0.1.. => 2,
        _ => 4,
    };
    let text = format!("{value:.digits$}");
    if !text.contains('.') {
        return text;
    }
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn bytes(value: f64) -> String {
    const UNITS: [&str; 6] = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let mut value = value;
    let mut unit = 0;
    while value.abs() >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    format!("{} {}", short(value), UNITS[unit])
}

/// `3h 4m 5s`.
fn lasted(time: SignedDuration) -> String {
    let seconds = time.as_secs().max(0);
    let span = jiff::Span::new().try_seconds(seconds).ok();
    let round = SpanRound::new().largest(TimeUnit::Day).days_are_24_hours();
    let span = span.and_then(|span| span.round(round).ok());
    span.map_or_else(|| format!("{seconds} s"), |span| format!("{span:#}"))
}

#[cfg(test)]
mod tests;
