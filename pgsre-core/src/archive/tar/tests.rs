#![expect(clippy::unwrap_used, reason = "tests")]

use std::io::{Read, Write};
use std::ops::Range;

use bytes::Bytes;

use super::*;
use crate::archive::members::fixture::{self, Contents};
use crate::archive::{ArchiveSummary, ReadOptions};

const BLOCK: usize = 512;

async fn read(tar: impl Into<Bytes>) -> Result<(Contents, ArchiveSummary), ArchiveError> {
    fixture::read(&[("shop.tar".to_owned(), tar.into())], ReadOptions::default()).await
}

async fn kind(tar: impl Into<Bytes>) -> ArchiveErrorKind {
    read(tar).await.unwrap_err().kind()
}

/// Where each member lies, its header and its padding with it, by its name.
fn members(tar: &[u8]) -> Vec<(String, Range<usize>)> {
    let mut found = Vec::new();
    let mut at = 0;
    while tar[at..at + BLOCK] != [0; BLOCK] {
        let name = tar[at..at + 100].split(|byte| *byte == 0).next().unwrap();
        let size = std::str::from_utf8(&tar[at + 124..at + 135]).unwrap();
        let size = usize::from_str_radix(size, 8).unwrap();
        let end = at + BLOCK + size.next_multiple_of(BLOCK);
        found.push((String::from_utf8(name.to_vec()).unwrap(), at..end));
        at = end;
    }
    found
}

/// Changes a header and mends its checksum.
fn with_header(tar: &[u8], at: usize, change: impl FnOnce(&mut [u8])) -> Vec<u8> {
    let mut tar = tar.to_vec();
    let header = &mut tar[at..at + BLOCK];
    change(header);
    header[148..156].fill(b' ');
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    tar
}

