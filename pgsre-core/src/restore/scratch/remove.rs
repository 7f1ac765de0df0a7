//! Removing a scratch database, and nothing else.

use super::create::{kept_marker, marker};
use super::server::failed;
use crate::postgres::{ConnectConfig, Database, Session, quote_identifier};
use crate::restore::TargetError;
use crate::restore::loader::from_postgres;

const LEFTOVERS: &str = "\
    SELECT datname::pg_catalog.text, pg_catalog.shobj_description(oid, 'pg_database') \
    FROM pg_catalog.pg_database WHERE datname LIKE 'pgsre\\_drill\\_%' ORDER BY datname";

/// Databases that have a name of ours and are not kept, and whether our marker stands on them.
pub(super) async fn leftovers(session: &Session) -> Result<Vec<(String, bool)>, TargetError> {
    let rows = session.query(LEFTOVERS, &[]).await;
    let rows = rows.map_err(|error| failed("cannot look for leftovers", error))?;
    let named = rows.iter().filter_map(|row| {
        let name: String = row.try_get(0).ok()?;
        let comment: Option<String> = row.try_get(1).ok()?;
        let comment = comment.unwrap_or_default();
        let marked = comment == marker(&name);
        (comment != kept_marker(&name)).then_some((name, marked))
    });
    Ok(named.collect())
}

/// Drops the database, if it is there, with whoever is connected to it.
pub(super) async fn drop_database(
    server: &ConnectConfig,
    session: &Session,
    name: &str,
) -> Result<(), TargetError> {
    detach_subscriptions(server, session, name).await?;
    let context = format!("cannot drop the database {name}");
    let quoted = quote_identifier(name);
    let forced = format!("DROP DATABASE IF EXISTS {quoted} WITH (FORCE)");
    match session.batch_execute(&forced).await {
        Ok(()) => Ok(()),
        // Before 13 there is no FORCE.
        Err(error) if is_syntax_error(&error) => {
            terminate(session, name).await?;
            let plain = format!("DROP DATABASE IF EXISTS {quoted}");
            session.batch_execute(&plain).await.map_err(|error| failed(&context, error))
        }
        Err(error) => Err(failed(&context, error)),
    }
}

/// A database that holds a subscription cannot be dropped before it lets go of its slot.
async fn detach_subscriptions(
    server: &ConnectConfig,
    session: &Session,
    name: &str,
) -> Result<(), TargetError> {
    const THERE: &str = "\
        SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_subscription s \
        JOIN pg_catalog.pg_subscription p ON p.oid = s.subid \
        JOIN pg_catalog.pg_database d ON d.oid = p.subdbid WHERE d.datname = $1::pg_catalog.text)";
    let there = session.query_one(THERE, &[&name]).await.and_then(|row| row.try_get(0));
    // An ordinary user may not look; nor can it have made one.
    if !there.unwrap_or(false) {
        return Ok(());
    }
    const NAMES: &str = "\
        SELECT subname::pg_catalog.text FROM pg_catalog.pg_subscription s \
        JOIN pg_catalog.pg_database d ON d.oid = s.subdbid \
        WHERE d.datname = pg_catalog.current_database()";
    let inside = Database::connect(server.with_database(name)).await;
    let inside = inside.map_err(|error| from_postgres(&error))?;
    let inside = inside.session().await.map_err(|error| from_postgres(&error))?;
    let rows = inside.query(NAMES, &[]).await.map_err(|e| failed("cannot see subscriptions", e))?;
    for subscription in rows.iter().filter_map(|row| row.try_get::<_, String>(0).ok()) {
        let quoted = quote_identifier(&subscription);
        let sql = format!(
            "ALTER SUBSCRIPTION {quoted} DISABLE; \
             ALTER SUBSCRIPTION {quoted} SET (slot_name = NONE); DROP SUBSCRIPTION {quoted}"
        );
        inside.batch_execute(&sql).await.map_err(|e| failed("cannot detach a subscription", e))?;
    }
    inside.close().await;
    Ok(())
}

async fn terminate(session: &Session, name: &str) -> Result<(), TargetError> {
    const TERMINATE: &str = "\
        SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity \
        WHERE datname = $1::pg_catalog.text AND pid <> pg_catalog.pg_backend_pid()";
    session.execute(TERMINATE, &[&name]).await.map(|_| ()).map_err(|e| failed("cannot end", e))
}

fn is_syntax_error(error: &tokio_postgres::Error) -> bool {
    error.code().is_some_and(|code| code.code() == "42601")
}
