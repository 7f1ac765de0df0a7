//! Indexes, built and dropped while reads and writes go on.

use super::super::facts::Facts;
use super::super::schema::Index;
use super::super::statement::{Located, Reindexed, Statement};
use super::Work;
use super::alter_table::Target;
use super::planner::{About, Planner, harm};
use super::source::{Source, beside, sql_name};

/// CREATE INDEX in parts.
struct IndexSource<'a> {
    unique: &'static str,
    if_not_exists: &'static str,
    table: &'a str,
    /// What follows the table.
    definition: &'a str,
}

impl<'a> IndexSource<'a> {
    fn read(source: &Source<'a>) -> Self {
        let mut words = source.words();
        words.take("create");
        let unique = if words.take("unique") { "UNIQUE " } else { "" };
        words.take("index");
        words.take("concurrently");
        let if_not_exists = if words.take("if not exists") { "IF NOT EXISTS " } else { "" };
        if !words.peek_is("on") {
            words.name();
        }
        words.take("on");
        words.take("only");
        let table = source.name(&mut words);
        Self { unique, if_not_exists, table, definition: source.text(words.rest()) }
    }

    fn concurrently(&self, name: &str, table: &str) -> String {
        let Self { unique, if_not_exists, definition, .. } = self;
        format!("CREATE {unique}INDEX CONCURRENTLY {if_not_exists}{name} ON {table} {definition}")
    }
}

impl Planner<'_> {
    pub(super) fn create_index(&mut self, located: &Located) {
        let Statement::CreateIndex { name, table, columns, concurrently, only, .. } =
            &located.statement
        else {
            return;
        };
        let facts = Facts::of(&located.statement, &self.schema, self.version);
        if harm(&facts).is_none() && !concurrently {
            return self.as_it_is(located);
        }
        let name = match name.as_str() {
            "" => self.schema.name_of_index(table, columns),
            name => beside(table, name),
        };
        let sql = self.source(located).to_owned();
        let source = Source::of(&sql);
        let parts = IndexSource::read(&source);
        let target = Target {
            name: table.clone(),
            sql: parts.table.to_owned(),
            table: parts.table.to_owned(),
            only: *only,
        };
        if self.is_partitioned(&target) && !only {
            return self.create_index_by_partition(&target, &name, &parts, columns);
        }
        self.build(&target, &name, &parts, false);
    }

    fn build(&mut self, target: &Target, name: &str, parts: &IndexSource<'_>, is_part: bool) {
        let own = sql_name(name);
        let bare = sql_name(name.rsplit('.').next().unwrap_or_default());
        let title = format!("Build {own} on {}; reads and writes go on", target.table);
        let drop = format!("DROP INDEX CONCURRENTLY IF EXISTS {own}");
        // The index of a partition goes with that of its parent.
        let undo = if is_part { Vec::new() } else { vec![drop] };
        let about = About { title, undo: Some(undo), ..About::default() };
        let statement = parts.concurrently(&bare, &target.table);
        self.step(about, Work::Alone { statement, index: Some(own) });
    }

    /// CONCURRENTLY is refused on a partitioned table.
    fn create_index_by_partition(
        &mut self,
        target: &Target,
        name: &str,
        parts: &IndexSource<'_>,
        columns: &[String],
    ) {
        let leaves = self.leaves(target);
        let own = sql_name(name);
        let bare = sql_name(name.rsplit('.').next().unwrap_or_default());
        let IndexSource { unique, if_not_exists, definition, .. } = parts;
        let Some(leaves) = leaves else {
            let sql = format!(
                "CREATE {unique}INDEX {if_not_exists}{bare} ON {} {definition}",
                target.table
            );
            let about = About::undone_by(format!("Build {own}"), format!("DROP INDEX {own}"));
            let instead = "Its partitions have partitions of their own: build the index on each table \
                           that holds rows CONCURRENTLY, and attach them from below";
            return self.transaction(about.instead(instead), vec![sql]);
        };
        let sql = format!(
            "CREATE {unique}INDEX {if_not_exists}{bare} ON ONLY {} {definition}",
            target.table
        );
        let title = format!("Make {own} on {} alone, not yet valid", target.table);
        let about = About::undone_by(title, format!("DROP INDEX {own}"));
        self.transaction(about, vec![sql]);
        for leaf in leaves {
            let of_leaf = self.schema.name_of_index(&leaf, columns);
            self.build(&Target::of(&leaf), &of_leaf, parts, true);
            let of_leaf = sql_name(&of_leaf);
            let title = format!("Make {of_leaf} a part of {own}");
            let attach = format!("ALTER INDEX {own} ATTACH PARTITION {of_leaf}");
            self.transaction(About::harmless(title), vec![attach]);
        }
    }

    pub(super) fn drop_index(&mut self, located: &Located) {
        let Statement::DropIndex { indexes, if_exists, .. } = &located.statement else { return };
        let partitioned = |index: &String| {
            let table = self.schema.table_of_index(index).and_then(|name| self.schema.table(name));
            table.is_some_and(|known| known.partitioned)
        };
        let facts = Facts::of(&located.statement, &self.schema, self.version);
        let cascade = Source::of(self.source(located)).words().has("cascade");
        if facts.locks.is_empty() || cascade || indexes.iter().any(partitioned) {
            return self.as_it_is(located);
        }
        let if_exists = if *if_exists { "IF EXISTS " } else { "" };
        for index in indexes {
            let undo = self.schema.index(index).and_then(|known| again(index, known));
            let index = sql_name(index);
            let statement = format!("DROP INDEX CONCURRENTLY {if_exists}{index}");
            let title = format!("Drop {index}; reads and writes go on");
            let about = About { title, undo, ..About::default() };
            self.step(about, Work::Alone { statement, index: None });
        }
    }

    pub(super) fn reindex(&mut self, located: &Located) {
        let Statement::Reindex { what, concurrently } = &located.statement else { return };
        let sql = self.source(located).to_owned();
        let source = Source::of(&sql);
        let mut words = source.words();
        words.take("reindex");
        let options = source.parenthesised(&mut words).to_owned();
        if *concurrently || words.take("system") || options.to_lowercase().contains("concurrently")
        {
            return self.as_it_is(located);
        }
        let kind = match what {
            Reindexed::Index(_) => "INDEX",
            Reindexed::Table(_) => "TABLE",
            Reindexed::Schema(_) => "SCHEMA",
            Reindexed::Database => "DATABASE",
        };
        words.next();
        let name = source.text(words.rest());
        let options = if options.is_empty() { options } else { format!("{options} ") };
        let statement =
            format!("REINDEX {options}{kind} CONCURRENTLY {name}").trim_end().to_owned();
        let title = format!("Build {name} anew; reads and writes go on");
        self.step(About::harmless(title), Work::Alone { statement, index: None });
    }
}

/// What makes a dropped index again, where its definition is known.
fn again(name: &str, index: &Index) -> Option<Vec<String>> {
    let bare = sql_name(name.rsplit('.').next().unwrap_or_default());
    let Index { table, unique, definition, .. } = index;
    let unique = if *unique { "UNIQUE " } else { "" };
    let table = sql_name(table);
    let sql = format!("CREATE {unique}INDEX CONCURRENTLY {bare} ON {table} {definition}");
    (!definition.is_empty()).then(|| vec![sql])
}
