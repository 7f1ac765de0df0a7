//! What a manifest costs: `pg_dump --format=custom` into a file and `pgsre backup` in turn.
//!
//! ```sh
//! cargo bench --package pgsre-benches --bench backup               # a database of 2 GB
//! PGSRE_BENCH_MB=200 cargo bench --package pgsre-benches --bench backup -- content
//! ```

use std::path::{Path, PathBuf};
use std::time::Instant;

use pgsre_benches::{Outcome, Parameters, Pgsre, Shop, Summary, Watch};
use pgsre_tests::harness::s3::S3Server;
use pgsre_tests::harness::server::{Server, programs, traversable};

/// The whole time of ours divided by the rival's: what it may cost at most.
const TO_REACH: f64 = 1.15;

#[tokio::main]
async fn main() {
    let parameters = Parameters::read();
    let directory = tempfile::Builder::new().prefix("pgsre-bench-").tempdir().expect("a directory");
    traversable(directory.path());
    // Nothing is written there; it is what the benchmarks' pgsre is made with.
    let store = S3Server::start(&[]).await.expect("an S3 server");
    let pgsre = Pgsre::in_directory(directory.path(), &store);
    let server = Shop::serve(parameters.megabytes).await;
    println!("a database of about {} MiB; {} rounds", parameters.megabytes, parameters.rounds);

    let place = directory.path().join("backups");
    let mut works: Vec<Work> =
        Work::all().into_iter().filter(|work| parameters.wants(work.name)).collect();
    for round in 1..=parameters.rounds {
        for work in &mut works {
            work.rival.push(pg_dump(&server, &directory.path().join("rival.dump")));
            work.ours.push(pgsre.backup(&server.uri("shop"), &place, work.arguments));
            println!("{}", work.latest(round));
            std::fs::remove_dir_all(&place).expect("removed");
        }
    }
    println!("\n{HEAD}");
    works.iter().for_each(|work| println!("{}", work.row()));
}

const HEAD: &str = "\
| pgsre backup | ratio to reach | pgsre / pg_dump | pg_dump, s | pgsre, s | CPU of pgsre and its pg_dump, s | peak memory of pgsre, MiB |
|---|---|---|---|---|---|---|";

/// What a user does today.
fn pg_dump(server: &Server, into: &PathBuf) -> Outcome {
    let mut command = std::process::Command::new(programs(15).bindir().join("pg_dump"));
    let file = std::fs::File::create(into).expect("a file");
    command.args(["--format=custom", "--dbname", &server.url("shop")]).stdout(file);
    let begin = Instant::now();
    let (status, clients) = Watch::new(command.spawn().expect("pg_dump")).wait();
    assert!(status.success());
    let seconds = begin.elapsed().as_secs_f64();
    remove(into);
    Outcome { seconds, clients, server_cpu: None }
}

fn remove(file: &Path) {
    std::fs::remove_file(file).expect("removed");
}

/// One line of the table.
struct Work {
    name: &'static str,
    arguments: &'static [&'static str],
    rival: Vec<Outcome>,
    ours: Vec<Result<Outcome, String>>,
}

impl Work {
    fn all() -> [Self; 4] {
        let work = |name, arguments| Self { name, arguments, rival: Vec::new(), ours: Vec::new() };
        [
            work("without a fingerprint", &["--level", "none"]),
            work("rows counted", &["--level", "counts"]),
            work("content hashed", &["--level", "content"]),
            work("content hashed, read back", &["--level", "content", "--verify"]),
        ]
    }

    fn latest(&self, round: usize) -> String {
        let seconds = |outcome: Option<&Outcome>| outcome.map_or(0.0, |outcome| outcome.seconds);
        let ours = match self.ours.last() {
            Some(Err(why)) => why.clone(),
            Some(Ok(outcome)) => format!("{:.1} s", outcome.seconds),
            None => String::new(),
        };
        let rival = seconds(self.rival.last());
        format!("round {round}: {}: pg_dump {rival:.1} s; pgsre {ours}", self.name)
    }

    fn row(&self) -> String {
        let rival = Summary::of(&self.rival);
        if let Some(why) = self.ours.iter().find_map(|round| round.as_ref().err()) {
            return format!("| {} | {TO_REACH} | {why} | {:.1} | | | |", self.name, rival.seconds);
        }
        let ours: Vec<Outcome> = self.ours.iter().filter_map(|round| round.clone().ok()).collect();
        let summary = Summary::of(&ours);
        let own = ours.iter().map(|outcome| outcome.clients.cpu + outcome.clients.children_cpu);
        let cpu = pgsre_benches::median(own);
        format!(
            "| {} | {TO_REACH} | {:.2} | {:.1} | {:.1} | {cpu:.1} | {} |",
            self.name,
            summary.seconds / rival.seconds,
            rival.seconds,
            summary.seconds,
            summary.peak >> 20
        )
    }
}
