//! Percentiles from the histograms of pg_stat_monitor.
//!
//! It is in no distribution, so what runs everywhere is an extension in SQL with the functions and
//! columns of 2.x (`pg_stat_monitor--2.0.sql`); the ignored test is for the real one.

use std::fs;
use std::path::Path;

use pgsre_core::queries::{Latency, Method, QueryWindow};
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::traversable;
use pgsre_tests::harness::statements::{Looker, counting_server, logged, pgbench, truth};

/// What it counts is what pg_stat_statements does, with every tenth execution in the bucket of
/// 6.623 to 10.541 ms, and a statement that failed, which counts for nothing.
const SCRIPT: &str = "\
CREATE FUNCTION get_histogram_timings() RETURNS text LANGUAGE sql AS $$
  SELECT '{{0.000 - 1.000}, (1.000 - 2.778}, (2.778 - 6.623}, (6.623 - 10.541}, (10.541 - ...}}' $$;
CREATE TABLE @extschema@.share (of_executions int8 NOT NULL);
INSERT INTO @extschema@.share VALUES (10);
CREATE FUNCTION pg_stat_monitor_internal(IN showtext boolean, OUT bucket int8, OUT userid oid,
    OUT dbid oid, OUT queryid int8, OUT elevel int, OUT bucket_start_time timestamptz,
    OUT calls int8, OUT resp_calls text, OUT toplevel boolean)
  RETURNS SETOF record LANGUAGE sql AS $$
  SELECT 1::int8, s.userid, s.dbid, s.queryid, e.elevel, '2026-01-01'::timestamptz, s.calls,
         concat_ws(',', s.calls * of_executions / 10 - s.calls / 10, 0, 0, s.calls / 10, 0),
         s.toplevel
    FROM public.pg_stat_statements(false) s, @extschema@.share, (VALUES (0), (21)) AS e (elevel) $$;
";

fn extension(directory: &Path) {
    let extensions = directory.join("extension");
    fs::create_dir_all(&extensions).expect("a directory");
    traversable(directory);
    traversable(&extensions);
    let control = "default_version = '2.0'\nrelocatable = false\n";
    fs::write(extensions.join("pg_stat_monitor.control"), control).expect("a file");
    fs::write(extensions.join("pg_stat_monitor--2.0.sql"), SCRIPT).expect("a file");
}

/// Since 18 an extension may lie anywhere.
#[tokio::test(flavor = "multi_thread")]
async fn percentiles_are_measured_where_a_histogram_counts_and_estimated_where_it_lacks_some() {
    let directory = tempfile::tempdir().expect("a directory");
    extension(directory.path());
    let path = format!("$system:{}", directory.path().display());
    let settings =
        [("extension_control_path", path.as_str()), ("pg_stat_monitor.pgsm_bucket_time", "60")];
    let server = counting_server(18, &settings).await;
    let pgsre = Pgsre::new();
    let url = server.uri("postgres");
    let look = || {
        let begin = ["queries", &url, "--window", "1ms"];
        assert_eq!(pgsre.json(&begin).0, 0);
        pgbench(&server, "postgres", &["select 1;\n"], &["--transactions=500"]);
        let (code, report) = pgsre.json(&["queries", &url, "--since", "1ms", "--by", "calls"]);
        assert_eq!(code, 0, "{report:#}");
        report
    };
    let estimated = look();
    assert_eq!(estimated["load"]["latency"]["method"], "estimated", "{estimated:#}");

    server.sql("postgres", b"create schema odd; create extension pg_stat_monitor schema odd");
    let measured = look();
    let query = &measured["queries"][0];
    assert_eq!(query["calls"], 1000, "{query:#}");
    assert_eq!(query["latency"]["method"], "measured", "{query:#}");
    let bound = query["latency"]["bound_p99_ms"].as_f64().expect("a bound");
    assert!((bound - 10.541).abs() < 0.01, "{query:#}");
    assert!(query["p50_ms"].as_f64() <= Some(1.0) && query["p99_ms"].as_f64() >= Some(6.623));

    server.sql("postgres", b"update odd.share set of_executions = 5");
    look();
    let lacking = look();
    assert_eq!(lacking["queries"][0]["latency"]["method"], "estimated", "{lacking:#}");
}

/// auto_explain logs each execution.
#[tokio::test]
#[ignore = "needs pg_stat_monitor 2.x (github.com/percona/pg_stat_monitor) in the programs of 15; \
            then: cargo test -p pgsre-tests --test queries_histogram -- --ignored --nocapture"]
async fn the_real_extensions_histogram_holds_what_was_logged_of_each_execution() {
    let server = counting_server(
        15,
        &[
            ("shared_preload_libraries", "pg_stat_statements, pg_stat_monitor, auto_explain"),
            ("auto_explain.log_min_duration", "0"),
            ("auto_explain.log_analyze", "on"),
            ("auto_explain.log_timing", "off"),
            ("logging_collector", "on"),
            ("log_directory", "log"),
            ("log_filename", "executions.log"),
        ],
    )
    .await;
    server.sql("postgres", b"create extension pg_stat_monitor");
    server.sql("postgres", b"create table rows as select generate_series(1, 90000) n");
    let looker = Looker::at(&server.connect("postgres").await).await;
    // Two humps: few rows, or all of them.
    let script = "\\set most 5000 + 85000 * (random(1, 10) / 10)\n\
                  select sum(n) from (select n from rows limit :most) s;\n";
    let from = looker.snapshot().await;
    pgbench(&server, "postgres", &[script], &["--transactions=500"]);
    let window = looker.since(&from).await;
    let texts = looker.texts(&window).await;
    let (_, found) = texts.iter().find(|(text, _)| text.starts_with("select sum")).expect("it");
    let queries: Vec<&QueryWindow> = found.clone();
    let measured = Latency::of_queries(&queries).expect("executions");
    let moments: Vec<_> = queries.iter().map(|query| query.moments).collect();
    let estimated = Latency::of(&moments).expect("executions");
    assert_eq!(measured.method, Method::Measured, "{:?}", queries[0].histogram);
    let times = logged(&server, "select sum(n)", 1000).await;
    assert_eq!(times.len(), 1000);
    for (p, found, other) in [
        (0.5, measured.p50, estimated.p50),
        (0.95, measured.p95, estimated.p95),
        (0.99, measured.p99, estimated.p99),
    ] {
        let truth = truth(&times, p);
        println!(
            "p{}: {truth:.3} ms logged, {found:.3?} measured, {other:.3?} estimated",
            p * 100.0
        );
        let slack = truth * 0.01;
        assert!(found.at_least <= truth + slack && truth <= found.at_most + slack);
    }
}
