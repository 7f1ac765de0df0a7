//! What a rehearsal adds to the page of a drill's evidence.

use pgsre_core::migrate::RehearsalReport;
use pgsre_core::migrate::rehearse::{LoadSeen, Measured, Run};
use pgsre_core::validate::Section;

use super::human::rehearsal::{named, told_end, told_stop};
use crate::units::size;

/// Each run as a table, and what they come to.
#[must_use]
pub fn rehearsal(report: &RehearsalReport) -> Vec<Section> {
    let direct = report.direct.iter().map(|run| table("as it is", report, run));
    let mut sections: Vec<Section> =
        direct.chain([table("by its plan", report, &report.planned)]).collect();
    if let Some(last) = sections.last_mut() {
        let differences = told_end(report);
        last.notes.extend(differences.into_iter().map(|(text, _)| text));
        last.notes.extend(report.assumptions.iter().map(|one| format!("Assumed: {one}.")));
    }
    sections
}

fn table(how: &str, report: &RehearsalReport, run: &Run) -> Section {
    let columns = ["Statement", "Seconds", "Strongest lock, held", "Written anew", "WAL", "Rows"];
    let mut columns: Vec<String> = columns.map(str::to_owned).to_vec();
    let expects = !report.assumptions.is_empty();
    if expects {
        columns.push("Seconds in production".to_owned());
    }
    let mut notes = vec![format!("Longest stop of writes: {}.", told_stop(run))];
    notes.extend(run.load.as_ref().map(told_load));
    notes.extend(run.failure.iter().map(|failure| format!("Failed: {failure}")));
    notes.extend(run.surprises.iter().map(|surprise| format!("Surprise: {surprise}.")));
    let rows = run.statements.iter().map(|one| row(one, expects)).collect();
    Section { title: format!("Rehearsal of {}, {how}", report.source), columns, rows, notes }
}

fn row(measured: &Measured, expects: bool) -> Vec<String> {
    let lock = measured.locks.iter().max_by_key(|lock| lock.mode);
    let lock = lock.map(|lock| format!("{}, {:.3} s", named(lock), lock.held_seconds));
    let mut cells = vec![
        measured.statement.clone(),
        format!("{:.3}", measured.seconds),
        lock.unwrap_or_default(),
        size(measured.rewritten_bytes),
        size(measured.wal_bytes),
        measured.rows.to_string(),
    ];
    if expects {
        let expected = measured.expected.map(|one| format!("≈ {:.1}", one.seconds));
        cells.push(expected.unwrap_or_default());
    }
    cells
}

/// What a load saw, in a sentence or two.
#[must_use]
pub fn told_load(seen: &LoadSeen) -> String {
    let LoadSeen { clients, rate, before, during, most_blocked, failure } = seen;
    let mut text = format!(
        "Others ({clients} clients, {rate} transactions a second) took {:.3} s at p50, {:.3} s at p99, {:.3} s at most; \
         before it {:.3} s, {:.3} s, {:.3} s. Up to {most_blocked} waited for others at once.",
        during.p50, during.p99, during.max, before.p50, before.p99, before.max
    );
    if let Some(failure) = failure {
        text.push_str(&format!(" The load no longer fits the schema: {failure}."));
    }
    text
}
