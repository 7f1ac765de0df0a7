//! Servers that are not fit for a migration: it is not begun, unless somebody says why.

use std::fs;
use std::os::unix::fs::chown;
use std::time::Duration;

use pgsre_core::Database;
use pgsre_core::migrate::{ApplyEnding, ApplyErrorKind, Unwatched};
use pgsre_tests::harness::applying::{LEDGER, ask, nothing_is_left, plan, quick, run_sql};
use pgsre_tests::harness::disk::Disk;
use pgsre_tests::harness::server::Server;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_server_that_is_not_fit_is_refused_unless_somebody_says_why_not() {
    let server = Server::start(15).await;
    server.create("unfit", "", LEDGER.as_bytes());
    let database = server.connect("unfit").await;
    let add = plan(&database, "ALTER TABLE ledger ADD COLUMN paid boolean;").await;
    let cancel = CancellationToken::new();
    let absent = quick(add.clone()).expecting(["db9"]);
    let refused = absent.run(&database, &Unwatched, &cancel).await.expect_err("db9 is not there");
    assert_eq!(refused.kind(), ApplyErrorKind::Unfit);
    assert!(refused.to_string().contains("replica db9 is not there"), "{refused}");
    nothing_is_left(&database).await;

    let harmful = plan(&database, "VACUUM FULL ledger;").await;
    let refused = quick(harmful).run(&database, &Unwatched, &cancel).await.expect_err("harmful");
    assert!(refused.to_string().contains("writes every row of ledger"), "{refused}");

    let keyless = plan(&database, "CREATE TABLE k (a int); UPDATE ledger SET n = 2;").await;
    run_sql(&database, "alter table ledger drop constraint ledger_pkey").await;
    let refused = quick(keyless).run(&database, &Unwatched, &cancel).await.expect_err("no key");
    assert_eq!(refused.kind(), ApplyErrorKind::NoKey);
    assert_eq!(ask(&database, "select coalesce(to_regclass('k')::text, 'none')").await, "none");
    nothing_is_left(&database).await;

    let forced = quick(add).expecting(["db9"]).force("db9 is being replaced");
    let report = forced.run(&database, &Unwatched, &cancel).await.expect("forced");
    assert_eq!(report.forced.as_deref(), Some("db9 is being replaced"));
    assert_eq!(report.ending, ApplyEnding::Done);
    nothing_is_left(&database).await;
}

/// What speaks against building an index on the ledger.
async fn obstacles(database: &Database) -> Vec<String> {
    let index = plan(database, "CREATE INDEX ledger_note ON ledger (note);").await;
    let preview = quick(index).preview(database).await.expect("a preview");
    preview.obstacles.into_iter().map(|obstacle| obstacle.what).collect()
}

#[tokio::test]
async fn a_disk_without_room_for_the_index_is_an_obstacle_and_one_with_room_is_none() {
    let disk = Disk::new();
    let place = disk.path().join("tablespace");
    fs::create_dir(&place).expect("a directory");
    let server = Server::start(15).await;
    server.create("shop", "", LEDGER.as_bytes());
    let database = server.connect("shop").await;
    let owner = fs::metadata(ask(&database, "show data_directory").await).expect("its data");
    use std::os::unix::fs::MetadataExt as _;
    chown(&place, Some(owner.uid()), Some(owner.gid())).expect("the server's own");
    run_sql(&database, &format!("create tablespace small location '{}'", place.display())).await;
    run_sql(&database, "alter table ledger set tablespace small").await;
    assert_eq!(obstacles(&database).await, Vec::<String>::new());
    // All but half a megabyte.
    let free = free_bytes(disk.path()) - (512 << 10);
    fs::write(disk.path().join("full"), vec![0; free]).expect("a file");
    let found = obstacles(&database).await;
    assert!(found.len() == 1 && found[0].contains("the disk has 0 MiB free"), "{found:?}");
    fs::remove_file(disk.path().join("full")).expect("a file");
    assert_eq!(obstacles(&database).await, Vec::<String>::new());
}

/// Free bytes, as `df` has them.
fn free_bytes(path: &std::path::Path) -> usize {
    let df = std::process::Command::new("df").args(["-B1", "--output=avail"]).arg(path).output();
    let text = String::from_utf8(df.expect("df").stdout).expect("a figure");
    text.lines().nth(1).and_then(|line| line.trim().parse().ok()).expect("a figure")
}

/// Enough transactions for a vacuum against wraparound at its lowest limit.
const AGE: &str = "do $$ begin for i in 1..110000 loop
    begin update counter set n = n + 1; exception when division_by_zero then null; end;
    if i % 100 = 0 then commit; end if;
end loop; end $$";

#[tokio::test]
async fn a_vacuum_against_wraparound_is_an_obstacle_until_it_is_done() {
    let settings = [
        ("autovacuum_freeze_max_age", "100000"),
        ("autovacuum_naptime", "1"),
        ("autovacuum_vacuum_cost_delay", "0"),
        ("autovacuum_max_workers", "5"),
    ];
    let server = Server::start_with(15, &settings).await;
    server.create("shop", "", format!("{LEDGER} create table counter (n int);").as_bytes());
    let database = server.connect("shop").await;
    // Of itself nothing is vacuumed there, and what must be would take hours.
    let slow = "alter table ledger set (autovacuum_enabled = off, autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1)";
    run_sql(&database, slow).await;
    assert_eq!(obstacles(&database).await, Vec::<String>::new());
    run_sql(&database, "insert into counter values (0)").await;
    run_sql(&database, AGE).await;
    let mut found = Vec::new();
    for _ in 0..300 {
        found = obstacles(&database).await;
        if !found.is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let said = "ledger is being vacuumed against wraparound by process";
    assert!(found.len() == 1 && found[0].contains(said), "{found:?}");
}
