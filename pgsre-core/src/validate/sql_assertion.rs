//! The user's own SQL.

use std::time::Duration;

use async_trait::async_trait;
use tokio_postgres::types::Type;

use super::{Validation, ValidationContext, Validator, ValidatorError};
use crate::finding::{Finding, FindingCode};
use crate::postgres::Snapshot;

/// Rows quoted in a finding.
const QUOTED_ROWS: usize = 5;

/// Characters of a row quoted in a finding.
const QUOTED_CHARACTERS: usize = 200;

/// What an assertion's query must return.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Expectation {
    /// At least one row, and `true` (a `boolean`) in the first column of every row.
    #[default]
    True,
    /// No row: the query looks for what must not be.
    NoRows,
}

/// A query of the user's own that must hold in the restored database.
///
/// It runs in a read-only transaction with the usual search path, under a time-out of ten minutes
/// unless said otherwise.
#[derive(Clone, Debug)]
pub struct SqlAssertion {
    name: String,
    query: String,
    expectation: Expectation,
    timeout: Duration,
}

impl SqlAssertion {
    /// An assertion by its name in reports and one SQL query.
    pub fn new(name: impl Into<String>, query: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            query: query.into(),
            expectation: Expectation::True,
            timeout: Duration::from_secs(600),
        }
    }

    /// What the query must return.
    #[must_use]
    pub fn expect(mut self, expectation: Expectation) -> Self {
        self.expectation = expectation;
        self
    }

    /// The longest that it may run.
    #[must_use]
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }
}

#[async_trait]
impl Validator for SqlAssertion {
    fn name(&self) -> &str {
        &self.name
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let snapshot = Snapshot::open(cx.restored, cx.cancel).await?;
        let what = format!("run the assertion {:?}", self.name);
        snapshot.execute(&what, &self.settings()).await?;
        self.check_shape(&what, &snapshot).await?;
        let mut answer = Answer::new(self.expectation);
        snapshot.stream(&what, &self.query, |row| answer.take(row)).await?;
        let mut validation = Validation::sound(answer.rows.max(1));
        validation.findings.extend(
            answer.failure().map(|message| {
                Finding::critical(FindingCode::AssertionFailed, &self.name, message)
            }),
        );
        Ok(validation)
    }
}

impl SqlAssertion {
    fn settings(&self) -> String {
        let limit = i32::try_from(self.timeout.as_millis()).unwrap_or(i32::MAX).max(1);
        format!("SET LOCAL search_path = \"$user\", public; SET LOCAL statement_timeout = {limit}")
    }

    /// Demands a query whose first column is a `boolean`. To prepare it also rejects a text of
    /// several statements.
    async fn check_shape(&self, what: &str, snapshot: &Snapshot<'_>) -> Result<(), ValidatorError> {
        let column = snapshot.first_column(what, &self.query).await?;
        match (column, self.expectation) {
            (Some(Type::BOOL), Expectation::True) | (Some(_), Expectation::NoRows) => Ok(()),
            (Some(other), Expectation::True) => Err(ValidatorError::new(format!(
                "cannot {what}: its first column is of type {other}, not boolean"
            ))),
            (None, _) => {
                Err(ValidatorError::new(format!("cannot {what}: it is not a query with columns")))
            }
        }
    }
}

/// What came back, as far as it matters.
#[derive(Debug)]
struct Answer {
    expectation: Expectation,
    rows: u64,
    wrong: u64,
    quoted: Vec<String>,
}

impl Answer {
    fn new(expectation: Expectation) -> Self {
        Self { expectation, rows: 0, wrong: 0, quoted: Vec::new() }
    }

    fn take(&mut self, row: &[Option<&str>]) {
        self.rows += 1;
        if self.expectation == Expectation::True && row.first() == Some(&Some("t")) {
            return;
        }
        self.wrong += 1;
        if self.quoted.len() < QUOTED_ROWS {
            self.quoted.push(quoted(row));
        }
    }

    /// Why the assertion does not hold, if it does not.
    fn failure(&self) -> Option<String> {
        let problem = match self.expectation {
            Expectation::True if self.rows == 0 => return Some("the query returned no row".into()),
            Expectation::True => "rows are not true",
            Expectation::NoRows => "rows were found where none may be",
        };
        (self.wrong > 0).then(|| {
            let more = if self.wrong > self.quoted.len() as u64 { "; …" } else { "" };
            format!("{} {problem}: {}{more}", self.wrong, self.quoted.join("; "))
        })
    }
}

/// A row as text, its beginning only.
fn quoted(row: &[Option<&str>]) -> String {
    let values: Vec<_> = row.iter().map(|value| value.unwrap_or("NULL")).collect();
    let text = format!("({})", values.join(", "));
    match text.char_indices().nth(QUOTED_CHARACTERS) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::fixture::Fixture;
    use super::*;

    const LEDGER: &str = "CREATE TABLE ledger (debit int, credit int); \
        INSERT INTO ledger VALUES (5, 5), (3, 3)";

    async fn messages(assertion: SqlAssertion) -> Result<Vec<String>, ValidatorError> {
        let fixture = Fixture::new(LEDGER).await;
        let findings = assertion.validate(&fixture.context()).await?.findings;
        Ok(findings.into_iter().map(|finding| finding.message).collect())
    }

    #[tokio::test]
    async fn an_assertion_that_holds_is_sound() {
        let query = "SELECT sum(debit) = sum(credit) FROM ledger;";
        assert!(messages(SqlAssertion::new("balance", query)).await.unwrap().is_empty());
    }

    #[tokio::test]
    async fn false_null_and_no_row_at_all_fail() {
        for query in
            ["SELECT debit = 5, debit FROM ledger", "SELECT NULL::bool", "SELECT true WHERE false"]
        {
            let messages = messages(SqlAssertion::new("balance", query)).await.unwrap();
            assert_eq!(messages.len(), 1, "{query}");
        }
        let messages =
            messages(SqlAssertion::new("a", "SELECT debit = 5, debit FROM ledger")).await.unwrap();
        assert_eq!(messages[0], "1 rows are not true: (f, 3)");
    }

    #[tokio::test]
    async fn rows_where_none_may_be_fail() {
        let assertion = |query| SqlAssertion::new("a", query).expect(Expectation::NoRows);
        let found = messages(assertion("SELECT * FROM ledger WHERE debit > 4")).await.unwrap();
        assert_eq!(found[0], "1 rows were found where none may be: (5, 5)");
        let found = messages(assertion("SELECT * FROM ledger WHERE debit > 5")).await.unwrap();
        assert!(found.is_empty());
    }

    #[tokio::test]
    async fn what_cannot_run_is_no_answer() {
        for query in [
            "SELECT nonsense",
            "SELECT 't'::text",
            "DELETE FROM ledger RETURNING true",
            "SELECT true; COMMIT",
            "COMMIT",
        ] {
            assert!(messages(SqlAssertion::new("a", query)).await.is_err(), "{query}");
        }
        let slow = SqlAssertion::new("a", "SELECT pg_sleep(60) IS NULL")
            .timeout(Duration::from_millis(50));
        assert!(messages(slow).await.is_err());
    }
}
