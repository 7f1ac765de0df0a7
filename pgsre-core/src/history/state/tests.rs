#![expect(clippy::unwrap_used, reason = "tests")]

use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use futures::stream::{self, BoxStream};

use super::*;
use crate::backup::{Backup, BackupPart};
use crate::history::evidence::sample;
use crate::source::{ByteStream, ObjectStoreSource, SourceError, SourceErrorKind};

const OLD: &str = "20261115t030000z_00000001";
const NEW: &str = "20261122t030000z_00000002";

fn rules(hours: i64) -> CatalogueRules {
    CatalogueRules { max_age: Some(SignedDuration::from_hours(hours)), ..Default::default() }
}

/// A directory with one dump that has just been written.
fn directory() -> (tempfile::TempDir, Arc<ObjectStoreSource>) {
    let directory = tempfile::tempdir().unwrap();
    std::fs::write(directory.path().join("shop.sql"), "-- PostgreSQL database dump\n").unwrap();
    let source = ObjectStoreSource::parse(directory.path().to_str().unwrap()).unwrap();
    (directory, Arc::new(source))
}

async fn value(probe: &mut BackupState, metric: Metric, now: Timestamp) -> Option<f64> {
    let samples = probe.measure(now).await.unwrap().samples;
    samples.into_iter().find(|sample| sample.metric == metric).and_then(|sample| sample.value)
}

#[tokio::test]
async fn a_backup_is_stale_once_it_is_older_than_allowed() {
    let (_directory, source) = directory();
    let now = Timestamp::now();
    let mut fresh = BackupState::new(Arc::clone(&source) as _, rules(26));
    assert_eq!(value(&mut fresh, Metric::BackupStale, now).await, Some(0.0));
    assert!(value(&mut fresh, Metric::BackupNewestAgeSeconds, now).await.unwrap() < 60.0);

    let later = now + SignedDuration::from_hours(27);
    let mut stale = BackupState::new(Arc::clone(&source) as _, rules(26));
    assert_eq!(value(&mut stale, Metric::BackupStale, later).await, Some(1.0));

    let mut without_rule = BackupState::new(source, CatalogueRules::default());
    assert_eq!(value(&mut without_rule, Metric::BackupStale, later).await, None);
}

#[tokio::test]
async fn no_backup_at_all_is_stale_and_has_no_age() {
    let mut none = BackupState::new(Arc::new(ObjectStoreSource::memory()), rules(26));
    let now = Timestamp::now();
    assert_eq!(value(&mut none, Metric::BackupStale, now).await, Some(1.0));
    assert_eq!(value(&mut none, Metric::BackupNewestAgeSeconds, now).await, None);
}

#[tokio::test]
async fn drills_say_whether_the_last_one_passed_and_whether_one_is_overdue() {
    let (_directory, source) = directory();
    let reports = ReportStore::memory();
    let mut passed = sample(OLD, Verdict::Passed);
    passed.source = source.to_string();
    reports.save(&passed).await.unwrap();
    let week = Some(Duration::from_secs(7 * 86_400));
    let probe = |reports| {
        BackupState::new(Arc::clone(&source) as _, CatalogueRules::default())
            .with_drills(reports, week)
    };
    let soon = passed.started_at + SignedDuration::from_hours(1);
    let mut sound = probe(reports.clone());
    assert_eq!(value(&mut sound, Metric::DrillLastPassed, soon).await, Some(1.0));
    assert_eq!(value(&mut sound, Metric::DrillOverdue, soon).await, Some(0.0));
    assert_eq!(value(&mut sound, Metric::DrillPassedAgeSeconds, soon).await, Some(3_600.0));

    let mut failed = sample(NEW, Verdict::Failed);
    failed.source = source.to_string();
    reports.save(&failed).await.unwrap();
    let late = passed.started_at + SignedDuration::from_hours(8 * 24);
    let mut after = probe(reports);
    assert_eq!(value(&mut after, Metric::DrillLastPassed, late).await, Some(0.0));
    assert_eq!(value(&mut after, Metric::DrillOverdue, late).await, Some(1.0));

    let mut never = probe(ReportStore::memory());
    assert_eq!(value(&mut never, Metric::DrillLastPassed, late).await, None, "none was run");
    assert_eq!(value(&mut never, Metric::DrillOverdue, late).await, Some(1.0));
}

#[derive(Debug)]
enum Broken {
    Refuses,
    RefusesOnce(AtomicBool),
    Hangs,
}

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("s3://broken/")
    }
}

#[async_trait]
impl BackupSource for Broken {
    fn list(&self) -> BoxStream<'static, Result<Backup, SourceError>> {
        match self {
            Self::RefusesOnce(refused) if refused.swap(true, Ordering::Relaxed) => {
                stream::empty().boxed()
            }
            Self::Refuses | Self::RefusesOnce(_) => {
                let error = SourceError::new(SourceErrorKind::Denied, "the bucket says no");
                stream::iter([Err(error)]).boxed()
            }
            Self::Hangs => stream::pending().boxed(),
        }
    }

    async fn open(
        &self,
        _: &BackupPart,
        _: Option<std::ops::Range<u64>>,
    ) -> Result<ByteStream, SourceError> {
        Err(SourceError::new(SourceErrorKind::NotFound, "nothing"))
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_listed_is_no_data_with_its_reason() {
    let mut refused = BackupState::new(Arc::new(Broken::Refuses), rules(26));
    let error = refused.measure(Timestamp::now()).await.unwrap_err();
    assert!(chain(&error).contains("the bucket says no"), "{error:?}");
}

#[tokio::test]
async fn a_store_that_could_not_be_listed_is_tried_again_after_a_minute() {
    let refuses = Broken::RefusesOnce(AtomicBool::new(false));
    let mut state = BackupState::new(Arc::new(refuses), rules(26));
    let begin = Timestamp::now();
    let mut read = async |seconds| {
        let at = begin + SignedDuration::from_secs(seconds);
        state.measure(at).await.map(drop).map_err(|error| chain(&error))
    };
    assert!(read(0).await.is_err());
    assert!(read(59).await.is_err());
    assert_eq!(read(60).await, Ok(()));
}

#[tokio::test]
async fn a_listing_that_takes_long_holds_no_reading_up() {
    let mut slow = BackupState::new(Arc::new(Broken::Hangs), rules(26));
    slow.patience = Duration::from_millis(1);
    let error = slow.measure(Timestamp::now()).await.unwrap_err();
    assert!(chain(&error).contains("still being listed"), "{error:?}");
    assert!(slow.looking.is_some(), "it goes on by itself");
}
