//! What is old is taken together, what is too old removed.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio_postgres::Transaction;

use super::{SampleRetention, Trouble};
use crate::postgres::Session;

/// Readings that are late are still in.
const LATE: SignedDuration = SignedDuration::from_mins(1);

/// Nobody records meanwhile: a series without points is removed.
const ALONE: &str = "SELECT pg_advisory_xact_lock(hashtext('pgsre_samples'))";

/// Where the samples that were not yet taken together begin. By series, each a look into an index.
const NEXT_SAMPLE: &str = "\
    SELECT min(first) FROM pgsre_samples.series CROSS JOIN LATERAL ( \
      SELECT min(at) AS first FROM pgsre_samples.point WHERE series = id AND at >= $1) AS points";

const NEXT_STRETCH: &str = "\
    SELECT min(first) FROM pgsre_samples.series CROSS JOIN LATERAL ( \
      SELECT min(at) AS first FROM pgsre_samples.stretch \
       WHERE series = id AND width = 300 AND at >= $1) AS points";

const SAMPLES: &str = "\
    SELECT series, at, value AS mean, value AS min, value AS max, \
           (value IS NOT NULL)::int AS count FROM pgsre_samples.point";

const STRETCHES: &str = "\
    SELECT series, at, mean, min, max, count FROM pgsre_samples.stretch WHERE width = 300";

const EMPTY_SERIES: &str = "\
    DELETE FROM pgsre_samples.series WHERE \
      NOT EXISTS (SELECT FROM pgsre_samples.point WHERE series = id) AND \
      NOT EXISTS (SELECT FROM pgsre_samples.stretch WHERE series = id)";

/// One width of stretches, in seconds, made of what is finer.
struct Level {
    width: i32,
    next: &'static str,
    finer: &'static str,
    /// So much is taken together at once: the rest waits for the next time.
    at_once: SignedDuration,
}

const LEVELS: [Level; 2] = [
    Level { width: 300, next: NEXT_SAMPLE, finer: SAMPLES, at_once: SignedDuration::from_mins(60) },
    Level {
        width: 3_600,
        next: NEXT_STRETCH,
        finer: STRETCHES,
        at_once: SignedDuration::from_hours(48),
    },
];

/// One round of it.
#[derive(Debug)]
pub(super) struct Maintenance {
    pub(super) now: Timestamp,
    pub(super) retention: SampleRetention,
}

impl Maintenance {
    pub(super) async fn run(&self, session: &mut Session) -> Result<(), Trouble> {
        let transaction = session.transaction().await?;
        transaction.batch_execute(ALONE).await?;
        // An hour waits for its five minutes; and what was not taken together is not forgotten.
        let minutes = LEVELS[0].take_together(&transaction, self.now).await?;
        let hours = LEVELS[1].take_together(&transaction, minutes).await?;
        self.forget(&transaction, minutes, hours).await?;
        transaction.commit().await?;
        Ok(())
    }

    async fn forget(
        &self,
        transaction: &Transaction<'_>,
        minutes: Timestamp,
        hours: Timestamp,
    ) -> Result<(), Trouble> {
        let SampleRetention { raw, medium, long } = self.retention;
        let points = "DELETE FROM pgsre_samples.point WHERE at < $1";
        transaction.execute(points, &[&self.oldest(raw).min(minutes)]).await?;
        let stretches = "DELETE FROM pgsre_samples.stretch WHERE width = $2 AND at < $1";
        let medium = self.oldest(medium).min(hours);
        transaction.execute(stretches, &[&medium, &LEVELS[0].width]).await?;
        transaction.execute(stretches, &[&self.oldest(long), &LEVELS[1].width]).await?;
        transaction.execute(EMPTY_SERIES, &[]).await?;
        Ok(())
    }

    /// Where what is kept begins: with a whole hour, so that no stretch is there by half.
    fn oldest(&self, keep: Duration) -> Timestamp {
        let keep = SignedDuration::try_from(keep).unwrap_or(SignedDuration::MAX);
        let oldest = self.now.checked_sub(keep).unwrap_or(Timestamp::UNIX_EPOCH);
        begin(LEVELS[1].width, oldest.max(Timestamp::UNIX_EPOCH))
    }
}

impl Level {
    /// Takes together what is complete at `now` and was not yet. Returns until when all is.
    async fn take_together(
        &self,
        transaction: &Transaction<'_>,
        now: Timestamp,
    ) -> Result<Timestamp, Trouble> {
        let known = "SELECT until FROM pgsre_samples.done WHERE width = $1";
        let known = transaction.query_opt(known, &[&self.width]).await?;
        let done = match known {
            Some(row) => row.try_get(0)?,
            None => Timestamp::UNIX_EPOCH,
        };
        let complete = begin(self.width, now.checked_sub(LATE).unwrap_or(now));
        let next: Option<Timestamp> =
            transaction.query_one(self.next, &[&done]).await?.try_get(0)?;
        let until = match next.and_then(|next| next.checked_add(self.at_once).ok()) {
            Some(most) => begin(self.width, most).min(complete),
            None => complete,
        };
        if until <= done {
            return Ok(done);
        }
        let sql = format!(
            "INSERT INTO pgsre_samples.stretch (series, width, at, mean, min, max, count) \
             SELECT series, {width}, pgsre_samples.begin({width}, at) AS begin, \
                    sum(mean * count) / nullif(sum(count), 0), min(min), max(max), sum(count) \
               FROM ({finer}) AS finer WHERE at >= $1 AND at < $2 GROUP BY series, begin \
             ON CONFLICT (series, width, at) DO NOTHING",
            width = self.width,
            finer = self.finer,
        );
        transaction.execute(&sql, &[&done, &until]).await?;
        let note = "INSERT INTO pgsre_samples.done VALUES ($1, $2) \
                    ON CONFLICT (width) DO UPDATE SET until = excluded.until";
        transaction.execute(note, &[&self.width, &until]).await?;
        Ok(until)
    }
}

/// When the stretch of so many seconds begins.
fn begin(width: i32, at: Timestamp) -> Timestamp {
    let width = i64::from(width);
    Timestamp::from_second(at.as_second().div_euclid(width) * width).unwrap_or(at)
}
