--
-- PostgreSQL database dump
--

\restrict every

-- Dumped from database version 18.6
-- Dumped by pg_dump version 18.6

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET transaction_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

DROP EVENT TRIGGER every_disabled;
DROP EVENT TRIGGER every_ddl;
DROP SUBSCRIPTION every_sub;
DROP PUBLICATION schema_pub;
DROP PUBLICATION every_pub;
DROP PUBLICATION all_pub;
DROP POLICY "orders; all" ON main.orders;
DROP POLICY customers_read ON main.customers;
ALTER TABLE ONLY parts.child_of_partitioned DROP CONSTRAINT child_of_partitioned_at_device_fkey;
ALTER TABLE ONLY main.orders DROP CONSTRAINT orders_customer_id_fkey;
ALTER TABLE ONLY main.egg DROP CONSTRAINT egg_not_valid;
ALTER TABLE ONLY main.egg DROP CONSTRAINT egg_chicken;
ALTER TABLE ONLY main.customers DROP CONSTRAINT customers_invited_by_fkey;
ALTER TABLE ONLY main.chicken DROP CONSTRAINT chicken_egg;
DROP TRIGGER measure_touch ON parts.measure;
DROP TRIGGER writable_insert ON main.writable;
DROP TRIGGER customers_touch ON main.customers;
DROP TRIGGER customers_late ON main.customers;
DROP TRIGGER customers_disabled ON main.customers;
DROP TRIGGER "customers; all" ON main.customers;
DROP RULE writable_delete ON main.writable;
DROP RULE notes_log ON main.notes;
CREATE OR REPLACE VIEW main.grouped AS
SELECT
    NULL::integer AS id,
    NULL::text AS name,
    NULL::bigint AS n;
DROP STATISTICS main.orders_stats;
DROP STATISTICS main.orders_expression;
DROP INDEX parts.measure_2025_only;
DROP INDEX parts.measure_value;
DROP INDEX main.totals_customer;
DROP INDEX main.orders_temperature;
DROP INDEX main.orders_placed;
DROP INDEX main.orders_partial;
DROP INDEX main.orders_number;
DROP INDEX main.orders_hash;
DROP INDEX main.orders_during;
DROP INDEX main.orders_brin;
DROP INDEX main."orders; expression";
DROP INDEX "Odd; schema ""quoted"" $$"."idx ""odd""; -- $1";
ALTER TABLE ONLY public."dollar$name" DROP CONSTRAINT "dollar$name_pkey";
ALTER TABLE ONLY parts.measure_2026_1 DROP CONSTRAINT measure_2026_1_pkey;
ALTER TABLE ONLY parts.measure_2026_0 DROP CONSTRAINT measure_2026_0_pkey;
ALTER TABLE ONLY parts.measure_2026 DROP CONSTRAINT measure_2026_pkey;
ALTER TABLE ONLY parts.measure_2025 DROP CONSTRAINT measure_2025_pkey;
ALTER TABLE ONLY parts."measure; rest" DROP CONSTRAINT "measure; rest_pkey";
ALTER TABLE ONLY parts.measure DROP CONSTRAINT measure_pkey;
ALTER DOMAIN main.percent DROP CONSTRAINT percent_late;
ALTER TABLE ONLY main.orders DROP CONSTRAINT orders_pkey;
ALTER TABLE main.orders DROP CONSTRAINT orders_amount_check;
ALTER TABLE ONLY main.notes DROP CONSTRAINT notes_pkey;
ALTER TABLE ONLY main.every_type DROP CONSTRAINT every_type_pkey;
ALTER TABLE ONLY main.egg DROP CONSTRAINT egg_pkey;
ALTER TABLE ONLY main.documents DROP CONSTRAINT documents_pkey;
ALTER TABLE ONLY main.customers DROP CONSTRAINT customers_pkey;
ALTER TABLE ONLY main.customers DROP CONSTRAINT "customers name; unique";
ALTER TABLE ONLY main.chicken DROP CONSTRAINT chicken_pkey;
ALTER TABLE ONLY main.bookings DROP CONSTRAINT bookings_no_overlap;
ALTER TABLE ONLY main.animal DROP CONSTRAINT animal_pkey;
ALTER TABLE ONLY main.addresses DROP CONSTRAINT addresses_pkey;
ALTER TABLE ONLY "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line" DROP CONSTRAINT "table ""with"" 'quotes'; $tag$
and a new line_pkey";
ALTER TABLE public."dollar$name" ALTER COLUMN id DROP DEFAULT;
ALTER TABLE main.scratch ALTER COLUMN id DROP DEFAULT;
ALTER TABLE main.orders ALTER COLUMN id DROP DEFAULT;
ALTER TABLE main.local_column ALTER COLUMN id DROP DEFAULT;
ALTER TABLE main.dog ALTER COLUMN legs DROP DEFAULT;
ALTER TABLE main.dog ALTER COLUMN name DROP DEFAULT;
ALTER TABLE main.dog ALTER COLUMN id DROP DEFAULT;
ALTER TABLE main.big_orders ALTER COLUMN note DROP DEFAULT;
ALTER TABLE main.animal ALTER COLUMN id DROP DEFAULT;
DROP SEQUENCE public."dollar$name_id_seq";
DROP TABLE public."dollar$name";
DROP TABLE parts.measure_2026_1;
DROP TABLE parts.measure_2026_0;
DROP TABLE parts.measure_2026;
DROP TABLE parts.measure_2025;
DROP TABLE parts."measure; rest";
DROP TABLE parts.measure;
DROP TABLE parts.child_of_partitioned;
DROP TABLE parts.by_mood_sad;
DROP TABLE parts.by_mood_rest;
DROP TABLE parts.by_mood;
DROP TABLE parts.by_hashed_enum_2;
DROP TABLE parts.by_hashed_enum_1;
DROP TABLE parts.by_hashed_enum_0;
DROP TABLE parts.by_hashed_enum;
DROP VIEW main.writable;
DROP MATERIALIZED VIEW main.unpopulated;
DROP MATERIALIZED VIEW main.top_totals;
DROP MATERIALIZED VIEW main.totals;
DROP SEQUENCE main.scratch_id_seq;
DROP TABLE main.scratch;
DROP TABLE main.ranked;
DROP TABLE main.other_heap;
DROP SEQUENCE main.orders_id_seq;
DROP TABLE main.notes;
DROP TABLE main.no_columns;
DROP SEQUENCE main.never_called;
DROP TABLE main.local_column;
DROP VIEW main.invitations;
DROP VIEW main.grouped;
DROP FOREIGN TABLE main.far_away;
DROP TABLE main.every_type;
DROP TABLE main.egg;
DROP TABLE main.dog;
DROP TABLE main.legged;
DROP TABLE main.documents;
DROP TABLE main.customers;
DROP SEQUENCE main.countdown;
DROP TABLE main.chicken;
DROP TABLE main.bookings;
DROP VIEW main.big_orders;
DROP TABLE main.orders;
DROP SEQUENCE main.order_number;
DROP SEQUENCE main.animal_id_seq;
DROP TABLE main.animal;
DROP TABLE main.addresses;
DROP TABLE "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line";
DROP USER MAPPING FOR public SERVER every_server;
DROP USER MAPPING FOR every_reader SERVER every_server;
DROP SERVER every_server;
DROP FOREIGN DATA WRAPPER every_wrapper;
DROP TEXT SEARCH CONFIGURATION main.every_configuration;
DROP TEXT SEARCH DICTIONARY main.every_dictionary;
DROP TEXT SEARCH TEMPLATE main.every_template;
DROP TEXT SEARCH PARSER main.every_parser;
DROP CONVERSION main.latin_default;
DROP CONVERSION main.latin;
DROP OPERATOR CLASS main.int_too USING every_btree;
DROP OPERATOR FAMILY main.int_too USING every_btree;
DROP OPERATOR FAMILY main.empty_family USING hash;
DROP OPERATOR CLASS main.celsius_ops USING btree;
DROP OPERATOR FAMILY main.celsius_ops USING btree;
DROP OPERATOR main.>= (main.celsius, main.celsius);
DROP OPERATOR main.> (main.celsius, main.celsius);
DROP OPERATOR main.= (main.celsius, main.celsius);
DROP OPERATOR main.<= (main.celsius, main.celsius);
DROP OPERATOR main.< (main.celsius, main.celsius);
DROP OPERATOR main.+ (main.celsius, main.celsius);
DROP OPERATOR main.!~~# (NONE, integer);
DROP ACCESS METHOD every_heap;
DROP ACCESS METHOD every_btree;
DROP AGGREGATE main.total(integer);
DROP AGGREGATE main.row_count(*);
DROP AGGREGATE main.percentile(double precision ORDER BY anyelement);
DROP AGGREGATE main.first(anyelement);
DROP FUNCTION main.variadic_sum(VARIADIC numbers numeric[]);
DROP FUNCTION main.twice(a integer);
DROP FUNCTION main.touch();
DROP FUNCTION main.rows_of(n integer);
DROP PROCEDURE main.remember(IN what text);
DROP FUNCTION main.plus_celsius(main.celsius, main.celsius);
DROP FUNCTION main.on_ddl();
DROP FUNCTION main."odd ""name""; $$"("the arg" text);
DROP FUNCTION main.nothing();
DROP FUNCTION main.nested_dollars();
DROP FUNCTION main.more_celsius(main.celsius, main.celsius);
DROP FUNCTION main.less_celsius(main.celsius, main.celsius);
DROP FUNCTION main.le_celsius(main.celsius, main.celsius);
DROP FUNCTION main.instead();
DROP FUNCTION main.in_out(INOUT a integer, OUT b text);
DROP FUNCTION main.grade(score integer);
DROP FUNCTION main.ge_celsius(main.celsius, main.celsius);
DROP FUNCTION main.first_of(anyelement, anyelement);
DROP FUNCTION main.eq_celsius(main.celsius, main.celsius);
DROP FUNCTION main.cmp_celsius(main.celsius, main.celsius);
DROP FUNCTION main.add(a integer, b integer);
DROP CAST (main.mood AS text);
DROP CAST (double precision AS main.celsius);
DROP FUNCTION main.celsius_of(double precision);
DROP CAST (main.celsius AS double precision);
DROP TYPE main.span;
DROP FUNCTION main.float_diff(double precision, double precision);
DROP TYPE main.shell_only;
DROP DOMAIN main.percent;
DROP TYPE main.mood;
DROP DOMAIN main.email;
DROP TYPE main.celsius CASCADE;
DROP FUNCTION main.celsius_out(main.celsius);
DROP FUNCTION main.celsius_in(cstring);
DROP TYPE main.address;
DROP EXTENSION hstore;
DROP TRANSFORM FOR integer LANGUAGE sql;
DROP COLLATION main.german;
DROP PROCEDURAL LANGUAGE every_language;
DROP FUNCTION main.every_validator(oid);
DROP FUNCTION main.every_inline(internal);
DROP FUNCTION main.every_handler();
DROP SCHEMA parts;
DROP SCHEMA main;
DROP SCHEMA extensions;
DROP SCHEMA "Odd; schema ""quoted"" $$";
--
-- Name: Odd; schema "quoted" $$; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA "Odd; schema ""quoted"" $$";


