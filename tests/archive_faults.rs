//! The faults of archives that pg_restore accepts without complaint, each with its sound twin, as one
//! table: what pg_restore says, and what a drill says. The table in the README is this test's output.

use std::fmt::Write as _;
use std::io::Read as _;
use std::process::{Command, Stdio};

use pgsre_core::drill::Verdict;
use pgsre_core::finding::FindingCode;
use pgsre_tests::harness::archive::{Objects, Way, checksums, dump, lay, lay_at};
use pgsre_tests::harness::drill::{codes, drill, run, scratch};
use pgsre_tests::harness::readme;
use pgsre_tests::harness::server::{Server, programs};

/// A way to harm an archive, and what a drill must find.
struct Fault {
    what: &'static str,
    way: Way,
    harm: fn(&mut Objects, &Server),
    found: FindingCode,
    /// Whether the sound archive's checksum lies beside the harmed one.
    checksum: bool,
}

impl Fault {
    const fn of(
        what: &'static str,
        way: Way,
        harm: fn(&mut Objects, &Server),
        found: FindingCode,
    ) -> Self {
        Self { what, way, harm, found, checksum: false }
    }
}

const CUSTOM: Way = Way::new(15, "c", "");
const CUSTOM_PLAIN: Way = Way::new(15, "c", "0");
const DIRECTORY: Way = Way::new(15, "d", "");
const DIRECTORY_PLAIN: Way = Way::new(15, "d", "0");
const DIRECTORY_LZ4: Way = Way::new(17, "d", "lz4");
const DIRECTORY_ZSTD: Way = Way::new(17, "d", "zstd");
const TAR: Way = Way::new(15, "t", "");

const FAULTS: &[Fault] = &[
    Fault::of(
        "directory `-Z0`: a table's file cut between two rows",
        DIRECTORY_PLAIN,
        |objects, _| {
            let file = visits(objects);
            let row = file[..file.len() / 2].iter().rposition(|byte| *byte == b'\n');
            file.truncate(row.expect("a row") + 1);
        },
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "directory `-Z0`: a table's file of zero bytes",
        DIRECTORY_PLAIN,
        |objects, _| visits(objects).clear(),
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "directory, gzip: a table's file of zero bytes",
        DIRECTORY,
        |objects, _| visits(objects).clear(),
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "directory, lz4: a table's file of zero bytes",
        DIRECTORY_LZ4,
        |objects, _| visits(objects).clear(),
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "directory, lz4: a table's file without its frame's end",
        DIRECTORY_LZ4,
        |objects, _| shorten(visits(objects), 4),
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "directory, zstd: a table's file of zero bytes",
        DIRECTORY_ZSTD,
        |objects, _| visits(objects).clear(),
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "directory, zstd: a table's file without its frame's end",
        DIRECTORY_ZSTD,
        |objects, _| shorten(visits(objects), 3),
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "directory: the list of large objects emptied",
        DIRECTORY,
        |objects, _| objects.get_mut("shop/blobs.toc").expect("blobs.toc").clear(),
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "directory: a table's file missing",
        DIRECTORY,
        |objects, _| {
            let key = key_of_visits(objects);
            objects.remove(&key);
        },
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "directory: a file of another dump among the files",
        DIRECTORY,
        |objects, _| {
            let again = visits(objects).clone();
            objects.insert("shop/99999.dat.gz".to_owned(), again);
        },
        FindingCode::ArchiveCorrupt,
    ),
    Fault {
        checksum: true,
        ..Fault::of(
            "custom `-Z0`, its `.sha256` beside it: one byte of a value other",
            CUSTOM_PLAIN,
            |objects, _| replace(archive(objects), b"\tentry 700\n", b"\tentry 900\n"),
            FindingCode::ArchiveCorrupt,
        )
    },
    Fault::of(
        "custom: cut to 60 %",
        CUSTOM,
        |objects, _| {
            let archive = archive(objects);
            archive.truncate(archive.len() * 3 / 5);
        },
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "custom: a bit flipped inside compressed data",
        CUSTOM,
        |objects, _| {
            let archive = archive(objects);
            let at = archive.len() * 3 / 4;
            archive[at] ^= 1;
        },
        FindingCode::ArchiveCorrupt,
    ),
    Fault::of(
        "custom: `pg_dump` was killed",
        CUSTOM,
        |objects, server| *archive(objects) = killed_dump(server),
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "custom: carried over in text mode (CR LF for LF)",
        CUSTOM,
        |objects, _| {
            let archive = archive(objects);
            without_line_feeds_in_its_time(archive);
            let lines: Vec<&[u8]> = archive.split(|byte| *byte == b'\n').collect();
            *archive = lines.join(&b"\r\n"[..]);
        },
        FindingCode::ArchiveCorrupt,
    ),
    Fault::of(
        "custom: `COPY … FROM PROGRAM` in place of a comment",
        CUSTOM,
        |objects, _| {
            let comment = b"COMMENT ON TABLE public.visits IS 'one row a page and a day';";
            let program = b"COPY public.visits FROM PROGRAM 'true';                      ";
            replace(archive(objects), comment, program);
        },
        FindingCode::ArchiveForbiddenCommand,
    ),
    Fault::of(
        "tar: cut between two rows",
        TAR,
        |objects, _| cut_behind(archive(objects), b"\t/page/20\t1500\n"),
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "tar: cut before the large objects",
        TAR,
        |objects, _| {
            let archive = archive(objects);
            archive.truncate(find(archive, b"blob_430001.dat\0"));
        },
        FindingCode::ArchiveTruncated,
    ),
    Fault::of(
        "tar: cut before its end blocks",
        TAR,
        |objects, _| shorten(archive(objects), 1024),
        FindingCode::ArchiveTruncated,
    ),
];

