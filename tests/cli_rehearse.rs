//! `pgsre migrate rehearse`: on a copy, on a backup, under a load, for a larger production.

use std::fs;

use pgsre_tests::harness::applying::SHOP;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use serde_json::{Value, json};

const REHEARSED: &str = "ALTER TABLE many ADD COLUMN token uuid NOT NULL DEFAULT gen_random_uuid();\n\
    CREATE INDEX ON many (few);\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_on_a_copy_measures_the_file_and_its_plan_and_leaves_nothing() {
    let server = Server::start_with(15, &[("autovacuum", "off")]).await;
    server.create("shop", "", SHOP.as_bytes());
    let pgsre = Pgsre::new();
    fs::write(pgsre.home().join("change.sql"), REHEARSED).expect("a file");
    let url = server.uri("shop");
    let rehearse = ["migrate", "rehearse", "change.sql", "--database", &url];
    let (code, report) = pgsre.json(&rehearse);
    assert_eq!((code, &report["schema"], &report["differences"]), (0, &json!(1), &json!([])));
    let direct = &report["direct"]["statements"];
    assert_eq!(direct[0]["rewrites"], json!(["many"]));
    assert!(direct[0]["rewritten_bytes"].as_u64() > Some(100_000), "{direct:#}");
    assert_eq!(direct[0]["locks"][0]["mode"], json!("AccessExclusiveLock"));
    assert!(direct[0]["wal_bytes"].as_u64() > direct[1]["wal_bytes"].as_u64());
    assert_eq!(report["direct"]["surprises"], json!([]));
    let planned = report["planned"]["statements"].as_array().expect("statements");
    assert!(planned.iter().all(|one| one["rewrites"] == json!([])), "{planned:#?}");
    let backfill = planned.iter().find(|one| one["rows"] == json!(12000)).expect("the backfill");
    assert!(backfill["batches"].as_u64() > Some(1), "{backfill:#}");
    let longest = backfill["locks"][0]["held_seconds"].as_f64().expect("how long a batch took");
    assert!(longest < backfill["seconds"].as_f64().expect("how long it took"), "{backfill:#}");
    let stops = |one: &&serde_json::Value| one["locks"].to_string().contains("\"ShareLock\"");
    assert_eq!(planned.iter().find(stops), None, "the index is built beside those who write");
    assert_eq!(report["undo"]["outcome"], json!("restored"));
    let left = server.psql("shop", &["-At"], b"select count(*) from pg_database");
    assert_eq!(String::from_utf8_lossy(&left.stdout).trim(), "4", "no copy is left");

    let (_, plan) = pgsre.json(&["migrate", "plan", "change.sql", "--database", &url]);
    fs::write(pgsre.home().join("plan.json"), plan.to_string()).expect("a file");
    let by_plan = ["migrate", "rehearse", "plan.json", "--database", &url];
    let (code, alone) = pgsre.json(&by_plan);
    assert_eq!((code, &alone["direct"]), (0, &json!(null)));
    assert_eq!(alone["planned"]["statements"].as_array().map(Vec::len), Some(planned.len()));
    let other = plan.to_string().replace("gen_random_uuid", "gen_other");
    fs::write(pgsre.home().join("plan.json"), other).expect("a file");
    assert_eq!(pgsre.command(&by_plan).output().expect("pgsre").status.code(), Some(2));

    fs::write(pgsre.home().join("change.sql"), "ALTER TABLE many ADD CHECK (id < 100);\n")
        .expect("a file");
    let (code, report) = pgsre.json(&rehearse);
    assert_eq!(code, 1);
    let failure = report["direct"]["failure"].as_str().expect("a failure");
    assert!(failure.contains("is violated by some row"), "{failure}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rehearsal_on_a_backup_restores_it_first_and_says_when_it_cannot() {
    let server = Server::start(15).await;
    server.create("shop", "", SHOP.as_bytes());
    let pgsre = Pgsre::new();
    fs::create_dir(pgsre.home().join("backups")).expect("a directory");
    let dump = pgsre.home().join("backups/shop.dump");
    fs::write(&dump, server.dump("shop", &["-Fc"])).expect("a file");
    fs::write(pgsre.home().join("change.sql"), REHEARSED).expect("a file");
    let rehearse = ["migrate", "rehearse", "change.sql", "--backup", "backups"];
    let (code, report) = pgsre.json(&rehearse);
    assert_eq!((code, &report["differences"]), (0, &json!([])));
    assert_eq!(report["direct"]["statements"][0]["rewrites"], json!(["many"]));
    fs::write(&dump, b"PGDMP and then nothing").expect("a file");
    let cut = pgsre.command(&rehearse).output().expect("pgsre");
    assert_eq!(cut.status.code(), Some(3), "{}", String::from_utf8_lossy(&cut.stderr));
    assert!(String::from_utf8_lossy(&cut.stderr).contains("could not be rehearsed"));
    assert!(cut.stdout.is_empty());
    let nothing = ["migrate", "rehearse", "change.sql"];
    assert_eq!(pgsre.command(&nothing).output().expect("pgsre").status.code(), Some(2));
}

