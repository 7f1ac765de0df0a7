//! Errors of reading a manifest: a kind, what it was about, and the cause.

use crate::finding::{Finding, FindingCode};
use crate::source::SourceError;

/// Why a manifest could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ManifestErrorKind {
    /// The source could not be read; the cause is a [`SourceError`].
    Source,
    /// It is cut short, altered, or no manifest.
    Damaged,
    /// It is of a version that this one does not read.
    OtherVersion,
}

/// An error of reading a manifest. `Display` never prints the cause.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct ManifestError {
    kind: ManifestErrorKind,
    key: String,
    context: String,
    #[source]
    cause: Option<SourceError>,
}

impl ManifestError {
    pub(super) fn unreadable(key: &str, cause: SourceError) -> Self {
        let context = format!("the manifest {key} could not be read");
        Self { cause: Some(cause), ..Self::new(ManifestErrorKind::Source, key, context) }
    }

    pub(super) fn damaged(key: &str, why: impl std::fmt::Display) -> Self {
        let context = format!("the manifest {key} is damaged: {why}");
        Self::new(ManifestErrorKind::Damaged, key, context)
    }

    pub(super) fn other_version(key: &str, version: u32) -> Self {
        let context = format!(
            "the manifest {key} is of version {version}, and this pgsre reads version {}",
            super::SCHEMA
        );
        Self::new(ManifestErrorKind::OtherVersion, key, context)
    }

    fn new(kind: ManifestErrorKind, key: &str, context: String) -> Self {
        Self { kind, key: key.to_owned(), context, cause: None }
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> ManifestErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.cause.as_ref().is_some_and(SourceError::is_transient)
    }

    /// The finding that this error is: the backup may be sound, but what would prove it is not.
    #[must_use]
    pub fn to_finding(&self) -> Finding {
        if let Some(source) = &self.cause {
            return source.to_finding(&self.key);
        }
        let (code, hint) = match self.kind {
            ManifestErrorKind::OtherVersion => (
                FindingCode::ArchiveUnsupported,
                "drill with the version of pgsre that took the backup, or a later one",
            ),
            _ => (
                FindingCode::ArchiveCorrupt,
                "take the backup again with `pgsre backup`, which writes its manifest last",
            ),
        };
        Finding::critical(code, &self.key, self.to_string()).with_hint(hint)
    }
}
