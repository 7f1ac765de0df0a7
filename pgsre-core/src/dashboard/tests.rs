#![expect(clippy::unwrap_used, reason = "tests")]
use std::time::Duration;

use tokio::sync::watch;

use super::*;
use crate::finding::Severity;
use crate::history::samples::MemorySamples;
use crate::monitor::{
    Incidents, Judgement, Metric, Missing, Reading, Role, Sample, ServerFacts, default_rules,
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

/// A server that is well.
fn well(second: i64) -> Reading {
    let of = |metric, value| Sample::exact(metric, value, at(second));
    let about = |metric, value, label, name: &str| of(metric, value).about(label, name);
    let samples = vec![
        of(Metric::Up, 1.0),
        of(Metric::ConnectionsUsed, 12.0),
        of(Metric::ConnectionsUsable, 97.0),
        of(Metric::ConnectionsSaturation, 12.0 / 97.0),
        of(Metric::ConnectionsActive, 3.0),
        of(Metric::ConnectionsIdleInTransaction, 2.0),
        of(Metric::LatencyP50, 0.002).by("estimated", Some(0.001)),
        of(Metric::LatencyP95, 0.02).by("estimated", Some(0.005)),
        of(Metric::LatencyP99, 0.05).by("estimated", Some(0.02)),
        about(Metric::ReplicationConnected, 1.0, "replica", "db2"),
        about(Metric::ReplicationReplayLagSeconds, 0.2, "replica", "db2"),
        about(Metric::ReplicationConnected, 1.0, "replica", "db3"),
        about(Metric::ReplicationReplayLagSeconds, 0.0, "replica", "db3"),
        of(Metric::TransactionsCommitRate, 90.0),
        of(Metric::TransactionsRollbackRate, 10.0),
        of(Metric::TransactionsDeadlockRate, 0.0),
        of(Metric::CacheHitRatio, 0.998),
        about(Metric::DiskUsedBytes, 4e9, "database", "shop"),
        about(Metric::DiskFreeBytes, 6e9, "filesystem", "data"),
        about(Metric::DiskFreeRatio, 0.6, "filesystem", "data"),
        about(Metric::DiskDaysUntilFull, 40.0, "filesystem", "data"),
        about(Metric::DiskDaysUntilFullEarliest, 30.0, "filesystem", "data"),
    ];
    let server = ServerFacts { name: "shop".to_owned(), version: None, role: Some(Role::Primary) };
    Reading { server, at: at(second), seconds: 0.1, samples, missing: vec![], unseen: vec![] }
}

/// A server that does not answer.
fn silent(second: i64) -> Reading {
    let mut reading = well(second);
    reading.server.role = None;
    for sample in &mut reading.samples {
        *sample = Sample::unknown(sample.metric, at(second));
    }
    let why = "the server cannot be reached".to_owned();
    reading.missing.push(Missing { probe: "connection".to_owned(), why });
    reading
}

/// The same with other figures of one metric.
fn with(mut reading: Reading, metric: Metric, value: Option<f64>) -> Reading {
    for sample in reading.samples.iter_mut().filter(|sample| sample.metric == metric) {
        sample.value = value;
    }
    reading
}

/// A watcher that publishes what a test says.
struct Scene {
    faces: watch::Sender<Arc<Watched>>,
    dashboard: Dashboard,
    incidents: Incidents,
}

impl Scene {
    fn new() -> Self {
        let watched = Watched::starting(at(0), Duration::from_secs(10));
        let faces = watch::Sender::new(Arc::new(watched));
        let dashboard = Dashboard::new(faces.subscribe());
        Self { faces, dashboard, incidents: Incidents::default() }
    }

    fn publish(&mut self, reading: Reading) {
        let judgement = Judgement { rules: &default_rules(), silences: &[], grace_until: None };
        self.incidents.judge(&judgement, &reading, reading.at);
        let incidents = self.incidents.open().into_iter().cloned().collect();
        let name = reading.server.name.clone();
        let server = WatchedServer { reading: Some(Arc::new(reading)), incidents };
        self.faces.send_modify(|watched| {
            let mut next = Watched::clone(watched);
            next.servers.insert(name, Arc::new(server));
            *watched = Arc::new(next);
        });
        self.dashboard.catch_up(at(0));
    }

    fn board(&self, second: i64) -> ServerBoard {
        self.dashboard.board("shop", at(second)).unwrap()
    }

    fn panel(&self, kind: PanelKind, second: i64) -> Panel {
        self.board(second).panels.into_iter().find(|panel| panel.kind == kind).unwrap()
    }
}

#[test]
fn a_migration_says_how_far_it_is_and_when_it_last_got_on_and_none_is_none() {
    let mut scene = Scene::new();
    scene.publish(well(0));
    assert_eq!(scene.board(0).migrations, []);
    let mut reading = well(10);
    let about =
        |metric, value| Sample::exact(metric, value, at(10)).about("migration", "add_email");
    reading.samples.push(about(Metric::MigrationProgress, 0.375).about("step", "2 of 4"));
    reading.samples.push(about(Metric::MigrationIdleSeconds, 3.0));
    scene.publish(reading);
    let shown = scene.board(10).migrations;
    assert_eq!((shown.len(), shown[0].name.as_str()), (1, "add_email"));
    assert_eq!(shown[0].note.replace('\u{a0}', " "), "step 2 of 4; got on 3 s ago");
    assert_eq!(shown[0].value, Some(0.375));
}

/// A panel of one reading, looked at when it was read.
fn panel(kind: PanelKind, reading: Reading) -> Panel {
    let mut scene = Scene::new();
    scene.publish(reading);
    scene.panel(kind, 0)
}

#[test]
fn a_server_that_is_well_has_six_panels_that_are_well() {
    let mut scene = Scene::new();
    scene.publish(well(0));
    let board = scene.board(1);
    let kinds: Vec<_> = board.panels.iter().map(|panel| (panel.kind, panel.state)).collect();
    assert_eq!(kinds, PanelKind::ALL.map(|kind| (kind, State::Ok)));
    assert_eq!((board.state, board.summary.as_str()), (State::Ok, "nothing is out of bounds"));
    let headline = |kind| scene.panel(kind, 1).headline.replace('\u{a0}', " ");
    assert_eq!(headline(PanelKind::Connections), "12 of 97");
    assert_eq!(headline(PanelKind::Latency), "20 ms");
    assert_eq!(headline(PanelKind::Replication), "200 ms");
    assert_eq!(headline(PanelKind::Transactions), "100 /s");
    assert_eq!(headline(PanelKind::Cache), "99.80 %");
    assert_eq!(headline(PanelKind::Disk), "40 % used");
}

#[test]
fn each_panel_warns_and_is_critical_where_its_rules_say_so() {
    use Metric as M;
    let cases = [
        (PanelKind::Connections, M::ConnectionsSaturation, 0.85, State::Warning),
        (PanelKind::Connections, M::ConnectionsSaturation, 0.97, State::Critical),
        (PanelKind::Replication, M::ReplicationReplayLagSeconds, 2.0, State::Warning),
        (PanelKind::Replication, M::ReplicationReplayLagSeconds, 20.0, State::Critical),
        (PanelKind::Replication, M::ReplicationConnected, 0.0, State::Critical),
        (PanelKind::Transactions, M::TransactionsDeadlockRate, 0.5, State::Warning),
        (PanelKind::Cache, M::CacheHitRatio, 0.9, State::Warning),
        (PanelKind::Disk, M::DiskFreeRatio, 0.08, State::Warning),
        (PanelKind::Disk, M::DiskFreeRatio, 0.01, State::Critical),
        (PanelKind::Disk, M::DiskDaysUntilFull, 5.0, State::Warning),
        (PanelKind::Disk, M::DiskDaysUntilFull, 1.0, State::Critical),
    ];
    for (kind, metric, value, expected) in cases {
        let found = panel(kind, with(well(0), metric, Some(value)));
        assert_eq!(found.state, expected, "{metric} {value}: {found:?}");
    }
}

#[test]
fn latency_is_judged_by_a_rule_of_ones_own_and_by_none_otherwise() {
    use crate::monitor::{Bound, Threshold};
    let slow = with(well(0), Metric::LatencyP95, Some(3.0));
    assert_eq!(panel(PanelKind::Latency, slow.clone()).state, State::Ok);
    let rule = Rule::new("latency", Metric::LatencyP95).critical(Threshold::at(Bound::Above(1.0)));
    let mut scene = Scene::new();
    scene.dashboard = scene.dashboard.judging_by(vec![rule]);
    scene.publish(slow);
    assert_eq!(scene.panel(PanelKind::Latency, 0).state, State::Critical);
}

#[test]
fn an_idle_server_has_no_latency_and_no_hits_which_is_not_zero_and_no_alarm() {
    let idle = with(well(0), Metric::LatencyP95, None);
    let idle = with(idle, Metric::CacheHitRatio, None);
    let mut scene = Scene::new();
    scene.publish(idle);
    for kind in [PanelKind::Latency, PanelKind::Cache] {
        let panel = scene.panel(kind, 1);
        assert_eq!((panel.state, panel.headline.as_str()), (State::NoData, "no data"));
        assert!(panel.why.is_some() && panel.figures.is_empty(), "{panel:?}");
    }
    assert_eq!(scene.board(1).state, State::Ok);
}

#[test]
fn a_server_that_stops_answering_shows_what_was_known_with_its_age_and_is_not_calm() {
    let mut scene = Scene::new();
    scene.publish(well(0));
    scene.publish(silent(40));
    for kind in PanelKind::ALL {
        let panel = scene.panel(kind, 41);
        assert_eq!(panel.state, State::Stale, "{panel:?}");
        let why = panel.why.unwrap().replace('\u{a0}', " ");
        assert!(why.starts_with("last known 41 s ago: the server cannot"), "{why}");
        assert_eq!(panel.at, Some(at(0)));
    }
    let board = scene.board(41);
    assert!(board.state >= State::Stale, "{:?}", board.state);
    assert!(board.summary.contains("cannot be reached"), "{}", board.summary);
}

#[test]
fn a_server_that_never_answered_has_no_data_and_one_that_answers_again_is_well() {
    let mut scene = Scene::new();
    scene.publish(silent(0));
    for panel in scene.board(1).panels {
        assert_eq!((panel.state, panel.figures.len()), (State::NoData, 0));
    }
    assert!(scene.board(1).state >= State::NoData);
    scene.publish(well(10));
    assert_eq!(scene.board(11).state, State::Ok);
}

#[test]
fn readings_that_no_longer_come_are_stale_with_their_age() {
    let mut scene = Scene::new();
    scene.publish(well(0));
    assert_eq!(scene.board(30).state, State::Ok, "three intervals");
    let board = scene.board(95);
    assert_eq!((board.state, board.age_seconds), (State::Stale, Some(95.0)));
    assert_eq!(board.summary.replace('\u{a0}', " "), "no reading for 95 s");
    assert!(board.panels.iter().all(|panel| panel.state == State::Stale));
}

#[test]
fn a_probe_without_data_leaves_its_panel_stale_and_no_other() {
    let mut scene = Scene::new();
    scene.publish(well(0));
    let mut reading = with(well(10), Metric::DiskUsedBytes, None);
    reading = with(reading, Metric::DiskFreeBytes, None);
    let why = "no answer before the deadline".to_owned();
    reading.missing.push(Missing { probe: "disk".to_owned(), why });
    scene.publish(reading);
    assert_eq!(scene.panel(PanelKind::Disk, 11).state, State::Stale);
    assert_eq!(scene.panel(PanelKind::Cache, 11).state, State::Ok);
}

#[test]
fn a_replica_that_is_cut_off_is_disconnected_and_its_lag_unknown() {
    let mut reading = well(0);
    for sample in &mut reading.samples {
        if sample.labels.get("replica").is_some_and(|name| name == "db3") {
            let is_lag = sample.metric == Metric::ReplicationReplayLagSeconds;
            sample.value = (!is_lag).then_some(0.0);
        }
    }
    let panel = panel(PanelKind::Replication, reading);
    assert_eq!((panel.state, panel.headline.as_str()), (State::Critical, "db3 disconnected"));
    assert_eq!(panel.caption, "1 of 2 connected");
    let of = |name| panel.figures.iter().find(|figure| figure.name == name).unwrap();
    assert_eq!((of("db3").value, of("db3").text.as_str()), (None, "disconnected"));
    assert_eq!((of("db2").value, of("db2").state), (Some(0.2), State::Ok));
}

#[test]
fn a_primary_without_replicas_is_well_and_one_whose_replicas_are_unknown_is_not() {
    let mut alone = well(0);
    alone.samples.retain(|sample| !sample.labels.contains_key("replica"));
    let found = panel(PanelKind::Replication, alone.clone());
    assert_eq!((found.state, found.headline.as_str()), (State::Ok, "no replica"));
    let why = "permission denied".to_owned();
    alone.missing.push(Missing { probe: "replication".to_owned(), why });
    assert_eq!(panel(PanelKind::Replication, alone).state, State::NoData);
}

#[test]
fn an_alert_is_open_while_it_fires_and_past_once_it_is_over() {
    let mut scene = Scene::new();
    scene.publish(with(well(0), Metric::ReplicationConnected, Some(0.0)));
    let board = scene.board(5);
    assert_eq!((board.state, board.alerts.len()), (State::Critical, 2));
    assert_eq!(board.alerts[0].rule, "replication.disconnected");
    assert!(board.alerts[0].about.starts_with("replica db"));
    assert!(board.summary.ends_with("and 1 more"), "{}", board.summary);
    scene.publish(well(10));
    let board = scene.board(11);
    assert_eq!((board.state, board.alerts.len(), board.past_alerts.len()), (State::Ok, 0, 2));
    assert_eq!(board.past_alerts[0].severity, Severity::Critical);
}

#[test]
fn forecasts_come_the_soonest_first_with_their_interval_and_refusals_last() {
    let mut reading = well(0);
    let unknown = Sample::unknown(Metric::ConnectionsDaysUntilFull, at(0));
    reading.samples.push(unknown.by("too little history", None));
    let slot = Sample::exact(Metric::SlotSecondsUntilLost, 7_200.0, at(0));
    reading.samples.push(slot.about("slot", "s1"));
    let mut scene = Scene::new();
    scene.publish(reading);
    let rows = scene.board(1).forecasts;
    let texts: Vec<_> =
        rows.iter().map(|row| (&*row.what, row.text.replace('\u{a0}', " "))).collect();
    assert_eq!(texts[0], ("slot s1 is lost", "in 2 h".to_owned()));
    assert_eq!(texts[1], ("data is full", "in 40 days, 30 days at the earliest".to_owned()));
    assert_eq!(texts[2].1, "not foreseen");
    assert_eq!((rows[0].state, rows[2].method.as_str()), (State::Critical, "too little history"));
    let board = scene.board(1);
    assert_eq!(board.foreseen().count(), 2);
    let why = ("too little history", vec!["every usable connection is taken"]);
    assert_eq!(board.unforeseen().into_iter().collect::<Vec<_>>(), [why]);
}

#[test]
fn each_kind_of_ids_that_runs_out_is_named() {
    let mut reading = well(0);
    for (kind, days) in [("xid", 3.0), ("multixact", 5.0)] {
        let left = Sample::exact(Metric::WraparoundDaysLeft, days, at(0));
        reading.samples.push(left.about("kind", kind));
    }
    let mut scene = Scene::new();
    scene.publish(reading);
    let rows = scene.board(1).forecasts;
    let what: Vec<_> = rows.iter().map(|row| &*row.what).take(2).collect();
    assert_eq!(what, ["transaction ids run out", "multixact ids run out"]);
}

#[test]
fn the_worst_server_comes_first() {
    let mut scene = Scene::new();
    for (name, hits) in [("a", 0.999), ("b", 0.9), ("c", 0.999)] {
        let mut reading = with(well(0), Metric::CacheHitRatio, Some(hits));
        name.clone_into(&mut reading.server.name);
        scene.incidents = Incidents::default();
        scene.publish(reading);
    }
    let names: Vec<_> = scene.dashboard.overview(at(1)).into_iter().map(|one| one.name).collect();
    assert_eq!(names, ["b", "a", "c"]);
    assert!(scene.dashboard.board("nobody", at(1)).is_none());
}

#[tokio::test]
async fn a_chart_has_gaps_where_nothing_was_read_and_where_nothing_was_known() {
    let store = Arc::new(MemorySamples::new(Duration::from_secs(86_400)));
    for second in [0, 10, 20, 200, 210] {
        let reading = match second {
            10 => with(well(second), Metric::CacheHitRatio, None),
            _ => well(second),
        };
        store.record(&reading).await.unwrap();
    }
    let scene = Scene::new();
    let dashboard = scene.dashboard.with_samples(store);
    let charts = dashboard.charts("shop", Range::Quarter, at(215)).await.unwrap();
    let cache = charts.iter().find(|chart| chart.panel == PanelKind::Cache).unwrap();
    let begin = at(0).as_second() as f64;
    let moments: Vec<_> = cache.at.iter().map(|at| at - begin).collect();
    assert_eq!(moments, [0.0, 10.0, 20.0, 30.0, 200.0, 210.0]);
    let hits = Some(0.998);
    assert_eq!(cache.series[0].values, [hits, None, hits, None, hits, hits]);
    assert_eq!(cache.bounds[0].value, 0.99);
    let names = |kind| {
        let chart = charts.iter().find(|chart| chart.panel == kind).unwrap();
        chart.series.iter().map(|series| series.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!(names(PanelKind::Replication), ["db2", "db3"]);
    assert_eq!(names(PanelKind::Latency), ["p50", "p95", "p99"]);
    assert_eq!(names(PanelKind::Disk), ["data, free", "shop"]);
}

#[tokio::test]
async fn the_time_in_which_a_replica_was_gone_is_a_band_and_no_other_time_is() {
    let store = Arc::new(MemorySamples::new(Duration::from_secs(86_400)));
    for second in [0, 10, 20, 30, 40] {
        let gone = if (10..30).contains(&second) { 0.0 } else { 1.0 };
        let reading = with(well(second), Metric::ReplicationConnected, Some(gone));
        store.record(&reading).await.unwrap();
    }
    let dashboard = Scene::new().dashboard.with_samples(store);
    let charts = dashboard.charts("shop", Range::Quarter, at(45)).await.unwrap();
    let bands = charts.into_iter().flat_map(|chart| chart.bands).collect::<Vec<_>>();
    let begin = at(0).as_second() as f64;
    let spans: Vec<_> = bands.iter().map(|band| (band.from - begin, band.to - begin)).collect();
    assert_eq!(spans, [(10.0, 30.0), (10.0, 30.0)]);
}

#[test]
fn a_range_is_known_by_its_name_and_no_other() {
    for range in Range::ALL {
        assert_eq!(range.as_str().parse(), Ok(range));
    }
    assert_eq!("1y".parse::<Range>(), Err(()));
}

#[tokio::test]
async fn a_long_range_has_few_points_and_a_short_one_every_reading() {
    let store = Arc::new(MemorySamples::new(Duration::from_secs(86_400)));
    for reading in 0..720 {
        store.record(&well(reading * 10)).await.unwrap();
    }
    let dashboard = Scene::new().dashboard.with_samples(store);
    for (range, expected) in [(Range::Quarter, 90..=91), (Range::Day, 25..=60)] {
        let charts = dashboard.charts("shop", range, at(7_195)).await.unwrap();
        assert!(expected.contains(&charts[0].at.len()), "{range}: {}", charts[0].at.len());
    }
}
