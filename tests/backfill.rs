//! Backfills of real tables: each row exactly once, whatever happens meanwhile.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use pgsre_core::Database;
use pgsre_core::migrate::{
    ApplyErrorKind, ApplyEvent, Backfill, BackfillReport, Ending, FlagFile, Pace, ReplicaLag,
    Unwatched, UserQuery, Wanted, runs, steer,
};
use pgsre_core::postgres::ConnectConfig;
use pgsre_tests::harness::applying::{Watcher, ask, nothing_is_left, run_sql};
use pgsre_tests::harness::pooler::Pooler;
use pgsre_tests::harness::server::Server;
use pgsre_tests::harness::standby::Standby;
use tokio_util::sync::CancellationToken;

const PORT: u16 = 5560;

/// Rows whose keys do not lie in their order on disk, and a counter of what was done to each.
const TABLES: &str = "
    create table reversed (id bigint primary key, done int not null default 0);
    insert into reversed select id from generate_series(5000, 1, -1) id;
    create table composite (shop int, \"Order no\" text, done int not null default 0,
        primary key (shop, \"Order no\"));
    insert into composite select n % 3, 'it''s \\' || n from generate_series(1, 5000) n;
    create table by_uuid (id uuid primary key default gen_random_uuid(), done int not null default 0);
    insert into by_uuid select from generate_series(1, 5000);
    create table by_text (name text collate \"C\" not null, done int not null default 0);
    create unique index on by_text (name);
    insert into by_text select case n % 4 when 0 then upper(md5(n::text)) when 1 then 'ä' || n
        when 2 then ' ' || n || E'\\n' else md5(n::text) end from generate_series(1, 5000) n;
    create table by_time (at timestamptz, n numeric, done int not null default 0, primary key (at, n));
    insert into by_time select timestamptz '2026-03-29 00:00+00' + n * interval '1.000001 s', n / 7.0
        from generate_series(1, 5000) n;
    create table parted (id bigint not null, region text, done int not null default 0)
        partition by list (region);
    create table parted_eu partition of parted for values in ('eu') partition by range (id);
    create table parted_eu_1 partition of parted_eu (primary key (id)) for values from (0) to (3000);
    create table parted_eu_2 partition of parted_eu for values from (3000) to (9000);
    create unique index on parted_eu_2 (id);
    create table parted_us partition of parted (primary key (region, id)) for values in ('us');
    create table parted_empty partition of parted (primary key (id)) default;
    insert into parted select n, case when n % 2 = 0 then 'eu' else 'us' end
        from generate_series(1, 5000) n;
";

fn counting(table: &str) -> Backfill {
    // The name of the table in an expression means its partitions, too.
    let own = table.rsplit('.').next().unwrap_or(table);
    Backfill::new(table).set("done", format!("{own}.done + 1 -- each time")).pace(small())
}

fn small() -> Pace {
    Pace { first_size: 100, most_size: 400, ..Pace::default() }
}

/// How often rows were done, and how many rows so often: `1:5000`.
async fn counts(database: &Database, table: &str) -> String {
    let sql = format!(
        "select string_agg(done || ':' || n, ' ' order by done) \
         from (select done, count(*) n from {table} group by done) c"
    );
    ask(database, &sql).await
}

async fn fill(database: &Database, backfill: Backfill) -> BackfillReport {
    let report = backfill.run(database, &Unwatched, &CancellationToken::new()).await;
    report.unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)))
}

async fn shop(server: &Server, name: &str) -> Database {
    server.create(name, "", TABLES.as_bytes());
    server.connect(name).await
}

#[tokio::test]
async fn each_row_is_done_exactly_once_whatever_its_key() {
    for major in [15, 18] {
        let server = Server::start(major).await;
        let database = shop(&server, "keys").await;
        for table in ["reversed", "composite", "by_uuid", "public.by_text", "by_time", "parted"] {
            let report = fill(&database, counting(table)).await;
            assert_eq!((report.ending, report.rows), (Ending::Done, 5000), "{table}");
            assert!(report.batches > 10, "{table}: {report:?}");
            assert_eq!(counts(&database, table).await, "1:5000", "{table} of {major}");
        }
        nothing_is_left(&database).await;
        run_sql(&database, "create table none (id int primary key, done int)").await;
        assert_eq!(fill(&database, counting("none")).await.rows, 0);
        nothing_is_left(&database).await;
        refuses_what_makes_no_sense(&database).await;
    }
}