#[tokio::test]
async fn a_tar_is_read_to_its_end() {
    for name in ["tar_15", "tar_18"] {
        let tar = fixture::tar(name);
        let size = tar.len() as u64;
        let (contents, summary) = read(tar).await.unwrap();
        assert_eq!((summary.copies, summary.copy_rows, summary.large_objects), (3, 100, 3));
        assert_eq!(summary.bytes_read, size);
        assert!(
            contents.statements.iter().any(|sql| sql.starts_with(b"CREATE TABLE public.orders"))
        );
        let lengths: Vec<_> =
            contents.large_objects.iter().map(|(oid, data)| (*oid, data.len())).collect();
        assert_eq!(lengths, [(1001, 19), (1002, 0), (1003, 2000)]);
        assert_eq!(summary.unproved, Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_tar_of_inserts_is_read_to_its_end() {
    let (contents, summary) = read(fixture::tar("tar_inserts_15")).await.unwrap();
    let inserts = contents.statements.iter().filter(|sql| sql.starts_with(b"INSERT INTO"));
    assert_eq!((inserts.count(), summary.copies), (100, 0));
}

#[tokio::test]
async fn a_tar_inside_of_gzip_is_read_and_its_compression_said() {
    let tar = fixture::tar("tar_18");
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(&tar).unwrap();
    let packed = encoder.finish().unwrap();
    let (wrapped, summary) = read(packed.clone()).await.unwrap();
    let (bare, bare_summary) = read(tar).await.unwrap();
    assert!(wrapped == bare);
    assert!(summary.unguarded.is_none() && bare_summary.unguarded.is_some());
    assert_eq!(kind(packed[..packed.len() - 9].to_vec()).await, ArchiveErrorKind::Truncated);
}

#[tokio::test]
async fn a_directory_that_was_packed_is_read_and_equals_the_tar_of_pg_dump() {
    let (tar, _) = read(fixture::tar("tar_15")).await.unwrap();
    for name in ["directory_15", "directory_lz4_17", "directory_zstd_17", "directory_plain_18"] {
        let (packed, summary) = read(fixture::tar(name)).await.unwrap();
        assert!(packed.tables == tar.tables && packed.large_objects == tar.large_objects, "{name}");
        assert_eq!(summary.unproved, Vec::<String>::new(), "{name}");
    }
}

/// A16: `pg_restore` loops for ever.
#[tokio::test]
async fn a_tar_that_is_cut_anywhere_is_truncated() {
    let tar = fixture::tar("tar_15");
    let edges = (0..tar.len()).step_by(BLOCK).flat_map(|at| [at, at + 1, at + BLOCK - 1]);
    for end in edges.chain((0..tar.len()).step_by(89)).filter(|end| *end > 0) {
        // The first bytes do not yet say that it is a tar.
        let expected = end >= BLOCK;
        match read(tar[..end].to_vec()).await {
            Ok(_) => unreachable!("cut at {end}, it passes"),
            Err(error) if expected => {
                assert_eq!(error.kind(), ArchiveErrorKind::Truncated, "cut at {end}: {error}");
            }
            Err(_) => {}
        }
    }
}

/// Every byte, of the container alone.
#[test]
fn a_container_that_is_cut_anywhere_is_truncated() {
    let walk = |tar: &[u8]| -> Result<u64, ArchiveError> {
        let mut container = Container::new(tar);
        let mut bytes = 0;
        while container.next()?.is_some() {
            bytes += std::io::copy(&mut container.by_ref(), &mut std::io::sink())
                .map_err(ArchiveError::from_io)?;
        }
        Ok(bytes)
    };
    let tar = fixture::tar("tar_15");
    assert!(walk(&tar).unwrap() > 10_000);
    for end in 0..tar.len() {
        assert_eq!(walk(&tar[..end]).unwrap_err().kind(), ArchiveErrorKind::Truncated, "{end}");
    }
}

#[tokio::test]
async fn a_member_that_is_missing_is_named() {
    let tar = fixture::tar("tar_15");
    for (name, place) in members(&tar).into_iter().skip(1) {
        let error = read([&tar[..place.start], &tar[place.end..]].concat()).await.unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Truncated, "{error}");
        let is_list = name == "blobs.toc";
        assert!(error.to_string().contains(&name) || is_list, "{name}: {error}");
    }
}

#[tokio::test]
async fn a_member_that_comes_twice_is_corrupt() {
    let tar = fixture::tar("tar_15");
    for (name, place) in members(&tar) {
        let doubled = [&tar[..place.end], &tar[place.start..]].concat();
        let error = read(doubled).await.unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Corrupt, "{name}: {error}");
        assert!(error.to_string().contains(name.trim_start_matches("blob_")), "{name}: {error}");
    }
}

#[tokio::test]
async fn a_member_that_was_emptied_is_found() {
    let tar = fixture::tar("tar_15");
    for (name, place) in members(&tar) {
        if name == "restore.sql" || name.starts_with("blob_") {
            // Nobody reads the script; how long a large object is, its header alone says.
            continue;
        }
        let emptied = [&tar[..place.start + BLOCK], &tar[place.end..]].concat();
        let emptied = with_header(&emptied, place.start, |header| header[124..135].fill(b'0'));
        assert_eq!(kind(emptied).await, ArchiveErrorKind::Truncated, "{name}");
    }
}

#[tokio::test]
async fn a_member_that_the_table_of_contents_does_not_name_is_corrupt() {
    let tar = fixture::tar("tar_15");
    let (_, place) = members(&tar).swap_remove(2);
    for other in ["9999.dat", "blob_7.dat", "blobs_1.toc", "x.sh", "../3353.dat"] {
        let renamed = with_header(&tar, place.start, |header| {
            header[..100].fill(0);
            header[..other.len()].copy_from_slice(other.as_bytes());
        });
        let extra = [&tar[..place.end], &renamed[place.start..]].concat();
        let error = read(extra).await.unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Corrupt, "{other}: {error}");
        assert!(error.to_string().contains(other), "{other}: {error}");
    }
}

