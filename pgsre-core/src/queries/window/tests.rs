#![expect(clippy::expect_used, reason = "tests")]
use super::*;
use crate::queries::moments::tests::counted;
use crate::queries::statements::Hidden;

const MINUTE: i64 = 60_000_000;

fn key(query_id: i64) -> StatementKey {
    StatementKey { database: 5, user: 10, toplevel: true, query_id }
}

/// `calls` executions of 2 ms.
fn calls(calls: usize) -> Counters {
    Counters { rows: calls as u64, ..counted(&vec![2.0; calls]) }
}

fn snapshot(minute: i64, statements: &[(StatementKey, Counters)]) -> Snapshot {
    Snapshot {
        at: Timestamp::from_microsecond(1_800_000_000_000_000 + minute * MINUTE).expect("a moment"),
        version: (1, 10),
        max: Some(5000),
        started_us: 7,
        reset_us: Some(7),
        evictions: Some(0),
        statements: statements.iter().copied().collect(),
        hidden: Hidden::default(),
        histograms: None,
    }
}

fn only(window: &Window) -> &QueryWindow {
    assert_eq!(window.queries.len(), 1, "{window:#?}");
    &window.queries[0]
}

#[test]
fn a_whole_window_is_the_exact_difference_and_has_no_gap() {
    let from = snapshot(0, &[(key(1), calls(10)), (key(2), calls(5))]);
    let to = snapshot(1, &[(key(1), calls(25)), (key(2), calls(5)), (key(3), calls(4))]);
    let window = Window::between(&from, &to);
    assert_eq!((window.seconds(), window.gaps.as_slice()), (60.0, [].as_slice()));
    assert_eq!(window.queries.len(), 2, "what was not called is not there");
    let of = |query| window.queries.iter().find(|found| found.key == key(query)).expect("a query");
    assert_eq!(
        (of(1).counted.calls, of(1).counted.rows, of(1).exact, of(1).is_new),
        (15, 15, true, false)
    );
    assert_eq!((of(3).counted.calls, of(3).exact, of(3).is_new), (4, true, true));
    assert!(
        (window.total_ms - 38.0).abs() < 1e-9 && (window.share(of(1)) - 30.0 / 38.0).abs() < 1e-9
    );
}

#[test]
fn the_same_query_of_two_databases_or_users_is_two() {
    let other = StatementKey { database: 6, ..key(1) };
    let third = StatementKey { user: 11, ..key(1) };
    let from = snapshot(0, &[(key(1), calls(1)), (other, calls(1)), (third, calls(1))]);
    let to = snapshot(1, &[(key(1), calls(2)), (other, calls(4)), (third, calls(1))]);
    let mut found: Vec<_> = Window::between(&from, &to)
        .queries
        .iter()
        .map(|query| (query.key, query.counted.calls))
        .collect();
    found.sort();
    assert_eq!(found, [(key(1), 1), (other, 3)]);
}

#[test]
fn a_reset_in_the_window_leaves_what_came_after_as_a_least() {
    let from = snapshot(0, &[(key(1), calls(10))]);
    let mut to = snapshot(1, &[(key(1), calls(25))]);
    to.reset_us = Some(1_800_000_000_000_000 + MINUTE / 2);
    let window = Window::between(&from, &to);
    assert!(matches!(window.gaps[..], [Gap::Reset { at: Some(_) }]), "{:?}", window.gaps);
    assert_eq!((only(&window).counted.calls, only(&window).exact), (25, false), "never 15");
    to.started_us = 8;
    assert!(matches!(Window::between(&from, &to).gaps[..], [Gap::Lost { .. }]));
}

#[test]
fn a_clean_restart_that_kept_the_statistics_is_no_gap() {
    let from = snapshot(0, &[(key(1), calls(10))]);
    let to = Snapshot { started_us: 8, ..snapshot(1, &[(key(1), calls(25))]) };
    let window = Window::between(&from, &to);
    assert_eq!((window.gaps.as_slice(), only(&window).counted.calls), ([].as_slice(), 15));
}

