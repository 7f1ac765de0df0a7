//! The parts of a column's definition, as they were written.

use super::super::parse::COLUMN_CLAUSES;
use super::super::words::Words;
use super::source::Source;

/// `ADD COLUMN` in parts.
#[derive(Debug, Default)]
pub(super) struct ColumnSource<'a> {
    /// IF NOT EXISTS and a blank, where it says so.
    pub(super) if_not_exists: &'static str,
    /// Its name.
    pub(super) name: &'a str,
    /// Its type.
    pub(super) data_type: &'a str,
    /// COLLATE, STORAGE, COMPRESSION.
    pub(super) properties: Vec<&'a str>,
    /// The expression behind DEFAULT.
    pub(super) default: Option<&'a str>,
    /// GENERATED and what follows.
    pub(super) generated: Option<&'a str>,
    /// The name of NOT NULL, empty where it has none.
    pub(super) not_null: Option<&'a str>,
    /// CHECK, REFERENCES, UNIQUE and PRIMARY KEY, each without its name.
    pub(super) constraints: Vec<&'a str>,
}

/// What may follow a constraint.
const ATTRIBUTES: &[&str] = &[
    "not deferrable",
    "deferrable",
    "initially deferred",
    "initially immediate",
    "not enforced",
    "enforced",
    "no inherit",
];

impl<'a> ColumnSource<'a> {
    /// Reads the words behind `ADD [COLUMN]`.
    pub(super) fn read(source: &Source<'a>, mut words: Words<'_>) -> Self {
        let if_not_exists = if words.take("if not exists") { "IF NOT EXISTS " } else { "" };
        let mut column = Self { if_not_exists, name: source.name(&mut words), ..Self::default() };
        let before = words.clone();
        words.until(COLUMN_CLAUSES);
        column.data_type = source.taken(&before, &words);
        while !words.is_empty() {
            column.clause(source, &mut words);
        }
        column
    }

    fn clause(&mut self, source: &Source<'a>, words: &mut Words<'_>) {
        let name = if words.take("constraint") { source.name(words) } else { "" };
        let before = words.clone();
        if words.take("default") {
            let before = words.clone();
            if !words.peek_is("(") && !words.peek_is("case") {
                words.next();
            }
            words.until(COLUMN_CLAUSES);
            self.default = Some(source.taken(&before, words));
        } else if words.take("not null") {
            self.not_null = Some(name);
            attributes(words);
        } else if words.take("null") {
            // The way columns are.
        } else if words.take("generated") {
            generated(words);
            self.generated = Some(source.taken(&before, words));
        } else if constraint(words) {
            attributes(words);
            self.constraints.push(source.taken(&before, words));
        } else {
            words.next();
            words.until(COLUMN_CLAUSES);
            self.properties.push(source.taken(&before, words));
        }
    }

    /// Its name, type and properties.
    pub(super) fn head(&self) -> String {
        let parts = [self.name, self.data_type].into_iter().chain(self.properties.iter().copied());
        parts.collect::<Vec<_>>().join(" ")
    }
}

fn generated(words: &mut Words<'_>) {
    words.take_any(&["always as", "by default as"]);
    words.take("identity");
    words.parenthesised();
    words.take_any(&["stored", "virtual"]);
}

fn constraint(words: &mut Words<'_>) -> bool {
    if words.take("check") {
        words.parenthesised();
        return true;
    }
    if words.take_any(&["unique", "primary key"]) {
        words.take_any(&["nulls not distinct", "nulls distinct"]);
        if words.take("with") {
            words.parenthesised();
        }
        if words.take("using index tablespace") {
            words.name();
        }
        return true;
    }
    words.take("references") && {
        reference(words);
        true
    }
}

fn reference(words: &mut Words<'_>) {
    words.name();
    words.parenthesised();
    loop {
        if words.take_any(&["on delete", "on update"]) {
            words.take_any(&["set null", "set default", "no action", "cascade", "restrict"]);
            words.parenthesised();
        } else if words.take("match") {
            words.next();
        } else {
            return;
        }
    }
}

fn attributes(words: &mut Words<'_>) {
    while words.take_any(ATTRIBUTES) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(sql: &str) -> String {
        let source = Source::of(sql);
        let mut words = source.words();
        words.take("alter table t add");
        let column = ColumnSource::read(&source, words);
        format!(
            "{} | {:?} | {:?} | {:?} | {:?}",
            column.head(),
            column.default,
            column.not_null,
            column.generated,
            column.constraints
        )
    }

    #[test]
    fn each_part_of_a_definition_is_found_as_it_was_written() {
        assert_eq!(
            parts(
                "alter table t add c numeric (10, 2) not null default -1::numeric(4,1) check (c>=0)"
            ),
            "c numeric (10, 2) | Some(\"-1::numeric(4,1)\") | Some(\"\") | None | [\"check (c>=0)\"]"
        );
        assert_eq!(
            parts(
                "alter table t add \"C\" text collate \"C\" constraint k references p (id) on delete \
                 set null on update set default not deferrable unique nulls not distinct null"
            ),
            "\"C\" text collate \"C\" | None | None | None | [\"references p (id) on delete set null \
             on update set default not deferrable\", \"unique nulls not distinct\"]"
        );
        assert_eq!(
            parts("alter table t add c int generated by default as identity (start 5)"),
            "c int | None | None | Some(\"generated by default as identity (start 5)\") | []"
        );
        assert_eq!(
            parts(
                "alter table t add c text default case when true then 'not' end constraint n not null"
            ),
            "c text | Some(\"case when true then 'not' end\") | Some(\"n\") | None | []"
        );
    }
}
