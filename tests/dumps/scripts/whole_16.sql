--
-- PostgreSQL database dump
--

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 16.2

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: archive_shop; Type: DATABASE; Schema: -; Owner: archive_owner
--

CREATE DATABASE archive_shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';


ALTER DATABASE archive_shop OWNER TO archive_owner;

\connect archive_shop

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: DATABASE archive_shop; Type: COMMENT; Schema: -; Owner: archive_owner
--

COMMENT ON DATABASE archive_shop IS 'all of it';


--
-- Name: archive_shop; Type: DATABASE PROPERTIES; Schema: -; Owner: archive_owner
--

ALTER DATABASE archive_shop SET work_mem TO '8MB';


\connect archive_shop

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: Odd "; schema; Type: SCHEMA; Schema: -; Owner: archive_owner
--

CREATE SCHEMA "Odd ""; schema";


ALTER SCHEMA "Odd ""; schema" OWNER TO archive_owner;

--
-- Name: mood; Type: TYPE; Schema: public; Owner: postgres
--

CREATE TYPE public.mood AS ENUM (
    'sad',
    'happy'
);


ALTER TYPE public.mood OWNER TO postgres;

--
-- Name: positive; Type: DOMAIN; Schema: public; Owner: postgres
--

CREATE DOMAIN public.positive AS integer
	CONSTRAINT positive_check CHECK ((VALUE > 0));


ALTER DOMAIN public.positive OWNER TO postgres;

--
-- Name: half(numeric); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.half(x numeric DEFAULT 1) RETURNS numeric
    LANGUAGE sql
    AS $$SELECT x / 2; -- ;$$;


ALTER FUNCTION public.half(x numeric) OWNER TO postgres;

--
-- Name: nothing(); Type: PROCEDURE; Schema: public; Owner: postgres
--

CREATE PROCEDURE public.nothing()
    LANGUAGE plpgsql
    AS $$BEGIN NULL; END$$;


ALTER PROCEDURE public.nothing() OWNER TO postgres;

--
-- Name: watch(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.watch() RETURNS event_trigger
    LANGUAGE plpgsql
    AS $$BEGIN END$$;


ALTER FUNCTION public.watch() OWNER TO postgres;

--
-- Name: whole(integer); Type: FUNCTION; Schema: public; Owner: archive_owner
--

CREATE FUNCTION public.whole(x integer) RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT 1;
 SELECT x AS x;
END;


ALTER FUNCTION public.whole(x integer) OWNER TO archive_owner;

--
-- Name: total(integer); Type: AGGREGATE; Schema: public; Owner: postgres
--

CREATE AGGREGATE public.total(integer) (
    SFUNC = int4pl,
    STYPE = integer
);


ALTER AGGREGATE public.total(integer) OWNER TO postgres;

--
-- Name: archive_heap; Type: ACCESS METHOD; Schema: -; Owner: -
--

CREATE ACCESS METHOD archive_heap TYPE TABLE HANDLER heap_tableam_handler;


--
-- Name: +|+; Type: OPERATOR; Schema: public; Owner: postgres
--

CREATE OPERATOR public.+|+ (
    FUNCTION = int4pl,
    LEFTARG = integer,
    RIGHTARG = integer
);


ALTER OPERATOR public.+|+ (integer, integer) OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: new line; "; Type: TABLE; Type: TABLE; Schema: Odd "; schema; Owner: archive_owner
--

CREATE TABLE "Odd ""; schema"."new
line; ""; Type: TABLE" (
    x integer
);
ALTER TABLE ONLY "Odd ""; schema"."new
line; ""; Type: TABLE" ALTER COLUMN x SET (pg_attver=76614936);


ALTER TABLE "Odd ""; schema"."new
line; ""; Type: TABLE" OWNER TO archive_owner;

SET default_table_access_method = archive_heap;

--
-- Name: orders; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.orders (
    id integer NOT NULL,
    customer integer,
    total numeric
);
ALTER TABLE ONLY public.orders ALTER COLUMN id SET (pg_attver=76585248);
ALTER TABLE ONLY public.orders ALTER COLUMN customer SET (pg_attver=76585248);
ALTER TABLE ONLY public.orders ALTER COLUMN total SET (pg_attver=76585248);


ALTER TABLE public.orders OWNER TO postgres;

--
-- Name: big_orders; Type: VIEW; Schema: public; Owner: postgres
--

