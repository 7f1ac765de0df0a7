//! What clients ask for in vain.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "ignored-parameters",
    severity: Severity::Warning,
    reason: "What is ignored is not set: a client that asks for a search_path, a role or a time-out at start-up is let in and works without it, in silence.",
    fix: "set it on the server instead (ALTER ROLE … SET …, ALTER DATABASE … SET …)",
    bad: &[
        "ignore_startup_parameters = extra_float_digits, search_path",
        "ignore_startup_parameters = extra_float_digits,statement_timeout",
    ],
    good: &["ignore_startup_parameters = extra_float_digits, geqo"],
    check,
};

const WEIGHTY: &[&str] = &[
    "search_path",
    "statement_timeout",
    "lock_timeout",
    "idle_in_transaction_session_timeout",
    "default_transaction_isolation",
    "default_transaction_read_only",
    "role",
];

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let ignored = cx.list("ignore_startup_parameters");
    let weighty: Vec<String> = ignored
        .into_iter()
        .filter(|name| WEIGHTY.contains(&name.to_ascii_lowercase().as_str()))
        .collect();
    if weighty.is_empty() {
        return Vec::new();
    }
    let said = format!("clients ask in vain for {}", weighty.join(", "));
    Hit::on(&cx.value("ignore_startup_parameters"), said)
}
