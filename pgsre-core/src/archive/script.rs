//! From a table of contents to the statements that `pg_restore --create` would run, in its order
//! (`RestoreArchive` and `_printTocEntry` in `pg_backup_archiver.c`).

use std::collections::HashMap;

use super::plain::Definitions;
use super::toc::{Entry, Header, Toc};
use super::{
    ArchiveError, ArchiveItem, CreatesDatabase, DumpScope, Preamble, ReadOptions, StatementKind,
};
use crate::backup::{BackupFormat, Compression};

mod comment;
mod data;
mod items;
mod large_object;
mod name;
mod owner;
mod plan;
mod session;
mod settings;

pub(super) use data::{DataEntry, DataKind, Inserts};

use items::Items;
use plan::Plan;
use settings::Settings;

/// What to run, in two parts around the data, and the data that must come.
///
/// To be taken in the order [`before_data`](Self::before_data), the data in whatever order it lies
/// in the archive, [`after_data`](Self::after_data).
#[derive(Clone, Debug)]
pub(super) struct Script {
    toc: Toc,
    /// Places in the table of contents by dump ID.
    places: HashMap<i32, usize>,
    settings: Settings,
    definitions: Definitions,
    creates_database: Option<CreatesDatabase>,
    plan: Plan,
    data: Vec<DataEntry>,
}

impl Script {
    /// What the table of contents says to do.
    ///
    /// # Errors
    /// What no sound archive says.
    pub(super) fn of(toc: Toc, options: &ReadOptions) -> Result<Self, ArchiveError> {
        let settings = Settings::of(&toc, options)?;
        let definitions = settings.definitions(options);
        let places = toc.entries.iter().enumerate().map(|(place, entry)| (entry.dump_id, place));
        let mut script = Self {
            places: places.collect(),
            plan: Plan::of(&toc),
            toc,
            settings,
            definitions,
            creates_database: None,
            data: Vec::new(),
        };
        script.creates_database = script.read_database();
        script.data = script.read_data()?;
        Ok(script)
    }

    /// The archive's header.
    pub(super) fn header(&self) -> &Header {
        &self.toc.header
    }

    /// The entries of the table of contents, in its order.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.toc.entries
    }

    /// What is said about the whole; the caller knows where the data lies.
    pub(super) fn preamble(&self, format: BackupFormat, compression: Compression) -> Preamble {
        Preamble {
            format,
            compression,
            scope: DumpScope::Database,
            server_version: self.toc.header.server_version.clone(),
            dumped_by: self.toc.header.dumped_by.clone(),
            client_encoding: Some(self.settings.client_encoding.clone()),
            creates_database: self.creates_database.clone(),
            started_on: None,
            started_locally: self.toc.header.created.parse().ok(),
        }
    }

    /// Settings, `CREATE DATABASE`, the connection to it, everything before the data; behind that
    /// the statements of [`Section::PostData`](super::Section::PostData), to be held until their
    /// data is in.
    ///
    /// # Errors
    /// Statements are split one by one: what is wrong with one is said in its place.
    pub(super) fn before_data(&self) -> impl Iterator<Item = Result<ArchiveItem, ArchiveError>> {
        Items::opening(self, &self.plan.before)
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
        Items::new(self, &self.plan.after)
    }

    /// What `CREATE DATABASE` says. What is wrong with the entry is said when it is run.
    fn read_database(&self) -> Option<CreatesDatabase> {
        let entry = self.toc.entries.iter().find(|entry| entry.description == "DATABASE")?;
        let statements = self.definitions.split(&entry.definition).ok()?;
        let creates = |kind: &StatementKind| {
            matches!(kind, StatementKind::Database { verb: "CREATE DATABASE", .. })
        };
        let (sql, _) = statements.iter().find(|(_, kind)| creates(kind))?;
        CreatesDatabase::parse(sql, self.definitions.dialect())
    }

    /// The entry with this dump ID, where the archive has it.
    fn entry_of(&self, dump_id: i32) -> Option<&Entry> {
        self.places.get(&dump_id).map(|place| &self.toc.entries[*place])
    }
}

#[cfg(test)]
mod tests;
