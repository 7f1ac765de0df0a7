//! The data of a table in `INSERT` statements, as an archive has it: nothing else among them, and
//! the end that `dumpTableData_insert` writes.

use bytes::Bytes;

use super::dialect::{Dialect, DoubleByte};
use super::display;
use super::splitter::{Cut, Event, Splitter};
use crate::archive::script::Inserts;
use crate::archive::{ArchiveError, ObjectName, Provenance, StatementKind, classify};

/// Line ends behind the last statement: its own, and two that say that the data is whole.
const END: u64 = 3;
/// The same where there is no statement.
const EMPTY: u64 = 2;

/// Reads the statements of one table's data, given in chunks cut anywhere.
#[derive(Debug)]
pub(in crate::archive) struct InsertParser<'a> {
    splitter: Splitter,
    how: &'a Inserts,
    /// The first statement may name another table than the entry does; then all must.
    may_name_other: bool,
    /// The table that the statements name, once one has.
    named: Option<ObjectName>,
    statements: u64,
    /// Line ends at the end of what was given.
    line_ends: u64,
}

impl<'a> InsertParser<'a> {
    pub(in crate::archive) fn new(
        how: &'a Inserts,
        may_name_other: bool,
        max_statement: usize,
    ) -> Self {
        let mut splitter = Splitter::new(max_statement);
        splitter.dialect = Dialect {
            standard_conforming_strings: how.standard_conforming_strings,
            double_byte: DoubleByte::of(&how.client_encoding),
        };
        Self { splitter, how, may_name_other, named: None, statements: 0, line_ends: 0 }
    }

    /// Statements so far.
    pub(in crate::archive) fn statements(&self) -> u64 {
        self.statements
    }

    /// Gives the next chunk, when [`next`](Self::next) has nothing more.
    pub(in crate::archive) fn feed(&mut self, chunk: Bytes) {
        match chunk.iter().rev().position(|byte| *byte != b'\n') {
            Some(ends) => self.line_ends = ends as u64,
            None => self.line_ends += chunk.len() as u64,
        }
        self.splitter.feed(chunk);
    }

    /// The next statement of the chunk; `None` at its end.
    pub(in crate::archive) fn next(
        &mut self,
    ) -> Result<Option<(Bytes, StatementKind)>, ArchiveError> {
        match self.splitter.next().map_err(|error| self.explain(error))? {
            None => Ok(None),
            Some(Event::Statement { sql, .. }) => self.insert(sql).map(Some),
            Some(_) => Err(self.stray("a comment or a backslash command")),
        }
    }

    fn insert(&mut self, sql: Bytes) -> Result<(Bytes, StatementKind), ArchiveError> {
        let dialect = self.splitter.dialect.for_statement(Provenance::PgDump);
        let kind = classify(&sql, dialect).map_err(|refused| {
            self.explain(super::structure::forbidden(&refused.reason, self.splitter.here()))
        })?;
        match &kind {
            StatementKind::Insert { table, .. } if self.is_due(table) => {
                self.named.get_or_insert_with(|| table.clone());
                self.statements += 1;
                Ok((sql, kind))
            }
            StatementKind::Insert { table, .. } => {
                Err(self.stray(&format!("an INSERT into {}", display(table))))
            }
            _ => Err(self.stray("a statement other than INSERT")),
        }
    }

    fn is_due(&self, table: &ObjectName) -> bool {
        match &self.named {
            Some(named) => table == named,
            None => self.may_name_other || same(table, &self.how.table),
        }
    }

    /// The error with the place in the data where it struck.
    pub(in crate::archive) fn explain(&self, error: ArchiveError) -> ArchiveError {
        error.within(&format!(
            "in the data of table {}, behind statement {}",
            display(&self.how.table),
            self.statements
        ))
    }

    /// Ends the data.
    pub(in crate::archive) fn finish(&mut self) -> Result<(), ArchiveError> {
        let place = |what: &str| {
            ArchiveError::truncated(format!(
                "the data of table {} ends {what}, behind statement {}",
                display(&self.how.table),
                self.statements
            ))
        };
        match self.splitter.finish() {
            Ok(None) => {}
            Ok(Some(_)) => return Err(self.stray("a comment or a backslash command")),
            Err(Cut::Open { .. } | Cut::CopyData { .. }) => return Err(place("inside a literal")),
            Err(Cut::Statement { .. }) => return Err(place("inside a statement")),
        }
        let due = if self.statements == 0 { EMPTY } else { END };
        if self.line_ends < due {
            return Err(place("without the blank lines that end it"));
        }
        if self.line_ends > due { Err(self.stray("more than the end of the data")) } else { Ok(()) }
    }

    fn stray(&self, what: &str) -> ArchiveError {
        ArchiveError::corrupt(format!(
            "{what} stands in the data of table {}, behind statement {}",
            display(&self.how.table),
            self.statements
        ))
    }
}

/// Whether both are the same table, as far as the table of contents says its name: line ends are
/// blanks there.
fn same(named: &ObjectName, expected: &ObjectName) -> bool {
    let plain = |name: &str| name.replace(['\n', '\r'], " ");
    plain(&named.name) == plain(&expected.name)
        && match (&named.schema, &expected.schema) {
            (Some(named), Some(expected)) => plain(named) == plain(expected),
            _ => true,
        }
}
