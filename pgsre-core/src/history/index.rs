//! Past drills as a page: how they ended, and how long a recovery takes over time.

use std::collections::HashMap;

use askama::Template;
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::evidence::VerdictView;
use super::{HistoryError, HistoryErrorKind, Listing, ReportSummary, format};
use crate::drill::Verdict;

/// Drills that the plot shows.
const PLOTTED: usize = 120;

/// The plot's height in pixels, without the axis' text.
const HEIGHT: f64 = 200.0;

/// The page of past drills. `place` is where they lie; each links to its evidence beside the page.
///
/// # Errors
/// Where the page cannot be written, which no listing causes.
pub fn index(listing: &Listing, place: &str) -> Result<String, HistoryError> {
    let page = Page {
        place,
        listing,
        rows: listing.reports.iter().map(Row::of).collect(),
        latest: listing.reports.first().map(|latest| VerdictView::of(latest.verdict)),
        tally: tally(&listing.reports),
        plot: Plot::of(&listing.reports),
    };
    page.render().map_err(|error| {
        let text = format!("cannot write the page of the drills in {place}");
        HistoryError::new(HistoryErrorKind::Damaged, text).with_cause(error)
    })
}

#[derive(Template)]
#[template(path = "index.html")]
struct Page<'a> {
    place: &'a str,
    listing: &'a Listing,
    rows: Vec<Row<'a>>,
    latest: Option<VerdictView>,
    tally: Vec<(&'static str, String)>,
    plot: Option<Plot>,
}

struct Row<'a> {
    report: &'a ReportSummary,
    verdict: VerdictView,
    began: String,
    size: String,
    rto: String,
}

impl<'a> Row<'a> {
    fn of(report: &'a ReportSummary) -> Self {
        let size = report.backup.as_ref().map(|backup| format::bytes(backup.size));
        Self {
            report,
            verdict: VerdictView::of(report.verdict),
            began: format::time(report.started_at),
            size: size.unwrap_or_else(|| "–".into()),
            rto: report.rto_seconds.map_or_else(|| "–".into(), format::seconds),
        }
    }
}

fn tally(reports: &[ReportSummary]) -> Vec<(&'static str, String)> {
    let of = |verdict| reports.iter().filter(|report| report.verdict == verdict).count() as u64;
    let median = median(reports.iter().filter_map(|report| report.rto_seconds).collect());
    vec![
        ("passed", format::count(of(Verdict::Passed))),
        ("failed", format::count(of(Verdict::Failed))),
        ("inconclusive", format::count(of(Verdict::Inconclusive))),
        ("median recovery time", median.map_or_else(|| "–".into(), format::seconds)),
    ]
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let upper = *values.get(middle)?;
    if values.len() % 2 == 1 { Some(upper) } else { Some((values[middle - 1] + upper) / 2.0) }
}

/// The RTO over time. Across, figures are hundredths of the width, so that the page may be narrow
/// without shrinking its text; down, they are pixels.
struct Plot {
    dots: Vec<Dot>,
    lines: Vec<Line>,
    ticks: Vec<Tick>,
    first: String,
    last: String,
}

struct Dot {
    x: String,
    y: String,
    class: &'static str,
    title: String,
}

struct Line {
    from: (String, String),
    to: (String, String),
}

struct Tick {
    y: String,
    text: String,
}

impl Plot {
    /// `None` where no drill came as far as a recovery.
    fn of(newest_first: &[ReportSummary]) -> Option<Self> {
        let mut reports: Vec<(&ReportSummary, f64)> = newest_first
            .iter()
            .take(PLOTTED)
            .filter_map(|report| Some((report, report.rto_seconds?)))
            .collect();
        reports.reverse();
        let (first, last) = (reports.first()?.0.started_at, reports.last()?.0.started_at);
        let top = ceiling(reports.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max));
        let at = |at: Timestamp| format!("{:.3}", 8.0 + 90.0 * position(at, first, last));
        let height = |seconds: f64| format!("{:.1}", HEIGHT * (1.0 - seconds / top));
        let dots: Vec<Dot> = reports
            .iter()
            .map(|(report, seconds)| Dot {
                x: at(report.started_at),
                y: height(*seconds),
                class: VerdictView::of(report.verdict).class,
                title: title(report, *seconds),
            })
            .collect();
        let sources = reports.iter().map(|(report, _)| report.source.as_str());
        let lines = lines(sources.zip(&dots));
        let ticks = [0.0, 0.5, 1.0]
            .map(|share| Tick { y: height(top * share), text: format::seconds(top * share) });
        Some(Self { dots, lines, ticks: ticks.into(), first: day(first), last: day(last) })
    }
}

/// Joins the drills of each source, in the order of time: recoveries of different databases do not
/// compare.
fn lines<'a>(dots: impl Iterator<Item = (&'a str, &'a Dot)>) -> Vec<Line> {
    let point = |dot: &Dot| (dot.x.clone(), dot.y.clone());
    let mut before: HashMap<&str, &Dot> = HashMap::new();
    dots.filter_map(|(source, dot)| {
        let from = before.insert(source, dot)?;
        Some(Line { from: point(from), to: point(dot) })
    })
    .collect()
}

/// Where `at` lies between `first` and `last`, from 0 to 1; in the middle where they are one.
fn position(at: Timestamp, first: Timestamp, last: Timestamp) -> f64 {
    let whole = last.duration_since(first).as_secs_f64();
    if whole > 0.0 { at.duration_since(first).as_secs_f64() / whole } else { 0.5 }
}

/// The next round figure: 1, 2, 5 and their tens, and so on; of minutes from a minute on.
fn ceiling(seconds: f64) -> f64 {
    let unit = if seconds > 3600.0 {
        3600.0
    } else if seconds > 60.0 {
        60.0
    } else {
        1.0
    };
    let value = (seconds / unit).max(0.001);
    let ten = 10_f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0];
    let step = steps.into_iter().find(|step| step * ten >= value * 1.0001).unwrap_or(10.0);
    step * ten * unit
}

fn title(report: &ReportSummary, seconds: f64) -> String {
    format!(
        "{}, {}: {}, {}",
        format::time(report.started_at),
        report.source,
        report.verdict,
        format::seconds(seconds)
    )
}

fn day(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plot_ends_at_a_round_figure() {
        let tops: Vec<_> = [0.03, 1.0, 37.5, 59.0, 61.0, 700.0, 5000.0].map(ceiling).into();
        assert_eq!(tops, [0.04, 2.0, 40.0, 60.0, 120.0, 1200.0, 7200.0]);
    }

    #[test]
    fn drills_of_different_sources_are_not_joined() {
        let dot = |x: &str| Dot { x: x.into(), y: String::new(), class: "", title: String::new() };
        let (a, b, c) = (dot("1"), dot("2"), dot("3"));
        let lines = lines([("shop", &a), ("crm", &b), ("shop", &c)].into_iter());
        let ends: Vec<_> = lines.iter().map(|line| (&*line.from.0, &*line.to.0)).collect();
        assert_eq!(ends, [("1", "3")]);
    }

    #[test]
    fn the_middle_of_nothing_is_nothing() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0]), Some(2.0));
        assert_eq!(median(vec![3.0, 1.0, 7.0]), Some(3.0));
    }
}
