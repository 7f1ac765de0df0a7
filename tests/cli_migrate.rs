//! `pgsre migrate lint` as a build server calls it: what it prints in each format, and how it exits.

use std::fs;

use pgsre_tests::harness::applying::SHOP;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use serde_json::{Value, json};

const TABLE: &str = "CREATE TABLE orders (id bigint PRIMARY KEY, note text, user_id bigint);\n";
const SAFE: &str = "SET lock_timeout = '2s';\nALTER TABLE orders ADD COLUMN paid boolean;\n";
const HARMFUL: &str = "SET lock_timeout = '2s';\n\
    ALTER TABLE orders ALTER COLUMN note SET NOT NULL;\n\
    ALTER TABLE orders ADD COLUMN token uuid DEFAULT gen_random_uuid();\n";

/// A history of two files: a table, and what is done to it.
fn history(second: &str) -> Pgsre {
    let pgsre = Pgsre::new();
    fs::create_dir(pgsre.home().join("migrations")).expect("a directory");
    fs::write(pgsre.home().join("migrations/1_orders.sql"), TABLE).expect("a file");
    fs::write(pgsre.home().join("migrations/2_change.sql"), second).expect("a file");
    pgsre
}

fn lint(second: &str, arguments: &[&str]) -> (Option<i32>, String, String) {
    let pgsre = history(second);
    let path = pgsre.home().join("migrations").display().to_string();
    let arguments = [&["migrate", "lint", &path], arguments].concat();
    let output = pgsre.command(&arguments).output().expect("pgsre");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn json_says_locks_rewrites_and_scans_of_each_statement() {
    let pgsre = history(HARMFUL);
    let path = pgsre.home().join("migrations").display().to_string();
    let (code, linted) = pgsre.json(&["migrate", "lint", &path]);
    assert_eq!((code, &linted["schema"]), (1, &json!(1)));
    assert_eq!(linted["files"][0]["statements"][0]["hazards"], json!([]), "a new table");
    let second = &linted["files"][1];
    assert!(second["path"].as_str().is_some_and(|path| path.ends_with("2_change.sql")));
    let lock = json!([{"object": "orders", "mode": "AccessExclusiveLock"}]);
    let not_null = &second["statements"][1];
    assert_eq!(not_null["locks"], lock);
    assert_eq!((&not_null["rewrites"], &not_null["scans"]), (&json!([]), &json!(["orders"])));
    assert_eq!((&not_null["line"], &not_null["end_line"]), (&json!(2), &json!(2)));
    let volatile = &second["statements"][2];
    assert_eq!(volatile["locks"], lock);
    assert_eq!((&volatile["rewrites"], &volatile["scans"]), (&json!(["orders"]), &json!([])));
    for key in ["rule", "severity", "message", "fix"] {
        assert!(volatile["hazards"][0][key].is_string(), "{key}: {volatile:#}");
    }
}

#[test]
fn what_harms_nobody_exits_with_zero_and_what_does_with_one() {
    assert_eq!(lint(SAFE, &[]).0, Some(0));
    assert_eq!(lint(HARMFUL, &[]).0, Some(1));
    let warned = "ALTER TABLE orders ADD COLUMN paid boolean;\n";
    assert_eq!(lint(warned, &[]).0, Some(0), "to miss a lock_timeout is worth knowing only");
    assert_eq!(lint(warned, &["--fail-on", "info"]).0, Some(1));
}

#[test]
fn what_cannot_be_parsed_is_said_and_is_never_sound() {
    let (code, shown, _) = lint("this is not sql;\n", &[]);
    assert_eq!(code, Some(3));
    assert!(shown.contains("unparsed") && shown.contains("2_change.sql:1:1"), "{shown}");
    assert!(shown.contains("1 could not be parsed"), "{shown}");
    for (format, told) in [
        ("sarif", "\"ruleId\": \"unparsed\""),
        ("github", "title=unparsed"),
        ("junit", "type=\"unparsed\""),
    ] {
        let (_, shown, _) = lint("this is not sql;\n", &["--format", format]);
        assert!(shown.contains(told), "{format}: {shown}");
        let (_, sound, _) = lint(SAFE, &["--format", format]);
        assert!(!sound.contains(told), "{format}: {sound}");
    }
}

#[test]
fn a_file_that_is_not_there_is_an_error_of_usage() {
    let output = Pgsre::new().command(&["migrate", "lint", "nowhere.sql"]).output().expect("pgsre");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("nowhere.sql"));
}

