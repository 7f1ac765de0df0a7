//! How many large objects there are, what they are said to be, and how they can be read.

use super::super::{FingerprintError, Gap, LargeObjectsPrint};
use super::attempt::{self, Attempt};
use super::hashing::{Access, PIECE};
use crate::postgres::{PostgresError, Snapshot};

/// What a gap is about.
pub(super) const SUBJECT: &str = "large objects";

/// The number, and the hash of identifiers, owners, privileges and comments. Privileges that are
/// the default ones, and the order in which they were granted, do not survive a dump.
const PROPERTIES: &str = "\
    SELECT count(*), \
           coalesce(sum(hashtextextended(ROW(m.oid, pg_get_userbyid(m.lomowner), a.grants, \
             obj_description(m.oid, 'pg_largeobject'))::text COLLATE \"C\", 0)), 0)::text \
      FROM pg_largeobject_metadata m \
     CROSS JOIN LATERAL ( \
           SELECT string_agg(g.grantee::regrole::text || '=' || g.privilege_type \
                             || CASE WHEN g.is_grantable THEN '*' ELSE '' END, ',' \
                             ORDER BY g.grantee::regrole::text COLLATE \"C\", g.privilege_type) \
                  AS grants \
             FROM aclexplode(coalesce(m.lomacl, acldefault('L', m.lomowner))) g) AS a";

/// Whether the pages can be read as they are, their bytes, and where pages are of the usual size.
const ACCESS: &str = "\
    SELECT has_table_privilege('pg_largeobject', 'SELECT') \
             AND current_setting('block_size')::int8 / 4 = $1, \
           pg_table_size('pg_largeobject')";

/// The large objects of a database, before any content is read.
#[derive(Debug)]
pub(super) struct LargeObjects {
    pub(super) print: LargeObjectsPrint,
    pub(super) access: Access,
    pub(super) bytes: u64,
}

pub(super) async fn look(
    snapshot: &Snapshot<'_>,
) -> Result<(LargeObjects, Option<Gap>), FingerprintError> {
    let looked = attempt::run(snapshot, properties(snapshot)).await?;
    let (print, gap) = match looked {
        Attempt::Done(print) => (print, None),
        Attempt::Refused(refusal) => {
            (LargeObjectsPrint::default(), Some(refusal.gap(SUBJECT.to_owned())))
        }
    };
    let (access, bytes) = access(snapshot).await?;
    Ok((LargeObjects { print, access, bytes }, gap))
}

async fn properties(snapshot: &Snapshot<'_>) -> Result<LargeObjectsPrint, PostgresError> {
    let rows = snapshot.rows("look at the large objects", PROPERTIES, &[]).await?;
    let Some(row) = rows.first() else { return Ok(LargeObjectsPrint::default()) };
    Ok(LargeObjectsPrint {
        count: row.try_get::<_, i64>(0)?.unsigned_abs(),
        properties: row.try_get::<_, String>(1)?.parse().ok(),
        ..LargeObjectsPrint::default()
    })
}

async fn access(snapshot: &Snapshot<'_>) -> Result<(Access, u64), PostgresError> {
    let piece = i64::from(PIECE);
    let what = "see how large objects can be read";
    let rows = snapshot.rows(what, ACCESS, &[(&piece, tokio_postgres::types::Type::INT8)]).await?;
    let Some(row) = rows.first() else { return Ok((Access::Functions, 0)) };
    let access = if row.try_get(0)? { Access::Pages } else { Access::Functions };
    Ok((access, row.try_get::<_, i64>(1)?.unsigned_abs()))
}
