//! `pgsre drill`: restore and prove.

use pgsre_core::drill::{Drill, DrillReport, Verdict};
use pgsre_core::history::ReportStore;
use pgsre_core::validate::MAX_TABLE_SHRINK;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::args::{DrillArgs, ResultArgs, ResultFormat};
use crate::command::report;
use crate::config::Config;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::progress::Progress;
use crate::render::{human, json, junit};

pub(crate) mod assemble;
mod ping;
mod preview;
pub(crate) mod settings;
mod watched;

use ping::{Done, Pings};
use settings::Settings;
use watched::Watched;

/// The JSON of several drills.
#[derive(Serialize)]
struct Drills {
    schema: u32,
    /// The heaviest verdict of them.
    verdict: Verdict,
    drills: Vec<Ended>,
}

/// How one drill of several ended.
#[derive(Serialize)]
struct Ended {
    server: Option<String>,
    /// Why it could not be tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(flatten)]
    report: Option<DrillReport>,
    #[serde(skip)]
    status: u8,
    /// Whether its report is kept.
    #[serde(skip)]
    kept: bool,
}

pub(crate) async fn run(
    args: &DrillArgs,
    config: &Config,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let all = settings::of(args, config)?;
    if args.restore.dry_run {
        return preview::run(args, &all, face).await;
    }
    let store = store(args, config, face, environment)?;
    let watched = Watched::default();
    let interrupt = Interrupt::watch(face, watched.leftovers());
    let pings = pings(args, config)?;
    pings.start(None, face).await;
    let mut ended = Vec::with_capacity(all.len());
    for settings in &all {
        if interrupt.happened() {
            break;
        }
        let store = store.as_ref();
        let cancel = interrupt.token();
        let session = Session { args, config, face, store, pings: &pings, cancel };
        let label = if all.len() > 1 { settings.name.clone() } else { None };
        let progress = watched.watch(Progress::new(face, label.unwrap_or_default()));
        match session.drill(settings, &progress).await {
            Ok(one) => ended.push(one),
            Err(error) if all.len() == 1 => return Err(error),
            Err(error) => ended.push(session.not_tried(settings, &error)),
        }
    }
    tell_all(&pings, &mut ended, all.len(), face).await;
    let status = match interrupt.happened() {
        true => exit_code::INTERRUPTED,
        false => exit_code::heaviest(ended.iter().map(|one| one.status)),
    };
    match args.result.format {
        ResultFormat::Human => {}
        ResultFormat::Json => face.print(&as_json(args, ended)?)?,
        ResultFormat::Junit => face.print(&as_junit(&ended)?)?,
    }
    Ok(status)
}

/// Drills one configured server, as `pgsre drill --server NAME` would, and prints nothing: the
/// report, or why there is none.
pub(crate) async fn of_server(
    name: &str,
    config: &Config,
    face: &Face,
    environment: &Environment,
    cancel: &CancellationToken,
) -> Result<Option<DrillReport>, CommandError> {
    let result = ResultArgs { format: ResultFormat::Json, ..ResultArgs::default() };
    let args = &DrillArgs { server: Some(name.to_owned()), result, ..DrillArgs::default() };
    let store = store(args, config, face, environment)?;
    let pings = pings(args, config)?;
    let session = Session { args, config, face, store: store.as_ref(), pings: &pings, cancel };
    let progress = Progress::new(face, name);
    let mut ended = Vec::new();
    for settings in settings::of(args, config)? {
        ended.push(session.drill(&settings, &progress).await?);
    }
    Ok(ended.pop().and_then(|one| one.report))
}

fn pings(args: &DrillArgs, config: &Config) -> Result<Pings, CommandError> {
    if args.result.no_notify { Ok(Pings::default()) } else { Pings::of(&config.alerters) }
}

/// Tells the monitors of the whole command, once every drill was tried.
async fn tell_all(pings: &Pings, ended: &mut [Ended], planned: usize, face: &Face) {
    let done: Vec<Done<'_>> = ended.iter().filter_map(Ended::done).collect();
    if done.len() < planned {
        return;
    }
    let deliveries = pings.end(None, &done, face).await;
    if let Some(report) = ended.last_mut().and_then(|last| last.report.as_mut()) {
        report.alerts.extend(deliveries);
    }
}

fn as_junit(ended: &[Ended]) -> Result<String, CommandError> {
    let drills: Vec<junit::JunitDrill<'_>> = ended
        .iter()
        .map(|one| junit::JunitDrill {
            server: one.server.as_deref(),
            ended: one.report.as_ref().ok_or(one.error.as_deref().unwrap_or("it was not tried")),
        })
        .collect();
    Ok(junit::drills(&drills)?)
}

/// Where reports are kept. A place that the user named must be there; the usual one need not, as
/// in a container without a home, and then no report is kept, which is said.
fn store(
    args: &DrillArgs,
    config: &Config,
    face: &Face,
    environment: &Environment,
) -> Result<Option<ReportStore>, CommandError> {
    let key = args.result.sign_key.as_ref().or(config.report.sign_key.as_ref());
    let key = key.map(|path| report::signing_key(path)).transpose()?;
    match report::store(args.result.report.as_deref(), environment) {
        Ok(store) => Ok(Some(match key {
            Some(key) => store.with_key(key),
            None => store,
        })),
        Err(error) if args.result.report.is_some() => Err(error),
        Err(error) => {
            let why = pgsre_core::finding::chain(&error);
            face.warn(&format!("no report will be kept: {why}; {}", error.hint()));
            Ok(None)
        }
    }
}

