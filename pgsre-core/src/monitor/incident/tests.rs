#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use super::super::{Bound, Metric, Role, ServerFacts, Threshold};
use super::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn rule() -> Rule {
    Rule::new("replication.lag", Metric::ReplicationReplayLagSeconds)
        .warning(Threshold::at(Bound::Above(1.0)).held(10).clear(0.5))
        .critical(Threshold::at(Bound::Above(10.0)).held(10).clear(5.0))
        .unknown(Severity::Warning, 30)
}

fn reading(value: Option<f64>, second: i64) -> Reading {
    let sample = Sample::maybe(Metric::ReplicationReplayLagSeconds, value, at(second));
    Reading {
        server: ServerFacts { name: "shop".to_owned(), version: None, role: Some(Role::Primary) },
        at: at(second),
        seconds: 0.0,
        samples: vec![sample.about("replica", "db2")],
        missing: Vec::new(),
        unseen: Vec::new(),
    }
}

fn take(incidents: &mut Incidents, value: Option<f64>, second: i64) -> Vec<Change> {
    incidents.advance(&[rule()], &reading(value, second), at(second))
}

fn only(changes: &[Change]) -> (&Incident, bool) {
    match changes {
        [Change::Firing(incident)] => (incident, true),
        [Change::Resolved(incident, _)] => (incident, false),
        other => panic!("one change, not {other:?}"),
    }
}

#[test]
fn a_value_out_of_bounds_fires_after_its_time_and_only_once() {
    let mut incidents = Incidents::default();
    assert_eq!(take(&mut incidents, Some(3.0), 0), []);
    assert_eq!(incidents.open()[0].state, IncidentState::Pending);
    assert_eq!(take(&mut incidents, Some(3.0), 9), []);
    let changes = take(&mut incidents, Some(3.0), 10);
    let (incident, fires) = only(&changes);
    assert!(fires);
    assert_eq!((incident.severity, incident.since), (Severity::Warning, at(0)));
    assert_eq!(incident.labels.get("server").map(String::as_str), Some("shop"));
    assert_eq!(take(&mut incidents, Some(3.0), 11), []);
}

#[test]
fn a_break_begins_the_time_anew() {
    let mut incidents = Incidents::default();
    take(&mut incidents, Some(3.0), 0);
    take(&mut incidents, Some(0.1), 5);
    assert_eq!(take(&mut incidents, Some(3.0), 10), []);
    assert_eq!(incidents.open()[0].since, at(10));
}

#[test]
fn a_value_between_the_two_bounds_goes_on_and_one_below_the_lower_resolves() {
    let mut incidents = Incidents::default();
    take(&mut incidents, Some(3.0), 0);
    take(&mut incidents, Some(3.0), 10);
    assert_eq!(take(&mut incidents, Some(0.7), 11), [], "not yet sound");
    let changes = take(&mut incidents, Some(0.4), 12);
    let (incident, fires) = only(&changes);
    assert!(!fires);
    assert_eq!(incident.since, at(0), "the resolve knows how long it went on");
    assert!(incidents.open().is_empty());
}

#[test]
fn a_severity_changes_within_one_incident_after_the_time_of_the_heavier_bound() {
    let mut incidents = Incidents::default();
    take(&mut incidents, Some(3.0), 0);
    take(&mut incidents, Some(3.0), 10);
    assert_eq!(take(&mut incidents, Some(30.0), 11), []);
    let changes = take(&mut incidents, Some(30.0), 21);
    let (incident, fires) = only(&changes);
    assert!(fires);
    assert_eq!((incident.severity, incident.since), (Severity::Critical, at(0)));
    let changes = take(&mut incidents, Some(4.0), 22);
    let (lighter, _) = only(&changes);
    assert_eq!(lighter.severity, Severity::Warning);
    assert_eq!(lighter.fingerprint(), "replication.lag{replica=db2,server=shop}");
}

#[test]
fn not_to_know_is_no_recovery_and_becomes_a_state_of_its_own() {
    let mut incidents = Incidents::default();
    take(&mut incidents, Some(3.0), 0);
    take(&mut incidents, Some(3.0), 10);
    assert_eq!(take(&mut incidents, None, 11), [], "it goes on");
    assert_eq!(incidents.open()[0].state, IncidentState::Firing);

    let mut incidents = Incidents::default();
    assert_eq!(take(&mut incidents, None, 0), []);
    let changes = take(&mut incidents, None, 30);
    assert_eq!(only(&changes).0.state, IncidentState::NoData);
    let changes = take(&mut incidents, Some(0.0), 31);
    assert!(!only(&changes).1, "known and sound");
}

