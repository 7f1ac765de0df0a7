//! Evidence as a user keeps it: reports that cannot be quietly altered, drills that are overdue,
//! monitors that are called, results for build servers.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};

use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// A home with drills that fail at once, and so need no server.
struct Scene {
    pgsre: Pgsre,
}

impl Scene {
    fn new() -> Self {
        let scene = Self { pgsre: Pgsre::new() };
        fs::create_dir(scene.path("backups")).expect("a directory");
        fs::write(scene.path("backups/shop.sql"), b"").expect("a backup");
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.pgsre.home().join(name)
    }

    /// A pair of keys, as the help says to make them.
    fn keys(&self, name: &str) {
        let private = format!("{name}.pem");
        self.openssl(&["genpkey", "-algorithm", "ed25519", "-out", &private]);
        self.openssl(&["pkey", "-in", &private, "-pubout", "-out", &format!("{name}.pub")]);
    }

    fn openssl(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new("openssl");
        let output = command.args(arguments).current_dir(self.pgsre.home()).output();
        let output = output.expect("openssl: apt-get install openssl");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        output
    }

    fn drill(&self, arguments: &[&str]) {
        let (code, report) = self.pgsre.json(&[&["drill", "backups"], arguments].concat());
        assert_eq!(code, 1, "{report:#}");
    }

    /// Three drills whose reports lie in `evidence`, oldest first.
    fn three(&self, arguments: &[&str]) -> Vec<PathBuf> {
        (0..3).for_each(|_| self.drill(&[&["--report", "evidence"], arguments].concat()));
        self.reports()
    }

    /// In the order in which they were saved: by their links.
    fn reports(&self) -> Vec<PathBuf> {
        let mut all: Vec<(Value, PathBuf)> = Vec::new();
        for entry in fs::read_dir(self.path("evidence")).expect("reports") {
            let path = entry.expect("a report").path();
            if path.extension().is_some_and(|extension| extension == "json") {
                all.push((json(&path), path));
            }
        }
        let mut ordered = Vec::new();
        let mut last = Value::Null;
        while let Some((report, path)) =
            all.iter().find(|(report, _)| report["chain"]["previous"]["id"] == last)
        {
            last = report["id"].clone();
            ordered.push(path.clone());
        }
        ordered
    }

    fn verify(&self, arguments: &[&str]) -> (i32, Value) {
        self.pgsre.json(&[&["report", "verify", "--report", "evidence"], arguments].concat())
    }
}

fn json(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).expect("a report")).expect("JSON")
}

fn kinds(found: &Value) -> Vec<&str> {
    let problems = found["problems"].as_array().expect("problems");
    problems.iter().map(|problem| problem["kind"].as_str().expect("a kind")).collect()
}

#[test]
fn reports_as_they_were_saved_are_sound_and_an_altered_or_removed_one_is_named() {
    let scene = Scene::new();
    let reports = scene.three(&[]);
    let (code, found) = scene.verify(&[]);
    assert_eq!((code, found["outcome"].as_str()), (0, Some("passed")), "{found:#}");
    assert_eq!((&found["reports"], &found["chained"]), (&3.into(), &3.into()), "{found:#}");

    let sound = fs::read_to_string(&reports[1]).expect("a report");
    fs::write(&reports[1], sound.replace("\"failed\"", "\"passed\"")).expect("a forgery");
    let (code, found) = scene.verify(&[]);
    assert_eq!((code, kinds(&found)), (1, vec!["altered"]), "{found:#}");
    let id = reports[1].file_stem().expect("an id").to_string_lossy().into_owned();
    assert_eq!(found["problems"][0]["subject"], id.as_str());
    let output = scene.pgsre.command(&["report", "verify", "--report", "evidence"]).output();
    let said = String::from_utf8_lossy(&output.expect("pgsre").stdout).into_owned();
    assert!(said.contains("✗ altered") && said.contains(&id), "{said}");

    fs::remove_file(&reports[1]).expect("a report");
    let (code, found) = scene.verify(&[]);
    assert_eq!((code, kinds(&found)), (1, vec!["missing"]), "{found:#}");
    fs::write(&reports[1], sound).expect("the report");
    assert_eq!(scene.verify(&[]).0, 0, "put back, it is sound again");
}

