//! What makes a backfill wait: each cause on a real server, and that it goes on when the cause is gone.

use std::future::Future;
use std::time::Duration;

use pgsre_core::Database;
use pgsre_core::migrate::{
    ActiveSessions, ArchiverQueue, Autovacuum, Backfill, BlockedSessions, Ending, OldestXmin, Pace,
    Throttle, WalRate,
};
use pgsre_tests::harness::applying::{Watcher, nothing_is_left, run_sql};
use pgsre_tests::harness::server::Server;
use tokio_util::sync::CancellationToken;

const ROWS: &str = "create table rows (id bigint primary key, done int not null default 0);
    insert into rows select n, 0 from generate_series(1, 2000) n;
    create table other (id int); insert into other values (1);";

/// The cause is there when the backfill begins; `lift` ends it once the backfill has said that it waits.
async fn waits<F>(
    database: &Database,
    throttle: impl Throttle,
    said: &str,
    lift: impl FnOnce() -> F,
) where
    F: Future<Output = ()>,
{
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watcher = Watcher::acting(move |event, _| {
        if let pgsre_core::migrate::ApplyEvent::Paused { .. } = event {
            tell.send(()).unwrap_or_default();
        }
    });
    let pace = Pace { first_size: 500, most_size: 500, ..Pace::default() };
    let backfill = Backfill::new("rows").set("done", "done + 1").pace(pace).throttle(throttle);
    let cancel = CancellationToken::new();
    let running = async {
        let run = backfill.run(database, &watcher, &cancel);
        tokio::time::timeout(Duration::from_secs(60), run).await
    };
    let lifting = async {
        let paused = tokio::time::timeout(Duration::from_secs(30), told.recv()).await;
        assert!(paused.is_ok(), "{said}: it does not wait");
        lift().await;
    };
    let (report, ()) = tokio::join!(running, lifting);
    let report = report.unwrap_or_else(|_| panic!("{said}: it does not go on"));
    let report = report.expect("a report");
    assert_eq!((report.ending, report.rows), (Ending::Done, 2000), "{said}");
    let pauses = watcher.pauses();
    assert!(pauses.iter().any(|pause| pause.contains(said)), "{said}: {pauses:?}");
    nothing_is_left(database).await;
}

/// Without the cause it does not wait.
async fn goes(database: &Database, throttle: impl Throttle) {
    let watcher = Watcher::new();
    let backfill = Backfill::new("rows").set("done", "done + 1").throttle(throttle);
    let report = backfill.run(database, &watcher, &CancellationToken::new()).await;
    assert_eq!(report.expect("a report").ending, Ending::Done);
    assert_eq!(watcher.pauses(), Vec::<String>::new());
}

async fn shop(settings: &[(&str, &str)]) -> (Server, Database) {
    let server = Server::start_with(15, settings).await;
    server.create("shop", "", ROWS.as_bytes());
    let database = server.connect("shop").await;
    (server, database)
}

#[tokio::test]
async fn sessions_at_work_and_sessions_that_wait_for_locks_are_waited_for() {
    let (_server, database) = shop(&[]).await;
    goes(&database, ActiveSessions(0)).await;
    goes(&database, BlockedSessions(0)).await;

    let busy = database.session().await.expect("a session");
    let cancel = busy.cancel_token();
    let working = tokio::spawn(async move { busy.batch_execute("select pg_sleep(60)").await });
    let lift = || async {
        cancel.cancel().await.expect("cancelled");
    };
    waits(&database, ActiveSessions(0), "sessions at work: 1, and 0 at most", lift).await;
    assert!(working.await.expect("a task").is_err(), "it was cancelled");

    let holder = database.session().await.expect("a session");
    holder.batch_execute("begin; lock table other").await.expect("a lock");
    let blocked = database.session().await.expect("a session");
    let blocked = tokio::spawn(async move { blocked.batch_execute("select * from other").await });
    let lift = || async { holder.batch_execute("commit").await.expect("let go") };
    waits(&database, BlockedSessions(0), "sessions that wait for a lock: 1", lift).await;
    blocked.await.expect("a task").expect("it had its lock");
}

#[tokio::test]
async fn an_old_snapshot_is_waited_for() {
    let (_server, database) = shop(&[]).await;
    goes(&database, OldestXmin(1000)).await;
    let reader = database.session().await.expect("a session");
    reader
        .batch_execute("begin isolation level repeatable read; select 1")
        .await
        .expect("a snapshot");
    let many = "do $$ begin for n in 1..60 loop update other set id = n; commit; end loop; end $$";
    run_sql(&database, many).await;
    let lift = || async { reader.batch_execute("commit").await.expect("let go") };
    waits(&database, OldestXmin(50), "transactions since the oldest snapshot", lift).await;
}

#[tokio::test]
async fn segments_that_are_not_archived_are_waited_for() {
    let (_server, database) = shop(&[("archive_mode", "on"), ("archive_command", "false")]).await;
    for _ in 0..4 {
        run_sql(&database, "update other set id = id + 1; select pg_switch_wal()").await;
    }
    let lift = || async {
        run_sql(&database, "alter system set archive_command = 'true'").await;
        run_sql(&database, "select pg_reload_conf()").await;
        // The archiver rests for a minute after failures, unless there is news.
        run_sql(&database, "update other set id = id + 1; select pg_switch_wal()").await;
    };
    waits(&database, ArchiverQueue(1), "segments that wait to be archived", lift).await;
    goes(&database, ArchiverQueue(1)).await;
}

#[tokio::test]
async fn a_vacuum_of_the_table_is_waited_for_and_one_of_another_is_not() {
    let (_server, database) = shop(&[]).await;
    for (table, is_ours) in [("rows", true), ("other", false)] {
        run_sql(
            &database,
            &format!("delete from {table} where id = 1; insert into {table} values (1)"),
        )
        .await;
        let vacuuming = database.session().await.expect("a session");
        let cancel = vacuuming.cancel_token();
        vacuuming
            .batch_execute("set vacuum_cost_delay = 100; set vacuum_cost_limit = 1")
            .await
            .expect("settings");
        let vacuum = format!("vacuum {table}");
        let vacuum = tokio::spawn(async move { vacuuming.batch_execute(&vacuum).await });
        if is_ours {
            let lift = || async {
                cancel.cancel().await.expect("cancelled");
            };
            waits(&database, Autovacuum, "rows is being vacuumed", lift).await;
        } else {
            goes(&database, Autovacuum).await;
        }
        drop(vacuum.await.expect("a task"));
    }
}

#[tokio::test]
async fn write_ahead_log_that_is_written_too_fast_is_waited_for() {
    let (_server, database) = shop(&[]).await;
    goes(&database, WalRate::new(1 << 40)).await;
    // Its own batches are too much, and are in order when they are spread over some seconds.
    waits(&database, WalRate::new(60_000), "bytes of write-ahead log a second", || async {}).await;
}
