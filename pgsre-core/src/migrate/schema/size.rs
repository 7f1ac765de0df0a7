//! How large a table is, and what that means for those who wait.

use std::fmt;
use std::ops::Add;

use super::Schema;
use crate::finding::Severity;

/// Below both, what reads or writes all rows is done before anybody notices: 16 MiB are read in some
/// 10 ms and written anew in some 200 ms, even from a slow disk.
const SMALL: Size = Size { rows: Some(10_000), bytes: 16 << 20 };
/// From one of them on, it takes longer than applications wait for a connection (some 10 s at 100 MB/s,
/// a million index entries or more).
const LARGE: Size = Size { rows: Some(1_000_000), bytes: 1 << 30 };

/// The size of a table by the server's own estimate (`pg_class`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// As the last VACUUM or ANALYZE counted them; none where there was none.
    pub rows: Option<u64>,
    /// Of the table and its out-of-line values, without indexes.
    pub bytes: u64,
}

impl Size {
    /// How bad it is to read or write all of it while others wait: below 10,000 rows and 16 MiB worth
    /// knowing only, from 1,000,000 rows or 1 GiB on an outage.
    #[must_use]
    pub fn severity(self) -> Severity {
        let rows = |bound: Self| self.rows.zip(bound.rows);
        if self.bytes >= LARGE.bytes || rows(LARGE).is_some_and(|(own, bound)| own >= bound) {
            return Severity::Critical;
        }
        let many = rows(SMALL).is_some_and(|(own, bound)| own >= bound);
        if many || self.bytes >= SMALL.bytes { Severity::Warning } else { Severity::Info }
    }
}

impl Add for Size {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        let rows = self.rows.zip(other.rows).map(|(one, two)| one.saturating_add(two));
        Self { rows, bytes: self.bytes.saturating_add(other.bytes) }
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = scaled(self.bytes, 1024, &["bytes", "kB", "MB", "GB", "TB"]);
        match self.rows {
            // A manifest counts rows and measures nothing.
            Some(1) if self.bytes == 0 => f.write_str("1 row"),
            Some(rows @ 2..) if self.bytes == 0 => {
                write!(f, "{} rows", scaled(rows, 1000, &["", "k", "M", "G"]))
            }
            Some(1) => write!(f, "{bytes}, 1 row"),
            Some(rows) => write!(f, "{bytes}, {} rows", scaled(rows, 1000, &["", "k", "M", "G"])),
            None => write!(f, "{bytes}, never analysed"),
        }
    }
}

/// Two digits or more, in the largest unit that it has one of.
fn scaled(number: u64, step: u64, units: &[&str]) -> String {
    let (mut unit, mut scale) = (0, 1_u64);
    while unit + 1 < units.len() && number / scale >= step {
        (unit, scale) = (unit + 1, scale * step);
    }
    let (whole, tenth) = (number / scale, number % scale * 10 / scale);
    let number = match tenth {
        1.. if whole < 10 => format!("{whole}.{tenth}"),
        _ => whole.to_string(),
    };
    format!("{number} {}", units[unit]).trim_end().to_owned()
}

impl Schema {
    /// The size of a table with all that is below it; none where any of it is not known.
    #[must_use]
    pub fn size(&self, table: &str) -> Option<Size> {
        let holds = |table: &&String| self.table(table).is_none_or(|known| !known.partitioned);
        let family = self.family(table);
        let counted = |table: &String| {
            let rows = *self.counted.get(table)?;
            Some(Size { rows: Some(rows), bytes: 0 })
        };
        let measured = |table: &String| self.table(table).and_then(|known| known.size);
        let mut sizes =
            family.iter().filter(holds).map(|one| measured(one).or_else(|| counted(one)));
        sizes.try_fold(Size { rows: Some(0), bytes: 0 }, |sum, size| Some(sum + size?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_written_as_people_say_it() {
        let shown = |rows, bytes| Size { rows, bytes }.to_string();
        assert_eq!(shown(Some(120_400_000), 41 << 30), "41 GB, 120 M rows");
        assert_eq!(shown(Some(1_500), 8192), "8 kB, 1.5 k rows");
        assert_eq!(shown(Some(1), 8192), "8 kB, 1 row");
        assert_eq!(shown(Some(0), 0), "0 bytes, 0 rows");
        assert_eq!(
            (shown(Some(1), 0), shown(Some(12_000), 0)),
            ("1 row".into(), "12 k rows".into())
        );
        assert_eq!(shown(Some(10), 8192), "8 kB, 10 rows");
        assert_eq!(shown(None, 3 << 20), "3 MB, never analysed");
        assert_eq!(shown(Some(u64::MAX), u64::MAX), "16777215 TB, 18446744073 G rows");
    }

    #[test]
    fn severity_grows_with_rows_or_bytes() {
        let severity = |rows, bytes| Size { rows, bytes }.severity();
        assert_eq!(severity(Some(10), 8192), Severity::Info);
        assert_eq!(severity(None, 8192), Severity::Info);
        assert_eq!(severity(Some(10_000), 8192), Severity::Warning);
        assert_eq!(severity(None, 16 << 20), Severity::Warning);
        assert_eq!(severity(Some(1_000_000), 8192), Severity::Critical);
        assert_eq!(severity(Some(0), 1 << 30), Severity::Critical);
    }
}
