//! The property that counts: an archive of any format, harmed at random, never passes unless what was
//! restored equals the original.
//!
//! Where neither the format nor its compression carries a checksum, other bytes of the same meaning
//! cannot be seen: there the property is demanded with the `.sha256` beside the backup, and what
//! passes without it is counted and printed. The same holds of a large object in a file of its own
//! that is cut: nothing in an archive says how long it is.
//!
//! Each case has a seed of its own, which its counterexample names: `PGSRE_SEED=… PGSRE_CASES=1` runs
//! it again. `PGSRE_CASES` is how many are tried; `PGSRE_ONLY` leaves out the backups whose names it
//! is no part of. A counterexample's backup is kept.

use std::io::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use pgsre_core::archive::ArchiveError;
use pgsre_core::drill::Verdict;
use pgsre_tests::harness::archive::{Objects, Way, checksums, dump, lay, lay_at, read};
use pgsre_tests::harness::contents::{Contents, Keep};
use pgsre_tests::harness::drill::{codes, drill, run_with_jobs, scratch};
use pgsre_tests::harness::guard::Guard;
use pgsre_tests::harness::harm::{HARMS, Harm};
use pgsre_tests::harness::server::Server;
use pgsre_tests::harness::tally::Tally;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

const WAYS: &[Way] = &[
    Way::new(15, "p", "0"),
    Way::new(15, "p", "6"),
    Way::new(17, "p", "lz4"),
    Way::new(17, "p", "zstd"),
    Way::new(15, "c", ""),
    Way::new(15, "c", "0"),
    Way::new(15, "c", "").with(&["--inserts", "--rows-per-insert=50"]),
    Way::new(16, "c", "gzip:6"),
    Way::new(17, "c", "none"),
    Way::new(17, "c", "lz4"),
    Way::new(17, "c", "zstd"),
    Way::new(18, "c", "gzip"),
    Way::new(15, "d", ""),
    Way::new(15, "d", "0"),
    Way::new(16, "d", "gzip:6"),
    Way::new(17, "d", "lz4"),
    Way::new(17, "d", "zstd"),
    Way::new(18, "d", "none"),
    Way::new(15, "t", ""),
    Way::new(18, "t", ""),
];

/// Of a database with one table that is large enough for its data to be read apart.
const LARGE_WAYS: &[Way] = &[
    Way::new(15, "c", ""),
    Way::new(15, "c", "0"),
    Way::new(17, "c", "lz4"),
    Way::new(15, "d", ""),
    Way::new(17, "d", "zstd"),
];

/// How long reading a small archive may take before it counts as a loop.
const WATCHDOG: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn no_archive_harmed_at_random_passes_with_other_contents() {
    let scene = Scene::new().await;
    scene.assert_sound().await;
    let mut outcomes = Outcomes::default();
    let first = from_environment("PGSRE_SEED").unwrap_or(20_261_122);
    let cases = from_environment("PGSRE_CASES").unwrap_or(400);
    for seed in first..first + cases {
        scene.try_case(seed, &mut outcomes).await;
    }
    println!("{}", outcomes.tally);
    let counterexamples = outcomes.counterexamples;
    assert!(counterexamples.is_empty(), "{}", counterexamples.join("\n\n"));
}

fn from_environment(name: &str) -> Option<u64> {
    let value = std::env::var(name).ok()?;
    Some(value.parse().unwrap_or_else(|_| panic!("{name}={value} is no number")))
}

/// A sound database and its dumps.
struct Scene {
    server: Server,
    subjects: Vec<Subject>,
}

/// A sound backup.
struct Subject {
    what: String,
    /// What the database held that was dumped.
    source: Arc<Contents>,
    objects: Objects,
    guard: Guard,
}

