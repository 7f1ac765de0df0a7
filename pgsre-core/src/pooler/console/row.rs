//! Rows of the console, read by the names of their columns.

use tokio_postgres::SimpleQueryRow;

use super::ConsoleError;

/// Rows that are kept of one answer: a machine does not hold more sockets.
const MOST: usize = 1 << 20;

/// The answer to one `SHOW`.
#[derive(Debug)]
pub(in crate::pooler) struct Rows {
    what: &'static str,
    rows: Vec<Row>,
}

/// One row: names and values.
#[derive(Clone, Debug)]
pub(in crate::pooler) struct Row {
    what: &'static str,
    values: Vec<(String, Option<String>)>,
}

impl Rows {
    pub(super) fn of(what: &'static str, rows: impl Iterator<Item = SimpleQueryRow>) -> Self {
        let read = |row: SimpleQueryRow| {
            let names = row.columns().iter().map(|column| column.name().to_owned());
            let values = (0..row.len()).map(|at| row.get(at).map(str::to_owned));
            Row { what, values: names.zip(values).collect() }
        };
        Self { what, rows: rows.take(MOST).map(read).collect() }
    }

    pub(super) fn read<T>(
        &self,
        read: impl Fn(&Row) -> Result<T, ConsoleError>,
    ) -> Result<Vec<T>, ConsoleError> {
        tracing::trace!(what = self.what, rows = self.rows.len(), "the console answered");
        self.rows.iter().map(read).collect()
    }
}

impl Row {
    /// A row as a version of PgBouncer would send it.
    #[cfg(test)]
    pub(in crate::pooler) fn fixture(columns: &str, values: &str) -> Self {
        let values = values.split('|').map(|value| Some(value.to_owned()));
        Self { what: "TEST", values: columns.split('|').map(str::to_owned).zip(values).collect() }
    }

    /// Text; empty where it is null.
    pub(in crate::pooler) fn text(&self, column: &str) -> Result<String, ConsoleError> {
        Ok(self.find(column)?.unwrap_or_default().to_owned())
    }

    /// Text that not every version has.
    pub(in crate::pooler) fn maybe_text(&self, column: &str) -> Option<String> {
        self.find(column).ok().flatten().filter(|text| !text.is_empty()).map(str::to_owned)
    }

    /// A number that is never below 0.
    pub(in crate::pooler) fn count(&self, column: &str) -> Result<u64, ConsoleError> {
        self.maybe_count(column).ok_or_else(|| ConsoleError::column(self.what, column))
    }

    /// The same, where not every version has it.
    pub(in crate::pooler) fn maybe_count(&self, column: &str) -> Option<u64> {
        self.find(column).ok().flatten()?.trim().parse().ok()
    }

    /// The first of several names that one column has had.
    pub(in crate::pooler) fn count_of_any(&self, columns: &[&str]) -> Result<u64, ConsoleError> {
        let found = columns.iter().find_map(|column| self.maybe_count(column));
        found.ok_or_else(|| ConsoleError::column(self.what, columns.first().unwrap_or(&"?")))
    }

    fn find(&self, column: &str) -> Result<Option<&str>, ConsoleError> {
        let found = self.values.iter().find(|(name, _)| name == column);
        found
            .map(|(_, value)| value.as_deref())
            .ok_or_else(|| ConsoleError::column(self.what, column))
    }
}
