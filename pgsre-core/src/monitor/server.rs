//! [`ServerMonitor`]: every probe of one server over one connection.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::{join, join_all};
use jiff::Timestamp;

use super::probe::{Disk, FreeSpace, IndependentProbe, Probe, ProbeContext, default_probes};
use super::reading::{Missing, Reading, Role, ServerFacts};
use super::{Measured, Metric, ProbeError, Sample};
use crate::postgres::{
    ConnectConfig, Database, PostgresError, PostgresErrorKind, ServerVersion, Session,
};

/// The longest that a whole reading takes.
const DEADLINE: Duration = Duration::from_secs(5);

/// The longest that one probe takes.
const PROBE_DEADLINE: Duration = Duration::from_secs(2);

/// How long a statement that was cancelled, or one that takes no time, may take before its
/// connection is given up.
const CANCEL_DEADLINE: Duration = Duration::from_millis(500);

/// The name under which a server that is not reached is missing.
const CONNECTION: &str = "connection";

/// Nothing waits for a lock, nothing writes, and the server ends by itself what we no longer wait
/// for.
const SETTINGS: &str = "\
    SET application_name = 'pgsre monitor'; SET default_transaction_read_only = on; \
    SET lock_timeout = 100; SET statement_timeout = 4000; \
    SET idle_in_transaction_session_timeout = 10000; SET search_path = pg_catalog; \
    SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET max_parallel_workers_per_gather = 0; \
    SET jit = off";

/// One transaction a reading: each statement by itself would count among the server's own.
const BEGIN: &str = "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";

/// After a probe that failed: the others go on.
const BEGIN_ANEW: &str = "ROLLBACK; BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";

const END: &str = "COMMIT";

const ROLE: &str = "SELECT pg_is_in_recovery(), current_setting('server_version_num')";

/// Reads one server, again and again. It holds one connection and makes it anew when it breaks.
#[derive(Debug)]
pub struct ServerMonitor {
    server: Server,
    independent: Vec<Box<dyn IndependentProbe>>,
}

/// What is read over the connection.
#[derive(Debug)]
struct Server {
    name: String,
    config: ConnectConfig,
    standbys: Vec<String>,
    delays: BTreeMap<String, Duration>,
    probes: Vec<Box<dyn Probe>>,
    deadline: Duration,
    session: Option<Session>,
    version: Option<ServerVersion>,
}

impl ServerMonitor {
    /// A monitor with the [default probes](default_probes). Nothing is connected yet.
    #[must_use]
    pub fn new(name: impl Into<String>, config: ConnectConfig) -> Self {
        let server = Server {
            name: name.into(),
            config,
            standbys: Vec::new(),
            delays: BTreeMap::new(),
            probes: default_probes(),
            deadline: DEADLINE,
            session: None,
            version: None,
        };
        Self { server, independent: Vec::new() }
    }

    /// Replicas that must be there, by application name, slot or address: one that is absent is
    /// *disconnected*. Those that have a physical slot or were seen are expected in any case. While
    /// the server is a standby itself, only those are: after a switchover the others follow its primary, and
    /// nodes that take turns name each other. Give a replica of a standby a slot.
    #[must_use]
    pub fn expecting<S: Into<String>>(mut self, standbys: impl IntoIterator<Item = S>) -> Self {
        self.server.standbys.extend(standbys.into_iter().map(Into::into));
        self
    }

    /// A replica that is late on purpose, by its `recovery_min_apply_delay`, which its primary does not
    /// know: its lag counts from there.
    #[must_use]
    pub fn delayed(mut self, standby: impl Into<String>, by: Duration) -> Self {
        self.server.delays.insert(standby.into(), by);
        self
    }

    /// Reads with these probes in place of the default ones.
    #[must_use]
    pub fn with_probes(mut self, probes: Vec<Box<dyn Probe>>) -> Self {
        self.server.probes = probes;
        self
    }

    /// Reads with this probe too.
    #[must_use]
    pub fn and(mut self, probe: Box<dyn Probe>) -> Self {
        self.server.probes.push(probe);
        self
    }

