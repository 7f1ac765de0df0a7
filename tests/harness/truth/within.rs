//! A statement watched from its own transaction.

use std::collections::BTreeSet;

use tokio_postgres::error::SqlState;

use super::Truth;
use super::catalogue::Catalogue;
use super::session::Session;

const LOCKS: &str = "\
select relation, mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'";

const FOREIGN_KEYS: &str = "select conname, conrelid from pg_constraint where contype = 'f'";

/// How a statement is run.
#[derive(Clone, Copy, Debug, Default)]
pub struct Run<'a> {
    /// The objects that it is watched at; all that are there where there is none.
    pub old: Option<&'a Catalogue>,
    /// What comes before it in its transaction.
    pub first: &'a str,
    /// Whether the next statement builds on it, or finds the database as it was.
    pub commit: bool,
    /// Whether tables hold no rows: then an empty file may be a rewrite, unless all rows were to go.
    pub empty: bool,
}

/// Runs a statement and says what it did, or why the server would not have it.
pub async fn observe(
    session: &mut Session,
    statement: &str,
    how: Run<'_>,
) -> Result<Truth, String> {
    session.run("begin").await;
    let mut before = Catalogue::read(session).await;
    if let Some(old) = how.old {
        before = before.known_to(old);
    }
    session.run(how.first).await;
    session.run("set local client_min_messages = debug1").await;
    session.told();
    if let Err(error) = session.attempt(statement).await {
        session.run("rollback").await;
        return failed(&error);
    }
    let told = session.told();
    session.run("set local client_min_messages = notice").await;
    let mut truth = Truth::default();
    before.add_locks(&pairs(session.rows(LOCKS).await), &mut truth);
    let keeps_rows = !statement.to_lowercase().contains("truncate");
    judge(session, &before, &told, how.empty && keeps_rows, &mut truth).await;
    session.run(if how.commit { "commit" } else { "rollback" }).await;
    Ok(truth)
}

fn failed(error: &tokio_postgres::Error) -> Result<Truth, String> {
    let message = error.as_db_error().map_or_else(|| error.to_string(), |it| it.message().into());
    let code = error.code().map_or("", SqlState::code);
    if code == SqlState::ACTIVE_SQL_TRANSACTION.code() {
        return Ok(Truth { refuses_transactions: true, ..Truth::default() });
    }
    if code.starts_with("23") {
        return Ok(Truth { failure: Some(message), ..Truth::default() });
    }
    Err(format!("{code} {message}"))
}

/// What the files, the counters and the messages say.
async fn judge(
    session: &Session,
    before: &Catalogue,
    told: &[String],
    empty: bool,
    truth: &mut Truth,
) {
    let after = Catalogue::read(session).await;
    truth.rewrites = before.rewritten(&after);
    if empty {
        truth.rewrites.extend(before.emptied(&after));
    }
    truth.index_builds = index_builds(before, told);
    let validated = foreign_keys(session, before, told, truth).await;
    let verified: BTreeSet<String> = named(told, "verifying table \"")
        .filter_map(|table| before.table_named(table).map(str::to_owned))
        .collect();
    // A foreign key's query reads what it refers to as it likes.
    let under_lock = |table: &String| validated.is_empty() && truth.locks.contains_key(table);
    let read = before.scanned(&after).into_iter().filter(under_lock);
    let read = read.filter(|table| !truth.index_builds.contains(table));
    truth.scans = verified.into_iter().chain(read).collect();
    truth.scans.retain(|table| !truth.rewrites.contains(table));
    truth.scans.extend(validated);
    let emptied = before.emptied(&after);
    truth.index_builds.retain(|table| !truth.rewrites.contains(table) && !emptied.contains(table));
}

/// Tables of `building index "i" on table "t" serially`.
pub(super) fn index_builds(before: &Catalogue, told: &[String]) -> BTreeSet<String> {
    let built = told.iter().filter(|message| message.starts_with("building index \""));
    let tables = built.filter_map(|message| message.split("on table \"").nth(1)?.split('"').next());
    tables.filter_map(|table| before.table_named(table).map(str::to_owned)).collect()
}

fn named<'a>(told: &'a [String], prefix: &'a str) -> impl Iterator<Item = &'a str> {
    told.iter().filter_map(move |message| message.strip_prefix(prefix)?.split('"').next())
}

/// The tables of foreign keys that were validated.
async fn foreign_keys(
    session: &Session,
    before: &Catalogue,
    told: &[String],
    truth: &Truth,
) -> BTreeSet<String> {
    let validated: BTreeSet<&str> = named(told, "validating foreign key constraint \"").collect();
    if validated.is_empty() {
        return BTreeSet::new();
    }
    let keys = pairs(session.rows(FOREIGN_KEYS).await).into_iter();
    let keys = keys.filter(|(name, _)| validated.contains(name.as_str()));
    let tables = keys.filter_map(|(_, table)| before.table(&table).map(str::to_owned));
    tables.filter(|table| truth.locks.contains_key(table)).collect()
}

/// The first two columns.
pub(super) fn pairs(rows: Vec<super::session::Row>) -> Vec<(String, String)> {
    let pair = |row: super::session::Row| {
        let mut columns = row.into_iter().flatten();
        Some((columns.next()?, columns.next()?))
    };
    rows.into_iter().filter_map(pair).collect()
}
