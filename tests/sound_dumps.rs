//! Sound dumps that are odd, or only a part: none ends in *failed*, and each has a harmed twin that
//! does.

use jiff::SignedDuration;
use pgsre_core::drill::{DrillReport, Verdict};
use pgsre_core::finding::{Finding, FindingCode};
use pgsre_core::source::catalogue::CatalogueRules;
use pgsre_tests::harness::drill::{
    assert_found, assert_verdict, backup, drill, run, run_ephemeral, run_scratch, scratch,
};
use pgsre_tests::harness::server::Server;

const LETTERS: &str = "encoding 'UTF8' lc_collate 'C' lc_ctype 'C.UTF-8' template template0";

#[tokio::test]
async fn checks_of_letters_hold_although_the_dump_does_not_say_its_locale() {
    let server = Server::start(15).await;
    let sql = "create table people (name text check (name ~ '^[[:alpha:]]+$'), \
               code text check (code = lower(code))); insert into people values ('Étienne', 'é')";
    server.create("letters", LETTERS, sql.as_bytes());
    for way in [&[][..], &["--create"], &["--inserts"]] {
        let dump = server.dump("letters", way);
        assert_verdict(&run_ephemeral(15, "dump.sql", &dump).await, Verdict::Passed);
        assert_verdict(&run_ephemeral(18, "dump.sql", &dump).await, Verdict::Passed);
        assert_verdict(&run_scratch(&server, "dump.sql", &dump).await, Verdict::Passed);
    }
}

#[tokio::test]
async fn a_check_by_the_order_of_text_may_fail_for_the_locale_and_one_of_numbers_may_not() {
    let server = Server::start(15).await;
    let sql = b"create table t (name text check (name > 'a'), n int check (n > 1)); \
                insert into t values ('b', 7)";
    server.create("order", "", sql);
    let sound = server.dump("order", &[]);
    assert_verdict(&run_scratch(&server, "dump.sql", &sound).await, Verdict::Passed);
    let capital = replace(&sound, "\nb\t7\n", "\nB\t7\n");
    let report = run_scratch(&server, "dump.sql", &capital).await;
    assert_found(&report, Verdict::Inconclusive, FindingCode::EnvironmentCollation);
    let harmed = replace(&sound, "\nb\t7\n", "\nb\t1\n");
    let report = run_scratch(&server, "dump.sql", &harmed).await;
    assert_found(&report, Verdict::Failed, FindingCode::RestoreStatementFailed);
    let told = replace(&server.dump("order", &["--create"]), "\nb\t7\n", "\nB\t7\n");
    let report = run_ephemeral(15, "dump.sql", &told).await;
    assert_found(&report, Verdict::Failed, FindingCode::RestoreStatementFailed);
}

#[tokio::test]
async fn partitions_by_the_order_of_text_may_fail_for_the_locale() {
    let server = Server::start(15).await;
    let sql = b"create table t (k text) partition by range (k); \
                create table t1 partition of t for values from ('a') to ('m'); \
                insert into t values ('b')";
    server.create("ranges", "", sql);
    for way in [&[][..], &["--load-via-partition-root"]] {
        let sound = server.dump("ranges", way);
        assert_verdict(&run_scratch(&server, "dump.sql", &sound).await, Verdict::Passed);
        let capital = replace(&sound, "\nb\n\\.", "\nB\n\\.");
        let report = run_scratch(&server, "dump.sql", &capital).await;
        assert_found(&report, Verdict::Inconclusive, FindingCode::EnvironmentCollation);
    }
}

#[tokio::test]
async fn a_locale_that_is_not_installed_is_said_and_the_data_judged_all_the_same() {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    let dump = server.dump("shop", &["--create"]);
    let sound = replace(&dump, "LOCALE = 'C'", "LOCALE = 'xx_XX.UTF-8'");
    let harmed = replace(&sound, "price numeric(10,2)", "price money_amount");
    for (dump, verdict) in [(sound, Verdict::Inconclusive), (harmed, Verdict::Failed)] {
        let reports = [
            run_ephemeral(15, "dump.sql", &dump).await,
            run_scratch(&server, "dump.sql", &dump).await,
        ];
        for report in reports {
            assert_found(&report, verdict, FindingCode::EnvironmentCollation);
            assert!(report.validations.iter().any(|check| check.examined > 3), "{report:#?}");
        }
    }
}

#[tokio::test]
async fn an_event_trigger_that_forbids_ddl_stops_no_restore() {
    let server = Server::start(15).await;
    let sql = b"create table t (a int); insert into t values (1); \
                create materialized view m as select * from t; \
                create function no() returns event_trigger language plpgsql as \
                'begin raise exception $$no$$; end'; \
                create event trigger no_ddl on ddl_command_start execute function no(); \
                alter event trigger no_ddl enable always";
    server.create("forbidding", "", sql);
    let sound = server.dump("forbidding", &[]);
    assert_verdict(&run_scratch(&server, "dump.sql", &sound).await, Verdict::Passed);
    assert_verdict(&run_ephemeral(15, "dump.sql", &sound).await, Verdict::Passed);
    let harmed = replace(&sound, "ddl_command_start", "ddl_command_stort");
    let report = run_scratch(&server, "dump.sql", &harmed).await;
    assert_found(&report, Verdict::Failed, FindingCode::RestoreStatementFailed);
}

