#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::fixture::{Fixture, object};
use super::*;
use crate::finding::Severity;

const HUNDRED: RowTolerance = RowTolerance { max_missing_rows: Some(100), max_missing_ratio: None };

fn orders(rows: u32) -> String {
    format!(
        "CREATE TABLE orders (id int PRIMARY KEY, note text CONSTRAINT short CHECK (note < 'z'));
         CREATE INDEX orders_note ON orders (note); CREATE VIEW v AS SELECT 1 AS one;
         INSERT INTO orders SELECT generate_series(1, {rows})"
    )
}

async fn compared(restored: &str, live: &str, check: LiveRows) -> Validation {
    let (restored, live) = (Fixture::new(restored).await, Fixture::new(live).await);
    check.validate(&restored.beside(&live)).await.unwrap()
}

async fn weights(restored: &str, live: &str, tolerance: RowTolerance) -> Vec<(String, Severity)> {
    let validation = compared(restored, live, LiveRows::new(tolerance)).await;
    validation.findings.into_iter().map(|f| (f.code.to_string(), f.severity)).collect()
}

fn critical(code: FindingCode) -> Vec<(String, Severity)> {
    vec![(code.to_string(), Severity::Critical)]
}

#[tokio::test]
async fn equal_databases_are_sound() {
    let validation = compared(&orders(5), &orders(5), LiveRows::new(RowTolerance::EXACT)).await;
    assert!(validation.findings.is_empty(), "{validation:#?}");
    assert_eq!((validation.examined, validation.unproved.len()), (1, 0));
}

#[tokio::test]
async fn without_a_tolerance_any_difference_is_a_mismatch() {
    for (restored, live) in [(5, 6), (6, 5)] {
        let found = weights(&orders(restored), &orders(live), RowTolerance::EXACT).await;
        assert_eq!(found, critical(FindingCode::RowsMismatch));
    }
}

#[tokio::test]
async fn missing_rows_are_tolerated_up_to_the_tolerance() {
    assert!(weights(&orders(900), &orders(1000), HUNDRED).await.is_empty());
    let found = weights(&orders(899), &orders(1000), HUNDRED).await;
    assert_eq!(found, critical(FindingCode::RowsMismatch));
    let larger = RowTolerance { max_missing_rows: Some(1), max_missing_ratio: Some(0.11) };
    assert!(weights(&orders(890), &orders(1000), larger).await.is_empty());
}

#[tokio::test]
async fn more_rows_than_live_are_a_doubt_once_a_tolerance_says_that_time_has_passed() {
    let check = LiveRows::new(HUNDRED);
    let validation = compared(&orders(1000), &orders(800), check).await;
    assert_eq!(validation.findings[0].severity, Severity::Warning);
    assert_eq!(validation.unproved.len(), 1);
}

#[tokio::test]
async fn a_table_that_the_backup_lacks_is_missing_unless_it_is_small_or_excluded() {
    let live = format!("{}; CREATE TABLE new AS SELECT generate_series(1, 50) AS a", orders(1));
    let found = weights(&orders(1), &live, RowTolerance::EXACT).await;
    assert_eq!(found, critical(FindingCode::SchemaMissing));
    let found = weights(&orders(1), &live, HUNDRED).await;
    assert_eq!(found, vec![("schema.missing".to_owned(), Severity::Warning)]);
    let check = LiveRows::new(RowTolerance::EXACT).exclude(["public.new"]);
    assert!(compared(&orders(1), &live, check).await.findings.is_empty());
}

#[tokio::test]
async fn a_table_that_is_no_longer_live_is_worth_knowing() {
    let restored = format!("{}; CREATE TABLE old ()", orders(1));
    let found = weights(&restored, &orders(1), RowTolerance::EXACT).await;
    assert_eq!(found, vec![("schema.changed".to_owned(), Severity::Info)]);
}