impl Subject {
    fn is_wanted(&self) -> bool {
        std::env::var("PGSRE_ONLY").ok().is_none_or(|part| self.what.contains(&part))
    }
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start(15).await;
        server.create_from("shop", "", "shop.sql");
        server.sql("shop", LARGE_OBJECTS);
        server.create("large", "", LARGE);
        let [shop, large] =
            ["shop", "large"].map(|database| Arc::new(Contents::of(15, &server.config(database))));
        let mut subjects = packed(&server, &shop);
        subjects.extend(WAYS.iter().map(|way| subject(&server, "shop", &shop, *way)));
        subjects.extend(LARGE_WAYS.iter().map(|way| subject(&server, "large", &large, *way)));
        Self { server, subjects }
    }

    /// The twin of every case: each backup unharmed reads to its end.
    async fn assert_sound(&self) {
        for subject in self.subjects.iter().filter(|subject| subject.is_wanted()) {
            let Subject { what, objects, .. } = subject;
            let mut checked = objects.clone();
            checked.extend(checksums(objects));
            for (objects, data_apart) in [(objects, false), (objects, true), (&checked, true)] {
                let root = lay(objects);
                let read = read(root.path(), data_apart).await;
                assert!(read.is_ok(), "{what}, data apart: {data_apart}: {read:?}");
            }
        }
    }

    async fn try_case(&self, seed: u64, outcomes: &mut Outcomes) {
        let mut random = StdRng::seed_from_u64(seed);
        let subject = &self.subjects[random.random_range(0..self.subjects.len())];
        if !subject.is_wanted() {
            return;
        }
        let suiting: Vec<&Harm> =
            HARMS.iter().filter(|harm| harm.suits(&subject.objects)).collect();
        let harm = suiting[random.random_range(0..suiting.len())];
        let mut harmed = subject.objects.clone();
        harm.apply(&mut harmed, &mut random);
        let case = Case { seed, subject, harm, harmed };
        let outcome = self.judge(&case).await;
        outcomes.add(&case, &outcome);
        if case.is_other() {
            self.judge_with_checksums(&case, outcomes).await;
        }
    }

    /// What comes of a harmed backup that has no checksum beside it. What does not read to its end
    /// cannot pass; only the rest is restored.
    async fn judge(&self, case: &Case<'_>) -> Outcome {
        let root = lay(&case.harmed);
        let in_line = read_within(root.path(), false).await;
        let apart = read_within(root.path(), true).await;
        let jobs = match (&in_line, &apart) {
            (Err(code), Err(_)) => return Outcome::Found(code.clone()),
            (Ok(()), Err(_)) => 1,
            (Err(_), Ok(())) => 4,
            (Ok(()), Ok(())) => [1, 4][usize::from(case.seed.is_multiple_of(2))],
        };
        self.restore(root.path(), &case.subject.source, jobs).await
    }

    async fn restore(&self, root: &Path, source: &Contents, jobs: usize) -> Outcome {
        let keep = Keep::with(15);
        let drill = drill(root, scratch(&self.server)).add_validator(Box::new(keep.clone()));
        let report = run_with_jobs(&drill, jobs).await;
        if report.verdict != Verdict::Passed {
            let code = codes(&report).first().map_or("no code".to_owned(), ToString::to_string);
            return Outcome::Found(code);
        }
        let restored = keep.kept().expect("a restored database");
        match source.difference(&restored) {
            same if same.is_empty() => Outcome::Equal,
            other => Outcome::Other(other),
        }
    }

    /// With the original's checksum beside it, a backup of other bytes must not even read.
    async fn judge_with_checksums(&self, case: &Case<'_>, outcomes: &mut Outcomes) {
        let root = lay(&case.harmed);
        lay_at(root.path(), &checksums(&case.subject.objects));
        for data_apart in [false, true] {
            if read_within(root.path(), data_apart).await.is_ok() {
                outcomes
                    .counterexample(case, "reads to its end although its checksum is another's");
            }
        }
    }
}

const LARGE_OBJECTS: &[u8] = b"
    select lo_from_bytea(430000 + i, convert_to(repeat('scan ' || i, 700 * i), 'UTF8'))
      from generate_series(0, 4) i;
    create table scans (id integer primary key, scan oid not null);
    insert into scans select i, 430000 + i from generate_series(0, 4) i;";

