//! What a comparison with a manifest found, as a person wants to see it: the tables, and the lines
//! of definitions.

use pgsre_core::drill::ManifestProof;
use pgsre_core::finding::Severity;
use pgsre_core::fingerprint::{DiffLine, Difference, DifferenceKind, Level};

use crate::face::{Face, Palette};
use crate::render::clean;
use crate::render::table::{Align, Table};
use crate::units;

/// Rows of the table that are shown; the JSON has more.
const TABLES: usize = 12;

/// Lines of definitions that are shown, in all: about a screenful.
const LINES: usize = 30;

/// What was compared, in one line.
#[must_use]
pub(super) fn compared(proof: &ManifestProof) -> String {
    let compared = &proof.compared;
    let how = match proof.level {
        None => return format!("{} says nothing of the contents", clean(&proof.key)),
        Some(_) if compared.objects + compared.tables == 0 => {
            return format!("{}, not compared", clean(&proof.key));
        }
        Some(Level::Content) => "hashed",
        Some(Level::Sample) => "sampled",
        Some(Level::Counts) => "counted",
    };
    let weighs = |one: &&Difference| one.severity > Severity::Info;
    let differences = proof.differences.iter().filter(weighs).count() as u64;
    let result = match differences + proof.more_differences {
        0 => "all the same".to_owned(),
        1 => "1 difference".to_owned(),
        many => format!("{} differences", units::count(many)),
    };
    format!(
        "{} objects, {} rows of {} tables {how}, {} sequences, {} large objects: {result}",
        units::count(compared.objects),
        units::count(compared.rows),
        units::count(compared.tables),
        units::count(compared.sequences),
        units::count(compared.large_objects),
    )
}

/// The differences; empty where there are none to show in more words than their findings.
#[must_use]
pub(super) fn differences(face: &Face, proof: &ManifestProof) -> String {
    let weighs = |one: &&Difference| one.severity > Severity::Info;
    let heavy: Vec<_> = proof.differences.iter().filter(weighs).collect();
    let tables = tables(face, &heavy);
    let definitions = definitions(face.palette(), &heavy);
    if tables.is_empty() && definitions.is_empty() {
        return String::new();
    }
    let heading = face.palette().heading.apply_to("Against the manifest");
    format!("\n  {heading}\n{tables}{definitions}")
}

fn tables(face: &Face, differences: &[&Difference]) -> String {
    let held = |one: &&&Difference| !matches!(one.kind, DifferenceKind::Object(_));
    let rows: Vec<_> = differences.iter().filter(held).collect();
    if rows.is_empty() {
        return String::new();
    }
    let columns = [("of", Align::Left), ("manifest", Align::Left), ("restored", Align::Left)];
    let mut table = Table::new(&columns, &face.palette().heading);
    for row in rows.iter().take(TABLES) {
        let side = |value: &Option<String>| value.as_deref().map_or("none".to_owned(), clean);
        table.row(vec![clean(&row.subject), side(&row.expected), side(&row.found)]);
    }
    let mut text = table.render();
    if rows.len() > TABLES {
        text.push_str(&format!("    … and {} more\n", rows.len() - TABLES));
    }
    text
}

fn definitions(palette: &Palette, differences: &[&Difference]) -> String {
    let mut text = String::new();
    let (mut shown, mut left) = (0, 0);
    for difference in differences.iter().filter(|one| !one.lines.is_empty()) {
        if shown + difference.lines.len() > LINES && shown > 0 {
            left += 1;
            continue;
        }
        shown += difference.lines.len() + 1;
        let kind = match difference.kind {
            DifferenceKind::Object(kind) => kind.as_str(),
            _ => "",
        };
        text.push_str(&format!("    {kind} {}\n", clean(&difference.subject)));
        for line in difference.lines.iter().take(LINES) {
            text.push_str(&format!("      {}\n", styled(palette, line)));
        }
    }
    if left > 0 {
        text.push_str(&format!("    … and {left} more definitions\n"));
    }
    text
}

fn styled(palette: &Palette, line: &DiffLine) -> String {
    match line {
        DiffLine::Same(text) => palette.faint.apply_to(format!("  {}", clean(text))).to_string(),
        DiffLine::Expected(text) => {
            palette.critical.apply_to(format!("- {}", clean(text))).to_string()
        }
        DiffLine::Found(text) => palette.good.apply_to(format!("+ {}", clean(text))).to_string(),
        DiffLine::Omitted(lines) => {
            palette.faint.apply_to(format!("  … {lines} lines")).to_string()
        }
    }
}
