//! The entries that have data.

use crate::archive::toc::DataPlace;
use crate::archive::{CopyStart, Dependencies, EntryComment, ObjectName, Statement};

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
    /// 15.3, 14.8, … it does not say so. Without a schema where the statements have none.
    pub(in crate::archive) table: ObjectName,
    /// To be handed out in front: before 10.3 the statements name no schema.
    pub(in crate::archive) search_path: Option<Box<Statement>>,
    /// `'…'` takes no backslash escapes.
    pub(in crate::archive) standard_conforming_strings: bool,
    /// As the archive writes it.
    pub(in crate::archive) client_encoding: String,
}
