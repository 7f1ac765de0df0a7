#![expect(clippy::unwrap_used, reason = "tests")]

use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::archive::members::fixture::{self, Contents};
use crate::archive::{ArchiveError, ArchiveErrorKind, ArchiveSummary, ReadOptions};

/// gzip, lz4, zstd, and nothing.
const ALL: [&str; 4] =
    ["directory_15", "directory_lz4_17", "directory_zstd_17", "directory_plain_18"];

type Objects = Vec<(String, Bytes)>;

async fn read(objects: &Objects) -> Result<(Contents, ArchiveSummary), ArchiveError> {
    fixture::read(objects, ReadOptions::default()).await
}

async fn error(objects: &Objects) -> ArchiveError {
    read(objects).await.map(|(_, summary)| summary).unwrap_err()
}

fn without(objects: &Objects, at: usize) -> Objects {
    let mut objects = objects.clone();
    objects.remove(at);
    objects
}

fn cut(objects: &Objects, at: usize, length: usize) -> Objects {
    let mut objects = objects.clone();
    objects[at].1.truncate(length);
    objects
}

fn base(key: &str) -> &str {
    key.strip_prefix("shop/").unwrap()
}

/// What `sha256sum *` says in the directory.
fn with_checksums(mut objects: Objects) -> Objects {
    let lines = objects.iter().map(|(key, content)| {
        let hex: String = Sha256::digest(content).iter().map(|b| format!("{b:02x}")).collect();
        format!("{hex}  {}\n", base(key))
    });
    let sums: String = lines.collect();
    objects.push(("shop/SHA256SUMS".to_owned(), sums.into()));
    objects
}

#[tokio::test]
async fn a_directory_is_read_to_its_end_and_equals_the_tar() {
    let tar = [("shop.tar".to_owned(), fixture::tar("tar_15").into())].to_vec();
    let (expected, _) = read(&tar).await.unwrap();
    for name in ALL {
        let objects = fixture::files(name);
        let bytes: usize = objects.iter().map(|(_, content)| content.len()).sum();
        let (contents, summary) = read(&objects).await.unwrap();
        assert!(contents.tables == expected.tables, "{name}");
        assert!(contents.large_objects == expected.large_objects, "{name}");
        assert_eq!((summary.copies, summary.copy_rows, summary.large_objects), (3, 100, 3));
        assert_eq!(summary.bytes_read, bytes as u64, "{name}");
        assert_eq!(summary.unguarded.is_none(), name == "directory_15");
    }
}

#[tokio::test]
async fn tables_that_are_read_apart_are_the_same() {
    for name in ALL {
        let objects = fixture::files(name);
        let apart = ReadOptions { data_apart: true, ..ReadOptions::default() };
        let (inline, whole) = read(&objects).await.unwrap();
        let (contents, summary) = fixture::read(&objects, apart.clone()).await.unwrap();
        assert_eq!(summary, whole, "{name}");
        assert!(contents == inline, "{name}");
        for (at, (key, content)) in objects.iter().enumerate().filter(|(_, o)| o.0.contains("/33"))
        {
            let harmed = cut(&objects, at, content.len() - 1);
            let error = fixture::read(&harmed, apart.clone()).await.unwrap_err();
            assert_eq!(error.kind(), ArchiveErrorKind::Truncated, "{name} {key}: {error}");
        }
    }
}

#[tokio::test]
async fn a_part_that_announces_no_large_objects_is_read_by_its_list() {
    let objects = fixture::files("directory_data_15");
    let (contents, _) = read(&objects).await.unwrap();
    let oids: Vec<u32> = contents.large_objects.iter().map(|(oid, _)| *oid).collect();
    assert_eq!(oids, [1001, 1002, 1003]);
    let list = objects.iter().position(|(key, _)| key == "shop/blobs.toc").unwrap();
    let short = objects[list].1.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    let error = error(&cut(&objects, list, short)).await;
    assert_eq!(error.kind(), ArchiveErrorKind::Truncated);
    assert!(error.to_string().contains("1002"), "{error}");
}

#[tokio::test]
async fn a_member_that_is_missing_is_named() {
    for name in ALL {
        let objects = fixture::files(name);
        for (at, (key, _)) in objects.iter().enumerate() {
            let error = error(&without(&objects, at)).await;
            assert_eq!(error.kind(), ArchiveErrorKind::Truncated, "{name} {key}: {error}");
            let stem = base(key).split(".dat.").next().unwrap();
            assert!(error.to_string().contains(stem), "{name} {key}: {error}");
        }
    }
}

/// A8 to A11, and an empty table, whose data still has an end mark.
#[tokio::test]
async fn a_member_that_was_emptied_or_cut_is_named_or_its_end_is_said_to_be_unknown() {
    for name in ALL {
        let objects = fixture::files(name);
        let (whole, _) = read(&objects).await.unwrap();
        for (at, (key, content)) in objects.iter().enumerate() {
            // toc.dat is the longest: its every byte is the business of its own tests.
            let step = if base(key) == "toc.dat" { 37 } else { 1 + content.len() / 120 };
            for length in (0..content.len()).step_by(step) {
                match read(&cut(&objects, at, length)).await {
                    Err(error) => {
                        let kind = error.kind();
                        assert_eq!(kind, ArchiveErrorKind::Truncated, "{key} {length}: {error}");
                        assert!(error.to_string().contains(base(key)) || key.contains("blobs"));
                    }
                    Ok((contents, summary)) if contents != whole => {
                        let unguarded = summary.unguarded.unwrap_or_default();
                        let told = match length {
                            0 => !summary.unproved.is_empty(),
                            _ => unguarded.contains("where they must end") && key.ends_with(".dat"),
                        };
                        assert!(
                            told && base(key).starts_with("blob_"),
                            "{name}: {key} cut at {length} of {} passes",
                            content.len()
                        );
                    }
                    Ok(_) => {}
                }
            }
        }
    }
}

