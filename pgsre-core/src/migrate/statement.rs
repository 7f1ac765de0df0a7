//! Statements as the facts need them.

use std::ops::Range;

mod action;

pub use action::Action;

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
        if_exists: bool,
        /// ONLY: without its partitions or those who inherit from it.
        only: bool,
        actions: Vec<Action>,
    },
    CreateIndex {
        name: String,
        table: String,
        /// An expression's name is that of its function, or `expr`.
        columns: Vec<String>,
        /// What a plain B-tree of columns sorts by; empty for any other index.
        sorts: Vec<String>,
        /// All words of the key and the predicate.
        words: Vec<String>,
        /// It has an expression or a predicate.
        computed: bool,
        /// What follows the table, as it was written.
        definition: String,
        unique: bool,
        concurrently: bool,
        if_not_exists: bool,
        /// ON ONLY: without the partitions.
        only: bool,
    },
    DropTable {
        tables: Vec<String>,
        if_exists: bool,
        cascade: bool,
    },
    DropIndex {
        indexes: Vec<String>,
        concurrently: bool,
        if_exists: bool,
    },
    Reindex {
        what: Reindexed,
        concurrently: bool,
    },
    CreateMaterializedView {
        name: String,
        words: Vec<String>,
    },
    RefreshMaterializedView {
        view: String,
        concurrently: bool,
        with_no_data: bool,
    },
    CreateView {
        name: String,
        or_replace: bool,
        words: Vec<String>,
    },
    /// ALTER VIEW counts too.
    DropView {
        views: Vec<String>,
        if_exists: bool,
        cascade: bool,
    },
    DropSchema {
        schemas: Vec<String>,
        cascade: bool,
    },
    /// DROP TYPE or DROP DOMAIN.
    DropType {
        types: Vec<String>,
        cascade: bool,
    },
    DropFunction {
        functions: Vec<String>,
        cascade: bool,
    },
    Truncate {
        tables: Vec<String>,
        only: bool,
        cascade: bool,
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
        name: String,
        /// `insert`, `update`, `delete`, `truncate`.
        events: Vec<String>,
        table: String,
        function: String,
        /// FOR EACH ROW.
        each_row: bool,
        /// UPDATE OF; empty for any.
        columns: Vec<String>,
    },
    /// Everything else about triggers, and all about policies and rules.
    ChangeRules {
        kind: RuleKind,
        table: String,
        name: String,
        change: RuleChange,
    },
    /// UPDATE or DELETE.
    ChangeRows {
        table: String,
        bounded: bool,
        /// DELETE.
        deletes: bool,
        /// The columns that it sets; empty where they are not known.
        sets: Vec<String>,
        /// The functions that it calls.
        calls: Vec<String>,
    },
    /// INSERT, COPY FROM.
    Insert {
        table: String,
        /// ON CONFLICT DO UPDATE: the columns that it sets.
        updates: Option<Vec<String>>,
        /// The functions that it calls.
        calls: Vec<String>,
    },
    /// What one statement does in several parts: WITH, MERGE.
    Several {
        parts: Vec<Statement>,
    },
    LockTable {
        tables: Vec<String>,
        mode: String,
        only: bool,
    },
    /// COMMENT ON a table, column or index.
    Describe {
        tables: Vec<String>,
    },
    CreateStatistics {
        name: String,
        table: String,
    },
    DropStatistics {
        names: Vec<String>,
    },
    ChangePublication {
        name: String,
        tables: Vec<String>,
        change: PublicationChange,
    },
    CreateDomain {
        name: String,
        base: String,
        checks: Vec<String>,
        not_null: bool,
    },
    AlterDomain {
        name: String,
        change: DomainChange,
    },
    CreateType {
        name: String,
    },
    CreateFunction {
        name: String,
        or_replace: bool,
        /// How many: functions may share a name.
        arguments: usize,
        volatile: bool,
        body: Body,
    },
    /// A query that calls functions, CALL, or PERFORM.
    Call {
        functions: Vec<String>,
    },
    AddEnumValue {
        name: String,
    },
    /// ALTER TYPE … RENAME VALUE, RENAME ATTRIBUTE.
    RenameInType {
        name: String,
        /// What was renamed, without quotes.
        from: String,
    },
    AlterIndex {
        index: String,
        if_exists: bool,
        /// Its storage parameters or statistics, and nothing else.
        parameters: bool,
        /// ATTACH PARTITION.
        attached: Option<String>,
    },
    RenameIndex {
        index: String,
        if_exists: bool,
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
    SetTimeZone {
        utc: bool,
    },
    /// A DO block.
    Block(Body),
    /// Takes no lock on a table that blocks anybody, as far as is known.
    Other,
    /// The parser did not understand it.
    Unparsed {
        reason: String,
    },
}

/// What a DO block or a function runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    /// The statements that stand there as such.
    pub statements: Vec<Located>,
    /// Whether it runs more than that: strings of SQL, or what could not be parsed.
    pub dynamic: bool,
}

/// What REINDEX names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the SQL command")]
pub enum Reindexed {
    Index(String),
    Table(String),
    Schema(String),
    Database,
}

/// What stands on a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the SQL command")]
pub enum RuleKind {
    Trigger,
    Policy,
    Rule,
}

/// What becomes of a trigger, policy or rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the SQL command")]
pub enum RuleChange {
    /// With what fires a rule.
    Create {
        events: Vec<String>,
    },
    Alter,
    Rename {
        to: String,
    },
    Drop {
        if_exists: bool,
    },
}

/// What becomes of a publication's tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the SQL command")]
pub enum PublicationChange {
    Add,
    Set,
    Drop,
}

/// ALTER DOMAIN.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words of the SQL command")]
pub enum DomainChange {
    AddCheck { name: String, not_valid: bool },
    DropConstraint { name: String },
    Validate,
    SetNotNull,
    DropNotNull,
    Rename { to: String },
    Catalogue,
}

/// CREATE TABLE.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the words of the SQL command")]
pub struct CreateTable {
    pub name: String,
    pub columns: Vec<Column>,
    pub constraints: Vec<Constraint>,
    pub partition_of: Option<String>,
    /// PARTITION OF … FOR VALUES …, or DEFAULT.
    pub bound: Vec<String>,
    /// PARTITION BY: its words; empty without.
    pub partition_key: Vec<String>,
    pub inherits: Vec<String>,
    pub like: Vec<String>,
    pub unlogged: bool,
    pub tablespace: String,
    pub if_not_exists: bool,
}

/// A column's definition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its type in one spelling, without quotes.
    pub data_type: String,
    /// Its type as written.
    pub written: String,
    /// COLLATE.
    pub collation: String,
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
    /// NO INHERIT.
    pub no_inherit: bool,
    /// NOT ENFORCED.
    pub not_enforced: bool,
}

/// Kinds of constraints.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are the words of the SQL command")]
pub enum ConstraintKind {
    /// With the columns that it proves not to be null.
    Check {
        proves: Vec<String>,
        /// All its words.
        columns: Vec<String>,
        expression: Vec<String>,
        /// The column whose own constraint it is.
        of: Option<String>,
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
        /// The columns referred to; empty for the primary key.
        to: Vec<String>,
    },
    Exclude {
        columns: Vec<String>,
    },
}