#[test]
fn a_server_that_is_down_begins_and_ends_nothing_else() {
    let mut incidents = Incidents::default();
    take(&mut incidents, Some(3.0), 0);
    take(&mut incidents, Some(3.0), 10);
    let mut down = reading(None, 11);
    down.server.role = None;
    down.samples[0].labels.clear();
    assert_eq!(incidents.advance(&[rule()], &down, at(11)), []);
    assert_eq!(incidents.open().len(), 1);
}

#[test]
fn what_is_no_longer_there_resolves() {
    let mut incidents = Incidents::default();
    take(&mut incidents, Some(3.0), 0);
    take(&mut incidents, Some(3.0), 10);
    let mut without = reading(None, 11);
    without.samples.clear();
    assert!(!only(&incidents.advance(&[rule()], &without, at(11))).1);
}

#[test]
fn one_look_has_no_patience() {
    let incidents = Incidents::of_one(&[rule()], &reading(Some(30.0), 0));
    let open = incidents.open();
    assert_eq!((open[0].state, open[0].severity), (IncidentState::Firing, Severity::Critical));
    assert!(Incidents::of_one(&[rule()], &reading(Some(0.0), 0)).open().is_empty());
    let unknown = Incidents::of_one(&[rule()], &reading(None, 0));
    assert_eq!(unknown.open()[0].state, IncidentState::NoData);
}

#[test]
fn incidents_survive_a_restart() {
    let mut incidents = Incidents::default();
    take(&mut incidents, Some(3.0), 0);
    take(&mut incidents, Some(3.0), 10);
    let saved = serde_json::to_string(&incidents).unwrap();
    let mut again: Incidents = serde_json::from_str(&saved).unwrap();
    assert_eq!(take(&mut again, Some(3.0), 11), [], "nothing is told twice");
    assert!(!only(&take(&mut again, Some(0.0), 12)).1);
}

#[test]
fn an_incident_that_is_kept_goes_on_for_its_time_after_the_value_is_sound_again() {
    let mut rule = rule();
    rule.warning = rule.warning.map(|at| Threshold { keep: Duration::from_secs(20), ..at });
    let rules = [rule];
    let mut incidents = Incidents::default();
    let mut take =
        |value, second| incidents.advance(&rules, &reading(Some(value), second), at(second));
    take(3.0, 0);
    assert!(only(&take(3.0, 10)).1);
    assert_eq!(take(0.1, 11), [], "kept");
    assert_eq!(take(3.0, 25), [], "it never ended");
    assert_eq!(take(0.1, 26), [], "kept anew");
    assert_eq!(take(0.1, 45), []);
    assert!(!only(&take(0.1, 46)).1);
}

fn needing(readings: u32, of: u32) -> Rule {
    Rule::new("replication.lag", Metric::ReplicationReplayLagSeconds)
        .warning(Threshold::at(Bound::Above(1.0)))
        .needing(crate::monitor::Needs::new(readings, of).unwrap())
}

#[test]
fn a_rule_that_needs_three_of_five_readings_fires_with_the_third_and_ends_below_three() {
    let rules = [needing(3, 5)];
    let mut incidents = Incidents::default();
    let values = [3.0, 0.0, 3.0, 0.0, 3.0, 0.0, 0.0, 0.0];
    let told: Vec<_> = (0..)
        .zip(values)
        .map(|(second, value)| {
            let changes = incidents.advance(&rules, &reading(Some(value), second), at(second));
            changes.first().map(|change| matches!(change, Change::Firing(_)))
        })
        .collect();
    // Of the last five: 1, 1, 2, 2, 3 (fires), 2 (over), 2, 1.
    assert_eq!(told, [None, None, None, None, Some(true), Some(false), None, None]);
}

#[test]
fn two_readings_out_of_bounds_are_too_few_for_three_of_five() {
    let rules = [needing(3, 5)];
    let mut incidents = Incidents::default();
    for second in 0..50 {
        let value = if second % 5 < 2 { 3.0 } else { 0.0 };
        assert_eq!(incidents.advance(&rules, &reading(Some(value), second), at(second)), []);
    }
}

#[test]
fn how_many_readings_a_rule_needs_is_from_one_to_thirty_two() {
    use crate::monitor::Needs;
    assert!(Needs::new(0, 5).is_none());
    assert!(Needs::new(6, 5).is_none());
    assert!(Needs::new(1, 33).is_none());
    assert_eq!(Needs::new(32, 32).map(Needs::mask), Some(u32::MAX));
    assert_eq!(Needs::new(1, 1).map(Needs::mask), Some(1));
}

