//! What `pgsre export` writes for Grafana and Prometheus, asked of a real Prometheus that scrapes a
//! real watch of a primary with a standby and a pooler: every query of every panel, and every rule.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::pooler::{PASSWORD, Pooler};
use pgsre_tests::harness::prometheus::Prometheus;
use pgsre_tests::harness::server::{PATIENCE, Server};
use pgsre_tests::harness::standby::Standby;
use pgsre_tests::harness::watching::Watching;
use serde_json::Value;

/// Figures that such servers have not, by their names' beginnings, and what they would need.
const SILENT: [(&str, &str); 16] = [
    ("pgsre_backup_", "a source of backups"),
    ("pgsre_drill_", "a source of backups, and drills of it"),
    ("pgsre_connections_seconds_until_full", "a history of days"),
    ("pgsre_disk_growth_rate", "a history of hours"),
    ("pgsre_disk_seconds_until_full", "a history of hours"),
    ("pgsre_slot_seconds_until_lost", "a history of hours"),
    ("pgsre_wraparound_seconds_left", "a history of hours"),
    ("pgsre_migration_progress", "a migration under way"),
    ("pgsre_migration_idle_seconds", "a migration under way"),
    ("pgsre_queries_heavier", "a query that became heavier"),
    ("pgsre_queries_regressed", "a query that became slower"),
    ("pgsre_queries_regressions", "windows of a minute, two of them"),
    ("pgsre_replication_paused", "a standby that is itself watched"),
    ("pgsre_replication_apply_delay_seconds", "a standby that is itself watched"),
    ("pgsre_subscription_running", "a logical subscription"),
    ("pgsre_subscription_error_rate", "a logical subscription"),
];

const SETTINGS: [(&str, &str); 4] = [
    ("shared_preload_libraries", "pg_stat_statements"),
    ("max_slot_wal_keep_size", "1GB"),
    ("archive_mode", "on"),
    ("archive_command", "true"),
];

/// More blocks than a cache hit ratio needs.
const WIDE: &[u8] = b"create extension pg_stat_statements;
    alter database postgres connection limit 50;
    create table wide with (fillfactor = 10) as select generate_series(1, 300000) as id";

/// All there is to be asked: a primary under a little load, its standby, its pooler, who watches them,
/// and who scrapes that.
struct Scene {
    prometheus: Prometheus,
    pooler: Pooler,
    pgsre: Pgsre,
    _watching: Watching,
    _standby: Standby,
    _server: Server,
}

impl Scene {
    async fn new() -> Self {
        let server = Server::start_with(15, &SETTINGS).await;
        server.sql("postgres", WIDE);
        let standby = Standby::of(&server, "db2", 5433);
        let pooler = Pooler::before(&server, "", "");
        let pgsre = Pgsre::new();
        let config = format!(
            "[[server]]\nname = 'shop'\nurl = '{}'\nstandbys = ['db2']\npgbouncer = '{}'\n\
             [watch]\ninterval = '1s'\n\
             [[rule]]\nname = 'mine'\nmetric = 'connections.used'\nwarning = {{ above = 0 }}\n",
            server.uri("postgres"),
            pooler.url("stats", PASSWORD, "pgbouncer"),
        );
        std::fs::write(pgsre.home().join("pgsre.toml"), config).expect("a configuration");
        let watching = Watching::start(&pgsre, &[]);
        let listen = watching.page("").replace("http://", "");
        let often = |text: String| text.replace("interval: 15s", "interval: 1s");
        let rules = often(exported(&pgsre, &["prometheus-rules"]));
        std::fs::write(pgsre.home().join("rules.yml"), rules).expect("rules");
        let scrape = exported(&pgsre, &["prometheus-scrape", "--listen", &listen]);
        let scrape = often(scrape).replace("timeout: 10s", "timeout: 1s");
        let file = pgsre.home().join("prometheus.yml");
        std::fs::write(&file, format!("rule_files: [rules.yml]\n{scrape}")).expect("a file");
        let prometheus = Prometheus::start(&file).await;
        Self { prometheus, pooler, pgsre, _watching: watching, _standby: standby, _server: server }
    }

