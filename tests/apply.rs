//! Migrations applied to servers in use: nobody is stopped, and whatever comes in between, each step
//! happens once.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pgsre_core::Database;
use pgsre_core::migrate::{ApplyEnding, ApplyErrorKind, ApplyEvent, Patience, Unwatched, runs};
use pgsre_core::postgres::ConnectConfig;
use pgsre_tests::harness::applying::{LEDGER, Watcher, ask, nothing_is_left, plan, quick, run_sql};
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use pgsre_tests::harness::standby::Standby;
use tokio_util::sync::CancellationToken;

const PORT: u16 = 5570;

/// Each kind of step: in a transaction, in batches, alone, and settings that later steps need.
const CHANGE: &str = "
    SET search_path TO shop, public;
    ALTER TABLE ledger ADD COLUMN ref text;
    UPDATE ledger SET n = n + 1, ref = 'R' || id;
    ALTER TABLE ledger ALTER COLUMN ref SET NOT NULL;
    CREATE INDEX ledger_note ON ledger (note);
    ALTER TABLE ledger ADD CONSTRAINT ledger_ref UNIQUE (ref);
    DROP INDEX ledger_old;
";

/// What it must come to: each row once, and these objects.
const END: &str = "
    select n || ' times: ' || count(*) || ', without: ' || count(*) filter (where ref <> 'R' || id)
      from shop.ledger group by n
    union all
    select indexrelid::regclass || ' ' || indisvalid || ' ' || indisunique from pg_index
     where indrelid = 'shop.ledger'::regclass
    union all
    select attname || ' ' || attnotnull from pg_attribute
     where attrelid = 'shop.ledger'::regclass and attnum > 0
    union all
    select 'constraint ' || conname from pg_constraint where conrelid = 'shop.ledger'::regclass
    order by 1";

const ENDED: &str = "1 times: 30000, without: 0; constraint ledger_pkey; constraint ledger_ref; \
                     id true; n true; note false; ref true; shop.ledger_note true false; \
                     shop.ledger_pkey true true; shop.ledger_ref true true";

/// In a schema that is not where unqualified names lead by themselves.
fn ledger() -> String {
    format!(
        "create schema shop; set search_path = shop; {LEDGER} create index ledger_old on ledger (n);"
    )
}

/// Rounds of a runner that is killed. `PGSRE_TEST_KILLS=50` takes a minute.
fn kills() -> u64 {
    std::env::var("PGSRE_TEST_KILLS").map_or(5, |kills| kills.parse().expect("a number"))
}

#[tokio::test]
async fn a_runner_that_is_killed_at_any_moment_is_gone_on_with_and_each_row_is_changed_once() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    fs::write(pgsre.home().join("42_change.sql"), CHANGE).expect("a file");
    let (mut killed, mut round) = (0, 0);
    while killed < kills() {
        round += 1;
        let name = format!("killed{round}");
        server.create(&name, "", ledger().as_bytes());
        let url = server.uri(&name);
        let arguments =
            ["migrate", "apply", "42_change.sql", "--database", &url, "--released", "all"];
        let database = server.connect(&name).await;
        loop {
            let running = pgsre.start(&arguments);
            // From the first connection to beyond the end of what is left.
            let moment = Duration::from_millis(rand::random_range(20..700));
            tokio::time::sleep(moment).await;
            running.signal("KILL");
            killed += u64::from(!running.wait().success());
            let is_through = runs(&database).await.expect("the runs").is_empty()
                && ask(&database, "select to_regclass('shop.ledger_old')::text").await.is_empty();
            if is_through || killed >= kills() {
                break;
            }
        }
        if ask(&database, "select to_regclass('shop.ledger_old')::text").await == "shop.ledger_old"
            || !runs(&database).await.expect("the runs").is_empty()
        {
            let output = pgsre.command(&arguments).output().expect("pgsre");
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(0), "round {round}: {said}");
        }
        assert_eq!(ask(&database, END).await, ENDED, "round {round}");
        nothing_is_left(&database).await;
    }
}

#[tokio::test]
async fn a_server_that_is_killed_is_waited_for_and_gone_on_with() {
    let origin = Server::start(15).await;
    let server = Standby::of(&origin, "db1", PORT);
    server.promote();
    server.ask(&format!("begin; {}; commit", ledger()));
    let database = Database::connect(server.config()).await.expect("a connection");
    let server = std::sync::Mutex::new(server);
    for _ in 0..kills().div_ceil(5) {
        run_sql(&database, &format!("drop schema shop cascade; {}", ledger())).await;
        let plan = plan(&database, CHANGE).await;
        let (in_batch, in_build) = (rand::random_range(1..12), AtomicBool::new(true));
        let watcher = Watcher::acting(|event, batches| {
            let now = match event {
                ApplyEvent::Batch(_) => batches == in_batch,
                ApplyEvent::StepStarted { title, .. } if title.contains("Build") => {
                    in_build.swap(false, Ordering::Relaxed)
                }
                _ => false,
            };
            if now {
                let mut server = server.lock().expect("the server");
                server.kill();
                server.start_again();
            }
        });
        let report = quick(plan).run(&database, &watcher, &CancellationToken::new()).await;
        let report = report.expect("a report");
        assert_eq!((report.ending, report.reconnects), (ApplyEnding::Done, 2), "{report:?}");
        assert_eq!(ask(&database, END).await, ENDED, "killed at batch {in_batch}");
        nothing_is_left(&database).await;
    }
}

