//! The head of a block of data: what it holds, and of which entry (`_StartData`, `_StartLOs`).

use std::io::BufRead;

use super::counted::Counted;
use crate::archive::ArchiveError;
use crate::archive::toc::{DataPlace, Primitives};

const TABLE: u8 = 1;
const LARGE_OBJECTS: u8 = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Block {
    pub(super) kind: BlockKind,
    pub(super) dump_id: i32,
    /// Where in the file it begins.
    pub(super) at: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    Table,
    LargeObjects,
}

impl Block {
    /// Whether the next byte is that of a block.
    pub(super) fn follows(input: &mut Counted<impl BufRead>) -> Result<bool, ArchiveError> {
        Ok(matches!(input.peek()?, Some(TABLE | LARGE_OBJECTS)))
    }

    /// Reads the next head; `None` where the file ends in its place.
    pub(super) fn begin(
        input: &mut Counted<impl BufRead>,
        primitives: Primitives,
    ) -> Result<Option<Self>, ArchiveError> {
        let at = input.position();
        let kind = match input.peek()? {
            None => return Ok(None),
            Some(TABLE) => BlockKind::Table,
            Some(LARGE_OBJECTS) => BlockKind::LargeObjects,
            Some(other) => {
                return Err(ArchiveError::corrupt(format!(
                    "a block of data should begin at byte {at}, but there is a byte {other}"
                )));
            }
        };
        input.consume(1);
        let dump_id = primitives
            .int(input)
            .map_err(|error| error.within(&format!("in the head of the block at byte {at}")))?;
        Ok(Some(Self { kind, dump_id, at }))
    }

    /// The block must lie where the table of contents says; one written into a pipe says nothing.
    pub(super) fn demand_place(&self, place: &DataPlace) -> Result<(), ArchiveError> {
        match place {
            DataPlace::Offset(offset) if *offset != self.at => Err(ArchiveError::corrupt(format!(
                "the data of entry {} lies at byte {}, but the table of contents says {offset}: \
                 bytes were lost or added in front of it",
                self.dump_id, self.at
            ))
            .with_hint("a transfer in text mode does this: transfer archives in binary mode")),
            _ => Ok(()),
        }
    }
}
