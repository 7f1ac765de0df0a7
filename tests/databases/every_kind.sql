-- A database with every kind of object that PostgreSQL 15 has, and rows in every table.
--
-- Run by psql 15 to 18, as a superuser, in an empty UTF8 database of a server of 15 to 18:
--     psql -X -v ON_ERROR_STOP=1 -d DATABASE -f every_kind.sql
-- Needs contrib's hstore. Makes the roles it needs where they are missing; tablespaces and the
-- settings of roles are in cluster_globals.sql, because they are shared by a whole cluster.
-- A database that holds a subscription cannot be dropped until that is: DROP SUBSCRIPTION every_sub.
--
-- `main.orders` has 5000 rows. Every sequence is ahead of its column.

SET client_encoding = 'UTF8';
SET client_min_messages = error;
SET standard_conforming_strings = on;

DO $roles$
DECLARE
  wanted text;
BEGIN
  FOREACH wanted IN ARRAY ARRAY['every_owner', 'every_reader', 'Rôle "quoted"; -- odd'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = wanted) THEN
      EXECUTE format('CREATE ROLE %I', wanted);
    END IF;
  END LOOP;
END
$roles$;

-- Schemas, extensions, languages, access methods ------------------------------------------------

CREATE SCHEMA main AUTHORIZATION every_owner;
CREATE SCHEMA parts;
CREATE SCHEMA "Odd; schema ""quoted"" $$";
COMMENT ON SCHEMA main IS 'It''s "main"; -- not a comment, nor is $$ this $x$ a string \';
CREATE SCHEMA extensions;
CREATE EXTENSION hstore SCHEMA extensions;
COMMENT ON EXTENSION hstore IS 'key and value';

CREATE FUNCTION main.every_handler() RETURNS language_handler LANGUAGE c AS '$libdir/plpgsql', 'plpgsql_call_handler';
CREATE FUNCTION main.every_inline(internal) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_inline_handler';
CREATE FUNCTION main.every_validator(oid) RETURNS void LANGUAGE c STRICT AS '$libdir/plpgsql', 'plpgsql_validator';
CREATE TRUSTED LANGUAGE every_language HANDLER main.every_handler INLINE main.every_inline VALIDATOR main.every_validator;
ALTER LANGUAGE every_language OWNER TO every_owner;
COMMENT ON LANGUAGE every_language IS 'a language';
GRANT USAGE ON LANGUAGE every_language TO every_reader;

CREATE ACCESS METHOD every_heap TYPE TABLE HANDLER heap_tableam_handler;
COMMENT ON ACCESS METHOD every_heap IS 'heap under another name';
CREATE ACCESS METHOD every_btree TYPE INDEX HANDLER bthandler;

-- Types -------------------------------------------------------------------------------------------

CREATE TYPE main.mood AS ENUM ('sad', 'it''s "ok"', 'happy; very', 'froh – ü');
ALTER TYPE main.mood OWNER TO every_owner;
COMMENT ON TYPE main.mood IS 'an enum';
GRANT USAGE ON TYPE main.mood TO every_reader;
CREATE TYPE main.address AS (street text, "zip code" character varying(10) COLLATE "C", since date);
COMMENT ON COLUMN main.address."zip code" IS 'a column of a composite type';
CREATE TYPE main.shell_only;
CREATE TYPE main.celsius;
CREATE FUNCTION main.celsius_in(cstring) RETURNS main.celsius LANGUAGE internal IMMUTABLE STRICT AS 'float8in';
CREATE FUNCTION main.celsius_out(main.celsius) RETURNS cstring LANGUAGE internal IMMUTABLE STRICT AS 'float8out';
CREATE TYPE main.celsius (INPUT = main.celsius_in, OUTPUT = main.celsius_out, INTERNALLENGTH = 8, PASSEDBYVALUE, ALIGNMENT = double, STORAGE = plain, CATEGORY = 'N', DEFAULT = '0', DELIMITER = ';', COLLATABLE = false);
CREATE FUNCTION main.float_diff(double precision, double precision) RETURNS double precision LANGUAGE sql IMMUTABLE AS 'SELECT $1 - $2';
CREATE TYPE main.span AS RANGE (subtype = double precision, subtype_diff = main.float_diff, multirange_type_name = main.spans);
CREATE DOMAIN main.percent AS numeric(5,2) DEFAULT 0 NOT NULL CONSTRAINT percent_low CHECK (VALUE >= 0) CONSTRAINT "percent; high" CHECK (VALUE <= 100);
ALTER DOMAIN main.percent ADD CONSTRAINT percent_late CHECK (VALUE <> 13) NOT VALID;
COMMENT ON DOMAIN main.percent IS 'a domain';
COMMENT ON CONSTRAINT percent_low ON DOMAIN main.percent IS 'a constraint of a domain';
CREATE DOMAIN main.email AS text COLLATE "C" CHECK (VALUE ~ '^[^@\s]+@[^@\s]+$');
CREATE COLLATION main.german (provider = libc, locale = 'C');
ALTER COLLATION main.german OWNER TO every_owner;
COMMENT ON COLLATION main.german IS 'a collation';
CREATE CONVERSION main.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;
COMMENT ON CONVERSION main.latin IS 'a conversion';
CREATE DEFAULT CONVERSION main.latin_default FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;

