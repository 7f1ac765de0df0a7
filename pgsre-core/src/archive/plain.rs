//! Plain dumps: SQL text becomes [`ArchiveItem`]s, and everything that the format promises is
//! demanded.

use std::collections::HashSet;

use bytes::Bytes;

use super::preamble::parse_started_on;
use super::{
    ArchiveError, ArchiveErrorKind, ArchiveItem, ArchiveSummary, Connect, CopyEnd, CopyHead,
    CopyStart, CreatesDatabase, DumpScope, EntryComment, ObjectName, Preamble, ReadOptions,
    Section, Statement, StatementKind, classify,
};
use crate::backup::Compression;

mod comment;
mod copy_data;
mod definition;
mod dialect;
mod inserts;
mod meta;
mod routine;
mod splitter;
mod structure;

pub(super) use definition::Definitions;

use comment::Comment;
pub(super) use copy_data::CopyScan;
use dialect::{Dialect, DoubleByte};
pub(super) use inserts::InsertParser;
use meta::MetaCommand;
use splitter::{Cut, Event, Splitter};
use structure::Structure;

/// Reads the text of a plain dump, given in chunks cut anywhere.
#[derive(Debug)]
pub(super) struct PlainParser {
    splitter: Splitter,
    structure: Structure,
    preamble: Preamble,
    preamble_complete: bool,
    summary: ArchiveSummary,
    entry: Option<EntryComment>,
    /// What the entry must hold, and has not held so far.
    awaits: Awaits,
    /// The first entry for a table's data that held none.
    bare: Option<EntryComment>,
    /// The table whose COPY data is being read.
    table: Option<ObjectName>,
    /// The data entries of this database so far, with the table that each fills.
    filled: HashSet<(EntryComment, ObjectName)>,
    /// There is data in `INSERT`.
    inserts: bool,
    first_chunk: bool,
}

/// What an entry must hold, and has not held so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Awaits {
    #[default]
    Nothing,
    /// A statement other than `SET`.
    Statement,
    /// The table's data.
    Data,
}

impl Awaits {
    /// What `pg_dump` writes under such a comment (`_printTocEntry`). It writes nothing for schemas
    /// that every database has. A sequence's lost value is not judged here: whether it harms shows
    /// in the restored database.
    fn of(entry: &EntryComment, data: bool) -> Self {
        match (entry.kind.as_str(), data) {
            ("TABLE DATA", true) => Self::Data,
            (_, true) | ("SCHEMA" | "SEQUENCE SET", _) => Self::Nothing,
            _ => Self::Statement,
        }
    }
}

impl PlainParser {
    pub(super) fn new(compression: Compression, options: &ReadOptions) -> Self {
        Self {
            splitter: Splitter::new(options.max_statement_bytes),
            structure: Structure::new(options.allow_untrailed),
            preamble: Preamble::unknown(compression),
            preamble_complete: false,
            summary: ArchiveSummary::default(),
            entry: None,
            awaits: Awaits::Nothing,
            bare: None,
            table: None,
            filled: HashSet::new(),
            inserts: false,
            first_chunk: true,
        }
    }

    /// Whether the text turned out to be a dump, or SQL where that is allowed.
    pub(super) fn is_recognised(&self) -> bool {
        self.structure.scope().is_some()
    }

    /// Whether COPY data comes next.
    pub(super) fn in_copy_data(&self) -> bool {
        self.splitter.in_copy_data()
    }

    /// Whether the preamble will not change any more.
    pub(super) fn preamble_is_complete(&self) -> bool {
        self.preamble_complete
    }

    pub(super) fn preamble(&self) -> Preamble {
        let scope = self.structure.scope().unwrap_or(DumpScope::Untrailed);
        Preamble { scope, ..self.preamble.clone() }
    }

