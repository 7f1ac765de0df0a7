//! What one reading of a server costs it, beside postgres_exporter: in turn, on one server with 4,800
//! statements of 10 kB each, 200 tables and 100 connections.
//!
//! ```sh
//! cargo bench --package pgsre-benches --bench monitor              # some minutes
//! cargo bench --package pgsre-benches --bench monitor -- readings
//! cargo bench --package pgsre-benches --bench monitor -- servers   # 1,000 of them in one process
//! cargo bench --package pgsre-benches --bench monitor -- samples   # bytes of history a day
//! ```

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use pgsre_benches::{Parameters, fill_statements, median, resident_memory};
use pgsre_core::history::samples::{SampleRetention, SampleStore, SqliteSamples};
use pgsre_core::monitor::{Reading, ServerMonitor, default_probes};
use pgsre_core::postgres::{ConnectConfig, Session};
use pgsre_core::queries::QueryLoad;
use pgsre_tests::harness::cli::release_binary;
use pgsre_tests::harness::server::Server;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const MAJOR: u32 = 15;

/// Readings of each in a round.
const TIMES: usize = 30;

/// The extension keeps 5,000 by default; the last few are those of the watchers.
const STATEMENTS: usize = 4_800;

const TABLES: usize = 200;

const CONNECTIONS: usize = 100;

/// Sizes are looked at once a minute: in one of six readings at the usual pace.
const SIZES_EVERY: usize = 6;

#[tokio::main]
async fn main() {
    let parameters = Parameters::read();
    if parameters.wants("readings") {
        readings(&parameters).await;
    }
    if parameters.wants("servers") {
        many_servers(&parameters).await;
    }
    if parameters.wants("samples") {
        samples(&parameters).await;
    }
}

/// Who looks at the server.
enum Looker {
    Pgsre(Box<ServerMonitor>),
    Exporter {
        child: Child,
        port: u16,
    },
    /// What any reading of statements must do at least.
    Floor(Session),
}

/// One of them, with a role and a database of its own: so that what it costs can be told apart.
struct Collector {
    what: &'static str,
    role: &'static str,
    looker: Looker,
    seconds: Vec<f64>,
    cpu: Vec<f64>,
    connections: i64,
}

const HEAD: &str = "\
| one reading | server's CPU, ms | time, ms | temporary bytes | connections | resident, MiB |
|---|---|---|---|---|---|";

async fn readings(parameters: &Parameters) {
    let trial = parameters.megabytes < 100;
    let (statements, times) = if trial { (50, 2) } else { (STATEMENTS, TIMES) };
    let server = busy_server(statements).await;
    let admin = server.connect("postgres").await.session().await.expect("a session");
    let mut collectors = collectors(&server).await;
    for collector in &mut collectors {
        collector.look(0).await;
        collector.look(0).await;
    }
    let before = temporary(&admin).await;
    for turn in 0..parameters.rounds * times {
        for collector in &mut collectors {
            let cpu = collector.cpu(&admin).await;
            let begin = Instant::now();
            collector.look(turn).await;
            collector.seconds.push(begin.elapsed().as_secs_f64());
            collector.cpu.push(collector.cpu(&admin).await - cpu);
            collector.count_connections(&admin).await;
        }
    }
    // Sessions tell what they did when they are idle for a while.
    tokio::time::sleep(Duration::from_secs(12)).await;
    let after = temporary(&admin).await;
    let looks = (parameters.rounds * times) as f64;
    println!("{HEAD}");
    for collector in &mut collectors {
        let of = |all: &[(String, f64)]| {
            all.iter().find(|(name, _)| name == collector.role).map_or(0.0, |(_, bytes)| *bytes)
        };
        let spilled = (of(&after) - of(&before)) / looks;
        let resident = match &collector.looker {
            Looker::Pgsre(_) => Some(watching_memory(&server, collector.role)),
            Looker::Exporter { child, .. } => resident_memory(child.id()),
            Looker::Floor(_) => None,
        };
        let resident = resident.map_or_else(String::new, |bytes| format!("{:.0}", mib(bytes)));
        println!(
            "| {} | {:.1} | {:.1} | {spilled:.0} | {} | {resident} |",
            collector.what,
            // The mean: what is done once a minute only is a part of it.
            mean(&collector.cpu) * 1000.0,
            median(collector.seconds.iter().copied()) * 1000.0,
            collector.connections,
        );
    }
    let cpu = |role: &str| {
        let found = collectors.iter().find(|collector| collector.role == role);
        mean(&found.expect("a collector").cpu)
    };
    println!();
    println!("without statements: {:.2} of postgres_exporter", cpu("plain") / cpu("exporter"));
    println!(
        "with statements: {:.3} of postgres_exporter with its statements, {:.2} of the floor",
        cpu("counting") / cpu("exporter_counting"),
        cpu("counting") / cpu("floor"),
    );
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn mib(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1 << 20)
}

