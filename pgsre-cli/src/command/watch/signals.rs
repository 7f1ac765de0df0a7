//! What signals say: end, end at once, read the configuration again.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pgsre_core::watch::Watched;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch::Receiver;
use tokio_util::sync::CancellationToken;

use super::notify::Manager;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;

/// How a watch was ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// By SIGTERM: a service that is stopped.
    Terminated,
    /// By SIGINT: somebody at a terminal.
    Interrupted,
}

/// The signals that are caught.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Catches them from now on.
    ///
    /// # Errors
    /// Where the system does not let it.
    pub(crate) fn catch() -> Result<Self, CommandError> {
        let catch = |kind| {
            signal(kind).map_err(|error| {
                CommandError::inconclusive("signals cannot be caught").with_cause(error)
            })
        };
        Ok(Self {
            interrupt: catch(SignalKind::interrupt())?,
            terminate: catch(SignalKind::terminate())?,
            hang_up: catch(SignalKind::hangup())?,
        })
    }

    /// Waits for the next; `None` for SIGHUP.
    pub(crate) async fn next(&mut self) -> Option<Ended> {
        tokio::select! {
            _ = self.interrupt.recv() => Some(Ended::Interrupted),
            _ = self.terminate.recv() => Some(Ended::Terminated),
            _ = self.hang_up.recv() => None,
        }
    }

    /// A second one leaves at once.
    pub(crate) fn end_at_the_next(&mut self, face: Face) {
        let (Ok(mut interrupt), Ok(mut terminate)) =
            (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return;
        };
        tokio::spawn(async move {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            face.warn("left at once: `pgsre doctor` removes what a drill left");
            std::process::exit(i32::from(exit_code::INTERRUPTED));
        });
    }
}

/// Tells the service manager that the loop does its work, for as long as it does.
pub(super) async fn pulse(
    manager: &Manager,
    known: Receiver<Arc<Watched>>,
    cancel: &CancellationToken,
) {
    let Some(pulse) = manager.pulse() else { return };
    let beating = async {
        loop {
            if known.borrow().trouble(Timestamp::now()).is_none() {
                manager.say("WATCHDOG=1");
            }
            tokio::time::sleep(pulse.max(Duration::from_millis(10))).await;
        }
    };
    cancel.run_until_cancelled(beating).await;
}
