//! The queries that make the load, as a table.

use pgsre_core::queries::{Regression, RegressionKind};

use crate::command::queries::{QueriesReport, QueryReport, TrendPoint};
use crate::face::{Face, Palette};
use crate::render::table::{Align, Table};
use crate::render::{clean, wrap};
use crate::units;

const COLUMNS: [(&str, Align); 8] = [
    ("query id", Align::Right),
    ("calls", Align::Right),
    ("total ms", Align::Right),
    ("mean ms", Align::Right),
    ("p99 ms", Align::Right),
    ("share", Align::Right),
    ("rows/call", Align::Right),
    ("hit", Align::Right),
];

/// Where there are several databases.
const DATABASE: (&str, Align) = ("database", Align::Left);

/// Where earlier windows are known: the mean time of each, and of this one.
const TREND: (&str, Align) = ("mean's trend", Align::Left);

const PREVIEW: (&str, Align) = ("query", Align::Left);

/// What a preview has at least, however narrow the terminal is.
const NARROWEST: usize = 24;

/// The load first, then the worst queries, what became slower, and what is not known.
#[must_use]
pub fn queries(face: &Face, report: &QueriesReport) -> String {
    let palette = face.palette();
    let mut text = heading(palette, report);
    text.push('\n');
    if report.queries.is_empty() {
        text.push_str("  no statement was executed in this window\n");
    } else {
        text.push_str(&table(face, report));
    }
    text.push_str(&slower(palette, report));
    text.push_str(&advice(face, report));
    for gap in &report.gaps {
        let lines = wrap(&clean(&gap.message), face.width().saturating_sub(4));
        text.push_str(&format!("  {}\n", palette.warning.apply_to(lines.join("\n  "))));
    }
    text
}

fn heading(palette: &Palette, report: &QueriesReport) -> String {
    let window = &report.window;
    let load = &report.load;
    let rate = if window.seconds > 0.0 {
        format!(" ({:.1}/s)", load.calls as f64 / window.seconds)
    } else {
        String::new()
    };
    let mut line = format!(
        "  {} calls{rate} · {} of execution",
        units::count(load.calls),
        units::duration(load.total_ms / 1000.0),
    );
    for (name, value) in [("p50", load.p50_ms), ("p95", load.p95_ms), ("p99", load.p99_ms)] {
        let Some(value) = value else { continue };
        line.push_str(&format!(" · {name} {}{} ms", mark(load.latency.as_ref()), figure(value)));
    }
    if let Some(bound) = load.latency.as_ref().map(|latency| latency.bound_p99_ms) {
        line.push_str(&format!(" (at most {} ms)", figure(bound)));
    }
    format!(
        "{}  {} up to {}  {}\n{line}\n",
        palette.heading.apply_to(clean(&report.server)),
        units::duration(window.seconds),
        window.to.strftime("%Y-%m-%d %H:%M:%S UTC"),
        palette.faint.apply_to(format!(
            "PostgreSQL {}, pg_stat_statements {}",
            report.version, report.extension
        )),
    )
}

fn table(face: &Face, report: &QueriesReport) -> String {
    let mut databases = report.queries.iter().map(|query| &query.database);
    let first = databases.next();
    let several = databases.any(|database| Some(database) != first);
    let mut columns = COLUMNS.to_vec();
    let mut rows: Vec<Vec<String>> = report.queries.iter().map(row).collect();
    if several {
        columns.push(DATABASE);
        for (row, query) in rows.iter_mut().zip(&report.queries) {
            row.push(clean(&query.database));
        }
    }
    if report.queries.iter().any(|query| !query.trend.is_empty()) {
        columns.push(TREND);
        for (row, query) in rows.iter_mut().zip(&report.queries) {
            row.push(sparkline(&query.trend));
        }
    }
    let left = left_for_previews(face, &columns, &rows);
    columns.push(PREVIEW);
    let mut table = Table::new(&columns, &face.palette().faint);
    for (mut row, query) in rows.into_iter().zip(&report.queries) {
        row.push(preview(query, left));
        table.row(row);
    }
    table.render()
}

/// A preview takes what the figures leave.
fn left_for_previews(face: &Face, columns: &[(&str, Align)], rows: &[Vec<String>]) -> usize {
    let width = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.get(at));
        let heading = columns.get(at).map_or(0, |(name, _)| name.len());
        cells.map(|cell| console::measure_text_width(cell)).max().unwrap_or(0).max(heading) + 2
    };
    let taken: usize = (0..columns.len()).map(width).sum();
    face.width().saturating_sub(taken + 2).max(NARROWEST)
}

/// The figures of a query.
fn row(query: &QueryReport) -> Vec<String> {
    let least = if query.exact { "" } else { "≥" };
    vec![
        query.query_id.clone(),
        format!("{least}{}", units::count(query.calls)),
        format!("{least}{}", figure(query.total_ms)),
        figure(query.mean_ms),
        query.p99_ms.map_or_else(
            || "–".to_owned(),
            |p99| format!("{}{}", mark(query.latency.as_ref()), figure(p99)),
        ),
        percent(query.share),
        figure(query.rows_per_call),
        query.hit_ratio.map_or_else(|| "–".to_owned(), percent),
    ]
}