ALTER SCHEMA "Odd; schema ""quoted"" $$" OWNER TO postgres;

--
-- Name: extensions; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA extensions;


ALTER SCHEMA extensions OWNER TO postgres;

--
-- Name: main; Type: SCHEMA; Schema: -; Owner: every_owner
--

CREATE SCHEMA main;


ALTER SCHEMA main OWNER TO every_owner;

--
-- Name: SCHEMA main; Type: COMMENT; Schema: -; Owner: every_owner
--

COMMENT ON SCHEMA main IS 'It''s "main"; -- not a comment, nor is $$ this $x$ a string \';


--
-- Name: parts; Type: SCHEMA; Schema: -; Owner: postgres
--

CREATE SCHEMA parts;


ALTER SCHEMA parts OWNER TO postgres;

--
-- Name: every_handler(); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.every_handler() RETURNS language_handler
    LANGUAGE c
    AS '$libdir/plpgsql', 'plpgsql_call_handler';


ALTER FUNCTION main.every_handler() OWNER TO postgres;

--
-- Name: every_inline(internal); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.every_inline(internal) RETURNS void
    LANGUAGE c STRICT
    AS '$libdir/plpgsql', 'plpgsql_inline_handler';


ALTER FUNCTION main.every_inline(internal) OWNER TO postgres;

--
-- Name: every_validator(oid); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.every_validator(oid) RETURNS void
    LANGUAGE c STRICT
    AS '$libdir/plpgsql', 'plpgsql_validator';


ALTER FUNCTION main.every_validator(oid) OWNER TO postgres;

--
-- Name: every_language; Type: PROCEDURAL LANGUAGE; Schema: -; Owner: every_owner
--

CREATE TRUSTED PROCEDURAL LANGUAGE every_language HANDLER main.every_handler INLINE main.every_inline VALIDATOR main.every_validator;


ALTER PROCEDURAL LANGUAGE every_language OWNER TO every_owner;

--
-- Name: LANGUAGE every_language; Type: COMMENT; Schema: -; Owner: every_owner
--

COMMENT ON LANGUAGE every_language IS 'a language';


--
-- Name: german; Type: COLLATION; Schema: main; Owner: every_owner
--

CREATE COLLATION main.german (provider = libc, locale = 'C');


ALTER COLLATION main.german OWNER TO every_owner;

--
-- Name: COLLATION german; Type: COMMENT; Schema: main; Owner: every_owner
--

COMMENT ON COLLATION main.german IS 'a collation';


--
-- Name: TRANSFORM FOR integer LANGUAGE sql; Type: TRANSFORM; Schema: -; Owner: -
--

CREATE TRANSFORM FOR integer LANGUAGE sql (FROM SQL WITH FUNCTION pg_catalog.prsd_lextype(internal), TO SQL WITH FUNCTION pg_catalog.int4recv(internal));


--
-- Name: TRANSFORM FOR integer LANGUAGE sql; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON TRANSFORM FOR integer LANGUAGE sql IS 'a transform';


--
-- Name: hstore; Type: EXTENSION; Schema: -; Owner: -
--

CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA extensions;


--
-- Name: EXTENSION hstore; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON EXTENSION hstore IS 'key and value';


--
-- Name: address; Type: TYPE; Schema: main; Owner: postgres
--

CREATE TYPE main.address AS (
	street text,
	"zip code" character varying(10) COLLATE pg_catalog."C",
	since date
);


ALTER TYPE main.address OWNER TO postgres;

--
-- Name: COLUMN address."zip code"; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON COLUMN main.address."zip code" IS 'a column of a composite type';


--
-- Name: celsius; Type: SHELL TYPE; Schema: main; Owner: postgres
--

CREATE TYPE main.celsius;


--
-- Name: celsius_in(cstring); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.celsius_in(cstring) RETURNS main.celsius
    LANGUAGE internal IMMUTABLE STRICT
    AS $$float8in$$;


ALTER FUNCTION main.celsius_in(cstring) OWNER TO postgres;

--
-- Name: celsius_out(main.celsius); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.celsius_out(main.celsius) RETURNS cstring
    LANGUAGE internal IMMUTABLE STRICT
    AS $$float8out$$;


ALTER FUNCTION main.celsius_out(main.celsius) OWNER TO postgres;

--
-- Name: celsius; Type: TYPE; Schema: main; Owner: postgres
--

CREATE TYPE main.celsius (
    INTERNALLENGTH = 8,
    INPUT = main.celsius_in,
    OUTPUT = main.celsius_out,
    DEFAULT = '0',
    CATEGORY = 'N',
    DELIMITER = ';',
    ALIGNMENT = double,
    STORAGE = plain,
    PASSEDBYVALUE
);


ALTER TYPE main.celsius OWNER TO postgres;

--
-- Name: email; Type: DOMAIN; Schema: main; Owner: postgres
--

CREATE DOMAIN main.email AS text COLLATE pg_catalog."C"
	CONSTRAINT email_check CHECK ((VALUE ~ '^[^@\s]+@[^@\s]+$'::text));


ALTER DOMAIN main.email OWNER TO postgres;

--
-- Name: mood; Type: TYPE; Schema: main; Owner: every_owner
--

CREATE TYPE main.mood AS ENUM (
    'sad',
    'it''s "ok"',
    'happy; very',
    'froh – ü'
);


ALTER TYPE main.mood OWNER TO every_owner;

--
-- Name: TYPE mood; Type: COMMENT; Schema: main; Owner: every_owner
--

COMMENT ON TYPE main.mood IS 'an enum';


--
-- Name: percent; Type: DOMAIN; Schema: main; Owner: postgres
--

CREATE DOMAIN main.percent AS numeric(5,2) NOT NULL DEFAULT 0
	CONSTRAINT "percent; high" CHECK ((VALUE <= (100)::numeric))
	CONSTRAINT percent_low CHECK ((VALUE >= (0)::numeric));


ALTER DOMAIN main.percent OWNER TO postgres;

--
-- Name: DOMAIN percent; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON DOMAIN main.percent IS 'a domain';


--
-- Name: CONSTRAINT percent_low ON DOMAIN percent; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON CONSTRAINT percent_low ON DOMAIN main.percent IS 'a constraint of a domain';


--
-- Name: shell_only; Type: TYPE; Schema: main; Owner: postgres
--

CREATE TYPE main.shell_only;


ALTER TYPE main.shell_only OWNER TO postgres;

--
-- Name: float_diff(double precision, double precision); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.float_diff(double precision, double precision) RETURNS double precision
    LANGUAGE sql IMMUTABLE
    AS $_$SELECT $1 - $2$_$;


ALTER FUNCTION main.float_diff(double precision, double precision) OWNER TO postgres;

--
-- Name: span; Type: TYPE; Schema: main; Owner: postgres
--

CREATE TYPE main.span AS RANGE (
    subtype = double precision,
    multirange_type_name = main.spans,
    subtype_diff = main.float_diff
);


ALTER TYPE main.span OWNER TO postgres;

--
-- Name: CAST (main.celsius AS double precision); Type: CAST; Schema: -; Owner: -
--

CREATE CAST (main.celsius AS double precision) WITHOUT FUNCTION;


--
-- Name: celsius_of(double precision); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.celsius_of(double precision) RETURNS main.celsius
    LANGUAGE internal IMMUTABLE STRICT
    AS $$float8up$$;


ALTER FUNCTION main.celsius_of(double precision) OWNER TO postgres;

--
-- Name: CAST (double precision AS main.celsius); Type: CAST; Schema: -; Owner: -
--

CREATE CAST (double precision AS main.celsius) WITH FUNCTION main.celsius_of(double precision) AS ASSIGNMENT;


--
-- Name: CAST (double precision AS main.celsius); Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON CAST (double precision AS main.celsius) IS 'a cast';


--
-- Name: CAST (main.mood AS text); Type: CAST; Schema: -; Owner: -
--

CREATE CAST (main.mood AS text) WITH INOUT AS IMPLICIT;


--
-- Name: add(integer, integer); Type: FUNCTION; Schema: main; Owner: every_owner
--

CREATE FUNCTION main.add(a integer, b integer DEFAULT 1) RETURNS integer
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    AS $$SELECT a + b$$;


ALTER FUNCTION main.add(a integer, b integer) OWNER TO every_owner;

--
-- Name: FUNCTION add(a integer, b integer); Type: COMMENT; Schema: main; Owner: every_owner
--

COMMENT ON FUNCTION main.add(a integer, b integer) IS 'adds';


--
-- Name: cmp_celsius(main.celsius, main.celsius); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.cmp_celsius(main.celsius, main.celsius) RETURNS integer
    LANGUAGE internal IMMUTABLE STRICT
    AS $$btfloat8cmp$$;


