//! What goes wrong around a dump, in the pipeline that makes and keeps it: each fault with its sound
//! twin, as one table. What the usual restore of the newest file says, and what a drill says that was
//! told what to expect. The table in the README is this test's output.

use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, SystemTime};

use pgsre_core::drill::{Drill, DrillReport, Objectives, Verdict};
use pgsre_core::finding::FindingCode;
use pgsre_core::source::catalogue::CatalogueRules;
use pgsre_core::validate::RowTolerance;
use pgsre_tests::harness::drill::{codes, drill, run, scratch};
use pgsre_tests::harness::readme;
use pgsre_tests::harness::server::Server;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A state of the pipeline, and what a drill must find in it.
struct Fault {
    what: &'static str,
    /// How the drill knows what to expect.
    told: Told,
    lay: fn(&Dumps) -> Vec<File>,
    verdict: Verdict,
    says: Says,
}

/// What the report must hold.
#[derive(Clone, Copy)]
enum Says {
    Finding(FindingCode),
    /// This check could not prove what it is for.
    Unproved(&'static str),
}

impl Says {
    fn is_in(self, report: &DrillReport) -> bool {
        match self {
            Self::Finding(code) => codes(report).contains(&code),
            Self::Unproved(check) => report
                .validations
                .iter()
                .any(|validation| validation.name == check && !validation.unproved.is_empty()),
        }
    }
}

impl std::fmt::Display for Says {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Finding(code) => write!(f, "`{code}`"),
            Self::Unproved(check) => write!(f, "not proved: {check}"),
        }
    }
}

/// What a drill is told.
#[derive(Clone, Copy)]
enum Told {
    /// Nothing at all.
    Nothing,
    /// The live database, which has not changed since.
    Live,
    /// The oldest that a backup may be, its size and its trend.
    Rules,
    /// The recovery point objective.
    Objective,
}

/// A file of the directory that backups lie in, as old as this.
struct File {
    name: &'static str,
    content: Vec<u8>,
    age: Duration,
}

/// Dumps of one database, all of them made without an error.
struct Dumps {
    sound: Vec<u8>,
    custom: Vec<u8>,
    of_another_database: Vec<u8>,
    behind_a_policy: Vec<u8>,
    without_a_tables_rows: Vec<u8>,
    without_a_refresh: Vec<u8>,
    last_months: Vec<u8>,
    before_a_table: Vec<u8>,
    for_an_unknown_role: Vec<u8>,
    with_an_unknown_extension: Vec<u8>,
}

