#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::fixture::{Fixture, object};
use super::*;
use crate::archive::{Declaration, TableKind};
use crate::backup::BackupFormat;
use crate::finding::Severity;
use crate::fingerprint::{Aspect, Difference, DifferenceKind, ObjectKind};
use crate::restore::DatabaseLoad;

const SHOP: &str = "CREATE TABLE orders (id int PRIMARY KEY, total numeric); \
                    INSERT INTO orders SELECT n, n FROM generate_series(1, 100) n";

/// A manifest that says the backup holds what this database holds now.
async fn manifest_of(fixture: &Fixture) -> Manifest {
    let request = FingerprintRequest::default();
    let print =
        Fingerprint::take(&fixture.database, &request, &Unobserved, &fixture.cancel).await.unwrap();
    Manifest {
        schema: 1,
        pgsre_version: "0.1.0".to_owned(),
        key: "shop.dump".to_owned(),
        format: BackupFormat::Custom,
        started_at: fixture.now,
        finished_at: fixture.now,
        dumped_by: None,
        parts: Vec::new(),
        globals: None,
        databases: vec![print],
        verified_at: None,
    }
}

async fn validate(fixture: &Fixture, manifest: &Manifest) -> Validation {
    let mut context = fixture.context();
    context.manifest = Some(manifest);
    ManifestMatch.validate(&context).await.unwrap()
}

#[tokio::test]
async fn a_database_as_the_manifest_says_is_sound_and_one_with_a_row_more_is_not() {
    let fixture = Fixture::new(SHOP).await;
    let manifest = manifest_of(&fixture).await;
    let sound = validate(&fixture, &manifest).await;
    assert!(sound.findings.is_empty() && sound.unproved.is_empty(), "{sound:?}");
    assert!(sound.examined > 0);
    let more = "INSERT INTO orders VALUES (101, 1)";
    fixture.database.client().await.unwrap().batch_execute(more).await.unwrap();
    let found = validate(&fixture, &manifest).await;
    assert_eq!(found.findings[0].code, FindingCode::RowsMismatch);
    assert_eq!(found.findings[0].subject, "public.orders");
}

#[tokio::test]
async fn a_manifest_of_another_database_is_no_match() {
    let fixture = Fixture::new(SHOP).await;
    let other = Fixture::new("CREATE TABLE visits (id int)").await;
    let found = validate(&fixture, &manifest_of(&other).await).await;
    assert!(found.findings.iter().any(|finding| {
        finding.code == FindingCode::SchemaMissing && finding.subject == "public.visits"
    }));
}

#[tokio::test]
async fn each_database_of_a_cluster_has_its_own_and_a_lost_one_is_missed() {
    let mut fixture = Fixture::new(SHOP).await;
    let mut manifest = manifest_of(&fixture).await;
    let mut lost = manifest.databases[0].clone();
    lost.database = "lost".to_owned();
    manifest.databases.push(lost);
    let other = DatabaseLoad { name: "new".to_owned(), ..DatabaseLoad::default() };
    fixture.report.databases = vec![fixture.load.clone(), other.clone()];
    let found = validate(&fixture, &manifest).await;
    assert_eq!(found.findings.len(), 1);
    assert_eq!(found.findings[0].subject, "lost");
    fixture.load = other;
    let unknown = validate(&fixture, &manifest).await;
    assert_eq!(unknown.unproved, ["the manifest says nothing of database new"]);
}

#[tokio::test]
async fn a_manifest_without_a_fingerprint_leaves_nothing_to_compare() {
    let fixture = Fixture::new(SHOP).await;
    let mut manifest = manifest_of(&fixture).await;
    manifest.databases.clear();
    assert_eq!(validate(&fixture, &manifest).await, Validation::of_optional(0));
}

fn difference(kind: DifferenceKind, aspect: Aspect, subject: &str, expected: &str) -> Difference {
    Difference {
        code: FindingCode::SchemaChanged,
        severity: Severity::Critical,
        kind,
        aspect,
        subject: subject.to_owned(),
        expected: Some(expected.to_owned()),
        found: None,
        lines: Vec::new(),
        consequences: 0,
    }
}

/// The severity of a difference once the load's excuses were heard, and how much is unproved.
fn excused(fixture: &Fixture, difference: Difference) -> (Severity, usize) {
    let mut comparison = Comparison { differences: vec![difference], ..Comparison::default() };
    Excuses::of(&fixture.context()).apply(&mut comparison);
    (comparison.differences[0].severity, comparison.unproved.len())
}

#[tokio::test]
async fn an_owner_is_excused_only_where_the_load_missed_that_very_role() {
    let mut fixture = Fixture::new("").await;
    let table = DifferenceKind::Object(ObjectKind::Table);
    let owner = |role| difference(table, Aspect::Owner, "public.orders", role);
    assert_eq!(excused(&fixture, owner("shop")), (Severity::Critical, 0));
    let missing = Finding::warning(FindingCode::EnvironmentMissingRole, "shop", "is missing");
    fixture.report.findings.push(missing);
    assert_eq!(excused(&fixture, owner("shop")), (Severity::Warning, 1));
    assert_eq!(excused(&fixture, owner("workshop")), (Severity::Critical, 0));
    let granted =
        difference(table, Aspect::Privileges, "public.orders", "bob=SELECT/shop; eve=ALL/shop");
    assert_eq!(excused(&fixture, granted), (Severity::Warning, 1));
}

#[tokio::test]
async fn a_missing_object_is_excused_only_where_the_load_excused_it() {
    let mut fixture = Fixture::new("").await;
    fixture
        .declare(Declaration::Table {
            name: object("Odd"),
            columns: Vec::new(),
            kind: TableKind::Ordinary,
        })
        .excused = true;
    let kind = DifferenceKind::Object(ObjectKind::Table);
    let missing = |name| difference(kind, Aspect::Missing, name, "permanent");
    assert_eq!(excused(&fixture, missing("public.\"Odd\"")), (Severity::Warning, 1));
    assert_eq!(excused(&fixture, missing("public.odd")), (Severity::Critical, 0));
}

#[tokio::test]
async fn a_subscription_is_excused_only_where_it_was_left_out() {
    let mut fixture = Fixture::new("").await;
    fixture
        .report
        .notes
        .push("left out, because it would reach out: CREATE SUBSCRIPTION copies".to_owned());
    let kind = DifferenceKind::Object(ObjectKind::Subscription);
    let missing = |name| difference(kind, Aspect::Missing, name, "");
    assert_eq!(excused(&fixture, missing("copies")), (Severity::Info, 0));
    assert_eq!(excused(&fixture, missing("others")), (Severity::Critical, 0));
}
