#![expect(clippy::expect_used, reason = "tests")]

use jiff::Timestamp;
use serde_json::json;

use super::*;
use crate::queries::moments::Moments;
use crate::queries::statements::Counters;

fn query(counted: Counters) -> QueryWindow {
    let key = StatementKey { database: 5, user: 10, toplevel: true, query_id: 1 };
    let moments = Moments::of(&counted);
    QueryWindow { key, counted, exact: true, is_new: false, moments, histogram: None, before: None }
}

fn text(text: &str) -> Text {
    Text { text: text.to_owned(), is_cut: false }
}

fn ten_seconds() -> Window {
    Window {
        from: Timestamp::UNIX_EPOCH,
        to: Timestamp::from_second(10).expect("a moment"),
        queries: Vec::new(),
        gaps: Vec::new(),
        total_ms: 1000.0,
    }
}

#[test]
fn a_query_that_spills_is_told_and_one_that_does_not_is_not() {
    let spills = query(Counters { calls: 10, temporary_written: 5_000, ..Counters::default() });
    let found = spill::advice(&spills, 8192.0).expect("advice");
    assert_eq!(found.evidence["temporary_bytes_per_call"], 500.0 * 8192.0);
    assert!(found.message.contains("4.1 MB of temporary files a call"), "{}", found.message);
    assert_eq!(spill::advice(&query(Counters { calls: 10, ..Counters::default() }), 8192.0), None);
}

#[test]
fn thousands_of_lookups_a_second_are_told_and_bulk_reads_and_transactions_are_not() {
    let lookups = query(Counters { calls: 30_000, rows: 30_000, ..Counters::default() });
    let of = |query: &QueryWindow, sql: &str| calls::advice(&ten_seconds(), query, &text(sql));
    let found = of(&lookups, "SELECT * FROM item WHERE id = $1").expect("advice");
    assert_eq!(found.evidence["calls_per_second"], 3000.0);
    assert_eq!(of(&lookups, "BEGIN"), None);
    let bulk = query(Counters { calls: 30_000, rows: 3_000_000, ..Counters::default() });
    assert_eq!(of(&bulk, "select 1"), None);
    let few = query(Counters { calls: 300, rows: 300, ..Counters::default() });
    assert_eq!(of(&few, "select 1"), None);
}

#[test]
fn an_index_is_proposed_for_bare_columns_of_the_table_and_nothing_else() {
    let scan = |filter: &str| scan::Scan {
        schema: "public".to_owned(),
        table: "orders".to_owned(),
        alias: "o".to_owned(),
        filter: filter.to_owned(),
        rows: 20.0,
    };
    let known = ["id", "customer", "Odd", "at"].map(str::to_owned);
    let of = |filter: &str| scan::index(&scan(filter), &known);
    assert_eq!(
        of("(o.customer = $1)").as_deref(),
        Some("CREATE INDEX ON \"public\".\"orders\" (\"customer\")")
    );
    assert_eq!(
        of("((o.at > $2) AND (o.\"Odd\" = $1))").as_deref(),
        Some("CREATE INDEX ON \"public\".\"orders\" (\"Odd\", \"at\")")
    );
    for filter in [
        "((o.customer = $1) OR (o.id = $2))",
        "(lower(o.customer) = $1)",
        "(other.customer = $1)",
        "(o.gone = $1)",
        "",
    ] {
        assert_eq!(of(filter), None, "{filter}");
    }
}

#[test]
fn scans_are_found_however_deep_and_nonsense_has_none() {
    let scan = json!({"Node Type": "Seq Scan", "Schema": "public", "Relation Name": "orders",
        "Alias": "o", "Filter": "(o.customer = $1)", "Plan Rows": 20});
    let plan = json!({"Node Type": "Aggregate", "Plans": [{"Node Type": "Sort", "Plans": [scan]}]});
    assert_eq!(scan::scans(&plan).len(), 1);
    for nonsense in [json!(null), json!([1]), json!({"Plans": 3}), json!({"Node Type": "Seq Scan"})]
    {
        assert_eq!(scan::scans(&nonsense), []);
    }
}
