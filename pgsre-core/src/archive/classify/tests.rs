//! One row a statement form.

#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::super::{LargeObjectCall, ObjectName, StatementKind, declarations, roles_mentioned};
use super::*;

const HAND_WRITTEN: SqlDialect = SqlDialect {
    provenance: Provenance::HandWritten,
    standard_conforming_strings: true,
    double_byte: false,
};

fn name(schema: &str, name: &str) -> ObjectName {
    let schema = (!schema.is_empty()).then(|| schema.to_owned());
    ObjectName { schema, name: name.to_owned() }
}

fn dumped(sql: &str) -> Result<StatementKind, Forbidden> {
    classify(sql.as_bytes(), SqlDialect::default())
}

fn written(sql: &str) -> Result<StatementKind, Forbidden> {
    classify(sql.as_bytes(), HAND_WRITTEN)
}

#[test]
fn what_a_loader_treats_specially_is_a_kind_of_its_own() {
    let database = |verb| StatementKind::Database { verb, name: "a b".into() };
    let global = |verb, name: &str| StatementKind::Global { verb, name: name.into() };
    let set = |name: &str, value: Option<&str>| StatementKind::Set {
        name: name.into(),
        value: value.map(str::to_owned),
    };
    let cases = [
        ("SET client_encoding = 'LATIN1'", StatementKind::SetClientEncoding("LATIN1".into())),
        ("SET row_security = off", set("row_security", Some("off"))),
        ("SET statement_timeout = 0", set("statement_timeout", Some("0"))),
        ("SET default_tablespace = ''", set("default_tablespace", Some(""))),
        ("SET search_path = public, pg_catalog", set("search_path", Some("public, pg_catalog"))),
        ("SET SESSION AUTHORIZATION 'x'", set("session_authorization", Some("x"))),
        ("SET SESSION AUTHORIZATION DEFAULT", set("session_authorization", None)),
        ("RESET SESSION AUTHORIZATION", set("session_authorization", None)),
        ("SET ROLE \"X\"", set("role", Some("X"))),
        (
            "SELECT pg_catalog.set_config('search_path', '', false)",
            StatementKind::SetConfig { name: "search_path".into(), value: String::new() },
        ),
        (
            "SELECT pg_catalog.setval('s.\"Q\"\"''t\"', -5, true)",
            StatementKind::SetSequence { sequence: name("s", "Q\"'t"), value: -5, is_called: true },
        ),
        (
            "SELECT pg_catalog.setval('s.q', 1, false)",
            StatementKind::SetSequence { sequence: name("s", "q"), value: 1, is_called: false },
        ),
        (
            "SELECT pg_catalog.lo_create('12')",
            StatementKind::LargeObject(LargeObjectCall::Create(12)),
        ),
        (
            "SELECT pg_catalog.lo_open('12', 131072)",
            StatementKind::LargeObject(LargeObjectCall::Open(12)),
        ),
        (
            "SELECT pg_catalog.lo_open(pg_catalog.lo_create('12'), 131072)",
            StatementKind::LargeObject(LargeObjectCall::Create(12)),
        ),
        (
            "SELECT pg_catalog.lowrite(0, '\\x00ff')",
            StatementKind::LargeObject(LargeObjectCall::Write),
        ),
        ("SELECT pg_catalog.lo_close(0)", StatementKind::LargeObject(LargeObjectCall::Close)),
        (
            "SELECT pg_catalog.lo_unlink('12')",
            StatementKind::LargeObject(LargeObjectCall::Unlink(12)),
        ),
        (
            "SELECT pg_catalog.lo_unlink(oid) FROM pg_catalog.pg_largeobject_metadata WHERE oid = '12'",
            StatementKind::LargeObject(LargeObjectCall::Unlink(12)),
        ),
        (
            "SELECT * FROM pg_catalog.pg_restore_relation_stats('version', '180003'::integer, 'most', '{a}'::text, 'f', '0.5'::double precision)",
            StatementKind::Statistics,
        ),
        (
            "CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA x",
            StatementKind::CreateExtension("hstore".into()),
        ),
        ("CREATE SCHEMA \"A b\"", StatementKind::CreateSchema("A b".into())),
        ("CREATE SCHEMA AUTHORIZATION joe", StatementKind::CreateSchema("joe".into())),
        (
            "CREATE EVENT TRIGGER e ON sql_drop EXECUTE FUNCTION f()",
            StatementKind::CreateEventTrigger("e".into()),
        ),
        ("CREATE DATABASE \"a b\" WITH TEMPLATE = template0", database("CREATE DATABASE")),
        ("ALTER DATABASE \"a b\" OWNER TO x", database("ALTER DATABASE")),
        ("ALTER DATABASE \"a b\" SET work_mem TO '5MB'", database("ALTER DATABASE SET")),
        (
            "ALTER DATABASE \"a b\" SET session_preload_libraries TO 'auto_explain'",
            database("ALTER DATABASE SET LIBRARY"),
        ),
        ("DROP DATABASE IF EXISTS \"a b\"", database("DROP DATABASE")),
        ("COMMENT ON DATABASE \"a b\" IS 'x'", database("COMMENT ON DATABASE")),
        ("GRANT CONNECT ON DATABASE \"a b\" TO x", database("GRANT ON DATABASE")),
        ("REVOKE ALL ON DATABASE \"a b\" FROM PUBLIC", database("REVOKE ON DATABASE")),
        ("SECURITY LABEL FOR s ON DATABASE \"a b\" IS 'x'", database("SECURITY LABEL ON DATABASE")),
        (
            "UPDATE pg_catalog.pg_database SET datistemplate = false WHERE datname = 'a b'",
            database("UPDATE pg_database"),
        ),
        ("CREATE ROLE x", global("CREATE ROLE", "x")),
        ("CREATE USER x", global("CREATE ROLE", "x")),
        ("ALTER ROLE x WITH NOSUPERUSER PASSWORD 'on to'", global("ALTER ROLE", "x")),
        ("ALTER ROLE x SET search_path TO 'a'", global("ALTER ROLE SET", "x")),
        ("ALTER ROLE x IN DATABASE d SET work_mem TO '1MB'", global("ALTER ROLE SET", "x")),
        ("DROP ROLE IF EXISTS x", global("DROP ROLE", "x")),
        ("COMMENT ON ROLE x IS 'y'", global("COMMENT ON ROLE", "x")),
        ("GRANT x TO y WITH ADMIN OPTION, INHERIT TRUE GRANTED BY z", global("GRANT", "x")),
        ("REVOKE x FROM y", global("REVOKE", "x")),
        ("GRANT SET ON PARAMETER work_mem TO y", global("GRANT ON PARAMETER", "work_mem")),
        ("CREATE TABLESPACE x OWNER y LOCATION '/z'", global("CREATE TABLESPACE", "x")),
        ("ALTER TABLESPACE x SET (seq_page_cost=1)", global("ALTER TABLESPACE", "x")),
        ("GRANT ALL ON TABLESPACE x TO y", global("GRANT ON TABLESPACE", "x")),
        (
            "CREATE SUBSCRIPTION x CONNECTION 'y' PUBLICATION z WITH (connect = false, slot_name = NONE)",
            StatementKind::Subscription { verb: "CREATE SUBSCRIPTION", name: "x".into() },
        ),
        ("ALTER TABLE public.t OWNER TO \"Joe B\"", StatementKind::Owner(Some("Joe B".into()))),
        (
            "ALTER FUNCTION f(a integer, OUT owner text) OWNER TO x",
            StatementKind::Owner(Some("x".into())),
        ),
        ("ALTER LARGE OBJECT 12 OWNER TO x", StatementKind::Owner(Some("x".into()))),
        ("ALTER PROCEDURAL LANGUAGE l OWNER TO x", StatementKind::Owner(Some("x".into()))),
        ("ALTER TABLE t RENAME COLUMN owner TO x", StatementKind::Definition),
        ("GRANT SELECT(id),UPDATE(\"on\") ON TABLE t TO x", StatementKind::Grant),
        ("REVOKE ALL ON FUNCTION f(a integer) FROM PUBLIC", StatementKind::Grant),
        (
            "ALTER DEFAULT PRIVILEGES FOR ROLE x GRANT SELECT ON TABLES TO y",
            StatementKind::DefaultPrivileges,
        ),
        ("DROP TABLE IF EXISTS public.t", StatementKind::Drop),
        ("DROP USER MAPPING IF EXISTS FOR x SERVER y", StatementKind::Drop),
        ("REFRESH MATERIALIZED VIEW a.b", StatementKind::RefreshMaterializedView(name("a", "b"))),
        ("BEGIN", StatementKind::Begin),
        ("COMMIT", StatementKind::Commit),
        ("ALTER TABLE ONLY a.b ADD CONSTRAINT c PRIMARY KEY (d)", StatementKind::Definition),
        ("CREATE TABLE t (a integer DEFAULT CAST('1' AS integer))", StatementKind::Definition),
        ("CREATE USER MAPPING FOR x SERVER y", StatementKind::Definition),
    ];
    for (sql, kind) in cases {
        assert_eq!(dumped(sql).unwrap(), kind, "{sql}");
    }
}

