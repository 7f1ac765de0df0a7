//! The header and the table of contents of an archive: custom format, a directory's or a tar's
//! `toc.dat` (`ReadHead` and `ReadToc` in `pg_backup_archiver.c`).

use super::Section;
use crate::backup::Compression;

/// What an archive says about itself and about each of its entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Toc {
    pub(super) header: Header,
    pub(super) entries: Vec<Entry>,
}

/// The header, up to the number of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) version: ArchiveVersion,
    pub(super) layout: Layout,
    /// Bytes of an integer without its sign byte, 1 to 8.
    pub(super) int_size: u8,
    /// Bytes of an offset without its flag byte, 1 to 8.
    pub(super) offset_size: u8,
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
