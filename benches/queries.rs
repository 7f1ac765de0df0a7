//! What one collection of statements costs beside `SELECT * FROM pg_stat_statements`: in turn.
//!
//! ```sh
//! cargo bench --package pgsre-benches --bench queries    # 5,000 statements of 10 kB each
//! ```

use std::time::Instant;

use pgsre_benches::{Parameters, fill_statements, median};
use pgsre_core::postgres::Session;
use pgsre_core::queries::{Extension, Snapshot, Texts};
use pgsre_tests::harness::server::Server;

/// The major version that everything is measured with.
const MAJOR: u32 = 15;

/// How often each is done in a round.
const TIMES: usize = 20;

/// The extension keeps 5,000 by default; the last few are our own.
const STATEMENTS: usize = 4_900;

const HEAD: &str = "\
| collection | median, ms | of SELECT * | temporary bytes each |
|---|---|---|---|";

#[tokio::main]
async fn main() {
    let parameters = Parameters::read();
    let (statements, rounds) =
        if parameters.megabytes < 100 { (200, 1) } else { (STATEMENTS, parameters.rounds) };
    let server =
        Server::start_with(MAJOR, &[("shared_preload_libraries", "pg_stat_statements")]).await;
    server.sql("postgres", b"create extension pg_stat_statements; create role watcher");
    let session = server.connect("postgres").await.session().await.expect("a session");
    fill_statements(&session, statements).await;
    let extension = Extension::find(&session).await.expect("the extension");

    let mut measured: [Vec<(f64, f64)>; 4] = Default::default();
    for _ in 0..rounds * TIMES {
        for (at, into) in measured.iter_mut().enumerate() {
            let before = temporary(&session).await;
            let begin = Instant::now();
            collect(at, &session, &extension).await;
            let seconds = begin.elapsed().as_secs_f64();
            into.push((seconds * 1000.0, temporary(&session).await - before));
        }
    }
    let names = [
        "SELECT * FROM pg_stat_statements",
        "SELECT * FROM pg_stat_statements(false)",
        "a snapshot of pgsre, as every reading takes it",
        "texts of ten new queries, once each",
    ];
    println!("{HEAD}");
    let of = |at: usize| median(measured[at].iter().map(|(ms, _)| *ms));
    for (at, name) in names.iter().enumerate() {
        let spilled = median(measured[at].iter().map(|(_, bytes)| *bytes));
        println!("| {name} | {:.1} | {:.2} | {spilled:.0} |", of(at), of(at) / of(0));
    }
}

async fn collect(what: usize, session: &Session, extension: &Extension) {
    match what {
        0 => drop(rows(session, "SELECT * FROM pg_stat_statements").await),
        1 => drop(rows(session, "SELECT * FROM pg_stat_statements(false)").await),
        2 => drop(Snapshot::take(session, extension).await.expect("a snapshot")),
        _ => {
            let snapshot = Snapshot::take(session, extension).await.expect("a snapshot");
            let keys: Vec<_> = snapshot.statements.keys().take(10).copied().collect();
            drop(Texts::default().of(session, extension, &keys).await.expect("texts"));
        }
    }
}

async fn rows(session: &Session, sql: &str) -> usize {
    session.query_typed(sql, &[]).await.expect("rows").len()
}

/// Bytes of temporary files of this database so far.
async fn temporary(session: &Session) -> f64 {
    // What this session did is told when it is idle for a while, or when it is asked to.
    session.batch_execute("SELECT pg_stat_force_next_flush()").await.expect("a flush");
    let sql = "SELECT temp_bytes::float8 FROM pg_stat_database WHERE datname = current_database()";
    session.query_typed(sql, &[]).await.expect("a row")[0].get(0)
}