CREATE VIEW public.big_orders AS
 SELECT orders.id,
    orders.customer,
    orders.total
   FROM public.orders
  WHERE (orders.total > (5)::numeric);


ALTER VIEW public.big_orders OWNER TO postgres;

SET default_table_access_method = heap;

--
-- Name: customers; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.customers (
    id integer NOT NULL,
    name text NOT NULL
);
ALTER TABLE ONLY public.customers ALTER COLUMN id SET (pg_attver=76566992);
ALTER TABLE ONLY public.customers ALTER COLUMN name SET (pg_attver=76566992);


ALTER TABLE public.customers OWNER TO postgres;

SET default_tablespace = archive_fast;

--
-- Name: empty; Type: TABLE; Schema: public; Owner: postgres; Tablespace: archive_fast
--

CREATE TABLE public.empty (
    x integer
);
ALTER TABLE ONLY public.empty ALTER COLUMN x SET (pg_attver=76606704);


ALTER TABLE public.empty OWNER TO postgres;

SET default_tablespace = '';

--
-- Name: events; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.events (
    day date,
    note text
)
PARTITION BY RANGE (day);
ALTER TABLE ONLY public.events ALTER COLUMN day SET (pg_attver=76619928);
ALTER TABLE ONLY public.events ALTER COLUMN note SET (pg_attver=76619928);


ALTER TABLE public.events OWNER TO postgres;

--
-- Name: events_2026; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.events_2026 (
    day date,
    note text
);
ALTER TABLE ONLY public.events_2026 ALTER COLUMN day SET (pg_attver=76625240);
ALTER TABLE ONLY public.events_2026 ALTER COLUMN note SET (pg_attver=76625240);


ALTER TABLE public.events_2026 OWNER TO postgres;

--
-- Name: orders_id_seq; Type: SEQUENCE; Schema: public; Owner: postgres
--

ALTER TABLE public.orders ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.orders_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: totals; Type: MATERIALIZED VIEW; Schema: public; Owner: postgres
--

CREATE MATERIALIZED VIEW public.totals AS
 SELECT orders.customer,
    sum(orders.total) AS total
   FROM public.orders
  GROUP BY orders.customer
  WITH NO DATA;
ALTER TABLE ONLY public.totals ALTER COLUMN customer SET (pg_attver=76652632);
ALTER TABLE ONLY public.totals ALTER COLUMN total SET (pg_attver=76652632);


ALTER MATERIALIZED VIEW public.totals OWNER TO postgres;

--
-- Name: events_2026; Type: TABLE ATTACH; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.events ATTACH PARTITION public.events_2026 FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');


--
-- Name: 430001; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('430001');


ALTER LARGE OBJECT 430001 OWNER TO postgres;

--
-- Name: 430002; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('430002');


ALTER LARGE OBJECT 430002 OWNER TO postgres;

--
-- Name: 430003; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('430003');


ALTER LARGE OBJECT 430003 OWNER TO postgres;

--
-- Name: 430004; Type: BLOB; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('430004');


ALTER LARGE OBJECT 430004 OWNER TO postgres;

--
-- Name: LARGE OBJECT 430004; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON LARGE OBJECT 430004 IS 'a large object';


--
-- Data for Name: new line; "; Type: TABLE; Type: TABLE DATA; Schema: Odd "; schema; Owner: archive_owner
--

COPY "Odd ""; schema"."new
line; ""; Type: TABLE" (x) FROM stdin;
\.


--
-- Data for Name: customers; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.customers (id, name) FROM stdin;
1	Ada
2	Grüße; 表
3	two\nlines \\.
\.


--
-- Data for Name: empty; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.empty (x) FROM stdin;
\.


--
-- Data for Name: events_2026; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.events_2026 (day, note) FROM stdin;
2026-11-22	a dump
\.


--
-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.orders (id, customer, total) FROM stdin;
1	2	1.5
2	3	3.0
3	1	4.5
4	2	6.0
5	3	7.5
6	1	9.0
7	2	10.5
8	3	12.0
9	1	13.5
\.


--
-- Name: orders_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.orders_id_seq', 9, true);


--
-- Data for Name: BLOBS; Type: BLOBS; Schema: -; Owner: -
--

BEGIN;

SELECT pg_catalog.lo_open('430001', 131072);
SELECT pg_catalog.lowrite(0, '\x00ff5c0a27');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('430002', 131072);
SELECT pg_catalog.lowrite(0, '\x74776f');
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('430003', 131072);
SELECT pg_catalog.lo_close(0);

