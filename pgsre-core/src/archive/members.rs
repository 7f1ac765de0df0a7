//! The files that a directory or a tar must hold, by its table of contents: each once, and no
//! others (`pg_backup_directory.c`, `pg_backup_tar.c`).

use std::collections::BTreeMap;
use std::io::BufRead;

use super::ArchiveError;
use super::data::Codec;
use super::plain::display;
use super::script::{DataEntry, DataKind};
use super::toc::{ArchiveVersion, DataPlace, Header, Toc};

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
pub(super) mod fixture;
mod large_objects;

pub(super) use large_objects::LargeObjects;

/// The table of contents itself.
pub(super) const TOC: &str = "toc.dat";

/// From this version on there is a list for each group of large objects.
const LISTS_BY_GROUP: ArchiveVersion = ArchiveVersion { major: 1, minor: 16, revision: 0 };

/// How many names a message has at most.
const NAMED: usize = 3;

/// What a file is to an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Role {
    /// The data of a table: its place among the entries with data.
    Table(usize),
    /// The list of the large objects of an entry: its place among the entries with data.
    List(usize),
    LargeObject(u32),
}

/// The files that the entries with data name.
#[derive(Debug)]
pub(super) struct Members {
    by_name: BTreeMap<String, Role>,
}

impl Members {
    pub(super) fn of(header: &Header, data: &[DataEntry]) -> Result<Self, ArchiveError> {
        let mut by_name = BTreeMap::new();
        for (at, entry) in data.iter().enumerate() {
            let (name, role) = match (&entry.kind, &entry.place) {
                (DataKind::LargeObjects { .. }, _) => (list_of(header, entry), Role::List(at)),
                (_, DataPlace::File(name)) => (name.clone(), Role::Table(at)),
                _ => {
                    return Err(ArchiveError::corrupt(format!(
                        "the table of contents says that there is {}, and not in which file",
                        of_entry(entry)
                    )));
                }
            };
            if by_name.insert(name.clone(), role).is_some() {
                let message = format!("the table of contents names {name} for two entries");
                return Err(ArchiveError::corrupt(message));
            }
        }
        Ok(Self { by_name })
    }

    /// What a file of this name is, and how its name says that it is compressed.
    pub(super) fn role(&self, name: &str) -> Option<(Role, Codec)> {
        let (stem, codec) = split_codec(name);
        let role = self.by_name.get(stem).copied();
        role.or_else(|| oid_of(stem).map(Role::LargeObject)).map(|role| (role, codec))
    }

    /// The names, as they are without a compression.
    pub(super) fn names(&self) -> impl Iterator<Item = (&str, Role)> {
        self.by_name.iter().map(|(name, role)| (name.as_str(), *role))
    }
}

/// The list of the large objects of an entry: not always the name that the entry itself has for it
/// (`_LoadLOs` in `pg_backup_directory.c`, `_StartLOs` in `pg_backup_tar.c`).
fn list_of(header: &Header, entry: &DataEntry) -> String {
    if header.version < LISTS_BY_GROUP {
        "blobs.toc".to_owned()
    } else {
        format!("blobs_{}.toc", entry.dump_id)
    }
}

/// The compression of a large object's file of this many bytes: of an empty one `pg_dump` writes no
/// frame at all with lz4 and zstd, but a stream of nothing with gzip (`compress_lz4.c`,
/// `compress_zstd.c`).
pub(super) fn codec_of_large_object(codec: Codec, size: u64) -> Codec {
    if size == 0 && codec != Codec::Gzip { Codec::None } else { codec }
}

/// Without the ending under which `pg_dump` stores what it has compressed.
pub(super) fn split_codec(name: &str) -> (&str, Codec) {
    let endings = [(".gz", Codec::Gzip), (".lz4", Codec::Lz4), (".zst", Codec::Zstd)];
    let compressed =
        endings.iter().find_map(|(ending, codec)| Some((name.strip_suffix(ending)?, *codec)));
    compressed.unwrap_or((name, Codec::None))
}

pub(super) fn large_object_file(oid: u32) -> String {
    format!("blob_{oid}.dat")
}

fn oid_of(stem: &str) -> Option<u32> {
    let oid = stem.strip_prefix("blob_")?.strip_suffix(".dat")?.parse().ok()?;
    // Not `blob_01.dat`, nor `blob_+1.dat`.
    (large_object_file(oid) == stem).then_some(oid)
}

/// An entry, for people.
pub(super) fn of_entry(entry: &DataEntry) -> String {
    match &entry.kind {
        DataKind::Copy(start) => format!("the data of table {}", display(&start.table)),
        DataKind::Insert(inserts) => format!("the data of table {}", display(&inserts.table)),
        DataKind::LargeObjects { .. } => "the list of the large objects".to_owned(),
    }
}

/// What a file is, for people.
pub(super) fn of_role(role: Role, data: &[DataEntry]) -> String {
    match role {
        Role::Table(at) | Role::List(at) => data.get(at).map_or_else(String::new, of_entry),
        Role::LargeObject(oid) => format!("large object {oid}"),
    }
}

/// Files that should be there and are not: `3 of its 12 files are missing`, and the first of them.
pub(super) fn missing(what: &str, mut names: Vec<String>, of: usize) -> ArchiveError {
    names.sort();
    let count = names.len();
    names.truncate(NAMED);
    let more = if count > NAMED { format!(" and {} more", count - NAMED) } else { String::new() };
    ArchiveError::truncated(format!(
        "{count} of the {of} files of the {what} are missing: {}{more}",
        names.join(", ")
    ))
}

/// A file that the table of contents does not name.
pub(super) fn unknown(name: &str) -> ArchiveError {
    ArchiveError::corrupt(format!("{name} is not in the table of contents"))
        .with_hint("files of two dumps seem to be mixed: write each dump to a place of its own")
}

/// Reads a table of contents that is a file of its own.
pub(super) fn read_toc(
    input: &mut dyn BufRead,
    options: &super::ReadOptions,
) -> Result<Toc, ArchiveError> {
    let mut input = input;
    let toc = Toc::read(&mut input, options).map_err(|error| error.within(TOC))?;
    let mut behind = [0];
    match input.read(&mut behind) {
        Ok(0) => Ok(toc),
        Ok(_) => Err(ArchiveError::corrupt("bytes stand behind the end of toc.dat")),
        Err(error) => Err(ArchiveError::from_io(error)),
    }
}
