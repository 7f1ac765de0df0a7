//! Reading the configuration again: what did not change goes on undisturbed.

use pgsre_core::alert::{Outbox, Route};
use pgsre_core::dashboard::Dashboard;
use pgsre_core::monitor::{Rule, ServerMonitor, Silence};
use pgsre_core::queries::WorstQueries;
use pgsre_core::watch::WatchHandle;

use super::lines::Lines;
use super::parts;
use super::state::StateDirectory;
use crate::args::WatchArgs;
use crate::command::drill::assemble;
use crate::command::status;
use crate::config::{Config, ConfigError, Server};
use crate::environment::Environment;
use crate::error::CommandError;

/// A configuration that is read again.
pub(super) struct Reload<'a> {
    pub(super) args: &'a WatchArgs,
    pub(super) state: &'a StateDirectory,
    pub(super) lines: &'a Lines,
    pub(super) environment: &'a Environment,
    pub(super) worst: &'a WorstQueries,
    /// Shows what is watched, by the same rules.
    pub(super) dashboard: Option<&'a Dashboard>,
}

/// What a new configuration changes.
struct Changes {
    rules: Vec<Rule>,
    silences: Vec<Silence>,
    /// Servers that are new, or to be read in another way.
    added: Vec<ServerMonitor>,
    removed: Vec<String>,
    /// The sinks, where they are others.
    routes: Option<Vec<Route>>,
}

impl Reload<'_> {
    /// Reads it and changes what it changes; `None` where it is wrong, which is said, and the
    /// present one stays.
    pub(super) async fn apply(
        &self,
        current: &Config,
        load: impl Fn() -> Result<Config, ConfigError>,
        handle: &WatchHandle,
    ) -> Option<Config> {
        match self.changes(current, load) {
            Ok((next, changes)) => {
                self.carry_out(changes, handle).await;
                self.mention_what_stays(current, &next);
                self.lines.reloaded();
                Some(next)
            }
            Err(error) => {
                let why = pgsre_core::finding::chain(&error);
                self.lines.trouble(&format!("the configuration stays as it was: {why}"));
                None
            }
        }
    }

    fn changes(
        &self,
        current: &Config,
        load: impl Fn() -> Result<Config, ConfigError>,
    ) -> Result<(Config, Changes), CommandError> {
        let next = load()?;
        let rules = status::rules(&next.rules)?;
        let silences = next.silences.clone();
        let monitors = parts::monitors(self.args, &next, self.environment, self.worst)?;
        // Sinks that cannot be used are found before anything changes.
        let routes = assemble::routes(&next.alerters)?;
        let routes = (current.alerters != next.alerters).then_some(routes);
        let names: Vec<String> = monitors.iter().map(|one| one.name().to_owned()).collect();
        let before = parts::monitors(self.args, current, self.environment, self.worst)?;
        let before: Vec<&str> = before.iter().map(ServerMonitor::name).collect();
        let removed = before.iter().filter(|name| !names.iter().any(|next| next == *name));
        let removed = removed.map(|&name| name.to_owned()).collect();
        let is_same =
            |name: &str| before.contains(&name) && same(current.server(name), next.server(name));
        let added = monitors.into_iter().filter(|one| !is_same(one.name())).collect();
        Ok((next, Changes { rules, silences, added, removed, routes }))
    }

    async fn carry_out(&self, changes: Changes, handle: &WatchHandle) {
        if let Some(dashboard) = self.dashboard {
            dashboard.judge_by(changes.rules.clone());
        }
        handle.judge_by(changes.rules, changes.silences).await;
        for server in changes.removed {
            handle.remove(server).await;
        }
        for monitor in changes.added {
            handle.add(monitor).await;
        }
        if let Some(routes) = changes.routes {
            self.tell_anew(routes, handle).await;
        }
    }

    /// Other sinks. What waits for one that is gone is dropped, which the outbox says.
    async fn tell_anew(&self, routes: Vec<Route>, handle: &WatchHandle) {
        let file = parts::outbox_file(self.state);
        handle.tell_through(move || Outbox::open(routes, Some(file))).await;
    }

    fn mention_what_stays(&self, current: &Config, next: &Config) {
        if current.watch != next.watch {
            self.lines.trouble("what changed in [watch] counts after the next start");
        }
    }
}

/// Whether a server is read as before. How its drills run matters only to the next drill.
fn same(before: Option<&Server>, next: Option<&Server>) -> bool {
    match (before, next) {
        (Some(before), Some(next)) => before == next,
        // A URL of the command line is the same for ever.
        (None, None) => true,
        _ => false,
    }
}