#[test]
fn what_reaches_out_of_the_database_is_refused_whoever_wrote_it() {
    let cases = [
        "COPY t FROM PROGRAM 'id'",
        "COPY t (a) FROM '/etc/passwd'",
        "COPY t TO '/tmp/x'",
        "COPY (SELECT 1) TO PROGRAM 'id'",
        "copy/**/t/* */from--\nprogram 'id'",
        "COPY t FROM E'/etc/passwd'",
        "COPY pg_catalog.pg_proc FROM stdin",
        "COPY t FROM stdin WITH (FORMAT binary)",
        "ALTER SYSTEM SET archive_command = 'x'",
        "LOAD '$libdir/x'",
        "NOTIFY x",
        "LISTEN x",
        "IMPORT FOREIGN SCHEMA x FROM SERVER y INTO z",
        "PREPARE TRANSACTION 'x'",
        "SET session_preload_libraries = 'x'",
        "SET LOCAL dynamic_library_path TO '/tmp'",
        "SELECT pg_catalog.set_config('allow_system_table_mods', 'on', false)",
        "INSERT INTO pg_catalog.pg_proc VALUES (1)",
        "INSERT INTO pg_authid VALUES (1)",
        "UPDATE pg_catalog.pg_class SET relname = 'x'",
        "CREATE SUBSCRIPTION x CONNECTION 'y' PUBLICATION z",
        "ALTER SUBSCRIPTION x ENABLE",
        "",
        "1",
        "FROBNICATE",
    ];
    for sql in cases {
        assert!(dumped(sql).is_err(), "{sql}");
        assert!(written(sql).is_err(), "{sql}");
    }
}

