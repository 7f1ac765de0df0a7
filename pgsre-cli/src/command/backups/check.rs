//! `pgsre backups check`: fresh, large enough, and readable to its end.

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::ProgressBar;
use jiff::Timestamp;
use pgsre_core::archive::{ArchiveError, ArchiveItem, ArchiveReader, ArchiveSummary, ReadOptions};
use pgsre_core::backup::Backup;
use pgsre_core::drill::{self, Verdict};
use pgsre_core::manifest::Manifest;
use pgsre_core::source::{BackupSource, BackupSourceExt, SourceError, SourceErrorKind, catalogue};

use super::{CheckResult, Named, sources};
use crate::args::{CheckArgs, ResultFormat};
use crate::command::drill::assemble;
use crate::command::report;
use crate::config::Config;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::progress::{bytes_bar, spinner};
use crate::render::{human, json, junit};
use crate::units;

pub(crate) async fn run(
    args: &CheckArgs,
    config: &Config,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let named = sources(args.source.as_deref(), args.server.as_deref(), config)?;
    super::one_for_json(args.format == ResultFormat::Json, &named)?;
    let interrupt = Interrupt::watch(face, Arc::new(|| None));
    let mut results = Vec::new();
    for one in &named {
        let result = tokio::select! {
            result = check(args, one, face, environment) => result?,
            () = interrupt.token().cancelled() => return Ok(exit_code::INTERRUPTED),
        };
        match args.format {
            ResultFormat::Human => face.print(&human::backup_check(face, &result))?,
            ResultFormat::Json => face.print(&json::object(&result)?)?,
            ResultFormat::Junit => {}
        }
        results.push(result);
    }
    if args.format == ResultFormat::Junit {
        face.print(&junit::checks(&results)?)?;
    }
    Ok(exit_code::heaviest(results.iter().map(|result| exit_code::of_verdict(result.outcome))))
}

async fn check(
    args: &CheckArgs,
    named: &Named<'_>,
    face: &Face,
    environment: &Environment,
) -> Result<CheckResult, CommandError> {
    let source = Arc::new(assemble::source(&named.source)?);
    let mut result = CheckResult {
        schema: 1,
        source: source.to_string(),
        backup: None,
        outcome: Verdict::Inconclusive,
        findings: Vec::new(),
        unproved: Vec::new(),
        archive: None,
        seconds: 0.0,
        last_passed_drill: None,
    };
    if let Some(max_age) = args.drill.max_drill_age.or(named.max_drill_age) {
        past_drills(args, max_age, environment, &mut result).await?;
    }
    match look(args, named, &source, &mut result).await {
        Ok(()) => {}
        Err(error) if error.kind() == SourceErrorKind::Invalid => {
            return Err(CommandError::usage("the backup cannot be told").with_cause(error));
        }
        Err(error) => result.findings.push(error.to_finding(&result.source)),
    }
    if let Some(backup) = result.backup.clone() {
        read(args, named, source, &backup, face, &mut result).await;
    }
    result.findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
    result.outcome = outcome(&result);
    Ok(result)
}

/// Picks the backup and holds the catalogue against the rules.
async fn look(
    args: &CheckArgs,
    named: &Named<'_>,
    source: &Arc<impl BackupSource>,
    result: &mut CheckResult,
) -> Result<(), SourceError> {
    let all = source.all().await?;
    let backup = match &args.backup.backup {
        Some(key) => Some(source.find(key).await?),
        None => all.first().cloned(),
    };
    let (flags, configured) = (&args.backup, named.backups);
    let rules = assemble::rules(
        flags.max_age.or(configured.and_then(|backups| backups.max_age)),
        flags.min_size.or(configured.and_then(|backups| backups.min_size)),
        flags.max_shrink.or(configured.and_then(|backups| backups.max_shrink)),
    );
    let now = Timestamp::now();
    let check = match &backup {
        Some(backup) => catalogue::check(backup, &all, &rules, now),
        None => catalogue::check_newest(&all, &rules, now),
    };
    result.findings.extend(check.findings);
    result.unproved.extend(check.unproved);
    if let Some(backup) = &backup {
        compare(source.as_ref(), backup, &all, result).await;
    }
    result.backup = backup;
    Ok(())
}

