//! Everything that the archive declares is in the catalogue, whole and valid.

use std::collections::HashSet;

use async_trait::async_trait;

use super::catalogue::{ObjectKey, ObjectKind, Objects, Oid, Relation, RelationKind, Relations};
use super::{Validation, ValidationContext, Validator, ValidatorError};
use crate::archive::{Declaration, ObjectName, TableKind};
use crate::finding::{Finding, FindingCode};
use crate::postgres::Snapshot;
use crate::restore::Declared;

/// Columns of tables and views, those of foreign tables too.
const COLUMNS: &str = "\
    SELECT a.attrelid::int8, a.attname::text \
      FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid \
      JOIN pg_namespace n ON n.oid = c.relnamespace \
     WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v') \
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'";

/// Indexes that no query can use, and whether each is one of a partitioned table: such an index is
/// not valid as long as a partition lacks its part, which the source may have had, and is dumped.
const INVALID_INDEXES: &str = "\
    SELECT n.nspname::text, i.relname::text, i.relkind = 'I' \
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid \
      JOIN pg_namespace n ON n.oid = i.relnamespace \
     WHERE NOT (x.indisvalid AND x.indisready) \
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
     ORDER BY 1, 2";

/// Constraints that the server never proved. One that is not enforced (18) cannot be; one that a
/// partition has from its root is judged at the root.
const UNVALIDATED: &str = "\
    SELECT n.nspname::text, coalesce(c.relname, t.typname)::text, k.conname::text \
      FROM pg_constraint k \
      JOIN pg_namespace n ON n.oid = k.connamespace \
      LEFT JOIN pg_class c ON c.oid = k.conrelid \
      LEFT JOIN pg_type t ON t.oid = k.contypid \
     WHERE NOT k.convalidated AND k.conparentid = 0 \
       AND coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true) \
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
     ORDER BY 1, 2, 3";

/// Every object that the archive declares exists; every index is valid, every constraint
/// validated.
///
/// What was rejected because of the environment is left out.
#[derive(Clone, Copy, Debug, Default)]
pub struct DeclaredObjects;

#[async_trait]
impl Validator for DeclaredObjects {
    fn name(&self) -> &str {
        "declared objects"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let snapshot = Snapshot::open(cx.restored, cx.cancel).await?;
        let catalogue = Catalogue::read(&snapshot).await?;
        let mut validation = Validation {
            // A database may be there for its large objects only.
            nothing_to_examine: cx.load.declared.is_empty()
                && (cx.is_cluster() || cx.load.large_objects > 0),
            ..Validation::default()
        };
        for declared in cx.load.declared.iter().filter(|declared| !declared.excused) {
            validation.examined += 1;
            if let Some(finding) = catalogue.check(declared, cx) {
                validation.report(finding, cx.is_untrailed());
            }
        }
        check_indexes(&snapshot, &mut validation).await?;
        check_constraints(&snapshot, cx, &mut validation).await?;
        Ok(validation)
    }
}

/// What the restored database holds.
#[derive(Debug)]
struct Catalogue {
    relations: Relations,
    objects: Objects,
    columns: HashSet<(Oid, String)>,
}

impl Catalogue {
    async fn read(snapshot: &Snapshot<'_>) -> Result<Self, ValidatorError> {
        let columns = snapshot.rows("read the catalogue's columns", COLUMNS, &[]).await?;
        Ok(Self {
            relations: Relations::read(snapshot).await?,
            objects: Objects::read(snapshot).await?,
            columns: columns.iter().map(|row| (row.get(0), row.get(1))).collect(),
        })
    }

    /// What is wrong about a declared object, if anything.
    fn check(&self, declared: &Declared, cx: &ValidationContext<'_>) -> Option<Finding> {
        if let Declaration::Table { name, columns, kind } = &declared.object {
            return self.check_table(name, columns, *kind, declared, cx);
        }
        let key = ObjectKey::of(&declared.object)?;
        (!key.is_of_the_system() && !self.objects.contains(&key))
            .then(|| missing(&key, declared, cx))
    }

