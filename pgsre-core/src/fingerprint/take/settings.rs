//! What a session that takes a fingerprint sets for its transaction.

use super::super::FingerprintError;
use super::request::FingerprintRequest;
use crate::postgres::{ServerVersion, Snapshot};

/// The name that `pg_stat_activity` shows.
const NAME: &str = "pgsre fingerprint";

/// Everything that the text of a value depends on, besides the value: each setting that an output
/// function of PostgreSQL reads, whatever the role or the database says.
const PINNED: &str = "\
    SET LOCAL DateStyle = 'ISO, YMD'; \
    SET LOCAL IntervalStyle = 'postgres'; \
    SET LOCAL TimeZone = 'UTC'; \
    SET LOCAL extra_float_digits = 3; \
    SET LOCAL bytea_output = 'hex'; \
    SET LOCAL lc_monetary = 'C'; \
    SET LOCAL lc_numeric = 'C'; \
    SET LOCAL lc_time = 'C'; \
    SET LOCAL xmlbinary = 'base64'; \
    SET LOCAL xmloption = 'content'; \
    SET LOCAL standard_conforming_strings = on; \
    SET LOCAL quote_all_identifiers = off";

/// Names within values (`regclass` and its like) are quoted always: which words need it differs
/// between major versions.
const QUOTED: &str = "SET LOCAL quote_all_identifiers = on";

/// From 14 on the server notices by itself that nobody waits for an answer any more. Not every
/// platform can.
const NOTICE: &str = "SET LOCAL client_connection_check_interval = '5s'";

/// Makes a session ready to read definitions.
pub(super) async fn apply(
    snapshot: &Snapshot<'_>,
    request: &FingerprintRequest,
    version: ServerVersion,
) -> Result<(), FingerprintError> {
    let what = "set up the session";
    let mut own = format!(
        "{PINNED}; SET LOCAL application_name = '{NAME}'; SET LOCAL statement_timeout = 0; \
         SET LOCAL lock_timeout = {}; SET LOCAL max_parallel_workers_per_gather = {}; \
         SET LOCAL jit = off",
        request.lock_timeout.as_millis().clamp(1, i32::MAX as u128),
        request.parallel_workers.min(1024),
    );
    if version.major() >= 17 {
        own.push_str("; SET LOCAL transaction_timeout = 0");
    }
    snapshot.execute(what, &own).await?;
    if version.major() >= 14 {
        snapshot.execute(what, "SAVEPOINT notice").await?;
        let end = match snapshot.execute(what, NOTICE).await {
            Ok(()) => "RELEASE SAVEPOINT notice",
            Err(error) if error.sqlstate().is_some() => "ROLLBACK TO SAVEPOINT notice",
            Err(error) => return Err(error.into()),
        };
        snapshot.execute(what, end).await?;
    }
    Ok(())
}

/// Makes a session ready to read contents; definitions are not read on it any more.
pub(super) async fn apply_to_contents(snapshot: &Snapshot<'_>) -> Result<(), FingerprintError> {
    Ok(snapshot.execute("set up the session", QUOTED).await?)
}
