//! What the time of a restore went into: the user's RTO, taken apart.

use pgsre_core::drill::DrillReport;
use pgsre_core::restore::TableLoad;

use crate::face::Face;
use crate::render::clean;
use crate::render::table::{Align, Table};
use crate::units;

/// Tables and statements shown; the report on file has more.
const SHOWN: usize = 5;
/// What takes less is not what a restore waits for.
const LEAST_SECONDS: f64 = 0.1;
/// A statement's head is cut to this many characters.
const HEAD: usize = 60;

/// The slowest tables with their rates, and the slowest statements; nothing for a restore of an
/// instant.
#[must_use]
pub(super) fn slowest(face: &Face, report: &DrillReport) -> String {
    let tables = slowest_tables(face, report);
    let statements = slowest_statements(face, report);
    [tables, statements].concat()
}

fn slowest_tables(face: &Face, report: &DrillReport) -> String {
    let slowest = report.load.iter().flat_map(|load| load.slowest_tables(SHOWN));
    let mut slowest = slowest.filter(|table| table.seconds >= LEAST_SECONDS).peekable();
    if slowest.peek().is_none() {
        return String::new();
    }
    let columns = [
        ("slowest tables", Align::Left),
        ("time", Align::Right),
        ("rows", Align::Right),
        ("data", Align::Right),
        ("rows/s", Align::Right),
        ("data/s", Align::Right),
        ("over", Align::Left),
    ];
    let mut table = Table::new(&columns, &face.palette().heading);
    for load in slowest {
        table.row(cells(load));
    }
    format!("\n{}", table.render())
}

fn cells(load: &TableLoad) -> Vec<String> {
    let per_second = |amount: u64| (amount as f64 / load.seconds) as u64;
    let over = match load.connections {
        0 | 1 => "1 connection".to_owned(),
        several => format!("{several} connections"),
    };
    vec![
        clean(&load.table.to_string()),
        units::duration(load.seconds),
        units::count(load.rows),
        units::size(load.bytes),
        units::count(per_second(load.rows)),
        units::size(per_second(load.bytes)),
        over,
    ]
}

fn slowest_statements(face: &Face, report: &DrillReport) -> String {
    let slowest = report.load.iter().flat_map(|load| &load.slowest).take(SHOWN);
    let mut slowest = slowest.filter(|statement| statement.seconds >= LEAST_SECONDS).peekable();
    if slowest.peek().is_none() {
        return String::new();
    }
    let format = report.archive.as_ref().map(|archive| archive.format);
    let unit = format.map_or("line", |format| format.unit_of_place());
    let columns = [("slowest statements", Align::Left), ("time", Align::Right), ("", Align::Left)];
    let mut table = Table::new(&columns, &face.palette().heading);
    for statement in slowest {
        let place = face.palette().faint.apply_to(format!("{unit} {}", statement.line));
        let head = shortened(&clean(&statement.head));
        table.row(vec![head, units::duration(statement.seconds), place.to_string()]);
    }
    format!("\n{}", table.render())
}

fn shortened(head: &str) -> String {
    match head.char_indices().nth(HEAD) {
        Some((end, _)) => format!("{}…", &head[..end]),
        None => head.to_owned(),
    }
}
