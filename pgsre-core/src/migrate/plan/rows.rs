//! UPDATE of every row, in batches; materialized views.

use super::super::statement::{Constraint, ConstraintKind, Located, Statement};
use super::super::words::Words;
use super::alter_table::Target;
use super::columns::assignment;
use super::planner::{About, Planner};
use super::source::Source;
use super::{Assignment, Work};

/// `UPDATE table SET … [WHERE …]` and nothing else.
#[derive(Debug)]
struct Update {
    table: String,
    set: Vec<Assignment>,
    condition: Option<String>,
}

impl Update {
    /// None where it has a FROM, an alias, a row of columns or RETURNING: rows are then not changed one
    /// by one.
    fn read(sql: &str) -> Option<Self> {
        let source = Source::of(sql);
        let mut words = source.words();
        words.take("update").then_some(())?;
        let only = if words.take("only") { "ONLY " } else { "" };
        let table = format!("{only}{}", source.name(&mut words));
        words.take("*");
        words.take("set").then_some(())?;
        if words.has("from") || words.has("returning") || words.has("current of") {
            return None;
        }
        let before = words.rest();
        let length = words.until(&["where"]).len();
        let condition = words.take("where").then(|| source.text(words.rest()).to_owned());
        let assignments = Words::new(&before[..length]).split(",");
        let set = assignments.into_iter().map(|mut words| {
            let column = source.name(&mut words);
            let is_one = !column.is_empty() && words.take("=") && !words.peek_is("default");
            is_one.then(|| assignment(column, source.text(words.rest())))
        });
        Some(Self { table, set: set.collect::<Option<_>>()?, condition })
    }
}

impl Planner<'_> {
    /// UPDATE in batches, unless it looks up its rows by a key.
    pub(super) fn change_rows(&mut self, located: &Located) {
        let Statement::ChangeRows { table, .. } = &located.statement else { return };
        let is_new = self.schema.is_new(table);
        let update = Update::read(self.source(located)).filter(|_| !is_new);
        let update = update.filter(|update| !self.looks_up(table, update.condition.as_deref()));
        let Some(Update { table: written, set, condition }) = update else {
            return self.change_rows_at_once(located);
        };
        let target =
            Target { name: table.clone(), sql: written.clone(), table: written, only: false };
        self.backfill(&target, set, condition);
    }

    /// Whether a condition begins with a column of a key, compared with a value.
    fn looks_up(&self, table: &str, condition: Option<&str>) -> bool {
        let Some(condition) = condition else { return false };
        let source = Source::of(condition);
        let mut words = source.words();
        let column = words.name();
        let compared = words.take("=") || words.take("in");
        let of_key = |constraint: &Constraint| match &constraint.kind {
            ConstraintKind::Primary { columns, .. } | ConstraintKind::Unique { columns, .. } => {
                columns.first() == Some(&column)
            }
            _ => false,
        };
        let known = self.schema.table(table);
        compared && known.is_some_and(|known| known.constraints.iter().any(of_key))
    }

    fn change_rows_at_once(&mut self, located: &Located) {
        let Statement::ChangeRows { table, bounded, .. } = &located.statement else { return };
        let sql = self.source(located).to_owned();
        let unbounded = !bounded && !self.schema.is_new(table);
        let about = About::final_step(format!("Change rows of {table}"));
        let about = if unbounded {
            About { harm: Some("changes every row in one transaction"), ..about }
                .instead("Do it in batches by the key")
        } else {
            about
        };
        self.transaction(about, vec![sql]);
    }

    pub(super) fn refresh(&mut self, located: &Located) {
        let Statement::RefreshMaterializedView { view, concurrently, with_no_data } =
            &located.statement
        else {
            return;
        };
        let is_new = self.schema.is_new(view);
        if *concurrently || *with_no_data || is_new || !self.has_unique_index(view) {
            let about = About::final_step(format!("Refresh {view}"));
            let about = about.instead(
                "Give the view a unique index, and refresh it CONCURRENTLY: reads go on then",
            );
            let sql = self.source(located).to_owned();
            return self.transaction(about, vec![sql]);
        }
        let source = Source::of(self.source(located));
        let mut words = source.words();
        words.take("refresh materialized view");
        let statement =
            format!("REFRESH MATERIALIZED VIEW CONCURRENTLY {}", source.text(words.rest()));
        let title = format!("Refresh {view}; reads go on");
        self.step(About::harmless(title), Work::Transaction { statements: vec![statement] });
    }

    /// One without a predicate or an expression, as CONCURRENTLY needs it.
    fn has_unique_index(&self, view: &str) -> bool {
        self.schema.indexes_of(view).any(|(_, index)| index.unique && !index.computed)
    }
}