#[tokio::test]
async fn large_objects_that_are_empty_are_unproved_without_a_checksum() {
    for (name, unproved) in ALL.into_iter().zip([false, true, true, true]) {
        let objects = fixture::files(name);
        let (_, summary) = read(&objects).await.unwrap();
        assert_eq!(!summary.unproved.is_empty(), unproved, "{name}");
        let (_, summary) = read(&with_checksums(objects)).await.unwrap();
        assert_eq!(summary.unproved, Vec::<String>::new());
        assert_eq!(summary.checksum.as_deref(), Some("shop/SHA256SUMS"));
        assert_eq!(summary.unguarded, None);
    }
}

/// A12: nothing else sees a flipped bit in data that carries no checksum.
#[tokio::test]
async fn with_checksums_every_flipped_bit_is_found() {
    for name in ALL {
        let sound = with_checksums(fixture::files(name));
        assert!(read(&sound).await.is_ok());
        for (at, (key, content)) in sound.iter().enumerate() {
            for byte in (0..content.len()).step_by(1 + content.len() / 25) {
                let mut harmed = sound.clone();
                let mut content = content.to_vec();
                content[byte] ^= 0x04;
                harmed[at].1 = content.into();
                assert!(read(&harmed).await.is_err(), "{name}: {key} flipped at {byte} passes");
            }
        }
    }
}

#[tokio::test]
async fn members_of_another_dump_are_corrupt_and_named() {
    let objects = fixture::files("directory_15");
    for extra in [
        "9999.dat.gz",
        "3351.dat",
        "blob_7.dat.gz",
        "blob_01001.dat.gz",
        "blobs_3355.toc",
        "toc.dat.gz",
    ] {
        let mut mixed = objects.clone();
        mixed.push((format!("shop/{extra}"), Bytes::from_static(b"x")));
        let error = error(&mixed).await;
        assert_eq!(error.kind(), ArchiveErrorKind::Corrupt, "{extra}: {error}");
        assert!(error.to_string().contains(extra), "{extra}: {error}");
    }
}

#[tokio::test]
async fn what_does_not_look_like_a_member_is_nobodys_business() {
    let mut objects = fixture::files("directory_15");
    let (expected, _) = read(&objects).await.unwrap();
    for other in ["backup.log", "3351.dat.gz.part", "old/3351.dat.gz", "done", ".3351.dat.gz.Xy"] {
        objects.push((format!("shop/{other}"), Bytes::from_static(b"x")));
    }
    assert!(read(&objects).await.unwrap().0 == expected);
}

#[tokio::test]
async fn an_unfinished_upload_of_a_member_that_is_missing_is_named() {
    let mut objects = fixture::files("directory_15");
    let at = objects.iter().position(|(key, _)| key.ends_with("3352.dat.gz")).unwrap();
    objects[at].0.push_str(".part");
    let error = error(&objects).await;
    assert_eq!(error.kind(), ArchiveErrorKind::Truncated);
    assert!(error.to_string().contains("3352.dat.gz.part"), "{error}");
}

#[tokio::test]
async fn a_list_that_is_damaged_is_found() {
    let objects = fixture::files("directory_15");
    let at = objects.iter().position(|(key, _)| key.ends_with("blobs.toc")).unwrap();
    for (list, kind) in [
        ("", ArchiveErrorKind::Truncated),
        ("1001 blob_1001.dat\n", ArchiveErrorKind::Truncated),
        ("1001 blob_1001.dat\n1001 blob_1001.dat\n", ArchiveErrorKind::Corrupt),
        ("1001 blob_1002.dat\n", ArchiveErrorKind::Corrupt),
        ("7 blob_7.dat\n", ArchiveErrorKind::Corrupt),
        ("1001 ../../etc/passwd\n", ArchiveErrorKind::Corrupt),
        ("99999999999 blob_99999999999.dat\n", ArchiveErrorKind::Corrupt),
    ] {
        let mut harmed = objects.clone();
        harmed[at].1 = list.into();
        assert_eq!(error(&harmed).await.kind(), kind, "{list:?}");
    }
    let mut harmed = objects.clone();
    harmed[at].1 = "1".repeat(100_000).into();
    assert_eq!(error(&harmed).await.kind(), ArchiveErrorKind::Corrupt);
}

#[tokio::test]
async fn data_files_without_their_table_of_contents_are_called_so() {
    let objects = fixture::files("directory_15");
    let error = error(&without(&objects, 0)).await;
    assert!(error.to_string().contains("without its toc.dat"), "{error}");
}

#[tokio::test]
async fn files_that_a_user_compressed_or_decompressed_are_read_as_pg_restore_reads_them() {
    let mut objects = fixture::files("directory_plain_18");
    let (expected, _) = read(&objects).await.unwrap();
    for (key, content) in &mut objects {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, content).unwrap();
        *content = encoder.finish().unwrap().into();
        key.push_str(".gz");
    }
    assert!(read(&objects).await.unwrap().0 == expected);
}
