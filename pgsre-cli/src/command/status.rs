//! `pgsre status`: one reading of every probe.

use std::sync::Arc;

use jiff::Timestamp;
use pgsre_core::finding::{Severity, nearest};
use pgsre_core::history::BackupState;
use pgsre_core::monitor::{
    self, Incident, IncidentState, Incidents, Metric, Missing, Reading, Sample, ServerFacts,
    ServerMonitor, Unit,
};
use pgsre_core::pooler::PoolerProbe;
use pgsre_core::queries::{QueryLoad, WorstQueries};
use serde::Serialize;

use crate::args::{Format, StatusArgs};
use crate::command::drill::assemble::{self, connection};
use crate::command::drill::settings;
use crate::command::report;
use crate::config::{Backups, Bound, Config, NoData, Rule, Secret, Server, Threshold};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::{human, json};

/// What one server is like: the JSON of `pgsre status`.
#[derive(Clone, Debug, Serialize)]
pub struct Status {
    /// The version of this shape: 1.
    pub schema: u32,
    /// The server.
    pub server: ServerFacts,
    /// The worst of it.
    pub state: State,
    /// Every figure.
    pub samples: Vec<Sample>,
    /// What is out of bounds, the heaviest first.
    pub alerts: Vec<AlertStatus>,
    /// Which probes have no data, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
    /// What was not visible, in sentences that say how to make it so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unseen: Vec<String>,
}

/// One alert of a [`Status`].
#[derive(Clone, Debug, Serialize)]
pub struct AlertStatus {
    /// The rule.
    pub rule: String,
    /// How much it weighs.
    pub severity: Severity,
    /// How far it has come.
    pub state: IncidentState,
    /// What it is about.
    pub labels: monitor::Labels,
    /// Since when.
    pub since: Timestamp,
    /// The figure.
    pub value: Option<f64>,
    /// What is worth to know beside it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// What the figure is counted in, for people.
    #[serde(skip)]
    pub unit: Option<Unit>,
}

/// How a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nothing is out of bounds.
    Ok,
    /// Something is worth a look.
    Warning,
    /// Something must be done.
    Critical,
    /// The server, or what a rule must know of it, could not be read.
    NoData,
}

impl State {
    /// The name as reports have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Critical => "critical",
            Self::NoData => "no data",
        }
    }

    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::Ok => exit_code::PASSED,
            Self::Warning | Self::Critical => exit_code::FAILED,
            Self::NoData => exit_code::INCONCLUSIVE,
        }
    }
}

/// Several servers: the JSON of `pgsre status` without a URL and without `--server`, where more than
/// one is configured.
#[derive(Debug, Serialize)]
struct Fleet {
    schema: u32,
    state: State,
    servers: Vec<Status>,
}

pub(crate) async fn run(
    args: &StatusArgs,
    config: &Config,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let rules = rules(&config.rules)?;
    let monitors = monitors(args, config, environment, None)?;
    let reading = monitors.into_iter().map(|monitor| read(monitor, args, &rules));
    let servers = futures::future::join_all(reading).await;
    face.print(&match args.format {
        Format::Human => {
            servers.iter().map(|status| human::server_status(face, status)).collect::<String>()
        }
        Format::Json => as_json(&servers)?,
    })?;
    Ok(exit_code::heaviest(servers.iter().map(|status| status.state.exit_code())))
}

fn as_json(servers: &[Status]) -> Result<String, CommandError> {
    Ok(match servers {
        [one] => json::object(one)?,
        several => {
            let states = [State::Critical, State::Warning, State::NoData];
            let is = |state: &State| several.iter().any(|status| status.state == *state);
            let state = states.into_iter().find(is).unwrap_or(State::Ok);
            json::object(&Fleet { schema: 1, state, servers: several.to_vec() })?
        }
    })
}

