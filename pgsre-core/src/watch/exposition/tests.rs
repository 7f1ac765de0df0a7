#![expect(clippy::unwrap_used, reason = "tests")]
use std::sync::Arc;
use std::time::Duration;

use super::super::watched::Cycle;
use super::*;
use crate::monitor::{Incidents, Missing, Reading, Role, ServerFacts, default_rules};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn reading(samples: Vec<Sample>) -> Reading {
    Reading {
        server: ServerFacts { name: "shop".to_owned(), version: None, role: Some(Role::Primary) },
        at: at(0),
        seconds: 0.25,
        samples,
        missing: vec![Missing { probe: "archiver".to_owned(), why: "denied".to_owned() }],
        unseen: Vec::new(),
    }
}

fn watched(samples: Vec<Sample>) -> Watched {
    let reading = reading(samples);
    let incidents = Incidents::of_one(&default_rules(), &reading);
    let incidents = incidents.open().into_iter().cloned().collect();
    let mut watched = Watched::starting(at(-60), Duration::from_secs(10));
    let server = WatchedServer { reading: Some(Arc::new(reading)), incidents };
    watched.servers.insert("shop".to_owned(), Arc::new(server));
    watched
}

fn lag(replica: &str, value: Option<f64>) -> Sample {
    Sample::maybe(Metric::ReplicationReplayLagSeconds, value, at(0)).about("replica", replica)
}

fn text(watched: &Watched, now: i64) -> String {
    exposition(watched, ExpositionFormat::Text, at(now))
}

#[test]
fn a_known_figure_is_there_and_an_unknown_one_is_neither_0_nor_nan() {
    let page = text(&watched(vec![lag("db2", Some(0.5)), lag("db3", None)]), 1);
    assert!(page.contains("# TYPE pgsre_replication_replay_lag_seconds gauge\n"), "{page}");
    let line = "pgsre_replication_replay_lag_seconds{server=\"shop\",replica=\"db2\"} 0.5\n";
    assert!(page.contains(line), "{page}");
    assert!(!page.contains("db3") && !page.contains("NaN"), "{page}");
}

#[test]
fn a_stale_reading_is_left_out_and_its_age_told() {
    let watched = watched(vec![lag("db2", Some(0.5))]);
    assert!(text(&watched, 30).contains("replay_lag_seconds{"));
    let page = text(&watched, 31);
    assert!(!page.contains("replay_lag_seconds{"), "{page}");
    assert!(page.contains("pgsre_watch_reading_age_seconds{server=\"shop\"} 31\n"), "{page}");
}

#[test]
fn text_from_outside_cannot_leave_its_quotes() {
    let page = text(&watched(vec![lag("a\"b\\c\nd", Some(1.0))]), 1);
    assert!(page.contains("replica=\"a\\\"b\\\\c\\nd\"} 1\n"), "{page}");
}

#[test]
fn a_series_that_is_measured_twice_is_written_once() {
    let page = text(&watched(vec![lag("db2", Some(1.0)), lag("db2", Some(2.0))]), 1);
    assert_eq!(page.matches("replica=\"db2\"").count(), 1, "{page}");
}

#[test]
fn openmetrics_names_units_that_end_the_name_and_ends_with_eof() {
    let used = Sample::exact(Metric::ConnectionsUsed, 3.0, at(0));
    let watched = watched(vec![lag("db2", Some(1.0)), used]);
    let page = exposition(&watched, ExpositionFormat::OpenMetrics, at(1));
    assert!(page.contains("# UNIT pgsre_replication_replay_lag_seconds seconds\n"), "{page}");
    assert!(!page.contains("# UNIT pgsre_connections_used"), "{page}");
    assert!(page.contains("# TYPE pgsre_watch_deliveries counter\n"), "{page}");
    assert!(page.contains("pgsre_watch_deliveries_total{outcome=\"sent\"} 0\n"), "{page}");
    assert!(page.ends_with("\n# EOF\n"), "{page}");
    assert!(!text(&watched, 1).contains("# EOF"));
}

#[test]
fn what_is_open_is_counted_by_rule_severity_and_state() {
    let down = Sample::exact(Metric::ReplicationConnected, 0.0, at(0));
    let samples = ["db2", "db3"].map(|replica| down.clone().about("replica", replica));
    let page = text(&watched(samples.to_vec()), 1);
    let line = "pgsre_alerts{server=\"shop\",rule=\"replication.disconnected\",\
                severity=\"critical\",state=\"firing\"} 2\n";
    assert!(page.contains(line), "{page}");
    assert!(!text(&watched(vec![lag("db2", Some(0.0))]), 1).contains("pgsre_alerts"));
}

#[test]
fn the_watcher_tells_of_itself_before_and_after_its_first_cycle() {
    let mut watched = watched(Vec::new());
    assert!(!text(&watched, 1).contains("pgsre_watch_cycle_seconds"));
    watched.cycle = Some(Cycle { ended_at: at(1), seconds: 0.5 });
    let page = text(&watched, 1);
    assert!(page.contains("pgsre_watch_cycle_seconds 0.5\n"), "{page}");
    assert!(page.contains("pgsre_watch_last_cycle_timestamp_seconds 1800000001\n"), "{page}");
    let without = "pgsre_watch_probe_without_data{server=\"shop\",probe=\"archiver\"} 1\n";
    assert!(page.contains(without), "{page}");
}

#[test]
fn everything_that_is_written_is_declared() {
    let mut all = watched(Metric::ALL.iter().map(|m| Sample::exact(*m, 1.0, at(0))).collect());
    all.cycle = Some(Cycle { ended_at: at(1), seconds: 0.5 });
    let declared: BTreeSet<String> = exposed().map(|(name, _)| name).collect();
    let page = text(&all, 1);
    let written = page.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    let written: BTreeSet<String> =
        written.map(|rest| rest.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(declared, written);
}

#[test]
fn openmetrics_is_written_only_to_who_asks_for_it() {
    let prometheus = "application/openmetrics-text;version=1.0.0;q=0.75,text/plain;q=0.5,*/*;q=0.1";
    assert_eq!(ExpositionFormat::accepted(prometheus), ExpositionFormat::OpenMetrics);
    for accept in ["", "*/*", "text/html", "application/openmetrics-text;q=0", "\u{7f};;,,"] {
        assert_eq!(ExpositionFormat::accepted(accept), ExpositionFormat::Text, "{accept}");
    }
}
