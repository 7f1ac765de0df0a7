//! The faults that psql accepts without complaint, each with its sound twin, as one table: what psql
//! says, what psql with `ON_ERROR_STOP` says, and what a drill says. The table in the README is this
//! test's output.

use std::fmt::Write as _;
use std::io::Write as _;

use pgsre_core::drill::Verdict;
use pgsre_core::finding::FindingCode;
use pgsre_tests::harness::drill::{codes, run_scratch};
use pgsre_tests::harness::readme;
use pgsre_tests::harness::server::Server;

/// A way to harm a backup, and what a drill must find.
struct Fault {
    what: &'static str,
    name: &'static str,
    harm: fn(&Sound) -> Vec<u8>,
    found: FindingCode,
}

/// The sound backups that are harmed.
struct Sound {
    plain: Vec<u8>,
    empty: Vec<u8>,
}

const FAULTS: &[Fault] = &[
    Fault {
        what: "cut between two rows of COPY data",
        name: "shop.sql",
        harm: |sound| cut_after_rows(&sound.plain, "COPY public.visits ", 1000),
        found: FindingCode::ArchiveTruncated,
    },
    Fault {
        what: "cut inside a row's last text column",
        name: "shop.sql",
        harm: |sound| {
            let at = find(&sound.plain, "entry 700\n") + "entry 7".len();
            sound.plain[..at].to_vec()
        },
        found: FindingCode::ArchiveTruncated,
    },
    Fault {
        what: "cut after the data, before indexes and constraints",
        name: "shop.sql",
        harm: |sound| {
            let at = find(&sound.plain, "-- Name: customers customers_email_key; Type: CONSTRAINT");
            sound.plain[..at - "--\n".len()].to_vec()
        },
        found: FindingCode::ArchiveTruncated,
    },
    Fault {
        what: "cut before the last semicolon",
        name: "shop.sql",
        harm: |sound| {
            let at = sound.plain.iter().rposition(|byte| *byte == b';').expect("a semicolon");
            sound.plain[..at].to_vec()
        },
        found: FindingCode::ArchiveTruncated,
    },
    Fault {
        what: "nothing: a file of zero bytes",
        name: "shop.sql",
        harm: |_| Vec::new(),
        found: FindingCode::ArchiveEmpty,
    },
    Fault {
        what: "gzip cut at two thirds",
        name: "shop.sql.gz",
        harm: |sound| {
            let packed = gzip(&sound.plain);
            packed[..packed.len() * 2 / 3].to_vec()
        },
        found: FindingCode::ArchiveTruncated,
    },
    Fault {
        what: "a statement that fails: a type is missing",
        name: "shop.sql",
        harm: |sound| replace(&sound.plain, "price numeric(10,2)", "price money_amount"),
        found: FindingCode::RestoreStatementFailed,
    },
    Fault {
        what: "an empty database was dumped",
        name: "shop.sql",
        harm: |sound| sound.empty.clone(),
        found: FindingCode::RowsBelowFloor,
    },
    Fault {
        what: "a row twice: the primary key cannot be built",
        name: "shop.sql",
        harm: |sound| {
            let at = find(&sound.plain, "\n77\tcustomer77@") + 1;
            let end = at + find(&sound.plain[at..], "\n") + 1;
            [&sound.plain[..end], &sound.plain[at..end], &sound.plain[end..]].concat()
        },
        found: FindingCode::RestoreStatementFailed,
    },
    Fault {
        what: "the dump twice in one file",
        name: "shop.sql",
        harm: |sound| [sound.plain.clone(), sound.plain.clone()].concat(),
        found: FindingCode::ArchiveCorrupt,
    },
    Fault {
        what: "a shell command hidden in the dump",
        name: "shop.sql",
        harm: |sound| before_data(&sound.plain, "\\! true\n"),
        found: FindingCode::ArchiveForbiddenCommand,
    },
    Fault {
        what: "back-quotes behind \\unrestrict",
        name: "shop.sql",
        harm: |sound| before_data(&sound.plain, "\\unrestrict `true`\n"),
        found: FindingCode::ArchiveForbiddenCommand,
    },
    Fault {
        what: "COPY FROM PROGRAM",
        name: "shop.sql",
        harm: |sound| before_data(&sound.plain, "COPY public.visits FROM PROGRAM 'true';\n"),
        found: FindingCode::ArchiveForbiddenCommand,
    },
    Fault {
        what: "gzip of nothing: 20 bytes",
        name: "shop.sql.gz",
        harm: |_| gzip(b""),
        found: FindingCode::ArchiveEmpty,
    },
    Fault {
        what: "disk full: the tail is zero bytes",
        name: "shop.sql",
        harm: |sound| {
            let mut bytes = sound.plain.clone();
            let from = bytes.len() * 2 / 3;
            bytes[from..].fill(0);
            bytes
        },
        found: FindingCode::ArchiveCorrupt,
    },
    Fault {
        what: "an error message saved in place of the backup",
        name: "shop.sql",
        harm: |_| b"<?xml version=\"1.0\"?>\n<Error><Code>AccessDenied</Code></Error>\n".to_vec(),
        found: FindingCode::ArchiveCorrupt,
    },
    Fault {
        what: "a sequence whose value was not dumped",
        name: "shop.sql",
        harm: |sound| without_entry(&sound.plain, "-- Name: products_id_seq; Type: SEQUENCE SET;"),
        found: FindingCode::SequenceBehind,
    },
    Fault {
        what: "a part in the middle is missing: from inside one table's data to inside another's",
        name: "shop.sql",
        harm: |sound| {
            let from = cut_after_rows(&sound.plain, "COPY public.ledger ", 100).len();
            let to = cut_after_rows(&sound.plain, "COPY public.visits ", 100).len();
            [&sound.plain[..from], &sound.plain[to..]].concat()
        },
        found: FindingCode::RestoreStatementFailed,
    },
    Fault {
        what: "a table's data twice",
        name: "shop.sql",
        harm: |sound| {
            let from = find(&sound.plain, "-- Data for Name: visits;") - "--\n".len();
            let to = from + find(&sound.plain[from..], "\n\\.\n") + "\n\\.\n".len();
            [&sound.plain[..to], b"\n", &sound.plain[from..to], &sound.plain[to..]].concat()
        },
        found: FindingCode::ArchiveCorrupt,
    },
];

