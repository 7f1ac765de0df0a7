//! `pgsre watch`: the loop with alerts, drills on schedule, `/metrics` and `/healthz`.

use std::sync::Arc;

use axum::Router;
use pgsre_core::dashboard::{Dashboard, Token};
use pgsre_core::finding::Severity;
use pgsre_core::history::samples::SampleStore;
use pgsre_core::monitor::{IncidentState, ServerMonitor};
use pgsre_core::queries::WorstQueries;
use pgsre_core::watch::{WatchHandle, Watched, Watcher};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::args::WatchArgs;
use crate::command::dashboard;
use crate::config::{Config, ConfigError};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::serve::{self, Pages};

mod drills;
mod lines;
mod notify;
mod parts;
mod reload;
pub(crate) mod signals;
pub(crate) mod state;

use drills::{Drills, Times};
use lines::Lines;
use notify::Manager;
use reload::Reload;
use signals::{Ended, Signals};
use state::StateDirectory;

/// Where pages are served unless told otherwise: on this machine only.
pub(crate) const LISTEN: &str = "127.0.0.1:8432";

/// What says that no page is wanted.
pub(crate) const NOWHERE: &str = "none";

pub(crate) async fn run<L>(
    args: &WatchArgs,
    load: L,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError>
where
    L: Fn() -> Result<Config, ConfigError> + Send + Sync,
{
    let config = load()?;
    let lines = Arc::new(Lines::new(face, args.format));
    let named = args.state.as_deref().or(config.watch.state.as_deref());
    let state = StateDirectory::take(named, environment)?;
    let samples = parts::samples(&config, &state, &lines).await?;
    let watcher = parts::watcher(args, &config, &state, &lines, Arc::clone(&samples))?;
    let worst = WorstQueries::default();
    let monitors = parts::monitors(args, &config, environment, &worst)?;
    if !parts::tells(&config) {
        lines.trouble("no alerter is configured: nobody will be told; add an [[alerter]]");
    }
    if args.once {
        let watched = Box::pin(watcher.watching(monitors).once()).await;
        return Ok(verdict(&watched));
    }
    let pages = pages(args, &config).await?;
    let dashboard = match &pages {
        Some(pages) => {
            let token = args.token_file.as_deref().or(config.watch.token_file.as_deref());
            let token = token.map(dashboard::token).transpose()?;
            dashboard_of(pages, &watcher, &config, samples, &worst, token, environment)?
        }
        None => None,
    };
    if pages.is_some() && dashboard.is_none() {
        lines.trouble("the dashboard is not served beyond this machine without --token-file");
    }
    let (dashboard, router) = dashboard.unzip();
    let served = pages.map(|pages| (pages, router));
    let config = Arc::new(config);
    let watch = Watch { args, config, state, lines, face, environment, worst, dashboard };
    watch.run(watcher, monitors, served, load).await
}

async fn pages(args: &WatchArgs, config: &Config) -> Result<Option<Pages>, CommandError> {
    let listen = args.listen.as_deref().or(config.watch.listen.as_deref()).unwrap_or(LISTEN);
    if listen == NOWHERE {
        return Ok(None);
    }
    let hint = "give another with --listen HOST:PORT, or --listen none";
    Ok(Some(Pages::bind(listen).await.map_err(|error| error.with_hint(hint))?))
}

/// The dashboard's pages. Where others may reach them, only with a token: they show queries.
fn dashboard_of(
    pages: &Pages,
    watcher: &Watcher,
    config: &Config,
    samples: Arc<dyn SampleStore>,
    worst: &WorstQueries,
    token: Option<Token>,
    environment: &Environment,
) -> Result<Option<(Dashboard, Router)>, CommandError> {
    if token.is_none() && !pages.address().ip().is_loopback() {
        return Ok(None);
    }
    let shown = dashboard::shown(watcher, config, samples, worst, environment)?;
    let router = serve::dashboard(&shown, token, Vec::new());
    Ok(Some((shown, router)))
}

/// What one look came to: what is worst counts.
fn verdict(watched: &Watched) -> u8 {
    let servers = watched.servers.values();
    exit_code::heaviest(servers.map(|server| {
        let told = |state| {
            let open = server.incidents.iter();
            open.filter(|one| one.severity >= Severity::Warning).any(|one| one.state == state)
        };
        let is_read = server.reading.as_ref().is_some_and(|read| read.server.role.is_some());
        match () {
            () if told(IncidentState::Firing) => exit_code::FAILED,
            () if told(IncidentState::NoData) || !is_read => exit_code::INCONCLUSIVE,
            () => exit_code::PASSED,
        }
    }))
}

/// A watch that goes on.
struct Watch<'a> {
    args: &'a WatchArgs,
    config: Arc<Config>,
    state: StateDirectory,
    lines: Arc<Lines>,
    face: &'a Face,
    environment: &'a Environment,
    worst: WorstQueries,
    dashboard: Option<Dashboard>,
}

