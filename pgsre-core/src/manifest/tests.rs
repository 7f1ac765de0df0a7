#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::finding::FindingCode;
use crate::source::ObjectStoreSource;

fn manifest() -> Manifest {
    Manifest {
        schema: 1,
        pgsre_version: "0.1.0".to_owned(),
        key: "shop.dump".to_owned(),
        format: BackupFormat::Custom,
        started_at: "2026-06-15T03:00:00Z".parse().unwrap(),
        finished_at: "2026-06-15T03:01:00Z".parse().unwrap(),
        dumped_by: None,
        parts: Vec::new(),
        globals: None,
        databases: Vec::new(),
        verified_at: None,
    }
}

async fn read(beside: Option<String>) -> Result<Option<Manifest>, ManifestError> {
    let source = ObjectStoreSource::memory();
    source.put("shop.dump", "PGDMP".into()).await.unwrap();
    if let Some(content) = beside {
        source.put("shop.dump.pgsre.json", content.into()).await.unwrap();
    }
    let backup = source.latest().await.unwrap();
    Manifest::read(&source, &backup).await
}

#[tokio::test]
async fn a_manifest_is_read_as_it_was_written_and_none_is_none() {
    let json = serde_json::to_string(&manifest()).unwrap();
    assert_eq!(read(Some(json)).await.unwrap(), Some(manifest()));
    assert_eq!(read(None).await.unwrap(), None);
}

#[tokio::test]
async fn a_manifest_that_is_cut_or_garbled_is_a_finding_about_it() {
    let json = serde_json::to_string(&manifest()).unwrap();
    for content in ["", "<html>403</html>", "[]", &json[..json.len() / 2], "{\"schema\":1}"] {
        let error = read(Some(content.to_owned())).await.unwrap_err();
        let finding = error.to_finding();
        assert_eq!(finding.code, FindingCode::ArchiveCorrupt, "{content:?}");
        assert_eq!(finding.subject, "shop.dump.pgsre.json");
    }
}

#[tokio::test]
async fn a_manifest_of_another_version_cannot_be_judged() {
    let error = read(Some("{\"schema\":2,\"what\":\"is new\"}".to_owned())).await.unwrap_err();
    assert_eq!(error.kind(), ManifestErrorKind::OtherVersion);
    assert!(error.to_finding().code.is_inconclusive());
}

#[tokio::test]
async fn a_manifest_that_is_too_large_is_not_read() {
    let source = ObjectStoreSource::memory();
    source.put("shop.dump", "PGDMP".into()).await.unwrap();
    source.put("shop.dump.pgsre.json", "{}".into()).await.unwrap();
    let mut backup = source.latest().await.unwrap();
    backup.manifest.as_mut().unwrap().size = MAX_BYTES + 1;
    let error = Manifest::read(&source, &backup).await.unwrap_err();
    assert_eq!(error.kind(), ManifestErrorKind::Damaged);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes: Vec<u8>) {
        drop(Manifest::parse(&bytes, "a"));
    }
}