    /// Reads a chunk; what it holds goes to `items`, also where an error follows.
    pub(super) fn feed(
        &mut self,
        chunk: Bytes,
        items: &mut Vec<ArchiveItem>,
    ) -> Result<(), ArchiveError> {
        self.summary.bytes_unpacked += chunk.len() as u64;
        let byte_order_mark =
            std::mem::take(&mut self.first_chunk) && chunk.starts_with(b"\xef\xbb\xbf");
        self.splitter.feed(if byte_order_mark { chunk.slice(3..) } else { chunk });
        while let Some(event) = self.splitter.next().map_err(|error| self.or_not_a_dump(error))? {
            items.extend(self.take(event)?);
        }
        Ok(())
    }

    /// Ends the text: the last item, after every promise of the format was kept.
    pub(super) fn finish(
        &mut self,
        bytes_read: u64,
        items: &mut Vec<ArchiveItem>,
    ) -> Result<(), ArchiveError> {
        match self.splitter.finish() {
            Ok(None) => {}
            Ok(Some(event)) => items.extend(self.take(event)?),
            Err(cut) => return Err(self.or_not_a_dump(self.cut_error(cut))),
        }
        self.structure.finish().map_err(|error| match &self.entry {
            Some(entry) => {
                error.within(&format!("the last entry is {} {}", entry.kind, entry.name))
            }
            None => error,
        })?;
        self.summary.bytes_read = bytes_read;
        self.summary.unproved = self.structure.unproved();
        items.push(ArchiveItem::End(self.summary.clone()));
        Ok(())
    }

    /// The error with the place in the dump where it struck.
    pub(super) fn explain(&self, error: ArchiveError) -> ArchiveError {
        if self.summary.bytes_unpacked == 0 {
            return error;
        }
        let line = self.splitter.here();
        match &self.table {
            Some(table) => error
                .within(&format!("inside the data of {}, line {line}", display(table)))
                .at_line(line),
            None => error.within(&format!("in line {line}")).at_line(line),
        }
    }

    fn take(&mut self, event: Event) -> Result<Option<ArchiveItem>, ArchiveError> {
        match event {
            Event::Comment { text, terminated } => self.comment(&text, terminated),
            Event::Statement { sql, line } => self.statement(sql, line).map(Some),
            Event::Meta { text, line } => self.meta(&text, line),
            Event::BehindCopy { line } => Err(ArchiveError::corrupt(format!(
                "text stands behind COPY … FROM stdin in line {line}, where data must begin"
            ))
            .at_line(line)),
            Event::Data(data) => Ok(Some(ArchiveItem::CopyData(data))),
            Event::DataEnd { rows, bytes } => {
                self.summary.copy_rows += rows;
                self.table = None;
                Ok(Some(ArchiveItem::CopyEnd(CopyEnd { rows, bytes })))
            }
        }
    }

    fn comment(
        &mut self,
        text: &[u8],
        terminated: bool,
    ) -> Result<Option<ArchiveItem>, ArchiveError> {
        let comment = Comment::parse(text);
        if !terminated && comment != Comment::Frame {
            // The beginning of a longer line, perhaps.
            return Ok(None);
        }
        self.structure.comment(&comment).map_err(|error| error.at_line(self.splitter.here()))?;
        match comment {
            Comment::DumpBegins | Comment::DumpComplete => {
                let item = self.end_entry()?;
                self.entry = None;
                self.filled.clear();
                return Ok(item);
            }
            Comment::DumpedFrom(version) => {
                self.preamble.server_version.get_or_insert(version);
            }
            Comment::DumpedBy(version) => {
                self.preamble.dumped_by.get_or_insert(version);
            }
            Comment::StartedOn(time) => {
                self.preamble.started_on =
                    self.preamble.started_on.or_else(|| parse_started_on(&time));
            }
            Comment::Entry(entry) => return self.begin_entry(entry, false),
            Comment::DataEntry(entry) => return self.begin_entry(entry, true),
            _ => {}
        }
        Ok(None)
    }

    fn begin_entry(
        &mut self,
        entry: EntryComment,
        data: bool,
    ) -> Result<Option<ArchiveItem>, ArchiveError> {
        let item = self.end_entry()?;
        let database = entry.kind.starts_with("DATABASE");
        self.preamble_complete |= match self.structure.scope() {
            Some(DumpScope::Cluster) => self.preamble.server_version.is_some(),
            Some(_) => !database,
            None => false,
        };
        self.awaits = Awaits::of(&entry, data);
        self.entry = Some(entry);
        Ok(item)
    }

