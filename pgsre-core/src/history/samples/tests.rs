#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::monitor::{Role, Sample, ServerFacts};

pub(super) fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

pub(super) fn reading(server: &str, second: i64, values: &[(&str, Option<f64>)]) -> Reading {
    let samples = values.iter().map(|(database, value)| {
        Sample::maybe(Metric::DiskUsedBytes, *value, at(second)).about("database", *database)
    });
    Reading {
        server: ServerFacts { name: server.into(), version: None, role: Some(Role::Primary) },
        at: at(second),
        seconds: 0.0,
        samples: samples.collect(),
        missing: Vec::new(),
        unseen: Vec::new(),
    }
}

pub(super) fn everything() -> SeriesQuery {
    SeriesQuery {
        since: at(-1_000_000_000),
        until: at(1_000_000_000),
        ..SeriesQuery::last("shop", Metric::DiskUsedBytes, Duration::ZERO, at(0))
    }
}

/// What every store keeps: each value in its series, unknown ones as unknown, nothing twice.
pub(super) async fn keeps_what_it_is_given(store: &dyn SampleStore) {
    for second in 0..10 {
        let known = (second % 3 != 0).then_some(second as f64);
        let values = [("orders", known), ("users", Some(7.0))];
        store.record(&reading("shop", second, &values)).await.unwrap();
        store.record(&reading("shop", second, &[("orders", Some(-1.0))])).await.unwrap();
        store.record(&reading("bank", second, &[("orders", Some(99.0))])).await.unwrap();
    }
    let series = store.series(&everything()).await.unwrap();
    let names: Vec<_> = series.iter().map(|series| series.labels["database"].as_str()).collect();
    assert_eq!(names, ["orders", "users"]);
    let orders = &series[0];
    assert_eq!(orders.points.len(), 10);
    assert_eq!(orders.points[3], Point::of(at(3), None));
    assert_eq!(orders.points[4], Point::of(at(4), Some(4.0)));
    assert_eq!(orders.known().len(), 6);

    let labels = Labels::from([("database".to_owned(), "users".to_owned())]);
    let one = SeriesQuery { labels, since: at(2), until: at(5), ..everything() };
    let series = store.series(&one).await.unwrap();
    assert_eq!(series.len(), 1);
    assert_eq!(series[0].points.len(), 3, "from 2 to before 5");

    let together = everything().by(Duration::from_secs(5));
    let series = store.series(&together).await.unwrap();
    let expected = Point {
        at: at(5),
        value: Some((5.0 + 7.0 + 8.0) / 3.0),
        min: Some(5.0),
        max: Some(8.0),
        count: 3,
    };
    assert_eq!(series[0].points[1], expected);
    let other = SeriesQuery { metric: Metric::DiskFreeBytes, ..everything() };
    assert!(store.series(&other).await.unwrap().is_empty());
    let backwards = SeriesQuery { since: at(9), until: at(3), ..everything() };
    assert!(store.series(&backwards).await.unwrap().is_empty());
}

/// A quarter of a day by samples, half of one by five minutes, a whole one by hours.
pub(super) const FORGETFUL: SampleRetention = SampleRetention {
    raw: Duration::from_secs(6 * 3_600),
    medium: Duration::from_secs(12 * 3_600),
    long: Duration::from_secs(24 * 3_600),
};

/// Hours of samples, a minute apart, that grow by one a minute.
pub(super) async fn grow(store: &dyn SampleStore, hours: i64) {
    for minute in 0..hours * 60 {
        let reading = reading("shop", minute * 60, &[("orders", Some(minute as f64))]);
        store.record(&reading).await.unwrap();
    }
}

/// What every store does that keeps samples for the time of [`FORGETFUL`].
pub(super) async fn takes_together_and_forgets(store: &dyn SampleStore) {
    const HOUR: i64 = 3_600;
    grow(store, 36).await;
    let before = |hours: i64| at((36 - hours) * HOUR);
    let series = store.series(&everything()).await.unwrap();
    let points = &series[0].points;
    assert!(points.windows(2).all(|pair| pair[0].at < pair[1].at), "in order, none twice");
    let apart = |from: Timestamp, to: Timestamp| {
        let within = points.windows(2).filter(|pair| pair[0].at >= from && pair[1].at < to);
        let apart: std::collections::BTreeSet<i64> =
            within.map(|pair| pair[1].at.duration_since(pair[0].at).as_secs()).collect();
        apart.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(apart(before(5), before(0)), [60]);
    assert_eq!(apart(before(11), before(8)), [300]);
    assert_eq!(apart(before(23), before(14)), [3_600]);
    assert!(points[0].at >= before(26), "{}", points[0].at);
    // The growth is the same, however it is looked at.
    for pair in points.windows(2) {
        let seconds = pair[1].at.duration_since(pair[0].at).as_secs_f64();
        let slope = (pair[1].value.unwrap() - pair[0].value.unwrap()) / seconds;
        assert!((slope - 1.0 / 60.0).abs() < 0.01, "{pair:?}");
    }

    let together = everything().by(Duration::from_secs(6 * 3_600));
    let series = store.series(&together).await.unwrap();
    let whole = &series[0].points[series[0].points.len() - 2];
    assert_eq!(whole.count, 360, "a stretch is whole, of whatever it is made");
}

#[tokio::test]
async fn memory_keeps_what_it_is_given_for_its_time() {
    let store = MemorySamples::new(Duration::from_secs(3_600));
    keeps_what_it_is_given(&store).await;
    store.prune(at(3_605)).await.unwrap();
    let series = store.series(&everything()).await.unwrap();
    assert_eq!(series[0].points.len(), 5);
    store.prune(at(10_000)).await.unwrap();
    assert!(store.series(&everything()).await.unwrap().is_empty());
}

#[tokio::test]
async fn no_store_keeps_nothing() {
    NoSamples.record(&reading("shop", 0, &[("orders", Some(1.0))])).await.unwrap();
    assert!(NoSamples.series(&everything()).await.unwrap().is_empty());
}

#[test]
fn a_stretch_of_which_nothing_is_known_is_unknown() {
    let points = [Point::of(at(0), None), Point::of(at(1), None), Point::of(at(70), Some(1.0))];
    let merged = merged(points.into_iter(), Duration::from_secs(60));
    assert_eq!(merged.len(), 2);
    assert_eq!((merged[0].value, merged[0].count), (None, 0));
    assert_eq!(merged[1].value, Some(1.0));
}
