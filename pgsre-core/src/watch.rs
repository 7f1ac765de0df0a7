//! The loop that watches servers: read, forecast, judge, tell, remember.

mod event;
mod exposition;
mod watched;

pub use event::{Unwatched, WatchEvent, WatchObserver};
pub use exposition::{ExpositionFormat, exposed, exposition};
pub use watched::{Cycle, DeliveryCounts, Watched, WatchedServer};
