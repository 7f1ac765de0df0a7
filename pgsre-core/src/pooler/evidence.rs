//! What the server behind a pooler says: how many connections it has room for, and which statements
//! would break in transaction mode.

use serde::Serialize;
use tokio_postgres::types::Type;

use crate::postgres::{Database, PostgresError};

/// What the server behind a pooler says.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct ServerEvidence {
    /// Connections that ordinary roles may hold.
    pub usable_slots: Option<u64>,
    /// Statements that were run and that need their session.
    pub breaking: Vec<Breaking>,
}

/// A statement that needs the session that it was run in.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Breaking {
    /// The database it ran in.
    pub database: String,
    /// Who ran it.
    pub user: String,
    /// How often.
    pub calls: u64,
    /// What of it needs the session.
    pub feature: &'static str,
    /// Its beginning, as pg_stat_statements keeps it: without values.
    pub text: String,
}

/// Bytes of a statement that are fetched and shown.
const PREVIEW: usize = 200;

const SLOTS: &str = "\
    SELECT (current_setting('max_connections')::int8 \
            - current_setting('superuser_reserved_connections')::int8 \
            - coalesce(current_setting('reserved_connections', true), '0')::int8)::int8";

const SCHEMA: &str = "\
    SELECT quote_ident(n.nspname) FROM pg_catalog.pg_extension e \
      JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace \
     WHERE e.extname = 'pg_stat_statements'";

/// Only what may need a session is fetched, and only its beginning. Roles that monitor do not come
/// through the pool.
const STATEMENTS: &str = "\
    SELECT coalesce(d.datname, '?')::text, coalesce(r.rolname, '?')::text, \
           sum(s.calls)::int8, left(s.query, 400) \
      FROM {schema}.pg_stat_statements s \
      LEFT JOIN pg_catalog.pg_database d ON d.oid = s.dbid \
      LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.userid \
     WHERE s.query ~* $1 \
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_auth_members m \
                         JOIN pg_catalog.pg_roles g ON g.oid = m.roleid \
                        WHERE m.member = s.userid \
                          AND g.rolname IN ('pg_monitor', 'pg_read_all_stats')) \
     GROUP BY 1, 2, 4 ORDER BY 3 DESC LIMIT 500";

/// A coarse sieve for the server; [`feature`] decides.
const SIEVE: &str = "^\\s*(/\\*.*?\\*/|\\s|--[^\\n]*\\n)*(set|reset|listen|unlisten|load|prepare|create|declare|\
    deallocate|discard|select|with|do|call)\\M";

impl ServerEvidence {
    /// Asks the server. Without pg_stat_statements, or where its texts cannot be seen, only the
    /// slots are known; what is missing is said in the sentences beside.
    ///
    /// # Errors
    /// Where the server cannot be asked at all.
    pub async fn read(database: &Database) -> Result<(Self, Vec<String>), PostgresError> {
        let session = database.session().await?;
        let rows = session.query_typed(SLOTS, &[]).await?;
        let slots: Option<i64> = rows.first().map(|row| row.try_get(0)).transpose()?;
        let usable_slots = slots.and_then(|slots| u64::try_from(slots).ok());
        let rows = session.query_typed(SCHEMA, &[]).await?;
        let schema: Option<String> = rows.first().map(|row| row.try_get(0)).transpose()?;
        let mut unseen = Vec::new();
        let mut breaking = Vec::new();
        match schema {
            Some(schema) => match statements(&session, &schema).await {
                Ok(found) => breaking = found,
                Err(error) => unseen.push(format!(
                    "the statements of pg_stat_statements were not looked at: {}",
                    crate::finding::chain(&error)
                )),
            },
            None => unseen.push(
                "the statements that applications run were not looked at: pg_stat_statements is \
                 not installed in this database (CREATE EXTENSION pg_stat_statements)"
                    .to_owned(),
            ),
        }
        session.close().await;
        Ok((Self { usable_slots, breaking }, unseen))
    }
}

async fn statements(
    session: &crate::postgres::Session,
    schema: &str,
) -> Result<Vec<Breaking>, PostgresError> {
    let sql = STATEMENTS.replace("{schema}", schema);
    let rows = session.query_typed(&sql, &[(&SIEVE, Type::TEXT)]).await?;
    let mut breaking = Vec::new();
    for row in rows {
        let (database, user): (String, String) = (row.try_get(0)?, row.try_get(1)?);
        let (calls, text): (i64, String) = (row.try_get(2)?, row.try_get(3)?);
        breaking.extend(Breaking::of(&database, &user, calls.unsigned_abs(), &text));
    }
    Ok(breaking)
}

