//! How a server is, on one screen.

use pgsre_core::finding::Severity;
use pgsre_core::monitor::{IncidentState, Metric, Sample, Unit};

use crate::command::status::{AlertStatus, State, Status};
use crate::face::{Face, Palette};
use crate::render::table::{Align, Table};
use crate::render::{clean, wrap};
use crate::units;

/// What is shown in a line each, in this order.
const FIGURES: [(&str, &[Metric]); 7] = [
    (
        "connections",
        &[
            Metric::ConnectionsUsed,
            Metric::ConnectionsUsable,
            Metric::ConnectionsActive,
            Metric::ConnectionsIdleInTransaction,
            Metric::ConnectionsWaiting,
        ],
    ),
    (
        "transactions",
        &[
            Metric::TransactionsCommitRate,
            Metric::TransactionsRollbackRate,
            Metric::LongestTransactionSeconds,
        ],
    ),
    (
        "queries",
        &[
            Metric::QueriesCallsRate,
            Metric::LatencyP50,
            Metric::LatencyP99,
            Metric::QueriesTopShare,
            Metric::QueriesRegressions,
        ],
    ),
    ("cache", &[Metric::CacheHitRatio, Metric::TemporaryBytesRate]),
    ("locks", &[Metric::LocksBlocked, Metric::LocksLongestWaitSeconds]),
    ("write-ahead log", &[Metric::WalRate, Metric::WalBytes, Metric::ArchiverBacklog]),
    (
        "wraparound",
        &[Metric::WraparoundXidLeft, Metric::WraparoundMultixactLeft, Metric::OldestXminAge],
    ),
];

/// One server: what is out of bounds first, then its figures, its replicas, slots and disk.
#[must_use]
pub fn server_status(face: &Face, status: &Status) -> String {
    let palette = face.palette();
    let mut text = heading(palette, status);
    status.alerts.iter().for_each(|alert| text.push_str(&alert_line(palette, alert)));
    for missing in &status.missing {
        let line = format!("{}: {}", clean(&missing.probe), clean(&missing.why));
        text.push_str(&format!("  {} {line}\n", palette.warning.apply_to("no data")));
    }
    if status.server.role.is_some() {
        text.push('\n');
        text.push_str(&figures(palette, status));
        text.push_str(&replicas(palette, status));
        text.push_str(&slots(palette, status));
        text.push_str(&disk(palette, status));
    }
    text.push_str(&pools(palette, status));
    for unseen in &status.unseen {
        let lines = wrap(&clean(unseen), face.width().saturating_sub(4));
        text.push_str(&format!("  {}\n", palette.hint.apply_to(lines.join("\n  "))));
    }
    text
}

fn heading(palette: &Palette, status: &Status) -> String {
    let server = &status.server;
    let version =
        server.version.map_or_else(String::new, |version| format!("PostgreSQL {version}"));
    let role = server.role.map_or("", |role| role.as_str());
    let style = match status.state {
        State::Ok => &palette.good,
        State::Warning | State::NoData => &palette.warning,
        State::Critical => &palette.critical,
    };
    format!(
        "{}  {}  {}\n",
        palette.heading.apply_to(clean(&server.name)),
        style.apply_to(status.state.as_str()),
        palette.faint.apply_to(format!("{version} {role}").trim()),
    )
}

fn alert_line(palette: &Palette, alert: &AlertStatus) -> String {
    let style =
        if alert.severity == Severity::Critical { &palette.critical } else { &palette.warning };
    let weight = match alert.state {
        IncidentState::NoData => "no data".to_owned(),
        _ => alert.severity.to_string(),
    };
    let about: Vec<String> = alert
        .labels
        .iter()
        .filter(|(name, _)| *name != "server")
        .map(|(name, value)| format!("{} {}", clean(name), clean(value)))
        .collect();
    let value = match (alert.value, alert.unit) {
        (Some(value), Some(unit)) => figure(unit, value),
        (Some(value), None) => value.to_string(),
        (None, _) => "unknown".to_owned(),
    };
    let note = alert.note.as_ref().map_or_else(String::new, |note| {
        format!("            {}\n", palette.faint.apply_to(clean(note)))
    });
    format!(
        "  {:<8}  {}  {}  {}\n{note}",
        style.apply_to(weight),
        clean(&alert.rule),
        about.join(", "),
        palette.heading.apply_to(value),
    )
}

