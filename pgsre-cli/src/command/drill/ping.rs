//! The dead man's switch: calling a monitor when everything is done.

use pgsre_core::alert::{Delivery, DeliveryOutcome, Dispatcher, PingAlerter};
use pgsre_core::drill::{CleanupOutcome, DrillReport, Verdict};

use super::assemble;
use crate::config::{AlerterConfig, AlerterKind};
use crate::error::CommandError;
use crate::face::Face;

/// The configured pings.
#[derive(Debug, Default)]
pub(super) struct Pings(Vec<Ping>);

#[derive(Debug)]
struct Ping {
    alerter: PingAlerter,
    dispatcher: Dispatcher,
    /// The server whose drills it is about; all of the command where `None`.
    server: Option<String>,
}

/// A drill that ended, and whether its report was kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Done<'r> {
    pub(super) report: &'r DrillReport,
    pub(super) kept: bool,
}

impl Done<'_> {
    /// Whether there is nothing left to worry about.
    fn is_well(&self) -> bool {
        self.report.verdict == Verdict::Passed
            && self.report.cleanup.outcome != CleanupOutcome::Failed
            && self.kept
    }
}

impl Pings {
    pub(super) fn of(alerters: &[AlerterConfig]) -> Result<Self, CommandError> {
        let mut all = Vec::new();
        for config in alerters {
            all.extend(ping(&config.kind)?);
        }
        Ok(Self(all))
    }

    /// Says that the drills of `server`, or all of the command, begin. Nothing waits for a monitor
    /// that does not answer but this one attempt.
    pub(super) async fn start(&self, server: Option<&str>, face: &Face) {
        for ping in self.about(server) {
            if let Err(error) = ping.alerter.start().await {
                let why = pgsre_core::finding::chain(&error);
                face.warn(&format!("the monitor was not told that the drill begins: {why}"));
            }
        }
    }

    /// Says how the drills of `server`, or all of the command, ended: passed only where each is
    /// well. A failure is reported as every alert's is, and changes nothing else.
    pub(super) async fn end(
        &self,
        server: Option<&str>,
        done: &[Done<'_>],
        face: &Face,
    ) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        for ping in self.about(server) {
            // The one that speaks for all: the first that is not well.
            let Some(one) = done.iter().find(|one| !one.is_well()).or(done.first()) else {
                continue;
            };
            if !one.is_well() && one.report.verdict == Verdict::Passed {
                face.warn(
                    "the monitor was not called: a drill passed, but its place was not removed or \
                     its report not kept",
                );
                continue;
            }
            deliveries.extend(ping.dispatcher.dispatch(&one.report.to_alert()).await);
        }
        for failed in deliveries.iter().filter(|one| one.outcome == DeliveryOutcome::Failed) {
            let why = failed.error.as_deref().unwrap_or_default();
            face.warn(&format!("alert not delivered: {}: {why}", failed.alerter));
        }
        deliveries
    }

    fn about(&self, server: Option<&str>) -> impl Iterator<Item = &Ping> {
        self.0.iter().filter(move |ping| ping.server.as_deref() == server)
    }
}

fn ping(kind: &AlerterKind) -> Result<Option<Ping>, CommandError> {
    let AlerterKind::Ping { url, start_url, fail_url, server } = kind else { return Ok(None) };
    let wrong = |error| assemble::unusable(kind, error);
    let mut alerter = PingAlerter::new(url.expose()).map_err(wrong)?;
    if let Some(url) = start_url {
        alerter = alerter.with_start(url.expose()).map_err(wrong)?;
    }
    if let Some(url) = fail_url {
        alerter = alerter.with_fail(url.expose()).map_err(wrong)?;
    }
    let dispatcher = Dispatcher::new([alerter.clone().into_route()]);
    Ok(Some(Ping { alerter, dispatcher, server: server.clone() }))
}