    fn check_table(
        &self,
        name: &ObjectName,
        columns: &[String],
        kind: TableKind,
        declared: &Declared,
        cx: &ValidationContext<'_>,
    ) -> Option<Finding> {
        let subject =
            name.schema.as_ref().map_or(name.name.clone(), |s| format!("{s}.{}", name.name));
        if is_of_the_system(name) {
            return None;
        }
        let there: Vec<_> = self.relations.named(name).collect();
        if there.is_empty() {
            let message = format!("the table, declared {}, is not there", place(declared, cx));
            return Some(schema_missing(subject, message));
        }
        let Some(table) = there.iter().find(|table| is_as_declared(table, kind, name, cx)) else {
            let message =
                format!("declared as a table {}, but is another kind", place(declared, cx));
            return Some(Finding::critical(FindingCode::SchemaChanged, subject, message));
        };
        let lacking: Vec<_> = columns
            .iter()
            .filter(|column| {
                // A name without a schema may mean any of several.
                !there.iter().any(|t| self.columns.contains(&(t.oid, (*column).clone())))
            })
            .map(String::as_str)
            .collect();
        (!lacking.is_empty()).then(|| {
            let message = format!("the table lacks declared columns: {}", lacking.join(", "));
            schema_missing(table.to_string(), message)
        })
    }
}

/// Whether a relation is what `CREATE TABLE` makes. `pg_dump` before 10 made views that need each
/// other as tables first, and turned them into views by a rule.
fn is_as_declared(
    relation: &Relation,
    kind: TableKind,
    name: &ObjectName,
    cx: &ValidationContext<'_>,
) -> bool {
    match relation.kind {
        RelationKind::Table => kind == TableKind::Ordinary,
        RelationKind::Partitioned => kind == TableKind::Partitioned,
        RelationKind::Foreign => kind == TableKind::Foreign,
        RelationKind::View => cx.load.declared.iter().any(|declared| {
            matches!(&declared.object, Declaration::Rule { table, name: rule }
                if table == name && rule == "_RETURN")
        }),
        RelationKind::MaterializedView | RelationKind::Sequence => false,
    }
}

fn is_of_the_system(name: &ObjectName) -> bool {
    name.schema.as_deref().is_some_and(|schema| schema.starts_with("pg_"))
}

/// Where the archive declares it: `on line 12` or `in entry 12`.
fn place(declared: &Declared, cx: &ValidationContext<'_>) -> String {
    let unit = cx.backup.format.unit_of_place();
    let preposition = if unit == "line" { "on" } else { "in" };
    format!("{preposition} {unit} {}", declared.line)
}

fn missing(key: &ObjectKey, declared: &Declared, cx: &ValidationContext<'_>) -> Finding {
    let message = format!("declared {}, but is not there", place(declared, cx));
    match key.kind {
        ObjectKind::Constraint => {
            Finding::critical(FindingCode::ConstraintMissing, key.to_string(), message)
                .with_hint("the data may violate it: look for its rejected statement in the report")
        }
        _ => schema_missing(key.to_string(), message),
    }
}

fn schema_missing(subject: String, message: String) -> Finding {
    Finding::critical(FindingCode::SchemaMissing, subject, message)
        .with_hint("look for rejected statements in the report, then take a new backup")
}

async fn check_indexes(
    snapshot: &Snapshot<'_>,
    validation: &mut Validation,
) -> Result<(), ValidatorError> {
    for row in snapshot.rows("look for invalid indexes", INVALID_INDEXES, &[]).await? {
        let subject = format!("{}.{}", row.get::<_, &str>(0), row.get::<_, &str>(1));
        let partitioned: bool = row.get(2);
        let message = if partitioned {
            "the partitioned index is not valid: a partition lacks its part; either it did in the \
             source, or the dump lacks an index"
        } else {
            "the index is not valid, although no dump holds an invalid index"
        };
        let finding = Finding::critical(FindingCode::IndexInvalid, subject, message)
            .with_hint("compare with the index in the source, REINDEX it there if it is invalid");
        validation.report(finding, partitioned);
    }
    Ok(())
}

async fn check_constraints(
    snapshot: &Snapshot<'_>,
    cx: &ValidationContext<'_>,
    validation: &mut Validation,
) -> Result<(), ValidatorError> {
    // Children have a parent's unvalidated constraint by the same name, without declaring it.
    let not_valid: HashSet<&str> = cx
        .load
        .declared
        .iter()
        .filter_map(|declared| match &declared.object {
            Declaration::Constraint { name, not_valid: true, .. } => Some(name.as_str()),
            _ => None,
        })
        .collect();
    for row in snapshot.rows("look for unvalidated constraints", UNVALIDATED, &[]).await? {
        let (schema, table, name): (&str, &str, &str) = (row.get(0), row.get(1), row.get(2));
        if !not_valid.contains(name) {
            let finding = Finding::critical(
                FindingCode::ConstraintInvalid,
                format!("{name} on {schema}.{table}"),
                "the constraint is not validated, although the archive does not say NOT VALID",
            )
            .with_hint("look for rows that violate it in the source");
            validation.report(finding, cx.is_untrailed());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
