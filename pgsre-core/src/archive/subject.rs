//! What a statement behind the data works on: which tables it locks, and what it names.

use super::ObjectName;
use super::classify::SqlDialect;
use super::cursor::Cursor;

/// What a statement behind the data works on, as far as its text says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Subject {
    /// `CREATE INDEX`: reads a table, beside others that do.
    Index { index: ObjectName, table: ObjectName },
    /// `ALTER TABLE … ADD CONSTRAINT … PRIMARY KEY`, `UNIQUE` and `EXCLUDE` that build an index.
    Key { index: ObjectName, table: ObjectName },
    /// `ALTER TABLE … ADD CONSTRAINT … FOREIGN KEY … REFERENCES`.
    ForeignKey { table: ObjectName, references: ObjectName },
    /// Other statements about these tables and indexes, and about nothing else.
    Of(Vec<ObjectName>),
    /// It may be about anything.
    Unknown,
}

impl Subject {
    /// What a statement in UTF-8 works on.
    pub(crate) fn of(sql: &str) -> Self {
        let at = Cursor::new(sql.as_bytes(), SqlDialect::default());
        let subject = first_of(at).unwrap_or(Self::Unknown);
        // Without its schema a name may mean one table or another.
        if subject.names().all(|name| name.schema.is_some()) { subject } else { Self::Unknown }
    }

    /// Everything that it names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &ObjectName> {
        let (one, two, more): (_, _, &[ObjectName]) = match self {
            Self::Index { index, table } | Self::Key { index, table } => {
                (Some(index), Some(table), &[])
            }
            Self::ForeignKey { table, references } => (Some(table), Some(references), &[]),
            Self::Of(names) => (None, None, names),
            Self::Unknown => (None, None, &[]),
        };
        one.into_iter().chain(two).chain(more)
    }
}

fn first_of(mut at: Cursor<'_>) -> Option<Subject> {
    if at.accept_words("alter table") {
        return altered_table(at);
    }
    if at.accept_words("alter index") {
        return altered_index(at);
    }
    if at.accept_words("comment on") {
        return commented(at);
    }
    if !at.accept("create") {
        return None;
    }
    at.accept("unique");
    if at.accept("index") {
        return index(at);
    }
    at.accept_words("or replace");
    let behind = match () {
        () if at.accept("trigger") || at.accept("policy") => "on",
        () if at.accept("statistics") => "from",
        () => return None,
    };
    at.skip_past(behind).then_some(())?;
    at.accept("only");
    Some(Subject::Of(vec![at.object_name()?]))
}

/// Not one that is built concurrently: `pg_dump` writes none.
fn index(mut at: Cursor<'_>) -> Option<Subject> {
    if at.at("concurrently") || at.at("on") {
        return None;
    }
    at.skip_if_exists();
    let name = at.identifier()?;
    at.accept("on").then_some(())?;
    at.accept("only");
    let table = at.object_name()?;
    Some(Subject::Index { index: beside(&table, name), table })
}

fn altered_index(mut at: Cursor<'_>) -> Option<Subject> {
    at.skip_if_exists();
    let mut names = vec![at.object_name()?];
    if at.accept_words("attach partition") {
        names.push(at.object_name()?);
    }
    Some(Subject::Of(names))
}

fn altered_table(mut at: Cursor<'_>) -> Option<Subject> {
    at.skip_if_exists();
    at.accept("only");
    let table = at.object_name()?;
    at.accept_symbol(b'*');
    if at.accept_words("add constraint") {
        let name = at.identifier()?;
        return constraint(at, table, name);
    }
    if at.accept_words("cluster on") || at.accept_words("replica identity using index") {
        let index = beside(&table, at.identifier()?);
        return Some(Subject::Of(vec![table, index]));
    }
    // What it adds or attaches may be about other tables too.
    let own = ["alter", "enable", "disable", "force", "replica", "set", "owner", "no"];
    own.iter().any(|word| at.at(word)).then(|| Subject::Of(vec![table]))
}

fn constraint(mut at: Cursor<'_>, table: ObjectName, name: String) -> Option<Subject> {
    if at.accept_words("foreign key") {
        at.skip_past("references").then_some(())?;
        return Some(Subject::ForeignKey { table, references: at.object_name()? });
    }
    let exclusion = at.accept("exclude");
    if !exclusion && !at.accept_words("primary key") && !at.accept("unique") {
        return None;
    }
    let index = beside(&table, name);
    // Not with an index that is there already.
    Some(match !exclusion && at.accept_words("using index") {
        true => Subject::Of(vec![table, index]),
        false => Subject::Key { index, table },
    })
}

