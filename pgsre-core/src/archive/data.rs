//! The data of one entry of an archive, from its first byte to its end mark.
//!
//! Whatever the format, the data of an entry is a stream of its own: here it becomes items, and what
//! `pg_dump` writes at its end is demanded.

use std::io::{self, BufRead, BufReader, Read};

use bytes::{Bytes, BytesMut};

use super::decompress::{GzipReader, Lz4Reader, ZlibReader, ZstdReader};
use super::plain::{CopyScan, InsertParser, display};
use super::reader::{Outbox, Stop};
use super::script::{DataEntry, DataKind};
use super::toc::Header;
use super::{
    ArchiveError, ArchiveItem, CopyEnd, LargeObjectEnd, LargeObjectStart, ObjectName, ReadOptions,
    Section, Statement,
};
use crate::backup::Compression;

mod root;

/// Unpacked bytes that are looked at together.
const CHUNK: usize = 256 << 10;
/// The same for statements, where two bytes may make an item of some hundred.
const PIECE: usize = 16 << 10;
/// Packed bytes that are decompressed together: the custom format has pieces of 4 KiB, and each call
/// costs a copy of the window.
const PACKED: usize = 64 << 10;
/// What `pg_dump` writes behind the line of the end mark (`dumpTableData_copy`).
const BEHIND_MARK: &[u8] = b"\n\n";

/// How the data of an entry is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    None,
    /// The custom format's gzip.
    Zlib,
    /// A directory's gzip.
    Gzip,
    Lz4,
    Zstd,
}

impl Codec {
    /// That of the custom format.
    pub(super) fn in_custom(compression: Compression) -> Self {
        match compression {
            Compression::None => Self::None,
            Compression::Gzip => Self::Zlib,
            Compression::Lz4 => Self::Lz4,
            Compression::Zstd => Self::Zstd,
        }
    }

    /// Decompresses `input`, which must be whole, with nothing behind its end. Nothing at all is
    /// whole only without a codec: the others write a head and an end around no data too.
    pub(super) fn unpack<'a>(
        self,
        mut input: impl BufRead + 'a,
    ) -> Result<Box<dyn Read + 'a>, ArchiveError> {
        if self != Self::None && input.fill_buf().map_err(ArchiveError::from_io)?.is_empty() {
            return Err(ArchiveError::truncated(
                "the data has no bytes, not even the head of its compressed stream",
            ));
        }
        Ok(match self {
            Self::None => Box::new(input),
            Self::Zlib => Box::new(ZlibReader::new(BufReader::with_capacity(PACKED, input))),
            Self::Gzip => Box::new(GzipReader::new(input)),
            Self::Lz4 => Box::new(Lz4Reader::new(input)),
            Self::Zstd => Box::new(ZstdReader::new(input)?),
        })
    }
}

/// Reads a table's data, whether it is in COPY or in `INSERT`.
pub(super) fn table(
    input: &mut dyn Read,
    entry: &DataEntry,
    header: &Header,
    options: &ReadOptions,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    match &entry.kind {
        DataKind::Copy(start) => {
            outbox.push(ArchiveItem::CopyStart(start.clone()))?;
            let end = copy(input, &start.table, outbox)?;
            outbox.push(ArchiveItem::CopyEnd(end))
        }
        DataKind::Insert(how) => {
            let silent = root::may_be_silent(header.dumped_by.as_deref());
            let parser = InsertParser::new(how, silent, options.max_statement_bytes);
            if let Some(search_path) = &how.search_path {
                outbox.push(ArchiveItem::Statement((**search_path).clone()))?;
            }
            inserts(input, parser, entry, outbox)
        }
        DataKind::LargeObjects { .. } => Err(ArchiveError::corrupt(
            "the data of a table lies where that of large objects should",
        )
        .into()),
    }
}

