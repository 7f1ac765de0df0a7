//! [`Throttle`]: what makes a backfill wait, asked before each batch.

use std::fmt::Debug;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use tokio_postgres::Row;
use tokio_postgres::types::{ToSql, Type};

use super::error::ApplyError;
use crate::postgres::{Database, Session};

mod archiver;
mod autovacuum;
mod flag_file;
mod oldest_xmin;
mod query;
mod replica_lag;
mod sessions;
mod wal_rate;

pub use archiver::ArchiverQueue;
pub use autovacuum::Autovacuum;
pub use flag_file::FlagFile;
pub use oldest_xmin::OldestXmin;
pub use query::UserQuery;
pub use replica_lag::ReplicaLag;
pub use sessions::{ActiveSessions, BlockedSessions};
pub use wal_rate::WalRate;

/// The longest that one question to the server takes.
const DEADLINE: Duration = Duration::from_secs(3);

/// Nothing waits for a lock, nothing writes.
const SETTINGS: &str = "\
    SET application_name = 'pgsre migrate throttle'; SET default_transaction_read_only = on; \
    SET lock_timeout = 500; SET statement_timeout = 2500; SET jit = off";

/// What makes a backfill wait.
///
/// It is asked before each batch, and while the backfill waits about twice a second. What it cannot
/// tell is no leave to go on: an error pauses as [`Signal::Pause`] does.
#[async_trait]
pub trait Throttle: Debug + Send + 'static {
    /// A short name, as events have it.
    fn name(&self) -> &str;

    /// Looks. Dropping the future loses this look and nothing else.
    ///
    /// # Errors
    /// Where it could not be looked at: the backfill waits.
    async fn look(&mut self, cx: &mut ThrottleContext<'_>) -> Result<Signal, ApplyError>;
}

/// What a throttle says.
#[derive(Clone, Debug, PartialEq)]
pub enum Signal {
    /// The next batch may run.
    Go,
    /// It has to wait, for this reason.
    Pause(String),
    /// The backfill has to end, for this reason; what is done stays done, and it can be gone on with.
    Abort(String),
}

impl Signal {
    /// Goes as long as the figure is not above its limit.
    #[must_use]
    pub fn within(figure: f64, limit: f64, what: &str) -> Self {
        if figure <= limit {
            Self::Go
        } else {
            Self::Pause(format!("{what}: {}, and {} at most", short(figure), short(limit)))
        }
    }
}

/// At most one digit behind the point.
fn short(figure: f64) -> String {
    let rounded = (figure * 10.0).round() / 10.0;
    format!("{rounded}")
}

/// What a throttle may look at.
#[derive(Debug)]
#[non_exhaustive]
pub struct ThrottleContext<'a> {
    /// The database; a throttle may have connections of its own to it.
    pub database: &'a Database,
    /// The relations that the backfill changes: the table, or its partitions.
    pub relations: &'a [u32],
    /// A moment on a clock that never jumps.
    pub now: Instant,
    session: &'a Session,
    /// The worst lag of a replica that was seen, in seconds: for the events of the batch.
    pub(crate) lag: Option<f64>,
}

impl ThrottleContext<'_> {
    /// The rows of a query, over a read-only connection that all throttles share.
    ///
    /// # Errors
    /// What the server says.
    pub async fn rows(
        &self,
        sql: &str,
        params: &[(&(dyn ToSql + Sync), Type)],
    ) -> Result<Vec<Row>, ApplyError> {
        Ok(self.session.query_typed(sql, params).await?)
    }

    /// The figure of a query that has one.
    ///
    /// # Errors
    /// What the server says, and where it has no figure.
    pub async fn figure(&self, sql: &str) -> Result<f64, ApplyError> {
        Ok(super::hold::row(self.session, sql, &[]).await?.try_get(0)?)
    }
}

/// All throttles of a backfill, and their connection.
#[derive(Debug, Default)]
pub(crate) struct Throttles {
    /// Never waited for: with it a run can be spawned, though a throttle need not be shared.
    throttles: Mutex<Vec<Box<dyn Throttle>>>,
    session: Option<Session>,
}

/// What they say together.
#[derive(Debug)]
pub(crate) struct Looked {
    pub(crate) signal: Signal,
    /// Who says so.
    pub(crate) by: String,
    pub(crate) lag: Option<f64>,
}

impl Throttles {
    /// Asks one after the other, up to the first that does not let go on.
    pub(crate) async fn look(&mut self, database: &Database, relations: &[u32]) -> Looked {
        let mut looked = Looked { signal: Signal::Go, by: String::new(), lag: None };
        if self.throttles().is_empty() {
            return looked;
        }
        let session = match self.connected(database).await {
            Ok(session) => session,
            Err(error) => {
                looked.by = "connection".to_owned();
                looked.signal = unknown(&error);
                return looked;
            }
        };
        let now = Instant::now();
        let mut cx = ThrottleContext { database, relations, now, session: &session, lag: None };
        let mut healthy = true;
        for throttle in self.throttles() {
            let signal = match tokio::time::timeout(DEADLINE, throttle.look(&mut cx)).await {
                Ok(Ok(signal)) => signal,
                Ok(Err(error)) => {
                    healthy = !error.is_lost();
                    unknown(&error)
                }
                Err(_) => {
                    healthy = false;
                    Signal::Pause("it gives no answer".to_owned())
                }
            };
            if signal != Signal::Go {
                looked.by = throttle.name().to_owned();
                looked.signal = signal;
                break;
            }
        }
        looked.lag = cx.lag;
        self.session = healthy.then_some(session);
        looked
    }

    pub(crate) fn push(&mut self, throttle: impl Throttle) {
        self.throttles().push(Box::new(throttle));
    }

    fn throttles(&mut self) -> &mut Vec<Box<dyn Throttle>> {
        self.throttles.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    async fn connected(&mut self, database: &Database) -> Result<Session, ApplyError> {
        if let Some(session) = self.session.take().filter(|session| !session.is_closed()) {
            return Ok(session);
        }
        let connecting = async {
            let session = database.session().await?;
            session.batch_execute(SETTINGS).await?;
            Ok::<_, ApplyError>(session)
        };
        tokio::time::timeout(DEADLINE, connecting).await.unwrap_or_else(|_| {
            let context = "the server let nobody in";
            Err(ApplyError::new(super::error::ApplyErrorKind::Unreachable, context))
        })
    }
}

fn unknown(error: &ApplyError) -> Signal {
    Signal::Pause(format!("not known: {}", crate::finding::chain(error)))
}

#[cfg(test)]
mod tests {
    use super::Signal;

    #[test]
    fn a_figure_at_its_limit_goes_and_one_above_it_waits_and_says_both() {
        assert_eq!(Signal::within(5.0, 5.0, "lag in seconds"), Signal::Go);
        let Signal::Pause(why) = Signal::within(5.26, 5.0, "lag in seconds") else {
            unreachable!("it is above")
        };
        assert_eq!(why, "lag in seconds: 5.3, and 5 at most");
    }

    #[test]
    fn a_figure_that_is_no_number_is_no_leave_to_go_on() {
        assert_ne!(Signal::within(f64::NAN, 5.0, "lag"), Signal::Go);
    }
}
