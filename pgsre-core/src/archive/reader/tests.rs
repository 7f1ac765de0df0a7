#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fmt;
use std::io::{self, Write};
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;

use super::*;
use crate::archive::DumpScope;
use crate::source::{ByteStream, SourceError, SourceErrorKind};

const PLAIN: &[u8] = include_bytes!("../../../../tests/dumps/plain.sql");

/// A source of one object; what happens behind its bytes is chosen.
#[derive(Debug)]
struct OneObject {
    bytes: Bytes,
    behind: Behind,
}

#[derive(Clone, Copy, Debug)]
enum Behind {
    End,
    Fault,
    Silence,
}

impl fmt::Display for OneObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("one object")
    }
}

#[async_trait]
impl BackupSource for OneObject {
    fn list(&self) -> BoxStream<'static, Result<Backup, SourceError>> {
        stream::empty().boxed()
    }

    async fn open(&self, _: &BackupPart, _: Option<Range<u64>>) -> Result<ByteStream, SourceError> {
        let bytes = self.bytes.clone();
        let chunks: Vec<_> =
            bytes.chunks(1000).map(|chunk| Ok(Bytes::copy_from_slice(chunk))).collect();
        let chunks = stream::iter(chunks);
        Ok(match self.behind {
            Behind::End => chunks.boxed(),
            Behind::Fault => {
                let fault = SourceError::new(SourceErrorKind::Unreachable, "broken off");
                chunks.chain(stream::iter([Err(io::Error::other(fault))])).boxed()
            }
            Behind::Silence => chunks.chain(stream::pending()).boxed(),
        })
    }
}

fn backup(size: usize, format: BackupFormat) -> Backup {
    let part = BackupPart {
        key: "shop.sql".to_owned(),
        size: size as u64,
        modified: Timestamp::UNIX_EPOCH,
        etag: None,
    };
    Backup {
        checksum: None,
        manifest: None,
        key: part.key.clone(),
        format,
        size: part.size,
        modified: part.modified,
        parts: vec![part],
    }
}

async fn open(bytes: &[u8], behind: Behind) -> Result<ArchiveReader, ArchiveError> {
    let source = OneObject { bytes: Bytes::copy_from_slice(bytes), behind };
    let backup = backup(bytes.len(), BackupFormat::Unknown);
    ArchiveReader::open(Arc::new(source), &backup, ReadOptions::default()).await
}

async fn read_all(mut reader: ArchiveReader) -> Result<Vec<ArchiveItem>, ArchiveError> {
    let mut items = Vec::new();
    while let Some(item) = reader.next().await? {
        items.push(item);
    }
    assert!(reader.next().await.unwrap().is_none());
    Ok(items)
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(data).unwrap();
    encoder.finish().unwrap()
}

/// A dump with so many rows that it does not fit into the bounded channels.
fn large_dump() -> Vec<u8> {
    let text = String::from_utf8_lossy(PLAIN).into_owned();
    let rows = "1\t1\t0.5000000000000000000000000000000000000000000000000\n".repeat(100_000);
    text.replace("\n20\t1\t30.0\n", &format!("\n20\t1\t30.0\n{rows}")).into_bytes()
}

#[tokio::test]
async fn a_dump_is_read_to_its_end() {
    for bytes in [PLAIN.to_vec(), gzip(PLAIN)] {
        let size = bytes.len() as u64;
        let reader = open(&bytes, Behind::End).await.unwrap();
        assert_eq!(reader.preamble().scope, DumpScope::Database);
        assert_eq!(reader.preamble().server_major(), Some(15));
        let items = read_all(reader).await.unwrap();
        match items.last() {
            Some(ArchiveItem::End(summary)) => {
                assert_eq!((summary.copy_rows, summary.bytes_read), (26, size));
            }
            other => panic!("ends in {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_large_dump_streams_through_bounded_channels() {
    let mut reader = open(&gzip(&large_dump()), Behind::End).await.unwrap();
    let mut rows = 0;
    while let Some(item) = reader.next().await.unwrap() {
        if let ArchiveItem::CopyEnd(end) = item {
            rows += end.rows;
        }
    }
    assert_eq!(rows, 100_026);
}

/// A dump with twelve statements, each of which is heavier than the whole budget.
fn heavy_dump() -> Vec<u8> {
    let text = String::from_utf8_lossy(PLAIN).into_owned();
    let (head, trailer) = text.rsplit_once("--\n-- PostgreSQL database dump complete").unwrap();
    let value = "x".repeat(3 << 20);
    let inserts = format!("INSERT INTO public.notes VALUES ('{value}');\n").repeat(12);
    format!("{head}{inserts}--\n-- PostgreSQL database dump complete{trailer}").into_bytes()
}

#[tokio::test]
async fn statements_that_are_heavier_than_the_budget_pass_one_by_one() {
    let dump = heavy_dump();
    let items = read_all(open(&dump, Behind::End).await.unwrap()).await.unwrap();
    let heavy = items.iter().filter(|item| budget::weight(item) > budget::BYTES as usize);
    assert_eq!(heavy.count(), 12);
}

#[tokio::test]
async fn what_nobody_takes_is_not_read_ahead() {
    let dump = heavy_dump();
    let reader = open(&dump, Behind::End).await.unwrap();
    let mut before = u64::MAX;
    while reader.bytes_read() != before {
        before = reader.bytes_read();
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert!(before < 12 << 20, "{before} of {} bytes read ahead", dump.len());
}

#[tokio::test]
async fn a_cut_stream_says_in_which_table_it_ended() {
    let packed = gzip(&large_dump());
    let reader = open(&packed[..packed.len() / 2], Behind::End).await.unwrap();
    let error = read_all(reader).await.unwrap_err();
    assert_eq!(error.kind(), ArchiveErrorKind::Truncated);
    assert!(error.to_string().contains("public.orders"), "{error}");
}

#[tokio::test]
async fn a_fault_of_the_source_stays_one() {
    let reader = open(&PLAIN[..3000], Behind::Fault).await.unwrap();
    let error = read_all(reader).await.unwrap_err();
    assert_eq!(error.kind(), ArchiveErrorKind::Source);
    assert!(error.is_transient());
}

#[tokio::test]
async fn the_beginning_is_known_before_the_rest_has_come() {
    let dump = large_dump();
    let reader = open(&dump[..1_000_000], Behind::Silence);
    let reader = tokio::time::timeout(Duration::from_secs(20), reader).await.unwrap().unwrap();
    assert_eq!(reader.preamble().client_encoding.as_deref(), Some("UTF8"));
}

#[tokio::test]
async fn dropping_the_reader_ends_its_thread() {
    let reader = open(&large_dump(), Behind::Silence).await.unwrap();
    let counter = Arc::downgrade(reader.objects.counter());
    drop(reader);
    for _ in 0..500 {
        if counter.strong_count() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the thread still holds its counter");
}

#[tokio::test]
async fn a_directory_without_toc_and_an_object_of_no_bytes_are_refused_unopened() {
    let source: Arc<dyn BackupSource> =
        Arc::new(OneObject { bytes: Bytes::new(), behind: Behind::End });
    for (size, format, kind) in [
        (10, BackupFormat::Directory, ArchiveErrorKind::Truncated),
        (0, BackupFormat::Plain, ArchiveErrorKind::Empty),
    ] {
        let error = peek(Arc::clone(&source), &backup(size, format), ReadOptions::default())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
    }
}
