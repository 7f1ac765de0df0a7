//! The custom format (`pg_backup_custom.c`): a table of contents, then blocks of data to the end of
//! the file.
//!
//! Every block is read, in the order of the file, also where the table of contents says where it
//! lies: only so is it certain that each entry's data is there once and whole, and nothing else.

use std::collections::HashMap;
use std::io::BufRead;
use std::sync::atomic::Ordering;

use super::ArchiveError;
use super::data::{self, Codec};
use super::decompress::Input;
use super::plain::display;
use super::reader::{Job, Outbox, Stop};
use super::script::{DataEntry, DataKind, Script};
use super::toc::{Header, Toc};
use crate::backup::{BackupFormat, Compression};

mod again;
mod blocks;
mod chunks;
mod counted;
mod large_objects;
mod ranges;

use again::Places;
use blocks::{Block, BlockKind};
use chunks::Chunks;
use counted::Counted;

/// Reads an archive from its first byte; `outer` is the compression that was taken off.
pub(super) fn read(
    input: Input,
    outer: Compression,
    job: &Job,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    let mut input = Counted::new(input);
    let header = Header::read(&mut input)?;
    let begin = input.position();
    let toc = Toc::behind(header, &mut input, &job.options)?;
    let contents = begin..input.position();
    let compression = if outer == Compression::None { toc.header.compression } else { outer };
    let script = Script::of(toc, &job.options)?;
    outbox.unpacked(input.position());
    outbox.send_preamble(script.preamble(BackupFormat::Custom, compression))?;
    for item in script.before_data() {
        outbox.push(item?)?;
    }
    outbox.flush()?;
    let apart = (outer == Compression::None).then(|| ranges::plan(&script, contents, job));
    if let Some(plan) = apart.flatten() {
        drop(input);
        job.objects.counter().store(plan.bytes_read, Ordering::Relaxed);
        plan.read(&script, job, outbox)?;
    } else {
        let found = read_in_line(&mut input, script.data(), &script, job, outbox)?;
        again::read_end(&mut input, &found, &script, &job.options)?;
    }
    for item in script.after_data() {
        outbox.push(item?)?;
    }
    outbox.end(job.objects.bytes_read())
}

/// Reads blocks, one of each of the entries, and says where they were.
fn read_in_line<'e>(
    input: &mut Counted<impl BufRead>,
    entries: impl IntoIterator<Item = &'e DataEntry>,
    script: &Script,
    job: &Job,
    outbox: &mut Outbox,
) -> Result<Places, Stop> {
    let mut due: HashMap<i32, &DataEntry> =
        entries.into_iter().map(|entry| (entry.dump_id, entry)).collect();
    let mut found = Places::with_capacity(due.len());
    while !due.is_empty() || Block::follows(input)? {
        let Some(block) = Block::begin(input, script.header().primitives)? else {
            break;
        };
        let entry = due.remove(&block.dump_id).ok_or_else(|| stray(&block, script))?;
        block.demand_place(&entry.place)?;
        found.insert(block.dump_id, block.at);
        read_block(input, &block, entry, script, job, outbox)?;
    }
    // The first in the order of the archive.
    match script.data().iter().find(|entry| due.contains_key(&entry.dump_id)) {
        Some(missing) => Err(not_there(missing, due.len()).into()),
        None => Ok(found),
    }
}

fn read_block(
    input: &mut Counted<impl BufRead>,
    block: &Block,
    entry: &DataEntry,
    script: &Script,
    job: &Job,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    let header = script.header();
    let codec = Codec::in_custom(header.compression);
    match (&entry.kind, block.kind) {
        (DataKind::LargeObjects { oids }, BlockKind::LargeObjects) => {
            large_objects::read(input, oids.as_deref(), entry.line, header, outbox)
        }
        (DataKind::Copy(_) | DataKind::Insert(_), BlockKind::Table) => {
            let mut data = codec
                .unpack(Chunks::new(input, header.primitives))
                .map_err(|error| error.within(&format!("in {}", named(entry))))?;
            data::table(&mut data, entry, header, &job.options, outbox)
        }
        _ => Err(ArchiveError::corrupt(format!(
            "the block of {} is of another kind than its entry",
            named(entry)
        ))
        .into()),
    }
}

/// A block that no entry waits for.
fn stray(block: &Block, script: &Script) -> ArchiveError {
    match script.data().iter().find(|entry| entry.dump_id == block.dump_id) {
        Some(entry) => ArchiveError::corrupt(format!(
            "{} is there twice, the second time at byte {}",
            named(entry),
            block.at
        )),
        None => ArchiveError::corrupt(format!(
            "the block at byte {} is of entry {}, which has no data in the table of contents",
            block.at, block.dump_id
        )),
    }
}

fn not_there(entry: &DataEntry, count: usize) -> ArchiveError {
    let others = match count {
        0 | 1 => String::new(),
        count => format!(", nor is that of {} more entries", count - 1),
    };
    ArchiveError::truncated(format!("the archive ends, and {} is not in it{others}", named(entry)))
}

/// What an entry holds, for people.
fn named(entry: &DataEntry) -> String {
    match &entry.kind {
        DataKind::Copy(start) => format!("the data of table {}", display(&start.table)),
        DataKind::Insert(_) => format!("the data of table {}", entry.entry.name),
        DataKind::LargeObjects { .. } => format!("entry {}, large objects", entry.dump_id),
    }
}

#[cfg(test)]
mod tests;