/// What applications do meanwhile: reads by key, and as many writes.
const LOAD: &str = "\\set id random(1, 12000)\nSELECT few FROM many WHERE id = :id;\n\
    UPDATE many SET few = few + 1 WHERE id = :id;\n";

/// A change that holds its lock, as rewriting a large table would.
const SLOW: &str = "BEGIN;\nALTER TABLE many ADD COLUMN token uuid DEFAULT gen_random_uuid();\n\
    SELECT pg_sleep(1.5);\nCOMMIT;\n";

#[tokio::test(flavor = "multi_thread")]
async fn a_load_sees_the_stop_of_the_change_as_it_is_and_none_of_a_change_that_stops_nobody() {
    let server = Server::start_with(15, &[("autovacuum", "off")]).await;
    server.create("shop", "", SHOP.as_bytes());
    let pgsre = Pgsre::new();
    fs::write(pgsre.home().join("load.sql"), LOAD).expect("a file");
    let url = server.uri("shop");
    let rehearse = |change: &str| {
        fs::write(pgsre.home().join("change.sql"), change).expect("a file");
        let arguments =
            ["migrate", "rehearse", "change.sql", "--database", &url, "--load", "load.sql"];
        pgsre.json(&[&arguments[..], &["--load-clients", "3", "--load-rate", "50"]].concat())
    };
    let (code, report) = rehearse(SLOW);
    let seen = &report["direct"]["load"];
    assert_eq!(
        (code, &seen["clients"], &seen["failure"]),
        (0, &json!(3), &json!(null)),
        "{report:#}"
    );
    let figure = |value: &Value| value.as_f64().expect("a figure");
    assert!(figure(&seen["during"]["max"]) > 1.2, "{seen:#}");
    assert!(figure(&seen["before"]["max"]) < figure(&seen["during"]["max"]), "{seen:#}");
    assert!(seen["before"]["transactions"].as_u64() > Some(20), "{seen:#}");
    assert_eq!(seen["most_blocked"], json!(3), "each client waits");
    let (_, calm) = rehearse("ALTER TABLE few ADD COLUMN seen boolean;\nSELECT pg_sleep(1);\n");
    let seen = &calm["direct"]["load"];
    assert_eq!(seen["most_blocked"], json!(0), "{seen:#}");
    assert!(seen["during"]["transactions"].as_u64() > Some(20), "{seen:#}");
    let (_, broken) =
        rehearse("ALTER TABLE many RENAME COLUMN few TO number;\nSELECT pg_sleep(1);\n");
    let failure = broken["direct"]["load"]["failure"].as_str().expect("a failure");
    assert!(failure.contains("column \"few\" does not exist"), "{failure}");
    let left = server.psql("shop", &["-At"], b"select count(*) from pg_database");
    assert_eq!(String::from_utf8_lossy(&left.stdout).trim(), "4", "no copy is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_load_that_cannot_run_is_said_and_nothing_is_rehearsed() {
    let server = Server::start(15).await;
    server.create("shop", "", SHOP.as_bytes());
    let pgsre = Pgsre::new();
    fs::write(pgsre.home().join("change.sql"), "ALTER TABLE few ADD COLUMN seen boolean;")
        .expect("a file");
    let url = server.uri("shop");
    let run = |script: &str, more: &[&str]| {
        let arguments = ["migrate", "rehearse", "change.sql", "--database", &url, "--load", script];
        let output = pgsre.command(&[&arguments[..], more].concat()).output().expect("pgsre");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    fs::write(pgsre.home().join("load.sql"), "SELECT nothing FROM nowhere;\n").expect("a file");
    let (code, said) = run("load.sql", &[]);
    assert!(code == Some(3) && said.contains("\"nowhere\" does not exist"), "{code:?} {said}");
    fs::write(pgsre.home().join("load.sql"), "\\nonsense\n").expect("a file");
    let (code, said) = run("load.sql", &[]);
    assert!(code == Some(3) && said.contains("nonsense"), "{code:?} {said}");
    assert_eq!(run("absent.sql", &[]).0, Some(2));
    assert_eq!(run("load.sql", &["--load-rate", "0"]).0, Some(2));
    let left = server.psql("shop", &["-At"], b"select count(*) from pg_database");
    assert_eq!(String::from_utf8_lossy(&left.stdout).trim(), "4", "no copy is left");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_size_of_production_says_what_it_would_take_there() {
    let server = Server::start_with(15, &[("autovacuum", "off")]).await;
    server.create("shop", "", format!("{SHOP}ANALYZE;").as_bytes());
    let ten = "INSERT INTO many SELECT id + 12000 * n, few FROM many, generate_series(1, 9) n;";
    server.create("production", "", format!("{SHOP}{ten}ANALYZE;").as_bytes());
    let pgsre = Pgsre::new();
    fs::write(pgsre.home().join("change.sql"), REHEARSED).expect("a file");
    let (url, production) = (server.uri("shop"), server.uri("production"));
    let rehearse = ["migrate", "rehearse", "change.sql", "--database", &url];
    let (_, usual) = pgsre.json(&rehearse);
    assert_eq!(usual["assumptions"], json!([]));
    assert_eq!(usual["direct"]["statements"][0]["expected"], json!(null));
    let there = [&rehearse[..], &["--production", &production]].concat();
    let (code, report) = pgsre.json(&there);
    assert_eq!(code, 0);
    let rewrite = &report["direct"]["statements"][0];
    let (times, seconds) = (&rewrite["expected"]["times"], &rewrite["expected"]["seconds"]);
    let figure = |value: &Value| value.as_f64().expect("a figure");
    // Ten times the rows, and indexes that are built anew with the table.
    assert!((10.0..20.0).contains(&figure(times)), "{rewrite:#}");
    assert!((figure(seconds) / figure(&rewrite["seconds"]) - figure(times)).abs() < 0.001);
    assert!(figure(&rewrite["expected"]["stops_seconds"]) >= figure(seconds), "{rewrite:#}");
    let planned = report["planned"]["statements"].as_array().expect("statements");
    let backfill = planned.iter().find(|one| one["rows"] == json!(12000)).expect("the backfill");
    assert!((9.5..10.5).contains(&figure(&backfill["expected"]["times"])), "{backfill:#}");
    assert_eq!(backfill["expected"]["stops_seconds"], json!(null), "{backfill:#}");
    let catalogue = planned.iter().find(|one| one["statement"].to_string().contains("ADD COLUMN"));
    assert_eq!(catalogue.expect("a statement")["expected"], json!(null));
    assert!(report["assumptions"].to_string().contains("n·log n"));
    let human = pgsre.command(&there).output().expect("pgsre");
    assert!(String::from_utf8_lossy(&human.stdout).contains("In production ≈"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_evidence_of_a_backup_shows_the_rehearsal_on_it() {
    let server = Server::start(15).await;
    server.create("shop", "", SHOP.as_bytes());
    let pgsre = Pgsre::new();
    fs::create_dir(pgsre.home().join("backups")).expect("a directory");
    fs::write(pgsre.home().join("backups/shop.dump"), server.dump("shop", &["-Fc"]))
        .expect("a file");
    let change = "ALTER TABLE few ADD COLUMN mark text DEFAULT '<script>alert(1)</script>';\n";
    fs::write(pgsre.home().join("change.sql"), change).expect("a file");
    let rehearse = ["migrate", "rehearse", "change.sql", "--backup", "backups"];
    let (code, _) = pgsre.json(&[&rehearse[..], &["--html", "evidence.html"]].concat());
    assert_eq!(code, 0);
    let page = fs::read_to_string(pgsre.home().join("evidence.html")).expect("the page");
    for part in [
        "Rehearsal of change.sql, as it is",
        "by its plan",
        "Longest stop of writes",
        "Both end with the same",
    ] {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<script>alert"), "text of the migration is text on the page");
    let url = server.uri("shop");
    let on_copy = ["migrate", "rehearse", "change.sql", "--database", &url, "--html", "page.html"];
    assert_eq!(pgsre.command(&on_copy).output().expect("pgsre").status.code(), Some(2));
}
