//! Fingerprints of databases that change, that are written to meanwhile, and that cannot be read.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use pgsre_core::Manifest;
use pgsre_core::dump::BackupJob;
use pgsre_core::fingerprint::{
    Comparison, Difference, DifferenceKind, Fingerprint, FingerprintErrorKind, FingerprintRequest,
    Level, Unobserved, compare,
};
use pgsre_core::postgres::{Database, Snapshot};
use pgsre_core::source::ObjectStoreSource;
use pgsre_tests::harness::server::{PATIENCE, Server, programs};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};
use tokio_util::sync::CancellationToken;

/// Random changes that are made, and must be found.
const CHANGES: usize = 200;

async fn take(database: &Database, request: &FingerprintRequest) -> Fingerprint {
    Fingerprint::take(database, request, &Unobserved, &CancellationToken::new())
        .await
        .expect("a fingerprint")
}

/// What differs: tables, sequences, and large objects as one.
fn differing(one: &Fingerprint, other: &Fingerprint) -> BTreeSet<String> {
    let tables = one.tables.iter().zip(&other.tables).filter(|(a, b)| a != b);
    let sequences = one.sequences.iter().zip(&other.sequences).filter(|(a, b)| a != b);
    tables
        .map(|(table, _)| table.name.clone())
        .chain(sequences.map(|(sequence, _)| sequence.name.clone()))
        .chain((one.large_objects != other.large_objects).then(|| "large objects".to_owned()))
        .collect()
}

/// A column of the table of all kinds with two values that differ.
const VALUES: &[(&str, &str, &str)] = &[
    ("a_bool", "true", "false"),
    ("an_int8", "7", "8"),
    ("a_float4", "'0'", "'-0'"),
    ("a_float8", "1", "1.0000000000000002"),
    ("a_numeric", "1.0", "1.00"),
    ("a_money", "1.00", "1.01"),
    ("a_char", "'a'", "'b'"),
    ("a_text", "'NULL'", "NULL"),
    ("a_text", "''", "' '"),
    ("a_bytea", "'\\x00'", "'\\x0000'"),
    ("a_timestamptz", "'2024-01-01 00:00+00'", "'2024-01-01 00:00:00.000001+00'"),
    ("an_interval", "'1 day'", "'24 hours'"),
    ("a_json", "'{\"a\": 1}'", "'{\"a\":1}'"),
    ("a_jsonb", "'{\"a\": 1}'", "'{\"a\": 1.0}'"),
    ("an_inet", "'10.0.0.1'", "'10.0.0.1/31'"),
    ("a_varbit", "'1'", "'10'"),
    ("a_tsvector", "'a:1'", "'a:2'"),
    ("an_array", "'{1,2}'", "'[0:1]={1,2}'"),
    ("a_text_array", "'{NULL}'", "'{\"NULL\"}'"),
    ("a_composite", "ROW(NULL, 1, NULL)::address", "ROW('', 1, NULL)::address"),
    ("a_range", "'[1,3)'", "'[1,4)'"),
    ("an_enum", "'ok'", "'sad'"),
    ("a_zip", "'1'", "'01'"),
    ("a_regclass", "'pg_class'", "'pg_proc'"),
];

