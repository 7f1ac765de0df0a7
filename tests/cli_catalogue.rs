//! How the pipeline around a dump fails, seen from the command line; each fault with its sound twin.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use serde_json::Value;

const DAY: Duration = Duration::from_secs(86_400);

/// A server with a shop, its dump, and a directory for backups.
struct Scene {
    server: Server,
    pgsre: Pgsre,
    dump: Vec<u8>,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start(15).await;
        server.create_from("shop", "", "shop.sql");
        let dump = server.dump("shop", &[]);
        Self { server, pgsre: Pgsre::new(), dump }
    }

    /// The dump of another day: one row more.
    fn another(&self) -> Vec<u8> {
        self.server.sql("shop", b"insert into visits values ('2020-01-01', '/', 1)");
        self.server.dump("shop", &[])
    }

    fn directory(&self, name: &str) -> PathBuf {
        let directory = self.pgsre.home().join(name);
        fs::create_dir_all(&directory).expect("a directory");
        directory
    }

    /// Drills into a scratch database of the server.
    fn drill(&self, directory: &Path, arguments: &[&str]) -> (i32, Value) {
        let target = self.server.uri("postgres");
        let place = directory.to_string_lossy();
        let all = [&["drill", &place, "--target", &target], arguments].concat();
        self.pgsre.json(&all)
    }

    fn check(&self, directory: &Path, arguments: &[&str]) -> (i32, Value) {
        let place = directory.to_string_lossy();
        self.pgsre.json(&[&["backups", "check", &place], arguments].concat())
    }

    /// What a drill and a check both say: this status and this finding.
    #[track_caller]
    fn both(&self, directory: &Path, arguments: &[&str], expected: (i32, &str)) {
        for (code, object) in [self.drill(directory, arguments), self.check(directory, arguments)] {
            assert_eq!(code, expected.0, "{object:#}");
            assert!(codes(&object).contains(&expected.1), "{object:#}");
        }
    }

    #[track_caller]
    fn both_pass(&self, directory: &Path, arguments: &[&str]) {
        for (code, object) in [self.drill(directory, arguments), self.check(directory, arguments)] {
            assert_eq!((code, codes(&object)), (0, vec![]), "{object:#}");
        }
    }
}

fn codes(object: &Value) -> Vec<&str> {
    let findings = object["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["code"].as_str().expect("a code")).collect()
}

fn put(directory: &Path, name: &str, content: &[u8], age: Duration) {
    let path = directory.join(name);
    fs::write(&path, content).expect("a backup");
    let file = fs::File::options().write(true).open(path).expect("the backup");
    file.set_modified(SystemTime::now() - age).expect("a time");
}

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(content).expect("memory");
    encoder.finish().expect("memory")
}

