//! Attaching a fingerprint to a backup of other making: its manifest.

use jiff::Timestamp;
use pgsre_core::Fingerprint;
use pgsre_core::backup::Backup;
use pgsre_core::manifest::{MANIFEST_SUFFIX, Manifest};
use pgsre_core::source::{BackupSourceExt, ObjectStoreSource, SourceError};

use crate::args::FingerprintArgs;
use crate::command::drill::assemble;
use crate::config::Secret;
use crate::error::CommandError;
use crate::render::json;

/// The backup that a fingerprint is attached to.
#[derive(Debug)]
pub(super) struct Attachment {
    source: ObjectStoreSource,
    backup: Backup,
    begun: Timestamp,
}

impl Attachment {
    /// The backup that the arguments name: it must be there, and have no manifest yet.
    pub(super) async fn find(args: &FingerprintArgs) -> Result<Option<Self>, CommandError> {
        let (Some(place), Some(key)) = (&args.attach, &args.backup) else { return Ok(None) };
        let source = assemble::source(&Secret::new(place.as_str()))?;
        let backup = source.find(key).await.map_err(|error| unusable(&error, key))?;
        if let Some(manifest) = &backup.manifest {
            let context = format!("{} has a manifest already: {}", backup.key, manifest.key);
            return Err(
                CommandError::usage(context).with_hint("remove it first, if it is to be replaced")
            );
        }
        Ok(Some(Self { source, backup, begun: Timestamp::now() }))
    }

    /// Writes the manifest; answers its key.
    pub(super) async fn attach(self, print: &Fingerprint) -> Result<String, CommandError> {
        let key = format!("{}{MANIFEST_SUFFIX}", self.backup.key);
        let manifest = Manifest {
            schema: 1,
            pgsre_version: env!("CARGO_PKG_VERSION").to_owned(),
            key: self.backup.key.clone(),
            format: self.backup.format,
            started_at: self.begun,
            finished_at: Timestamp::now(),
            dumped_by: None,
            parts: Vec::new(),
            globals: None,
            databases: vec![print.clone()],
            verified_at: None,
        };
        let content = json::object(&manifest)?.into();
        self.source.put(&key, content).await.map_err(|error| {
            CommandError::inconclusive(format!("cannot write {key}")).with_cause(error)
        })?;
        Ok(key)
    }
}

fn unusable(error: &SourceError, key: &str) -> CommandError {
    let hint = error.to_finding(key).hint;
    CommandError::usage(format!("cannot attach to {key}: {}", pgsre_core::finding::chain(error)))
        .with_hint(hint)
}
