#![expect(clippy::expect_used, clippy::print_stdout, reason = "tests")]
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;
use crate::queries::moments::tests::counted;

fn latency(sets: &[Vec<f64>]) -> Latency {
    let parts: Vec<Moments> = sets.iter().map(|set| Moments::of(&counted(set))).collect();
    Latency::of(&parts).expect("executions")
}

/// The smallest time that a share of `p` does not exceed.
fn truth(sets: &[Vec<f64>], p: f64) -> f64 {
    let mut all: Vec<f64> = sets.iter().flatten().copied().collect();
    all.sort_by(f64::total_cmp);
    all[((p * all.len() as f64).ceil() as usize).clamp(1, all.len()) - 1]
}

#[derive(Clone, Copy, Debug)]
enum Shape {
    Lognormal,
    Bimodal,
    Exponential,
}

/// A run: queries with means from 0.1 to 100 ms, some called often, most seldom.
fn run(shape: Shape, queries: usize, random: &mut StdRng) -> Vec<Vec<f64>> {
    let normal = |random: &mut StdRng| {
        let (u, v): (f64, f64) = (random.random_range(1e-12..1.0), random.random());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    };
    let mut sets = Vec::new();
    for _ in 0..queries {
        let scale = 0.1 * 1000f64.powf(random.random());
        let calls = (3.0 * 300f64.powf(random.random())) as usize;
        let spread = random.random_range(0.3..1.2);
        let set = (0..calls).map(|_| match shape {
            Shape::Lognormal => scale * (spread * normal(random)).exp(),
            Shape::Exponential => scale * -random.random_range(1e-12..1.0f64).ln(),
            Shape::Bimodal => {
                let factor = if random.random_bool(0.05) { 40.0 } else { 1.0 };
                factor * scale * (0.2 * normal(random)).exp()
            }
        });
        sets.push(set.collect());
    }
    sets
}

/// Coverage of the bounds, and the relative error of the estimates at (p50, p95, p99), sorted.
fn simulate(shape: Shape, runs: usize, queries: usize) -> (usize, usize, [Vec<f64>; 3]) {
    let mut random = StdRng::seed_from_u64(20_261_122);
    let (mut covered, mut all) = (0, 0);
    let mut errors: [Vec<f64>; 3] = Default::default();
    for _ in 0..runs {
        let sets = run(shape, queries, &mut random);
        let latency = latency(&sets);
        let found = [(0.5, latency.p50), (0.95, latency.p95), (0.99, latency.p99)];
        for (at, (p, found)) in found.into_iter().enumerate() {
            let truth = truth(&sets, p);
            all += 1;
            covered += usize::from(
                found.at_least <= truth * (1.0 + 1e-9) && truth <= found.at_most * (1.0 + 1e-9),
            );
            errors[at].push((found.ms / truth - 1.0).abs());
        }
    }
    errors.iter_mut().for_each(|errors| errors.sort_by(f64::total_cmp));
    (covered, all, errors)
}

#[test]
fn the_bounds_cover_the_truth_of_every_simulated_run() {
    for shape in [Shape::Lognormal, Shape::Bimodal, Shape::Exponential] {
        for queries in [1, 20] {
            let (covered, all, errors) = simulate(shape, 5, queries);
            assert_eq!(covered, all, "{shape:?}, {queries} queries: {errors:?}");
        }
    }
}

#[test]
fn a_lognormal_truth_is_estimated_well() {
    let (_, _, [p50, p95, p99]) = simulate(Shape::Lognormal, 5, 60);
    assert!(p50[2] < 0.1 && p95[2] < 0.1 && p99[2] < 0.15, "{p50:?} {p95:?} {p99:?}");
}

#[test]
#[ignore = "prints the table of the documentation: cargo test -p pgsre-core --lib \
            percentile -- --ignored --nocapture"]
fn the_table_of_errors_and_coverage() {
    println!("| truth | p50 | p95 | p99 (error, median/maximum) | bounds that hold |");
    for shape in [Shape::Lognormal, Shape::Bimodal, Shape::Exponential] {
        let (covered, all, errors) = simulate(shape, 300, 60);
        let shown = errors.map(|errors| {
            format!(
                "{:.0}/{:.0} %",
                errors[errors.len() / 2] * 100.0,
                errors[errors.len() - 1] * 100.0
            )
        });
        println!("| {shape:?} | {} | {covered} of {all} |", shown.join(" | "));
        assert_eq!(covered, all);
    }
}

#[test]
fn executions_that_all_take_the_same_are_known_exactly() {
    let latency = latency(&[vec![5.0; 100]]);
    for found in [latency.p50, latency.p95, latency.p99] {
        assert!((found.ms - 5.0).abs() < 1e-6 && found.error() < 1e-3, "{found:?}");
    }
}

