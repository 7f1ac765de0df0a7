//! Nobody can be let in.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;
use crate::pooler::config::AuthFile;

pub(super) const RULE: PoolRule = PoolRule {
    name: "auth-file",
    severity: Severity::Critical,
    reason: "PgBouncer knows the users whom it lets in from auth_file, or looks them up with auth_query as auth_user; without either nobody gets in.",
    fix: "name a file that PgBouncer can read, one `\"user\" \"secret\"` a line, or set auth_user and auth_query",
    bad: &["-auth_file", "auth_file = missing.txt", "auth_file = broken.txt"],
    good: &[
        "auth_user = pgbouncer\n-auth_file\nauth_query = SELECT usename, passwd FROM auth.lookup($1)",
    ],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let by_secret =
        ["md5", "scram-sha-256"].iter().any(|auth| cx.says("auth_type", auth).is_some());
    let looks_up = !cx.value("auth_user").text.is_empty()
        || cx.databases().iter().any(|database| database.parameter("auth_user").is_some());
    let value = cx.value("auth_file");
    match &cx.config.auth_file {
        AuthFile::Unset if by_secret && !looks_up => {
            Hit::on(&value, "there is neither an auth_file nor an auth_user")
        }
        AuthFile::Unreadable(why) => {
            Hit::on(&value, format!("the auth_file {:?} cannot be read: {why}", value.text))
        }
        AuthFile::Read { is_broken: true, users, .. } => {
            let said = format!(
                "the auth_file {:?} is broken after {} users: PgBouncer reads no further",
                value.text,
                users.len()
            );
            Hit::on(&value, said)
        }
        _ => Vec::new(),
    }
}
