//! The machine as it is: an ordinary user, no room, no server, and what a kill leaves.

use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Output};

use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use serde_json::Value;

/// `nobody` and `nogroup` of Debian; as another user than root the command runs as this one.
const NOBODY: u32 = 65_534;

/// A home with the shop's backup in it, which everybody may read and `nobody` may write.
async fn home() -> Pgsre {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    let pgsre = Pgsre::new();
    std::fs::create_dir(pgsre.home().join("backups")).expect("a directory");
    std::fs::write(pgsre.home().join("backups/shop.sql"), server.dump("shop", &[]))
        .expect("a dump");
    for directory in [pgsre.home().to_owned(), pgsre.places()] {
        allow(&directory, 0o777);
    }
    pgsre
}

fn allow(directory: &Path, mode: u32) {
    let mode = std::fs::Permissions::from_mode(mode);
    std::fs::set_permissions(directory, mode).expect("permissions");
}

/// The command as an ordinary user, in a copy that this user can reach.
fn ordinary(pgsre: &Pgsre, arguments: &[&str]) -> Command {
    let usual = pgsre.command(arguments);
    let copy = pgsre.home().join("pgsre");
    if !copy.exists() {
        std::fs::copy(usual.get_program(), &copy).expect("a copy");
    }
    let mut command = Command::new(copy);
    command.args(arguments).current_dir(pgsre.home());
    for (name, value) in usual.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    if std::fs::metadata("/proc/self")
        .is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
    {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
}

fn object(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

fn check<'o>(object: &'o Value, name: &str) -> &'o Value {
    let checks = object["checks"].as_array().expect("checks");
    checks
        .iter()
        .find(|check| check["name"] == name)
        .unwrap_or_else(|| panic!("{name}: {object:#}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ordinary_user_can_drill_see_the_demo_and_ask_the_doctor() {
    let pgsre = home().await;
    let json = ["--format", "json"];
    for (verb, key, expected) in [
        (vec!["drill", "backups"], "verdict", Value::from("passed")),
        (vec!["doctor"], "ok", Value::from(true)),
        (vec!["demo"], "schema", Value::from(1)),
    ] {
        let output = ordinary(&pgsre, &[verb.as_slice(), &json].concat()).output().expect("pgsre");
        let object = object(&output);
        assert_eq!((output.status.code(), &object[key]), (Some(0), &expected), "{object:#}");
    }
    assert_eq!(pgsre.left(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_directory_that_cannot_be_written_is_inconclusive_and_the_doctor_finds_it() {
    let pgsre = home().await;
    let absent = pgsre.home().join("absent");
    let run = |arguments: &[&str]| {
        let mut command = ordinary(&pgsre, arguments);
        command.env("PGSRE_TMPDIR", &absent).output().expect("pgsre")
    };
    let output = run(&["drill", "backups", "--format", "json"]);
    let report = object(&output);
    assert_eq!((output.status.code(), &report["verdict"]), (Some(3), &"inconclusive".into()));
    assert!(report.to_string().contains("PGSRE_TMPDIR"), "{report:#}");
    assert_eq!(report["rto_seconds"], Value::Null);
    let output = run(&["doctor", "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(check(&object(&output), "throw-away server")["status"], "failed");
    assert_eq!(run(&["demo"]).status.code(), Some(3));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_server_programs_everything_says_what_to_install() {
    let pgsre = home().await;
    for (arguments, status) in
        [(vec!["drill", "backups"], 3), (vec!["doctor"], 1), (vec!["demo"], 3)]
    {
        let mut command = pgsre.command(&arguments);
        let output = command.env("PGSRE_PG_BINDIR", "/nonexistent").output().expect("pgsre");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        assert!(said.contains("PGSRE_PG_BINDIR") && said.contains("install"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_cannot_be_written_keeps_no_report_and_says_so() {
    let pgsre = home().await;
    let run = |arguments: &[&str]| {
        let mut command = pgsre.command(arguments);
        command.env("PGSRE_STATE_DIR", "/dev/null/state").output().expect("pgsre")
    };
    let output = run(&["drill", "backups", "--format", "json"]);
    assert_eq!((output.status.code(), &object(&output)["verdict"]), (Some(0), &"passed".into()));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("warning: no report will be kept"), "{said}");
    let named = run(&["drill", "backups", "--report", "/dev/null/here"]);
    assert_eq!(named.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_that_was_killed_is_swept_by_the_doctor() {
    let pgsre = home().await;
    let mut running = pgsre.start(&["demo"]);
    running.until("filling");
    running.signal("KILL");
    running.wait();
    assert!(!pgsre.left().is_empty());
    let (code, examined) = pgsre.json(&["doctor"]);
    assert_eq!(code, 0, "{examined:#}");
    let detail = check(&examined, "leftovers")["detail"].as_str().expect("detail").to_owned();
    assert!(detail.contains("removed"), "{detail}");
    assert_eq!(pgsre.left(), Vec::<String>::new());
}
