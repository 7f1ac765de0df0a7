//! Against a real server; needs PostgreSQL.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::os::unix::fs::PermissionsExt;

use tempfile::TempDir;

use super::super::tests::{
    FORGETFUL, at, everything, keeps_what_it_is_given, reading, takes_together_and_forgets,
};
use super::*;
use crate::finding::chain;
use crate::postgres::{Cluster, ClusterOptions, Database, ServerPrograms};

struct Server {
    _directory: TempDir,
    cluster: Cluster,
}

impl Server {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::set_permissions(directory.path(), PermissionsExt::from_mode(0o755)).unwrap();
        let programs = ServerPrograms::discover().into_iter().next().unwrap();
        let options =
            ClusterOptions::new(programs, directory.path().join("c")).setting("fsync", "off");
        let cluster = Cluster::create(options).await.unwrap();
        Self { _directory: directory, cluster }
    }

    fn store(&self) -> PostgresSamples {
        PostgresSamples::new(self.cluster.config(), FORGETFUL)
    }

    async fn run(&self, sql: &str) {
        let database = Database::connect(self.cluster.config()).await.unwrap();
        database.client().await.unwrap().batch_execute(sql).await.unwrap();
    }

    async fn number(&self, sql: &str) -> i64 {
        let database = Database::connect(self.cluster.config()).await.unwrap();
        database.client().await.unwrap().query_one(sql, &[]).await.unwrap().get(0)
    }
}

#[tokio::test]
async fn a_database_keeps_what_it_is_given_whoever_writes_and_asks() {
    let server = Server::start().await;
    let (one, other) = (server.store(), server.store());
    keeps_what_it_is_given(&one).await;
    let kept = one.series(&everything()).await.unwrap();
    assert_eq!(other.series(&everything()).await.unwrap(), kept);

    let [first, second] = [1, 2].map(|at| reading("mine", at, &[("orders", Some(1.0))]));
    let (one, other) = tokio::join!(one.record(&first), other.record(&second));
    assert!(one.is_ok() && other.is_ok(), "{one:?} {other:?}");
    let rows = "SELECT count(*) FROM pgsre_samples.samples WHERE server = 'mine'";
    assert_eq!(server.number(rows).await, 2);
}

#[tokio::test]
async fn what_is_old_is_taken_together_and_what_is_too_old_is_gone() {
    let server = Server::start().await;
    let store = server.store();
    takes_together_and_forgets(&store).await;
    store.prune(at(90 * 86_400)).await.unwrap();
    // What was missed is caught up in steps: nothing goes before it was taken together.
    for _ in 0..30 {
        store.prune(at(90 * 86_400)).await.unwrap();
    }
    assert!(store.series(&everything()).await.unwrap().is_empty());
    assert_eq!(server.number("SELECT count(*) FROM pgsre_samples.series").await, 0);
}

#[tokio::test]
async fn a_schema_that_is_not_ours_is_refused_and_left_alone() {
    let server = Server::start().await;
    server.run("CREATE SCHEMA pgsre_samples CREATE TABLE theirs (x int)").await;
    let error = server.store().series(&everything()).await.unwrap_err();
    assert!(error.to_string().contains("something else"), "{error}");

    server.run("DROP SCHEMA pgsre_samples CASCADE").await;
    server.store().series(&everything()).await.unwrap();
    server.run("UPDATE pgsre_samples.version SET version = 9").await;
    let error = server.store().series(&everything()).await.unwrap_err();
    assert!(error.to_string().contains("newer version (its shape is 9)"), "{error}");
}