/// Reads COPY data to the end of `input`. What it returns is still to be pushed: when nothing more
/// can be wrong.
pub(super) fn copy(
    input: &mut dyn Read,
    table: &ObjectName,
    outbox: &mut Outbox,
) -> Result<CopyEnd, Stop> {
    let mut scan = CopyScan::new(false);
    // What came behind the end mark.
    let mut behind: Option<Vec<u8>> = None;
    loop {
        let (chunk, failed, more) = next_chunk(input, CHUNK);
        outbox.unpacked(chunk.len() as u64);
        let mut from = 0;
        if behind.is_none() {
            let piece = scan.scan(&chunk, 0, chunk.len());
            from = piece.next;
            if !piece.carried.is_empty() {
                outbox.push(ArchiveItem::CopyData(Bytes::from_static(piece.carried)))?;
            }
            if !piece.data.is_empty() {
                outbox.push(ArchiveItem::CopyData(chunk.slice(piece.data)))?;
            }
            behind = piece.ended.then(Vec::new);
        }
        if let Some(behind) = &mut behind {
            keep_behind(behind, &chunk[from..], table)?;
        }
        if let Some(error) = failed {
            let place =
                format!("in the data of table {}, behind row {}", display(table), scan.rows());
            return Err(ArchiveError::from_io(error).within(&place).into());
        }
        if !more {
            break;
        }
    }
    if behind.as_deref() != Some(BEHIND_MARK) {
        let what = if behind.is_some() { "inside its end mark" } else { "without its end mark" };
        return Err(ArchiveError::truncated(format!(
            "the data of table {} ends {what}, behind row {}",
            display(table),
            scan.rows()
        ))
        .into());
    }
    Ok(CopyEnd { rows: scan.rows(), bytes: scan.bytes() })
}

fn keep_behind(behind: &mut Vec<u8>, more: &[u8], table: &ObjectName) -> Result<(), ArchiveError> {
    let room = BEHIND_MARK.len() + 1 - behind.len();
    behind.extend_from_slice(&more[..more.len().min(room)]);
    if BEHIND_MARK.starts_with(behind) {
        return Ok(());
    }
    Err(ArchiveError::corrupt(format!(
        "bytes stand behind the end mark of the data of table {}",
        display(table)
    )))
}

/// Reads a table's data in `INSERT` statements to the end of `input`.
fn inserts(
    input: &mut dyn Read,
    mut parser: InsertParser<'_>,
    entry: &DataEntry,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    loop {
        let (chunk, failed, more) = next_chunk(input, PIECE);
        outbox.unpacked(chunk.len() as u64);
        parser.feed(chunk);
        while let Some((sql, kind)) = parser.next()? {
            outbox.push(ArchiveItem::Statement(Statement {
                sql,
                line: entry.line,
                kind,
                entry: Some(entry.entry.clone()),
                section: Section::Data,
                dependencies: Some(entry.dependencies.clone()),
            }))?;
        }
        if let Some(error) = failed {
            return Err(parser.explain(ArchiveError::from_io(error)).into());
        }
        if !more {
            break;
        }
    }
    parser.finish()?;
    if parser.statements() == 0 {
        outbox.push(ArchiveItem::EmptyData(entry.entry.clone()))?;
    }
    Ok(())
}

/// Reads a large object's data to the end of `input`; `line` is the place of its entry.
pub(super) fn large_object(
    input: &mut dyn Read,
    oid: u32,
    line: u64,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    outbox.push(ArchiveItem::LargeObjectStart(LargeObjectStart { oid, line }))?;
    let mut bytes = 0;
    loop {
        let (chunk, failed, more) = next_chunk(input, CHUNK);
        outbox.unpacked(chunk.len() as u64);
        bytes += chunk.len() as u64;
        if !chunk.is_empty() {
            outbox.push(ArchiveItem::LargeObjectData(chunk))?;
        }
        if let Some(error) = failed {
            let place = format!("in large object {oid}, behind byte {bytes}");
            return Err(ArchiveError::from_io(error).within(&place).into());
        }
        if !more {
            break;
        }
    }
    outbox.push(ArchiveItem::LargeObjectEnd(LargeObjectEnd { bytes }))
}

/// As much as `size` at a time, the fault that came behind it, and whether more may come. A short
/// piece holds no more memory than it is long.
fn next_chunk(input: &mut dyn Read, size: usize) -> (Bytes, Option<io::Error>, bool) {
    let mut buffer = BytesMut::zeroed(size);
    let (amount, failed) = fill(input, &mut buffer);
    let more = amount == size;
    let chunk = if amount < size / 2 {
        Bytes::copy_from_slice(&buffer[..amount])
    } else {
        buffer.truncate(amount);
        buffer.freeze()
    };
    (chunk, failed, more)
}

/// Reads until the buffer is full or the input ends.
pub(super) fn fill(reader: &mut dyn Read, buffer: &mut [u8]) -> (usize, Option<io::Error>) {
    let mut amount = 0;
    while amount < buffer.len() {
        match reader.read(&mut buffer[amount..]) {
            Ok(0) => break,
            Ok(more) => amount += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return (amount, Some(error)),
        }
    }
    (amount, None)
}

#[cfg(test)]
mod tests;
