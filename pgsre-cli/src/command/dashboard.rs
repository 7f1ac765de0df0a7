//! `pgsre dashboard`: a watcher that tells nobody, and its pages.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use pgsre_core::alert::Outbox;
use pgsre_core::dashboard::{Dashboard, Token};
use pgsre_core::history::samples::{MemorySamples, PostgresSamples, SampleStore, SqliteSamples};
use pgsre_core::monitor::ServerMonitor;
use pgsre_core::queries::WorstQueries;
use pgsre_core::watch::{DEFAULT_INTERVAL, Watcher};
use tokio_util::sync::CancellationToken;

use crate::args::{DashboardArgs, Format, StatusArgs};
use crate::command::drill::assemble;
use crate::command::watch::signals::{Ended, Signals};
use crate::command::{report, status};
use crate::config::Config;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::serve::{self, Pages};

/// For how long samples are kept where there is no place for them.
const IN_MEMORY: std::time::Duration = std::time::Duration::from_secs(6 * 3_600);

pub(crate) async fn run(
    args: &DashboardArgs,
    config: &Config,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let token = args.token_file.as_deref().or(config.watch.token_file.as_deref());
    let token = token.map(self::token).transpose()?;
    let worst = WorstQueries::default();
    let monitors = monitors(args, config, environment, &worst)?;
    let pages = Pages::bind(&args.listen).await?;
    if token.is_none() && !pages.address().ip().is_loopback() {
        return Err(CommandError::usage(format!("{} can be reached from elsewhere", args.listen))
            .with_hint("give a token with --token-file, or listen on 127.0.0.1"));
    }
    let samples = samples(args, config, face, environment).await?;
    let interval = args.interval.or(config.watch.interval).unwrap_or(DEFAULT_INTERVAL);
    let watcher = Watcher::new(status::rules(&config.rules)?, silent()?)
        .every(interval)
        .silencing(config.silences.clone())
        .with_samples(Arc::clone(&samples))
        .watching(monitors);
    let dashboard = shown(&watcher, config, samples, &worst, environment)?;
    let router = serve::alone(watcher.watched(), serve::dashboard(&dashboard, token, Vec::new()));
    face.print(&format!("dashboard at http://{}/\n", pages.address()))?;
    let cancel = CancellationToken::new();
    tokio::spawn(pages.serve(router, cancel.clone()));
    until_ended(watcher, face, cancel).await
}

/// Watches until a signal ends it.
pub(crate) async fn until_ended(
    watcher: Watcher,
    face: &Face,
    cancel: CancellationToken,
) -> Result<u8, CommandError> {
    let mut signals = Signals::catch()?;
    let ending = async {
        let ended = loop {
            // There is nothing to be read again.
            if let Some(ended) = signals.next().await {
                break ended;
            }
        };
        cancel.cancel();
        signals.end_at_the_next(face.clone());
        ended
    };
    let ((), ended) = tokio::join!(watcher.run(&cancel), ending);
    Ok(match ended {
        Ended::Terminated => exit_code::PASSED,
        Ended::Interrupted => exit_code::INTERRUPTED,
    })
}

/// What shows what a watcher reads.
pub(crate) fn shown(
    watcher: &Watcher,
    config: &Config,
    samples: Arc<dyn SampleStore>,
    worst: &WorstQueries,
    environment: &Environment,
) -> Result<Dashboard, CommandError> {
    let dashboard = Dashboard::new(watcher.watched())
        .with_samples(samples)
        .judging_by(status::rules(&config.rules)?)
        .with_queries(worst.clone());
    let mut sources = Vec::new();
    for server in &config.servers {
        if let Some(backups) = &server.backups {
            let source = assemble::source(&backups.source)?;
            sources.push((server.name.clone(), source.to_string()));
        }
    }
    Ok(match report::store(None, environment) {
        Ok(reports) if !sources.is_empty() => dashboard.with_drills(reports, sources),
        _ => dashboard,
    })
}

/// The token of a file, without the blanks around it.
pub(crate) fn token(path: &Path) -> Result<Token, CommandError> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        CommandError::usage(format!("the token cannot be read from {}", path.display()))
            .with_hint("write one with `openssl rand -hex 16`")
            .with_cause(error)
    })?;
    Token::new(text.trim()).ok_or_else(|| {
        CommandError::usage(format!("the token in {} can be guessed", path.display()))
            .with_hint("it needs 16 characters: write one with `openssl rand -hex 16`")
    })
}

fn monitors(
    args: &DashboardArgs,
    config: &Config,
    environment: &Environment,
    worst: &WorstQueries,
) -> Result<Vec<ServerMonitor>, CommandError> {
    let asked = StatusArgs {
        url: args.database.clone(),
        server: None,
        standby: args.standby.clone(),
        window: DEFAULT_INTERVAL,
        format: Format::default(),
    };
    status::monitors(&asked, config, environment, Some(worst))
}

/// Where samples are kept: as configured, else in a file of the dashboard's own. Without a place for
/// that, in memory for some hours.
async fn samples(
    args: &DashboardArgs,
    config: &Config,
    face: &Face,
    environment: &Environment,
) -> Result<Arc<dyn SampleStore>, CommandError> {
    if let Some(url) = &config.history.store {
        let connection = assemble::connection("`store` in [history]", url)?;
        return Ok(Arc::new(PostgresSamples::new(connection, config.history.retention)));
    }
    let in_memory = |why: &str| -> Arc<dyn SampleStore> {
        face.warn(&format!("samples are kept in memory only, for 6 h: {why}"));
        Arc::new(MemorySamples::new(IN_MEMORY))
    };
    let directory = args.state.clone().or_else(|| usual(environment));
    let Some(directory) = directory else { return Ok(in_memory("HOME is not set")) };
    if let Err(error) = std::fs::create_dir_all(&directory) {
        return Ok(in_memory(&format!("{}: {error}", directory.display())));
    }
    let file = directory.join("samples.sqlite");
    Ok(match SqliteSamples::open(&file, config.history.retention).await {
        Ok(samples) => Arc::new(samples),
        Err(error) => in_memory(&pgsre_core::finding::chain(&error)),
    })
}

fn usual(environment: &Environment) -> Option<PathBuf> {
    let variable = |name: &str| environment.variable(name).map(str::to_owned);
    let reports = pgsre_core::history::default_directory(variable)?;
    Some(reports.with_file_name("dashboard"))
}

/// Tells nobody.
fn silent() -> Result<Outbox, CommandError> {
    Outbox::open(Vec::new(), None)
        .map_err(|error| CommandError::inconclusive("the watcher cannot start").with_cause(error))
}