fn commented(mut at: Cursor<'_>) -> Option<Subject> {
    if at.accept("index") {
        return Some(Subject::Of(vec![at.object_name()?]));
    }
    at.accept_any(&["constraint", "trigger", "policy"]).then_some(())?;
    at.identifier()?;
    at.accept("on").then_some(())?;
    if at.at("domain") {
        return None;
    }
    Some(Subject::Of(vec![at.object_name()?]))
}

/// An index is in its table's schema.
fn beside(table: &ObjectName, name: String) -> ObjectName {
    ObjectName { schema: table.schema.clone(), name }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(name: &str) -> ObjectName {
        ObjectName { schema: Some("s".to_owned()), name: name.to_owned() }
    }

    #[test]
    fn what_builds_an_index_is_known_with_its_table() {
        let index = Subject::Index { index: name("i"), table: name("t") };
        assert_eq!(Subject::of("CREATE UNIQUE INDEX i ON s.t USING btree (a)"), index);
        assert_eq!(Subject::of("CREATE INDEX i ON ONLY s.t USING gin (a)"), index);
        let key = Subject::Key { index: name("k"), table: name("t") };
        let add = "ALTER TABLE ONLY s.t\n    ADD CONSTRAINT k ";
        assert_eq!(Subject::of(&format!("{add}PRIMARY KEY (a)")), key);
        assert_eq!(Subject::of(&format!("{add}UNIQUE NULLS NOT DISTINCT (a)")), key);
        assert_eq!(Subject::of(&format!("{add}EXCLUDE USING gist (a WITH =)")), key);
        let of = Subject::Of(vec![name("t"), name("k")]);
        assert_eq!(Subject::of(&format!("{add}UNIQUE USING INDEX k")), of);
    }

    #[test]
    fn a_foreign_key_is_about_both_its_tables() {
        let sql = "ALTER TABLE ONLY s.t ADD CONSTRAINT f FOREIGN KEY (a, b) REFERENCES s.u(a, b)";
        assert_eq!(
            Subject::of(sql),
            Subject::ForeignKey { table: name("t"), references: name("u") }
        );
    }

    #[test]
    fn what_is_about_an_index_names_it() {
        for (sql, names) in [
            ("COMMENT ON INDEX s.i IS 'x'", vec![name("i")]),
            ("COMMENT ON CONSTRAINT c ON s.t IS 'x'", vec![name("t")]),
            ("ALTER INDEX s.i ATTACH PARTITION s.j", vec![name("i"), name("j")]),
            ("ALTER TABLE s.t CLUSTER ON i", vec![name("t"), name("i")]),
            ("ALTER TABLE ONLY s.t REPLICA IDENTITY USING INDEX i", vec![name("t"), name("i")]),
            ("CREATE TRIGGER g AFTER UPDATE OF a ON s.t FOR EACH ROW", vec![name("t")]),
            ("CREATE STATISTICS s.x (ndistinct) ON a, b FROM s.t", vec![name("t")]),
            ("ALTER TABLE s.t ENABLE ROW LEVEL SECURITY", vec![name("t")]),
        ] {
            assert_eq!(Subject::of(sql), Subject::Of(names), "{sql}");
        }
    }

    #[test]
    fn anything_else_may_be_about_anything() {
        for sql in [
            "ALTER TABLE s.t ADD CONSTRAINT c CHECK (s.looks_elsewhere(a)) NOT VALID",
            "ALTER TABLE ONLY s.t ATTACH PARTITION s.u FOR VALUES IN (1)",
            "CREATE INDEX i ON t USING btree (a)",
            "CREATE CONSTRAINT TRIGGER g AFTER INSERT ON s.t FROM s.u",
            "CREATE RULE \"_RETURN\" AS ON SELECT TO s.v DO INSTEAD SELECT 1",
            "COMMENT ON CONSTRAINT c ON DOMAIN s.d IS 'x'",
            "REFRESH MATERIALIZED VIEW s.m",
            "GRANT SELECT ON TABLE s.t TO PUBLIC",
            "",
        ] {
            assert_eq!(Subject::of(sql), Subject::Unknown, "{sql}");
        }
    }
}
