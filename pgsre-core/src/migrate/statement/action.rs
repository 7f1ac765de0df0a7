//! What ALTER TABLE does.

use super::{Column, Constraint};

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
        cascade: bool,
    },
    SetType {
        column: String,
        data_type: String,
        /// The type as written.
        written: String,
        collation: String,
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
    /// SET DEFAULT, or DROP DEFAULT without an expression.
    SetDefault {
        column: String,
        default: Option<Vec<String>>,
    },
    AddConstraint(Constraint),
    DropConstraint {
        name: String,
        cascade: bool,
    },
    AlterConstraint {
        name: String,
        /// ENFORCED or NOT ENFORCED, where either is said.
        enforced: Option<bool>,
    },
    ValidateConstraint {
        name: String,
    },
    AttachPartition {
        partition: String,
        /// FOR VALUES …, or DEFAULT.
        bound: Vec<String>,
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
    /// SET LOGGED, SET UNLOGGED.
    SetLogged {
        logged: bool,
    },
    SetAccessMethod {
        method: String,
    },
    /// A copy of the files.
    SetTablespace {
        tablespace: String,
    },
    /// ENABLE, DISABLE TRIGGER.
    Trigger {
        /// None for ALL and USER.
        name: Option<String>,
        /// Whether it fires in an ordinary session.
        fires: bool,
    },
    /// A column's SET STATISTICS.
    Statistics,
    /// Storage parameters, CLUSTER ON.
    Parameter,
    Inherit {
        parent: String,
        /// NO INHERIT.
        not: bool,
    },
    /// A default, an identity, storage: a change of a column's catalogue.
    ColumnCatalogue,
    /// Anything else: a change of the table's catalogue.
    Catalogue,
}
