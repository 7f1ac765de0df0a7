//! The command line's contract, as a shell sees it: exit status, standard output, standard error.

#![expect(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

const DUMP: &str = "--\n-- PostgreSQL database dump\n--\n\n-- Dumped from database version 15.18\n\
                    -- Dumped by pg_dump version 15.18\n\nSET client_encoding = 'UTF8';\n\n\
                    CREATE TABLE public.t (id integer NOT NULL);\n\n\
                    COPY public.t (id) FROM stdin;\n1\n2\n\\.\n\n\n--\n\
                    -- PostgreSQL database dump complete\n--\n\n";

/// The program in an environment of its own: no configuration, no state, no leftovers.
fn pgsre(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pgsre"));
    command.args(arguments).current_dir(home).stdin(Stdio::null());
    command.env("HOME", home).env("PGSRE_STATE_DIR", home.join("state"));
    command.env_remove("XDG_CONFIG_HOME").env_remove("PGSRE_LOG").env_remove("RUST_LOG");
    command
}

fn run(home: &Path, arguments: &[&str]) -> (i32, String, String) {
    let Output { status, stdout, stderr } = pgsre(home, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code().unwrap(), text(stdout), text(stderr))
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("backups")).unwrap();
    home
}

#[test]
fn a_backup_that_reads_to_its_end_is_sound_and_a_cut_one_is_not() {
    let home = home();
    std::fs::write(home.path().join("backups/sound.sql"), DUMP).unwrap();
    let (status, out, _) =
        run(home.path(), &["backups", "check", "backups/sound.sql", "--format", "json"]);
    let check: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, check["outcome"].as_str()), (0, Some("passed")), "{out}");

    let cut = DUMP.find("2\n\\.").unwrap();
    std::fs::write(home.path().join("backups/cut.sql"), &DUMP[..cut]).unwrap();
    let (status, out, _) =
        run(home.path(), &["backups", "check", "backups/cut.sql", "--format", "json"]);
    let check: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, check["outcome"].as_str()), (1, Some("failed")), "{out}");
    assert_eq!(check["findings"][0]["code"], "archive.truncated");
}

#[test]
fn a_listing_is_one_object_and_an_empty_source_is_something_found() {
    let home = home();
    let (status, out, _) = run(home.path(), &["backups", "list", "backups/"]);
    assert_eq!(status, 1, "{out}");
    std::fs::write(home.path().join("backups/shop.sql"), DUMP).unwrap();
    let (status, out, error) =
        run(home.path(), &["backups", "list", "backups/", "--format", "json"]);
    let listing: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, error.as_str()), (0, ""));
    assert_eq!(listing["schema"], 1);
    assert_eq!(listing["backups"][0]["key"], "shop.sql");
    assert_eq!(listing["backups"][0]["size"], DUMP.len());
}

#[test]
fn a_source_that_is_not_there_fails_a_drill_with_a_finding() {
    let home = home();
    let (status, out, _) = run(home.path(), &["drill", "no/such/dir/", "--format", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, report["verdict"].as_str()), (1, Some("failed")), "{out}");
    assert_eq!(report["findings"][0]["code"], "source.none");
    let (status, out, _) = run(home.path(), &["report", "--format", "json"]);
    let past: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, past["drills"][0]["id"].clone()), (0, report["id"].clone()));
}

#[test]
fn without_a_source_the_object_is_a_list_and_the_status_is_the_heaviest() {
    let home = home();
    let server = |name: &str| {
        format!("[[server]]\nname = \"{name}\"\n[server.backups]\nsource = \"no/{name}/\"\n")
    };
    std::fs::write(home.path().join("pgsre.toml"), server("a")).unwrap();
    let (status, out, _) = run(home.path(), &["drill", "--format", "json"]);
    let drills: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, drills["drills"].as_array().unwrap().len()), (1, 1), "{out}");
    std::fs::write(home.path().join("pgsre.toml"), server("a") + &server("b")).unwrap();
    let (status, out, _) = run(home.path(), &["drill", "--format", "json"]);
    let drills: Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, drills["verdict"].as_str()), (1, Some("failed")), "{out}");
    assert_eq!(drills["drills"][1]["server"], "b");
}

#[test]
fn what_is_asked_for_wrongly_exits_2_and_says_what_to_do() {
    let home = home();
    for arguments in [
        &["drill"][..],
        &["drill", "x", "--server", "nobody"],
        &["drill", "x", "--target", "nonsense"],
        &["drill", "ftp://host/dir"],
        &["drill", "x", "--config", "absent.toml"],
        &["drill", "x", "--max-age", "26"],
        &["report", "nosuchdrill"],
    ] {
        let (status, out, error) = run(home.path(), arguments);
        assert_eq!((status, out.as_str()), (2, ""), "{arguments:?}: {error}");
        assert!(error.starts_with("error: "), "{arguments:?}: {error}");
    }
}

#[test]
fn a_configuration_with_an_unknown_key_stops_before_anything_is_done() {
    let home = home();
    std::fs::write(home.path().join("pgsre.toml"), "[[server]]\nname = \"a\"\nulr = \"x\"\n")
        .unwrap();
    let (status, _, error) = run(home.path(), &["drill"]);
    assert_eq!(status, 2);
    assert!(error.contains("pgsre.toml:3: unknown field `ulr`"), "{error}");
    assert!(error.contains("did you mean `url`?"), "{error}");
}

#[test]
fn init_writes_what_doctor_can_read() {
    let home = home();
    assert_eq!(run(home.path(), &["init"]).0, 0);
    assert_eq!(run(home.path(), &["init"]).0, 2, "never overwrites");
    let (status, _, error) = run(home.path(), &["backups", "list"]);
    assert_ne!(status, 2, "{error}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let home = home();
    for number in 0..2000 {
        std::fs::write(home.path().join(format!("backups/{number}.sql")), "x").unwrap();
    }
    let mut command = pgsre(home.path(), &["backups", "list", "backups/"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    assert_eq!(ended.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&ended.stderr), "");
}

#[test]
fn the_demo_passes_the_sound_backup_and_finds_every_fault() {
    let home = home();
    let (status, out, error) = run(home.path(), &["demo", "--format", "json", "--quiet"]);
    let demo: Value = serde_json::from_str(&out).unwrap_or_else(|_| Value::from(error));
    assert_eq!(status, 0, "{demo:#}");
    assert_eq!(demo["sound"]["verdict"], "passed");
    assert_eq!(demo["faults"].as_array().unwrap().len(), 5);
}
