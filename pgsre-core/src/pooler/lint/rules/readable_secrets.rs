//! Secrets that everybody on the machine can read.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;
use crate::pooler::config::AuthFile;

pub(super) const RULE: PoolRule = PoolRule {
    name: "readable-secrets",
    severity: Severity::Critical,
    reason: "Every user of the machine can read the file, and with it what logs in to the database; a SCRAM secret is no password, but an md5 hash or a SCRAM secret under attack is close to one.",
    fix: "chmod 640, owned by PgBouncer's user",
    bad: &["auth_file = open.txt", "[databases]\n+%include open.ini"],
    good: &["auth_file = plain.txt", "[databases]\nother = host=10.0.0.9 user=shop password=x"],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let mut hits = Vec::new();
    if let AuthFile::Read { is_open_to_all: true, .. } = &cx.config.auth_file {
        let value = cx.value("auth_file");
        let said = format!("every user of the machine can read {:?}", value.text);
        hits.push(Hit::new(&value.place, said));
    }
    for database in cx.databases().iter().filter(|d| d.parameter("password").is_some()) {
        if cx.config.is_open_to_all(&database.place.path) {
            let said = format!(
                "the password of {:?} stands in a file that every user of the machine can read",
                database.name
            );
            hits.push(Hit::new(&database.place, said));
        }
    }
    hits
}
