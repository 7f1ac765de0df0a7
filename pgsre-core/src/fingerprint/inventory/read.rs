//! Reading the catalogue, one query for each family of kinds.

use tokio_postgres::Row;
use tokio_postgres::types::{FromSql, Type};

use super::normal::normal_form;
use super::privileges::privileges;
use super::versions::expand;
use super::{ObjectKind, ObjectPrint, Reader};
use crate::fingerprint::{FingerprintError, Gap};
use crate::postgres::{PostgresError, ServerVersion, Snapshot};

/// What the texts of expressions depend on. Compiling queries that run once takes longer than they.
const SETTINGS: &str = "\
    SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL IntervalStyle = 'postgres'; \
    SET LOCAL TimeZone = 'UTC'; SET LOCAL extra_float_digits = 1; SET LOCAL lc_monetary = 'C'; \
    SET LOCAL bytea_output = 'hex'; SET LOCAL standard_conforming_strings = on; \
    SET LOCAL quote_all_identifiers = off; SET LOCAL jit = off";

const SEES_CONNECTIONS: &str =
    "SELECT has_column_privilege('pg_catalog.pg_subscription', 'subconninfo', 'SELECT')";

/// Around each query: names for the owner and the privileges.
const OBJECTS: &str = "\
    SELECT o.kind::text, o.name::text, o.definition::text, \
           pg_get_userbyid(o.owner)::text, o.acl::text[], \
           acldefault(o.acl_type::text::\"char\", coalesce(o.owner, 10))::text[], \
           o.acl_type::text, o.comment::text FROM (";
const COLUMNS: &str = ") AS o (kind, name, definition, owner, acl, acl_type, comment)";

/// A query, and the kinds that it answers.
struct Family {
    kinds: &'static [ObjectKind],
    sql: &'static str,
}

const FAMILIES: &[Family] = {
    use ObjectKind::*;
    &[
        Family {
            kinds: &[
                Database,
                Schema,
                Extension,
                Language,
                AccessMethod,
                EventTrigger,
                DefaultPrivileges,
                SecurityLabel,
            ],
            sql: include_str!("database.sql"),
        },
        Family { kinds: &[Type, Domain, Collation], sql: include_str!("types.sql") },
        Family {
            kinds: &[Table, View, MaterializedView, ForeignTable, Sequence],
            sql: include_str!("relations.sql"),
        },
        Family { kinds: &[Column], sql: include_str!("columns.sql") },
        Family { kinds: &[Index], sql: include_str!("indexes.sql") },
        Family { kinds: &[Constraint], sql: include_str!("constraints.sql") },
        Family { kinds: &[Function, Aggregate], sql: include_str!("routines.sql") },
        Family {
            kinds: &[Operator, OperatorClass, OperatorFamily, Cast, Conversion, Transform],
            sql: include_str!("operators.sql"),
        },
        Family { kinds: &[Trigger, Rule, Policy, Statistics], sql: include_str!("attached.sql") },
        Family { kinds: &[TextSearch], sql: include_str!("text_search.sql") },
        Family {
            kinds: &[ForeignDataWrapper, ForeignServer, UserMapping],
            sql: include_str!("foreign_data.sql"),
        },
        Family { kinds: &[Publication, Subscription], sql: include_str!("replication.sql") },
    ]
};

/// Every object, sorted by kind and name, and what could not be looked at.
///
/// A gap's subject is a kind where nothing of that kind could be read (`trigger`), and a kind and a
/// name where one object could not (`subscription copy`); see [`Gap::hides`].
///
/// Definitions are those of the moment, as in `pg_dump`: what is dropped while they are read is a
/// gap.
pub(in crate::fingerprint) async fn read(
    snapshot: &Snapshot<'_>,
    version: ServerVersion,
) -> Result<(Vec<ObjectPrint>, Vec<Gap>), FingerprintError> {
    snapshot.execute("prepare to read the definitions", SETTINGS).await?;
    let seen = snapshot.rows("read the role's privileges", SEES_CONNECTIONS, &[]).await?;
    let sees_connections = match seen.first() {
        Some(row) => row.try_get(0).map_err(PostgresError::from)?,
        None => false,
    };
    let mut inventory = Inventory {
        reader: Reader { major: version.major(), sees_connections },
        objects: Vec::new(),
        gaps: Vec::new(),
    };
    for family in FAMILIES {
        inventory.read(snapshot, family).await?;
    }
    inventory.objects.sort_unstable_by(|a, b| (a.kind, &a.name).cmp(&(b.kind, &b.name)));
    Ok((inventory.objects, inventory.gaps))
}

