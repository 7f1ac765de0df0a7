//! What programs read: one object whatever happens, known codes, and outputs that cannot be written.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::Stdio;

use pgsre_core::finding::FindingCode;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use serde_json::Value;

/// A home with four backups: sound, cut, encrypted and empty, and a directory with none.
struct Scene {
    server: Server,
    pgsre: Pgsre,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start(15).await;
        server.create_from("shop", "", "shop.sql");
        let dump = server.dump("shop", &[]);
        let scene = Self { server, pgsre: Pgsre::new() };
        let backups: [(&str, &[u8]); 4] = [
            ("sound", &dump),
            ("cut", &dump[..dump.len() - 500]),
            ("encrypted", b"age-encryption.org/v1\n-> X25519 abc\n"),
            ("empty", b""),
        ];
        for (name, content) in backups {
            fs::create_dir(scene.place(name)).expect("a directory");
            fs::write(scene.place(name).join("shop.sql"), content).expect("a backup");
        }
        fs::create_dir(scene.place("none")).expect("a directory");
        scene
    }

    fn place(&self, name: &str) -> PathBuf {
        self.pgsre.home().join(name)
    }
}

#[track_caller]
fn assert_findings(object: &Value) {
    for finding in object["findings"].as_array().expect("findings") {
        let code = finding["code"].as_str().expect("a code");
        assert!(FindingCode::ALL.iter().any(|known| known.as_str() == code), "{code}");
        assert!(["critical", "warning", "info"].iter().any(|s| finding["severity"] == *s));
        assert!(finding["subject"].is_string() && finding["message"].is_string());
        assert!(finding["hint"].is_string(), "{finding}");
    }
}

