//! `pgsre alert test`: does an alert reach whom it should?

use std::time::Duration;

use pgsre_core::alert::{
    Alert, AlertEvent, Delivery, DeliveryOutcome, Dispatcher, Heartbeat, RetryPolicy, Route,
};
use pgsre_core::finding::chain;
use serde::Serialize;

use crate::args::{AlertCommand, AlertTestArgs, Format};
use crate::config::{AlerterConfig, AlerterKind, Config, Secret};
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::json;

pub(crate) mod routes;

/// What the dead man's switch of the watch is called.
const DEADMAN: &str = "watch.deadman";

/// The longest that a test waits for one sink.
const TIMEOUT: Duration = Duration::from_secs(30);

pub(crate) async fn run(
    command: &AlertCommand,
    config: &Config,
    face: &Face,
) -> Result<u8, CommandError> {
    let AlertCommand::Test(args) = command;
    let chosen = chosen(args, config)?;
    let mut results = Vec::with_capacity(chosen.len());
    for one in chosen {
        results.push(match one {
            Chosen::Alerter(config) => try_out(config).await?,
            Chosen::DeadMan(url) => call(DEADMAN, "deadman", None, url).await,
        });
    }
    match args.format {
        Format::Human => face.print(&human(&results))?,
        Format::Json => face.print(&json::object(&Tested { schema: 1, alerters: &results })?)?,
    }
    let all_well = results.iter().all(TestedAlerter::is_well);
    Ok(if all_well { exit_code::PASSED } else { exit_code::FAILED })
}

/// What `--format json` prints.
#[derive(Debug, Serialize)]
struct Tested<'a> {
    schema: u32,
    alerters: &'a [TestedAlerter],
}

#[derive(Debug, Serialize)]
struct TestedAlerter {
    name: String,
    kind: &'static str,
    firing: Delivery,
    resolved: Delivery,
}

impl TestedAlerter {
    fn is_well(&self) -> bool {
        [&self.firing, &self.resolved].iter().all(|one| one.outcome == DeliveryOutcome::Sent)
    }
}

/// What is tried out.
#[derive(Clone, Copy)]
enum Chosen<'c> {
    Alerter(&'c AlerterConfig),
    /// The dead man's switch of the watch.
    DeadMan(&'c Secret),
}

impl<'c> Chosen<'c> {
    fn name(&self) -> &'c str {
        match self {
            Self::Alerter(config) => config.name(),
            Self::DeadMan(_) => DEADMAN,
        }
    }
}

/// All that are configured, or the ones that are named.
fn chosen<'c>(args: &AlertTestArgs, config: &'c Config) -> Result<Vec<Chosen<'c>>, CommandError> {
    let alerters = config.alerters.iter().map(Chosen::Alerter);
    let all: Vec<_> = alerters.chain(config.watch.deadman.iter().map(Chosen::DeadMan)).collect();
    if all.is_empty() {
        return Err(CommandError::usage("no alerter is configured, so that nobody is told")
            .with_hint("`pgsre init` writes a pgsre.toml with an example of each kind"));
    }
    for name in &args.name {
        if !all.iter().any(|one| one.name() == name) {
            let names: Vec<_> = all.iter().map(Chosen::name).collect();
            return Err(CommandError::usage(format!("there is no alerter {name:?}"))
                .with_hint(format!("there is: {}", names.join(", "))));
        }
    }
    let asked =
        |one: &Chosen<'_>| args.name.is_empty() || args.name.iter().any(|name| name == one.name());
    Ok(all.into_iter().filter(asked).collect())
}

/// Tells one sink of an alert and of its end, whatever it wants otherwise.
async fn try_out(config: &AlerterConfig) -> Result<TestedAlerter, CommandError> {
    if let AlerterKind::Ping { url, fail_url, .. } = &config.kind {
        return Ok(call(config.name(), config.kind.name(), fail_url.as_ref(), url).await);
    }
    let Some(alerter) = routes::alerter(config)? else {
        return Err(CommandError::usage(format!("{} cannot be told of an alert", config.name())));
    };
    let retry = RetryPolicy { attempts: 2, ..RetryPolicy::default() };
    let dispatcher = Dispatcher::new([Route::to(alerter)]).with_retry(retry).with_timeout(TIMEOUT);
    let began = jiff::Timestamp::now();
    let firing = tell(&dispatcher, AlertEvent::Firing, began).await;
    let resolved = tell(&dispatcher, AlertEvent::Resolved, began).await;
    Ok(TestedAlerter { name: config.name().to_owned(), kind: config.kind.name(), firing, resolved })
}

/// Calls the URL of failures, where there is one, and then that of success.
async fn call(
    name: &str,
    kind: &'static str,
    failure: Option<&Secret>,
    success: &Secret,
) -> TestedAlerter {
    let firing = ping(name, failure.unwrap_or(success)).await;
    let resolved = ping(name, success).await;
    TestedAlerter { name: name.to_owned(), kind, firing, resolved }
}

async fn ping(name: &str, url: &Secret) -> Delivery {
    let called = match Heartbeat::new(url.expose()) {
        Ok(heartbeat) => heartbeat.beat().await,
        Err(error) => Err(error),
    };
    let error = called.err().map(|error| chain(&error));
    let outcome = if error.is_none() { DeliveryOutcome::Sent } else { DeliveryOutcome::Failed };
    Delivery { alerter: name.to_owned(), outcome, attempts: 1, error }
}

async fn tell(dispatcher: &Dispatcher, event: AlertEvent, began: jiff::Timestamp) -> Delivery {
    let mut told = dispatcher.dispatch(&Alert::test(event, began)).await;
    told.pop().unwrap_or_else(|| Delivery {
        alerter: String::new(),
        outcome: DeliveryOutcome::Skipped,
        attempts: 0,
        error: None,
    })
}

fn human(results: &[TestedAlerter]) -> String {
    let width = results.iter().map(|one| one.name.len()).max().unwrap_or_default();
    let mut text = String::new();
    for one in results {
        let said =
            match [&one.firing, &one.resolved].into_iter().find_map(|told| told.error.as_ref()) {
                Some(error) => format!("NOT DELIVERED: {error}"),
                None => "told of a test alert and of its end".to_owned(),
            };
        text.push_str(&format!("{:width$}  {said}\n", one.name));
    }
    text
}
