//! The SHA-256 that lies beside a backup, by itself or in its manifest: what is read must be what was
//! written.

use std::collections::HashMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::BoxStream;
use sha2::{Digest as _, Sha256};

use super::{ArchiveError, ArchiveErrorKind, ArchiveSummary, Preamble, ReadOptions};
use crate::backup::{Backup, BackupFormat, BackupPart, Compression};
use crate::source::{BackupSource, ByteStream, SourceError, is_dump_member};

mod expected;
mod sums;

pub use expected::ExpectedBytes;
use sums::{Digest, Sums};

/// A list of the files of the largest directory has some million lines; more is no list.
const MAX_BYTES: u64 = 256 << 20;

/// What is known of a backup's bytes before they are read.
#[derive(Debug)]
pub(super) struct Checked {
    /// The same source; what is read whole through it is compared.
    pub(super) source: Arc<dyn BackupSource>,
    /// The key of the object that says what each part must be; `None` where nothing does.
    pub(super) by: Option<String>,
    /// Why nothing does, though there is a checksum.
    note: Option<String>,
    /// The name under which a checksum would be found.
    advice: String,
}

impl Checked {
    /// Reads the checksum of `backup`, where there is one, and holds it against what a manifest
    /// says.
    ///
    /// A list beside several backups may leave one out: its bytes are then as unproved as without.
    /// A checksum of the backup's own that says nothing of it is an error, and so are a checksum
    /// and a manifest that disagree.
    pub(super) async fn of(
        source: Arc<dyn BackupSource>,
        backup: &Backup,
        expected: Option<&ExpectedBytes>,
    ) -> Result<Self, ArchiveError> {
        let (listed, note) = listed(&*source, backup).await?;
        let promised = match expected {
            Some(expected) => {
                expected.digests(backup)?.map(|found| (expected.by().to_owned(), found))
            }
            None => None,
        };
        let advice = match backup.format {
            BackupFormat::Directory => "SHA256SUMS inside of it".to_owned(),
            _ => format!("{}.sha256", backup.key),
        };
        let Some((by, digests)) = agreed(listed, promised)? else {
            return Ok(Self { source, by: None, note, advice });
        };
        let checked = CheckedSource { inner: source, digests, by: by.clone() };
        Ok(Self { source: Arc::new(checked), by: Some(by), note: None, advice })
    }

    /// Only what is read whole can be compared: not the ranges of one object.
    pub(super) fn limit(&self, options: ReadOptions, backup: &Backup) -> ReadOptions {
        let is_whole = self.by.is_none() || backup.format == BackupFormat::Directory;
        ReadOptions { data_apart: options.data_apart && is_whole, ..options }
    }

    /// Says by what the bytes were proved, or that nothing proves them. `is_guarded`: a compression
    /// around the whole has a checksum.
    ///
    /// `pg_dump` writes lz4 and zstd without one (`compress_lz4.c`, `compress_zstd.c`); gzip has one
    /// always.
    pub(super) fn conclude(&self, preamble: &Preamble, is_guarded: bool, end: &mut ArchiveSummary) {
        end.checksum.clone_from(&self.by);
        if self.by.is_some() || is_guarded || preamble.compression == Compression::Gzip {
            return;
        }
        let why = self.note.as_ref().map_or_else(String::new, |note| format!(" ({note})"));
        let more = end.unguarded.take().map_or_else(String::new, |more| format!(", and {more}"));
        end.unguarded = Some(format!(
            "the data carries no checksum, so flipped bits in it cannot be seen{more}: keep what \
             sha256sum says beside the backup, as {}{why}",
            self.advice
        ));
    }
}

/// Digests by the keys of parts, and the key of what says so.
type Known = (String, HashMap<String, Digest>);

