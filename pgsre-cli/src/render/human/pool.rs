//! PgBouncer for people: pools, findings about its configuration, sizes.

use pgsre_core::finding::Severity;
use pgsre_core::monitor::{Labels, Metric};
use pgsre_core::pooler::PoolFinding;

use super::findings::indented;
use super::status::figure;
use crate::command::pool::size::Sized;
use crate::command::pool::status::PoolStatus;
use crate::command::status::State;
use crate::face::{Face, Palette};
use crate::render::clean;
use crate::render::table::{Align, Table};
use crate::units;

/// One PgBouncer: what is out of bounds first, then its pools and databases.
#[must_use]
pub fn pool_status(face: &Face, status: &PoolStatus) -> String {
    let palette = face.palette();
    let style = match status.state {
        State::Ok => &palette.good,
        State::Warning | State::NoData => &palette.warning,
        State::Critical => &palette.critical,
    };
    let version = status.pooler.version.map_or_else(String::new, |v| format!("PgBouncer {v}"));
    let mut text = format!(
        "{}  {}  {}\n",
        palette.heading.apply_to(clean(&status.pooler.address)),
        style.apply_to(status.state.as_str()),
        palette.faint.apply_to(version),
    );
    for alert in &status.alerts {
        let style = weight(palette, alert.severity);
        let about: Vec<String> = alert.labels.values().map(|value| clean(value)).collect();
        text.push_str(&format!(
            "  {:<8}  {}  {}  {}\n",
            style.apply_to(alert.severity),
            alert.rule,
            about.join("/"),
            palette.heading.apply_to(figure(alert.metric.unit(), alert.value)),
        ));
    }
    if let Some(missing) = &status.missing {
        indented(&mut text, "  ", &clean(missing), face.width(), &palette.warning);
        return text;
    }
    text.push_str(&format!("\n{}", pools(palette, status)));
    text.push_str(&format!("\n{}", databases(palette, status)));
    let clients = value(status, Metric::PoolClientSaturation, &Labels::new());
    text.push_str(&format!("\n  {} of max_client_conn in use\n", clients));
    text
}

fn pools(palette: &Palette, status: &PoolStatus) -> String {
    let columns = [
        ("pool", Align::Left),
        ("mode", Align::Left),
        ("in use", Align::Right),
        ("idle", Align::Right),
        ("saturation", Align::Right),
        ("clients", Align::Right),
        ("waiting", Align::Right),
        ("longest wait", Align::Right),
    ];
    let mut table = Table::new(&columns, &palette.faint);
    for pool in &status.pools {
        let labels = Labels::from([
            ("database".to_owned(), pool.database.clone()),
            ("user".to_owned(), pool.user.clone()),
        ]);
        table.row(vec![
            format!("{}/{}", clean(&pool.database), clean(&pool.user)),
            pool.mode.as_deref().map(clean).unwrap_or_default(),
            pool.servers_active.to_string(),
            pool.servers_idle.to_string(),
            value(status, Metric::PoolSaturation, &labels),
            (pool.clients_active + pool.clients_waiting).to_string(),
            pool.clients_waiting.to_string(),
            units::duration(pool.max_wait_seconds),
        ]);
    }
    if status.pools.is_empty() {
        return "  no pool yet: no client has connected\n".to_owned();
    }
    table.render()
}

fn databases(palette: &Palette, status: &PoolStatus) -> String {
    let columns = [
        ("database", Align::Left),
        ("", Align::Left),
        ("server connections", Align::Right),
        ("on average", Align::Right),
        ("transactions", Align::Right),
        ("mean transaction", Align::Right),
        ("mean query", Align::Right),
        ("mean wait", Align::Right),
    ];
    let mut table = Table::new(&columns, &palette.faint);
    for database in &status.databases {
        let state = match () {
            () if database.disabled => palette.warning.apply_to("disabled"),
            () if database.paused => palette.warning.apply_to("paused"),
            () => palette.good.apply_to("open"),
        };
        let most = match database.max_connections {
            0 => String::new(),
            most => format!(" of {most}"),
        };
        let labels = Labels::from([("database".to_owned(), database.name.clone())]);
        let of = |metric| value(status, metric, &labels);
        table.row(vec![
            clean(&database.name),
            state.to_string(),
            format!("{}{most}", database.current_connections),
            status
                .samples
                .iter()
                .find(|s| s.metric == Metric::PoolConcurrency && s.labels == labels)
                .and_then(|sample| sample.value)
                .map_or_else(|| "–".to_owned(), |busy| format!("{busy:.2}")),
            of(Metric::PoolTransactionRate),
            milliseconds(status, Metric::PoolTransactionSeconds, &labels),
            milliseconds(status, Metric::PoolQuerySeconds, &labels),
            milliseconds(status, Metric::PoolWaitSeconds, &labels),
        ]);
    }
    table.render()
}

