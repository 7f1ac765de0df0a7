#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use proptest::prelude::*;

use super::*;
use crate::archive::{
    ArchiveErrorKind, ArchiveItem, ArchiveReader, ArchiveSummary, Preamble, ReadOptions,
    StatementKind, TableData,
};
use crate::backup::{Backup, BackupPart};
use crate::source::{BackupSource, ByteStream, SourceError};

macro_rules! archive {
    ($name:literal) => {
        ($name, include_bytes!(concat!("../../../../tests/dumps/archives/", $name)).as_slice())
    };
}

/// What `tests/dumps/archives.sh` wrote, with data in COPY.
const COPIES: &[(&str, &[u8])] = &[
    archive!("gzip_15.dump"),
    archive!("none_15.dump"),
    archive!("gzip_16.dump"),
    archive!("lz4_17.dump"),
    archive!("zstd_17.dump"),
    archive!("gzip_18.dump"),
    archive!("none_18.dump"),
    archive!("piped_15.dump"),
    archive!("piped_17.dump"),
    archive!("redirected_17.dump"),
];
/// The same with data in `INSERT`.
const INSERTS: &[(&str, &[u8])] =
    &[archive!("inserts_15.dump"), archive!("rows_per_insert_17.dump")];

fn archive(name: &str) -> &'static [u8] {
    COPIES.iter().chain(INSERTS).find(|(archive, _)| *archive == name).unwrap().1
}

/// A source of one object.
#[derive(Debug)]
struct Memory(Bytes);

impl fmt::Display for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("memory")
    }
}

#[async_trait]
impl BackupSource for Memory {
    fn list(&self) -> BoxStream<'static, Result<Backup, SourceError>> {
        stream::empty().boxed()
    }

    async fn open(
        &self,
        _: &BackupPart,
        range: Option<Range<u64>>,
    ) -> Result<ByteStream, SourceError> {
        let range = range.unwrap_or(0..self.0.len() as u64);
        let place = |at: u64| usize::try_from(at).unwrap();
        let bytes = self.0.slice(place(range.start)..place(range.end));
        let chunks: Vec<_> =
            bytes.chunks(700).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        Ok(stream::iter(chunks).boxed())
    }
}

fn backup(size: usize) -> Backup {
    let part = BackupPart {
        key: "shop.dump".to_owned(),
        size: size as u64,
        modified: Timestamp::UNIX_EPOCH,
        etag: None,
    };
    Backup {
        key: part.key.clone(),
        format: BackupFormat::Custom,
        size: part.size,
        modified: part.modified,
        parts: vec![part],
        checksum: None,
        manifest: None,
    }
}

/// How an archive is read.
#[derive(Clone, Copy, Debug)]
enum How {
    InLine,
    Apart,
}

const BOTH: [How; 2] = [How::InLine, How::Apart];

async fn open(bytes: &[u8], how: How) -> Result<ArchiveReader, ArchiveError> {
    let source = Arc::new(Memory(Bytes::copy_from_slice(bytes)));
    let options = ReadOptions { data_apart: matches!(how, How::Apart), ..ReadOptions::default() };
    ArchiveReader::open_apart_from(source, &backup(bytes.len()), options, 0).await
}

/// What an archive holds.
#[derive(Debug, Default, PartialEq, Eq)]
struct Contents {
    tables: BTreeMap<String, Vec<u8>>,
    inserted: BTreeMap<String, u64>,
    empty: Vec<String>,
    objects: BTreeMap<u32, Vec<u8>>,
}

#[derive(Debug)]
struct Reading {
    contents: Contents,
    preamble: Preamble,
    summary: ArchiveSummary,
    apart: usize,
}

async fn read_apart(data: &TableData) -> Result<Vec<u8>, ArchiveError> {
    let mut reader = data.open().await?;
    let mut rows = Vec::new();
    while let Some(item) = reader.next().await? {
        match item {
            ArchiveItem::CopyData(piece) => rows.extend_from_slice(&piece),
            ArchiveItem::CopyEnd(end) => assert_eq!(end.bytes, rows.len() as u64),
            other => panic!("{other:?} among a table's data"),
        }
    }
    Ok(rows)
}

