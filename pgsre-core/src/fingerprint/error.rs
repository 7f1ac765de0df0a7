//! Errors of taking a fingerprint: a kind, what it was about, and the cause.

use std::fmt;

use crate::postgres::{PostgresError, PostgresErrorKind};

/// Why a fingerprint could not be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FingerprintErrorKind {
    /// The server is older than 13.
    Unsupported,
    /// There is no snapshot of the name given, or no more.
    NoSnapshot,
    /// The server, or the connection to it.
    Postgres(PostgresErrorKind),
    /// The caller asked to stop.
    Cancelled,
}

/// Why a fingerprint could not be taken. `Display` never prints the cause; walk
/// [`std::error::Error::source`].
///
/// What cannot be read of one object is no error but a [`Gap`](super::Gap).
#[derive(Debug)]
pub struct FingerprintError {
    kind: FingerprintErrorKind,
    context: String,
    transient: bool,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl FingerprintError {
    pub(super) fn new(kind: FingerprintErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), transient: false, cause: None }
    }

    pub(super) fn with_cause(
        mut self,
        cause: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> FingerprintErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.transient
    }

    /// What to do next, in a few words.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        match self.kind {
            FingerprintErrorKind::Unsupported => "use a server of version 13 or later",
            FingerprintErrorKind::NoSnapshot => {
                "keep the transaction that exported the snapshot open until the end, and name the \
                 same database"
            }
            FingerprintErrorKind::Postgres(kind) => kind.hint(),
            FingerprintErrorKind::Cancelled => PostgresErrorKind::Cancelled.hint(),
        }
    }
}

impl fmt::Display for FingerprintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl std::error::Error for FingerprintError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

impl From<PostgresError> for FingerprintError {
    fn from(error: PostgresError) -> Self {
        let kind = match error.kind() {
            PostgresErrorKind::Cancelled => FingerprintErrorKind::Cancelled,
            kind => FingerprintErrorKind::Postgres(kind),
        };
        let transient = error.is_transient();
        let (context, cause) = error.into_parts();
        Self { kind, context, transient, cause }
    }
}
