//! How a migration went on a copy.

use std::fmt::Write as _;

use pgsre_core::migrate::RehearsalReport;
use pgsre_core::migrate::rehearse::{HeldLock, Measured, Run, UndoOutcome};

use crate::face::Palette;
use crate::render::evidence::told_load;
use crate::render::table::{Align, Table};
use crate::render::{clean, wrap};
use crate::units::size;

/// Both runs statement by statement, side by side in the end, and what taking the plan back came to.
#[must_use]
pub fn rehearsal(report: &RehearsalReport, palette: &Palette, width: usize) -> String {
    let mut page = Page { text: String::new(), palette, width };
    if let Some(direct) = &report.direct {
        page.run("As it is", direct);
    }
    page.run("By its plan", &report.planned);
    page.stops(report);
    page.ends(report);
    page.text
}

struct Page<'a> {
    text: String,
    palette: &'a Palette,
    width: usize,
}

impl Page<'_> {
    fn run(&mut self, title: &str, run: &Run) {
        let _ = writeln!(self.text, "{}", self.palette.heading.apply_to(title));
        let columns = [
            ("seconds", Align::Right),
            ("lock, held", Align::Left),
            ("rewritten", Align::Right),
            ("WAL", Align::Right),
            ("rows", Align::Right),
            ("statement", Align::Left),
        ];
        let mut table = Table::new(&columns, &self.palette.faint);
        run.statements.iter().for_each(|one| table.row(row(one, self.width)));
        self.text.push_str(&table.render());
        if let Some(seen) = &run.load {
            self.paragraph(&told_load(seen), seen.failure.is_some());
        }
        self.expected(run);
        if let Some(failure) = &run.failure {
            self.paragraph(&format!("failed: {failure}"), true);
        }
        for surprise in &run.surprises {
            self.paragraph(&format!("surprise: {surprise}"), true);
        }
        self.text.push('\n');
    }

    fn stops(&mut self, report: &RehearsalReport) {
        let direct = report.direct.as_ref().map(|run| format!("as it is {}; ", told_stop(run)));
        let (direct, planned) = (direct.unwrap_or_default(), told_stop(&report.planned));
        self.paragraph(&format!("Longest stop of writes: {direct}by its plan {planned}."), false);
    }

    /// What the statements that work through tables would take in production.
    fn expected(&mut self, run: &Run) {
        let times = run.statements.iter().filter_map(|one| Some((one, one.expected?)));
        for (measured, expected) in times {
            let stops =
                expected.stops_seconds.map(|held| format!(", and stop writes for {held:.1} s"));
            let statement = shortened(&measured.statement, self.width.saturating_sub(60).max(24));
            let text = format!(
                "In production ≈ {:.1} s{} ({:.1} times the work): {statement}",
                expected.seconds,
                stops.unwrap_or_default(),
                expected.times
            );
            self.paragraph(&text, false);
        }
    }

    fn ends(&mut self, report: &RehearsalReport) {
        for (text, bad) in told_end(report) {
            self.paragraph(&text, bad);
        }
        for assumption in &report.assumptions {
            self.paragraph(&format!("Assumed: {assumption}."), false);
        }
    }

    fn paragraph(&mut self, text: &str, bad: bool) {
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for line in wrap(&clean(&text), self.width) {
            if bad {
                let _ = writeln!(self.text, "{}", self.palette.critical.apply_to(line));
            } else {
                let _ = writeln!(self.text, "{line}");
            }
        }
    }
}

/// The longest that writes had to wait.
pub(crate) fn told_stop(run: &Run) -> String {
    match run.longest_stop() {
        Some(lock) => format!("{:.3} s ({})", lock.held_seconds, named(lock)),
        None => "nobody stopped".to_owned(),
    }
}

/// How the two ended, and what taking the plan back came to; whether that is bad.
pub(crate) fn told_end(report: &RehearsalReport) -> Vec<(String, bool)> {
    let mut told = Vec::new();
    let direct = report.direct.as_ref();
    if direct.is_some_and(|run| run.failure.is_none()) && report.planned.failure.is_none() {
        told.push(match report.differences.as_slice() {
            [] => ("Both end with the same objects.".to_owned(), false),
            some => (format!("They do not end the same: {}", some.join(", ")), true),
        });
    }
    let Some(undo) = &report.undo else { return told };
    let step = undo.step.map(|step| format!(" at step {step}")).unwrap_or_default();
    told.push(match undo.outcome {
        UndoOutcome::Restored => ("Taken back: every object is as it was.".to_owned(), false),
        UndoOutcome::NoWayBack => {
            (format!("Taken back{step}: there is no way back from it."), false)
        }
        UndoOutcome::Differs | UndoOutcome::Failed => {
            (format!("Taken back{step}: {}", undo.differences.join(", ")), true)
        }
    });
    told
}

fn row(measured: &Measured, width: usize) -> Vec<String> {
    let lock = measured.locks.iter().max_by_key(|lock| lock.mode);
    let lock = lock.map(|lock| format!("{}, {:.3} s", named(lock), lock.held_seconds));
    let rewritten = match measured.rewritten_bytes {
        0 => String::new(),
        some => size(some),
    };
    let statement = shortened(&measured.statement, width.saturating_sub(70).max(24));
    vec![
        format!("{:.3}", measured.seconds),
        clean(&lock.unwrap_or_default()),
        rewritten,
        size(measured.wal_bytes),
        measured.rows.to_string(),
        clean(&statement),
    ]
}

fn shortened(statement: &str, room: usize) -> String {
    let statement = statement.split_whitespace().collect::<Vec<_>>().join(" ");
    match statement.char_indices().nth(room) {
        Some((at, _)) => format!("{}…", &statement[..at]),
        None => statement,
    }
}

pub(crate) fn named(lock: &HeldLock) -> String {
    let mode = format!("{:?}", lock.mode);
    format!("{} {}", mode.trim_end_matches("Lock"), lock.object)
}
