//! Windows over pg_stat_statements of real servers, against an independent tally of what was run.

use std::collections::HashMap;
use std::process::Command;
use std::time::Duration;

use pgsre_core::monitor::{Incidents, Metric, Reading, Sample, ServerMonitor, default_rules};
use pgsre_core::postgres::Database;
use pgsre_core::queries::{
    AdviceKind, Extension, Gap, Latency, Moments, Order, QueriesErrorKind, QueryLoad, Snapshot,
    Texts, Window, advise, regressions,
};
use pgsre_tests::harness::cli::Pgsre;
use pgsre_tests::harness::server::{PATIENCE, Server};
use pgsre_tests::harness::statements::{
    EXTENSION, Looker, counting_server, logged, pgbench, truth,
};

/// auto_explain measures and logs each execution by itself: the tally that pgsre is held against.
#[tokio::test]
async fn calls_times_and_bounds_are_those_of_each_execution_logged() {
    for major in [15, 18] {
        let server = counting_server(
            major,
            &[
                ("shared_preload_libraries", "pg_stat_statements, auto_explain"),
                ("auto_explain.log_min_duration", "0"),
                ("auto_explain.log_analyze", "on"),
                ("auto_explain.log_timing", "off"),
                ("logging_collector", "on"),
                ("log_directory", "log"),
                ("log_filename", "executions.log"),
                ("log_statement", "none"),
            ],
        )
        .await;
        server.create("other", "", b"create table rows as select generate_series(1, 9000) n");
        server.sql("postgres", b"create table rows as select generate_series(1, 9000) n");
        let database = server.connect("postgres").await;
        let looker = Looker::at(&database).await;
        let script = "\\set most random(1, 9000)\nselect sum(n) from rows where n < :most;\n";
        // What came before the window must not count.
        pgbench(&server, "postgres", &[script], &["--transactions=20"]);
        let before = logged(&server, "select sum(n)", 40).await.len();
        assert_eq!(before, 40);
        let from = looker.snapshot().await;
        pgbench(&server, "postgres", &[script], &["--transactions=300"]);
        pgbench(&server, "other", &[script], &["--transactions=200"]);
        let window = looker.since(&from).await;

        assert_eq!(window.gaps, [], "{major}");
        let texts = looker.texts(&window).await;
        let found = &texts["select sum(n) from rows where n < $1"];
        let mut calls: Vec<u64> = found.iter().map(|query| query.counted.calls).collect();
        calls.sort_unstable();
        assert_eq!(calls, [400, 600], "two databases on {major}");
        assert!(found.iter().all(|query| query.exact && query.counted.rows == query.counted.calls));
        let times = logged(&server, "select sum(n)", before + 1000).await.split_off(before);
        let (logged, told): (f64, f64) =
            (times.iter().sum(), found.iter().map(|query| query.counted.total_ms).sum());
        println!("{major}: {} executions, {logged:.2} ms logged, {told:.2} ms told", times.len());
        assert_eq!(times.len(), 1000);
        assert!((told / logged - 1.0).abs() < 0.01, "{major}: {told} told, {logged} logged");

        let parts: Vec<Moments> = found.iter().map(|query| query.moments).collect();
        let latency = Latency::of(&parts).expect("executions");
        for (p, found) in [(0.5, latency.p50), (0.95, latency.p95), (0.99, latency.p99)] {
            let truth = truth(&times, p);
            println!("{major}: p{} is {truth:.3} ms, ≈{found:.3?}", p * 100.0);
            let slack = truth * 0.01;
            assert!(found.at_least <= truth + slack && truth <= found.at_most + slack, "{major}");
        }
    }
}

