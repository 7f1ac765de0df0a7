//! What a drill came to.

use pgsre_core::alert::DeliveryOutcome;
use pgsre_core::drill::{CleanupOutcome, DrillReport, StageOutcome, ValidationReport, Verdict};

use super::differences::{compared, differences};
use super::findings::{findings, indented};
use super::load::slowest;
use crate::face::{Face, Palette};
use crate::render::clean;
use crate::render::table::{Align, Table};
use crate::units;

/// The whole report.
#[must_use]
pub fn drill_report(face: &Face, report: &DrillReport) -> String {
    let mut text = String::from("\n");
    text.push_str(&banner(face.palette(), report));
    text.push_str(&facts(face, report));
    text.push_str(&slowest(face, report));
    text.push_str(&validations(face, &report.validations));
    text.push_str(&found(face, report));
    if let Some(proof) = &report.manifest {
        text.push_str(&differences(face, proof));
    }
    text.push_str(&unproved(face, report));
    text.push_str(&notes(face, report));
    text.push_str(&unguarded(face, report));
    text.push_str(&aftermath(face, report));
    text.push_str(&next(face, report));
    text
}

fn banner(palette: &Palette, report: &DrillReport) -> String {
    let (word, style, meaning) = match report.verdict {
        Verdict::Passed => ("PASSED", &palette.good, "the backup restores, and every check holds"),
        Verdict::Failed => ("FAILED", &palette.critical, "something is wrong with the backup"),
        Verdict::Inconclusive if report.cancelled => {
            ("INCONCLUSIVE", &palette.warning, "interrupted before it could be judged")
        }
        Verdict::Inconclusive => {
            ("INCONCLUSIVE", &palette.warning, "the backup could not be judged")
        }
    };
    format!("  {}  {meaning}\n\n", style.clone().reverse().apply_to(format!(" {word} ")))
}

fn facts(face: &Face, report: &DrillReport) -> String {
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left)], &face.palette().heading);
    let mut fact = |name: &str, value: String| {
        table.row(vec![face.palette().faint.apply_to(name).to_string(), value]);
    };
    if let Some(backup) = &report.backup {
        let age = age(report.started_at, backup.modified);
        let size = units::size(backup.size);
        fact("backup", format!("{}  ({size}, {age} old)", clean(&backup.key)));
    }
    fact("source", clean(&report.source));
    fact("target", clean(&report.target));
    if let Some(load) = &report.load {
        fact("restored", restored(load));
    }
    if let Some(rto) = report.rto_seconds {
        fact("recovery", format!("{} until the database answered", units::duration(rto)));
    }
    let read = report.load.as_ref().and_then(|load| load.archive.as_ref());
    if let Some(by) = read.and_then(|read| read.checksum.as_ref()) {
        fact("checksum", format!("the bytes are as {} says", clean(by)));
    }
    if let Some(proof) = &report.manifest {
        fact("manifest", compared(proof));
    }
    fact("stages", stages(report));
    fact("report", report.id.to_string());
    table.render()
}

fn restored(load: &pgsre_core::restore::LoadReport) -> String {
    let tables = || load.databases.iter().flat_map(|database| &database.tables);
    let rows: u64 = tables().map(|table| table.rows).sum();
    let count = tables().filter(|table| !table.failed).count() as u64;
    let databases = match load.databases.len() {
        0 | 1 => String::new(),
        many => format!("{many} databases, "),
    };
    let tables = if count == 1 { "table" } else { "tables" };
    format!("{databases}{} {tables} with data, {} rows", units::count(count), units::count(rows))
}

fn stages(report: &DrillReport) -> String {
    let stages = report.stages.iter().map(|stage| {
        let ended = match stage.outcome {
            StageOutcome::Done => "",
            StageOutcome::Failed => " (failed)",
            StageOutcome::Cancelled => " (interrupted)",
        };
        format!("{} {}{ended}", stage.name.as_str(), units::duration(stage.seconds))
    });
    stages.collect::<Vec<_>>().join(" · ")
}

/// How old something of `then` is at `now`, in words.
pub(super) fn age(now: jiff::Timestamp, then: jiff::Timestamp) -> String {
    units::duration(now.duration_since(then).as_secs_f64().max(0.0))
}

fn validations(face: &Face, validations: &[ValidationReport]) -> String {
    if validations.is_empty() {
        return String::new();
    }
    let palette = face.palette();
    let columns = [("", Align::Left), ("check", Align::Left), ("examined", Align::Right)];
    let mut table = Table::new(&columns, &palette.heading);
    for validation in validations {
        let mark = match validation.outcome {
            Verdict::Passed => palette.good.apply_to("✓"),
            Verdict::Failed => palette.critical.apply_to("✗"),
            Verdict::Inconclusive => palette.warning.apply_to("?"),
        };
        let examined = units::count(validation.examined);
        table.row(vec![mark.to_string(), clean(&validation.name), examined]);
    }
    format!("\n{}", table.render())
}

