//! Fingerprints of real servers: equal where the contents are, different where they are not.

use pgsre_core::fingerprint::{
    Fingerprint, FingerprintError, FingerprintEvent, FingerprintObserver, FingerprintRequest,
    Level, TablePrint, Unobserved,
};
use pgsre_core::postgres::Database;
use pgsre_tests::harness::server::Server;
use tokio_util::sync::CancellationToken;

/// Servers that are installed by `tests/run.sh`.
const MAJORS: [u32; 4] = [15, 16, 17, 18];

async fn try_take(
    database: &Database,
    request: &FingerprintRequest,
) -> Result<Fingerprint, FingerprintError> {
    Fingerprint::take(database, request, &Unobserved, &CancellationToken::new()).await
}

async fn take(database: &Database, request: &FingerprintRequest) -> Fingerprint {
    try_take(database, request).await.expect("a fingerprint")
}

async fn content(server: &Server, database: &str) -> Fingerprint {
    take(&server.connect(database).await, &FingerprintRequest::default()).await
}

fn at(level: Level) -> FingerprintRequest {
    FingerprintRequest { level, sample_one_in: 4, ..FingerprintRequest::default() }
}

fn table<'a>(fingerprint: &'a Fingerprint, name: &str) -> &'a TablePrint {
    fingerprint.tables.iter().find(|table| table.name == name).unwrap_or_else(|| panic!("{name}"))
}

/// Panics unless both hold the same; says which tables do not.
fn assert_same_contents(one: &Fingerprint, other: &Fingerprint) {
    assert!(one.gaps.is_empty(), "{:?}", one.gaps);
    assert!(other.gaps.is_empty(), "{:?}", other.gaps);
    assert_eq!(differing(one, other), Vec::<String>::new());
    assert_eq!(one.tables.len(), other.tables.len());
    assert_eq!(one.sequences, other.sequences);
    assert_eq!(one.large_objects, other.large_objects);
}

fn differing(one: &Fingerprint, other: &Fingerprint) -> Vec<String> {
    let differs = |table: &&TablePrint| !other.tables.contains(table);
    one.tables.iter().filter(differs).map(|table| table.name.clone()).collect()
}

#[tokio::test]
async fn the_same_data_has_the_same_fingerprint_on_every_major_version() {
    let servers = futures::future::join_all(MAJORS.map(Server::start)).await;
    for server in &servers {
        server.create_from("contents", "", "contents.sql");
    }
    for level in [Level::Counts, Level::Sample, Level::Content] {
        let mut first: Option<Fingerprint> = None;
        for server in &servers {
            let print = take(&server.connect("contents").await, &at(level)).await;
            match &first {
                Some(first) => assert_same_contents(first, &print),
                None => first = Some(print),
            }
        }
    }
}

#[tokio::test]
#[ignore = "needs PostgreSQL 13 in PGSRE_TEST_PG13, which tests/run.sh does not install"]
async fn the_oldest_server_that_is_supported_agrees_with_the_newest() {
    let (old, new) = futures::join!(Server::start(13), Server::start(18));
    for server in [&old, &new] {
        server.create_from("contents", "", "contents.sql");
    }
    for level in [Level::Counts, Level::Sample, Level::Content] {
        let found = take(&old.connect("contents").await, &at(level)).await;
        assert_same_contents(&found, &take(&new.connect("contents").await, &at(level)).await);
    }
}

#[tokio::test]
async fn what_a_fingerprint_holds_is_what_the_database_holds() {
    let server = Server::start(15).await;
    server.create_from("contents", "", "contents.sql");
    let print = content(&server, "contents").await;
    let rows = |name: &str| table(&print, name).rows;
    let hash = |name: &str| table(&print, name).content;

    assert_eq!(rows("public.kinds"), Some(5));
    assert_eq!(rows("public.nothing_in_it"), Some(0));
    assert_eq!(hash("public.nothing_in_it").expect("a hash").to_string(), "0");
    assert_eq!(rows("public.no_columns"), Some(2));
    assert_eq!(rows("public.parent"), Some(1));
    assert_eq!(rows("public.\"Odd \"\"name\"\"\""), Some(1));
    assert_eq!(rows("public.measured"), Some(300));
    assert_eq!(
        table(&print, "public.measured_new_0").partition_of.as_deref(),
        Some("public.measured_new")
    );
    let sum =
        hash("public.measured_old").expect("a hash") + hash("public.measured_new").expect("a hash");
    assert_eq!(hash("public.measured"), Some(sum));
    assert_eq!(table(&print, "public.kinds").key, ["id"]);
    assert!(print.tables.iter().all(|table| !table.name.contains("elsewhere")));
    assert!(print.tables.iter().all(|table| !table.name.contains("frozen")));

    let counted = print.sequences.iter().find(|s| s.name == "public.counted").expect("it");
    assert_eq!((counted.state.last_value, counted.state.is_called), (107, true));
    let untouched = print.sequences.iter().find(|s| s.name == "public.untouched").expect("it");
    assert_eq!((untouched.state.last_value, untouched.state.is_called), (1, false));
    assert_eq!(
        (print.large_objects.count, print.large_objects.bytes),
        (5, Some(5 + 12_000 + 100_002 + 5000))
    );
}