impl Watch<'_> {
    /// Watches until a signal ends it.
    async fn run<L>(
        self,
        watcher: Watcher,
        monitors: Vec<ServerMonitor>,
        pages: Option<(Pages, Option<Router>)>,
        load: L,
    ) -> Result<u8, CommandError>
    where
        L: Fn() -> Result<Config, ConfigError> + Send + Sync,
    {
        let mut signals = Signals::catch()?;
        let cancel = CancellationToken::new();
        let (configs, config) = watch::channel(Arc::clone(&self.config));
        let names: Vec<String> = monitors.iter().map(|one| one.name().to_owned()).collect();
        let address = pages.as_ref().map(|(pages, _)| pages.address().to_string());
        let watcher = watcher.watching(monitors);
        let (known, handle) = (watcher.watched(), watcher.handle());
        if let Some((pages, dashboard)) = pages {
            let router = serve::of_watch(known.clone(), dashboard);
            tokio::spawn(pages.serve(router, cancel.clone()));
        }
        self.lines.started(&names, address.as_deref());
        let manager = Manager::of(self.environment);
        manager.say("READY=1");
        let ended = {
            let drilling = Box::pin(self.drills(config).run(&cancel));
            let watching = Box::pin(watcher.run(&cancel));
            let pulse = signals::pulse(&manager, known, &cancel);
            let listening = self.listen(&mut signals, &handle, configs, load, &manager, &cancel);
            tokio::join!(drilling, watching, pulse, listening).3
        };
        self.lines.stopped();
        Ok(match ended {
            Ended::Terminated => exit_code::PASSED,
            Ended::Interrupted => exit_code::INTERRUPTED,
        })
    }

    fn drills(&self, config: watch::Receiver<Arc<Config>>) -> Drills {
        Drills {
            config,
            only: self.args.server.clone(),
            face: self.face.plain(),
            environment: self.environment.clone(),
            lines: Arc::clone(&self.lines),
            times: Times::load(&self.state.file("drills.json"), &self.lines),
        }
    }

    /// Does what signals say, until one ends the watch.
    async fn listen<L>(
        &self,
        signals: &mut Signals,
        handle: &WatchHandle,
        configs: watch::Sender<Arc<Config>>,
        load: L,
        manager: &Manager,
        cancel: &CancellationToken,
    ) -> Ended
    where
        L: Fn() -> Result<Config, ConfigError> + Send + Sync,
    {
        let mut current = Arc::clone(&self.config);
        let ended = loop {
            if let Some(ended) = signals.next().await {
                break ended;
            }
            let reload = Reload {
                args: self.args,
                state: &self.state,
                lines: &self.lines,
                environment: self.environment,
                worst: &self.worst,
                dashboard: self.dashboard.as_ref(),
            };
            if let Some(next) = reload.apply(&current, &load, handle).await {
                current = Arc::new(next);
                configs.send_replace(Arc::clone(&current));
            }
        };
        manager.say("STOPPING=1");
        cancel.cancel();
        signals.end_at_the_next(self.face.clone());
        ended
    }
}
