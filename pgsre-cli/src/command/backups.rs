//! `pgsre backups list` and `check`.

pub(crate) mod check;
pub(crate) mod list;

use std::time::Duration;

use jiff::Timestamp;
use pgsre_core::archive::ArchiveSummary;
use pgsre_core::backup::{Backup, BackupFormat};
use pgsre_core::drill::Verdict;
use pgsre_core::finding::Finding;
use pgsre_core::history::ReportSummary;
use pgsre_core::source::{BackupSource, SourceError, SourceErrorKind};
use serde::Serialize;

use crate::command::drill::settings;
use crate::config::{Backups, Config, Secret, Server};
use crate::error::CommandError;

/// The backups of a source: the JSON of `pgsre backups list`.
#[derive(Clone, Debug, Serialize)]
pub struct Listing {
    /// The version of this shape: 1.
    pub schema: u32,
    /// Where they lie, without secrets.
    pub source: String,
    /// Newest first.
    pub backups: Vec<Listed>,
    /// Why there are none.
    pub findings: Vec<Finding>,
}

/// One backup of a [`Listing`].
#[derive(Clone, Debug, Serialize)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Its format, as far as the name tells.
    pub format: BackupFormat,
    /// Bytes.
    pub size: u64,
    /// When it was last written, by the store's clock.
    pub modified: Timestamp,
    /// How old it is.
    pub age_seconds: f64,
    /// Its entity tag; `None` for a backup of many objects.
    pub etag: Option<String>,
    /// The key of the object that holds its SHA-256, which `check` and a drill compare; `None` where
    /// none lies beside it.
    pub checksum: Option<String>,
    /// The key of its manifest, which says what it must restore to; `None` where none lies beside
    /// it.
    pub manifest: Option<String>,
    /// The change in size against the predecessor of its series: 0.1 is a tenth more.
    pub change: Option<f64>,
}

/// What reading a backup to its end came to: the JSON of `pgsre backups check`.
#[derive(Clone, Debug, Serialize)]
pub struct CheckResult {
    /// The version of this shape: 1.
    pub schema: u32,
    /// Where it lies, without secrets.
    pub source: String,
    /// The backup; `None` where none was found.
    pub backup: Option<Backup>,
    /// What it came to.
    pub outcome: Verdict,
    /// Everything that was found, the heaviest first.
    pub findings: Vec<Finding>,
    /// What could not be judged, in sentences.
    pub unproved: Vec<String>,
    /// What was read; `None` where reading ended in an error.
    pub archive: Option<ArchiveSummary>,
    /// How long reading took.
    pub seconds: f64,
    /// The newest drill of the source that passed; `None` where none did, or none was asked for.
    pub last_passed_drill: Option<ReportSummary>,
}

/// A source and what the configuration says of it.
pub(crate) struct Named<'c> {
    pub(crate) source: Secret,
    pub(crate) backups: Option<&'c Backups>,
    pub(crate) allow_untrailed: bool,
    pub(crate) max_drill_age: Option<Duration>,
}

impl<'c> Named<'c> {
    fn new(source: Secret, server: Option<&'c Server>) -> Self {
        Self {
            source,
            backups: server.and_then(|server| server.backups.as_ref()),
            allow_untrailed: server.is_some_and(|server| server.drill.allow_untrailed),
            max_drill_age: server.and_then(|server| server.drill.max_age),
        }
    }
}

/// The sources that the command line asks for.
fn sources<'c>(
    source: Option<&str>,
    server: Option<&str>,
    config: &'c Config,
) -> Result<Vec<Named<'c>>, CommandError> {
    let server = server.map(|name| settings::named(config, name)).transpose()?;
    if let Some(source) = source {
        let server = server.or_else(|| settings::of_source(source, config));
        return Ok(vec![Named::new(Secret::new(source), server)]);
    }
    let servers: Vec<&Server> = match server {
        Some(server) => vec![server],
        None => config.servers.iter().collect(),
    };
    let named: Vec<Named<'c>> = servers
        .into_iter()
        .filter_map(|server| {
            let source = server.backups.as_ref()?.source.clone();
            Some(Named::new(source, Some(server)))
        })
        .collect();
    if named.is_empty() { Err(settings::nothing_to_do(config)) } else { Ok(named) }
}

/// `--format json` prints exactly one object.
fn one_for_json(json: bool, named: &[Named<'_>]) -> Result<(), CommandError> {
    if !json || named.len() == 1 {
        return Ok(());
    }
    Err(CommandError::usage("--format json is about one source, and several are configured")
        .with_hint("say which with --server NAME"))
}

/// A listing that failed: a source that is described wrongly is the user's to mend, everything else
/// is found.
fn unreadable(source: &impl BackupSource, error: SourceError) -> Result<Finding, CommandError> {
    let finding = error.to_finding(source.to_string());
    match error.kind() {
        SourceErrorKind::Invalid => {
            let context = format!("cannot list the backups of {source}");
            Err(CommandError::usage(context).with_hint(finding.hint).with_cause(error))
        }
        _ => Ok(finding),
    }
}