async fn read(bytes: &[u8], how: How) -> Result<Reading, ArchiveError> {
    let mut reader = open(bytes, how).await?;
    let preamble = reader.preamble().clone();
    let mut contents = Contents::default();
    let (mut table, mut object, mut apart) = (String::new(), 0, 0);
    while let Some(item) = reader.next().await? {
        match item {
            ArchiveItem::CopyStart(start) => {
                table = start.table.name;
                assert_eq!(contents.tables.insert(table.clone(), Vec::new()), None);
            }
            ArchiveItem::CopyData(piece) => {
                contents.tables.get_mut(&table).unwrap().extend_from_slice(&piece);
            }
            ArchiveItem::TableData(data) => {
                apart += 1;
                contents.tables.insert(data.start.table.name.clone(), read_apart(&data).await?);
            }
            ArchiveItem::LargeObjectStart(start) => {
                object = start.oid;
                assert_eq!(contents.objects.insert(object, Vec::new()), None);
            }
            ArchiveItem::LargeObjectData(piece) => {
                contents.objects.get_mut(&object).unwrap().extend_from_slice(&piece);
            }
            ArchiveItem::EmptyData(entry) => contents.empty.push(entry.name),
            ArchiveItem::Statement(statement) => {
                if let StatementKind::Insert { table, rows } = statement.kind {
                    *contents.inserted.entry(table.name).or_default() += rows.unwrap();
                }
            }
            ArchiveItem::End(summary) => {
                assert!(reader.next().await.unwrap().is_none());
                return Ok(Reading { contents, preamble, summary, apart });
            }
            _ => {}
        }
    }
    panic!("no end")
}

fn expected() -> Contents {
    let notes = read_rows(include_bytes!("../../../../tests/dumps/archives/none_18.dump"));
    let tables = [
        ("notes".to_owned(), notes),
        ("odd; \"name\"".to_owned(), b"\\\\\nit's; -- a\n\n".to_vec()),
        ("empty".to_owned(), Vec::new()),
    ];
    let objects = [
        (50_001, b"a large object".to_vec()),
        (50_002, Vec::new()),
        (3_000_000_000, [0x00, 0xff].repeat(200)),
    ];
    Contents {
        tables: tables.into_iter().collect(),
        objects: objects.into_iter().collect(),
        ..Contents::default()
    }
}

/// The rows of `notes` in an archive without compression, each in a piece of its own.
fn read_rows(archive: &[u8]) -> Vec<u8> {
    let begin = memchr::memmem::find(archive, b"1\ta\\\\.b\n").unwrap();
    let mut rows = Vec::new();
    let mut rest = &archive[begin..];
    while !rest.starts_with(b"\\.\n") {
        let end = memchr::memchr(b'\n', rest).unwrap() + 1;
        rows.extend_from_slice(&rest[..end]);
        rest = &rest[end + 5..];
    }
    rows
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Where the data begins.
fn data_begins(mut archive: &[u8]) -> usize {
    let length = archive.len();
    Toc::read(&mut archive, &ReadOptions::default()).unwrap();
    length - archive.len()
}

/// Where the table of contents begins and ends.
fn contents_of(archive: &[u8]) -> Range<usize> {
    let mut rest = archive;
    Header::read(&mut rest).unwrap();
    archive.len() - rest.len()..data_begins(archive)
}

#[tokio::test]
async fn every_archive_is_read_whole() {
    let expected = expected();
    assert_eq!(expected.tables["notes"].iter().filter(|byte| **byte == b'\n').count(), 40);
    for (name, archive) in COPIES {
        for how in BOTH {
            let reading = read(archive, how).await.unwrap_or_else(|why| panic!("{name}: {why:?}"));
            assert_eq!(reading.contents, expected, "{name}, {how:?}");
            let summary = reading.summary;
            assert_eq!(summary.bytes_read, archive.len() as u64, "{name}, {how:?}");
            assert_eq!((summary.copies, summary.copy_rows), (3, 43), "{name}, {how:?}");
            assert_eq!(summary.large_objects, 3, "{name}, {how:?}");
            assert_eq!(summary.unproved, [""; 0]);
            assert_eq!(reading.preamble.format, BackupFormat::Custom);
        }
    }
}

#[tokio::test]
async fn only_what_says_where_its_data_lies_is_read_apart() {
    for (name, archive) in COPIES {
        let apart = read(archive, How::Apart).await.unwrap().apart;
        assert_eq!(apart, if name.starts_with("piped") { 0 } else { 3 }, "{name}");
        assert_eq!(read(archive, How::InLine).await.unwrap().apart, 0, "{name}");
    }
}

#[tokio::test]
async fn data_in_inserts_is_statements() {
    for (name, archive) in INSERTS {
        for how in BOTH {
            let contents = read(archive, how).await.unwrap().contents;
            assert_eq!(contents.inserted["notes"], 40, "{name}");
            assert_eq!(contents.inserted["odd; \"name\""], 3, "{name}");
            assert_eq!(contents.empty, ["empty"], "{name}");
            assert_eq!(contents.objects, expected().objects, "{name}");
        }
    }
}

#[tokio::test]
async fn the_compression_is_that_of_the_data_or_the_outer_one() {
    let gzip = |data: &[u8]| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    };
    for (bytes, compression) in [
        (archive("none_18.dump").to_vec(), Compression::None),
        (archive("gzip_15.dump").to_vec(), Compression::Gzip),
        (archive("lz4_17.dump").to_vec(), Compression::Lz4),
        (archive("zstd_17.dump").to_vec(), Compression::Zstd),
        (gzip(archive("none_18.dump")), Compression::Gzip),
        (zstd::encode_all(archive("gzip_18.dump"), 3).unwrap(), Compression::Zstd),
    ] {
        for how in BOTH {
            let reading = read(&bytes, how).await.unwrap();
            assert_eq!(reading.preamble.compression, compression);
            assert_eq!(reading.contents, expected());
            assert_eq!(reading.summary.bytes_read, bytes.len() as u64);
        }
    }
}