fn figures(palette: &Palette, status: &Status) -> String {
    let mut table = Table::new(&[("", Align::Left), ("", Align::Left)], &palette.faint);
    for (name, metrics) in FIGURES {
        let shown: Vec<String> = metrics
            .iter()
            .filter_map(|metric| status.samples.iter().find(|sample| sample.metric == *metric))
            .map(|sample| format!("{} {}", value(palette, sample), short(sample.metric)))
            .collect();
        if !shown.is_empty() {
            table.row(vec![palette.faint.apply_to(name).to_string(), shown.join(" · ")]);
        }
    }
    table.render()
}

/// The part of a metric's name that tells it from its neighbours, as words.
fn short(metric: Metric) -> String {
    match metric {
        Metric::WraparoundXidLeft => return "of transaction ids left".to_owned(),
        Metric::WraparoundMultixactLeft => return "of multixacts left".to_owned(),
        Metric::QueriesCallsRate => return "calls".to_owned(),
        Metric::QueriesTopShare => return "by the top three".to_owned(),
        Metric::WalRate => return "written".to_owned(),
        Metric::WalBytes => return "on disk".to_owned(),
        Metric::TemporaryBytesRate => return "to temporary files".to_owned(),
        Metric::LongestTransactionSeconds => return "the oldest".to_owned(),
        Metric::LocksLongestWaitSeconds => return "the longest wait".to_owned(),
        Metric::TransactionsCommitRate => return "commits".to_owned(),
        Metric::TransactionsRollbackRate => return "rollbacks".to_owned(),
        _ => {}
    }
    let name = metric.as_str();
    name.split_once('.').map_or(name, |(_, what)| what).replace('_', " ")
}

fn replicas(palette: &Palette, status: &Status) -> String {
    let columns = [
        ("replica", Align::Left),
        ("", Align::Left),
        ("lag", Align::Right),
        ("behind", Align::Right),
        ("how it is known", Align::Left),
    ];
    let mut table = Table::new(&columns, &palette.faint);
    let mut any = false;
    for connected in status.samples.iter().filter(|s| s.metric == Metric::ReplicationConnected) {
        let Some(replica) = connected.labels.get("replica") else { continue };
        let of = |metric| {
            status
                .samples
                .iter()
                .find(|sample| sample.metric == metric && sample.labels == connected.labels)
        };
        any = true;
        let lag = of(Metric::ReplicationReplayLagSeconds);
        let state = match connected.value {
            Some(1.0) => palette.good.apply_to("connected"),
            Some(_) => palette.critical.apply_to("DISCONNECTED"),
            None => palette.warning.apply_to("unknown"),
        };
        let shown = |sample: Option<&Sample>| {
            sample.map_or_else(|| "–".to_owned(), |sample| value(palette, sample))
        };
        table.row(vec![
            clean(replica),
            state.to_string(),
            shown(lag),
            shown(of(Metric::ReplicationReplayLagBytes)),
            palette.faint.apply_to(lag.and_then(|lag| lag.method).unwrap_or_default()).to_string(),
        ]);
    }
    if any { format!("\n{}", table.render()) } else { String::new() }
}

