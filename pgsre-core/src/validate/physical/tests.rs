#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::fixture::Fixture;
use super::*;

const SHOP: &str = "CREATE TABLE orders (id int PRIMARY KEY, total numeric, note text); \
    INSERT INTO orders SELECT n, n % 7, repeat('x', n % 50) FROM generate_series(1, 2000) n; \
    CREATE INDEX ON orders (total); CREATE INDEX ON orders USING hash (note)";

const OURS: &str = "SELECT count(*) FROM pg_extension e FULL JOIN pg_namespace n ON false \
    WHERE e.extname = 'amcheck' OR n.nspname ~ 'amcheck'";

#[tokio::test]
async fn a_sound_database_passes_and_nothing_of_the_check_is_left() {
    let fixture = Fixture::new(SHOP).await;
    let validation = PhysicalSoundness::default().validate(&fixture.context()).await.unwrap();
    // The table, its key and the other B-tree.
    assert_eq!(validation, Validation::sound(3));
    let left: i64 =
        fixture.database.client().await.unwrap().query_one(OURS, &[]).await.unwrap().get(0);
    assert_eq!(left, 0);
}

#[tokio::test]
async fn an_amcheck_of_the_databases_own_is_used_and_stays() {
    let fixture = Fixture::new(SHOP).await;
    let own = "CREATE SCHEMA \"Odd\"; CREATE EXTENSION amcheck SCHEMA \"Odd\"";
    fixture.database.client().await.unwrap().batch_execute(own).await.unwrap();
    let validation = PhysicalSoundness::default().validate(&fixture.context()).await.unwrap();
    assert_eq!(validation, Validation::sound(3));
    let left: i64 =
        fixture.database.client().await.unwrap().query_one(OURS, &[]).await.unwrap().get(0);
    assert_eq!(left, 1);
}

#[tokio::test]
async fn an_index_that_lacks_a_row_is_found() {
    let fixture = Fixture::new(SHOP).await;
    // Rows that an index never saw, as a lost page would leave it.
    let harm = "UPDATE pg_index SET indisready = false, indisvalid = false \
                 WHERE indexrelid = 'orders_total_idx'::regclass; \
                INSERT INTO orders VALUES (9999, 5, 'unseen'); \
                UPDATE pg_index SET indisready = true, indisvalid = true \
                 WHERE indexrelid = 'orders_total_idx'::regclass";
    for statement in harm.split(';') {
        fixture.database.client().await.unwrap().batch_execute(statement).await.unwrap();
    }
    let validation = PhysicalSoundness::default().validate(&fixture.context()).await.unwrap();
    assert_eq!(validation.findings.len(), 1, "{validation:?}");
    assert_eq!(validation.findings[0].code, FindingCode::IndexCorrupt);
    assert_eq!(validation.findings[0].subject, "public.orders_total_idx");
}

#[tokio::test]
async fn without_time_what_was_left_out_is_named_and_nothing_is_held_against_the_backup() {
    let fixture = Fixture::new(SHOP).await;
    let hasty = PhysicalSoundness::within(0.0, Duration::ZERO);
    let validation = hasty.validate(&fixture.context()).await.unwrap();
    assert_eq!(validation.findings.len(), 1);
    let message = &validation.findings[0].message;
    assert!(message.contains("0 of 3") && message.contains("public.orders"), "{message}");
    assert!(validation.unproved.is_empty() && validation.nothing_to_examine);
}

#[tokio::test]
async fn an_empty_database_has_nothing_to_look_at() {
    let fixture = Fixture::new("").await;
    let validation = PhysicalSoundness::default().validate(&fixture.context()).await.unwrap();
    assert_eq!(validation, Validation::of_optional(0));
}

#[test]
fn the_budget_is_a_quarter_of_the_restore_and_half_a_minute_at_least() {
    let check = PhysicalSoundness::default();
    assert_eq!(check.budget(1.0), Duration::from_secs(30));
    assert_eq!(check.budget(400.0), Duration::from_secs(100));
}
