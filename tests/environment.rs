//! Where the place to restore into is not faithful, a drill is inconclusive: never passed, and
//! never the backup's fault.

use pgsre_core::archive::ReadOptions;
use pgsre_core::drill::Verdict;
use pgsre_core::finding::{FindingCode, Severity};
use pgsre_tests::harness::drill::{
    assert_found, assert_verdict, backup, codes, drill, ephemeral, run, run_ephemeral, run_scratch,
};
use pgsre_tests::harness::server::Server;

async fn shop() -> (Server, Vec<u8>) {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    let dump = server.dump("shop", &[]);
    (server, dump)
}

fn text(dump: &[u8]) -> String {
    String::from_utf8(dump.to_vec()).expect("UTF-8")
}

#[tokio::test]
async fn a_missing_extension_is_inconclusive_with_all_that_follows_from_it() {
    let (_server, dump) = shop().await;
    let dump = text(&dump).replacen(
        "CREATE TABLE public.visits (\n    day date NOT NULL,",
        "CREATE EXTENSION IF NOT EXISTS postgis_of_another_world WITH SCHEMA public;\n\n\
         CREATE TABLE public.visits (\n    place public.geometry,\n    day date NOT NULL,",
        1,
    );
    assert!(dump.contains("another_world"));
    let report = run_ephemeral(15, "shop.sql", dump.as_bytes()).await;
    assert_found(&report, Verdict::Inconclusive, FindingCode::EnvironmentMissingExtension);

    let cut = &dump.as_bytes()[..dump.len() - 200];
    let report = run_ephemeral(15, "shop.sql", cut).await;
    assert_found(&report, Verdict::Failed, FindingCode::ArchiveTruncated);
}

#[tokio::test]
async fn a_missing_role_is_made_in_a_throw_away_server_and_reported_on_a_scratch_database() {
    let (server, dump) = shop().await;
    let dump = text(&dump).replace(
        "ALTER TABLE public.visits OWNER TO postgres;",
        "ALTER TABLE public.visits OWNER TO \"somebody else\";\nGRANT SELECT ON TABLE public.visits TO reader;",
    );
    assert!(dump.contains("somebody else"));
    let report = run_ephemeral(15, "shop.sql", dump.as_bytes()).await;
    assert_verdict(&report, Verdict::Passed);
    let report = run_scratch(&server, "shop.sql", dump.as_bytes()).await;
    assert_found(&report, Verdict::Inconclusive, FindingCode::EnvironmentMissingRole);
}

#[tokio::test]
async fn only_older_servers_at_hand_are_inconclusive() {
    let server = Server::start(18).await;
    server.create_from("shop", "", "shop.sql");
    let dump = server.dump("shop", &[]);
    assert!(text(&dump).contains("SET transaction_timeout"), "fact 42");
    let report = run_ephemeral(15, "shop.sql", &dump).await;
    assert_found(&report, Verdict::Inconclusive, FindingCode::EnvironmentServerTooOld);
    let older = Server::start(15).await;
    let report = run_scratch(&older, "shop.sql", &dump).await;
    assert_found(&report, Verdict::Inconclusive, FindingCode::EnvironmentServerTooOld);
    assert_verdict(&run_ephemeral(18, "shop.sql", &dump).await, Verdict::Passed);
}

#[tokio::test]
async fn a_newer_pg_dump_of_an_older_server_sets_what_the_older_does_not_know_and_passes() {
    let (server, dump) = shop().await;
    let dump = text(&dump).replacen(
        "SET lock_timeout = 0;",
        "SET lock_timeout = 0;\nSET transaction_timeout = 0;",
        1,
    );
    assert_verdict(&run_scratch(&server, "shop.sql", dump.as_bytes()).await, Verdict::Passed);
}

#[tokio::test]
async fn a_schema_that_exists_already_is_no_alarm() {
    let (server, dump) = shop().await;
    let dump = text(&dump).replacen(
        "CREATE TABLE public.customers",
        "CREATE SCHEMA public;\nALTER SCHEMA public OWNER TO postgres;\n\nCREATE TABLE public.customers",
        1,
    );
    assert_verdict(&run_scratch(&server, "shop.sql", dump.as_bytes()).await, Verdict::Passed);
}

#[tokio::test]
async fn a_collation_of_another_machine_is_inconclusive() {
    let (_server, dump) = shop().await;
    let dump = text(&dump).replacen(
        "    path text NOT NULL",
        "    path text COLLATE pg_catalog.\"xx_XX.utf8\" NOT NULL",
        1,
    );
    assert!(dump.contains("xx_XX"));
    let report = run_ephemeral(15, "shop.sql", dump.as_bytes()).await;
    assert_found(&report, Verdict::Inconclusive, FindingCode::EnvironmentCollation);
}

#[tokio::test]
async fn sql_of_another_origin_is_refused_unless_it_is_asked_for() {
    let (_server, _) = shop().await;
    let sql =
        b"create table t (a int primary key, b text);\ninsert into t values (1, 'a'), (2, ';');\n";
    let directory = backup("hand.sql", sql);
    let strict = drill(directory.path(), ephemeral(15));
    let report = run(&strict).await;
    assert_found(&report, Verdict::Failed, FindingCode::ArchiveCorrupt);

    let lenient = ReadOptions { allow_untrailed: true, ..ReadOptions::default() };
    let report = run(&drill(directory.path(), ephemeral(15)).with_read_options(lenient)).await;
    assert_verdict(&report, Verdict::Passed);
    let said = report.validations.iter().any(|check| !check.unproved.is_empty());
    assert!(said, "what could not be proved is said: {report:#?}");
}

#[tokio::test]
async fn a_drill_never_touches_the_database_that_a_dump_names() {
    let (server, _) = shop().await;
    let dump = server.dump("shop", &["--create", "--clean", "--if-exists"]);
    assert!(text(&dump).contains("DROP DATABASE IF EXISTS shop"));
    let report = run_scratch(&server, "shop.sql", &dump).await;
    assert_verdict(&report, Verdict::Passed);
    let client = server.connect("shop").await.client().await.expect("a client");
    let row = client.query_one("select count(*) from customers", &[]).await.expect("a count");
    assert_eq!(row.get::<_, i64>(0), 2000);
    let left = "select count(*) from pg_database where datname like 'pgsre%'";
    let row = client.query_one(left, &[]).await.expect("a count");
    assert_eq!(row.get::<_, i64>(0), 0, "the scratch database is dropped");
    let twice = run_scratch(&server, "shop.sql", &dump).await;
    assert_verdict(&twice, Verdict::Passed);
}

#[tokio::test]
async fn a_statement_that_fails_is_quoted_with_its_line() {
    let (server, dump) = shop().await;
    let dump =
        text(&dump).replacen("REFERENCES public.customers(id)", "REFERENCES public.clients(id)", 1);
    let report = run_scratch(&server, "shop.sql", dump.as_bytes()).await;
    assert_found(&report, Verdict::Failed, FindingCode::RestoreStatementFailed);
    assert!(codes(&report).contains(&FindingCode::ConstraintMissing), "{report:#?}");
    let line = 1 + dump.lines().position(|line| line.contains("public.clients")).expect("it");
    let finding = &report.findings.iter().find(|f| f.code == FindingCode::RestoreStatementFailed);
    let finding = finding.expect("a finding");
    assert_eq!(finding.severity, Severity::Critical);
    let said = format!("{} {}", finding.subject, finding.message);
    assert!(said.contains(&(line - 1).to_string()), "line {line}: {said}");
    assert!(said.contains("clients"), "{said}");
}