fn slots(palette: &Palette, status: &Status) -> String {
    let mut table = Table::new(
        &[("slot", Align::Left), ("", Align::Left), ("retained", Align::Right)],
        &palette.faint,
    );
    let mut any = false;
    for retained in status.samples.iter().filter(|s| s.metric == Metric::SlotRetainedBytes) {
        let active = status
            .samples
            .iter()
            .find(|s| s.metric == Metric::SlotActive && s.labels == retained.labels);
        let state = match active.and_then(|active| active.value) {
            Some(1.0) => palette.good.apply_to("active"),
            _ => palette.warning.apply_to("inactive"),
        };
        any = true;
        let name = retained.labels.get("slot").map(|slot| clean(slot)).unwrap_or_default();
        table.row(vec![name, state.to_string(), value(palette, retained)]);
    }
    if any { format!("\n{}", table.render()) } else { String::new() }
}

/// Those of the pooler before the server, which may answer while the server does not.
fn pools(palette: &Palette, status: &Status) -> String {
    let columns = [
        ("pool", Align::Left),
        ("in use", Align::Right),
        ("saturation", Align::Right),
        ("waiting", Align::Right),
        ("longest wait", Align::Right),
    ];
    let mut table = Table::new(&columns, &palette.faint);
    let mut any = false;
    for active in status.samples.iter().filter(|s| s.metric == Metric::PoolServersActive) {
        let Some(database) = active.labels.get("database") else { continue };
        let user = active.labels.get("user").map_or("", String::as_str);
        let of = |metric| {
            status
                .samples
                .iter()
                .find(|sample| sample.metric == metric && sample.labels == active.labels)
                .map_or_else(|| "–".to_owned(), |sample| value(palette, sample))
        };
        any = true;
        table.row(vec![
            format!("{}/{}", clean(database), clean(user)),
            value(palette, active),
            of(Metric::PoolSaturation),
            of(Metric::PoolClientsWaiting),
            of(Metric::PoolMaxWaitSeconds),
        ]);
    }
    if any { format!("\n{}", table.render()) } else { String::new() }
}

fn disk(palette: &Palette, status: &Status) -> String {
    let mut table = Table::new(&[("disk", Align::Left), ("", Align::Right)], &palette.faint);
    for sample in status.samples.iter().filter(|s| s.metric == Metric::DiskUsedBytes) {
        let about: Vec<String> =
            sample.labels.iter().map(|(kind, name)| format!("{kind} {}", clean(name))).collect();
        table.row(vec![about.join(", "), value(palette, sample)]);
    }
    for free in status.samples.iter().filter(|sample| sample.metric == Metric::DiskFreeBytes) {
        let filesystem = free.labels.get("filesystem");
        let about = filesystem.map_or_else(String::new, |name| format!(" for {}", clean(name)));
        let why = free.method.filter(|_| free.value.is_none());
        let why = why.map_or_else(String::new, |why| format!(": {why}"));
        table
            .row(vec![format!("free{about}{}", palette.faint.apply_to(why)), value(palette, free)]);
    }
    format!("\n{}", table.render())
}

fn value(palette: &Palette, sample: &Sample) -> String {
    match sample.value {
        // An estimate is never shown as a measurement.
        Some(value) if sample.method == Some("estimated") => {
            format!("≈ {}", latency(sample.metric.unit(), value))
        }
        Some(value) => figure(sample.metric.unit(), value),
        None => palette.warning.apply_to("unknown").to_string(),
    }
}

/// Executions take microseconds as often as seconds.
fn latency(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Seconds if value < 0.0995 => format!("{:.3}ms", value * 1000.0),
        unit => figure(unit, value),
    }
}

pub(super) fn figure(unit: Unit, value: f64) -> String {
    match unit {
        Unit::Seconds => units::duration(value),
        Unit::Bytes => units::size(value.max(0.0) as u64),
        Unit::BytesPerSecond => format!("{}/s", units::size(value.max(0.0) as u64)),
        Unit::PerSecond => format!("{value:.1}/s"),
        Unit::Ratio => format!("{:.1} %", value * 100.0),
        Unit::Bool => if value > 0.0 { "yes" } else { "no" }.to_owned(),
        Unit::Days => format!("{value:.1} d"),
        _ => units::count(value.max(0.0) as u64),
    }
}
