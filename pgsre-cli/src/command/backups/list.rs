//! `pgsre backups list`.

use jiff::Timestamp;
use pgsre_core::backup::{Backup, BackupPart};
use pgsre_core::source::BackupSourceExt;
use pgsre_core::source::catalogue::{self, CatalogueRules};

use super::{Listed, Listing, sources};
use crate::args::{Format, ListArgs};
use crate::command::drill::assemble;
use crate::config::{Config, Secret};
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::{human, json};

pub(crate) async fn run(args: &ListArgs, config: &Config, face: &Face) -> Result<u8, CommandError> {
    let mut statuses = Vec::new();
    let named = sources(args.source.as_deref(), args.server.as_deref(), config)?;
    super::one_for_json(args.format == Format::Json, &named)?;
    for one in &named {
        let listing = listing(&one.source).await?;
        face.print(&match args.format {
            Format::Human => human::backup_list(face, &listing),
            Format::Json => json::object(&listing)?,
        })?;
        let verdict = exit_code::verdict_of_findings(&listing.findings);
        statuses.push(exit_code::of_verdict(verdict));
    }
    Ok(exit_code::heaviest(statuses))
}

async fn listing(place: &Secret) -> Result<Listing, CommandError> {
    let source = assemble::source(place)?;
    let now = Timestamp::now();
    let (all, findings) = match source.all().await {
        Ok(none) if none.is_empty() => {
            let none = catalogue::check_newest(&none, &CatalogueRules::default(), now);
            (Vec::new(), none.findings)
        }
        Ok(all) => (all, Vec::new()),
        Err(error) => (Vec::new(), vec![super::unreadable(&source, error)?]),
    };
    let backups = catalogue::trend(&all, now).into_iter().map(|entry| Listed {
        etag: etag(&all, &entry.key),
        checksum: beside(&all, &entry.key, |backup| backup.checksum.as_ref()),
        manifest: beside(&all, &entry.key, |backup| backup.manifest.as_ref()),
        key: entry.key,
        format: entry.format,
        size: entry.size,
        modified: entry.modified,
        age_seconds: entry.age_seconds as f64,
        change: entry.change,
    });
    Ok(Listing { schema: 1, source: source.to_string(), backups: backups.collect(), findings })
}

/// The key of what lies beside a backup.
fn beside(
    all: &[Backup],
    key: &str,
    what: impl Fn(&Backup) -> Option<&BackupPart>,
) -> Option<String> {
    let backup = all.iter().find(|backup| backup.key == key)?;
    what(backup).map(|part| part.key.clone())
}

/// The entity tag of a backup of one object.
fn etag(all: &[Backup], key: &str) -> Option<String> {
    match all.iter().find(|backup| backup.key == key)?.parts.as_slice() {
        [only] => only.etag.clone(),
        _ => None,
    }
}
