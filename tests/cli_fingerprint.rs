//! `pgsre fingerprint` as a user runs it.

use std::fs;
use std::path::PathBuf;
use std::process::Output;

use pgsre_core::Fingerprint;
use pgsre_core::fingerprint::Level;
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use serde_json::Value;

/// A server with the shop, and a command line.
struct Scene {
    server: Server,
    pgsre: Pgsre,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start(15).await;
        server.create_from("shop", "", "shop.sql");
        Self { server, pgsre: Pgsre::new() }
    }

    fn run(&self, database: &str, arguments: &[&str]) -> Output {
        let url = self.server.uri(database);
        let mut command = self.pgsre.command(&["fingerprint", &url]);
        command.args(arguments).output().expect("pgsre")
    }

    fn json(&self, database: &str, arguments: &[&str]) -> (i32, Value) {
        let url = self.server.uri(database);
        let all = [&["fingerprint", url.as_str()], arguments].concat();
        self.pgsre.json(&all)
    }

    fn file(&self, name: &str) -> PathBuf {
        self.pgsre.home().join(name)
    }
}

fn text(output: &Output) -> String {
    let (out, err) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(err))
}

#[tokio::test]
async fn json_is_the_fingerprint_itself_and_people_get_a_table() {
    let scene = Scene::new().await;
    let (code, object) = scene.json("shop", &[]);
    let print: Fingerprint = serde_json::from_value(object).expect("a fingerprint");
    assert_eq!((code, print.level, print.database.as_str()), (0, Level::Content, "shop"));
    assert!(print.tables.iter().any(|table| table.rows > Some(0) && table.content.is_some()));

    let output = scene.run("shop", &["--jobs", "3"]);
    let said = text(&output);
    println!("{said}");
    assert_eq!(output.status.code(), Some(0), "{said}");
    let largest = print.tables.iter().max_by_key(|table| table.rows).expect("a table");
    for part in [largest.name.as_str(), &largest.content.expect("a hash").to_string(), "15."] {
        assert!(said.contains(part), "{part}: {said}");
    }

    let (code, counts) = scene.json("shop", &["--level", "counts"]);
    let counts: Fingerprint = serde_json::from_value(counts).expect("a fingerprint");
    assert_eq!((code, counts.level), (0, Level::Counts));
    assert!(counts.tables.iter().all(|table| table.content.is_none()));
}

#[tokio::test]
async fn a_copy_is_the_same_until_it_is_changed() {
    let scene = Scene::new().await;
    scene.server.sql("postgres", b"CREATE DATABASE copy TEMPLATE shop");
    let kept = scene.file("shop.json").display().to_string();
    assert_eq!(scene.run("shop", &["--output", &kept]).status.code(), Some(0));

    for other in [kept.as_str(), &scene.server.uri("shop")] {
        let output = scene.run("copy", &["--compare", other]);
        let said = text(&output);
        println!("{said}");
        assert_eq!(output.status.code(), Some(0), "{said}");
        let (code, object) = scene.json("copy", &["--compare", other]);
        assert_eq!((code, &object["equal"], &object["schema"]), (0, &true.into(), &1.into()));
    }

    scene.server.sql("copy", b"CREATE TABLE extra (id integer); INSERT INTO extra VALUES (1)");
    let output = scene.run("copy", &["--compare", &kept]);
    let said = text(&output);
    println!("{said}");
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("public.extra"), "{said}");
    let (code, object) = scene.json("copy", &["--compare", &scene.server.uri("shop")]);
    assert_eq!((code, &object["equal"]), (1, &false.into()));
}

#[tokio::test]
async fn a_fingerprint_is_attached_to_a_backup_once() {
    let scene = Scene::new().await;
    let backups = scene.file("backups");
    fs::create_dir(&backups).expect("a directory");
    fs::write(backups.join("shop.dump"), scene.server.dump("shop", &["-Fc"])).expect("a backup");
    let place = backups.display().to_string();
    let attach = ["--attach", place.as_str(), "--backup", "shop.dump"];
    let output = scene.run("shop", &attach);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output));

    let manifest = fs::read(backups.join("shop.dump.pgsre.json")).expect("a manifest");
    let manifest = pgsre_core::Manifest::parse(&manifest, "it").expect("a manifest");
    assert_eq!((manifest.key.as_str(), manifest.parts.len()), ("shop.dump", 0));
    assert_eq!(manifest.databases[0].database, "shop");
    let kept = backups.join("shop.dump.pgsre.json").display().to_string();
    assert_eq!(scene.run("shop", &["--compare", &kept]).status.code(), Some(0));

    let again = scene.run("shop", &attach);
    assert_eq!(again.status.code(), Some(2), "{}", text(&again));
    assert!(text(&again).contains("manifest already"), "{}", text(&again));
    let nowhere = scene.run("shop", &["--attach", &place, "--backup", "other.dump"]);
    assert_eq!(nowhere.status.code(), Some(2), "{}", text(&nowhere));
}

