//! How a migration went on a copy.

use std::fmt::Write as _;

use pgsre_core::migrate::RehearsalReport;
use pgsre_core::migrate::rehearse::{HeldLock, Measured, Run, UndoOutcome};

use crate::face::Palette;
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
        if let Some(failure) = &run.failure {
            self.paragraph(&format!("failed: {failure}"), true);
        }
        for surprise in &run.surprises {
            self.paragraph(&format!("surprise: {surprise}"), true);
        }
        self.text.push('\n');
    }

    fn stops(&mut self, report: &RehearsalReport) {
        let told = |run: &Run| match run.longest_stop() {
            Some(lock) => format!("{:.3} s ({})", lock.held_seconds, named(lock)),
            None => "nobody stopped".to_owned(),
        };
        let direct = report.direct.as_ref().map(|run| format!("as it is {}; ", told(run)));
        let (direct, planned) = (direct.unwrap_or_default(), told(&report.planned));
        self.paragraph(&format!("Longest stop of writes: {direct}by its plan {planned}."), false);
    }

    fn ends(&mut self, report: &RehearsalReport) {
        let direct = report.direct.as_ref();
        if direct.is_some_and(|run| run.failure.is_none()) && report.planned.failure.is_none() {
            match report.differences.as_slice() {
                [] => self.paragraph("Both end with the same objects.", false),
                some => {
                    self.paragraph(&format!("They do not end the same: {}", some.join(", ")), true)
                }
            }
        }
        let Some(undo) = &report.undo else { return };
        let step = undo.step.map(|step| format!(" at step {step}")).unwrap_or_default();
        match undo.outcome {
            UndoOutcome::Restored => {
                self.paragraph("Taken back: every object is as it was.", false)
            }
            UndoOutcome::NoWayBack => {
                self.paragraph(&format!("Taken back{step}: there is no way back from it."), false);
            }
            UndoOutcome::Differs | UndoOutcome::Failed => {
                self.paragraph(&format!("Taken back{step}: {}", undo.differences.join(", ")), true);
            }
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

fn row(measured: &Measured, width: usize) -> Vec<String> {
    let lock = measured.locks.iter().max_by_key(|lock| lock.mode);
    let lock = lock.map(|lock| format!("{}, {:.3} s", named(lock), lock.held_seconds));
    let rewritten = match measured.rewritten_bytes {
        0 => String::new(),
        some => size(some),
    };
    let statement = measured.statement.split_whitespace().collect::<Vec<_>>().join(" ");
    let room = width.saturating_sub(70).max(24);
    let statement: String = match statement.char_indices().nth(room) {
        Some((at, _)) => format!("{}…", &statement[..at]),
        None => statement,
    };
    vec![
        format!("{:.3}", measured.seconds),
        clean(&lock.unwrap_or_default()),
        rewritten,
        size(measured.wal_bytes),
        measured.rows.to_string(),
        clean(&statement),
    ]
}

fn named(lock: &HeldLock) -> String {
    let mode = format!("{:?}", lock.mode);
    format!("{} {}", mode.trim_end_matches("Lock"), lock.object)
}
