#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use rand::SeedableRng;
use rand::rngs::SmallRng;

use super::*;

const MONTH: Duration = Duration::from_secs(30 * 86_400);

fn hour(hour: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + hour * 3_600).unwrap()
}

fn hourly(hours: i64, value: impl Fn(f64) -> f64) -> Vec<(Timestamp, f64)> {
    (0..hours).map(|at| (hour(at), value(at as f64))).collect()
}

#[test]
fn a_straight_line_reaches_its_bound_exactly() {
    let forecast = until(&hourly(24, |at| 10.0 + at), 58.0, MONTH).unwrap();
    assert_eq!((forecast.at, forecast.earliest), (hour(48), hour(48)));
    assert_eq!(forecast.latest, Some(hour(48)));
    assert!((forecast.per_day - 24.0).abs() < 1e-9);
}

#[test]
fn what_falls_reaches_a_bound_below() {
    let forecast = until(&hourly(24, |at| 100.0 - at), 50.0, MONTH).unwrap();
    assert_eq!(forecast.at, hour(50));
    assert!(forecast.per_day < 0.0);
}

#[test]
fn what_stands_still_or_moves_away_is_refused() {
    assert_eq!(until(&hourly(48, |_| 10.0), 58.0, MONTH), Err(Refusal::NotGrowing));
    assert_eq!(until(&hourly(48, |at| 90.0 - at), 100.0, MONTH), Err(Refusal::NotGrowing));
}

#[test]
fn nothing_is_said_of_more_than_three_times_what_was_seen() {
    let grows = hourly(25, |at| at);
    // Seen: 24 hours. The bound is 72 hours ahead, then a little more.
    assert!(until(&grows, 95.9, MONTH).is_ok());
    let refusal = until(&grows, 97.0, MONTH).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "not within 3.0 days, and 1.0 days of history say nothing of later"
    );
    assert!(matches!(
        until(&grows, 60.0, Duration::from_secs(3_600)),
        Err(Refusal::NotWithin { .. })
    ));
}

#[test]
fn few_points_say_nothing() {
    assert_eq!(until(&[], 1.0, MONTH), Err(Refusal::TooFew { points: 0 }));
    let refusal = until(&hourly(7, |at| at), 10.0, MONTH).unwrap_err();
    assert_eq!(refusal.to_string(), "7 points are too few: 8 are needed");
    assert!(until(&hourly(8, |at| at), 10.0, MONTH).is_ok());
}

#[test]
fn a_step_begins_anew_and_a_single_outlier_does_not() {
    let dropped = |at: f64| if at < 50.0 { 100.0 + at } else { at - 40.0 };
    let forecast = until(&hourly(72, dropped), 60.0, MONTH).unwrap();
    assert_eq!(forecast.at, hour(100));
    assert_eq!(forecast.span, Duration::from_secs(21 * 3_600), "since the table was dropped");

    let outlier = |at: f64| if (at - 30.0).abs() < 0.1 { 500.0 } else { 100.0 + at };
    let forecast = until(&hourly(72, outlier), 200.0, MONTH).unwrap();
    assert_eq!((forecast.at, forecast.span), (hour(100), Duration::from_secs(71 * 3_600)));
}

#[test]
fn too_short_after_a_step_is_refused() {
    let dropped = |at: f64| if at < 68.0 { 100.0 + at } else { at - 60.0 };
    assert_eq!(until(&hourly(72, dropped), 60.0, MONTH), Err(Refusal::TooFew { points: 4 }));
}

#[test]
fn growth_by_nightly_jumps_is_growth() {
    let nightly = |at: f64| (at / 24.0).floor() * 10.0;
    let forecast = until(&hourly(24 * 14, nightly), 200.0, MONTH).unwrap();
    assert!((forecast.per_day - 10.0).abs() < 1.0, "{forecast:?}");
}

#[test]
fn no_order_doubles_or_holes_matter() {
    let mut points = hourly(48, |at| at);
    points.reverse();
    points.push(points[3]);
    points.push((hour(10), f64::NAN));
    points.push((hour(11), f64::INFINITY));
    let forecast = until(&points, 58.0, MONTH).unwrap();
    assert_eq!(forecast.at, hour(58));
}

