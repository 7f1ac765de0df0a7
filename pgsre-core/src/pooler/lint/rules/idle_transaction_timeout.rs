//! Clients that hang within a transaction.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "idle-transaction-timeout",
    severity: Severity::Warning,
    reason: "A client that hangs within a transaction keeps its server connection, its locks and its snapshot for ever; a handful of them stop the whole pool.",
    fix: "set idle_transaction_timeout = 60 (or idle_in_transaction_session_timeout on the server, a little longer)",
    bad: &["-idle_transaction_timeout", "idle_transaction_timeout = 0"],
    good: &["idle_transaction_timeout = 300"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let off = cx.where_number("idle_transaction_timeout", |seconds| seconds <= 0.0);
    off.map_or_else(Vec::new, |value| {
        Hit::on(
            &value,
            "nothing ends a transaction whose client hangs: idle_transaction_timeout is 0",
        )
    })
}
