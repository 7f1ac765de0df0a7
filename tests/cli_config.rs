//! `pgsre.toml` and the flags: what is refused, what wins, and what the user's own checks say.

use std::fs;
use std::path::PathBuf;

use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::Server;
use serde_json::Value;

/// A server with a shop, its dump in a directory, and a configuration.
struct Scene {
    server: Server,
    pgsre: Pgsre,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start(15).await;
        server.create_from("shop", "", "shop.sql");
        let scene = Self { server, pgsre: Pgsre::new() };
        fs::create_dir(scene.backups()).expect("a directory");
        fs::write(scene.backups().join("shop.sql"), scene.server.dump("shop", &[]))
            .expect("a backup");
        scene
    }

    fn backups(&self) -> PathBuf {
        self.pgsre.home().join("backups")
    }

    /// A configuration with these lines in `[server.drill]`.
    fn configure(&self, drill: &str) {
        let text = format!(
            "[[server]]\nname = 'shop'\nurl = \"{}\"\n[server.backups]\nsource = '{}'\n\
             [server.drill]\ntarget = \"{}\"\n{drill}",
            self.server.uri("shop"),
            self.backups().display(),
            self.server.uri("postgres"),
        );
        fs::write(self.pgsre.home().join("pgsre.toml"), text).expect("a configuration");
    }

    fn drill(&self, arguments: &[&str]) -> (i32, Value) {
        self.pgsre.json(&[&["drill", "--server", "shop"], arguments].concat())
    }

    /// That a drill ends with this status and these codes.
    #[track_caller]
    fn ends(&self, arguments: &[&str], status: i32, expected: &[&str]) {
        let (code, report) = self.drill(arguments);
        let findings = report["findings"].as_array().expect("findings");
        let codes: Vec<&str> = findings.iter().filter_map(|f| f["code"].as_str()).collect();
        assert_eq!((code, codes.as_slice()), (status, expected), "{report:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_users_own_checks_pass_fail_and_err() {
    let scene = Scene::new().await;
    let check = |lines: &str| scene.configure(&format!("[[server.drill.validator]]\n{lines}\n"));
    let cases: [(&str, i32, &[&str]); 10] = [
        ("kind = 'sql'\nquery = 'select count(*) = 2000 from customers'", 0, &[]),
        ("kind = 'sql'\nquery = 'select count(*) = 1 from customers'", 1, &["assertion.failed"]),
        ("kind = 'sql'\nquery = 'select no from where'", 3, &[]),
        (
            "kind = 'sql'\nquery = 'select 1 from customers where id < 0'\nexpect = 'no rows'",
            0,
            &[],
        ),
        (
            "kind = 'sql'\nquery = 'select id from customers where id = 1'\nexpect = 'no rows'",
            1,
            &["assertion.failed"],
        ),
        ("kind = 'freshness'\ntable = 'orders'\ncolumn = 'placed_at'\nmax_age = '36500d'", 0, &[]),
        (
            "kind = 'freshness'\ntable = 'orders'\ncolumn = 'placed_at'\nmax_age = '1h'",
            1,
            &["data.stale"],
        ),
        ("kind = 'freshness'\ntable = 'orders'\ncolumn = 'gone'\nmax_age = '1h'", 3, &[]),
        ("kind = 'floor'\ntable = 'orders'\nmin_rows = 5000", 0, &[]),
        ("kind = 'floor'\ntable = 'orders'\nmin_rows = 5001", 1, &["rows.below_floor"]),
    ];
    for (lines, status, codes) in cases {
        check(lines);
        scene.ends(&[], status, codes);
    }
    check("kind = 'sql'\nname = 'mine'\nquery = 'select true'");
    let (_, report) = scene.drill(&[]);
    let named = |check: &Value| check["name"].as_str().is_some_and(|name| name.contains("mine"));
    assert!(report["validations"].as_array().expect("checks").iter().any(named), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn objectives_and_floors_fail_and_flags_win_over_the_file() {
    let scene = Scene::new().await;
    scene.configure("rto = '1ms'\nmin_tables = 100\nmin_rows = 100000000\n");
    let (code, report) = scene.drill(&[]);
    assert_eq!(code, 1, "{report:#}");
    for expected in ["rto.exceeded", "rows.below_floor"] {
        let findings = report["findings"].as_array().expect("findings");
        assert!(findings.iter().any(|finding| finding["code"] == expected), "{report:#}");
    }
    scene.ends(&["--rto", "1h", "--min-tables", "6", "--min-rows", "10"], 0, &[]);
    scene.configure("rpo = '1h'\n");
    scene.ends(&[], 0, &[]);
    scene.ends(&["--rpo", "1ms"], 1, &["rpo.exceeded"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_the_live_database_has_more_are_missing_beyond_the_tolerance() {
    let scene = Scene::new().await;
    scene.configure("compare_to = 'live'\n");
    scene.ends(&[], 0, &[]);
    scene.server.sql(
        "shop",
        b"insert into orders (customer_id, placed_at) \
                               select 1, '2026-06-01' from generate_series(1, 100)",
    );
    for enough in [
        ["--max-missing-rows", "100"],
        ["--max-missing-ratio", "5%"],
        ["--max-missing-ratio", "0.05"],
    ] {
        let (code, report) = scene.drill(&enough);
        assert_eq!((code, &report["verdict"]), (0, &Value::from("passed")), "{report:#}");
    }
    for few in [
        ["--max-missing-rows", "99"],
        ["--max-missing-ratio", "1%"],
        ["--max-missing-ratio", "0.01"],
    ] {
        let (code, report) = scene.drill(&few);
        assert_eq!(code, 1, "{report:#}");
        assert_eq!(report["findings"][0]["code"], "rows.mismatch", "{report:#}");
    }
    let (code, report) = scene.drill(&["--compare-to", "none"]);
    assert_eq!((code, &report["verdict"]), (0, &Value::from("passed")), "{report:#}");
    // A live database that cannot be asked proves nothing, and blames nothing.
    let (code, report) = scene.drill(&["--compare-to", "postgres://nobody@127.0.0.1:1/shop"]);
    assert_eq!((code, &report["verdict"]), (3, &Value::from("inconclusive")), "{report:#}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_target_is_ephemeral_a_url_or_a_keyword_string() {
    let scene = Scene::new().await;
    let place = scene.backups();
    let place = place.to_string_lossy();
    let (url, keywords) = (scene.server.uri("postgres"), scene.server.url("postgres"));
    for target in ["ephemeral", &url, &keywords] {
        let (code, report) = scene.pgsre.json(&["drill", &place, "--target", target]);
        assert_eq!((code, &report["verdict"]), (0, &Value::from("passed")), "{target}: {report:#}");
    }
    let databases = scene.server.psql("postgres", &["-At"], b"select datname from pg_database");
    assert!(!String::from_utf8_lossy(&databases.stdout).contains("pgsre_drill"));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_servers_make_one_object_with_the_heaviest_verdict() {
    let scene = Scene::new().await;
    scene.configure("");
    let empty = scene.pgsre.home().join("empty");
    fs::create_dir(&empty).expect("a directory");
    let path = scene.pgsre.home().join("pgsre.toml");
    let text = fs::read_to_string(&path).expect("the configuration");
    let second =
        format!("[[server]]\nname = 'crm'\n[server.backups]\nsource = '{}'\n", empty.display());
    fs::write(&path, format!("{text}{second}")).expect("a configuration");
    let (code, object) = scene.pgsre.json(&["drill"]);
    assert_eq!((code, &object["verdict"]), (1, &Value::from("failed")), "{object:#}");
    let drills = object["drills"].as_array().expect("drills");
    let ended: Vec<_> =
        drills.iter().map(|d| (d["server"].as_str(), d["verdict"].as_str())).collect();
    assert_eq!(ended, [(Some("shop"), Some("passed")), (Some("crm"), Some("failed"))]);
}

#[test]
fn what_is_written_wrongly_is_told_with_its_line_and_the_nearest_name() {
    let pgsre = Pgsre::new();
    let base = "[[server]]\nname = 'shop'\n[server.backups]\nsource = 'backups'\n";
    let cases = [
        ("maxage = '26h'", ":5", "max_age"),
        ("max_age = 26", ":5", "string"),
        ("max_age = '26 parsecs'", ":5", "26h"),
        ("min_size = 'large'", ":5", "100MiB"),
        ("max_shrink = '30'", ":5", "30%"),
        ("[server.dril]", ":5", "drill"),
        ("[server.drill]\ncompare_to = 'live'", ":6", "url"),
        ("[server.drill]\njobs = 0", ":6", "1 to 256"),
        ("[[server.drill.validator]]\nkind = 'sq'", ":6", "sql"),
        ("[[server.drill.validator]]\nkind = 'sql'", ":5", "query"),
        (
            "[[server.drill.validator]]\nkind = 'floor'\ntable = 'a'\ncolumn = 'b'\nmin_rows = 1",
            ":8",
            "column",
        ),
        ("[[alerter]]\nkind = 'webhok'", ":6", "webhook"),
        ("[[alerter]]\nkind = 'log'\non = ['faild']", ":7", "failed"),
        ("[[alerter]]\nkind = 'log'\nmin_severity = 'warn'", ":7", "warning"),
        ("name = ", ":5", ""),
    ];
    for (lines, line, word) in cases {
        fs::write(pgsre.home().join("pgsre.toml"), format!("{base}{lines}\n")).expect("a file");
        let output = pgsre.command(&["drill", "--format", "json"]).output().expect("pgsre");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{lines}: {said}");
        assert!(
            said.contains(&format!("pgsre.toml{line}")) && said.contains(word),
            "{lines}: {said}"
        );
    }
}
