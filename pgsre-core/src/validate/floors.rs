//! The least that any backup of this database must hold.

use async_trait::async_trait;
use tokio_postgres::types::Type;

use super::catalogue::{Relation, RelationKind, Relations};
use super::large_objects;
use super::{Validation, ValidationContext, Validator, ValidatorError};
use crate::archive::Declaration;
use crate::finding::{Finding, FindingCode};
use crate::postgres::Snapshot;
use crate::restore::DatabaseLoad;

/// `to_regclass` reads the name as SQL does.
const TABLE: &str = "SELECT to_regclass($1)::oid::int8";

/// All databases of the restored backup together.
const SIZE: &str = "\
    SELECT coalesce(sum(pg_database_size(oid)), 0)::int8 FROM pg_database \
     WHERE datname = ANY ($1::text[]) OR datname = current_database()";

/// Floors under tables, rows and size: what catches the dump of a wrong or an empty database.
///
/// By default one table and one row, or one large object where there is no table. The databases of a cluster's dump are taken together.
#[derive(Clone, Debug)]
pub struct Floors {
    tables: u64,
    rows: u64,
    database_size: Option<u64>,
    table_rows: Vec<(String, u64)>,
}

impl Default for Floors {
    fn default() -> Self {
        Self { tables: 1, rows: 1, database_size: None, table_rows: Vec::new() }
    }
}

impl Floors {
    /// At least this many tables; partitions are not counted.
    #[must_use]
    pub fn tables(mut self, tables: u64) -> Self {
        self.tables = tables;
        self
    }

    /// At least this many rows in all tables together.
    #[must_use]
    pub fn rows(mut self, rows: u64) -> Self {
        self.rows = rows;
        self
    }

    /// At least this many bytes on disk, as `pg_database_size` has it, with every index.
    #[must_use]
    pub fn database_size(mut self, bytes: u64) -> Self {
        self.database_size = Some(bytes);
        self
    }

    /// At least this many rows in one table, named as in SQL: `orders`, `shop."Order"`.
    #[must_use]
    pub fn table(mut self, table: impl Into<String>, rows: u64) -> Self {
        self.table_rows.push((table.into(), rows));
        self
    }
}

#[async_trait]
impl Validator for Floors {
    fn name(&self) -> &str {
        "floors"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let snapshot = Snapshot::open(cx.restored, cx.cancel).await?;
        let relations = Relations::read(&snapshot).await?;
        let mut validation = Validation::sound(2);
        let doubtful = cx.environment_failed() || lacks_excused_rows(cx);
        if self.is_met_by_large_objects(&relations, &snapshot).await? {
            return self.check_demanded(validation, doubtful, &relations, &snapshot, cx).await;
        }
        if let Some(finding) = self.check_tables(&relations, cx) {
            validation.report(finding, doubtful);
        }
        if let Some(finding) = self.check_rows(&relations, &snapshot, cx).await? {
            validation.report(finding, doubtful || self.is_schema_only(&relations, cx));
        }
        self.check_demanded(validation, doubtful, &relations, &snapshot, cx).await
    }
}

impl Floors {
    /// What was demanded by name.
    async fn check_demanded(
        &self,
        mut validation: Validation,
        doubtful: bool,
        relations: &Relations,
        snapshot: &Snapshot<'_>,
        cx: &ValidationContext<'_>,
    ) -> Result<Validation, ValidatorError> {
        if let Some(floor) = self.database_size {
            validation.examined += 1;
            if let Some(finding) = check_size(floor, snapshot, cx).await? {
                validation.report(finding, doubtful);
            }
        }
        for (table, floor) in &self.table_rows {
            validation.examined += 1;
            if let Some(finding) = check_table(table, *floor, relations, snapshot, cx).await? {
                validation.report(finding, doubtful);
            }
        }
        Ok(validation)
    }

