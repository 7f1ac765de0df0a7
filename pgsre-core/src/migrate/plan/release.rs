//! What applications that run would stumble over: drops and renames, with a release between.

use super::super::statement::{Action, Located, Statement};
use super::alter_table::{Target, Written};
use super::planner::{About, Planner};
use super::replacement::Replacement;
use super::source::{beside, sql_name};

impl Planner<'_> {
    pub(super) fn release(&mut self, target: &Target, written: Written<'_>) {
        match written.action {
            Action::DropColumn { column, .. } => self.drop_column(target, column, &written),
            Action::RenameColumn { column, to } => {
                let sql = format!("ALTER TABLE {} {}", target.sql, written.text());
                self.replace(target, &Replacement::renamed(column, to), sql);
            }
            Action::RenameTo { name } => {
                self.rename_table(target, &beside(&target.name, name), &written)
            }
            Action::SetSchema { schema } => {
                let bare = target.name.rsplit('.').next().unwrap_or_default();
                self.rename_table(target, &format!("{schema}.{bare}"), &written);
            }
            _ => {}
        }
    }

    fn drop_column(&mut self, target: &Target, column: &str, written: &Written<'_>) {
        let known = self.schema.table(&target.name).and_then(|known| known.columns.get(column));
        let required = known.is_some_and(|known| {
            known.not_null
                && known.default.is_none()
                && !known.identity
                && !known.data_type.contains("serial")
        });
        let name = sql_name(column);
        if required {
            let alter = format!("ALTER TABLE {} ALTER COLUMN {name}", target.sql);
            let title = format!("Let {}.{name} be left out", target.table);
            let about = About::undone_by(title, format!("{alter} SET NOT NULL"));
            self.transaction(about, vec![format!("{alter} DROP NOT NULL")]);
        }
        self.deploy(format!(
            "Release applications that neither read nor write {}.{name}. What an ORM lists counts too.",
            target.table
        ));
        let sql = format!("ALTER TABLE {} {}", target.sql, written.text());
        let title = format!("Drop {}.{name}; no row is touched", target.table);
        self.transaction(About::final_step(title), vec![sql]);
    }

    pub(super) fn drop_table(&mut self, located: &Located) {
        let Statement::DropTable { tables, .. } = &located.statement else { return };
        let used: Vec<String> = tables
            .iter()
            .filter(|table| !self.schema.is_new(table))
            .map(|name| sql_name(name))
            .collect();
        if used.is_empty() {
            return self.as_it_is(located);
        }
        self.deploy(format!("Release applications that no longer use {}.", used.join(", ")));
        let sql = self.source(located).to_owned();
        self.transaction(About::final_step(format!("Drop {}", used.join(", "))), vec![sql]);
    }

    /// A view bears the old name until nobody uses it.
    fn rename_table(&mut self, target: &Target, to: &str, written: &Written<'_>) {
        let (old, new) = (&target.table, sql_name(to));
        let rename = format!("ALTER TABLE {} {}", target.sql, written.text());
        let view = format!("CREATE VIEW {old} AS SELECT * FROM {new}");
        let title = format!("Rename {old} to {new}, and let a view bear the old name");
        let back = match written.action {
            Action::RenameTo { .. } => {
                let bare = target.name.rsplit('.').next().unwrap_or_default();
                format!("ALTER TABLE {new} RENAME TO {}", sql_name(bare))
            }
            _ => {
                let schema = target.name.rsplit_once('.').map_or("public", |(schema, _)| schema);
                format!("ALTER TABLE {new} SET SCHEMA {}", sql_name(schema))
            }
        };
        let undo = Some(vec![format!("DROP VIEW {old}"), back]);
        let statements = vec![rename, view, copy_of_grants(&new, old)];
        self.transaction(About { title, undo, ..About::default() }, statements);
        self.deploy(format!(
            "Release applications that use {new} instead of {old}. Until then they read and write \
             through the view; COPY into it, TRUNCATE and LOCK TABLE are refused."
        ));
        let about = About::undone_by(
            format!("Drop the view {old}"),
            format!("CREATE VIEW {old} AS SELECT * FROM {new}"),
        );
        self.transaction(about, vec![format!("DROP VIEW {old}")]);
    }
}

/// Gives the roles that may use a table the same rights to a view.
fn copy_of_grants(table: &str, view: &str) -> String {
    let (literal, name) = (table.replace('\'', "''"), view.replace('\'', "''"));
    format!(
        "DO $pgsre$ DECLARE granted record; BEGIN FOR granted IN SELECT privilege_type AS what, \
         CASE grantee WHEN 0 THEN 'PUBLIC' ELSE grantee::regrole::text END AS whom \
         FROM pg_class, aclexplode(relacl) WHERE pg_class.oid = '{literal}'::regclass \
         AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE') \
         LOOP EXECUTE format('GRANT %s ON {name} TO %s', granted.what, granted.whom); END LOOP; END $pgsre$"
    )
}
