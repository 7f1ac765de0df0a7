use super::*;

/// As pg_stat_monitor 2.3 says it with its default settings, the odd brackets included.
const TIMINGS: &str = "{{0.000 - 1.000}, (1.000 - 2.778}, (2.778 - 4.162}, (4.162 - 6.623}, \
    (100000.000 - ...}}";

fn key(query_id: i64) -> StatementKey {
    StatementKey { database: 5, user: 10, toplevel: true, query_id }
}

fn histograms(counts: &[(i64, i64, &[u64])]) -> Histograms {
    let counts = counts.iter().map(|(id, begun, of)| (key(*id), *begun, of.to_vec()));
    Histograms { uppers: vec![1.0, 10.0], counts: counts.collect() }
}

#[test]
fn bounds_are_read_from_what_the_extension_says_and_from_nothing_else() {
    assert_eq!(uppers(TIMINGS), Some(vec![1.0, 2.778, 4.162, 6.623]));
    for other in ["", "{}", "1 - 2", "{{0 - x}, (1 - ...}}", "{{0 - 5}, (5 - 3}, (3 - ...}}"] {
        assert_eq!(uppers(other), None, "{other}");
    }
    assert_eq!(uppers(&"{0.0 - 1.0}".repeat(1 << 16)), None);
}

#[test]
fn counts_are_read_as_text_or_as_an_array() {
    assert_eq!(numbers("0,12,3", 3), [0, 12, 3]);
    assert_eq!(numbers("{0,12,3}", 2), [0, 12]);
    assert_eq!(numbers("99999999999999999999999,-1", 9), [0, 1]);
}

#[test]
fn a_window_is_the_difference_of_each_time_bucket() {
    let from = histograms(&[(1, 100, &[5, 1, 0]), (2, 100, &[9, 0, 0])]);
    let to = histograms(&[(1, 100, &[7, 1, 0]), (1, 160, &[1, 0, 4]), (2, 100, &[9, 0, 0])]);
    let found = Histograms::between(&from, &to);
    assert_eq!(found[&key(1)].counts, [3, 0, 4]);
    assert_eq!(found[&key(2)].calls(), 0);
    let other = Histograms { uppers: vec![2.0, 20.0], ..to };
    assert!(Histograms::between(&from, &other).is_empty(), "other bounds in between");
}

#[test]
fn a_percentile_lies_in_its_bucket() {
    let times: Vec<f64> = (1..=100).map(|at| f64::from(at) / 10.0).collect();
    let histogram = Histogram::of(&[1.0, 2.0, 4.0, 8.0], &times);
    for (p, low, high) in [(0.05, 0.0, 1.0), (0.5, 4.0, 8.0), (0.8, 4.0, 8.0)] {
        let found = histogram.percentile(p, 100, 0.0);
        assert!((found.at_least - low).abs() < 0.001, "{p}: {found:?}");
        assert!((found.at_most - high).abs() < 0.001, "{p}: {found:?}");
        assert!(found.ms >= low && found.ms <= high, "{p}: {found:?}");
    }
    let shortest = histogram.percentile(0.05, 100, 0.3);
    assert!(shortest.at_least == 0.3 && shortest.ms > 0.3 && shortest.ms < 1.0, "{shortest:?}");
    let open = histogram.percentile(0.99, 100, 0.0);
    assert!(open.at_most.is_infinite() && open.ms == 8.0, "{open:?}");
}

#[test]
fn what_is_counted_by_one_only_widens_the_bounds() {
    let mut times = vec![0.5; 950];
    times.extend([5.0; 50]);
    let histogram = Histogram::of(&[1.0, 2.0, 4.0, 8.0], &times);
    assert!(histogram.percentile(0.95, 1000, 0.0).at_most < 1.1);
    let wider = histogram.percentile(0.95, 1008, 0.0);
    assert!(wider.at_most > 7.9 && wider.at_least == 0.0, "{wider:?}");
}

#[test]
fn a_histogram_that_lacks_executions_is_not_that_of_the_window() {
    let histogram = Histogram::of(&[1.0], &[0.5; 1000]);
    assert!(histogram.covers(1000) && histogram.covers(1009) && histogram.covers(995));
    assert!(!histogram.covers(1100) && !histogram.covers(600) && !histogram.covers(0));
    assert!(Histogram::of(&[1.0], &[0.5; 3]).covers(5));
}

#[test]
fn only_histograms_of_the_same_bounds_are_added() {
    let (one, other) = (Histogram::of(&[1.0], &[0.5]), Histogram::of(&[2.0], &[0.5]));
    assert_eq!(Histogram::merged([&one, &one]).map(|merged| merged.calls()), Some(2));
    assert_eq!(Histogram::merged([&one, &other]), None);
    assert_eq!(Histogram::merged([]), None);
}
