//! One row a statement form.

use super::super::TableKind;
use super::*;

fn name(schema: &str, name: &str) -> ObjectName {
    let schema = (!schema.is_empty()).then(|| schema.to_owned());
    ObjectName { schema, name: name.to_owned() }
}

fn constraint(table: &ObjectName, name: &str, not_valid: bool) -> Declaration {
    Declaration::Constraint { table: table.clone(), name: name.into(), not_valid }
}

#[test]
fn a_table_declares_its_columns_and_named_constraints() {
    let table = name("s", "T \"1\"");
    let declared = declarations(
        "CREATE UNLOGGED TABLE s.\"T \"\"1\"\"\" (
            id integer CONSTRAINT named_not_null NOT NULL,
            a numeric(10,2) DEFAULT round(1.5, 1) CONSTRAINT inline_check CHECK ((a > (0)::numeric)),
            \"b, c\" integer[] DEFAULT ARRAY[1, 2] NOT NULL,
            \"check\" text DEFAULT 'x, y' COLLATE \"C\",
            exclude boolean,
            g text GENERATED ALWAYS AS (upper(a, b)) STORED,
            CONSTRAINT outer_check CHECK ((a IS NULL) OR (b <> ',')) NOT VALID,
            CONSTRAINT outer_not_null NOT NULL a,
            CHECK (true),
            PRIMARY KEY (id, a),
            EXCLUDE USING gist (a WITH &&),
            LIKE other INCLUDING ALL
        ) INHERITS (p) WITH (fillfactor='70')",
    );
    let columns = ["id", "a", "b, c", "check", "exclude", "g"].map(str::to_owned).to_vec();
    assert_eq!(
        declared,
        [
            Declaration::Table { name: table.clone(), columns, kind: TableKind::Ordinary },
            constraint(&table, "inline_check", false),
            constraint(&table, "outer_check", true),
        ]
    );
}

#[test]
fn the_kinds_of_tables_are_told_apart() {
    let table = |sql: &str| match declarations(sql).into_iter().next() {
        Some(Declaration::Table { columns, kind, .. }) => Some((columns.len(), kind)),
        _ => None,
    };
    let cases = [
        ("CREATE TABLE t (a integer) PARTITION BY RANGE (a)", Some((1, TableKind::Partitioned))),
        ("CREATE TABLE t PARTITION OF p DEFAULT", Some((0, TableKind::Ordinary))),
        (
            "CREATE TABLE t PARTITION OF p (a DEFAULT 1) FOR VALUES IN ('x', 'y') PARTITION BY HASH (b)",
            Some((1, TableKind::Partitioned)),
        ),
        ("CREATE TABLE t OF s.type", Some((0, TableKind::Ordinary))),
        ("CREATE TABLE t (\n)", Some((0, TableKind::Ordinary))),
        (
            "CREATE FOREIGN TABLE t (a integer OPTIONS (x 'y')) SERVER s",
            Some((1, TableKind::Foreign)),
        ),
        ("CREATE TEMPORARY TABLE t (a integer)", None),
    ];
    for (sql, expected) in cases {
        assert_eq!(table(sql), expected, "{sql}");
    }
}

#[test]
fn each_subcommand_of_alter_table_declares() {
    let table = name("s", "t");
    let cases = [
        (
            "ALTER TABLE ONLY s.t ADD CONSTRAINT a PRIMARY KEY (x), ADD CONSTRAINT \"b, c\" CHECK ((x > 0)) NOT VALID",
            vec![constraint(&table, "a", false), constraint(&table, "b, c", true)],
        ),
        (
            "ALTER TABLE s.t ADD CONSTRAINT a FOREIGN KEY (x, y) REFERENCES s.u(x, y) ON DELETE SET NULL DEFERRABLE",
            vec![constraint(&table, "a", false)],
        ),
        ("ALTER TABLE s.t ADD CONSTRAINT a NOT NULL x NOT VALID", vec![]),
        (
            "ALTER TABLE s.t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (\n SEQUENCE NAME s.\"t; id\"\n START WITH 1)",
            vec![Declaration::Sequence(name("s", "t; id"))],
        ),
        ("ALTER TABLE ONLY s.t ATTACH PARTITION s.u FOR VALUES FROM (1) TO (2)", vec![]),
        (
            "ALTER DOMAIN s.t ADD CONSTRAINT d CHECK ((VALUE <> 1)) NOT VALID",
            vec![constraint(&table, "d", true)],
        ),
        ("ALTER INDEX a ATTACH PARTITION b", vec![]),
    ];
    for (sql, expected) in cases {
        assert_eq!(declarations(sql), expected, "{sql}");
    }
}

