//! A planned migration, step by step.

use std::fmt::Write as _;

use console::Style;
use pgsre_core::migrate::{Plan, Step, Work};

use crate::face::Palette;
use crate::render::{clean, wrap};

const INDENT: usize = 4;

/// Each step with what it runs, what it locks, and what takes it back; then the sum.
#[must_use]
pub fn migration_plan(plan: &Plan, palette: &Palette, width: usize) -> String {
    let mut page = Page { text: String::new(), width, palette };
    for step in &plan.steps {
        page.step(step);
    }
    page.sum(plan);
    page.text
}

struct Page<'a> {
    text: String,
    width: usize,
    palette: &'a Palette,
}

impl Page<'_> {
    fn step(&mut self, step: &Step) {
        let style =
            if step.caution.is_some() { &self.palette.critical } else { &self.palette.good };
        let number = style.apply_to(format!("{:>2}.", step.number));
        let title = self.palette.heading.apply_to(clean(&step.title));
        let _ = writeln!(self.text, "{number} {title}");
        self.work(&step.work);
        self.locks(step);
        if let Some(caution) = &step.caution {
            let style = self.palette.critical.clone();
            self.paragraph(&style, "caution: ", caution);
        }
        self.undo(step);
        self.text.push('\n');
    }

    fn work(&mut self, work: &Work) {
        let plain = Style::new();
        match work {
            Work::Transaction { statements } => {
                for statement in statements {
                    self.paragraph(&plain, "", &format!("{};", statement.trim_end_matches(';')));
                }
            }
            Work::Alone { statement, .. } => {
                self.paragraph(&plain, "", &format!("{};", statement.trim_end_matches(';')));
            }
            Work::Backfill { table, set, condition } => {
                let set: Vec<String> =
                    set.iter().map(|one| format!("{} = {}", one.column, one.expression)).collect();
                let condition =
                    condition.as_ref().map(|one| format!(" WHERE {one}")).unwrap_or_default();
                let sql = format!("UPDATE {table} SET {}{condition};", set.join(", "));
                self.paragraph(&plain, "in batches: ", &sql);
            }
            Work::Deploy { what } => self.paragraph(&plain, "", what),
        }
    }

    fn locks(&mut self, step: &Step) {
        let mut told: Vec<String> =
            step.locks.iter().map(|lock| format!("{:?} on {}", lock.mode, lock.object)).collect();
        if matches!(step.work, Work::Alone { .. }) {
            told.push("outside of transactions".to_owned());
        } else if let (false, Some(limit)) = (step.locks.is_empty(), step.lock_timeout_ms) {
            told.push(format!("waits {} s at most", limit.div_ceil(1000)));
        }
        if !told.is_empty() {
            let style = self.palette.faint.clone();
            self.paragraph(&style, "", &told.join(", "));
        }
    }

    fn undo(&mut self, step: &Step) {
        let style = self.palette.faint.clone();
        match &step.undo {
            None if !matches!(step.work, Work::Deploy { .. }) => {
                self.paragraph(&style, "", "no way back");
            }
            Some(undo) if !undo.is_empty() => {
                self.paragraph(&style, "undo: ", &format!("{};", undo.join("; ")));
            }
            _ => {}
        }
    }

    fn paragraph(&mut self, style: &Style, label: &str, text: &str) {
        let width = self.width.saturating_sub(INDENT).max(20);
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        for line in wrap(&clean(&format!("{label}{text}")), width) {
            let _ = writeln!(self.text, "{:INDENT$}{}", "", style.apply_to(line));
        }
    }

    fn sum(&mut self, plan: &Plan) {
        let cautions = plan.steps.iter().filter(|step| step.caution.is_some()).count();
        let count = plan.steps.len();
        let steps = if count == 1 { "1 step".to_owned() } else { format!("{count} steps") };
        let verdict = match cautions {
            0 => self.palette.good.apply_to("each stops nobody".to_owned()),
            one => self.palette.critical.apply_to(format!("{one} with no known safe form")),
        };
        let _ = writeln!(self.text, "{steps} for PostgreSQL {}: {verdict}", plan.server_version);
    }
}
