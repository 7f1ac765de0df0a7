//! `pgsre backup`: what it writes, that it restores, and that its manifest is true.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pgsre_core::dump::{BackupJob, BackupOutcome, DumpFormat, Unobserved};
use pgsre_core::fingerprint::{Fingerprint, FingerprintRequest, Unobserved as Unwatched};
use pgsre_core::source::ObjectStoreSource;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::s3::{ACCESS_KEY, S3Server, SECRET_KEY};
use pgsre_tests::harness::server::{Server, programs};
use pgsre_tests::harness::standby::Standby;
use pgsre_tests::harness::taking::{assert_as_manifest_says, files};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

async fn shop() -> Server {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    server
}

/// A report of a backup that was taken: its key.
fn taken((code, report): &(i32, Value)) -> String {
    assert_eq!((*code, &report["outcome"]), (0, &Value::from("done")), "{report}");
    report["key"].as_str().expect("a key").to_owned()
}

fn drill_passes(pgsre: &Pgsre, source: &str) {
    let (code, report) = pgsre.json(&["drill", source, "--no-notify"]);
    assert_eq!((code, &report["verdict"]), (0, &Value::from("passed")), "{source}: {report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_each_format_is_as_its_manifest_says_and_restores() {
    let (server, pgsre) = (shop().await, Pgsre::new());
    for (format, extension) in [("custom", ".dump"), ("directory", ""), ("plain", ".sql.gz")] {
        let place = pgsre.home().join(format);
        let place = place.to_str().expect("a path");
        let report = pgsre.json(&[
            "backup",
            &server.uri("shop"),
            place,
            "--dump-format",
            format,
            "--verify",
        ]);
        let key = taken(&report);
        assert!(key.starts_with("shop-2") && key.ends_with(&format!("Z{extension}")), "{key}");
        let manifest = assert_as_manifest_says(Path::new(place), &key);
        assert!(manifest["verified_at"].is_string() && manifest["globals"].is_object());
        assert_eq!(manifest["databases"][0]["database"], "shop");
        assert_eq!(report.1["bytes"].as_u64(), Some(size(&manifest)), "{manifest}");
        let (code, listing) = pgsre.json(&["backups", "list", place]);
        assert_eq!(code, 0, "{listing}");
        let backups = listing["backups"].as_array().expect("backups");
        let manifests: Vec<_> = backups.iter().map(|backup| &backup["manifest"]).collect();
        assert_eq!(manifests, [&Value::from(format!("{key}.pgsre.json"))], "{listing}");
        drill_passes(&pgsre, place);
        drill_passes(&pgsre, &format!("{place}/{key}"));
        assert!(!files(Path::new(place)).iter().any(|name| name.contains("unfinished")));
    }
}

fn size(manifest: &Value) -> u64 {
    let parts = manifest["parts"].as_array().expect("parts");
    parts.iter().filter_map(|part| part["size"].as_u64()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_in_a_bucket_is_read_back_and_restores() {
    let (server, pgsre) = (shop().await, Pgsre::new());
    let bucket = S3Server::start(&[]).await.expect("an S3 server");
    // More than one part of an upload.
    server.sql(
        "shop",
        b"create table blob as select md5(i::text) || md5((-i)::text) as t \
          from generate_series(1, 250000) i",
    );
    let environment = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL", format!("http://{}", bucket.address())),
    ];
    let json = |arguments: &[&str]| {
        let mut command = pgsre.command(arguments);
        let output = command.args(["--format", "json"]).envs(environment.clone()).output().unwrap();
        let object: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        (output.status.code().expect("a status"), object)
    };
    for format in ["custom", "directory"] {
        let place = format!("s3://backups/{format}");
        let compress = if format == "custom" { "none" } else { "gzip" };
        let arguments = ["backup", &server.uri("shop"), &place, "--dump-format", format];
        let report = json(&[&arguments[..], &["--verify", "--compress", compress]].concat());
        let key = taken(&report);
        assert!(format != "custom" || report.1["bytes"].as_u64() > Some(16 << 20), "{report:?}");
        for source in [place.clone(), format!("{place}/{key}")] {
            let (code, drilled) = json(&["drill", &source, "--no-notify"]);
            assert_eq!((code, &drilled["verdict"]), (0, &Value::from("passed")), "{drilled}");
        }
    }
    assert_eq!(bucket.unfinished_uploads(), 0);
}

const LOAD: &str = "\
    update shop.customer set name = name || 'x' where id % 7 = 0; \
    insert into load (t) select md5(random()::text) from generate_series(1, 20); \
    delete from load where id % 5 = 0;";

#[tokio::test(flavor = "multi_thread")]
async fn a_manifest_of_a_database_that_is_written_to_is_what_its_backup_restores_to() {
    let server = Arc::new(Server::start(15).await);
    server.create(
        "shop",
        "",
        b"create schema shop;
        create table shop.customer (id int primary key, name text);
        insert into shop.customer select i, 'c' || i from generate_series(1, 2000) i;
        create table load (id bigserial primary key, t text);",
    );
    let stop = Arc::new(AtomicBool::new(false));
    let writer = std::thread::spawn({
        let (server, stop) = (Arc::clone(&server), Arc::clone(&stop));
        move || {
            let mut rounds = 0;
            while !stop.load(Ordering::Relaxed) {
                server.sql("shop", LOAD.as_bytes());
                rounds += 1;
            }
            rounds
        }
    });
    let place = tempfile::tempdir().expect("a directory");
    let destination = ObjectStoreSource::parse_destination(&place.path().to_string_lossy());
    let destination = Arc::new(destination.expect("a destination"));
    for format in [DumpFormat::Custom, DumpFormat::Directory] {
        let job = BackupJob::new(server.config("shop"), destination.clone()).with_format(format);
        let cancel = CancellationToken::new();
        let plan = job.plan(&cancel).await.expect("a plan");
        let report = job.run(plan, &Unobserved, &cancel).await;
        assert_eq!(report.outcome, BackupOutcome::Done, "{report:?}");
        let key = report.key.expect("a key");
        let manifest = assert_as_manifest_says(place.path(), &key);
        let database = format!("restored_{format:?}");
        server.create(&database, "", b"");
        let restored = Command::new(programs(15).bindir().join("pg_restore"))
            .args(["-d", &server.url(&database)])
            .arg(place.path().join(&key))
            .status();
        assert!(restored.expect("pg_restore").success());
        let restored = server.connect(&database).await;
        let request = FingerprintRequest::default();
        let found = Fingerprint::take(&restored, &request, &Unwatched, &cancel).await;
        let found = serde_json::to_value(found.expect("a fingerprint")).expect("JSON");
        assert_eq!(manifest["databases"][0]["tables"], found["tables"], "{format:?}");
    }
    stop.store(true, Ordering::Relaxed);
    assert!(writer.join().expect("the writer") > 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_a_standby_leaves_unlogged_rows_out_and_says_so() {
    let (server, pgsre) = (shop().await, Pgsre::new());
    server.sql("shop", b"create unlogged table cache as select 1 as i");
    let standby = Standby::of(&server, "one", 5439);
    let host = standby.config().hosts()[0].host.replace('/', "%2F");
    let uri = format!("postgres://postgres@{host}:5439/shop");
    let place = pgsre.home().join("backups").display().to_string();
    let report = pgsre.json(&["backup", &uri, &place]);
    let key = taken(&report);
    assert_eq!(report.1["standby"], true, "{}", report.1);
    assert!(report.1["warnings"][0].as_str().is_some_and(|w| w.contains("unlogged")), "{report:?}");
    assert_as_manifest_says(Path::new(&place), &key);
    let report = pgsre.json(&["backup", &server.uri("shop"), &place]);
    taken(&report);
    assert_eq!(report.1["warnings"], serde_json::json!([]));
    drill_passes(&pgsre, &place);
}

#[tokio::test(flavor = "multi_thread")]
async fn older_backups_go_by_the_rules_but_never_the_newest_proved_one_nor_a_foreign_file() {
    let (server, pgsre) = (shop().await, Pgsre::new());
    server.create("shop-2", "", b"create table t (); insert into t default values");
    let place = pgsre.home().join("backups");
    let dest = place.to_str().expect("a path").to_owned();
    let backup = |database: &str, more: &[&str]| {
        let uri = server.uri(database);
        pgsre.json(&[&["backup", &uri, &dest, "--level", "counts"], more].concat())
    };
    let proved = taken(&backup("shop", &[]));
    drill_passes(&pgsre, &format!("{dest}/{proved}"));
    let middle = taken(&backup("shop", &["--dump-format", "directory"]));
    let other = taken(&backup("shop-2", &[]));
    let foreign = ["shop-20200101T000000Z.dump", "shop.sql", "notes.txt"];
    for name in foreign {
        std::fs::copy(place.join(&proved), place.join(name)).expect("a file");
    }
    let before = files(&place);
    let (code, preview) = backup("shop", &["--keep-last", "1", "--dry-run"]);
    assert_eq!((code, preview["retention"].as_array().map(Vec::len)), (0, Some(3)), "{preview}");
    assert_eq!(files(&place), before);

    let report = backup("shop", &["--keep-last", "1"]);
    let newest = taken(&report);
    assert_eq!(report.1["removed"], serde_json::json!([{ "key": middle }]), "{}", report.1);
    let left = files(&place);
    assert!(!left.iter().any(|name| name.starts_with(&middle)), "{left:?}");
    for key in [&newest, &proved, &other] {
        assert_as_manifest_says(&place, key);
    }
    assert!(foreign.iter().all(|name| left.contains(&(*name).to_owned())), "{left:?}");
    assert!(!left.iter().any(|name| name.contains("unfinished")), "{left:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_proved_must_be_known_before_anything_goes() {
    let (server, pgsre) = (shop().await, Pgsre::new());
    let dest = pgsre.home().join("backups").display().to_string();
    let uri = server.uri("shop");
    let first = taken(&pgsre.json(&["backup", &uri, &dest, "--level", "none"]));
    std::fs::write(pgsre.home().join("file"), b"no directory").expect("a file");
    let reports = pgsre.home().join("file/reports").display().to_string();
    let arguments = ["backup", &uri, &dest, "--level", "none", "--keep-last", "1"];
    let (code, report) = pgsre.json(&[&arguments[..], &["--reports", &reports]].concat());
    assert_eq!((code, &report["outcome"]), (3, &Value::from("incomplete")), "{report}");
    assert_eq!(report["removed"], serde_json::json!([]), "{report}");
    let (code, report) = pgsre.json(&arguments);
    assert_eq!(code, 0, "{report}");
    let removed: Vec<_> = report["removed"].as_array().expect("removed").iter().collect();
    assert!(removed.iter().any(|one| one["key"] == first.as_str()) && removed.len() == 2);
}
