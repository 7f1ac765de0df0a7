//! What `pgsre export` writes, judged by Prometheus' own tool: every default rule fires on a figure
//! beyond its bound, and does not on one at it.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use pgsre_core::finding::Severity;
use pgsre_core::monitor::{
    Bound, Metric, Needs, Rule, Threshold, Unit, default_rules, prometheus_rules,
};
use pgsre_tests::harness::cli::Pgsre;

/// A directory with rules in it.
struct Scene {
    directory: tempfile::TempDir,
}

impl Scene {
    fn new(rules: &[Rule]) -> Self {
        let scene = Self { directory: tempfile::tempdir().expect("a directory") };
        std::fs::write(scene.file("rules.yml"), prometheus_rules(rules)).expect("rules");
        scene
    }

    fn file(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Runs `promtool test rules`.
    fn test(&self, tests: &str) -> Output {
        let text = format!("rule_files: [rules.yml]\nevaluation_interval: 15s\ntests:\n{tests}");
        std::fs::write(self.file("test.yml"), text).expect("tests");
        promtool(&["test", "rules"], &self.file("test.yml"))
    }

    #[track_caller]
    fn holds(&self, tests: &str) {
        passes(&self.test(tests));
    }
}

fn promtool(command: &[&str], file: &Path) -> Output {
    Command::new("promtool")
        .args(command)
        .arg(file)
        .output()
        .expect("promtool: apt-get install prometheus")
}

#[track_caller]
fn passes(output: &Output) {
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
}

/// One test of promtool: these series, scraped each 15 s, and whether an alert fires at this second.
fn case(series: &[(&str, &str)], second: u64, alert: &str, fires: bool) -> String {
    let mut text = String::from("  - interval: 15s\n    input_series:\n");
    for (name, values) in series {
        let _ = writeln!(text, "      - {{series: '{name}', values: '{values}'}}");
    }
    let found = if fires { "[{labels: '{}', value: 1}]" } else { "[]" };
    let _ = write!(
        text,
        "    promql_expr_test:\n      \
         - expr: count(ALERTS{{{alert},alertstate=\"firing\"}}) > 0\n        \
         eval_time: {second}s\n        exp_samples: {found}\n"
    );
    text
}

fn series(metric: Metric) -> String {
    format!("{}{{server=\"shop\",replica=\"db2\"}}", metric.prometheus_name())
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

/// A rule fires on a figure beyond its bound when its time has passed, and not on one at it.
fn cases(rule: &Rule, threshold: Threshold, severity: Severity) -> String {
    let (Bound::Above(at) | Bound::Below(at)) = threshold.bound;
    let alert = format!("rule=\"{}\",severity=\"{severity}\",alertname!~\".*NoData\"", rule.name);
    let second = threshold.hold.as_secs() + 60;
    let readings = second / 15 + 1;
    let values = |value: f64| format!("{}+0x{readings}", rule.metric.prometheus_value(value));
    let name = series(rule.metric);
    let outside = values(beyond(rule.metric, threshold.bound));
    case(&[(&name, &outside)], second, &alert, true)
        + &case(&[(&name, &values(at))], second, &alert, false)
}

#[test]
fn every_default_rule_fires_beyond_its_bound_and_not_at_it() {
    let rules = default_rules();
    let tests: String = rules
        .iter()
        .flat_map(|rule| {
            let of = |threshold: Option<Threshold>, severity| {
                threshold.map(|threshold| cases(rule, threshold, severity))
            };
            [of(rule.warning, Severity::Warning), of(rule.critical, Severity::Critical)]
        })
        .flatten()
        .collect();
    let scene = Scene::new(&rules);
    passes(&promtool(&["check", "rules"], &scene.file("rules.yml")));
    scene.holds(&tests);
}

#[test]
fn a_test_that_expects_what_is_not_so_fails() {
    let up = ("pgsre_server_up{server=\"shop\"}", "1+0x20");
    let tests = case(&[up], 120, "rule=\"server.down\"", true);
    assert!(!Scene::new(&default_rules()).test(&tests).status.success());
}

#[test]
fn a_figure_that_must_be_known_and_is_not_is_an_alert_and_one_that_is_known_is_none() {
    let no_data = |rule: &str| format!("rule=\"{rule}\",alertname=~\".*NoData\"");
    let age = ("pgsre_watch_reading_age_seconds{server=\"shop\"}", "1+0x40");
    let up = ("pgsre_server_up{server=\"shop\"}", "1+0x40");
    let down = ("pgsre_server_up{server=\"shop\"}", "0+0x40");
    let connected = "pgsre_replication_connected{server=\"shop\",replica=\"db2\"}";
    let (known, lost) = ((connected, "1+0x40"), (connected, "1+0x5 stale"));
    let pool = "pgsre_pool_up{server=\"shop\"}";
    let replica = no_data("replication.disconnected");
    let tests = [
        case(&[age], 120, &no_data("server.down"), true),
        case(&[age, up], 120, &no_data("server.down"), false),
        case(&[up, lost], 300, &replica, true),
        case(&[up, known], 300, &replica, false),
        // What follows from a server that is down is not told beside it.
        case(&[down, lost], 300, &replica, false),
        // Its pooler is asked by itself.
        case(&[down, (pool, "1+0x5 stale")], 300, &no_data("pool.down"), true),
        case(&[down, (pool, "1+0x40")], 300, &no_data("pool.down"), false),
    ];
    Scene::new(&default_rules()).holds(&tests.concat());
}

#[test]
fn a_replica_that_is_gone_is_critical_and_its_unknown_lag_is_nothing() {
    let up = ("pgsre_server_up{server=\"shop\"}", "1+0x40");
    let gone = ("pgsre_replication_connected{server=\"shop\",replica=\"db2\"}", "1+0x5 0+0x30");
    let tests = [
        case(&[up, gone], 120, "rule=\"replication.disconnected\",severity=\"critical\"", true),
        case(&[up, gone], 60, "rule=\"replication.disconnected\"", false),
        case(&[up, gone], 300, "rule=\"replication.lag\"", false),
    ];
    Scene::new(&default_rules()).holds(&tests.concat());
}

#[test]
fn an_alert_goes_on_between_its_two_bounds_and_does_not_begin_there() {
    let lag = series(Metric::ReplicationReplayLagSeconds);
    let alert = "rule=\"replication.lag\",severity=\"warning\"";
    let tests = [
        case(&[(&lag, "3+0x5 0.7+0x30")], 300, alert, true),
        case(&[(&lag, "0.7+0x30")], 300, alert, false),
        case(&[(&lag, "3+0x5 0.7+0x5 0.4+0x30")], 300, alert, false),
    ];
    Scene::new(&default_rules()).holds(&tests.concat());
}

#[test]
fn a_rule_that_needs_several_readings_counts_them() {
    let lag = series(Metric::ReplicationReplayLagSeconds);
    let rule = Rule::new("often", Metric::ReplicationReplayLagSeconds)
        .warning(Threshold::at(Bound::Above(1.0)))
        .needing(Needs::new(3, 5).expect("sound"));
    let tests = [
        case(&[(&lag, "0 3 0 3 0 3 0 3 0 3 0")], 135, "rule=\"often\"", true),
        case(&[(&lag, "0 3 0 0 3 0 0 3 0 0 3")], 150, "rule=\"often\"", false),
    ];
    Scene::new(&[rule]).holds(&tests.concat());
}

#[test]
fn a_watcher_that_is_gone_or_stalls_is_an_alert_and_one_that_works_is_none() {
    let build = ("pgsre_build_info{version=\"1\"}", "1+0x40");
    let ended = "pgsre_watch_last_cycle_timestamp_seconds";
    let (gone, stalled) = ("rule=\"watcher.gone\"", "rule=\"watcher.stalled\"");
    let tests = [
        case(&[], 300, gone, true),
        case(&[build], 300, gone, false),
        case(&[(ended, "0+0x40")], 300, stalled, true),
        case(&[(ended, "0+15x40")], 300, stalled, false),
    ];
    Scene::new(&default_rules()).holds(&tests.concat());
}

#[test]
fn what_a_user_names_cannot_break_the_rules() {
    let mut rule = Rule::new("a\"\n{{ fail }}\\: #", Metric::ConnectionsUsed)
        .warning(Threshold::at(Bound::Above(1.0)).clear(0.5));
    rule.labels.insert("1 data\"base".to_owned(), "x\"} or vector(1) #\n\\\u{2028}".to_owned());
    let scene = Scene::new(&[rule]);
    passes(&promtool(&["check", "rules"], &scene.file("rules.yml")));
    scene.holds(&case(&[("pgsre_connections_used", "9+0x9")], 60, "severity=\"warning\"", false));
}

#[test]
fn the_command_writes_the_configurations_rules_and_a_scrape_configuration_that_prometheus_takes() {
    let pgsre = Pgsre::new();
    let home = pgsre.home();
    let config = "[watch]\nlisten = '10.0.0.7:8432'\n[[rule]]\nname = 'many'\n\
                  metric = 'connections.used'\nwarning = { above = 7, for = '90s' }\n\
                  [[rule]]\nname = 'cache.hit_ratio'\nenabled = false\n";
    std::fs::write(home.join("pgsre.toml"), config).expect("a configuration");
    let export = |arguments: &[&str]| {
        let output = pgsre.command(&[&["export"], arguments].concat()).output().expect("pgsre");
        passes(&output);
        String::from_utf8(output.stdout).expect("text")
    };
    assert_eq!(export(&["prometheus-rules", "--output", "rules.yml"]), "");
    let rules = std::fs::read_to_string(home.join("rules.yml")).expect("rules");
    assert!(rules.contains("pgsre_connections_used > 7"), "{rules}");
    assert!(!rules.contains("PgsreCacheHitRatio"), "{rules}");
    passes(&promtool(&["check", "rules"], &home.join("rules.yml")));

    let scrape = export(&["prometheus-scrape"]);
    assert!(scrape.contains("10.0.0.7:8432"), "{scrape}");
    std::fs::write(home.join("prometheus.yml"), scrape).expect("a configuration");
    passes(&promtool(&["check", "config"], &home.join("prometheus.yml")));

    let nowhere = pgsre.command(&["export", "prometheus-scrape", "--listen", "none"]).output();
    let nowhere = nowhere.expect("pgsre");
    assert_eq!(nowhere.status.code(), Some(2), "{nowhere:?}");
}
