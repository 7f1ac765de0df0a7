//! A drill as a page for people and auditors: one HTML file that needs nothing beside it.
//!
//! It says who ran the drill, when, on which backup, what was proved and what was not, for controls
//! that ask for tested backups (ISO/IEC 27001:2022 annex A 8.13, SOC 2 A1.3). It carries the
//! SHA-256 of the JSON report, which holds every detail.

use askama::Template;
use sha2::{Digest, Sha256};

use super::format;
use super::plot::Plot;
use super::{HistoryError, HistoryErrorKind, ReportSummary};
use crate::alert::{Delivery, DeliveryOutcome};
use crate::backup::{BackupFormat, Compression};
use crate::drill::{
    CleanupOutcome, DrillReport, Section, StageOutcome, StageReport, ValidationReport, Verdict,
};
use crate::finding::Finding;
use crate::restore::{LoadReport, SlowStatement, TableLoad};

mod objectives;
mod proof;

use objectives::ObjectiveView;
use proof::Proof;

/// Findings that a page shows; the JSON has them all.
const FINDINGS: usize = 300;

/// Bars in a list of the slowest.
const BARS: usize = 10;

/// The page of a drill; `json` is its report as it is stored, `past` are drills of the same source
/// before it, newest first: their recovery times are shown beside this one's.
///
/// # Errors
/// Where the page cannot be written, which no report causes.
pub fn page(
    report: &DrillReport,
    json: &[u8],
    past: &[ReportSummary],
) -> Result<String, HistoryError> {
    Page::new(report, json, past).render().map_err(|error| {
        let text = format!("cannot write the evidence of drill {}", report.id);
        HistoryError::new(HistoryErrorKind::Damaged, text).with_cause(error)
    })
}

/// The SHA-256 of a stored report, in hexadecimal, as `sha256sum` prints it.
#[must_use]
pub fn sha256(json: &[u8]) -> String {
    Sha256::digest(json).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[derive(Template)]
#[template(path = "evidence.html")]
struct Page<'a> {
    report: &'a DrillReport,
    sha256: String,
    verdict: VerdictView,
    rto: String,
    tiles: Vec<Tile>,
    facts: Vec<Fact>,
    checks: Vec<CheckView<'a>>,
    sections: Vec<&'a Section>,
    findings: &'a [Finding],
    more_findings: usize,
    unproved: Vec<String>,
    timeline: Vec<Bar>,
    slow_tables: Vec<Bar>,
    slow_statements: Vec<Bar>,
    notes: &'a [String],
    cleanup: String,
    record: Vec<Fact>,
    chain: Vec<Fact>,
    proof: Proof<'a>,
    objectives: Vec<ObjectiveView>,
    plot: Option<Plot>,
}

impl<'a> Page<'a> {
    fn new(report: &'a DrillReport, json: &[u8], past: &[ReportSummary]) -> Self {
        let load = report.load.as_ref();
        let shown = report.findings.len().min(FINDINGS);
        let format = report.archive.as_ref().map(|archive| archive.format);
        let unit = format.unwrap_or(BackupFormat::Plain).unit_of_place();
        Self {
            report,
            sha256: sha256(json),
            chain: chain(json),
            proof: Proof::of(report),
            objectives: ObjectiveView::of(report),
            plot: trend(report, past),
            verdict: VerdictView::of(report.verdict),
            rto: report.rto_seconds.map_or_else(|| "not reached".into(), format::seconds),
            tiles: tiles(report),
            facts: facts(report),
            checks: report.validations.iter().map(CheckView::of).collect(),
            sections: report.validations.iter().flat_map(|check| &check.sections).collect(),
            findings: &report.findings[..shown],
            more_findings: report.findings.len() - shown,
            unproved: unproved(report),
            timeline: timeline(&report.stages),
            slow_tables: load.map(slow_tables).unwrap_or_default(),
            slow_statements: load
                .map(|load| slow_statements(&load.slowest, unit))
                .unwrap_or_default(),
            notes: load.map(|load| load.notes.as_slice()).unwrap_or_default(),
            cleanup: cleanup(report),
            record: record(report),
        }
    }
}

/// How a verdict is shown.
pub(super) struct VerdictView {
    pub(super) class: &'static str,
    pub(super) mark: &'static str,
    pub(super) word: &'static str,
    pub(super) sentence: &'static str,
}

impl VerdictView {
    pub(super) fn of(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Passed => Self {
                class: "passed",
                mark: "✓",
                word: "Passed",
                sentence: "This backup restores, and every check found it sound.",
            },
            Verdict::Failed => Self {
                class: "failed",
                mark: "✗",
                word: "Failed",
                sentence: "Something is wrong with this backup. Do not rely on it.",
            },
            Verdict::Inconclusive => Self {
                class: "inconclusive",
                mark: "?",
                word: "Inconclusive",
                sentence: "This backup could not be judged: it is neither proved nor refuted.",
            },
        }
    }
}

