//! What holds a plain dump together: header and trailer, the sections of a cluster's dump, the keys
//! of `\restrict`.
//!
//! ```text
//! pg_dump:      header … trailer
//! pg_dumpall:   cluster header, globals, (header … trailer)*, cluster trailer
//! ```

use super::comment::Comment;
use super::meta::MetaCommand;
use crate::archive::{ArchiveError, ArchiveErrorKind, DumpScope, Provenance};

/// Follows the frame of a dump.
#[derive(Debug)]
pub(super) struct Structure {
    allow_untrailed: bool,
    scope: Option<DumpScope>,
    cluster: Frame,
    /// The database's dump: the only one, or the present one of a cluster's.
    section: Frame,
    /// `-- Database "shop" dump` was seen, and its dump has not begun.
    announced: Option<String>,
    restricted: Option<String>,
    /// Statements stood behind the trailer.
    trailing: bool,
}

/// How far between a header and its trailer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Frame {
    Absent,
    Open,
    /// The trailer's text was seen; the `--` below it was not.
    Closing,
    Closed,
}

impl Structure {
    pub(super) fn new(allow_untrailed: bool) -> Self {
        Self {
            allow_untrailed,
            scope: None,
            cluster: Frame::Absent,
            section: Frame::Absent,
            announced: None,
            restricted: None,
            trailing: false,
        }
    }

    /// Whether text without header and trailer is accepted.
    pub(super) fn allows_untrailed(&self) -> bool {
        self.allow_untrailed
    }

    /// What the dump covers, once that is known.
    pub(super) fn scope(&self) -> Option<DumpScope> {
        self.scope
    }

    /// Who wrote what stands here.
    pub(super) fn provenance(&self) -> Provenance {
        let framed = self.section == Frame::Open || self.cluster == Frame::Open;
        if framed { Provenance::PgDump } else { Provenance::HandWritten }
    }

