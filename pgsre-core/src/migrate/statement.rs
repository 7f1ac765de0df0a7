//! Statements as the facts need them.

use std::ops::Range;

/// A statement and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Located {
    /// What it is.
    pub statement: Statement,
    /// Its bytes in the file.
    pub range: Range<usize>,
}

/// What a statement does, as far as it matters to locks, rewrites and scans.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the words of the SQL command")]
pub enum Statement {
    CreateTable(CreateTable),
    AlterTable {
        table: String,
        actions: Vec<Action>,
    },
    CreateIndex {
        name: String,
        table: String,
        columns: Vec<String>,
        unique: bool,
        concurrently: bool,
        /// ON ONLY: without the partitions.
        only: bool,
    },
    DropTable {
        tables: Vec<String>,
    },
    DropIndex {
        indexes: Vec<String>,
        concurrently: bool,
    },
    /// The name is empty for a whole schema or database.
    Reindex {
        index: bool,
        name: String,
        concurrently: bool,
    },
    CreateMaterializedView {
        name: String,
    },
    RefreshMaterializedView {
        view: String,
        concurrently: bool,
    },
    CreateView {
        name: String,
        or_replace: bool,
    },
    DropView {
        views: Vec<String>,
    },
    Truncate {
        tables: Vec<String>,
    },
    Vacuum {
        tables: Vec<String>,
        full: bool,
    },
    Analyze {
        tables: Vec<String>,
    },
    Cluster {
        table: String,
    },
    CreateTrigger {
        table: String,
    },
    /// DROP TRIGGER, and everything about policies and rules.
    ChangeRules {
        table: String,
    },
    /// UPDATE or DELETE.
    ChangeRows {
        table: String,
        bounded: bool,
    },
    Insert {
        table: String,
    },
    LockTable {
        tables: Vec<String>,
        mode: String,
    },
    /// COMMENT ON a table or column, CREATE STATISTICS, publications.
    Describe {
        tables: Vec<String>,
    },
    CreateDomain {
        name: String,
        base: String,
        constrained: bool,
    },
    AlterDomain {
        name: String,
        checks: bool,
    },
    CreateType {
        name: String,
    },
    CreateFunction {
        name: String,
        volatile: bool,
    },
    AddEnumValue {
        name: String,
    },
    /// Its storage parameters or statistics.
    AlterIndex {
        index: String,
    },
    RenameIndex {
        index: String,
        to: String,
    },
    Begin,
    Commit,
    /// `SET lock_timeout`, `RESET lock_timeout`.
    SetLockTimeout {
        /// Whether waiting ends at all: 0 waits for ever.
        limited: bool,
        /// Whether it is of the transaction only.
        local: bool,
    },
    /// A DO block: the statements in its body that stand there as such.
    Block {
        statements: Vec<Located>,
        dynamic: bool,
    },
    /// Takes no lock on a table that blocks anybody, as far as is known.
    Other,
    /// The parser did not understand it.
    Unparsed {
        reason: String,
    },
}

/// CREATE TABLE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the words of the SQL command")]
pub struct CreateTable {
    pub name: String,
    pub columns: Vec<Column>,
    pub constraints: Vec<Constraint>,
    pub partition_of: Option<String>,
    pub inherits: Vec<String>,
    pub if_not_exists: bool,
}

/// A column's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type as written, in one spelling.
    pub data_type: String,
    /// The expression of its default.
    pub default: Option<Vec<String>>,
    /// GENERATED … STORED.
    pub stored: bool,
    /// GENERATED … VIRTUAL, or without either word (which means STORED before PostgreSQL 18).
    pub generated: bool,
    /// GENERATED … AS IDENTITY.
    pub identity: bool,
    /// Declared so, or by a primary key.
    pub not_null: bool,
    /// Its own constraints.
    pub constraints: Vec<Constraint>,
}

/// A constraint of a table or a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Constraint {
    /// Empty where PostgreSQL chooses it.
    pub name: String,
    /// Which.
    pub kind: ConstraintKind,
    /// NOT VALID.
    pub not_valid: bool,
}

/// Kinds of constraints.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the words of the SQL command")]
pub enum ConstraintKind {
    /// With the columns that it proves not to be null.
    Check {
        proves: Vec<String>,
        columns: Vec<String>,
    },
    NotNull {
        column: String,
    },
    Primary {
        columns: Vec<String>,
        using_index: Option<String>,
    },
    Unique {
        columns: Vec<String>,
        using_index: Option<String>,
    },
    Foreign {
        columns: Vec<String>,
        parent: String,
    },
    Exclude,
}

/// What ALTER TABLE does, one by one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the fields are the words of the SQL command")]
pub enum Action {
    AddColumn {
        column: Column,
        if_not_exists: bool,
    },
    DropColumn {
        column: String,
    },
    SetType {
        column: String,
        data_type: String,
        using: Option<Vec<String>>,
    },
    SetNotNull {
        column: String,
    },
    DropNotNull {
        column: String,
    },
    SetExpression {
        column: String,
    },
    AddConstraint(Constraint),
    DropConstraint {
        name: String,
    },
    ValidateConstraint {
        name: String,
    },
    AttachPartition {
        partition: String,
    },
    DetachPartition {
        partition: String,
        concurrently: bool,
        finalize: bool,
    },
    RenameTo {
        name: String,
    },
    RenameColumn {
        column: String,
        to: String,
    },
    RenameConstraint {
        name: String,
        to: String,
    },
    SetSchema {
        schema: String,
    },
    /// SET LOGGED, SET UNLOGGED, SET ACCESS METHOD.
    Rewrite,
    /// SET TABLESPACE: a copy of the files.
    SetTablespace,
    /// ENABLE, DISABLE TRIGGER.
    Trigger,
    /// SET STATISTICS, storage parameters, CLUSTER ON.
    Parameter,
    /// INHERIT, NO INHERIT.
    Inherit {
        parent: String,
    },
    /// A default, an identity, storage: a change of a column's catalogue.
    ColumnCatalogue,
    /// Anything else: a change of the table's catalogue.
    Catalogue,
}
