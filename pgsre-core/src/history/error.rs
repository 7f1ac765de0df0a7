//! Why a report was not kept or not found: a kind, what it was about, and the cause.

/// Why a report was not kept or not found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HistoryErrorKind {
    /// The place is not one where reports can lie, or a key is none.
    Invalid,
    /// There is no such report.
    NotFound,
    /// There is a report of this id already.
    Exists,
    /// Several ids begin so.
    Ambiguous,
    /// It is no report, or one of another version.
    Damaged,
    /// The store cannot be listed, read or written.
    Store,
}

/// Why a report was not kept or not found. `Display` never prints the cause.
#[derive(Debug, thiserror::Error)]
#[error("{context}")]
pub struct HistoryError {
    kind: HistoryErrorKind,
    context: String,
    #[source]
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl HistoryError {
    pub(super) fn new(kind: HistoryErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), cause: None }
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
    pub fn kind(&self) -> HistoryErrorKind {
        self.kind
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == HistoryErrorKind::Store
    }
}