/// Looks when a drill of the source last passed.
async fn past_drills(
    args: &CheckArgs,
    max_age: Duration,
    environment: &Environment,
    result: &mut CheckResult,
) -> Result<(), CommandError> {
    let store = report::store(args.drill.report.as_deref(), environment)?;
    match store.list().await {
        Ok(past) => {
            result.findings.extend(past.overdue(&result.source, max_age, Timestamp::now()));
            result.last_passed_drill = past.last_passed(&result.source).cloned();
        }
        Err(error) => {
            let why = pgsre_core::finding::chain(&error);
            result.unproved.push(format!("when a drill last passed is not known: {why}"));
        }
    }
    Ok(())
}

/// Looks whether the backup is only a copy of the one before it.
async fn compare(
    source: &dyn BackupSource,
    backup: &Backup,
    all: &[Backup],
    result: &mut CheckResult,
) {
    match catalogue::copy_of(source, backup, all).await {
        Ok(copy) => {
            result.findings.extend(copy.findings);
            result.unproved.extend(copy.unproved);
        }
        Err(error) => {
            let why = pgsre_core::finding::chain(&error);
            result.unproved.push(format!("it was not compared with the backup before it: {why}"));
        }
    }
}

/// Reads every byte of the backup, as strictly as a drill.
async fn read(
    args: &CheckArgs,
    named: &Named<'_>,
    source: Arc<dyn BackupSource>,
    backup: &Backup,
    face: &Face,
    result: &mut CheckResult,
) {
    let begin = Instant::now();
    let options = ReadOptions {
        allow_untrailed: args.backup.allow_untrailed || named.allow_untrailed,
        ..ReadOptions::default()
    };
    let bar = face
        .draws()
        .then(|| if backup.size > 0 { bytes_bar(face, backup.size) } else { spinner(face) });
    let guarded = guarded(source.as_ref(), backup, options, result).await;
    let read = match guarded {
        Ok(options) => drain(source, backup, options, bar.as_ref()).await,
        Err(error) => Err(error),
    };
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
    result.seconds = begin.elapsed().as_secs_f64();
    face.note(&format!("  read {} in {}", backup.key, units::duration(result.seconds)));
    match read {
        Ok(summary) => {
            result.unproved.extend(summary.unproved.iter().cloned());
            result.archive = Some(summary);
        }
        Err(error) => result.findings.push(error.to_finding(&backup.key)),
    }
}

/// Has every byte compared with what the manifest beside the backup says. A manifest that cannot be
/// read is a finding.
async fn guarded(
    source: &dyn BackupSource,
    backup: &Backup,
    options: ReadOptions,
    result: &mut CheckResult,
) -> Result<ReadOptions, ArchiveError> {
    let manifest = match Manifest::read(source, backup).await {
        Ok(manifest) => manifest,
        Err(error) => {
            result.findings.push(error.to_finding());
            None
        }
    };
    drill::guarded(options, backup, manifest.as_ref())
}

async fn drain(
    source: Arc<dyn BackupSource>,
    backup: &Backup,
    options: ReadOptions,
    bar: Option<&ProgressBar>,
) -> Result<ArchiveSummary, ArchiveError> {
    let mut reader = ArchiveReader::open(source, backup, options).await?;
    let mut summary = ArchiveSummary::default();
    while let Some(item) = reader.next().await? {
        if let Some(bar) = bar {
            bar.set_position(reader.bytes_read());
        }
        match item {
            ArchiveItem::End(end) => summary = end,
            ArchiveItem::CopyStart(copy) => {
                bar.inspect(|bar| bar.set_message(copy.table.name));
            }
            _ => {}
        }
    }
    Ok(summary)
}

/// As a drill judges: wrong beats not proved beats passed.
fn outcome(result: &CheckResult) -> Verdict {
    let read_and_proved = result.archive.is_some() && result.unproved.is_empty();
    match exit_code::verdict_of_findings(&result.findings) {
        Verdict::Passed if !read_and_proved => Verdict::Inconclusive,
        found => found,
    }
}
