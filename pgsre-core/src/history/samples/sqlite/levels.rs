//! Stretches of time that were taken together.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::Point;

/// Points that are taken together are complete for so long: a reading that is late is still in.
const LATE: i64 = 60_000;

/// Five minutes of samples, and an hour of those. Series by series (SQLite keeps the order of a CROSS
/// JOIN), so that each is a look into the primary key and no walk over all that is kept.
pub(super) const LEVELS: [Level; 2] = [
    Level {
        width: 300_000,
        from: "SELECT series, at, value AS mean, value AS min, value AS max, \
        value IS NOT NULL AS count FROM series CROSS JOIN point ON series = id",
    },
    Level {
        width: 3_600_000,
        from: "SELECT series, at, mean, min, max, count \
        FROM series CROSS JOIN stretch ON series = id AND width = 300000",
    },
];

/// One width of stretches, in milliseconds.
#[derive(Debug)]
pub(super) struct Level {
    pub(super) width: i64,
    from: &'static str,
}

impl Level {
    /// Takes together what is complete and was not yet. To do so again changes nothing.
    pub(super) fn take_together(
        &self,
        transaction: &Transaction<'_>,
        now: Timestamp,
    ) -> rusqlite::Result<()> {
        let width = self.width;
        let until = (now.as_millisecond() - LATE).div_euclid(width) * width;
        let done = self.done(transaction)?.unwrap_or(i64::MIN);
        if until <= done {
            return Ok(());
        }
        let sql = format!(
            "INSERT OR REPLACE INTO stretch (series, width, at, mean, min, max, count) \
             SELECT series, {width}, at - ((at % {width}) + {width}) % {width} AS begin, \
                    sum(mean * count) / nullif(sum(count), 0), min(min), max(max), sum(count) \
               FROM ({}) WHERE at >= ?1 AND at < ?2 GROUP BY series, begin",
            self.from,
        );
        transaction.execute(&sql, params![done, until])?;
        transaction.execute("INSERT OR REPLACE INTO done VALUES (?, ?)", params![width, until])?;
        Ok(())
    }

    /// Until when it is complete.
    pub(super) fn done(&self, connection: &Connection) -> rusqlite::Result<Option<i64>> {
        connection
            .prepare_cached("SELECT until FROM done WHERE width = ?")?
            .query_row([self.width], |row| row.get(0))
            .optional()
    }

    /// When the finer points of a series begin, which are not yet forgotten.
    pub(super) fn finer_begins(
        &self,
        connection: &Connection,
        series: i64,
    ) -> rusqlite::Result<Option<i64>> {
        let sql = if self.width == LEVELS[0].width {
            "SELECT min(at) FROM point WHERE series = ?"
        } else {
            "SELECT min(at) FROM (SELECT min(at) AS at FROM stretch WHERE series = ?1 \
             AND width = 300000 UNION ALL SELECT min(at) FROM point WHERE series = ?1)"
        };
        let begins: Option<i64> =
            connection.prepare_cached(sql)?.query_row([series], |row| row.get(0))?;
        // Nothing finer is left: all that is complete.
        let Some(begins) = begins else { return self.done(connection) };
        Ok(Some(begins.div_euclid(self.width) * self.width))
    }

    pub(super) fn points(
        &self,
        connection: &Connection,
        series: i64,
        from: i64,
        to: i64,
    ) -> rusqlite::Result<Vec<Point>> {
        connection
            .prepare_cached(
                "SELECT at, mean, min, max, count FROM stretch \
                 WHERE series = ? AND width = ? AND at >= ? AND at < ? ORDER BY at",
            )?
            .query_map(params![series, self.width, from, to], point)?
            .collect()
    }
}

/// Each sample by itself.
pub(super) fn raw(
    connection: &Connection,
    series: i64,
    from: i64,
    to: i64,
) -> rusqlite::Result<Vec<Point>> {
    connection
        .prepare_cached(
            "SELECT at, value, value, value, value IS NOT NULL FROM point \
             WHERE series = ? AND at >= ? AND at < ? ORDER BY at",
        )?
        .query_map(params![series, from, to], point)?
        .collect()
}

/// Removes points of a width that are older; each sample where it is 0.
pub(super) fn forget(
    transaction: &Transaction<'_>,
    width: i64,
    oldest: i64,
) -> rusqlite::Result<()> {
    let sql = match width {
        0 => "DELETE FROM point WHERE series = ?1 AND at < ?2",
        _ => "DELETE FROM stretch WHERE series = ?1 AND width = ?3 AND at < ?2",
    };
    let mut statement = transaction.prepare_cached("SELECT id FROM series")?;
    let series: Vec<i64> =
        statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    let mut delete = transaction.prepare_cached(sql)?;
    for id in series {
        if width == 0 {
            delete.execute(params![id, oldest])?;
        } else {
            delete.execute(params![id, oldest, width])?;
        }
    }
    Ok(())
}

fn point(row: &Row<'_>) -> rusqlite::Result<Point> {
    let at: i64 = row.get(0)?;
    Ok(Point {
        at: Timestamp::from_millisecond(at).unwrap_or(Timestamp::UNIX_EPOCH),
        value: row.get(1)?,
        min: row.get(2)?,
        max: row.get(3)?,
        count: row.get::<_, i64>(4)?.max(0) as u64,
    })
}