/// A figure in large type.
struct Tile {
    name: &'static str,
    value: String,
}

/// A line of a list of facts.
struct Fact {
    name: &'static str,
    value: String,
}

struct CheckView<'a> {
    name: &'a str,
    examined: String,
    verdict: VerdictView,
}

impl<'a> CheckView<'a> {
    fn of(check: &'a ValidationReport) -> Self {
        Self {
            name: &check.name,
            examined: format::count(check.examined),
            verdict: VerdictView::of(check.outcome),
        }
    }
}

/// A bar: where it begins and how long it is, in hundredths of the whole.
struct Bar {
    name: String,
    detail: String,
    value: String,
    class: &'static str,
    from: String,
    length: String,
}

impl Bar {
    fn new(name: String, seconds: f64, from: f64, whole: f64) -> Self {
        let share = |part: f64| if whole > 0.0 { part / whole * 100.0 } else { 0.0 };
        Self {
            name,
            detail: String::new(),
            value: format::seconds(seconds),
            class: "bar",
            from: format!("{:.3}", share(from)),
            length: format!("{:.3}", share(seconds).max(0.3)),
        }
    }
}

/// The recovery times up to this drill; `None` where there is nothing to compare it with.
fn trend(report: &DrillReport, past: &[ReportSummary]) -> Option<Plot> {
    past.iter().find(|past| past.rto_seconds.is_some())?;
    let this = std::iter::once(ReportSummary::from(report));
    let all: Vec<ReportSummary> = this.chain(past.iter().cloned()).collect();
    Plot::of(&all, report.objectives.rto_seconds)
}

fn tiles(report: &DrillReport) -> Vec<Tile> {
    let backup = report.backup.as_ref();
    let tables = || report.load.iter().flat_map(|load| &load.databases).flat_map(|one| &one.tables);
    let size = backup.map_or_else(|| "–".into(), |backup| format::bytes(backup.size));
    let passed = report.validations.iter().filter(|check| check.outcome == Verdict::Passed).count();
    vec![
        Tile { name: "backup", value: size },
        Tile { name: "tables with data", value: format::count(tables().count() as u64) },
        Tile { name: "rows loaded", value: format::count(tables().map(|table| table.rows).sum()) },
        Tile { name: "checks passed", value: format!("{passed} of {}", report.validations.len()) },
    ]
}

fn facts(report: &DrillReport) -> Vec<Fact> {
    let backup = report.backup.as_ref();
    let archive = report.archive.as_ref();
    let etag = backup.and_then(|backup| backup.parts.first()).and_then(|part| part.etag.clone());
    let read = report.load.as_ref().and_then(|load| load.archive.as_ref());
    let format = archive.map(|archive| match archive.compression {
        Compression::None => format!("{}, not compressed", archive.format),
        compression => format!("{}, {compression}", archive.format),
    });
    let size = |bytes| format!("{} ({} bytes)", format::bytes(bytes), format::count(bytes));
    present([
        ("Source", Some(report.source.clone())),
        ("Key", Some(backup.map_or_else(|| "no backup found".into(), |one| one.key.clone()))),
        ("Last written", backup.map(|backup| format::time(backup.modified))),
        ("Size", backup.map(|backup| size(backup.size))),
        (
            "Objects",
            backup.filter(|one| one.parts.len() > 1).map(|one| one.parts.len().to_string()),
        ),
        ("ETag", etag),
        ("Format", format),
        ("Dumped from", archive.and_then(|archive| archive.server_version.clone())),
        ("Dumped by", archive.and_then(|archive| archive.dumped_by.clone())),
        (
            "Read to its end",
            read.map(|read| format!("{} of SQL", format::bytes(read.bytes_unpacked))),
        ),
        ("SHA-256", read.and_then(|read| read.checksum.as_ref().map(|by| format!("as {by} says")))),
    ])
}

fn record(report: &DrillReport) -> Vec<Fact> {
    let by = &report.provenance;
    let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
    present([
        ("Drill", Some(report.id.to_string())),
        ("Began", Some(format::time(report.started_at))),
        ("Ended", Some(format::time(report.finished_at))),
        ("Run by", text(&by.user)),
        ("On machine", text(&by.host)),
        ("Restored into", Some(report.target.clone())),
        ("Restored on", by.restored_on.clone()),
        ("pgsre", Some(report.pgsre_version.clone())),
    ])
}

