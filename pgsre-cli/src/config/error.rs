//! What is wrong with a configuration, and where.

use std::path::{Path, PathBuf};

/// What is wrong with a configuration. `Display` never prints the cause, nor any value.
#[derive(Debug, thiserror::Error)]
#[error("{}{}: {message}", path.display(), place(*line))]
pub struct ConfigError {
    path: PathBuf,
    line: Option<usize>,
    message: String,
    hint: String,
    #[source]
    cause: Option<std::io::Error>,
}

fn place(line: Option<usize>) -> String {
    line.map_or_else(String::new, |line| format!(":{line}"))
}

impl ConfigError {
    pub(super) fn at(path: &Path, line: usize, message: impl Into<String>) -> Self {
        Self {
            path: path.to_owned(),
            line: Some(line),
            message: message.into(),
            hint: String::new(),
            cause: None,
        }
    }

    pub(super) fn unreadable(path: &Path, cause: std::io::Error) -> Self {
        let hint = match cause.kind() {
            std::io::ErrorKind::NotFound => "write one with `pgsre init`",
            _ => "",
        };
        Self {
            path: path.to_owned(),
            line: None,
            message: "the configuration cannot be read".to_owned(),
            hint: hint.to_owned(),
            cause: Some(cause),
        }
    }

    pub(super) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// What to do next; empty where nothing sensible can be said.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.hint
    }
}

impl From<ConfigError> for crate::error::CommandError {
    fn from(error: ConfigError) -> Self {
        let hint = error.hint.clone();
        let text = error.to_string();
        let usage = Self::usage(text).with_hint(hint);
        match error.cause {
            Some(cause) => usage.with_cause(cause),
            None => usage,
        }
    }
}
