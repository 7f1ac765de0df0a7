//! Constraints that are checked, or built, before they are relied on.

use super::super::statement::{Constraint, ConstraintKind};
use super::super::words::Words;
use super::Work;
use super::alter_table::{Target, Written};
use super::columns::unnamed;
use super::planner::{About, Planner};
use super::source::{Source, beside, sql_name};

const EXCLUDE: &str = "An exclusion constraint can be built in no other way. Make a new table with it, copy \
    the rows, and swap the tables, or do this while nobody uses the table";

impl Planner<'_> {
    pub(super) fn written_constraint(
        &mut self,
        target: &Target,
        constraint: &Constraint,
        written: Written<'_>,
    ) {
        let mut words = written.words.clone();
        words.take("add");
        if words.take("constraint") {
            words.name();
        }
        let body = written.source.text(words.rest()).to_owned();
        self.add_constraint(target, constraint, &body, "");
    }

    /// Adds a constraint with this body. `column` is the one whose own constraint it is.
    pub(super) fn add_constraint(
        &mut self,
        target: &Target,
        constraint: &Constraint,
        body: &str,
        column: &str,
    ) {
        let name = sql_name(&self.schema.name_of_constraint(&target.name, constraint));
        match &constraint.kind {
            ConstraintKind::Primary { columns, .. } => {
                for column in columns {
                    let known = self.schema.table(&target.name);
                    if !known.is_some_and(|known| known.proves_not_null(column, &[])) {
                        self.set_not_null(target, column, "");
                    }
                }
                self.add_key(target, &name, body, column);
            }
            ConstraintKind::Unique { .. } => self.add_key(target, &name, body, column),
            ConstraintKind::Exclude { .. } => {
                let sql = format!("ALTER TABLE {} ADD CONSTRAINT {name} {body}", target.sql);
                let about = self.constraint_undone(target, format!("Add {name}"), &name);
                self.transaction(about.instead(EXCLUDE), vec![sql]);
            }
            ConstraintKind::Foreign { .. } if self.version < 18 && self.is_partitioned(target) => {
                self.add_foreign_key_by_partition(target, &name, body);
            }
            _ => self.add_then_validate(target, &name, body),
        }
    }

    fn constraint_undone(&self, target: &Target, title: String, name: &str) -> About {
        let sql = format!("ALTER TABLE {} DROP CONSTRAINT IF EXISTS {name}", target.sql);
        About::undone_by(title, sql)
    }

    pub(super) fn add_then_validate(&mut self, target: &Target, name: &str, body: &str) {
        let title = format!("Hold new rows of {} to {name}", target.table);
        let about = self.constraint_undone(target, title, name);
        let sql = format!("ALTER TABLE {} ADD CONSTRAINT {name} {body} NOT VALID", target.sql);
        self.transaction(about, vec![sql]);
        self.validate(target, name);
    }

    pub(super) fn validate(&mut self, target: &Target, name: &str) {
        let sql = format!("ALTER TABLE {} VALIDATE CONSTRAINT {name}", target.sql);
        let title =
            format!("Check the rows of {} that were there; reads and writes go on", target.table);
        self.transaction(About::harmless(title), vec![sql]);
    }

    pub(super) fn is_partitioned(&self, target: &Target) -> bool {
        self.schema.table(&target.name).is_some_and(|known| known.partitioned)
    }

    /// The partitions of a table, where each of them holds rows.
    pub(super) fn leaves(&self, target: &Target) -> Option<Vec<String>> {
        let family = self.schema.family(&target.name);
        let leaves: Vec<String> = family.into_iter().skip(1).collect();
        let is_leaf =
            |name: &String| self.schema.table(name).is_none_or(|known| !known.partitioned);
        leaves.iter().all(is_leaf).then_some(leaves)
    }

    /// Up to 17 a partitioned table takes no foreign key that is not valid; those that its partitions
    /// have already are not checked again.
    fn add_foreign_key_by_partition(&mut self, target: &Target, name: &str, body: &str) {
        let Some(leaves) = self.leaves(target) else {
            let sql = format!("ALTER TABLE {} ADD CONSTRAINT {name} {body}", target.sql);
            let about = self.constraint_undone(target, format!("Add {name}"), name);
            let about =
                about.instead("Add it to each partition first, NOT VALID, and validate it there");
            return self.transaction(about, vec![sql]);
        };
        for leaf in leaves {
            self.add_then_validate(&Target::of(&leaf), name, body);
        }
        let sql = format!("ALTER TABLE {} ADD CONSTRAINT {name} {body}", target.sql);
        let title = format!("Add {name}, which each partition of {} has", target.table);
        let about = self.constraint_undone(target, title, name);
        self.transaction(about, vec![sql]);
    }

    /// UNIQUE or PRIMARY KEY: its index is built first.
    fn add_key(&mut self, target: &Target, name: &str, body: &str, column: &str) {
        let source = Source::of(body);
        let key = Key::read(&source, source.words(), column);
        if !self.is_partitioned(target) || target.only {
            return self.add_key_of(target, name, &key);
        }
        let Some(leaves) = self.leaves(target) else {
            let sql = format!("ALTER TABLE {} ADD CONSTRAINT {name} {body}", target.sql);
            let about = self.constraint_undone(target, format!("Add {name}"), name);
            let about =
                about.instead("Add it to each partition first, by an index built CONCURRENTLY");
            return self.transaction(about, vec![sql]);
        };
        let mut indexes = Vec::new();
        for leaf in leaves {
            let own = self.schema.name_of_constraint(&leaf, &unnamed(key.unnamed(), ""));
            self.add_key_of(&Target::of(&leaf), &sql_name(&own), &key);
            indexes.push(beside(&leaf, &own));
        }
        let (table, attributes) = (&target.table, &key.attributes);
        let definition = key.constraint();
        let sql =
            format!("ALTER TABLE ONLY {table} ADD CONSTRAINT {name} {definition}{attributes}");
        let title = format!("Add {name} to {table} alone");
        let about = self.constraint_undone(target, title, name);
        self.transaction(about, vec![sql]);
        let parent = beside(&target.name, name.trim_matches('"'));
        let statements = indexes
            .iter()
            .map(|index| {
                format!("ALTER INDEX {} ATTACH PARTITION {}", sql_name(&parent), sql_name(index))
            })
            .collect();
        let title = format!("Make the keys of the partitions part of {name}");
        self.transaction(About::harmless(title), statements);
    }

    fn add_key_of(&mut self, target: &Target, name: &str, key: &Key<'_>) {
        let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {}", self.beside(target, name));
        let title = format!("Build the index of {name}; reads and writes go on");
        let statement =
            format!("CREATE UNIQUE INDEX CONCURRENTLY {name} ON {} {}", target.sql, key.index());
        let index = Some(self.beside(target, name));
        self.step(About::undone_by(title, drop), Work::Alone { statement, index });
        let sql = format!(
            "ALTER TABLE {} ADD CONSTRAINT {name} {} USING INDEX {name}{}",
            target.sql, key.kind, key.attributes
        );
        let title = format!("Make the index the constraint {name}");
        let about = self.constraint_undone(target, title, name);
        self.transaction(about, vec![sql]);
    }

    /// An index's name as SQL, in the schema of its table.
    pub(super) fn beside(&self, target: &Target, index: &str) -> String {
        match target.table.rsplit_once('.') {
            Some((schema, _)) => format!("{schema}.{index}"),
            None => index.to_owned(),
        }
    }
}

