//! Ten services with twenty connections each: straight to the server, and through the pool that
//! `pgsre pool size` proposes. In turn.
//!
//! ```sh
//! cargo bench --package pgsre-benches --bench pool
//! ```

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use pgsre_benches::{Parameters, median};
use pgsre_core::pooler::{Demand, SizeRequest, size};
use pgsre_core::postgres::Session;
use pgsre_tests::harness::pooler::{PASSWORD, Pooler};
use pgsre_tests::harness::server::Server;

/// The major version that everything is measured with.
const MAJOR: u32 = 15;

/// Ten services with twenty connections each.
const CLIENTS: u64 = 200;

const HEAD: &str = "\
| 200 clients | backends at most | transactions a second | mean latency, ms |
|---|---|---|---|";

/// How one run of pgbench went.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    backends: f64,
    rate: f64,
    latency_ms: f64,
}

#[tokio::main]
async fn main() {
    let parameters = Parameters::read();
    let is_trial = parameters.megabytes < 100;
    let (seconds, scale, rounds) =
        if is_trial { (1, "1", 1) } else { (20, "20", parameters.rounds) };
    let server = Server::start_with(MAJOR, &[("max_connections", "250")]).await;
    let pool = proposed();
    let settings = format!("default_pool_size = {pool}\nmax_client_conn = 1000");
    let pooler = Pooler::before(&server, "", &settings);
    let session = server.connect("postgres").await.session().await.expect("a session");
    let direct = server.url("postgres");
    let fill = pgbench(&server, &direct, &["--initialize", "--quiet", "--scale", scale]);
    assert!(fill.wait_with_output().expect("pgbench").status.success());

    let pooled = pooler.url("web", PASSWORD, "shop");
    let ways = [("straight to the server", &direct), ("through the pool", &pooled)];
    for (name, script) in [("tpcb-like", "tpcb-like"), ("select-only", "select-only")] {
        let mut runs: [Vec<Run>; 2] = Default::default();
        for _ in 0..rounds {
            for ((_, url), runs) in ways.iter().zip(&mut runs) {
                runs.push(run(&server, url, script, seconds, &session).await);
            }
        }
        println!("\n{name}, scale {scale}, a pool of {pool}:\n\n{HEAD}");
        for ((way, _), runs) in ways.iter().zip(&runs) {
            let of = |figure: fn(&Run) -> f64| median(runs.iter().map(figure));
            println!(
                "| {way} | {:.0} | {:.0} | {:.1} |",
                of(|run| run.backends),
                of(|run| run.rate),
                of(|run| run.latency_ms)
            );
        }
    }
}

/// What `pgsre pool size --services 10 --connections 20 --cores N` says for this machine.
fn proposed() -> u64 {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let demand =
        Demand { database: "shop".to_owned(), concurrency: None, transaction_seconds: None };
    let sizing = size(&SizeRequest {
        demands: vec![demand],
        peak: 1.0,
        target_wait: Duration::from_millis(10),
        clients: Some(CLIENTS),
        cores: Some(cores),
        spindles: 1,
        usable_slots: None,
    });
    sizing.total
}

async fn run(server: &Server, url: &str, script: &str, seconds: u32, session: &Session) -> Run {
    let (clients, time) = (CLIENTS.to_string(), seconds.to_string());
    let script = format!("--builtin={script}");
    let arguments = ["--no-vacuum", "--client", &clients, "--jobs=1", "--time", &time, &script];
    let mut bench = pgbench(server, url, &arguments);
    let mut most = 0;
    while bench.try_wait().expect("a status").is_none() {
        let count = "SELECT count(*) FROM pg_stat_activity \
                      WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()";
        let rows = session.query_typed(count, &[]).await.expect("a row");
        most = rows[0].get::<_, i64>(0).max(most);
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    let output = bench.wait_with_output().expect("pgbench");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Run {
        backends: most as f64,
        rate: figure(&said, "tps = "),
        latency_ms: figure(&said, "latency average = "),
    }
}

/// The number after these words.
fn figure(said: &str, words: &str) -> f64 {
    let rest = said.split_once(words).unwrap_or_else(|| panic!("no {words:?} in {said}")).1;
    let number = rest.split_whitespace().next().unwrap_or_default();
    number.parse().unwrap_or_else(|_| panic!("{number:?} is no number"))
}

fn pgbench(server: &Server, url: &str, arguments: &[&str]) -> Child {
    let mut command = Command::new(server.program("pgbench"));
    command.args(arguments).arg(url).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("pgbench")
}