#[tokio::test]
async fn empty_tables_of_a_dump_with_inserts_pass() {
    let server = Server::start(15).await;
    let sql = b"create table \"a\nb\" (a int); create table full_one (a int); \
                insert into full_one values (1); create table z (a int)";
    server.create("empties", "", sql);
    for way in [&["--inserts"][..], &["--column-inserts", "--rows-per-insert=9"], &[]] {
        let sound = server.dump("empties", way);
        assert_verdict(&run_scratch(&server, "dump.sql", &sound).await, Verdict::Passed);
    }
    let left_out = server.dump("empties", &["--inserts", "--exclude-table-data=z"]);
    let report = run_scratch(&server, "dump.sql", &left_out).await;
    assert_verdict(&report, Verdict::Inconclusive);
}

#[tokio::test]
async fn a_part_of_a_backup_is_not_judged_but_said_to_be_one() {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    for way in ["--schema-only", "--section=pre-data"] {
        let report = run_part(&server, &[way]).await;
        assert_found(&report, Verdict::Inconclusive, FindingCode::RowsBelowFloor);
    }
    for way in [
        &["--data-only"][..],
        &["--data-only", "--inserts"],
        &["--data-only", "--disable-triggers"],
        &["--section=data"],
        &["--section=post-data"],
        &["--section=data", "--section=post-data"],
    ] {
        let report = run_part(&server, way).await;
        assert_found(&report, Verdict::Inconclusive, FindingCode::ArchiveUnsupported);
    }
    for way in [&["--table=visits"][..], &["--schema=public"], &["--exclude-table=visits"]] {
        assert_verdict(&run_part(&server, way).await, Verdict::Passed);
    }
}

#[tokio::test]
async fn a_database_of_large_objects_only_passes_and_an_empty_one_does_not() {
    let server = Server::start(15).await;
    server.create("files", "", b"select lo_from_bytea(0, 'one'), lo_from_bytea(0, 'two')");
    server.create("nothing", "", b"");
    for way in [&[][..], &["--format=custom"]] {
        let (sound, empty) = (server.dump("files", way), server.dump("nothing", way));
        assert_verdict(&run_scratch(&server, "dump", &sound).await, Verdict::Passed);
        let report = run_scratch(&server, "dump", &empty).await;
        assert_found(&report, Verdict::Failed, FindingCode::RowsBelowFloor);
    }
}

#[tokio::test]
async fn an_archive_of_long_ago_that_was_written_again_is_stale_by_its_own_date() {
    let server = Server::start(15).await;
    server.create("one", "", b"create table t as select 1 as a");
    let sound = server.dump("one", &["--format=custom"]);
    let mut old = sound.clone();
    // The year, less 1900: behind the magic, the versions, three sizes and six numbers of 5 bytes.
    old[11 + 6 * 5 + 1] -= 2;
    for (dump, verdict) in [(sound, Verdict::Passed), (old, Verdict::Failed)] {
        let directory = backup("latest.dump", &dump);
        let rules = CatalogueRules {
            max_age: Some(SignedDuration::from_hours(26)),
            ..CatalogueRules::default()
        };
        let drill = drill(directory.path(), scratch(&server)).with_catalogue_rules(rules);
        let report = run(&drill).await;
        assert_verdict(&report, verdict);
        let stale = |found: &Finding| found.code == FindingCode::SourceStale;
        assert_eq!(report.findings.iter().any(stale), verdict == Verdict::Failed);
    }
}

#[tokio::test]
async fn a_part_that_refers_to_the_rest_fails_and_is_said_to_look_like_one() {
    let server = Server::start(15).await;
    let sql = b"create schema other; create table other.p (id int primary key); \
                create table c (id int references other.p); \
                insert into other.p values (1); insert into c values (1)";
    server.create("two", "", sql);
    for way in [&["--table=c"][..], &["--schema=public"]] {
        let report = run_scratch(&server, "dump.sql", &server.dump("two", way)).await;
        assert_found(&report, Verdict::Failed, FindingCode::RestoreStatementFailed);
        assert!(says_it_is_a_part(&report), "{:?}", report.findings);
    }
    let twice = replace(&server.dump("two", &[]), "\n1\n\\.", "\n1\n1\n\\.");
    let report = run_scratch(&server, "dump.sql", &twice).await;
    assert_found(&report, Verdict::Failed, FindingCode::RestoreStatementFailed);
    assert!(!says_it_is_a_part(&report), "{:?}", report.findings);
}

fn says_it_is_a_part(report: &DrillReport) -> bool {
    report.findings.iter().any(|found| found.hint.contains("looks like a part of a database"))
}

#[tokio::test]
async fn a_dump_that_lacks_one_definition_is_no_part_but_damaged() {
    let server = Server::start(15).await;
    server.create_from("shop", "", "shop.sql");
    let dump = server.dump("shop", &["--no-owner"]);
    let create = find(&dump, "CREATE TABLE public.visits (");
    let end = create + find(&dump[create..], ";\n") + 2;
    let harmed = [&dump[..create], &dump[end..]].concat();
    let report = run_scratch(&server, "dump.sql", &harmed).await;
    assert_found(&report, Verdict::Failed, FindingCode::ArchiveCorrupt);
}

async fn run_part(server: &Server, way: &[&str]) -> DrillReport {
    println!("pg_dump {}", way.join(" "));
    run_scratch(server, "dump.sql", &server.dump("shop", way)).await
}

#[track_caller]
fn find(bytes: &[u8], text: &str) -> usize {
    bytes
        .windows(text.len())
        .position(|window| window == text.as_bytes())
        .unwrap_or_else(|| panic!("no {text:?} in the dump"))
}

#[track_caller]
fn replace(bytes: &[u8], from: &str, to: &str) -> Vec<u8> {
    let at = find(bytes, from);
    [&bytes[..at], to.as_bytes(), &bytes[at + from.len()..]].concat()
}
