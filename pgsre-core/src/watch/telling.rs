//! What is told of a change.

use crate::alert::{Alert, AlertEvent};
use crate::monitor::{Change, Incident, IncidentState, Rule};

/// The alert that tells of a change.
pub(super) fn alert(change: &Change, rules: &[Rule], source: &str) -> Alert {
    let (event, incident, ends_at) = match change {
        Change::Firing(incident) => (AlertEvent::Firing, incident, None),
        Change::Resolved(incident, at) => (AlertEvent::Resolved, incident, Some(*at)),
    };
    Alert {
        schema: 1,
        event,
        fingerprint: incident.fingerprint(),
        rule: incident.rule.clone(),
        severity: incident.severity,
        summary: summary(event, incident, rules),
        labels: incident.labels.clone(),
        value: incident.value,
        starts_at: incident.since,
        ends_at,
        source: source.to_owned(),
    }
}

fn summary(event: AlertEvent, incident: &Incident, rules: &[Rule]) -> String {
    let server = incident.labels.get("server").map_or("", String::as_str);
    let about: String = incident
        .labels
        .iter()
        .filter(|(name, _)| *name != "server")
        .map(|(name, value)| format!(" {name} {value}"))
        .collect();
    let rule = rules.iter().find(|rule| rule.name == incident.rule);
    let figure = match (incident.value, rule) {
        _ if event == AlertEvent::Resolved => "sound again".to_owned(),
        (Some(value), Some(rule)) => format!("{} is {value}", rule.metric),
        (Some(value), None) => value.to_string(),
        (None, _) if incident.state == IncidentState::NoData => "no data".to_owned(),
        (None, _) => "unknown".to_owned(),
    };
    format!("{server}{about}: {figure}")
}
