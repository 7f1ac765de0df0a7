//! One sound database in every format, compression and version that the installed `pg_dump`s write:
//! each drills to *passed*, and what was restored equals the source, every row and every definition.

use std::cell::Cell;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use pgsre_core::drill::Verdict;
use pgsre_core::finding::FindingCode;
use pgsre_core::restore::RestoreTarget;
use pgsre_tests::harness::archive::{Objects, Way, checksums, dump, lay, lay_at};
use pgsre_tests::harness::contents::{Contents, Keep};
use pgsre_tests::harness::drill::{assert_found, assert_verdict, drill, ephemeral, run_with_jobs};
use pgsre_tests::harness::drill::{run, scratch};
use pgsre_tests::harness::server::Server;

/// The formats that hold compressed data; archives of 15 are of version 1.14, of 16 of 1.15, of 17
/// and 18 of 1.16.
const COMPRESSED: &[(u32, &[&str])] = &[
    (15, &["", "0", "1", "9"]),
    (16, &["none", "gzip:6"]),
    (17, &["none", "gzip", "lz4", "zstd", "zstd:long"]),
    (18, &["none", "gzip:1"]),
];

/// Further ways; all of them give a backup of one whole database, with all of its definitions.
const WAYS: &[&[&str]] = &[
    &["--create"],
    &["--clean", "--if-exists"],
    &["--create", "--clean"],
    &["--inserts"],
    &["--column-inserts", "--rows-per-insert=100", "--on-conflict-do-nothing"],
    &["--load-via-partition-root"],
    &["--disable-triggers", "--disable-dollar-quoting"],
    &["--quote-all-identifiers", "--use-set-session-authorization"],
    &["--section=pre-data", "--section=data", "--section=post-data"],
];

#[tokio::test]
async fn every_format_and_compression_of_every_version_passes_with_equal_contents() {
    let scene = Scene::of_everything(15).await;
    for (major, compressions) in COMPRESSED {
        scene.assert_passes(Way::new(*major, "t", "")).await;
        for compression in *compressions {
            for format in ["p", "c", "d"] {
                scene.assert_passes(Way::new(*major, format, compression)).await;
            }
        }
    }
}

#[tokio::test]
async fn every_way_to_dump_passes_in_every_format() {
    let scene = Scene::of_everything(15).await;
    for way in WAYS {
        scene.assert_passes(Way::new(15, "c", "").with(way)).await;
    }
    for (way, format) in WAYS.iter().zip(["d", "t"].into_iter().cycle()) {
        scene.assert_passes(Way::new(18, format, "").with(way)).await;
    }
    scene.assert_passes(Way::new(17, "d", "lz4").with(&["--jobs=2"])).await;
}

#[tokio::test]
async fn archives_written_into_a_pipe_or_packed_once_more_pass() {
    let scene = Scene::of_everything(15).await;
    for arguments in [&["-Fc"][..], &["-Fc", "-Z0"], &["-Ft"], &["-Fc", "--inserts"]] {
        let piped = scene.server.dump("everything", arguments);
        let packed = gzip(&piped);
        for (key, content) in [("piped", piped), ("piped.gz", packed)] {
            scene.assert_equal(&format!("{arguments:?} as {key}"), &one(key, content), 2).await;
        }
    }
    let archive = dump(&scene.server, "everything", Way::new(17, "c", "zstd"));
    let packed = zstd::encode_all(archive["shop.dump"].as_slice(), 1).expect("zstd");
    scene.assert_equal("zstd of a custom archive", &one("shop.dump.zst", packed), 2).await;
}

#[tokio::test]
async fn archives_with_their_checksums_beside_them_pass() {
    let scene = Scene::of_everything(15).await;
    for (format, compression) in [("p", "6"), ("c", ""), ("c", "0"), ("d", ""), ("t", "")] {
        let way = Way::new(15, format, compression);
        let mut objects = dump(&scene.server, "everything", way);
        objects.extend(checksums(&objects));
        scene.assert_equal(&format!("{way} with checksums"), &objects, 2).await;
    }
}

#[tokio::test]
async fn archives_pass_in_a_throw_away_server_of_their_own_version_and_of_a_newer_one() {
    let old = Scene::of_everything(15).await;
    for way in [Way::new(15, "c", ""), Way::new(15, "d", "").with(&["--create"])] {
        old.assert_passes_in_throw_away_server(way, 15).await;
        let objects = dump(&old.server, "everything", way);
        let report = run(&drill(lay(&objects).path(), ephemeral(18))).await;
        assert_verdict(&report, Verdict::Passed);
    }
    let new = Scene::of_everything(18).await;
    for (format, way) in [("c", &["--create"][..]), ("d", &["--statistics"]), ("t", &["--clean"])] {
        new.assert_passes_in_throw_away_server(Way::new(18, format, "").with(way), 18).await;
    }
}