async fn refuses_what_makes_no_sense(database: &Database) {
    run_sql(
        database,
        "create table keyless (id int, done int); create unique index on keyless (id);
         create view seen as select * from reversed",
    )
    .await;
    let refused = async |backfill: Backfill| {
        let planned = backfill.plan(database).await.map(drop);
        let ran = backfill.run(database, &Unwatched, &CancellationToken::new()).await;
        let (ran, planned) = (ran.map(drop).expect_err("refused"), planned.expect_err("refused"));
        assert_eq!(ran.kind(), planned.kind());
        nothing_is_left(database).await;
        (ran.kind(), format!("{ran}: {}", ran.hint()))
    };
    let (kind, said) = refused(counting("keyless")).await;
    assert_eq!(kind, ApplyErrorKind::NoKey);
    assert!(said.contains("keyless") && said.contains("CREATE UNIQUE INDEX"), "{said}");
    assert_eq!(refused(counting("nowhere")).await.0, ApplyErrorKind::Invalid);
    assert_eq!(refused(counting("seen")).await.0, ApplyErrorKind::Invalid);
    let own_key = Backfill::new("reversed").set("id", "id + 1");
    assert_eq!(refused(own_key).await.0, ApplyErrorKind::NoKey);
    let unknown = Backfill::new("reversed").set("done", "no_such_column");
    let (kind, said) = refused(unknown).await;
    assert_eq!(kind, ApplyErrorKind::Invalid, "{said}");
    assert_eq!(refused(counting("reversed").by_key(["done"])).await.0, ApplyErrorKind::NoKey);
}

#[tokio::test]
async fn rows_that_come_go_and_change_meanwhile_do_no_harm() {
    let server = Server::start(15).await;
    let database = shop(&server, "busy").await;
    run_sql(
        &database,
        "alter table by_uuid add old boolean not null default false; update by_uuid set old = true;
         alter table by_uuid alter done drop not null, alter done drop default;
         update by_uuid set done = null",
    )
    .await;
    let going = AtomicBool::new(true);
    let others = async {
        while going.load(Ordering::Relaxed) {
            run_sql(
                &database,
                "insert into by_uuid (old) select false from generate_series(1, 20);
                 delete from by_uuid where ctid = (select ctid from by_uuid limit 1);
                 update by_uuid set done = 100 where id in
                     (select id from by_uuid where done is null limit 3)",
            )
            .await;
        }
    };
    let backfill = async {
        let backfill = Backfill::new("by_uuid").set("done", "coalesce(done, 0) + 1");
        let report = fill(&database, backfill.only_where("done is null").pace(small())).await;
        going.store(false, Ordering::Relaxed);
        report
    };
    let ((), report) = tokio::join!(others, backfill);
    assert!(report.rows > 3000, "{report:?}");
    // Neither left out, nor done after the application had filled it, nor twice.
    let wrong = "select count(*)::text from by_uuid \
                 where old and done is null or done not in (1, 100)";
    assert_eq!(ask(&database, wrong).await, "0");
    nothing_is_left(&database).await;
}

#[tokio::test]
async fn it_goes_on_where_it_was_and_only_with_the_same_contents() {
    let server = Server::start(15).await;
    let database = shop(&server, "again").await;
    let cancel = CancellationToken::new();
    let watcher = Watcher::acting(|_, batches| {
        if batches == 7 {
            cancel.cancel();
        }
    });
    let report = counting("composite").run(&database, &watcher, &cancel).await.expect("a report");
    assert_eq!((report.ending, report.batches), (Ending::Interrupted, 7));
    let standing = runs(&database).await.expect("the runs");
    let far = standing[0].backfill.clone().expect("a backfill");
    assert_eq!((standing.len(), standing[0].runner, far.batches), (1, None, 7));
    assert_eq!((far.rows, far.passed), (report.rows, report.rows));

    let other = Backfill::new("composite").set("done", "done + 2");
    let refused = other.run(&database, &Unwatched, &CancellationToken::new()).await;
    assert_eq!(refused.expect_err("other contents").kind(), ApplyErrorKind::Changed);

    // A dropped future, as a runner that is killed.
    for batches in [1, 2, 3] {
        let stop = tokio::sync::Notify::new();
        let watcher = Watcher::acting(|_, seen| {
            if seen == batches {
                stop.notify_one();
            }
        });
        let cancel = CancellationToken::new();
        tokio::select! {
            _ = counting("composite").run(&database, &watcher, &cancel) => panic!("through"),
            () = stop.notified() => {}
        }
    }
    let report = fill(&database, counting("composite")).await;
    assert_eq!(report.rows, 5000);
    assert_eq!(counts(&database, "composite").await, "1:5000");
    nothing_is_left(&database).await;
}