#[tokio::test]
async fn a_standby_that_is_promoted_is_gone_on_with() {
    let origin = Server::start(15).await;
    let primary = Standby::of(&origin, "db1", PORT + 1);
    primary.promote();
    primary.ask(&format!("begin; {}; commit", ledger()));
    let standby = Standby::of(&primary, "db2", PORT + 2);
    let host = |server: &Standby| server.config().hosts()[0].host.clone();
    let both = format!(
        "host={},{} port={},{} user=postgres dbname=postgres target_session_attrs=read-write",
        host(&primary),
        host(&standby),
        PORT + 1,
        PORT + 2
    );
    let both = ConnectConfig::parse(&both).expect("a connection string");
    let database = Database::connect(both).await.expect("a connection");
    let plan = plan(&database, CHANGE).await;
    let (primary, standby) = (std::sync::Mutex::new(primary), standby);
    let watcher = Watcher::acting(|event, batches| {
        if matches!(event, ApplyEvent::Batch(_)) && batches == 5 {
            primary.lock().expect("the primary").kill();
            standby.promote();
        }
    });
    let report = quick(plan).run(&database, &watcher, &CancellationToken::new()).await;
    assert_eq!(report.expect("a report").ending, ApplyEnding::Done);
    assert_eq!(standby.ask("select pg_is_in_recovery()"), "f");
    assert_eq!(ask(&database, END).await, ENDED);
    nothing_is_left(&database).await;
}

#[tokio::test]
async fn a_long_reader_stops_nobody_behind_the_migration_and_is_named() {
    let server = Server::start(15).await;
    server.create("queue", "", LEDGER.as_bytes());
    let database = server.connect("queue").await;
    let add = "ALTER TABLE ledger ADD COLUMN paid boolean;";
    let reader = database.session().await.expect("a session");
    let begin = "set application_name = 'report'; begin; select count(*) from ledger";
    reader.batch_execute(begin).await.expect("a reader");
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let watcher = Watcher::acting(|event, _| {
        if let ApplyEvent::AttemptFailed { attempt, blockers, .. } = event {
            tell.send((*attempt, blockers.clone())).expect("somebody who listens");
        }
    });
    let cancel = CancellationToken::new();
    let release = async {
        let mut seen = Vec::new();
        while let Some((attempt, blockers)) = told.recv().await {
            seen.extend(blockers);
            if attempt == 3 {
                reader.batch_execute("rollback").await.expect("an end");
                return seen;
            }
        }
        seen
    };
    let apply = quick(plan(&database, add).await);
    let others = worst_wait(&database, &cancel);
    let applied = async {
        let never = CancellationToken::new();
        let both = tokio::join!(apply.run(&database, &watcher, &never), release);
        cancel.cancel();
        both
    };
    let ((report, blockers), waited) = tokio::join!(applied, others);
    let report = report.expect("a report");
    assert!(report.done[0].attempts >= 4, "{report:?}");
    assert!(blockers.iter().all(|by| by.who.contains("report")), "{blockers:?}");
    assert!(blockers.iter().any(|by| by.query.contains("count(*)")), "{blockers:?}");
    // Three tries of 200 ms and their rests took longer than this; a queue behind an ALTER that waits
    // without a limit would have lasted for all of it.
    assert!(waited < Duration::from_millis(1000), "somebody waited for {waited:?}");
    nothing_is_left(&database).await;
    let other = "select string_agg(column_name, ' ' order by ordinal_position)::text \
                 from information_schema.columns where table_name = 'ledger'";
    assert_eq!(ask(&database, other).await, "id n note paid");
}

