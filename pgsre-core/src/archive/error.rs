//! Errors of reading an archive: a kind, where, and the cause.

use std::fmt;

use crate::finding::{Finding, FindingCode};
use crate::source::SourceError;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// What is wrong with an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ArchiveErrorKind {
    /// It ends before its own end mark.
    Truncated,
    /// Its bytes are damaged, or not what the format demands.
    Corrupt,
    /// It holds nothing.
    Empty,
    /// It holds a command that reaches out of the database.
    ForbiddenCommand,
    /// Its format, or something in it, cannot be read by this version.
    Unsupported,
    /// The source could not be read; the cause is a [`SourceError`].
    Source,
}

/// An error of reading an archive. `Display` never prints the cause.
#[derive(Debug)]
pub struct ArchiveError {
    kind: ArchiveErrorKind,
    message: String,
    hint: String,
    line: Option<u64>,
    cause: Option<Cause>,
}

impl ArchiveError {
    /// An error of `kind`; `message` says what was found, in one sentence.
    pub fn new(kind: ArchiveErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: String::new(), line: None, cause: None }
    }

    /// It holds nothing.
    pub(crate) fn empty(message: &str) -> Self {
        Self::new(ArchiveErrorKind::Empty, message)
            .with_hint("look at the log of the backup job: most likely the dump itself failed")
    }

    /// It ends too early.
    pub(crate) fn truncated(message: impl Into<String>) -> Self {
        Self::new(ArchiveErrorKind::Truncated, message).with_hint(
            "the dump or its upload was cut short: compare sizes, then take the backup again",
        )
    }

    /// Its bytes are not what the format demands.
    pub(crate) fn corrupt(message: impl Into<String>) -> Self {
        Self::new(ArchiveErrorKind::Corrupt, message)
            .with_hint("take the backup again, and check how it is stored and transferred")
    }

    /// The source could not be opened.
    pub(crate) fn from_source(error: SourceError) -> Self {
        Self::new(ArchiveErrorKind::Source, "the backup could not be opened").with_cause(error)
    }

    /// What a chain of readers said: an error of ours inside, or one of the source's.
    pub(crate) fn from_io(error: std::io::Error) -> Self {
        match error.downcast::<Self>() {
            Ok(ours) => ours,
            Err(error) => {
                Self::new(ArchiveErrorKind::Source, "the backup could not be read to its end")
                    .with_cause(error)
            }
        }
    }

    /// The same error, to pass through [`std::io::Read`].
    pub(crate) fn into_io(self) -> std::io::Error {
        std::io::Error::other(self)
    }

    /// The same error with other words in front.
    #[must_use]
    pub(crate) fn within(mut self, place: &str) -> Self {
        self.message = format!("{} ({place})", self.message);
        self
    }

    /// The same error at a line of the SQL text, from 1.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// The same error with a hint at what to do.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// What is wrong.
    #[must_use]
    pub fn kind(&self) -> ArchiveErrorKind {
        self.kind
    }

    /// The line of the SQL text, from 1.
    #[must_use]
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// Whether the same read may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.source_error().is_some_and(SourceError::is_transient)
    }

    /// The finding that this error is, about the archive `subject`.
    #[must_use]
    pub fn to_finding(&self, subject: &str) -> Finding {
        if let Some(source) = self.source_error() {
            return source.to_finding(subject);
        }
        let code = match self.kind {
            ArchiveErrorKind::Truncated => FindingCode::ArchiveTruncated,
            ArchiveErrorKind::Corrupt => FindingCode::ArchiveCorrupt,
            ArchiveErrorKind::Empty => FindingCode::ArchiveEmpty,
            ArchiveErrorKind::ForbiddenCommand => FindingCode::ArchiveForbiddenCommand,
            ArchiveErrorKind::Unsupported => FindingCode::ArchiveUnsupported,
            ArchiveErrorKind::Source => FindingCode::SourceUnreadable,
        };
        let subject = match self.line {
            Some(line) => format!("{subject}:{line}"),
            None => subject.to_owned(),
        };
        Finding::critical(code, subject, crate::finding::chain(self)).with_hint(self.hint.clone())
    }

    fn source_error(&self) -> Option<&SourceError> {
        let mut cause: Option<&(dyn std::error::Error + 'static)> =
            self.cause.as_deref().map(|cause| cause as _);
        while let Some(error) = cause {
            if let Some(source) = error.downcast_ref::<SourceError>() {
                return Some(source);
            }
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && let Some(source) =
                    io.get_ref().and_then(|inner| inner.downcast_ref::<SourceError>())
            {
                return Some(source);
            }
            cause = error.source();
        }
        None
    }
}

impl fmt::Display for ArchiveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ArchiveError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
