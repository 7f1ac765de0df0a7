use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::queries::moments::tests::counted;
use crate::queries::window::Gap;

fn key(query_id: i64) -> StatementKey {
    StatementKey { database: 5, user: 10, toplevel: true, query_id }
}

/// Times around a mean that repeat, so that every run is the same.
fn times(mean: f64, calls: usize) -> Vec<f64> {
    (0..calls).map(|at| mean * (0.5 + (at * 7 % 11) as f64 / 10.0)).collect()
}

fn query(id: i64, before: Option<&[f64]>, within: &[f64]) -> QueryWindow {
    let mut within = counted(within);
    within.blocks_hit = (within.total_ms * 10.0) as u64;
    QueryWindow {
        key: key(id),
        counted: within,
        exact: true,
        is_new: before.is_none(),
        moments: Moments::of(&within),
        histogram: None,
        before: before.map(|times| Counters {
            blocks_hit: (counted(times).total_ms * 10.0) as u64,
            ..counted(times)
        }),
    }
}

fn window(queries: Vec<QueryWindow>) -> Window {
    let total_ms = queries.iter().map(|query| query.counted.total_ms).sum();
    let (from, to) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + SignedDuration::from_secs(10));
    Window { from, to, queries, gaps: Vec::new(), total_ms }
}

fn named(found: &HashMap<StatementKey, Regression>) -> Vec<i64> {
    let mut named: Vec<i64> = found.keys().map(|key| key.query_id).collect();
    named.sort_unstable();
    named
}

#[test]
fn a_query_that_became_slower_is_named_and_none_of_its_twin() {
    let usual = times(1.0, 1000);
    let twin =
        window(vec![query(1, Some(&usual), &times(1.1, 500)), query(2, Some(&usual), &usual)]);
    assert_eq!(named(&regressions(&twin, &[])), [0i64; 0]);
    let worse =
        window(vec![query(1, Some(&usual), &times(30.0, 40)), query(2, Some(&usual), &usual)]);
    let found = regressions(&worse, &[]);
    assert_eq!(named(&found), [1]);
    let found = &found[&key(1)];
    assert!(
        found.ratio.is_some_and(|ratio| (ratio - 30.0).abs() < 1.0)
            && found.z > Some(4.0)
            && found.windows == 0,
        "{found:?}"
    );
    assert!(found.blocks_ratio.is_some_and(|ratio| ratio > 10.0), "{found:?}");
}

#[test]
fn few_calls_little_load_and_chance_are_no_regression() {
    let usual = times(1.0, 1000);
    let few = window(vec![query(1, Some(&usual), &times(30.0, 4))]);
    assert_eq!(named(&regressions(&few, &[])), [0i64; 0], "four calls");
    let short_past = window(vec![query(1, Some(&times(1.0, 20)), &times(30.0, 100))]);
    assert_eq!(named(&regressions(&short_past, &[])), [0i64; 0], "twenty calls before");
    let unnoticed = window(vec![
        query(1, Some(&usual), &times(2.0, 50)),
        query(2, Some(&usual), &times(1.0, 99_000)),
    ]);
    assert_eq!(named(&regressions(&unnoticed, &[])), [0i64; 0], "a thousandth of the load");
    let mut spread = vec![0.5; 99];
    spread.push(200.0);
    let chance = window(vec![query(1, Some(&usual), &spread)]);
    assert_eq!(named(&regressions(&chance, &[])), [0i64; 0], "one outlier");
}

#[test]
fn what_slowed_everything_is_no_regression_of_one() {
    let usual = times(1.0, 1000);
    let slow = |id| query(id, Some(&usual), &times(3.0, 300));
    let all = window((1..=5).map(slow).collect());
    assert_eq!(named(&regressions(&all, &[])), [0i64; 0]);
    let mut queries: Vec<_> = (1..=4).map(slow).collect();
    queries.push(query(5, Some(&usual), &times(60.0, 300)));
    let found = regressions(&window(queries), &[]);
    assert_eq!(named(&found), [5]);
    assert!((found[&key(5)].general_ratio - 3.0).abs() < 0.1);
}

