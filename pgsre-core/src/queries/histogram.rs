//! [`Histogram`]: how long executions took, counted by pg_stat_monitor where that is installed.
//!
//! Its time buckets begin every `pgsm_bucket_time`, and the oldest of `pgsm_max_buckets` makes room
//! for a new one. So a window is the difference bucket by bucket, and one that is longer than the
//! buckets reach back is not covered: the number of executions tells, which pg_stat_statements counts
//! by itself.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::ask::Ask;
use super::error::QueriesError;
use super::statements::StatementKey;
use crate::postgres::quote_identifier;

/// Where pg_stat_monitor is: only an extension whose library is loaded, since anybody may call a view
/// of their own by that name, and whose function has what is read here (2.0 and later).
const FIND: &str = "\
    SELECT n.nspname::text \
      FROM pg_catalog.pg_extension e \
      JOIN pg_catalog.pg_depend d ON d.refclassid = 'pg_extension'::regclass \
       AND d.refobjid = e.oid AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass \
      JOIN pg_catalog.pg_proc p ON p.oid = d.objid \
      JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
     WHERE e.extname = 'pg_stat_monitor' AND p.proname = 'pg_stat_monitor_internal' \
       AND p.proargnames @> ARRAY['userid', 'dbid', 'toplevel', 'queryid', 'elevel', \
                                  'bucket_start_time', 'resp_calls'] \
       AND has_function_privilege(p.oid, 'EXECUTE') \
       AND has_schema_privilege(n.oid, 'USAGE') \
       AND current_setting('pg_stat_monitor.pgsm_bucket_time', true) IS NOT NULL \
     LIMIT 1";

/// Buckets that a histogram has at most: `MAX_RESPONSE_BUCKET` of pg_stat_monitor and two outliers.
const MOST_BUCKETS: usize = 64;

/// Counts that are read at once; what is beyond is missing, which the number of executions tells.
const MOST_ROWS: usize = 500_000;

/// The part of the executions that a histogram may lack or have too much, and still be taken for
/// that of the window: both counters are read one after the other while the server works.
const TOLERANCE: f64 = 0.01;

/// The same where there are few.
const TOLERATED: u64 = 2;

/// Bounds are told in thousandths of a millisecond.
const ROUNDING: f64 = 0.000_5;

/// Finds pg_stat_monitor in the database: its schema, quoted.
pub(super) async fn find(server: &impl Ask) -> Result<Option<String>, QueriesError> {
    let rows = server.rows(FIND, &[]).await?;
    let schema = rows.first().map(|row| row.try_get::<_, String>(0)).transpose()?;
    Ok(schema.map(|schema| quote_identifier(&schema)))
}

/// The histograms of every statement at one moment, a time bucket each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Histograms {
    /// Upper bounds in milliseconds; the last bucket has none and is not among them.
    uppers: Vec<f64>,
    /// Statement, beginning of the time bucket in microseconds since 1970, executions a bucket.
    counts: Vec<(StatementKey, i64, Vec<u64>)>,
}

impl Histograms {
    pub(super) async fn read(
        server: &impl Ask,
        schema: &str,
    ) -> Result<Option<Self>, QueriesError> {
        let timings = format!("SELECT {schema}.get_histogram_timings()");
        let timings: String = server.row(&timings).await?.try_get(0)?;
        let Some(uppers) = uppers(&timings) else { return Ok(None) };
        // Without texts; statements that failed have an error level and are counted nowhere else.
        let sql = format!(
            "SELECT userid, dbid, coalesce(toplevel, true), queryid, \
                    (extract(epoch FROM bucket_start_time) * 1000000)::int8, resp_calls::text \
               FROM {schema}.pg_stat_monitor_internal(false) \
              WHERE queryid IS NOT NULL AND coalesce(elevel, 0) = 0 \
                AND bucket_start_time IS NOT NULL AND resp_calls IS NOT NULL LIMIT {MOST_ROWS}"
        );
        let mut counts: HashMap<(StatementKey, i64), Vec<u64>> = HashMap::new();
        for row in server.rows(&sql, &[]).await? {
            let key = StatementKey {
                user: row.try_get(0)?,
                database: row.try_get(1)?,
                toplevel: row.try_get(2)?,
                query_id: row.try_get(3)?,
            };
            let of = counts.entry((key, row.try_get(4)?)).or_default();
            add(of, &numbers(&row.try_get::<_, String>(5)?, uppers.len() + 1));
        }
        let counts = counts.into_iter().map(|((key, begun), counts)| (key, begun, counts));
        Ok(Some(Self { uppers, counts: counts.collect() }))
    }

    /// What was counted from one moment to another.
    pub(super) fn between(from: &Self, to: &Self) -> HashMap<StatementKey, Histogram> {
        let mut found: HashMap<StatementKey, Histogram> = HashMap::new();
        if from.uppers != to.uppers {
            return found;
        }
        let before: HashMap<(StatementKey, i64), &[u64]> =
            from.counts.iter().map(|(key, begun, of)| ((*key, *begun), of.as_slice())).collect();
        for (key, begun, after) in &to.counts {
            let before = before.get(&(*key, *begun)).copied().unwrap_or_default();
            let rise = |(at, after): (usize, &u64)| {
                after.saturating_sub(before.get(at).copied().unwrap_or(0))
            };
            let rises: Vec<u64> = after.iter().enumerate().map(rise).collect();
            let of = found.entry(*key).or_insert_with(|| Histogram::empty(&to.uppers));
            add(&mut of.counts, &rises);
        }
        found
    }
}