    /// Whether there are no tables, and large objects are what the database is for. Floors that
    /// somebody set are demanded all the same.
    async fn is_met_by_large_objects(
        &self,
        relations: &Relations,
        snapshot: &Snapshot<'_>,
    ) -> Result<bool, ValidatorError> {
        let by_default = self.tables <= 1 && self.rows <= 1;
        Ok(by_default
            && !relations.iter().any(Relation::is_own_table)
            && large_objects::count(snapshot).await? > 0)
    }

    fn check_tables(&self, relations: &Relations, cx: &ValidationContext<'_>) -> Option<Finding> {
        let elsewhere: usize = others(cx).map(declared_tables).sum();
        let there =
            (relations.iter().filter(|table| table.is_own_table()).count() + elsewhere) as u64;
        below(cx, &cx.load.name, "tables", there, self.tables)
    }

    /// Whether the archive has tables and no data whatsoever, as after `--schema-only`: not what an
    /// empty database's dump looks like. A floor that somebody set is demanded all the same.
    fn is_schema_only(&self, relations: &Relations, cx: &ValidationContext<'_>) -> bool {
        self.rows <= 1
            && relations.iter().any(Relation::is_own_table)
            && cx
                .report
                .databases
                .iter()
                .all(|load| load.tables.is_empty() && load.empty_tables.is_empty() && !load.inserts)
    }

    async fn check_rows(
        &self,
        relations: &Relations,
        snapshot: &Snapshot<'_>,
        cx: &ValidationContext<'_>,
    ) -> Result<Option<Finding>, ValidatorError> {
        let elsewhere: u64 = others(cx).flat_map(|load| &load.tables).map(|table| table.rows).sum();
        let tables = relations
            .iter()
            .filter(|table| table.kind == RelationKind::Table && !table.of_extension);
        let there =
            elsewhere + count_up_to(tables, self.rows.saturating_sub(elsewhere), snapshot).await?;
        Ok(below(cx, &cx.load.name, "rows", there, self.rows))
    }
}

async fn check_size(
    floor: u64,
    snapshot: &Snapshot<'_>,
    cx: &ValidationContext<'_>,
) -> Result<Option<Finding>, ValidatorError> {
    let names: Vec<&str> = cx.report.databases.iter().map(|load| load.name.as_str()).collect();
    let rows = snapshot.rows("measure the database", SIZE, &[(&names, Type::TEXT_ARRAY)]).await?;
    let there = rows.first().map_or(0, |row| row.get::<_, i64>(0).unsigned_abs());
    Ok(below(cx, &cx.load.name, "bytes", there, floor))
}

async fn check_table(
    table: &str,
    floor: u64,
    relations: &Relations,
    snapshot: &Snapshot<'_>,
    cx: &ValidationContext<'_>,
) -> Result<Option<Finding>, ValidatorError> {
    // Names without a schema are looked up as the user would.
    snapshot.execute("set the search path", "SET LOCAL search_path = \"$user\", public").await?;
    let what = format!("look up the table {table}");
    let found = snapshot.rows(&what, TABLE, &[(&table, Type::TEXT)]).await?;
    snapshot.execute("set the search path", "SET LOCAL search_path = pg_catalog").await?;
    let oid = found.first().and_then(|row| row.get::<_, Option<i64>>(0));
    let Some(relation) = oid.and_then(|oid| relations.get(oid)) else {
        if cx.is_cluster() && others(cx).any(|load| loads(load, table)) {
            return Ok(None);
        }
        let message = format!("the table is not there; at least {floor} rows are expected in it");
        return Ok(Some(Finding::critical(FindingCode::RowsBelowFloor, table, message)));
    };
    let there = count_up_to(relations.storage(relation).into_iter(), floor, snapshot).await?;
    Ok(below(cx, table, "rows", there, floor))
}

/// Whether the environment kept rows out, which the backup may well have.
fn lacks_excused_rows(cx: &ValidationContext<'_>) -> bool {
    cx.report.databases.iter().flat_map(|load| &load.tables).any(|table| table.excused)
}

/// The backup's other databases; none, except for a dump of a cluster.
fn others<'a>(cx: &ValidationContext<'a>) -> impl Iterator<Item = &'a DatabaseLoad> {
    let name = &cx.load.name;
    cx.report.databases.iter().filter(move |load| load.name != *name)
}