#[test]
fn a_signature_holds_for_openssl_too_and_breaks_with_one_byte() {
    let scene = Scene::new();
    scene.keys("drills");
    scene.keys("other");
    let reports = scene.three(&["--sign-key", "drills.pem"]);
    let (code, found) = scene.verify(&["--key", "drills.pub"]);
    assert_eq!((code, &found["signed"]), (0, &3.into()), "{found:#}");
    let (code, found) = scene.verify(&["--key", "other.pub"]);
    assert_eq!((code, kinds(&found)), (1, vec!["bad_signature"; 3]), "{found:#}");

    let (json, sig) = (&reports[2], reports[2].with_extension("sig"));
    let (json, sig) = (json.to_string_lossy(), sig.to_string_lossy());
    scene.openssl(&["base64", "-d", "-A", "-in", &sig, "-out", "raw.sig"]);
    let check = ["pkeyutl", "-verify", "-rawin", "-pubin", "-inkey", "drills.pub"];
    let said = scene.openssl(&[&check[..], &["-sigfile", "raw.sig", "-in", &json]].concat());
    assert!(String::from_utf8_lossy(&said.stdout).contains("Verified Successfully"), "{said:?}");

    let text = fs::read_to_string(&*json).expect("a report");
    fs::write(&*json, text.replace("\"failed\"", "\"passed\"")).expect("a forgery");
    let (code, found) = scene.verify(&["--key", "drills.pub"]);
    assert_eq!((code, kinds(&found)), (1, vec!["altered", "bad_signature"]), "{found:#}");
}

#[test]
fn a_head_that_was_noted_shows_that_the_newest_reports_were_cut_off() {
    let scene = Scene::new();
    let reports = scene.three(&[]);
    let head = scene.verify(&[]).1["head"]["sha256"].as_str().expect("a head").to_owned();
    assert_eq!(scene.verify(&["--head", &head]).0, 0);
    fs::remove_file(&reports[2]).expect("a report");
    fs::remove_file(reports[1].with_extension("next")).expect("the link to it");
    assert_eq!(scene.verify(&[]).0, 0, "nothing here speaks of it any longer");
    let (code, found) = scene.verify(&["--head", &head]);
    assert_eq!((code, kinds(&found)), (1, vec!["head_missing"]), "{found:#}");
}

#[test]
fn keys_and_digests_that_are_none_are_usage_and_no_key_is_ever_shown() {
    let scene = Scene::new();
    scene.keys("drills");
    let secret = fs::read_to_string(scene.path("drills.pem")).expect("a key");
    let secret = secret.lines().nth(1).expect("its middle").to_owned();
    let config = "[report]\nsign_key = 'drills.pem'\n";
    fs::write(scene.path("pgsre.toml"), config).expect("a configuration");
    let wrong: [&[&str]; 5] = [
        &["drill", "backups", "--sign-key", "drills.pub"],
        &["drill", "backups", "--sign-key", "absent.pem"],
        &["report", "verify", "--key", "drills.pem"],
        &["report", "verify", "--head", "0a1b"],
        &["drill", "backups", "--format", "junit", "--dry-run"],
    ];
    for arguments in wrong {
        let output = scene.pgsre.command(arguments).env("PGSRE_LOG", "trace").output();
        let output = output.expect("pgsre");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
        assert!(!said.contains(&secret), "{said}");
    }
    // The configuration's key signs, and shows nowhere.
    let drill = ["drill", "backups", "--report", "evidence", "--format", "json"];
    let mut drill = scene.pgsre.command(&drill);
    let output = drill.env("PGSRE_LOG", "trace").output().expect("pgsre");
    assert_eq!(output.status.code(), Some(1));
    let mut texts = vec![output.stdout, output.stderr];
    for entry in fs::read_dir(scene.path("evidence")).expect("reports") {
        texts.push(fs::read(entry.expect("a file").path()).expect("text"));
    }
    assert!(texts.iter().all(|text| !String::from_utf8_lossy(text).contains(&secret)));
    assert_eq!(scene.verify(&["--key", "drills.pub"]).1["signed"], 1);
}

#[test]
fn the_evidence_names_the_report_before_it_and_the_key() {
    let scene = Scene::new();
    scene.keys("drills");
    let reports = scene.three(&["--sign-key", "drills.pem"]);
    let page = fs::read_to_string(reports[2].with_extension("html")).expect("a page");
    let link = &json(&reports[2])["chain"];
    for text in [&link["previous"]["sha256"], &link["previous"]["id"], &link["signed_by"]] {
        assert!(page.contains(text.as_str().expect("text")), "{text}");
    }
    // Written anew from the stored report, it is the same page.
    let id = reports[2].file_stem().expect("an id").to_string_lossy().into_owned();
    let command = ["report", "--report", "evidence", &id, "--html", "-"];
    let output = scene.pgsre.command(&command).output().expect("pgsre");
    assert_eq!(String::from_utf8_lossy(&output.stdout), page);
}

#[test]
fn an_empty_place_proves_nothing() {
    let scene = Scene::new();
    let (code, found) = scene.verify(&[]);
    assert_eq!((code, found["outcome"].as_str()), (3, Some("inconclusive")), "{found:#}");
}

