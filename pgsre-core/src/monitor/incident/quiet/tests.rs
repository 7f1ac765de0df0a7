#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::monitor::{
    Change, Incidents, Metric, Reading, Role, Rule, Sample, ServerFacts, default_rules,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A replica that is connected or not, and how far it lags.
fn reading(connected: f64, lag: Option<f64>, second: i64) -> Reading {
    let of = |metric, value| Sample::maybe(metric, value, at(second)).about("replica", "db2");
    Reading {
        server: ServerFacts { name: "shop".into(), version: None, role: Some(Role::Primary) },
        at: at(second),
        seconds: 0.0,
        samples: vec![
            of(Metric::ReplicationConnected, Some(connected)),
            of(Metric::ReplicationReplayLagSeconds, lag),
        ],
        missing: Vec::new(),
        unseen: Vec::new(),
    }
}

fn names(changes: &[Change]) -> Vec<String> {
    changes
        .iter()
        .map(|change| match change {
            Change::Firing(incident) => format!("{} fires", incident.rule),
            Change::Resolved(incident, _) => format!("{} is over", incident.rule),
        })
        .collect()
}

fn silence(rule: &str, until: i64) -> Silence {
    Silence {
        rule: rule.to_owned(),
        labels: Labels::from([("server".to_owned(), "shop".to_owned())]),
        starts_at: None,
        ends_at: at(until),
        reason: "the disk is exchanged".to_owned(),
    }
}

fn judge(incidents: &mut Incidents, silences: &[Silence], reading: &Reading) -> Vec<String> {
    let rules = default_rules();
    let by = Judgement { rules: &rules, silences, grace_until: None };
    names(&incidents.judge(&by, reading, reading.at))
}

#[test]
fn a_silenced_incident_is_told_when_the_silence_ends_and_it_still_fires() {
    let silences = [silence("replication.*", 30)];
    let mut incidents = Incidents::default();
    assert!(judge(&mut incidents, &silences, &reading(0.0, None, 0)).is_empty());
    assert_eq!(incidents.open()[0].quiet, Some(Quiet::Silenced));
    assert!(judge(&mut incidents, &silences, &reading(0.0, None, 29)).is_empty());
    let told = judge(&mut incidents, &silences, &reading(0.0, None, 30));
    assert_eq!(told, ["replication.disconnected fires"]);
    assert_eq!(incidents.open()[0].since, at(0));
}

#[test]
fn what_ends_within_a_silence_is_never_told() {
    let silences = [silence("replication.disconnected", 30)];
    let mut incidents = Incidents::default();
    assert!(judge(&mut incidents, &silences, &reading(0.0, None, 0)).is_empty());
    assert!(judge(&mut incidents, &silences, &reading(1.0, Some(0.0), 10)).is_empty());
    assert!(incidents.open().is_empty());
}

#[test]
fn what_was_told_before_the_silence_is_told_as_over_within_it() {
    let mut incidents = Incidents::default();
    let told = judge(&mut incidents, &[], &reading(0.0, None, 0));
    assert_eq!(told, ["replication.disconnected fires"]);
    let silences = [silence("*", 60)];
    assert!(judge(&mut incidents, &silences, &reading(0.0, None, 10)).is_empty());
    let told = judge(&mut incidents, &silences, &reading(1.0, Some(0.0), 20));
    assert_eq!(told, ["replication.disconnected is over"]);
}

#[test]
fn a_silence_covers_its_rule_its_labels_and_its_time_only() {
    let mut incidents = Incidents::default();
    judge(&mut incidents, &[], &reading(0.0, None, 0));
    let incident = incidents.open()[0];
    assert!(silence("replication.disconnected", 30).covers(incident, at(0)));
    assert!(!silence("replication.lag", 30).covers(incident, at(0)));
    assert!(!silence("replication", 30).covers(incident, at(0)), "a beginning ends with *");
    assert!(!silence("*", 30).covers(incident, at(30)));
    let later = Silence { starts_at: Some(at(10)), ..silence("*", 30) };
    assert!(!later.covers(incident, at(9)));
    assert!(later.covers(incident, at(10)));
    let elsewhere = Labels::from([("server".to_owned(), "bank".to_owned())]);
    assert!(!Silence { labels: elsewhere, ..silence("*", 30) }.covers(incident, at(0)));
}

#[test]
fn lag_follows_from_a_replica_that_is_gone_and_is_told_once_that_is_back() {
    let mut incidents = Incidents::default();
    for second in [0, 5] {
        assert!(judge(&mut incidents, &[], &reading(1.0, Some(20.0), second)).is_empty());
    }
    // It fires for the first time when the replica is gone.
    let told = judge(&mut incidents, &[], &reading(0.0, Some(30.0), 10));
    assert_eq!(told, ["replication.disconnected fires"]);
    let lag = incidents.open().into_iter().find(|open| open.rule == "replication.lag").cloned();
    assert_eq!(lag.and_then(|lag| lag.quiet), Some(Quiet::Inhibited));
    let told = judge(&mut incidents, &[], &reading(1.0, Some(30.0), 20));
    assert_eq!(told, ["replication.lag fires", "replication.disconnected is over"]);
}

#[test]
fn another_replica_inhibits_nothing() {
    let mut incidents = Incidents::default();
    let mut told = Vec::new();
    for second in [0, 5, 10] {
        let mut both = reading(0.0, None, second);
        let lag = Sample::exact(Metric::ReplicationReplayLagSeconds, 30.0, at(second));
        both.samples.push(lag.about("replica", "db3"));
        told.extend(judge(&mut incidents, &[], &both));
    }
    assert_eq!(told, ["replication.disconnected fires", "replication.lag fires"]);
}

#[test]
fn grace_holds_back_what_is_less_than_critical_and_only_until_it_ends() {
    let warns = Rule::new("replication.lag", Metric::ReplicationReplayLagSeconds)
        .warning(crate::monitor::Threshold::at(crate::monitor::Bound::Above(1.0)));
    let rules = [warns, default_rules().remove(1)];
    let by = Judgement { rules: &rules, silences: &[], grace_until: Some(at(60)) };
    let mut incidents = Incidents::default();
    let lags = reading(1.0, Some(5.0), 0);
    assert!(incidents.judge(&by, &lags, at(0)).is_empty());
    assert_eq!(incidents.open()[0].quiet, Some(Quiet::Grace));
    let told = names(&incidents.judge(&by, &lags, at(60)));
    assert_eq!(told, ["replication.lag fires"]);

    let mut incidents = Incidents::default();
    let told = names(&incidents.judge(&by, &reading(0.0, None, 0), at(0)));
    assert_eq!(told, ["replication.disconnected fires"], "critical at once");
}