    /// Asks this for the free space of the server's file systems, in place of the operating system
    /// of this machine: for servers elsewhere.
    #[must_use]
    pub fn with_free_space(mut self, free_space: Arc<dyn FreeSpace>) -> Self {
        let disk: Box<dyn Probe> = Box::new(Disk::with_free_space(free_space));
        self.server.probes.retain(|probe| probe.name() != disk.name());
        self.and(disk)
    }

    /// Reads what lies beside the server too: its pooler, its backups.
    #[must_use]
    pub fn beside(mut self, probe: Box<dyn IndependentProbe>) -> Self {
        self.independent.push(probe);
        self
    }

    /// Ends a reading after this time instead of 5 seconds.
    #[must_use]
    pub fn with_deadline(mut self, deadline: Duration) -> Self {
        self.server.deadline = deadline;
        self
    }

    /// What people call the server.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.server.name
    }

    /// Reads every probe, within the deadline. A probe that fails or takes too long is without
    /// data, which spoils no other.
    ///
    /// Dropping the future loses this reading; the next one connects anew.
    pub async fn read(&mut self) -> Reading {
        let deadline = self.server.deadline;
        let independent = self.independent.iter_mut().map(|probe| beside(probe.as_mut(), deadline));
        let (mut reading, independent) = join(self.server.read(), join_all(independent)).await;
        for (measured, missing) in independent {
            reading.samples.extend(measured.samples);
            reading.unseen.extend(measured.unseen);
            reading.missing.extend(missing);
        }
        reading
    }
}

async fn beside(
    probe: &mut dyn IndependentProbe,
    deadline: Duration,
) -> (Measured, Option<Missing>) {
    let now = Timestamp::now();
    let late = || ProbeError::new("no answer before the deadline");
    let measured = tokio::time::timeout(deadline, probe.measure(now)).await;
    match measured.unwrap_or_else(|_| Err(late())) {
        Ok(measured) => (measured, None),
        Err(error) => {
            let samples = probe.metrics().iter().map(|metric| Sample::unknown(*metric, now));
            (samples.collect::<Vec<_>>().into(), Some(missing(probe.name(), &error)))
        }
    }
}

impl Server {
    async fn read(&mut self) -> Reading {
        let (begin, at) = (Instant::now(), Timestamp::now());
        let mut reading = Reading {
            server: ServerFacts { name: self.name.clone(), version: self.version, role: None },
            at,
            seconds: 0.0,
            samples: Vec::new(),
            missing: Vec::new(),
            unseen: Vec::new(),
        };
        match self.connect(begin).await {
            Ok((session, standby)) => {
                reading.server.version = self.version;
                reading.server.role = Some(if standby { Role::Standby } else { Role::Primary });
                reading.samples.push(Sample::exact(Metric::Up, 1.0, at));
                self.session = self.probe_all(session, standby, begin, &mut reading).await;
            }
            Err(Unreached { error, is_down }) => {
                reading.samples.push(if is_down {
                    Sample::exact(Metric::Up, 0.0, at)
                } else {
                    Sample::unknown(Metric::Up, at)
                });
                reading.missing.push(missing(CONNECTION, &error));
                for probe in &self.probes {
                    reading.samples.extend(without_data(probe.as_ref(), at));
                }
            }
        }
        reading.seconds = begin.elapsed().as_secs_f64();
        reading
    }

    /// The session of the last reading where it still answers, else a new one; and whether the
    /// server is a standby now.
    async fn connect(&mut self, begin: Instant) -> Result<(Session, bool), Unreached> {
        if let Some(session) = self.session.take()
            && let Ok(Ok(standby)) = bounded(self.left(begin), role(&session)).await
        {
            self.version = Some(standby.1);
            return Ok((session, standby.0));
        }
        let config = self.config.clone();
        let connecting = async {
            let database = Database::connect(config).await.map_err(Unreached::by)?;
            let session = database.session().await.map_err(Unreached::by)?;
            session.batch_execute(SETTINGS).await.map_err(Unreached::unknown)?;
            let role = role(&session).await.map_err(Unreached::unknown)?;
            Ok::<_, Unreached>((session, role))
        };
        let late = || ProbeError::new("the server let nobody in before the deadline");
        let (session, (standby, version)) = bounded(self.left(begin), connecting)
            .await
            .map_err(|()| Unreached::unknown(late()))??;
        self.version = Some(version);
        Ok((session, standby))
    }

