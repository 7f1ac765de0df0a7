//! The kinds of objects that statements are about.

use super::super::cursor::Cursor;

/// What a kind of object is to a loader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// It belongs to one database.
    Ordinary,
    Extension,
    Schema,
    EventTrigger,
    Database,
    Global,
    Subscription,
}

/// A kind of object with the verbs of the statements about it; verbs only where a loader must tell
/// them apart.
#[derive(Debug)]
pub(super) struct ObjectType {
    /// As SQL writes it, in lower case.
    pub(super) words: &'static str,
    pub(super) class: Class,
    pub(super) create: &'static str,
    pub(super) alter: &'static str,
    pub(super) drop: &'static str,
    pub(super) comment: &'static str,
    pub(super) label: &'static str,
}

macro_rules! object_types {
    ($($words:literal $class:ident $sql:literal;)*) => {
        /// A longer phrase stands before a shorter one that it begins with.
        const OBJECT_TYPES: &[ObjectType] = &[$(ObjectType {
            words: $words,
            class: Class::$class,
            create: concat!("CREATE ", $sql),
            alter: concat!("ALTER ", $sql),
            drop: concat!("DROP ", $sql),
            comment: concat!("COMMENT ON ", $sql),
            label: concat!("SECURITY LABEL ON ", $sql),
        },)*];
    };
}

object_types! {
    "access method" Ordinary "ACCESS METHOD";
    "aggregate" Ordinary "AGGREGATE";
    "cast" Ordinary "CAST";
    "collation" Ordinary "COLLATION";
    "column" Ordinary "COLUMN";
    "constraint" Ordinary "CONSTRAINT";
    "conversion" Ordinary "CONVERSION";
    "database" Database "DATABASE";
    "domain" Ordinary "DOMAIN";
    "event trigger" EventTrigger "EVENT TRIGGER";
    "extension" Extension "EXTENSION";
    "foreign data wrapper" Ordinary "FOREIGN DATA WRAPPER";
    "foreign server" Ordinary "FOREIGN SERVER";
    "foreign table" Ordinary "FOREIGN TABLE";
    "function" Ordinary "FUNCTION";
    "group" Global "ROLE";
    "index" Ordinary "INDEX";
    "language" Ordinary "LANGUAGE";
    "large object" Ordinary "LARGE OBJECT";
    "materialized view" Ordinary "MATERIALIZED VIEW";
    "operator class" Ordinary "OPERATOR CLASS";
    "operator family" Ordinary "OPERATOR FAMILY";
    "operator" Ordinary "OPERATOR";
    "policy" Ordinary "POLICY";
    "procedure" Ordinary "PROCEDURE";
    "publication" Ordinary "PUBLICATION";
    "role" Global "ROLE";
    "routine" Ordinary "ROUTINE";
    "rule" Ordinary "RULE";
    "schema" Schema "SCHEMA";
    "sequence" Ordinary "SEQUENCE";
    "server" Ordinary "SERVER";
    "statistics" Ordinary "STATISTICS";
    "subscription" Subscription "SUBSCRIPTION";
    "table" Ordinary "TABLE";
    "tablespace" Global "TABLESPACE";
    "text search configuration" Ordinary "TEXT SEARCH CONFIGURATION";
    "text search dictionary" Ordinary "TEXT SEARCH DICTIONARY";
    "text search parser" Ordinary "TEXT SEARCH PARSER";
    "text search template" Ordinary "TEXT SEARCH TEMPLATE";
    "transform" Ordinary "TRANSFORM";
    "trigger" Ordinary "TRIGGER";
    "type" Ordinary "TYPE";
    "user mapping" Ordinary "USER MAPPING";
    "user" Global "ROLE";
    "view" Ordinary "VIEW";
}

impl ObjectType {
    /// The kind that the next words name; the cursor stands behind them afterwards.
    pub(super) fn read(at: &mut Cursor<'_>) -> Option<&'static Self> {
        OBJECT_TYPES.iter().find(|object| at.accept_words(object.words))
    }
}