#[tokio::test]
async fn what_is_damaged_between_the_members_is_found() {
    let tar = fixture::tar("tar_15");
    let (_, place) = members(&tar).swap_remove(1);
    let flipped = |at: usize| {
        let mut tar = tar.clone();
        tar[at] ^= 0x20;
        tar
    };
    assert_eq!(kind(flipped(place.start + 3)).await, ArchiveErrorKind::Corrupt);
    assert_eq!(kind(flipped(place.end - 1)).await, ArchiveErrorKind::Corrupt);
    assert_eq!(kind(flipped(tar.len() - 1)).await, ArchiveErrorKind::Corrupt);
    assert_eq!(kind([&tar[..], &tar[..]].concat()).await, ArchiveErrorKind::Corrupt);
    assert!(read([&tar[..], &[0; 9 * BLOCK]].concat()).await.is_ok());
}

#[tokio::test]
async fn a_tar_that_is_no_dump_is_unsupported_and_named() {
    let tar = fixture::tar("tar_15");
    for (first, said) in [
        ("backup_label", "base backup"),
        ("PG_VERSION", "base backup"),
        ("000000010000000000000002", "base backup"),
        ("shop/3351.dat.gz", "packed"),
        ("photos/1.jpg", "photos/1.jpg"),
    ] {
        let other = with_header(&tar, 0, |header| {
            header[..100].fill(0);
            header[..first.len()].copy_from_slice(first.as_bytes());
        });
        let error = read(other).await.unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Unsupported);
        assert!(error.to_string().contains(said), "{error}");
    }
}

/// Long names and sizes that a header has no room for.
#[test]
fn extended_headers_are_read() {
    let block = |name: &str, flag: u8, data: &[u8]| {
        let mut block = vec![0; BLOCK];
        block[..name.len()].copy_from_slice(name.as_bytes());
        block[124..135].copy_from_slice(format!("{:011o}", data.len()).as_bytes());
        block[156] = flag;
        block[257..265].copy_from_slice(b"ustar\x0000");
        let mut member = with_header(&block, 0, |_| ());
        member.extend_from_slice(data);
        member.resize(member.len().next_multiple_of(BLOCK), 0);
        member
    };
    let long = format!("{}/toc.dat", "d".repeat(200));
    let record = format!("path={long}\n");
    let record = format!("{} {record}", record.len() + 4);
    for in_front in [block("x", b'x', record.as_bytes()), block("x", b'L', long.as_bytes())] {
        let tar = [in_front, block("short", b'0', b"data"), vec![0; 2 * BLOCK]].concat();
        let mut container = Container::new(tar.as_slice());
        assert_eq!(container.next().unwrap().unwrap().name, long);
        let mut data = String::new();
        container.read_to_string(&mut data).unwrap();
        assert_eq!(data, "data");
        assert!(container.next().unwrap().is_none());
    }
    let damaged = [block("x", b'x', b"99 path=x\n"), block("short", b'0', b"data")].concat();
    let error = Container::new(damaged.as_slice()).next().unwrap_err();
    assert_eq!(error.kind(), ArchiveErrorKind::Corrupt);
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]

    #[test]
    fn no_harm_makes_the_container_panic_or_loop(
        flips in proptest::collection::vec((0_usize..20_000, 1_u8..), 1..8),
        end in 0_usize..20_000,
    ) {
        let mut tar = fixture::tar("tar_15");
        tar.truncate(end);
        for (at, bits) in flips {
            if let Some(byte) = tar.get_mut(at) {
                *byte ^= bits;
            }
        }
        let mut container = Container::new(tar.as_slice());
        let mut members = 0;
        while let Ok(Some(_)) = container.next() {
            members += 1;
            proptest::prop_assert!(members <= tar.len() / BLOCK, "more members than blocks");
        }
    }
}