    fn left(&self, begin: Instant) -> Duration {
        self.deadline.saturating_sub(begin.elapsed())
    }

    /// Runs every probe; the session where it is still of use.
    async fn probe_all(
        &mut self,
        session: Session,
        standby: bool,
        begin: Instant,
        reading: &mut Reading,
    ) -> Option<Session> {
        let mut usable = session.batch_execute(BEGIN).await.is_ok();
        for probe in &mut self.probes {
            let context = ProbeContext {
                version: self.version.unwrap_or(ServerVersion::from_num(0)),
                standby,
                now: Timestamp::now(),
                instant: Instant::now(),
                standbys: &self.standbys,
                delays: &self.delays,
                hosts: self.config.hosts(),
                session: &session,
            };
            let now = context.now;
            let measured = if usable {
                let left = self.deadline.saturating_sub(begin.elapsed()).min(PROBE_DEADLINE);
                tokio::time::timeout(left, probe.measure(&context)).await
            } else {
                Ok(Err(ProbeError::new("the connection hangs in an earlier probe")))
            };
            match measured {
                Ok(Ok(Measured { samples, unseen })) => {
                    reading.samples.extend(samples);
                    reading.unseen.extend(unseen);
                    continue;
                }
                Ok(Err(error)) => {
                    reading.missing.push(missing(probe.name(), &error));
                    usable = usable && in_time(session.batch_execute(BEGIN_ANEW)).await;
                }
                Err(_) => {
                    let error = ProbeError::new("no answer before the deadline");
                    reading.missing.push(missing(probe.name(), &error));
                    usable = cancel(&session).await;
                }
            }
            reading.samples.extend(without_data(probe.as_ref(), now));
        }
        (usable && in_time(session.batch_execute(END)).await).then_some(session)
    }
}

async fn bounded<T>(left: Duration, work: impl Future<Output = T>) -> Result<T, ()> {
    tokio::time::timeout(left, work).await.map_err(drop)
}

async fn role(session: &Session) -> Result<(bool, ServerVersion), ProbeError> {
    let rows = session.query_typed(ROLE, &[]).await?;
    let row = rows.first().ok_or_else(|| ProbeError::new("the server answered with no row"))?;
    let number: String = row.try_get(1)?;
    let version = number.parse().map(ServerVersion::from_num).map_err(|error| {
        ProbeError::new(format!("the server's server_version_num is {number:?}")).with_cause(error)
    })?;
    Ok((row.try_get(0)?, version))
}

/// Stops the statement that took too long. Whether the connection is free again.
async fn cancel(session: &Session) -> bool {
    let token = session.cancel_token();
    let cancelled = tokio::time::timeout(CANCEL_DEADLINE, token.cancel()).await;
    matches!(cancelled, Ok(Ok(()))) && in_time(session.batch_execute(BEGIN_ANEW)).await
}

/// Whether a statement that takes no time is done in a short one.
async fn in_time(work: impl Future<Output = Result<(), tokio_postgres::Error>>) -> bool {
    matches!(tokio::time::timeout(CANCEL_DEADLINE, work).await, Ok(Ok(())))
}

/// Why a server could not be read at all.
#[derive(Debug)]
struct Unreached {
    error: ProbeError,
    /// Nobody listens there: that is known, where silence or a refused password says nothing.
    is_down: bool,
}

impl Unreached {
    fn by(error: PostgresError) -> Self {
        let is_down = error.kind() == PostgresErrorKind::Unreachable;
        let error = ProbeError::new("the server cannot be reached").with_cause(error);
        Self { error, is_down }
    }

    fn unknown(error: impl Into<ProbeError>) -> Self {
        Self { error: error.into(), is_down: false }
    }
}

fn missing(probe: &str, error: &ProbeError) -> Missing {
    Missing { probe: probe.to_owned(), why: crate::finding::chain(error) }
}

fn without_data(probe: &dyn Probe, at: Timestamp) -> Vec<Sample> {
    probe.metrics().iter().map(|metric| Sample::unknown(*metric, at)).collect()
}

#[cfg(test)]
mod tests;
