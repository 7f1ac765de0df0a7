//! What a database holds, and in what two differ.

use std::collections::BTreeMap;

use pgsre_core::Fingerprint;
use pgsre_core::fingerprint::{Comparison, RowChange, RowDifference, TablePrint};

use super::findings::{findings, indented};
use crate::face::Face;
use crate::render::clean;
use crate::render::table::{Align, Table};
use crate::units;

/// The most tables and gaps that are shown; the JSON has them all.
const SHOWN: usize = 15;

const COLUMNS: [(&str, Align); 3] =
    [("table", Align::Left), ("rows", Align::Right), ("hash", Align::Right)];

/// A fingerprint, the largest tables first.
#[must_use]
pub fn fingerprint(face: &Face, print: &Fingerprint, seconds: f64) -> String {
    let palette = face.palette();
    let mut text = format!("{}", palette.heading.apply_to(clean(&print.database)));
    text.push_str(&format!("  {}\n", palette.faint.apply_to(taken(print))));
    let mut tables: Vec<&TablePrint> =
        print.tables.iter().filter(|table| table.partition_of.is_none()).collect();
    tables.sort_by_key(|table| std::cmp::Reverse(table.rows));
    let mut shown = Table::new(&COLUMNS, &palette.faint);
    for table in tables.iter().take(SHOWN) {
        shown.row(vec![
            clean(&table.name),
            table.rows.map_or_else(|| "?".to_owned(), units::count),
            table.content.map_or_else(|| "–".to_owned(), |hash| hash.to_string()),
        ]);
    }
    if !tables.is_empty() {
        text.push_str(&shown.render());
    }
    if tables.len() > SHOWN {
        let more = format!("… and {} more", units::count((tables.len() - SHOWN) as u64));
        text.push_str(&format!("  {}\n", palette.faint.apply_to(more)));
    }
    let total = total(print, &tables, seconds);
    indented(&mut text, "  ", &total, face.width(), &palette.faint);
    text.push_str(&gaps(face, print));
    text
}

fn taken(print: &Fingerprint) -> String {
    let taken = &print.taken;
    let version = pgsre_core::postgres::ServerVersion::from_num(taken.server_version_num);
    let place = if taken.standby { " (a standby)" } else { "" };
    let lsn = taken.lsn.as_ref().map_or_else(String::new, |lsn| format!(", WAL {}", clean(lsn)));
    let at = taken.at.strftime("%Y-%m-%d %H:%M:%S UTC");
    format!("PostgreSQL {version}{place}, {at}{lsn}")
}

fn total(print: &Fingerprint, tables: &[&TablePrint], seconds: f64) -> String {
    let count = |number: usize| units::count(number as u64);
    let rows: u64 = tables.iter().filter_map(|table| table.rows).sum();
    let objects = &print.large_objects;
    let bytes = objects.bytes.filter(|_| objects.count > 0);
    let bytes = bytes.map_or_else(String::new, |bytes| format!(" of {}", units::size(bytes)));
    let looked = match print.sample_one_in {
        Some(one_in) => format!("one row in {} hashed", units::count(u64::from(one_in))),
        None if print.level == pgsre_core::fingerprint::Level::Counts => "counted".to_owned(),
        None => "every row hashed".to_owned(),
    };
    format!(
        "{} rows in {} tables, {looked}; {} sequences, {} large objects{bytes}, {} definitions; {}",
        units::count(rows),
        count(tables.len()),
        count(print.sequences.len()),
        units::count(objects.count),
        count(print.objects.len()),
        units::duration(seconds),
    )
}

fn gaps(face: &Face, print: &Fingerprint) -> String {
    let mut text = String::new();
    for gap in print.gaps.iter().take(SHOWN) {
        let line = format!("? not looked at: {}: {}", clean(&gap.subject), clean(&gap.why));
        indented(&mut text, "  ", &line, face.width(), &face.palette().warning);
    }
    if print.gaps.len() > SHOWN {
        text.push_str(&format!("  ? … and {} more\n", print.gaps.len() - SHOWN));
    }
    text
}

/// In what a database differs from what was expected.
#[must_use]
pub fn comparison(face: &Face, with: &str, comparison: &Comparison) -> String {
    let palette = face.palette();
    let (mark, said) = match (comparison.is_equal(), comparison.unproved.is_empty()) {
        (false, _) => (palette.critical.apply_to("✗"), "differs from"),
        (true, false) => {
            (palette.warning.apply_to("?"), "as far as could be compared, the same as")
        }
        (true, true) => (palette.good.apply_to("✓"), "the same as"),
    };
    let mut text = format!("{mark} {said} {}\n", palette.heading.apply_to(clean(with)));
    let compared = &comparison.compared;
    let line = format!(
        "compared: {} objects, {} tables with {} rows ({} by their contents), {} sequences, {} \
         large objects",
        units::count(compared.objects),
        units::count(compared.tables),
        units::count(compared.rows),
        units::count(compared.contents),
        units::count(compared.sequences),
        units::count(compared.large_objects),
    );
    indented(&mut text, "  ", &line, face.width(), &palette.faint);
    text.push_str(&findings(face, &comparison.findings(SHOWN)));
    for sentence in &comparison.unproved {
        let line = format!("? not compared: {}", clean(sentence));
        indented(&mut text, "  ", &line, face.width(), &palette.warning);
    }
    text
}

/// The rows in which tables differ, by key.
#[must_use]
pub fn rows_that_differ(face: &Face, tables: &BTreeMap<String, Vec<RowDifference>>) -> String {
    let palette = face.palette();
    let mut text = String::new();
    for (table, rows) in tables {
        text.push_str(&format!("\n  {}\n", palette.heading.apply_to(clean(table))));
        for row in rows {
            let (style, change) = match row.change {
                RowChange::Changed => (&palette.warning, "changed"),
                RowChange::Missing => (&palette.critical, "missing"),
                RowChange::Extra => (&palette.critical, "extra"),
            };
            text.push_str(&format!("    {}  {}\n", style.apply_to(change), clean(&row.key)));
        }
    }
    text
}
