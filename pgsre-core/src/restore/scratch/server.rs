//! The server of a scratch database: is it fit, and who lives there.

use crate::finding::chain;
use crate::postgres::{ConnectConfig, Database, Session};
use crate::restore::loader::from_postgres;
use crate::restore::{RunId, TargetError, TargetErrorKind};

/// The class of our advisory locks: `pgsr`.
const LOCK_CLASS: i32 = 0x7067_7372;

const FITNESS: &str = "\
    SELECT pg_catalog.pg_is_in_recovery(), \
           (SELECT rolcreatedb OR rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)";

const SUPERUSER: &str = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user";

/// Whether whoever restores may do anything on the server: then so may the functions of a backup,
/// where its triggers, defaults or indexes call them.
pub(super) async fn is_superuser(session: &Session) -> bool {
    let row = session.query_one(SUPERUSER, &[]).await;
    row.and_then(|row| row.try_get(0)).unwrap_or(false)
}

/// Advisory locks belong to one database each, and owners may connect to different ones: so look
/// at them all.
const LOCKED: &str = "\
    SELECT EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype = 'advisory' AND objsubid = 2 \
    AND classid::pg_catalog.int8 = $1 AND objid::pg_catalog.int8 = $2 AND granted)";

/// A database to speak of others from: the one of the connection string where there is one, else
/// those that every server has.
pub(super) async fn maintenance(server: &ConnectConfig) -> Result<Database, TargetError> {
    let mut last = None;
    for name in [server.database(), "postgres", "template1"] {
        match Database::connect(server.with_database(name)).await {
            Ok(database) => return Ok(database),
            Err(error) if super::is_absent(error.kind()) => last = Some(from_postgres(&error)),
            Err(error) => return Err(from_postgres(&error)),
        }
    }
    Err(last.unwrap_or_else(|| TargetError::new(TargetErrorKind::Unreachable, "no database")))
}

/// Whether a backup of this major version may be restored there.
pub(super) async fn check(
    database: &Database,
    session: &Session,
    major: Option<u32>,
) -> Result<(), TargetError> {
    let version = database.version();
    if let Some(major) = major
        && version.major() < major
    {
        let context = format!("the backup is of PostgreSQL {major}, and the server is {version}");
        return Err(TargetError::new(TargetErrorKind::ServerTooOld, context)
            .with_hint(format!("name a server of version {major} or newer")));
    }
    let row = session.query_one(FITNESS, &[]).await.map_err(|e| failed("cannot ask it", e))?;
    let (standby, may): (bool, Option<bool>) =
        (row.try_get(0).unwrap_or(false), row.try_get(1).unwrap_or(None));
    if standby {
        let context = "the server is a standby, which takes no writes";
        return Err(TargetError::new(TargetErrorKind::Invalid, context)
            .with_hint("name a primary that is not in production"));
    }
    if may != Some(true) {
        let user = database.config().user();
        return Err(TargetError::new(
            TargetErrorKind::Denied,
            format!("the user {user} may not create databases"),
        )
        .with_hint(format!("ALTER ROLE \"{user}\" CREATEDB, or use the ephemeral target")));
    }
    Ok(())
}

/// Says that the run lives, for as long as the session does.
pub(super) async fn lock(session: &Session, run: RunId) -> Result<(), TargetError> {
    const LOCK: &str = "SELECT pg_catalog.pg_try_advisory_lock($1, $2)";
    let key = key_of(run);
    let row = session.query_one(LOCK, &[&LOCK_CLASS, &key]).await;
    let locked = row.and_then(|row| row.try_get(0)).map_err(|e| failed("cannot lock", e))?;
    if locked {
        return Ok(());
    }
    Err(TargetError::new(TargetErrorKind::Invalid, format!("the run {run} is already under way")))
}

/// Whether the run's owner lives.
pub(super) async fn is_locked(session: &Session, run: RunId) -> Result<bool, TargetError> {
    let class = i64::from(LOCK_CLASS.cast_unsigned());
    let key = i64::from(key_of(run).cast_unsigned());
    let row = session.query_one(LOCKED, &[&class, &key]).await;
    row.and_then(|row| row.try_get(0)).map_err(|e| failed("cannot look at locks", e))
}

/// A database of this name must not be there.
pub(super) async fn refuse_existing(session: &Session, name: &str) -> Result<(), TargetError> {
    const THERE: &str =
        "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = $1::pg_catalog.text)";
    let row = session.query_one(THERE, &[&name]).await;
    let there: bool =
        row.and_then(|row| row.try_get(0)).map_err(|e| failed("cannot look at databases", e))?;
    if there {
        let context = format!("a database {name} exists already");
        return Err(TargetError::new(TargetErrorKind::NotEmpty, context));
    }
    Ok(())
}

pub(super) fn failed(context: &str, error: tokio_postgres::Error) -> TargetError {
    let kind = match error.code().map(tokio_postgres::error::SqlState::code) {
        Some("53100") => TargetErrorKind::DiskFull,
        Some("42501") => TargetErrorKind::Denied,
        None => TargetErrorKind::Unreachable,
        _ => TargetErrorKind::Failed,
    };
    TargetError::new(kind, format!("{context}: {}", chain(&error)))
}

/// The run's name, folded.
fn key_of(run: RunId) -> i32 {
    let folded = run
        .to_string()
        .bytes()
        // FNV-1a: any well-spread hash does.
        .fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
    folded.cast_signed()
}
