//! Where `pg_stat_statements` is, and which columns it has: by the version of the extension, which
//! is not the server's until somebody updates it.

use std::fmt;

use super::ask::Ask;
use super::error::{QueriesError, QueriesErrorKind};
use super::histogram;
use crate::postgres::{Session, quote_identifier};

/// The extension in this database, and whether its library is loaded: only then are its settings
/// known.
const FIND: &str = "\
    SELECT current_database()::text, current_setting('pg_stat_statements.max', true), \
           e.extversion, n.nspname::text \
      FROM (SELECT) AS one \
      LEFT JOIN pg_catalog.pg_extension e ON e.extname = 'pg_stat_statements' \
      LEFT JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace";

/// The oldest version whose columns are known: planning and execution are split since then.
const OLDEST: (u32, u32) = (1, 8);

/// What each version has, the newest first. A newer one is read as the newest known.
const LAYOUTS: &[Layout] = &[
    Layout {
        since: (1, 11),
        io_ms: "shared_blk_read_time + shared_blk_write_time + local_blk_read_time \
                + local_blk_write_time + temp_blk_read_time + temp_blk_write_time",
        since_us: "(extract(epoch FROM stats_since) * 1000000)::int8",
        minmax_us: "(extract(epoch FROM minmax_stats_since) * 1000000)::int8",
        ..OF_1_8
    },
    Layout {
        since: (1, 10),
        io_ms: "blk_read_time + blk_write_time + temp_blk_read_time + temp_blk_write_time",
        ..OF_1_8
    },
    Layout { since: (1, 9), ..OF_1_8 },
    Layout { toplevel: "true", has_info: false, ..OF_1_8 },
];

const OF_1_8: Layout = Layout {
    since: OLDEST,
    toplevel: "toplevel",
    io_ms: "blk_read_time + blk_write_time",
    since_us: "NULL::int8",
    minmax_us: "NULL::int8",
    has_info: true,
};

/// The expressions that differ from version to version.
#[derive(Debug)]
struct Layout {
    since: (u32, u32),
    toplevel: &'static str,
    io_ms: &'static str,
    since_us: &'static str,
    minmax_us: &'static str,
    has_info: bool,
}

/// `pg_stat_statements` of one database, which counts for all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extension {
    /// Its version, as in 1.12.
    pub version: (u32, u32),
    /// The most statements that it keeps.
    pub max: Option<u64>,
    schema: String,
    /// Where pg_stat_monitor is, quoted: it has histograms.
    pub(super) histograms: Option<String>,
}

impl Extension {
    /// Looks for the extension in the session's database.
    ///
    /// # Errors
    /// Where it is not loaded, not created or too old: the error says how to mend that.
    pub async fn find(session: &Session) -> Result<Self, QueriesError> {
        Self::found(session).await
    }

    pub(super) async fn found(server: &impl Ask) -> Result<Self, QueriesError> {
        let row = server.row(FIND).await?;
        let (database, max): (String, Option<String>) = (row.try_get(0)?, row.try_get(1)?);
        let (Some(version), Some(schema)) =
            (row.try_get::<_, Option<String>>(2)?, row.try_get::<_, Option<String>>(3)?)
        else {
            return Err(absent(&database, max.is_some()));
        };
        if max.is_none() {
            return Err(QueriesError::new(
                QueriesErrorKind::NotLoaded,
                format!(
                    "pg_stat_statements is created in database {database:?}, but its library is \
                     not loaded, so nothing is counted"
                ),
            ));
        }
        let max = max.and_then(|max| max.parse().ok());
        let version = parse(&version)?;
        let histograms = histogram::find(server).await?;
        Ok(Self { version, max, schema: quote_identifier(&schema), histograms })
    }

    /// Reads every statement's counters, without texts.
    pub(super) fn counters_sql(&self) -> String {
        let Layout { toplevel, io_ms, since_us, minmax_us, .. } = self.layout();
        format!(
            "SELECT userid, dbid, {toplevel}, queryid, calls, total_exec_time, stddev_exec_time, \
                    min_exec_time, max_exec_time, rows, shared_blks_hit, shared_blks_read, \
                    shared_blks_dirtied, shared_blks_written, temp_blks_read, temp_blks_written, \
                    wal_bytes::float8, {io_ms}, plans, total_plan_time, {since_us}, {minmax_us} \
               FROM {}.pg_stat_statements(false)",
            self.schema
        )
    }