/// A server with all that makes a reading dear, and a database for each collector.
async fn busy_server(statements: usize) -> Server {
    let settings = [("shared_preload_libraries", "pg_stat_statements"), ("max_connections", "200")];
    let server = Server::start_with(MAJOR, &settings).await;
    let session = server.connect("postgres").await.session().await.expect("a session");
    let tables: String = (0..TABLES)
        .map(|at| format!("create table t{at} (id int primary key, name text);"))
        .collect();
    session.batch_execute(&tables).await.expect("tables");
    session.batch_execute("create extension pg_stat_statements").await.expect("the extension");
    for role in ["plain", "counting", "exporter", "exporter_counting", "floor"] {
        let sql = format!("create role {role} login; grant pg_monitor to {role}");
        session.batch_execute(&sql).await.expect("a role");
    }
    drop(session);
    for database in ["plain", "counting", "exporter", "exporter_counting", "floor"] {
        server.create_from(database, "template postgres", "/dev/null");
    }
    server.sql("plain", b"drop extension pg_stat_statements");
    let session = server.connect("postgres").await.session().await.expect("a session");
    fill_statements(&session, statements).await;
    let database = server.connect("postgres").await;
    let mut idle = Vec::new();
    for _ in 0..CONNECTIONS {
        idle.push(database.session().await.expect("a session"));
    }
    // They are there for as long as the benchmark is.
    std::mem::forget(idle);
    server
}

async fn collectors(server: &Server) -> Vec<Collector> {
    let pgsre = |role: &str, counts: bool| {
        let monitor = ServerMonitor::new("bench", login(server, role));
        let monitor = if counts { monitor.and(Box::new(QueryLoad::default())) } else { monitor };
        Looker::Pgsre(Box::new(monitor))
    };
    let floor = pgsre_core::Database::connect(login(server, "floor")).await.expect("the server");
    let floor = floor.session().await.expect("a session");
    let collector = |what, role, looker| Collector {
        what,
        role,
        looker,
        seconds: Vec::new(),
        cpu: Vec::new(),
        connections: 0,
    };
    vec![
        collector("pgsre, without statements", "plain", pgsre("plain", false)),
        collector("postgres_exporter, as it comes", "exporter", exporter(server, "exporter", None)),
        collector("`SELECT * FROM pg_stat_statements(false)`", "floor", Looker::Floor(floor)),
        collector("pgsre, with statements", "counting", pgsre("counting", true)),
        collector(
            "postgres_exporter, with statements",
            "exporter_counting",
            exporter(server, "exporter_counting", Some(STATEMENTS_QUERY)),
        ),
    ]
}

/// A collector's own role in the database of its name.
fn login(server: &Server, role: &str) -> ConnectConfig {
    let host = server.config("postgres").hosts()[0].clone();
    ConnectConfig::socket(Path::new(&host.host), host.port, role, role)
}

/// What its users give it to see statements: the view has their texts in it.
const STATEMENTS_QUERY: &str = "\
pg_stat_statements:
  query: \"SELECT queryid, datname, calls, total_exec_time, rows, shared_blks_hit, shared_blks_read \
FROM pg_stat_statements JOIN pg_database ON dbid = pg_database.oid ORDER BY total_exec_time DESC LIMIT 100\"
  metrics:
    - queryid: {usage: LABEL, description: id}
    - datname: {usage: LABEL, description: database}
    - calls: {usage: COUNTER, description: calls}
    - total_exec_time: {usage: COUNTER, description: time}
    - rows: {usage: COUNTER, description: rows}
    - shared_blks_hit: {usage: COUNTER, description: hits}
    - shared_blks_read: {usage: COUNTER, description: reads}