fn found(face: &Face, report: &DrillReport) -> String {
    match report.findings.len() {
        0 => String::new(),
        many => {
            let title = format!("{many} finding{}", if many == 1 { "" } else { "s" });
            let heading = face.palette().heading.apply_to(title);
            format!("\n  {heading}\n{}", findings(face, &report.findings))
        }
    }
}

fn unproved(face: &Face, report: &DrillReport) -> String {
    let mut sentences: Vec<String> = Vec::new();
    for validation in &report.validations {
        for sentence in &validation.unproved {
            sentences.push(format!("{}: {}", clean(&validation.name), clean(sentence)));
        }
    }
    listed(face, "Not proved", "? ", &sentences)
}

/// What was done otherwise than the backup says.
fn notes(face: &Face, report: &DrillReport) -> String {
    let notes = report.load.iter().flat_map(|load| &load.notes);
    listed(face, "Done otherwise", "· ", &notes.map(|note| clean(note)).collect::<Vec<_>>())
}

/// What a checksum beside the backup would show, where nothing else does.
fn unguarded(face: &Face, report: &DrillReport) -> String {
    let read = report.load.iter().filter_map(|load| load.archive.as_ref());
    let why: Vec<String> = read.filter_map(|read| read.unguarded.as_deref().map(clean)).collect();
    listed(face, "Worth knowing", "· ", &why)
}

fn listed(face: &Face, title: &str, mark: &str, sentences: &[String]) -> String {
    if sentences.is_empty() {
        return String::new();
    }
    const SHOWN: usize = 12;
    let mut text = format!("\n  {}\n", face.palette().heading.apply_to(title));
    let plain = console::Style::new();
    for sentence in sentences.iter().take(SHOWN) {
        indented(&mut text, "    ", &format!("{mark}{sentence}"), face.width(), &plain);
    }
    if sentences.len() > SHOWN {
        text.push_str(&format!("    … and {} more\n", sentences.len() - SHOWN));
    }
    text
}

fn aftermath(face: &Face, report: &DrillReport) -> String {
    let palette = face.palette();
    let mut text = String::new();
    for swept in &report.swept {
        let name = clean(&swept.name);
        let line = match &swept.error {
            None => format!("Removed what a killed drill left: {name}"),
            Some(why) => format!("A killed drill left {name}, not removed: {}", clean(why)),
        };
        text.push_str(&format!("\n  {}\n", palette.faint.apply_to(line)));
    }
    let place = report.cleanup.place.as_deref().map(clean).unwrap_or_default();
    match report.cleanup.outcome {
        CleanupOutcome::Nothing | CleanupOutcome::Done => {}
        CleanupOutcome::Kept => {
            text.push_str(&format!("\n  Kept: {place}\n"));
            // On one line, so that the commands in it can be copied.
            if let Some(access) = &report.cleanup.access {
                text.push_str(&format!("    {}\n", palette.hint.apply_to(clean(access))));
            }
        }
        CleanupOutcome::Failed => {
            let why = report.cleanup.error.as_deref().map(clean).unwrap_or_default();
            let label = palette.warning.apply_to("Left behind:");
            text.push_str(&format!("\n  {label} {place}: {why}\n"));
            let hint = palette.hint.apply_to("→ `pgsre doctor` tries again");
            text.push_str(&format!("    {hint}\n"));
        }
    }
    for alert in report.alerts.iter().filter(|alert| alert.outcome == DeliveryOutcome::Failed) {
        let why = alert.error.as_deref().map(clean).unwrap_or_default();
        let label = palette.warning.apply_to("Alert not delivered:");
        text.push_str(&format!("\n  {label} {}: {why}\n", clean(&alert.alerter)));
    }
    text
}

fn next(face: &Face, report: &DrillReport) -> String {
    let advice = match report.verdict {
        Verdict::Passed => return "\n".to_owned(),
        Verdict::Failed => format!(
            "Next: take a fresh backup and drill it; `pgsre report {} --html evidence.html` keeps \
             what was found.",
            report.id
        ),
        Verdict::Inconclusive if report.cancelled => "Next: run the drill again.".to_owned(),
        Verdict::Inconclusive => {
            "Next: mend what is named above and drill again; `pgsre doctor` looks at the rest."
                .to_owned()
        }
    };
    let mut text = String::from("\n");
    indented(&mut text, "  ", &advice, face.width(), &face.palette().hint);
    text.push('\n');
    text
}
