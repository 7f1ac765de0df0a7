//! A step that is one transaction, which also notes that the step is done.

use std::time::{Duration, Instant};

use tokio_util::sync::CancellationToken;

use super::Patience;
use crate::migrate::error::{ApplyError, ApplyErrorKind};
use crate::migrate::hold::Hold;
use crate::migrate::plan::Step;
use crate::migrate::state;

/// Where neither the plan nor the caller says one: there is no step without.
const LOCK_TIMEOUT: Duration = Duration::from_secs(2);

/// What a step may take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Limits {
    /// For all its locks together.
    pub(super) lock_timeout: Duration,
    /// For one statement; none: as long as it takes.
    pub(super) statement_timeout: Option<Duration>,
}

impl Limits {
    pub(super) fn of(step: &Step, patience: &Patience) -> Self {
        let planned = step.lock_timeout_ms.filter(|ms| *ms > 0).map(Duration::from_millis);
        let own = patience.lock_timeout.filter(|limit| !limit.is_zero());
        let lock_timeout = own.or(planned).unwrap_or(LOCK_TIMEOUT);
        let statement_timeout = step.statement_timeout_ms.filter(|ms| *ms > 0);
        // A longer wait for locks is not to be cut off by it.
        let statement_timeout =
            statement_timeout.map(|ms| Duration::from_millis(ms).max(lock_timeout * 2));
        Self { lock_timeout, statement_timeout }
    }

    /// What is left for locks after this time. Not less than a tenth: what was worked under locks that
    /// nobody waits for is in that time too.
    fn left(&self, elapsed: Duration) -> Duration {
        self.lock_timeout.saturating_sub(elapsed).max(self.lock_timeout / 10)
    }
}

/// Runs the statements and notes that the step is done, or does nothing.
pub(super) async fn run(
    hold: &Hold,
    step: u32,
    statements: &[String],
    limits: &Limits,
    next_title: &str,
    cancel: &CancellationToken,
) -> Result<(), ApplyError> {
    let work = in_transaction(hold, step, statements, limits, next_title);
    let ended = breakable(hold, work, cancel).await;
    if let Err(error) = &ended
        && !error.is_lost()
    {
        // The first error tells more than one of this.
        drop(hold.session().batch_execute("ROLLBACK").await);
    }
    ended
}

/// Does the work, and has the server break off its statement where the caller asks to stop.
pub(super) async fn breakable(
    hold: &Hold,
    work: impl Future<Output = Result<(), ApplyError>>,
    cancel: &CancellationToken,
) -> Result<(), ApplyError> {
    let mut work = std::pin::pin!(work);
    tokio::select! {
        biased;
        ended = &mut work => return ended,
        () = cancel.cancelled() => {}
    }
    if let Err(error) = hold.session().cancel_token().cancel().await {
        tracing::debug!(%error, "the statement cannot be broken off");
    }
    work.await
}

async fn in_transaction(
    hold: &Hold,
    step: u32,
    statements: &[String],
    limits: &Limits,
    next_title: &str,
) -> Result<(), ApplyError> {
    let session = hold.session();
    session.batch_execute(&begin(limits)).await?;
    if let Some(role) = hold.role() {
        session.batch_execute(role).await?;
    }
    let started = Instant::now();
    for (at, statement) in statements.iter().enumerate() {
        if at > 0 {
            let left = milliseconds(limits.left(started.elapsed()));
            session.batch_execute(&format!("SET LOCAL lock_timeout = {left}")).await?;
        }
        session.batch_execute(statement).await.map_err(|error| of_statement(error, statement))?;
    }
    // The state is ours, whatever role the migration has taken.
    session.batch_execute("SET role = DEFAULT").await?;
    state::advance(hold, step, next_title).await?;
    session.batch_execute("COMMIT").await?;
    Ok(())
}

fn begin(limits: &Limits) -> String {
    let statement = limits.statement_timeout.map_or(0, milliseconds);
    format!(
        "BEGIN; SET LOCAL lock_timeout = {}; SET LOCAL statement_timeout = {statement}; \
         SET LOCAL idle_in_transaction_session_timeout = 10000",
        milliseconds(limits.lock_timeout)
    )
}

/// At least one: 0 would be no limit at all.
pub(super) fn milliseconds(limit: Duration) -> u128 {
    limit.as_millis().clamp(1, 2_147_483_647)
}

/// What the server said of a statement.
pub(super) fn of_statement(error: tokio_postgres::Error, statement: &str) -> ApplyError {
    let error = ApplyError::from(error);
    match error.kind() {
        ApplyErrorKind::Unreachable | ApplyErrorKind::Locked => error,
        _ => {
            let line: String = statement.split_whitespace().collect::<Vec<_>>().join(" ");
            let line: String = line.chars().take(200).collect();
            error.about(format!("the server refuses: {line}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::migrate::Linter;

    fn step() -> Step {
        let linter = Linter::new(17);
        linter.plan("1.sql", "alter table orders add note text;").steps.remove(0)
    }

    #[test]
    fn no_step_waits_for_a_lock_without_end() {
        for none in [None, Some(0)] {
            let step = Step { lock_timeout_ms: none, ..step() };
            let patience = Patience { lock_timeout: Some(Duration::ZERO), ..Patience::default() };
            assert_eq!(Limits::of(&step, &patience).lock_timeout, LOCK_TIMEOUT);
        }
        let own =
            Patience { lock_timeout: Some(Duration::from_millis(300)), ..Patience::default() };
        assert_eq!(Limits::of(&step(), &own).lock_timeout, Duration::from_millis(300));
    }

    #[test]
    fn the_locks_of_a_step_are_waited_for_together_and_not_one_by_one() {
        let limits = Limits::of(&step(), &Patience::default());
        assert_eq!(limits.left(Duration::from_millis(1500)), Duration::from_millis(500));
        assert_eq!(limits.left(Duration::from_secs(60)), Duration::from_millis(200));
    }

    #[test]
    fn a_statement_may_take_longer_than_its_wait_for_locks() {
        let own = Patience { lock_timeout: Some(Duration::from_secs(60)), ..Patience::default() };
        let limits = Limits::of(&step(), &own);
        assert_eq!(limits.statement_timeout, Some(Duration::from_secs(120)));
    }
}