#[test]
fn time_that_nobody_saw_does_not_count() {
    let mut incidents = Incidents::default();
    take(&mut incidents, Some(3.0), 0);
    take(&mut incidents, Some(3.0), 5);
    assert_eq!(take(&mut incidents, Some(3.0), 3_600), [], "an hour asleep");
    assert_eq!(incidents.open()[0].since, at(3_600));
    assert!(only(&take(&mut incidents, Some(3.0), 3_610)).1);
    assert_eq!(take(&mut incidents, Some(3.0), 7_200), [], "what fires goes on");
    assert!(!only(&take(&mut incidents, Some(0.1), 7_201)).1);
}

#[test]
fn a_slow_pace_is_no_gap() {
    let mut incidents = Incidents::default();
    let rules = [rule()];
    let slow = |incidents: &mut Incidents, second| {
        incidents.advance(&rules, &reading(Some(3.0), second), at(second))
    };
    // The first two are too far apart for anything to be known; after that it is the pace.
    slow(&mut incidents, 0);
    assert_eq!(slow(&mut incidents, 300), []);
    assert!(only(&slow(&mut incidents, 600)).1);
}

#[test]
fn a_probe_that_failed_ends_nothing() {
    let mut incidents = Incidents::default();
    take(&mut incidents, Some(3.0), 0);
    take(&mut incidents, Some(3.0), 10);
    let mut failed = reading(None, 11);
    failed.samples[0].labels.clear();
    assert_eq!(incidents.advance(&[rule()], &failed, at(11)), []);
    let of_the_replica = |open: &&Incident| open.labels.contains_key("replica");
    assert_eq!(incidents.open().into_iter().filter(of_the_replica).count(), 1);
}

#[test]
fn backups_and_poolers_are_judged_while_the_server_is_down() {
    let rules =
        [Rule::new("pool.paused", Metric::PoolPaused).warning(Threshold::at(Bound::Above(0.0)))];
    let mut down = reading(None, 0);
    down.server.role = None;
    down.samples = vec![Sample::exact(Metric::PoolPaused, 1.0, at(0))];
    let mut incidents = Incidents::default();
    assert!(only(&incidents.advance(&rules, &down, at(0))).1);
    down.samples = vec![Sample::exact(Metric::PoolPaused, 0.0, at(1))];
    assert!(!only(&incidents.advance(&rules, &down, at(1))).1);
}

#[test]
fn a_server_that_is_watched_no_longer_has_its_told_incidents_ended() {
    let mut incidents = Incidents::default();
    take(&mut incidents, Some(3.0), 0);
    assert!(incidents.clone().abandon(at(1)).is_empty(), "nobody was told");
    take(&mut incidents, Some(3.0), 10);
    assert!(!only(&incidents.abandon(at(11))).1);
}

use proptest::strategy::Strategy as _;

proptest::proptest! {
    /// Whatever the figures are, and wherever the watcher is restarted: what is told begins, changes
    /// its weight, and ends, once each.
    #[test]
    fn what_is_told_begins_once_and_ends_once(
        values in proptest::collection::vec(
            // Quarters, which JSON writes exactly.
            proptest::option::weighted(0.8, (0_u8..80).prop_map(|n| f64::from(n) / 4.0)), 1..60),
        restarts in proptest::collection::vec(proptest::bool::ANY, 60),
        step in 1_i64..20,
    ) {
        let mut incidents = Incidents::default();
        let mut without_restarts = Incidents::default();
        let mut told: Option<(Severity, IncidentState)> = None;
        for (index, value) in values.into_iter().enumerate() {
            let second = i64::try_from(index).unwrap() * step;
            if restarts[index] {
                let saved = serde_json::to_string(&incidents).unwrap();
                incidents = serde_json::from_str(&saved).unwrap();
            }
            let changes = take(&mut incidents, value, second);
            proptest::prop_assert_eq!(&changes, &take(&mut without_restarts, value, second));
            for change in changes {
                match change {
                    Change::Firing(incident) => {
                        let says = Some((incident.severity, incident.state));
                        proptest::prop_assert_ne!(told, says, "told twice");
                        told = says;
                    }
                    Change::Resolved(..) => {
                        proptest::prop_assert!(told.is_some(), "ended without a beginning");
                        told = None;
                    }
                }
            }
        }
    }
}