#[test]
fn each_format_names_the_file_the_line_and_the_rule() {
    for (format, rule) in [
        ("human", "blocking-scan"),
        ("sarif", "\"ruleId\": \"blocking-scan\""),
        ("github", "title=blocking-scan"),
        ("junit", "type=\"blocking-scan\""),
    ] {
        let (code, shown, _) = lint(HARMFUL, &["--format", format]);
        assert_eq!(code, Some(1), "{format}");
        assert!(shown.contains(rule) && shown.contains("2_change.sql"), "{format}: {shown}");
    }
    let (_, sound, _) = lint(SAFE, &["--format", "junit"]);
    assert!(sound.contains("failures=\"0\"") && !sound.contains("<failure"), "{sound}");
}

#[test]
fn a_hazard_that_is_allowed_with_its_reason_is_told_no_more() {
    let allowed = "SET lock_timeout = '2s';\n\
        -- pgsre: allow blocking-scan: ten rows, looked up by hand\n\
        ALTER TABLE orders ALTER COLUMN note SET NOT NULL;\n";
    assert_eq!(lint(allowed, &[]).0, Some(0), "{}", lint(allowed, &[]).1);
    let without_reason = allowed.replace(": ten rows, looked up by hand", "");
    assert_eq!(lint(&without_reason, &[]).0, Some(1));
}

#[test]
fn the_mark_of_a_tool_says_whether_a_file_runs_in_a_transaction() {
    let build = "CREATE INDEX CONCURRENTLY i ON orders (user_id);\n";
    let refused = |text: &str, arguments: &[&str]| {
        let (_, shown, _) = lint(text, arguments);
        shown.contains("refused-in-transaction")
    };
    assert!(refused(build, &["--in-transaction"]));
    assert!(!refused(build, &[]));
    assert!(!refused(&format!("-- no-transaction\n{build}"), &["--in-transaction"]), "sqlx");
    assert!(refused(&format!("-- migrate:up\n{build}"), &[]), "dbmate");
    assert!(!refused(&format!("-- migrate:up transaction:false\n{build}"), &[]), "dbmate");
}

#[test]
fn diesel_runs_a_migration_in_a_transaction_unless_its_settings_lift_it() {
    let pgsre = Pgsre::new();
    let directory = pgsre.home().join("migrations/2_index");
    fs::create_dir_all(&directory).expect("a directory");
    fs::write(directory.join("up.sql"), "CREATE INDEX CONCURRENTLY i ON orders (user_id);\n")
        .expect("a file");
    let path = pgsre.home().join("migrations").display().to_string();
    let rules = || pgsre.json(&["migrate", "lint", &path]).1.to_string();
    assert!(rules().contains("refused-in-transaction"));
    fs::write(directory.join("metadata.toml"), "run_in_transaction = false\n").expect("a file");
    assert!(!rules().contains("refused-in-transaction"));
}

