//! Reading a backup strictly: the bytes of a source become the things to do that restore it.
//!
//! [`ArchiveReader`] decompresses, splits and checks while it streams: whatever the size of the
//! backup, memory stays bounded. It ends either in [`ArchiveItem::End`], after everything that the
//! format promises was seen, or in an [`ArchiveError`] that says what is wrong and where.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

mod apart;
mod checksum;
mod classify;
mod cursor;
mod custom;
mod data;
mod declare;
mod decompress;
mod directory;
mod error;
mod lexer;
mod members;
mod plain;
mod policy;
mod preamble;
mod reader;
#[cfg(test)]
mod real_dumps;
mod roles;
mod script;
mod sniff;
mod subject;
mod table_data;
mod tar;
mod toc;

pub use checksum::ExpectedBytes;
pub use classify::{
    CopyDirection, CopyEndpoint, CopyFormat, CopyHead, Forbidden, Provenance, SqlDialect, classify,
    parse_copy, rows_of_insert,
};
pub use declare::declarations;
pub use error::{ArchiveError, ArchiveErrorKind};
pub use preamble::{CreatesDatabase, DumpScope, Preamble};
pub use reader::{ArchiveReader, peek};
pub use roles::roles_mentioned;
pub(crate) use subject::Subject;
#[cfg(test)]
pub(crate) use table_data::{DataItems, OpensData};
pub use table_data::{DataReader, TableData};

/// How strictly to read.
#[derive(Clone, Debug)]
pub struct ReadOptions {
    /// Accept SQL text without the header and trailer that `pg_dump` writes. What cannot be proved
    /// then is said in [`ArchiveSummary::unproved`].
    pub allow_untrailed: bool,
    /// The longest single statement, in bytes. A longer one is
    /// [`ArchiveErrorKind::Unsupported`]: statements are held in memory, COPY data is not.
    /// Default 32 MiB.
    pub max_statement_bytes: usize,
    /// Hand out the data of each table as an [`ArchiveItem::TableData`], to be read by itself and
    /// beside others, where the format and the source allow it. Elsewhere, and by default, data
    /// comes in line.
    pub data_apart: bool,
    /// What a manifest says of the backup's bytes: what is read must be that, exactly as with a
    /// SHA-256 beside the backup.
    pub expected: Option<ExpectedBytes>,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self {
            allow_untrailed: false,
            max_statement_bytes: 32 << 20,
            data_apart: false,
            expected: None,
        }
    }
}

/// One thing to do, in the order of the archive.
#[derive(Clone, Debug)]
pub enum ArchiveItem {
    /// A statement, without its final semicolon.
    Statement(Statement),
    /// `COPY … FROM stdin`: data follows.
    CopyStart(CopyStart),
    /// A piece of COPY data, not aligned to rows; the `\.` line is never part of it.
    CopyData(Bytes),
    /// The data's `\.` line was seen.
    CopyEnd(CopyEnd),
    /// An entry for a table's data that holds none: the table is empty, in a dump that has its data
    /// in `INSERT`.
    EmptyData(EntryComment),
    /// A table's data, to be read by itself: only with [`ReadOptions::data_apart`]. What follows it
    /// is handed out without waiting for it, but [`End`](Self::End) waits until all of them were
    /// read to their ends.
    TableData(TableData),
    /// A large object, made by an earlier statement: its data follows.
    LargeObjectStart(LargeObjectStart),
    /// A piece of a large object's data.
    LargeObjectData(Bytes),
    /// The large object's data is whole.
    LargeObjectEnd(LargeObjectEnd),
    /// `\connect`: what follows belongs to another database.
    Connect(Connect),
    /// Everything that the format promises was seen. Always the last item, never left out.
    End(ArchiveSummary),
}