/// The report's place among the others.
fn chain(json: &[u8]) -> Vec<Fact> {
    let Some(link) = super::chain::link_of(json) else { return Vec::new() };
    let (follows, sha256) = match link.previous {
        Some(previous) => (format!("{}.json", previous.id), Some(previous.sha256)),
        None => ("nothing: it is the first of its chain".to_owned(), None),
    };
    let before = Some(link.before.len()).filter(|many| *many > 0);
    present([
        ("Follows", Some(follows)),
        ("The SHA-256 of that", sha256),
        ("Vouches for", before.map(|many| format!("{many} older reports from before the chain"))),
        ("Signed by the key", link.signed_by),
    ])
}

fn present<const N: usize>(facts: [(&'static str, Option<String>); N]) -> Vec<Fact> {
    facts.into_iter().filter_map(|(name, value)| Some(Fact { name, value: value? })).collect()
}

/// Everything that keeps a drill from proving, each with who says so.
fn unproved(report: &DrillReport) -> Vec<String> {
    let cancelled = report.cancelled.then(|| "the drill was cancelled before its end".to_owned());
    let archive = report.load.iter().filter_map(|load| load.archive.as_ref());
    let archive = archive.flat_map(|archive| &archive.unproved).cloned();
    let checks = report.validations.iter().flat_map(|check| {
        check.unproved.iter().map(move |sentence| format!("{}: {sentence}", check.name))
    });
    cancelled.into_iter().chain(archive).chain(checks).collect()
}

/// Stages run one after the other, so each begins where the one before ended.
fn timeline(stages: &[StageReport]) -> Vec<Bar> {
    let whole: f64 = stages.iter().map(|stage| stage.seconds).sum();
    let mut from = 0.0;
    let mut bars = Vec::new();
    for stage in stages {
        let bar = Bar::new(stage.name.as_str().to_owned(), stage.seconds, from, whole);
        from += stage.seconds;
        bars.push(match stage.outcome {
            StageOutcome::Done => bar,
            StageOutcome::Failed => {
                Bar { class: "bar failed", detail: "could not be done".into(), ..bar }
            }
            StageOutcome::Cancelled => {
                Bar { class: "bar inconclusive", detail: "cancelled".into(), ..bar }
            }
        });
    }
    bars
}

fn slow_tables(load: &LoadReport) -> Vec<Bar> {
    let tables = load.slowest_tables(BARS);
    let longest = tables.first().map_or(0.0, |table| table.seconds);
    tables.into_iter().map(|table| table_bar(table, longest)).collect()
}

fn table_bar(table: &TableLoad, longest: f64) -> Bar {
    let name = match &table.table.schema {
        Some(schema) => format!("{schema}.{}", table.table.name),
        None => table.table.name.clone(),
    };
    let mut detail = format!("{} rows, {}", format::count(table.rows), format::bytes(table.bytes));
    if table.seconds > 0.0 {
        let per_second = |amount: u64| (amount as f64 / table.seconds) as u64;
        let (rows, bytes) = (per_second(table.rows), per_second(table.bytes));
        let rates = format!("; {} rows/s, {}/s", format::count(rows), format::bytes(bytes));
        detail.push_str(&rates);
    }
    if table.connections > 1 {
        detail.push_str(&format!("; over {} connections", table.connections));
    }
    Bar { detail, ..Bar::new(name, table.seconds, 0.0, longest) }
}

fn slow_statements(slowest: &[SlowStatement], unit: &str) -> Vec<Bar> {
    let longest = slowest.first().map_or(0.0, |statement| statement.seconds);
    let bar = |statement: &SlowStatement| Bar {
        detail: format!("{unit} {}", format::count(statement.line)),
        ..Bar::new(statement.head.clone(), statement.seconds, 0.0, longest)
    };
    slowest.iter().take(BARS).map(bar).collect()
}

fn cleanup(report: &DrillReport) -> String {
    let place = report.cleanup.place.as_deref().unwrap_or("the place it was restored into");
    match report.cleanup.outcome {
        CleanupOutcome::Nothing => "Nothing was made, so nothing had to be removed.".into(),
        CleanupOutcome::Done => format!("Removed: {place}."),
        CleanupOutcome::Kept => format!("Kept, as asked for: {place}."),
        CleanupOutcome::Failed => format!(
            "Could not be removed: {place}. {}",
            report.cleanup.error.as_deref().unwrap_or_default()
        ),
    }
}

fn told(delivery: &Delivery) -> String {
    let attempts = match delivery.attempts {
        1 => "1 attempt".to_owned(),
        several => format!("{several} attempts"),
    };
    match (delivery.outcome, &delivery.error) {
        (DeliveryOutcome::Sent, _) => format!("sent, {attempts}"),
        (DeliveryOutcome::Skipped, _) => "not wanted for this verdict".into(),
        (DeliveryOutcome::Waiting | DeliveryOutcome::Failed, error) => {
            format!("not delivered, {attempts}: {}", error.as_deref().unwrap_or_default())
        }
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
pub(super) use tests::sample;
