//! More connections than files that may be open.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "open-files",
    severity: Severity::Critical,
    reason: "Each client and each server connection is an open file. When the process runs out of them it accepts nobody, and the clients see time-outs rather than a reason.",
    fix: "raise LimitNOFILE of the service (or ulimit -n) above max_client_conn plus all server connections, or lower max_client_conn",
    bad: &["@open_files 1024"],
    good: &["@open_files 4096", "@open_files 1024\nmax_client_conn = 900"],
    check,
};

/// Log, listening sockets, DNS, the console, and what the libraries hold.
const OWN: u64 = 32;

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let value = cx.value("max_client_conn");
    let clients = cx.number("max_client_conn").and_then(|number| u64::try_from(number).ok());
    let (Some(limit), Some(clients)) = (cx.options.open_files, clients) else { return Vec::new() };
    let pools = cx.pools();
    let most = pools.iter().map(|pool| pool.most().unwrap_or(pool.size));
    let servers = most.fold(0, u64::saturating_add);
    let needed = clients.saturating_add(servers).saturating_add(OWN);
    if needed <= limit {
        return Vec::new();
    }
    let said = format!(
        "{clients} clients, {servers} server connections and {OWN} files of its own need {needed} \
         open files; {limit} are allowed"
    );
    Hit::on(&value, said)
}
