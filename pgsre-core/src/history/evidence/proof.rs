//! How the backup was proved: what the restored contents were compared with, and how closely.

use super::{Fact, format, present};
use crate::drill::{DrillReport, ManifestProof};
use crate::fingerprint::Level;
use crate::fingerprint::{DiffLine, Difference};

/// Differences whose lines a page shows; the findings name them all.
const SHOWN: usize = 12;

/// How the backup was proved.
pub(super) struct Proof<'a> {
    pub(super) sentence: &'static str,
    pub(super) facts: Vec<Fact>,
    pub(super) differences: Vec<DifferenceView<'a>>,
}

/// The lines in which two definitions differ.
pub(super) struct DifferenceView<'a> {
    pub(super) subject: &'a str,
    pub(super) lines: Vec<(&'static str, String)>,
}

impl<'a> Proof<'a> {
    pub(super) fn of(report: &'a DrillReport) -> Self {
        let Some(manifest) = &report.manifest else { return Self::without_manifest() };
        let with_lines = manifest.differences.iter().filter(|one| !one.lines.is_empty());
        Self {
            sentence: "What was restored was compared with what the source held at the moment of the \
                       backup, as the manifest beside it says.",
            facts: facts(manifest),
            differences: with_lines.take(SHOWN).map(DifferenceView::of).collect(),
        }
    }

    fn without_manifest() -> Self {
        Self {
            sentence: "No manifest lay beside the backup. What was restored was held against what the \
                       backup itself declares, and against the checks below.",
            facts: Vec::new(),
            differences: Vec::new(),
        }
    }
}

impl<'a> DifferenceView<'a> {
    fn of(difference: &'a Difference) -> Self {
        let line = |line: &DiffLine| match line {
            DiffLine::Same(text) => ("", format!("  {text}")),
            DiffLine::Expected(text) => ("expected", format!("− {text}")),
            DiffLine::Found(text) => ("found", format!("+ {text}")),
            DiffLine::Omitted(many) => ("", format!("… {many} more lines")),
        };
        Self { subject: &difference.subject, lines: difference.lines.iter().map(line).collect() }
    }
}

fn facts(manifest: &ManifestProof) -> Vec<Fact> {
    let compared = &manifest.compared;
    let some = |many: u64, of: &str| (many > 0).then(|| format!("{} {of}", format::count(many)));
    let rows = (compared.tables > 0).then(|| {
        format!("{} tables, {} rows", format::count(compared.tables), format::count(compared.rows))
    });
    let differences = manifest.differences.len() as u64 + manifest.more_differences;
    let bytes =
        if manifest.bytes { "held against the SHA-256 in the manifest" } else { "not in it" };
    present([
        ("Manifest", Some(manifest.key.clone())),
        ("Source looked at", manifest.taken_at.map(format::time)),
        ("How closely", manifest.level.map(|level| closeness(level).to_owned())),
        ("Definitions", some(compared.objects, "objects, with owner, privileges and comment")),
        ("Rows counted", rows),
        ("Contents hashed", some(compared.contents, "tables")),
        ("Sequences", some(compared.sequences, "states")),
        ("Large objects", some(compared.large_objects, "compared")),
        ("The backup's bytes", Some(bytes.to_owned())),
        ("Differences", Some(format::count(differences)).filter(|_| compared.objects > 0)),
    ])
}

const fn closeness(level: Level) -> &'static str {
    match level {
        Level::Counts => "every definition, and how many rows each table has",
        Level::Sample => "every definition, how many rows, and a hash of a part of them",
        Level::Content => "every definition, and a hash of every row",
    }
}