#[test]
fn a_mean_that_wanders_from_window_to_window_is_not_named_for_it() {
    let usual = times(1.0, 1000);
    let past: Vec<Window> = [1.0, 3.0, 0.8, 2.5]
        .iter()
        .map(|mean| window(vec![query(1, None, &times(*mean, 400))]))
        .collect();
    let now = |mean| window(vec![query(1, Some(&usual), &times(mean, 400))]);
    assert_eq!(named(&regressions(&now(3.0), &past)), [0i64; 0]);
    assert_eq!(named(&regressions(&now(3.0), &[])), [1], "without that past it is");
    let found = regressions(&now(30.0), &past);
    assert_eq!((named(&found), found[&key(1)].windows), (vec![1], 4));
}

#[test]
fn a_new_query_has_no_past_to_be_slower_than() {
    let found = regressions(&window(vec![query(1, None, &times(100.0, 100))]), &[]);
    assert_eq!(named(&found), [0i64; 0]);
}

/// Windows in which query 1 takes some 5 % of the load and query 2 the rest.
fn even_past() -> Vec<Window> {
    let past =
        |calls| window(vec![query(1, None, &times(1.0, calls)), query(2, None, &times(1.0, 1900))]);
    vec![past(100), past(120), past(90), past(110)]
}

#[test]
fn a_query_that_is_executed_far_more_often_is_heavier_and_one_that_is_not_is_no_regression() {
    let usual = times(1.0, 1000);
    let now = |calls| {
        let queries =
            vec![query(1, Some(&usual), &times(1.0, calls)), query(2, Some(&usual), &usual)];
        regressions(&window(queries), &even_past())
    };
    assert_eq!(named(&now(110)), [0i64; 0], "as ever");
    let found = now(1000);
    assert_eq!(named(&found), [1]);
    let found = &found[&key(1)];
    assert_eq!((found.kind, found.windows), (RegressionKind::Share, 4));
    assert!(found.ratio.is_some_and(|ratio| (7.0..10.0).contains(&ratio)), "{found:?}");
    assert!(found.before_share.is_some_and(|share| share < 0.07) && found.share > 0.4);
}

#[test]
fn a_share_that_rose_because_the_others_rest_is_no_regression() {
    let usual = times(1.0, 1000);
    let night =
        vec![query(1, Some(&usual), &times(1.0, 110)), query(2, Some(&usual), &times(1.0, 20))];
    assert_eq!(named(&regressions(&window(night), &even_past())), [0i64; 0]);
    let idle = vec![query(1, Some(&usual), &times(1.0, 50))];
    assert_eq!(named(&regressions(&window(idle), &even_past())), [0i64; 0], "little at all");
}

#[test]
fn without_past_windows_no_share_has_risen() {
    let usual = times(1.0, 1000);
    let now = window(vec![
        query(1, Some(&usual), &times(1.0, 1000)),
        query(2, Some(&usual), &usual),
        query(3, None, &times(1.0, 1000)),
    ]);
    assert_eq!(named(&regressions(&now, &even_past()[..2])), [0i64; 0]);
}

#[test]
fn a_new_query_that_takes_a_tenth_of_the_load_is_named_and_a_light_one_is_not() {
    let usual = times(1.0, 1000);
    let now = |calls, gaps: &[Gap]| {
        let queries = vec![query(2, Some(&usual), &usual), query(7, None, &times(1.0, calls))];
        Window { gaps: gaps.to_vec(), ..window(queries) }
    };
    let found = regressions(&now(300, &[]), &even_past());
    assert_eq!(named(&found), [7]);
    let found = &found[&key(7)];
    assert_eq!((found.kind, found.ratio, found.z), (RegressionKind::New, None, None));
    assert_eq!(named(&regressions(&now(50, &[]), &even_past())), [0i64; 0]);
    let evicted = now(300, &[Gap::Evicted { times: Some(1) }]);
    assert_eq!(named(&regressions(&evicted, &even_past())), [0i64; 0], "it may be an old one");
}
