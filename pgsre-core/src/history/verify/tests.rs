#![expect(clippy::unwrap_used, reason = "tests")]

use futures::future::join_all;
use object_store::ObjectStoreExt;

use super::*;
use crate::history::SigningKey;
use crate::history::evidence::sample;
use crate::history::sign::tests::{OTHER, PRIVATE, PUBLIC};

const RUNS: [&str; 4] = [
    "20261101t030000z_00000001",
    "20261108t030000z_00000002",
    "20261115t030000z_00000003",
    "20261122t030000z_00000004",
];

/// Four reports in a chain.
async fn chained(key: Option<&str>) -> ReportStore {
    let mut store = ReportStore::memory();
    if let Some(pem) = key {
        store = store.with_key(SigningKey::from_pem(pem.as_bytes()).unwrap());
    }
    save(&store, &RUNS).await;
    store
}

async fn save(store: &ReportStore, runs: &[&str]) {
    for run in runs {
        let saved = store.save(&sample(run, Verdict::Passed)).await.unwrap();
        assert_eq!(saved.unchained, None);
    }
}

async fn read(store: &ReportStore, name: &str) -> String {
    String::from_utf8(store.fetch(name).await.unwrap().unwrap().to_vec()).unwrap()
}

async fn remove(store: &ReportStore, name: &str) {
    store.store.delete(&store.prefix.clone().join(name)).await.unwrap();
}

/// One byte of a report, and its verdict with it.
async fn alter(store: &ReportStore, run: &str) {
    let json = read(store, &format!("{run}.json")).await;
    let altered = json.replace("\"examined\": 212", "\"examined\": 213");
    assert_ne!(json, altered);
    store.put(&format!("{run}.json"), altered.into()).await.unwrap();
}

fn with_key() -> VerifyRequest {
    VerifyRequest { keys: vec![VerifyingKey::from_pem(PUBLIC.as_bytes()).unwrap()], head: None }
}

/// Each problem as its kind and subject.
async fn problems(store: &ReportStore, request: &VerifyRequest) -> Vec<(ProblemKind, String)> {
    let found = store.verify(request).await.unwrap();
    assert_eq!(found.outcome == Verdict::Failed, !found.problems.is_empty(), "{found:#?}");
    found.problems.into_iter().map(|problem| (problem.kind, problem.subject)).collect()
}

#[track_caller]
fn assert_found(problems: &[(ProblemKind, String)], expected: &[(ProblemKind, &str)]) {
    let expected: Vec<_> = expected.iter().map(|(kind, run)| (*kind, (*run).to_owned())).collect();
    assert_eq!(problems, expected);
}

#[tokio::test]
async fn a_chain_as_it_was_saved_is_sound() {
    let store = chained(None).await;
    let found = store.verify(&VerifyRequest::default()).await.unwrap();
    assert_eq!((found.outcome, found.problems.len()), (Verdict::Passed, 0), "{found:#?}");
    assert_eq!((found.reports, found.chained, found.signed), (4, 4, 0));
    assert_eq!(found.head.unwrap().id.to_string(), RUNS[3]);
}

#[tokio::test]
async fn a_signed_chain_as_it_was_saved_is_sound() {
    let store = chained(Some(PRIVATE)).await;
    let found = store.verify(&with_key()).await.unwrap();
    assert_eq!((found.outcome, found.signed), (Verdict::Passed, 4), "{found:#?}");
    let unchecked = store.verify(&VerifyRequest::default()).await.unwrap();
    assert_eq!(unchecked.outcome, Verdict::Passed);
    assert!(unchecked.notes[0].contains("no key was given"), "{unchecked:#?}");
}

#[tokio::test]
async fn one_altered_byte_is_seen_wherever_it_is() {
    for run in RUNS {
        let store = chained(None).await;
        alter(&store, run).await;
        let found = problems(&store, &VerifyRequest::default()).await;
        assert_found(&found, &[(ProblemKind::Altered, run)]);
    }
}

#[tokio::test]
async fn one_altered_byte_breaks_its_signature_too() {
    let store = chained(Some(PRIVATE)).await;
    alter(&store, RUNS[1]).await;
    let found = problems(&store, &with_key()).await;
    let expected = [(ProblemKind::Altered, RUNS[1]), (ProblemKind::BadSignature, RUNS[1])];
    assert_found(&found, &expected);
}

#[tokio::test]
async fn a_removed_report_is_missed_wherever_it_was() {
    for run in RUNS {
        let store = chained(None).await;
        remove(&store, &format!("{run}.json")).await;
        let found = problems(&store, &VerifyRequest::default()).await;
        assert_found(&found, &[(ProblemKind::Missing, run)]);
    }
}

#[tokio::test]
async fn a_removed_report_is_still_missed_after_further_drills() {
    let store = chained(None).await;
    remove(&store, &format!("{}.json", RUNS[3])).await;
    save(&store, &["20261129t030000z_00000005", "20261206t030000z_00000006"]).await;
    let found = problems(&store, &VerifyRequest::default()).await;
    assert_found(&found, &[(ProblemKind::Missing, RUNS[3])]);
}

