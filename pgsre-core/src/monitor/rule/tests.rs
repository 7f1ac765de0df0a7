#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::Timestamp;

use super::*;
use crate::alert::is_named;
use crate::monitor::{Change, IncidentState, Incidents, Reading, Role, ServerFacts, Unit};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// One figure that stays as it is, read every ten seconds for as long as the rule takes, and what
/// is told of it.
fn told(rule: &Rule, value: Option<f64>) -> Vec<Change> {
    let holds = [rule.warning, rule.critical].into_iter().flatten().map(|one| one.hold);
    let patience = rule.no_data.map(|(_, patience)| patience);
    let longest = holds.chain(patience).max().unwrap_or_default().as_secs();
    let mut incidents = Incidents::default();
    (0..=i64::try_from(longest).unwrap() / 10 + 1)
        .flat_map(|reading| {
            incidents.advance(&default_rules(), &of(rule, value, reading * 10), at(reading * 10))
        })
        .filter(|change| matches!(change, Change::Firing(incident) if incident.rule == rule.name))
        .collect()
}

fn of(rule: &Rule, value: Option<f64>, second: i64) -> Reading {
    Reading {
        server: ServerFacts { name: "shop".into(), version: None, role: Some(Role::Primary) },
        at: at(second),
        seconds: 0.0,
        samples: vec![Sample::maybe(rule.metric, value, at(second)).about("replica", "db2")],
        missing: Vec::new(),
        unseen: Vec::new(),
    }
}

/// A figure beyond a bound that the metric can have.
fn beyond(metric: Metric, bound: Bound) -> f64 {
    match bound {
        Bound::Above(bound) if matches!(metric.unit(), Unit::Ratio | Unit::Bool) => {
            (bound + 1.0) / 2.0
        }
        Bound::Above(bound) => bound * 1.01 + 0.001,
        Bound::Below(bound) => bound * 0.99,
    }
}

fn thresholds(rule: &Rule) -> impl Iterator<Item = (Severity, Threshold)> {
    let warning = rule.warning.map(|threshold| (Severity::Warning, threshold));
    let critical = rule.critical.map(|threshold| (Severity::Critical, threshold));
    warning.into_iter().chain(critical)
}

#[test]
fn every_default_rule_fires_beyond_its_bound_and_not_at_it() {
    for rule in default_rules() {
        for (severity, threshold) in thresholds(&rule) {
            let (Bound::Above(bound) | Bound::Below(bound)) = threshold.bound;
            let fires = told(&rule, Some(beyond(rule.metric, threshold.bound)));
            let Some(Change::Firing(incident)) = fires.last() else {
                unreachable!("{} as {severity} does not fire: {fires:?}", rule.name)
            };
            assert_eq!(incident.severity, severity, "{}", rule.name);
            let twin = told(&rule, Some(bound));
            let is_lighter = |change: &Change| matches!(change, Change::Firing(incident) if incident.severity < severity);
            assert!(twin.iter().all(is_lighter), "{} fires at its bound: {twin:?}", rule.name);
        }
    }
}

#[test]
fn every_default_rule_says_no_data_where_the_figure_must_be_known_and_only_there() {
    for rule in default_rules() {
        let told = told(&rule, None);
        let is_no_data = |change: &Change| matches!(change, Change::Firing(incident) if incident.state == IncidentState::NoData);
        assert_eq!(told.iter().any(is_no_data), rule.no_data.is_some(), "{}", rule.name);
    }
}

#[test]
fn the_default_rules_make_sense_and_have_names_of_their_own() {
    let rules = default_rules();
    for rule in &rules {
        assert_eq!(rule.nonsense(), None, "{}", rule.name);
        assert_eq!(rules.iter().filter(|other| other.name == rule.name).count(), 1);
        for inhibited in &rule.inhibits {
            let mut names = rules.iter().map(|other| &other.name);
            assert!(names.any(|name| is_named(inhibited, name)), "{inhibited} is no rule");
        }
    }
}

#[test]
fn a_rule_that_can_never_fire_or_always_would_is_nonsense() {
    let hits = || Rule::new("hits", Metric::CacheHitRatio);
    let lag = || Rule::new("lag", Metric::ReplicationReplayLagSeconds);
    let up = || Rule::new("up", Metric::Up);
    let wrong = [
        (hits(), "can never fire: give it"),
        (hits().warning(below(99.0)), "write 0.99 for 99 %"),
        (hits().warning(above(1.0)), "can never fire"),
        (hits().warning(below(0.0)), "can never fire"),
        (lag().warning(above(-1.0)), "would always fire"),
        (lag().warning(above(f64::NAN)), "is no figure"),
        (lag().warning(above(1.0).clear(f64::INFINITY)), "is no figure"),
        (lag().warning(above(1.0).clear(2.0)), "still out of bounds"),
        (hits().warning(below(0.9).clear(0.8)), "still out of bounds"),
        (lag().warning(above(10.0)).critical(above(1.0)), "weaker"),
        (hits().warning(below(0.9)).critical(below(0.95)), "weaker"),
        (lag().warning(above(10.0)).critical(below(1.0)), "different sides"),
        (lag().warning(above(1.0).held(31 * 86_400)), "30 days"),
        (up().critical(above(1.0)), "can never fire"),
    ];
    for (rule, why) in wrong {
        let said = rule.nonsense().unwrap_or_default();
        assert!(said.contains(why), "{rule:?}: {said:?}");
    }
    let sound = [
        hits().warning(below(0.9).clear(0.95)).critical(below(0.8)),
        lag().warning(above(1.0).clear(1.0)).critical(above(1.0)),
        up().critical(below(1.0)),
        up().unknown(Severity::Warning, 60),
        Rule::new("pool", Metric::PoolSaturation).warning(above(1.2)),
    ];
    for rule in sound {
        assert_eq!(rule.nonsense(), None, "{rule:?}");
    }
}