";

fn exporter(server: &Server, role: &str, queries: Option<&str>) -> Looker {
    let host = server.config("postgres").hosts()[0].clone();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    let mut command = Command::new("prometheus-postgres-exporter");
    command
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .arg("--log.level=error")
        .env(
            "DATA_SOURCE_NAME",
            format!(
                "host={} port={} user={role} dbname={role} sslmode=disable",
                host.host, host.port
            ),
        )
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if let Some(queries) = queries {
        let file = std::env::temp_dir().join(format!("pgsre-bench-queries-{port}.yaml"));
        std::fs::write(&file, queries).expect("a file");
        command.arg(format!("--extend.query-path={}", file.display()));
    }
    let child = command.spawn();
    let child = child.expect("prometheus-postgres-exporter: tests/run.sh --parts installs it");
    Looker::Exporter { child, port }
}

impl Drop for Looker {
    fn drop(&mut self) {
        if let Self::Exporter { child, .. } = self {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

impl Collector {
    async fn look(&mut self, turn: usize) {
        match &mut self.looker {
            Looker::Pgsre(monitor) => {
                let reading = monitor.read().await;
                assert_eq!(reading.missing, [], "{}", self.what);
                // Forgets when it last looked at sizes; rates begin anew, too.
                if turn % SIZES_EVERY == SIZES_EVERY - 1 {
                    renew(monitor, self.role);
                }
            }
            Looker::Exporter { port, .. } => {
                let page = scrape(*port).await;
                assert!(page.contains("pg_up 1"), "{page}");
                let counts = page.contains("pg_stat_statements_calls");
                assert_eq!(counts, self.role == "exporter_counting", "{page}");
            }
            Looker::Floor(session) => {
                let sql = "SELECT * FROM pg_stat_statements(false)";
                assert!(!session.query_typed(sql, &[]).await.expect("rows").is_empty());
            }
        }
    }

    /// The most that it held at a time.
    async fn count_connections(&mut self, admin: &Session) {
        let held = "SELECT count(*) FROM pg_stat_activity WHERE usename = $1";
        let held = admin.query_one(held, &[&self.role]).await.expect("a row").get(0);
        self.connections = self.connections.max(held);
    }

    /// Time on a processor of the backends that serve it, in seconds.
    async fn cpu(&self, admin: &Session) -> f64 {
        let sql = "SELECT pid FROM pg_stat_activity WHERE usename = $1";
        let rows = admin.query(sql, &[&self.role]).await.expect("rows");
        let spent = rows.iter().filter_map(|row| {
            let text = std::fs::read_to_string(format!("/proc/{}/schedstat", row.get::<_, i32>(0)));
            text.ok()?.split(' ').next()?.parse::<f64>().ok()
        });
        spent.sum::<f64>() / 1e9
    }
}

/// The same connection with probes that have seen nothing.
fn renew(monitor: &mut Box<ServerMonitor>, role: &str) {
    let nobody = ConnectConfig::socket(Path::new("/nonexistent"), 5432, role, role);
    let old = std::mem::replace(monitor.as_mut(), ServerMonitor::new("bench", nobody));
    let old = old.with_probes(default_probes());
    *monitor.as_mut() =
        if role == "counting" { old.and(Box::new(QueryLoad::default())) } else { old };
}

async fn scrape(port: u16) -> String {
    for _ in 0..100 {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", port)).await else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").await.expect("a request");
        let mut page = String::new();
        stream.read_to_string(&mut page).await.expect("a page");
        return page;
    }
    panic!("postgres_exporter does not listen");
}

/// Bytes of temporary files of each database so far.
async fn temporary(admin: &Session) -> Vec<(String, f64)> {
    let sql =
        "SELECT datname::text, temp_bytes::float8 FROM pg_stat_database WHERE datname IS NOT NULL";
    let rows = admin.query_typed(sql, &[]).await.expect("rows");
    rows.iter().map(|row| (row.get(0), row.get(1))).collect()
}

/// What `pgsre watch` has resident when it has watched this server for some seconds.
fn watching_memory(server: &Server, role: &str) -> u64 {
    let host = server.config("postgres").hosts()[0].clone();
    let url = format!(
        "[[server]]\nname = 'bench'\nurl = 'postgres://{role}@{}:{}/{role}'\n",
        host.host.replace('/', "%2F"),
        host.port
    );
    watch(&url, "1s", Duration::from_secs(8)).0
}

/// Runs `pgsre watch` for a while: its memory, and the time on a processor that it took meanwhile.
fn watch(config: &str, interval: &str, time: Duration) -> (u64, f64) {
    let home = tempfile::tempdir().expect("a directory");
    std::fs::write(home.path().join("pgsre.toml"), config).expect("a configuration");
    let mut child = Command::new(release_binary())
        .args(["watch", "--interval", interval, "--listen", "none"])
        .current_dir(home.path())
        .env("HOME", home.path())
        .env("PGSRE_STATE_DIR", home.path().join("state"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("pgsre");
    std::thread::sleep(time / 2);
    let before = spent(child.id());
    std::thread::sleep(time / 2);
    let taken = spent(child.id()) - before;
    let resident = resident_memory(child.id()).expect("it still runs");
    drop(child.kill());
    drop(child.wait());
    (resident, taken)
}

/// Time on a processor of all threads of a process, in seconds.
fn spent(process: u32) -> f64 {
    let threads = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten();
    let spent = threads.filter_map(|thread| {
        let text = std::fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    });
    spent.sum::<f64>() / 1e9
}

/// Many servers in one process: they are many connections to one.
async fn many_servers(parameters: &Parameters) {
    let (servers, seconds) = if parameters.megabytes < 100 { (5, 4) } else { (1_000, 80) };
    let server = Server::start_with(MAJOR, &[("max_connections", "1100")]).await;
    let uri = server.uri("postgres");
    let config: String =
        (0..servers).map(|at| format!("[[server]]\nname = 's{at}'\nurl = '{uri}'\n")).collect();
    let (one, _) =
        watch(&format!("[[server]]\nname = 's'\nurl = '{uri}'\n"), "10s", Duration::from_secs(4));
    let (all, taken) = watch(&config, "10s", Duration::from_secs(seconds));
    let readings = servers as f64 * seconds as f64 / 2.0 / 10.0;
    println!("\n{servers} servers in one process, read every 10 s, with their history in SQLite");
    println!(
        "| resident, MiB | each server, kB | of a processor | each reading, ms of CPU |\n|---|---|---|---|"
    );
    println!(
        "| {:.0} | {:.0} | {:.0} % | {:.2} |",
        mib(all),
        all.saturating_sub(one) as f64 / 1000.0 / servers as f64,
        taken / (seconds as f64 / 2.0) * 100.0,
        taken / readings * 1000.0,
    );
}

/// How much the history of one server takes on disk.
async fn samples(parameters: &Parameters) {
    let days = if parameters.megabytes < 100 { 1 } else { 4 };
    let server = Server::start(MAJOR).await;
    let mut monitor = ServerMonitor::new("bench", server.config("postgres"));
    monitor.read().await;
    let reading = monitor.read().await;
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("samples.sqlite");
    let store = SqliteSamples::open(&file, SampleRetention::default()).await.expect("a store");
    println!("\n{} samples a reading, one every 10 s", reading.samples.len());
    println!("| after | history of one server, MB |\n|---|---|");
    for second in (0..days * 86_400).step_by(10) {
        store.record(&later(&reading, second)).await.expect("kept");
        if (second + 10) % 86_400 == 0 {
            let bytes = std::fs::metadata(&file).expect("the file").len();
            println!("| {} d | {:.1} |", (second + 10) / 86_400, bytes as f64 / 1e6);
        }
    }
}

/// The reading as it would be so many seconds later: figures that move are what a store has to keep.
fn later(reading: &Reading, seconds: i64) -> Reading {
    let mut reading = reading.clone();
    reading.at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(1_800_000_000 + seconds);
    for sample in &mut reading.samples {
        sample.value =
            sample.value.map(|value| value + (seconds as f64 * 0.7).sin() * value / 10.0);
    }
    reading
}
