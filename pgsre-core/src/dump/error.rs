//! Errors of taking a backup: a kind, what it was about, and the cause.

use std::fmt;

use crate::postgres::{PostgresError, PostgresErrorKind};
use crate::source::{SourceError, SourceErrorKind};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a backup could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DumpErrorKind {
    /// The server, the connection to it, or a program that is not installed.
    Postgres(PostgresErrorKind),
    /// The place where backups are written.
    Destination(SourceErrorKind),
    /// `pg_dump` or `pg_dumpall` failed.
    Dump,
    /// The installed programs cannot do what is asked for.
    Unsupported,
    /// What was read back is not what was written.
    Differs,
    /// A file of this machine.
    Io,
    /// It took longer than allowed.
    TimedOut,
    /// The caller asked to stop.
    Cancelled,
}

/// Why a backup could not be taken. `Display` never prints the cause; walk
/// [`std::error::Error::source`].
#[derive(Debug)]
pub struct DumpError {
    kind: DumpErrorKind,
    context: String,
    cause: Option<Cause>,
}

impl DumpError {
    pub(super) fn new(kind: DumpErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), cause: None }
    }

    pub(super) fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> DumpErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        matches!(
            self.kind,
            DumpErrorKind::TimedOut
                | DumpErrorKind::Postgres(
                    PostgresErrorKind::Unreachable | PostgresErrorKind::TimedOut
                )
                | DumpErrorKind::Destination(SourceErrorKind::Unreachable)
        )
    }

    /// What to do next, in a few words.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.kind {
            DumpErrorKind::Postgres(PostgresErrorKind::NoServer) => {
                "install the client programs of that version (Debian: apt install \
                 postgresql-client), or set PGSRE_PG_BINDIR to their directory"
            }
            DumpErrorKind::Postgres(kind) => kind.hint(),
            DumpErrorKind::Destination(SourceErrorKind::Denied) => {
                "let this user write there: the directory's permissions, or the bucket's policy"
            }
            DumpErrorKind::Destination(SourceErrorKind::NotFound) => {
                "check that the directory or bucket is there"
            }
            DumpErrorKind::Destination(SourceErrorKind::Unreachable) => {
                "check the endpoint, DNS and the network, then run again"
            }
            DumpErrorKind::Destination(SourceErrorKind::Invalid) => {
                "give a directory or a URL such as s3://bucket/prefix/"
            }
            DumpErrorKind::Destination(_) | DumpErrorKind::Io => {
                "check the free space and the permissions"
            }
            DumpErrorKind::Dump => "what the program said tells why; its role needs to read all",
            DumpErrorKind::Unsupported => "install a newer pg_dump, or ask for something else",
            DumpErrorKind::Differs => {
                "something between here and the store changes what is written: try again, and look \
                 at the store"
            }
            DumpErrorKind::TimedOut => "allow more time with --timeout, or look for what is slow",
            DumpErrorKind::Cancelled => "",
        }
    }
}

impl fmt::Display for DumpError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl std::error::Error for DumpError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl From<PostgresError> for DumpError {
    fn from(error: PostgresError) -> Self {
        let kind = match error.kind() {
            PostgresErrorKind::Cancelled => DumpErrorKind::Cancelled,
            kind => DumpErrorKind::Postgres(kind),
        };
        let context = match kind {
            DumpErrorKind::Postgres(PostgresErrorKind::NoServer) => "cannot dump",
            _ => "cannot read the database",
        };
        Self::new(kind, context).with_cause(error)
    }
}

impl From<SourceError> for DumpError {
    fn from(error: SourceError) -> Self {
        let kind = DumpErrorKind::Destination(error.kind());
        Self::new(kind, "the backup cannot be written").with_cause(error)
    }
}
