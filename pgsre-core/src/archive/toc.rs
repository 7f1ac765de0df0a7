//! The header and the table of contents of an archive: custom format, a directory's or a tar's
//! `toc.dat` (`ReadHead` and `ReadToc` in `pg_backup_archiver.c`).

use std::io::Read;

use super::{ArchiveError, ReadOptions, Section};
use crate::backup::Compression;

#[cfg(test)]
mod encode;
mod entry;
mod header;
mod primitive;

pub(super) use primitive::Primitives;

/// What an archive says about itself and about each of its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toc {
    pub(super) header: Header,
    pub(super) entries: Vec<Entry>,
}

impl Toc {
    /// Reads the header and the table of contents, and not one byte more. It asks for a few
    /// bytes at a time: give it a buffered input.
    ///
    /// # Errors
    /// Whatever `pg_dump` does not write, also where `pg_restore` would make do with it.
    pub(super) fn read(input: &mut dyn Read, options: &ReadOptions) -> Result<Self, ArchiveError> {
        let header = Header::read(input)?;
        Self::behind(header, input, options)
    }

    /// Reads the entries that stand behind a header.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(super) fn behind(
        header: Header,
        input: &mut dyn Read,
        options: &ReadOptions,
    ) -> Result<Self, ArchiveError> {
        let entries = entry::read_all(input, &header, options)?;
        Ok(Self { header, entries })
    }
}

/// The header, up to the number of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: ArchiveVersion,
    pub(super) layout: Layout,
    /// How integers, strings and offsets are written, here and in the data of the custom format.
    pub(super) primitives: Primitives,
    /// How the data of tables is compressed.
    pub(super) compression: Compression,
    /// When the dump began: `YYYY-MM-DD HH:MM:SS` in the local time of the machine that took it,
    /// with no zone.
    pub(super) created: String,
    pub(super) database: Option<String>,
    /// As written, for example `15.18 (Debian 15.18-0+deb12u1)`.
    pub(super) server_version: Option<String>,
    /// As written.
    pub(super) dumped_by: Option<String>,
}

/// The format's version: 1.12 to 1.16.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ArchiveVersion {
    pub(super) major: u8,
    pub(super) minor: u8,
    pub(super) revision: u8,
}

/// Where the data lies: the header's format byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// 1: in the same file.
    Custom,
    /// 3: in files beside it; a directory's `toc.dat` says so too.
    Tar,
}

/// One entry, as written. Text is in the dump's client encoding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) dump_id: i32,
    /// Whether it has data.
    pub(super) had_dumper: bool,
    pub(super) table_oid: u32,
    pub(super) oid: u32,
    pub(super) tag: Vec<u8>,
    /// `TABLE`, `TABLE DATA`, `BLOBS` …
    pub(super) description: String,
    /// `None` for `SECTION_NONE`.
    pub(super) section: Option<Section>,
    pub(super) definition: Vec<u8>,
    pub(super) drop_statement: Vec<u8>,
    /// The `COPY … FROM stdin;` of table data; empty where the data is in `INSERT`.
    pub(super) copy_statement: Vec<u8>,
    pub(super) namespace: Option<Vec<u8>>,
    pub(super) tablespace: Option<Vec<u8>>,
    pub(super) table_access_method: Option<Vec<u8>>,
    /// From 1.16: `pg_class.relkind`, or 0.
    pub(super) relation_kind: u8,
    pub(super) owner: Option<Vec<u8>>,
    pub(super) dependencies: Vec<i32>,
    pub(super) data: DataPlace,
}

/// Where an entry's data lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DataPlace {
    /// It has none.
    None,
    /// Custom format, written to a pipe: it comes somewhere.
    Unknown,
    /// Custom format: at this byte of the file.
    Offset(u64),
    /// Directory and tar: in this file; never empty.
    File(String),
}

#[cfg(test)]
mod tests;