/// The tally is the script's own: column `c<i>` is asked for `i % 7 + 1` times, the first all the
/// time.
#[tokio::test]
async fn over_evictions_no_count_is_silently_wrong() {
    for (major, max) in [(15, "100"), (18, "100"), (15, "5000")] {
        let server = counting_server(major, &[("pg_stat_statements.max", max)]).await;
        let columns: Vec<String> = (0..300).map(|at| format!("c{at} int")).collect();
        server.sql("postgres", format!("create table wide ({})", columns.join(", ")).as_bytes());
        let database = server.connect("postgres").await;
        let looker = Looker::at(&database).await;
        let worker = database.session().await.expect("a session");
        let mut ran: HashMap<String, u64> = HashMap::new();
        let mut run = async |column: usize| {
            let text = format!("select c{column} from wide");
            worker.query_typed(&text, &[]).await.expect("a row or none");
            *ran.entry(text).or_default() += 1;
        };
        for column in 0..60 {
            run(column).await;
        }
        run(0).await;
        let before = looker.snapshot().await;
        let ran_before = ran.clone();
        let mut run = async |column: usize| {
            let text = format!("select c{column} from wide");
            worker.query_typed(&text, &[]).await.expect("a row or none");
            *ran.entry(text).or_default() += 1;
        };
        for round in 0..7 {
            for column in 0..300 {
                if round <= column % 7 {
                    run(column).await;
                }
                if column % 10 == 0 {
                    run(0).await;
                }
            }
        }
        let window = looker.since(&before).await;
        let texts = looker.texts(&window).await;
        let (mut exact, mut least) = (0, 0);
        for (text, ran) in &ran {
            let truth = ran - ran_before.get(text).copied().unwrap_or(0);
            let Some(query) = texts.get(text).map(|found| found[0]) else {
                assert!(!window.gaps.is_empty(), "{major}: {text} is missing, and nothing is said");
                continue;
            };
            let told = query.counted.calls;
            if query.exact {
                exact += 1;
                assert_eq!(told, truth, "{major}, {max}: {text}");
            } else {
                least += 1;
                assert!(told <= truth, "{major}, {max}: {text}: {told} told, {truth} ran");
            }
        }
        println!("{major}, max {max}: {exact} exact, {least} at least; {:?}", window.gaps);
        if max == "5000" {
            assert_eq!((exact, least, window.gaps.as_slice()), (300, 0, [].as_slice()));
        } else {
            let evicted =
                window.gaps.iter().any(|gap| matches!(gap, Gap::Evicted { times: Some(1..) }));
            assert!(evicted, "{:?}", window.gaps);
        }
        if major == 18 {
            let hot = texts["select c0 from wide"][0];
            assert!(hot.exact, "what was never evicted is exact since 1.11");
        }
    }
}

#[tokio::test]
async fn resets_a_restart_and_a_crash_are_told_and_nothing_is_counted_twice() {
    for major in [15, 18] {
        let server = counting_server(major, &[]).await;
        let database = server.connect("postgres").await;
        let looker = Looker::at(&database).await;
        let worker = database.session().await.expect("a session");
        let run = async |times: usize| {
            for _ in 0..times {
                worker.query_typed("select 'tallied'::text", &[]).await.expect("a row");
            }
        };
        const TEXT: &str = "select $1::text";
        let calls = async |window: &Window| {
            looker
                .texts(window)
                .await
                .get(TEXT)
                .map(|found| (found[0].counted.calls, found[0].exact))
        };

        run(40).await;
        let from = looker.snapshot().await;
        run(30).await;
        let window = looker.since(&from).await;
        assert_eq!((calls(&window).await, window.gaps.len()), (Some((30, true)), 0), "{major}");

        server.sql("postgres", b"select pg_stat_statements_reset()");
        run(64).await;
        let window = looker.since(&from).await;
        assert!(matches!(window.gaps[..], [Gap::Reset { at: Some(_) }]), "{:?}", window.gaps);
        assert_eq!(calls(&window).await, Some((64, false)), "{major}: since the reset, at least");

        let from = looker.snapshot().await;
        server.sql(
            "postgres",
            b"select pg_stat_statements_reset(0, 0, queryid) from pg_stat_statements \
              where query = 'select $1::text'",
        );
        run(if major == 18 { 90 } else { 5 }).await;
        let window = looker.since(&from).await;
        assert!(window.gaps.contains(&Gap::Returned { statements: 1 }), "{:?}", window.gaps);
        let least = if major == 18 { 90 } else { 5 };
        assert_eq!(calls(&window).await, Some((least, false)), "{major}");
    }
}

#[tokio::test]
async fn a_crash_that_lost_the_statistics_is_told() {
    let server = counting_server(15, &[]).await;
    let from = Looker::at(&server.connect("postgres").await).await.snapshot().await;
    let victim = server.connect("postgres").await.session().await.expect("a session");
    let pid: i32 = victim.query_one("select pg_backend_pid()", &[]).await.expect("a row").get(0);
    let killed = Command::new("kill").args(["-9", &pid.to_string()]).status().expect("kill");
    assert!(killed.success());
    let begin = std::time::Instant::now();
    let database = loop {
        tokio::time::sleep(Duration::from_millis(100)).await;
        match Database::connect(server.config("postgres")).await {
            Ok(database) => break database,
            Err(error) => assert!(begin.elapsed() < PATIENCE, "{error}"),
        }
    };
    let window = Looker::at(&database).await.since(&from).await;
    assert!(matches!(window.gaps[0], Gap::Reset { .. } | Gap::Lost { .. }), "{:?}", window.gaps);
    assert!(window.queries.iter().all(|query| !query.exact));
}