#[test]
fn a_baseline_silences_an_old_history_and_nothing_new() {
    let pgsre = history(HARMFUL);
    let lint = |arguments: &[&str]| {
        let arguments =
            [&["migrate", "lint", "migrations", "--baseline", "known.json"], arguments].concat();
        let output = pgsre.command(&arguments).output().expect("pgsre");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(lint(&[]).0, Some(2), "it is not there yet");
    assert_eq!(lint(&["--write-baseline"]).0, Some(0));
    let known = fs::read_to_string(pgsre.home().join("known.json")).expect("a file");
    let known: Value = serde_json::from_str(&known).expect("JSON");
    assert_eq!(known["schema"], 1);
    for key in ["path", "rule", "statement", "sha256"] {
        assert!(known["hazards"][0][key].is_string(), "{key}: {known:#}");
    }
    assert_eq!(lint(&[]).0, Some(0));
    let second = pgsre.home().join("migrations/2_change.sql");
    fs::write(&second, format!("\n{HARMFUL}DROP INDEX i;\n")).expect("a file");
    assert_eq!(lint(&[]).0, Some(1), "a hazard is new");
    fs::write(&second, SAFE).expect("a file");
    let (code, said) = lint(&[]);
    assert!(code == Some(0) && said.contains("no longer there: migrations/2_change.sql"), "{said}");
    fs::write(pgsre.home().join("known.json"), "{}").expect("a file");
    let (code, said) = lint(&[]);
    assert!(code == Some(2) && said.contains("is no baseline"), "{said}");
}

#[test]
fn every_rule_explains_itself() {
    let pgsre = Pgsre::new();
    let all = pgsre.command(&["migrate", "explain"]).output().expect("pgsre");
    let all = String::from_utf8(all.stdout).expect("UTF-8");
    assert!(all.lines().count() >= 10, "{all}");
    for line in all.lines() {
        let rule = line.split_whitespace().next().expect("a rule");
        let one = pgsre.command(&["migrate", "explain", rule]).output().expect("pgsre");
        assert_eq!(one.status.code(), Some(0), "{rule}");
        assert!(one.stdout.len() > line.len(), "{rule}");
    }
    let none = pgsre.command(&["migrate", "explain", "blocking-scam"]).output().expect("pgsre");
    assert_eq!(none.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_database_says_what_is_there_and_how_large_it_is() {
    let server = Server::start_with(15, &[("autovacuum", "off")]).await;
    server.create("shop", "", SHOP.as_bytes());
    let pgsre = Pgsre::new();
    let hazard = |text: &str, rule: &str| {
        fs::write(pgsre.home().join("change.sql"), text).expect("a file");
        let url = server.uri("shop");
        let (_, linted) = pgsre.json(&["migrate", "lint", "change.sql", "--database", &url]);
        let statement = &linted["files"][0]["statements"][0];
        let hazards = statement["hazards"].as_array().expect("hazards").clone();
        (statement.clone(), hazards.into_iter().find(|hazard| hazard["rule"] == rule))
    };
    let scan = |table: &str| {
        let text = format!("ALTER TABLE {table} ADD CHECK (id > 0);\n");
        let (_, found) = hazard(&text, "blocking-scan");
        found.map(|hazard| (hazard["severity"].clone(), hazard["message"].to_string()))
    };
    let (severity, message) = scan("few").expect("a hazard");
    assert!(severity == "info" && message.contains("few, 8 kB, 10 rows"), "{severity} {message}");
    let (severity, message) = scan("many").expect("a hazard");
    assert!(severity == "warning" && message.contains("12 k rows"), "{severity} {message}");
    let (severity, message) = scan("unseen").expect("a hazard");
    assert!(severity == "info" && message.contains("8 kB, never analysed"), "{message}");
    let (widened, _) = hazard("ALTER TABLE many ALTER note TYPE text;\n", "");
    assert_eq!(widened["rewrites"], json!([]), "the type is known");
    let (dropped, _) = hazard("DROP TABLE many;\n", "");
    let locks = dropped["locks"].as_array().expect("locks");
    let few = |lock: &Value| lock["object"] == "few" && lock["mode"] == "AccessExclusiveLock";
    assert!(locks.iter().any(few), "it refers to the other table: {locks:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_database_cannot_answer_is_said_with_what_to_do() {
    let server = Server::start(15).await;
    let pgsre = Pgsre::new();
    fs::write(pgsre.home().join("change.sql"), SAFE).expect("a file");
    let refused = |arguments: &[&str]| {
        let arguments = [&["migrate", "lint", "change.sql"], arguments].concat();
        let output = pgsre.command(&arguments).output().expect("pgsre");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let url = server.uri("postgres");
    let (code, said) = refused(&["--database", &url, "--pg-version", "17"]);
    assert!(code == Some(2) && said.contains("17") && said.contains("15"), "{said}");
    let (code, _) = refused(&["--database", &url, "--pg-version", "15"]);
    assert_eq!(code, Some(0));
    let (code, said) = refused(&["--database", &server.uri("nowhere")]);
    assert!(code == Some(3) && said.contains("nowhere"), "{said}");
    let (code, said) = refused(&["--database", "postgres://%zz"]);
    assert!(code == Some(2) && said.contains("--database"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_says_what_is_there_as_a_history_does() {
    let server = Server::start(15).await;
    server.create("shop", "", SHOP.as_bytes());
    let pgsre = Pgsre::new();
    let dump = server.dump("shop", &["--schema-only"]);
    fs::write(pgsre.home().join("0_dump.sql"), dump).expect("a file");
    fs::write(pgsre.home().join("1_change.sql"), "ALTER TABLE many ALTER note TYPE text;\n")
        .expect("a file");
    let (code, linted) = pgsre.json(&["migrate", "lint", "0_dump.sql", "1_change.sql"]);
    assert_eq!(code, 0, "{linted:#}");
    assert_eq!(linted["files"][1]["statements"][0]["rewrites"], json!([]), "the type is known");
}

#[test]
fn a_plan_knows_the_history_and_says_whether_each_step_is_safe() {
    let pgsre = history("ALTER TABLE orders ALTER COLUMN note SET NOT NULL;\n");
    let directory = pgsre.home().join("migrations");
    let file = directory.join("2_change.sql").display().to_string();
    let all = directory.display().to_string();
    let plan = ["migrate", "plan", &file, "--history", &all, "--pg-version", "15"];
    let (code, json) = pgsre.json(&plan);
    assert_eq!((code, &json["schema"], &json["server_version"]), (0, &json!(1), &json!(15)));
    let kinds = json["steps"].as_array().expect("steps").iter().map(|step| step["kind"].as_str());
    assert_eq!(kinds.collect::<Vec<_>>(), [Some("transaction"); 3]);
    assert_eq!(json["steps"][0]["lock_timeout_ms"], json!(2000));
    assert_eq!(
        json["steps"][1]["locks"],
        json!([{"object": "orders", "mode": "ShareUpdateExclusiveLock"}])
    );
    let sql = pgsre.command(&[&plan[..], &["--format", "sql"]].concat()).output().expect("pgsre");
    assert!(String::from_utf8_lossy(&sql.stdout).contains("SET LOCAL lock_timeout = 2000;"));

    fs::write(&file, "ALTER TABLE orders SET UNLOGGED;\n").expect("a file");
    let output = pgsre.command(&plan).output().expect("pgsre");
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8_lossy(&output.stdout).contains("caution: writes every row of orders")
    );
    fs::write(&file, "this is not sql;\n").expect("a file");
    assert_eq!(pgsre.command(&plan).output().expect("pgsre").status.code(), Some(3));
    let absent = pgsre.command(&["migrate", "plan", "nowhere.sql"]).output().expect("pgsre");
    assert_eq!(absent.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dump_says_what_is_there_and_a_manifest_how_much_of_it() {
    let server = Server::start(15).await;
    server.create("shop", "", SHOP.as_bytes());
    let pgsre = Pgsre::new();
    let home = pgsre.home();
    fs::write(home.join("schema.sql"), server.dump("shop", &[])).expect("a dump");
    fs::write(home.join("shop.dump"), server.dump("shop", &["-Fc"])).expect("a dump");
    fs::write(
        home.join("change.sql"),
        "SET lock_timeout = '1s';\n\
        ALTER TABLE many ALTER COLUMN note TYPE varchar(5);\n\
        ALTER TABLE few ALTER COLUMN note TYPE varchar(5);\n",
    )
    .expect("a file");
    let (code, print) = pgsre.json(&["fingerprint", &server.uri("shop"), "--level", "counts"]);
    assert_eq!(code, 0);
    fs::write(home.join("shop.json"), print.to_string()).expect("a file");

    let lint = ["migrate", "lint", "schema.sql", "change.sql", "--only", "change.sql"];
    let severities = |linted: &Value| {
        let statements = linted["files"][0]["statements"].as_array().expect("statements").clone();
        let rewrite = |one: &Value| {
            let hazards = one["hazards"].as_array().expect("hazards").clone();
            hazards.into_iter().find(|hazard| hazard["rule"] == "table-rewrite")
        };
        let found = statements[1..].iter().map(|one| rewrite(one).expect("a rewrite"));
        found
            .map(|hazard| (hazard["severity"].clone(), hazard["message"].to_string()))
            .collect::<Vec<_>>()
    };
    let (_, unknown) = pgsre.json(&lint);
    let found = severities(&unknown);
    assert_eq!([&found[0].0, &found[1].0], [&json!("critical"), &json!("critical")]);
    let (_, counted) = pgsre.json(&[&lint[..], &["--manifest", "shop.json"]].concat());
    let found = severities(&counted);
    assert_eq!([&found[0].0, &found[1].0], [&json!("warning"), &json!("info")], "{found:?}");
    assert!(found[0].1.contains("12 k rows") && found[1].1.contains("10 rows"), "{found:?}");

    for wrong in [vec!["shop.dump"], vec!["change.sql", "--manifest", "change.sql"]] {
        let output = pgsre.command(&[&["migrate", "lint"], &wrong[..]].concat()).output();
        assert_eq!(output.expect("pgsre").status.code(), Some(2), "{wrong:?}");
    }
}

#[test]
fn a_team_s_configuration_accepts_rules_for_a_reason_and_says_how_bad_others_are() {
    let pgsre = history(HARMFUL);
    let configure = |text: &str| fs::write(pgsre.home().join("pgsre.toml"), text).expect("a file");
    let lint = |more: &[&str]| {
        let output = pgsre.command(&[&["migrate", "lint", "migrations"], more].concat()).output();
        let output = output.expect("pgsre");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).expect("UTF-8"))
    };
    let (code, usual) = lint(&[]);
    assert!(code == Some(1) && usual.contains("table-rewrite") && usual.contains("blocking-scan"));
    let accepted = "[[migrate.allow]]\nrule = 'table-rewrite'\nreason = 'a small shop'\n\
        [[migrate.allow]]\nrule = 'blocking-scan'\nreason = 'the same'\npath = '2_change'\n";
    configure(accepted);
    let (code, said) = lint(&["--fail-on", "critical"]);
    assert!(code == Some(0) && !said.contains("table-rewrite"), "{said}");
    assert!(!said.contains("blocking-scan"), "{said}");
    configure(&accepted.replace("2_change", "elsewhere"));
    let (_, said) = lint(&[]);
    assert!(!said.contains("table-rewrite") && said.contains("blocking-scan"), "{said}");
    configure(
        "[migrate]\nfail_on = 'critical'\nseverity = { table-rewrite = 'info', blocking-scan = 'warning' }\n",
    );
    let (code, said) = lint(&[]);
    assert!(code == Some(0) && said.contains("table-rewrite (info)"), "{said}");
    assert_eq!(lint(&["--fail-on", "warning"]).0, Some(1), "a flag wins");
    for (wrong, why) in [
        ("[[migrate.allow]]\nrule = 'table-rewrite'\nreason = ' '\n", "says why"),
        ("[[migrate.allow]]\nrule = 'table-rewrit'\nreason = 'x'\n", "no rule table-rewrit"),
        ("[migrate]\npg_version = 12\n", "13 to 18"),
        ("[migrate]\nseverity = { truncate = 'bad' }\n", "critical"),
    ] {
        configure(wrong);
        let (code, said) = lint(&[]);
        assert!(code == Some(1) && said.contains("nothing of the configuration counts"), "{said}");
        assert!(said.contains(why), "{why}: {said}");
    }
}
