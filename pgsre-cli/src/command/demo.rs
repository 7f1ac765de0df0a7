//! `pgsre demo`: the main job on an embedded example.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use pgsre_core::drill::{Drill, DrillReport, DrillRequest, Unobserved, Verdict};
use pgsre_core::restore::{EphemeralCluster, RestoreTarget, ScratchDatabase};
use pgsre_core::source::ObjectStoreSource;
use pgsre_core::validate::SqlAssertion;
use serde::Serialize;
use tokio_util::sync::CancellationToken;

use crate::args::{DemoArgs, Format};
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::render::{human, json, progress};
use crate::units;

mod fault;
mod live;
mod server;
mod story;

use fault::{FAULTS, Fault};
use server::DemoServer;

/// What the demo came to: its JSON.
#[derive(Debug, Serialize)]
pub(crate) struct Outcome {
    schema: u32,
    /// The drill of the sound backup.
    sound: DrillReport,
    faults: Vec<Comparison>,
    seconds: f64,
}

/// One broken backup, as psql and as pgsre see it.
#[derive(Debug, Serialize)]
struct Comparison {
    fault: &'static str,
    story: &'static str,
    /// psql's exit status; `None` where there is no psql.
    psql_status: Option<i32>,
    /// What is in the database that psql reported as restored.
    psql_left: String,
    verdict: Verdict,
    /// The finding that weighs most.
    finding: Option<pgsre_core::finding::Finding>,
}

impl Outcome {
    fn status(&self) -> u8 {
        let found = self.faults.iter().all(|fault| fault.verdict == Verdict::Failed);
        match self.sound.verdict == Verdict::Passed && found {
            true => exit_code::PASSED,
            false => exit_code::FAILED,
        }
    }
}

pub(crate) async fn run(args: &DemoArgs, face: &Face) -> Result<u8, CommandError> {
    if args.dashboard {
        return Box::pin(live::run(args, face)).await;
    }
    let interrupt = Interrupt::watch(face, Arc::new(|| Some("the demo's directory".to_owned())));
    let cancel = interrupt.token();
    let mut work = Box::pin(demo(args, face, cancel));
    let outcome = tokio::select! {
        outcome = &mut work => outcome,
        () = cancel.cancelled() => {
            // A drill that runs cleans up while the demo's server is still there.
            let _ = tokio::time::timeout(DRILL_GRACE, work).await;
            return Ok(exit_code::INTERRUPTED);
        }
    }?;
    face.print(&match args.format {
        Format::Human => story::end(face, &outcome),
        Format::Json => json::object(&outcome)?,
    })?;
    Ok(outcome.status())
}

/// How long an interrupted drill may take to clean up.
const DRILL_GRACE: Duration = Duration::from_secs(10);

async fn demo(
    args: &DemoArgs,
    face: &Face,
    cancel: &CancellationToken,
) -> Result<Outcome, CommandError> {
    let begin = Instant::now();
    let tell = |text: String| match args.format {
        Format::Human => face.print(&text),
        Format::Json => Ok(()),
    };
    let directory = EphemeralCluster::new().directory().map_err(|error| {
        CommandError::inconclusive("there is no place for the demo's server")
            .with_hint(error.hint().to_owned())
            .with_cause(error)
    })?;
    let steps = Steps { face };
    let server = DemoServer::start(directory.cluster());
    let server = steps.step("starting a private PostgreSQL server", server).await?;
    steps.step("filling a small shop", server.fill()).await?;
    let dump = steps.step("backing it up with pg_dump", server.dump()).await?;
    tell(story::begin(face, &server.version(), dump.len()))?;

    let store = Store { root: directory.path().join("backups") };
    store.write("sound/shop.sql", dump.as_bytes())?;
    store.write("sound/shop.sql.gz", &fault::gzip(&dump)?)?;
    let sound = prove(store.root.join("sound"), Arc::new(EphemeralCluster::new()), cancel);
    let sound = steps.step("restoring it into a throw-away server", sound).await?;
    tell(human::drill_report(face, &sound))?;
    tell(story::middle(face))?;

    let mut faults = Vec::with_capacity(FAULTS.len());
    for fault in FAULTS {
        let comparison = compare(&server, &store, fault, &dump, cancel);
        faults.push(steps.step(fault.story, comparison).await?);
    }
    server.stop().await;
    Ok(Outcome { schema: 1, sound, faults, seconds: begin.elapsed().as_secs_f64() })
}

