//! Recovery times over time, for the pages.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::evidence::VerdictView;
use super::{ReportSummary, format};

/// Drills that the plot shows.
const PLOTTED: usize = 120;

/// The plot's height in pixels, without the axis' text.
const HEIGHT: f64 = 200.0;

/// The RTO over time. Across, figures are hundredths of the width, so that the page may be narrow
/// without shrinking its text; down, they are pixels.
pub(super) struct Plot {
    pub(super) dots: Vec<Dot>,
    pub(super) lines: Vec<Line>,
    pub(super) ticks: Vec<Tick>,
    pub(super) objective: Option<Tick>,
    pub(super) first: String,
    pub(super) last: String,
}

pub(super) struct Dot {
    pub(super) x: String,
    pub(super) y: String,
    pub(super) class: &'static str,
    pub(super) title: String,
}

pub(super) struct Line {
    pub(super) from: (String, String),
    pub(super) to: (String, String),
}

pub(super) struct Tick {
    pub(super) y: String,
    pub(super) text: String,
}

impl Plot {
    /// `None` where no drill came as far as a recovery. An objective far above every recovery is left
    /// out: it would press the line flat.
    pub(super) fn of(newest_first: &[ReportSummary], objective: Option<f64>) -> Option<Self> {
        let mut reports: Vec<(&ReportSummary, f64)> = newest_first
            .iter()
            .take(PLOTTED)
            .filter_map(|report| Some((report, report.rto_seconds?)))
            .collect();
        reports.reverse();
        let (first, last) = (reports.first()?.0.started_at, reports.last()?.0.started_at);
        let longest = reports.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
        let objective = objective.filter(|objective| *objective <= longest * 4.0);
        let top = ceiling(longest.max(objective.unwrap_or(0.0)));
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
        let objective = objective.map(|seconds| Tick {
            y: height(seconds),
            text: format!("objective {}", format::seconds(seconds)),
        });
        Some(Self {
            dots,
            lines,
            ticks: ticks.into(),
            objective,
            first: day(first),
            last: day(last),
        })
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
}