const ORDERS: &[u8] = b"\
    create table orders as select n id, n % 5000 customer, repeat('x', 60) note \
      from generate_series(1, 100000) n; \
    create index by_customer on orders (customer); create unique index by_id on orders (id); \
    vacuum analyze orders";

const SCRIPTS: [&str; 4] = [
    "\\set c random(0, 4999)\nselect count(*), max(id) from orders where customer = :c;\n",
    "\\set i random(1, 100000)\nselect note from orders where id = :i;\n",
    "\\set i random(1, 100000)\nselect max(id) from orders where id < :i;\n",
    "\\set i random(1, 99000)\nselect sum(id) from orders where id between :i and :i + 300;\n",
];

#[tokio::test]
async fn a_dropped_index_is_named_within_two_windows_and_nothing_in_the_sound_twin() {
    for (major, harm) in [(15, true), (18, true), (18, false)] {
        let server = counting_server(major, &[("max_parallel_workers_per_gather", "0")]).await;
        server.sql("postgres", ORDERS);
        let database = server.connect("postgres").await;
        let looker = Looker::at(&database).await;
        let run = || pgbench(&server, "postgres", &SCRIPTS, &["--time=1"]);
        // What made the tables is no past of the queries.
        run();
        let probe = QueryLoad::default().in_windows_of(Duration::from_millis(500));
        let mut monitor =
            ServerMonitor::new("shop", server.config("postgres")).and(Box::new(probe));
        monitor.read().await;
        let mut last = looker.snapshot().await;
        let mut past = Vec::new();
        let mut named = Vec::new();
        let of_customer = |text: &String| text.contains("where customer =");
        for window in 0..4 {
            if harm && window == 2 {
                server.sql("postgres", b"drop index by_customer");
            }
            run();
            let next = looker.snapshot().await;
            let seen = Window::between(&last, &next);
            let slower = regressions(&seen, &past);
            let texts = looker.texts(&seen).await;
            for (text, found) in &texts {
                if let Some(found) = slower.get(&found[0].key) {
                    println!("{major}, window {window}: {text}: {found:?}");
                    named.push((window, text.clone()));
                }
            }
            let alarms = regressed(&monitor.read().await);
            println!("{major}, window {window}: {alarms:?}");
            let id = texts.iter().find(|(text, _)| of_customer(text));
            let id = id.map(|(_, found)| found[0].key.query_id.to_string());
            let expected = if harm && window >= 2 { id.into_iter().collect() } else { vec![] };
            if window != 2 {
                assert_eq!(alarms, expected, "{major}, window {window}");
            }
            past.push(seen);
            last = next;
        }
        if harm {
            assert!(named.iter().any(|(at, text)| *at <= 3 && of_customer(text)), "{named:?}");
        }
        let wrong: Vec<_> =
            named.iter().filter(|(at, text)| !harm || *at < 2 || !of_customer(text)).collect();
        assert!(wrong.is_empty(), "{major}, harm {harm}: {wrong:?}");
    }
}

/// The queries that the default rules name as slower.
fn regressed(reading: &Reading) -> Vec<String> {
    assert!(value(reading, Metric::QueriesRegressions).value.is_some(), "{reading:#?}");
    let incidents = Incidents::of_one(&default_rules(), reading);
    let open = incidents.open().into_iter().filter(|open| open.rule == "queries.regressed");
    open.map(|open| open.labels["query_id"].clone()).collect()
}