ALTER FUNCTION main.cmp_celsius(main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: eq_celsius(main.celsius, main.celsius); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.eq_celsius(main.celsius, main.celsius) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT
    AS $$float8eq$$;


ALTER FUNCTION main.eq_celsius(main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: first_of(anyelement, anyelement); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.first_of(anyelement, anyelement) RETURNS anyelement
    LANGUAGE sql IMMUTABLE STRICT
    AS $_$SELECT $1$_$;


ALTER FUNCTION main.first_of(anyelement, anyelement) OWNER TO postgres;

--
-- Name: ge_celsius(main.celsius, main.celsius); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.ge_celsius(main.celsius, main.celsius) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT
    AS $$float8ge$$;


ALTER FUNCTION main.ge_celsius(main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: grade(integer); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.grade(score integer) RETURNS text
    LANGUAGE sql IMMUTABLE
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (score > 90) THEN 'good; end'::text
             WHEN (score > 50) THEN
             CASE score
                 WHEN 51 THEN 'just'::text
                 ELSE 'fair'::text
             END
             ELSE 'poor'::text
         END AS "case";
END;


ALTER FUNCTION main.grade(score integer) OWNER TO postgres;

--
-- Name: in_out(integer); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.in_out(INOUT a integer, OUT b text) RETURNS record
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'main', 'pg_temp'
    SET work_mem TO '8MB'
    AS $$BEGIN b := a::text; a := a + 1; END$$;


ALTER FUNCTION main.in_out(INOUT a integer, OUT b text) OWNER TO postgres;

--
-- Name: instead(); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.instead() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN INSERT INTO main.notes (body) VALUES (NEW.body); RETURN NEW; END$$;


ALTER FUNCTION main.instead() OWNER TO postgres;

--
-- Name: le_celsius(main.celsius, main.celsius); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.le_celsius(main.celsius, main.celsius) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT
    AS $$float8le$$;


ALTER FUNCTION main.le_celsius(main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: less_celsius(main.celsius, main.celsius); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.less_celsius(main.celsius, main.celsius) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT
    AS $$float8lt$$;


ALTER FUNCTION main.less_celsius(main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: more_celsius(main.celsius, main.celsius); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.more_celsius(main.celsius, main.celsius) RETURNS boolean
    LANGUAGE internal IMMUTABLE STRICT
    AS $$float8gt$$;


ALTER FUNCTION main.more_celsius(main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: nested_dollars(); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.nested_dollars() RETURNS text
    LANGUAGE plpgsql
    AS $_$
BEGIN
  -- a comment; with 'quotes' and \. and $$
  RETURN $$inner; $x$ text$$ || '\' || E'\'' ;
END;
$_$;


ALTER FUNCTION main.nested_dollars() OWNER TO postgres;

--
-- Name: nothing(); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.nothing() RETURNS void
    LANGUAGE sql
    BEGIN ATOMIC
END;


ALTER FUNCTION main.nothing() OWNER TO postgres;

--
-- Name: odd "name"; $$(text); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main."odd ""name""; $$"("the arg" text) RETURNS text
    LANGUAGE every_language
    AS $$BEGIN RETURN "the arg"; END$$;


ALTER FUNCTION main."odd ""name""; $$"("the arg" text) OWNER TO postgres;

--
-- Name: on_ddl(); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.on_ddl() RETURNS event_trigger
    LANGUAGE plpgsql
    AS $$BEGIN RAISE DEBUG 'ddl: %', tg_tag; END$$;


ALTER FUNCTION main.on_ddl() OWNER TO postgres;

--
-- Name: plus_celsius(main.celsius, main.celsius); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.plus_celsius(main.celsius, main.celsius) RETURNS main.celsius
    LANGUAGE internal IMMUTABLE STRICT
    AS $$float8pl$$;


ALTER FUNCTION main.plus_celsius(main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: remember(text); Type: PROCEDURE; Schema: main; Owner: every_owner
--

CREATE PROCEDURE main.remember(IN what text)
    LANGUAGE plpgsql
    AS $$BEGIN INSERT INTO main.notes (body) VALUES (what); END$$;


ALTER PROCEDURE main.remember(IN what text) OWNER TO every_owner;

--
-- Name: PROCEDURE remember(IN what text); Type: COMMENT; Schema: main; Owner: every_owner
--

COMMENT ON PROCEDURE main.remember(IN what text) IS 'a procedure';


--
-- Name: rows_of(integer); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.rows_of(n integer) RETURNS TABLE(id integer, label text)
    LANGUAGE sql COST 5 ROWS 10
    AS $$SELECT i, 'row ' || i FROM generate_series(1, n) i$$;


ALTER FUNCTION main.rows_of(n integer) OWNER TO postgres;

--
-- Name: touch(); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.touch() RETURNS trigger
    LANGUAGE plpgsql
    AS $$BEGIN RETURN NEW; END$$;


ALTER FUNCTION main.touch() OWNER TO postgres;

--
-- Name: twice(integer); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.twice(a integer) RETURNS integer
    LANGUAGE sql IMMUTABLE
    RETURN (a * 2);


ALTER FUNCTION main.twice(a integer) OWNER TO postgres;

--
-- Name: variadic_sum(numeric[]); Type: FUNCTION; Schema: main; Owner: postgres
--

CREATE FUNCTION main.variadic_sum(VARIADIC numbers numeric[]) RETURNS numeric
    LANGUAGE sql IMMUTABLE
    AS $$SELECT sum(n) FROM unnest(numbers) n$$;


ALTER FUNCTION main.variadic_sum(VARIADIC numbers numeric[]) OWNER TO postgres;

--
-- Name: first(anyelement); Type: AGGREGATE; Schema: main; Owner: postgres
--

CREATE AGGREGATE main.first(anyelement) (
    SFUNC = main.first_of,
    STYPE = anyelement,
    PARALLEL = safe
);


ALTER AGGREGATE main.first(anyelement) OWNER TO postgres;

--
-- Name: AGGREGATE first(anyelement); Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON AGGREGATE main.first(anyelement) IS 'the first value';


--
-- Name: percentile(double precision, anyelement); Type: AGGREGATE; Schema: main; Owner: postgres
--

CREATE AGGREGATE main.percentile(double precision ORDER BY anyelement) (
    SFUNC = ordered_set_transition,
    STYPE = internal,
    FINALFUNC = percentile_disc_final,
    FINALFUNC_EXTRA
);


ALTER AGGREGATE main.percentile(double precision ORDER BY anyelement) OWNER TO postgres;

--
-- Name: row_count(*); Type: AGGREGATE; Schema: main; Owner: postgres
--

CREATE AGGREGATE main.row_count(*) (
    SFUNC = int8inc,
    STYPE = bigint,
    INITCOND = '0'
);


ALTER AGGREGATE main.row_count(*) OWNER TO postgres;

--
-- Name: total(integer); Type: AGGREGATE; Schema: main; Owner: postgres
--

CREATE AGGREGATE main.total(integer) (
    SFUNC = int4_sum,
    STYPE = bigint,
    INITCOND = '0',
    SORTOP = OPERATOR(pg_catalog.<)
);


ALTER AGGREGATE main.total(integer) OWNER TO postgres;

--
-- Name: every_btree; Type: ACCESS METHOD; Schema: -; Owner: -
--

CREATE ACCESS METHOD every_btree TYPE INDEX HANDLER bthandler;


--
-- Name: every_heap; Type: ACCESS METHOD; Schema: -; Owner: -
--

CREATE ACCESS METHOD every_heap TYPE TABLE HANDLER heap_tableam_handler;


--
-- Name: ACCESS METHOD every_heap; Type: COMMENT; Schema: -; Owner: 
--

COMMENT ON ACCESS METHOD every_heap IS 'heap under another name';


--
-- Name: !~~#; Type: OPERATOR; Schema: main; Owner: postgres
--

CREATE OPERATOR main.!~~# (
    FUNCTION = main.twice,
    RIGHTARG = integer
);


ALTER OPERATOR main.!~~# (NONE, integer) OWNER TO postgres;

--
-- Name: +; Type: OPERATOR; Schema: main; Owner: postgres
--

CREATE OPERATOR main.+ (
    FUNCTION = main.plus_celsius,
    LEFTARG = main.celsius,
    RIGHTARG = main.celsius,
    COMMUTATOR = OPERATOR(main.+)
);


ALTER OPERATOR main.+ (main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: OPERATOR + (main.celsius, main.celsius); Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON OPERATOR main.+ (main.celsius, main.celsius) IS 'adds temperatures';


--
-- Name: <; Type: OPERATOR; Schema: main; Owner: postgres
--

CREATE OPERATOR main.< (
    FUNCTION = main.less_celsius,
    LEFTARG = main.celsius,
    RIGHTARG = main.celsius,
    COMMUTATOR = OPERATOR(main.>),
    RESTRICT = scalarltsel,
    JOIN = scalarltjoinsel
);


ALTER OPERATOR main.< (main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: <=; Type: OPERATOR; Schema: main; Owner: postgres
--

CREATE OPERATOR main.<= (
    FUNCTION = main.le_celsius,
    LEFTARG = main.celsius,
    RIGHTARG = main.celsius,
    RESTRICT = scalarlesel,
    JOIN = scalarlejoinsel
);


ALTER OPERATOR main.<= (main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: =; Type: OPERATOR; Schema: main; Owner: postgres
--

CREATE OPERATOR main.= (
    FUNCTION = main.eq_celsius,
    LEFTARG = main.celsius,
    RIGHTARG = main.celsius,
    COMMUTATOR = OPERATOR(main.=),
    MERGES,
    HASHES,
    RESTRICT = eqsel,
    JOIN = eqjoinsel
);


ALTER OPERATOR main.= (main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: >; Type: OPERATOR; Schema: main; Owner: postgres
--

CREATE OPERATOR main.> (
    FUNCTION = main.more_celsius,
    LEFTARG = main.celsius,
    RIGHTARG = main.celsius,
    COMMUTATOR = OPERATOR(main.<),
    RESTRICT = scalargtsel,
    JOIN = scalargtjoinsel
);


ALTER OPERATOR main.> (main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: >=; Type: OPERATOR; Schema: main; Owner: postgres
--

CREATE OPERATOR main.>= (
    FUNCTION = main.ge_celsius,
    LEFTARG = main.celsius,
    RIGHTARG = main.celsius,
    RESTRICT = scalargesel,
    JOIN = scalargejoinsel
);


ALTER OPERATOR main.>= (main.celsius, main.celsius) OWNER TO postgres;

--
-- Name: celsius_ops; Type: OPERATOR FAMILY; Schema: main; Owner: postgres
--

CREATE OPERATOR FAMILY main.celsius_ops USING btree;


ALTER OPERATOR FAMILY main.celsius_ops USING btree OWNER TO postgres;

--
-- Name: OPERATOR FAMILY celsius_ops USING btree; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON OPERATOR FAMILY main.celsius_ops USING btree IS 'an operator family';


--
-- Name: celsius_ops; Type: OPERATOR CLASS; Schema: main; Owner: postgres
--

CREATE OPERATOR CLASS main.celsius_ops
    DEFAULT FOR TYPE main.celsius USING btree FAMILY main.celsius_ops AS
    OPERATOR 1 main.<(main.celsius,main.celsius) ,
    OPERATOR 2 main.<=(main.celsius,main.celsius) ,
    OPERATOR 3 main.=(main.celsius,main.celsius) ,
    OPERATOR 4 main.>=(main.celsius,main.celsius) ,
    OPERATOR 5 main.>(main.celsius,main.celsius) ,
    FUNCTION 1 (main.celsius, main.celsius) main.cmp_celsius(main.celsius,main.celsius);


ALTER OPERATOR CLASS main.celsius_ops USING btree OWNER TO postgres;

--
-- Name: OPERATOR CLASS celsius_ops USING btree; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON OPERATOR CLASS main.celsius_ops USING btree IS 'an operator class';


--
-- Name: empty_family; Type: OPERATOR FAMILY; Schema: main; Owner: postgres
--

CREATE OPERATOR FAMILY main.empty_family USING hash;


ALTER OPERATOR FAMILY main.empty_family USING hash OWNER TO postgres;

--
-- Name: int_too; Type: OPERATOR FAMILY; Schema: main; Owner: postgres
--

CREATE OPERATOR FAMILY main.int_too USING every_btree;


ALTER OPERATOR FAMILY main.int_too USING every_btree OWNER TO postgres;

--
-- Name: int_too; Type: OPERATOR CLASS; Schema: main; Owner: postgres
--

CREATE OPERATOR CLASS main.int_too
    DEFAULT FOR TYPE integer USING every_btree FAMILY main.int_too AS
    OPERATOR 1 <(integer,integer) ,
    OPERATOR 2 <=(integer,integer) ,
    OPERATOR 3 =(integer,integer) ,
    OPERATOR 4 >=(integer,integer) ,
    OPERATOR 5 >(integer,integer) ,
    FUNCTION 1 (integer, integer) btint4cmp(integer,integer);


ALTER OPERATOR CLASS main.int_too USING every_btree OWNER TO postgres;

--
-- Name: latin; Type: CONVERSION; Schema: main; Owner: postgres
--

CREATE CONVERSION main.latin FOR 'LATIN1' TO 'UTF8' FROM iso8859_1_to_utf8;


ALTER CONVERSION main.latin OWNER TO postgres;

--
-- Name: CONVERSION latin; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON CONVERSION main.latin IS 'a conversion';


--
-- Name: latin_default; Type: CONVERSION; Schema: main; Owner: postgres
--

CREATE DEFAULT CONVERSION main.latin_default FOR 'UTF8' TO 'LATIN1' FROM utf8_to_iso8859_1;


ALTER CONVERSION main.latin_default OWNER TO postgres;

--
-- Name: every_parser; Type: TEXT SEARCH PARSER; Schema: main; Owner: -
--

CREATE TEXT SEARCH PARSER main.every_parser (
    START = prsd_start,
    GETTOKEN = prsd_nexttoken,
    END = prsd_end,
    LEXTYPES = prsd_lextype );


--
-- Name: TEXT SEARCH PARSER every_parser; Type: COMMENT; Schema: main; Owner: 
--

COMMENT ON TEXT SEARCH PARSER main.every_parser IS 'a parser';


--
-- Name: every_template; Type: TEXT SEARCH TEMPLATE; Schema: main; Owner: -
--

CREATE TEXT SEARCH TEMPLATE main.every_template (
    INIT = dsimple_init,
    LEXIZE = dsimple_lexize );


--
-- Name: TEXT SEARCH TEMPLATE every_template; Type: COMMENT; Schema: main; Owner: 
--

COMMENT ON TEXT SEARCH TEMPLATE main.every_template IS 'a template';


--
-- Name: every_dictionary; Type: TEXT SEARCH DICTIONARY; Schema: main; Owner: postgres
--

CREATE TEXT SEARCH DICTIONARY main.every_dictionary (
    TEMPLATE = main.every_template );


ALTER TEXT SEARCH DICTIONARY main.every_dictionary OWNER TO postgres;

--
-- Name: TEXT SEARCH DICTIONARY every_dictionary; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON TEXT SEARCH DICTIONARY main.every_dictionary IS 'a dictionary';


--
-- Name: every_configuration; Type: TEXT SEARCH CONFIGURATION; Schema: main; Owner: every_owner
--

CREATE TEXT SEARCH CONFIGURATION main.every_configuration (
    PARSER = main.every_parser );

ALTER TEXT SEARCH CONFIGURATION main.every_configuration
    ADD MAPPING FOR asciiword WITH main.every_dictionary, simple;

ALTER TEXT SEARCH CONFIGURATION main.every_configuration
    ADD MAPPING FOR word WITH main.every_dictionary, simple;

ALTER TEXT SEARCH CONFIGURATION main.every_configuration
    ADD MAPPING FOR "int" WITH main.every_dictionary, simple;


ALTER TEXT SEARCH CONFIGURATION main.every_configuration OWNER TO every_owner;

--
-- Name: TEXT SEARCH CONFIGURATION every_configuration; Type: COMMENT; Schema: main; Owner: every_owner
--

COMMENT ON TEXT SEARCH CONFIGURATION main.every_configuration IS 'a configuration';


--
-- Name: every_wrapper; Type: FOREIGN DATA WRAPPER; Schema: -; Owner: postgres
--

CREATE FOREIGN DATA WRAPPER every_wrapper OPTIONS (
    debug 'true'
);


ALTER FOREIGN DATA WRAPPER every_wrapper OWNER TO postgres;

--
-- Name: FOREIGN DATA WRAPPER every_wrapper; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON FOREIGN DATA WRAPPER every_wrapper IS 'a wrapper';


--
-- Name: every_server; Type: SERVER; Schema: -; Owner: every_owner
--

CREATE SERVER every_server TYPE 'none' VERSION '1; 2' FOREIGN DATA WRAPPER every_wrapper OPTIONS (
    host 'nowhere.invalid',
    "odd option" 'it''s'
);


ALTER SERVER every_server OWNER TO every_owner;

--
-- Name: SERVER every_server; Type: COMMENT; Schema: -; Owner: every_owner
--

COMMENT ON SERVER every_server IS 'a server';


--
-- Name: USER MAPPING every_reader SERVER every_server; Type: USER MAPPING; Schema: -; Owner: every_owner
--

CREATE USER MAPPING FOR every_reader SERVER every_server OPTIONS (
    password 'not a secret',
    "user" 'u'
);


--
-- Name: USER MAPPING public SERVER every_server; Type: USER MAPPING; Schema: -; Owner: every_owner
--

CREATE USER MAPPING FOR public SERVER every_server;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: table "with" 'quotes'; $tag$ and a new line; Type: TABLE; Schema: Odd; schema "quoted" $$; Owner: postgres
--

CREATE TABLE "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line" (
    "sel;ect" integer NOT NULL,
    "Ünï""cödé 表" text,
    "a\b" text DEFAULT 'x\y''z'::text,
    "CamelCase" integer,
    "from" text,
    "new
line" text
);


ALTER TABLE "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line" OWNER TO postgres;

--
-- Name: COLUMN "table ""with"" 'quotes'; $tag$ and a new line"."new line"; Type: COMMENT; Schema: Odd; schema "quoted" $$; Owner: postgres
--

COMMENT ON COLUMN "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line"."new
line" IS 'odd
comment';


--
-- Name: addresses; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.addresses OF main.address (
    street NOT NULL,
    since DEFAULT '2026-01-01'::date
);


ALTER TABLE main.addresses OWNER TO postgres;

--
-- Name: animal; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.animal (
    id integer NOT NULL,
    name text NOT NULL,
    CONSTRAINT animal_name CHECK ((name <> ''::text))
);


ALTER TABLE main.animal OWNER TO postgres;

--
-- Name: animal_id_seq; Type: SEQUENCE; Schema: main; Owner: postgres
--

CREATE SEQUENCE main.animal_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER SEQUENCE main.animal_id_seq OWNER TO postgres;

--
-- Name: animal_id_seq; Type: SEQUENCE OWNED BY; Schema: main; Owner: postgres
--

ALTER SEQUENCE main.animal_id_seq OWNED BY main.animal.id;


--
-- Name: order_number; Type: SEQUENCE; Schema: main; Owner: postgres
--

CREATE SEQUENCE main.order_number
    START WITH 1000
    INCREMENT BY 5
    MINVALUE 10
    MAXVALUE 99999999
    CACHE 20;


ALTER SEQUENCE main.order_number OWNER TO postgres;

--
-- Name: SEQUENCE order_number; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON SEQUENCE main.order_number IS 'a sequence';


--
-- Name: orders; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.orders (
    id bigint NOT NULL,
    number bigint DEFAULT nextval('main.order_number'::regclass) NOT NULL,
    customer_id integer NOT NULL,
    placed_at timestamp with time zone NOT NULL,
    amount numeric(12,2),
    note text COLLATE main.german,
    temperature main.celsius,
    during main.span
)
WITH (autovacuum_enabled='true', toast.autovacuum_enabled='false');
ALTER TABLE ONLY main.orders ALTER COLUMN amount SET (n_distinct=100);
ALTER TABLE ONLY main.orders ALTER COLUMN note SET STATISTICS 500;
ALTER TABLE ONLY main.orders ALTER COLUMN note SET STORAGE EXTERNAL;
ALTER TABLE ONLY main.orders ALTER COLUMN note SET COMPRESSION pglz;

ALTER TABLE ONLY main.orders FORCE ROW LEVEL SECURITY;


ALTER TABLE main.orders OWNER TO postgres;

--
-- Name: TABLE orders; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON TABLE main.orders IS 'orders;
with a line break, a \ and a ''quote''';


--
-- Name: COLUMN orders.note; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON COLUMN main.orders.note IS 'free text';


--
-- Name: big_orders; Type: VIEW; Schema: main; Owner: postgres
--

CREATE VIEW main.big_orders WITH (security_barrier='true') AS
 SELECT id,
    amount,
    note
   FROM main.orders
  WHERE (amount > (500)::numeric)
  WITH LOCAL CHECK OPTION;


ALTER VIEW main.big_orders OWNER TO postgres;

--
-- Name: VIEW big_orders; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON VIEW main.big_orders IS 'a view';


--
-- Name: bookings; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.bookings (
    room integer,
    during tstzrange,
    note text
);


ALTER TABLE main.bookings OWNER TO postgres;

--
-- Name: chicken; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.chicken (
    id integer NOT NULL,
    egg integer NOT NULL
);


ALTER TABLE main.chicken OWNER TO postgres;

--
-- Name: countdown; Type: SEQUENCE; Schema: main; Owner: postgres
--

CREATE SEQUENCE main.countdown
    AS smallint
    START WITH 50
    INCREMENT BY -1
    MINVALUE -100
    MAXVALUE 100
    CACHE 1
    CYCLE;


ALTER SEQUENCE main.countdown OWNER TO postgres;

--
-- Name: customers; Type: TABLE; Schema: main; Owner: every_owner
--

CREATE TABLE main.customers (
    id integer NOT NULL,
    name text NOT NULL,
    email main.email,
    mood main.mood DEFAULT 'happy; very'::main.mood,
    home main.address,
    favourites integer[] DEFAULT ARRAY[1, 2] NOT NULL,
    settings extensions.hstore,
    discount main.percent DEFAULT 0,
    invited_by integer,
    tags text[] DEFAULT '{}'::text[],
    full_label text GENERATED ALWAYS AS (((upper(name) || ', '::text) || COALESCE("left"(name, 1), '(none)'::text))) STORED,
    CONSTRAINT customers_name_check CHECK ((length(name) > 0))
);


ALTER TABLE main.customers OWNER TO every_owner;

--
-- Name: customers_id_seq; Type: SEQUENCE; Schema: main; Owner: every_owner
--

ALTER TABLE main.customers ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME main.customers_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: documents; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.documents (
    id integer NOT NULL,
    content oid
);


ALTER TABLE main.documents OWNER TO postgres;

--
-- Name: legged; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.legged (
    legs integer DEFAULT 4
);


ALTER TABLE main.legged OWNER TO postgres;

--
-- Name: dog; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.dog (
    breed text,
    CONSTRAINT dog_legs CHECK ((legs = 4))
)
INHERITS (main.animal, main.legged);


ALTER TABLE main.dog OWNER TO postgres;

--
-- Name: egg; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.egg (
    id integer NOT NULL,
    chicken integer NOT NULL
);


ALTER TABLE main.egg OWNER TO postgres;

--
-- Name: every_type; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.every_type (
    id smallint NOT NULL,
    b boolean,
    i8 bigint,
    r real,
    d double precision,
    n numeric,
    m money,
    c "char",
    ch character(5),
    vc character varying(20),
    t text,
    na name,
    by bytea,
    dt date,
    tm time without time zone,
    tmz time with time zone,
    ts timestamp(3) without time zone,
    tsz timestamp with time zone,
    iv interval day to second,
    ip inet,
    net cidr,
    mac macaddr,
    mac8 macaddr8,
    bits bit(5),
    vbits bit varying,
    u uuid,
    js json,
    jsb jsonb,
    jp jsonpath,
    tsv tsvector,
    tsq tsquery,
    pt point,
    ln line,
    sg lseg,
    bx box,
    pa path,
    pl polygon,
    ci circle,
    o oid,
    rc regclass,
    rt regtype,
    lsn pg_lsn,
    snap pg_snapshot,
    i4r int4range,
    nmr nummultirange,
    ia integer[],
    taa text[],
    moods main.mood[],
    addr main.address[],
    pct main.percent DEFAULT 1
);


ALTER TABLE main.every_type OWNER TO postgres;

--
-- Name: far_away; Type: FOREIGN TABLE; Schema: main; Owner: postgres
--

CREATE FOREIGN TABLE main.far_away (
    id integer NOT NULL,
    body text DEFAULT 'x'::text,
    CONSTRAINT far_positive CHECK ((id > 0))
)
SERVER every_server
OPTIONS (
    table_name 'far'
);
ALTER FOREIGN TABLE ONLY main.far_away ALTER COLUMN id OPTIONS (
    column_name 'ID'
);


ALTER FOREIGN TABLE main.far_away OWNER TO postgres;

--
-- Name: FOREIGN TABLE far_away; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON FOREIGN TABLE main.far_away IS 'a foreign table';


--
-- Name: grouped; Type: VIEW; Schema: main; Owner: postgres
--

CREATE VIEW main.grouped AS
SELECT
    NULL::integer AS id,
    NULL::text AS name,
    NULL::bigint AS n;


ALTER VIEW main.grouped OWNER TO postgres;

--
-- Name: invitations; Type: VIEW; Schema: main; Owner: postgres
--

CREATE VIEW main.invitations AS
 WITH RECURSIVE invitations(id, depth) AS (
         SELECT customers.id,
            0 AS "?column?"
           FROM main.customers
          WHERE (customers.invited_by IS NULL)
        UNION ALL
         SELECT c.id,
            (i.depth + 1)
           FROM (main.customers c
             JOIN invitations i ON ((c.invited_by = i.id)))
        )
 SELECT id,
    depth
   FROM invitations;


ALTER VIEW main.invitations OWNER TO postgres;

--
-- Name: local_column; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.local_column (
    name text NOT NULL,
    extra integer
)
INHERITS (main.animal);


ALTER TABLE main.local_column OWNER TO postgres;

--
-- Name: never_called; Type: SEQUENCE; Schema: main; Owner: postgres
--

CREATE SEQUENCE main.never_called
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER SEQUENCE main.never_called OWNER TO postgres;

--
-- Name: no_columns; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.no_columns (
);


ALTER TABLE main.no_columns OWNER TO postgres;

--
-- Name: notes; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.notes (
    id integer NOT NULL,
    body text,
    seen boolean DEFAULT false NOT NULL
);


ALTER TABLE main.notes OWNER TO postgres;

--
-- Name: notes; ids; Type: SEQUENCE; Schema: main; Owner: postgres
--

ALTER TABLE main.notes ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY (
    SEQUENCE NAME main."notes; ids"
    START WITH 10
    INCREMENT BY 10
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: orders_id_seq; Type: SEQUENCE; Schema: main; Owner: postgres
--

CREATE SEQUENCE main.orders_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER SEQUENCE main.orders_id_seq OWNER TO postgres;

--
-- Name: orders_id_seq; Type: SEQUENCE OWNED BY; Schema: main; Owner: postgres
--

ALTER SEQUENCE main.orders_id_seq OWNED BY main.orders.id;


SET default_table_access_method = every_heap;

--
-- Name: other_heap; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.other_heap (
    id integer
);


ALTER TABLE main.other_heap OWNER TO postgres;

SET default_table_access_method = heap;

--
-- Name: ranked; Type: TABLE; Schema: main; Owner: postgres
--

CREATE TABLE main.ranked (
    id integer,
    CONSTRAINT ranked_positive CHECK ((id > 0)) NO INHERIT
);


ALTER TABLE main.ranked OWNER TO postgres;

--
-- Name: scratch; Type: TABLE; Schema: main; Owner: postgres
--

CREATE UNLOGGED TABLE main.scratch (
    id integer NOT NULL,
    body text
);


ALTER TABLE main.scratch OWNER TO postgres;

--
-- Name: scratch_id_seq; Type: SEQUENCE; Schema: main; Owner: postgres
--

CREATE UNLOGGED SEQUENCE main.scratch_id_seq
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER SEQUENCE main.scratch_id_seq OWNER TO postgres;

--
-- Name: scratch_id_seq; Type: SEQUENCE OWNED BY; Schema: main; Owner: postgres
--

ALTER SEQUENCE main.scratch_id_seq OWNED BY main.scratch.id;


--
-- Name: totals; Type: MATERIALIZED VIEW; Schema: main; Owner: postgres
--

CREATE MATERIALIZED VIEW main.totals AS
 SELECT customer_id,
    sum(amount) AS total
   FROM main.orders
  GROUP BY customer_id
  WITH NO DATA;


ALTER MATERIALIZED VIEW main.totals OWNER TO postgres;

--
-- Name: MATERIALIZED VIEW totals; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON MATERIALIZED VIEW main.totals IS 'a materialised view';


--
-- Name: top_totals; Type: MATERIALIZED VIEW; Schema: main; Owner: postgres
--

CREATE MATERIALIZED VIEW main.top_totals AS
 SELECT customer_id,
    total
   FROM main.totals
  WHERE (total > (1000)::numeric)
  WITH NO DATA;


ALTER MATERIALIZED VIEW main.top_totals OWNER TO postgres;

--
-- Name: unpopulated; Type: MATERIALIZED VIEW; Schema: main; Owner: postgres
--

CREATE MATERIALIZED VIEW main.unpopulated AS
 SELECT 1 AS one
  WITH NO DATA;


ALTER MATERIALIZED VIEW main.unpopulated OWNER TO postgres;

--
-- Name: writable; Type: VIEW; Schema: main; Owner: postgres
--

CREATE VIEW main.writable AS
 SELECT id,
    body
   FROM main.notes;


ALTER VIEW main.writable OWNER TO postgres;

--
-- Name: by_hashed_enum; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.by_hashed_enum (
    mood main.mood,
    n integer
)
PARTITION BY HASH (mood);


ALTER TABLE parts.by_hashed_enum OWNER TO postgres;

--
-- Name: by_hashed_enum_0; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.by_hashed_enum_0 (
    mood main.mood,
    n integer
);


ALTER TABLE parts.by_hashed_enum_0 OWNER TO postgres;

--
-- Name: by_hashed_enum_1; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.by_hashed_enum_1 (
    mood main.mood,
    n integer
);


ALTER TABLE parts.by_hashed_enum_1 OWNER TO postgres;

--
-- Name: by_hashed_enum_2; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.by_hashed_enum_2 (
    mood main.mood,
    n integer
);


ALTER TABLE parts.by_hashed_enum_2 OWNER TO postgres;

--
-- Name: by_mood; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.by_mood (
    id integer NOT NULL,
    mood main.mood
)
PARTITION BY LIST (mood);


ALTER TABLE parts.by_mood OWNER TO postgres;

--
-- Name: by_mood_rest; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.by_mood_rest (
    id integer CONSTRAINT by_mood_id_not_null NOT NULL,
    mood main.mood
);


ALTER TABLE parts.by_mood_rest OWNER TO postgres;

--
-- Name: by_mood_sad; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.by_mood_sad (
    id integer CONSTRAINT by_mood_id_not_null NOT NULL,
    mood main.mood
);


ALTER TABLE parts.by_mood_sad OWNER TO postgres;

--
-- Name: child_of_partitioned; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.child_of_partitioned (
    at date,
    device integer
);


ALTER TABLE parts.child_of_partitioned OWNER TO postgres;

--
-- Name: measure; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.measure (
    at date NOT NULL,
    device integer NOT NULL,
    value double precision DEFAULT 0,
    kind main.mood
)
PARTITION BY RANGE (at);


ALTER TABLE parts.measure OWNER TO postgres;

--
-- Name: measure; rest; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts."measure; rest" (
    at date CONSTRAINT measure_at_not_null NOT NULL,
    device integer CONSTRAINT measure_device_not_null NOT NULL,
    value double precision DEFAULT 0,
    kind main.mood
);


ALTER TABLE parts."measure; rest" OWNER TO postgres;

--
-- Name: measure_2025; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.measure_2025 (
    at date CONSTRAINT measure_at_not_null NOT NULL,
    device integer CONSTRAINT measure_device_not_null NOT NULL,
    value double precision DEFAULT 0,
    kind main.mood
);


ALTER TABLE parts.measure_2025 OWNER TO postgres;

--
-- Name: measure_2026; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.measure_2026 (
    at date CONSTRAINT measure_at_not_null NOT NULL,
    device integer CONSTRAINT measure_device_not_null NOT NULL,
    value double precision DEFAULT 7,
    kind main.mood
)
PARTITION BY HASH (device);


ALTER TABLE parts.measure_2026 OWNER TO postgres;

--
-- Name: measure_2026_0; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.measure_2026_0 (
    at date CONSTRAINT measure_at_not_null NOT NULL,
    device integer CONSTRAINT measure_device_not_null NOT NULL,
    value double precision DEFAULT 7,
    kind main.mood
);


ALTER TABLE parts.measure_2026_0 OWNER TO postgres;

--
-- Name: measure_2026_1; Type: TABLE; Schema: parts; Owner: postgres
--

CREATE TABLE parts.measure_2026_1 (
    kind main.mood,
    value double precision DEFAULT NULL,
    device integer NOT NULL,
    at date NOT NULL
);


ALTER TABLE parts.measure_2026_1 OWNER TO postgres;

--
-- Name: dollar$name; Type: TABLE; Schema: public; Owner: Rôle "quoted"; -- odd
--

CREATE TABLE public."dollar$name" (
    id integer NOT NULL,
    "a$b" integer
);


ALTER TABLE public."dollar$name" OWNER TO "Rôle ""quoted""; -- odd";

--
-- Name: dollar$name_id_seq; Type: SEQUENCE; Schema: public; Owner: Rôle "quoted"; -- odd
--

CREATE SEQUENCE public."dollar$name_id_seq"
    AS integer
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


ALTER SEQUENCE public."dollar$name_id_seq" OWNER TO "Rôle ""quoted""; -- odd";

--
-- Name: dollar$name_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: Rôle "quoted"; -- odd
--

ALTER SEQUENCE public."dollar$name_id_seq" OWNED BY public."dollar$name".id;


--
-- Name: by_hashed_enum_0; Type: TABLE ATTACH; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.by_hashed_enum ATTACH PARTITION parts.by_hashed_enum_0 FOR VALUES WITH (modulus 3, remainder 0);


--
-- Name: by_hashed_enum_1; Type: TABLE ATTACH; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.by_hashed_enum ATTACH PARTITION parts.by_hashed_enum_1 FOR VALUES WITH (modulus 3, remainder 1);


--
-- Name: by_hashed_enum_2; Type: TABLE ATTACH; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.by_hashed_enum ATTACH PARTITION parts.by_hashed_enum_2 FOR VALUES WITH (modulus 3, remainder 2);


--
-- Name: by_mood_rest; Type: TABLE ATTACH; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.by_mood ATTACH PARTITION parts.by_mood_rest FOR VALUES IN ('it''s "ok"', 'happy; very', 'froh – ü');


--
-- Name: by_mood_sad; Type: TABLE ATTACH; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.by_mood ATTACH PARTITION parts.by_mood_sad FOR VALUES IN ('sad', NULL);


--
-- Name: measure; rest; Type: TABLE ATTACH; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.measure ATTACH PARTITION parts."measure; rest" DEFAULT;


--
-- Name: measure_2025; Type: TABLE ATTACH; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.measure ATTACH PARTITION parts.measure_2025 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');


--
-- Name: measure_2026; Type: TABLE ATTACH; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.measure ATTACH PARTITION parts.measure_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');


--
-- Name: measure_2026_0; Type: TABLE ATTACH; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.measure_2026 ATTACH PARTITION parts.measure_2026_0 FOR VALUES WITH (modulus 2, remainder 0);


--
-- Name: measure_2026_1; Type: TABLE ATTACH; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.measure_2026 ATTACH PARTITION parts.measure_2026_1 FOR VALUES WITH (modulus 2, remainder 1);


--
-- Name: animal id; Type: DEFAULT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.animal ALTER COLUMN id SET DEFAULT nextval('main.animal_id_seq'::regclass);


--
-- Name: big_orders note; Type: DEFAULT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.big_orders ALTER COLUMN note SET DEFAULT 'n/a'::text;


--
-- Name: dog id; Type: DEFAULT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.dog ALTER COLUMN id SET DEFAULT nextval('main.animal_id_seq'::regclass);


--
-- Name: dog name; Type: DEFAULT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.dog ALTER COLUMN name SET DEFAULT 'rex'::text;


--
-- Name: dog legs; Type: DEFAULT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.dog ALTER COLUMN legs SET DEFAULT 4;


--
-- Name: local_column id; Type: DEFAULT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.local_column ALTER COLUMN id SET DEFAULT nextval('main.animal_id_seq'::regclass);


--
-- Name: orders id; Type: DEFAULT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.orders ALTER COLUMN id SET DEFAULT nextval('main.orders_id_seq'::regclass);


--
-- Name: scratch id; Type: DEFAULT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.scratch ALTER COLUMN id SET DEFAULT nextval('main.scratch_id_seq'::regclass);


--
-- Name: dollar$name id; Type: DEFAULT; Schema: public; Owner: Rôle "quoted"; -- odd
--

ALTER TABLE ONLY public."dollar$name" ALTER COLUMN id SET DEFAULT nextval('public."dollar$name_id_seq"'::regclass);


--
-- Name: table "with" 'quotes'; $tag$ and a new line table "with" 'quotes'; $tag$ and a new line_pkey; Type: CONSTRAINT; Schema: Odd; schema "quoted" $$; Owner: postgres
--

ALTER TABLE ONLY "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line"
    ADD CONSTRAINT "table ""with"" 'quotes'; $tag$
and a new line_pkey" PRIMARY KEY ("sel;ect");


--
-- Name: addresses addresses_pkey; Type: CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.addresses
    ADD CONSTRAINT addresses_pkey PRIMARY KEY (street);


--
-- Name: animal animal_pkey; Type: CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.animal
    ADD CONSTRAINT animal_pkey PRIMARY KEY (id);


--
-- Name: bookings bookings_no_overlap; Type: CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.bookings
    ADD CONSTRAINT bookings_no_overlap EXCLUDE USING gist (during WITH &&) WHERE ((room > 0)) DEFERRABLE;


--
-- Name: chicken chicken_pkey; Type: CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.chicken
    ADD CONSTRAINT chicken_pkey PRIMARY KEY (id);


--
-- Name: customers customers name; unique; Type: CONSTRAINT; Schema: main; Owner: every_owner
--

ALTER TABLE ONLY main.customers
    ADD CONSTRAINT "customers name; unique" UNIQUE (name) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: main; Owner: every_owner
--

ALTER TABLE ONLY main.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);


--
-- Name: documents documents_pkey; Type: CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.documents
    ADD CONSTRAINT documents_pkey PRIMARY KEY (id);


--
-- Name: egg egg_pkey; Type: CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.egg
    ADD CONSTRAINT egg_pkey PRIMARY KEY (id);


--
-- Name: every_type every_type_pkey; Type: CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.every_type
    ADD CONSTRAINT every_type_pkey PRIMARY KEY (id);


--
-- Name: notes notes_pkey; Type: CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.notes
    ADD CONSTRAINT notes_pkey PRIMARY KEY (id);


--
-- Name: orders orders_amount_check; Type: CHECK CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE main.orders
    ADD CONSTRAINT orders_amount_check CHECK ((amount >= (0)::numeric)) NOT VALID;


--
-- Name: CONSTRAINT orders_amount_check ON orders; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON CONSTRAINT orders_amount_check ON main.orders IS 'a constraint';


--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);


--
-- Name: percent percent_late; Type: CHECK CONSTRAINT; Schema: main; Owner: postgres
--

ALTER DOMAIN main.percent
    ADD CONSTRAINT percent_late CHECK ((VALUE <> (13)::numeric)) NOT VALID;


--
-- Name: measure measure_pkey; Type: CONSTRAINT; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.measure
    ADD CONSTRAINT measure_pkey PRIMARY KEY (at, device);


--
-- Name: measure; rest measure; rest_pkey; Type: CONSTRAINT; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts."measure; rest"
    ADD CONSTRAINT "measure; rest_pkey" PRIMARY KEY (at, device);


--
-- Name: measure_2025 measure_2025_pkey; Type: CONSTRAINT; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.measure_2025
    ADD CONSTRAINT measure_2025_pkey PRIMARY KEY (at, device);


--
-- Name: measure_2026 measure_2026_pkey; Type: CONSTRAINT; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.measure_2026
    ADD CONSTRAINT measure_2026_pkey PRIMARY KEY (at, device);


--
-- Name: measure_2026_0 measure_2026_0_pkey; Type: CONSTRAINT; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.measure_2026_0
    ADD CONSTRAINT measure_2026_0_pkey PRIMARY KEY (at, device);


--
-- Name: measure_2026_1 measure_2026_1_pkey; Type: CONSTRAINT; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.measure_2026_1
    ADD CONSTRAINT measure_2026_1_pkey PRIMARY KEY (at, device);


--
-- Name: dollar$name dollar$name_pkey; Type: CONSTRAINT; Schema: public; Owner: Rôle "quoted"; -- odd
--

ALTER TABLE ONLY public."dollar$name"
    ADD CONSTRAINT "dollar$name_pkey" PRIMARY KEY (id);


--
-- Name: idx "odd"; -- $1; Type: INDEX; Schema: Odd; schema "quoted" $$; Owner: postgres
--

CREATE INDEX "idx ""odd""; -- $1" ON "Odd; schema ""quoted"" $$"."table ""with"" 'quotes'; $tag$
and a new line" USING btree ("Ünï""cödé 表");


--
-- Name: orders; expression; Type: INDEX; Schema: main; Owner: postgres
--

CREATE INDEX "orders; expression" ON main.orders USING btree (lower(note), main.add(customer_id, 2), ((id % (10)::bigint)));
ALTER INDEX main."orders; expression" ALTER COLUMN 1 SET STATISTICS 200;


--
-- Name: orders_brin; Type: INDEX; Schema: main; Owner: postgres
--

CREATE INDEX orders_brin ON main.orders USING brin (placed_at) WITH (pages_per_range='16');


--
-- Name: orders_during; Type: INDEX; Schema: main; Owner: postgres
--

CREATE INDEX orders_during ON main.orders USING gist (during);


--
-- Name: orders_hash; Type: INDEX; Schema: main; Owner: postgres
--

CREATE INDEX orders_hash ON main.orders USING hash (number);


--
-- Name: orders_number; Type: INDEX; Schema: main; Owner: postgres
--

CREATE UNIQUE INDEX orders_number ON main.orders USING btree (number) NULLS NOT DISTINCT;

ALTER TABLE ONLY main.orders REPLICA IDENTITY USING INDEX orders_number;


--
-- Name: orders_partial; Type: INDEX; Schema: main; Owner: postgres
--

CREATE INDEX orders_partial ON main.orders USING btree (amount) WHERE ((amount > (100)::numeric) AND (note IS NOT NULL));


--
-- Name: orders_placed; Type: INDEX; Schema: main; Owner: postgres
--

CREATE INDEX orders_placed ON main.orders USING btree (placed_at DESC NULLS LAST, customer_id) INCLUDE (amount) WITH (fillfactor='70');

ALTER TABLE main.orders CLUSTER ON orders_placed;


--
-- Name: INDEX orders_placed; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON INDEX main.orders_placed IS 'an index';


--
-- Name: orders_temperature; Type: INDEX; Schema: main; Owner: postgres
--

CREATE INDEX orders_temperature ON main.orders USING btree (temperature);


--
-- Name: totals_customer; Type: INDEX; Schema: main; Owner: postgres
--

CREATE UNIQUE INDEX totals_customer ON main.totals USING btree (customer_id);


--
-- Name: measure_value; Type: INDEX; Schema: parts; Owner: postgres
--

CREATE INDEX measure_value ON ONLY parts.measure USING btree (value);


--
-- Name: measure; rest_value_idx; Type: INDEX; Schema: parts; Owner: postgres
--

CREATE INDEX "measure; rest_value_idx" ON parts."measure; rest" USING btree (value);


--
-- Name: measure_2025_only; Type: INDEX; Schema: parts; Owner: postgres
--

CREATE INDEX measure_2025_only ON parts.measure_2025 USING btree (kind);


--
-- Name: measure_2025_value_idx; Type: INDEX; Schema: parts; Owner: postgres
--

CREATE INDEX measure_2025_value_idx ON parts.measure_2025 USING btree (value);


--
-- Name: measure_2026_value_idx; Type: INDEX; Schema: parts; Owner: postgres
--

CREATE INDEX measure_2026_value_idx ON ONLY parts.measure_2026 USING btree (value);


--
-- Name: measure_2026_0_value_idx; Type: INDEX; Schema: parts; Owner: postgres
--

CREATE INDEX measure_2026_0_value_idx ON parts.measure_2026_0 USING btree (value);


--
-- Name: measure_2026_1_value_idx; Type: INDEX; Schema: parts; Owner: postgres
--

CREATE INDEX measure_2026_1_value_idx ON parts.measure_2026_1 USING btree (value);


--
-- Name: measure; rest_pkey; Type: INDEX ATTACH; Schema: parts; Owner: postgres
--

ALTER INDEX parts.measure_pkey ATTACH PARTITION parts."measure; rest_pkey";


--
-- Name: measure; rest_value_idx; Type: INDEX ATTACH; Schema: parts; Owner: postgres
--

ALTER INDEX parts.measure_value ATTACH PARTITION parts."measure; rest_value_idx";


--
-- Name: measure_2025_pkey; Type: INDEX ATTACH; Schema: parts; Owner: postgres
--

ALTER INDEX parts.measure_pkey ATTACH PARTITION parts.measure_2025_pkey;


--
-- Name: measure_2025_value_idx; Type: INDEX ATTACH; Schema: parts; Owner: postgres
--

ALTER INDEX parts.measure_value ATTACH PARTITION parts.measure_2025_value_idx;


--
-- Name: measure_2026_0_pkey; Type: INDEX ATTACH; Schema: parts; Owner: postgres
--

ALTER INDEX parts.measure_2026_pkey ATTACH PARTITION parts.measure_2026_0_pkey;


--
-- Name: measure_2026_0_value_idx; Type: INDEX ATTACH; Schema: parts; Owner: postgres
--

ALTER INDEX parts.measure_2026_value_idx ATTACH PARTITION parts.measure_2026_0_value_idx;


--
-- Name: measure_2026_1_pkey; Type: INDEX ATTACH; Schema: parts; Owner: postgres
--

ALTER INDEX parts.measure_2026_pkey ATTACH PARTITION parts.measure_2026_1_pkey;


--
-- Name: measure_2026_1_value_idx; Type: INDEX ATTACH; Schema: parts; Owner: postgres
--

ALTER INDEX parts.measure_2026_value_idx ATTACH PARTITION parts.measure_2026_1_value_idx;


--
-- Name: measure_2026_pkey; Type: INDEX ATTACH; Schema: parts; Owner: postgres
--

ALTER INDEX parts.measure_pkey ATTACH PARTITION parts.measure_2026_pkey;


--
-- Name: measure_2026_value_idx; Type: INDEX ATTACH; Schema: parts; Owner: postgres
--

ALTER INDEX parts.measure_value ATTACH PARTITION parts.measure_2026_value_idx;


--
-- Name: orders_expression; Type: STATISTICS; Schema: main; Owner: postgres
--

CREATE STATISTICS main.orders_expression ON customer_id, lower(note) FROM main.orders;


ALTER STATISTICS main.orders_expression OWNER TO postgres;

--
-- Name: orders_stats; Type: STATISTICS; Schema: main; Owner: postgres
--

CREATE STATISTICS main.orders_stats ON customer_id, placed_at, amount FROM main.orders;
ALTER STATISTICS main.orders_stats SET STATISTICS 50;


ALTER STATISTICS main.orders_stats OWNER TO postgres;

--
-- Name: STATISTICS orders_stats; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON STATISTICS main.orders_stats IS 'statistics';


--
-- Name: grouped _RETURN; Type: RULE; Schema: main; Owner: postgres
--

CREATE OR REPLACE VIEW main.grouped AS
 SELECT id,
    name,
    count(*) AS n
   FROM main.customers
  GROUP BY id;


--
-- Name: notes notes_log; Type: RULE; Schema: main; Owner: postgres
--

CREATE RULE notes_log AS
    ON DELETE TO main.notes DO
 NOTIFY "every; kind";


--
-- Name: RULE notes_log ON notes; Type: COMMENT; Schema: main; Owner: postgres
--

COMMENT ON RULE notes_log ON main.notes IS 'a rule';


--
-- Name: writable writable_delete; Type: RULE; Schema: main; Owner: postgres
--

CREATE RULE writable_delete AS
    ON DELETE TO main.writable DO INSTEAD ( DELETE FROM main.notes
  WHERE (notes.id = old.id);
 SELECT 1 AS "?column?";
);


--
-- Name: customers customers; all; Type: TRIGGER; Schema: main; Owner: every_owner
--

CREATE TRIGGER "customers; all" AFTER INSERT ON main.customers REFERENCING NEW TABLE AS fresh FOR EACH STATEMENT EXECUTE FUNCTION main.touch();


--
-- Name: customers customers_disabled; Type: TRIGGER; Schema: main; Owner: every_owner
--

CREATE TRIGGER customers_disabled AFTER DELETE OR TRUNCATE ON main.customers FOR EACH STATEMENT EXECUTE FUNCTION main.touch();

ALTER TABLE main.customers DISABLE TRIGGER customers_disabled;


--
-- Name: customers customers_late; Type: TRIGGER; Schema: main; Owner: every_owner
--

CREATE CONSTRAINT TRIGGER customers_late AFTER INSERT OR UPDATE ON main.customers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION main.touch();

ALTER TABLE main.customers ENABLE ALWAYS TRIGGER customers_late;


--
-- Name: customers customers_touch; Type: TRIGGER; Schema: main; Owner: every_owner
--

CREATE TRIGGER customers_touch BEFORE UPDATE OF name, email ON main.customers FOR EACH ROW WHEN ((old.name IS DISTINCT FROM new.name)) EXECUTE FUNCTION main.touch('arg; 1', 'it''s');


--
-- Name: TRIGGER customers_touch ON customers; Type: COMMENT; Schema: main; Owner: every_owner
--

COMMENT ON TRIGGER customers_touch ON main.customers IS 'a trigger';


--
-- Name: writable writable_insert; Type: TRIGGER; Schema: main; Owner: postgres
--

CREATE TRIGGER writable_insert INSTEAD OF INSERT ON main.writable FOR EACH ROW EXECUTE FUNCTION main.instead();


--
-- Name: measure measure_touch; Type: TRIGGER; Schema: parts; Owner: postgres
--

CREATE TRIGGER measure_touch BEFORE INSERT ON parts.measure FOR EACH ROW EXECUTE FUNCTION main.touch();


--
-- Name: chicken chicken_egg; Type: FK CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.chicken
    ADD CONSTRAINT chicken_egg FOREIGN KEY (egg) REFERENCES main.egg(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: customers customers_invited_by_fkey; Type: FK CONSTRAINT; Schema: main; Owner: every_owner
--

ALTER TABLE ONLY main.customers
    ADD CONSTRAINT customers_invited_by_fkey FOREIGN KEY (invited_by) REFERENCES main.customers(id) ON DELETE SET NULL;


--
-- Name: egg egg_chicken; Type: FK CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.egg
    ADD CONSTRAINT egg_chicken FOREIGN KEY (chicken) REFERENCES main.chicken(id) DEFERRABLE INITIALLY DEFERRED;


--
-- Name: egg egg_not_valid; Type: FK CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.egg
    ADD CONSTRAINT egg_not_valid FOREIGN KEY (id) REFERENCES main.chicken(id) NOT VALID;


--
-- Name: orders orders_customer_id_fkey; Type: FK CONSTRAINT; Schema: main; Owner: postgres
--

ALTER TABLE ONLY main.orders
    ADD CONSTRAINT orders_customer_id_fkey FOREIGN KEY (customer_id) REFERENCES main.customers(id) ON UPDATE CASCADE;


--
-- Name: child_of_partitioned child_of_partitioned_at_device_fkey; Type: FK CONSTRAINT; Schema: parts; Owner: postgres
--

ALTER TABLE ONLY parts.child_of_partitioned
    ADD CONSTRAINT child_of_partitioned_at_device_fkey FOREIGN KEY (at, device) REFERENCES parts.measure(at, device);


--
-- Name: customers; Type: ROW SECURITY; Schema: main; Owner: every_owner
--

ALTER TABLE main.customers ENABLE ROW LEVEL SECURITY;

--
-- Name: customers customers_read; Type: POLICY; Schema: main; Owner: every_owner
--

CREATE POLICY customers_read ON main.customers FOR SELECT TO every_reader, "Rôle ""quoted""; -- odd" USING ((name <> 'secret; to all'::text));


--
-- Name: POLICY customers_read ON customers; Type: COMMENT; Schema: main; Owner: every_owner
--

COMMENT ON POLICY customers_read ON main.customers IS 'a policy';


--
-- Name: orders; Type: ROW SECURITY; Schema: main; Owner: postgres
--

ALTER TABLE main.orders ENABLE ROW LEVEL SECURITY;

--
-- Name: orders orders; all; Type: POLICY; Schema: main; Owner: postgres
--

CREATE POLICY "orders; all" ON main.orders AS RESTRICTIVE USING ((customer_id > 0)) WITH CHECK (true);


--
-- Name: all_pub; Type: PUBLICATION; Schema: -; Owner: every_owner
--

CREATE PUBLICATION all_pub FOR ALL TABLES WITH (publish = 'insert, update, delete, truncate');


ALTER PUBLICATION all_pub OWNER TO every_owner;

--
-- Name: every_pub; Type: PUBLICATION; Schema: -; Owner: postgres
--

CREATE PUBLICATION every_pub WITH (publish = 'insert, update', publish_via_partition_root = true);


ALTER PUBLICATION every_pub OWNER TO postgres;

--
-- Name: PUBLICATION every_pub; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON PUBLICATION every_pub IS 'a publication';


--
-- Name: schema_pub; Type: PUBLICATION; Schema: -; Owner: postgres
--

CREATE PUBLICATION schema_pub WITH (publish = 'insert, update, delete, truncate');


ALTER PUBLICATION schema_pub OWNER TO postgres;

--
-- Name: every_pub animal; Type: PUBLICATION TABLE; Schema: main; Owner: postgres
--

ALTER PUBLICATION every_pub ADD TABLE ONLY main.animal;


--
-- Name: schema_pub notes; Type: PUBLICATION TABLE; Schema: main; Owner: postgres
--

ALTER PUBLICATION schema_pub ADD TABLE ONLY main.notes;


--
-- Name: every_pub orders; Type: PUBLICATION TABLE; Schema: main; Owner: postgres
--

ALTER PUBLICATION every_pub ADD TABLE ONLY main.orders (id, number, amount) WHERE ((number > 10));


--
-- Name: schema_pub parts; Type: PUBLICATION TABLES IN SCHEMA; Schema: parts; Owner: postgres
--

ALTER PUBLICATION schema_pub ADD TABLES IN SCHEMA parts;


--
-- Name: every_sub; Type: SUBSCRIPTION; Schema: -; Owner: postgres
--

CREATE SUBSCRIPTION every_sub CONNECTION 'host=nowhere.invalid dbname=none' PUBLICATION every_pub, other_pub WITH (connect = false, slot_name = NONE, streaming = parallel);


ALTER SUBSCRIPTION every_sub OWNER TO postgres;

--
-- Name: SUBSCRIPTION every_sub; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON SUBSCRIPTION every_sub IS 'a subscription';


--
-- Name: SCHEMA main; Type: ACL; Schema: -; Owner: every_owner
--

GRANT ALL ON SCHEMA main TO every_reader;


--
-- Name: LANGUAGE every_language; Type: ACL; Schema: -; Owner: every_owner
--

GRANT ALL ON LANGUAGE every_language TO every_reader;


--
-- Name: TYPE mood; Type: ACL; Schema: main; Owner: every_owner
--

GRANT ALL ON TYPE main.mood TO every_reader;


--
-- Name: FUNCTION add(a integer, b integer); Type: ACL; Schema: main; Owner: every_owner
--

REVOKE ALL ON FUNCTION main.add(a integer, b integer) FROM PUBLIC;
GRANT ALL ON FUNCTION main.add(a integer, b integer) TO every_reader;
GRANT ALL ON FUNCTION main.add(a integer, b integer) TO "Rôle ""quoted""; -- odd";


--
-- Name: FOREIGN DATA WRAPPER every_wrapper; Type: ACL; Schema: -; Owner: postgres
--

GRANT ALL ON FOREIGN DATA WRAPPER every_wrapper TO every_owner;


--
-- Name: FOREIGN SERVER every_server; Type: ACL; Schema: -; Owner: every_owner
--

GRANT ALL ON FOREIGN SERVER every_server TO every_reader;


--
-- Name: SEQUENCE order_number; Type: ACL; Schema: main; Owner: postgres
--

GRANT SELECT,USAGE ON SEQUENCE main.order_number TO every_reader WITH GRANT OPTION;


--
-- Name: COLUMN customers.id; Type: ACL; Schema: main; Owner: every_owner
--

GRANT SELECT(id) ON TABLE main.customers TO every_reader WITH GRANT OPTION;
GRANT SELECT(id) ON TABLE main.customers TO "Rôle ""quoted""; -- odd" WITH GRANT OPTION;


--
-- Name: COLUMN customers.name; Type: ACL; Schema: main; Owner: every_owner
--

GRANT SELECT(name),UPDATE(name) ON TABLE main.customers TO every_reader WITH GRANT OPTION;
GRANT SELECT(name),UPDATE(name) ON TABLE main.customers TO "Rôle ""quoted""; -- odd" WITH GRANT OPTION;


--
-- Name: TABLE notes; Type: ACL; Schema: main; Owner: postgres
--

GRANT INSERT,DELETE,UPDATE ON TABLE main.notes TO PUBLIC;


--
-- Name: TABLE by_hashed_enum; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.by_hashed_enum TO every_reader;


--
-- Name: TABLE by_hashed_enum_0; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.by_hashed_enum_0 TO every_reader;


--
-- Name: TABLE by_hashed_enum_1; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.by_hashed_enum_1 TO every_reader;


--
-- Name: TABLE by_hashed_enum_2; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.by_hashed_enum_2 TO every_reader;


--
-- Name: TABLE by_mood; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.by_mood TO every_reader;


--
-- Name: TABLE by_mood_rest; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.by_mood_rest TO every_reader;


--
-- Name: TABLE by_mood_sad; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.by_mood_sad TO every_reader;


--
-- Name: TABLE child_of_partitioned; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.child_of_partitioned TO every_reader;


--
-- Name: TABLE measure; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.measure TO every_reader;


--
-- Name: TABLE "measure; rest"; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts."measure; rest" TO every_reader;


--
-- Name: TABLE measure_2025; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.measure_2025 TO every_reader;


--
-- Name: TABLE measure_2026; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.measure_2026 TO every_reader;


--
-- Name: TABLE measure_2026_0; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.measure_2026_0 TO every_reader;


--
-- Name: TABLE measure_2026_1; Type: ACL; Schema: parts; Owner: postgres
--

GRANT SELECT ON TABLE parts.measure_2026_1 TO every_reader;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: main; Owner: every_owner
--

ALTER DEFAULT PRIVILEGES FOR ROLE every_owner IN SCHEMA main GRANT SELECT ON TABLES TO every_reader;


--
-- Name: DEFAULT PRIVILEGES FOR SEQUENCES; Type: DEFAULT ACL; Schema: parts; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres IN SCHEMA parts GRANT ALL ON SEQUENCES TO "Rôle ""quoted""; -- odd";


--
-- Name: DEFAULT PRIVILEGES FOR TYPES; Type: DEFAULT ACL; Schema: -; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT ALL ON TYPES TO every_reader WITH GRANT OPTION;


--
-- Name: DEFAULT PRIVILEGES FOR FUNCTIONS; Type: DEFAULT ACL; Schema: -; Owner: every_owner
--

ALTER DEFAULT PRIVILEGES FOR ROLE every_owner REVOKE ALL ON FUNCTIONS FROM PUBLIC;


--
-- Name: every_ddl; Type: EVENT TRIGGER; Schema: -; Owner: postgres
--

CREATE EVENT TRIGGER every_ddl ON ddl_command_end
         WHEN TAG IN ('CREATE TABLE', 'DROP TABLE')
   EXECUTE FUNCTION main.on_ddl();


ALTER EVENT TRIGGER every_ddl OWNER TO postgres;

--
-- Name: EVENT TRIGGER every_ddl; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON EVENT TRIGGER every_ddl IS 'an event trigger';


--
-- Name: every_disabled; Type: EVENT TRIGGER; Schema: -; Owner: postgres
--

CREATE EVENT TRIGGER every_disabled ON sql_drop
   EXECUTE FUNCTION main.on_ddl();

ALTER EVENT TRIGGER every_disabled DISABLE;


ALTER EVENT TRIGGER every_disabled OWNER TO postgres;

--
-- PostgreSQL database dump complete
--

\unrestrict every

