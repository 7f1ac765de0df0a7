#![expect(clippy::unwrap_used, reason = "tests")]

use super::evidence::sample;
use super::*;
use crate::drill::Verdict;

async fn stored(ids: &[&str]) -> ReportStore {
    let store = ReportStore::memory();
    for id in ids {
        store.save(&sample(id, Verdict::Passed)).await.unwrap();
    }
    store
}

const OLD: &str = "20261115t030000z_00000001";
const NEW: &str = "20261122t030000z_00000002";

#[tokio::test]
async fn a_report_reads_back_as_it_was_saved() {
    let directory = tempfile::tempdir().unwrap();
    let place = directory.path().join("new/größe");
    let store = ReportStore::directory(&place).unwrap();
    let report = sample(NEW, Verdict::Failed);
    let saved = store.save(&report).await.unwrap();

    let json = std::fs::read(&saved.json).unwrap();
    assert_eq!(evidence::sha256(&json), saved.sha256);
    assert!(std::fs::read_to_string(&saved.html).unwrap().contains(&saved.sha256));
    let loaded = store.load(NEW).await.unwrap();
    assert_eq!(to_json(report.id, &loaded).unwrap(), to_json(report.id, &report).unwrap());
    assert_eq!(saved.unchained, None);
    let files = std::fs::read_dir(&place).unwrap().map(|file| file.unwrap().file_name());
    let mut files: Vec<_> = files.map(|name| name.into_string().unwrap()).collect();
    files.sort_unstable();
    let expected = [format!("{NEW}.html"), format!("{NEW}.json"), "chain.next".into()];
    assert_eq!(files, expected, "no temporary file stays");
}

#[tokio::test]
async fn a_report_is_never_replaced() {
    let store = stored(&[OLD]).await;
    let again = store.save(&sample(OLD, Verdict::Failed)).await.unwrap_err();
    assert_eq!(again.kind(), HistoryErrorKind::Exists);
    assert_eq!(store.load(OLD).await.unwrap().verdict, Verdict::Passed);
}

#[tokio::test]
async fn a_unique_beginning_of_an_id_is_enough() {
    let store = stored(&[OLD, NEW]).await;
    assert_eq!(store.load("20261122").await.unwrap().id.to_string(), NEW);
    let ambiguous = store.load("2026").await.unwrap_err();
    assert_eq!(ambiguous.kind(), HistoryErrorKind::Ambiguous);
    assert!(ambiguous.to_string().contains(OLD) && ambiguous.to_string().contains(NEW));
    for absent in ["2027", "../x", "20261122t030000z_00000009"] {
        assert_eq!(store.load(absent).await.unwrap_err().kind(), HistoryErrorKind::NotFound);
    }
}

#[tokio::test]
async fn a_listing_is_newest_first_and_leaves_strangers_alone() {
    let store = stored(&[OLD, NEW]).await;
    store.put("notes.json", "{}".into()).await.unwrap();
    store.put("shop.sql.gz", "x".into()).await.unwrap();
    let listing = store.list().await.unwrap();
    let ids: Vec<_> = listing.reports.iter().map(|report| report.id.to_string()).collect();
    assert_eq!(ids, [NEW, OLD]);
    assert_eq!(listing.reports[0], ReportSummary::from(&sample(NEW, Verdict::Passed)));
    assert_eq!(listing.damaged, []);
}

#[tokio::test]
async fn a_damaged_report_is_named_and_hides_no_other() {
    let store = stored(&[OLD]).await;
    store.put(&format!("{NEW}.json"), "{\"schema\":1".into()).await.unwrap();
    let listing = store.list().await.unwrap();
    assert_eq!(listing.reports.len(), 1);
    assert_eq!(listing.damaged[0].name, format!("{NEW}.json"));
    assert!(listing.damaged[0].error.contains("is not a drill report: EOF"));
    assert_eq!(store.load(NEW).await.unwrap_err().kind(), HistoryErrorKind::Damaged);
}

#[tokio::test]
async fn a_store_without_reports_lists_none() {
    let directory = tempfile::tempdir().unwrap();
    let store = ReportStore::directory(directory.path().join("none")).unwrap();
    assert!(store.list().await.unwrap().reports.is_empty());
}

#[tokio::test]
async fn the_evidence_of_a_stored_report_carries_the_stored_report_s_sum() {
    let store = stored(&[]).await;
    let saved = store.save(&sample(NEW, Verdict::Passed)).await.unwrap();
    assert!(store.evidence("20261122").await.unwrap().contains(&saved.sha256));
}

#[tokio::test]
async fn a_place_is_named_as_a_source_is() {
    let directory = tempfile::tempdir().unwrap();
    let url = format!("file://{}/a%20b", directory.path().display());
    let store = ReportStore::parse(&url).unwrap();
    let saved = store.save(&sample(NEW, Verdict::Passed)).await.unwrap();
    assert_eq!(saved.json, format!("{}/a b/{NEW}.json", directory.path().display()));

    let memory = ReportStore::parse("memory:///drills/").unwrap();
    let saved = memory.save(&sample(NEW, Verdict::Passed)).await.unwrap();
    assert_eq!(saved.html, format!("memory:///drills/{NEW}.html"));
    assert_eq!(memory.list().await.unwrap().reports.len(), 1);

    let error = ReportStore::parse("ftp://host/drills").unwrap_err();
    assert_eq!(error.kind(), HistoryErrorKind::Invalid);
}

#[test]
fn a_file_where_the_directory_should_be_is_an_error_that_names_it() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = ReportStore::directory(file.path()).unwrap_err();
    assert!(error.to_string().contains(file.path().to_str().unwrap()), "{error}");
}

#[test]
fn reports_lie_where_the_environment_says() {
    let directory = |set: &[(&str, &str)]| {
        let set: Vec<_> = set.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        default_directory(|name| {
            set.iter().find(|(set, _)| set == name).map(|(_, value)| value.clone())
        })
    };
    let home = ("HOME", "/home/sre");
    let cases = [
        (vec![("PGSRE_STATE_DIR", "/state"), home], Some("/state/reports")),
        (vec![("XDG_STATE_HOME", "/xdg"), home], Some("/xdg/pgsre/reports")),
        (vec![("PGSRE_STATE_DIR", ""), home], Some("/home/sre/.local/state/pgsre/reports")),
        (vec![], None),
    ];
    for (set, expected) in cases {
        assert_eq!(directory(&set), expected.map(PathBuf::from));
    }
}
