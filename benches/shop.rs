//! The database that is restored, and its dumps.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use pgsre_tests::harness::server::{Server, programs};

use crate::server::MAJOR;

/// Rows of the largest table that make a MiB of database, together with what comes beside them.
const ROWS: u64 = 2_450;
const SQL: &str = include_str!("shop.sql");

/// Dumps of one made-up shop: four tables, one of which holds half of the rows; text, numbers,
/// times, jsonb, arrays; keys, B-trees, GIN indexes, foreign keys.
#[derive(Debug)]
pub struct Shop {
    /// `pg_dump | gzip`.
    pub plain: PathBuf,
    /// `pg_dump --format=custom`.
    pub custom: PathBuf,
    /// The same of the largest table only, without its indexes and keys.
    pub largest_table: PathBuf,
    /// Size of the database, in bytes.
    pub database_bytes: u64,
}

impl Shop {
    /// Makes a database of about this many MiB in a server of its own, and dumps it into a
    /// directory.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn dump_into(directory: &Path, megabytes: u64) -> Self {
        let server = Self::serve(megabytes).await;
        let dump = |name: &str, arguments: &[&str]| {
            let path = directory.join(name);
            (pg_dump(&server, &path, arguments), path)
        };
        let (custom, largest) = ("--format=custom", "--table=orders");
        let sections = ["--section=pre-data", "--section=data"];
        let dumps = [
            dump("shop.dump", &[custom]),
            dump("orders.dump", &[custom, largest, sections[0], sections[1]]),
        ];
        let plain = directory.join("shop.sql.gz");
        gzipped(&server, &plain);
        let [custom, largest_table] = dumps.map(|(mut child, path)| {
            assert!(child.wait().expect("pg_dump").success());
            path
        });
        Self { plain, custom, largest_table, database_bytes: size(&server).await }
    }

    /// A server with the database `shop` of about this many MiB.
    ///
    /// # Panics
    /// Where that fails.
    pub async fn serve(megabytes: u64) -> Server {
        let server = Server::start(MAJOR).await;
        let rows = format!("rows={}", megabytes * ROWS);
        server.create("shop", "", b"");
        let arguments = ["-q", "-v", "ON_ERROR_STOP=1", "-v", &rows];
        let output = server.psql("shop", &arguments, SQL.as_bytes());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        server
    }

    /// What was made, in a sentence.
    #[must_use]
    pub fn describe(&self) -> String {
        let megabytes = |path: &Path| path.metadata().map_or(0, |data| data.len()) >> 20;
        format!(
            "PostgreSQL {MAJOR}, a database of {} MiB; .sql.gz {} MiB, custom format {} MiB, its \
             largest table alone {} MiB",
            self.database_bytes >> 20,
            megabytes(&self.plain),
            megabytes(&self.custom),
            megabytes(&self.largest_table)
        )
    }
}

fn pg_dump(server: &Server, into: &Path, arguments: &[&str]) -> Child {
    let mut command = Command::new(programs(MAJOR).bindir().join("pg_dump"));
    command.args(arguments).arg("--file").arg(into).arg("--dbname").arg(server.url("shop"));
    command.spawn().expect("pg_dump")
}

fn gzipped(server: &Server, into: &Path) {
    let file = File::create(into).expect("a file");
    let mut gzip = Command::new("gzip").stdin(Stdio::piped()).stdout(file).spawn().expect("gzip");
    server.dump_into("shop", &[], gzip.stdin.take().expect("a pipe"));
    assert!(gzip.wait().expect("gzip").success());
}

async fn size(server: &Server) -> u64 {
    let sql = b"select pg_database_size('shop')";
    let output = server.psql("postgres", &["-A", "-t"], sql);
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim().parse().expect("a size")
}