/// The date in names, so many days ago.
fn day(ago: i64) -> String {
    let now = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC);
    let day = now.checked_sub(jiff::Span::new().days(ago)).expect("a day");
    day.strftime("%Y-%m-%d").to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_compressed_and_nothing_at_all_are_empty() {
    let scene = Scene::new().await;
    let directory = scene.directory("backups");
    for (name, content) in [("a.sql.gz", gzip(b"")), ("a.sql.gz", vec![]), ("a.sql", vec![])] {
        fs::remove_dir_all(&directory).expect("removed");
        put(&scene.directory("backups"), name, &content, Duration::ZERO);
        scene.both(&directory, &[], (1, "archive.empty"));
    }
    put(&directory, "a.sql", &gzip(&scene.dump), Duration::ZERO);
    scene.both_pass(&directory, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_was_full_leaves_a_truncated_backup() {
    let scene = Scene::new().await;
    let directory = scene.directory("backups");
    let whole = gzip(&scene.dump);
    put(&directory, "a.sql.gz", &whole[..whole.len() / 4096 * 4096], Duration::ZERO);
    scene.both(&directory, &[], (1, "archive.truncated"));
    put(&directory, "a.sql.gz", &whole, Duration::ZERO);
    scene.both_pass(&directory, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_copy_of_yesterday_is_inconclusive_and_a_second_name_is_not() {
    let scene = Scene::new().await;
    let (yesterday, today) = (gzip(&scene.dump), gzip(&scene.another()));
    let (old, new) = (format!("shop-{}.sql.gz", day(1)), format!("shop-{}.sql.gz", day(0)));

    let copied = scene.directory("copied");
    put(&copied, &old, &yesterday, DAY);
    put(&copied, &new, &yesterday, Duration::ZERO);
    scene.both(&copied, &[], (3, "source.stale"));

    let latest = scene.directory("latest");
    put(&latest, &old, &yesterday, DAY);
    put(&latest, "latest.sql.gz", &yesterday, Duration::ZERO);
    scene.both(&latest, &[], (3, "source.stale"));

    let sound = scene.directory("sound");
    put(&sound, &old, &yesterday, DAY);
    put(&sound, &new, &today, Duration::from_secs(60));
    put(&sound, "latest.sql.gz", &today, Duration::ZERO);
    scene.both_pass(&sound, &["--max-age", "26h", "--max-shrink", "30%"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_backup_is_stale_where_an_age_is_demanded() {
    let scene = Scene::new().await;
    let directory = scene.directory("backups");
    put(&directory, "shop.sql", &scene.dump, 21 * DAY);
    scene.both(&directory, &["--max-age", "26h"], (1, "source.stale"));
    scene.both_pass(&directory, &["--max-age", "22d"]);
    scene.both_pass(&directory, &[]);
    let (code, report) = scene.drill(&directory, &["--rpo", "1d"]);
    assert_eq!((code, codes(&report)), (1, vec!["rpo.exceeded"]));

    // An old dump that was uploaded anew, by the date in its name.
    let renewed = scene.directory("renewed");
    put(&renewed, &format!("shop-{}.sql", day(9)), &scene.dump, 9 * DAY);
    put(&renewed, &format!("shop-{}.sql", day(10)), &scene.another(), Duration::ZERO);
    let (code, report) = scene.drill(&renewed, &["--max-age", "26h"]);
    assert!(code != 0 && codes(&report).contains(&"source.stale"), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_shrank_is_shrunk() {
    let scene = Scene::new().await;
    let directory = scene.directory("backups");
    for ago in 1..=5 {
        let larger = [scene.dump.clone(), vec![b'\n'; scene.dump.len()]].concat();
        put(&directory, &format!("shop-{}.sql", day(ago)), &larger, DAY * ago as u32);
    }
    put(&directory, &format!("shop-{}.sql", day(0)), &scene.dump, Duration::ZERO);
    scene.both(&directory, &["--max-shrink", "30%"], (1, "source.shrunk"));
    scene.both(&directory, &["--max-shrink", "0.3"], (1, "source.shrunk"));
    scene.both(&directory, &["--min-size", "100MiB"], (1, "source.shrunk"));
    scene.both_pass(&directory, &["--max-shrink", "60%", "--min-size", "10KiB"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_encrypted_backup_is_unsupported_and_so_inconclusive() {
    let scene = Scene::new().await;
    let directory = scene.directory("backups");
    let noise: Vec<u8> =
        (0..40_000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let magics: [&[u8]; 4] = [
        b"age-encryption.org/v1\n-> X25519 abc\n",
        b"-----BEGIN PGP MESSAGE-----\n\n",
        b"\x85\x02\x0c\x03",
        b"Salted__",
    ];
    for magic in magics {
        put(&directory, "shop.sql", &[magic, &noise].concat(), Duration::ZERO);
        scene.both(&directory, &[], (3, "archive.unsupported"));
    }
    put(&directory, "shop.sql", &scene.dump, Duration::ZERO);
    scene.both_pass(&directory, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_message_saved_in_place_of_a_dump_fails() {
    let scene = Scene::new().await;
    let directory = scene.directory("backups");
    let message = b"pg_dump: error: query failed: ERROR:  canceling statement due to conflict\n";
    for content in [message.to_vec(), gzip(message)] {
        put(&directory, "shop.sql.gz", &content, Duration::ZERO);
        scene.both(&directory, &[], (1, "archive.corrupt"));
    }
    let appended = [scene.dump.as_slice(), message].concat();
    put(&directory, "shop.sql.gz", &appended, Duration::ZERO);
    assert_eq!(scene.drill(&directory, &[]).0, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sequence_behind_its_column_never_passes() {
    let scene = Scene::new().await;
    let directory = scene.directory("backups");
    let dump = String::from_utf8(scene.dump.clone()).expect("UTF-8");
    let set = "SELECT pg_catalog.setval('public.customers_id_seq', 2000, true);";
    assert!(dump.contains(set));
    // Lost on the way; or as the source may have had it.
    for (behind, status) in
        [("", 1), ("SELECT pg_catalog.setval('public.customers_id_seq', 1, true);", 3)]
    {
        put(&directory, "shop.sql", dump.replace(set, behind).as_bytes(), Duration::ZERO);
        let (code, report) = scene.drill(&directory, &[]);
        assert_eq!((code, codes(&report)), (status, vec!["sequence.behind"]), "{report:#}");
    }
    put(&directory, "shop.sql", dump.as_bytes(), Duration::ZERO);
    scene.both_pass(&directory, &[]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_fails_is_never_passed_over_and_a_schema_that_is_there_is_no_alarm() {
    let scene = Scene::new().await;
    let directory = scene.directory("backups");
    let dump = String::from_utf8(scene.dump.clone()).expect("UTF-8");
    let trailer = "--\n-- PostgreSQL database dump complete";
    let with = |sql: &str| dump.replacen(trailer, &format!("{sql}\n\n{trailer}"), 1);
    put(&directory, "a.sql", with("ALTER TABLE public.gone ADD x int;").as_bytes(), Duration::ZERO);
    let (code, report) = scene.drill(&directory, &[]);
    assert_eq!((code, codes(&report)[0]), (1, "restore.statement_failed"), "{report:#}");
    put(&directory, "a.sql", with("CREATE SCHEMA public;").as_bytes(), Duration::ZERO);
    let (code, report) = scene.drill(&directory, &[]);
    assert_eq!((code, &report["verdict"]), (0, &Value::from("passed")), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_byte_is_held_against_the_manifest_without_a_restore() {
    let scene = Scene::new().await;
    let directory = scene.directory("backups");
    let place = directory.to_string_lossy().into_owned();
    let url = scene.server.uri("shop");
    let plain = ["--dump-format", "plain", "--compress", "none"];
    let (code, taken) = scene.pgsre.json(&[&["backup", &url, &place][..], &plain].concat());
    assert_eq!(code, 0, "{taken:#}");
    let check = || scene.pgsre.json(&["backups", "check", &place]);
    assert_eq!(check().0, 0, "{:#}", check().1);

    let key = directory.join(taken["key"].as_str().expect("a key"));
    let sound = fs::read_to_string(&key).expect("the backup");
    fs::write(&key, sound.replacen("customer77@", "customer78@", 1)).expect("another value");
    let (code, checked) = check();
    assert_eq!((code, codes(&checked)), (1, vec!["archive.corrupt"]), "{checked:#}");

    fs::write(&key, &sound).expect("the backup");
    let manifest = directory.join(taken["manifest"].as_str().expect("a manifest"));
    let text = fs::read(&manifest).expect("the manifest");
    fs::write(&manifest, &text[..text.len() / 2]).expect("half a manifest");
    let (code, checked) = check();
    assert_eq!((code, codes(&checked)), (1, vec!["archive.corrupt"]), "{checked:#}");
}