/// With a SOURCE or a server the report itself, without both a list however long: the shape
/// depends on the command line, never on the configuration.
fn as_json(args: &DrillArgs, ended: Vec<Ended>) -> Result<String, CommandError> {
    let verdict = match exit_code::heaviest(ended.iter().map(|one| one.status)) {
        exit_code::PASSED if !ended.is_empty() => Verdict::Passed,
        exit_code::FAILED => Verdict::Failed,
        _ => Verdict::Inconclusive,
    };
    if args.source.is_none() && args.server.is_none() {
        return Ok(json::object(&Drills { schema: 1, verdict, drills: ended })?);
    }
    Ok(match ended.into_iter().next() {
        Some(Ended { report: Some(report), .. }) => json::object(&report)?,
        // Interrupted before there was anything to report.
        Some(none) => json::object(&none)?,
        None => String::new(),
    })
}

/// What the drills of one command share.
struct Session<'a> {
    args: &'a DrillArgs,
    config: &'a Config,
    face: &'a Face,
    store: Option<&'a ReportStore>,
    pings: &'a Pings,
    cancel: &'a CancellationToken,
}

impl Session<'_> {
    async fn drill(&self, settings: &Settings, progress: &Progress) -> Result<Ended, CommandError> {
        let target = assemble::target(settings.target.as_ref())?;
        if let Some(server) = &settings.name {
            self.pings.start(Some(server), self.face).await;
        }
        let cancel = self.cancel;
        let alerters = match self.args.result.no_notify {
            true => None,
            false => assemble::dispatcher(&self.config.alerters)?,
        };
        let drill = self.since(assemble::drill(settings, target, alerters)?, settings).await?;
        let request = settings.request();
        progress.planning();
        let plan = cancel.run_until_cancelled(drill.plan(&request)).await;
        progress.finish();
        let Some(plan) = plan else { return Ok(Ended::interrupted(settings)) };
        let plan = plan.map_err(assemble::plan_error)?;
        let mut report = drill.run(plan, progress, cancel).await;
        progress.finish();
        let kept = self.keep(&report).await;
        if self.args.result.format == ResultFormat::Human {
            self.face.print(&human::drill_report(self.face, &report))?;
        }
        if let Some(server) = &settings.name {
            let done = [Done { report: &report, kept }];
            let deliveries = self.pings.end(Some(server), &done, self.face).await;
            report.alerts.extend(deliveries);
        }
        Ok(Ended { kept, ..Ended::with(settings, report) })
    }

    /// The drill, which also compares with the last one of its source that passed.
    async fn since(&self, drill: Drill, settings: &Settings) -> Result<Drill, CommandError> {
        let Some(store) = self.store else { return Ok(drill) };
        let source = assemble::source(&settings.source)?.to_string();
        Ok(match store.newest_passed(&source).await {
            Ok(Some(previous)) => drill.with_previous(&previous, MAX_TABLE_SHRINK),
            Ok(None) => drill,
            Err(error) => {
                let why = pgsre_core::finding::chain(&error);
                self.face.warn(&format!("not compared with the drill before: {why}"));
                drill
            }
        })
    }

    /// A report that cannot be kept never changes the verdict, and is never silent.
    async fn keep(&self, report: &DrillReport) -> bool {
        let Some(store) = self.store else { return false };
        match store.save(report).await {
            Ok(saved) => {
                if let Some(why) = saved.unchained {
                    self.face.warn(&format!("the report was kept, but not chained: {why}"));
                }
                true
            }
            Err(error) => {
                let why = pgsre_core::finding::chain(&error);
                self.face.warn(&format!("the report was not kept: {why}"));
                false
            }
        }
    }

    fn not_tried(&self, settings: &Settings, error: &CommandError) -> Ended {
        let why = pgsre_core::finding::chain(error);
        let name = settings.name.as_deref().unwrap_or("drill");
        self.face.error(&format!("{name}: {why}"), error.hint());
        Ended {
            server: settings.name.clone(),
            error: Some(why),
            report: None,
            status: error.status(),
            kept: false,
        }
    }
}

impl Ended {
    fn with(settings: &Settings, report: DrillReport) -> Self {
        let status = exit_code::of_verdict(report.verdict);
        let server = settings.name.clone();
        Self { server, error: None, report: Some(report), status, kept: false }
    }

    fn done(&self) -> Option<Done<'_>> {
        Some(Done { report: self.report.as_ref()?, kept: self.kept })
    }

    fn interrupted(settings: &Settings) -> Self {
        Self {
            server: settings.name.clone(),
            error: Some("interrupted before anything was made".to_owned()),
            report: None,
            status: exit_code::INTERRUPTED,
            kept: false,
        }
    }
}
