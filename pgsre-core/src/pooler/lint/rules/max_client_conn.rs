//! Too few clients.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "max-client-conn",
    severity: Severity::Warning,
    reason: "Clients beyond max_client_conn are turned away; the default of 100 is what PostgreSQL itself would take. It must at least exceed the server connections, or nobody ever queues and the pools cannot fill.",
    fix: "set max_client_conn to what all application processes may open together, with room to spare (reference: 1000)",
    bad: &["-max_client_conn", "max_client_conn = 20"],
    good: &["max_client_conn = 5000", "max_client_conn = 31"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let value = cx.value("max_client_conn");
    if !value.is_set {
        return Hit::on(&value, "max_client_conn is not set: 100 clients at most");
    }
    let clients = cx.number("max_client_conn").and_then(|number| u64::try_from(number).ok());
    let largest = cx.pools().iter().filter_map(|pool| pool.most().or(Some(pool.size))).max();
    match (clients, largest) {
        (Some(clients), Some(largest)) if clients < largest => {
            let said = format!(
                "max_client_conn is {clients}, less than a pool's {largest} server connections"
            );
            Hit::on(&value, said)
        }
        _ => Vec::new(),
    }
}