#[tokio::test]
async fn no_fault_passes_and_no_sound_twin_fails() {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    server.create("nothing", "", b"");
    let sound = Sound { plain: server.dump("shop", &[]), empty: server.dump("nothing", &[]) };

    let packed = gzip(&sound.plain);
    for (name, content) in [("shop.sql", &sound.plain), ("shop.sql.gz", &packed)] {
        let twin = run_scratch(&server, name, content).await;
        assert_eq!(twin.verdict, Verdict::Passed, "{twin:#?}");
    }

    let mut table = String::from(HEAD);
    for fault in FAULTS {
        let harmed = (fault.harm)(&sound);
        let report = run_scratch(&server, fault.name, &harmed).await;
        assert_eq!(report.verdict, Verdict::Failed, "{}: {report:#?}", fault.what);
        let codes = codes(&report);
        assert!(codes.contains(&fault.found), "{}: {report:#?}", fault.what);
        let usual = psql(&server, fault, &harmed, &["-q"]);
        let strict = psql(&server, fault, &harmed, &["-q", "-1", "-v", "ON_ERROR_STOP=1"]);
        let verdict = format!("{}: `{}`", report.verdict, fault.found);
        writeln!(table, "| {} | {usual} | {strict} | {verdict} |", fault.what).expect("a line");
    }
    println!("{table}");
    readme::assert_shows("fault table", &table);
}

const HEAD: &str = "\
| what is wrong with the backup | `gunzip -c \\| psql` | with `ON_ERROR_STOP=1 -1` | `pgsre drill` |
|---|---|---|---|
";

/// What the usual script would do: whatever gunzip makes of it goes into psql, whose status counts.
fn psql(server: &Server, fault: &Fault, harmed: &[u8], arguments: &[&str]) -> String {
    server.create("usual", "", b"");
    let sql = if fault.name.ends_with(".gz") { gunzip(harmed) } else { harmed.to_vec() };
    let status = server.psql("usual", arguments, &sql).status;
    server.sql("postgres", b"drop database usual with (force)");
    match status.code() {
        Some(0) => "**exit 0**".to_owned(),
        Some(code) => format!("exit {code}"),
        None => "killed".to_owned(),
    }
}

/// As much as `gunzip -c` would have written before it noticed.
fn gunzip(packed: &[u8]) -> Vec<u8> {
    use std::io::Read;
    let mut sql = Vec::new();
    // The status of gunzip is lost in a pipe without pipefail: so it is here.
    drop(flate2::read::MultiGzDecoder::new(packed).read_to_end(&mut sql));
    sql
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}

#[track_caller]
fn find(bytes: &[u8], text: &str) -> usize {
    bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes())
        .unwrap_or_else(|| panic!("no {text:?} in the dump"))
}

#[track_caller]
fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = find(bytes, from);
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}

#[track_caller]
fn before_data(bytes: &[u8], text: &str) -> Vec<u8> {
    let at = find(bytes, "COPY public.customers ");
    [&bytes[..at], text.as_bytes(), &bytes[at..]].concat()
}

/// Without the entry under this comment.
#[track_caller]
fn without_entry(bytes: &[u8], comment: &str) -> Vec<u8> {
    const FRAME: usize = "--\n".len();
    let at = find(bytes, comment);
    let end = at + find(&bytes[at..], "\n--\n\n") + "\n--\n\n".len();
    let next = end + find(&bytes[end..], "--\n");
    [&bytes[..at - FRAME], &bytes[next..]].concat()
}

#[track_caller]
fn cut_after_rows(bytes: &[u8], copy: &str, rows: usize) -> Vec<u8> {
    let mut at = find(bytes, copy);
    for _ in 0..=rows {
        at += find(&bytes[at..], "\n") + 1;
    }
    bytes[..at].to_vec()
}
