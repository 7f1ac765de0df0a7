//! Server connections that live too short or too long.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "server-lifetime",
    severity: Severity::Warning,
    reason: "A server connection that is never made anew keeps the memory that its caches have grown to, the old settings and, after a switch of the address, the old server. 0 means that each is used once.",
    fix: "take server_lifetime out: an hour is the default",
    bad: &["server_lifetime = 0", "server_lifetime = 864000"],
    good: &["server_lifetime = 1800"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let odd = cx.where_number("server_lifetime", |seconds| !(60.0..=86_400.0).contains(&seconds));
    odd.map_or_else(Vec::new, |value| {
        Hit::on(&value, format!("server_lifetime is {} s", value.text))
    })
}
