//! A validator of your own: a ledger whose debits must equal its credits.
//!
//! ```sh
//! cargo run --example custom_validator -- ./backups/
//! ```

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use pgsre_core::drill::{Drill, DrillRequest, Unobserved, Verdict};
use pgsre_core::finding::{Finding, FindingCode};
use pgsre_core::restore::EphemeralCluster;
use pgsre_core::source::ObjectStoreSource;
use pgsre_core::validate::{Validation, ValidationContext, Validator, ValidatorError};
use tokio_util::sync::CancellationToken;

/// Debits and credits of the table `ledger` must be equal.
#[derive(Debug)]
struct LedgerBalances;

const BALANCE: &str = "select count(*), coalesce(sum(debit) - sum(credit), 0)::text, sum(debit) = sum(credit) \
     from ledger";

#[async_trait]
impl Validator for LedgerBalances {
    fn name(&self) -> &str {
        "ledger balances"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        // An error here says that the check could not run: the drill is then inconclusive.
        let failed = |what| move |error| ValidatorError::new(what).with_cause(error);
        let client = cx.restored.client().await.map_err(|error| {
            ValidatorError::new("connect to the restored database").with_cause(error)
        })?;
        let row = client.query_one(BALANCE, &[]).await.map_err(failed("sum the ledger up"))?;

        let entries: i64 = row.get(0);
        let mut validation = Validation::sound(entries.unsigned_abs());
        if row.get::<_, Option<bool>>(2) == Some(false) {
            let difference: String = row.get(1);
            validation.findings.push(
                Finding::critical(
                    FindingCode::AssertionFailed,
                    "ledger",
                    format!("debits exceed credits by {difference}"),
                )
                .with_hint("compare the entries of the last day with the payment provider's"),
            );
        }
        Ok(validation)
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let place = std::env::args().nth(1).ok_or("usage: custom_validator SOURCE")?;
    let source = Arc::new(ObjectStoreSource::parse(&place)?);
    let drill = Drill::new(source, Arc::new(EphemeralCluster::new()))
        .add_validator(Box::new(LedgerBalances));

    let plan = drill.plan(&DrillRequest::default()).await?;
    let report = drill.run(plan, &Unobserved, &CancellationToken::new()).await;
    for check in &report.validations {
        println!("{:<20} {:>8} examined  {}", check.name, check.examined, check.outcome);
    }
    for finding in &report.findings {
        println!("{} {}: {}", finding.code, finding.subject, finding.message);
    }
    if report.verdict == Verdict::Passed { Ok(()) } else { Err("the backup is not proved".into()) }
}
