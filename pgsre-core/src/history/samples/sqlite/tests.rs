#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::tests::{at, everything, keeps_what_it_is_given, reading};
use super::*;

async fn store(directory: &Path) -> SqliteSamples {
    let path = directory.join("samples.sqlite");
    SqliteSamples::open(&path, SampleRetention::default()).await.unwrap()
}

#[tokio::test]
async fn a_file_keeps_what_it_is_given_and_has_it_when_it_is_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let first = store(directory.path()).await;
    keeps_what_it_is_given(&first).await;
    let before = first.series(&everything()).await.unwrap();
    drop(first);
    let again = store(directory.path()).await;
    assert_eq!(again.series(&everything()).await.unwrap(), before);
}

/// Days of samples, a minute apart, that grow by one a minute.
async fn grow(store: &SqliteSamples, days: i64) {
    let mut samples = Vec::new();
    for minute in 0..days * 1_440 {
        samples.push(reading("shop", minute * 60, &[("orders", Some(minute as f64))]));
    }
    store
        .with(move |file| {
            for reading in &samples {
                file.record(reading)?;
            }
            Ok(())
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_old_is_taken_together_and_what_is_too_old_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("samples.sqlite");
    let days = |days: u64| Duration::from_secs(days * 86_400);
    let retention = SampleRetention { raw: days(1), medium: days(2), long: days(4) };
    let store = SqliteSamples::open(&path, retention).await.unwrap();
    grow(&store, 6).await;

    let end = 6 * 86_400;
    let series = store.series(&everything()).await.unwrap();
    let points = &series[0].points;
    assert!(points.windows(2).all(|pair| pair[0].at < pair[1].at), "in order, none twice");
    let apart = |from: i64, to: i64| {
        let within = points.windows(2).filter(|pair| pair[0].at >= at(from) && pair[1].at < at(to));
        let apart: std::collections::BTreeSet<i64> =
            within.map(|pair| pair[1].at.duration_since(pair[0].at).as_secs()).collect();
        apart.into_iter().collect::<Vec<_>>()
    };
    assert_eq!(apart(end - 80_000, end), [60]);
    assert_eq!(apart(end - 2 * 80_000, end - 90_000), [300]);
    assert_eq!(apart(end - 4 * 80_000, end - 2 * 90_000), [3_600]);
    assert!(points[0].at >= at(end - 4 * 86_400 - 7_200), "{}", points[0].at);
    // The growth is the same, however it is looked at.
    for pair in points.windows(2) {
        let seconds = pair[1].at.duration_since(pair[0].at).as_secs_f64();
        let slope = (pair[1].value.unwrap() - pair[0].value.unwrap()) / seconds;
        assert!((slope - 1.0 / 60.0).abs() < 0.01, "{pair:?}");
    }

    let daily = everything().by(days(1));
    let series = store.series(&daily).await.unwrap();
    let whole = &series[0].points[series[0].points.len() - 2];
    assert_eq!(whole.count, 1_440, "a day is whole, of whatever it is made");
}

#[tokio::test]
async fn the_file_is_bounded_by_what_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("samples.sqlite");
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    let retention = SampleRetention { raw: hours(2), medium: hours(4), long: hours(8) };
    let store = SqliteSamples::open(&path, retention).await.unwrap();
    grow(&store, 2).await;
    let after_two = std::fs::metadata(&path).unwrap().len();
    let series = store.series(&everything()).await.unwrap();
    assert!(series[0].points.len() < 400, "{}", series[0].points.len());
    store.prune(at(90 * 86_400)).await.unwrap();
    assert!(store.series(&everything()).await.unwrap().is_empty());
    assert!(std::fs::metadata(&path).unwrap().len() <= after_two);
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_refused_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("samples.sqlite");
    let open = || SqliteSamples::open(&path, SampleRetention::default());

    std::fs::write(&path, "not a database, but long enough to be read as one. ".repeat(40))
        .unwrap();
    let error = open().await.unwrap_err();
    assert!(crate::finding::chain(&error).contains("not a database"), "{error:?}");

    std::fs::remove_file(&path).unwrap();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE theirs (x)").unwrap();
    assert!(open().await.unwrap_err().to_string().contains("something else"));

    std::fs::remove_file(&path).unwrap();
    drop(open().await.unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 9).unwrap();
    assert!(open().await.unwrap_err().to_string().contains("newer version"));

    let nowhere = Path::new("/nonexistent/pgsre/samples.sqlite");
    let error = SqliteSamples::open(nowhere, SampleRetention::default()).await.unwrap_err();
    assert!(error.to_string().contains("/nonexistent/pgsre/samples.sqlite"), "{error}");
}

#[tokio::test]
async fn two_processes_may_share_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (store(directory.path()).await, store(directory.path()).await);
    for second in 0..20 {
        let (from, values) = if second % 2 == 0 { (&one, 1.0) } else { (&other, 2.0) };
        from.record(&reading("shop", second, &[("orders", Some(values))])).await.unwrap();
    }
    assert_eq!(other.series(&everything()).await.unwrap()[0].points.len(), 20);
}

#[tokio::test]
async fn two_that_write_at_the_same_time_wait_for_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let (one, other) = (store(directory.path()).await, store(directory.path()).await);
    let record = async |store: &SqliteSamples, database: &str| {
        for second in 0..100 {
            let values = [(database, Some(1.0))];
            store.record(&reading("shop", second, &values)).await.unwrap();
        }
    };
    futures::future::join(record(&one, "orders"), record(&other, "users")).await;
    let series = one.series(&everything()).await.unwrap();
    assert_eq!(series.iter().map(|one| one.points.len()).collect::<Vec<_>>(), [100, 100]);
}

#[tokio::test]
async fn a_file_that_is_full_says_so_and_keeps_what_it_has() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path()).await;
    let is_full = |file: &mut File| {
        let pages: i64 =
            file.connection.pragma_query_value(None, "page_count", |row| row.get(0))?;
        file.connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(()))?;
        Ok(())
    };
    store.with(is_full).await.unwrap();
    let mut kept = 0;
    let error = loop {
        match store.record(&reading("shop", kept, &[("orders", Some(1.0))])).await {
            Ok(()) => kept += 1,
            Err(error) => break error,
        }
        assert!(kept < 10_000, "it never was full");
    };
    let cause = std::error::Error::source(&error).unwrap().to_string();
    assert!(cause.contains("full"), "{cause}");
    assert_eq!(store.series(&everything()).await.unwrap()[0].points.len() as i64, kept);
}

/// As after a kill: the files as they lie on the disk while the process still has them open.
#[tokio::test]
async fn what_was_recorded_is_there_after_a_crash() {
    let directory = tempfile::tempdir().unwrap();
    let store = store(directory.path()).await;
    for second in 0..50 {
        store.record(&reading("shop", second, &[("orders", Some(1.0))])).await.unwrap();
    }
    let crashed = tempfile::tempdir().unwrap();
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        // The shared memory of a process that is no more says nothing.
        if !file.file_name().to_string_lossy().ends_with("-shm") {
            std::fs::copy(file.path(), crashed.path().join(file.file_name())).unwrap();
        }
    }
    let again = self::store(crashed.path()).await;
    assert_eq!(again.series(&everything()).await.unwrap()[0].points.len(), 50);
    let sound: String = again
        .with(|file| {
            Ok(file.connection.query_row("PRAGMA integrity_check", [], |row| row.get(0))?)
        })
        .await
        .unwrap();
    assert_eq!(sound, "ok");
}
