#![expect(clippy::unwrap_used, reason = "tests")]

use bytes::Bytes;
use futures::TryStreamExt;

use super::*;
use crate::archive::ArchiveErrorKind;
use crate::source::{BackupSourceExt, ObjectStoreSource};

fn hex(content: &[u8]) -> String {
    Sha256::digest(content).iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn source(objects: &[(&str, String)]) -> Arc<ObjectStoreSource> {
    let source = ObjectStoreSource::memory();
    for (key, content) in objects {
        source.put(key, Bytes::from(content.clone())).await.unwrap();
    }
    Arc::new(source)
}

/// Reads every part of the one backup of a source; says by what it was checked.
async fn read(objects: &[(&str, String)]) -> Result<Option<String>, ArchiveError> {
    let source = source(objects).await;
    let backup = source.all().await.unwrap().remove(0);
    let checked = Checked::of(source, &backup, None).await?;
    for part in &backup.parts {
        let stream = checked.source.open(part, None).await.map_err(ArchiveError::from_source)?;
        stream.try_for_each(|_| async { Ok(()) }).await.map_err(ArchiveError::from_io)?;
    }
    Ok(checked.by)
}

#[tokio::test]
async fn the_bytes_that_were_backed_up_are_told_from_others() {
    let dump = || ("a.dump", "sound".to_owned());
    let sound = [dump(), ("a.dump.sha256", format!("{}  a.dump\n", hex(b"sound")))];
    assert_eq!(read(&sound).await.unwrap().as_deref(), Some("a.dump.sha256"));
    let flipped = [("a.dump", "souns".to_owned()), sound[1].clone()];
    let error = read(&flipped).await.unwrap_err();
    assert_eq!(error.kind(), ArchiveErrorKind::Corrupt);
    assert!(error.to_string().contains("not those that were backed up"), "{error}");
}

#[tokio::test]
async fn a_checksum_of_its_own_counts_whatever_name_it_bears_inside() {
    for line in [format!("{}  /tmp/work/x.tmp\n", hex(b"sound")), hex(b"sound")] {
        let renamed = [("a.dump", "sound".to_owned()), ("a.dump.sha256", line)];
        assert!(read(&renamed).await.unwrap().is_some());
    }
}

#[tokio::test]
async fn a_checksum_that_says_none_is_not_passed_over() {
    for text in ["", "<html>403</html>", "deadbeef  a.dump\n"] {
        let garbled = [("a.dump", "sound".to_owned()), ("a.dump.sha256", text.to_owned())];
        let error = read(&garbled).await.unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Corrupt, "{text:?}");
        assert!(error.to_string().contains("a.dump.sha256"), "{error}");
    }
}

#[tokio::test]
async fn a_list_beside_backups_may_leave_one_out_and_says_so() {
    let sums = format!("{}  other.dump\n", hex(b"other"));
    let objects = [("a.dump", "sound".to_owned()), ("SHA256SUMS", sums)];
    assert_eq!(read(&objects).await.unwrap(), None);
    let source = source(&objects).await;
    let backup = source.all().await.unwrap().remove(0);
    let checked = Checked::of(source, &backup, None).await.unwrap();
    assert!(checked.note.unwrap().contains("SHA256SUMS has no line for a.dump"));
}

fn directory(sums: &[(&str, &str)], at: &'static str) -> Vec<(&'static str, String)> {
    let lines = sums.iter().map(|(name, content)| format!("{}  {name}\n", hex(content.as_bytes())));
    vec![
        ("d/shop/toc.dat", "toc".to_owned()),
        ("d/shop/1.dat", "one".to_owned()),
        (at, lines.collect()),
    ]
}

#[tokio::test]
async fn each_member_of_a_directory_is_compared_with_its_line() {
    let inside = [("toc.dat", "toc"), ("./1.dat", "one")];
    let beside = [("shop/toc.dat", "toc"), ("shop/1.dat", "one"), ("other.dump", "x")];
    let absolute = [("/backups/d/shop/toc.dat", "toc"), ("/backups/d/shop/1.dat", "one")];
    for (sums, at) in [
        (&inside[..], "d/shop/SHA256SUMS"),
        (&beside, "d/SHA256SUMS"),
        (&inside, "d/shop.sha256"),
        (&absolute, "d/shop/sha256sums.txt"),
    ] {
        assert_eq!(read(&directory(sums, at)).await.unwrap().as_deref(), Some(at));
        let mut harmed = directory(sums, at);
        harmed[1].1 = "onf".to_owned();
        let error = read(&harmed).await.unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Corrupt);
        assert!(error.to_string().contains("d/shop/1.dat"), "{error}");
    }
}

#[tokio::test]
async fn a_member_without_a_line_is_named() {
    let error = read(&directory(&[("toc.dat", "toc")], "d/shop/SHA256SUMS")).await.unwrap_err();
    assert_eq!(error.kind(), ArchiveErrorKind::Corrupt);
    assert!(error.to_string().contains("no line for 1.dat"), "{error}");
    let about_others = directory(&[("other.dump", "x")], "d/SHA256SUMS");
    assert_eq!(read(&about_others).await.unwrap(), None);
}