fn value(status: &PoolStatus, metric: Metric, labels: &Labels) -> String {
    let sample = status.samples.iter().find(|s| s.metric == metric && s.labels == *labels);
    let value = sample.and_then(|sample| sample.value);
    value.map_or_else(|| "–".to_owned(), |value| figure(metric.unit(), value))
}

/// Times that are mostly below a millisecond.
fn milliseconds(status: &PoolStatus, metric: Metric, labels: &Labels) -> String {
    let sample = status.samples.iter().find(|s| s.metric == metric && s.labels == *labels);
    let value = sample.and_then(|sample| sample.value);
    value.map_or_else(|| "–".to_owned(), |seconds| format!("{:.2} ms", seconds * 1e3))
}

/// Findings by file and line, each with its reason and what to do.
#[must_use]
pub fn pool_findings(face: &Face, files: &[String], findings: &[PoolFinding]) -> String {
    let palette = face.palette();
    let names: Vec<String> = files.iter().map(|file| clean(file)).collect();
    let mut text = String::new();
    for finding in findings {
        let style = weight(palette, finding.severity);
        text.push_str(&format!(
            "{}:{}: {} {}\n",
            palette.heading.apply_to(clean(&finding.path)),
            finding.line,
            style.apply_to(finding.severity),
            palette.heading.apply_to(finding.rule),
        ));
        indented(&mut text, "    ", &clean(&finding.message), face.width(), &palette.heading);
        indented(&mut text, "    ", finding.reason, face.width(), &palette.faint);
        indented(&mut text, "    ", &format!("→ {}", finding.fix), face.width(), &palette.hint);
        text.push('\n');
    }
    let count = match findings.len() {
        0 => palette.good.apply_to("nothing found".to_owned()),
        1 => palette.warning.apply_to("1 finding".to_owned()),
        many => palette.warning.apply_to(format!("{many} findings")),
    };
    text.push_str(&format!("{count} in {}\n", names.join(", ")));
    text
}

/// The sizes first, then how they were come by.
#[must_use]
pub fn pool_size(face: &Face, sized: &Sized) -> String {
    let palette = face.palette();
    let columns = [
        ("database", Align::Left),
        ("in use at the peak", Align::Right),
        ("pool size", Align::Right),
        ("reserve", Align::Right),
        ("mean wait", Align::Right),
    ];
    let mut table = Table::new(&columns, &palette.faint);
    for pool in &sized.sizing.pools {
        let wait = pool.wait_seconds.map(|seconds| format!("{:.2} ms", seconds * 1e3));
        table.row(vec![
            clean(&pool.database),
            pool.concurrency.map_or_else(|| "not known".to_owned(), |load| format!("{load:.2}")),
            palette.heading.apply_to(pool.size).to_string(),
            pool.reserve.to_string(),
            wait.unwrap_or_else(|| "–".to_owned()),
        ]);
    }
    let mut text = table.render();
    text.push_str(&format!("\n  max_client_conn = {}\n\n", sized.sizing.max_client_conn));
    let plain = console::Style::new().force_styling(false);
    for reason in &sized.sizing.reasoning {
        bullet(&mut text, reason, face.width(), &plain);
    }
    for unknown in &sized.unknown {
        bullet(&mut text, unknown, face.width(), &palette.warning);
    }
    if let Some(written) = &sized.written {
        let line = format!("written to {}; look at [databases] and listen_addr", clean(written));
        text.push_str(&format!("\n  {}\n", palette.hint.apply_to(line)));
    }
    text
}

fn bullet(text: &mut String, sentence: &str, width: usize, style: &console::Style) {
    let mut lines = String::new();
    indented(&mut lines, "    ", &clean(sentence), width, style);
    text.push_str(&lines.replacen("    ", "  · ", 1));
}

fn weight(palette: &Palette, severity: Severity) -> &console::Style {
    match severity {
        Severity::Critical => &palette.critical,
        Severity::Warning => &palette.warning,
        Severity::Info => &palette.faint,
    }
}
