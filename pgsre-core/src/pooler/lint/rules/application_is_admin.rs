//! Applications that are administrators.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "application-is-admin",
    severity: Severity::Critical,
    reason: "An administrator of the console can pause and kill every pool, and read what is configured; a user that an application logs in as is in too many hands for that.",
    fix: "give admin_users to a user of its own",
    bad: &["admin_users = shop", "admin_users = pooladmin, shop"],
    good: &["admin_users = postgres"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let admins = cx.list("admin_users");
    let forced = cx.databases().iter().filter_map(|database| database.parameter("user"));
    let mut both: Vec<&str> = forced.filter(|user| admins.iter().any(|a| a == user)).collect();
    both.dedup();
    match both.first() {
        Some(user) => {
            let said = format!("{user} is both an administrator and a user of a database");
            Hit::on(&cx.value("admin_users"), said)
        }
        None => Vec::new(),
    }
}