struct Inventory {
    reader: Reader,
    objects: Vec<ObjectPrint>,
    gaps: Vec<Gap>,
}

impl Inventory {
    async fn read(
        &mut self,
        snapshot: &Snapshot<'_>,
        family: &Family,
    ) -> Result<(), FingerprintError> {
        let names: Vec<_> = family.kinds.iter().map(|kind| kind.as_str()).collect();
        let what = format!("read the definitions of each {}", names.join(", "));
        let sql = format!("{OBJECTS}{}{COLUMNS}", expand(family.sql, self.reader));
        snapshot.execute(&what, "SAVEPOINT inventory").await?;
        match snapshot.rows(&what, &sql, &[]).await {
            Ok(rows) => {
                for row in rows {
                    self.add(&row).map_err(PostgresError::from)?;
                }
                snapshot.execute(&what, "RELEASE SAVEPOINT inventory").await?;
            }
            // One broken definition spoils no other family.
            Err(error) if error.sqlstate().is_some() && !error.is_transient() => {
                let undo = "ROLLBACK TO SAVEPOINT inventory; RELEASE SAVEPOINT inventory";
                snapshot.execute(&what, undo).await?;
                let why = reason(&error);
                self.gaps.extend(
                    names.iter().map(|&kind| Gap { subject: kind.to_owned(), why: why.clone() }),
                );
            }
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn add(&mut self, row: &Row) -> Result<(), tokio_postgres::Error> {
        let Some(kind) = ObjectKind::parse(&text(row, 0)?.unwrap_or_default()) else {
            return Ok(());
        };
        let name = text(row, 1)?.unwrap_or_default();
        let Some(definition) = text(row, 2)? else {
            self.gaps.push(Gap { subject: format!("{kind} {name}"), why: hidden(kind).to_owned() });
            return Ok(());
        };
        let default = texts(row, 5)?.filter(|_| kind != ObjectKind::DefaultPrivileges);
        let acl_type = text(row, 6)?.unwrap_or_default();
        self.objects.push(ObjectPrint {
            kind,
            name,
            definition: normal_form(definition),
            owner: text(row, 3)?,
            privileges: privileges(texts(row, 4)?, default, &acl_type, self.reader.major),
            comment: text(row, 7)?,
        });
        Ok(())
    }
}

/// What the server answered.
fn reason(error: &PostgresError) -> String {
    std::error::Error::source(error)
        .and_then(|cause| cause.downcast_ref::<tokio_postgres::Error>())
        .and_then(tokio_postgres::Error::as_db_error)
        .map_or_else(|| error.to_string(), |answer| answer.message().to_owned())
}

/// Why an object is there and its definition is not.
fn hidden(kind: ObjectKind) -> &'static str {
    match kind {
        ObjectKind::UserMapping => "only a superuser may see its options",
        ObjectKind::Subscription => "only a superuser may see its connection",
        _ => "it was dropped while it was read",
    }
}

fn text(row: &Row, at: usize) -> Result<Option<String>, tokio_postgres::Error> {
    Ok(row.try_get::<_, Option<Text>>(at)?.map(|text| text.0))
}

fn texts(row: &Row, at: usize) -> Result<Option<Vec<String>>, tokio_postgres::Error> {
    let texts = row.try_get::<_, Option<Vec<Text>>>(at)?;
    Ok(texts.map(|texts| texts.into_iter().map(|text| text.0).collect()))
}

/// Text of a database that may be SQL_ASCII: what is no UTF-8 is replaced.
struct Text(String);

impl<'a> FromSql<'a> for Text {
    fn from_sql(_: &Type, raw: &'a [u8]) -> Result<Self, Box<dyn std::error::Error + Sync + Send>> {
        Ok(Self(String::from_utf8_lossy(raw).into_owned()))
    }

    fn accepts(ty: &Type) -> bool {
        <&str as FromSql>::accepts(ty)
    }
}
