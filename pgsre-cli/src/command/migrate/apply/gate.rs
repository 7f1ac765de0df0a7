//! What a run waits for that the database does not know: releases, and drills that passed.

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use pgsre_core::history::ReportStore;
use pgsre_core::migrate::{Hook, Step};
use pgsre_core::postgres::Database;

use crate::args::Released;
use crate::command::drill::assemble;
use crate::command::report;
use crate::config::Secret;
use crate::environment::Environment;
use crate::error::CommandError;

type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Lets past the releases that are out, and begins only where a drill has passed.
#[derive(Debug)]
pub(super) struct Gate {
    released: Vec<Released>,
    drills: Option<PastDrills>,
}

/// The drills of one source.
#[derive(Debug)]
pub(super) struct PastDrills {
    source: String,
    max_age: Duration,
    store: ReportStore,
}

impl Gate {
    pub(super) fn new(released: &[Released], drills: Option<PastDrills>) -> Self {
        Self { released: released.to_vec(), drills }
    }
}

impl PastDrills {
    pub(super) fn new(
        source: &str,
        max_age: Duration,
        environment: &Environment,
    ) -> Result<Self, CommandError> {
        let source = assemble::source(&Secret::new(source))?.to_string();
        Ok(Self { source, max_age, store: report::store(None, environment)? })
    }
}

#[async_trait]
impl Hook for Gate {
    async fn obstacles(&self, _: &Database) -> Result<Vec<String>, Cause> {
        let Some(drills) = &self.drills else { return Ok(Vec::new()) };
        let past = drills.store.list().await?;
        let overdue = past.overdue(&drills.source, drills.max_age, Timestamp::now());
        Ok(overdue
            .into_iter()
            .map(|found| format!("{}: {}", found.subject, found.message))
            .collect())
    }

    async fn is_released(&self, step: &Step) -> bool {
        let is_this = |released: &Released| match released {
            Released::All => true,
            Released::Step(number) => *number == step.number,
        };
        self.released.iter().any(is_this)
    }
}
