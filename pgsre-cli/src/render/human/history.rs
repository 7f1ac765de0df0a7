//! Past drills, and their recovery time over time.

use pgsre_core::finding::Verdict;
use pgsre_core::history::{Listing, ReportSummary};

use crate::face::Face;
use crate::render::clean;
use crate::render::table::{Align, Table};
use crate::units;

const COLUMNS: [(&str, Align); 6] = [
    ("drill", Align::Left),
    ("verdict", Align::Left),
    ("recovery", Align::Right),
    ("size", Align::Right),
    ("backup", Align::Left),
    ("source", Align::Left),
];

/// At most `last` past drills, newest first, with a line of recovery times for each source.
#[must_use]
pub fn drill_list(face: &Face, place: &str, listing: &Listing, last: usize) -> String {
    let palette = face.palette();
    let mut text = format!("{}\n", palette.heading.apply_to(clean(place)));
    if listing.reports.is_empty() {
        text.push_str("  no drills yet\n");
    } else {
        let mut table = Table::new(&COLUMNS, &palette.faint);
        listing.reports.iter().take(last).for_each(|report| table.row(row(face, report)));
        text.push_str(&table.render());
        if listing.reports.len() > last {
            let more = format!("… and {} older; --last N shows more", listing.reports.len() - last);
            text.push_str(&format!("  {}\n", palette.faint.apply_to(more)));
        }
        text.push_str(&trends(face, &listing.reports));
    }
    for damaged in &listing.damaged {
        let line = format!("{}: {}", clean(&damaged.name), clean(&damaged.error));
        text.push_str(&format!("  {} {line}\n", palette.warning.apply_to("damaged:")));
    }
    text
}

fn row(face: &Face, report: &ReportSummary) -> Vec<String> {
    let palette = face.palette();
    let style = match report.verdict {
        Verdict::Passed => &palette.good,
        Verdict::Failed => &palette.critical,
        Verdict::Inconclusive => &palette.warning,
    };
    let backup = report.backup.as_ref();
    vec![
        report.id.to_string(),
        style.apply_to(report.verdict).to_string(),
        report.rto_seconds.map_or_else(|| "–".to_owned(), units::duration),
        backup.map_or_else(|| "–".to_owned(), |backup| units::size(backup.size)),
        backup.map_or_else(|| "–".to_owned(), |backup| clean(&backup.key)),
        clean(&report.source),
    ]
}

/// One sparkline a source with more than one recovery time, oldest first.
fn trends(face: &Face, reports: &[ReportSummary]) -> String {
    let mut sources: Vec<&str> = reports.iter().map(|report| report.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    let palette = face.palette();
    let mut text = String::new();
    for source in sources {
        let of_source = reports.iter().rev().filter(|report| report.source == source);
        let times: Vec<f64> = of_source.filter_map(|report| report.rto_seconds).collect();
        let times = times.get(times.len().saturating_sub(40)..).unwrap_or_default();
        if let (Some(latest), true) = (times.last(), times.len() > 1) {
            let line = palette.hint.apply_to(sparkline(times));
            let latest = units::duration(*latest);
            text.push_str(&format!("\n  recovery  {line}  {latest} now, {}\n", clean(source)));
        }
    }
    text
}

/// The values as a line of bars from zero to their maximum.
fn sparkline(values: &[f64]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let highest = values.iter().copied().fold(f64::MIN_POSITIVE, f64::max);
    let bar = |value: &f64| {
        let step = (value / highest * (BARS.len() - 1) as f64).round().max(0.0) as usize;
        BARS.get(step).copied().unwrap_or('█')
    };
    values.iter().map(bar).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparkline_stands_on_zero() {
        assert_eq!(sparkline(&[0.0, 5.0, 10.0]), "▁▅█");
        assert_eq!(sparkline(&[0.0]), "▁");
    }
}