#[tokio::test]
async fn an_archive_cut_anywhere_is_never_whole() {
    for (name, archive) in COPIES.iter().chain(INSERTS) {
        // There it is what a pipe would have got: the second table of contents is only a copy.
        let again = (*name == "redirected_17.dump").then(|| {
            let contents = contents_of(archive);
            archive.len() - (contents.end - contents.start)
        });
        let data = data_begins(archive);
        // Cuts of a table of contents have tests of their own.
        let lengths = (0..data).step_by(11).chain(data..archive.len());
        for length in lengths.filter(|length| again != Some(*length)) {
            // Apart differs only where the table of contents is whole.
            let apart = length > data && length % 3 == 0;
            for how in if apart { &BOTH[..] } else { &BOTH[..1] } {
                match read(&archive[..length], *how).await {
                    Ok(_) => panic!("{name} cut at byte {length} is whole, {how:?}"),
                    Err(error) => assert_eq!(
                        error.kind() == ArchiveErrorKind::Truncated,
                        length >= 5,
                        "{name} cut at byte {length}, {how:?}: {error}"
                    ),
                }
            }
        }
    }
}

#[tokio::test]
async fn a_cut_names_the_table_and_the_row() {
    let archive = archive("none_15.dump");
    let row = memchr::memmem::find(archive, b"30\t").unwrap();
    let error = read(&archive[..row + 8], How::InLine).await.unwrap_err();
    assert!(error.to_string().contains("table public.notes, behind row 29"), "{error}");
}

#[tokio::test]
async fn a_flipped_bit_in_gzip_data_never_passes_with_other_contents() {
    let expected = expected();
    for name in ["gzip_15.dump", "gzip_16.dump", "gzip_18.dump", "piped_15.dump"] {
        let sound = archive(name);
        for at in data_begins(sound)..sound.len() {
            let mut harmed = sound.to_vec();
            harmed[at] ^= 1 << (at % 8);
            for how in BOTH {
                if let Ok(reading) = read(&harmed, how).await {
                    assert_eq!(reading.contents, expected, "{name}, byte {at}, {how:?}");
                }
            }
        }
    }
}

/// Where the blocks of an archive begin, in the order of the file.
fn block_places(archive: &[u8]) -> Vec<usize> {
    let toc = Toc::read(&mut &*archive, &ReadOptions::default()).unwrap();
    let script = Script::of(toc, &ReadOptions::default()).unwrap();
    let found = script.data().iter();
    let mut places: Vec<_> =
        found.map(|entry| memchr::memmem::rfind(archive, &head(entry)).unwrap()).collect();
    places.sort_unstable();
    places
}

/// The blocks of an archive, one after the other.
fn blocks(archive: &[u8]) -> Vec<Vec<u8>> {
    let places = block_places(archive);
    let ends = places.iter().skip(1).copied().chain([archive.len()]);
    places.iter().zip(ends).map(|(begin, end)| archive[*begin..end].to_vec()).collect()
}

fn head(entry: &DataEntry) -> Vec<u8> {
    let kind = if matches!(entry.kind, DataKind::LargeObjects { .. }) { 3 } else { 1 };
    let mut head = vec![kind, 0];
    head.extend_from_slice(&entry.dump_id.to_le_bytes());
    head
}

#[tokio::test]
async fn blocks_may_lie_in_any_order_but_each_is_there_once() {
    let sound = archive("piped_17.dump");
    let (contents, blocks) = (&sound[..data_begins(sound)], blocks(sound));
    let with = |order: &[usize]| {
        let chosen = order.iter().map(|index| blocks[*index].as_slice());
        [contents].into_iter().chain(chosen).collect::<Vec<_>>().concat()
    };
    let last = blocks.len() - 1;
    let backwards: Vec<_> = (0..=last).rev().collect();
    assert_eq!(read(&with(&backwards), How::InLine).await.unwrap().contents, expected());

    let kind = async |order: Vec<usize>| read(&with(&order), How::InLine).await.unwrap_err().kind();
    for missing in 0..=last {
        let order = (0..=last).filter(|index| *index != missing).collect();
        assert_eq!(kind(order).await, ArchiveErrorKind::Truncated);
    }
    for doubled in 0..=last {
        let order = (0..=last).chain([doubled]).collect();
        assert_eq!(kind(order).await, ArchiveErrorKind::Corrupt);
    }
}