/// What a checksum beside the backup says; in its place a note where it says nothing of it.
async fn listed(
    source: &dyn BackupSource,
    backup: &Backup,
) -> Result<(Option<Known>, Option<String>), ArchiveError> {
    let Some(checksum) = &backup.checksum else { return Ok((None, None)) };
    let sums = read(source, checksum, backup).await?;
    Ok(match digests(&sums, backup, checksum)? {
        Some(digests) => (Some((checksum.key.clone(), digests)), None),
        None => (None, Some(format!("{} has no line for {}", checksum.key, backup.key))),
    })
}

/// What both say; an error where they say different things.
fn agreed(listed: Option<Known>, promised: Option<Known>) -> Result<Option<Known>, ArchiveError> {
    let ((list, mut digests), (manifest, others)) = match (listed, promised) {
        (Some(listed), Some(promised)) => (listed, promised),
        (listed, promised) => return Ok(listed.or(promised)),
    };
    for (key, digest) in others {
        if digests.insert(key.clone(), digest).is_some_and(|other| other != digest) {
            return Err(disagree(&list, &manifest, &key));
        }
    }
    Ok(Some((format!("{list} and {manifest}"), digests)))
}

fn disagree(list: &str, manifest: &str, key: &str) -> ArchiveError {
    ArchiveError::corrupt(format!("{list} and {manifest} have different SHA-256 for {key}"))
        .with_hint("one of them is of another backup: take the backup again, with both")
}

async fn read(
    source: &dyn BackupSource,
    checksum: &BackupPart,
    backup: &Backup,
) -> Result<Sums, ArchiveError> {
    if checksum.size > MAX_BYTES {
        return Err(unreadable(checksum, &format!("it has {} bytes", checksum.size)));
    }
    let not_read = |error| {
        let context = format!("the checksum {} could not be read", checksum.key);
        ArchiveError::new(ArchiveErrorKind::Source, context).with_cause(error)
    };
    let mut sums = Sums::about(asked(backup, checksum));
    let mut stream = source.open(checksum, None).await.map_err(&not_read)?;
    while let Some(piece) = stream.next().await {
        let piece =
            piece.map_err(|error| not_read(SourceError::from_stream(error, &checksum.key)))?;
        sums.read(&piece).map_err(|why| unreadable(checksum, &why))?;
    }
    sums.finish().map_err(|why| unreadable(checksum, &why))
}

/// The paths that a list may have for the parts of a backup: seen from where the list lies, and from
/// inside of a directory.
fn asked(backup: &Backup, checksum: &BackupPart) -> Vec<String> {
    let here = parent(&checksum.key);
    let paths = |part: &BackupPart| {
        let inside = backup.directory().map(|directory| below(directory, &part.key).to_owned());
        std::iter::once(below(here, &part.key).to_owned()).chain(inside)
    };
    let own = below(here, &backup.key).to_owned();
    backup.parts.iter().flat_map(paths).chain([own]).collect()
}

/// A check that cannot be made may not pass in silence.
fn unreadable(checksum: &BackupPart, why: &str) -> ArchiveError {
    ArchiveError::corrupt(format!(
        "{}, which lies beside the backup, is no SHA-256 as sha256sum writes it: {why}",
        checksum.key
    ))
    .with_hint("write the checksum again where the backup is made, or remove it")
}

/// What each part must be, by its key. `None` for a list that is not about this backup.
fn digests(
    sums: &Sums,
    backup: &Backup,
    checksum: &BackupPart,
) -> Result<Option<HashMap<String, Digest>>, ArchiveError> {
    if backup.format != BackupFormat::Directory {
        return of_object(sums, backup, checksum);
    }
    let directory = backup.directory().unwrap_or_default();
    let mut found = HashMap::new();
    let mut unlisted = None;
    for part in &backup.parts {
        let inside = below(directory, &part.key);
        let beside = below(parent(&checksum.key), &part.key);
        match sums.find(&[beside, inside]) {
            Some(digest) => drop(found.insert(part.key.clone(), digest)),
            // What else lies in the directory is not read.
            None if is_dump_member(&part.key) => unlisted = Some(inside),
            None => {}
        }
    }
    let own = parent(&checksum.key) == directory || is_named_after(checksum, directory);
    match unlisted {
        None => Ok(Some(found)),
        Some(_) if found.is_empty() && !own => Ok(None),
        Some(name) => Err(not_listed(&checksum.key, name)),
    }
}