/// 15 has Debian's hypopg, 18 has none.
#[tokio::test]
async fn advice_rests_on_figures_executes_nothing_and_has_none_for_the_sound_twin() {
    for (major, hypopg) in [(15, true), (18, false)] {
        let server = counting_server(
            major,
            &[("max_parallel_workers_per_gather", "0"), ("work_mem", "256kB")],
        )
        .await;
        server.sql("postgres", ORDERS);
        if hypopg {
            server.sql("postgres", b"create schema odd; create extension hypopg schema odd");
        }
        let database = server.connect("postgres").await;
        let looker = Looker::at(&database).await;
        let advised = async |scripts: &[&str]| {
            let from = looker.snapshot().await;
            pgbench(&server, "postgres", scripts, &["--transactions=40"]);
            let window = looker.since(&from).await;
            let worst = window.top(Order::Total, 5);
            let keys: Vec<_> = worst.iter().map(|query| query.key).collect();
            let texts = Texts::default().of(&looker.session, &looker.extension, &keys).await;
            let texts = texts.expect("texts");
            advise(&looker.session, &window, &worst, &texts).await.expect("advice")
        };
        let sound = advised(&SCRIPTS).await;
        assert_eq!(sound.advice, [], "{major}");

        server.sql("postgres", b"drop index by_customer");
        let delete = "delete from orders where customer = -1 and note = 'x';\n";
        let sort = "select note from (select note, id from orders limit 30000) s \
                    order by note, id desc offset 29999;\n";
        let found = advised(&[SCRIPTS[0], delete, sort]).await;
        println!("{major}: {found:#?}");
        assert_eq!(found.unplanned, [], "{major}");
        let of = |kind| found.advice.iter().filter(move |advice| advice.kind == kind);
        assert!(of(AdviceKind::Spill).any(|advice| advice.evidence["temporary_bytes"] > 1e6));
        let scan = of(AdviceKind::SequentialScan)
            .find(|advice| advice.message.contains("load: (orders.customer = $1)"))
            .unwrap_or_else(|| panic!("{major}: {found:#?}"));
        assert_eq!(scan.evidence["table_rows"], 100_000.0);
        assert!(
            scan.fix.contains("CREATE INDEX ON \"public\".\"orders\" (\"customer\")"),
            "{scan:?}"
        );
        assert_eq!(scan.evidence.contains_key("cost_with_index"), hypopg, "{scan:?}");
        if hypopg {
            assert!(scan.evidence["cost_with_index"] * 2.0 < scan.evidence["cost"], "{scan:?}");
        }
        // A lesser role may not plan: that is said, and the session goes on.
        server.sql("postgres", b"create role lesser login in role pg_read_all_stats");
        let config = server.url("postgres").replace("user=postgres", "user=lesser");
        let config = pgsre_core::postgres::ConnectConfig::parse(&config).expect("a connection");
        let lesser = Looker::at(&Database::connect(config).await.expect("a connection")).await;
        let from = lesser.snapshot().await;
        pgbench(&server, "postgres", &[SCRIPTS[0]], &["--transactions=20"]);
        let window = lesser.since(&from).await;
        let worst = window.top(Order::Total, 1);
        let keys: Vec<_> = worst.iter().map(|query| query.key).collect();
        let texts = Texts::default().of(&lesser.session, &lesser.extension, &keys).await;
        let refused = advise(&lesser.session, &window, &worst, &texts.expect("texts")).await;
        let refused = refused.expect("an answer").unplanned;
        assert!(refused[0].1.to_string().contains("permission denied"), "{refused:?}");
        lesser.snapshot().await;
    }
}

fn value(reading: &Reading, metric: Metric) -> &Sample {
    reading.samples_of(metric).next().unwrap_or_else(|| panic!("no {metric}: {reading:#?}"))
}

#[tokio::test]
async fn the_probe_knows_latency_and_load_and_a_server_without_the_extension_raises_no_alarm() {
    for major in [15, 18] {
        let server = counting_server(major, &[]).await;
        let mut monitor = ServerMonitor::new("shop", server.config("postgres"))
            .and(Box::new(QueryLoad::default()));
        let first = monitor.read().await;
        assert_eq!(value(&first, Metric::LatencyP99).value, None, "there is no window yet");
        pgbench(&server, "postgres", &["select pg_sleep(0.002);\n"], &["--transactions=400"]);
        let reading = monitor.read().await;
        assert_eq!((reading.missing.len(), reading.unseen.len()), (0, 0), "{reading:#?}");
        let p99 = value(&reading, Metric::LatencyP99);
        assert_eq!(p99.method, Some("estimated"));
        assert!(p99.value.is_some_and(|p99| (0.002..1.0).contains(&p99)), "{p99:?}");
        assert!(p99.error.is_some_and(|error| error > 0.0), "{p99:?}");
        assert!(value(&reading, Metric::QueriesTopShare).value.is_some_and(|share| share > 0.5));
        assert!(value(&reading, Metric::QueriesCallsRate).value.is_some_and(|rate| rate > 0.0));

        server.sql("postgres", b"drop extension pg_stat_statements");
        monitor.read().await;
        let reading = monitor.read().await;
        assert_eq!(reading.missing, [], "{reading:#?}");
        assert!(reading.unseen[0].contains("CREATE EXTENSION"), "{:?}", reading.unseen);
        assert_eq!(value(&reading, Metric::LatencyP99).value, None);
    }
}

