#!/usr/bin/env bash
# Makes the small archives that lie in archives/, on the server that PG* variables name: a throw-away
# one, as a superuser. The programs of 15 to 18 are named by PG15, PG16, PG17 and PG18, directories
# with a pg_dump each. They are checked in, so that unit tests need no server.
set -euo pipefail
cd "$(dirname "$0")/archives"

dropdb --if-exists archive_shop
createdb -T template0 -E UTF8 --locale=C archive_shop
trap 'dropdb --if-exists archive_shop' EXIT
psql -qX -v ON_ERROR_STOP=1 -d archive_shop -f - <<'SQL'
CREATE TABLE notes (id integer PRIMARY KEY, note text);
INSERT INTO notes VALUES (1, E'a\\.b'), (2, 'Grüße; 表'), (3, NULL), (4, '\.'), (5, E'two\nlines');
INSERT INTO notes SELECT i, md5(i::text) FROM generate_series(6, 40) i;
CREATE TABLE "odd; ""name""" ("a;b" text);
INSERT INTO "odd; ""name""" VALUES ('\'), ('it''s; -- a'), ('');
CREATE TABLE empty (x integer);
SELECT lo_from_bytea(50001, 'a large object'), lo_create(50002),
       lo_from_bytea(3000000000, decode(repeat('00ff', 200), 'hex'));
SQL

dump() {
  local name=$1 bin=$2
  shift 2
  "$bin/pg_dump" "$@" -f "$name" archive_shop
}
dump gzip_15.dump "$PG15" -Fc
dump none_15.dump "$PG15" -Fc -Z0
dump inserts_15.dump "$PG15" -Fc -Z0 --inserts
dump rows_per_insert_17.dump "$PG17" -Fc --rows-per-insert=7 --on-conflict-do-nothing
dump gzip_16.dump "$PG16" -Fc
dump lz4_17.dump "$PG17" -Fc -Z lz4
dump zstd_17.dump "$PG17" -Fc -Z zstd
dump gzip_18.dump "$PG18" -Fc
dump none_18.dump "$PG18" -Fc -Z none
# Into a pipe: the table of contents does not say where the data lies.
"$PG15/pg_dump" -Fc archive_shop | cat > piped_15.dump
"$PG17/pg_dump" -Fc -Z zstd archive_shop | cat > piped_17.dump
# Into a file by redirection: from 16 on, the table of contents comes once more at the end.
"$PG17/pg_dump" -Fc archive_shop > redirected_17.dump
