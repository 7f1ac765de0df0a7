//! Past drills as a page: how they ended, and how long a recovery takes over time.

use askama::Template;

use super::evidence::VerdictView;
use super::plot::Plot;
use super::{HistoryError, HistoryErrorKind, Listing, ReportSummary, format};
use crate::drill::Verdict;

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
        plot: Plot::of(&listing.reports, objective(&listing.reports)),
    };
    page.render().map_err(|error| {
        let text = format!("cannot write the page of the drills in {place}");
        HistoryError::new(HistoryErrorKind::Damaged, text).with_cause(error)
    })
}

/// The newest drill's recovery time objective, where all are of one source: of several, none is all's.
fn objective(reports: &[ReportSummary]) -> Option<f64> {
    let latest = reports.first()?;
    let one = reports.iter().all(|report| report.source == latest.source);
    latest.objectives.rto_seconds.filter(|_| one)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_of_nothing_is_nothing() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0]), Some(2.0));
        assert_eq!(median(vec![3.0, 1.0, 7.0]), Some(3.0));
    }
}
