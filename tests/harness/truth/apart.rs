//! A statement that refuses transactions, watched from other connections.
//!
//! Every table is held by two transactions, one under ShareUpdateExclusiveLock, one under
//! RowExclusiveLock. Whatever the statement asks for it must wait for, and is seen while it waits; then
//! those that it waits for let go.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use pgsre_core::postgres::quote_identifier;

use super::Truth;
use super::catalogue::{Catalogue, Object};
use super::session::Session;
use super::within::{index_builds, pairs};
use crate::harness::server::{PATIENCE, Server};

/// Runs it in a database that nobody else needs.
pub async fn observe(server: &Server, database: &str, statement: &str) -> Result<Truth, String> {
    let control = Session::connect(server, database).await;
    let before = Catalogue::read(&control).await;
    let mut holders = Holders::of(server, database, &before).await;
    let mut worker = Session::connect(server, database).await;
    worker.run("set client_min_messages = debug1").await;
    let pid = process(&worker).await;
    worker.told();
    let mut truth = Truth { refuses_transactions: true, ..Truth::default() };
    let outcome = {
        let mut run = std::pin::pin!(worker.attempt(statement));
        let started = Instant::now();
        loop {
            let pause = tokio::time::sleep(Duration::from_millis(1));
            tokio::select! { outcome = &mut run => break outcome, () = pause => {} }
            assert!(started.elapsed() < PATIENCE, "{statement}: waits for ever");
            let blockers = blockers(&control, &pid).await;
            let locks = format!(
                "select relation, mode from pg_locks where pid = {pid} and locktype = 'relation'"
            );
            before.add_locks(&pairs(control.rows(&locks).await), &mut truth);
            holders.make_way(&blockers).await;
        }
    };
    outcome.map_err(|error| format!("{error:?}"))?;
    truth.rewrites = before.rewritten(&Catalogue::read(&control).await);
    truth.index_builds = index_builds(&before, &worker.told());
    truth.index_builds.retain(|table| !truth.rewrites.contains(table));
    for index in before.indexes() {
        truth.locks.remove(index);
    }
    Ok(truth)
}

/// Transactions that hold the tables, by their process.
struct Holders(BTreeMap<String, Session>);

impl Holders {
    async fn of(server: &Server, database: &str, catalogue: &Catalogue) -> Self {
        let mut holders = BTreeMap::new();
        for table in catalogue.tables() {
            for lock in locks_on(table) {
                let session = Session::connect(server, database).await;
                session.run(&format!("begin; {lock}")).await;
                holders.insert(process(&session).await, session);
            }
        }
        Self(holders)
    }

    /// Those that are waited for let go.
    async fn make_way(&mut self, blockers: &[String]) {
        for blocker in blockers {
            if let Some(holder) = self.0.remove(blocker) {
                holder.run("rollback").await;
            }
        }
    }
}

/// Whom a process waits for. Asked before its locks are: what it waits for it then still does.
async fn blockers(control: &Session, pid: &str) -> Vec<String> {
    let rows = control.rows(&format!("select unnest(pg_blocking_pids({pid}))")).await;
    rows.into_iter().flatten().flatten().collect()
}

async fn process(session: &Session) -> String {
    session.rows("select pg_backend_pid()").await[0][0].clone().unwrap_or_default()
}

/// How to lock a table; LOCK TABLE has no materialized views.
fn locks_on(table: &Object) -> [String; 2] {
    let name = table.name.split('.').map(quote_identifier).collect::<Vec<_>>().join(".");
    match table.kind.as_str() {
        "m" => [format!("analyze {name}"), format!("select from {name} limit 0")],
        _ => ["share update exclusive", "row exclusive"]
            .map(|mode| format!("lock table only {name} in {mode} mode")),
    }
}
