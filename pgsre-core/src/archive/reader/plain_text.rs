//! Reading a plain dump on the thread.

use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Bytes, BytesMut};

use super::outbox::{Outbox, Stop};
use crate::archive::data::fill;
use crate::archive::plain::PlainParser;
use crate::archive::{ArchiveError, ReadOptions};
use crate::backup::Compression;

/// Unpacked bytes that are looked at together.
const CHUNK: usize = 256 << 10;
/// The same outside of COPY data, where two bytes may make an item of some hundred.
const PIECE: usize = 16 << 10;
/// How far into the archive the preamble is looked for: pg_dumpall says the server's version only
/// behind the globals.
const PREAMBLE: u64 = 1 << 20;

pub(super) fn read(
    reader: &mut dyn Read,
    compression: Compression,
    options: &ReadOptions,
    bytes_read: &AtomicU64,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    let mut parser = PlainParser::new(compression, options);
    let outcome = parse(reader, &mut parser, outbox);
    if let Err(Stop::Gone) = outcome {
        return outcome;
    }
    let outcome = outcome
        .and_then(|()| Ok(parser.finish(bytes_read.load(Ordering::Relaxed), outbox.items())?));
    if outcome.is_ok() || parser.is_recognised() {
        outbox.send_preamble(parser.preamble())?;
        outbox.flush()?;
    }
    outcome
}

fn parse(reader: &mut dyn Read, parser: &mut PlainParser, outbox: &mut Outbox) -> Result<(), Stop> {
    let mut unpacked = 0;
    loop {
        let mut buffer = BytesMut::zeroed(CHUNK);
        let (amount, failed) = fill(reader, &mut buffer);
        buffer.truncate(amount);
        unpacked += amount as u64;
        // What came before a fault is still looked at: a fault of the text in front of it says more.
        split(buffer.freeze(), parser, outbox)?;
        if let Some(error) = failed {
            return Err(parser.explain(ArchiveError::from_io(error)).into());
        }
        if parser.preamble_is_complete() || unpacked >= PREAMBLE {
            outbox.send_preamble(parser.preamble())?;
            outbox.flush()?;
        }
        if amount < CHUNK {
            return Ok(());
        }
    }
}

/// Splits a chunk into items, and hands on what comes to a batch.
fn split(mut chunk: Bytes, parser: &mut PlainParser, outbox: &mut Outbox) -> Result<(), Stop> {
    while !chunk.is_empty() {
        let length = if parser.in_copy_data() { chunk.len() } else { PIECE.min(chunk.len()) };
        parser.feed(chunk.split_to(length), outbox.items())?;
        let known = outbox.preamble_is_sent() || parser.preamble_is_complete();
        if outbox.is_full() || (known && outbox.is_batch()) {
            outbox.send_preamble(parser.preamble())?;
            outbox.flush()?;
        }
    }
    Ok(())
}