    /// The present entry ends here: what it is of must have come.
    ///
    /// In a dump that has its data in COPY, every data entry holds one, be its table empty.
    fn end_entry(&mut self) -> Result<Option<ArchiveItem>, ArchiveError> {
        let awaits = std::mem::take(&mut self.awaits);
        let Some(entry) = &self.entry else { return Ok(None) };
        match awaits {
            Awaits::Nothing => Ok(None),
            Awaits::Statement => Err(ArchiveError::corrupt(format!(
                "the entry for {} {} holds no statement: a part of the dump is missing",
                entry.kind, entry.name
            ))
            .at_line(self.splitter.here())),
            Awaits::Data if self.summary.copies == 0 => {
                self.bare.get_or_insert_with(|| entry.clone());
                Ok(Some(ArchiveItem::EmptyData(entry.clone())))
            }
            Awaits::Data if self.inserts => Ok(None),
            Awaits::Data => Err(self.no_copy(entry)),
        }
    }

    fn no_copy(&self, entry: &EntryComment) -> ArchiveError {
        ArchiveError::corrupt(format!(
            "the entry for the data of table {} holds no COPY: a part of the dump is missing",
            entry.name
        ))
        .at_line(self.splitter.here())
    }

    fn statement(&mut self, sql: Bytes, line: u64) -> Result<ArchiveItem, ArchiveError> {
        self.structure.statement(&sql, line)?;
        let dialect = self.splitter.dialect.for_statement(self.structure.provenance());
        let kind = classify(&sql, dialect)
            .map_err(|forbidden| structure::forbidden(&forbidden.reason, line))?;
        self.splitter.dialect.follow(&kind);
        self.note_preamble(&sql, &kind);
        if let StatementKind::CopyIn(head) = kind {
            return self.copy(sql, line, head);
        }
        if let StatementKind::Insert { table, .. } = &kind {
            self.inserts = true;
            self.data_has_come(table, line)?;
        }
        if self.awaits == Awaits::Statement && !is_setting(&kind) {
            self.awaits = Awaits::Nothing;
        }
        self.summary.statements += 1;
        let (entry, section) = (self.entry.clone(), self.section());
        let dependencies = None;
        Ok(ArchiveItem::Statement(Statement { sql, line, kind, entry, section, dependencies }))
    }

    fn copy(&mut self, sql: Bytes, line: u64, head: CopyHead) -> Result<ArchiveItem, ArchiveError> {
        let Some(table) = head.table else {
            return Err(structure::forbidden("COPY FROM stdin names no table", line));
        };
        if let (Awaits::Data, Some(bare)) = (self.awaits, &self.bare) {
            return Err(self.no_copy(bare));
        }
        self.data_has_come(&table, line)?;
        self.splitter.expect_copy_data();
        self.summary.copies += 1;
        self.table = Some(table.clone());
        let entry = self.entry.clone();
        let (columns, dependencies) = (head.columns, None);
        Ok(ArchiveItem::CopyStart(CopyStart { sql, line, table, columns, entry, dependencies }))
    }

    /// What the comment that a statement stands under says of its section. SQL of another origin
    /// runs as it is written.
    fn section(&self) -> Section {
        match (&self.entry, self.structure.scope()) {
            (Some(entry), Some(DumpScope::Database | DumpScope::Cluster)) => {
                Section::of_entry(&entry.kind)
            }
            _ => Section::PreData,
        }
    }

    fn data_has_come(&mut self, table: &ObjectName, line: u64) -> Result<(), ArchiveError> {
        if self.awaits != Awaits::Data {
            return Ok(());
        }
        self.awaits = Awaits::Nothing;
        self.fill(table, line)
    }

