//! Directory: what `pg_dump -Fd` writes, one object a table (`pg_backup_directory.c`).
//!
//! Before any data is read, the listing must hold what the table of contents names and nothing that
//! it does not.

use std::io::BufReader;
use std::sync::Arc;

use super::apart::{Place, ReadsData};
use super::data::{self, Codec};
use super::members::{self, LargeObjects, Members, Role};
use super::reader::{FeedInput, Job, Outbox, Stop};
use super::script::{DataEntry, DataKind, Script};
use super::toc::Toc;
use super::{ArchiveError, ArchiveItem, CopyEnd, ObjectName};
use crate::backup::BackupFormat;

mod files;

use files::{File, Files};

/// Reads the objects of a directory.
pub(super) fn read(job: &Job, outbox: &mut Outbox) -> Result<(), Stop> {
    let mut files = Files::of(&job.backup)?;
    let toc = read_toc(&mut files, job)?;
    let compression = toc.header.compression;
    let script = Script::of(toc, &job.options)?;
    let members = Members::of(script.header(), script.data())?;
    let mut large_objects = LargeObjects::of(script.data())?;
    files.assign(&members)?;
    files.demand(&members, script.data())?;
    read_lists(&files, &members, &mut large_objects, job)?;
    files.demand_large_objects(&mut large_objects)?;
    outbox.send_preamble(script.preamble(BackupFormat::Directory, compression))?;
    for item in script.before_data() {
        outbox.push(item?)?;
    }
    for (at, entry) in script.data().iter().enumerate() {
        match &entry.kind {
            DataKind::LargeObjects { .. } => {
                let oids = large_objects.of_entry(entry);
                read_large_objects(&files, entry, &oids, job, outbox)?;
            }
            DataKind::Copy(_) | DataKind::Insert(_) => {
                read_table(files.file(Role::Table(at))?, entry, &script, job, outbox)?;
            }
        }
    }
    for item in script.after_data() {
        outbox.push(item?)?;
    }
    let mut summary = outbox.summary().clone();
    summary.bytes_read = job.objects.bytes_read();
    if !job.is_checked {
        summary.unproved.extend(files.unproved());
        summary.unguarded = files.unguarded();
    }
    outbox.push(ArchiveItem::End(summary))?;
    outbox.flush()
}

fn read_toc(files: &mut Files, job: &Job) -> Result<Toc, ArchiveError> {
    let file = files.take_toc()?;
    let input = job.objects.open(&file.part, None);
    let unpacked = file.codec.unpack(input).map_err(|error| error.within(&file.name))?;
    members::read_toc(&mut BufReader::new(unpacked), &job.options)
}

fn read_lists(
    files: &Files,
    members: &Members,
    large_objects: &mut LargeObjects,
    job: &Job,
) -> Result<(), ArchiveError> {
    for (_, role) in members.names() {
        let Role::List(at) = role else { continue };
        let file = files.file(role)?;
        let input = job.objects.open(&file.part, None);
        let unpacked = file.codec.unpack(input).map_err(|error| error.within(&file.name))?;
        large_objects.read_list(&mut BufReader::new(unpacked), &file.name, at)?;
    }
    large_objects.demand_listed()
}

fn read_table(
    file: &File,
    entry: &DataEntry,
    script: &Script,
    job: &Job,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    if let DataKind::Copy(start) = &entry.kind
        && job.options.data_apart
        && file.part.size >= job.apart_from
    {
        let place = Place { part: file.part.clone(), range: None };
        let reads =
            TableFile { name: file.name.clone(), codec: file.codec, table: start.table.clone() };
        let apart = job.apart.table(start.clone(), place, Arc::new(reads));
        return outbox.push(ArchiveItem::TableData(apart));
    }
    let input = job.objects.open(&file.part, None);
    within(&file.name, || {
        let mut unpacked = file.codec.unpack(input)?;
        data::table(&mut unpacked, entry, script.header(), &job.options, outbox)
    })
}

fn read_large_objects(
    files: &Files,
    entry: &DataEntry,
    oids: &[u32],
    job: &Job,
    outbox: &mut Outbox,
) -> Result<(), Stop> {
    for &oid in oids {
        let file = files.file(Role::LargeObject(oid))?;
        let input = job.objects.open(&file.part, None);
        within(&file.name, || {
            let codec = members::codec_of_large_object(file.codec, file.part.size);
            let mut unpacked = codec.unpack(input)?;
            data::large_object(&mut unpacked, oid, entry.line, outbox)
        })?;
    }
    Ok(())
}

/// The data of one table, read by itself.
#[derive(Debug)]
struct TableFile {
    name: String,
    codec: Codec,
    table: ObjectName,
}

impl ReadsData for TableFile {
    fn read(&self, input: FeedInput, outbox: &mut Outbox) -> Result<CopyEnd, Stop> {
        within(&self.name, || data::copy(&mut self.codec.unpack(input)?, &self.table, outbox))
    }
}

/// Names the file in what is wrong with it.
fn within<T>(name: &str, read: impl FnOnce() -> Result<T, Stop>) -> Result<T, Stop> {
    read().map_err(|stop| stop.map(|error| error.within(name)))
}

#[cfg(test)]
mod tests;
