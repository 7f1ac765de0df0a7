//! Drivers' prepared statements.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "prepared-statements",
    severity: Severity::Warning,
    reason: "In transaction mode the next statement may go to another server connection: without PgBouncer's own tracking (1.21 and later, on by default from 1.24) a driver's prepared statements are not there, and \"prepared statement does not exist\" comes and goes with the load.",
    fix: "set max_prepared_statements = 200; before 1.21 upgrade, or switch prepared statements off in the driver (prepareThreshold=0, statement_cache_size=0)",
    bad: &["max_prepared_statements = 0", "@version 1.22\n-max_prepared_statements"],
    good: &["-max_prepared_statements", "@version 1.21"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    // Before 1.21 nothing can be set here; that is no mistake of the configuration's.
    if cx.says("pool_mode", "session").is_some() || !cx.version().is_since(1, 21) {
        return Vec::new();
    }
    let off = cx.where_number("max_prepared_statements", |most| most <= 0.0);
    off.map_or_else(Vec::new, |value| {
        Hit::on(
            &value,
            "prepared statements of drivers are not tracked: max_prepared_statements is 0",
        )
    })
}