/// How long a reader of one row had to wait at worst.
async fn worst_wait(database: &Database, end: &CancellationToken) -> Duration {
    let session = database.session().await.expect("a session");
    let mut worst = Duration::ZERO;
    while !end.is_cancelled() {
        let begin = Instant::now();
        session.batch_execute("select from ledger where id = 1").await.expect("a row");
        worst = worst.max(begin.elapsed());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    worst
}

#[tokio::test]
async fn locks_that_are_never_to_be_had_end_it_and_leave_no_state_behind() {
    let server = Server::start(15).await;
    server.create("never", "", LEDGER.as_bytes());
    let database = server.connect("never").await;
    let holder = database.session().await.expect("a session");
    holder.batch_execute("begin; select 1 from ledger limit 1").await.expect("a lock");
    let few = Patience {
        attempts: 2,
        lock_timeout: Some(Duration::from_millis(50)),
        first_wait: Duration::from_millis(10),
        ..Patience::default()
    };
    let apply = quick(plan(&database, "ALTER TABLE ledger ADD paid bool").await).patience(few);
    let (own, cancel) = (database.clone(), CancellationToken::new());
    let task = tokio::spawn(async move { apply.run(&own, &Unwatched, &cancel).await });
    let ended = task.await.expect("an end").expect_err("locked");
    assert_eq!(ended.kind(), ApplyErrorKind::Locked);
    assert!(ended.to_string().contains("failed 2 times"), "{ended}");
    nothing_is_left(&database).await;
}

#[tokio::test]
async fn a_failed_build_leaves_no_index_and_is_gone_on_with_when_the_rows_are_mended() {
    let server = Server::start(15).await;
    server.create("build", "", LEDGER.as_bytes());
    let database = server.connect("build").await;
    run_sql(&database, "update ledger set note = 'twice' where id in (7, 8)").await;
    let sql =
        "ALTER TABLE ledger ADD COLUMN paid boolean; CREATE UNIQUE INDEX once ON ledger (note);";
    let plan = plan(&database, sql).await;
    let watcher = Watcher::new();
    let ended = quick(plan.clone()).run(&database, &watcher, &CancellationToken::new()).await;
    let ended = ended.expect_err("two rows are the same");
    assert_eq!(ended.kind(), ApplyErrorKind::Statement);
    assert_eq!(watcher.count(|event| matches!(event, ApplyEvent::InvalidIndexDropped { .. })), 1);
    assert_eq!(
        ask(&database, "select count(*)::text from pg_index where not indisvalid").await,
        "0"
    );
    let standing = runs(&database).await.expect("the runs");
    assert_eq!((standing[0].step, standing[0].runner), (2, None));

    // What another tool left invalid is dropped before, too.
    run_sql(
        &database,
        "update ledger set note = 'once' where id = 7; create index once on ledger (id)",
    )
    .await;
    run_sql(
        &database,
        "update pg_index set indisvalid = false where indexrelid = 'once'::regclass",
    )
    .await;
    let watcher = Watcher::new();
    let report = quick(plan).run(&database, &watcher, &CancellationToken::new()).await;
    assert_eq!(report.expect("a report").done.len(), 1);
    assert_eq!(watcher.count(|event| matches!(event, ApplyEvent::InvalidIndexDropped { .. })), 1);
    let whole =
        "select indisunique::text from pg_index where indexrelid = 'once'::regclass and indisvalid";
    assert_eq!(ask(&database, whole).await, "true");
    nothing_is_left(&database).await;
}

#[tokio::test]
async fn a_role_and_a_search_path_of_the_file_hold_for_later_steps_and_after_an_interruption() {
    let server = Server::start(15).await;
    server.create("roles", "", format!("create role app; {}", ledger()).as_bytes());
    let database = server.connect("roles").await;
    run_sql(&database, "alter schema shop owner to app; alter table shop.ledger owner to app")
        .await;
    let sql = "SET ROLE app; SET search_path TO shop; ALTER TABLE ledger ADD COLUMN ref text; \
               UPDATE ledger SET ref = 'R' || id; CREATE INDEX ledger_note ON ledger (note); \
               CREATE TABLE made (id int); RESET ROLE; CREATE TABLE also (id int);";
    let plan = plan(&database, sql).await;
    let cancel = CancellationToken::new();
    let watcher = Watcher::acting(|_, batches| {
        if batches == 2 {
            cancel.cancel();
        }
    });
    let report = quick(plan.clone()).run(&database, &watcher, &cancel).await.expect("a report");
    assert_eq!(report.ending, ApplyEnding::Interrupted);
    let report = quick(plan).run(&database, &Unwatched, &CancellationToken::new()).await;
    assert_eq!(report.expect("a report").ending, ApplyEnding::Done);
    let owners = "select c.relname || ' of ' || pg_get_userbyid(c.relowner) from pg_class c \
                  where relnamespace = 'shop'::regnamespace and relkind = 'r' order by 1";
    assert_eq!(ask(&database, owners).await, "also of postgres; ledger of app; made of app");
    let filled = "select count(*)::text from shop.ledger where ref = 'R' || id";
    assert_eq!(ask(&database, filled).await, "30000");
    nothing_is_left(&database).await;
}
