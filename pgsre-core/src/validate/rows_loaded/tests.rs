#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::fixture::{Fixture, object};
use super::*;
use crate::finding::Severity;

const ORDERS: &str =
    "CREATE TABLE orders (id int); INSERT INTO orders SELECT generate_series(1, 5)";

async fn validation(fixture: &Fixture) -> Validation {
    RowsLoaded::default().validate(&fixture.context()).await.unwrap()
}

#[tokio::test]
async fn a_table_with_fewer_or_more_rows_than_the_archive_is_a_mismatch() {
    for sent in [4, 6] {
        let mut fixture = Fixture::new(ORDERS).await;
        fixture.load_table("orders", sent);
        let validation = validation(&fixture).await;
        assert_eq!(validation.findings[0].code, FindingCode::RowsMismatch);
        assert_eq!(validation.findings[0].severity, Severity::Critical);
    }
}

#[tokio::test]
async fn as_many_rows_as_the_archive_has_is_sound() {
    let mut fixture = Fixture::new(ORDERS).await;
    fixture.load_table("orders", 5);
    assert_eq!(validation(&fixture).await, Validation::sound(1));
}

#[tokio::test]
async fn several_loads_of_one_table_are_summed() {
    let mut fixture = Fixture::new(ORDERS).await;
    fixture.load_table("orders", 2);
    fixture.load_table("orders", 3);
    assert_eq!(validation(&fixture).await, Validation::sound(1));
}

#[tokio::test]
async fn a_table_without_data_in_the_archive_is_not_proved_unless_it_may_be_empty() {
    let mut fixture = Fixture::new("CREATE TABLE log (a int); CREATE TABLE t ()").await;
    fixture.load_table("t", 0);
    assert_eq!(validation(&fixture).await.unproved.len(), 1);
    let lenient = RowsLoaded::default().expect_empty(["public.log"]);
    assert!(lenient.validate(&fixture.context()).await.unwrap().unproved.is_empty());
}

#[tokio::test]
async fn a_dump_under_row_level_security_is_not_proved() {
    let mut fixture = Fixture::new(ORDERS).await;
    fixture.load_table("orders", 5);
    fixture.load.row_security = true;
    assert_eq!(validation(&fixture).await.unproved.len(), 1);
}

#[tokio::test]
async fn a_table_that_is_gone_is_a_mismatch_and_one_that_failed_to_load_is_left_to_its_finding() {
    let mut fixture = Fixture::new(ORDERS).await;
    fixture.load_table("orders", 17).failed = true;
    fixture.load_table("never_made", 3).failed = true;
    assert!(validation(&fixture).await.findings.is_empty());
    fixture.load_table("gone", 3);
    assert_eq!(validation(&fixture).await.findings[0].subject, "public.gone");
}

const PARTITIONED: &str = "
    CREATE TABLE root (a int) PARTITION BY LIST (a);
    CREATE TABLE one PARTITION OF root FOR VALUES IN (1);
    CREATE TABLE rest PARTITION OF root DEFAULT PARTITION BY HASH (a);
    CREATE TABLE rest_0 PARTITION OF rest FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE rest_1 PARTITION OF rest FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    INSERT INTO root SELECT generate_series(1, 10)";

#[tokio::test]
async fn rows_loaded_through_a_root_may_find_any_partition() {
    let mut fixture = Fixture::new(PARTITIONED).await;
    fixture.load_table("one", 1);
    fixture.load_table("root", 5);
    fixture.load_table("root", 4);
    assert_eq!(validation(&fixture).await, Validation::sound(1));
    fixture.load_table("root", 1);
    assert_eq!(validation(&fixture).await.findings.len(), 1);
}

#[tokio::test]
async fn partitions_loaded_one_by_one_are_counted_one_by_one() {
    let mut fixture = Fixture::new(
        "CREATE TABLE root (a int) PARTITION BY LIST (a);
         CREATE TABLE one PARTITION OF root FOR VALUES IN (1);
         CREATE TABLE two PARTITION OF root FOR VALUES IN (2);
         INSERT INTO root VALUES (1), (2), (2)",
    )
    .await;
    fixture.load_table("one", 1);
    assert_eq!(validation(&fixture).await.unproved.len(), 1);
    fixture.load_table("two", 2);
    assert_eq!(validation(&fixture).await, Validation::sound(2));
}