SELECT pg_catalog.lo_open('430004', 131072);
SELECT pg_catalog.lowrite(0, '\x616c6f6e65');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);


--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);


--
-- Name: events_day; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX events_day ON ONLY public.events USING btree (day);


--
-- Name: events_2026_day_idx; Type: INDEX; Schema: public; Owner: postgres
--

CREATE INDEX events_2026_day_idx ON public.events_2026 USING btree (day);


SET default_tablespace = archive_fast;

--
-- Name: orders_total; Type: INDEX; Schema: public; Owner: postgres; Tablespace: archive_fast
--

CREATE INDEX orders_total ON public.orders USING btree (total);


--
-- Name: INDEX orders_total; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON INDEX public.orders_total IS 'a comment of no section';


SET default_tablespace = '';

--
-- Name: totals_customer; Type: INDEX; Schema: public; Owner: postgres
--

CREATE UNIQUE INDEX totals_customer ON public.totals USING btree (customer);


--
-- Name: events_2026_day_idx; Type: INDEX ATTACH; Schema: public; Owner: postgres
--

ALTER INDEX public.events_day ATTACH PARTITION public.events_2026_day_idx;


--
-- Name: order_statistics; Type: STATISTICS; Schema: public; Owner: postgres
--

CREATE STATISTICS public.order_statistics ON customer, total FROM public.orders;


ALTER STATISTICS public.order_statistics OWNER TO postgres;

--
-- Name: orders orders_customer_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer) REFERENCES public.customers(id);


--
-- Name: orders only_some; Type: POLICY; Schema: public; Owner: postgres
--

CREATE POLICY only_some ON public.orders USING ((total > (0)::numeric));


--
-- Name: all_orders; Type: PUBLICATION; Schema: -; Owner: postgres
--

CREATE PUBLICATION all_orders WITH (publish = 'insert, update, delete, truncate');


ALTER PUBLICATION all_orders OWNER TO postgres;

--
-- Name: all_orders orders; Type: PUBLICATION TABLE; Schema: public; Owner: postgres
--

ALTER PUBLICATION all_orders ADD TABLE ONLY public.orders;


--
-- Name: DATABASE archive_shop; Type: ACL; Schema: -; Owner: archive_owner
--

GRANT CONNECT ON DATABASE archive_shop TO "archive ""reader""";


--
-- Name: TABLE customers; Type: ACL; Schema: public; Owner: postgres
--

GRANT SELECT ON TABLE public.customers TO "archive ""reader""";


--
-- Name: COLUMN customers.name; Type: ACL; Schema: public; Owner: postgres
--

GRANT UPDATE(name) ON TABLE public.customers TO archive_owner;


--
-- Name: LARGE OBJECT 430001; Type: ACL; Schema: -; Owner: postgres
--

GRANT SELECT ON LARGE OBJECT 430001 TO "archive ""reader""";
GRANT SELECT ON LARGE OBJECT 430001 TO archive_owner;


--
-- Name: LARGE OBJECT 430002; Type: ACL; Schema: -; Owner: postgres
--

GRANT SELECT ON LARGE OBJECT 430002 TO "archive ""reader""";
GRANT SELECT ON LARGE OBJECT 430002 TO archive_owner;


--
-- Name: LARGE OBJECT 430003; Type: ACL; Schema: -; Owner: postgres
--

GRANT SELECT ON LARGE OBJECT 430003 TO "archive ""reader""";
GRANT SELECT ON LARGE OBJECT 430003 TO archive_owner;


--
-- Name: DEFAULT PRIVILEGES FOR TABLES; Type: DEFAULT ACL; Schema: -; Owner: postgres
--

ALTER DEFAULT PRIVILEGES FOR ROLE postgres GRANT SELECT ON TABLES TO archive_owner;


--
-- Name: watcher; Type: EVENT TRIGGER; Schema: -; Owner: postgres
--

CREATE EVENT TRIGGER watcher ON ddl_command_end
   EXECUTE FUNCTION public.watch();


ALTER EVENT TRIGGER watcher OWNER TO postgres;

--
-- Name: EVENT TRIGGER watcher; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON EVENT TRIGGER watcher IS 'watches';


--
-- Name: totals; Type: MATERIALIZED VIEW DATA; Schema: public; Owner: postgres
--

REFRESH MATERIALIZED VIEW public.totals;


--
-- PostgreSQL database dump complete
--