#[tokio::test]
async fn archives_in_other_encodings_pass() {
    let server = Server::start(15).await;
    let latin1 = "encoding 'LATIN1' locale 'C' template template0";
    server.create_from("everything", latin1, "latin1.sql");
    let scene = Scene::of(15, server);
    for format in ["c", "d", "t"] {
        let way = Way::new(15, format, "");
        scene.assert_passes_in_throw_away_server(way, 15).await;
        scene.assert_passes_in_throw_away_server(way.with(&["--encoding=UTF8"]), 15).await;
        scene.assert_passes_in_throw_away_server(way.with(&["--inserts"]), 15).await;
    }
}

#[tokio::test]
async fn a_part_of_a_backup_is_said_to_be_one_in_every_format() {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    server.sql("shop", b"select lo_from_bytea(0, 'a receipt')");
    for format in ["c", "d", "t"] {
        for (part, code) in [
            (&["--schema-only"][..], FindingCode::RowsBelowFloor),
            (&["--section=pre-data"], FindingCode::RowsBelowFloor),
            (&["--data-only"], FindingCode::ArchiveUnsupported),
            (&["--section=data"], FindingCode::ArchiveUnsupported),
            (&["--section=post-data"], FindingCode::ArchiveUnsupported),
        ] {
            let way = Way::new(15, format, "").with(part);
            println!("{way}");
            let root = lay(&dump(&server, "shop", way));
            let report = run(&drill(root.path(), scratch(&server))).await;
            assert_found(&report, Verdict::Inconclusive, code);
        }
        for whole in [&["--table=visits"][..], &["--schema=public"], &["--exclude-table=visits"]] {
            let root = lay(&dump(&server, "shop", Way::new(15, format, "").with(whole)));
            let report = run(&drill(root.path(), scratch(&server))).await;
            assert_verdict(&report, Verdict::Passed);
        }
    }
}

/// A server with a sound database, and what that holds.
struct Scene {
    major: u32,
    server: Server,
    source: Contents,
    /// Where the newest backup is laid down.
    places: tempfile::TempDir,
    /// Connections of the last drill.
    jobs: Cell<usize>,
}

impl Scene {
    /// Every kind of object, and a small shop beside them.
    async fn of_everything(major: u32) -> Self {
        let server = Server::start(major).await;
        server.create_from("everything", "", "every_kind.sql");
        let shop = Path::new(env!("CARGO_MANIFEST_DIR")).join("databases/shop.sql");
        server.sql("everything", &std::fs::read(shop).expect("the shop"));
        // `--inserts` writes -0 without its sign.
        server.sql("everything", b"update main.every_type set r = 0 where r = 0");
        Self::of(major, server)
    }

    fn of(major: u32, server: Server) -> Self {
        let source = Contents::of(major, &server.config("everything"));
        let places = tempfile::tempdir().expect("a directory");
        Self { major, server, source, places, jobs: Cell::new(4) }
    }

    /// The way gives a backup that passes a drill, with one connection and with four by turns.
    async fn assert_passes(&self, way: Way) {
        let jobs = 5 - self.jobs.get();
        self.jobs.set(jobs);
        let objects = dump(&self.server, "everything", way);
        self.assert_equal(&way.to_string(), &objects, jobs).await;
    }

    /// A drill of these objects with this many connections passes, and what it restored into a
    /// scratch database equals the source.
    async fn assert_equal(&self, what: &str, objects: &Objects, jobs: usize) {
        println!("{what}, jobs {jobs}");
        self.assert_restores(objects, scratch(&self.server), what, jobs).await;
    }

    async fn assert_passes_in_throw_away_server(&self, way: Way, major: u32) {
        println!("{way} into a throw-away {major}");
        let objects = dump(&self.server, "everything", way);
        self.assert_restores(&objects, ephemeral(major), &way.to_string(), 2).await;
    }

    async fn assert_restores(
        &self,
        objects: &Objects,
        target: Arc<dyn RestoreTarget>,
        what: &str,
        jobs: usize,
    ) {
        let place = tempfile::tempdir_in(self.places.path()).expect("a directory");
        lay_at(place.path(), objects);
        let keep = Keep::with(self.major);
        let drill = drill(place.path(), target).add_validator(Box::new(keep.clone()));
        let report = run_with_jobs(&drill, jobs).await;
        assert_eq!(report.verdict, Verdict::Passed, "{what}, jobs {jobs}: {report:#?}");
        let restored = keep.kept().expect("a restored database");
        assert!(
            restored == self.source,
            "{what}, jobs {jobs}:\n{}",
            self.source.difference(&restored)
        );
    }
}

fn one(key: &str, content: Vec<u8>) -> Objects {
    Objects::from([(key.to_owned(), content)])
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("gzip");
    encoder.finish().expect("gzip")
}
