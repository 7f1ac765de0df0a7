//! Errors of a source: a kind, what it was about, and the cause.

use std::fmt;

use crate::finding::{Finding, FindingCode};

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a source could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SourceErrorKind {
    /// The URL or path is not one of a source.
    Invalid,
    /// The store refuses access.
    Denied,
    /// There is no such object, bucket or directory.
    NotFound,
    /// The store cannot be reached, or breaks off again and again.
    Unreachable,
    /// The object is no longer the one that was listed.
    Changed,
    /// What must not be there yet is there.
    Exists,
    /// The store answers, but not with what was asked for: cut short, or an error of its own.
    Unreadable,
}

/// An error of a source. `Display` never prints the cause; walk [`std::error::Error::source`].
#[derive(Debug)]
pub struct SourceError {
    kind: SourceErrorKind,
    context: String,
    cause: Option<Cause>,
}

impl SourceError {
    /// An error of `kind` about `context`: what was attempted, on what.
    pub fn new(kind: SourceErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), cause: None }
    }

    /// The same error with its cause.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Cause>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// The source's error inside an error of a [`ByteStream`](super::ByteStream).
    #[must_use]
    pub fn inside(error: &std::io::Error) -> Option<&Self> {
        error.get_ref()?.downcast_ref()
    }

    /// The source's error out of an error of a [`ByteStream`](super::ByteStream) that read `key`.
    /// An error that carries none is [`SourceErrorKind::Unreadable`].
    #[must_use]
    pub fn from_stream(error: std::io::Error, key: &str) -> Self {
        match error.downcast::<Self>() {
            Ok(inner) => inner,
            Err(other) => Self::new(SourceErrorKind::Unreadable, format!("cannot read {key}"))
                .with_cause(other),
        }
    }

    /// Why.
    #[must_use]
    pub fn kind(&self) -> SourceErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == SourceErrorKind::Unreachable
    }

    /// The code of the finding that this error is.
    #[must_use]
    pub fn finding_code(&self) -> FindingCode {
        match self.kind {
            SourceErrorKind::Denied => FindingCode::SourceDenied,
            SourceErrorKind::NotFound => FindingCode::SourceNone,
            SourceErrorKind::Changed => FindingCode::SourceChanged,
            SourceErrorKind::Invalid
            | SourceErrorKind::Exists
            | SourceErrorKind::Unreachable
            | SourceErrorKind::Unreadable => FindingCode::SourceUnreadable,
        }
    }

    /// The finding that this error is, with the chain of causes in its message.
    #[must_use]
    pub fn to_finding(&self, subject: impl Into<String>) -> Finding {
        Finding::critical(self.finding_code(), subject, crate::finding::chain(self))
            .with_hint(self.hint())
    }

    fn hint(&self) -> &'static str {
        match self.kind {
            SourceErrorKind::Denied => {
                "check the credentials, and the bucket's policy or the directory's permissions"
            }
            SourceErrorKind::NotFound => {
                "check the path or prefix, and whether the backup job still uploads there"
            }
            SourceErrorKind::Unreachable => {
                "check the endpoint, DNS and the network, then run again"
            }
            SourceErrorKind::Changed => {
                "let uploads write a new key, or run the drill when no upload is under way"
            }
            SourceErrorKind::Exists => "choose another key, or remove what is there",
            SourceErrorKind::Invalid => "give a path or a URL such as s3://bucket/prefix/",
            SourceErrorKind::Unreadable => "read the object with another client to compare",
        }
    }
}

impl fmt::Display for SourceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl std::error::Error for SourceError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