#[tokio::test]
async fn a_second_runner_and_a_pooler_are_refused() {
    let server = Server::start(15).await;
    let database = shop(&server, "two").await;
    let paused = CancellationToken::new();
    let watcher = Watcher::acting(|event, _| {
        if matches!(event, ApplyEvent::Paused { .. }) {
            paused.cancel();
        }
    });
    let flag = tempfile::NamedTempFile::new().expect("a file");
    let end = CancellationToken::new();
    let waiting = counting("reversed").throttle(FlagFile(flag.path().to_owned()));
    let first = waiting.run(&database, &watcher, &end);
    let second = async {
        paused.cancelled().await;
        let cancel = CancellationToken::new();
        let refused = counting("reversed").run(&database, &Unwatched, &cancel).await;
        let refused = refused.expect_err("the second");
        end.cancel();
        refused
    };
    let (first, second) = tokio::join!(first, second);
    assert_eq!(first.expect("a report").ending, Ending::Interrupted);
    assert_eq!(second.kind(), ApplyErrorKind::Running);
    assert!(second.to_string().contains("pgsre migrate backfill of reversed"), "{second}");

    let pooler = Pooler::before(&server, "", "");
    let config = ConnectConfig::parse(&pooler.shop()).expect("a connection string");
    let pooled = Database::connect(config).await.expect("a connection");
    let refused = counting("reversed").run(&pooled, &Unwatched, &CancellationToken::new()).await;
    assert_eq!(refused.expect_err("pooled").kind(), ApplyErrorKind::Pooled);
}

#[tokio::test]
async fn throttles_and_operators_make_it_wait_and_go_on() {
    let server = Server::start(15).await;
    let database = shop(&server, "waits").await;
    run_sql(&database, "create table open (yes boolean); insert into open values (true)").await;
    let directory = tempfile::tempdir().expect("a directory");
    let flag = directory.path().join("stop");
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watcher = Watcher::acting(|event, batches| {
        let moment = match event {
            ApplyEvent::Paused { by, .. } => by.clone(),
            ApplyEvent::Batch(_) if [3, 6, 9].contains(&batches) => format!("batch {batches}"),
            _ => return,
        };
        if batches == 3 && !flag.exists() && moment == "batch 3" {
            std::fs::write(&flag, "").expect("a flag");
        }
        tell.send(moment).expect("somebody who listens");
    });
    let others = async {
        let name = "backfill of composite";
        while let Some(moment) = told.recv().await {
            match moment.as_str() {
                "flag file" => std::fs::remove_file(&flag).expect("a flag"),
                "batch 6" => run_sql(&database, "update open set yes = null").await,
                "query" => run_sql(&database, "update open set yes = true").await,
                "batch 9" => {
                    assert!(steer(&database, name, Wanted::Pause).await.expect("steered"));
                }
                "operator" => {
                    let standing = runs(&database).await.expect("the runs");
                    assert!(standing[0].runner.is_some(), "{standing:?}");
                    assert_eq!(standing[0].wanted, Wanted::Pause);
                    steer(&database, name, Wanted::Run).await.expect("steered");
                    return;
                }
                _ => {}
            }
        }
    };
    let backfill = counting("composite")
        .pace(Pace { rest: Duration::from_millis(40), ..small() })
        .throttle(FlagFile(flag.clone()))
        .throttle(UserQuery("select yes from open".into()));
    let cancel = CancellationToken::new();
    let (report, ()) = tokio::join!(backfill.run(&database, &watcher, &cancel), others);
    let report = report.expect("a report");
    assert!(report.waited_seconds > 1.0, "{report:?}");
    let pauses = watcher.pauses();
    assert_eq!(pauses.len(), 3, "{pauses:?}");
    assert!(pauses[1].contains("not known"), "{pauses:?}");
    assert_eq!(counts(&database, "composite").await, "1:5000");
    nothing_is_left(&database).await;
    an_abort_ends_it_and_leaves_nothing(&database).await;
}

async fn an_abort_ends_it_and_leaves_nothing(database: &Database) {
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watcher = Watcher::acting(|_, batches| tell.send(batches).expect("somebody"));
    let abort = async {
        while told.recv().await != Some(5) {}
        steer(database, "backfill of reversed", Wanted::Abort).await.expect("steered")
    };
    let pace = Pace { rest: Duration::from_millis(40), ..small() };
    let backfill = counting("reversed").pace(pace);
    let cancel = CancellationToken::new();
    let (ended, steered) = tokio::join!(backfill.run(database, &watcher, &cancel), abort);
    assert!(steered);
    assert_eq!(ended.expect_err("aborted").kind(), ApplyErrorKind::Aborted);
    nothing_is_left(database).await;
    assert!(!steer(database, "backfill of reversed", Wanted::Abort).await.expect("nothing there"));
}

