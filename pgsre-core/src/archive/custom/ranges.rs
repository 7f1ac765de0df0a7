//! Reading the blocks of a file at several places at once.
//!
//! The table of contents says where each block begins. Where those places divide all of the file
//! behind it, each stretch is read by itself, from the head of its block to the head of the next:
//! together they are every byte of the file, once.

use std::io::BufRead;
use std::ops::Range;
use std::sync::Arc;

use super::again::{self, Places};
use super::blocks::{Block, BlockKind};
use super::chunks::Chunks;
use super::counted::Counted;
use super::read_in_line;
use crate::archive::apart::{Place, ReadsData};
use crate::archive::data::{self, Codec};
use crate::archive::plain::display;
use crate::archive::reader::{FeedInput, Job, Outbox, Stop};
use crate::archive::script::{DataEntry, DataKind, Script};
use crate::archive::toc::Primitives;
use crate::archive::{ArchiveError, ArchiveItem, CopyEnd, CopyStart, ObjectName};
use crate::backup::BackupPart;

/// Which stretch of the file holds which entry, in the order of the file.
#[derive(Debug)]
pub(super) struct Plan<'a> {
    part: &'a BackupPart,
    stretches: Vec<(Range<u64>, &'a DataEntry)>,
    /// What is at least so long is read by itself: the rest is not worth a request of its own.
    apart_from: u64,
    /// Bytes of the file that are no data, all of them read.
    pub(super) bytes_read: u64,
}

/// The plan for a file whose header ends and whose data begins where `contents` does; `None` where
/// it must be read in order: what is compared with a checksum, and what does not say for sure where
/// its data lies.
pub(super) fn plan<'a>(script: &'a Script, contents: Range<u64>, job: &'a Job) -> Option<Plan<'a>> {
    let [part] = job.backup.parts.as_slice() else {
        return None;
    };
    if !job.options.data_apart || job.backup.checksum.is_some() || part.size < job.apart_from {
        return None;
    }
    let (end, places) = match again::first_places(script) {
        Some(places) => (part.size, places),
        None => again::look(script, part, contents.end - contents.start, job)?,
    };
    let stretches = stretches(script.data(), &places, contents.end..end)?;
    let bytes_read = contents.end + (part.size - end);
    let plan = Plan { part, stretches, apart_from: job.apart_from, bytes_read };
    let any = plan.apart().next().is_some();
    any.then_some(plan)
}

/// The stretches from one block to the next, if they are all there is in `data`.
fn stretches<'a>(
    entries: &'a [DataEntry],
    places: &Places,
    data: Range<u64>,
) -> Option<Vec<(Range<u64>, &'a DataEntry)>> {
    let mut placed = Vec::with_capacity(entries.len());
    for entry in entries {
        placed.push((*places.get(&entry.dump_id)?, entry));
    }
    placed.sort_by_key(|(at, _)| *at);
    let ends = placed.iter().skip(1).map(|(at, _)| *at).chain([data.end]);
    let found: Vec<_> =
        placed.iter().zip(ends).map(|((at, entry), end)| (*at..end, *entry)).collect();
    let whole = found.first().is_some_and(|(range, _)| range.start == data.start)
        && found.iter().all(|(range, _)| range.start < range.end)
        && places.len() == found.len();
    whole.then_some(found)
}

impl<'a> Plan<'a> {
    /// Hands out what is read apart, and reads the rest in line.
    pub(super) fn read(&self, script: &Script, job: &Job, outbox: &mut Outbox) -> Result<(), Stop> {
        for (range, entry, start) in self.apart() {
            let place = Place { part: self.part.clone(), range: Some(range.clone()) };
            let reads = Arc::new(Stretch {
                begin: range.start,
                dump_id: entry.dump_id,
                table: start.table.clone(),
                primitives: script.header().primitives,
                codec: Codec::in_custom(script.header().compression),
            });
            let data = job.apart.table(start.clone(), place, reads);
            outbox.push(ArchiveItem::TableData(data))?;
        }
        outbox.flush()?;
        for run in self.stretches.chunk_by(|one, next| !self.is_apart(one) && !self.is_apart(next))
        {
            if let [first, .., last] | [first @ last] = run
                && !self.is_apart(first)
            {
                let range = first.0.start..last.0.end;
                let file = job.objects.open(self.part, Some(range.clone()));
                let mut input = Counted::at(file, range.start);
                let entries = run.iter().map(|(_, entry)| *entry);
                read_in_line(&mut input, entries, script, job, outbox)?;
                demand_end(&mut input, "the data")?;
            }
        }
        Ok(())
    }

    fn apart(&self) -> impl Iterator<Item = (&Range<u64>, &'a DataEntry, &'a CopyStart)> {
        self.stretches.iter().filter_map(|(range, entry)| match &entry.kind {
            DataKind::Copy(start) if range.end - range.start >= self.apart_from => {
                Some((range, *entry, start))
            }
            _ => None,
        })
    }

    fn is_apart(&self, (range, entry): &(Range<u64>, &DataEntry)) -> bool {
        matches!(entry.kind, DataKind::Copy(_)) && range.end - range.start >= self.apart_from
    }
}

/// One table's stretch.
#[derive(Debug)]
struct Stretch {
    begin: u64,
    dump_id: i32,
    table: ObjectName,
    primitives: Primitives,
    codec: Codec,
}

impl ReadsData for Stretch {
    fn read(&self, input: FeedInput, outbox: &mut Outbox) -> Result<CopyEnd, Stop> {
        let mut input = Counted::at(input, self.begin);
        let block = Block::begin(&mut input, self.primitives)?;
        if !block
            .is_some_and(|block| block.kind == BlockKind::Table && block.dump_id == self.dump_id)
        {
            return Err(self.not_here().into());
        }
        let mut data =
            self.codec.unpack(Chunks::new(&mut input, self.primitives)).map_err(|error| {
                error.within(&format!("in the data of table {}", display(&self.table)))
            })?;
        let end = data::copy(&mut data, &self.table, outbox)?;
        drop(data);
        demand_end(&mut input, &format!("the data of table {}", display(&self.table)))?;
        Ok(end)
    }
}

/// Demands that nothing is left of a stretch.
fn demand_end(input: &mut Counted<impl BufRead>, what: &str) -> Result<(), ArchiveError> {
    if input.is_at_end()? {
        return Ok(());
    }
    let at = input.position();
    Err(ArchiveError::corrupt(format!(
        "bytes stand between {what} and the next block, at byte {at}"
    )))
}

impl Stretch {
    fn not_here(&self) -> ArchiveError {
        ArchiveError::corrupt(format!(
            "the data of table {} does not begin at byte {}, where the table of contents says",
            display(&self.table),
            self.begin
        ))
        .with_hint("a transfer in text mode does this: transfer archives in binary mode")
    }
}