#[tokio::test]
async fn no_fault_of_an_archive_passes_and_no_sound_twin_fails() {
    let mut table = String::from(HEAD);
    let servers = [shop(15).await, shop(17).await];
    for fault in FAULTS {
        let server = &servers[usize::from(fault.way.major == 17)];
        let sound = dump(server, "shop", fault.way);
        let checksums = if fault.checksum { checksums(&sound) } else { Objects::new() };
        assert_verdict(server, fault, [&sound, &checksums], Verdict::Passed).await;

        let mut harmed = sound;
        (fault.harm)(&mut harmed, server);
        let found = assert_verdict(server, fault, [&harmed, &checksums], Verdict::Failed).await;
        assert!(found.contains(&fault.found), "{}: {found:?}", fault.what);
        let listed = pg_restore(fault, &harmed, &["-l"]);
        let url = server.url("usual");
        server.create("usual", "", b"");
        let restored = pg_restore(fault, &harmed, &["-e", "-d", &url]);
        server.sql("postgres", b"drop database usual with (force)");
        writeln!(table, "| {} | {listed} | {restored} | failed: `{}` |", fault.what, fault.found)
            .expect("a line");
    }
    println!("{table}");
    readme::assert_shows("archive fault table", &table);
}

const HEAD: &str = "\
| what is wrong with the archive | `pg_restore -l` | `pg_restore -e -d …` | `pgsre drill` |
|---|---|---|---|
";

async fn shop(major: u32) -> Server {
    let server = Server::start(major).await;
    server.create_from("shop", "", "shop.sql");
    server.sql(
        "shop",
        b"comment on table visits is 'one row a page and a day';
          select lo_from_bytea(430001, convert_to(repeat('scan ', 9000), 'UTF8'));",
    );
    server
}

/// The codes that a drill of these objects finds, its verdict being this.
async fn assert_verdict(
    server: &Server,
    fault: &Fault,
    objects: [&Objects; 2],
    verdict: Verdict,
) -> Vec<FindingCode> {
    let root = lay(objects[0]);
    lay_at(root.path(), objects[1]);
    let report = run(&drill(root.path(), scratch(server))).await;
    assert_eq!(report.verdict, verdict, "{}: {report:#?}", fault.what);
    codes(&report)
}

/// What pg_restore says, if it says anything: a watchdog ends it.
fn pg_restore(fault: &Fault, harmed: &Objects, arguments: &[&str]) -> String {
    const WATCHDOG: &str = "5";
    const EXPIRED: i32 = 124;
    let root = lay(harmed);
    let status = Command::new("timeout")
        .arg(WATCHDOG)
        .arg(programs(fault.way.major).bindir().join("pg_restore"))
        .args(arguments)
        .arg(root.path().join(fault.way.key()))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("timeout");
    match status.code() {
        Some(0) => "**exit 0**".to_owned(),
        Some(EXPIRED) => "**runs for ever**".to_owned(),
        Some(code) => format!("exit {code}"),
        None => "killed".to_owned(),
    }
}

/// The one object of a backup.
fn archive(objects: &mut Objects) -> &mut Vec<u8> {
    objects.values_mut().next().expect("an archive")
}

/// In the tenth second, minute or hour, on the tenth day and in November the time in the head of an archive
/// holds the byte of a line feed, and what `pg_restore` then makes of the head is another thing.
fn without_line_feeds_in_its_time(archive: &mut [u8]) {
    const TIME: std::ops::Range<usize> = 11..52;
    archive[TIME].iter_mut().filter(|byte| **byte == b'\n').for_each(|byte| *byte += 1);
}

/// The file with the rows of `visits`, which no foreign key refers to.
fn visits(objects: &mut Objects) -> &mut Vec<u8> {
    let key = key_of_visits(objects);
    objects.get_mut(&key).expect("a member")
}

/// As pg_restore lists it: `3401; 0 16459 TABLE DATA public visits postgres` is `3401.dat`.
fn key_of_visits(objects: &Objects) -> String {
    let root = lay(objects);
    let output = Command::new(programs(17).bindir().join("pg_restore"))
        .arg("-l")
        .arg(root.path().join("shop"))
        .output()
        .expect("pg_restore");
    let list = String::from_utf8_lossy(&output.stdout);
    let line = list.lines().find(|line| line.contains(" TABLE DATA public visits "));
    let number = line.expect("the table's entry").split(';').next().expect("a number");
    let member = format!("shop/{number}.dat");
    objects.keys().find(|key| key.starts_with(&member)).expect("its member").clone()
}

/// What had come when pg_dump was killed in the middle of the data.
fn killed_dump(server: &Server) -> Vec<u8> {
    let mut child = Command::new(programs(15).bindir().join("pg_dump"))
        .args(["-Fc", "-Z0", "-d", &server.url("shop")])
        .stdout(Stdio::piped())
        .spawn()
        .expect("pg_dump");
    let mut written = vec![0; 200_000];
    child.stdout.take().expect("a pipe").read_exact(&mut written).expect("a dump");
    child.kill().expect("a running pg_dump");
    child.wait().expect("a status");
    written
}

fn shorten(bytes: &mut Vec<u8>, by: usize) {
    bytes.truncate(bytes.len() - by);
}

fn cut_behind(bytes: &mut Vec<u8>, text: &[u8]) {
    bytes.truncate(find(bytes, text) + text.len());
}

#[track_caller]
fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let at = find(bytes, from);
    bytes[at..at + to.len()].copy_from_slice(to);
}

#[track_caller]
fn find(bytes: &[u8], text: &[u8]) -> usize {
    let found = bytes.windows(text.len()).position(|window| window == text);
    found.unwrap_or_else(|| panic!("no {:?}", String::from_utf8_lossy(text)))
}