/// A random change, and what it changes.
fn change(random: &mut impl Rng) -> (String, Vec<&'static str>) {
    let id = random.random_range(1..=5);
    match random.random_range(0..14) {
        0..6 => {
            let (column, one, other) = VALUES[random.random_range(0..VALUES.len())];
            let kind = format!(
                "(SELECT atttypid::regtype FROM pg_attribute WHERE attrelid = 'kinds'::regclass AND attname = '{column}')"
            );
            let sql = format!(
                "DO $$ BEGIN EXECUTE format('UPDATE kinds SET {column} = CASE WHEN {column}::text \
                 IS NOT DISTINCT FROM ({})::%1$s::text THEN ({})::%1$s ELSE ({})::%1$s END \
                 WHERE id = {id}', {kind}); END $$",
                one.replace('\'', "''"),
                other.replace('\'', "''"),
                one.replace('\'', "''"),
            );
            (sql, vec!["public.kinds"])
        }
        6 => ("INSERT INTO twice VALUES (1, 'same')".into(), vec!["public.twice"]),
        7 => ("INSERT INTO no_columns DEFAULT VALUES".into(), vec!["public.no_columns"]),
        8 => (
            format!(
                "UPDATE shortest SET x = -x WHERE ctid = (SELECT ctid FROM shortest OFFSET {} LIMIT 1)",
                random.random_range(0..500)
            ),
            vec!["public.shortest"],
        ),
        9 => {
            let at = random.random_range(1..9000);
            let byte = format!("CASE WHEN substr(body, {at}, 1) = '~' THEN '!' ELSE '~' END");
            let id = random.random_range(1..=20);
            (
                format!(
                    "UPDATE toasted SET body = overlay(body PLACING {byte} FROM {at} FOR 1) WHERE id = {id}"
                ),
                vec!["public.toasted"],
            )
        }
        10 => {
            let sql = format!(
                "UPDATE measured SET id = id + 1000 WHERE at = date '2023-12-01' + {}",
                random.random_range(1..29)
            );
            (sql, vec!["public.measured", "public.measured_old"])
        }
        11 => ("UPDATE ONLY parent SET id = id + 1".into(), vec!["public.parent"]),
        12 => ("SELECT nextval('counted')".into(), vec!["public.counted"]),
        _ => {
            let (id, at) = (random.random_range(9002..=9005), random.random_range(0..5));
            let sql = format!(
                "SELECT lo_put({id}, {at}, CASE lo_get({id}, {at}, 1) WHEN '\\x7e' THEN '\\x21' ELSE '\\x7e' END::bytea)"
            );
            (sql, vec!["large objects"])
        }
    }
}