#[track_caller]
fn assert_drill(object: &Value) {
    assert_findings(object);
    assert_eq!(object["schema"], 1);
    assert!(object["id"].is_string() && object["cleanup"].is_object());
    assert!(object["rto_seconds"].is_number() || object["rto_seconds"].is_null());
    assert!(
        object["alerts"].is_array() && object["backup"].is_object() != object["backup"].is_null()
    );
    for stage in object["stages"].as_array().expect("stages") {
        assert!(stage["name"].is_string() && stage["seconds"].is_number(), "{stage}");
    }
    for check in object["validations"].as_array().expect("validations") {
        assert!(check["name"].is_string() && check["examined"].is_u64(), "{check}");
        assert!(["passed", "failed", "inconclusive"].iter().any(|o| check["outcome"] == *o));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_is_one_object_and_its_status() {
    let scene = Scene::new().await;
    let target = scene.server.uri("postgres");
    let cases = [
        ("sound", "passed", 0),
        ("cut", "failed", 1),
        ("encrypted", "inconclusive", 3),
        ("empty", "failed", 1),
        ("none", "failed", 1),
        ("absent", "failed", 1),
    ];
    for (name, verdict, status) in cases {
        let (code, report) = scene.pgsre.json(&["drill", name, "--target", &target]);
        assert_eq!((code, &report["verdict"]), (status, &verdict.into()), "{name}: {report:#}");
        assert_drill(&report);
        let id = report["id"].as_str().expect("an id");
        let (code, mut kept) = scene.pgsre.json(&["report", id]);
        // The place where it is kept links it to the report before it.
        let link = kept.as_object_mut().and_then(|kept| kept.remove("chain")).expect("a link");
        assert!(link["previous"].is_object() || link["previous"].is_null(), "{link}");
        assert_eq!((code, &kept), (0, &report));

        let (code, checked) = scene.pgsre.json(&["backups", "check", name]);
        assert_eq!((code, &checked["outcome"]), (status, &verdict.into()), "{name}: {checked:#}");
        assert_findings(&checked);
        let (code, listing) = scene.pgsre.json(&["backups", "list", name]);
        let is_there = !matches!(name, "none" | "absent");
        assert_eq!((code == 0, listing["findings"] == serde_json::json!([])), (is_there, is_there));
        let (code, plan) = scene.pgsre.json(&["drill", name, "--target", &target, "--dry-run"]);
        assert_eq!(
            (code, &plan["dry_run"]),
            (status.min(if name == "cut" { 0 } else { 3 }), &true.into()),
            "{plan:#}"
        );
        assert_findings(&plan);
    }
    let (code, past) = scene.pgsre.json(&["report"]);
    assert_eq!((code, past["drills"].as_array().map(Vec::len)), (0, Some(cases.len())));
}

#[tokio::test(flavor = "multi_thread")]
async fn usage_errors_print_nothing_on_standard_output() {
    let pgsre = Pgsre::new();
    let wrong: [&[&str]; 8] = [
        &["drill"],
        &["drill", "ftp://host/"],
        &["drill", ".", "--bogus"],
        &["drill", ".", "--max-missing-ratio", "5"],
        &["drill", ".", "--server", "nobody"],
        &["backups", "list"],
        &["report", "20200101t00"],
        &["doctor", "--config", "absent.toml"],
    ];
    for arguments in wrong {
        let output = pgsre.command(arguments).args(["--format", "json"]).output().expect("pgsre");
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{arguments:?}");
        assert!(String::from_utf8_lossy(&output.stderr).contains("error:"), "{arguments:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_one_line_a_stage_and_none_where_quiet_is_asked_for() {
    let scene = Scene::new().await;
    let target = scene.server.uri("postgres");
    let drill = ["drill", "sound", "--target", &target];
    let output = scene.pgsre.command(&drill).output().expect("pgsre");
    let said = String::from_utf8_lossy(&output.stderr);
    let stages: Vec<&str> =
        said.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(stages, ["find", "prepare", "restore", "validate", "cleanup"], "{said}");
    let shown = String::from_utf8_lossy(&output.stdout).into_owned() + &said;
    assert!(!shown.contains('\x1b'), "{shown:?}");
    let output = scene.pgsre.command(&drill).arg("--quiet").output().expect("pgsre");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_result_that_cannot_be_written_is_never_success() {
    let scene = Scene::new().await;
    let full = || Stdio::from(File::options().write(true).open("/dev/full").expect("/dev/full"));
    for arguments in [&["backups", "list", "sound"][..], &["report"], &["init", "-o", "-"]] {
        let status = scene.pgsre.command(arguments).stdout(full()).status().expect("pgsre");
        assert!(!status.success(), "{arguments:?}");
    }
    let status = scene.pgsre.command(&["backups", "list", "sound"]).stderr(full()).status();
    assert!(status.expect("pgsre").success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_report_is_told_and_hides_no_other() {
    let scene = Scene::new().await;
    let (_, first) = scene.pgsre.json(&["drill", "empty"]);
    let (_, second) = scene.pgsre.json(&["drill", "none"]);
    let id = first["id"].as_str().expect("an id");
    let file = scene.pgsre.home().join(format!("state/reports/{id}.json"));
    let text = fs::read_to_string(&file).expect("a report");
    fs::write(&file, &text[..text.len() / 2]).expect("a cut report");
    let (code, past) = scene.pgsre.json(&["report"]);
    assert_eq!((code, &past["drills"][0]["id"]), (0, &second["id"]), "{past:#}");
    assert_eq!(past["damaged"].as_array().map(Vec::len), Some(1), "{past:#}");
    let output = scene.pgsre.command(&["report", id]).output().expect("pgsre");
    assert_eq!((output.status.code(), output.stdout.len()), (Some(3), 0));
    let page = scene.pgsre.home().join("drill.html");
    let page = page.to_string_lossy();
    let other = second["id"].as_str().expect("an id");
    let status = scene.pgsre.command(&["report", other, "--html", &page]).status().expect("pgsre");
    assert!(status.success());
    assert!(fs::read_to_string(&*page).expect("a page").contains("source.none"));
}