/// Executions by how long they took.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    uppers: Vec<f64>,
    counts: Vec<u64>,
}

/// Between which times a percentile lies, in milliseconds, and where about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) at_least: f64,
    pub(super) at_most: f64,
    pub(super) ms: f64,
}

impl Histogram {
    fn empty(uppers: &[f64]) -> Self {
        Self { uppers: uppers.to_vec(), counts: Vec::new() }
    }

    #[cfg(test)]
    pub(super) fn of(uppers: &[f64], times: &[f64]) -> Self {
        let mut counts = vec![0; uppers.len() + 1];
        for time in times {
            let at = uppers.iter().position(|upper| time <= upper).unwrap_or(uppers.len());
            counts[at] += 1;
        }
        Self { uppers: uppers.to_vec(), counts }
    }

    /// Executions that it counted.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Several together; `None` where there are none, or where their bounds differ.
    pub(super) fn merged<'h>(all: impl IntoIterator<Item = &'h Self>) -> Option<Self> {
        let mut all = all.into_iter();
        let mut merged = all.next()?.clone();
        for one in all {
            if one.uppers != merged.uppers {
                return None;
            }
            add(&mut merged.counts, &one.counts);
        }
        Some(merged)
    }

    /// Whether it has counted so many executions, but for a few.
    pub(super) fn covers(&self, calls: u64) -> bool {
        let apart = self.calls().abs_diff(calls);
        calls > 0 && (apart <= TOLERATED || apart as f64 <= TOLERANCE * calls as f64)
    }

    /// Where a percentile of so many executions lies, of which this has counted most and none was
    /// shorter than `floor`.
    pub(super) fn percentile(&self, p: f64, calls: u64, floor: f64) -> Span {
        let counted = self.calls();
        let apart = counted.abs_diff(calls) as f64;
        let rank = (p * counted as f64).ceil().max(1.0);
        // Executions that are counted once only may lie on either side.
        let (_, first) = self.bucket_of(rank - apart);
        let (last, _) = self.bucket_of(rank + apart);
        let (at, (low, high)) = self.bucket_of(rank);
        let low = low.max(floor.min(high));
        let below: u64 = self.counts.iter().take(at).sum();
        let within = self.counts.get(at).copied().unwrap_or(0).max(1) as f64;
        let part = ((rank - 0.5 - below as f64) / within).clamp(0.0, 1.0);
        // Buckets grow by a factor, so that the middle of one is that of its logarithms.
        let ms = match () {
            () if !high.is_finite() => low,
            () if low > 0.0 => low * (high / low).powf(part),
            () => high * part,
        };
        let at_most = self.upper(last);
        let at_least = (first.0 - ROUNDING).max(floor.min(at_most)).max(0.0);
        Span { at_least, at_most: at_most + ROUNDING, ms }
    }

    /// The bucket of a rank, and its bounds.
    fn bucket_of(&self, rank: f64) -> (usize, (f64, f64)) {
        let mut below = 0;
        let reaches = |count: &u64| {
            below += count;
            below as f64 >= rank.max(1.0)
        };
        let last = self.uppers.len();
        let at = self.counts.iter().position(reaches).unwrap_or(last);
        let lower = at.checked_sub(1).and_then(|at| self.uppers.get(at)).copied().unwrap_or(0.0);
        (at, (lower, self.upper(at)))
    }

    fn upper(&self, at: usize) -> f64 {
        self.uppers.get(at).copied().unwrap_or(f64::INFINITY)
    }
}

fn add(to: &mut Vec<u64>, more: &[u64]) {
    to.resize(to.len().max(more.len()), 0);
    for (sum, more) in to.iter_mut().zip(more) {
        *sum = sum.saturating_add(*more);
    }
}

/// The upper bounds in what `get_histogram_timings()` says:
/// `{{0.000 - 1.000}, (1.000 - 2.778}, …, (100000.000 - ...}}`. `None` where it says something else.
fn uppers(timings: &str) -> Option<Vec<f64>> {
    let ends = timings.split(" - ").skip(1).take(MOST_BUCKETS);
    let ends: Vec<&str> = ends.filter_map(|rest| rest.split(['}', ')']).next()).collect();
    let (last, finite) = ends.split_last()?;
    let uppers: Option<Vec<f64>> = finite.iter().map(|end| end.trim().parse().ok()).collect();
    let uppers = uppers.filter(|uppers| uppers.iter().all(|upper: &f64| upper.is_finite()))?;
    let rises = uppers.windows(2).all(|pair| pair.first() < pair.last());
    (rises && !uppers.is_empty() && last.trim() == "...").then_some(uppers)
}

/// The counts in `1,2,3` or `{1,2,3}`.
fn numbers(text: &str, most: usize) -> Vec<u64> {
    let numbers = text.split(|c: char| !c.is_ascii_digit()).filter(|number| !number.is_empty());
    numbers.map(|number| number.parse().unwrap_or(0)).take(most).collect()
}

#[cfg(test)]
mod tests;