#[test]
fn what_declares_one_object_does() {
    let (t, x) = (name("s", "t"), name("s", "x"));
    let cases = [
        (
            "CREATE UNIQUE INDEX \"I 1\" ON ONLY s.t USING btree (a) WHERE (b IS NULL)",
            Declaration::Index { name: name("s", "I 1"), table: t.clone() },
        ),
        (
            "CREATE INDEX CONCURRENTLY IF NOT EXISTS x ON t (a)",
            Declaration::Index { name: name("", "x"), table: name("", "t") },
        ),
        (
            "CREATE UNLOGGED SEQUENCE IF NOT EXISTS s.x START WITH 1",
            Declaration::Sequence(x.clone()),
        ),
        ("CREATE OR REPLACE VIEW s.x AS SELECT 1", Declaration::View(x.clone())),
        ("CREATE RECURSIVE VIEW s.x (a) AS SELECT 1", Declaration::View(x.clone())),
        (
            "CREATE MATERIALIZED VIEW s.x AS SELECT 1 WITH NO DATA",
            Declaration::MaterializedView(x.clone()),
        ),
        (
            "CREATE FUNCTION s.x(a integer) RETURNS void LANGUAGE sql AS $$x$$",
            Declaration::Routine(x.clone()),
        ),
        (
            "CREATE OR REPLACE PROCEDURE s.x() LANGUAGE sql BEGIN ATOMIC END",
            Declaration::Routine(x.clone()),
        ),
        ("CREATE AGGREGATE s.x(integer) (SFUNC = f)", Declaration::Routine(x.clone())),
        (
            "CREATE CONSTRAINT TRIGGER \"Tr\" AFTER UPDATE OF \"on\", a ON s.t DEFERRABLE FOR EACH ROW EXECUTE FUNCTION f()",
            Declaration::Trigger { table: t.clone(), name: "Tr".into() },
        ),
        ("CREATE TYPE s.x", Declaration::Type(x.clone())),
        (
            "CREATE POLICY p ON s.t USING (true)",
            Declaration::Policy { table: t.clone(), name: "p".into() },
        ),
        (
            "CREATE RULE r AS ON DELETE TO s.t DO INSTEAD NOTHING",
            Declaration::Rule { table: t.clone(), name: "r".into() },
        ),
        (
            "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f()",
            Declaration::EventTrigger("e".into()),
        ),
        (
            "CREATE EXTENSION IF NOT EXISTS \"uuid-ossp\" WITH SCHEMA x",
            Declaration::Extension("uuid-ossp".into()),
        ),
        ("CREATE SCHEMA IF NOT EXISTS s", Declaration::Schema("s".into())),
        ("CREATE PUBLICATION p FOR ALL TABLES", Declaration::Publication("p".into())),
        ("CREATE STATISTICS s.x (mcv) ON a, b FROM s.t", Declaration::Statistics(x.clone())),
    ];
    for (sql, expected) in cases {
        assert_eq!(declarations(sql), [expected], "{sql}");
    }
    assert_eq!(
        declarations(
            "CREATE DOMAIN s.x AS text NOT NULL CONSTRAINT a CHECK (VALUE <> '') CONSTRAINT b NOT NULL"
        ),
        [Declaration::Type(x.clone()), constraint(&x, "a", false)]
    );
    for sql in [
        "CREATE INDEX ON t (a)",
        "DROP TABLE t",
        "CREATE OPERATOR + (x = y)",
        "COMMENT ON TABLE t IS ''",
    ] {
        assert_eq!(declarations(sql), [], "{sql}");
    }
}
