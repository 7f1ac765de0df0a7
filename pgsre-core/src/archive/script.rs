//! From a table of contents to the statements that `pg_restore --create` would run, in its order
//! (`RestoreArchive` and `_printTocEntry` in `pg_backup_archiver.c`).

use super::preamble::CreatesDatabase;
use super::toc::{Header, Toc};
use super::{ArchiveError, ArchiveItem, DumpScope, Preamble, ReadOptions};
use crate::backup::{BackupFormat, Compression};

mod data;

pub(super) use data::{DataEntry, DataKind, Inserts};

/// What to run, in two parts around the data, and the data that must come.
///
/// To be taken in the order [`before_data`](Self::before_data), the data in whatever order it lies
/// in the archive, [`after_data`](Self::after_data).
#[derive(Clone, Debug)]
pub(super) struct Script {
    toc: Toc,
    creates_database: Option<CreatesDatabase>,
    client_encoding: Option<String>,
    data: Vec<DataEntry>,
}

impl Script {
    /// What the table of contents says to do.
    ///
    /// # Errors
    /// What no sound archive says.
    pub(super) fn of(toc: Toc, _options: &ReadOptions) -> Result<Self, ArchiveError> {
        Ok(Self { toc, creates_database: None, client_encoding: None, data: Vec::new() })
    }

    /// The archive's header.
    pub(super) fn header(&self) -> &Header {
        &self.toc.header
    }

    /// What is said about the whole; the caller knows where the data lies.
    pub(super) fn preamble(&self, format: BackupFormat, compression: Compression) -> Preamble {
        Preamble {
            format,
            compression,
            scope: DumpScope::Database,
            server_version: self.toc.header.server_version.clone(),
            dumped_by: self.toc.header.dumped_by.clone(),
            client_encoding: self.client_encoding.clone(),
            creates_database: self.creates_database.clone(),
            // The header's time has no zone.
            started_on: None,
        }
    }

    /// Settings, `CREATE DATABASE`, the connection to it, everything before the data; behind that
    /// the statements of [`Section::PostData`](super::Section::PostData), to be held until their
    /// data is in.
    ///
    /// # Errors
    /// Statements are split one by one: what is wrong with one is said in its place.
    pub(super) fn before_data(&self) -> impl Iterator<Item = Result<ArchiveItem, ArchiveError>> {
        std::iter::empty()
    }

    /// The entries that have data, in the order of the table of contents.
    pub(super) fn data(&self) -> &[DataEntry] {
        &self.data
    }

    /// What stands among the data without being data (values of sequences, statistics), then the
    /// privileges, then what needs them (refreshes of materialized views, event triggers).
    ///
    /// # Errors
    /// As [`before_data`](Self::before_data).
    pub(super) fn after_data(&self) -> impl Iterator<Item = Result<ArchiveItem, ArchiveError>> {
        std::iter::empty()
    }
}