#[tokio::test]
async fn each_kind_of_object_that_the_backup_lacks_is_missing() {
    for (lost, code) in [
        ("DROP INDEX orders_note", FindingCode::SchemaMissing),
        ("ALTER TABLE orders DROP CONSTRAINT orders_pkey", FindingCode::ConstraintMissing),
        ("ALTER TABLE orders DROP CONSTRAINT short", FindingCode::ConstraintMissing),
        ("DROP VIEW v", FindingCode::SchemaMissing),
        ("ALTER TABLE orders ALTER note TYPE varchar(9)", FindingCode::SchemaChanged),
    ] {
        let restored = format!("{}; {lost}", orders(1));
        let found = weights(&restored, &orders(1), RowTolerance::EXACT).await;
        assert_eq!(found, critical(code), "{lost}");
    }
    let found = weights(
        &format!("{}; ALTER TABLE orders DROP note", orders(1)),
        &orders(1),
        RowTolerance::EXACT,
    )
    .await;
    assert_eq!(found[0], critical(FindingCode::SchemaMissing)[0]);
}

#[tokio::test]
async fn with_a_tolerance_only_a_lost_primary_key_is_damage_for_sure() {
    let restored = format!("{}; DROP INDEX orders_note", orders(1));
    let validation = compared(&restored, &orders(1), LiveRows::new(HUNDRED)).await;
    assert_eq!(validation.findings[0].severity, Severity::Warning);
    assert_eq!(validation.unproved.len(), 1);
    let restored = format!("{}; ALTER TABLE orders DROP CONSTRAINT orders_pkey", orders(1));
    let found = weights(&restored, &orders(1), HUNDRED).await;
    assert_eq!(found, critical(FindingCode::ConstraintMissing));
}

#[tokio::test]
async fn rows_may_lie_in_other_partitions() {
    let partitioned = |bound: i32| {
        format!(
            "CREATE TABLE root (a int) PARTITION BY RANGE (a);
             CREATE TABLE low PARTITION OF root FOR VALUES FROM (0) TO ({bound});
             CREATE TABLE high PARTITION OF root FOR VALUES FROM ({bound}) TO (100);
             INSERT INTO root SELECT generate_series(1, 50)"
        )
    };
    assert!(weights(&partitioned(10), &partitioned(40), RowTolerance::EXACT).await.is_empty());
}

#[tokio::test]
async fn what_the_environment_kept_from_being_made_is_not_missing() {
    let mut restored = Fixture::new(&orders(1)).await;
    let live = Fixture::new(&format!(
        "{}; CREATE TABLE places (p point); CREATE INDEX p ON places USING gist (p)",
        orders(1)
    ))
    .await;
    restored.declare_table("places", &["p"]).excused = true;
    restored.declare(Declaration::Index { name: object("p"), table: object("places") }).excused =
        true;
    let check = LiveRows::new(RowTolerance::EXACT);
    let validation = check.validate(&restored.beside(&live)).await.unwrap();
    assert!(validation.findings.is_empty(), "{validation:#?}");
}

#[tokio::test]
async fn a_live_table_that_cannot_be_counted_is_not_proved_and_does_not_stop_the_others() {
    let (restored, live) = (Fixture::new(&orders(5)).await, Fixture::new(&orders(6)).await);
    let both = "CREATE TABLE locked (a int)";
    for fixture in [&restored, &live] {
        fixture.database.session().await.unwrap().batch_execute(both).await.unwrap();
    }
    let writer = live.database.session().await.unwrap();
    writer.batch_execute("BEGIN; LOCK TABLE locked").await.unwrap();
    let check = LiveRows::new(RowTolerance::EXACT).lock_timeout(Duration::from_millis(50));
    let validation = check.validate(&restored.beside(&live)).await.unwrap();
    assert_eq!(validation.unproved.len(), 1);
    assert!(validation.findings.iter().any(|f| f.code == FindingCode::RowsMismatch));
}

#[tokio::test]
async fn large_objects_that_the_backup_lacks_are_found() {
    let live = format!("{}; SELECT lo_create(0)", orders(1));
    let found = weights(&orders(1), &live, RowTolerance::EXACT).await;
    assert_eq!(found, critical(FindingCode::LargeObjectsMismatch));
}

#[tokio::test]
async fn without_a_live_database_there_is_no_answer() {
    let fixture = Fixture::new("").await;
    assert!(LiveRows::new(HUNDRED).validate(&fixture.context()).await.is_err());
}

#[tokio::test]
async fn a_live_database_without_tables_examines_no_table() {
    assert_eq!(compared("", "", LiveRows::new(HUNDRED)).await, Validation::default());
}
