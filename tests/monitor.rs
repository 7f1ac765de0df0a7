//! Readings of real servers, and what of them is known. Faults and their alerts: `monitor_faults.rs`.

use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pgsre_core::monitor::{
    Bound, FileSystem, FreeSpace, IncidentState, Incidents, Measured, Metric, Probe, ProbeContext,
    ProbeError, Reading, Role, Rule, Sample, ServerDirectories, ServerMonitor, Threshold,
    default_rules,
};
use pgsre_core::postgres::ConnectConfig;
use pgsre_tests::harness::relay::Relay;
use pgsre_tests::harness::server::{PATIENCE, Server};
use pgsre_tests::harness::standby::Standby;

const PORT: u16 = 5500;

fn monitor(server: &Server) -> ServerMonitor {
    ServerMonitor::new("shop", server.config("postgres"))
}

fn of_replica<'r>(reading: &'r Reading, metric: Metric, replica: &str) -> &'r Sample {
    let labelled = |sample: &&Sample| sample.labels.get("replica").is_some_and(|is| is == replica);
    reading
        .samples_of(metric)
        .find(labelled)
        .unwrap_or_else(|| panic!("no {metric} of {replica}: {reading:#?}"))
}

fn value(reading: &Reading, metric: Metric) -> Option<f64> {
    reading.samples_of(metric).next().unwrap_or_else(|| panic!("no {metric}: {reading:#?}")).value
}