#[tokio::test]
async fn a_connection_that_broke_is_made_anew_and_what_failed_is_left_alone_for_a_while() {
    let server = Server::start().await;
    let store = server.store();
    store.record(&reading("shop", 0, &[("orders", Some(1.0))])).await.unwrap();
    server
        .run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
              WHERE application_name = 'pgsre history'",
        )
        .await;
    // The client may learn of it by its next statement alone.
    if store.series(&everything()).await.is_err() {
        let error = store.series(&everything()).await.unwrap_err();
        assert!(error.to_string().contains("left alone"), "{error}");
        *store.failed.lock().unwrap() = None;
    }
    assert_eq!(store.series(&everything()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_database_that_is_locked_holds_nobody_up_for_long() {
    let server = Server::start().await;
    let store = server.store();
    store.record(&reading("shop", 0, &[("orders", Some(1.0))])).await.unwrap();
    let database = Database::connect(server.cluster.config()).await.unwrap();
    let locker = database.client().await.unwrap();
    locker.batch_execute("BEGIN; LOCK TABLE pgsre_samples.point").await.unwrap();
    let error = store.record(&reading("shop", 1, &[("orders", Some(2.0))])).await.unwrap_err();
    assert!(chain(&error).contains("lock timeout"), "{error:?}");
    locker.batch_execute("ROLLBACK").await.unwrap();
    *store.failed.lock().unwrap() = None;
    store.record(&reading("shop", 1, &[("orders", Some(2.0))])).await.unwrap();
    assert_eq!(store.series(&everything()).await.unwrap()[0].points.len(), 2);
}

/// A store of which nothing is ever connected to.
fn unconnected() -> PostgresSamples {
    let config = ConnectConfig::parse("postgres://pgsre@127.0.0.1:1/history").unwrap();
    PostgresSamples::new(config, FORGETFUL)
}

#[tokio::test]
async fn who_waited_for_others_in_vain_does_not_make_the_next_ones_fail() {
    let store = PostgresSamples { turn: Duration::from_millis(20), ..unconnected() };
    let others = store.link.lock().await;
    let error = store.record(&reading("shop", 0, &[("orders", Some(1.0))])).await.unwrap_err();
    assert!(error.to_string().contains("at work for others"), "{error}");
    assert_eq!(*store.failed(), None, "nothing was asked of the database");
    drop(others);
    assert!(store.turn().await.is_ok());
}

#[tokio::test]
async fn who_waited_behind_what_failed_does_not_wait_for_a_failure_of_its_own() {
    let store = PostgresSamples {
        turn: Duration::from_secs(600),
        patience: Duration::from_millis(20),
        ..unconnected()
    };
    let link = store.link.lock().await;
    let first = async {
        let _link = link;
        store.bounded(std::future::pending::<Result<(), Trouble>>()).await
    };
    let given = reading("shop", 0, &[("orders", Some(1.0))]);
    // The second asks before the first has failed, and has its turn afterwards.
    let (second, first) = tokio::join!(store.record(&given), first);
    let (first, second) = (first.unwrap_err(), second.unwrap_err());
    assert!(first.to_string().contains("does not answer in time"), "{first}");
    assert!(second.to_string().contains("left alone"), "{second}");
}

#[tokio::test]
#[ignore = "measures: cargo test -p pgsre-core --lib samples::postgres -- --ignored --nocapture"]
#[expect(clippy::print_stdout, reason = "the figures are what it is for")]
async fn three_hundred_servers_on_one_connection() {
    let server = Server::start().await;
    let store = server.store();
    let samples: Vec<String> = (0..60).map(|at| format!("queue{at}")).collect();
    let samples: Vec<(&str, Option<f64>)> =
        samples.iter().map(|queue| (queue.as_str(), Some(1.0))).collect();
    for round in 0..5 {
        let given: Vec<Reading> =
            (0..300).map(|n| reading(&format!("server{n}"), round * 15, &samples)).collect();
        let began = std::time::Instant::now();
        let took = futures::future::join_all(
            given
                .iter()
                .map(|reading| async { store.record(reading).await.map(|()| began.elapsed()) }),
        )
        .await;
        let failed = took.iter().filter(|took| took.is_err()).count();
        let last = took.iter().flatten().max();
        println!("round {round}: {failed} of 300 failed, the last was kept after {last:?}");
    }
}
