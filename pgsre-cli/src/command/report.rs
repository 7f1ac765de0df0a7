//! `pgsre report`: past drills.

use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use pgsre_core::finding::Finding;
use pgsre_core::history::{
    self, HistoryError, HistoryErrorKind, Listing, ReportStore, default_directory,
};
use serde::Serialize;

use crate::args::{Format, ReportArgs, ReportCommand};
use crate::command::drill::assemble;
use crate::config::{Config, ConfigError};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::{human, json};

mod key;
mod verify;

pub(crate) use key::signing_key;
pub use verify::VerifyResult;

/// The JSON of past drills.
#[derive(Serialize)]
struct Past<'a> {
    schema: u32,
    place: String,
    drills: &'a [history::ReportSummary],
    damaged: &'a [history::DamagedReport],
    /// Sources of which no drill passed lately, as the configuration has it.
    findings: &'a [Finding],
}

pub(crate) async fn run(
    args: &ReportArgs,
    config: Result<Config, ConfigError>,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    if let Some(ReportCommand::Verify(args)) = &args.command {
        return verify::run(args, face, environment).await;
    }
    let store = store(args.from.as_deref(), environment)?;
    match &args.id {
        Some(id) => one(args, id, &store, face).await?,
        None => all(args, &allowed(config, face), &store, face).await?,
    }
    Ok(exit_code::PASSED)
}

async fn one(
    args: &ReportArgs,
    id: &str,
    store: &ReportStore,
    face: &Face,
) -> Result<(), CommandError> {
    if let Some(path) = &args.html {
        return write(face, path, &store.evidence(id).await.map_err(unreadable)?);
    }
    let text = match args.format {
        Format::Human => human::drill_report(face, &store.load(id).await.map_err(unreadable)?),
        Format::Json => as_stored(store, id).await?,
    };
    face.print(&text)?;
    Ok(())
}

/// The bytes that are hashed and signed, so that `--format json` shows the report's place in the
/// chain too.
async fn as_stored(store: &ReportStore, id: &str) -> Result<String, CommandError> {
    store.load(id).await.map_err(unreadable)?;
    let stored = store.stored(id).await.map_err(unreadable)?;
    let mut text = String::from_utf8_lossy(&stored).into_owned();
    text.push('\n');
    Ok(text)
}

/// How old the last drill that passed may be, for each source that the configuration says it of.
/// Past drills can be looked at without a sound configuration.
fn allowed(config: Result<Config, ConfigError>, face: &Face) -> Vec<(String, Duration)> {
    let config = config.unwrap_or_else(|error| {
        let why = pgsre_core::finding::chain(&error);
        face.warn(&format!("which drills are overdue is not known: {why}"));
        Config::default()
    });
    let servers = config.servers.iter().filter_map(|server| {
        let source = assemble::source(&server.backups.as_ref()?.source).ok()?;
        Some((source.to_string(), server.drill.max_age?))
    });
    servers.collect()
}

async fn all(
    args: &ReportArgs,
    allowed: &[(String, Duration)],
    store: &ReportStore,
    face: &Face,
) -> Result<(), CommandError> {
    let listing = store.list().await.map_err(unreadable)?;
    if let Some(path) = &args.html {
        return write(
            face,
            path,
            &history::index(&listing, &store.to_string()).map_err(unreadable)?,
        );
    }
    face.print(&match args.format {
        Format::Human => {
            let past = human::PastDrills {
                place: &store.to_string(),
                listing: &listing,
                overdue: &overdue(&listing, allowed),
                last: args.last,
                plotted: args.plot || face.is_shown(),
            };
            human::drill_list(face, &past)
        }
        Format::Json => as_json(store, &listing, &overdue(&listing, allowed), args.last)?,
    })?;
    Ok(())
}

fn overdue(listing: &Listing, allowed: &[(String, Duration)]) -> Vec<Finding> {
    let now = Timestamp::now();
    allowed.iter().filter_map(|(source, age)| listing.overdue(source, *age, now)).collect()
}

fn as_json(
    store: &ReportStore,
    listing: &Listing,
    findings: &[Finding],
    last: usize,
) -> Result<String, CommandError> {
    let drills = listing.reports.get(..last).unwrap_or(&listing.reports);
    let place = store.to_string();
    Ok(json::object(&Past { schema: 1, place, drills, damaged: &listing.damaged, findings })?)
}

pub(super) fn write(face: &Face, path: &Path, page: &str) -> Result<(), CommandError> {
    if path.as_os_str() == "-" {
        face.print(page)?;
        return Ok(());
    }
    std::fs::write(path, page).map_err(|error| {
        CommandError::usage(format!("cannot write {}", path.display())).with_cause(error)
    })?;
    face.note(&format!("wrote {}", path.display()));
    Ok(())
}

fn unreadable(error: HistoryError) -> CommandError {
    let failed = match error.kind() {
        HistoryErrorKind::NotFound | HistoryErrorKind::Ambiguous => {
            CommandError::usage(error.to_string())
                .with_hint("`pgsre report` lists the drills; --from says where they lie")
        }
        _ => CommandError::inconclusive(error.to_string()),
    };
    match std::error::Error::source(&error) {
        Some(cause) => failed.with_cause(cause.to_string()),
        None => failed,
    }
}

/// Where reports are kept: this directory or URL, else pgsre's own.
pub(crate) fn store(
    place: Option<&str>,
    environment: &Environment,
) -> Result<ReportStore, CommandError> {
    let wrong = |error: HistoryError| {
        CommandError::usage("reports cannot be kept there")
            .with_hint("give a directory or URL with --report, or set PGSRE_STATE_DIR")
            .with_cause(error)
    };
    if let Some(place) = place {
        return ReportStore::parse(place).map_err(wrong);
    }
    let usual = default_directory(|name| environment.variable(name).map(str::to_owned));
    let usual = usual.ok_or_else(|| {
        CommandError::usage("there is no place to keep reports: neither HOME nor another is set")
            .with_hint("give a directory or URL with --report, or set PGSRE_STATE_DIR")
    })?;
    ReportStore::directory(usual).map_err(wrong)
}