/// Reads until what is looked for is so.
async fn until(monitor: &mut ServerMonitor, is: impl Fn(&Reading) -> bool) -> Reading {
    let begin = Instant::now();
    loop {
        let reading = monitor.read().await;
        if is(&reading) {
            return reading;
        }
        assert!(begin.elapsed() < PATIENCE, "{reading:#?}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn is_connected(reading: &Reading, replica: &str) -> Option<f64> {
    of_replica(reading, Metric::ReplicationConnected, replica).value
}

fn lag(reading: &Reading, replica: &str) -> Option<f64> {
    of_replica(reading, Metric::ReplicationReplayLagSeconds, replica).value
}

fn caught_up(replicas: &'static [&str]) -> impl Fn(&Reading) -> bool {
    move |reading| replicas.iter().all(|replica| lag(reading, replica) == Some(0.0))
}

#[tokio::test]
async fn a_sound_primary_with_two_standbys_raises_nothing_and_each_figure_is_known() {
    for major in [15, 18] {
        let server = Server::start(major).await;
        let _db2 = Standby::of(&server, "db2", PORT);
        let _db3 = Standby::of(&server, "db3", PORT + 1);
        let mut monitor = monitor(&server).expecting(["db2", "db3"]);
        until(&mut monitor, caught_up(&["db2", "db3"])).await;
        let mut incidents = Incidents::default();
        for _ in 0..4 {
            server.sql("postgres", b"drop table if exists t; create table t as select 1");
            let reading = monitor.read().await;
            assert_eq!(reading.server.role, Some(Role::Primary));
            assert_eq!(reading.missing, [], "{reading:#?}");
            assert_eq!(reading.unseen, Vec::<String>::new());
            let changes = incidents.advance(&default_rules(), &reading, reading.at);
            assert_eq!(changes, [], "{reading:#?}");
            for replica in ["db2", "db3"] {
                assert_eq!(is_connected(&reading, replica), Some(1.0));
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        server.sql("postgres", b"drop table t");
        tokio::time::sleep(Duration::from_millis(1200)).await;
        let reading = monitor.read().await;
        assert_eq!(value(&reading, Metric::ConnectionsUsable), Some(57.0));
        assert!(value(&reading, Metric::TransactionsCommitRate).is_some_and(|rate| rate > 0.0));
        assert!(value(&reading, Metric::DiskFreeBytes).is_some_and(|free| free > 0.0));
        assert!(value(&reading, Metric::WraparoundXidLeft).is_some_and(|left| left > 0.9));
    }
}

#[tokio::test]
async fn a_slot_without_its_standby_is_a_replica_that_is_expected() {
    let server = Server::start(15).await;
    let sound = monitor(&server).read().await;
    assert_eq!(sound.samples_of(Metric::ReplicationConnected).count(), 0);
    server.sql("postgres", b"select pg_create_physical_replication_slot('db9', true)");
    let reading = monitor(&server).read().await;
    assert_eq!(is_connected(&reading, "db9"), Some(0.0));
    assert_eq!(lag(&reading, "db9"), None);
}

#[tokio::test]
async fn a_standby_without_its_primary_does_not_know_its_lag() {
    let server = Server::start(15).await;
    let db2 = Standby::of(&server, "db2", PORT);
    let mut monitor = ServerMonitor::new("db2", db2.config());
    let sound = until(&mut monitor, |reading| is_connected(reading, "db2") == Some(1.0)).await;
    assert_eq!(sound.server.role, Some(Role::Standby));
    drop(server);
    let cut = |reading: &Reading| is_connected(reading, "db2") == Some(0.0);
    let reading = until(&mut monitor, cut).await;
    assert_eq!(lag(&reading, "db2"), None);
}

/// A probe behind all the others, in the transaction that they share.
#[derive(Debug)]
struct Last;

#[async_trait::async_trait]
impl Probe for Last {
    fn name(&self) -> &'static str {
        "last"
    }

    fn metrics(&self) -> &'static [Metric] {
        &[]
    }

    async fn measure(&mut self, cx: &ProbeContext<'_>) -> Result<Measured, ProbeError> {
        cx.row("SELECT 1").await?;
        Ok(Measured::default())
    }
}

#[tokio::test]
async fn pg_monitor_is_enough_and_what_a_lesser_role_cannot_see_is_said() {
    let server = Server::start(15).await;
    let _db2 = Standby::of(&server, "db2", PORT);
    server.sql(
        "postgres",
        b"create role watcher login; grant pg_monitor to watcher; create role stranger login",
    );
    let read_as = async |role: &str| {
        let socket = &server.config("postgres").hosts()[0].host.clone();
        let config = ConnectConfig::socket(socket.as_ref(), 5432, role, "postgres");
        ServerMonitor::new("shop", config).and(Box::new(Last)).read().await
    };
    let reading = read_as("watcher").await;
    assert_eq!((&reading.missing[..], &reading.unseen[..]), (&[][..], &[][..]), "{reading:#?}");
    assert_eq!(is_connected(&reading, "db2"), Some(1.0));

    let reading = read_as("stranger").await;
    assert!(!reading.unseen.is_empty(), "{reading:#?}");
    assert_eq!(reading.missing, [], "what one probe may not see spoils no other");
    let sample = of_replica(&reading, Metric::ReplicationReplayLagSeconds, "db2");
    assert_eq!(sample.value, None, "not visible is not 0");
}

#[tokio::test]
async fn a_server_that_is_down_or_silent_has_no_data_by_the_deadline() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = silent.local_addr().expect("its address").port();
    let hold = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok(connection) = silent.accept().await {
            held.push(connection);
        }
    });
    let url = format!("postgres://nobody@127.0.0.1:{port}/postgres?sslmode=disable");
    let config = ConnectConfig::parse(&url).expect("a URL");
    let deadline = Duration::from_secs(1);
    let mut monitor = ServerMonitor::new("silent", config).with_deadline(deadline);
    let reading = monitor.read().await;
    assert_eq!(value(&reading, Metric::Up), None, "silence says nothing");
    assert_eq!(value(&reading, Metric::ConnectionsUsed), None);
    hold.abort();
    let incidents = Incidents::of_one(&default_rules(), &reading);
    assert_eq!(incidents.open()[0].state, IncidentState::NoData);

    let server = Server::start(15).await;
    let mut monitor = ServerMonitor::new("shop", server.config("postgres"));
    assert_eq!(value(&monitor.read().await, Metric::Up), Some(1.0));
    drop(server);
    let reading = monitor.read().await;
    assert_eq!(value(&reading, Metric::Up), Some(0.0));
    let incidents = Incidents::of_one(&default_rules(), &reading);
    assert_eq!(incidents.open()[0].rule, "server.down");
}

#[tokio::test]
async fn a_monitor_that_is_connected_goes_on_while_no_connection_is_left() {
    let server = Server::start(15).await;
    let mut monitor = monitor(&server);
    let sound = monitor.read().await;
    assert!(value(&sound, Metric::ConnectionsSaturation) < Some(0.1));
    server.sql("postgres", b"create role app login");
    let socket = server.config("postgres").hosts()[0].host.clone();
    let app = ConnectConfig::socket(socket.as_ref(), 5432, "app", "postgres");
    let database = pgsre_core::Database::connect(app).await.expect("a connection");
    let mut held = Vec::new();
    while let Ok(session) = database.session().await {
        held.push(session);
    }
    let reading = monitor.read().await;
    assert_eq!(reading.missing, []);
    assert!(value(&reading, Metric::ConnectionsSaturation) >= Some(0.98), "{reading:#?}");
    let incidents = Incidents::of_one(&default_rules(), &reading);
    assert!(incidents.open().iter().any(|incident| incident.rule == "connections.saturation"));
}

