//! The definitions of an archive's entries: whole statements with nothing around them.

use bytes::Bytes;

use super::dialect::{Dialect, DoubleByte};
use super::splitter::{Cut, Event, Splitter};
use crate::archive::{
    ArchiveError, ArchiveErrorKind, Provenance, SqlDialect, StatementKind, classify,
};

/// Splits definitions as the text of a plain dump is split.
#[derive(Clone, Copy, Debug)]
pub(in crate::archive) struct Definitions {
    dialect: Dialect,
    max_statement: usize,
}

impl Definitions {
    /// As written under these settings.
    pub(in crate::archive) fn new(
        standard_conforming_strings: bool,
        client_encoding: &str,
        max_statement: usize,
    ) -> Self {
        let double_byte = DoubleByte::of(client_encoding);
        Self { dialect: Dialect { standard_conforming_strings, double_byte }, max_statement }
    }

    /// How the statements are to be read.
    pub(in crate::archive) fn dialect(&self) -> SqlDialect {
        self.dialect.for_statement(Provenance::PgDump)
    }

    /// The statements without their semicolons, and what they are. Comments are left out.
    ///
    /// # Errors
    /// A statement that must not be sent, or that does not end.
    pub(in crate::archive) fn split(
        &self,
        text: &[u8],
    ) -> Result<Vec<(Bytes, StatementKind)>, ArchiveError> {
        let mut splitter = Splitter::new(self.max_statement);
        splitter.dialect = self.dialect;
        splitter.feed(Bytes::copy_from_slice(text));
        let mut found = Vec::new();
        while let Some(event) = splitter.next()? {
            found.extend(self.statement(event)?);
        }
        if let Some(event) = splitter.finish().map_err(cut)? {
            found.extend(self.statement(event)?);
        }
        Ok(found)
    }

    fn statement(&self, event: Event) -> Result<Option<(Bytes, StatementKind)>, ArchiveError> {
        match event {
            Event::Statement { sql, .. } => {
                let kind = classify(&sql, self.dialect()).map_err(|why| forbidden(&why.reason))?;
                match kind {
                    StatementKind::Begin | StatementKind::Commit => Err(forbidden(
                        "a transaction inside a definition, which pg_dump never writes",
                    )),
                    kind => Ok(Some((sql, kind))),
                }
            }
            Event::Meta { .. } => Err(forbidden("a backslash command inside a definition")),
            // Data only follows where it was announced to the splitter.
            Event::Comment { .. }
            | Event::BehindCopy { .. }
            | Event::Data(_)
            | Event::DataEnd { .. } => Ok(None),
        }
    }
}

fn forbidden(reason: &str) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::ForbiddenCommand, reason).with_hint(
        "pg_restore would run it: find out who wrote it into the backup before restoring",
    )
}

fn cut(cut: Cut) -> ArchiveError {
    match cut {
        Cut::Open { what, .. } => {
            ArchiveError::corrupt(format!("the definition ends inside {what}"))
        }
        Cut::Statement { .. } | Cut::CopyData { .. } => {
            ArchiveError::corrupt("the definition ends inside a statement")
        }
    }
}
