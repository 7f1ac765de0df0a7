//! Columns that are added, and NOT NULL.

use super::super::facts::Facts;
use super::super::parse::parse;
use super::super::statement::{Column, Constraint, ConstraintKind};
use super::super::types::DataType;
use super::alter_table::{Target, Written};
use super::column_source::ColumnSource;
use super::planner::{About, Planner};
use super::source::{Source, beside, sql_name};
use super::{Assignment, Work};

impl Planner<'_> {
    pub(super) fn add_column(&mut self, target: &Target, column: &Column, written: Written<'_>) {
        let mut words = written.words.clone();
        words.take("add");
        words.take("column");
        let source = ColumnSource::read(written.source, words);
        let data_type = DataType::parse(&column.data_type);
        if column.stored || column.generated || self.is_checked_by_its_domain(column) {
            return self.add_column_at_once(target, column, &written);
        }
        let filled = if data_type.is_serial() {
            self.add_serial(target, &source, &data_type)
        } else if let Some(generated) = source.generated {
            return self.add_identity(target, &source, generated);
        } else {
            self.add_plain(target, column, &source)
        };
        if column.not_null && !filled {
            let name = source.not_null.unwrap_or_default();
            self.set_not_null(target, &column.name, name);
        }
        self.add_own_constraints(target, column, &source);
    }

    fn is_checked_by_its_domain(&self, column: &Column) -> bool {
        self.schema.is_constrained_domain(DataType::parse(&column.data_type).name())
    }

    /// A column whose values PostgreSQL computes when it is added.
    fn add_column_at_once(&mut self, target: &Target, column: &Column, written: &Written<'_>) {
        let instead = if column.stored || column.generated {
            "A stored generated column is filled when it is added. Add a plain column, fill it by a \
             trigger and a backfill, and let the trigger stay (18 has VIRTUAL columns, which need \
             neither)"
        } else {
            "A column of a domain with constraints is filled when it is added. Add it with the domain's \
             base type, and the domain's checks as CHECK … NOT VALID, validated later"
        };
        let undo = format!("ALTER TABLE {} DROP COLUMN {}", target.sql, sql_name(&column.name));
        let about = About::undone_by(format!("Add {}.{}", target.table, column.name), undo);
        let sql = format!("ALTER TABLE {} {}", target.sql, written.text());
        self.transaction(about.instead(instead), vec![sql]);
    }

    /// Whether it came with a default that holds for every row.
    fn add_plain(&mut self, target: &Target, column: &Column, source: &ColumnSource<'_>) -> bool {
        let default = source.default.filter(|default| !default.eq_ignore_ascii_case("null"));
        let with_default = default.map(|default| format!("{} DEFAULT {default}", source.head()));
        let at_once = with_default.filter(|definition| self.adds_at_once(target, definition));
        if let Some(definition) = at_once {
            let not_null = if column.not_null { " NOT NULL" } else { "" };
            self.add_definition(target, source, &format!("{definition}{not_null}"));
            return true;
        }
        self.add_definition(target, source, &source.head());
        if let Some(default) = default {
            self.set_default(target, source.name, default);
            let set = vec![assignment(source.name, default)];
            self.backfill(target, set, Some(format!("{} IS NULL", source.name)));
        } else if column.not_null {
            let what = format!(
                "Release applications that write {}.{} in every row, and give it a value in the rows \
                 that are there: the file names none.",
                target.table, column.name
            );
            self.deploy(what);
        }
        false
    }

    /// Whether a definition changes nothing but the catalogue.
    fn adds_at_once(&self, target: &Target, definition: &str) -> bool {
        let sql = format!("ALTER TABLE {} ADD COLUMN {definition}", target.sql);
        let facts = parse(&sql);
        let facts = facts.iter().map(|one| Facts::of(&one.statement, &self.schema, self.version));
        facts.into_iter().all(|facts| facts.rewrites.is_empty() && facts.scans.is_empty())
    }

    fn add_definition(&mut self, target: &Target, source: &ColumnSource<'_>, definition: &str) {
        let sql =
            format!("ALTER TABLE {} ADD COLUMN {}{definition}", target.sql, source.if_not_exists);
        let undo = format!("ALTER TABLE {} DROP COLUMN {}", target.sql, source.name);
        let title = format!("Add {}.{}; no row is touched", target.table, source.name);
        self.transaction(About::undone_by(title, undo), vec![sql]);
    }

    fn set_default(&mut self, target: &Target, column: &str, default: &str) {
        let alter = format!("ALTER TABLE {} ALTER COLUMN {column}", target.sql);
        let title = format!("Let new rows of {} get their {column}", target.table);
        let about = About::undone_by(title, format!("{alter} DROP DEFAULT"));
        self.transaction(about, vec![format!("{alter} SET DEFAULT {default}")]);
    }

    /// A sequence of the name that `serial` gives it, and the default that it stands for.
    fn add_serial(
        &mut self,
        target: &Target,
        source: &ColumnSource<'_>,
        serial: &DataType,
    ) -> bool {
        let integer = match serial.name() {
            "smallserial" | "serial2" => "smallint",
            "bigserial" | "serial8" => "bigint",
            _ => "integer",
        };
        self.add_definition(target, source, &format!("{} {integer}", source.name));
        let sequence =
            sql_name(&self.schema.name_of_sequence(&target.name, &column_name(source.name)));
        let next = format!("nextval('{}'::regclass)", sequence.replace('\'', "''"));
        let (table, name) = (&target.table, source.name);
        let title = format!("Make the sequence of {table}.{name}, and let new rows draw from it");
        let about = About {
            title,
            undo: Some(vec![
                format!("ALTER TABLE {table} ALTER COLUMN {name} DROP DEFAULT"),
                format!("DROP SEQUENCE {sequence}"),
            ]),
            ..About::default()
        };
        let statements = vec![
            format!("CREATE SEQUENCE {sequence} AS {integer} OWNED BY {table}.{name}"),
            format!("ALTER TABLE {table} ALTER COLUMN {name} SET DEFAULT {next}"),
        ];
        self.transaction(about, statements);
        let condition = Some(format!("{name} IS NULL"));
        self.backfill(target, vec![assignment(name, &next)], condition);
        self.set_not_null(target, &column_name(source.name), "");
        true
    }

    /// Numbers from a sequence of ours, until the column can be an identity.
    fn add_identity(&mut self, target: &Target, source: &ColumnSource<'_>, generated: &str) {
        let (table, name) = (&target.table, source.name);
        self.add_definition(target, source, &source.head());
        let column = column_name(name);
        let bare = target.name.rsplit('.').next().unwrap_or_default();
        let sequence = sql_name(&beside(&target.name, &format!("pgsre_{bare}_{column}")));
        let literal = sequence.replace('\'', "''");
        let next = format!("nextval('{literal}'::regclass)");
        let alter = format!("ALTER TABLE {table} ALTER COLUMN {name}");
        let title = format!("Number new rows of {table} until {name} is an identity");
        let undo =
            vec![format!("{alter} DROP DEFAULT"), format!("DROP SEQUENCE IF EXISTS {sequence}")];
        let statements = vec![
            format!("CREATE SEQUENCE {sequence} AS {}{}", source.data_type, options(generated)),
            format!("{alter} SET DEFAULT {next}"),
        ];
        self.transaction(About { title, undo: Some(undo), ..About::default() }, statements);
        let condition = Some(format!("{name} IS NULL"));
        self.backfill(target, vec![assignment(name, &next)], condition);
        self.set_not_null(target, &column, "");
        let regclass = table.replace('\'', "''");
        let own = format!("pg_get_serial_sequence('{regclass}', '{}')", column.replace('\'', "''"));
        let statements = vec![
            format!("{alter} DROP DEFAULT"),
            format!("{alter} ADD {generated}"),
            format!("SELECT setval({own}, {next}, false)"),
            format!("DROP SEQUENCE {sequence}"),
        ];
        let undo = format!("{alter} DROP IDENTITY");
        let title = format!("Make {table}.{name} an identity that goes on with the next number");
        self.transaction(About::undone_by(title, undo), statements);
    }

    /// CHECK, REFERENCES, UNIQUE and PRIMARY KEY of a column as constraints of the table.
    fn add_own_constraints(&mut self, target: &Target, column: &Column, source: &ColumnSource<'_>) {
        let is_not_null = |one: &&Constraint| matches!(one.kind, ConstraintKind::NotNull { .. });
        let typed = column.constraints.iter().filter(|one| !is_not_null(one));
        for (constraint, text) in typed.zip(&source.constraints) {
            let body = match &constraint.kind {
                ConstraintKind::Foreign { .. } => format!("FOREIGN KEY ({}) {text}", source.name),
                _ => (*text).to_owned(),
            };
            self.add_constraint(target, constraint, &body, source.name);
        }
    }

    /// NOT NULL without a scan under a lock: by a constraint that is validated first.
    pub(super) fn set_not_null(&mut self, target: &Target, column: &str, name: &str) {
        if self.schema.table(&target.name).is_some_and(|known| known.proves_not_null(column, &[])) {
            let column = sql_name(column);
            let alter = format!("ALTER TABLE {} ALTER COLUMN {column}", target.sql);
            let title = format!("Declare {}.{column} NOT NULL, which is proven", target.table);
            let about = About::undone_by(title, format!("{alter} DROP NOT NULL"));
            return self.transaction(about, vec![format!("{alter} SET NOT NULL")]);
        }
        if self.version >= 18 {
            let kind = ConstraintKind::NotNull { column: column.to_owned() };
            let constraint = unnamed(kind, name);
            let body = format!("NOT NULL {}", sql_name(column));
            return self.add_constraint(target, &constraint, &body, column);
        }
        let (sql, table, column) = (&target.sql, &target.table, sql_name(column));
        let check = sql_name(&format!("pgsre_{}_not_null", column.trim_matches('"')));
        let drop = format!("ALTER TABLE {sql} DROP CONSTRAINT {check}");
        let undo = format!("ALTER TABLE {sql} DROP CONSTRAINT IF EXISTS {check}");
        let title = format!("Refuse new rows of {table} without {column}");
        let add = format!(
            "ALTER TABLE {sql} ADD CONSTRAINT {check} CHECK ({column} IS NOT NULL) NOT VALID"
        );
        self.transaction(About::undone_by(title, undo), vec![add]);
        self.validate(target, &check);
        let alter = format!("ALTER TABLE {sql} ALTER COLUMN {column}");
        let title = format!("Declare {table}.{column} NOT NULL, which the constraint proves");
        let about = About::undone_by(title, format!("{alter} DROP NOT NULL"));
        self.transaction(about, vec![format!("{alter} SET NOT NULL"), drop]);
    }

    pub(super) fn backfill(
        &mut self,
        target: &Target,
        set: Vec<Assignment>,
        condition: Option<String>,
    ) {
        let columns: Vec<&str> = set.iter().map(|one| one.column.as_str()).collect();
        let title = format!("Fill {} of {} in batches", columns.join(", "), target.table);
        let table = target.sql.clone();
        self.step(About::harmless(title), Work::Backfill { table, set, condition });
    }

    pub(super) fn deploy(&mut self, what: String) {
        self.step(About::harmless("Release the applications"), Work::Deploy { what });
        // What the steps before it made is in use from now on.
        self.schema.settle();
    }
}

pub(super) fn assignment(column: &str, expression: &str) -> Assignment {
    Assignment { column: column.to_owned(), expression: expression.to_owned() }
}

pub(super) fn unnamed(kind: ConstraintKind, name: &str) -> Constraint {
    let name = name.to_owned();
    Constraint { name, kind, not_valid: false, no_inherit: false, not_enforced: false }
}

/// The options in `… AS IDENTITY (…)`.
fn options(generated: &str) -> String {
    let inner = generated.split_once('(').and_then(|(_, rest)| rest.rsplit_once(')'));
    inner.map(|(options, _)| format!(" {}", options.trim())).unwrap_or_default()
}

/// A name as the schema knows it.
fn column_name(written: &str) -> String {
    Source::of(written).words().name()
}
