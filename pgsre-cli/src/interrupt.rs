//! Ctrl-C and SIGTERM: the first cancels and cleans up, the second gives up.

use std::sync::Arc;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::exit_code;
use crate::face::Face;

/// What a second interruption would leave behind, in words; asked only then.
pub(crate) type Leftovers = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// Watches for interruptions as long as it lives.
#[derive(Debug)]
pub(crate) struct Interrupt {
    cancel: CancellationToken,
    _watcher: DropGuard,
}

impl Interrupt {
    /// Starts to watch.
    pub(crate) fn watch(face: &Face, leftovers: Leftovers) -> Self {
        let cancel = CancellationToken::new();
        let stop = CancellationToken::new();
        tokio::spawn(watch(face.clone(), leftovers, cancel.clone(), stop.clone()));
        Self { cancel, _watcher: stop.drop_guard() }
    }

    /// Cancelled by the first interruption.
    pub(crate) fn token(&self) -> &CancellationToken {
        &self.cancel
    }

    /// Whether there was one.
    pub(crate) fn happened(&self) -> bool {
        self.cancel.is_cancelled()
    }
}

async fn watch(
    face: Face,
    leftovers: Leftovers,
    cancel: CancellationToken,
    stop: CancellationToken,
) {
    let (Ok(mut interrupt), Ok(mut terminate)) =
        (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
    else {
        // Without handlers the system's own apply: the process ends, and `doctor` sweeps.
        return;
    };
    let mut next = async || {
        tokio::select! {
            _ = interrupt.recv() => true,
            _ = terminate.recv() => true,
            () = stop.cancelled() => false,
        }
    };
    if !next().await {
        return;
    }
    cancel.cancel();
    face.note("interrupted: cleaning up; once more to leave at once");
    if next().await {
        let left = leftovers().map_or_else(String::new, |place| format!(" {place} is left;"));
        face.warn(&format!("gave up cleaning:{left} `pgsre doctor` removes it"));
        std::process::exit(i32::from(exit_code::INTERRUPTED));
    }
}