#[test]
fn nothing_has_no_latency_and_nonsense_is_left_out() {
    assert_eq!(Latency::of(&[]), None);
    let nonsense = Moments { mean: f64::NAN, ..Moments::of(&counted(&[1.0])) };
    assert_eq!(Latency::of(&[nonsense]), None);
    let zero = latency(&[vec![0.0; 3]]);
    assert!(zero.p99.ms.is_finite() && zero.p99.at_most <= 1e-3, "{zero:?}");
}

#[test]
fn a_percentile_lies_within_what_was_ever_seen() {
    let window = Moments { high: 12.0, ..Moments::of(&counted(&[1.0, 1.0, 1.0, 12.0])) };
    let latency = Latency::of(&[window]).expect("executions");
    assert!(latency.p99.at_most <= 12.0, "{latency:?}");
}

#[test]
fn the_normal_distribution_is_that_of_the_tables() {
    for (z, share) in [(0.0, 0.5), (1.644_853_6, 0.95), (2.326_347_9, 0.99), (-1.0, 0.158_655_3)] {
        assert!((normal(z) - share).abs() < 1e-6, "{z}");
    }
}

/// A query of these executions, with a histogram of them.
fn counted_query(times: &[f64], uppers: &[f64]) -> QueryWindow {
    let counters = counted(times);
    let key = crate::queries::StatementKey { database: 5, user: 10, toplevel: true, query_id: 1 };
    QueryWindow {
        key,
        counted: counters,
        exact: true,
        is_new: false,
        moments: Moments::of(&counters),
        histogram: Some(Histogram::of(uppers, times)),
        before: None,
    }
}

/// pg_stat_monitor's default bounds, as its `histogram_bucket_boundary` makes them.
fn default_uppers() -> Vec<f64> {
    let size = (100_000.0f64 - 1.0).ln() / 20.0;
    let rest = (1..21).map(|at| 1.0 + (size * f64::from(at)).exp());
    std::iter::once(1.0).chain(rest).collect()
}

#[test]
fn a_histogram_measures_two_humps_where_the_estimate_is_far_off() {
    let mut times = vec![3.0; 900];
    times.extend([400.0; 100]);
    let query = counted_query(&times, &default_uppers());
    let measured = Latency::of_queries(&[&query]).expect("executions");
    assert_eq!(measured.method, Method::Measured);
    for found in [measured.p95, measured.p99] {
        assert!(found.at_least <= 400.0 && 400.0 <= found.at_most, "{found:?}");
        assert!((found.ms / 400.0 - 1.0).abs() < 0.5, "{found:?}");
    }
    assert!(measured.p50.ms < 5.0 && measured.p50.at_most < 6.0, "{:?}", measured.p50);
    let without = QueryWindow { histogram: None, ..query };
    let estimated = Latency::of_queries(&[&without]).expect("executions");
    assert_eq!(estimated.method, Method::Estimated);
}

#[test]
fn a_histogram_that_lacks_executions_is_no_measurement() {
    let whole = counted_query(&[3.0; 1000], &default_uppers());
    let short = Histogram::of(&default_uppers(), &[3.0; 500]);
    let lacking = QueryWindow { histogram: Some(short), ..whole.clone() };
    let method = |queries: &[&QueryWindow]| Latency::of_queries(queries).map(|found| found.method);
    assert_eq!(method(&[&lacking]), Some(Method::Estimated));
    let none = QueryWindow { histogram: None, ..whole.clone() };
    assert_eq!(method(&[&whole, &none]), Some(Method::Estimated), "half of the load has none");
    assert_eq!(method(&[&whole, &whole]), Some(Method::Measured));
}

#[test]
fn beyond_the_last_bound_mean_and_deviation_say_how_far() {
    let query = counted_query(&[900_000.0; 50], &default_uppers());
    let found = Latency::of_queries(&[&query]).expect("executions").p99;
    assert!(found.at_most.is_finite() && found.at_least >= 99_999.0, "{found:?}");
    assert!(found.at_least <= 900_000.0 && 900_000.0 <= found.at_most * (1.0 + 1e-9), "{found:?}");
}

#[test]
fn the_bounds_of_a_histogram_cover_every_simulated_run() {
    let mut random = StdRng::seed_from_u64(20_261_123);
    for shape in [Shape::Lognormal, Shape::Bimodal, Shape::Exponential] {
        for _ in 0..5 {
            let sets = run(shape, 20, &mut random);
            let queries: Vec<QueryWindow> =
                sets.iter().map(|set| counted_query(set, &default_uppers())).collect();
            let found = Latency::of_queries(&queries.iter().collect::<Vec<_>>());
            let found = found.expect("executions");
            assert_eq!(found.method, Method::Measured);
            for (p, found) in [(0.5, found.p50), (0.95, found.p95), (0.99, found.p99)] {
                let truth = truth(&sets, p);
                assert!(found.at_least <= truth && truth <= found.at_most, "{p} {truth} {found:?}");
            }
        }
    }
}