/// More than 1 MiB in one table, however it is compressed, and a smaller one behind it.
const LARGE: &[u8] = b"
    create table bulk (id integer primary key, noise text not null);
    insert into bulk select i, md5(i::text) || md5((-i)::text) from generate_series(1, 32000) i;
    create table small (id integer references bulk, name text);
    insert into small select i, 'name ' || i from generate_series(1, 500) i;
    create index on bulk (noise);";

fn subject(server: &Server, database: &str, source: &Arc<Contents>, way: Way) -> Subject {
    let objects = dump(server, database, way);
    let guard = Guard::of(way, &objects);
    let what = if database == "large" { format!("{way}, large") } else { way.to_string() };
    Subject { what, source: Arc::clone(source), objects, guard }
}

/// Archives that went through a pipe, and through gzip.
fn packed(server: &Server, source: &Arc<Contents>) -> Vec<Subject> {
    let custom = server.dump("shop", &["-Fc"]);
    let tar = server.dump("shop", &["-Ft"]);
    let guard = Guard::of_custom(&custom);
    let subject = |what: &str, key: &str, content, guard| Subject {
        what: what.to_owned(),
        source: Arc::clone(source),
        objects: Objects::from([(key.to_owned(), content)]),
        guard,
    };
    vec![
        subject("pg_dump 15 -Fc | gzip", "shop.dump.gz", gzip(&custom), Guard::From(0)),
        subject("pg_dump 15 -Ft | gzip", "shop.tar.gz", gzip(&tar), Guard::From(0)),
        subject("pg_dump 15 -Fc | cat", "shop.dump", custom, guard),
    ]
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

/// Reads a backup to its end: the code of what is wrong with it.
async fn read_within(root: &Path, data_apart: bool) -> Result<(), String> {
    let code = |error: ArchiveError| error.to_finding("").code.to_string();
    match tokio::time::timeout(WATCHDOG, read(root, data_apart)).await {
        Ok(read) => read.map(drop).map_err(code),
        Err(_) => panic!("reading {} does not end", root.display()),
    }
}

/// One harmed backup.
struct Case<'a> {
    seed: u64,
    subject: &'a Subject,
    harm: &'a Harm,
    harmed: Objects,
}

impl Case<'_> {
    /// Whether an object is missing or holds other bytes. One that was added is another matter: what
    /// is called like no member is none.
    fn is_other(&self) -> bool {
        let sound = &self.subject.objects;
        sound.iter().any(|(key, content)| self.harmed.get(key) != Some(content))
    }

    /// Whether other contents must be seen without a checksum beside the backup.
    fn must_be_seen(&self) -> bool {
        let Subject { objects, guard, .. } = self.subject;
        guard.must_see(self.harm.kind, objects, &self.harmed)
    }
}

/// What came of a harmed backup.
enum Outcome {
    /// It did not pass: the code of the first finding.
    Found(String),
    /// It passed, and nothing is other than in the source.
    Equal,
    /// It passed, and these lines differ.
    Other(String),
}

/// How often each outcome came, and what must not have come.
#[derive(Default)]
struct Outcomes {
    tally: Tally,
    counterexamples: Vec<String>,
}

impl Outcomes {
    fn add(&mut self, case: &Case<'_>, outcome: &Outcome) {
        let column = match outcome {
            Outcome::Found(code) => code,
            Outcome::Equal => "passed, equal",
            Outcome::Other(lines) if case.must_be_seen() => {
                self.counterexample(case, &format!("passes with other contents:\n{lines}"));
                "COUNTEREXAMPLE"
            }
            Outcome::Other(_) => "passed, other (seen with .sha256)",
        };
        self.tally.add(&case.subject.what, column);
    }

    fn counterexample(&mut self, case: &Case<'_>, what: &str) {
        let place = Path::new(env!("CARGO_TARGET_TMPDIR")).join(case.seed.to_string());
        drop(std::fs::remove_dir_all(&place));
        lay_at(&place, &case.harmed);
        self.counterexamples.push(format!(
            "PGSRE_SEED={} PGSRE_CASES=1, {}, {}: {what}\nkept in {}",
            case.seed,
            case.subject.what,
            case.harm.what,
            place.display()
        ));
    }
}
