//! Samples in a schema of a PostgreSQL database: [`PostgresSamples`].

use std::sync::{Mutex as StdMutex, MutexGuard as StdMutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use futures::TryStreamExt;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{Mutex, MutexGuard};
use tokio::time::Instant;
use tokio_postgres::Row;

use super::{
    Labels, Point, Reading, SampleRetention, SampleStore, SampleStoreError, Series, SeriesQuery,
    merged,
};
use crate::postgres::{ConnectConfig, Session};

mod maintenance;
mod schema;
mod trouble;

use maintenance::Maintenance;
use trouble::Trouble;

/// How long a piece of work may take, connecting included: who keeps a reading waits for it.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the work of others on the one connection is waited for. That takes nothing from
/// [`PATIENCE`], and who waited in vain says nothing about the database.
const TURN: Duration = Duration::from_secs(4);

/// What failed is left alone for so long: every reading of many servers would wait for it in vain.
const RETRY: Duration = Duration::from_secs(15);

/// How often what is old is taken together and removed, by the clock of the readings.
const MAINTENANCE: SignedDuration = SignedDuration::from_mins(5);

/// The server ends what its client gave up. A history that lacks its last second after a crash is no
/// loss, and nothing waits for it.
const SETTINGS: &str = "\
    SET statement_timeout = 5000; SET lock_timeout = 3000; SET synchronous_commit = off; \
    SET idle_in_transaction_session_timeout = 30000; SET search_path = pg_catalog; SET jit = off";

/// A series that is removed between the two statements of a reading would take a sample with it: who
/// removes waits for who records.
const SHARE: &str = "SELECT pg_advisory_xact_lock_shared(hashtext('pgsre_samples'))";

const NEW_SERIES: &str = "\
    INSERT INTO pgsre_samples.series (server, metric, labels) \
    SELECT DISTINCT $1::text, given.metric, given.labels \
      FROM unnest($2::text[], $3::jsonb[]) AS given (metric, labels) \
     WHERE NOT EXISTS (SELECT FROM pgsre_samples.series AS known \
           WHERE known.server = $1 AND known.metric = given.metric \
             AND known.labels = given.labels) \
    ON CONFLICT DO NOTHING";

const POINTS: &str = "\
    INSERT INTO pgsre_samples.point (series, at, value) \
    SELECT known.id, $2, given.value \
      FROM unnest($3::text[], $4::jsonb[], $5::float8[]) AS given (metric, labels, value) \
      JOIN pgsre_samples.series AS known \
        ON known.server = $1 AND known.metric = given.metric AND known.labels = given.labels \
    ON CONFLICT DO NOTHING";

/// Hours until five minutes begin, those until the samples do; coarser where the step allows it.
const SERIES: &str = "\
    WITH done AS ( \
      SELECT max(until) FILTER (WHERE width = 3600) AS hours, \
             max(until) FILTER (WHERE width = 300) AS minutes FROM pgsre_samples.done), \
    asked AS ( \
      SELECT id, labels, \
             (SELECT min(at) FROM pgsre_samples.stretch \
               WHERE series = id AND width = 300) AS minutes, \
             (SELECT min(at) FROM pgsre_samples.point WHERE series = id) AS samples \
        FROM pgsre_samples.series WHERE server = $1 AND metric = $2 AND labels @> $3), \
    bound AS ( \
      SELECT id, labels, \
             coalesce(CASE WHEN $6::float8 >= 3600 THEN done.hours ELSE coalesce( \
               pgsre_samples.begin(3600, least(asked.minutes, samples)), done.hours) END, \
               '-infinity') AS hours_until, \
             coalesce(CASE WHEN $6::float8 >= 300 THEN done.minutes ELSE coalesce( \
               pgsre_samples.begin(300, samples), done.minutes) END, \
               '-infinity') AS minutes_until \
        FROM asked CROSS JOIN done) \
    SELECT labels, points.* FROM bound CROSS JOIN LATERAL ( \
      SELECT at, mean, min, max, count FROM pgsre_samples.stretch \
       WHERE series = id AND width = 3600 AND at >= $4 AND at < least(hours_until, $5) \
      UNION ALL \
      SELECT at, mean, min, max, count FROM pgsre_samples.stretch \
       WHERE series = id AND width = 300 \
         AND at >= greatest(hours_until, $4) AND at < least(minutes_until, $5) \
      UNION ALL \
      SELECT at, value, value, value, (value IS NOT NULL)::int::int8 FROM pgsre_samples.point \
       WHERE series = id AND at >= greatest(hours_until, minutes_until, $4) AND at < $5 \
    ) AS points ORDER BY id, at";

/// Samples in the schema `pgsre_samples` of a PostgreSQL database, with retention and down-sampling:
/// several watchers may share it, and the view `pgsre_samples.samples` is there for SQL and Grafana.
///
/// The schema is made on the first use, which needs `CREATE` on the database; `DROP SCHEMA
/// pgsre_samples CASCADE` removes all of it. There is one connection, made when there is something
/// to do and anew when it broke; after a failure nothing is tried for 15 seconds. A server's history
/// is better not kept in that server: it would be gone when it is wanted.
#[derive(Debug)]
pub struct PostgresSamples {
    config: ConnectConfig,
    retention: SampleRetention,
    link: Mutex<Link>,
    failed: StdMutex<Option<Instant>>,
    turn: Duration,
    patience: Duration,
}

#[derive(Debug, Default)]
struct Link {
    session: Option<Session>,
    maintained: Option<Timestamp>,
}

impl PostgresSamples {
    /// Samples in this database. Connects when there is something to do.
    #[must_use]
    pub fn new(config: ConnectConfig, retention: SampleRetention) -> Self {
        let config = match config.application_name() {
            Some(_) => config,
            None => config.with_application_name("pgsre history"),
        };
        Self {
            config,
            retention,
            link: Mutex::default(),
            failed: StdMutex::default(),
            turn: TURN,
            patience: PATIENCE,
        }
    }

    /// The connection, for who waits for it, unless it just failed: also in the hands of who had it
    /// before.
    async fn turn(&self) -> Result<MutexGuard<'_, Link>, SampleStoreError> {
        self.not_just_failed()?;
        let link = tokio::time::timeout(self.turn, self.link.lock()).await;
        let link = link.map_err(|_| Trouble::Busy.told_of(&self.config))?;
        self.not_just_failed()?;
        Ok(link)
    }

    fn not_just_failed(&self) -> Result<(), SampleStoreError> {
        match *self.failed() {
            Some(at) if at.elapsed() < RETRY => Err(Trouble::JustFailed.told_of(&self.config)),
            _ => Ok(()),
        }
    }

    fn failed(&self) -> StdMutexGuard<'_, Option<Instant>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Work within its time, by who has the connection.
    async fn bounded<T>(
        &self,
        work: impl Future<Output = Result<T, Trouble>>,
    ) -> Result<T, SampleStoreError> {
        let done = tokio::time::timeout(self.patience, work).await;
        let done = done.unwrap_or(Err(Trouble::TimedOut));
        *self.failed() = done.is_err().then(Instant::now);
        done.map_err(|trouble| trouble.told_of(&self.config))
    }

    /// The session, taken out of its place: one that is dropped in the middle of its work cannot be
    /// used again.
    async fn session(&self, link: &mut Link) -> Result<Session, Trouble> {
        if let Some(session) = link.session.take().filter(|session| !session.is_closed()) {
            return Ok(session);
        }
        let mut session = Session::connect(self.config.clone()).await?;
        session.batch_execute(SETTINGS).await?;
        schema::ensure(&mut session).await?;
        Ok(session)
    }
}

