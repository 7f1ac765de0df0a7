//! A backup that was taken, or would be.

use pgsre_core::dump::retention::Decision;
use pgsre_core::dump::{BackupOutcome, BackupReport, FingerprintSummary};

use super::findings::indented;
use crate::command::backup::Preview;
use crate::face::Face;
use crate::render::clean;
use crate::units;

/// What taking a backup came to.
#[must_use]
pub fn backup_report(face: &Face, report: &BackupReport) -> String {
    let palette = face.palette();
    let (mark, word) = match report.outcome {
        BackupOutcome::Done => (palette.good.apply_to("✓"), "taken"),
        BackupOutcome::Incomplete => {
            (palette.warning.apply_to("!"), "taken, with something missing")
        }
        BackupOutcome::Cancelled => (palette.warning.apply_to("!"), "interrupted: nothing is left"),
        _ => (palette.critical.apply_to("✗"), "not taken"),
    };
    let name = report.key.as_ref().unwrap_or(&report.database);
    let mut text = format!("{mark} {}: {word}\n", palette.heading.apply_to(clean(name)));
    for line in facts(report) {
        text.push_str(&format!("  {}\n", palette.faint.apply_to(clean(&line))));
    }
    for gap in report.fingerprint.iter().flat_map(|summary| &summary.gaps) {
        let line = format!("? not in the fingerprint: {}: {}", gap.subject, gap.why);
        indented(&mut text, "  ", &clean(&line), face.width(), &palette.warning);
    }
    for warning in &report.warnings {
        indented(&mut text, "  ", &clean(&format!("! {warning}")), face.width(), &palette.warning);
    }
    if report.outcome == BackupOutcome::Failed {
        let error = report.error.as_deref().unwrap_or_default();
        indented(&mut text, "  ", &clean(error), face.width(), &palette.critical);
        if let Some(hint) = &report.hint {
            indented(&mut text, "  ", hint, face.width(), &palette.hint);
        }
    }
    text
}

fn facts(report: &BackupReport) -> Vec<String> {
    if report.key.is_none() {
        return Vec::new();
    }
    let parts =
        if report.parts == 1 { String::new() } else { format!(" in {} objects", report.parts) };
    let verified = if report.verified { ", read back and compared" } else { "" };
    let by = report.dumped_by.as_deref().unwrap_or("pg_dump");
    let mut lines = vec![format!(
        "{}{parts} in {}, by {by}{verified}",
        units::size(report.bytes),
        units::duration(report.seconds),
    )];
    lines.extend(report.sha256.as_ref().map(|sha256| format!("SHA-256 {sha256}")));
    lines.extend(report.fingerprint.as_ref().map(fingerprint));
    lines.extend(report.globals.as_ref().map(|key| format!("globals: {key}")));
    lines.extend(report.removed.iter().map(|removed| match &removed.error {
        None => format!("removed {}", removed.key),
        Some(error) => format!("{} could not be removed: {error}", removed.key),
    }));
    lines
}

fn fingerprint(summary: &FingerprintSummary) -> String {
    format!(
        "it holds {} rows in {} tables, {} sequences, {} large objects, {} definitions",
        units::count(summary.rows),
        units::count(summary.tables as u64),
        units::count(summary.sequences as u64),
        units::count(summary.large_objects),
        units::count(summary.objects as u64),
    )
}

/// What taking a backup would do.
#[must_use]
pub fn backup_plan(face: &Face, plan: &Preview) -> String {
    let palette = face.palette();
    let key = palette.heading.apply_to(clean(&plan.key));
    let mut text = format!("would take {key}\n");
    let standby = if plan.standby { ", a standby" } else { "" };
    let size = units::size(plan.database_bytes);
    let lines = [
        format!("of PostgreSQL {}{standby}, {size} on its disk", plan.server_version),
        format!("by {} ({})", plan.dumped_by, plan.program),
    ];
    for line in lines {
        text.push_str(&format!("  {}\n", palette.faint.apply_to(clean(&line))));
    }
    for decision in &plan.retention {
        text.push_str(&decided(face, decision));
    }
    for warning in &plan.warnings {
        indented(&mut text, "  ", &clean(&format!("! {warning}")), face.width(), &palette.warning);
    }
    text
}

fn decided(face: &Face, decision: &Decision) -> String {
    let palette = face.palette();
    let key = clean(&decision.key);
    if decision.stays() {
        let why = palette.faint.apply_to(decision.kept_for.join(", "));
        format!("  keep    {key}  {why}\n")
    } else {
        format!("  {}  {key}\n", palette.critical.apply_to("remove"))
    }
}