    /// Notes that the present entry fills `table`. Both together: several partitions may be loaded
    /// through their root, and a name in a comment may stand for several tables (newlines are
    /// blanks there).
    fn fill(&mut self, table: &ObjectName, line: u64) -> Result<(), ArchiveError> {
        let Some(entry) = &self.entry else {
            return Ok(());
        };
        if self.filled.insert((entry.clone(), table.clone())) {
            return Ok(());
        }
        Err(ArchiveError::corrupt(format!(
            "the data of table {} is there twice: a part of the dump is doubled",
            display(table)
        ))
        .at_line(line))
    }

    fn note_preamble(&mut self, sql: &[u8], kind: &StatementKind) {
        if self.preamble_complete {
            return;
        }
        match kind {
            StatementKind::SetClientEncoding(encoding) => {
                self.preamble.client_encoding.get_or_insert_with(|| encoding.clone());
            }
            StatementKind::Set { .. } | StatementKind::SetConfig { .. } => {}
            StatementKind::Database { verb: "CREATE DATABASE", .. }
                if self.structure.scope() != Some(DumpScope::Cluster) =>
            {
                let dialect = self.splitter.dialect.for_statement(self.structure.provenance());
                self.preamble.creates_database = CreatesDatabase::parse(sql, dialect);
                self.preamble_complete = true;
            }
            StatementKind::Database { .. } => {}
            _ => self.preamble_complete = self.structure.scope() != Some(DumpScope::Cluster),
        }
    }

    fn meta(&mut self, text: &[u8], line: u64) -> Result<Option<ArchiveItem>, ArchiveError> {
        let command = MetaCommand::parse(text).map_err(|reason| {
            let strict = !self.structure.allows_untrailed();
            let command = text.starts_with(b"\\");
            if self.is_recognised() || command || !strict {
                structure::forbidden(reason, line)
            } else {
                structure::not_a_dump(text)
            }
        })?;
        self.structure.meta(&command, line)?;
        match command {
            MetaCommand::Restrict(_) | MetaCommand::Unrestrict(_) => Ok(None),
            MetaCommand::Encoding(encoding) => {
                self.splitter.dialect.double_byte = DoubleByte::of(&encoding);
                Ok(None)
            }
            MetaCommand::Connect(database) => {
                // Of a dump's entries, only that of the database stands in front of a \\connect.
                self.end_entry()?;
                self.splitter.dialect = Dialect::default();
                self.entry = None;
                self.filled.clear();
                Ok(Some(ArchiveItem::Connect(Connect { database, line })))
            }
        }
    }

    fn cut_error(&self, cut: Cut) -> ArchiveError {
        match (cut, &self.table) {
            (Cut::CopyData { rows }, Some(table)) => ArchiveError::truncated(format!(
                "the dump ends inside the data of table {}, behind row {rows}",
                display(table)
            ))
            .at_line(self.splitter.here()),
            (Cut::CopyData { rows }, None) => ArchiveError::truncated(format!(
                "the dump ends inside COPY data, behind row {rows}"
            ))
            .at_line(self.splitter.here()),
            (Cut::Open { what, line }, _) => ArchiveError::truncated(format!(
                "the dump ends inside {what} that begins in line {line}"
            ))
            .at_line(line),
            (Cut::Statement { line }, _) => ArchiveError::truncated(format!(
                "the dump ends inside the statement that begins in line {line}"
            ))
            .at_line(line),
        }
    }

    /// Without a header, that is what there is to say.
    fn or_not_a_dump(&self, error: ArchiveError) -> ArchiveError {
        let strict = !self.structure.allows_untrailed();
        let no_dump = strict && !self.is_recognised() && !self.splitter.pending().is_empty();
        if no_dump && error.kind() != ArchiveErrorKind::Corrupt {
            return structure::not_a_dump(self.splitter.pending());
        }
        error
    }
}

/// `pg_dump` writes settings for an entry in front of its comment.
fn is_setting(kind: &StatementKind) -> bool {
    matches!(
        kind,
        StatementKind::Set { .. }
            | StatementKind::SetConfig { .. }
            | StatementKind::SetClientEncoding(_)
    )
}

pub(super) fn display(table: &ObjectName) -> String {
    match &table.schema {
        Some(schema) => format!("{schema}.{}", table.name),
        None => table.name.clone(),
    }
}

#[cfg(test)]
mod tests;