#[tokio::test]
async fn bytes_behind_the_last_block_are_corrupt() {
    for (name, sound) in COPIES {
        for behind in [&b"\n"[..], b"\0\0\0\0\0", b"\x01", b"PGDMP", b"\0\x01\0\0\0"] {
            for how in BOTH {
                match read(&[*sound, behind].concat(), how).await {
                    Ok(_) => panic!("{name} with {behind:?} behind it is whole"),
                    Err(error) => assert!(
                        matches!(
                            error.kind(),
                            ArchiveErrorKind::Corrupt | ArchiveErrorKind::Truncated
                        ),
                        "{error}"
                    ),
                }
            }
        }
    }
}

#[tokio::test]
async fn a_byte_lost_in_front_of_a_block_shows_by_its_place() {
    let sound = archive("none_18.dump");
    let mut harmed = sound.to_vec();
    // A line end less behind the first statement is no error of its own.
    let at = memchr::memmem::find(sound, b"SET client_encoding = 'UTF8';\n").unwrap();
    harmed[at - 4] -= 1;
    harmed.remove(at + 29);
    for how in BOTH {
        let error = read(&harmed, how).await.unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Corrupt, "{error}");
        assert!(error.to_string().contains("bytes were lost"), "{error}");
    }
}

#[tokio::test]
async fn a_declared_length_is_not_believed() {
    let sound = archive("none_18.dump");
    for place in block_places(sound) {
        let oid = if sound[place] == 3 { 5 } else { 0 };
        let mut harmed = sound[..place + 6 + oid].to_vec();
        harmed.extend_from_slice(b"\0\xff\xff\xff\x7fa few bytes");
        let error = read(&harmed, How::InLine).await.unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Truncated, "{error}");
    }
}

#[tokio::test]
async fn data_that_nobody_reads_keeps_the_archive_from_ending() {
    let mut reader = open(archive("gzip_15.dump"), How::Apart).await.unwrap();
    let error = loop {
        match reader.next().await {
            Ok(Some(ArchiveItem::TableData(data))) if data.start.table.name == "notes" => {}
            Ok(Some(ArchiveItem::TableData(data))) => drop(read_apart(&data).await.unwrap()),
            Ok(Some(ArchiveItem::End(_)) | None) => panic!("it ends"),
            Ok(Some(_)) => {}
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("public.notes was not read"), "{error}");
    assert!(reader.next().await.unwrap().is_none());
}

#[tokio::test]
async fn the_end_waits_for_data_that_is_still_being_read() {
    let mut reader = open(archive("gzip_15.dump"), How::Apart).await.unwrap();
    let mut held = Vec::new();
    while let Ok(item) =
        tokio::time::timeout(std::time::Duration::from_millis(300), reader.next()).await
    {
        match item.unwrap() {
            Some(ArchiveItem::TableData(data)) => held.push(data),
            Some(ArchiveItem::End(_)) | None => panic!("it ends before its data was read"),
            Some(_) => {}
        }
    }
    assert_eq!(held.len(), 3);
    for data in held {
        read_apart(&data).await.unwrap();
    }
    assert!(matches!(reader.next().await, Ok(Some(ArchiveItem::End(_)))));
}

#[tokio::test]
async fn what_is_compared_with_a_checksum_is_read_in_order() {
    let bytes = archive("gzip_15.dump");
    let mut backup = backup(bytes.len());
    backup.checksum = Some(backup.parts[0].clone());
    let source = Arc::new(Memory(Bytes::from_static(bytes)));
    let options = ReadOptions { data_apart: true, ..ReadOptions::default() };
    // Whatever becomes of the checksum: nothing comes apart.
    if let Ok(mut reader) = ArchiveReader::open_apart_from(source, &backup, options, 0).await {
        while let Ok(Some(item)) = reader.next().await {
            assert!(!matches!(item, ArchiveItem::TableData(_)));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_harm_to_an_archive_panics_or_hangs(
        which in 0..COPIES.len() + INSERTS.len(),
        harms in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
        cut: Option<prop::sample::Index>,
        apart: bool,
    ) {
        let (_, sound) = COPIES.iter().chain(INSERTS).nth(which).unwrap();
        let mut harmed = sound.to_vec();
        for (at, byte) in harms {
            let at = at.index(harmed.len());
            harmed[at] = byte;
        }
        if let Some(cut) = cut {
            harmed.truncate(cut.index(sound.len()));
        }
        let how = if apart { How::Apart } else { How::InLine };
        drop(runtime().block_on(read(&harmed, how)));
    }
}