/// The servers that the command line asks for. Their heaviest queries are told where somebody wants
/// to know them.
pub(crate) fn monitors(
    args: &StatusArgs,
    config: &Config,
    environment: &Environment,
    worst: Option<&WorstQueries>,
) -> Result<Vec<ServerMonitor>, CommandError> {
    if let Some(url) = &args.url {
        let config = connection("the server", &Secret::new(url))?;
        let name = match config.hosts().first() {
            Some(host) => format!("{}/{}", host.host, config.database()),
            None => config.database().to_owned(),
        };
        let load = query_load(&name, worst);
        let monitor = ServerMonitor::new(name, config).expecting(args.standby.iter().cloned());
        return Ok(vec![monitor.and(Box::new(load))]);
    }
    let servers: Vec<&Server> = match &args.server {
        Some(name) => vec![settings::named(config, name)?],
        None => config.servers.iter().filter(|server| server.url.is_some()).collect(),
    };
    if servers.is_empty() {
        return Err(CommandError::usage("no URL, and no configured server has one")
            .with_hint("give a connection string, or write a configuration with `pgsre init`"));
    }
    servers.into_iter().map(|server| monitor(args, server, environment, worst)).collect()
}

fn query_load(server: &str, worst: Option<&WorstQueries>) -> QueryLoad {
    match worst {
        Some(worst) => QueryLoad::default().telling(server, worst.clone()),
        None => QueryLoad::default(),
    }
}

fn monitor(
    args: &StatusArgs,
    server: &Server,
    environment: &Environment,
    worst: Option<&WorstQueries>,
) -> Result<ServerMonitor, CommandError> {
    let url = server.url.as_ref().ok_or_else(|| {
        CommandError::usage(format!("server {:?} has no url in the configuration", server.name))
    })?;
    let config = connection("url", url)?;
    let standbys = server.standbys.iter().chain(&args.standby).cloned();
    let monitor = ServerMonitor::new(&server.name, config)
        .expecting(standbys)
        .and(Box::new(query_load(&server.name, worst)));
    let delays = server.apply_delays.iter();
    let monitor = delays.fold(monitor, |monitor, (name, delay)| monitor.delayed(name, *delay));
    let monitor = match &server.pgbouncer {
        Some(console) => {
            monitor.beside(Box::new(PoolerProbe::new(connection("pgbouncer", console)?)))
        }
        None => monitor,
    };
    Ok(match &server.backups {
        Some(backups) => monitor.beside(Box::new(backup_state(server, backups, environment)?)),
        None => monitor,
    })
}

/// The server's backups, and its drills where their reports lie in the usual place.
fn backup_state(
    server: &Server,
    backups: &Backups,
    environment: &Environment,
) -> Result<BackupState, CommandError> {
    let source = Arc::new(assemble::source(&backups.source)?);
    let rules = assemble::rules(backups.max_age, backups.min_size, backups.max_shrink);
    let state = BackupState::new(source, rules);
    Ok(match report::store(None, environment) {
        Ok(reports) => state.with_drills(reports, server.drill.max_age),
        Err(_) => state,
    })
}

/// Two readings: rates are the difference between them.
async fn read(mut monitor: ServerMonitor, args: &StatusArgs, rules: &[monitor::Rule]) -> Status {
    let first = monitor.read().await;
    let reading = if first.server.role.is_some() {
        tokio::time::sleep(args.window).await;
        monitor.read().await
    } else {
        first
    };
    status(reading, rules)
}

fn status(reading: Reading, rules: &[monitor::Rule]) -> Status {
    let incidents = Incidents::of_one(rules, &reading);
    let alerts: Vec<AlertStatus> =
        incidents.open().into_iter().map(|incident| alert(incident, rules)).collect();
    Status {
        schema: 1,
        state: state(&reading, &alerts),
        server: reading.server,
        samples: reading.samples,
        alerts,
        missing: reading.missing,
        unseen: reading.unseen,
    }
}