#[test]
fn one_that_was_evicted_and_came_back_is_known_by_its_counters() {
    let evicted = |statements: &[_]| Snapshot { evictions: Some(1), ..snapshot(1, statements) };
    let from = snapshot(0, &[(key(1), calls(10))]);
    let window = Window::between(&from, &evicted(&[(key(1), calls(3))]));
    assert_eq!((only(&window).counted.calls, only(&window).exact), (3, false), "never −7 nor 0");
    assert!(window.gaps.contains(&Gap::Returned { statements: 1 }), "{:?}", window.gaps);

    // As many calls as before, but the longest was shorter: another life.
    let short = Counters { max_ms: 1.0, ..calls(30) };
    let window = Window::between(&from, &evicted(&[(key(1), short)]));
    assert_eq!((only(&window).counted.calls, only(&window).exact), (30, false));

    // Nothing tells: the difference is a least, and said to be one.
    let window = Window::between(&from, &evicted(&[(key(1), calls(30))]));
    assert_eq!((only(&window).counted.calls, only(&window).exact), (20, false));
    assert!(window.gaps.contains(&Gap::Evicted { times: Some(1) }));
}

#[test]
fn since_1_11_each_statement_says_whether_it_was_evicted() {
    let since = |since, counters| Counters { since_us: Some(since), ..counters };
    let from = snapshot(0, &[(key(1), since(1, calls(10))), (key(2), since(1, calls(10)))]);
    let statements = [(key(1), since(1, calls(30))), (key(2), since(2, calls(30)))];
    let to = Snapshot { evictions: Some(1), ..snapshot(1, &statements) };
    let window = Window::between(&from, &to);
    let of = |query| window.queries.iter().find(|found| found.key == key(query)).expect("a query");
    assert_eq!((of(1).counted.calls, of(1).exact), (20, true), "it stayed");
    assert_eq!((of(2).counted.calls, of(2).exact), (30, false), "it came back");
}

#[test]
fn what_vanished_and_what_is_hidden_is_said() {
    let from = snapshot(0, &[(key(1), calls(10)), (key(2), calls(1))]);
    let mut to = snapshot(1, &[(key(1), calls(11))]);
    to.hidden = Hidden { statements: 3, calls: 9, total_ms: 98.0 };
    let window = Window::between(&from, &to);
    assert!(window.gaps.contains(&Gap::Vanished { statements: 1 }), "{:?}", window.gaps);
    assert!(window.gaps.contains(&Gap::Hidden { statements: 3 }), "{:?}", window.gaps);
    assert!((window.share(only(&window)) - 0.02).abs() < 1e-9, "the hidden ones are load too");
}

#[test]
fn where_nobody_counts_evictions_a_full_table_may_have_had_some() {
    let old = |minute, statements: &[_], max| Snapshot {
        evictions: None,
        version: (1, 8),
        max: Some(max),
        ..snapshot(minute, statements)
    };
    let of = |max| {
        let from = old(0, &[(key(1), calls(1))], max);
        Window::between(&from, &old(1, &[(key(1), calls(3))], max))
    };
    assert!(only(&of(5000)).exact);
    assert!(!only(&of(2)).exact);
    assert_eq!(of(2).gaps, [Gap::Evicted { times: None }]);
}

#[test]
fn a_clock_that_went_backwards_is_said() {
    let window = Window::between(&snapshot(1, &[]), &snapshot(0, &[]));
    assert_eq!((window.gaps.as_slice(), window.seconds()), ([Gap::Backwards].as_slice(), 0.0));
}

#[test]
fn nested_statements_are_no_load_of_their_own() {
    let nested = StatementKey { toplevel: false, ..key(2) };
    let to = snapshot(1, &[(key(1), calls(10)), (nested, calls(5))]);
    let window = Window::between(&snapshot(0, &[]), &to);
    assert!((window.total_ms - 20.0).abs() < 1e-9);
    let of = |key| window.queries.iter().find(|query| query.key == key).expect("a query");
    assert_eq!((window.share(of(key(1))), window.share(of(nested))), (1.0, 0.5));
}
