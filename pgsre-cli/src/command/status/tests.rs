#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use super::*;

fn rule(metric: &str, warning: Option<Bound>, critical: Option<Bound>) -> Rule {
    let at = |bound| Threshold { bound, hold: None, clear: None };
    Rule {
        name: "mine".to_owned(),
        metric: Some(metric.to_owned()),
        enabled: true,
        labels: BTreeMap::new(),
        warning: warning.map(at),
        critical: critical.map(at),
        needs: None,
        keep: None,
        no_data: None,
        inhibits: None,
    }
}

#[test]
fn a_rule_that_can_never_fire_is_an_error_and_its_twin_is_not() {
    let ratio = |bound| rules(&[rule("cache.hit_ratio", Some(bound), None)]);
    assert!(ratio(Bound::Above(1.0)).is_err());
    assert!(ratio(Bound::Below(0.0)).is_err());
    assert!(ratio(Bound::Below(0.99)).is_ok());
    assert!(rules(&[rule("cache.hit_ratio", None, None)]).is_err(), "no threshold at all");
}

#[test]
fn what_is_critical_before_it_warns_is_an_error() {
    let lag = |warning, critical| {
        let metric = "replication.replay_lag_seconds";
        rules(&[rule(metric, Some(Bound::Above(warning)), Some(Bound::Above(critical)))])
    };
    assert!(lag(10.0, 1.0).unwrap_err().to_string().contains("makes no sense"));
    assert!(lag(1.0, 10.0).is_ok());
    let free = |warning, critical| {
        rules(&[rule("disk.free_ratio", Some(Bound::Below(warning)), Some(Bound::Below(critical)))])
    };
    assert!(free(0.05, 0.1).is_err());
    assert!(free(0.1, 0.05).is_ok());
}

#[test]
fn what_a_rule_of_the_configuration_says_takes_the_place_of_the_default_and_the_rest_stays() {
    let mut own = rule("replication.connected", None, None);
    own.name = "replication.disconnected".to_owned();
    own.no_data = Some(NoData::Ignore);
    own.keep = Some(std::time::Duration::from_secs(60));
    let rules = rules(&[own]).unwrap();
    let rule = rules.iter().find(|rule| rule.name == "replication.disconnected").unwrap();
    assert_eq!(rule.no_data, None);
    assert_eq!(rule.critical.unwrap().keep, std::time::Duration::from_secs(60));
    assert!(rule.inhibits.contains(&"replication.lag".to_owned()), "as by default");
}
