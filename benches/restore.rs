//! Restoring and reading a shop's dumps: what people do today and pgsre in turn.
//!
//! ```sh
//! cargo bench --package pgsre-benches --bench restore               # a database of 2 GB
//! PGSRE_BENCH_MB=200 cargo bench --package pgsre-benches --bench restore -- custom
//! ```

use std::path::Path;

use pgsre_benches::{Outcome, Parameters, Pgsre, Rivals, Shop, Summary};
use pgsre_tests::harness::s3::{BUCKET, S3Server};
use pgsre_tests::harness::server::traversable;

/// The key of the plain dump in the bucket.
const KEY: &str = "shop.sql.gz";

#[tokio::main]
async fn main() {
    let parameters = Parameters::read();
    let directory = tempfile::Builder::new().prefix("pgsre-bench-").tempdir().expect("a directory");
    traversable(directory.path());
    let bench = Bench::prepare(directory.path(), parameters.megabytes).await;
    println!("{}; {} rounds", bench.shop.describe(), parameters.rounds);

    let mut works: Vec<Work> =
        Kind::ALL.into_iter().filter(|kind| parameters.wants(kind.name())).map(Work::new).collect();
    for round in 1..=parameters.rounds {
        for work in &mut works {
            work.rival.push(bench.rival(work.kind).await);
            work.ours.push(bench.ours(work.kind));
            println!("{}", work.latest(round));
        }
    }
    println!("\n{HEAD}");
    works.iter().for_each(|work| println!("{}", work.row()));
}

const HEAD: &str = "\
| work | rival | ratio to reach | ratio | rival, s | pgsre, s | CPU of the rival's clients, s | CPU of pgsre, s | peak memory of pgsre, MiB |
|---|---|---|---|---|---|---|---|---|";

#[derive(Clone, Copy, Debug)]
enum Kind {
    Script,
    DefaultServer,
    TunedServer,
    LargestTable,
    Reading,
}

impl Kind {
    const ALL: [Self; 5] =
        [Self::Script, Self::DefaultServer, Self::TunedServer, Self::LargestTable, Self::Reading];

    fn name(self) -> &'static str {
        match self {
            Self::Script => "plain .sql.gz, download included",
            Self::DefaultServer | Self::TunedServer => "custom format",
            Self::LargestTable => "one big table, data phase",
            Self::Reading => "reading .sql.gz alone",
        }
    }

    fn rival(self) -> &'static str {
        match self {
            Self::Script => "copy, then `gunzip -c \\| psql` into a default server",
            Self::DefaultServer => "`pg_restore -j2` into a default server",
            Self::TunedServer | Self::LargestTable => "`pg_restore -j2` into our tuned server",
            Self::Reading => "`gunzip -c > /dev/null`",
        }
    }

    /// The rival's time divided by ours.
    fn to_reach(self) -> f64 {
        match self {
            Self::Script => 2.0,
            Self::DefaultServer => 1.35,
            Self::TunedServer => 1.05,
            Self::LargestTable => 1.5,
            Self::Reading => 1.0,
        }
    }
}

/// Everything that the works need.
struct Bench {
    shop: Shop,
    store: S3Server,
    rivals: Rivals,
    pgsre: Pgsre,
}

impl Bench {
    async fn prepare(directory: &Path, megabytes: u64) -> Self {
        let store = S3Server::start(&[]).await.expect("an S3 server");
        let pgsre = Pgsre::in_directory(directory, &store);
        let shop = Shop::dump_into(directory, megabytes).await;
        store.put_file(KEY, &shop.plain).expect("an object");
        Self { shop, store, rivals: Rivals::in_directory(directory), pgsre }
    }

    async fn rival(&self, kind: Kind) -> Outcome {
        let (shop, rivals) = (&self.shop, &self.rivals);
        match kind {
            Kind::Script => rivals.script(&self.store, KEY).await,
            Kind::DefaultServer => {
                rivals.restore_into(rivals.default_server().await, &shop.custom).await
            }
            Kind::TunedServer => {
                rivals.restore_into(rivals.tuned_server().await, &shop.custom).await
            }
            Kind::LargestTable => {
                rivals.restore_into(rivals.tuned_server().await, &shop.largest_table).await
            }
            Kind::Reading => rivals.gunzip(&shop.plain),
        }
    }

    fn ours(&self, kind: Kind) -> Result<Outcome, String> {
        match kind {
            Kind::Script => self.pgsre.drill(&format!("s3://{BUCKET}/{KEY}")),
            Kind::DefaultServer | Kind::TunedServer => self.pgsre.drill_file(&self.shop.custom),
            Kind::LargestTable => self.pgsre.drill_file(&self.shop.largest_table),
            Kind::Reading => self.pgsre.check(&self.shop.plain),
        }
    }
}

/// One line of the table.
struct Work {
    kind: Kind,
    rival: Vec<Outcome>,
    ours: Vec<Result<Outcome, String>>,
}

impl Work {
    fn new(kind: Kind) -> Self {
        Self { kind, rival: Vec::new(), ours: Vec::new() }
    }

    /// Why there is nothing to compare: pgsre's words.
    fn failure(&self) -> Option<&str> {
        self.ours.iter().find_map(|round| round.as_ref().err()).map(String::as_str)
    }

    fn latest(&self, round: usize) -> String {
        let said = |outcome: &Outcome| {
            format!(
                "{:.1} s (clients' CPU {:.1} s, server's {:.1} s)",
                outcome.seconds,
                outcome.clients.cpu,
                outcome.server_cpu.unwrap_or_default()
            )
        };
        let ours = self.ours.last().map(|ours| ours.as_ref().map_or_else(String::clone, said));
        format!(
            "round {round}: {}: {}: {}; pgsre: {}",
            self.kind.name(),
            self.kind.rival(),
            self.rival.last().map(said).unwrap_or_default(),
            ours.unwrap_or_default()
        )
    }

    fn row(&self) -> String {
        let (kind, rival) = (self.kind, Summary::of(&self.rival));
        let begin = format!("| {} | {} | {} |", kind.name(), kind.rival(), kind.to_reach());
        if let Some(failure) = self.failure() {
            return format!("{begin} {failure} | {:.1} | | {:.1} | | |", rival.seconds, rival.cpu);
        }
        let ours: Vec<Outcome> = self.ours.iter().filter_map(|round| round.clone().ok()).collect();
        let summary = Summary::of(&ours);
        let ratios = self.rival.iter().zip(&ours).map(|(rival, ours)| rival.seconds / ours.seconds);
        let (lowest, highest) = ratios
            .fold((f64::INFINITY, 0.0_f64), |(lowest, highest), ratio| {
                (lowest.min(ratio), highest.max(ratio))
            });
        format!(
            "{begin} {:.2} ({lowest:.2} to {highest:.2}) | {:.1} | {:.1} | {:.1} | {:.1} | {} |",
            rival.seconds / summary.seconds,
            rival.seconds,
            summary.seconds,
            rival.cpu,
            summary.cpu,
            summary.peak >> 20
        )
    }
}
