#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::history::samples::{MemorySamples, NoSamples};
use crate::monitor::{Role, ServerFacts};

fn at(hour: f64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + (hour * 3_600.0) as i64).unwrap()
}

fn reading(hour: f64, samples: Vec<Sample>) -> Reading {
    Reading {
        server: ServerFacts { name: "shop".into(), version: None, role: Some(Role::Primary) },
        at: at(hour),
        seconds: 0.0,
        samples,
        missing: Vec::new(),
        unseen: Vec::new(),
    }
}

/// A store with a figure of each so many hours.
async fn with(metric: Metric, apart: f64, hours: f64, value: impl Fn(f64) -> f64) -> MemorySamples {
    let store = MemorySamples::new(Duration::from_secs(90 * 86_400));
    for index in 0..=((hours / apart) as i64) {
        let hour = index as f64 * apart;
        let sample = Sample::exact(metric, value(hour), at(hour)).about("path", "/data");
        store.record(&reading(hour, vec![sample])).await.unwrap();
    }
    store
}

async fn look_ahead(store: &dyn SampleStore, hour: f64, metric: Metric) -> Vec<Sample> {
    let samples = Outlook::default().samples(store, &reading(hour, Vec::new())).await;
    samples.into_iter().filter(|sample| sample.metric == metric).collect()
}

#[tokio::test]
async fn a_disk_that_fills_evenly_says_in_how_many_days_it_is_full() {
    // 10 GB a day of 100 GB, for four days.
    let free = |hour: f64| 100e9 - hour / 24.0 * 10e9;
    let store = with(Metric::DiskFreeBytes, 1.0, 96.0, free).await;
    let full = look_ahead(&store, 96.0, Metric::DiskDaysUntilFull).await;
    assert_eq!(full.len(), 1);
    assert!((full[0].value.unwrap() - 6.0).abs() < 0.05, "{full:?}");
    assert_eq!(full[0].method, Some(BY_DAYS));
    assert_eq!(full[0].labels["path"], "/data");
    let growth = look_ahead(&store, 96.0, Metric::DiskGrowthRate).await;
    assert!((growth[0].value.unwrap() * 86_400.0 - 10e9).abs() < 1e7, "{growth:?}");
    let earliest = look_ahead(&store, 96.0, Metric::DiskDaysUntilFullEarliest).await;
    assert!(earliest[0].value <= full[0].value);
}

#[tokio::test]
async fn a_disk_that_stands_still_or_was_hardly_seen_says_nothing_and_why() {
    let store = with(Metric::DiskFreeBytes, 1.0, 96.0, |_| 100e9).await;
    let full = look_ahead(&store, 96.0, Metric::DiskDaysUntilFull).await;
    assert_eq!((full[0].value, full[0].method), (None, Some("does not grow")));

    let store = with(Metric::DiskFreeBytes, 1.0, 3.0, |hour| 100e9 - hour * 1e9).await;
    let full = look_ahead(&store, 3.0, Metric::DiskDaysUntilFull).await;
    assert_eq!((full[0].value, full[0].method), (None, Some("too little history")));
    assert!(look_ahead(&NoSamples, 3.0, Metric::DiskDaysUntilFull).await.is_empty());
}

#[tokio::test]
async fn a_disk_that_something_fills_right_now_is_seen_within_the_hour() {
    // Still for four days, then 30 GB an hour of what is left: 100 GB.
    let free = |hour: f64| if hour < 95.0 { 100e9 } else { 100e9 - (hour - 95.0) * 30e9 };
    let store = with(Metric::DiskFreeBytes, 1.0 / 30.0, 96.0, free).await;
    let full = look_ahead(&store, 96.0, Metric::DiskDaysUntilFull).await;
    assert_eq!(full[0].value, None, "an hour of six is no trend");
    let free = |hour: f64| if hour < 92.0 { 220e9 } else { 220e9 - (hour - 92.0) * 30e9 };
    let store = with(Metric::DiskFreeBytes, 1.0 / 30.0, 96.0, free).await;
    let full = look_ahead(&store, 96.0, Metric::DiskDaysUntilFull).await;
    assert_eq!(full[0].method, Some(BY_HOURS), "{full:?}");
    assert!(full[0].value.unwrap() < 0.2, "{full:?}");
}

#[tokio::test]
async fn a_slot_says_in_how_many_seconds_it_is_lost() {
    let store = with(Metric::SlotSafeBytes, 1.0 / 30.0, 3.0, |hour| 8e9 - hour * 1e9).await;
    let lost = look_ahead(&store, 3.0, Metric::SlotSecondsUntilLost).await;
    assert!((lost[0].value.unwrap() - 5.0 * 3_600.0).abs() < 120.0, "{lost:?}");
}

#[tokio::test]
async fn the_peaks_of_the_days_say_when_connections_run_out() {
    // Each noon a hundredth more, from a half; the nights are quiet.
    let used = |hour: f64| {
        let noon = (hour as i64 % 24 - 12).abs() < 2;
        if noon { 0.5 + (hour / 24.0).floor() * 0.01 } else { 0.1 }
    };
    let store = with(Metric::ConnectionsSaturation, 1.0, 24.0 * 30.0, used).await;
    let full = look_ahead(&store, 24.0 * 30.0, Metric::ConnectionsDaysUntilFull).await;
    assert!((full[0].value.unwrap() - 20.0).abs() < 3.0, "{full:?}");
}

#[tokio::test]
async fn transaction_ids_are_looked_at_by_kind() {
    let store = with(Metric::WraparoundXidLeft, 1.0, 240.0, |hour| 0.5 - hour * 0.001).await;
    let left = look_ahead(&store, 240.0, Metric::WraparoundDaysLeft).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].labels["kind"], "xid");
    assert!((left[0].value.unwrap() - 260.0 / 24.0).abs() < 0.2, "{left:?}");
}

#[tokio::test]
async fn it_is_looked_anew_after_ten_minutes() {
    let store = with(Metric::DiskFreeBytes, 1.0, 48.0, |hour| 100e9 - hour * 1e9).await;
    let mut outlook = Outlook::default();
    let first = outlook.samples(&store, &reading(48.0, Vec::new())).await;
    let soon = outlook.samples(&NoSamples, &reading(48.1, Vec::new())).await;
    assert_eq!(first.len(), soon.len(), "from what is known");
    assert_eq!(soon[0].at, at(48.1));
    assert!(outlook.samples(&NoSamples, &reading(48.2, Vec::new())).await.is_empty());
}
