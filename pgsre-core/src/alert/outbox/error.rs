//! Why an outbox cannot be kept.

use std::path::{Path, PathBuf};

/// Why the file of an [`Outbox`](super::Outbox) cannot be used. `Display` never prints the cause.
#[derive(Debug, thiserror::Error)]
#[error("{what} {}", path.display())]
pub struct OutboxError {
    what: &'static str,
    path: PathBuf,
    #[source]
    cause: Option<std::io::Error>,
}

impl OutboxError {
    pub(super) fn io(what: &'static str, path: &Path, cause: std::io::Error) -> Self {
        Self { what, path: path.to_owned(), cause: Some(cause) }
    }

    pub(super) fn newer(path: &Path) -> Self {
        let what = "a newer pgsre wrote the alerts that wait, and this one cannot read them:";
        Self { what, path: path.to_owned(), cause: None }
    }
}