impl Target {
    /// A table that the schema knows.
    pub(super) fn of(name: &str) -> Self {
        Self { name: name.to_owned(), sql: sql_name(name), table: sql_name(name), only: false }
    }
}

/// `UNIQUE (…)` or `PRIMARY KEY (…)` in parts.
#[derive(Debug)]
struct Key<'a> {
    kind: &'static str,
    /// In parentheses.
    columns: String,
    include: &'a str,
    nulls: &'static str,
    with: &'a str,
    tablespace: &'a str,
    attributes: String,
}

impl<'a> Key<'a> {
    fn read(source: &Source<'a>, mut words: Words<'_>, column: &str) -> Self {
        let kind = if words.take("primary key") { "PRIMARY KEY" } else { "UNIQUE" };
        words.take("unique");
        let distinct = words.take("nulls not distinct");
        words.take("nulls distinct");
        let columns = match source.parenthesised(&mut words) {
            "" => format!("({column})"),
            columns => columns.to_owned(),
        };
        let include = if words.take("include") { source.parenthesised(&mut words) } else { "" };
        let with = if words.take("with") { source.parenthesised(&mut words) } else { "" };
        let tablespace =
            if words.take("using index tablespace") { source.name(&mut words) } else { "" };
        let attributes = match source.text(words.rest()) {
            "" => String::new(),
            attributes => format!(" {attributes}"),
        };
        let nulls = if distinct { " NULLS NOT DISTINCT" } else { "" };
        Self { kind, columns, include, nulls, with, tablespace, attributes }
    }

    /// As the schema knows it, without its name.
    fn unnamed(&self) -> ConstraintKind {
        let columns = Source::of(&self.columns).words().column_names();
        match self.kind {
            "UNIQUE" => ConstraintKind::Unique { columns, using_index: None },
            _ => ConstraintKind::Primary { columns, using_index: None },
        }
    }

    /// What follows the table in CREATE INDEX.
    fn index(&self) -> String {
        let mut sql = self.columns.clone();
        for (keyword, part) in [
            ("INCLUDE", self.include),
            ("", self.nulls),
            ("WITH", self.with),
            ("TABLESPACE", self.tablespace),
        ] {
            match (keyword, part) {
                (_, "") => {}
                ("", part) => sql.push_str(part),
                (keyword, part) => sql.push_str(&format!(" {keyword} {part}")),
            }
        }
        sql
    }

    /// What follows the name in ADD CONSTRAINT.
    fn constraint(&self) -> String {
        let mut sql = format!("{}{} {}", self.kind, self.nulls, self.columns);
        for (keyword, part) in [
            ("INCLUDE", self.include),
            ("WITH", self.with),
            ("USING INDEX TABLESPACE", self.tablespace),
        ] {
            if !part.is_empty() {
                sql.push_str(&format!(" {keyword} {part}"));
            }
        }
        sql
    }
}