/// An estimate is never shown as a measurement.
fn mark(latency: Option<&crate::command::queries::LatencyReport>) -> &'static str {
    match latency {
        Some(latency) if latency.method == "measured" => "",
        _ => "≈",
    }
}

fn slower(palette: &Palette, report: &QueriesReport) -> String {
    let mut text = String::new();
    for query in &report.regressions {
        let Some(found) = &query.regression else { continue };
        let (label, what) = match found.kind {
            RegressionKind::Share => ("heavier", heavier(found)),
            RegressionKind::New => ("new", format!("{} of the load", percent(found.share))),
            _ => ("slower", slower_mean(found)),
        };
        text.push_str(&format!(
            "  {} {}  {what}\n    {}\n",
            palette.critical.apply_to(label),
            query.query_id,
            palette.faint.apply_to(preview(query, 90)),
        ));
    }
    if text.is_empty() { text } else { format!("\n{text}") }
}

fn slower_mean(found: &Regression) -> String {
    let plan = match found.blocks_ratio {
        Some(ratio) if ratio >= 1.5 => {
            format!("; {} times the blocks a call: probably another plan", figure(ratio))
        }
        _ => String::new(),
    };
    let meanwhile = if found.general_ratio >= 1.1 {
        format!("; everything else {} times", figure(found.general_ratio))
    } else {
        String::new()
    };
    format!(
        "{} times: {} → {} ms a call{plan}{meanwhile}",
        figure(found.ratio.unwrap_or_default()),
        figure(found.before_mean_ms.unwrap_or_default()),
        figure(found.mean_ms),
    )
}

fn heavier(found: &Regression) -> String {
    let ratio = found.ratio.map_or_else(String::new, |ratio| {
        format!(", {} times its time of execution", figure(ratio))
    });
    let before = percent(found.before_share.unwrap_or_default());
    format!("{before} at most → {} of the load{ratio}", percent(found.share))
}

/// A bar a window, as high as its mean; a dot where it was not executed.
fn sparkline(trend: &[TrendPoint]) -> String {
    const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
    let most = trend.iter().filter_map(|point| point.mean_ms).fold(0.0, f64::max);
    let bar = |mean: f64| {
        let at = if most > 0.0 { (mean / most * 7.0).round() as usize } else { 0 };
        BARS.get(at).copied().unwrap_or('█')
    };
    trend.iter().map(|point| point.mean_ms.map_or('·', bar)).collect()
}

fn advice(face: &Face, report: &QueriesReport) -> String {
    let palette = face.palette();
    let Some(advice) = &report.advice else { return String::new() };
    let mut text = String::from("\n");
    let plain = console::Style::new();
    let mut paragraph = |label: &str, style: &console::Style, line: String| {
        let lines = wrap(&clean(&line), face.width().saturating_sub(6));
        let lines = style.apply_to(lines.join("\n    "));
        text.push_str(&format!("  {label} {lines}\n"));
    };
    for found in advice {
        let query = found.query_id.clone().unwrap_or_else(|| "the server".to_owned());
        let label = palette.heading.apply_to(query).to_string();
        paragraph(&label, &plain, found.advice.message.clone());
        paragraph(" ", &palette.hint, format!("→ {}", found.advice.fix));
    }
    for found in &report.unplanned {
        let label = palette.faint.apply_to(&found.query_id).to_string();
        paragraph(&label, &plain, format!("could not be planned: {}", found.why));
    }
    if advice.is_empty() {
        paragraph("", &plain, "no advice: nothing stands out among these queries".to_owned());
    }
    text
}

/// A query in one line, without anything that moves the cursor.
fn preview(query: &QueryReport, width: usize) -> String {
    let Some(text) = &query.text else { return "(its text is gone)".to_owned() };
    let words: Vec<&str> = text.split_whitespace().collect();
    let line = clean(&words.join(" "));
    console::truncate_str(&line, width, "…").into_owned()
}

fn percent(ratio: f64) -> String {
    format!("{:.1} %", ratio * 100.0)
}

/// Three digits that matter: 1,234 · 12.3 · 0.012.
fn figure(value: f64) -> String {
    match value {
        _ if value >= 999.5 => units::count(value.round() as u64),
        _ if value >= 99.95 => format!("{value:.0}"),
        _ if value >= 9.995 => format!("{value:.1}"),
        _ if value >= 0.9995 || value == 0.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::{TrendPoint, figure, sparkline};

    #[test]
    fn figures_have_the_digits_that_matter() {
        let shown = [1234.4, 999.6, 123.4, 12.34, 1.234, 0.1234, 0.0].map(figure);
        assert_eq!(shown, ["1,234", "1,000", "123", "12.3", "1.23", "0.123", "0.00"]);
    }

    #[test]
    fn a_trend_is_a_bar_a_window_and_a_dot_where_nothing_ran() {
        let point =
            |mean_ms| TrendPoint { to: jiff::Timestamp::UNIX_EPOCH, calls: 1, mean_ms, share: 0.0 };
        let means = [Some(1.0), None, Some(1.1), Some(8.0), Some(4.0)];
        assert_eq!(sparkline(&means.map(point)), "▂·▂█▅");
        assert_eq!(sparkline(&[Some(0.0), Some(0.0)].map(point)), "▁▁");
        assert_eq!(sparkline(&[]), "");
    }
}