const FAULTS: &[Fault] = &[
    Fault {
        what: "another database was dumped under this one's name",
        told: Told::Live,
        lay: |dumps| vec![fresh("shop.sql", &dumps.of_another_database)],
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::SchemaMissing),
    },
    Fault {
        what: "dumped by a role that a row-level policy shows 10 of 3,000 rows",
        told: Told::Live,
        lay: |dumps| vec![fresh("shop.sql", &dumps.behind_a_policy)],
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::RowsMismatch),
    },
    Fault {
        what: "`--exclude-table-data` left in the script after a test",
        told: Told::Live,
        lay: |dumps| vec![fresh("shop.sql", &dumps.without_a_tables_rows)],
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::RowsMismatch),
    },
    Fault {
        what: "the same, with no live database to compare with",
        told: Told::Nothing,
        lay: |dumps| vec![fresh("shop.sql", &dumps.without_a_tables_rows)],
        verdict: Verdict::Inconclusive,
        says: Says::Unproved("rows loaded"),
    },
    Fault {
        what: "a materialised view that is not refreshed by the restore",
        told: Told::Live,
        lay: |dumps| vec![fresh("shop.sql", &dumps.without_a_refresh)],
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::RowsMismatch),
    },
    Fault {
        what: "the job dumps a copy that replication left months ago",
        told: Told::Live,
        lay: |dumps| vec![fresh("shop.sql", &dumps.last_months)],
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::RowsMismatch),
    },
    Fault {
        what: "a table was made after the job's list of tables",
        told: Told::Live,
        lay: |dumps| vec![fresh("shop.sql", &dumps.before_a_table)],
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::SchemaMissing),
    },
    Fault {
        what: "every upload since three weeks ago was refused, in silence",
        told: Told::Rules,
        lay: |dumps| vec![aged("shop-old.sql", &dumps.sound, 21 * DAY)],
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::SourceStale),
    },
    Fault {
        what: "the same, against a recovery point objective of 26 hours",
        told: Told::Objective,
        lay: |dumps| vec![aged("shop-old.sql", &dumps.sound, 21 * DAY)],
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::RpoExceeded),
    },
    Fault {
        what: "only unfinished uploads and logs are there",
        told: Told::Nothing,
        lay: |dumps| {
            let half = &dumps.sound[..dumps.sound.len() / 2];
            vec![fresh("shop.sql.part", half), fresh("backup.log", b"Backup completed.\n")]
        },
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::SourceNone),
    },
    Fault {
        what: "an empty file is the newest, and retention deleted the good ones",
        told: Told::Nothing,
        lay: |_| vec![fresh("shop.sql", b"")],
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::ArchiveEmpty),
    },
    Fault {
        what: "today's backup is a tenth of yesterday's",
        told: Told::Rules,
        lay: |dumps| {
            let mut files = nightly(&dumps.sound);
            files.push(fresh("shop-2026-11-22.sql", &dumps.of_another_database));
            files
        },
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::SourceShrunk),
    },
    Fault {
        what: "`latest` is a copy of an older file, written today",
        told: Told::Nothing,
        lay: |dumps| {
            vec![
                aged("shop-2026-11-20.sql", &dumps.sound, 2 * DAY),
                fresh("latest.sql", &dumps.sound),
            ]
        },
        verdict: Verdict::Inconclusive,
        says: Says::Finding(FindingCode::SourceStale),
    },
    Fault {
        what: "encrypted, and nobody has the key",
        told: Told::Nothing,
        lay: |dumps| vec![fresh("shop.dump", &encrypted(&dumps.custom))],
        verdict: Verdict::Failed,
        says: Says::Finding(FindingCode::ArchiveCorrupt),
    },
    Fault {
        what: "the roles were never saved",
        told: Told::Nothing,
        lay: |dumps| vec![fresh("shop.sql", &dumps.for_an_unknown_role)],
        verdict: Verdict::Inconclusive,
        says: Says::Finding(FindingCode::EnvironmentMissingRole),
    },
    Fault {
        what: "an extension is not installed where it is restored",
        told: Told::Nothing,
        lay: |dumps| vec![fresh("shop.sql", &dumps.with_an_unknown_extension)],
        verdict: Verdict::Inconclusive,
        says: Says::Finding(FindingCode::EnvironmentMissingExtension),
    },
];

#[tokio::test]
async fn no_fault_of_the_pipeline_passes_and_no_sound_twin_fails() {
    let server = Server::start(15).await;
    let dumps = Dumps::make(&server);

    for told in [Told::Nothing, Told::Live, Told::Rules, Told::Objective] {
        for (name, content) in [("shop.sql", &dumps.sound), ("shop.dump", &dumps.custom)] {
            let mut files = nightly(&dumps.last_months);
            files.push(fresh(name, content));
            let report = drilled(&server, told, &lay(&files)).await;
            assert_eq!(report.verdict, Verdict::Passed, "{report:#?}");
        }
    }

    let mut table = String::from(HEAD);
    for fault in FAULTS {
        let files = (fault.lay)(&dumps);
        let report = drilled(&server, fault.told, &lay(&files)).await;
        assert_eq!(report.verdict, fault.verdict, "{}: {report:#?}", fault.what);
        assert!(fault.says.is_in(&report), "{}: {report:#?}", fault.what);
        let usual = usual(&server, &files);
        let verdict = format!("{}: {}", report.verdict, fault.says);
        writeln!(table, "| {} | {usual} | {verdict} |", fault.what).expect("a line");
    }
    println!("{table}");
    readme::assert_shows("pipeline fault table", &table);
}

const HEAD: &str = "\
| what went wrong | restoring the newest file by hand | `pgsre drill` |
|---|---|---|
";

impl Dumps {
    fn make(server: &Server) -> Self {
        server.create_from("shop", "", "shop.sql");
        server.sql("shop", SHOP_HAS_MORE);
        server.create("other", "", b"create table t (a int); insert into t values (1)");
        let sound = server.dump("shop", &[]);
        let text = String::from_utf8(sound.clone()).expect("UTF-8");
        server.create("older", "", without_some_rows(&text).as_bytes());
        Self {
            custom: server.dump("shop", &["-Fc"]),
            of_another_database: server.dump("other", &[]),
            behind_a_policy: server.dump("shop", &["--enable-row-security", "--role=reader"]),
            without_a_tables_rows: server.dump("shop", &["--exclude-table-data=visits"]),
            without_a_refresh: server.dump("shop", &["--exclude-table-data=shipped"]),
            last_months: server.dump("older", &[]),
            before_a_table: server.dump("shop", &["--exclude-table=visits"]),
            for_an_unknown_role: changed(
                &text,
                "ALTER TABLE public.visits OWNER TO postgres;",
                "ALTER TABLE public.visits OWNER TO \"somebody else\";",
            ),
            with_an_unknown_extension: changed(
                &text,
                "CREATE TABLE public.visits (",
                "CREATE EXTENSION of_another_world WITH SCHEMA public;\n\nCREATE TABLE public.visits (",
            ),
            sound,
        }
    }
}

