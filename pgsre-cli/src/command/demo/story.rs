//! What the demo tells.

use pgsre_core::drill::Verdict;

use super::{Comparison, Outcome};
use crate::face::Face;
use crate::render::table::{Align, Table};
use crate::render::{clean, wrap};
use crate::units;

pub(super) fn begin(face: &Face, version: &str, bytes: usize) -> String {
    let size = units::size(bytes as u64);
    format!(
        "{}\n  A private PostgreSQL {version}, a shop of five tables, backed up with pg_dump: \
         {size} of SQL.\n  pgsre restores it into a server of its own and compares what it finds \
         with what the dump says.\n",
        face.palette().heading.apply_to("1. A sound backup")
    )
}

pub(super) fn middle(face: &Face) -> String {
    format!(
        "{}\n  Each copy is restored twice: the usual way (gunzip -c shop.sql.gz | psql shop), and \
         by pgsre.\n\n",
        face.palette().heading.apply_to("2. The same backup, broken in five silent ways")
    )
}

pub(super) fn end(face: &Face, outcome: &Outcome) -> String {
    let mut text = String::new();
    for comparison in &outcome.faults {
        text.push_str(&compared(face, comparison));
    }
    text.push_str(&verdicts(face, outcome));
    text.push_str(&next(face));
    text
}

fn compared(face: &Face, comparison: &Comparison) -> String {
    let palette = face.palette();
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left)], &palette.heading);
    let psql = match comparison.psql_status {
        Some(0) => format!(
            "{}  {}",
            palette.warning.apply_to("exit 0, \"restored\""),
            clean(&comparison.psql_left)
        ),
        Some(status) => format!("exit {status}  {}", clean(&comparison.psql_left)),
        None => clean(&comparison.psql_left),
    };
    table.row(vec!["psql".to_owned(), psql]);
    let verdict = match comparison.verdict {
        Verdict::Failed => palette.good.apply_to("found it"),
        _ => palette.critical.apply_to("missed it"),
    };
    let (code, message) = match &comparison.finding {
        Some(finding) => (finding.code.as_str(), clean(&finding.message)),
        None => ("no finding", String::new()),
    };
    let mut lines = wrap(&message, face.width().saturating_sub(12)).into_iter();
    table.row(vec!["pgsre".to_owned(), format!("{verdict}  {code}")]);
    if let Some(line) = lines.next() {
        let more = if lines.next().is_some() { " …" } else { "" };
        table.row(vec![String::new(), palette.faint.apply_to(format!("{line}{more}")).to_string()]);
    }
    format!("  {}\n{}\n", palette.heading.apply_to(comparison.story), table.render())
}

fn verdicts(face: &Face, outcome: &Outcome) -> String {
    let all = outcome.faults.len();
    let fooled = outcome.faults.iter().filter(|fault| fault.psql_status == Some(0)).count();
    let found = outcome.faults.iter().filter(|fault| fault.verdict == Verdict::Failed).count();
    let palette = face.palette();
    let style = if found == all { &palette.good } else { &palette.critical };
    let line = format!("psql exited 0 on {fooled} of {all} broken backups; pgsre found {found}.");
    format!("  {}  ({})\n", style.apply_to(line), units::duration(outcome.seconds))
}

fn next(face: &Face) -> String {
    let palette = face.palette();
    let commands = [
        ("pgsre drill /path/to/your/backups/", "prove your newest backup"),
        ("pgsre init", "write a configuration for more than one, and for alerts"),
        ("pgsre doctor", "see what is missing on this machine"),
    ];
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left)], &palette.heading);
    for (command, purpose) in commands {
        table.row(vec![
            palette.hint.apply_to(command).to_string(),
            palette.faint.apply_to(purpose).to_string(),
        ]);
    }
    format!("\n{}\n{}", palette.heading.apply_to("Next"), table.render())
}