fn alert(incident: &Incident, rules: &[monitor::Rule]) -> AlertStatus {
    let rule = rules.iter().find(|rule| rule.name == incident.rule);
    AlertStatus {
        rule: incident.rule.clone(),
        severity: incident.severity,
        state: incident.state,
        labels: incident.labels.clone(),
        since: incident.since,
        value: incident.value,
        note: incident.note.clone(),
        unit: rule.map(|rule| rule.metric.unit()),
    }
}

fn state(reading: &Reading, alerts: &[AlertStatus]) -> State {
    let fires = |severity| {
        alerts
            .iter()
            .any(|alert| alert.state == IncidentState::Firing && alert.severity == severity)
    };
    let is_read = reading.samples_of(Metric::Up).any(|sample| sample.value.is_some());
    let unknown = alerts.iter().any(|alert| alert.state == IncidentState::NoData);
    match () {
        () if !is_read => State::NoData,
        () if fires(Severity::Critical) => State::Critical,
        () if fires(Severity::Warning) => State::Warning,
        () if unknown || !reading.missing.is_empty() => State::NoData,
        () => State::Ok,
    }
}

/// The default rules, with the configuration's in place of those of the same name and beside the
/// others.
///
/// # Errors
/// Where a rule watches what no probe measures.
pub(crate) fn rules(own: &[Rule]) -> Result<Vec<monitor::Rule>, CommandError> {
    let mut rules = monitor::default_rules();
    for rule in own {
        let usual = rules.iter().position(|usual| usual.name == rule.name);
        let usual = usual.map(|at| rules.remove(at));
        if rule.enabled {
            rules.push(resolve(rule, usual)?);
        }
    }
    Ok(rules)
}

fn resolve(rule: &Rule, usual: Option<monitor::Rule>) -> Result<monitor::Rule, CommandError> {
    let metric = match (&rule.metric, &usual) {
        (Some(name), _) => Metric::named(name).ok_or_else(|| unknown_metric(rule, name))?,
        (None, Some(usual)) => usual.metric,
        (None, None) => {
            return Err(CommandError::usage(format!("rule {:?} names no metric", rule.name))
                .with_hint("say which with metric = \"…\""));
        }
    };
    let mut resolved = usual.unwrap_or_else(|| monitor::Rule::new(&rule.name, metric));
    resolved.metric = metric;
    resolved.labels = rule.labels.clone();
    resolved.warning = rule.warning.map(threshold).or(resolved.warning);
    resolved.critical = rule.critical.map(threshold).or(resolved.critical);
    resolved.needs = rule.needs.or(resolved.needs);
    match rule.no_data {
        Some(NoData::Ignore) => resolved.no_data = None,
        Some(NoData::Told(severity, hold)) => resolved.no_data = Some((severity, hold)),
        None => {}
    }
    if let Some(inhibits) = &rule.inhibits {
        resolved.inhibits.clone_from(inhibits);
    }
    if let Some(keep) = rule.keep {
        for threshold in [&mut resolved.warning, &mut resolved.critical].into_iter().flatten() {
            threshold.keep = keep;
        }
    }
    match resolved.nonsense() {
        Some(why) => {
            Err(CommandError::usage(format!("rule {:?} makes no sense: {why}", rule.name)))
        }
        None => Ok(resolved),
    }
}

fn threshold(threshold: Threshold) -> monitor::Threshold {
    let bound = match threshold.bound {
        Bound::Above(value) => monitor::Bound::Above(value),
        Bound::Below(value) => monitor::Bound::Below(value),
    };
    monitor::Threshold {
        hold: threshold.hold.unwrap_or_default(),
        clear: threshold.clear,
        ..monitor::Threshold::at(bound)
    }
}

fn unknown_metric(rule: &Rule, name: &str) -> CommandError {
    let known = Metric::ALL.iter().map(|metric| metric.as_str());
    let error = CommandError::usage(format!(
        "rule {:?} watches {name:?}, which no probe measures",
        rule.name
    ));
    match nearest(name, known) {
        Some(nearest) => error.with_hint(format!("did you mean {nearest:?}?")),
        None => error.with_hint("the README's table of metrics has every name"),
    }
}

#[cfg(test)]
mod tests;