#[tokio::test]
async fn what_is_not_there_or_not_allowed_is_said_with_what_to_do() {
    let bare = Server::start(18).await;
    let session = bare.connect("postgres").await.session().await.expect("a session");
    let error = Extension::find(&session).await.expect_err("nothing is loaded");
    assert_eq!(error.kind(), QueriesErrorKind::NotLoaded);
    bare.sql("postgres", EXTENSION);
    let error = Extension::find(&session).await.expect_err("still not loaded");
    assert_eq!(error.kind(), QueriesErrorKind::NotLoaded, "{error}");

    let server = counting_server(15, &[]).await;
    server.sql(
        "postgres",
        b"create database elsewhere; create role lesser login; \
                             create role watcher login in role pg_read_all_stats",
    );
    let elsewhere = server.connect("elsewhere").await.session().await.expect("a session");
    let error = Extension::find(&elsewhere).await.expect_err("another database has it");
    assert_eq!(error.kind(), QueriesErrorKind::NotCreated);
    server.sql(
        "elsewhere",
        b"create schema odd_place; \
        create extension pg_stat_statements schema odd_place version '1.8'",
    );
    let found = Extension::find(&elsewhere).await.expect("in an odd place, of an old version");
    assert_eq!(found.version, (1, 8));
    let snapshot = Snapshot::take(&elsewhere, &found).await.expect("a snapshot");
    assert!(!snapshot.statements.is_empty() && snapshot.evictions.is_none());

    for (role, sees_all) in [("lesser", false), ("watcher", true)] {
        let config = server.url("postgres").replace("user=postgres", &format!("user={role}"));
        let config = pgsre_core::postgres::ConnectConfig::parse(&config).expect("a connection");
        let looker = Looker::at(&Database::connect(config).await.expect("a connection")).await;
        let from = looker.snapshot().await;
        server.sql("postgres", b"select 1");
        let window = looker.since(&from).await;
        let hidden = window.gaps.iter().any(|gap| matches!(gap, Gap::Hidden { statements: 1.. }));
        assert_eq!(hidden, !sees_all, "{role}: {:?}", window.gaps);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_command_prints_what_is_documented_and_exits_with_what_it_found() {
    let server = counting_server(15, &[("max_parallel_workers_per_gather", "0")]).await;
    server.sql("postgres", ORDERS);
    server.create("bare", "", b"");
    let pgsre = Pgsre::new();
    let url = server.uri("postgres");
    let run = || pgbench(&server, "postgres", &SCRIPTS, &["--transactions=400"]);

    let missing = pgsre.command(&["queries", &server.uri("bare")]).output().expect("pgsre");
    let said = String::from_utf8_lossy(&missing.stderr);
    assert_eq!(missing.status.code(), Some(3), "{said}");
    assert!(said.contains("CREATE EXTENSION"), "{said}");
    let none = pgsre.command(&["queries", &url, "--since", "1h"]).output().expect("pgsre");
    assert_eq!(none.status.code(), Some(3), "nothing is kept yet");

    run();
    let (code, report) = pgsre.json(&["queries", &url, "--window", "100ms"]);
    assert_eq!((code, &report["schema"]), (0, &1.into()), "{report:#}");
    run();
    let arguments = ["queries", &url, "--since", "1ms", "--limit", "3", "--by", "calls"];
    let (code, report) = pgsre.json(&arguments);
    assert_eq!((code, report["gaps"].as_array().map(Vec::len)), (0, Some(0)), "{report:#}");
    assert!(report["window"]["seconds"].as_f64().is_some_and(|seconds| seconds > 0.0));
    let queries = report["queries"].as_array().expect("queries");
    assert_eq!(queries.len(), 3);
    let tallied: u64 = queries.iter().map(|query| query["calls"].as_u64().expect("calls")).sum();
    assert!((600..=800).contains(&tallied), "three of four scripts, 800 in all: {tallied}");
    let query = &queries[0];
    for key in ["calls", "total_ms", "mean_ms", "share", "rows", "p50_ms", "p95_ms", "p99_ms"] {
        assert!(query[key].is_number(), "{key}: {query:#}");
    }
    assert!(query["query_id"].as_str().is_some_and(|id| id.parse::<i64>().is_ok()), "{query:#}");
    assert_eq!((&query["database"], &query["user"]), (&"postgres".into(), &"postgres".into()));
    assert_eq!(query["latency"]["method"], "estimated");
    assert!(query["latency"]["bound_p99_ms"].as_f64() >= query["p99_ms"].as_f64());
    assert!(query["text"].is_string() && query["regression"].is_null());

    server.sql("postgres", b"drop index by_customer");
    run();
    let slower = ["queries", &url, "--since", "1ms", "--fail-on-regression"];
    let output = pgsre.command(&slower).output().expect("pgsre");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("slower") && text.contains("times the blocks a call"), "{text}");
    assert!(text.contains('≈'), "an estimate is marked: {text}");
    println!("{text}");
}