#[tokio::test]
async fn two_swapped_reports_are_both_seen() {
    let store = chained(None).await;
    let (one, other) = (format!("{}.json", RUNS[1]), format!("{}.json", RUNS[2]));
    let (first, second) = (read(&store, &one).await, read(&store, &other).await);
    store.put(&one, second.into()).await.unwrap();
    store.put(&other, first.into()).await.unwrap();
    let found = problems(&store, &VerifyRequest::default()).await;
    let kinds = |run: &str| {
        let of_run = found.iter().filter(|(_, subject)| subject == run);
        of_run.map(|(kind, _)| *kind).collect::<Vec<_>>()
    };
    for run in [RUNS[1], RUNS[2]] {
        assert!(kinds(run).contains(&ProblemKind::Altered), "{found:?}");
        assert!(kinds(run).contains(&ProblemKind::Damaged), "{found:?}");
    }
}

/// A report that somebody who can write to the store lays between the others.
async fn insert(store: &ReportStore, link: Option<ChainLink>, key: Option<&str>) -> String {
    let run = "20261110t030000z_0000000f";
    let forger = ReportStore { key: None, ..store.clone() };
    let forger = match key {
        Some(pem) => forger.with_key(SigningKey::from_pem(pem.as_bytes()).unwrap()),
        None => forger,
    };
    forger.write(&sample(run, Verdict::Passed), link.as_ref(), &[]).await.unwrap();
    run.to_owned()
}

async fn behind_the_second(store: &ReportStore) -> ChainLink {
    chain::link_of(read(store, &format!("{}.json", RUNS[2])).await.as_bytes()).unwrap()
}

#[tokio::test]
async fn an_inserted_report_is_seen_with_and_without_a_link() {
    let store = chained(None).await;
    let run = insert(&store, None, None).await;
    let found = problems(&store, &VerifyRequest::default()).await;
    assert_found(&found, &[(ProblemKind::Inserted, &run)]);

    let store = chained(None).await;
    let link = ChainLink { signed_by: None, ..behind_the_second(&store).await };
    let run = insert(&store, Some(link), None).await;
    let found = problems(&store, &VerifyRequest::default()).await;
    assert_found(&found, &[(ProblemKind::Forked, &run)]);
}

#[tokio::test]
async fn a_report_inserted_among_signed_ones_lacks_the_signature() {
    let store = chained(Some(PRIVATE)).await;
    let link = behind_the_second(&store).await;
    let run = insert(&store, Some(link.clone()), None).await;
    let found = problems(&store, &with_key()).await;
    assert_found(&found, &[(ProblemKind::Forked, &run), (ProblemKind::Unsigned, &run)]);

    let store = chained(Some(PRIVATE)).await;
    let run = insert(&store, Some(link), Some(OTHER)).await;
    let found = problems(&store, &with_key()).await;
    assert_found(&found, &[(ProblemKind::Forked, &run), (ProblemKind::BadSignature, &run)]);
}

#[tokio::test]
async fn a_whole_chain_forged_without_the_key_is_seen_by_its_signatures() {
    let store = chained(None).await;
    let found = problems(&store, &with_key()).await;
    let unsigned: Vec<_> = RUNS.iter().map(|run| (ProblemKind::Unsigned, *run)).collect();
    assert_found(&found, &unsigned);

    let store = chained(Some(OTHER)).await;
    let found = problems(&store, &with_key()).await;
    let bad: Vec<_> = RUNS.iter().map(|run| (ProblemKind::BadSignature, *run)).collect();
    assert_found(&found, &bad);
}

#[tokio::test]
async fn a_signature_that_was_removed_is_missed_even_without_the_key() {
    let store = chained(Some(PRIVATE)).await;
    remove(&store, &format!("{}.sig", RUNS[1])).await;
    for request in [VerifyRequest::default(), with_key()] {
        let found = problems(&store, &request).await;
        assert_found(&found, &[(ProblemKind::Unsigned, RUNS[1])]);
    }
}

#[tokio::test]
async fn reports_from_before_the_first_signature_are_vouched_for_by_it() {
    let store = ReportStore::memory();
    save(&store, &RUNS[..2]).await;
    let signing = store.clone().with_key(SigningKey::from_pem(PRIVATE.as_bytes()).unwrap());
    save(&signing, &RUNS[2..3]).await;
    assert_found(&problems(&store, &with_key()).await, &[]);
    // A drill that ran without the key afterwards is not.
    save(&store, &RUNS[3..]).await;
    assert_found(&problems(&store, &with_key()).await, &[(ProblemKind::Unsigned, RUNS[3])]);
}

