//! What a fingerprint is compared with.

use std::fmt;
use std::path::{Path, PathBuf};

use pgsre_core::Fingerprint;
use pgsre_core::manifest::Manifest;
use serde_json::Value;

use crate::config::Secret;
use crate::error::CommandError;

/// What a fingerprint is compared with.
#[derive(Debug)]
pub(super) enum Other {
    /// A fingerprint, or those of a manifest.
    File { path: PathBuf, databases: Vec<Fingerprint> },
    /// Another database, to be looked at.
    Database(Secret),
}

impl Other {
    /// A connection string, else a file that is there.
    pub(super) fn parse(text: &str) -> Result<Self, CommandError> {
        let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
        if is_url || (text.contains('=') && !Path::new(text).exists()) {
            return Ok(Self::Database(Secret::new(text)));
        }
        let path = PathBuf::from(text);
        let content = std::fs::read(&path).map_err(|error| {
            CommandError::usage(format!("cannot read {}", path.display()))
                .with_hint("--compare takes a fingerprint, a manifest, or postgres://…")
                .with_cause(error)
        })?;
        let databases = read(&content, &path)?;
        Ok(Self::File { path, databases })
    }

    /// What it is known to hold, where that is one database.
    pub(super) fn fingerprint(&self) -> Option<&Fingerprint> {
        match self {
            Self::File { databases, .. } => databases.first(),
            Self::Database(_) => None,
        }
    }
}

/// A connection string may hold a password.
impl fmt::Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, .. } => write!(f, "{}", path.display()),
            Self::Database(_) => f.write_str("the other database"),
        }
    }
}

/// Those of a manifest, or the one that a file is.
pub(in crate::command) fn read(
    content: &[u8],
    path: &Path,
) -> Result<Vec<Fingerprint>, CommandError> {
    let damaged = |error: String| {
        let context = format!("{} is neither a fingerprint nor a manifest", path.display());
        CommandError::usage(context).with_cause(error)
    };
    let value: Value =
        serde_json::from_slice(content).map_err(|error| damaged(error.to_string()))?;
    if value.get("databases").is_some() {
        let key = path.display().to_string();
        let manifest = Manifest::parse(content, &key)
            .map_err(|error| damaged(pgsre_core::finding::chain(&error)))?;
        return Ok(manifest.databases);
    }
    let print = serde_json::from_value(value).map_err(|error| damaged(error.to_string()))?;
    Ok(vec![print])
}

/// The fingerprint to compare with: the only one, or that of a database of the same name.
pub(super) fn of_database(
    databases: Vec<Fingerprint>,
    found: &Fingerprint,
    path: &Path,
) -> Result<Fingerprint, CommandError> {
    let only = databases.len() == 1;
    let mut same = databases.into_iter().filter(|print| only || print.database == found.database);
    same.next().ok_or_else(|| {
        let context =
            format!("{} says nothing about a database {:?}", path.display(), found.database);
        CommandError::usage(context)
    })
}