/// How often the interval of a 90 % forecast holds the truth, for growth of several shapes.
#[test]
fn the_interval_holds_the_truth_nine_times_of_ten() {
    for (shape, covered, said) in coverages(60) {
        assert!(said >= 30, "{shape}: {said} of 60 were judged");
        assert!(covered >= 0.85, "{shape}: the interval holds the truth in {covered:.2}");
    }
}

/// For each shape: the share of forecasts whose interval holds the truth, and how many were not
/// refused.
fn coverages(rounds: u64) -> Vec<(&'static str, f64, usize)> {
    type Shape = fn(f64, f64) -> f64;
    const WEEK: i64 = 168;
    const SHAPES: [(&str, i64, Shape); 6] = [
        ("steady with noise", WEEK, |at, noise| 100.0 + at + 5.0 * noise),
        ("slow beneath much noise", WEEK, |at, noise| 100.0 + 0.3 * at + 20.0 * noise),
        ("a daily rhythm", WEEK, |at, noise| {
            100.0 + at + 10.0 * (at * std::f64::consts::TAU / 24.0).sin() + noise
        }),
        ("a deletion", WEEK, |at, noise| if at < 60.0 { 400.0 + at } else { at } + 3.0 * noise),
        ("nightly steps", WEEK, |at, noise| 100.0 + ((at + 12.0) / 24.0).floor() * 24.0 + noise),
        ("weekends without growth, four weeks", 4 * WEEK, |at, noise| {
            let (week, hour) = ((at / 168.0).floor(), at % 168.0);
            100.0 + week * 120.0 + hour.min(120.0) + noise
        }),
    ];
    SHAPES
        .into_iter()
        .map(|(name, hours, shape)| {
            let end = hours * 300 / WEEK;
            let mut rng = SmallRng::seed_from_u64(7);
            let mut held = 0;
            let mut said = 0;
            for _ in 0..rounds {
                // Sums of uniform figures: near enough to a normal distribution.
                let mut noise = || (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0;
                let points: Vec<_> =
                    (0..hours).map(|at| (hour(at), shape(at as f64, noise()))).collect();
                // The truth of the line without its noise, one and a half times as far as was seen.
                let bound = shape(end as f64, 0.0);
                let Ok(forecast) = until(&points, bound, MONTH) else { continue };
                said += 1;
                let slack = SignedDuration::from_hours(6);
                let is_held = forecast.earliest - slack <= hour(end)
                    && forecast.latest.is_none_or(|latest| latest + slack >= hour(end));
                held += usize::from(is_held);
            }
            (name, held as f64 / said.max(1) as f64, said)
        })
        .collect()
}

#[test]
#[ignore = "prints a table; run it with --ignored --nocapture"]
fn coverage_of_the_interval() {
    #[expect(clippy::print_stdout, reason = "the table is what it is for")]
    for (shape, covered, said) in coverages(1_000) {
        println!("{shape:<26} {:>5.1} % of {said} forecasts", covered * 100.0);
    }
}

proptest! {
    #[test]
    fn moved_or_scaled_it_is_the_same_forecast(
        values in proptest::collection::vec(0.0_f64..1e6, 8..60),
        shift in -1e6_f64..1e6,
        scale in 0.1_f64..100.0,
    ) {
        let points: Vec<_> = (0..).zip(&values).map(|(at, value)| (hour(at), *value)).collect();
        let moved: Vec<_> =
            points.iter().map(|(at, value)| (*at, value * scale + shift)).collect();
        let (one, other) = (growth(&points), growth(&moved));
        if let (Ok(one), Ok(other)) = (one, other) && one.span == other.span {
            let differs = (one.per_second * scale - other.per_second).abs();
            prop_assert!(differs <= 1e-6 * scale * (1.0 + one.per_second.abs()), "{one:?} {other:?}");
        }
    }

    #[test]
    fn no_points_make_it_panic(
        points in proptest::collection::vec((0_i64..1000, proptest::num::f64::ANY), 0..80),
        bound in proptest::num::f64::ANY,
        horizon in 0_u64..u64::MAX / 2,
    ) {
        let points: Vec<_> =
            points.iter().map(|(at, value)| (hour(*at), *value)).collect();
        let _ = until(&points, bound, Duration::from_secs(horizon));
    }
}
