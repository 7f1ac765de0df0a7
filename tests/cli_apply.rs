//! `pgsre migrate apply`, `status`, `pause`, `resume` and `abort`, as people and scripts call them.

use std::fs;

use pgsre_tests::harness::applying::LEDGER;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use serde_json::{Value, json};

/// The command line against one database.
struct Shop {
    pgsre: Pgsre,
    url: String,
    _server: Server,
}

impl Shop {
    async fn open(sql: &str) -> Self {
        let server = Server::start(15).await;
        server.create("shop", "", LEDGER.as_bytes());
        let pgsre = Pgsre::new();
        fs::write(pgsre.home().join("42.sql"), sql).expect("a file");
        Self { pgsre, url: server.uri("shop"), _server: server }
    }

    fn arguments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [&["migrate"], arguments, &["--database", &self.url]].concat()
    }

    fn json(&self, arguments: &[&str]) -> (i32, Value) {
        self.pgsre.json(&self.arguments(arguments))
    }

    fn said(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.pgsre.command(&self.arguments(arguments)).output().expect("pgsre");
        let text = [output.stdout, output.stderr].concat();
        (output.status.code().expect("a status"), String::from_utf8_lossy(&text).into_owned())
    }
}

#[tokio::test]
async fn the_command_line_waits_for_a_release_and_goes_on_when_it_is_out() {
    let shop = Shop::open("ALTER TABLE ledger DROP COLUMN note;").await;
    let (code, preview) = shop.json(&["apply", "42.sql", "--dry-run"]);
    assert_eq!((code, &preview["next_step"], &preview["obstacles"]), (0, &json!(1), &json!([])));
    assert_eq!(shop.json(&["status"]), (0, json!({"schema": 1, "runs": []})));

    let drilled = ["apply", "42.sql", "--max-drill-age", "8d", "--backups", "."];
    let (code, said) = shop.said(&drilled);
    assert!(code == 3 && said.contains("drill"), "no drill has passed: {said}");
    assert_eq!(shop.json(&["status"]), (0, json!({"schema": 1, "runs": []})));

    let (code, report) = shop.json(&["apply", "42.sql"]);
    assert_eq!((code, &report["ending"]), (3, &json!("waiting")));
    assert!(
        report["waits_for"].as_str().is_some_and(|what| what.contains("ledger.note")),
        "{report}"
    );
    let step = report["next_step"].to_string();
    let (code, status) = shop.json(&["status"]);
    assert_eq!((code, &status["runs"][0]["name"]), (0, &json!("42.sql")));
    assert_eq!(
        (&status["runs"][0]["runner"], &status["runs"][0]["wanted"]),
        (&json!(null), &json!("run"))
    );

    // Somebody edits the file meanwhile.
    fs::write(shop.pgsre.home().join("42.sql"), "DROP TABLE ledger;").expect("a file");
    let (code, said) = shop.said(&["apply", "42.sql", "--released", "all"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("begun with other contents"), "{said}");
    fs::write(shop.pgsre.home().join("42.sql"), "ALTER TABLE ledger DROP COLUMN note;")
        .expect("a file");

    let (code, report) = shop.json(&["apply", "42.sql", "--released", &step]);
    assert_eq!((code, &report["ending"]), (0, &json!("done")), "{report}");
    assert_eq!(shop.json(&["status"]), (0, json!({"schema": 1, "runs": []})));
}

#[tokio::test]
async fn a_plan_is_run_as_it_was_made_and_one_that_was_changed_or_is_for_another_server_is_refused()
{
    let shop = Shop::open("CREATE INDEX ledger_note ON ledger (note);").await;
    let (code, plan) = shop.json(&["plan", "42.sql"]);
    assert_eq!(code, 0);
    let write = |plan: &Value| {
        fs::write(shop.pgsre.home().join("plan.json"), plan.to_string()).expect("a file");
    };
    let mut changed = plan.clone();
    changed["steps"][0]["statement"] = json!("DROP TABLE ledger");
    write(&changed);
    let (code, said) = shop.said(&["apply", "plan.json"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("was changed after it was made"), "{said}");
    fs::write(shop.pgsre.home().join("plan.json"), "{\"schema\": 1}").expect("a file");
    let (code, said) = shop.said(&["apply", "plan.json"]);
    assert_eq!(code, 2, "{said}");
    let (code, other) = shop.pgsre.json(&["migrate", "plan", "42.sql", "--pg-version", "17"]);
    assert!(code < 2);
    write(&other);
    let (code, said) = shop.said(&["apply", "plan.json"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("for PostgreSQL 17") && said.contains("15"), "{said}");
    write(&plan);
    let (code, report) = shop.json(&["apply", "plan.json"]);
    assert_eq!((code, &report["done"][0]["number"]), (0, &json!(1)), "{report}");
}

#[tokio::test]
async fn another_terminal_pauses_it_resumes_it_and_ends_it_and_an_interruption_is_gone_on_with() {
    let shop = Shop::open("UPDATE ledger SET n = n + 1;").await;
    let slow = ["apply", "42.sql", "--batch-time", "1ms"];
    let mut running = shop.pgsre.start(&shop.arguments(&slow));
    running.until("rows");
    assert_eq!(shop.said(&["pause"]).0, 0);
    running.until("waits, for operator");
    let (_, status) = shop.json(&["status"]);
    assert_eq!(status["runs"][0]["wanted"], json!("pause"));
    assert!(status["runs"][0]["runner"].is_number(), "{status}");
    let far = status["runs"][0]["backfill"].clone();
    assert!(far["passed"].as_u64() < far["estimate"].as_u64(), "{far}");
    let (code, said) = shop.said(&["apply", "42.sql"]);
    assert_eq!(code, 3, "a second runner: {said}");
    assert!(said.contains("another runner is at 42.sql"), "{said}");
    running.signal("INT");
    assert_eq!(running.wait().code(), Some(130));

    let (code, said) = shop.said(&["resume", "42.sql"]);
    assert!(code == 0 && said.contains("nobody is at it"), "{said}");
    assert_eq!(shop.said(&["pause", "other.sql"]).0, 2);
    let (code, report) = shop.json(&["apply", "42.sql"]);
    assert_eq!((code, &report["done"][0]["rows"]), (0, &json!(30000)));
    assert_eq!(shop.said(&["abort"]).0, 2, "nothing is under way");

    fs::write(
        shop.pgsre.home().join("42.sql"),
        "ALTER TABLE ledger ADD COLUMN c int; UPDATE ledger SET n = 9",
    )
    .expect("a file");
    let mut running = shop.pgsre.start(&shop.arguments(&slow));
    running.until("rows");
    let (code, said) = shop.said(&["abort"]);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("ALTER TABLE ledger DROP COLUMN c"), "the way back is told: {said}");
    assert_eq!(running.wait().code(), Some(1));
    assert_eq!(shop.json(&["status"]), (0, json!({"schema": 1, "runs": []})));
}
