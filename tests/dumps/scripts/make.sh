#!/usr/bin/env bash
# Makes the small archives that lie here, with what pg_restore makes of them:
#     tests/dumps/scripts/make.sh BINDIR MAJOR [WAY OPTION…]
# BINDIR holds the client programs of MAJOR; PG* variables name an empty throw-away server of 15 or
# later, where they are a superuser. A WAY of its own makes one archive with these options of pg_dump.
set -euo pipefail
bindir=$1 major=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)

sql() { "$bindir/psql" -qX -v ON_ERROR_STOP=1 "$@"; }
archive() {
    local way=$1
    shift
    "$bindir/pg_dump" --format=custom "$@" --file="$here/${way}_$major.dump" archive_shop
    "$bindir/pg_restore" --create --list "$here/${way}_$major.dump" |
        grep -v '^;' > "$here/${way}_$major.list"
    # The key of \restrict is new each time.
    "$bindir/pg_restore" --create --file=- "$here/${way}_$major.dump" |
        sed -E 's/^\\(un)?restrict .*/\\\1restrict key/' > "$here/${way}_$major.sql"
}

sql -d postgres -f - <<'SQL'
SET client_min_messages = error;
DROP DATABASE IF EXISTS archive_shop;
DROP TABLESPACE IF EXISTS archive_fast;
DROP ROLE IF EXISTS archive_owner, "archive ""reader""";
CREATE ROLE archive_owner;
CREATE ROLE "archive ""reader""";
SET allow_in_place_tablespaces = on;
CREATE TABLESPACE archive_fast LOCATION '';
CREATE DATABASE archive_shop TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C' OWNER archive_owner;
COMMENT ON DATABASE archive_shop IS 'all of it';
ALTER DATABASE archive_shop SET work_mem = '8MB';
GRANT CONNECT ON DATABASE archive_shop TO "archive ""reader""";
SQL
trap 'sql -d postgres -c "DROP DATABASE archive_shop" -c "DROP TABLESPACE archive_fast" \
    -c "DROP ROLE archive_owner" -c "DROP ROLE \"archive \"\"reader\"\"\""' EXIT
sql -d archive_shop -f - <<'SQL' > /dev/null
CREATE ACCESS METHOD archive_heap TYPE TABLE HANDLER heap_tableam_handler;
CREATE SCHEMA "Odd ""; schema" AUTHORIZATION archive_owner;
CREATE TABLE customers (id integer PRIMARY KEY, name text NOT NULL);
INSERT INTO customers VALUES (1, 'Ada'), (2, 'Grüße; 表'), (3, E'two\nlines \\.');
CREATE TABLE orders (id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    customer integer REFERENCES customers, total numeric) USING archive_heap;
INSERT INTO orders (customer, total) SELECT 1 + i % 3, i * 1.5 FROM generate_series(1, 9) i;
CREATE TABLE empty (x integer) TABLESPACE archive_fast;
CREATE TABLE "Odd ""; schema"."new
line; ""; Type: TABLE" (x integer);
ALTER TABLE "Odd ""; schema"."new
line; ""; Type: TABLE" OWNER TO archive_owner;
CREATE TABLE events (day date, note text) PARTITION BY RANGE (day);
CREATE TABLE events_2026 PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
DO $$BEGIN
    IF current_setting('server_version_num')::integer >= 170000 THEN
        ALTER TABLE events SET ACCESS METHOD archive_heap;
    END IF;
END$$;
INSERT INTO events VALUES ('2026-11-22', 'a dump');
CREATE INDEX orders_total ON orders (total) TABLESPACE archive_fast;
CREATE INDEX events_day ON events (day);
COMMENT ON INDEX orders_total IS 'a comment of no section';
CREATE VIEW big_orders AS SELECT * FROM orders WHERE total > 5;
CREATE MATERIALIZED VIEW totals AS SELECT customer, sum(total) AS total FROM orders GROUP BY 1;
CREATE UNIQUE INDEX totals_customer ON totals (customer);
CREATE FUNCTION half(x numeric DEFAULT 1) RETURNS numeric LANGUAGE sql AS 'SELECT x / 2; -- ;';
CREATE FUNCTION whole(x integer) RETURNS integer LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT x; END;
ALTER FUNCTION whole OWNER TO archive_owner;
CREATE PROCEDURE nothing() LANGUAGE plpgsql AS $$BEGIN NULL; END$$;
CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer);
CREATE OPERATOR +|+ (FUNCTION = int4pl, LEFTARG = integer, RIGHTARG = integer);
CREATE FUNCTION watch() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN END$$;
CREATE EVENT TRIGGER watcher ON ddl_command_end EXECUTE FUNCTION watch();
COMMENT ON EVENT TRIGGER watcher IS 'watches';
CREATE TYPE mood AS ENUM ('sad', 'happy');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE PUBLICATION all_orders FOR TABLE orders;
CREATE STATISTICS order_statistics ON customer, total FROM orders;
CREATE POLICY only_some ON orders USING (total > 0);
GRANT SELECT ON customers TO "archive ""reader""";
GRANT UPDATE (name) ON customers TO archive_owner;
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO archive_owner;
SELECT lo_from_bytea(430001, '\x00ff5c0a27'), lo_from_bytea(430002, 'two'), lo_create(430003), lo_from_bytea(430004, 'alone');
GRANT SELECT ON LARGE OBJECT 430001, 430002, 430003 TO "archive ""reader""", archive_owner;
COMMENT ON LARGE OBJECT 430004 IS 'a large object';
ANALYZE;
SQL

if [ $# -gt 0 ]; then
    archive "$@"
else
    archive whole
fi