#[tokio::test]
async fn rows_of_inheriting_tables_are_not_their_parents() {
    let mut fixture = Fixture::new(
        "CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent);
         INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2), (3)",
    )
    .await;
    fixture.load_table("parent", 1);
    fixture.load_table("child", 2);
    assert_eq!(validation(&fixture).await, Validation::sound(2));
}

#[tokio::test]
async fn a_name_without_a_schema_means_every_table_of_that_name() {
    let mut fixture = Fixture::new(
        "CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (x int); CREATE TABLE b.t (x int);
         INSERT INTO a.t VALUES (1); INSERT INTO b.t VALUES (1), (2)",
    )
    .await;
    fixture.load_table("*.t", 1);
    fixture.load_table("*.t", 2);
    assert_eq!(validation(&fixture).await, Validation::sound(1));
    fixture.load_table("a.t", 1);
    fixture.load.tables.remove(0);
    assert_eq!(validation(&fixture).await, Validation::sound(2));
}

#[tokio::test]
async fn a_trigger_made_before_the_data_leaves_a_doubt_and_one_made_after_does_not() {
    let mut fixture = Fixture::new(ORDERS).await;
    fixture.load_table("orders", 6);
    let trigger = Declaration::Trigger { table: object("orders"), name: "t".to_owned() };
    fixture.declare(trigger).line = 500;
    assert_eq!(validation(&fixture).await.findings[0].severity, Severity::Critical);
    fixture.load.declared[0].line = 5;
    let validation = validation(&fixture).await;
    assert_eq!(validation.findings[0].severity, Severity::Warning);
    assert_eq!(validation.unproved.len(), 1);
}

#[tokio::test]
async fn an_empty_table_of_an_insert_dump_is_proved_by_its_entry_alone() {
    let tables = format!("{ORDERS}; CREATE TABLE log (a int); CREATE TABLE \"a\nb\" (a int)");
    let mut fixture = Fixture::new(&tables).await;
    fixture.load_table("orders", 5);
    fixture.load.inserts = true;
    assert_eq!(validation(&fixture).await.unproved.len(), 1);
    for name in ["log", "a b"] {
        let (schema, name) = (Some("public".to_owned()), name.to_owned());
        fixture.load.empty_tables.push(ObjectName { schema, name });
    }
    assert!(validation(&fixture).await.unproved.is_empty());
}

#[tokio::test]
async fn odd_names_and_unlogged_tables_are_counted() {
    let mut fixture = Fixture::new(
        "CREATE SCHEMA \"A b\"; CREATE UNLOGGED TABLE \"A b\".\"we\"\"ird.\nnäme\" (a int);
         INSERT INTO \"A b\".\"we\"\"ird.\nnäme\" VALUES (1)",
    )
    .await;
    fixture.load_table("A b.we\"ird.\nnäme", 1);
    assert_eq!(validation(&fixture).await, Validation::sound(1));
}

#[tokio::test]
async fn rows_that_a_policy_hides_are_an_error_and_not_a_smaller_count() {
    let mut fixture = Fixture::new(
        "CREATE TABLE t (a int); INSERT INTO t VALUES (1); ALTER TABLE t ENABLE ROW LEVEL SECURITY;
         ALTER TABLE t FORCE ROW LEVEL SECURITY;
         DO $$ BEGIN CREATE ROLE hidden LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$;
         ALTER TABLE t OWNER TO hidden",
    )
    .await;
    fixture.load_table("t", 1);
    assert_eq!(validation(&fixture).await, Validation::sound(1));
    let session = fixture.database.session().await.unwrap();
    let act_as = format!("ALTER DATABASE {} SET role = hidden", fixture.load.name);
    session.batch_execute(&act_as).await.unwrap();
    assert!(RowsLoaded::default().validate(&fixture.context()).await.is_err());
}

#[tokio::test]
async fn a_cancelled_check_is_no_answer() {
    let mut fixture = Fixture::new(ORDERS).await;
    fixture.load_table("orders", 5);
    fixture.cancel.cancel();
    assert!(RowsLoaded::default().validate(&fixture.context()).await.is_err());
}