#[test]
fn a_drill_that_did_not_pass_is_a_failure_for_a_build_server_and_an_unreadable_one_an_error() {
    let scene = Scene::new();
    let junit = |arguments: &[&str]| {
        let arguments = [arguments, &["--format", "junit"]].concat();
        let output = scene.pgsre.command(&arguments).output().expect("pgsre");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, xml) = junit(&["drill", "backups"]);
    assert_eq!(code, Some(1), "{xml}");
    assert!(xml.starts_with("<?xml") && xml.contains("type=\"archive.empty\""), "{xml}");
    assert!(xml.contains("<failure ") && !xml.contains("<error "), "{xml}");
    let (code, xml) = junit(&["backups", "check", "backups"]);
    assert_eq!((code, xml.contains("<failure ")), (Some(1), true), "{xml}");

    let encrypted = b"age-encryption.org/v1\n-> X25519 abc\n....";
    fs::write(scene.path("backups/shop.sql"), encrypted).expect("a backup");
    for command in [&["drill", "backups"][..], &["backups", "check", "backups"]] {
        let (code, xml) = junit(command);
        assert_eq!(code, Some(3), "{xml}");
        assert!(xml.contains("<error ") && !xml.contains("<failure "), "{xml}");
    }
}

/// A monitor that answers each request and remembers its first line.
async fn monitor() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let calls = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&calls);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut buffer = [0; 4096];
            let read = socket.read(&mut buffer).await.unwrap_or(0);
            let head = String::from_utf8_lossy(&buffer[..read]).into_owned();
            let line = head.lines().next().unwrap_or_default().to_owned();
            let status = if line.contains("/gone") { "404 Not Found" } else { "200 OK" };
            kept.lock().expect("the calls").push(line);
            let answer =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            drop(socket.write_all(answer.as_bytes()).await);
        }
    });
    (url, calls)
}

fn configure(scene: &Scene, target: &str, alerters: &str) {
    let config = format!(
        "[[server]]\nname = 'shop'\n[server.backups]\nsource = 'backups'\n\
         [server.drill]\ntarget = '{target}'\nmax_age = '8d'\n{alerters}"
    );
    fs::write(scene.path("pgsre.toml"), config).expect("a configuration");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_drill_that_passed_and_was_kept_calls_the_monitor_and_ends_the_alarm() {
    let scene = Scene::new();
    let (url, calls) = monitor().await;
    let called = || std::mem::take(&mut *calls.lock().expect("the calls"));
    let server = Server::start(15).await;
    let alerters = format!(
        "[[alerter]]\nkind = 'ping'\nurl = '{url}/all/s3cret'\n\
         [[alerter]]\nkind = 'ping'\nserver = 'shop'\nurl = '{url}/shop'\n\
         start_url = '{url}/shop/start'\nfail_url = '{url}/shop/fail'\n\
         [[alerter]]\nkind = 'ping'\nserver = 'shop'\nurl = '{url}/gone/s3cret'\n"
    );
    configure(&scene, &server.uri("postgres"), &alerters);

    scene.drill(&[]);
    assert_eq!(called(), ["GET /shop/start HTTP/1.1", "GET /shop/fail HTTP/1.1"]);
    let (code, check) = scene.pgsre.json(&["backups", "check"]);
    assert_eq!(code, 1);
    assert_eq!(codes(&check)[0], "drill.overdue", "{check:#}");
    assert_eq!(scene.pgsre.json(&["report"]).1["findings"][0]["code"], "drill.overdue");

    server.create_from("shop", "", "shop.sql");
    fs::write(scene.path("backups/shop.sql"), server.dump("shop", &[])).expect("a backup");
    let (code, check) = scene.pgsre.json(&["backups", "check"]);
    assert_eq!((code, codes(&check)), (1, vec!["drill.overdue"]), "{check:#}");
    let output = scene.pgsre.command(&["drill", "--server", "shop", "--format", "json"]).output();
    let output = output.expect("pgsre");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!(output.status.code(), Some(0), "{report:#}{said}");
    let expected = ["/shop/start", "/shop", "/gone/s3cret", "/all/s3cret"];
    assert_eq!(called(), expected.map(|path| format!("GET {path} HTTP/1.1")));
    let outcomes = report["alerts"].as_array().expect("alerts").iter();
    let outcomes: Vec<_> = outcomes.map(|alert| alert["outcome"].as_str()).collect();
    assert_eq!(outcomes, [Some("sent"), Some("failed"), Some("sent")], "{report:#}");
    assert!(said.contains("alert not delivered: ping") && !said.contains("s3cret"), "{said}");

    let (code, check) = scene.pgsre.json(&["backups", "check"]);
    assert_eq!((code, codes(&check)), (0, Vec::<&str>::new()), "{check:#}");
    assert_eq!(check["last_passed_drill"]["id"], report["id"]);
    let (_, past) = scene.pgsre.json(&["report"]);
    assert_eq!(past["findings"], Value::Array(Vec::new()), "{past:#}");

    let (code, _) = scene.pgsre.json(&["drill", "--server", "shop", "--no-notify"]);
    assert_eq!((code, called()), (0, Vec::new()));
}

fn codes(object: &Value) -> Vec<&str> {
    let findings = object["findings"].as_array().expect("findings");
    findings.iter().map(|finding| finding["code"].as_str().expect("a code")).collect()
}