fn declared_tables(load: &DatabaseLoad) -> usize {
    load.declared
        .iter()
        .filter(|declared| matches!(declared.object, Declaration::Table { .. }))
        .count()
}

/// Whether a database's load had data for a table of this name, as people write it.
fn loads(load: &DatabaseLoad, table: &str) -> bool {
    let plain = table.replace('"', "");
    load.tables.iter().any(|loaded| {
        let name = &loaded.table.name;
        *name == plain
            || loaded
                .table
                .schema
                .as_ref()
                .is_some_and(|schema| format!("{schema}.{name}") == plain)
    })
}

/// Rows of the tables together, counted no further than the floor.
async fn count_up_to(
    tables: impl Iterator<Item = &Relation>,
    floor: u64,
    snapshot: &Snapshot<'_>,
) -> Result<u64, ValidatorError> {
    let mut there = 0;
    for table in tables {
        if there >= floor {
            break;
        }
        there += snapshot.count_up_to(&table.quoted(), floor - there).await?;
    }
    Ok(there)
}

fn below(
    cx: &ValidationContext<'_>,
    subject: &str,
    unit: &str,
    there: u64,
    floor: u64,
) -> Option<Finding> {
    (there < floor).then(|| {
        let place = if cx.is_cluster() { "the restored databases hold" } else { "there are" };
        Finding::critical(
            FindingCode::RowsBelowFloor,
            subject,
            format!("{place} {there} {unit}, at least {floor} are expected"),
        )
        .with_hint("check which database was dumped, and whether it was empty at that time")
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::fixture::Fixture;
    use super::*;

    const ORDERS: &str =
        "CREATE TABLE orders (id int); INSERT INTO orders SELECT generate_series(1, 5)";

    async fn findings(sql: &str, floors: Floors) -> Vec<String> {
        let fixture = Fixture::new(sql).await;
        let validation = floors.validate(&fixture.context()).await.unwrap();
        assert!(validation.examined > 0);
        validation.findings.into_iter().map(|f| f.message).collect()
    }

    #[tokio::test]
    async fn an_empty_database_is_below_the_default_floors() {
        assert_eq!(findings("", Floors::default()).await.len(), 2);
    }

    #[tokio::test]
    async fn a_table_without_rows_is_below_the_default_floors() {
        assert_eq!(findings("CREATE TABLE t (a int)", Floors::default()).await.len(), 1);
    }

    #[tokio::test]
    async fn large_objects_without_any_table_are_enough_by_default() {
        assert!(findings("SELECT lo_create(0)", Floors::default()).await.is_empty());
        assert_eq!(findings("SELECT lo_create(0)", Floors::default().rows(2)).await.len(), 2);
        let beside = "SELECT lo_create(0); CREATE TABLE t (a int)";
        assert_eq!(findings(beside, Floors::default()).await.len(), 1);
    }

    #[tokio::test]
    async fn one_row_is_enough_by_default() {
        assert!(findings(ORDERS, Floors::default()).await.is_empty());
    }

    #[tokio::test]
    async fn each_floor_is_judged() {
        let floors = Floors::default()
            .tables(2)
            .rows(6)
            .database_size(1 << 40)
            .table("orders", 6)
            .table("public.customers", 1);
        assert_eq!(findings(ORDERS, floors).await.len(), 5);
        let floors = Floors::default().rows(5).database_size(1).table("public.orders", 5);
        assert!(findings(ORDERS, floors).await.is_empty());
    }

    #[tokio::test]
    async fn an_empty_database_of_a_cluster_is_judged_with_the_others() {
        let mut fixture = Fixture::new("").await;
        let mut other = Fixture::new(ORDERS).await;
        other.declare_table("orders", &["id"]);
        other.load_table("orders", 5);
        fixture.report.databases = vec![fixture.load.clone(), other.load.clone()];
        let validation = Floors::default().validate(&fixture.context()).await.unwrap();
        assert!(validation.findings.is_empty());
    }
}
