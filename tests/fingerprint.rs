//! Fingerprints of real servers: equal where the contents are, different where they are not.

use pgsre_core::fingerprint::{
    Fingerprint, FingerprintError, FingerprintRequest, Level, TablePrint, Unobserved,
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
#[ignore = "needs PostgreSQL 13 in PGSRE_TEST_PG13; no package of the usual kind carries it"]
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