#[tokio::test]
async fn a_second_key_may_follow_the_first() {
    let store = ReportStore::memory();
    let signing = |pem: &str| store.clone().with_key(SigningKey::from_pem(pem.as_bytes()).unwrap());
    save(&signing(OTHER), &RUNS[..2]).await;
    save(&signing(PRIVATE), &RUNS[2..]).await;
    let found = problems(&store, &with_key()).await;
    let old = [(ProblemKind::BadSignature, RUNS[0]), (ProblemKind::BadSignature, RUNS[1])];
    assert_found(&found, &old);
}

#[tokio::test]
async fn the_newest_report_can_be_cut_off_unseen_only_without_its_digest() {
    let store = chained(None).await;
    let head = store.verify(&VerifyRequest::default()).await.unwrap().head.unwrap();
    let request = VerifyRequest { head: Some(head.sha256.to_uppercase()), ..Default::default() };
    assert_found(&problems(&store, &request).await, &[]);
    save(&store, &["20261129t030000z_00000005"]).await;
    assert_found(&problems(&store, &request).await, &[]);

    let store = chained(None).await;
    remove(&store, &format!("{}.json", RUNS[3])).await;
    remove(&store, &format!("{}.next", RUNS[2])).await;
    assert_found(&problems(&store, &VerifyRequest::default()).await, &[]);
    let found = problems(&store, &request).await;
    assert_found(&found, &[(ProblemKind::HeadMissing, request.head.as_deref().unwrap())]);
}

#[tokio::test]
async fn reports_from_before_the_chain_are_vouched_for_by_its_first() {
    let store = ReportStore::memory();
    for run in &RUNS[..2] {
        store.write(&sample(run, Verdict::Passed), None, &[]).await.unwrap();
    }
    let unchained = store.verify(&VerifyRequest::default()).await.unwrap();
    assert_eq!(unchained.outcome, Verdict::Inconclusive, "{unchained:#?}");
    assert_eq!(store.load(RUNS[0]).await.unwrap().id.to_string(), RUNS[0]);

    save(&store, &RUNS[2..]).await;
    let found = store.verify(&VerifyRequest::default()).await.unwrap();
    assert_eq!((found.outcome, found.before_chain, found.chained), (Verdict::Passed, 2, 2));
    alter(&store, RUNS[0]).await;
    remove(&store, &format!("{}.json", RUNS[1])).await;
    let found = problems(&store, &VerifyRequest::default()).await;
    assert_found(&found, &[(ProblemKind::Altered, RUNS[0]), (ProblemKind::Missing, RUNS[1])]);
}

#[tokio::test]
async fn an_empty_store_proves_nothing() {
    let found = ReportStore::memory().verify(&VerifyRequest::default()).await.unwrap();
    assert_eq!(found.outcome, Verdict::Inconclusive);
    assert_eq!(found.unproved, ["there are no reports"]);
}

#[tokio::test]
async fn drills_that_end_at_the_same_time_become_one_chain() {
    let directory = tempfile::tempdir().unwrap();
    for store in [ReportStore::memory(), ReportStore::directory(directory.path()).unwrap()] {
        let runs: Vec<_> = (0..12).map(|n| format!("20261122t0300{n:02}z_00000001")).collect();
        let reports: Vec<_> = runs.iter().map(|run| sample(run, Verdict::Passed)).collect();
        let saved = join_all(reports.iter().map(|report| store.save(report))).await;
        assert!(saved.iter().all(|one| one.as_ref().unwrap().unchained.is_none()), "{saved:#?}");
        let found = store.verify(&VerifyRequest::default()).await.unwrap();
        assert_eq!(found.outcome, Verdict::Passed, "{found:#?}");
        assert_eq!(found.chained, 12);
    }
}

#[tokio::test]
async fn a_drill_that_died_before_it_claimed_its_place_is_claimed_for() {
    let store = chained(None).await;
    let late: [&str; 2] = ["20261129t030000z_00000005", "20261206t030000z_00000006"];
    let end = store.end_of_chain(late[0].parse().unwrap()).await.unwrap();
    store.write(&sample(late[0], Verdict::Failed), Some(&end), &[]).await.unwrap();
    save(&store, &late[1..]).await;
    let found = store.verify(&VerifyRequest::default()).await.unwrap();
    assert_eq!((found.outcome, found.chained), (Verdict::Passed, 6), "{found:#?}");
}

#[tokio::test]
async fn a_report_is_kept_even_where_the_chain_cannot_be_read() {
    let store = chained(None).await;
    store.put(&format!("{}.next", RUNS[2]), "{".into()).await.unwrap();
    let run = "20261129t030000z_00000005";
    let saved = store.save(&sample(run, Verdict::Passed)).await.unwrap();
    assert!(saved.unchained.unwrap().contains("is no link of a chain"));
    assert_eq!(store.load(run).await.unwrap().id.to_string(), run);
    let found = problems(&store, &VerifyRequest::default()).await;
    let claim = format!("{}.next", RUNS[2]);
    assert_found(&found, &[(ProblemKind::Damaged, &claim), (ProblemKind::Inserted, run)]);
}
