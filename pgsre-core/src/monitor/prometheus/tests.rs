use super::*;
use crate::monitor::default_rules;

fn lag() -> Rule {
    Rule::new("replication.lag", Metric::ReplicationReplayLagSeconds)
}

fn above(value: f64) -> Threshold {
    Threshold::at(Bound::Above(value))
}

#[test]
fn a_rule_becomes_an_alert_of_each_severity() {
    let rule = lag().warning(above(1.0).held(10)).critical(above(10.0));
    let yaml = prometheus_rules(&[rule]);
    let warning = "
      - alert: PgsreReplicationLag
        expr: \"pgsre_replication_replay_lag_seconds > 1\"
        for: 10s
        labels:
          severity: warning
          rule: \"replication.lag\"
";
    assert!(yaml.contains(warning), "{yaml}");
    assert!(yaml.contains("_seconds > 10\"\n        labels:\n          severity: critical\n"));
    assert!(!yaml.contains("NoData"), "{yaml}");
}

#[test]
fn a_bound_to_clear_and_a_time_to_keep_are_kept() {
    let mut threshold = above(10.0).clear(5.0);
    threshold.keep = Duration::from_secs(300);
    let yaml = prometheus_rules(&[lag().critical(threshold)]);
    assert!(yaml.contains("replay_lag_seconds > 5 and ignoring"), "{yaml}");
    assert!(yaml.contains("keep_firing_for: 300s"), "{yaml}");
}

#[test]
fn several_readings_are_counted_where_a_rule_needs_several() -> Result<(), &'static str> {
    let needs = Needs::new(3, 5).ok_or("is sound")?;
    let yaml = prometheus_rules(&[lag().warning(above(1.0)).needing(needs)]);
    let counted = "(count_over_time((pgsre_replication_replay_lag_seconds > 1)[74s:15s]) >= 3)";
    assert!(yaml.contains(counted), "{yaml}");
    Ok(())
}

#[test]
fn no_data_is_an_alert_where_the_figure_must_be_known() {
    let yaml = prometheus_rules(&default_rules());
    assert!(
        yaml.contains("\"pgsre_watch_reading_age_seconds unless on (server) pgsre_server_up\"")
    );
    let connected = "(last_over_time(pgsre_replication_connected[1h]) unless \
                     pgsre_replication_connected) and on (server) pgsre_server_up == 1";
    assert!(yaml.contains(connected), "{yaml}");
    assert!(!yaml.contains("PgsreReplicationLagNoData"), "an unknown lag is no alert of its own");
}

#[test]
fn every_expression_names_what_the_page_has() {
    let rules = default_rules();
    let known: Vec<String> = Metric::ALL.iter().map(|metric| metric.prometheus_name()).collect();
    for alert in rules.iter().flat_map(alerts) {
        let words = alert.expression.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        for name in words.filter(|word| word.starts_with("pgsre_")) {
            let is_own = name == "pgsre_watch_reading_age_seconds";
            assert!(is_own || known.iter().any(|known| known == name), "{name}");
        }
    }
}

#[test]
fn nothing_that_a_user_writes_breaks_out_of_its_string() {
    let mut rule = lag().warning(above(1.0).clear(0.5));
    rule.name = "a\"\n{{ fail }}\\\u{2028}\u{7f}".to_owned();
    rule.labels.insert("1 rep\"lica".to_owned(), "x\"} or vector(1) #\n\\".to_owned());
    let yaml = prometheus_rules(&[rule]);
    // A line of YAML that holds text is one string: what is between is escaped.
    for line in yaml.lines().filter(|line| line.contains(": \"")) {
        let (_, text) = line.split_once(": \"").unwrap_or_default();
        let inner = text.strip_suffix('"').unwrap_or_default();
        let inner = inner.replace("\\\\", "").replace("\\\"", "");
        assert!(!inner.contains('"'), "{line}");
    }
    assert!(!yaml.contains(['\u{2028}', '\u{7f}']));
    assert!(yaml.contains("_1_rep_lica=\\\"x\\\\\\\"} or"), "{yaml}");
    let templates = yaml.lines().filter(|line| !line.contains("expr:"));
    assert!(templates.into_iter().all(|line| !line.contains("{{ fail")), "{yaml}");
}

#[test]
fn a_scrape_configuration_names_where_the_watcher_listens() {
    let yaml = scrape_config("10.0.0.7:8432");
    assert!(yaml.contains("- targets: [\"10.0.0.7:8432\"]"), "{yaml}");
}
