//! Restoring a gzipped plain dump: `gunzip -c | psql` and pgsre in turn, into the same kind of server.
//!
//! ```sh
//! cargo bench --bench restore              # 1 GB of SQL
//! PGSRE_BENCH_MB=200 cargo bench --bench restore
//! ```

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use pgsre_core::postgres::{Cluster, ClusterOptions};
use pgsre_core::restore::EphemeralCluster;
use pgsre_tests::harness::cli::release_binary;
use pgsre_tests::harness::server::{Server, programs, traversable};

const ROUNDS: usize = 3;
/// Rows of the largest table that make a megabyte of SQL, together with what comes beside them.
const ROWS: u64 = 3_800;

#[tokio::main]
async fn main() {
    // `cargo test --benches` runs a benchmark once with this flag: a small one will do.
    let trial = !std::env::args().any(|argument| argument == "--bench");
    let megabytes = if trial { 4 } else { megabytes() };
    let rounds = if trial { 1 } else { ROUNDS };

    let directory = tempfile::Builder::new().prefix("pgsre-bench-").tempdir().expect("a directory");
    traversable(directory.path());
    let dump = make_dump(directory.path(), megabytes).await;
    let packed = dump.metadata().expect("the dump").len();
    println!("a dump of {megabytes} MB of SQL, {} MB gzipped", packed >> 20);

    let binary = release_binary();
    let mut rows = Vec::new();
    for round in 0..rounds {
        let rival_default = psql(directory.path(), &dump, Vec::new()).await;
        let rival_tuned = psql(directory.path(), &dump, EphemeralCluster::settings(15, 1)).await;
        let ours = pgsre(&binary, directory.path(), &dump);
        println!(
            "round {}: psql into a default server {:.1} s, into the same kind of server {:.1} s; \
             pgsre {:.1} s, peak {} MB; CPU time of gunzip and psql {:.1} s, of pgsre {:.1} s",
            round + 1,
            rival_default.seconds,
            rival_tuned.seconds,
            ours.seconds,
            ours.peak >> 20,
            rival_tuned.cpu,
            ours.cpu
        );
        rows.push((rival_default, rival_tuned, ours));
    }
    let ours = median(rows.iter().map(|row| row.2.seconds));
    let cpu = median(rows.iter().map(|row| row.1.cpu)) / median(rows.iter().map(|row| row.2.cpu));
    println!();
    println!("| `gunzip -c \\| psql` into | psql, s | pgsre, s | psql / pgsre |");
    println!("|---|---|---|---|");
    for (kind, rival) in [
        ("a default server", median(rows.iter().map(|row| row.0.seconds))),
        ("the same kind of server", median(rows.iter().map(|row| row.1.seconds))),
    ] {
        println!("| {kind} | {rival:.1} | {ours:.1} | {:.2} |", rival / ours);
    }
    let peak = rows.iter().map(|row| row.2.peak).max().unwrap_or_default();
    println!();
    println!("CPU time of gunzip and psql / of pgsre, without the server's: {cpu:.2}.");
    println!("Peak memory of the pgsre process: {} MB.", peak >> 20);
}

fn megabytes() -> u64 {
    match std::env::var("PGSRE_BENCH_MB") {
        Ok(text) => text.parse().expect("PGSRE_BENCH_MB is a number"),
        Err(_) => 1024,
    }
}

/// Four tables, one of which holds half of the rows; text, numbers, times, jsonb; keys and indexes.
async fn make_dump(directory: &Path, megabytes: u64) -> PathBuf {
    let server = Server::start(15).await;
    let rows = megabytes * ROWS;
    let sql = format!(
        "create table customers (id bigint primary key, name text, email text, since timestamptz);
         create table orders (id bigint primary key, customer_id bigint, total numeric(12,2),
                              placed_at timestamptz, note text);
         create table events (id bigint, at timestamptz, kind text, body jsonb);
         create table stock (sku text primary key, quantity integer, updated timestamptz);
         insert into customers select i, 'Customer ' || i, 'c' || i || '@example.com',
           timestamptz '2020-01-01' + i * interval '1 second' from generate_series(1, {rows} / 8) i;
         insert into orders select i, 1 + i % ({rows} / 8), i * 0.37,
           timestamptz '2020-01-01' + i * interval '1 second', repeat(md5(i::text), 4)
           from generate_series(1, {rows}) i;
         insert into events select i, timestamptz '2020-01-01' + i * interval '1 second',
           'kind' || i % 20, jsonb_build_object('order', i, 'by', md5(i::text))
           from generate_series(1, {rows} * 3 / 4) i;
         insert into stock select 'SKU-' || i, i, timestamptz '2020-01-01'
           from generate_series(1, {rows} / 8) i;
         alter table orders add foreign key (customer_id) references customers;
         create index on orders (placed_at);
         create index on events (kind, at);"
    );
    server.create("bench", "", sql.as_bytes());
    let path = directory.join("bench.sql.gz");
    let file = std::fs::File::create(&path).expect("a file");
    let mut gzip =
        Command::new("gzip").arg("-1").stdin(Stdio::piped()).stdout(file).spawn().expect("gzip");
    server.dump_into("bench", &[], gzip.stdin.take().expect("a pipe"));
    assert!(gzip.wait().expect("gzip").success());
    path
}

