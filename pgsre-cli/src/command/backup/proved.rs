//! Which backups a drill has proved: what the stored reports say.

use std::collections::BTreeSet;

use pgsre_core::drill::Verdict;

use crate::command::report;
use crate::environment::Environment;
use crate::error::CommandError;

/// The keys of backups that a drill restored with success.
pub(super) async fn keys(
    place: Option<&str>,
    environment: &Environment,
) -> Result<BTreeSet<String>, CommandError> {
    let store = report::store(place, environment)?;
    let listing = store.list().await.map_err(|error| {
        CommandError::inconclusive("the drill reports cannot be read, which tell what is proved")
            .with_hint("say where they lie with --reports")
            .with_cause(error)
    })?;
    let passed = listing.reports.into_iter().filter(|one| one.verdict == Verdict::Passed);
    Ok(passed.filter_map(|one| one.backup).map(|backup| backup.key).collect())
}
