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
