//! Migrations that were applied, would be, or are under way.

use std::fmt::Write as _;

use pgsre_core::migrate::{ApplyEnding, ApplyPreview, ApplyReport, RunStatus, Wanted};

use super::migration_plan;
use crate::face::Palette;
use crate::render::table::{Align, Table};
use crate::render::{clean, wrap};
use crate::units;

/// What a run did, and how it ended.
#[must_use]
pub fn applied(report: &ApplyReport, palette: &Palette, width: usize) -> String {
    let mut text = String::new();
    if !report.done.is_empty() {
        text.push_str(&steps(report, palette, width));
        text.push('\n');
    }
    let took = units::duration(report.seconds);
    let all = report.steps;
    let ending = match report.ending {
        ApplyEnding::Done => {
            palette.good.apply_to(format!("applied in {took}: all {all} steps are done"))
        }
        ApplyEnding::Waiting => palette.warning.apply_to(format!(
            "waits at step {} of {all}: {}",
            report.next_step,
            clean(report.waits_for.as_deref().unwrap_or_default())
        )),
        _ => palette.warning.apply_to(format!("stopped at step {} of {all}", report.next_step)),
    };
    let _ = writeln!(text, "{} {ending}", clean(&report.run));
    if report.ending == ApplyEnding::Waiting {
        let _ = writeln!(
            text,
            "{} when that is so, the same command with --released {} goes on",
            palette.hint.apply_to("hint:"),
            report.next_step
        );
    }
    if let Some(reason) = &report.forced {
        let _ = writeln!(text, "It was forced: {}", clean(reason));
    }
    text
}

fn steps(report: &ApplyReport, palette: &Palette, width: usize) -> String {
    let columns = [
        ("step", Align::Right),
        ("took", Align::Right),
        ("tries", Align::Right),
        ("rows", Align::Right),
        ("lag", Align::Right),
        ("", Align::Left),
    ];
    let mut table = Table::new(&columns, &palette.faint);
    for step in &report.done {
        let rows = if step.rows > 0 { units::count(step.rows) } else { String::new() };
        let lag = step.worst_lag_seconds.map_or_else(String::new, |lag| format!("{lag:.1}s"));
        table.row(vec![
            step.number.to_string(),
            units::duration(step.seconds),
            step.attempts.to_string(),
            rows,
            lag,
            shortened(&step.title, width.saturating_sub(44).max(20)),
        ]);
    }
    table.render()
}

/// The plan, its batches, and what speaks against it.
#[must_use]
pub fn apply_preview(preview: &ApplyPreview, palette: &Palette, width: usize) -> String {
    let mut text = migration_plan(&preview.plan, palette, width);
    for (step, backfill) in &preview.backfills {
        let (rows, batches) = (units::count(backfill.rows), units::count(backfill.batches));
        let parts = backfill.parts.len();
        let parts = if parts == 1 { String::new() } else { format!(" in {parts} tables") };
        let size = backfill.parts.first().map_or(0, |part| part.first_size);
        let _ = writeln!(
            text,
            "Step {step}: about {rows} rows of {}{parts}, {batches} batches of {size} at first",
            clean(&backfill.table)
        );
    }
    if preview.next_step > 1 {
        let _ = writeln!(text, "It was begun, and goes on with step {}.", preview.next_step);
    }
    for unseen in &preview.unseen {
        let _ =
            writeln!(text, "{} not looked at: {}", palette.faint.apply_to("note:"), clean(unseen));
    }
    let against = palette.critical.apply_to("against it:").to_string();
    for obstacle in &preview.obstacles {
        let lines = wrap(&clean(&obstacle.what), width.saturating_sub(12).max(20));
        let _ = writeln!(text, "{against} {}", lines.join("\n            "));
    }
    if preview.obstacles.is_empty() {
        let _ = writeln!(text, "{}", palette.good.apply_to("Nothing speaks against it."));
    }
    text
}

/// What is under way, a line each.
#[must_use]
pub fn migration_runs(runs: &[RunStatus], palette: &Palette) -> String {
    if runs.is_empty() {
        return "No migration is under way in this database.\n".to_owned();
    }
    let columns = [
        ("run", Align::Left),
        ("state", Align::Left),
        ("step", Align::Right),
        ("rows", Align::Right),
        ("begun", Align::Left),
        ("doing", Align::Left),
    ];
    let mut table = Table::new(&columns, &palette.faint);
    for run in runs {
        let state = match (run.wanted, run.runner) {
            (Wanted::Run, Some(pid)) => palette.good.apply_to(format!("runs ({pid})")),
            (Wanted::Pause, Some(pid)) => palette.warning.apply_to(format!("paused ({pid})")),
            (Wanted::Abort, Some(pid)) => palette.critical.apply_to(format!("ends ({pid})")),
            (_, None) => palette.warning.apply_to("nobody is at it".to_owned()),
        };
        let rows = run.backfill.as_ref().map_or_else(String::new, |far| {
            format!(
                "{} of {}",
                units::count(far.passed),
                units::count(far.estimate.max(far.passed))
            )
        });
        table.row(vec![
            clean(&run.name),
            state.to_string(),
            format!("{} of {}", run.step.min(run.steps), run.steps),
            rows,
            run.started_at.strftime("%F %T").to_string(),
            shortened(&run.title, 60),
        ]);
    }
    table.render()
}

fn shortened(text: &str, width: usize) -> String {
    let text = clean(text);
    match text.char_indices().nth(width) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}