#[tokio::test]
async fn locks_and_slow_statements_are_tried_again_with_their_blockers_named() {
    let server = Server::start(15).await;
    let database = shop(&server, "locked").await;
    let other = database.session().await.expect("a session");
    other
        .batch_execute(
            "set application_name = 'till'; begin; update reversed set done = 0 where id = 250",
        )
        .await
        .expect("a lock");
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watcher = Watcher::acting(|event, _| {
        if let ApplyEvent::AttemptFailed { blockers, .. } = event {
            tell.send(blockers.clone()).expect("somebody who listens");
        }
    });
    let release = async {
        let blockers = told.recv().await.expect("a failed attempt");
        other.batch_execute("rollback").await.expect("released");
        blockers
    };
    let pace = Pace { lock_timeout: Duration::from_millis(200), ..small() };
    let backfill = counting("reversed").pace(pace);
    let cancel = CancellationToken::new();
    let (report, blockers) = tokio::join!(backfill.run(&database, &watcher, &cancel), release);
    assert_eq!(report.expect("a report").rows, 5000);
    assert!(blockers[0].who.contains("till"), "{blockers:?}");
    assert!(blockers[0].query.contains("id = 250"), "{blockers:?}");
    assert_eq!(counts(&database, "reversed").await, "1:5000");

    let slow = "done + 1 + coalesce(length(pg_sleep(0.002)::text), 0)";
    let pace = Pace { statement_timeout: Duration::from_millis(150), ..small() };
    let backfill = Backfill::new("by_text").set("done", slow).only_where("name < '2'").pace(pace);
    let report = fill(&database, backfill).await;
    assert!(report.retries > 0 && report.rows > 0, "{report:?}");
    let never = Backfill::new("by_time").set("done", "1 + coalesce(length(pg_sleep(1)::text), 0)");
    let pace = Pace { statement_timeout: Duration::from_millis(20), first_size: 4, ..small() };
    let ended = never.pace(pace).run(&database, &Unwatched, &CancellationToken::new()).await;
    assert_eq!(ended.expect_err("too slow").kind(), ApplyErrorKind::TimedOut);
}

#[tokio::test]
async fn it_survives_the_end_of_its_connection_and_of_the_server_and_waits_for_a_late_replica() {
    let origin = Server::start(15).await;
    let server = Standby::of(&origin, "db1", PORT);
    server.promote();
    server.ask(&format!("begin; {TABLES}; commit"));
    let database = Database::connect(server.config()).await.expect("a connection");
    let kill = "select pg_terminate_backend(pid) from pg_stat_activity \
                where application_name like 'pgsre migrate backfill%'";
    let server = std::sync::Mutex::new(server);
    let watcher = Watcher::acting(|event, batches| {
        if !matches!(event, ApplyEvent::Batch(_)) {
            return;
        }
        let mut server = server.lock().expect("the server");
        match batches {
            3 | 11 => drop(server.ask(kill)),
            7 => {
                server.kill();
                server.start_again();
            }
            _ => {}
        }
    });
    let cancel = CancellationToken::new();
    let report = counting("composite").run(&database, &watcher, &cancel).await.expect("a report");
    assert_eq!((report.rows, report.reconnects), (5000, 3), "{report:?}");
    assert_eq!(counts(&database, "composite").await, "1:5000");
    nothing_is_left(&database).await;

    let replica = Standby::of(&*server.lock().expect("the server"), "db2", PORT + 1);
    let lag = || ReplicaLag::new(Duration::from_millis(400)).expecting(["db2"]);
    waits_for_the_replica(&database, &replica, lag()).await;
    let absent = counting("by_text").throttle(lag().expecting(["db3"]));
    let cancel = CancellationToken::new();
    let watcher = Watcher::acting(|event, _| {
        if matches!(event, ApplyEvent::Paused { .. }) {
            cancel.cancel();
        }
    });
    let report = absent.run(&database, &watcher, &cancel).await.expect("a report");
    assert_eq!((report.ending, report.rows), (Ending::Interrupted, 0));
    assert!(watcher.pauses()[0].contains("db3 is not there"), "{:?}", watcher.pauses());
}

async fn waits_for_the_replica(database: &Database, replica: &Standby, lag: ReplicaLag) {
    let said = std::sync::Mutex::new(BTreeMap::new());
    let watcher = Watcher::acting(|event, batches| match event {
        ApplyEvent::Batch(_) if batches == 5 => replica.freeze(),
        ApplyEvent::Paused { by, why } if batches >= 5 => {
            said.lock().expect("words").insert(by.clone(), why.clone());
            replica.thaw();
        }
        _ => {}
    });
    let pace = Pace { rest: Duration::from_millis(30), ..small() };
    let backfill = counting("by_uuid").pace(pace).throttle(lag);
    let cancel = CancellationToken::new();
    let report = backfill.run(database, &watcher, &cancel).await.expect("a report");
    assert_eq!(report.rows, 5000);
    let said = said.lock().expect("words").clone();
    assert!(said.contains_key("replica lag"), "{said:?} {:?}", watcher.events());
}