/// One SQL statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    /// The text in the dump's client encoding, without the final semicolon and without leading
    /// blanks and comments.
    pub sql: Bytes,
    /// The line of its first token, from 1; in an archive with a table of contents the place of its
    /// entry there, from 1, in the order of `pg_restore -l`.
    pub line: u64,
    /// What kind of statement it is.
    pub kind: StatementKind,
    /// The `-- Name: …; Type: …` comment that the statement stands under, or what the table of
    /// contents says in its place.
    pub entry: Option<EntryComment>,
    /// When it is to run. A statement of [`Section::PostData`] may be handed out before the data
    /// that it needs.
    pub section: Section,
    /// What the table of contents says it needs; `None` where there is none.
    pub dependencies: Option<Dependencies>,
}

/// When a statement is to run: `--section` of `pg_dump`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Section {
    /// In order, in front of everything that is handed out after it.
    #[default]
    PreData,
    /// Among the data: in order, after the data that was handed out before it.
    Data,
    /// After the data of the tables that it is about, and after the statements that it needs.
    PostData,
}

impl Section {
    /// The section of an entry of this type, as `pg_dump` sorts them (`pg_dump.c`); pre-data where
    /// it is not known.
    pub(crate) fn of_entry(kind: &str) -> Self {
        match kind {
            "TABLE DATA" | "SEQUENCE SET" | "BLOB" | "BLOBS" | "BLOB METADATA" => Self::Data,
            "INDEX"
            | "INDEX ATTACH"
            | "CONSTRAINT"
            | "CHECK CONSTRAINT"
            | "FK CONSTRAINT"
            | "STATISTICS"
            | "RULE"
            | "TRIGGER"
            | "EVENT TRIGGER"
            | "POLICY"
            | "ROW SECURITY"
            | "PUBLICATION"
            | "PUBLICATION TABLE"
            | "PUBLICATION TABLES IN SCHEMA"
            | "SUBSCRIPTION"
            | "SUBSCRIPTION TABLE"
            | "MATERIALIZED VIEW DATA" => Self::PostData,
            _ => Self::PreData,
        }
    }
}

/// An entry of a table of contents, and the entries that must come before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dependencies {
    /// The entry's dump ID.
    pub id: i32,
    /// The dump IDs of the entries that it needs, as written; the data of a needed table is needed
    /// too.
    pub needs: Arc<[i32]>,
}

