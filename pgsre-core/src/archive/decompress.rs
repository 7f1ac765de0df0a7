//! Decompression, strictly: a stream is whole, its checksums hold, and nothing lies behind it.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use super::sniff::{self, Content, HEAD};
use super::{ArchiveError, ArchiveErrorKind};
use crate::backup::Compression;

mod gzip;
mod lz4;
mod zlib;
mod zstd;

pub(super) use gzip::GzipReader;
pub(super) use lz4::Lz4Reader;
pub(super) use zlib::ZlibReader;
pub(super) use zstd::ZstdReader;

/// Compressions that may lie around one another: a `.gz` of a `.zst` happens, more is a bomb.
const MAX_DEPTH: usize = 2;
const BUFFER: usize = 64 << 10;

pub(super) type Input = Box<dyn BufRead + Send>;

/// What lies inside all compressions.
pub(super) struct Unpacked {
    pub(super) reader: Input,
    /// What it is, by all that its beginning says.
    pub(super) content: Content,
    /// The outermost compression.
    pub(super) compression: Compression,
    /// Whether one of the compressions has a checksum of what is in it, by its first header.
    pub(super) is_guarded: bool,
}

/// Takes off every compression, recognised by content.
pub(super) fn unpack(input: Input) -> Result<Unpacked, ArchiveError> {
    let mut compression = Compression::None;
    let mut is_guarded = false;
    let mut input = input;
    for _ in 0..=MAX_DEPTH {
        let (head, rest) = take_head(input)?;
        let content = sniff::recognise(&head)?;
        is_guarded |= sniff::has_checksum(&head, content);
        let rest: Input = Box::new(Cursor::new(head).chain(rest));
        let (inner, kind): (Input, _) = match content {
            Content::Empty if compression == Compression::None => {
                return Err(ArchiveError::empty("the backup holds no bytes"));
            }
            Content::Empty => {
                return Err(ArchiveError::empty(
                    "the compressed stream is whole, but holds nothing: a dump of no bytes was compressed",
                ));
            }
            Content::Text | Content::Custom | Content::Tar => {
                return Ok(Unpacked { reader: rest, content, compression, is_guarded });
            }
            Content::Gzip => (buffered(GzipReader::new(rest)), Compression::Gzip),
            Content::Zstd => (buffered(ZstdReader::new(rest)?), Compression::Zstd),
            Content::Lz4 => (buffered(Lz4Reader::new(rest)), Compression::Lz4),
        };
        if compression == Compression::None {
            compression = kind;
        }
        input = inner;
    }
    Err(ArchiveError::new(
        ArchiveErrorKind::Unsupported,
        format!("the backup is compressed more than {MAX_DEPTH} times over"),
    )
    .with_hint("compress a dump once"))
}

fn buffered(reader: impl Read + Send + 'static) -> Input {
    Box::new(BufReader::with_capacity(BUFFER, reader))
}

/// The first bytes, as many as recognising needs, and the rest.
fn take_head(mut input: Input) -> Result<(Vec<u8>, Input), ArchiveError> {
    let mut head = Vec::with_capacity(HEAD);
    while head.len() < HEAD {
        let available = match input.fill_buf() {
            Ok(available) => available,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ArchiveError::from_io(error)),
        };
        if available.is_empty() {
            break;
        }
        let amount = available.len().min(HEAD - head.len());
        head.extend_from_slice(&available[..amount]);
        input.consume(amount);
    }
    Ok((head, input))
}

/// What a codec's fault means; the source's own errors pass untouched.
fn fault(codec: &str, error: io::Error) -> io::Error {
    if error.get_ref().is_some_and(|inner| inner.is::<ArchiveError>()) {
        return error;
    }
    let ours = match error.kind() {
        io::ErrorKind::UnexpectedEof => {
            ArchiveError::truncated(format!("the {codec} stream ends before its own end mark"))
        }
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => {
            ArchiveError::corrupt(format!("the {codec} stream is damaged")).with_cause(error)
        }
        _ => return error,
    };
    ours.into_io()
}

/// Bytes behind the end of a compressed stream that begin no further one.
fn bytes_behind(codec: &str) -> io::Error {
    ArchiveError::corrupt(format!(
        "bytes behind the end: what follows the {codec} stream is no {codec} stream"
    ))
    .into_io()
}

#[cfg(test)]
mod tests;
