//! The entries that have data.

use std::collections::HashSet;

use super::items::line;
use super::name::quoted;
use super::plan::Step;
use super::{Script, large_object, session};
use crate::archive::cursor::Cursor;
use crate::archive::toc::{ArchiveVersion, DataPlace, Entry};
use crate::archive::{
    ArchiveError, ArchiveErrorKind, CopyStart, Dependencies, EntryComment, ObjectName, Section,
    Statement, StatementKind,
};

/// Says, from 15.3, 14.8, … on, that a partition's data goes through its root.
const PARTITION_ROOT: &[u8] = b"-- load via partition root ";

/// An entry with data.
#[derive(Clone, Debug)]
pub(in crate::archive) struct DataEntry {
    pub(in crate::archive) dump_id: i32,
    /// The place of the entry: see [`Statement::line`].
    pub(in crate::archive) line: u64,
    pub(in crate::archive) place: DataPlace,
    pub(in crate::archive) entry: EntryComment,
    pub(in crate::archive) dependencies: Dependencies,
    pub(in crate::archive) kind: DataKind,
}

/// What data an entry has.
#[derive(Clone, Debug)]
pub(in crate::archive) enum DataKind {
    /// A table's, for this `COPY`: text up to its `\.`.
    Copy(CopyStart),
    /// A table's, in `INSERT` statements.
    Insert(Inserts),
    /// Large objects, each made by an earlier statement.
    LargeObjects {
        /// Those that must be in the data and no others, each once, in ascending order; `None`
        /// where the archive does not say (`--section=data` before 17).
        oids: Option<Vec<u32>>,
    },
}

/// How a table's `INSERT` statements are to be read.
#[derive(Clone, Debug)]
pub(in crate::archive) struct Inserts {
    /// The table, or the partition root that the archive says it is loaded through; before
    /// 15.3, 14.8, … it does not say so. Before 10.3 the statements name no schema.
    pub(in crate::archive) table: ObjectName,
    /// To be handed out in front, where the statements name no schema.
    pub(in crate::archive) search_path: Option<Box<Statement>>,
    /// `'…'` takes no backslash escapes.
    pub(in crate::archive) standard_conforming_strings: bool,
    /// As the archive writes it.
    pub(in crate::archive) client_encoding: String,
}

impl Script {
    /// The entries that have data, in the order of the table of contents.
    pub(super) fn read_data(&self) -> Result<Vec<DataEntry>, ArchiveError> {
        self.groups_are_claimed_once()?;
        let entries = self.toc.entries.iter().enumerate();
        let with_data = entries.filter(|(_, entry)| entry.had_dumper);
        with_data
            .map(|(place, entry)| self.data_entry(place, entry).map_err(|e| self.at(place, e)))
            .collect()
    }

    fn data_entry(&self, place: usize, entry: &Entry) -> Result<DataEntry, ArchiveError> {
        // A comment on the way of loading is all that stands here.
        if !self.definitions.split(&entry.definition)?.is_empty() {
            return Err(ArchiveError::corrupt("an entry has data and a definition"));
        }
        let kind = match entry.description.as_str() {
            "TABLE DATA" if entry.copy_statement.is_empty() => {
                DataKind::Insert(self.inserts(place, entry)?)
            }
            "TABLE DATA" => DataKind::Copy(self.copy(place, entry)?),
            "BLOBS" => DataKind::LargeObjects { oids: self.large_objects(entry)? },
            other => return Err(unknown_data(other)),
        };
        Ok(DataEntry {
            dump_id: entry.dump_id,
            line: line(place),
            place: entry.data.clone(),
            entry: entry.comment(),
            dependencies: entry.needs(),
            kind,
        })
    }

    fn copy(&self, place: usize, entry: &Entry) -> Result<CopyStart, ArchiveError> {
        let statement = match entry.namespace.as_deref() {
            Some(schema) if self.settings.by_schema() && !schema.is_empty() => {
                in_schema(&entry.copy_statement, schema)?
            }
            _ => entry.copy_statement.clone(),
        };
        let statements = self.definitions.split(&statement)?;
        let Ok([(sql, StatementKind::CopyIn(head))]) = <[_; 1]>::try_from(statements) else {
            return Err(ArchiveError::corrupt("the entry's data is not for a COPY FROM stdin"));
        };
        let table = head.table.ok_or_else(|| ArchiveError::corrupt("a COPY names no table"))?;
        Ok(CopyStart {
            sql,
            line: line(place),
            table,
            columns: head.columns,
            entry: Some(entry.comment()),
            dependencies: Some(entry.needs()),
        })
    }

