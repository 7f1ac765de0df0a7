#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::monitor::{Incidents, Reading, Role, Sample, ServerFacts, default_rules};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// What is told of one figure that goes on for a minute, and of a second one.
fn told(metric: Metric, values: [Option<f64>; 2]) -> Vec<Alert> {
    let rules = default_rules();
    let mut incidents = Incidents::default();
    let mut told = Vec::new();
    for second in 0..120 {
        let value = values[usize::from(second >= 90)];
        let sample = Sample::maybe(metric, value, at(second)).about("replica", "db2");
        let reading = Reading {
            server: ServerFacts { name: "shop".into(), version: None, role: Some(Role::Primary) },
            at: at(second),
            seconds: 0.0,
            samples: vec![sample],
            missing: Vec::new(),
            unseen: Vec::new(),
        };
        let changes = incidents.advance(&rules, &reading, at(second));
        told.extend(changes.iter().map(|change| change.alert(&rules, "pgsre@host")));
    }
    told
}

#[test]
fn an_alert_says_what_it_is_about_how_much_it_is_and_what_it_may_be() {
    let alerts = told(Metric::ReplicationReplayLagSeconds, [Some(3.25), Some(0.2)]);
    let [firing, resolved] = alerts.as_slice() else { unreachable!("{alerts:?}") };
    assert_eq!(firing.event, AlertEvent::Firing);
    assert_eq!(firing.summary, "shop: replication.lag of replica db2: 3.25 s, above 1 s");
    assert_eq!((firing.value, firing.ends_at), (Some(3.25), None));
    assert_eq!(firing.source, "pgsre@host");
    assert_eq!(resolved.event, AlertEvent::Resolved);
    assert_eq!(resolved.fingerprint, firing.fingerprint);
    assert_eq!((resolved.starts_at, resolved.ends_at), (firing.starts_at, Some(at(90))));
    assert_eq!(
        resolved.summary,
        "shop: replication.lag of replica db2: over after 1m 30s, now 3.25 s"
    );
}

#[test]
fn what_is_yes_or_no_has_no_bound_and_what_is_unknown_says_so() {
    let alerts = told(Metric::ReplicationConnected, [Some(0.0), Some(1.0)]);
    assert_eq!(alerts[0].summary, "shop: replication.disconnected of replica db2: no");
    let alerts = told(Metric::ReplicationConnected, [None, Some(1.0)]);
    assert_eq!(alerts[0].summary, "shop: replication.disconnected of replica db2: no data");
    assert_eq!(alerts[0].severity, Severity::Warning);
}

#[test]
fn figures_are_short_and_have_their_unit() {
    let shown = |metric, value| figure(Some(metric), value);
    assert_eq!(shown(Metric::CacheHitRatio, 0.9871), "98.7 %");
    assert_eq!(shown(Metric::SlotRetainedBytes, 10e9), "9.31 GiB");
    assert_eq!(shown(Metric::WalRate, 512.0), "512 B/s");
    assert_eq!(shown(Metric::TransactionsDeadlockRate, 1.0 / 60.0), "0.0167/s");
    assert_eq!(shown(Metric::ConnectionsUsed, 1234.0), "1234");
    assert_eq!(figure(None, 0.5), "0.5");
}

#[test]
fn control_characters_of_a_name_reach_no_pager() {
    let mut incident = Incident::clone(&first());
    incident.labels.insert("slot".into(), "a\r\nb\u{1b}[2J".into());
    assert!(!summary(&incident, None, None).contains(|c: char| c.is_control()));
}

fn first() -> Incident {
    let rules = default_rules();
    let sample = Sample::exact(Metric::SlotLost, 1.0, at(0));
    let reading = Reading {
        server: ServerFacts { name: "shop".into(), version: None, role: Some(Role::Primary) },
        at: at(0),
        seconds: 0.0,
        samples: vec![sample],
        missing: Vec::new(),
        unseen: Vec::new(),
    };
    Incidents::of_one(&rules, &reading).open()[0].clone()
}
