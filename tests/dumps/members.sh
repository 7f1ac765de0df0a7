#!/usr/bin/env bash
# Makes the archives of many members under tests/dumps/members/, on the server that PG* variables
# name: a throw-away one of 15, as a superuser. Directories are packed with their toc.dat in front.
#     tests/dumps/members.sh BINDIR_15 BINDIR_17 BINDIR_18
# 17 must know lz4 and zstd.
set -euo pipefail
v15=$1/pg_dump v17=$2/pg_dump v18=$3/pg_dump
cd "$(dirname "$0")/members"
scratch=$(mktemp -d)
"$1/dropdb" --if-exists members
"$1/createdb" -T template0 -E UTF8 --locale=C members
trap '"$1/dropdb" --if-exists members; rm -r "$scratch"' EXIT
"$1/psql" -qX -v ON_ERROR_STOP=1 -d members -o /dev/null <<'SQL'
CREATE TABLE customers (id integer PRIMARY KEY, name text);
INSERT INTO customers SELECT i, 'customer ' || i FROM generate_series(1, 40) i;
CREATE TABLE orders (id integer PRIMARY KEY, customer integer REFERENCES customers, total numeric);
INSERT INTO orders SELECT i, 1 + i % 40, i * 1.5 FROM generate_series(1, 60) i;
CREATE TABLE empty (x integer);
SELECT lo_from_bytea(1001, 'hello, large object');
SELECT lo_from_bytea(1002, '');
SELECT lo_from_bytea(1003, convert_to(repeat('0123456789', 200), 'UTF8'));
COMMENT ON LARGE OBJECT 1003 IS 'long';
SQL

pack() { # pack NAME: the directory with its table of contents in front
    tar -C "$scratch" --owner=0 --group=0 -cf - "$1/toc.dat" \
        $(cd "$scratch" && ls -d "$1"/* | grep -v toc.dat) | gzip -9n > "$1.tar.gz"
}
"$v15" -Ft members | gzip -9n > tar_15.tar.gz
"$v18" -Ft members | gzip -9n > tar_18.tar.gz
"$v15" -Ft --inserts members | gzip -9n > tar_inserts_15.tar.gz
"$v15" -Fd -f "$scratch/directory_15" members && pack directory_15
"$v17" -Fd -Z lz4 -f "$scratch/directory_lz4_17" members && pack directory_lz4_17
"$v17" -Fd -Z zstd -f "$scratch/directory_zstd_17" members && pack directory_zstd_17
"$v18" -Fd -Z0 -f "$scratch/directory_plain_18" members && pack directory_plain_18
# The large objects of a part are announced nowhere before 17.
"$v15" -Fd --section=data -f "$scratch/directory_data_15" members && pack directory_data_15
