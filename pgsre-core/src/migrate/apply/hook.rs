//! [`Hook`]: what a service does before and after steps.

use std::fmt::Debug;

use async_trait::async_trait;

use crate::migrate::plan::Step;
use crate::postgres::Database;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Called around the steps of a run. After a crash a step may be begun, and a hook called, once more.
#[async_trait]
pub trait Hook: Debug + Send + Sync + 'static {
    /// Before the first step of a run that is begun: what makes the server unfit for it, in sentences.
    ///
    /// # Errors
    /// Where that cannot be said: the run is not begun.
    async fn obstacles(&self, database: &Database) -> Result<Vec<String>, Cause> {
        let _ = database;
        Ok(Vec::new())
    }

    /// Before a step.
    ///
    /// # Errors
    /// Ends the run before this step.
    async fn before(&self, step: &Step) -> Result<(), Cause> {
        let _ = step;
        Ok(())
    }

    /// After a step that is done.
    ///
    /// # Errors
    /// Ends the run after this step.
    async fn after(&self, step: &Step) -> Result<(), Cause> {
        let _ = step;
        Ok(())
    }

    /// Whether the release that this step asks for is out: where no hook says so, the run stops there.
    async fn is_released(&self, step: &Step) -> bool {
        let _ = step;
        false
    }
}
