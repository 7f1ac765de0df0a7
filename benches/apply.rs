//! Migrations of a table in use, run as they are written and by their plan, in turn: how long others had
//! to wait, and how late two standbys were.
//!
//! ```sh
//! cargo bench --package pgsre-benches --bench apply
//! ```
//!
//! 5,000 orders for each of `PGSRE_BENCH_MB`: some ten million rows by default.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pgsre_benches::Parameters;
use pgsre_core::Database;
use pgsre_core::migrate::{Apply, Backfill, Linter, ReplicaLag, Schema, Unwatched};
use pgsre_core::postgres::Session;
use pgsre_tests::harness::applying::Released;
use pgsre_tests::harness::server::Server;
use pgsre_tests::harness::standby::Standby;
use tokio_util::sync::CancellationToken;

/// The major version that everything is measured with.
const MAJOR: u32 = 15;

/// Rows for each MiB that is asked for.
const ROWS_PER_MEGABYTE: u64 = 5_000;

/// Clients that each read and change a row, one after the other, all the time.
const CLIENTS: u32 = 4;

const PORT: u16 = 5590;

const ORIGINAL: &str = "\
ALTER TABLE orders ADD COLUMN tracking_id varchar(100);
UPDATE orders SET tracking_id = 'T' || id;
ALTER TABLE orders ALTER COLUMN tracking_id SET NOT NULL;
CREATE INDEX orders_tracking ON orders (tracking_id);";

/// The other planned kinds, on a tenth of the rows.
const KINDS: [(&str, &str); 6] = [
    ("CREATE INDEX", "CREATE INDEX some_created ON orders (created);"),
    ("SET NOT NULL", "ALTER TABLE orders ALTER COLUMN total SET NOT NULL;"),
    ("ADD CHECK", "ALTER TABLE orders ADD CONSTRAINT positive CHECK (total >= 0);"),
    (
        "ADD FOREIGN KEY",
        "ALTER TABLE orders ADD CONSTRAINT of FOREIGN KEY (customer) REFERENCES customers;",
    ),
    ("ADD UNIQUE", "ALTER TABLE orders ADD CONSTRAINT once UNIQUE (code);"),
    ("ALTER TYPE", "ALTER TABLE orders ALTER COLUMN customer TYPE bigint;"),
];

/// What others saw of a migration.
#[derive(Clone, Debug, Default)]
struct Seen {
    seconds: f64,
    waits: Vec<f64>,
    lag: f64,
    blocked: i64,
}

impl Seen {
    fn wait(&self, of: f64) -> f64 {
        let mut waits = self.waits.clone();
        waits.sort_by(f64::total_cmp);
        let at = (waits.len() as f64 * of) as usize;
        waits.get(at.min(waits.len().saturating_sub(1))).copied().unwrap_or_default()
    }

    fn row(&self, what: &str, way: &str) -> String {
        format!(
            "| {what} | {way} | {:.1} | {:.3} | {:.3} | {} | {:.1} |",
            self.seconds,
            self.wait(1.0),
            self.wait(0.99),
            self.blocked,
            self.lag
        )
    }
}

const HEAD: &str = "\
| change | way | took, s | worst wait of others, s | p99, s | blocked at most | worst replay lag, s |
|---|---|---|---|---|---|---|";

#[tokio::main]
async fn main() {
    let parameters = Parameters::read();
    let rows = parameters.megabytes * ROWS_PER_MEGABYTE;
    let settings = [
        ("shared_buffers", "1GB"),
        ("max_wal_size", "8GB"),
        ("maintenance_work_mem", "256MB"),
        ("autovacuum_naptime", "10s"),
    ];
    let server = Server::start_with(MAJOR, &settings).await;
    let _standbys = (Standby::of(&server, "db2", PORT), Standby::of(&server, "db3", PORT + 1));
    if parameters.wants("original") {
        println!("\n{rows} rows, {CLIENTS} clients, two standbys:\n\n{HEAD}");
        in_turn(&server, "the example", ORIGINAL, rows).await;
    }
    if parameters.wants("kinds") {
        println!("\n{} rows:\n\n{HEAD}", rows / 10);
        for (what, sql) in KINDS {
            in_turn(&server, what, sql, rows / 10).await;
        }
    }
    if parameters.wants("queue") {
        println!("\nBehind a reader of 10 s:\n\n{HEAD}");
        queue(&server, rows / 10).await;
    }
    if parameters.wants("throughput") {
        throughput(&server, rows / 5).await;
    }
}

/// The same change as it is written and by its plan, each of a table made anew.
async fn in_turn(server: &Server, what: &str, sql: &str, rows: u64) {
    for (number, way) in ["as it is", "by plan"].into_iter().enumerate() {
        let name = format!("shop{number}");
        let database = fill(server, &name, rows).await;
        let migration = async {
            match way {
                "as it is" => raw(&database, sql).await,
                _ => by_plan(&database, sql).await,
            }
        };
        let seen = beside(&database, rows, migration).await;
        println!("{}", seen.row(what, way));
        drop(database);
        server.sql("postgres", format!("drop database {name} with (force)").as_bytes());
    }
}

/// An ALTER TABLE behind a transaction that reads for ten seconds.
async fn queue(server: &Server, rows: u64) {
    for way in ["as it is", "by plan"] {
        let name = "queue";
        let database = fill(server, name, rows).await;
        let reader = database.session().await.expect("a session");
        reader.batch_execute("begin; select from orders limit 1").await.expect("a reader");
        let reading = async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            reader.batch_execute("rollback").await.expect("an end");
        };
        let sql = "ALTER TABLE orders ADD COLUMN paid boolean;";
        let migration = async {
            let change = async {
                match way {
                    "as it is" => raw(&database, sql).await,
                    _ => by_plan(&database, sql).await,
                }
            };
            tokio::join!(change, reading);
        };
        let seen = beside(&database, rows, migration).await;
        println!("{}", seen.row("ADD COLUMN", way));
        drop((database, reader));
        server.sql("postgres", format!("drop database {name} with (force)").as_bytes());
    }
}

