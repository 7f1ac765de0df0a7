//! `[[server.drill.validator]]`: the user's own checks.

use std::time::Duration;

use toml::Spanned;

use super::error::ConfigError;
use super::reader::Reader;
use super::shape;

/// A check of the user's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValidatorConfig {
    /// An SQL query whose rows must be true, or that must return none.
    Sql {
        /// What reports call it.
        name: String,
        /// The query.
        query: String,
        /// `expect = "no rows"`.
        no_rows: bool,
    },
    /// The newest value of a column is young enough.
    Freshness {
        /// The table, with its schema where needed.
        table: String,
        /// The column: a time, a date, or a number of `unit`s since 1970.
        column: String,
        /// How old it may be.
        max_age: Duration,
        /// What a number counts.
        unit: Option<EpochUnit>,
    },
    /// A table has at least so many rows.
    Floor {
        /// The table, with its schema where needed.
        table: String,
        /// The least number of rows.
        min_rows: u64,
    },
}

/// What a number in a column of times counts, since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochUnit {
    /// Seconds.
    Seconds,
    /// Milliseconds.
    Milliseconds,
    /// Microseconds.
    Microseconds,
}

#[derive(Clone, Copy)]
enum Kind {
    Sql,
    Freshness,
    Floor,
}

const KINDS: [(&str, Kind); 3] =
    [("sql", Kind::Sql), ("freshness", Kind::Freshness), ("floor", Kind::Floor)];

const UNITS: [(&str, EpochUnit); 3] = [
    ("seconds", EpochUnit::Seconds),
    ("milliseconds", EpochUnit::Milliseconds),
    ("microseconds", EpochUnit::Microseconds),
];

/// Reads one validator: each kind takes its own keys and no others.
pub(super) fn resolve(
    reader: &Reader<'_>,
    spanned: &Spanned<shape::Validator>,
) -> Result<ValidatorConfig, ConfigError> {
    let keys = Keys { reader, spanned };
    let shape = spanned.get_ref();
    match reader.one_of(&shape.kind, &KINDS)? {
        Kind::Sql => {
            keys.only(&["name", "query", "expect"])?;
            let query = keys.required("query", &shape.query)?;
            let no_rows = match &shape.expect {
                Some(expect) => reader.one_of(expect, &[("true", false), ("no rows", true)])?,
                None => false,
            };
            let name = match &shape.name {
                Some(name) => reader.string(name)?,
                None => query.split_whitespace().collect::<Vec<_>>().join(" "),
            };
            Ok(ValidatorConfig::Sql { name, query, no_rows })
        }
        Kind::Freshness => {
            keys.only(&["name", "table", "column", "max_age", "unit"])?;
            let max_age = reader.duration(&shape.max_age)?;
            Ok(ValidatorConfig::Freshness {
                table: keys.required("table", &shape.table)?,
                column: keys.required("column", &shape.column)?,
                max_age: max_age.ok_or_else(|| keys.missing("max_age"))?,
                unit: shape.unit.as_ref().map(|unit| reader.one_of(unit, &UNITS)).transpose()?,
            })
        }
        Kind::Floor => {
            keys.only(&["name", "table", "min_rows"])?;
            let min_rows = shape.min_rows.as_ref().ok_or_else(|| keys.missing("min_rows"))?;
            let table = keys.required("table", &shape.table)?;
            Ok(ValidatorConfig::Floor { table, min_rows: *min_rows.get_ref() })
        }
    }
}

struct Keys<'r, 'a> {
    reader: &'r Reader<'a>,
    spanned: &'r Spanned<shape::Validator>,
}

impl Keys<'_, '_> {
    fn only(&self, allowed: &[&str]) -> Result<(), ConfigError> {
        let shape = self.spanned.get_ref();
        let texts = [
            ("name", &shape.name),
            ("query", &shape.query),
            ("expect", &shape.expect),
            ("table", &shape.table),
            ("column", &shape.column),
            ("unit", &shape.unit),
            ("max_age", &shape.max_age),
        ];
        let min_rows = shape.min_rows.as_ref().map(|value| ("min_rows", value.span()));
        let given = texts.iter().filter_map(|(key, value)| Some((*key, value.as_ref()?.span())));
        match given.chain(min_rows).find(|(key, _)| !allowed.contains(key)) {
            Some((key, span)) => {
                let kind = shape.kind.get_ref();
                let message = format!("a validator of kind \"{kind}\" takes no `{key}`");
                let takes = format!("it takes {}", allowed.join(", "));
                Err(self.reader.error(span, message).with_hint(takes))
            }
            None => Ok(()),
        }
    }

    fn required(&self, key: &str, value: &Option<shape::Text>) -> Result<String, ConfigError> {
        match value {
            Some(value) => self.reader.string(value),
            None => Err(self.missing(key)),
        }
    }

    fn missing(&self, key: &str) -> ConfigError {
        let kind = self.spanned.get_ref().kind.get_ref();
        let message = format!("a validator of kind \"{kind}\" needs `{key}`");
        self.reader.error(self.spanned.span(), message)
    }
}
