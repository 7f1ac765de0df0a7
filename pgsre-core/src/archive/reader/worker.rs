//! The thread that decompresses, splits and checks.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::feed::FeedInput;
use super::objects::Objects;
use super::outbox::{Outbox, Stop};
use super::plain_text;
use crate::archive::apart::Apart;
use crate::archive::custom;
use crate::archive::decompress::{self, Unpacked};
use crate::archive::sniff::Content;
use crate::archive::{ArchiveError, ArchiveErrorKind, ReadOptions, directory, tar};
use crate::backup::{Backup, BackupPart};

/// What a format's reader has to work with.
#[derive(Debug)]
pub(in crate::archive) struct Job {
    pub(in crate::archive) backup: Backup,
    pub(in crate::archive) options: ReadOptions,
    /// The source's objects, and the count of what was read of them.
    pub(in crate::archive) objects: Objects,
    /// Makes [`TableData`](crate::archive::TableData).
    pub(in crate::archive) apart: Apart,
    /// Data of a file is read apart where it has at least so many bytes.
    pub(in crate::archive) apart_from: u64,
    /// A checksum says what each object must be.
    pub(in crate::archive) is_checked: bool,
    /// Set where a compression around the whole has a checksum of what is in it.
    pub(in crate::archive) is_guarded: Arc<AtomicBool>,
}

/// Reads one object with the format that it turns out to have.
pub(super) fn spawn_object(part: BackupPart, job: Job, outbox: Outbox) -> Result<(), ArchiveError> {
    spawn(outbox, move |outbox| read_object(job.objects.open(&part, None), &job, outbox))
}

/// Reads a directory's objects, one after the other.
pub(super) fn spawn_directory(job: Job, outbox: Outbox) -> Result<(), ArchiveError> {
    spawn(outbox, move |outbox| directory::read(&job, outbox))
}

/// Runs `read` on a thread of its own; its error is the last that the outbox hands on.
pub(in crate::archive) fn spawn(
    mut outbox: Outbox,
    read: impl FnOnce(&mut Outbox) -> Result<(), Stop> + Send + 'static,
) -> Result<(), ArchiveError> {
    std::thread::Builder::new()
        .name("pgsre-archive".to_owned())
        .spawn(move || {
            if let Err(Stop::Failed(error)) = read(&mut outbox) {
                outbox.fail(error);
            }
        })
        .map(drop)
        .map_err(|error| {
            ArchiveError::new(ArchiveErrorKind::Unsupported, "no thread could be started to read")
                .with_hint("check the limits on processes and memory")
                .with_cause(error)
        })
}

fn read_object(input: FeedInput, job: &Job, outbox: &mut Outbox) -> Result<(), Stop> {
    let Unpacked { mut reader, compression, content, is_guarded } =
        decompress::unpack(Box::new(input))?;
    job.is_guarded.store(is_guarded, Ordering::Relaxed);
    match content {
        Content::Custom => custom::read(reader, compression, job, outbox),
        Content::Tar => tar::read(reader, compression, job, outbox),
        _ => {
            plain_text::read(&mut reader, compression, &job.options, job.objects.counter(), outbox)
        }
    }
}
