#!/usr/bin/env bash
# Makes the small dumps that lie here, with the pg_dump on PATH, on the server that PG* variables
# name: a throw-away one, as a superuser. They are checked in, so that unit tests need no server.
set -euo pipefail
cd "$(dirname "$0")"

odd="dump \"odd\" shop's"
dropdb --if-exists dump_shop
createdb -T template0 -E UTF8 --locale=C dump_shop
trap 'dropdb --if-exists dump_shop; dropdb --if-exists "$odd"' EXIT
psql -qX -v ON_ERROR_STOP=1 -d dump_shop -f - <<'SQL'
CREATE TABLE customers (id integer PRIMARY KEY, name text, note text);
INSERT INTO customers VALUES
  (1, 'Ada', E'a\\.b'), (2, 'Grüße; 表', E'two\nlines'), (3, NULL, '\.'), (4, 'it''s', '$$');
CREATE TABLE orders (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                     customer integer REFERENCES customers, total numeric);
INSERT INTO orders (customer, total) SELECT 1 + i % 4, i * 1.5 FROM generate_series(1, 20) i;
CREATE TABLE empty (x integer);
CREATE TABLE "odd; ""name"" -- x" ("a;b" text DEFAULT ';');
INSERT INTO "odd; ""name"" -- x" VALUES ('\'), ('''');
CREATE FUNCTION begin(x integer) RETURNS integer LANGUAGE sql
  BEGIN ATOMIC
    SELECT CASE WHEN x > 0 THEN 1 ELSE 2 END;
    SELECT 1;
  END;
CREATE FUNCTION dollars() RETURNS text LANGUAGE plpgsql AS $f$
BEGIN
  -- a comment; with $$ and '
  RETURN $x$;\.$x$ || '\';
END
$f$;
COMMENT ON TABLE orders IS '-- PostgreSQL database dump complete';
SQL

pg_dump dump_shop > plain.sql
pg_dump --create --clean --if-exists --verbose dump_shop > create.sql 2>/dev/null
pg_dump --inserts dump_shop > inserts.sql
pg_dump --rows-per-insert=7 --on-conflict-do-nothing dump_shop > rows_per_insert.sql
pg_dump --encoding=SJIS --exclude-table=customers dump_shop > sjis.sql
psql -qX -d postgres -c "ALTER DATABASE dump_shop RENAME TO \"${odd//\"/\"\"}\""
# pg_dumpall of a server with nothing else; passwords and other roles do not belong here.
pg_dumpall --no-role-passwords > cluster.sql
