//! What this machine must have: server programs that start, room, a place for reports, and no
//! leftovers.

use std::path::PathBuf;
use std::time::Duration;

use pgsre_core::postgres::{Cluster, ClusterOptions, Database, PostgresError, ServerPrograms};
use pgsre_core::restore::{EphemeralCluster, RestoreTarget, Swept, TargetError};

use super::Check;
use crate::command::{drill::assemble, report};
use crate::config::Config;
use crate::environment::Environment;
use crate::units;

/// Less room than this is worth a warning: a small dump and its indexes.
const LITTLE_ROOM: u64 = 5 << 30;

/// The server programs, and whether the newest of them starts as this user.
pub(super) async fn programs() -> Vec<Check> {
    let name = "server programs";
    // Asking each program for its version blocks.
    let found = tokio::task::spawn_blocking(ServerPrograms::discover).await.unwrap_or_default();
    let Some(newest) = found.first() else {
        let hint = "install PostgreSQL's server (Debian, Ubuntu: apt install postgresql; Fedora: \
                    dnf install postgresql-server; macOS: brew install postgresql), or set \
                    PGSRE_PG_BINDIR; drills with --target postgres://… need none";
        return vec![Check::failed(name, "none found on this machine").with_hint(hint)];
    };
    let list: Vec<String> = found
        .iter()
        .map(|programs| format!("{} in {}", programs.version(), programs.bindir().display()))
        .collect();
    vec![Check::ok(name, list.join("; ")), start(newest.clone()).await]
}

async fn start(programs: ServerPrograms) -> Check {
    let name = "throw-away server";
    let version = programs.version();
    match start_and_stop(programs).await {
        Ok(user) => Check::ok(name, format!("{version} starts and answers{user}")),
        Err(Trouble::Postgres(error)) => {
            let hint = error.hint();
            Check::error(name, &error).with_hint(hint)
        }
        Err(Trouble::Directory(error)) => {
            let hint = error.hint().to_owned();
            Check::error(name, &error).with_hint(hint)
        }
    }
}

enum Trouble {
    Postgres(PostgresError),
    Directory(TargetError),
}

async fn start_and_stop(programs: ServerPrograms) -> Result<String, Trouble> {
    // Where drills work, so that what stops them is found.
    let directory = EphemeralCluster::new().directory().map_err(Trouble::Directory)?;
    let options = ClusterOptions::new(programs, directory.cluster()).setting("fsync", "off");
    let mut cluster = Cluster::create(options).await.map_err(Trouble::Postgres)?;
    let database = Database::connect(cluster.config()).await.map_err(Trouble::Postgres)?;
    database.close();
    cluster.stop().await.map_err(Trouble::Postgres)?;
    Ok(if rustix::process::geteuid().is_root() {
        " (we are root and PostgreSQL refuses root, so it runs under another user)".to_owned()
    } else {
        String::new()
    })
}

/// The room where throw-away servers put their files.
pub(super) fn space(environment: &Environment) -> Check {
    let name = "temporary space";
    let directory = environment.set("PGSRE_TMPDIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let shown = directory.display();
    let free = match rustix::fs::statvfs(&directory) {
        Ok(stat) => stat.f_bavail.saturating_mul(stat.f_frsize),
        Err(error) => {
            return Check::failed(name, format!("{shown} cannot be used: {error}"))
                .with_hint("set PGSRE_TMPDIR to a directory that is there");
        }
    };
    let detail = format!("{} free in {shown}", units::size(free));
    if free >= LITTLE_ROOM {
        return Check::ok(name, detail);
    }
    Check::warning(name, detail).with_hint(
        "a restored database is often five times its dump; PGSRE_TMPDIR names a larger place",
    )
}

/// Where reports are kept.
pub(super) fn reports(environment: &Environment) -> Check {
    match report::store(None, environment) {
        Ok(store) => Check::ok("reports", store.to_string()),
        Err(error) => {
            let hint = error.hint().to_owned();
            Check::error("reports", &error).with_hint(hint)
        }
    }
}

/// What killed drills left, here and on each target server; removed if nobody owns it any more.
pub(super) async fn leftovers(config: &Config) -> Vec<Check> {
    let mut targets = vec![None];
    for server in &config.servers {
        let target = server.drill.target.as_ref().filter(|target| target.expose() != "ephemeral");
        if target.is_some() && !targets.contains(&target) {
            targets.push(target);
        }
    }
    let mut checks = Vec::with_capacity(targets.len());
    for target in targets {
        // One that cannot be reached is told by the check of its server.
        if let Ok(target) = assemble::target(target) {
            checks.extend(sweep(target.as_ref()).await);
        }
    }
    checks
}

async fn sweep(target: &dyn RestoreTarget) -> Option<Check> {
    let name = "leftovers";
    // Whatever a living run owns is locked, so nothing has to be old to be swept.
    let swept = match target.sweep(Duration::ZERO).await {
        Ok(swept) => swept,
        Err(error) => {
            let hint = error.hint().to_owned();
            return Some(Check::error(name, &error).with_hint(hint));
        }
    };
    if swept.is_empty() {
        return Some(Check::ok(name, format!("none of {target}")));
    }
    let (left, removed): (Vec<&Swept>, Vec<&Swept>) =
        swept.iter().partition(|one| one.error.is_some());
    let removed: Vec<&str> = removed.iter().map(|one| one.name.as_str()).collect();
    let detail = format!(
        "{target}: removed {}",
        if removed.is_empty() { "none".into() } else { removed.join(", ") }
    );
    let Some(stuck) = left.first() else { return Some(Check::ok(name, detail)) };
    let why = stuck.error.as_deref().unwrap_or_default();
    let detail = format!("{detail}; {} could not be removed: {why}", stuck.name);
    Some(Check::warning(name, detail).with_hint("remove it by hand"))
}
