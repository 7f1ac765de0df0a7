use super::super::schema::Schema;
use super::super::types::DataType;
use super::{AddedKey, Context, Found, Kind, Rule, added_foreign_keys};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "foreign-key-type",
    kind: Kind::Design,
    severity: Severity::Warning,
    sized: false,
    why: "A key of another type than the column that it refers to is cast at each check; a narrower one runs out first.",
    fix: "Give both columns the same type.",
    bad: &["create table orders (id bigint primary key);", "create table items (id bigint primary key, orders int references orders); create index on items (orders);"],
    good: &["create table orders (id bigint primary key);", "create table items (id bigint primary key, orders bigint references orders); create index on items (orders);"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let end = context.end?;
    let (table, keys) = added_foreign_keys(context.statement);
    keys.into_iter().find_map(|key| {
        let own = key.columns.iter();
        own.zip(referred(end, key)).find_map(|(column, parent)| {
            let types = plain(end, table, column).zip(plain(end, key.parent, parent));
            let (own, other) = types.filter(|(own, other)| {
                own.operator_class() != other.operator_class()
            })?;
            Some(Found::says(format!(
                "{table}.{column} is {}, {}.{parent} is {}",
                own.name(),
                key.parent,
                other.name()
            )))
        })
    })
}

fn referred<'a>(end: &'a Schema, key: AddedKey<'a>) -> &'a [String] {
    match key.to {
        [] => end.primary_key(key.parent),
        to => to,
    }
}

/// The type of a column, that of a serial one without its sequence.
fn plain(schema: &Schema, table: &str, column: &str) -> Option<DataType> {
    let known = schema.table(table)?.columns.get(column)?;
    let name = match known.data_type.as_str() {
        "" => return None,
        "serial" | "serial4" => "integer",
        "bigserial" | "serial8" => "bigint",
        "smallserial" | "serial2" => "smallint",
        name => name,
    };
    Some(schema.base_type(name))
}
