//! The newest row is young enough.

use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio_postgres::types::Type;

use super::{Validation, ValidationContext, Validator, ValidatorError};
use crate::finding::{Finding, FindingCode};
use crate::postgres::Snapshot;
use crate::postgres::quote_identifier;

/// The table as SQL names it, and the type of its column below any domain.
const COLUMN: &str = "\
    WITH RECURSIVE base AS ( \
      SELECT t.oid, t.typbasetype FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid \
       WHERE a.attrelid = to_regclass($1) AND a.attname = $2 AND NOT a.attisdropped \
      UNION ALL \
      SELECT t.oid, t.typbasetype FROM base JOIN pg_type t ON t.oid = base.typbasetype) \
    SELECT to_regclass($1)::oid::int8, (SELECT n.nspname::text FROM pg_class c \
             JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)), \
           (SELECT relname::text FROM pg_class WHERE oid = to_regclass($1)), \
           (SELECT format_type(oid, NULL) FROM base WHERE typbasetype = 0)";

/// A clock that runs ahead explains this much, and so does a time zone of a `timestamp`; a date
/// further ahead is no time of writing and proves nothing.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

/// What a number in the column counts since 1970-01-01 00:00 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EpochUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
}

impl EpochUnit {
    const fn per_second(self) -> u32 {
        match self {
            Self::Seconds => 1,
            Self::Milliseconds => 1_000,
            Self::Microseconds => 1_000_000,
        }
    }
}

/// The greatest value of a column is not older than allowed: the backup holds recent data, whatever
/// its own date says.
///
/// The column is a `timestamptz`, a `timestamp` (of UTC), a `date` (which counts as its end), or a
/// number with an [`EpochUnit`]. Values more than a day in the future are left out.
#[derive(Clone, Debug)]
pub struct Freshness {
    name: String,
    table: String,
    column: String,
    max_age: SignedDuration,
    epoch: Option<EpochUnit>,
}

impl Freshness {
    /// A table as SQL names it (`orders`, `shop."Order"`), its column's exact name, and the age.
    pub fn new(table: impl Into<String>, column: impl Into<String>, max_age: Duration) -> Self {
        let (table, column) = (table.into(), column.into());
        Self {
            name: format!("freshness of {table}.{column}"),
            table,
            column,
            max_age: SignedDuration::try_from(max_age).unwrap_or(SignedDuration::MAX),
            epoch: None,
        }
    }

    /// The column holds numbers of this unit.
    #[must_use]
    pub fn epoch(mut self, unit: EpochUnit) -> Self {
        self.epoch = Some(unit);
        self
    }
}

#[async_trait]
impl Validator for Freshness {
    fn name(&self) -> &str {
        &self.name
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let snapshot = Snapshot::open(cx.restored, cx.cancel).await?;
        let newest = self.newest(&snapshot, cx.now).await?;
        let mut validation = Validation::sound(1);
        validation.findings.extend(self.judge(newest, cx.now));
        Ok(validation)
    }
}

impl Freshness {
    fn judge(&self, newest: Option<Timestamp>, now: Timestamp) -> Option<Finding> {
        let message = match newest {
            None => "no row has a time that is not in the future".to_owned(),
            Some(newest) if now.duration_since(newest) <= self.max_age => return None,
            Some(newest) => format!(
                "the newest row is of {newest:.0}, {:#} ago; at most {:#} are allowed",
                whole_seconds(now.duration_since(newest)),
                whole_seconds(self.max_age),
            ),
        };
        let subject = format!("{}.{}", self.table, self.column);
        Some(Finding::critical(FindingCode::DataStale, subject, message).with_hint(
            "check that the backup job dumps the live database, and that the data still flows",
        ))
    }

    /// The column's greatest value that is not in the future.
    async fn newest(
        &self,
        snapshot: &Snapshot<'_>,
        now: Timestamp,
    ) -> Result<Option<Timestamp>, ValidatorError> {
        let sql = self.newest_sql(snapshot).await?;
        let limit = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        let limit = limit.as_microsecond();
        let what = format!("find the newest row of {}", self.table);
        let rows = snapshot.rows(&what, &sql, &[(&limit, Type::INT8)]).await?;
        let micros = rows.first().and_then(|row| row.get::<_, Option<i64>>(0));
        micros
            .map(Timestamp::from_microsecond)
            .transpose()
            .map_err(|error| ValidatorError::new(format!("cannot {what}")).with_cause(error))
    }

    /// A query of the newest value in microseconds since 1970, given the latest to regard.
    async fn newest_sql(&self, snapshot: &Snapshot<'_>) -> Result<String, ValidatorError> {
        snapshot
            .execute("set the search path", "SET LOCAL search_path = \"$user\", public")
            .await?;
        let params: [(&(dyn tokio_postgres::types::ToSql + Sync), Type); 2] =
            [(&self.table, Type::TEXT), (&self.column, Type::TEXT)];
        let what = format!("look up {}.{}", self.table, self.column);
        let rows = snapshot.rows(&what, COLUMN, &params).await?;
        let found = rows.first().and_then(|row| {
            let (schema, table): (Option<&str>, Option<&str>) = (row.get(1), row.get(2));
            Some((schema?.to_owned(), table?.to_owned(), row.get::<_, Option<String>>(3)))
        });
        let Some((schema, table, data_type)) = found else {
            return Err(ValidatorError::new(format!("there is no table {}", self.table)));
        };
        let Some(data_type) = data_type else {
            let Self { table, column, .. } = self;
            return Err(ValidatorError::new(format!("{table} has no column {column}")));
        };
        let column = quote_identifier(&self.column);
        let (bound, micros) = self.expressions(&column, &data_type)?;
        Ok(format!(
            "SELECT {micros} FROM (SELECT pg_catalog.max({column}) AS newest FROM {}.{} \
              WHERE {column} <= {bound}) AS newest_of_all",
            quote_identifier(&schema),
            quote_identifier(&table),
        ))
    }