#[tokio::test]
async fn two_hundred_random_changes_are_found_each_in_its_place() {
    let seed: u64 = rand::random();
    println!("seed {seed}");
    let mut random = StdRng::seed_from_u64(seed);
    let server = Server::start(15).await;
    server.create_from("contents", "", "contents.sql");
    let database = server.connect("contents").await;
    let request = FingerprintRequest { jobs: 1, ..FingerprintRequest::default() };
    let session = database.client().await.expect("a connection");
    let mut before = take(&database, &request).await;
    for _ in 0..CHANGES {
        let (sql, expected) = change(&mut random);
        session.batch_execute(&sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let after = take(&database, &request).await;
        let expected = expected.into_iter().map(str::to_owned).collect();
        assert_eq!(differing(&before, &after), expected, "{sql}");
        before = after;
    }
    // The twin: nothing changed, nothing found.
    assert!(differing(&before, &take(&database, &request).await).is_empty());
}

#[tokio::test]
async fn a_dump_under_writes_restores_to_the_fingerprint_of_its_snapshot() {
    let server = Server::start(15).await;
    server.sql("postgres", b"CREATE DATABASE bank");
    server.sql("postgres", b"CREATE DATABASE copy");
    let bench = |arguments: &[&str]| {
        let mut command = Command::new(programs(15).bindir().join("pgbench"));
        command.args(arguments).arg(server.url("bank"));
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    assert!(bench(&["-i", "-q"]).status().expect("pgbench").success());
    let mut writers = bench(&["-c", "4", "-T", "60", "-n"]).spawn().expect("pgbench");

    let database = server.connect("bank").await;
    let cancel = CancellationToken::new();
    let snapshot = Snapshot::open(&database, &cancel).await.expect("a snapshot");
    let id = snapshot.export().await.expect("a name");
    let request =
        FingerprintRequest { snapshot: Some(id.clone()), ..FingerprintRequest::default() };
    let at_snapshot = format!("--snapshot={id}");
    let dumping = async { server.dump("bank", &[&at_snapshot]) };
    let (expected, dump) = futures::join!(take(&database, &request), dumping);
    snapshot.close().await;
    let live = take(&database, &FingerprintRequest::default()).await;
    writers.kill().expect("a signal");
    writers.wait().expect("an end");

    server.sql("copy", &dump);
    let restored = take(&server.connect("copy").await, &FingerprintRequest::default()).await;
    assert_eq!(differing(&expected, &restored), BTreeSet::new());
    // The twin: the live database has moved on.
    assert!(differing(&expected, &live).contains("public.pgbench_accounts"));
}

#[tokio::test]
async fn a_table_that_cannot_be_read_is_a_gap_and_spoils_no_other() {
    let server = Server::start(15).await;
    server.create(
        "holes",
        "",
        b"CREATE TABLE sound AS SELECT 1 AS id; CREATE TABLE also_sound AS SELECT 2 AS id; \
          CREATE TABLE locked (id integer); CREATE TABLE cut AS SELECT 1 AS id",
    );
    let database = server.connect("holes").await;
    let whole = take(&database, &FingerprintRequest::default()).await;
    assert_eq!(whole.gaps, []);

    let cancel = CancellationToken::new();
    let snapshot = Snapshot::open(&database, &cancel).await.expect("a snapshot");
    let id = snapshot.export().await.expect("a name");
    server.sql(
        "holes",
        // The values of `rotten` cannot be shown: that is what damaged ones do.
        b"TRUNCATE cut; CREATE TYPE mute; \
          CREATE FUNCTION mute_in(cstring) RETURNS mute IMMUTABLE STRICT LANGUAGE internal AS 'textin'; \
          CREATE FUNCTION mute_out(mute) RETURNS cstring IMMUTABLE STRICT LANGUAGE internal \
            AS 'shell_out'; \
          CREATE TYPE mute (input = mute_in, output = mute_out, like = text); \
          CREATE TABLE rotten (id integer, value mute); INSERT INTO rotten VALUES (1, 'x')",
    );
    let other = database.session().await.expect("a session");
    other.batch_execute("BEGIN; LOCK TABLE locked").await.expect("a lock");
    let request = FingerprintRequest {
        snapshot: Some(id),
        lock_timeout: Duration::from_millis(200),
        ..FingerprintRequest::default()
    };
    let print = take(&database, &request).await;
    let gap = |name: &str| print.gaps.iter().find(|gap| gap.subject == format!("table {name}"));
    let why = |name: &str| gap(name).map(|gap| gap.why.as_str()).unwrap_or_default();
    assert!(why("public.locked").contains("lock timeout"), "{:?}", print.gaps);
    assert!(why("public.cut").contains("truncated"), "{:?}", print.gaps);
    let rows = |name: &str| print.tables.iter().find(|t| t.name == name).expect("it").rows;
    assert_eq!((rows("public.locked"), rows("public.cut")), (None, None));
    assert_eq!((rows("public.sound"), rows("public.also_sound")), (Some(1), Some(1)));

    let now = FingerprintRequest { snapshot: None, ..request };
    let print = take(&database, &now).await;
    let rotten = print.gaps.iter().find(|gap| gap.subject == "table public.rotten");
    assert!(rotten.expect("a gap").why.contains("shell"), "{:?}", print.gaps);
    // Counting its rows does not look at what is gone.
    let counts = FingerprintRequest { level: Level::Counts, ..now };
    assert_eq!(take(&database, &counts).await.gaps.len(), 1);
}

#[tokio::test]
async fn large_objects_read_through_the_functions_for_clients_have_the_same_hash() {
    let server = Server::start(15).await;
    server.create_from("contents", "", "contents.sql");
    server.sql(
        "contents",
        b"CREATE ROLE reader; GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
    );
    let database = server.connect("contents").await;
    for level in [Level::Sample, Level::Content] {
        let request =
            FingerprintRequest { level, sample_one_in: 2, ..FingerprintRequest::default() };
        let pages = take(&database, &request).await;
        server.sql(
            "postgres",
            b"ALTER DATABASE contents SET role = 'reader'; \
              ALTER DATABASE contents SET lo_compat_privileges = on",
        );
        let functions = take(&server.connect("contents").await, &request).await;
        assert_eq!(pages.large_objects, functions.large_objects);
        server.sql("postgres", b"ALTER DATABASE contents RESET ALL");
    }
    server.sql("postgres", b"ALTER DATABASE contents SET role = 'reader'");
    let denied = take(&server.connect("contents").await, &FingerprintRequest::default()).await;
    assert!(denied.gaps.iter().any(|gap| gap.subject == "large objects"), "{:?}", denied.gaps);
    assert_eq!((denied.large_objects.count, denied.large_objects.content), (5, None));
}

#[tokio::test]
async fn what_is_cancelled_stops_in_the_server_and_leaves_nothing() {
    let server = Server::start(15).await;
    server.create("waiting", "", b"CREATE TABLE locked (id integer)");
    let database = server.connect("waiting").await;
    let other = database.session().await.expect("a session");
    other.batch_execute("BEGIN; LOCK TABLE locked").await.expect("a lock");
    let watcher = database.session().await.expect("a session");
    let request = FingerprintRequest { lock_timeout: PATIENCE, ..FingerprintRequest::default() };
    let cancel = CancellationToken::new();
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE application_name = \
                   'pgsre fingerprint'";
    let taking = Fingerprint::take(&database, &request, &Unobserved, &cancel);
    let cancelling = async {
        until(&watcher, &format!("{waiting} AND wait_event_type = 'Lock'"), 1).await;
        cancel.cancel();
    };
    let (taken, ()) = futures::join!(taking, cancelling);
    assert_eq!(taken.expect_err("cancelled").kind(), FingerprintErrorKind::Cancelled);
    until(&watcher, waiting, 0).await;

    other.batch_execute("ROLLBACK").await.expect("an end");
    assert_eq!(take(&database, &request).await.gaps, []);
}

/// Waits until a count is what it should be.
async fn until(session: &tokio_postgres::Client, count: &str, expected: i64) {
    let ended = tokio::time::timeout(PATIENCE, async {
        while session.query_one(count, &[]).await.expect("a count").get::<_, i64>(0) != expected {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    ended.await.unwrap_or_else(|_| panic!("{count}: not {expected}"));
}

#[tokio::test]
async fn a_sequence_that_moves_while_a_backup_is_taken_is_no_difference_and_a_later_move_is() {
    let server = Server::start(15).await;
    server.create(
        "moving",
        "",
        b"CREATE SEQUENCE moving; CREATE SEQUENCE resting; \
          CREATE TABLE t AS SELECT md5(i::text) FROM generate_series(1, 20000) i",
    );
    let database = server.connect("moving").await;
    let mover = database.session().await.expect("a session");
    let place = tempfile::tempdir().expect("a directory");
    let destination =
        ObjectStoreSource::parse(place.path().to_str().expect("a path")).expect("one");
    let job = BackupJob::new(server.config("moving"), Arc::new(destination));
    let (stop, cancel) = (CancellationToken::new(), CancellationToken::new());
    let plan = job.plan(&cancel).await.expect("a plan");
    let moving = async {
        while !stop.is_cancelled() {
            mover.batch_execute("SELECT nextval('moving')").await.expect("a value");
        }
    };
    let backing_up = async {
        let report = job.run(plan, &pgsre_core::dump::Unobserved, &cancel).await;
        stop.cancel();
        report
    };
    let ((), report) = futures::join!(moving, backing_up);
    let dump = place.path().join(report.key.expect("a key"));
    let manifest = std::fs::read(format!("{}.pgsre.json", dump.display())).expect("a manifest");
    let manifest = Manifest::parse(&manifest, "it").expect("a manifest");
    let expected = &manifest.databases[0];
    let sequence = |name: &str| expected.sequences.iter().find(|s| s.name == name).expect("it");
    assert!(sequence("public.moving").later.is_some());
    assert_eq!(sequence("public.resting").later, None);

    server.sql("postgres", b"CREATE DATABASE copy");
    let mut restore = Command::new(programs(15).bindir().join("pg_restore"));
    restore.args(["-d", &server.url("copy")]).arg(&dump);
    assert!(restore.status().expect("pg_restore").success());
    let copy = server.connect("copy").await;
    let sequences_of = |comparison: &Comparison| -> Vec<String> {
        let of_state = |difference: &&Difference| difference.kind == DifferenceKind::SequenceState;
        let differing = comparison.differences.iter().filter(of_state);
        differing.map(|difference| difference.subject.clone()).collect()
    };
    let found = take(&copy, &FingerprintRequest::default()).await;
    assert_eq!(sequences_of(&compare(expected, &found)), Vec::<String>::new());
    assert_eq!(differing(expected, &found).len(), 1, "the moving sequence is elsewhere");

    server.sql("copy", b"SELECT nextval('resting'), setval('moving', 1000000000)");
    let found = take(&copy, &FingerprintRequest::default()).await;
    assert_eq!(sequences_of(&compare(expected, &found)), ["public.moving", "public.resting"]);
}