/// What a loader must know of a statement without parsing it again.
///
/// A name in here that is not UTF-8 as written is for people only: convert the statement to UTF-8
/// and [`classify`] it again to have it exactly.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StatementKind {
    /// `SET client_encoding = 'LATIN1'`: how the bytes that follow are encoded.
    SetClientEncoding(String),
    /// `SET name = value` and `RESET name`, other than the client encoding. `SET ROLE` and `SET
    /// SESSION AUTHORIZATION` are the parameters `role` and `session_authorization`.
    Set {
        /// The parameter, in lower case.
        name: String,
        /// The value without quotes, as written otherwise; `None` for `DEFAULT` and `RESET`.
        value: Option<String>,
    },
    /// `SELECT pg_catalog.set_config(…)`.
    SetConfig {
        /// The parameter, in lower case.
        name: String,
        /// The value.
        value: String,
    },
    /// `SELECT pg_catalog.setval(…)`.
    SetSequence {
        /// The sequence.
        sequence: ObjectName,
        /// The value set.
        value: i64,
        /// Whether `nextval` moves on before it answers.
        is_called: bool,
    },
    /// `SELECT pg_catalog.lo_create(…)` and its like.
    LargeObject(LargeObjectCall),
    /// `SELECT pg_catalog.pg_restore_relation_stats(…)` and its like (18).
    Statistics,
    /// `COPY … FROM stdin`: data follows.
    CopyIn(CopyHead),
    /// `INSERT INTO`: may be sent several at a time.
    Insert {
        /// The table.
        table: ObjectName,
        /// How many rows its `VALUES` list; `None` where that is not what it inserts.
        rows: Option<u64>,
    },
    /// `BEGIN` or `START TRANSACTION`.
    Begin,
    /// `COMMIT` or `END`.
    Commit,
    /// `ROLLBACK`, `SAVEPOINT` and their like: never by `pg_dump`.
    TransactionControl,
    /// `CREATE EXTENSION`: its name.
    CreateExtension(String),
    /// `CREATE SCHEMA`: its name.
    CreateSchema(String),
    /// `CREATE EVENT TRIGGER`: its name.
    CreateEventTrigger(String),
    /// `CREATE DATABASE`, `ALTER DATABASE`, `DROP DATABASE`, `COMMENT ON DATABASE`, `GRANT … ON
    /// DATABASE`, `SECURITY LABEL … ON DATABASE`, the update of `pg_database`: about a database as
    /// a whole, so not to be sent to a server that is not ours.
    Database {
        /// Which of them, for example `CREATE DATABASE`.
        verb: &'static str,
        /// The database's name; the first, where there are several.
        name: String,
    },
    /// `CREATE ROLE`, `ALTER ROLE`, `DROP ROLE`, grants of roles and parameters, tablespaces: about
    /// a cluster as a whole.
    Global {
        /// Which of them, for example `CREATE ROLE`.
        verb: &'static str,
        /// The role's, parameter's or tablespace's name; the first, where there are several.
        name: String,
    },
    /// `CREATE SUBSCRIPTION`, `ALTER SUBSCRIPTION`: would reach out to a publisher.
    Subscription {
        /// Which of them, for example `CREATE SUBSCRIPTION`.
        verb: &'static str,
        /// The subscription's name.
        name: String,
    },
    /// `ALTER … OWNER TO`: the new owner. `None` for `CURRENT_USER` and its like.
    Owner(Option<String>),
    /// `GRANT … ON …`, `REVOKE … ON …` an object of a database; see [`roles_mentioned`].
    Grant,
    /// `ALTER DEFAULT PRIVILEGES`; see [`roles_mentioned`].
    DefaultPrivileges,
    /// `DROP …` of a dump made with `--clean`.
    Drop,
    /// `REFRESH MATERIALIZED VIEW`.
    RefreshMaterializedView(ObjectName),
    /// Any other statement of an object definition; see [`declarations`].
    Definition,
    /// Anything else of hand-written SQL: `SELECT`, `UPDATE`, `DO`, `ANALYZE` …
    Other,
}

/// A call about a large object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LargeObjectCall {
    /// `lo_create`: a large object of this OID exists afterwards.
    Create(u32),
    /// `lo_open` of the large object with this OID.
    Open(u32),
    /// `lowrite`.
    Write,
    /// `lo_close`.
    Close,
    /// `lo_unlink`: removes the large object of this OID, if there is one.
    Unlink(u32),
}

/// The comment above each entry of a plain dump:
/// `-- Name: orders; Type: TABLE; Schema: public; Owner: shop`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct EntryComment {
    /// `Name`; for table data the table's.
    pub name: String,
    /// `Type`, for example `TABLE DATA` or `FK CONSTRAINT`.
    pub kind: String,
    /// `Schema`; `None` for `-`.
    pub schema: Option<String>,
    /// `Owner`; `None` for `-` or where there is none.
    pub owner: Option<String>,
}

/// A possibly schema-qualified name, unquoted.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ObjectName {
    /// The schema, where written.
    pub schema: Option<String>,
    /// The name.
    pub name: String,
}

/// `schema.name` as people read it, without quotes.
impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.schema {
            Some(schema) => write!(f, "{schema}.{}", self.name),
            None => f.write_str(&self.name),
        }
    }
}

/// `COPY table (columns) FROM stdin`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CopyStart {
    /// The statement as written, without its final semicolon, in the dump's client encoding.
    pub sql: Bytes,
    /// The line of its first token, from 1, or the place of its entry: see [`Statement::line`].
    pub line: u64,
    /// The table.
    pub table: ObjectName,
    /// The columns as written; empty where the dump names none.
    pub columns: Vec<String>,
    /// The comment it stands under.
    pub entry: Option<EntryComment>,
    /// What the table of contents says it needs; `None` where there is none.
    pub dependencies: Option<Dependencies>,
}

