//! Somebody who watches a backfill or a migration, and does something at a moment of it.

use std::fmt;
use std::sync::Mutex;

use pgsre_core::migrate::{ApplyEvent, ApplyObserver, Hook, Step};

type Act<'a> = Box<dyn Fn(&ApplyEvent, usize) + Send + Sync + 'a>;

/// Keeps all events, and calls for each.
pub struct Watcher<'a> {
    events: Mutex<Vec<ApplyEvent>>,
    act: Act<'a>,
}

impl<'a> Watcher<'a> {
    /// Watches only.
    #[must_use]
    pub fn new() -> Self {
        Self::acting(|_, _| {})
    }

    /// Calls this for each event, with the number of batches so far.
    pub fn acting(act: impl Fn(&ApplyEvent, usize) + Send + Sync + 'a) -> Self {
        Self { events: Mutex::default(), act: Box::new(act) }
    }

    /// How many events are such.
    pub fn count(&self, is: impl Fn(&ApplyEvent) -> bool) -> usize {
        self.events.lock().expect("the events").iter().filter(|event| is(event)).count()
    }

    /// What throttles and operators said.
    pub fn pauses(&self) -> Vec<String> {
        let events = self.events.lock().expect("the events");
        let said = events.iter().filter_map(|event| match event {
            ApplyEvent::Paused { by, why } => Some(format!("{by}: {why}")),
            _ => None,
        });
        said.collect()
    }

    /// All of them.
    pub fn events(&self) -> Vec<ApplyEvent> {
        self.events.lock().expect("the events").clone()
    }
}

impl Default for Watcher<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Watcher<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("events", &self.events).finish_non_exhaustive()
    }
}

impl ApplyObserver for Watcher<'_> {
    fn on_event(&self, event: &ApplyEvent) {
        self.events.lock().expect("the events").push(event.clone());
        let batches = self.count(|event| matches!(event, ApplyEvent::Batch(_)));
        (self.act)(event, batches);
    }
}

/// Every release that a plan asks for is out.
#[derive(Clone, Copy, Debug)]
pub struct Released;

#[async_trait::async_trait]
impl Hook for Released {
    async fn is_released(&self, _: &Step) -> bool {
        true
    }
}