-- Functions ---------------------------------------------------------------------------------------

CREATE FUNCTION main.add(a integer, b integer DEFAULT 1) RETURNS integer LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS 'SELECT a + b';
ALTER FUNCTION main.add(integer, integer) OWNER TO every_owner;
COMMENT ON FUNCTION main.add(integer, integer) IS 'adds';
REVOKE ALL ON FUNCTION main.add(integer, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION main.add(integer, integer) TO every_reader, "Rôle ""quoted""; -- odd";
CREATE FUNCTION main.grade(score integer) RETURNS text LANGUAGE sql IMMUTABLE
BEGIN ATOMIC
  SELECT CASE WHEN score > 90 THEN 'good; end' WHEN score > 50 THEN CASE score WHEN 51 THEN 'just' ELSE 'fair' END ELSE 'poor' END;
END;
CREATE FUNCTION main.nothing() RETURNS void LANGUAGE sql BEGIN ATOMIC END;
CREATE FUNCTION main.twice(a integer) RETURNS integer LANGUAGE sql IMMUTABLE RETURN a * 2;
CREATE FUNCTION main.nested_dollars() RETURNS text LANGUAGE plpgsql AS $outer$
BEGIN
  -- a comment; with 'quotes' and \. and $$
  RETURN $$inner; $x$ text$$ || '\' || E'\'' ;
END;
$outer$;
CREATE FUNCTION main.variadic_sum(VARIADIC numbers numeric[]) RETURNS numeric LANGUAGE sql IMMUTABLE AS $$SELECT sum(n) FROM unnest(numbers) n$$;
CREATE FUNCTION main.rows_of(n integer) RETURNS TABLE (id integer, label text) LANGUAGE sql ROWS 10 COST 5 AS $$SELECT i, 'row ' || i FROM generate_series(1, n) i$$;
CREATE FUNCTION main.in_out(INOUT a integer, OUT b text) LANGUAGE plpgsql SECURITY DEFINER SET search_path = main, pg_temp SET work_mem = '8MB' AS $$BEGIN b := a::text; a := a + 1; END$$;
CREATE FUNCTION main."odd ""name""; $$"("the arg" text) RETURNS text LANGUAGE every_language AS $$BEGIN RETURN "the arg"; END$$;
CREATE FUNCTION main.touch() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RETURN NEW; END$$;
CREATE FUNCTION main.on_ddl() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN RAISE DEBUG 'ddl: %', tg_tag; END$$;
CREATE PROCEDURE main.remember(what text) LANGUAGE plpgsql AS $$BEGIN INSERT INTO main.notes (body) VALUES (what); END$$;
ALTER PROCEDURE main.remember(text) OWNER TO every_owner;
COMMENT ON PROCEDURE main.remember(text) IS 'a procedure';
CREATE FUNCTION main.first_of(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1';
CREATE AGGREGATE main.first(anyelement) (SFUNC = main.first_of, STYPE = anyelement, PARALLEL = safe);
COMMENT ON AGGREGATE main.first(anyelement) IS 'the first value';
CREATE AGGREGATE main.total(integer) (SFUNC = int4_sum, STYPE = bigint, INITCOND = '0', SORTOP = OPERATOR(pg_catalog.<));
CREATE AGGREGATE main.percentile(double precision ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = percentile_disc_final, FINALFUNC_EXTRA);
CREATE AGGREGATE main.row_count(*) (SFUNC = int8inc, STYPE = bigint, INITCOND = '0');
CREATE FUNCTION main.plus_celsius(main.celsius, main.celsius) RETURNS main.celsius LANGUAGE internal IMMUTABLE STRICT AS 'float8pl';
CREATE FUNCTION main.less_celsius(main.celsius, main.celsius) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'float8lt';
CREATE FUNCTION main.eq_celsius(main.celsius, main.celsius) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'float8eq';
CREATE FUNCTION main.more_celsius(main.celsius, main.celsius) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'float8gt';
CREATE FUNCTION main.le_celsius(main.celsius, main.celsius) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'float8le';
CREATE FUNCTION main.ge_celsius(main.celsius, main.celsius) RETURNS boolean LANGUAGE internal IMMUTABLE STRICT AS 'float8ge';
CREATE FUNCTION main.cmp_celsius(main.celsius, main.celsius) RETURNS integer LANGUAGE internal IMMUTABLE STRICT AS 'btfloat8cmp';
CREATE FUNCTION main.celsius_of(double precision) RETURNS main.celsius LANGUAGE internal IMMUTABLE STRICT AS 'float8up';

-- Operators, casts, transforms ----------------------------------------------------------------------

CREATE OPERATOR main.+ (FUNCTION = main.plus_celsius, LEFTARG = main.celsius, RIGHTARG = main.celsius, COMMUTATOR = OPERATOR(main.+));
COMMENT ON OPERATOR main.+ (main.celsius, main.celsius) IS 'adds temperatures';
CREATE OPERATOR main.< (FUNCTION = main.less_celsius, LEFTARG = main.celsius, RIGHTARG = main.celsius, RESTRICT = scalarltsel, JOIN = scalarltjoinsel);
CREATE OPERATOR main.<= (FUNCTION = main.le_celsius, LEFTARG = main.celsius, RIGHTARG = main.celsius, RESTRICT = scalarlesel, JOIN = scalarlejoinsel);
CREATE OPERATOR main.= (FUNCTION = main.eq_celsius, LEFTARG = main.celsius, RIGHTARG = main.celsius, COMMUTATOR = OPERATOR(main.=), RESTRICT = eqsel, JOIN = eqjoinsel, HASHES, MERGES);
CREATE OPERATOR main.>= (FUNCTION = main.ge_celsius, LEFTARG = main.celsius, RIGHTARG = main.celsius, RESTRICT = scalargesel, JOIN = scalargejoinsel);
CREATE OPERATOR main.> (FUNCTION = main.more_celsius, LEFTARG = main.celsius, RIGHTARG = main.celsius, COMMUTATOR = OPERATOR(main.<), RESTRICT = scalargtsel, JOIN = scalargtjoinsel);
CREATE OPERATOR main.!~~# (FUNCTION = main.twice, RIGHTARG = integer);
CREATE OPERATOR FAMILY main.celsius_ops USING btree;
COMMENT ON OPERATOR FAMILY main.celsius_ops USING btree IS 'an operator family';
CREATE OPERATOR CLASS main.celsius_ops DEFAULT FOR TYPE main.celsius USING btree FAMILY main.celsius_ops AS
  OPERATOR 1 main.<, OPERATOR 2 main.<=, OPERATOR 3 main.=, OPERATOR 4 main.>=, OPERATOR 5 main.>,
  FUNCTION 1 main.cmp_celsius(main.celsius, main.celsius);
COMMENT ON OPERATOR CLASS main.celsius_ops USING btree IS 'an operator class';
CREATE OPERATOR FAMILY main.empty_family USING hash;
CREATE OPERATOR CLASS main.int_too DEFAULT FOR TYPE integer USING every_btree AS
  OPERATOR 1 pg_catalog.< (integer, integer), OPERATOR 2 pg_catalog.<= (integer, integer), OPERATOR 3 pg_catalog.= (integer, integer),
  OPERATOR 4 pg_catalog.>= (integer, integer), OPERATOR 5 pg_catalog.> (integer, integer), FUNCTION 1 btint4cmp(integer, integer);
CREATE CAST (double precision AS main.celsius) WITH FUNCTION main.celsius_of(double precision) AS ASSIGNMENT;
COMMENT ON CAST (double precision AS main.celsius) IS 'a cast';
CREATE CAST (main.mood AS text) WITH INOUT AS IMPLICIT;
CREATE CAST (main.celsius AS double precision) WITHOUT FUNCTION;
CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION prsd_lextype(internal), TO SQL WITH FUNCTION int4recv(internal));
COMMENT ON TRANSFORM FOR integer LANGUAGE sql IS 'a transform';

-- Text search ---------------------------------------------------------------------------------------

CREATE TEXT SEARCH PARSER main.every_parser (START = prsd_start, GETTOKEN = prsd_nexttoken, END = prsd_end, LEXTYPES = prsd_lextype);
COMMENT ON TEXT SEARCH PARSER main.every_parser IS 'a parser';
CREATE TEXT SEARCH TEMPLATE main.every_template (INIT = dsimple_init, LEXIZE = dsimple_lexize);
COMMENT ON TEXT SEARCH TEMPLATE main.every_template IS 'a template';
CREATE TEXT SEARCH DICTIONARY main.every_dictionary (TEMPLATE = main.every_template);
COMMENT ON TEXT SEARCH DICTIONARY main.every_dictionary IS 'a dictionary';
CREATE TEXT SEARCH CONFIGURATION main.every_configuration (PARSER = main.every_parser);
ALTER TEXT SEARCH CONFIGURATION main.every_configuration ADD MAPPING FOR asciiword, word, "int" WITH main.every_dictionary, simple;
ALTER TEXT SEARCH CONFIGURATION main.every_configuration OWNER TO every_owner;
COMMENT ON TEXT SEARCH CONFIGURATION main.every_configuration IS 'a configuration';

-- Tables ----------------------------------------------------------------------------------------------

CREATE SEQUENCE main.order_number START WITH 1000 INCREMENT BY 5 MINVALUE 10 MAXVALUE 99999999 CACHE 20;
CREATE SEQUENCE main.countdown AS smallint INCREMENT BY -1 MINVALUE -100 MAXVALUE 100 START WITH 50 CYCLE;
CREATE SEQUENCE main.never_called;
COMMENT ON SEQUENCE main.order_number IS 'a sequence';
GRANT USAGE, SELECT ON SEQUENCE main.order_number TO every_reader WITH GRANT OPTION;
DO $$BEGIN PERFORM nextval('main.countdown') FROM generate_series(1, 7); END$$;

CREATE TABLE main.customers (
  id integer GENERATED ALWAYS AS IDENTITY (START WITH 1 INCREMENT BY 1),
  name text NOT NULL,
  email main.email,
  mood main.mood DEFAULT 'happy; very'::main.mood,
  home main.address,
  favourites integer[] DEFAULT ARRAY[1, 2] NOT NULL,
  settings extensions.hstore,
  discount main.percent DEFAULT 0,
  invited_by integer,
  tags text[] DEFAULT '{}'::text[],
  full_label text GENERATED ALWAYS AS (upper(name) || ', ' || coalesce(left(name, 1), '(none)')) STORED,
  CONSTRAINT customers_pkey PRIMARY KEY (id),
  CONSTRAINT "customers name; unique" UNIQUE (name) DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT customers_name_check CHECK (length(name) > 0),
  CONSTRAINT customers_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES main.customers (id) ON DELETE SET NULL
);
ALTER TABLE main.customers OWNER TO every_owner;
INSERT INTO main.customers (name, email, mood, home, settings, discount, invited_by, tags)
SELECT 'customer ' || i, 'c' || i || '@example.org', (enum_range(NULL::main.mood))[1 + i % 4],
  ROW('street "' || i || '", (corner)', '0' || i, date '2020-01-01' + i)::main.address,
  extensions.hstore('k"' || i, CASE WHEN i % 3 = 0 THEN NULL ELSE 'v\' || i END), (i * 7) % 101 - CASE WHEN (i * 7) % 101 = 13 THEN 1 ELSE 0 END,
  nullif(i - 1, 0), ARRAY['a,b', 'c"d', NULL, 'e\f', '']
FROM generate_series(1, 200) i;

CREATE TABLE main.orders (
  id bigserial PRIMARY KEY,
  number bigint DEFAULT nextval('main.order_number'::regclass) NOT NULL,
  customer_id integer NOT NULL REFERENCES main.customers (id) MATCH SIMPLE ON UPDATE CASCADE,
  placed_at timestamp with time zone NOT NULL,
  amount numeric(12,2),
  dropped_later text DEFAULT 'gone',
  note text COLLATE main.german,
  temperature main.celsius,
  during main.span
);
ALTER TABLE main.orders DROP COLUMN dropped_later;
INSERT INTO main.orders (customer_id, placed_at, amount, note, temperature, during)
SELECT 1 + i % 200, timestamptz '2026-01-01 00:00:00+00' + i * interval '37 minutes', CASE WHEN i % 50 = 0 THEN NULL ELSE (i * 137 % 100000) / 100.0 END,
  CASE i % 5 WHEN 0 THEN NULL WHEN 1 THEN '' WHEN 2 THEN 'tab	and\backslash' WHEN 3 THEN E'line\nbreak\r\n\\.' ELSE 'naïve – 表 😀' END,
  (i % 40)::double precision, main.span(i, i + 0.5)
FROM generate_series(1, 5000) i;
CREATE INDEX orders_placed ON main.orders USING btree (placed_at DESC NULLS LAST, customer_id) INCLUDE (amount) WITH (fillfactor = 70);
CREATE INDEX orders_brin ON main.orders USING brin (placed_at) WITH (pages_per_range = 16);
CREATE INDEX orders_hash ON main.orders USING hash (number);
CREATE INDEX orders_during ON main.orders USING gist (during);
CREATE INDEX orders_partial ON main.orders (amount) WHERE (amount > 100::numeric AND note IS NOT NULL);
CREATE INDEX "orders; expression" ON main.orders ((lower(note)), (main.add(customer_id, 2)), ((id % 10)));
CREATE INDEX orders_temperature ON main.orders (temperature main.celsius_ops);
CREATE UNIQUE INDEX orders_number ON main.orders (number) NULLS NOT DISTINCT;
ALTER TABLE main.orders REPLICA IDENTITY USING INDEX orders_number;
ALTER TABLE main.orders CLUSTER ON orders_placed;
ALTER TABLE main.orders ALTER COLUMN note SET STATISTICS 500, ALTER COLUMN note SET STORAGE external, ALTER COLUMN note SET COMPRESSION pglz, ALTER COLUMN amount SET (n_distinct = 100);
ALTER INDEX main."orders; expression" ALTER COLUMN 1 SET STATISTICS 200;
ALTER TABLE main.orders SET (autovacuum_enabled = true, toast.autovacuum_enabled = false);
ALTER TABLE main.orders ADD CONSTRAINT orders_amount_check CHECK (amount >= 0) NOT VALID;
COMMENT ON TABLE main.orders IS E'orders;\nwith a line break, a \\ and a ''quote''';
COMMENT ON COLUMN main.orders.note IS 'free text';
COMMENT ON INDEX main.orders_placed IS 'an index';
COMMENT ON CONSTRAINT orders_amount_check ON main.orders IS 'a constraint';
CREATE STATISTICS main.orders_stats (ndistinct, dependencies, mcv) ON customer_id, placed_at, amount FROM main.orders;
CREATE STATISTICS main.orders_expression ON (lower(note)), customer_id FROM main.orders;
ALTER STATISTICS main.orders_stats SET STATISTICS 50;
COMMENT ON STATISTICS main.orders_stats IS 'statistics';

-- A circle of foreign keys that only the end of a transaction checks.
CREATE TABLE main.chicken (id integer PRIMARY KEY, egg integer NOT NULL);
CREATE TABLE main.egg (id integer PRIMARY KEY, chicken integer NOT NULL);
BEGIN;
ALTER TABLE main.chicken ADD CONSTRAINT chicken_egg FOREIGN KEY (egg) REFERENCES main.egg (id) DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE main.egg ADD CONSTRAINT egg_chicken FOREIGN KEY (chicken) REFERENCES main.chicken (id) DEFERRABLE INITIALLY DEFERRED;
INSERT INTO main.chicken SELECT i, 51 - i FROM generate_series(1, 50) i;
INSERT INTO main.egg SELECT i, 51 - i FROM generate_series(1, 50) i;
COMMIT;
ALTER TABLE main.egg ADD CONSTRAINT egg_not_valid FOREIGN KEY (id) REFERENCES main.chicken (id) NOT VALID;

CREATE TABLE main.notes (id integer GENERATED BY DEFAULT AS IDENTITY (SEQUENCE NAME main."notes; ids" START WITH 10 INCREMENT BY 10) PRIMARY KEY, body text, seen boolean DEFAULT false NOT NULL);
INSERT INTO main.notes (body, seen) VALUES ('first', true), (NULL, false), (E'a\ttab', true), (E'\\N', false), ('\.', false), ('--', true), ('', false), ('semi; colon', DEFAULT), ('$$ dollars $x$', true);

CREATE TABLE main.bookings (room integer, during tstzrange, note text,
  CONSTRAINT bookings_no_overlap EXCLUDE USING gist (during WITH &&) WHERE (room > 0) DEFERRABLE);
INSERT INTO main.bookings SELECT i, tstzrange(timestamptz '2026-01-01+00' + i * interval '1 day', timestamptz '2026-01-01+00' + i * interval '1 day' + interval '5 hours'), 'n' || i FROM generate_series(1, 30) i;

CREATE TABLE main.every_type (
  id smallint PRIMARY KEY, b boolean, i8 bigint, r real, d double precision, n numeric, m money, c "char", ch character(5), vc varchar(20), t text, na name,
  by bytea, dt date, tm time, tmz time with time zone, ts timestamp(3), tsz timestamptz, iv interval day to second, ip inet, net cidr, mac macaddr, mac8 macaddr8,
  bits bit(5), vbits bit varying, u uuid, js json, jsb jsonb, jp jsonpath, tsv tsvector, tsq tsquery, pt point, ln line, sg lseg, bx box, pa path, pl polygon, ci circle,
  o oid, rc regclass, rt regtype, lsn pg_lsn, snap pg_snapshot, i4r int4range, nmr nummultirange, ia integer[], taa text[][], moods main.mood[], addr main.address[], pct main.percent DEFAULT 1
);
INSERT INTO main.every_type VALUES
  (1, true, 9223372036854775807, 'NaN', 'Infinity', 'NaN', 12.34, 'x', 'ab', 'v"c', E'back\\slash', 'na me', '\x00ff5c0a', '0044-03-15 BC', '24:00:00', '12:00:00+05:30', '2026-02-28 23:59:59.999', 'infinity', '1 day 02:03:04', '::1/64', '10.0.0.0/8', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05',
   B'10101', B'', '00000000-0000-0000-0000-000000000001', '{"a": [1, "\u00e9\\n"]}', '{"b": null, "c": "; \\. "}', '$.a[*] ? (@ > 1)', 'a:1 b:2', 'a & !b', '(1,2)', '{1,2,3}', '[(0,0),(1,1)]', '(1,1),(0,0)', '((0,0),(1,1))', '((0,0),(1,1),(1,0))', '<(0,0),1>',
   42, 'main.orders', 'integer', '0/16B3748', '10:20:10,14', '[1,5)', '{[1,2),[5,6]}', '{1,NULL,3}', '{{a,b},{"c,d",NULL}}', ARRAY['sad', 'happy; very']::main.mood[], ARRAY[ROW('s', 'z', NULL)::main.address], 99.99),
  (2, false, -9223372036854775808, '-0', 1e-300, 123456789012345678901234567890.123456789, -0.01, '', '', '', '', '', '', 'infinity', '00:00', '00:00-12', '-infinity', '2026-06-01 00:00:00.000001+00', '-1 day', '192.168.0.1', '::/0', NULL, NULL,
   B'00000', B'1', NULL, 'null', '[]', '$', '', '', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, '0/0', NULL, 'empty', '{}', '{}', '{}', '{}', '{}', 0);
INSERT INTO main.every_type (id) VALUES (3);

CREATE UNLOGGED TABLE main.scratch (id serial, body text);
INSERT INTO main.scratch (body) SELECT 'scratch ' || i FROM generate_series(1, 20) i;
CREATE TABLE main.no_columns ();
INSERT INTO main.no_columns DEFAULT VALUES;
INSERT INTO main.no_columns DEFAULT VALUES;
CREATE TABLE main.other_heap (id integer) USING every_heap;
INSERT INTO main.other_heap SELECT generate_series(1, 10);
CREATE TABLE main.addresses OF main.address (street WITH OPTIONS PRIMARY KEY, since DEFAULT '2026-01-01');
INSERT INTO main.addresses VALUES ('one', NULL, DEFAULT), ('two', '123', '2025-05-05');
CREATE TABLE main.ranked (id integer, CONSTRAINT ranked_positive CHECK (id > 0) NO INHERIT);
INSERT INTO main.ranked VALUES (1), (2);

-- Inheritance: the children have columns, defaults and constraints of their own.
CREATE TABLE main.animal (id serial PRIMARY KEY, name text NOT NULL, CONSTRAINT animal_name CHECK (name <> ''));
CREATE TABLE main.legged (legs integer DEFAULT 4);
CREATE TABLE main.dog (breed text, CONSTRAINT dog_legs CHECK (legs = 4)) INHERITS (main.animal, main.legged);
ALTER TABLE main.dog ALTER COLUMN name SET DEFAULT 'rex';
CREATE TABLE main.local_column (name text NOT NULL, extra integer) INHERITS (main.animal);
INSERT INTO main.animal (name) VALUES ('worm'), ('snake');
INSERT INTO main.legged VALUES (2), (6);
INSERT INTO main.dog (name, breed) VALUES ('fido', 'beagle'), (DEFAULT, NULL);
INSERT INTO main.local_column (name, extra) VALUES ('local', 1);

-- Partitions: by range, by list with an enum, by hash; some partitioned again; a default one.
CREATE TABLE parts.measure (at date NOT NULL, device integer NOT NULL, value double precision DEFAULT 0, kind main.mood) PARTITION BY RANGE (at);
CREATE TABLE parts.measure_2025 PARTITION OF parts.measure FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE parts.measure_2026 PARTITION OF parts.measure (value DEFAULT 7) FOR VALUES FROM ('2026-01-01') TO ('2027-01-01') PARTITION BY HASH (device);
CREATE TABLE parts.measure_2026_0 PARTITION OF parts.measure_2026 FOR VALUES WITH (modulus 2, remainder 0);
CREATE TABLE parts.measure_2026_1 (kind main.mood, value double precision, device integer NOT NULL, at date NOT NULL);
ALTER TABLE parts.measure_2026 ATTACH PARTITION parts.measure_2026_1 FOR VALUES WITH (modulus 2, remainder 1);
CREATE TABLE parts."measure; rest" PARTITION OF parts.measure DEFAULT;
ALTER TABLE parts.measure ADD CONSTRAINT measure_pkey PRIMARY KEY (at, device);
CREATE INDEX measure_value ON parts.measure (value);
CREATE INDEX measure_2025_only ON parts.measure_2025 (kind);
INSERT INTO parts.measure SELECT date '2024-12-01' + i, i % 9, i / 3.0, (enum_range(NULL::main.mood))[1 + i % 4] FROM generate_series(1, 600) i;
CREATE TABLE parts.by_mood (id integer NOT NULL, mood main.mood) PARTITION BY LIST (mood);
CREATE TABLE parts.by_mood_sad PARTITION OF parts.by_mood FOR VALUES IN ('sad', NULL);
CREATE TABLE parts.by_mood_rest PARTITION OF parts.by_mood FOR VALUES IN ('it''s "ok"', 'happy; very', 'froh – ü');
INSERT INTO parts.by_mood SELECT i, (enum_range(NULL::main.mood))[1 + i % 5] FROM generate_series(1, 40) i;
CREATE TABLE parts.by_hashed_enum (mood main.mood, n integer) PARTITION BY HASH (mood);
CREATE TABLE parts.by_hashed_enum_0 PARTITION OF parts.by_hashed_enum FOR VALUES WITH (modulus 3, remainder 0);
CREATE TABLE parts.by_hashed_enum_1 PARTITION OF parts.by_hashed_enum FOR VALUES WITH (modulus 3, remainder 1);
CREATE TABLE parts.by_hashed_enum_2 PARTITION OF parts.by_hashed_enum FOR VALUES WITH (modulus 3, remainder 2);
INSERT INTO parts.by_hashed_enum SELECT (enum_range(NULL::main.mood))[1 + i % 4], i FROM generate_series(1, 40) i;
CREATE TABLE parts.child_of_partitioned (at date, device integer, FOREIGN KEY (at, device) REFERENCES parts.measure (at, device));
INSERT INTO parts.child_of_partitioned SELECT at, device FROM parts.measure LIMIT 20;

-- Names that need care.
CREATE TABLE "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line" ("sel;ect" integer PRIMARY KEY, "Ünï""cödé 表" text, "a\b" text DEFAULT E'x\\y''z', "CamelCase" integer, "from" text, "new
line" text);
INSERT INTO "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line" SELECT i, 'ü' || i, E'\\' || i, i, 'from', E'\n' FROM generate_series(1, 12) i;
CREATE INDEX "idx ""odd""; -- $1" ON "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line" ("Ünï""cödé 表");
COMMENT ON COLUMN "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line"."new
line" IS 'odd
comment';
CREATE TABLE public."dollar$name" (id serial PRIMARY KEY, a$b integer);
INSERT INTO public."dollar$name" (a$b) VALUES (1), (2);
ALTER TABLE public."dollar$name" OWNER TO "Rôle ""quoted""; -- odd";

-- Views, rules, triggers, policies ---------------------------------------------------------------------

CREATE VIEW main.big_orders WITH (security_barrier = true) AS SELECT id, amount, note FROM main.orders WHERE amount > 500 WITH LOCAL CHECK OPTION;
ALTER VIEW main.big_orders ALTER COLUMN note SET DEFAULT 'n/a';
COMMENT ON VIEW main.big_orders IS 'a view';
CREATE RECURSIVE VIEW main.invitations (id, depth) AS SELECT id, 0 FROM main.customers WHERE invited_by IS NULL UNION ALL SELECT c.id, i.depth + 1 FROM main.customers c JOIN invitations i ON c.invited_by = i.id;
CREATE VIEW main.writable AS SELECT id, body FROM main.notes;
CREATE VIEW main.grouped AS SELECT id, name, count(*) AS n FROM main.customers GROUP BY id;
CREATE MATERIALIZED VIEW main.totals AS SELECT customer_id, sum(amount) AS total FROM main.orders GROUP BY customer_id;
CREATE UNIQUE INDEX totals_customer ON main.totals (customer_id);
CREATE MATERIALIZED VIEW main.top_totals AS SELECT * FROM main.totals WHERE total > 1000;
CREATE MATERIALIZED VIEW main.unpopulated AS SELECT 1 AS one WITH NO DATA;
COMMENT ON MATERIALIZED VIEW main.totals IS 'a materialised view';
CREATE RULE notes_log AS ON DELETE TO main.notes DO ALSO NOTIFY "every; kind";
COMMENT ON RULE notes_log ON main.notes IS 'a rule';
CREATE RULE writable_delete AS ON DELETE TO main.writable DO INSTEAD (DELETE FROM main.notes WHERE id = OLD.id; SELECT 1;);
CREATE FUNCTION main.instead() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN INSERT INTO main.notes (body) VALUES (NEW.body); RETURN NEW; END$$;
CREATE TRIGGER writable_insert INSTEAD OF INSERT ON main.writable FOR EACH ROW EXECUTE FUNCTION main.instead();
CREATE TRIGGER customers_touch BEFORE UPDATE OF name, email ON main.customers FOR EACH ROW WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION main.touch('arg; 1', 'it''s');
CREATE TRIGGER "customers; all" AFTER INSERT ON main.customers REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION main.touch();
CREATE TRIGGER customers_disabled AFTER DELETE OR TRUNCATE ON main.customers FOR EACH STATEMENT EXECUTE FUNCTION main.touch();
ALTER TABLE main.customers DISABLE TRIGGER customers_disabled;
CREATE CONSTRAINT TRIGGER customers_late AFTER INSERT OR UPDATE ON main.customers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION main.touch();
ALTER TABLE main.customers ENABLE ALWAYS TRIGGER customers_late;
CREATE TRIGGER measure_touch BEFORE INSERT ON parts.measure FOR EACH ROW EXECUTE FUNCTION main.touch();
COMMENT ON TRIGGER customers_touch ON main.customers IS 'a trigger';
CREATE EVENT TRIGGER every_ddl ON ddl_command_end WHEN TAG IN ('CREATE TABLE', 'DROP TABLE') EXECUTE FUNCTION main.on_ddl();
COMMENT ON EVENT TRIGGER every_ddl IS 'an event trigger';
CREATE EVENT TRIGGER every_disabled ON sql_drop EXECUTE FUNCTION main.on_ddl();
ALTER EVENT TRIGGER every_disabled DISABLE;
ALTER TABLE main.customers ENABLE ROW LEVEL SECURITY;
ALTER TABLE main.orders ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY customers_read ON main.customers FOR SELECT TO every_reader, "Rôle ""quoted""; -- odd" USING (name <> 'secret; to all');
CREATE POLICY "orders; all" ON main.orders AS RESTRICTIVE USING (customer_id > 0) WITH CHECK (true);
COMMENT ON POLICY customers_read ON main.customers IS 'a policy';

-- Foreign data, publications, subscriptions ---------------------------------------------------------

CREATE FOREIGN DATA WRAPPER every_wrapper OPTIONS (debug 'true');
COMMENT ON FOREIGN DATA WRAPPER every_wrapper IS 'a wrapper';
GRANT USAGE ON FOREIGN DATA WRAPPER every_wrapper TO every_owner;
CREATE SERVER every_server TYPE 'none' VERSION '1; 2' FOREIGN DATA WRAPPER every_wrapper OPTIONS (host 'nowhere.invalid', "odd option" 'it''s');
ALTER SERVER every_server OWNER TO every_owner;
COMMENT ON SERVER every_server IS 'a server';
GRANT USAGE ON FOREIGN SERVER every_server TO every_reader;
CREATE USER MAPPING FOR every_reader SERVER every_server OPTIONS ("user" 'u', password 'not a secret');
CREATE USER MAPPING FOR PUBLIC SERVER every_server;
CREATE FOREIGN TABLE main.far_away (id integer OPTIONS (column_name 'ID') NOT NULL, body text DEFAULT 'x', CONSTRAINT far_positive CHECK (id > 0)) SERVER every_server OPTIONS (table_name 'far');
COMMENT ON FOREIGN TABLE main.far_away IS 'a foreign table';
CREATE PUBLICATION every_pub FOR TABLE main.orders (id, number, amount) WHERE (number > 10), TABLE ONLY main.animal WITH (publish = 'insert, update', publish_via_partition_root = true);
CREATE PUBLICATION schema_pub FOR TABLES IN SCHEMA parts, TABLE main.notes;
CREATE PUBLICATION all_pub FOR ALL TABLES;
ALTER PUBLICATION all_pub OWNER TO every_owner;
COMMENT ON PUBLICATION every_pub IS 'a publication';
CREATE SUBSCRIPTION every_sub CONNECTION 'host=nowhere.invalid dbname=none' PUBLICATION every_pub, other_pub WITH (connect = false, slot_name = NONE, enabled = false, create_slot = false);
COMMENT ON SUBSCRIPTION every_sub IS 'a subscription';

-- Large objects ---------------------------------------------------------------------------------------

DO $$BEGIN
  PERFORM lo_from_bytea(430001, '\x00ff5c0a27'), lo_from_bytea(430002, convert_to(repeat('large; object '' \ ', 3000), 'UTF8')), lo_create(430003);
END$$;
ALTER LARGE OBJECT 430001 OWNER TO every_owner;
COMMENT ON LARGE OBJECT 430001 IS 'a large object';
GRANT SELECT ON LARGE OBJECT 430002 TO every_reader;
CREATE TABLE main.documents (id integer PRIMARY KEY, content oid);
INSERT INTO main.documents VALUES (1, 430001), (2, 430002), (3, 430003);

-- Privileges ------------------------------------------------------------------------------------------

GRANT USAGE, CREATE ON SCHEMA main TO every_reader;
GRANT SELECT ON ALL TABLES IN SCHEMA parts TO every_reader;
GRANT INSERT, UPDATE, DELETE ON main.notes TO PUBLIC;
GRANT SELECT (id, name), UPDATE (name) ON main.customers TO every_reader, "Rôle ""quoted""; -- odd" WITH GRANT OPTION;
REVOKE ALL ON TABLE main.no_columns FROM every_owner;
ALTER DEFAULT PRIVILEGES FOR ROLE every_owner IN SCHEMA main GRANT SELECT ON TABLES TO every_reader;
ALTER DEFAULT PRIVILEGES FOR ROLE every_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;
ALTER DEFAULT PRIVILEGES GRANT USAGE ON TYPES TO every_reader WITH GRANT OPTION;
ALTER DEFAULT PRIVILEGES IN SCHEMA parts GRANT ALL ON SEQUENCES TO "Rôle ""quoted""; -- odd";

REFRESH MATERIALIZED VIEW main.totals;
REFRESH MATERIALIZED VIEW main.top_totals;
ANALYZE;