/// A backfill beside one UPDATE, and beside the usual script of a thousand rows a time.
async fn throughput(server: &Server, rows: u64) {
    println!("\nA column of {rows} rows filled:\n\n{HEAD}");
    let mut first = 0.0;
    for way in ["one UPDATE", "1,000 rows a time", "Backfill"] {
        let database = fill(server, "fill", rows).await;
        raw(&database, "ALTER TABLE orders ADD COLUMN note text;").await;
        let migration = async {
            match way {
                "one UPDATE" => raw(&database, "UPDATE orders SET note = 'N' || id;").await,
                "Backfill" => backfill(&database).await,
                _ => script(&database, rows).await,
            }
        };
        let seen = beside(&database, rows, migration).await;
        if way == "one UPDATE" {
            first = seen.seconds;
        }
        println!("{}", seen.row(&format!("{:.2} × one UPDATE", seen.seconds / first), way));
        drop(database);
        server.sql("postgres", b"drop database fill with (force)");
    }
}

async fn backfill(database: &Database) {
    let backfill = Backfill::new("orders")
        .set("note", "'N' || id")
        .only_where("note IS NULL")
        .throttle(ReplicaLag::new(Duration::from_secs(5)).expecting(["db2", "db3"]));
    backfill.run(database, &Unwatched, &CancellationToken::new()).await.expect("a report");
}

/// The usual script: a thousand ids after the other.
async fn script(database: &Database, rows: u64) {
    let session = database.session().await.expect("a session");
    for first in (1..=rows).step_by(1000) {
        let last = first + 999;
        let batch =
            format!("UPDATE orders SET note = 'N' || id WHERE id BETWEEN {first} AND {last}");
        session.batch_execute(&batch).await.expect("a batch");
    }
}

async fn fill(server: &Server, name: &str, rows: u64) -> Database {
    let sql = format!(
        "create table customers (id int primary key);
         insert into customers select generate_series(0, 999);
         create table orders (id bigint primary key, customer int not null, code bigint not null,
             total numeric not null, created timestamptz not null);
         alter table orders alter total drop not null;
         insert into orders select n, n % 1000, n, n % 777, timestamptz '2026-01-01' + n * interval '1 s'
             from generate_series(1, {rows}) n;
         vacuum analyze orders; checkpoint"
    );
    server.create(name, "", sql.as_bytes());
    server.connect(name).await
}

async fn raw(database: &Database, sql: &str) {
    let session = database.session().await.expect("a session");
    for statement in sql.split_inclusive(';') {
        session.batch_execute(statement).await.unwrap_or_else(|error| panic!("{error:?}"));
    }
}

async fn by_plan(database: &Database, sql: &str) {
    let cancel = CancellationToken::new();
    let schema = Schema::read(database, &cancel).await.expect("a schema");
    let plan = Linter::with_schema(MAJOR, schema).plan("change.sql", sql);
    let standbys = ["db2", "db3"];
    let apply = Apply::new(plan)
        .expecting(standbys)
        .throttle(ReplicaLag::new(Duration::from_secs(5)).expecting(standbys))
        .hook(Released);
    let report = apply.run(database, &Unwatched, &cancel).await;
    report.unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
}

/// Does the work while clients read and change rows.
async fn beside(database: &Database, rows: u64, work: impl Future<Output = ()>) -> Seen {
    let is_over = std::sync::Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| tokio::spawn(client(database.clone(), rows, std::sync::Arc::clone(&is_over))))
        .collect();
    let watch = tokio::spawn(watch(database.clone(), std::sync::Arc::clone(&is_over)));
    tokio::time::sleep(Duration::from_secs(1)).await;
    let begin = Instant::now();
    work.await;
    let seconds = begin.elapsed().as_secs_f64();
    is_over.store(true, Ordering::Relaxed);
    let mut waits = Vec::new();
    for client in clients {
        waits.extend(client.await.expect("a client"));
    }
    let (lag, blocked) = watch.await.expect("a watcher");
    Seen { seconds, waits, lag, blocked }
}

/// How long each of its transactions took.
async fn client(database: Database, rows: u64, is_over: std::sync::Arc<AtomicBool>) -> Vec<f64> {
    let session = database.session().await.expect("a session");
    let mut waits = Vec::new();
    while !is_over.load(Ordering::Relaxed) {
        let id = rand::random_range(1..=rows);
        let begin = Instant::now();
        let change = format!("UPDATE orders SET total = total + 1 WHERE id = {id}");
        session.batch_execute(&change).await.expect("a change");
        waits.push(begin.elapsed().as_secs_f64());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    waits
}

/// The worst replay lag, as the primary knows it, and the most sessions that waited for a lock.
async fn watch(database: Database, is_over: std::sync::Arc<AtomicBool>) -> (f64, i64) {
    const LOOK: &str = "\
        SELECT coalesce((SELECT max(extract(epoch FROM replay_lag)) FROM pg_stat_replication), 0)::float8, \
               (SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' \
                   AND application_name NOT LIKE 'pgsre m%')";
    let session: Session = database.session().await.expect("a session");
    let (mut lag, mut blocked) = (0.0_f64, 0);
    while !is_over.load(Ordering::Relaxed) {
        let row = session.query_one(LOOK, &[]).await.expect("a look");
        lag = lag.max(row.get(0));
        blocked = blocked.max(row.get(1));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    (lag, blocked)
}
