#!/usr/bin/env bash
# Writes the dumps under tests/databases/dumps/ again, from every_kind.sql and cluster_globals.sql:
#     tests/databases/dumps.sh BINDIR MAJOR HOST
# BINDIR holds psql and pg_dump of MAJOR; HOST is the socket directory of an empty cluster of MAJOR,
# whose superuser is postgres. Of each table's COPY data the first two rows are kept: a database
# that is dumped whole would be megabytes.
set -euo pipefail
bindir=$1 major=$2
export PGHOST=$3 PGUSER=postgres PGOPTIONS="-c client_min_messages=error"
here=$(cd "$(dirname "$0")" && pwd)
out=$here/dumps

run() { "$bindir/psql" -X -q -v ON_ERROR_STOP=1 "$@"; }
dump() { "$bindir/pg_dump" --restrict-key=every "$@"; }
first_rows() {
    awk '/^COPY .* FROM stdin;$/ { copying = 1; rows = 0; print; next }
         copying && /^\\\.$/ { copying = 0 }
         !copying || rows++ < 2'
}

run -d postgres -f "$here/cluster_globals.sql"
run -d postgres -c "CREATE DATABASE every_kind TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'"
run -d every_kind -f "$here/every_kind.sql"

dump every_kind | first_rows > "$out/every_kind_$major.sql"
dump --clean every_kind --schema-only > "$out/clean_$major.sql"
dump --clean --if-exists --create every_kind --schema-only --schema=public > "$out/create_$major.sql"
dump --data-only --inserts --rows-per-insert=3 --on-conflict-do-nothing --table=main.every_type \
    --table=main.notes --table=main.no_columns every_kind > "$out/inserts_$major.sql"
dump --data-only --column-inserts --use-set-session-authorization --disable-triggers \
    --quote-all-identifiers --table='"Odd*".*' --table=main.animal every_kind \
    > "$out/column_inserts_$major.sql"
PGOPTIONS="-c standard_conforming_strings=off" dump --data-only --inserts --schema=main \
    --exclude-table=main.orders --exclude-table=main.customers every_kind > "$out/nonstandard_strings_$major.sql"
"$bindir/pg_dumpall" --restrict-key=every --clean --if-exists --globals-only > "$out/globals_$major.sql"
if [ "$major" -ge 18 ]; then
    dump --statistics-only --table=main.notes --table='"Odd*".*' every_kind > "$out/statistics_$major.sql"
fi
