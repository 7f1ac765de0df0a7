//! What really runs: the bodies of functions that are called, and of triggers that are fired.

use std::collections::BTreeSet;

use super::super::statement::{Body, Located, RuleKind, Statement};
use super::{Attached, Schema};

/// Statements of one, at most: bodies may call each other.
const MOST: usize = 10_000;

impl Schema {
    /// The statements that run when this one does, where they are more than itself. A body is taken to
    /// run as a whole: which of its branches is taken cannot be known.
    pub(in super::super) fn unfolded(&self, statement: &Statement) -> Option<Body> {
        let may = match statement {
            Statement::Block(_) => true,
            Statement::Call { functions } => {
                functions.iter().any(|name| self.functions.contains_key(name))
            }
            changed => !self.fired(changed).is_empty(),
        };
        if !may {
            return None;
        }
        let mut unfolding =
            Unfolding { schema: self, seen: BTreeSet::new(), body: Body::default() };
        let is_block = matches!(statement, Statement::Block(_));
        unfolding.unfold(&Located { statement: statement.clone(), range: 0..0 });
        let Unfolding { seen, body, .. } = unfolding;
        (is_block || !seen.is_empty()).then_some(body)
    }

    /// Triggers and rules of a table that a change of its rows fires.
    pub(in super::super) fn fired(&self, statement: &Statement) -> Vec<(&str, Option<&str>)> {
        let (table, event) = match statement {
            Statement::Insert { table } => (table, "insert"),
            Statement::ChangeRows { table, deletes: true, .. } => (table, "delete"),
            Statement::ChangeRows { table, .. } => (table, "update"),
            _ => return Vec::new(),
        };
        let fires = |one: &&Attached| {
            one.table == *table
                && one.kind != RuleKind::Policy
                && one.events.iter().any(|known| known == event)
        };
        let fired = self.attached.iter().filter(fires);
        fired.map(|one| (one.name.as_str(), one.function.as_deref())).collect()
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
            statement => {
                self.body.statements.push(located.clone());
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
        let known = self.schema.functions.get(function).map(|known| &known.body);
        let does = |body: &&Body| body.dynamic || !body.statements.is_empty();
        if let Some(body) = known.filter(does)
            && self.seen.insert(function.to_owned())
        {
            self.take(body);
        }
    }
}
