//! What happens while servers are watched: the only path from the loop to a face.

use std::fmt;

use crate::alert::{Alert, Delivery};

/// What happens while servers are watched.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum WatchEvent {
    /// An incident fires, weighs more or less than before, or is over.
    Told {
        /// What is handed to the sinks.
        alert: Box<Alert>,
    },
    /// A sink took an alert, or could not.
    Delivered {
        /// How it ended.
        delivery: Delivery,
    },
    /// A server is watched from now on, or watched in another way.
    ServerAdded {
        /// Its name.
        server: String,
    },
    /// A server is watched no longer; its incidents are over.
    ServerRemoved {
        /// Its name.
        server: String,
        /// Incidents that were open.
        incidents: usize,
    },
    /// Every server was read and judged.
    CycleEnded {
        /// Seconds since the one before ended.
        seconds: f64,
    },
    /// Something beside the work itself went wrong: said once until it works again.
    Trouble {
        /// What failed, on what, and why.
        what: String,
    },
}

/// Who looks on. Calls must not block.
pub trait WatchObserver: fmt::Debug + Send + Sync + 'static {
    /// Called for each event, in order.
    fn on_event(&self, event: &WatchEvent);
}

/// An observer that looks away.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl WatchObserver for Unwatched {
    fn on_event(&self, _: &WatchEvent) {}
}
