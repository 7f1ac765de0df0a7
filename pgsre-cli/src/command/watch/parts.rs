//! From the command line and the configuration to the watcher's parts.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use pgsre_core::alert::{Heartbeat, Outbox};
use pgsre_core::history::samples::{NoSamples, PostgresSamples, SampleStore, SqliteSamples};
use pgsre_core::monitor::{Incidents, IncidentsFile, IncidentsFileError, ServerMonitor};
use pgsre_core::queries::WorstQueries;
use pgsre_core::watch::{DEFAULT_INTERVAL, Watcher};

use super::lines::Lines;
use super::state::StateDirectory;
use crate::args::{Format, StatusArgs, WatchArgs};
use crate::command::drill::assemble;
use crate::command::status;
use crate::config::{AlerterKind, Config, HistoryConfig};
use crate::environment::Environment;
use crate::error::CommandError;

/// The watcher, without its servers.
pub(super) fn watcher(
    args: &WatchArgs,
    config: &Config,
    state: &StateDirectory,
    lines: &Arc<Lines>,
    samples: Arc<dyn SampleStore>,
) -> Result<Watcher, CommandError> {
    let rules = status::rules(&config.rules)?;
    let interval = args.interval.or(config.watch.interval).unwrap_or(DEFAULT_INTERVAL);
    let file = IncidentsFile::open(state.file("incidents.json"));
    let before = before(&file, lines)?;
    let mut watcher = Watcher::new(rules, outbox(config, state)?)
        .every(interval)
        .with_incidents(before, file)
        .silencing(config.silences.clone())
        .with_samples(samples)
        .observed_by(Arc::clone(lines) as _);
    if let Some(url) = &config.watch.deadman {
        watcher = watcher.with_heartbeat(Heartbeat::new(url.expose()).map_err(|error| {
            CommandError::usage("`deadman` in [watch] cannot be used").with_cause(error)
        })?);
    }
    Ok(watcher)
}

/// The history. Without one, servers are watched all the same: nothing is forecast.
pub(super) async fn samples(
    config: &Config,
    state: &StateDirectory,
    lines: &Lines,
) -> Result<Arc<dyn SampleStore>, CommandError> {
    let HistoryConfig { store, retention } = &config.history;
    if let Some(url) = store {
        let config = assemble::connection("`store` in [history]", url)?;
        return Ok(Arc::new(PostgresSamples::new(config, *retention)));
    }
    Ok(match SqliteSamples::open(&state.file("samples.sqlite"), *retention).await {
        Ok(samples) => Arc::new(samples),
        Err(error) => {
            lines.trouble(&format!("nothing is forecast: {}", pgsre_core::finding::chain(&error)));
            Arc::new(NoSamples)
        }
    })
}

/// The incidents that were open. A damaged file of them was put aside, which is told: what still
/// holds fires anew.
fn before(
    file: &IncidentsFile,
    lines: &Lines,
) -> Result<BTreeMap<String, Incidents>, CommandError> {
    match file.load() {
        Ok(before) => Ok(before),
        Err(error @ IncidentsFileError::Damaged { .. }) => {
            let why = pgsre_core::finding::chain(&error);
            lines.trouble(&format!("{why}; what still holds fires anew"));
            Ok(BTreeMap::new())
        }
        Err(error) => {
            let text = "the incidents that were open cannot be read";
            Err(CommandError::inconclusive(text).with_cause(error))
        }
    }
}

/// The configured sinks, with what they did not take before.
fn outbox(config: &Config, state: &StateDirectory) -> Result<Outbox, CommandError> {
    let routes = assemble::routes(&config.alerters)?;
    Outbox::open(routes, Some(outbox_file(state))).map_err(|error| {
        CommandError::inconclusive("what waits to be told cannot be read").with_cause(error)
    })
}

/// Where alerts are kept until a sink takes them.
pub(super) fn outbox_file(state: &StateDirectory) -> PathBuf {
    state.file("outbox.jsonl")
}

/// Whether somebody is told when a rule fires.
pub(super) fn tells(config: &Config) -> bool {
    config.alerters.iter().any(|one| !matches!(one.kind, AlerterKind::Ping { .. }))
}

/// The servers that are watched.
pub(super) fn monitors(
    args: &WatchArgs,
    config: &Config,
    environment: &Environment,
    worst: &WorstQueries,
) -> Result<Vec<ServerMonitor>, CommandError> {
    let worst = Some(worst);
    if args.server.is_empty() {
        return status::monitors(&as_status(args, None), config, environment, worst);
    }
    let names: BTreeSet<&String> = args.server.iter().collect();
    let mut monitors = Vec::with_capacity(names.len());
    for name in names {
        let of_one = as_status(args, Some(name));
        monitors.extend(status::monitors(&of_one, config, environment, worst)?);
    }
    Ok(monitors)
}

/// What `pgsre status` would be asked.
fn as_status(args: &WatchArgs, server: Option<&String>) -> StatusArgs {
    StatusArgs {
        url: args.url.clone(),
        server: server.cloned(),
        standby: args.standby.clone(),
        window: DEFAULT_INTERVAL,
        format: Format::default(),
    }
}
