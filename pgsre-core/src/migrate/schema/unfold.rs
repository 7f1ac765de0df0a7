//! What really runs: the bodies of functions that are called, and of triggers that are fired.

use std::collections::BTreeSet;

use super::super::statement::{Body, Located, Statement};
use super::{Attached, Function, Schema};

/// Statements of one, at most: bodies may call each other.
const MOST: usize = 10_000;

impl Schema {
    /// The statements that run when this one does, where they are more than itself. A body is taken to
    /// run as a whole: which of its branches is taken cannot be known.
    pub(in super::super) fn unfolded(&self, statement: &Statement) -> Option<Body> {
        let may = match statement {
            Statement::Block(_) | Statement::Several { .. } => true,
            Statement::Call { functions } => {
                functions.iter().any(|name| self.functions.contains_key(name))
            }
            changed => {
                calls(changed).iter().any(|name| self.functions.contains_key(name))
                    || !self.fired(changed).is_empty()
            }
        };
        if !may {
            return None;
        }
        let mut unfolding =
            Unfolding { schema: self, seen: BTreeSet::new(), body: Body::default() };
        let is_block = matches!(statement, Statement::Block(_) | Statement::Several { .. });
        unfolding.unfold(&Located { statement: statement.clone(), range: 0..0 });
        let Unfolding { seen, body, .. } = unfolding;
        (is_block || !seen.is_empty()).then_some(body)
    }

    /// Triggers that a change of rows fires, each with its function.
    pub(in super::super) fn fired(&self, statement: &Statement) -> Vec<(&str, Option<&str>)> {
        let mut fired = Vec::new();
        for change in changes(statement) {
            let own = self.attached.iter().filter(|one| one.fires && self.is_fired(one, &change));
            fired.extend(own.map(|one| (one.name.as_str(), one.function.as_deref())));
        }
        fired
    }

    fn is_fired(&self, attached: &Attached, change: &Change<'_>) -> bool {
        let Attached { table, events, columns, each_row, .. } = attached;
        let of_its_columns = columns.is_empty()
            || change.columns.is_empty()
            || change.columns.iter().any(|column| columns.contains(column));
        events.iter().any(|event| event == change.event)
            && of_its_columns
            && (table == change.table || (*each_row && self.is_below(table, change.table)))
    }

    /// Whether rows of the one may lie in the other: a partition, or what it is a partition of.
    fn is_below(&self, one: &str, other: &str) -> bool {
        self.family(one).iter().any(|member| member == other)
            || self.family(other).iter().any(|member| member == one)
    }
}

/// A change of rows, as triggers see it.
struct Change<'a> {
    table: &'a str,
    event: &'static str,
    /// Of an UPDATE those that it sets.
    columns: &'a [String],
}

fn changes(statement: &Statement) -> Vec<Change<'_>> {
    match statement {
        Statement::Insert { table, updates, .. } => {
            let update = updates.as_ref().map(|columns| Change { table, event: "update", columns });
            std::iter::once(Change { table, event: "insert", columns: &[] }).chain(update).collect()
        }
        Statement::ChangeRows { table, deletes: true, .. } => {
            vec![Change { table, event: "delete", columns: &[] }]
        }
        Statement::ChangeRows { table, sets, .. } => {
            vec![Change { table, event: "update", columns: sets }]
        }
        Statement::Truncate { tables, .. } => {
            let truncated = |table| Change { table, event: "truncate", columns: &[] };
            tables.iter().map(|table| truncated(table.as_str())).collect()
        }
        _ => Vec::new(),
    }
}

/// The functions that a statement calls besides what it does itself.
fn calls(statement: &Statement) -> &[String] {
    match statement {
        Statement::Insert { calls, .. } | Statement::ChangeRows { calls, .. } => calls,
        _ => &[],
    }
}

struct Unfolding<'a> {
    schema: &'a Schema,
    /// Functions whose bodies are in it.
    seen: BTreeSet<String>,
    body: Body,
}

impl Unfolding<'_> {
    fn unfold(&mut self, located: &Located) {
        if self.body.statements.len() >= MOST {
            self.body.dynamic = true;
            return;
        }
        match &located.statement {
            Statement::Block(body) => self.take(body),
            Statement::Call { functions } => {
                functions.iter().for_each(|function| self.call(function));
            }
            Statement::Several { parts } => {
                for part in parts {
                    self.unfold(&Located { statement: part.clone(), range: located.range.clone() });
                }
            }
            statement => {
                self.body.statements.push(located.clone());
                calls(statement).iter().for_each(|function| self.call(function));
                let fired: Vec<&str> =
                    self.schema.fired(statement).into_iter().filter_map(|(_, name)| name).collect();
                fired.into_iter().for_each(|function| self.call(function));
            }
        }
    }

    fn take(&mut self, body: &Body) {
        self.body.dynamic |= body.dynamic;
        body.statements.iter().for_each(|inner| self.unfold(inner));
    }

    /// A second call finds what the first one did.
    fn call(&mut self, function: &str) {
        let known = self.schema.functions.get(function);
        let does = |one: &&Function| one.body.dynamic || !one.body.statements.is_empty();
        if known.is_some_and(|all| all.iter().any(|one| does(&one)))
            && self.seen.insert(function.to_owned())
        {
            // Which of several of one name is called is not known.
            known.into_iter().flatten().for_each(|one| self.take(&one.body));
        }
    }
}
