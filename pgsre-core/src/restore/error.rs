//! Errors of a target: a kind, what it was about, and the cause.

use std::fmt;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a place to restore into failed. None of these says anything about the backup.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TargetErrorKind {
    /// The target was described wrongly.
    Invalid,
    /// No server programs were found on this machine.
    NoServer,
    /// Only servers older than the backup are at hand.
    ServerTooOld,
    /// The place to restore into already holds objects.
    NotEmpty,
    /// The server could not be reached, started, or broke off.
    Unreachable,
    /// The user may not create or drop databases there.
    Denied,
    /// No room is left on the device.
    DiskFull,
    /// The run was cancelled.
    Cancelled,
    /// Something else went wrong.
    Failed,
}

/// An error of a target. `Display` never prints the cause.
#[derive(Debug)]
pub struct TargetError {
    kind: TargetErrorKind,
    context: String,
    hint: String,
    cause: Option<Cause>,
}

impl TargetError {
    /// An error of `kind`; `context` says what was attempted, on what.
    pub fn new(kind: TargetErrorKind, context: impl Into<String>) -> Self {
        Self { kind, context: context.into(), hint: String::new(), cause: None }
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

    /// Why.
    #[must_use]
    pub fn kind(&self) -> TargetErrorKind {
        self.kind
    }

    /// What to do; empty where nothing sensible can be said.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }

    /// Whether the same call may succeed later.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == TargetErrorKind::Unreachable
    }
}

impl fmt::Display for TargetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl std::error::Error for TargetError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}