/// The backups of the demo.
struct Store {
    root: PathBuf,
}

impl Store {
    fn write(&self, key: &str, content: &[u8]) -> std::io::Result<PathBuf> {
        let path = self.root.join(key);
        std::fs::create_dir_all(path.parent().unwrap_or(&self.root))?;
        std::fs::write(&path, content)?;
        Ok(path)
    }
}

async fn compare(
    server: &DemoServer,
    store: &Store,
    fault: Fault,
    dump: &str,
    cancel: &CancellationToken,
) -> Result<Comparison, CommandError> {
    let path = store.write(&format!("{}/shop.sql.gz", fault.name), &fault.harm(dump)?)?;
    let database = format!("psql_{}", fault.name);
    server.create_database(&database).await?;
    let psql = server.psql(&path, &database).await?;
    let target = Arc::new(ScratchDatabase::new(server.config("postgres")));
    let report = prove(path, target, cancel).await?;
    Ok(Comparison {
        fault: fault.name,
        story: fault.story,
        psql_status: psql.as_ref().map(|(status, _)| *status),
        psql_left: match &psql {
            Some((_, said)) => left(server, &database, said).await,
            None => "psql was not found".to_owned(),
        },
        verdict: report.verdict,
        finding: report.findings.first().cloned(),
    })
}

/// What psql left in the database that it said was restored.
async fn left(server: &DemoServer, database: &str, said: &str) -> String {
    const ITEMS: &str = "SELECT count(*) FROM order_items";
    const KEYS: &str = "SELECT count(*) FROM pg_constraint WHERE contype IN ('p', 'u', 'f') \
                        AND connamespace = 'public'::regnamespace";
    if said.contains(fault::OWNED) {
        return fault::OWNED.to_owned();
    }
    let whole = (server.number("shop", ITEMS).await, server.number("shop", KEYS).await);
    let items = server.number(database, ITEMS).await.unwrap_or(0);
    let keys = server.number(database, KEYS).await.unwrap_or(0);
    let count = |number: i64| units::count(u64::try_from(number).unwrap_or(0));
    match whole {
        (Some(all), _) if items != all => format!("{} of {} order items", count(items), count(all)),
        (_, Some(all)) if keys != all => format!("{keys} of {all} keys"),
        _ => "looks whole".to_owned(),
    }
}

async fn prove(
    source: PathBuf,
    target: Arc<dyn RestoreTarget>,
    cancel: &CancellationToken,
) -> Result<DrillReport, CommandError> {
    let source = ObjectStoreSource::parse(&url(&source))
        .map_err(|error| CommandError::inconclusive("the demo's store").with_cause(error))?;
    let balance =
        SqlAssertion::new("ledger balances", "select sum(debit) = sum(credit) from public.ledger");
    let drill = Drill::new(Arc::new(source), target).add_validator(Box::new(balance));
    let plan =
        drill.plan(&DrillRequest::default()).await.map_err(super::drill::assemble::plan_error)?;
    let report = drill.run(plan, &Unobserved, cancel).await;
    if cancel.is_cancelled() {
        return Err(CommandError::inconclusive("interrupted"));
    }
    Ok(report)
}

fn url(path: &Path) -> String {
    path.display().to_string()
}

/// Says what is under way: a spinner on a terminal, a line elsewhere.
struct Steps<'a> {
    face: &'a Face,
}

impl Steps<'_> {
    async fn step<T>(
        &self,
        what: &str,
        work: impl Future<Output = Result<T, CommandError>>,
    ) -> Result<T, CommandError> {
        if !self.face.draws() {
            self.face.note(&format!("  {what}"));
            return work.await;
        }
        let spinner = progress::spinner(self.face);
        spinner.set_message(what.to_owned());
        let done = work.await;
        spinner.finish_and_clear();
        done
    }
}
