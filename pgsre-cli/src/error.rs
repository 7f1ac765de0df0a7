//! What went wrong, in the words that the user reads.

use std::fmt;

use crate::exit_code;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why a command could not do its work. `Display` never prints the cause.
#[derive(Debug)]
pub struct CommandError {
    status: u8,
    context: String,
    hint: String,
    cause: Option<Cause>,
}

impl CommandError {
    /// The command line or the configuration is wrong.
    pub fn usage(context: impl Into<String>) -> Self {
        Self::with_status(exit_code::USAGE, context)
    }

    /// The work was understood, but what it needs is not there.
    pub fn inconclusive(context: impl Into<String>) -> Self {
        Self::with_status(exit_code::INCONCLUSIVE, context)
    }

    /// The work was begun, and did not succeed.
    pub fn failed(context: impl Into<String>) -> Self {
        Self::with_status(exit_code::FAILED, context)
    }

    fn with_status(status: u8, context: impl Into<String>) -> Self {
        Self { status, context: context.into(), hint: String::new(), cause: None }
    }

    /// The same error with what to do next.
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

    /// What the process exits with.
    #[must_use]
    pub fn status(&self) -> u8 {
        self.status
    }

    /// What to do next; empty where nothing sensible can be said.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.context)
    }
}

impl std::error::Error for CommandError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.cause.as_deref().map(|cause| cause as _)
    }
}

/// Output that could not be written, as to a full disk. A closed pipe is no error: see
/// [`Face`](crate::face::Face).
impl From<std::io::Error> for CommandError {
    fn from(error: std::io::Error) -> Self {
        Self::inconclusive("cannot write the result").with_cause(error)
    }
}
