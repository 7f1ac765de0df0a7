//! What a fingerprint costs beside a dump of the same database: both in turn.
//!
//! ```sh
//! cargo bench --package pgsre-benches --bench fingerprint               # a database of 2 GB
//! PGSRE_BENCH_MB=200 cargo bench --package pgsre-benches --bench fingerprint
//! ```

use std::process::{Command, Stdio};
use std::time::Instant;

use pgsre_benches::{Parameters, median};
use pgsre_core::fingerprint::{Fingerprint, FingerprintRequest, Level, Unobserved};
use pgsre_core::postgres::Database;
use pgsre_tests::harness::server::{Server, programs};
use tokio_util::sync::CancellationToken;

/// The major version that everything is measured with.
const MAJOR: u32 = 15;

/// Rows of the largest table that make a MiB of database.
const ROWS: u64 = 2_450;

const HEAD: &str = "\
| work | median, s | of pg_dump -Fc |
|---|---|---|";

#[tokio::main]
async fn main() {
    let parameters = Parameters::read();
    let server = Server::start(MAJOR).await;
    server.create("shop", "", b"");
    let rows = format!("rows={}", parameters.megabytes * ROWS);
    let arguments = ["-q", "-v", "ON_ERROR_STOP=1", "-v", &rows];
    let made = server.psql("shop", &arguments, include_str!("shop.sql").as_bytes());
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    server.sql("shop", b"VACUUM ANALYZE");
    let database = server.connect("shop").await;

    let mut dumps = Vec::new();
    let mut works = works();
    for round in 1..=parameters.rounds {
        dumps.push(dump(&server));
        for work in &mut works {
            work.seconds.push(fingerprint(&database, &work.request).await);
        }
        println!("round {round}: pg_dump {:.2} s", dumps[round - 1]);
    }
    let dump = median(dumps.into_iter());
    println!("\n{HEAD}\n| pg_dump -Fc | {dump:.2} | 1.00 |");
    for work in works {
        let seconds = median(work.seconds.into_iter());
        println!("| fingerprint, {} | {seconds:.2} | {:.2} |", work.name, seconds / dump);
    }
}

/// One way to take a fingerprint.
struct Work {
    name: &'static str,
    request: FingerprintRequest,
    seconds: Vec<f64>,
}

fn works() -> Vec<Work> {
    let usual = FingerprintRequest::default();
    let work = |name, request| Work { name, request, seconds: Vec::new() };
    vec![
        work("content, 1 job", FingerprintRequest { jobs: 1, ..usual.clone() }),
        work("content, 2 jobs", usual.clone()),
        work("sample of 1 in 100", FingerprintRequest { level: Level::Sample, ..usual.clone() }),
        work("counts", FingerprintRequest { level: Level::Counts, ..usual }),
    ]
}

async fn fingerprint(database: &Database, request: &FingerprintRequest) -> f64 {
    let begin = Instant::now();
    let cancel = CancellationToken::new();
    let taken = Fingerprint::take(database, request, &Unobserved, &cancel).await;
    assert!(taken.expect("a fingerprint").gaps.is_empty());
    begin.elapsed().as_secs_f64()
}

fn dump(server: &Server) -> f64 {
    let begin = Instant::now();
    let mut command = Command::new(programs(MAJOR).bindir().join("pg_dump"));
    command.args(["--format=custom", "--dbname"]).arg(server.url("shop")).stdout(Stdio::null());
    assert!(command.status().expect("pg_dump").success());
    begin.elapsed().as_secs_f64()
}