#[tokio::test]
async fn the_physical_order_and_shape_of_a_table_do_not_matter() {
    let server = Server::start(15).await;
    let rows = "SELECT i, 'row ' || i, i / 7.0 FROM generate_series(1, 3000) AS i";
    let plain = format!(
        "CREATE TABLE t (id integer PRIMARY KEY, a text, b numeric); INSERT INTO t {rows};"
    );
    let twisted = format!(
        "CREATE TABLE t (b numeric, gone text, id integer, a text); \
         INSERT INTO t (id, a, b, gone) SELECT *, 'gone' FROM ({rows} ORDER BY 1 DESC) AS r; \
         ALTER TABLE t DROP gone, ADD PRIMARY KEY (id); \
         UPDATE t SET a = a || '' WHERE id % 3 = 0; CREATE INDEX by_a ON t (a); \
         CLUSTER t USING by_a; DELETE FROM t WHERE id > 2000; VACUUM FULL t; \
         INSERT INTO t (id, a, b) SELECT * FROM ({rows} OFFSET 2000) AS r;"
    );
    server.create("plain", "", plain.as_bytes());
    server.create("twisted", "", twisted.replace("VACUUM FULL t;", "").as_bytes());
    server.sql("twisted", b"VACUUM FULL t");
    let (one, other) = (content(&server, "plain").await, content(&server, "twisted").await);
    assert_same_contents(&one, &other);

    server.sql("twisted", b"UPDATE t SET b = b + 0.1 WHERE id = 1234");
    assert_eq!(differing(&one, &content(&server, "twisted").await), ["public.t"]);
}

#[tokio::test]
async fn what_the_role_or_the_database_sets_does_not_matter() {
    let server = Server::start(15).await;
    server.create_from("contents", "", "contents.sql");
    let before = content(&server, "contents").await;
    let shown = "SELECT a_timestamptz, an_interval, a_float8, a_bytea FROM kinds WHERE id = 1";
    let usual = server.psql("contents", &["-At"], shown.as_bytes()).stdout;
    server.sql(
        "contents",
        b"ALTER DATABASE contents SET DateStyle = 'German'; \
          ALTER DATABASE contents SET IntervalStyle = 'sql_standard'; \
          ALTER DATABASE contents SET TimeZone = 'Asia/Kathmandu'; \
          ALTER DATABASE contents SET extra_float_digits = -10; \
          ALTER DATABASE contents SET bytea_output = 'escape'; \
          ALTER DATABASE contents SET quote_all_identifiers = on; \
          ALTER DATABASE contents SET search_path = pg_temp; \
          ALTER DATABASE contents SET standard_conforming_strings = off; \
          ALTER DATABASE contents SET statement_timeout = '1h'; \
          ALTER DATABASE contents SET default_transaction_isolation = 'serializable'",
    );
    let shown = shown.replace("kinds", "public.kinds");
    let otherwise = server.psql("contents", &["-At"], shown.as_bytes()).stdout;
    assert_ne!(usual, otherwise, "the settings should matter to others");
    assert_same_contents(&before, &content(&server, "contents").await);
}

/// The parts that were read, by table.
#[derive(Debug, Default)]
struct Parts(std::sync::Mutex<Vec<(String, u64)>>);

impl FingerprintObserver for Parts {
    fn on_event(&self, event: &FingerprintEvent) {
        if let FingerprintEvent::Read { table, rows, .. } = event {
            self.0.lock().expect("no panic").push((table.clone(), *rows));
        }
    }
}

