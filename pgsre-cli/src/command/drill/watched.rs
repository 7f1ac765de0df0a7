//! Which drill is under way: asked by a second interruption, which leaves its place behind.

use std::sync::{Arc, Mutex, PoisonError};

use crate::interrupt::Leftovers;
use crate::render::progress::Progress;

#[derive(Clone, Debug, Default)]
pub(super) struct Watched {
    current: Arc<Mutex<Option<Arc<Progress>>>>,
}

impl Watched {
    /// Makes `progress` the one that is asked.
    pub(super) fn watch(&self, progress: Progress) -> Arc<Progress> {
        let progress = Arc::new(progress);
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Some(progress.clone());
        progress
    }

    /// What asks it.
    pub(super) fn leftovers(&self) -> Leftovers {
        let current = self.current.clone();
        Arc::new(move || current.lock().unwrap_or_else(PoisonError::into_inner).as_ref()?.place())
    }
}