/// The beginning of a large object's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LargeObjectStart {
    /// The large object.
    pub oid: u32,
    /// The place of its entry: see [`Statement::line`].
    pub line: u64,
}

/// The end of a large object's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LargeObjectEnd {
    /// Bytes of data.
    pub bytes: u64,
}

/// The end of COPY data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyEnd {
    /// Lines of data, which for COPY text are rows.
    pub rows: u64,
    /// Bytes of data.
    pub bytes: u64,
}

/// `\connect`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connect {
    /// The database.
    pub database: String,
    /// The line, from 1.
    pub line: u64,
}

/// What was read, from the first byte to the last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ArchiveSummary {
    /// Bytes read from the source.
    pub bytes_read: u64,
    /// Bytes after decompression.
    pub bytes_unpacked: u64,
    /// Statements.
    pub statements: u64,
    /// COPY blocks.
    pub copies: u64,
    /// Rows in COPY blocks.
    pub copy_rows: u64,
    /// Large objects whose data came as such, not in statements.
    #[serde(default)]
    pub large_objects: u64,
    /// What could not be proved about the archive, in sentences; empty for a strict read.
    pub unproved: Vec<String>,
    /// The key of the object whose SHA-256 all bytes were compared with: they are those that were
    /// backed up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checksum: Option<String>,
    /// Why flipped bits in the data cannot be seen, and what to do: nothing that was read carries a
    /// checksum of it. Says nothing against the backup.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unguarded: Option<String>,
}

/// What a statement of a dump says will exist after it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Declaration {
    /// `CREATE TABLE`, also partitioned, unlogged and foreign.
    Table {
        /// The table.
        name: ObjectName,
        /// Its columns as written; empty for a partition or a typed table that names none.
        columns: Vec<String>,
        /// Ordinary, partitioned or foreign.
        kind: TableKind,
    },
    /// `CREATE INDEX`.
    Index {
        /// The index; its schema is its table's.
        name: ObjectName,
        /// The table.
        table: ObjectName,
    },
    /// `ALTER TABLE … ADD CONSTRAINT`, and constraints named inside `CREATE TABLE`.
    Constraint {
        /// The table, or the domain.
        table: ObjectName,
        /// The constraint.
        name: String,
        /// Written `NOT VALID`: the source had not validated it either.
        not_valid: bool,
    },
    /// `CREATE SEQUENCE`, and identity columns (`ALTER TABLE … ADD GENERATED … (SEQUENCE NAME …)`).
    Sequence(ObjectName),
    /// `CREATE VIEW`.
    View(ObjectName),
    /// `CREATE MATERIALIZED VIEW`.
    MaterializedView(ObjectName),
    /// `CREATE FUNCTION`, `CREATE PROCEDURE`, `CREATE AGGREGATE`.
    Routine(ObjectName),
    /// `CREATE TRIGGER`.
    Trigger {
        /// The table.
        table: ObjectName,
        /// The trigger.
        name: String,
    },
    /// `CREATE TYPE`, `CREATE DOMAIN`.
    Type(ObjectName),
    /// `CREATE POLICY`.
    Policy {
        /// The table.
        table: ObjectName,
        /// The policy.
        name: String,
    },
    /// `CREATE RULE`.
    Rule {
        /// The table.
        table: ObjectName,
        /// The rule.
        name: String,
    },
    /// `CREATE EVENT TRIGGER`.
    EventTrigger(String),
    /// `CREATE EXTENSION`.
    Extension(String),
    /// `CREATE SCHEMA`.
    Schema(String),
    /// `CREATE PUBLICATION`.
    Publication(String),
    /// `CREATE STATISTICS`.
    Statistics(ObjectName),
}

/// How a table stores its rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum TableKind {
    /// It holds rows of its own.
    Ordinary,
    /// Its partitions hold the rows.
    Partitioned,
    /// Another server holds the rows; a dump has none of them.
    Foreign,
}
