//! Tables that shrank since the drill before.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{Validation, ValidationContext, Validator, ValidatorError};
use crate::finding::{Finding, FindingCode};
use crate::restore::{DatabaseLoad, LoadReport};

/// The part of its rows that a table may lose between two drills without being news.
pub const MAX_TABLE_SHRINK: f64 = 0.4;

/// Tables of fewer rows shrink by chance.
const LEAST_ROWS: u64 = 100;

/// Tables that are named one by one.
const NAMED: usize = 20;

/// The tables that the drill before restored, with their rows: plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreviousTables {
    at: Timestamp,
    /// By database; by nothing where there was only one, which may bear any name.
    databases: BTreeMap<Option<String>, BTreeMap<String, u64>>,
}

impl PreviousTables {
    /// Of what was loaded at this time.
    #[must_use]
    pub fn new(at: Timestamp, load: &LoadReport) -> Self {
        let several = load.databases.len() > 1;
        let databases = load.databases.iter().map(|database| {
            let tables = database.tables.iter().filter(|table| !table.failed);
            let rows = tables.map(|table| (table.table.to_string(), table.rows)).collect();
            (several.then(|| database.name.clone()), rows)
        });
        Self { at, databases: databases.collect() }
    }

    fn of(&self, cx: &ValidationContext<'_>) -> Option<&BTreeMap<String, u64>> {
        self.databases.get(&cx.is_cluster().then(|| cx.load.name.clone()))
    }
}

/// No table lost a large part of its rows since the drill before, nor all of them. It is a warning:
/// rows are deleted for good reasons, too, so it never changes a verdict by itself.
#[derive(Clone, Debug)]
pub struct TableShrinkage {
    previous: PreviousTables,
    max_shrink: f64,
}

impl TableShrinkage {
    /// Compares with what the drill before restored; a table may lose less than this part of its
    /// rows, from 0 to 1.
    #[must_use]
    pub fn new(previous: PreviousTables, max_shrink: f64) -> Self {
        Self { previous, max_shrink }
    }

    fn shrank(&self, before: u64, now: u64) -> bool {
        let lost = before.saturating_sub(now);
        #[expect(clippy::cast_precision_loss, reason = "a part, for a threshold")]
        let part = lost as f64 / before.max(1) as f64;
        lost > 0 && before >= LEAST_ROWS && part >= self.max_shrink
    }

    fn finding(&self, table: &str, before: u64, now: Option<u64>) -> Finding {
        let then = self.previous.at.strftime("%Y-%m-%d");
        let message = match now {
            Some(now) => {
                let part = (before - now) * 100 / before.max(1);
                format!("the drill of {then} restored {before} rows, this one {now}: {part} % less")
            }
            None => format!("the drill of {then} restored {before} rows, this one no such table"),
        };
        Finding::warning(FindingCode::RowsBelowFloor, table, message)
            .with_hint("ask who deleted the rows; if nobody did, keep the older backup")
    }
}

#[async_trait]
impl Validator for TableShrinkage {
    fn name(&self) -> &str {
        "trend since the drill before"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let Some(before) = self.previous.of(cx) else { return Ok(Validation::of_optional(0)) };
        let now = rows(cx.load);
        let mut validation = Validation::of_optional(before.len() as u64);
        for (table, before) in before {
            let there = now.get(table).copied();
            if self.shrank(*before, there.unwrap_or(0)) && validation.findings.len() < NAMED {
                validation.findings.push(self.finding(table, *before, there));
            }
        }
        Ok(validation)
    }
}

/// Rows of each table that the archive had data for; none of one that it left empty.
fn rows(load: &DatabaseLoad) -> BTreeMap<String, u64> {
    let empty = load.empty_tables.iter().map(|table| (table.to_string(), 0));
    let loaded = load.tables.iter().map(|table| (table.table.to_string(), table.rows));
    empty.chain(loaded).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::fixture::Fixture;
    use super::*;

    /// The findings where these tables had rows before and have them now.
    async fn shrunk(before: &[(&str, u64)], now: &[(&str, u64)]) -> Vec<Finding> {
        let mut fixture = Fixture::new("").await;
        for (table, rows) in before {
            fixture.load_table(table, *rows);
        }
        let load = LoadReport { databases: vec![fixture.load.clone()], ..LoadReport::default() };
        let previous = PreviousTables::new(fixture.now, &load);
        fixture.load.tables.clear();
        for (table, rows) in now {
            fixture.load_table(table, *rows);
        }
        let check = TableShrinkage::new(previous, MAX_TABLE_SHRINK);
        check.validate(&fixture.context()).await.unwrap().findings
    }

    #[tokio::test]
    async fn a_table_that_lost_forty_per_cent_is_news_and_one_that_lost_less_is_not() {
        let found =
            shrunk(&[("orders", 1000), ("items", 1000)], &[("orders", 600), ("items", 601)]).await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].subject, "public.orders");
        assert!(found[0].message.ends_with("this one 600: 40 % less"), "{}", found[0].message);
        assert_eq!(found[0].severity, crate::finding::Severity::Warning);
    }

    #[tokio::test]
    async fn a_table_that_vanished_is_news_and_a_small_one_is_not() {
        let found = shrunk(&[("orders", 1000), ("moods", 5)], &[]).await;
        assert_eq!(found.len(), 1);
        assert!(found[0].message.ends_with("this one no such table"));
    }

    #[tokio::test]
    async fn tables_that_grew_are_no_news() {
        assert!(shrunk(&[("orders", 1000)], &[("orders", 2000), ("new", 1)]).await.is_empty());
    }
}
