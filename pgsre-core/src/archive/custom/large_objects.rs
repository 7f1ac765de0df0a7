//! A block of large objects: an OID and its pieces each, until an OID of 0 (`_LoadLOs`).

use std::collections::BTreeSet;
use std::io::BufRead;

use super::chunks::Chunks;
use super::counted::Counted;
use crate::archive::ArchiveError;
use crate::archive::data::{self, Codec};
use crate::archive::reader::{Outbox, Stop};
use crate::archive::toc::Header;

/// Reads the block; `announced` are those that must be in it, where that is known.
pub(super) fn read(
    input: &mut Counted<impl BufRead>,
    announced: Option<&[u32]>,
    line: u64,
    header: &Header,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    let mut due = announced.map(|oids| oids.iter().copied().collect::<BTreeSet<u32>>());
    let mut seen = BTreeSet::new();
    loop {
        let oid = header.primitives.int(input).map_err(|error| {
            error.within(&format!("among the large objects, behind {} of them", seen.len()))
        })?;
        // Written as the signed integer of the same bits.
        let oid = oid.cast_unsigned();
        if oid == 0 {
            break;
        }
        if !seen.insert(oid) {
            return Err(corrupt(oid, "is there twice").into());
        }
        if due.as_mut().is_some_and(|due| !due.remove(&oid)) {
            return Err(corrupt(oid, "is not in the table of contents").into());
        }
        read_one(input, oid, line, header, outbox)?;
    }
    match due.and_then(|due| due.first().map(|first| (*first, due.len()))) {
        Some((oid, count)) => Err(ArchiveError::truncated(format!(
            "{count} large objects that the table of contents announces are not in the data, \
             the first of them {oid}"
        ))
        .into()),
        None => Ok(()),
    }
}

fn read_one(
    input: &mut Counted<impl BufRead>,
    oid: u32,
    line: u64,
    header: &Header,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    let mut pieces = Chunks::new(input, header.primitives);
    let none = pieces
        .fill_buf()
        .map_err(|error| ArchiveError::from_io(error).within(&format!("in large object {oid}")))?;
    // From 16 on, an empty one may have not even the head of a compressed stream.
    let codec = if none.is_empty() { Codec::None } else { Codec::in_custom(header.compression) };
    let mut content =
        codec.unpack(pieces).map_err(|error| error.within(&format!("in large object {oid}")))?;
    data::large_object(&mut content, oid, line, outbox)
}

fn corrupt(oid: u32, what: &str) -> ArchiveError {
    ArchiveError::corrupt(format!("large object {oid} {what}"))
}