#[test]
fn what_only_hand_written_sql_holds_is_refused_in_a_dump() {
    let cases = [
        "DO $$BEGIN END$$",
        "CALL p()",
        "PREPARE x AS SELECT 1",
        "EXECUTE x",
        "SELECT 1",
        "SELECT f()",
        "SELECT public.setval('s', 1)",
        "SELECT pg_catalog.setval('s', (SELECT max(id) FROM t))",
        "UPDATE t SET a = 1",
        "DELETE FROM t",
        "WITH x AS (SELECT 1) SELECT * FROM x",
        "TRUNCATE t",
        "ANALYZE",
        "VACUUM t",
        "LOCK TABLE t",
        "ROLLBACK",
        "SAVEPOINT x",
        "INSERT INTO t SELECT 1",
        "INSERT INTO t VALUES (f())",
        "INSERT INTO t VALUES ((SELECT 1))",
        "INSERT INTO t VALUES (1) RETURNING f()",
        "CREATE TABLE t AS SELECT 1",
        "CREATE TEMPORARY TABLE t (a integer)",
        "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
    ];
    for sql in cases {
        assert!(dumped(sql).is_err(), "{sql}");
        assert!(written(sql).is_ok(), "{sql}: {:?}", written(sql));
    }
}

#[test]
fn hand_written_sql_must_not_call_what_reaches_out() {
    let cases = [
        "SELECT pg_read_file('/etc/passwd')",
        "SELECT PG_CATALOG . \"pg_read_file\" ('/etc/passwd')",
        "SELECT U&\"pg\\005fread_file\"('/etc/passwd')",
        "SELECT U&\"pg!005fread_file\" UESCAPE '!' ('/etc/passwd')",
        "SELECT * FROM dblink('host=x', 'select 1') AS t(a integer)",
        "SELECT lo_import('/etc/passwd')",
        "INSERT INTO t SELECT pg_read_binary_file('/etc/passwd')",
        "CREATE TABLE t AS SELECT pg_ls_dir('/')",
        "EXPLAIN ANALYZE SELECT pg_terminate_backend(1)",
    ];
    for sql in cases {
        assert!(written(sql).is_err(), "{sql}");
    }
    assert!(written("CREATE VIEW v AS SELECT pg_ls_dir('/')").is_ok());
    assert!(written("SELECT 'pg_read_file(1)'").is_ok());
}