    fn inserts(&self, place: usize, entry: &Entry) -> Result<Inserts, ArchiveError> {
        let own = ObjectName {
            schema: entry.comment().schema,
            name: String::from_utf8_lossy(&entry.tag).into_owned(),
        };
        let root = entry.definition.strip_prefix(PARTITION_ROOT);
        let root =
            root.and_then(|name| Cursor::new(name, self.definitions.dialect()).object_name());
        Ok(Inserts {
            table: root.unwrap_or(own),
            search_path: self.search_path(place, entry)?.map(Box::new),
            standard_conforming_strings: self.settings.standard_conforming_strings,
            client_encoding: self.settings.client_encoding.clone(),
        })
    }

    fn search_path(&self, place: usize, entry: &Entry) -> Result<Option<Statement>, ArchiveError> {
        let schema = entry.namespace.as_deref().filter(|_| self.settings.by_schema());
        let Some(schema) = schema.filter(|schema| !schema.is_empty()) else { return Ok(None) };
        let statements = self.definitions.split(&session::search_path(schema))?;
        let step = Step { place, section: Section::Data };
        statements.into_iter().next().map(|(sql, kind)| self.statement(sql, kind, step)).transpose()
    }

    /// The large objects whose data the entry must have.
    fn large_objects(&self, entry: &Entry) -> Result<Option<Vec<u32>>, ArchiveError> {
        let mut oids = if self.toc.header.version >= ArchiveVersion::V1_16 {
            self.of_group(entry)?
        } else {
            self.of_archive()?
        };
        oids.sort_unstable();
        if let Some(twice) = oids.windows(2).find(|pair| pair[0] == pair[1]) {
            let message = format!("the large object {} is announced twice", twice[0]);
            return Err(ArchiveError::corrupt(message));
        }
        Ok(Some(oids).filter(|oids| !oids.is_empty()))
    }

    /// From 17 on an entry's data is that of the large objects that it depends on.
    fn of_group(&self, entry: &Entry) -> Result<Vec<u32>, ArchiveError> {
        let oids = self.groups(entry).map(large_object::listed).collect::<Result<Vec<_>, _>>();
        Ok(oids?.concat())
    }

    fn groups<'a>(&'a self, entry: &'a Entry) -> impl Iterator<Item = &'a Entry> {
        let needed = entry.dependencies.iter().filter_map(|id| self.entry_of(*id));
        needed.filter(|entry| entry.description == "BLOB METADATA")
    }

    /// A large object's data comes once. A short table of contents could say otherwise of millions.
    fn groups_are_claimed_once(&self) -> Result<(), ArchiveError> {
        let mut claimed = HashSet::new();
        let data = self.toc.entries.iter().enumerate().filter(|(_, e)| e.description == "BLOBS");
        for (place, entry) in data {
            if !self.groups(entry).all(|group| claimed.insert(group.dump_id)) {
                let error = ArchiveError::corrupt("data of large objects is announced twice");
                return Err(self.at(place, error));
            }
        }
        Ok(())
    }

    /// Before 17 there is one such entry, for all of them.
    fn of_archive(&self) -> Result<Vec<u32>, ArchiveError> {
        let of_type = |wanted| self.toc.entries.iter().filter(move |e| e.description == wanted);
        if of_type("BLOBS").count() > 1 {
            return Err(ArchiveError::corrupt("large objects have data in more than one entry"));
        }
        of_type("BLOB").map(large_object::named).collect()
    }
}

/// `COPY name …` of an archive before 10.3, with its schema.
fn in_schema(statement: &[u8], schema: &[u8]) -> Result<Vec<u8>, ArchiveError> {
    let rest = statement.strip_prefix(b"COPY ").ok_or_else(|| {
        ArchiveError::corrupt("the entry's data is not for a COPY that pg_dump writes")
    })?;
    Ok([b"COPY ".as_slice(), &quoted(schema), b".", rest].concat())
}

fn unknown_data(description: &str) -> ArchiveError {
    ArchiveError::new(
        ArchiveErrorKind::Unsupported,
        format!("data of the type {description} is not read by this version"),
    )
}
