//! From a table of contents to the statements that `pg_restore --create` would run, in its order
//! (`RestoreArchive` and `_printTocEntry` in `pg_backup_archiver.c`).

use super::toc::{DataPlace, Toc};
use super::{
    ArchiveError, ArchiveErrorKind, ArchiveItem, CopyStart, Dependencies, DumpScope, EntryComment,
    Preamble, ReadOptions,
};
use crate::backup::{BackupFormat, Compression};

/// What to run, in three parts around the data, and the data that must come.
///
/// Taken apart in the order of its fields: all of [`before_data`](Self::before_data), the data in
/// whatever order it lies in the archive, all of [`after_data`](Self::after_data).
#[derive(Clone, Debug)]
pub(super) struct Script {
    /// As far as the table of contents knows it; see [`preamble`](Self::preamble).
    preamble: Preamble,
    /// Settings, `CREATE DATABASE`, the connection to it, everything before the data; behind that
    /// the statements of [`Section::PostData`](super::Section::PostData), to be held until their data is in.
    pub(super) before_data: Vec<ArchiveItem>,
    /// The entries that have data, in the order of the table of contents.
    pub(super) data: Vec<DataEntry>,
    /// What stands among the data without being data (values of sequences, statistics), then the
    /// privileges, then what needs them (refreshes of materialized views, event triggers).
    pub(super) after_data: Vec<ArchiveItem>,
}

/// An entry with data.
#[derive(Clone, Debug)]
pub(super) struct DataEntry {
    pub(super) dump_id: i32,
    /// The place of the entry: see [`Statement::line`](super::Statement::line).
    pub(super) line: u64,
    pub(super) place: DataPlace,
    pub(super) entry: EntryComment,
    pub(super) dependencies: Dependencies,
    pub(super) kind: DataKind,
}

/// What data an entry has.
#[derive(Clone, Debug)]
pub(super) enum DataKind {
    /// A table's, for this `COPY`: text up to its `\.`.
    Copy(CopyStart),
    /// A table's, in `INSERT` statements.
    Insert {
        /// `standard_conforming_strings` is on: `'…'` takes no backslash escapes.
        standard_conforming_strings: bool,
        /// The client encoding, as the archive writes it.
        client_encoding: Option<String>,
    },
    /// Large objects, each made by an earlier statement.
    LargeObjects {
        /// Those that must be in the data and no others, each once, in ascending order.
        oids: Vec<u32>,
    },
}

impl Script {
    /// What the table of contents says to do.
    ///
    /// # Errors
    /// A statement that must not be sent to a server, and what no sound archive says.
    pub(super) fn of(_toc: &Toc, _options: &ReadOptions) -> Result<Self, ArchiveError> {
        Err(ArchiveError::new(ArchiveErrorKind::Unsupported, "archives are not read yet"))
    }

    /// What is said about the whole; the caller knows where the data lies.
    pub(super) fn preamble(&self, format: BackupFormat, compression: Compression) -> Preamble {
        Preamble { format, compression, scope: DumpScope::Database, ..self.preamble.clone() }
    }
}