#[async_trait]
impl SampleStore for PostgresSamples {
    async fn record(&self, reading: &Reading) -> Result<(), SampleStoreError> {
        let mut link = self.turn().await?;
        self.bounded(async {
            let mut session = self.session(&mut link).await?;
            record(&mut session, reading).await?;
            let is_due = |at: Timestamp| reading.at.duration_since(at) >= MAINTENANCE;
            if link.maintained.is_none_or(is_due) {
                link.maintained = Some(reading.at);
                Maintenance { now: reading.at, retention: self.retention }
                    .run(&mut session)
                    .await?;
            }
            link.session = Some(session);
            Ok(())
        })
        .await
    }

    async fn series(&self, query: &SeriesQuery) -> Result<Vec<Series>, SampleStoreError> {
        let mut link = self.turn().await?;
        self.bounded(async {
            let session = self.session(&mut link).await?;
            let found = series(&session, query).await?;
            link.session = Some(session);
            Ok(found)
        })
        .await
    }

    async fn prune(&self, now: Timestamp) -> Result<(), SampleStoreError> {
        let mut link = self.turn().await?;
        self.bounded(async {
            let mut session = self.session(&mut link).await?;
            Maintenance { now, retention: self.retention }.run(&mut session).await?;
            link.session = Some(session);
            Ok(())
        })
        .await
    }
}

async fn record(session: &mut Session, reading: &Reading) -> Result<(), Trouble> {
    let (mut metrics, mut labels, mut values) = (Vec::new(), Vec::new(), Vec::new());
    for sample in &reading.samples {
        metrics.push(sample.metric.as_str());
        labels.push(serde_json::Value::from_iter(sample.labels.clone()));
        values.push(sample.value);
    }
    let server = &reading.server.name;
    let transaction = session.transaction().await?;
    transaction.batch_execute(SHARE).await?;
    transaction.execute(NEW_SERIES, &[server, &metrics, &labels]).await?;
    transaction.execute(POINTS, &[server, &reading.at, &metrics, &labels, &values]).await?;
    transaction.commit().await?;
    Ok(())
}

async fn series(session: &Session, query: &SeriesQuery) -> Result<Vec<Series>, Trouble> {
    // The server knows no time so long ago as ours, and nothing was sampled then.
    let since = query.since.max(Timestamp::UNIX_EPOCH);
    let until = query.until.max(since);
    let labels = serde_json::Value::from_iter(query.labels.clone());
    let step = query.step.as_secs_f64();
    let metric = query.metric.as_str();
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 6] =
        [&query.server, &metric, &labels, &since, &until, &step];
    let rows = session.query_raw(SERIES, parameters).await?;
    let mut rows = std::pin::pin!(rows);
    let mut found: Vec<(serde_json::Value, Vec<Point>)> = Vec::new();
    while let Some(row) = rows.try_next().await? {
        let labels: serde_json::Value = row.try_get(0)?;
        let point = point(&row)?;
        match found.last_mut() {
            Some((known, points)) if *known == labels => points.push(point),
            _ => found.push((labels, vec![point])),
        }
    }
    let found = found.into_iter().map(|(labels, points)| Series {
        metric: query.metric,
        labels: serde_json::from_value::<Labels>(labels).unwrap_or_default(),
        points: merged(points.into_iter(), query.step),
    });
    let mut found: Vec<Series> = found.collect();
    found.sort_by(|one, other| one.labels.cmp(&other.labels));
    Ok(found)
}

fn point(row: &Row) -> Result<Point, tokio_postgres::Error> {
    let count: i64 = row.try_get("count")?;
    Ok(Point {
        at: row.try_get("at")?,
        value: row.try_get("mean")?,
        min: row.try_get("min")?,
        max: row.try_get("max")?,
        count: count.max(0) as u64,
    })
}

#[cfg(test)]
mod tests;