fn of_object(
    sums: &Sums,
    backup: &Backup,
    checksum: &BackupPart,
) -> Result<Option<HashMap<String, Digest>>, ArchiveError> {
    let own = is_named_after(checksum, &backup.key);
    let digest = match sums.only() {
        // Whatever name it bears: a backup that was moved or renamed is still the same.
        Some(only) if own => Some(only),
        _ => sums.find(&[below(parent(&checksum.key), &backup.key)]),
    };
    match digest {
        Some(digest) => {
            Ok(Some(backup.parts.iter().map(|part| (part.key.clone(), digest)).collect()))
        }
        None if own => Err(not_listed(&checksum.key, &backup.key)),
        None => Ok(None),
    }
}

fn is_named_after(checksum: &BackupPart, key: &str) -> bool {
    checksum.key.strip_prefix(key).is_some_and(|ending| ending.starts_with('.'))
}

fn not_listed(checksum: &str, name: &str) -> ArchiveError {
    ArchiveError::corrupt(format!("{checksum} has no line for {name}, which it should be about"))
        .with_hint("it was written before the backup was whole, or is of another: write it again")
}

fn parent(key: &str) -> &str {
    key.rsplit_once('/').map_or("", |(path, _)| path)
}

/// The key relative to a directory that it lies in.
fn below<'k>(directory: &str, key: &'k str) -> &'k str {
    key.strip_prefix(directory).map_or(key, |rest| rest.trim_start_matches('/'))
}

/// A source whose parts end in an error where their bytes are not those of the checksum.
#[derive(Debug)]
struct CheckedSource {
    inner: Arc<dyn BackupSource>,
    digests: HashMap<String, Digest>,
    by: String,
}

impl fmt::Display for CheckedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl BackupSource for CheckedSource {
    fn list(&self) -> BoxStream<'static, Result<Backup, SourceError>> {
        self.inner.list()
    }

    async fn open(
        &self,
        part: &BackupPart,
        range: Option<Range<u64>>,
    ) -> Result<ByteStream, SourceError> {
        let whole = range.as_ref().is_none_or(|range| *range == (0..part.size));
        let stream = self.inner.open(part, range).await?;
        Ok(match self.digests.get(&part.key) {
            Some(expected) if whole => {
                compared(stream, *expected, format!("{} and {}", part.key, self.by))
            }
            _ => stream,
        })
    }
}

/// The same stream, which ends in an error where its bytes have another digest.
fn compared(stream: ByteStream, expected: Digest, what: String) -> ByteStream {
    let state = (stream, Some(Sha256::new()), expected, what);
    futures::stream::unfold(state, |(mut stream, hasher, expected, what)| async move {
        let mut hasher = hasher?;
        match stream.next().await {
            Some(Ok(chunk)) => {
                hasher.update(&chunk);
                Some((Ok(chunk), (stream, Some(hasher), expected, what)))
            }
            Some(Err(error)) => Some((Err(error), (stream, None, expected, what))),
            None => {
                let found: Digest = hasher.finalize().into();
                let other = (found != expected).then(|| Err(differs(&what).into_io()))?;
                Some((other, (stream, None, expected, what)))
            }
        }
    })
    .boxed()
}

fn differs(what: &str) -> ArchiveError {
    ArchiveError::corrupt(format!(
        "the bytes are not those that were backed up: the SHA-256 of {what} differ"
    ))
    .with_hint(
        "take the backup again, and check how it is stored and transferred; a checksum that is \
         left from an older backup of the same name looks the same",
    )
}

#[cfg(test)]
mod tests;