/// How a restore went: the whole time, and what the clients took.
#[derive(Clone, Copy)]
struct Outcome {
    seconds: f64,
    /// User and system time without the server's, in seconds.
    cpu: f64,
    /// Bytes.
    peak: u64,
}

/// The usual script.
async fn psql(directory: &Path, dump: &Path, settings: Vec<(String, String)>) -> Outcome {
    let programs = programs(15);
    let psql = programs.bindir().join("psql");
    let mut options = ClusterOptions::new(programs, directory.join("rival"));
    options.settings = settings;
    let mut cluster = Cluster::create(options).await.expect("a server");
    let config = cluster.config();
    let host = &config.hosts()[0];
    let url = format!("host='{}' port={} user=postgres dbname=postgres", host.host, host.port);
    let begin = Instant::now();
    let mut gunzip =
        Command::new("gunzip").arg("-c").arg(dump).stdout(Stdio::piped()).spawn().expect("gunzip");
    let mut loading = Command::new(psql)
        .args(["-X", "-q", "-d", &url])
        .stdin(gunzip.stdout.take().expect("a pipe"))
        .stdout(Stdio::null())
        .spawn()
        .expect("psql");
    let watchers = [watch(gunzip.id()), watch(loading.id())];
    assert!(loading.wait().expect("psql").success() && gunzip.wait().expect("gunzip").success());
    let seconds = begin.elapsed().as_secs_f64();
    cluster.stop().await.expect("stopped");
    std::fs::remove_dir_all(directory.join("rival")).ok();
    let used = watchers.map(|watcher| watcher.join().expect("the watcher"));
    let cpu = used.iter().map(|usage| usage.cpu).sum();
    Outcome { seconds, cpu, peak: used.iter().map(|usage| usage.peak).sum() }
}

/// A whole drill; what counts is its restore stage, fetching and strict reading included.
fn pgsre(binary: &Path, directory: &Path, dump: &Path) -> Outcome {
    let mut child = Command::new(binary)
        .args(["drill", &dump.to_string_lossy(), "--format", "json", "--quiet"])
        .env("PGSRE_STATE_DIR", directory.join("state"))
        .env("PGSRE_PG_BINDIR", programs(15).bindir())
        .stdout(Stdio::piped())
        .spawn()
        .expect("pgsre");
    let watcher = watch(child.id());
    let stdout = child.stdout.take().expect("a pipe");
    let report: serde_json::Value = serde_json::from_reader(stdout).expect("a report");
    assert!(child.wait().expect("pgsre").success(), "{report:#}");
    let stages = report["stages"].as_array().expect("stages");
    let restore = stages.iter().find(|stage| stage["name"] == "restore").expect("a restore");
    let seconds = restore["seconds"].as_f64().expect("seconds");
    let used = watcher.join().expect("the watcher");
    Outcome { seconds, cpu: used.cpu, peak: used.peak }
}

#[derive(Clone, Copy, Default)]
struct Usage {
    cpu: f64,
    peak: u64,
}

/// Looks at a process while it lives.
fn watch(process: u32) -> std::thread::JoinHandle<Usage> {
    std::thread::spawn(move || {
        let mut usage = Usage::default();
        while let Some(peak) = peak_memory(process) {
            usage.peak = peak;
            usage.cpu = cpu_time(process).unwrap_or(usage.cpu);
            std::thread::sleep(Duration::from_millis(50));
        }
        usage
    })
}

/// `VmHWM` of a process in bytes, while it lives.
fn peak_memory(process: u32) -> Option<u64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kilobytes: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kilobytes << 10)
}

/// User and system time of a process in seconds: `utime` and `stime` of proc(5), in ticks of which
/// Linux has a hundred a second.
fn cpu_time(process: u32) -> Option<f64> {
    let text = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    let (_, behind_name) = text.rsplit_once(") ")?;
    let times = behind_name.split(' ').skip(11).take(2);
    let ticks: u64 = times.map(|time| time.parse::<u64>().unwrap_or_default()).sum();
    Some(ticks as f64 / 100.0)
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