/// A12: a digit of a row is another, and the dump is as well formed as before.
#[tokio::test]
async fn a_flipped_bit_in_a_plain_dump_is_seen_only_by_its_checksum() {
    use crate::archive::ArchiveItem;

    let sound = include_str!("../../../../tests/dumps/plain.sql").to_owned();
    let flipped = sound.replacen("\n20\t1\t30.0\n", "\n20\t1\t70.0\n", 1);
    let sums = format!("{}  a.sql\n", hex(sound.as_bytes()));
    for (dump, has_checksum) in
        [(&sound, true), (&sound, false), (&flipped, true), (&flipped, false)]
    {
        let mut objects = vec![("a.sql", dump.clone())];
        objects.extend(has_checksum.then(|| ("a.sql.sha256", sums.clone())));
        let source = source(&objects).await;
        let backup = source.all().await.unwrap().remove(0);
        let options = ReadOptions::default();
        let mut reader =
            crate::archive::ArchiveReader::open(source, &backup, options).await.unwrap();
        let outcome = loop {
            match reader.next().await {
                Ok(Some(ArchiveItem::End(end))) => break Ok(end),
                Ok(_) => {}
                Err(error) => break Err(error),
            }
        };
        match outcome {
            Ok(end) => {
                assert!(dump == &sound || !has_checksum);
                assert_eq!(end.checksum.is_some(), has_checksum);
                assert_eq!(end.unguarded.is_none(), has_checksum);
            }
            Err(error) => {
                assert!(dump == &flipped && has_checksum, "{error}");
                assert_eq!(error.kind(), ArchiveErrorKind::Corrupt);
            }
        }
    }
}

/// Reads the one backup of a source as a manifest says it must be.
async fn read_as(
    objects: &[(&str, String)],
    parts: &[(&str, u64, String)],
) -> Result<Option<String>, ArchiveError> {
    let source = source(objects).await;
    let backup = source.all().await.unwrap().remove(0);
    let parts = parts.iter().map(|(name, size, sha256)| (*name, *size, sha256.as_str()));
    let expected = ExpectedBytes::new("a.dump.pgsre.json", parts)?;
    let checked = Checked::of(source, &backup, Some(&expected)).await?;
    for part in &backup.parts {
        let stream = checked.source.open(part, None).await.map_err(ArchiveError::from_source)?;
        stream.try_for_each(|_| async { Ok(()) }).await.map_err(ArchiveError::from_io)?;
    }
    Ok(checked.by)
}

#[tokio::test]
async fn the_bytes_that_a_manifest_promises_are_told_from_others() {
    let promised = [("a.dump", 5, hex(b"sound"))];
    let read = async |content: &str| read_as(&[("b.dump", content.to_owned())], &promised).await;
    assert_eq!(read("sound").await.unwrap().as_deref(), Some("a.dump.pgsre.json"));
    let flipped = read("souns").await.unwrap_err();
    assert!(flipped.to_string().contains("not those that were backed up"), "{flipped}");
    assert_eq!(read("soun").await.unwrap_err().kind(), ArchiveErrorKind::Truncated);
    let longer = read("soundly").await.unwrap_err();
    assert_eq!(longer.kind(), ArchiveErrorKind::Corrupt);
    assert!(longer.to_string().contains("7 bytes, and 5"), "{longer}");
}

#[tokio::test]
async fn a_checksum_and_a_manifest_must_agree() {
    let dump = ("a.dump", "sound".to_owned());
    let objects = [dump, ("a.dump.sha256", hex(b"sound"))];
    let by = read_as(&objects, &[("a.dump", 5, hex(b"sound"))]).await.unwrap();
    assert_eq!(by.as_deref(), Some("a.dump.sha256 and a.dump.pgsre.json"));
    let error = read_as(&objects, &[("a.dump", 5, hex(b"other"))]).await.unwrap_err();
    assert!(error.to_string().contains("different SHA-256 for a.dump"), "{error}");
}

#[tokio::test]
async fn a_manifest_names_every_member_of_a_directory_and_no_other() {
    let member = |name: &'static str| (name, "data".to_owned());
    let both = [member("x/toc.dat"), member("x/1.dat")];
    let toc = || ("toc.dat", 4, hex(b"data"));
    let data = || ("1.dat", 4, hex(b"data"));
    assert!(read_as(&both, &[toc(), data()]).await.unwrap().is_some());
    let lacking = read_as(&both[..1], &[toc(), data()]).await.unwrap_err();
    assert!(lacking.to_string().contains("lacks 1.dat"), "{lacking}");
    let unknown = read_as(&both, &[toc()]).await.unwrap_err();
    assert!(unknown.to_string().contains("has no line for x/1.dat"), "{unknown}");
}

#[tokio::test]
async fn a_manifest_without_parts_says_nothing_of_the_bytes_and_one_of_no_digest_is_damaged() {
    let dump = [("a.dump", "sound".to_owned())];
    assert_eq!(read_as(&dump, &[]).await.unwrap(), None);
    assert!(read_as(&dump, &[("a.dump", 5, "deadbeef".to_owned())]).await.is_err());
    let twice = [("a.dump", 5, hex(b"sound")), ("a.dump", 5, hex(b"sound"))];
    assert!(read_as(&dump, &twice).await.is_err());
}