    /// A comment between statements.
    pub(super) fn comment(&mut self, comment: &Comment) -> Result<(), ArchiveError> {
        match comment {
            Comment::DumpBegins => self.begin_section(),
            Comment::DumpComplete => self.end_section(),
            Comment::ClusterBegins => self.begin_cluster(),
            Comment::ClusterComplete => self.end_cluster(),
            Comment::DatabaseAnnounced(name) => self.announce(name),
            Comment::Frame => {
                self.section.close();
                self.cluster.close();
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn begin_section(&mut self) -> Result<(), ArchiveError> {
        match self.section {
            Frame::Open | Frame::Closing => {
                return Err(ArchiveError::corrupt(
                    "a second dump begins before the first one has ended: a part is missing",
                ));
            }
            Frame::Closed if self.cluster != Frame::Open => {
                return Err(ArchiveError::corrupt(
                    "bytes behind the end: a second dump follows the first, as when an upload is \
                     appended instead of replaced",
                ));
            }
            Frame::Absent if matches!(self.cluster, Frame::Closing | Frame::Closed) => {
                return Err(behind_the_end());
            }
            Frame::Absent | Frame::Closed => {}
        }
        self.scope.get_or_insert(DumpScope::Database);
        self.announced = None;
        self.section = Frame::Open;
        Ok(())
    }

    fn end_section(&mut self) -> Result<(), ArchiveError> {
        if self.section != Frame::Open {
            return Err(ArchiveError::corrupt(
                "a dump's trailer stands where no dump is open: its beginning is missing, or a part \
                 is there twice",
            ));
        }
        self.section = Frame::Closing;
        Ok(())
    }

    fn begin_cluster(&mut self) -> Result<(), ArchiveError> {
        if self.cluster != Frame::Absent || self.section != Frame::Absent {
            return Err(ArchiveError::corrupt(
                "the header of a cluster's dump stands behind the beginning of another dump",
            ));
        }
        self.scope.get_or_insert(DumpScope::Cluster);
        self.cluster = Frame::Open;
        Ok(())
    }

    fn end_cluster(&mut self) -> Result<(), ArchiveError> {
        self.all_sections_done()?;
        if self.cluster != Frame::Open {
            return Err(ArchiveError::corrupt(
                "the trailer of a cluster's dump stands where none is open: its beginning is missing",
            ));
        }
        self.cluster = Frame::Closing;
        Ok(())
    }

    fn announce(&mut self, name: &str) -> Result<(), ArchiveError> {
        if self.cluster == Frame::Open {
            self.all_sections_done()?;
            self.announced = Some(name.to_owned());
        }
        Ok(())
    }

    /// Inside a cluster's dump: what was begun has ended.
    fn all_sections_done(&self) -> Result<(), ArchiveError> {
        if matches!(self.section, Frame::Open | Frame::Closing) {
            return Err(ArchiveError::corrupt(
                "a database's dump has no trailer: the end of its part is missing",
            ));
        }
        match &self.announced {
            None => Ok(()),
            Some(name) => Err(ArchiveError::corrupt(format!(
                "the dump of database {name:?} is announced, but missing"
            ))),
        }
    }

    /// A statement, a COPY or a `\connect`, which begins with `head`.
    pub(super) fn statement(&mut self, head: &[u8], line: u64) -> Result<(), ArchiveError> {
        match (self.scope, self.cluster, self.section) {
            (None, ..) if !self.allow_untrailed => Err(not_a_dump(head).at_line(line)),
            (None, ..) => {
                self.scope = Some(DumpScope::Untrailed);
                Ok(())
            }
            (Some(DumpScope::Untrailed), ..) | (_, Frame::Open, _) | (_, _, Frame::Open) => Ok(()),
            _ if self.allow_untrailed => {
                self.trailing = true;
                Ok(())
            }
            _ => Err(behind_the_end().at_line(line)),
        }
    }

    /// A backslash command that may stand in a dump.
    pub(super) fn meta(&mut self, command: &MetaCommand, line: u64) -> Result<(), ArchiveError> {
        match (command, &self.restricted) {
            (MetaCommand::Unrestrict(key), Some(current)) if key == current => {
                self.restricted = None;
                return Ok(());
            }
            (MetaCommand::Unrestrict(_), _) => {
                return Err(forbidden("\\unrestrict does not repeat the key of \\restrict", line));
            }
            (_, Some(_)) => {
                return Err(forbidden("only \\unrestrict may follow \\restrict", line));
            }
            (MetaCommand::Restrict(key), None) => self.restricted = Some(key.clone()),
            (MetaCommand::Connect(_) | MetaCommand::Encoding(_), None) => {}
        }
        // pg_dump writes \restrict behind its header.
        self.statement(b"\\", line)
    }

    /// The text ended here, between two statements.
    pub(super) fn finish(&self) -> Result<(), ArchiveError> {
        let missing = if self.scope.is_none() {
            return Err(ArchiveError::empty("the backup holds nothing but blanks and comments"));
        } else if self.section == Frame::Open {
            "its trailer \"PostgreSQL database dump complete\""
        } else if self.cluster == Frame::Open {
            "its trailer \"PostgreSQL database cluster dump complete\""
        } else if self.section == Frame::Closing || self.cluster == Frame::Closing {
            "the end of its trailer"
        } else if self.restricted.is_some() {
            "the \\unrestrict behind its trailer"
        } else {
            return Ok(());
        };
        Err(ArchiveError::truncated(format!("the dump ends without {missing}")))
    }

    /// What a whole text leaves unproved.
    pub(super) fn unproved(&self) -> Vec<String> {
        let mut unproved = Vec::new();
        if self.scope == Some(DumpScope::Untrailed) {
            unproved.push(
                "the text has not the header and trailer of pg_dump: nothing proves that it is whole"
                    .to_owned(),
            );
        }
        if self.trailing {
            unproved.push(
                "statements stand behind the trailer of pg_dump: nothing proves that they are whole"
                    .to_owned(),
            );
        }
        unproved
    }
}

impl Frame {
    fn close(&mut self) {
        if *self == Self::Closing {
            *self = Self::Closed;
        }
    }
}

/// The error of a text that has no header; `head` is how it begins.
pub(super) fn not_a_dump(head: &[u8]) -> ArchiveError {
    const SHOWN: usize = 60;
    let head = String::from_utf8_lossy(&head[..head.len().min(4 * SHOWN)]);
    let head: String = head.chars().take(SHOWN).collect();
    ArchiveError::corrupt(format!(
        "not a dump by pg_dump: there is no header, and the text begins with {head:?}"
    ))
    .with_hint("for SQL written by hand or by another program, use --allow-untrailed")
}

fn behind_the_end() -> ArchiveError {
    ArchiveError::corrupt("bytes behind the end: a statement stands behind the dump's trailer")
}

/// A backslash command that must not be obeyed.
pub(super) fn forbidden(reason: &str, line: u64) -> ArchiveError {
    ArchiveError::new(ArchiveErrorKind::ForbiddenCommand, format!("in line {line}: {reason}"))
        .with_hint("psql would run it: find out who wrote it into the backup before restoring")
        .at_line(line)
}
