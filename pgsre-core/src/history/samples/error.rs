//! Why samples could not be kept or read.

use std::error::Error as StdError;
use std::fmt;

/// Why samples could not be kept or read. What was kept before is still there.
#[derive(Debug)]
pub struct SampleStoreError {
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl SampleStoreError {
    /// What failed, on what, and what to do.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None }
    }

    /// The same, because of this.
    #[must_use]
    pub fn with_cause(mut self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(cause.into());
        self
    }
}

impl fmt::Display for SampleStoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for SampleStoreError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}