    /// The latest value to regard, in the column's own type so that an index helps, and the newest
    /// in microseconds.
    fn expressions(
        &self,
        column: &str,
        data_type: &str,
    ) -> Result<(String, String), ValidatorError> {
        let from_epoch = "('epoch'::timestamptz + $1 * interval '1 microsecond')";
        let micros =
            |value: &str| format!("pg_catalog.floor(extract(epoch FROM {value}) * 1000000)::int8");
        let finite = "nullif(newest, '-infinity')";
        match (data_type, self.epoch) {
            ("timestamp with time zone", None) => Ok((from_epoch.into(), micros(finite))),
            ("timestamp without time zone", None) => {
                Ok((format!("{from_epoch}::timestamp"), micros(finite)))
            }
            ("date", None) => {
                Ok((format!("{from_epoch}::date"), micros(&format!("({finite} + 1)::timestamp"))))
            }
            (
                "smallint" | "integer" | "bigint" | "numeric" | "real" | "double precision",
                Some(unit),
            ) => {
                let scale = 1_000_000 / unit.per_second();
                Ok((
                    format!("($1 / {scale})"),
                    format!("pg_catalog.floor(newest::numeric * {scale})::int8"),
                ))
            }
            (_, None) => Err(ValidatorError::new(format!(
                "{column} is of type {data_type}, not a timestamp or date: say which unit its \
                 numbers count"
            ))),
            (_, Some(_)) => Err(ValidatorError::new(format!(
                "{column} is of type {data_type}, not a number: leave the unit out"
            ))),
        }
    }
}

fn whole_seconds(duration: SignedDuration) -> SignedDuration {
    SignedDuration::from_secs(duration.as_secs())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::fixture::Fixture;
    use super::*;

    const HOUR: Duration = Duration::from_secs(3600);

    async fn outcome(sql: &str, freshness: Freshness) -> Result<Vec<Finding>, ValidatorError> {
        let mut fixture = Fixture::new(sql).await;
        fixture.now = "2026-06-15T12:00:00Z".parse().unwrap();
        Ok(freshness.validate(&fixture.context()).await?.findings)
    }

    async fn is_stale(column: &str, value: &str, max_age: Duration) -> bool {
        let sql = format!("CREATE TABLE t (c {column}); INSERT INTO t VALUES ({value}), (NULL)");
        let findings = outcome(&sql, Freshness::new("t", "c", max_age)).await.unwrap();
        findings.iter().any(|finding| finding.code == FindingCode::DataStale)
    }

    #[tokio::test]
    async fn a_newest_row_older_than_allowed_is_stale_and_a_younger_one_is_not() {
        for column in ["timestamptz", "timestamp"] {
            assert!(is_stale(column, "'2026-06-15 10:59:00Z'", HOUR).await);
            assert!(!is_stale(column, "'2026-06-15 11:01:00Z'", HOUR).await);
        }
    }

    #[tokio::test]
    async fn a_date_counts_as_its_end() {
        assert!(!is_stale("date", "'2026-06-14'", 13 * HOUR).await);
        assert!(is_stale("date", "'2026-06-13'", 13 * HOUR).await);
    }

    #[tokio::test]
    async fn no_row_at_all_is_stale() {
        assert!(is_stale("timestamptz", "NULL", HOUR).await);
        assert!(is_stale("timestamptz", "'-infinity'", HOUR).await);
    }

    #[tokio::test]
    async fn a_date_in_the_far_future_hides_nothing() {
        assert!(is_stale("timestamptz", "'9999-12-31'), ('2026-01-01'", HOUR).await);
        assert!(is_stale("timestamptz", "'infinity'), ('2026-01-01'", HOUR).await);
        assert!(!is_stale("timestamptz", "'infinity'), ('2026-06-15 11:30Z'", HOUR).await);
    }

    #[tokio::test]
    async fn numbers_need_their_unit() {
        let sql = "CREATE TABLE t (c int8); INSERT INTO t VALUES (1781523000000)";
        assert!(outcome(sql, Freshness::new("t", "c", HOUR)).await.is_err());
        let fresh = Freshness::new("t", "c", HOUR).epoch(EpochUnit::Milliseconds);
        assert!(outcome(sql, fresh.clone()).await.unwrap().is_empty());
        let sql = "CREATE TABLE t (c int8); INSERT INTO t VALUES (1781510000000)";
        assert_eq!(outcome(sql, fresh).await.unwrap().len(), 1);
    }

    #[tokio::test]
    async fn an_unknown_table_or_column_is_no_answer() {
        assert!(outcome("", Freshness::new("t", "c", HOUR)).await.is_err());
        assert!(outcome("CREATE TABLE t (a int)", Freshness::new("t", "c", HOUR)).await.is_err());
    }
}