    /// Reads the number of evictions and the moment of the last reset, of the whole.
    pub(super) fn info_sql(&self) -> String {
        let now = "(extract(epoch FROM clock_timestamp()) * 1000000)::int8";
        let started = "(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::int8";
        match self.layout().has_info {
            true => format!(
                "SELECT {now}, {started}, dealloc, \
                        (extract(epoch FROM stats_reset) * 1000000)::int8 \
                   FROM {}.pg_stat_statements_info",
                self.schema
            ),
            // A crash loses these statistics and those of the background writer alike.
            false => format!(
                "SELECT {now}, {started}, NULL::int8, \
                        (extract(epoch FROM stats_reset) * 1000000)::int8 FROM pg_stat_bgwriter"
            ),
        }
    }

    /// Reads the texts of some statements. The extension has no way to read one: it hands out all,
    /// and the server throws away those that were not asked for.
    pub(super) fn texts_sql(&self, most: usize) -> String {
        let Layout { toplevel, .. } = self.layout();
        format!(
            "SELECT userid, dbid, {toplevel}, queryid, left(query, {most}), \
                    length(query) > {most} \
               FROM {}.pg_stat_statements(true) WHERE queryid = ANY ($1)",
            self.schema
        )
    }

    fn layout(&self) -> &'static Layout {
        let known = LAYOUTS.iter().find(|layout| self.version >= layout.since);
        known.unwrap_or(&OF_1_8)
    }
}

impl fmt::Display for Extension {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pg_stat_statements {}.{}", self.version.0, self.version.1)
    }
}

fn absent(database: &str, is_loaded: bool) -> QueriesError {
    if is_loaded {
        let context = format!("the extension pg_stat_statements is not in database {database:?}");
        return QueriesError::new(QueriesErrorKind::NotCreated, context);
    }
    let context =
        format!("pg_stat_statements is not loaded by the server of database {database:?}");
    QueriesError::new(QueriesErrorKind::NotLoaded, context)
}

/// 1.10 is newer than 1.9: no decimal fraction.
fn parse(version: &str) -> Result<(u32, u32), QueriesError> {
    let number = |text: Option<&str>| text.and_then(|text| text.trim().parse::<u32>().ok());
    let mut parts = version.split('.');
    let parsed = number(parts.next()).zip(number(parts.next()));
    let too_old = |version: &str| {
        let context = format!("pg_stat_statements is of version {version}; 1.8 is needed");
        QueriesError::new(QueriesErrorKind::TooOld, context)
    };
    parsed.filter(|version| *version >= OLDEST).ok_or_else(|| too_old(version))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(version: (u32, u32)) -> Extension {
        Extension { version, max: Some(5000), schema: "\"public\"".to_owned(), histograms: None }
    }

    #[test]
    fn a_version_is_two_numbers_and_an_old_one_says_how_to_update() {
        assert_eq!(parse("1.10").ok(), Some((1, 10)));
        assert_eq!(parse("2.0").ok(), Some((2, 0)));
        for version in ["1.7", "1", "", "x.y", "99999999999.1"] {
            let error = parse(version).map_err(|error| (error.kind(), error.hint()));
            assert!(
                matches!(error, Err((QueriesErrorKind::TooOld, hint)) if hint.contains("UPDATE")),
                "{version}"
            );
        }
    }

    #[test]
    fn each_version_is_asked_for_the_columns_that_it_has() {
        let has = |version, column: &str| of(version).counters_sql().contains(column);
        assert!(!has((1, 8), "toplevel") && has((1, 9), "toplevel"));
        assert!(has((1, 9), " blk_read_time") && !has((1, 9), "temp_blk_read_time"));
        assert!(has((1, 10), "temp_blk_read_time") && !has((1, 10), "stats_since"));
        for version in [(1, 11), (1, 12), (1, 13), (2, 0)] {
            assert!(has(version, "shared_blk_read_time") && has(version, "stats_since"));
            assert!(has(version, "toplevel") && !has(version, " blk_read_time"));
        }
        assert!(of((1, 8)).info_sql().contains("pg_stat_bgwriter"));
        assert!(of((1, 9)).info_sql().contains("dealloc"));
    }
}
