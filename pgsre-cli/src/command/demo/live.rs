//! `pgsre demo --dashboard`: a primary with two standbys under load, and buttons that break it.

use std::sync::Arc;
use std::time::Duration;

use pgsre_core::alert::Outbox;
use pgsre_core::dashboard::Dashboard;
use pgsre_core::history::samples::{MemorySamples, SampleStore};
use pgsre_core::monitor::{Bound, Metric, Rule, ServerMonitor, Threshold, default_rules};
use pgsre_core::queries::{QueryLoad, WorstQueries};
use pgsre_core::restore::{EphemeralCluster, RestoreTarget};
use pgsre_core::watch::Watcher;
use tokio_util::sync::CancellationToken;

use super::Steps;
use crate::args::DemoArgs;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::interrupt::Interrupt;
use crate::serve::{self, Pages};

mod breaking;
mod disk;
mod load;
mod stage;

use disk::SmallDisk;
use load::Load;
use stage::{REPLICAS, Stage};

/// What the dashboard calls the primary.
const SERVER: &str = "shop";

/// The time between two readings: what a button does is to be seen at once.
const INTERVAL: Duration = Duration::from_secs(2);

/// For how long the demo's figures are kept.
const KEPT: Duration = Duration::from_secs(24 * 3_600);

/// How long an interrupted start may take to clean up.
const GRACE: Duration = Duration::from_secs(10);

pub(super) async fn run(args: &DemoArgs, face: &Face) -> Result<u8, CommandError> {
    let pages = Pages::bind(&args.listen).await?;
    if !pages.address().ip().is_loopback() {
        let error = format!("the demo's buttons are not for everybody at {}", args.listen);
        return Err(CommandError::usage(error).with_hint("listen on 127.0.0.1"));
    }
    let interrupt = Interrupt::watch(face, Arc::new(|| Some("the demo's directory".to_owned())));
    let cancel = interrupt.token();
    let mut work = Box::pin(demo(pages, face, cancel));
    tokio::select! {
        ended = &mut work => ended,
        () = cancel.cancelled() => match tokio::time::timeout(GRACE, work).await {
            Ok(ended) => ended,
            Err(_) => Ok(()),
        },
    }?;
    Ok(exit_code::INTERRUPTED)
}

/// Removes what runs that were killed left: a directory that nobody holds any more.
async fn tidy(face: &Face) {
    let Ok(swept) = EphemeralCluster::new().sweep(Duration::ZERO).await else { return };
    for left in swept {
        match left.error {
            None => face.note(&format!("  removed {}, which a killed run left", left.name)),
            Some(why) => face.warn(&format!("{} is left of a killed run: {why}", left.name)),
        }
    }
}

async fn demo(pages: Pages, face: &Face, cancel: &CancellationToken) -> Result<(), CommandError> {
    tidy(face).await;
    let directory = EphemeralCluster::new().directory().map_err(|error| {
        CommandError::inconclusive("there is no place for the demo's servers")
            .with_hint(error.hint().to_owned())
            .with_cause(error)
    })?;
    let steps = Steps { face };
    let starting = async {
        let primary = Stage::primary(directory.cluster());
        let primary = steps.step("starting a private PostgreSQL server", primary).await?;
        let stage = Stage::beside(primary, directory.path());
        steps.step("copying it to two standbys", stage).await
    };
    let Some(stage) = cancel.run_until_cancelled(starting).await else { return Ok(()) };
    let mut stage = stage?;
    if !stage.counts_statements().await? {
        face.warn(
            "this PostgreSQL has no pg_stat_statements (Debian: postgresql-contrib, or of the same package \
             as the server): the panel of latency and the queries stay empty, and a dropped index shows \
             in no panel",
        );
    }
    let shown = show(pages, &mut stage, face, cancel).await;
    face.note("stopping the demo's servers");
    stage.stop().await;
    shown
}

/// Serves the pages, and breaks what is to be broken, until the demo is cancelled.
async fn show(
    pages: Pages,
    stage: &mut Stage,
    face: &Face,
    cancel: &CancellationToken,
) -> Result<(), CommandError> {
    let load = Load::on(stage.config()).await?;
    let samples: Arc<dyn SampleStore> = Arc::new(MemorySamples::new(KEPT));
    let worst = WorstQueries::default();
    let watcher = watcher(stage, &samples, &worst)?;
    let dashboard = Dashboard::new(watcher.watched())
        .with_samples(samples)
        .judging_by(rules())
        .with_queries(worst);
    let (controls, mut pressed) = breaking::controls();
    let router = serve::alone(watcher.watched(), serve::dashboard(&dashboard, None, controls));
    face.print(&format!(
        "dashboard at http://{}/server/{SERVER}?range=15m\n  A primary, two standbys and a load. Break something with the \
         page's buttons or their keys; Ctrl-C ends the demo and removes it.\n",
        pages.address()
    ))?;
    let breaking = breaking::break_and_mend(&mut pressed, stage, face);
    tokio::join!(
        watcher.run(cancel),
        pages.serve(router, cancel.clone()),
        cancel.run_until_cancelled(breaking),
    );
    drop(load);
    Ok(())
}

fn watcher(
    stage: &Stage,
    samples: &Arc<dyn SampleStore>,
    worst: &WorstQueries,
) -> Result<Watcher, CommandError> {
    let silent = Outbox::open(Vec::new(), None)
        .map_err(|error| CommandError::inconclusive("the demo cannot watch").with_cause(error))?;
    let monitor = ServerMonitor::new(SERVER, stage.config())
        .expecting(REPLICAS)
        .with_free_space(Arc::new(SmallDisk))
        .and(Box::new(QueryLoad::default().telling(SERVER, worst.clone())));
    Ok(Watcher::new(rules(), silent)
        .every(INTERVAL)
        .with_samples(Arc::clone(samples))
        .watching([monitor]))
}

/// The usual rules, and one that knows how fast this shop is with its index.
fn rules() -> Vec<Rule> {
    let slow = Threshold { clear: Some(0.002), ..Threshold::at(Bound::Above(0.003)) };
    let mut rules = default_rules();
    rules.push(Rule::new("latency.slow", Metric::LatencyP95).warning(slow));
    rules
}