/// A policy for the one fault, a materialised view for another.
const SHOP_HAS_MORE: &[u8] = b"\
    create materialized view shipped as select * from orders where state = 'shipped'; \
    create role reader; grant usage on schema public to reader; \
    grant select on all tables in schema public to reader; \
    grant select on all sequences in schema public to reader; \
    alter table visits enable row level security; \
    create policy few on visits for select to reader using (hits <= 10);";

/// The database as it was: a third of the visits is not in it.
fn without_some_rows(dump: &str) -> String {
    let data = "COPY public.visits (day, path, hits) FROM stdin;\n";
    let from = dump.find(data).expect("the visits") + data.len();
    let to = from + dump[from..].find("\\.\n").expect("their end");
    let kept: String = dump[from..to].split_inclusive('\n').take(2000).collect();
    [&dump[..from], &kept, &dump[to..]].concat()
}

#[track_caller]
fn changed(dump: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(dump.contains(from), "no {from:?} in the dump");
    dump.replacen(from, to, 1).into_bytes()
}

/// What a stream cipher makes of a backup: bytes without a pattern.
fn encrypted(content: &[u8]) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    content.iter().map(|byte| byte ^ next()).collect()
}

fn fresh(name: &'static str, content: &[u8]) -> File {
    aged(name, content, HOUR)
}

fn aged(name: &'static str, content: &[u8], age: Duration) -> File {
    File { name, content: content.to_vec(), age }
}

/// The backups of three nights.
fn nightly(content: &[u8]) -> Vec<File> {
    vec![
        aged("shop-2026-11-19.sql", content, 3 * DAY),
        aged("shop-2026-11-20.sql", &[content, b"\n"].concat(), 2 * DAY),
        aged("shop-2026-11-21.sql", &[content, b"\n\n"].concat(), DAY),
    ]
}

fn lay(files: &[File]) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    for file in files {
        let path = directory.path().join(file.name);
        std::fs::write(&path, &file.content).expect("a backup");
        let written = std::fs::File::options().write(true).open(&path).expect("a backup");
        written.set_modified(SystemTime::now() - file.age).expect("its age");
    }
    directory
}

async fn drilled(server: &Server, told: Told, directory: &tempfile::TempDir) -> DrillReport {
    run(&told.tell(server, directory.path())).await
}

impl Told {
    fn tell(self, server: &Server, directory: &Path) -> Drill {
        let drill = drill(directory, scratch(server));
        let day = Duration::from_secs(26 * 3600);
        match self {
            Self::Nothing => drill,
            Self::Live => drill.with_live(server.config("shop"), RowTolerance::EXACT),
            Self::Rules => drill.with_catalogue_rules(CatalogueRules {
                max_age: Some(jiff::SignedDuration::from_hours(26)),
                max_shrink: Some(0.5),
                ..CatalogueRules::default()
            }),
            Self::Objective => {
                drill.with_objectives(Objectives { rpo: Some(day), ..Objectives::default() })
            }
        }
    }
}

/// What the script at hand says: the newest file into psql, or into `pg_restore` where it is an
/// archive, both told to stop at the first error.
fn usual(server: &Server, files: &[File]) -> String {
    let backups = files.iter().filter(|file| !file.name.ends_with(".log"));
    let Some(newest) = backups.min_by_key(|file| file.age) else { return "nothing".to_owned() };
    server.create("usual", "", b"");
    let status = if newest.name.ends_with(".dump") {
        server.pg_restore("usual", &["--exit-on-error"], &newest.content).status
    } else {
        server.psql("usual", &["-q", "-1", "-v", "ON_ERROR_STOP=1"], &newest.content).status
    };
    server.sql("postgres", b"drop database usual with (force)");
    match status.code() {
        Some(0) => "**exit 0**".to_owned(),
        Some(code) => format!("exit {code}"),
        None => "killed".to_owned(),
    }
}
