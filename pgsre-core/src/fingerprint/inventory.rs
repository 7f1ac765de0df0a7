//! Every object of a database with its definition.

use serde::{Deserialize, Serialize};

use super::Gap;

mod across;
mod normal;
mod privileges;
mod read;
mod tokens;
mod versions;

pub(super) use read::read;

/// Whose eyes the catalogue is read with.
#[derive(Clone, Copy, Debug)]
struct Reader {
    /// The server's major version.
    major: u32,
    /// Whether the role may see the connections of subscriptions.
    sees_connections: bool,
}

impl Gap {
    /// Whether it says that this object, or every one of its kind, could not be looked at.
    #[must_use]
    pub fn hides(&self, kind: ObjectKind, name: &str) -> bool {
        match self.subject.strip_prefix(kind.as_str()) {
            Some("") => true,
            Some(rest) => rest.strip_prefix(' ') == Some(name),
            None => false,
        }
    }
}

/// One object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ObjectPrint {
    /// What it is.
    pub kind: ObjectKind,
    /// The name that tells it from all others of its kind, qualified and quoted as SQL has it:
    /// `public.orders`, `public.orders.total` for a column, `public.total(integer)` for a function.
    pub name: String,
    /// What it is made of, in normal form: one property or clause a line. What the server's major
    /// version alone decides is not in it.
    pub definition: String,
    /// The role that owns it; `None` where its kind has no owner of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Who may do what, one grantee an item and sorted: `alice=SELECT, UPDATE*/owner` (a `*` marks
    /// the grant option). `None` where they are the kind's defaults.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub privileges: Option<Vec<String>>,
    /// Its comment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
}

/// Declares [`ObjectKind`] from one table: variant and name.
macro_rules! object_kinds {
    ($($variant:ident = $name:literal;)*) => {
        /// A kind of object.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum ObjectKind {
            $(#[doc = $name] #[serde(rename = $name)] $variant,)*
        }

        impl ObjectKind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The kind's name, as reports and manifests have it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            fn parse(name: &str) -> Option<Self> {
                match name { $($name => Some(Self::$variant),)* _ => None }
            }
        }
    };
}

object_kinds! {
    Database = "database";
    Schema = "schema";
    Extension = "extension";
    Language = "language";
    Collation = "collation";
    Type = "type";
    Domain = "domain";
    Table = "table";
    Column = "column";
    Index = "index";
    Constraint = "constraint";
    Sequence = "sequence";
    View = "view";
    MaterializedView = "materialized view";
    ForeignTable = "foreign table";
    Function = "function";
    Aggregate = "aggregate";
    Operator = "operator";
    OperatorClass = "operator class";
    OperatorFamily = "operator family";
    AccessMethod = "access method";
    Cast = "cast";
    Conversion = "conversion";
    Transform = "transform";
    Trigger = "trigger";
    EventTrigger = "event trigger";
    Rule = "rule";
    Policy = "policy";
    Statistics = "statistics";
    TextSearch = "text search";
    ForeignDataWrapper = "foreign-data wrapper";
    ForeignServer = "foreign server";
    UserMapping = "user mapping";
    Publication = "publication";
    Subscription = "subscription";
    DefaultPrivileges = "default privileges";
    SecurityLabel = "security label";
}

impl std::fmt::Display for ObjectKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.as_str())
    }
}
