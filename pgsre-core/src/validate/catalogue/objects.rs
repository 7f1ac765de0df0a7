//! The names of everything that is no table.

use std::collections::HashSet;
use std::fmt;

use super::super::ValidatorError;
use crate::archive::{Declaration, ObjectName};
use crate::postgres::Snapshot;

/// Kind, schema, table (or domain), name, and whether two databases can be compared by it: what an
/// extension made, or what follows from a partitioned parent, cannot.
const OBJECTS: &str = include_str!("objects.sql");

/// Declares [`ObjectKind`] from one table: variant, and its name in SQL and for people.
macro_rules! object_kinds {
    ($($variant:ident = $name:literal;)*) => {
        /// What an object is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(in super::super) enum ObjectKind { $($variant,)* }

        impl ObjectKind {
            pub(in super::super) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

object_kinds! {
    Index = "index";
    Constraint = "constraint";
    PrimaryKey = "primary key";
    Sequence = "sequence";
    View = "view";
    MaterializedView = "materialized view";
    Routine = "routine";
    Trigger = "trigger";
    Type = "type";
    Policy = "policy";
    Rule = "rule";
    EventTrigger = "event trigger";
    Extension = "extension";
    Schema = "schema";
    Publication = "publication";
    Statistics = "statistics";
}

/// What an object is called, and on what.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in super::super) struct ObjectKey {
    pub(in super::super) kind: ObjectKind,
    /// `None` for an object outside of schemas, or where a declaration names none.
    pub(in super::super) schema: Option<String>,
    /// The table, view or domain that it is on.
    pub(in super::super) table: Option<String>,
    pub(in super::super) name: String,
}

impl ObjectKey {
    /// The key of a declared object; `None` for a table.
    pub(in super::super) fn of(declaration: &Declaration) -> Option<Self> {
        use ObjectKind as Kind;
        Some(match declaration {
            Declaration::Table { .. } => return None,
            Declaration::Index { name, .. } => Self::named(Kind::Index, name),
            Declaration::Constraint { table, name, .. } => Self::on(Kind::Constraint, table, name),
            Declaration::Sequence(name) => Self::named(Kind::Sequence, name),
            Declaration::View(name) => Self::named(Kind::View, name),
            Declaration::MaterializedView(name) => Self::named(Kind::MaterializedView, name),
            Declaration::Routine(name) => Self::named(Kind::Routine, name),
            Declaration::Trigger { table, name } => Self::on(Kind::Trigger, table, name),
            Declaration::Type(name) => Self::named(Kind::Type, name),
            Declaration::Policy { table, name } => Self::on(Kind::Policy, table, name),
            Declaration::Rule { table, name } => Self::on(Kind::Rule, table, name),
            Declaration::EventTrigger(name) => Self::global(Kind::EventTrigger, name),
            Declaration::Extension(name) => Self::global(Kind::Extension, name),
            Declaration::Schema(name) => Self::global(Kind::Schema, name),
            Declaration::Publication(name) => Self::global(Kind::Publication, name),
            Declaration::Statistics(name) => Self::named(Kind::Statistics, name),
        })
    }

    /// Whether it lies in a schema of the system, which is not read.
    pub(in super::super) fn is_of_the_system(&self) -> bool {
        self.schema
            .as_deref()
            .is_some_and(|schema| schema.starts_with("pg_") || schema == "information_schema")
    }

    /// The key as a declaration has it: a primary key is declared as a constraint.
    pub(in super::super) fn as_declared(&self) -> Self {
        let kind = match self.kind {
            ObjectKind::PrimaryKey => ObjectKind::Constraint,
            kind => kind,
        };
        Self { kind, ..self.clone() }
    }

    fn named(kind: ObjectKind, name: &ObjectName) -> Self {
        Self { kind, schema: name.schema.clone(), table: None, name: name.name.clone() }
    }

    fn on(kind: ObjectKind, table: &ObjectName, name: &str) -> Self {
        Self {
            kind,
            schema: table.schema.clone(),
            table: Some(table.name.clone()),
            name: name.to_owned(),
        }
    }

    fn global(kind: ObjectKind, name: &str) -> Self {
        Self { kind, schema: None, table: None, name: name.to_owned() }
    }

    fn without_schema(&self) -> Self {
        Self { schema: None, ..self.clone() }
    }
}

/// As people read it: `index public.orders_pkey`, `trigger audit on public.orders`.
impl fmt::Display for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schema = self.schema.as_ref().map(|schema| format!("{schema}.")).unwrap_or_default();
        match &self.table {
            Some(table) => write!(f, "{} {} on {schema}{table}", self.kind.as_str(), self.name),
            None => write!(f, "{} {schema}{}", self.kind.as_str(), self.name),
        }
    }
}

/// Every object of a database that is no table.
#[derive(Debug, Default)]
pub(in super::super) struct Objects {
    exact: HashSet<ObjectKey>,
    /// The same without their schemas, for what was declared without one.
    anywhere: HashSet<ObjectKey>,
    comparable: Vec<(ObjectKey, Option<String>)>,
}

impl Objects {
    /// Reads them in one query.
    pub(in super::super) async fn read(snapshot: &Snapshot<'_>) -> Result<Self, ValidatorError> {
        let rows = snapshot.rows("read the catalogue's objects", OBJECTS, &[]).await?;
        let mut objects = Self::default();
        for row in rows {
            let Some(kind) = ObjectKind::parse(row.get(0)) else { continue };
            let key = ObjectKey { kind, schema: row.get(1), table: row.get(2), name: row.get(3) };
            if row.get(4) {
                objects.comparable.push((key.clone(), row.get(5)));
            }
            objects.add(key);
        }
        Ok(objects)
    }

    fn add(&mut self, key: ObjectKey) {
        if key.kind == ObjectKind::PrimaryKey {
            self.add(key.as_declared());
        }
        self.anywhere.insert(key.without_schema());
        self.exact.insert(key);
    }

    /// Whether the object is there; a key without a schema is found in any.
    pub(in super::super) fn contains(&self, key: &ObjectKey) -> bool {
        if key.schema.is_some() { self.exact.contains(key) } else { self.anywhere.contains(key) }
    }

    /// The objects by which two databases can be compared, each with the table that it is on.
    pub(in super::super) fn comparable(
        &self,
    ) -> impl Iterator<Item = &(ObjectKey, Option<String>)> {
        self.comparable.iter()
    }
}
