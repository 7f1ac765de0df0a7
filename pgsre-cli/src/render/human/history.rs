//! Past drills, and their recovery time over time.

use jiff::Timestamp;
use pgsre_core::finding::{Finding, Verdict};
use pgsre_core::history::{Listing, ReportSummary};

use super::drill::age;
use super::findings::findings;
use crate::face::Face;
use crate::render::clean;
use crate::render::plot::{Ink, Plot};
use crate::render::table::{Align, Table};
use crate::units;

const COLUMNS: [(&str, Align); 7] = [
    ("drill", Align::Left),
    ("verdict", Align::Left),
    ("age", Align::Right),
    ("recovery", Align::Right),
    ("size", Align::Right),
    ("backup", Align::Left),
    ("source", Align::Left),
];

/// Recovery times that a plot or a line of bars shows.
const TIMES: usize = 120;

/// What past drills have to show.
#[derive(Clone, Copy, Debug)]
pub struct PastDrills<'a> {
    /// Where their reports lie.
    pub place: &'a str,
    /// The reports.
    pub listing: &'a Listing,
    /// Sources of which no drill passed lately.
    pub overdue: &'a [Finding],
    /// How many are listed.
    pub last: usize,
    /// Whether recovery times are plotted.
    pub plotted: bool,
}

/// Past drills, newest first, and the recovery times of each source.
#[must_use]
pub fn drill_list(face: &Face, past: &PastDrills<'_>) -> String {
    let (palette, listing) = (face.palette(), past.listing);
    let mut text = format!("{}\n", palette.heading.apply_to(clean(past.place)));
    if listing.reports.is_empty() {
        text.push_str("  no drills yet\n");
    } else {
        text.push_str(&table(face, past));
        if listing.reports.len() > past.last {
            let older = listing.reports.len() - past.last;
            let more = format!("… and {older} older; --last N shows more");
            text.push_str(&format!("  {}\n", palette.faint.apply_to(more)));
        }
        sources(listing).into_iter().for_each(|one| text.push_str(&trend(face, past, one)));
    }
    for damaged in &listing.damaged {
        let line = format!("{}: {}", clean(&damaged.name), clean(&damaged.error));
        text.push_str(&format!("  {} {line}\n", palette.warning.apply_to("damaged:")));
    }
    if !past.overdue.is_empty() {
        text.push_str(&format!("\n{}", findings(face, past.overdue)));
    }
    text
}

/// A narrow terminal gets fewer columns; one source needs none, since it stands below.
fn table(face: &Face, past: &PastDrills<'_>) -> String {
    let several = sources(past.listing).len() > 1;
    let shown = |name: &str| match name {
        "source" => several && face.width() >= 90,
        "size" => face.width() >= 80,
        "backup" => face.width() >= 70,
        _ => true,
    };
    let columns: Vec<_> = COLUMNS.into_iter().filter(|(name, _)| shown(name)).collect();
    let mut table = Table::new(&columns, &face.palette().faint);
    for report in past.listing.reports.iter().take(past.last) {
        let cells = COLUMNS.iter().zip(row(face, report)).filter(|((name, _), _)| shown(name));
        table.row(cells.map(|(_, cell)| cell).collect());
    }
    table.render()
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
        age(Timestamp::now(), report.started_at),
        report.rto_seconds.map_or_else(|| "–".to_owned(), units::duration),
        backup.map_or_else(|| "–".to_owned(), |backup| units::size(backup.size)),
        backup.map_or_else(|| "–".to_owned(), |backup| clean(&backup.key)),
        clean(&report.source),
    ]
}

fn sources(listing: &Listing) -> Vec<&str> {
    let mut sources: Vec<&str> =
        listing.reports.iter().map(|report| report.source.as_str()).collect();
    sources.sort_unstable();
    sources.dedup();
    sources
}

/// A source: when a drill of it last passed, and its recovery times, oldest first.
fn trend(face: &Face, past: &PastDrills<'_>, source: &str) -> String {
    let palette = face.palette();
    let passed = match past.listing.last_passed(source) {
        Some(last) => {
            let age = age(Timestamp::now(), last.started_at);
            palette.good.apply_to(format!("last passed drill {age} ago"))
        }
        None => palette.critical.apply_to("no drill passed yet".to_owned()),
    };
    let mut text = format!("\n  {}  {passed}\n", palette.heading.apply_to(clean(source)));
    let of_source = past.listing.reports.iter().filter(|report| report.source == source);
    let mut timed: Vec<(&ReportSummary, f64)> =
        of_source.filter_map(|report| Some((report, report.rto_seconds?))).take(TIMES).collect();
    timed.reverse();
    let (Some((first, _)), Some((latest, seconds))) = (timed.first(), timed.last()) else {
        return text;
    };
    let objective = latest.objectives.rto_seconds;
    text.push_str(&format!(
        "  recovery time {}{}",
        units::duration(*seconds),
        held(face, *seconds, objective)
    ));
    text.push('\n');
    if timed.len() < 2 {
        return text;
    }
    let points: Vec<(f64, f64)> = timed
        .iter()
        .map(|(report, seconds)| (report.started_at.as_second() as f64, *seconds))
        .collect();
    if !past.plotted {
        let times: Vec<f64> = points.iter().map(|(_, seconds)| *seconds).collect();
        let few = times.get(times.len().saturating_sub(40)..).unwrap_or_default();
        text.push_str(&format!("  {}\n", palette.hint.apply_to(sparkline(few))));
        return text;
    }
    let day = |report: &ReportSummary| report.started_at.strftime("%Y-%m-%d").to_string();
    let ends = (day(first), day(latest));
    let width = face.width().min(90) - 2;
    let plot = Plot { points: &points, limit: objective, ends, width };
    let ink = Ink { line: &palette.hint, limit: &palette.warning, axis: &palette.faint };
    text.push_str(&plot.render(&ink));
    text
}

/// The recovery time against its objective.
fn held(face: &Face, seconds: f64, objective: Option<f64>) -> String {
    let palette = face.palette();
    match objective {
        None => String::new(),
        Some(objective) => {
            let style = if seconds <= objective { &palette.good } else { &palette.critical };
            format!(", {}", style.apply_to(format!("objective {}", units::duration(objective))))
        }
    }
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