#[tokio::test]
async fn many_sessions_see_what_one_sees_and_share_a_table() {
    let server = Server::start(15).await;
    server.create(
        "large",
        "",
        b"CREATE TABLE large AS SELECT i AS id, md5(i::text) AS hash FROM generate_series(1, 100000) i; \
          DELETE FROM large WHERE id BETWEEN 20000 AND 40000; \
          CREATE TABLE small AS SELECT 1 AS one; \
          SELECT lo_from_bytea(77, decode(repeat('00ff12', 1000000), 'hex'))",
    );
    let database = server.connect("large").await;
    let whole = FingerprintRequest { jobs: 1, part_bytes: u64::MAX, ..at(Level::Content) };
    let serial = take(&database, &whole).await;
    assert_eq!(table(&serial, "public.large").rows, Some(79_999));
    for (jobs, parallel_workers) in [(1, 0), (4, 0), (3, 2)] {
        for level in [Level::Content, Level::Sample] {
            let request =
                FingerprintRequest { jobs, parallel_workers, part_bytes: 1 << 20, ..at(level) };
            let parts = Parts::default();
            let cancel = CancellationToken::new();
            let shared =
                Fingerprint::take(&database, &request, &parts, &cancel).await.expect("one");
            let parts = parts.0.into_inner().expect("no panic");
            let of_large = parts.iter().filter(|(name, _)| name == "public.large");
            assert!(of_large.clone().count() >= 5, "{parts:?}");
            assert_eq!(of_large.map(|(_, rows)| rows).sum::<u64>(), 79_999);
            let whole = FingerprintRequest { level, ..whole.clone() };
            assert_same_contents(&take(&database, &whole).await, &shared);
        }
    }
}

#[tokio::test]
async fn a_sample_looks_at_the_same_part_of_the_rows_in_every_copy() {
    let server = Server::start(15).await;
    let sql = b"CREATE TABLE keyed AS SELECT i AS id, 'x' AS what FROM generate_series(1, 5000) i; \
                ALTER TABLE keyed ADD PRIMARY KEY (id); \
                CREATE TABLE unkeyed AS SELECT i AS id, 'x' AS what FROM generate_series(1, 5000) i";
    server.create("one", "", sql);
    server.create("other", "TEMPLATE one", b"UPDATE keyed SET id = id WHERE id < 100");
    let request = FingerprintRequest { sample_one_in: 10, ..at(Level::Sample) };
    let (one, other) = (server.connect("one").await, server.connect("other").await);
    let before = take(&one, &request).await;
    assert_same_contents(&before, &take(&other, &request).await);
    for name in ["public.keyed", "public.unkeyed"] {
        let print = table(&before, name);
        let sampled = print.sampled.expect("a number");
        assert!((350..650).contains(&sampled), "{name}: {sampled} of 5000");
        assert_eq!(print.rows, Some(5000));
    }
    // A sampled row that changes is found: the choice depends on the key alone.
    server.sql("other", b"UPDATE keyed SET what = 'y'");
    let after = take(&other, &request).await;
    assert_eq!(differing(&before, &after), ["public.keyed"]);
    assert_eq!(table(&before, "public.keyed").sampled, table(&after, "public.keyed").sampled);
}

#[tokio::test]
async fn values_that_only_some_builds_have_agree_too() {
    let (old, new) = futures::join!(Server::start(15), Server::start(17));
    let xml = "CREATE TABLE xmls AS SELECT '<a b=\"1\">x</a>'::xml AS x UNION ALL \
               SELECT xmlparse(document '<?xml version=\"1.0\"?><d/>')"
        .as_bytes();
    for server in [&old, &new] {
        server.create("xmls", "", xml);
    }
    let (one, other) = (content(&old, "xmls").await, content(&new, "xmls").await);
    assert_same_contents(&one, &other);
    new.sql("xmls", b"UPDATE xmls SET x = '<a b=\"2\">x</a>' WHERE x::text LIKE '%\"1\">%'");
    assert_eq!(differing(&one, &content(&new, "xmls").await), ["public.xmls"]);

    let odd = "CREATE COLLATION odd (provider = icu, locale = 'und-u-ks-level2', \
               deterministic = false); CREATE TABLE names (name text COLLATE odd, place integer); \
               INSERT INTO names VALUES ('Abc', 1), ('aBC', 2)";
    old.create("odd", "", odd.as_bytes());
    let before = content(&old, "odd").await;
    old.sql("odd", b"UPDATE names SET place = place WHERE name = 'ABC'");
    assert_same_contents(&before, &content(&old, "odd").await);
    // Equal by its collation, another value all the same.
    old.sql("odd", b"UPDATE names SET name = 'ABC' WHERE place = 1");
    assert_eq!(differing(&before, &content(&old, "odd").await), ["public.names"]);
}