impl Breaking {
    /// The statement, where it needs its session.
    pub(super) fn of(database: &str, user: &str, calls: u64, text: &str) -> Option<Self> {
        let feature = feature(text)?;
        let words: Vec<&str> = text.split_whitespace().collect();
        let text: String = words.join(" ").chars().take(PREVIEW).collect();
        Some(Self { database: database.to_owned(), user: user.to_owned(), calls, feature, text })
    }
}

/// Parameters that PgBouncer tracks for each client and sets again on each server connection.
const TRACKED: &[&str] = &[
    "client_encoding",
    "datestyle",
    "timezone",
    "standard_conforming_strings",
    "application_name",
];

fn set_parameter(word: &str) -> &str {
    word.split('=').next().unwrap_or(word)
}

/// What of a statement needs the session that it runs in: the list of PgBouncer's documentation
/// ("SQL feature map for pooling modes").
fn feature(text: &str) -> Option<&'static str> {
    let text = without_comments(text).to_ascii_lowercase();
    let words: Vec<&str> = text
        .split(|c: char| c.is_whitespace() || c == '(' || c == ';')
        .filter(|word| !word.is_empty())
        .take(64)
        .collect();
    let word = |at: usize| words.get(at).copied().unwrap_or_default();
    match word(0) {
        // What ends with its transaction is harmless.
        "set" if matches!(word(1), "local" | "transaction" | "constraints") => None,
        "set" if TRACKED.contains(&set_parameter(word(1))) => None,
        "set" => Some("SET"),
        "reset" => Some("RESET"),
        "listen" | "unlisten" => Some("LISTEN"),
        "load" => Some("LOAD"),
        // PREPARE TRANSACTION is two-phase commit, which belongs to no session.
        "prepare" if word(1) != "transaction" => Some("PREPARE"),
        "declare" if text.contains("with hold") => Some("WITH HOLD cursor"),
        "create" if words.iter().take(4).any(|word| matches!(*word, "temp" | "temporary")) => {
            // ON COMMIT DROP lives no longer than its transaction.
            (!text.contains("on commit drop")).then_some("temporary table")
        }
        _ if has_session_lock(&text) => Some("session advisory lock"),
        _ => None,
    }
}

fn has_session_lock(text: &str) -> bool {
    ["pg_advisory_lock", "pg_try_advisory_lock", "pg_advisory_unlock"]
        .iter()
        .any(|function| text.contains(function))
}

fn without_comments(text: &str) -> String {
    let mut rest = text.trim_start();
    loop {
        let after = match (rest.strip_prefix("/*"), rest.strip_prefix("--")) {
            (Some(comment), _) => comment.split_once("*/").map_or("", |(_, after)| after),
            (_, Some(comment)) => comment.split_once('\n').map_or("", |(_, after)| after),
            _ => return rest.to_owned(),
        };
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_need_their_session_are_told_from_those_that_do_not() {
        let needing = [
            ("SET search_path TO $1", "SET"),
            ("/* app */ set statement_timeout = $1", "SET"),
            ("RESET ALL", "RESET"),
            ("listen orders", "LISTEN"),
            ("LOAD $1", "LOAD"),
            ("PREPARE q AS select $1", "PREPARE"),
            ("DECLARE c CURSOR WITH HOLD FOR select $1", "WITH HOLD cursor"),
            ("CREATE LOCAL TEMPORARY TABLE t (a int)", "temporary table"),
            ("create temp table t as select $1", "temporary table"),
            ("SELECT pg_advisory_lock($1)", "session advisory lock"),
            ("-- x\nselect pg_try_advisory_lock($1, $2)", "session advisory lock"),
        ];
        for (text, expected) in needing {
            assert_eq!(feature(text), Some(expected), "{text}");
        }
        let harmless = [
            "SET LOCAL search_path TO $1",
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "SELECT pg_advisory_xact_lock($1)",
            "PREPARE TRANSACTION $1",
            "DECLARE c CURSOR FOR select $1",
            "SET application_name = $1",
            "set timezone=$1",
            "CREATE TEMP TABLE t (a int) ON COMMIT DROP",
            "CREATE TABLE temporary_orders (a int)",
            "update t set a = $1",
            "",
            "/* open",
        ];
        for text in harmless {
            assert_eq!(feature(text), None, "{text}");
        }
    }
}
