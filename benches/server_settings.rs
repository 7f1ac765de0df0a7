//! How a throw-away server should be set: `pg_restore -j2` of a custom dump into servers that differ
//! from ours in one thing, each beside ours.
//!
//! ```sh
//! cargo bench --package pgsre-benches --bench server_settings
//! cargo bench --package pgsre-benches --bench server_settings -- shared_buffers
//! ```

use std::path::Path;

use pgsre_benches::{Outcome, Parameters, RivalServer, Rivals, Shop, Summary, chosen_settings};
use pgsre_tests::harness::server::traversable;

/// What is tried: settings, or where it begins with `--` an argument for `initdb`.
const VARIANTS: &[&[&str]] = &[
    &["shared_buffers=16MB"],
    &["shared_buffers=512MB"],
    &["shared_buffers=2GB"],
    &["maintenance_work_mem=8MB"],
    &["maintenance_work_mem=16MB"],
    &["maintenance_work_mem=32MB"],
    &["maintenance_work_mem=64MB"],
    &["maintenance_work_mem=256MB"],
    &["max_parallel_maintenance_workers=2"],
    &["max_parallel_workers_per_gather=0"],
    &["work_mem=64MB"],
    &["wal_buffers=64MB"],
    &["wal_init_zero=off", "wal_recycle=off"],
    &["wal_skip_threshold=0"],
    &["wal_skip_threshold=1GB"],
    &["max_wal_size=1GB"],
    &["--wal-segsize=64"],
    &["--data-checksums"],
    &["bgwriter_lru_maxpages=0"],
    &["backend_flush_after=0", "bgwriter_flush_after=0", "checkpoint_flush_after=0"],
    &["track_counts=off", "track_activities=off"],
    &["autovacuum=on"],
    &["jit=on"],
    &["huge_pages=off"],
    &["wal_level=replica"],
    &["fsync=on"],
    &["full_page_writes=on"],
];

#[tokio::main]
async fn main() {
    let parameters = Parameters::read();
    let directory = tempfile::Builder::new().prefix("pgsre-bench-").tempdir().expect("a directory");
    traversable(directory.path());
    let shop = Shop::dump_into(directory.path(), parameters.megabytes).await;
    println!("{}; {} rounds", shop.describe(), parameters.rounds);
    println!("`pg_restore -j2`; the time of each variant divided by that of our settings\n");
    println!("| ours, but | data | indexes and keys | together | server's CPU | s |");
    println!("|---|---|---|---|---|---|");
    for variant in VARIANTS.iter().map(|changes| Variant { changes }) {
        if parameters.wants(&variant.name()) {
            println!("{}", variant.compare(directory.path(), &shop, parameters.rounds).await);
        }
    }
}

#[derive(Clone, Copy)]
struct Variant {
    changes: &'static [&'static str],
}

impl Variant {
    /// Our own settings.
    const OURS: Self = Self { changes: &[] };

    fn name(self) -> String {
        self.changes.join(", ")
    }

    /// A line of the table.
    async fn compare(self, directory: &Path, shop: &Shop, rounds: usize) -> String {
        let (mut ours, mut theirs) = (Phases::default(), Phases::default());
        for _ in 0..rounds {
            ours.add(Self::OURS.restore(directory, shop).await);
            theirs.add(self.restore(directory, shop).await);
        }
        let ratio = |value: fn(&Phases) -> f64| value(&theirs) / value(&ours);
        format!(
            "| `{}` | {:.2} | {:.2} | {:.2} | {:.2} | {:.1} |",
            self.name(),
            ratio(|phases| Summary::of(&phases.data).seconds),
            ratio(|phases| Summary::of(&phases.post_data).seconds),
            ratio(Phases::seconds),
            ratio(Phases::server_cpu),
            theirs.seconds()
        )
    }

    async fn restore(self, directory: &Path, shop: &Shop) -> [Outcome; 2] {
        let (arguments, settings): (Vec<&str>, Vec<&str>) =
            self.changes.iter().partition(|change| change.starts_with("--"));
        let mut all = chosen_settings();
        // The last one counts.
        all.extend(settings.iter().filter_map(|setting| {
            setting.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()))
        }));
        let arguments = arguments.into_iter().map(str::to_owned).collect();
        let server = RivalServer::start(directory, all, arguments).await;
        let data = Rivals::pg_restore(&server, &shop.custom, &["pre-data", "data"]);
        let post_data = Rivals::pg_restore(&server, &shop.custom, &["post-data"]);
        server.stop().await;
        [data, post_data]
    }
}

/// The two phases of a restore, one outcome a round.
#[derive(Default)]
struct Phases {
    data: Vec<Outcome>,
    post_data: Vec<Outcome>,
}

impl Phases {
    fn add(&mut self, [data, post_data]: [Outcome; 2]) {
        self.data.push(data);
        self.post_data.push(post_data);
    }

    fn seconds(&self) -> f64 {
        Summary::of(&self.data).seconds + Summary::of(&self.post_data).seconds
    }

    fn server_cpu(&self) -> f64 {
        Summary::of(&self.data).server_cpu + Summary::of(&self.post_data).server_cpu
    }
}
