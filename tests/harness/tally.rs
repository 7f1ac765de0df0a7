//! How often each of several things came to each of several outcomes.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Counts by row and column; shown as a Markdown table.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    rows: BTreeMap<String, BTreeMap<String, u32>>,
}

impl Tally {
    /// One more.
    pub fn add(&mut self, row: &str, column: &str) {
        *self.rows.entry(row.to_owned()).or_default().entry(column.to_owned()).or_default() += 1;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let columns: BTreeSet<&String> = self.rows.values().flat_map(BTreeMap::keys).collect();
        write!(f, "| | cases |")?;
        columns.iter().try_for_each(|column| write!(f, " {column} |"))?;
        writeln!(f, "\n|---|{}", "---|".repeat(columns.len() + 1))?;
        for (row, outcomes) in &self.rows {
            write!(f, "| `{row}` | {} |", outcomes.values().sum::<u32>())?;
            for column in &columns {
                let times = outcomes.get(*column).map_or(String::new(), u32::to_string);
                write!(f, " {times} |")?;
            }
            writeln!(f)?;
        }
        Ok(())
    }
}
