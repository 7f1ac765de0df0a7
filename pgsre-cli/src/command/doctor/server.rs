//! What each configured server must have: backups that can be read, a target that may be used, a
//! live server that answers.

use jiff::Timestamp;
use pgsre_core::postgres::{ConnectConfig, Database, PostgresError};
use pgsre_core::source::{BackupSourceExt, catalogue};

use super::Check;
use crate::command::drill::assemble;
use crate::config::{Backups, CompareTo, Secret, Server};
use crate::units;

/// Whether the user may create databases, and the server's version.
const RIGHTS: &str =
    "SELECT rolsuper OR rolcreatedb, rolname::text FROM pg_roles WHERE rolname = current_user";

/// Everything of one server.
pub(super) async fn checks(server: &Server) -> Vec<Check> {
    let mut checks = Vec::new();
    if let Some(backups) = &server.backups {
        checks.push(source(server, backups).await);
    }
    let target = server.drill.target.as_ref().filter(|target| target.expose() != "ephemeral");
    if let Some(target) = target {
        checks.push(self::target(&format!("{}: target", server.name), target).await);
    }
    let live = match &server.drill.compare_to {
        CompareTo::None => None,
        CompareTo::Live => server.url.as_ref(),
        CompareTo::Url(url) => Some(url),
    };
    if let Some(live) = live {
        checks.push(self::live(&format!("{}: live server", server.name), live).await);
    }
    checks
}

async fn source(server: &Server, backups: &Backups) -> Check {
    let name = format!("{}: backups", server.name);
    let source = match assemble::source(&backups.source) {
        Ok(source) => source,
        Err(error) => return Check::error(name, &error),
    };
    let all = match source.all().await {
        Ok(all) => all,
        Err(error) => {
            let hint = error.to_finding("").hint;
            return Check::error(name, &error).with_hint(hint);
        }
    };
    let now = Timestamp::now();
    let rules = assemble::rules(backups.max_age, backups.min_size, backups.max_shrink);
    let Some(newest) = all.first() else {
        return Check::failed(name, format!("{source} holds no backups"))
            .with_hint("check the place, and whether the backup job runs");
    };
    // Listing and reading are different rights.
    if let Some(part) = newest.parts.first()
        && let Err(error) = source.peek(part, 16).await
    {
        let hint = error.to_finding("").hint;
        return Check::error(name, &error).with_hint(hint);
    }
    let age = units::duration(now.duration_since(newest.modified).as_secs_f64().max(0.0));
    let size = units::size(newest.size);
    let detail = format!("{} in {source}; the newest is {size}, {age} old", all.len());
    match catalogue::check(newest, &all, &rules, now).findings.first() {
        Some(finding) => Check::warning(name, format!("{detail}; {}", finding.message))
            .with_hint(finding.hint.clone()),
        None => Check::ok(name, detail),
    }
}

async fn target(name: &str, url: &Secret) -> Check {
    let config = match assemble::connection("target", url) {
        Ok(config) => config,
        Err(error) => return Check::error(name, &error).with_hint(error.hint().to_owned()),
    };
    match rights(config).await {
        Ok((true, who, version)) => {
            Check::ok(name, format!("PostgreSQL {version}; {who} may create databases"))
        }
        Ok((false, who, version)) => {
            Check::failed(name, format!("PostgreSQL {version}; {who} may not create databases"))
                .with_hint(format!("as a superuser: ALTER ROLE {who} CREATEDB"))
        }
        Err(error) => unreachable(name, &error),
    }
}

async fn rights(config: ConnectConfig) -> Result<(bool, String, String), PostgresError> {
    let database = Database::connect(config).await?;
    let client = database.client().await?;
    let row = client.query_one(RIGHTS, &[]).await;
    let row =
        row.map_err(|error| PostgresError::from_driver("cannot read the user's rights", error))?;
    let version = database.version().to_string();
    Ok((row.try_get(0).unwrap_or(false), row.try_get(1).unwrap_or_default(), version))
}

async fn live(name: &str, url: &Secret) -> Check {
    let config = match assemble::connection("compare_to", url) {
        Ok(config) => config,
        Err(error) => return Check::error(name, &error).with_hint(error.hint().to_owned()),
    };
    match Database::connect(config).await {
        Ok(database) => Check::ok(name, format!("PostgreSQL {} answers", database.version())),
        Err(error) => unreachable(name, &error),
    }
}

fn unreachable(name: &str, error: &PostgresError) -> Check {
    Check::error(name, error).with_hint(error.hint())
}