#[tokio::test]
async fn the_widest_table_that_there_can_be_is_read_to_its_last_column() {
    let server = Server::start(15).await;
    let columns: Vec<String> = (1..=1600).map(|n| format!("c{n} bool DEFAULT true")).collect();
    let sql = format!(
        "CREATE TABLE wide ({}); INSERT INTO wide DEFAULT VALUES; INSERT INTO wide DEFAULT VALUES",
        columns.join(", ")
    );
    server.create("wide", "", sql.as_bytes());
    let before = content(&server, "wide").await;
    assert_eq!(table(&before, "public.wide").rows, Some(2));
    server.sql("wide", b"ANALYZE wide");
    assert_same_contents(&before, &content(&server, "wide").await);
    server.sql("wide", b"UPDATE wide SET c1600 = false WHERE ctid = '(0,1)'");
    assert_eq!(differing(&before, &content(&server, "wide").await), ["public.wide"]);
}

#[tokio::test]
async fn of_an_extension_only_the_rows_that_a_dump_has_count() {
    let server = Server::start(15).await;
    server.create(
        "extended",
        "",
        b"CREATE EXTENSION pg_trgm; \
          CREATE TABLE settings (name text, own bool); CREATE TABLE inner_workings (id integer); \
          ALTER EXTENSION pg_trgm ADD TABLE settings; ALTER EXTENSION pg_trgm ADD TABLE inner_workings; \
          UPDATE pg_extension SET extconfig = ARRAY['settings'::regclass::oid], \
                 extcondition = ARRAY['WHERE own'] WHERE extname = 'pg_trgm'; \
          INSERT INTO settings VALUES ('default', false), ('mine', true); \
          INSERT INTO inner_workings VALUES (1)",
    );
    let before = content(&server, "extended").await;
    assert_eq!(before.tables.len(), 1, "{:?}", before.tables);
    assert_eq!(table(&before, "public.settings").rows, Some(1));
    server.sql("extended", b"UPDATE settings SET name = 'changed' WHERE NOT own");
    assert_same_contents(&before, &content(&server, "extended").await);
    server.sql("extended", b"UPDATE settings SET name = 'changed' WHERE own");
    assert_eq!(differing(&before, &content(&server, "extended").await), ["public.settings"]);
}

/// The server's table of locks has room for 64 for each of 60 connections, and everybody needs it.
#[tokio::test]
async fn more_tables_than_the_server_has_room_for_locks_are_read_and_leave_room_for_others() {
    let server = Server::start(15).await;
    server.create("many", "", b"");
    let tables: Vec<String> = (1000..3500)
        .map(|at| format!("create table t{at} (a int primary key); insert into t{at} values (1);"))
        .collect();
    for some in tables.chunks(100) {
        server.sql("many", some.concat().as_bytes());
    }
    let database = server.connect("many").await;
    let watch = WhilePlanned(|| {
        let dump = server.dump("many", &["--data-only", "--table=t1*"]);
        assert!(!dump.is_empty(), "a pg_dump beside it has room");
        server.sql("many", b"truncate t3400");
    });
    let request = FingerprintRequest::default();
    let changed = Fingerprint::take(&database, &request, &watch, &CancellationToken::new()).await;
    let changed = changed.expect("a fingerprint");
    let gaps: Vec<_> = changed.gaps.iter().map(|gap| gap.subject.as_str()).collect();
    assert_eq!(gaps, ["table public.t3400"], "rows that a snapshot no longer shows are no count");
    assert_eq!(table(&changed, "public.t3400").rows, None);

    let sound = take(&database, &request).await;
    assert!(sound.gaps.is_empty(), "{:?}", sound.gaps);
    assert_eq!((sound.tables.len(), table(&sound, "public.t3400").rows), (2500, Some(0)));
    assert_eq!(table(&sound, "public.t3499").rows, Some(1));
}

/// Does something between the locks and the reading.
struct WhilePlanned<F>(F);

impl<F> std::fmt::Debug for WhilePlanned<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("WhilePlanned")
    }
}

impl<F: Fn() + Send + Sync> FingerprintObserver for WhilePlanned<F> {
    fn on_event(&self, event: &FingerprintEvent) {
        if matches!(event, FingerprintEvent::Planned { .. }) {
            (self.0)();
        }
    }
}