#[test]
fn inserts_as_pg_dump_writes_them_are_counted() {
    let cases = [
        ("INSERT INTO a.b VALUES (1, 'x', NULL, -5, 1e-300, B'10', true, DEFAULT)", 1),
        ("INSERT INTO a.b (c, \"d,e\") VALUES ('a),(b', '(''')", 1),
        ("INSERT INTO a.b VALUES\n\t(1),\n\t(2),\n\t(3)\nON CONFLICT DO NOTHING", 3),
        ("INSERT INTO a.b (c) OVERRIDING SYSTEM VALUE VALUES (1)", 1),
        ("INSERT INTO a.b DEFAULT VALUES", 1),
    ];
    for (sql, rows) in cases {
        let kind = StatementKind::Insert { table: name("a", "b"), rows: Some(rows) };
        assert_eq!(dumped(sql).unwrap(), kind, "{sql}");
        assert_eq!(rows_of_insert(sql.as_bytes(), HAND_WRITTEN), Some(rows), "{sql}");
    }
    assert_eq!(rows_of_insert(b"INSERT INTO a SELECT 1", HAND_WRITTEN), None);
    assert_eq!(rows_of_insert(b"DELETE FROM a", HAND_WRITTEN), None);
}

#[test]
fn the_head_of_a_copy_is_read() {
    let head = |sql: &str| parse_copy(sql.as_bytes(), SqlDialect::default()).unwrap();
    let plain = head("COPY \"S\"\"x\".t (a, \"b c\", \"from\") FROM stdin");
    assert_eq!(plain.table, Some(name("S\"x", "t")));
    assert_eq!(plain.columns, ["a", "b c", "from"]);
    assert!(plain.from_stdin() && !plain.has_options);
    assert_eq!(plain.format, CopyFormat::Text);
    assert!(head("COPY main.no_columns  FROM stdin").columns.is_empty());
    assert_eq!(head("COPY t FROM stdin WITH (FORMAT 'csv', HEADER)").format, CopyFormat::Csv);
    assert_eq!(head("COPY t FROM stdin CSV").format, CopyFormat::Csv);
    assert_eq!(head("COPY t FROM PROGRAM 'x'").endpoint, CopyEndpoint::Program);
    assert_eq!(head("COPY (SELECT ')') TO stdout").direction, CopyDirection::To);
    assert!(parse_copy(b"COPYRIGHT", SqlDialect::default()).is_none());
}

#[test]
fn strings_take_backslashes_only_where_the_dialect_says_so() {
    let sql = b"INSERT INTO t VALUES ('a\\'), (''')";
    let nonstandard = SqlDialect { standard_conforming_strings: false, ..SqlDialect::default() };
    assert_eq!(
        rows_of_insert(b"INSERT INTO t VALUES ('a\\'), ('b')", SqlDialect::default()),
        Some(2)
    );
    assert_eq!(rows_of_insert(sql, nonstandard), Some(1));
}