#[tokio::test]
async fn a_lock_on_a_catalogue_costs_some_probes_their_data_and_spoils_no_other() {
    let server = Server::start(15).await;
    let mut monitor = monitor(&server);
    assert_eq!(monitor.read().await.missing, []);
    let database = server.connect("postgres").await;
    let locker = database.session().await.expect("a session");
    locker
        .batch_execute("begin; lock table pg_database in access exclusive mode")
        .await
        .expect("a lock");
    let begin = Instant::now();
    let reading = monitor.read().await;
    assert!(begin.elapsed() < Duration::from_secs(6), "the deadline of a reading");
    assert!(!reading.missing.is_empty(), "{reading:#?}");
    for metric in [Metric::LocksBlocked, Metric::ConnectionsUsed, Metric::WalRate] {
        assert!(value(&reading, metric).is_some(), "{metric}: {reading:#?}");
    }
    locker.batch_execute("rollback").await.expect("a rollback");
    assert_eq!(monitor.read().await.missing, []);
}

#[tokio::test]
async fn who_holds_others_up_is_named_and_nobody_where_nobody_waits() {
    let server = Server::start(15).await;
    server.sql("postgres", b"create table orders (id int)");
    let mut monitor = monitor(&server);
    let blocked = |reading: &Reading| {
        let sample = reading.samples_of(Metric::LocksBlocked).next().expect("a sample").clone();
        (sample.value, sample.note)
    };
    assert_eq!(blocked(&monitor.read().await), (Some(0.0), None));

    let database = server.connect("postgres").await;
    let billing = database.session().await.expect("a session");
    let lock = "set application_name = 'billing'; begin; lock table orders";
    billing.batch_execute(lock).await.expect("a lock");
    let waiting = [database.session().await, database.session().await].map(|session| {
        let session = session.expect("a session");
        tokio::spawn(async move { session.batch_execute("table orders").await })
    });
    let waits = |reading: &Reading| {
        let mut waits = reading.samples_of(Metric::ConnectionsWaits);
        waits.find(|sample| sample.labels["type"] == "Lock").and_then(|sample| sample.value)
    };
    // Each probe looks at its own moment: the second backend may begin to wait between two of them.
    let two = |reading: &Reading| blocked(reading).0 == Some(2.0) && waits(reading) == Some(2.0);
    let reading = until(&mut monitor, two).await;
    let note = blocked(&reading).1.expect("a note");
    assert!(note.contains("(billing, user "), "{note}");
    assert!(note.contains("idle in transaction for 0 s) holds up 2 backends"), "{note}");
    let rules =
        [Rule::new("locks.blocked", Metric::LocksBlocked)
            .warning(Threshold::at(Bound::Above(1.0)))];
    let changes = Incidents::default().advance(&rules, &reading, reading.at);
    let alert = changes[0].alert(&rules, "pgsre@test");
    assert!(alert.summary.ends_with(&format!("above 1: {note}")), "{}", alert.summary);

    // Where names cannot be looked up there is no note, and the figures are there.
    billing.batch_execute("lock table pg_authid, pg_database").await.expect("locks");
    let reading = monitor.read().await;
    assert_eq!(blocked(&reading).0, Some(2.0), "{reading:#?}");
    billing.batch_execute("rollback").await.expect("a rollback");
    for waiting in waiting {
        waiting.await.expect("a task").expect("a table");
    }
    assert_eq!(blocked(&monitor.read().await), (Some(0.0), None));
}

/// A directory on another file system than this one, that the server's user may write.
fn elsewhere(server: &Server) -> tempfile::TempDir {
    let data = std::fs::metadata(server.data_directory()).expect("the data directory");
    let candidates = ["/dev/shm", "/var/tmp", "/tmp"];
    let is_other =
        |place: &&str| std::fs::metadata(place).is_ok_and(|place| place.dev() != data.dev());
    let place = candidates.into_iter().find(is_other).expect("two file systems, as any Linux has");
    let directory = tempfile::Builder::new().prefix("pgsre-test-").tempdir_in(place);
    let directory = directory.expect("a directory");
    std::os::unix::fs::chown(directory.path(), Some(data.uid()), None).expect("an owner");
    directory
}