    /// Waits until each of these had a series; those that had none. None may be an error.
    async fn without_series(&self, mut asked: BTreeSet<String>) -> BTreeSet<String> {
        let load = "select 1;".repeat(500) + "select count(*) from wide";
        let begin = Instant::now();
        while !asked.is_empty() && begin.elapsed() < PATIENCE {
            assert!(self.pooler.sql(&load).status.success());
            for one in asked.clone() {
                let series = self.prometheus.series(&one).await;
                if series.unwrap_or_else(|error| panic!("{one}: {error}")) > 0 {
                    asked.remove(&one);
                }
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        asked
    }

    /// The alert rules, when each was judged.
    async fn judged(&self) -> Vec<Value> {
        let begin = Instant::now();
        loop {
            let rules = self.prometheus.rules().await;
            assert!(rules.iter().all(|rule| rule["health"] != "err"), "{rules:#?}");
            if rules.iter().all(|rule| rule["health"] == "ok") {
                return rules;
            }
            assert!(begin.elapsed() < PATIENCE, "{rules:#?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
}

fn exported(pgsre: &Pgsre, arguments: &[&str]) -> String {
    let output = pgsre.command(&[&["export"], arguments].concat()).output().expect("pgsre");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

/// Every query of every panel, those of folded rows too, of this server.
fn queries(dashboard: &Value, server: &str) -> BTreeSet<String> {
    let panels = |of: &Value| of["panels"].as_array().cloned().unwrap_or_default();
    let outer = panels(dashboard);
    let all = outer.iter().flat_map(&panels).chain(outer.clone());
    let targets = all.flat_map(|panel| panel["targets"].as_array().cloned().unwrap_or_default());
    targets
        .map(|target| target["expr"].as_str().expect("a query").replace("$server", server))
        .collect()
}

/// The metrics that an expression names.
fn metrics(expression: &str) -> BTreeSet<String> {
    expression
        .split(|c: char| !c.is_ascii_alphanumeric() && c != '_')
        .filter(|word| word.starts_with("pgsre_"))
        .map(str::to_owned)
        .collect()
}

fn may_be_silent(expression: &str) -> bool {
    SILENT.iter().any(|(name, _)| expression.starts_with(name))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_panel_and_every_rule_is_answered_by_prometheus_and_a_misspelt_one_is_not() {
    let scene = Scene::new().await;
    let dashboard: Value =
        serde_json::from_str(&exported(&scene.pgsre, &["grafana-dashboard"])).expect("JSON");
    let asked = queries(&dashboard, "shop");
    assert!(asked.len() > 60, "{asked:?}");
    let rules = scene.judged().await;
    assert!(rules.len() > 40, "{rules:#?}");
    let named: BTreeSet<String> =
        rules.iter().flat_map(|rule| metrics(rule["query"].as_str().expect("a query"))).collect();

    // All are asked at least once, so that one that Prometheus cannot read is found.
    for one in asked.iter().filter(|one| may_be_silent(one)) {
        scene.prometheus.series(one).await.unwrap_or_else(|error| panic!("{one}: {error}"));
    }
    let known = |one: &String| !may_be_silent(one);
    let wanted = asked.into_iter().chain(named).filter(known).collect();
    assert_eq!(scene.without_series(wanted).await, BTreeSet::new());
    let servers = scene.prometheus.values_of("server", "pgsre_server_up").await;
    assert_eq!(servers, serde_json::json!(["shop"]), "what the variable offers");

    // The same checks, where a panel's query is not as it should be.
    let of = |expression: &str| {
        queries(&serde_json::json!({ "panels": [{ "targets": [{ "expr": expression }] }] }), "shop")
            .pop_first()
            .expect("a query")
    };
    let sound = of("pgsre_connections_used{server=\"$server\"}");
    assert_eq!(scene.prometheus.series(&sound).await, Ok(1));
    let misspelt = of("pgsre_connections_usd{server=\"$server\"}");
    assert_eq!(scene.prometheus.series(&misspelt).await, Ok(0));
    let unfilled = of("pgsre_connections_used{server=\"$sever\"}");
    assert_eq!(scene.prometheus.series(&unfilled).await, Ok(0));
    let unfinished = of("pgsre_connections_used{server=\"$server\"");
    let error = scene.prometheus.series(&unfinished).await.expect_err("no query");
    assert!(error.contains("parse error"), "{error}");
}