#[tokio::test]
async fn what_cannot_be_done_is_said() {
    let scene = Scene::new().await;
    let cases: [(&str, &[&str], i32, &str); 5] = [
        ("no such database", &[], 3, "no such database"),
        ("shop", &["--snapshot", "00000003-0000001B-1"], 2, "snapshot"),
        ("shop", &["--compare", "/nowhere.json"], 2, "/nowhere.json"),
        ("shop", &["--attach", "/nowhere"], 2, "--backup"),
        ("shop", &["--level", "all"], 2, "counts"),
    ];
    for (database, arguments, code, part) in cases {
        let output = scene.run(database, arguments);
        let said = text(&output);
        println!("{said}");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[tokio::test]
async fn a_table_that_may_not_be_read_is_named_and_the_rest_is_there() {
    let scene = Scene::new().await;
    scene.server.sql(
        "shop",
        b"CREATE ROLE reader; CREATE TABLE secret (id integer); \
          GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; \
          GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader; \
          REVOKE ALL ON secret FROM reader; ALTER DATABASE shop SET role = 'reader'",
    );
    let (code, object) = scene.json("shop", &[]);
    let print: Fingerprint = serde_json::from_value(object).expect("a fingerprint");
    assert_eq!(code, 3);
    assert!(print.gaps.iter().any(|gap| gap.subject == "table public.secret"), "{:?}", print.gaps);
    let rows = |name: &str| print.tables.iter().find(|t| t.name == name).expect("it").rows;
    assert_eq!(rows("public.secret"), None);
    let others = print.tables.iter().filter(|table| table.name != "public.secret");
    assert!(others.clone().count() > 1 && others.clone().all(|table| table.rows.is_some()));
    let said = text(&scene.run("shop", &[]));
    println!("{said}");
    assert!(said.contains("public.secret") && said.contains("permission denied"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rows_that_differ_are_named_by_their_keys() {
    let server = Server::start(15).await;
    let sql = b"create table t (a int, b text, c text, primary key (a, b)); \
                insert into t select i, 'k ' || i, 'v' from generate_series(1, 3000) i; \
                create table p (id int primary key, v text) partition by range (id); \
                create table p1 partition of p for values from (0) to (100); \
                insert into p values (7, 'x'), (8, 'y')";
    server.create("source", "", sql);
    server.create("copy", "", sql);
    let pgsre = Pgsre::new();
    let (source, copy) = (server.uri("source"), server.uri("copy"));
    let compare = || pgsre.json(&["fingerprint", &copy, "--compare", &source, "--rows", "10"]);
    let (code, equal) = compare();
    assert_eq!((code, equal.get("rows")), (0, None), "{equal:#}");

    server.sql(
        "copy",
        b"update t set c = 'w' where a = 77; delete from t where a = 5; \
          insert into t values (0, 'new', 'v'); update p set v = 'z' where id = 8",
    );
    let (code, differs) = compare();
    assert_eq!(code, 1, "{differs:#}");
    let row = |key: &str, change: &str| serde_json::json!({"key": key, "change": change});
    let mut rows = differs["rows"]["public.t"].as_array().expect("rows").clone();
    rows.sort_by_key(|row| row["change"].to_string());
    let named =
        [row("(77,\"k 77\")", "changed"), row("(0,new)", "extra"), row("(5,\"k 5\")", "missing")];
    assert_eq!(rows, named);
    assert_eq!(differs["rows"]["public.p"], serde_json::json!([row("(8)", "changed")]));
    let mut human = pgsre.command(&["fingerprint", &copy, "--compare", &source, "--rows", "1"]);
    let human = human.output().expect("pgsre");
    let text = String::from_utf8_lossy(&human.stdout);
    assert!(text.contains("public.p") && text.contains("changed  (8)"), "{text}");
}
