#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::tests::{
    FORGETFUL, at, everything, grow, keeps_what_it_is_given, reading, takes_together_and_forgets,
};
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

#[tokio::test]
async fn what_is_old_is_taken_together_and_what_is_too_old_is_gone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("samples.sqlite");
    let store = SqliteSamples::open(&path, FORGETFUL).await.unwrap();
    takes_together_and_forgets(&store).await;
}

#[tokio::test]
async fn the_file_is_bounded_by_what_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("samples.sqlite");
    let hours = |hours: u64| Duration::from_secs(hours * 3_600);
    let retention = SampleRetention { raw: hours(2), medium: hours(4), long: hours(8) };
    let store = SqliteSamples::open(&path, retention).await.unwrap();
    grow(&store, 48).await;
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
