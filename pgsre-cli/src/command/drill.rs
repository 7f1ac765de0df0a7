//! `pgsre drill`: restore and prove.

use pgsre_core::drill::{DrillReport, Verdict};
use pgsre_core::history::ReportStore;
use serde::Serialize;

use crate::args::{DrillArgs, Format};
use crate::command::report;
use crate::config::Config;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::progress::Progress;
use crate::render::{human, json};

pub(crate) mod assemble;
mod preview;
pub(crate) mod settings;
mod watched;

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
    let mut ended = Vec::with_capacity(all.len());
    for settings in &all {
        if interrupt.happened() {
            break;
        }
        let session = Session { args, config, face, store: store.as_ref(), interrupt: &interrupt };
        let label = if all.len() > 1 { settings.name.clone() } else { None };
        let progress = watched.watch(Progress::new(face, label.unwrap_or_default()));
        match session.drill(settings, &progress).await {
            Ok(one) => ended.push(one),
            Err(error) if all.len() == 1 => return Err(error),
            Err(error) => ended.push(session.not_tried(settings, &error)),
        }
    }
    let status = match interrupt.happened() {
        true => exit_code::INTERRUPTED,
        false => exit_code::heaviest(ended.iter().map(|one| one.status)),
    };
    if args.result.format == Format::Json {
        face.print(&as_json(args, ended)?)?;
    }
    Ok(status)
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
    interrupt: &'a Interrupt,
}

impl Session<'_> {
    async fn drill(&self, settings: &Settings, progress: &Progress) -> Result<Ended, CommandError> {
        let target = assemble::target(settings.target.as_ref())?;
        let cancel = self.interrupt.token();
        let alerters = match self.args.result.no_notify {
            true => None,
            false => assemble::dispatcher(&self.config.alerters)?,
        };
        let drill = assemble::drill(settings, target, alerters)?;
        let request = settings.request();
        progress.planning();
        let plan = cancel.run_until_cancelled(drill.plan(&request)).await;
        progress.finish();
        let Some(plan) = plan else { return Ok(Ended::interrupted(settings)) };
        let plan = plan.map_err(assemble::plan_error)?;
        let report = drill.run(plan, progress, cancel).await;
        progress.finish();
        self.keep(&report).await;
        if self.args.result.format == Format::Human {
            self.face.print(&human::drill_report(self.face, &report))?;
        }
        Ok(Ended::with(settings, report))
    }

    /// A report that cannot be kept never changes the verdict, and is never silent.
    async fn keep(&self, report: &DrillReport) {
        let Some(store) = self.store else { return };
        match store.save(report).await {
            Ok(saved) => {
                if let Some(why) = saved.unchained {
                    self.face.warn(&format!("the report was kept, but not chained: {why}"));
                }
            }
            Err(error) => {
                let why = pgsre_core::finding::chain(&error);
                self.face.warn(&format!("the report was not kept: {why}"));
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
        }
    }
}

impl Ended {
    fn with(settings: &Settings, report: DrillReport) -> Self {
        let status = exit_code::of_verdict(report.verdict);
        Self { server: settings.name.clone(), error: None, report: Some(report), status }
    }

    fn interrupted(settings: &Settings) -> Self {
        Self {
            server: settings.name.clone(),
            error: Some("interrupted before anything was made".to_owned()),
            report: None,
            status: exit_code::INTERRUPTED,
        }
    }
}
