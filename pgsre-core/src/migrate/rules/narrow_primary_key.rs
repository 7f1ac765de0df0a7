use super::super::statement::{Action, Column, ConstraintKind, Statement};
use super::super::types::DataType;
use super::{Context, Found, Kind, Rule};
use crate::finding::Severity;

pub(super) const RULE: Rule = Rule {
    name: "narrow-primary-key",
    kind: Kind::Design,
    severity: Severity::Info,
    sized: false,
    why: "An integer key ends at 2,147,483,647, serial too, and each rollback uses up a number; to widen it later rewrites the table.",
    fix: "bigint, or bigint GENERATED ALWAYS AS IDENTITY.",
    bad: &["create table orders (id serial primary key);"],
    good: &["create table orders (id bigserial primary key);"],
    check,
};

fn check(context: &Context<'_>) -> Option<Found> {
    let (table, columns, constraints) = match context.statement {
        Statement::CreateTable(table) => {
            (&table.name, table.columns.as_slice(), table.constraints.as_slice())
        }
        Statement::AlterTable { table, actions, .. } => {
            let added = actions.iter().find_map(|action| match action {
                Action::AddColumn { column, .. } => Some((std::slice::from_ref(column), &[][..])),
                Action::AddConstraint(constraint) => {
                    Some((&[][..], std::slice::from_ref(constraint)))
                }
                _ => None,
            })?;
            (table, added.0, added.1)
        }
        _ => return None,
    };
    let own = columns.iter().flat_map(|column| &column.constraints);
    let key = own.chain(constraints).find_map(|constraint| match &constraint.kind {
        ConstraintKind::Primary { columns, .. } => Some(columns.as_slice()),
        _ => None,
    })?;
    let [name] = key else { return None };
    let known = context.schema.table(table).and_then(|known| known.columns.get(name));
    let column = columns.iter().find(|column| column.name == *name).or(known)?;
    is_narrow(column).then(|| {
        Found::says(format!("{table}.{name} is {} and the key", column.data_type))
    })
}

fn is_narrow(column: &Column) -> bool {
    let data_type = DataType::parse(&column.data_type);
    ["integer", "smallint", "serial", "smallserial", "serial2"].contains(&data_type.name())
}