#[test]
fn the_second_byte_of_a_double_byte_character_is_no_backslash() {
    // In SJIS the character 表 is 0x95 0x5c.
    let sql = b"INSERT INTO t VALUES (E'\x95\x5c'), (E'b')";
    let sjis = SqlDialect { double_byte: true, ..SqlDialect::default() };
    assert_eq!(rows_of_insert(sql, sjis), Some(2));
}

#[test]
fn the_roles_that_a_statement_needs_are_named() {
    let cases: &[(&str, &[&str])] = &[
        ("ALTER TABLE t OWNER TO \"Joe B\"", &["Joe B"]),
        ("ALTER SCHEMA public OWNER TO pg_database_owner", &[]),
        ("GRANT SELECT ON TABLE t TO a,\"B\" WITH GRANT OPTION GRANTED BY c", &["a", "B", "c"]),
        ("REVOKE ALL(x, \"to\") ON TABLE t FROM PUBLIC, GROUP g", &["g"]),
        ("REVOKE GRANT OPTION FOR SELECT ON t FROM a CASCADE", &["a"]),
        ("GRANT a, b TO c, a GRANTED BY CURRENT_USER", &["a", "b", "c"]),
        ("REVOKE ADMIN OPTION FOR a FROM b", &["a", "b"]),
        ("CREATE SCHEMA x AUTHORIZATION y", &["y"]),
        ("CREATE SCHEMA x", &[]),
        ("CREATE POLICY p ON a.t FOR SELECT TO a, PUBLIC, b USING ((x = 'to c'))", &["a", "b"]),
        ("CREATE POLICY p ON t USING (true)", &[]),
        ("ALTER DEFAULT PRIVILEGES FOR ROLE a IN SCHEMA s GRANT ALL ON TABLES TO b", &["a", "b"]),
        ("CREATE USER MAPPING FOR a SERVER s OPTIONS (\"user\" 'u')", &["a"]),
        ("CREATE USER MAPPING FOR PUBLIC SERVER s", &[]),
        ("SET SESSION AUTHORIZATION 'a'", &["a"]),
        ("SET SESSION AUTHORIZATION DEFAULT", &[]),
        ("CREATE POLICY \"p\" ON \"t\" FOR SELECT TO \"public\" USING (true)", &[]),
        ("SET ROLE a", &["a"]),
        ("CREATE ROLE a", &[]),
        ("CREATE TABLE t (owner integer)", &[]),
        ("ALTER TABLE t RENAME COLUMN owner TO x", &[]),
        ("CREATE TABLESPACE x OWNER y LOCATION '/z'", &["y"]),
    ];
    for (sql, roles) in cases {
        assert_eq!(roles_mentioned(sql), *roles, "{sql}");
    }
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200), flags in any::<[bool; 3]>()) {
        read_all(&bytes, flags);
    }

    #[test]
    fn no_jumble_of_sql_makes_it_panic(
        words in proptest::collection::vec(
            prop::sample::select(vec![
                "COPY", "FROM", "TO", "stdin", "CREATE", "TABLE", "ALTER", "ADD", "CONSTRAINT", "x", "\"", "'", "(", ")", "[",
                ",", ".", "$$", "$a$", "U&\"\\", "E'\\", "::", "-", "/*", "--", "\n", "SELECT", "pg_catalog", "setval", "SET",
                "GRANT", "ON", "OWNER", "POLICY", "INSERT INTO", "VALUES", "GENERATED", "IDENTITY", "SEQUENCE NAME", "é", "\u{1F600}",
            ]),
            0..40,
        ),
        flags in any::<[bool; 3]>(),
    ) {
        read_all(words.join(" ").as_bytes(), flags);
        read_all(words.concat().as_bytes(), flags);
    }
}

fn read_all(bytes: &[u8], [generated, standard_conforming_strings, double_byte]: [bool; 3]) {
    let provenance = if generated { Provenance::PgDump } else { Provenance::HandWritten };
    let dialect = SqlDialect { provenance, standard_conforming_strings, double_byte };
    let _ = classify(bytes, dialect);
    let _ = rows_of_insert(bytes, dialect);
    let _ = parse_copy(bytes, dialect);
    let text = String::from_utf8_lossy(bytes);
    let _ = declarations(&text);
    let _ = roles_mentioned(&text);
}