#[tokio::test]
async fn each_file_system_of_a_server_that_is_proven_to_run_here_is_measured() {
    let server = Server::start(15).await;
    let directory = elsewhere(&server);
    let sql = format!("create tablespace fast location '{}'", directory.path().display());
    server.sql("postgres", sql.as_bytes());
    let free = |reading: &Reading| {
        let samples = reading.samples_of(Metric::DiskFreeBytes);
        let told = samples.map(|one| (one.labels.get("filesystem").cloned(), one.value.is_some()));
        told.collect::<Vec<_>>()
    };
    let both = [(Some("data".to_owned()), true), (Some("fast".to_owned()), true)];
    assert_eq!(free(&monitor(&server).read().await), both);

    // Through a tunnel: the data directory itself proves it, to whoever may see where it is.
    let relay = Relay::to(&server.config("postgres")).await;
    let through = |uri: &str| {
        ServerMonitor::new("shop", ConnectConfig::parse(uri).expect("a connection string"))
    };
    let reading = through(&relay.uri("postgres")).read().await;
    assert_eq!(free(&reading), both, "{reading:#?}");
    server.sql("postgres", b"create role stranger login");
    let stranger = relay.uri("postgres").replacen("//postgres@", "//stranger@", 1);
    assert_eq!(free(&through(&stranger).read().await), [(None, false)]);

    let mut monitor = through(&stranger).with_free_space(Arc::new(Provider));
    let reading = monitor.read().await;
    assert_eq!(free(&reading), [(Some("volume".to_owned()), true)]);
    assert_eq!(value(&reading, Metric::DiskFreeRatio), Some(0.04));
    let incidents = Incidents::of_one(&default_rules(), &reading);
    assert!(incidents.open().iter().any(|incident| incident.rule == "disk.full"), "{incidents:?}");
}

/// What a service knows of a server elsewhere.
#[derive(Debug)]
struct Provider;

#[async_trait::async_trait]
impl FreeSpace for Provider {
    fn method(&self) -> &'static str {
        "provider"
    }

    async fn file_systems(&self, _: &ServerDirectories) -> Result<Vec<FileSystem>, ProbeError> {
        let volume = FileSystem {
            name: "volume".to_owned(),
            free_bytes: 4 << 30,
            size_bytes: Some(100 << 30),
        };
        Ok(vec![volume])
    }
}

#[tokio::test]
async fn a_reset_of_the_statistics_or_a_restart_is_no_rate() {
    let server = Server::start(15).await;
    let mut monitor = monitor(&server);
    monitor.read().await;
    tokio::time::sleep(Duration::from_millis(1200)).await;
    assert!(value(&monitor.read().await, Metric::TransactionsCommitRate).is_some());
    server.sql("postgres", b"select pg_stat_reset()");
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let reading = monitor.read().await;
    assert_eq!(value(&reading, Metric::TransactionsCommitRate), None, "{reading:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_under_way_is_read_where_the_role_may_and_said_to_be_hidden_where_not() {
    let server = Server::start(15).await;
    let progress = |reading: &Reading| {
        let all = reading.samples_of(Metric::MigrationProgress);
        all.map(|sample| (sample.labels["step"].clone(), sample.value)).collect::<Vec<_>>()
    };
    let mut monitor = monitor(&server);
    let before = monitor.read().await;
    assert_eq!(progress(&before), []);
    assert!(!before.missing.iter().any(|missing| missing.probe == "migrations"));
    server.sql(
        "postgres",
        b"create role lesser login in role pg_monitor; create schema pgsre_migrate;
          create table pgsre_migrate.run (name text primary key, step int, steps int,
              started_at timestamptz default now(), heartbeat timestamptz default now());
          create table pgsre_migrate.part (run text, passed bigint, estimate bigint);
          insert into pgsre_migrate.run values ('add_email', 2, 4);
          insert into pgsre_migrate.run values ('drop_legacy', 1, 2, now() + interval '1 s');
          insert into pgsre_migrate.part values ('add_email', 30, 60), ('add_email', 20, 40)",
    );
    // A step that is no backfill is not done before the next one begins.
    let expected = [("2 of 4".to_owned(), Some(0.375)), ("1 of 2".to_owned(), Some(0.0))];
    assert_eq!(progress(&monitor.read().await), expected);

    let config = ConnectConfig::parse(&server.uri("postgres").replace("postgres@", "lesser@"));
    let mut lesser = ServerMonitor::new("lesser", config.expect("a configuration"));
    let reading = lesser.read().await;
    assert!(reading.missing.is_empty(), "{:?}", reading.missing);
    assert_eq!(progress(&reading), []);
    assert!(reading.unseen.iter().any(|why| why.contains("pgsre_migrate")), "{:?}", reading.unseen);
}
