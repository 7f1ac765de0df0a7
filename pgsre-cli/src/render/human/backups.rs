//! The catalogue of backups, and one of them read to its end.

use pgsre_core::drill::Verdict;

use super::findings::{findings, indented};
use crate::command::backups::{CheckResult, Listing};
use crate::face::Face;
use crate::render::clean;
use crate::render::table::{Align, Table};
use crate::units;

const COLUMNS: [(&str, Align); 8] = [
    ("key", Align::Left),
    ("format", Align::Left),
    ("size", Align::Right),
    ("trend", Align::Right),
    ("modified", Align::Left),
    ("age", Align::Right),
    ("checksum", Align::Left),
    ("manifest", Align::Left),
];

/// The backups of a source, newest first.
#[must_use]
pub fn backup_list(face: &Face, listing: &Listing) -> String {
    let palette = face.palette();
    let mut text = format!("{}\n", palette.heading.apply_to(clean(&listing.source)));
    if listing.backups.is_empty() {
        text.push_str(&findings(face, &listing.findings));
        return text;
    }
    let mut table = Table::new(&COLUMNS, &palette.faint);
    for backup in &listing.backups {
        table.row(vec![
            clean(&backup.key),
            backup.format.to_string(),
            units::size(backup.size),
            trend(face, backup.change),
            backup.modified.strftime("%Y-%m-%d %H:%M UTC").to_string(),
            units::duration(backup.age_seconds),
            if backup.checksum.is_some() { "SHA-256" } else { "–" }.to_owned(),
            if backup.manifest.is_some() { "yes" } else { "–" }.to_owned(),
        ]);
    }
    text.push_str(&table.render());
    let total: u64 = listing.backups.iter().map(|backup| backup.size).sum();
    let backups = match listing.backups.len() {
        1 => "1 backup".to_owned(),
        several => format!("{several} backups"),
    };
    let summary = format!("{backups}, {}", units::size(total));
    text.push_str(&format!("  {}\n", palette.faint.apply_to(summary)));
    text
}

/// The change in size against the predecessor of the same series.
fn trend(face: &Face, change: Option<f64>) -> String {
    let Some(change) = change else { return "–".to_owned() };
    let palette = face.palette();
    let percent = change * 100.0;
    match percent {
        _ if percent.abs() < 0.05 => palette.faint.apply_to("→ 0.0%".to_owned()),
        _ if percent > 0.0 => palette.faint.apply_to(format!("↑ {percent:.1}%")),
        _ if percent < -30.0 => palette.critical.apply_to(format!("↓ {:.1}%", -percent)),
        _ => palette.faint.apply_to(format!("↓ {:.1}%", -percent)),
    }
    .to_string()
}

/// What reading a backup to its end came to.
#[must_use]
pub fn backup_check(face: &Face, check: &CheckResult) -> String {
    let palette = face.palette();
    let (mark, word) = match check.outcome {
        Verdict::Passed => (palette.good.apply_to("✓"), "readable to its end"),
        Verdict::Failed => (palette.critical.apply_to("✗"), "something is wrong"),
        Verdict::Inconclusive => (palette.warning.apply_to("?"), "could not be judged"),
    };
    let name = check.backup.as_ref().map_or(check.source.as_str(), |backup| backup.key.as_str());
    let mut text = format!("{mark} {}: {word}\n", palette.heading.apply_to(clean(name)));
    if let Some(archive) = &check.archive {
        let line = format!(
            "{} read, {} of SQL, {} statements, {} rows in {} COPY blocks, {}",
            units::size(archive.bytes_read),
            units::size(archive.bytes_unpacked),
            units::count(archive.statements),
            units::count(archive.copy_rows),
            units::count(archive.copies),
            units::duration(check.seconds),
        );
        text.push_str(&format!("  {}\n", palette.faint.apply_to(line)));
    }
    if let Some(by) = check.archive.as_ref().and_then(|archive| archive.checksum.as_ref()) {
        let line = format!("SHA-256: the bytes are as {} says", clean(by));
        text.push_str(&format!("  {}\n", palette.faint.apply_to(line)));
    }
    if let Some(last) = &check.last_passed_drill {
        let age = super::drill::age(jiff::Timestamp::now(), last.started_at);
        let line = format!("a drill last passed {age} ago ({})", last.id);
        text.push_str(&format!("  {}\n", palette.faint.apply_to(line)));
    }
    text.push_str(&findings(face, &check.findings));
    for sentence in &check.unproved {
        let line = format!("? not proved: {}", clean(sentence));
        indented(&mut text, "  ", &line, face.width(), &palette.warning);
    }
    if let Some(why) = check.archive.as_ref().and_then(|archive| archive.unguarded.as_ref()) {
        indented(&mut text, "  ", &clean(why), face.width(), &palette.hint);
    }
    if check.outcome == Verdict::Passed {
        let line = "That it can be read does not prove that it restores: `pgsre drill` does.";
        text.push_str(&format!("  {}\n", palette.hint.apply_to(line)));
    }
    text
}
