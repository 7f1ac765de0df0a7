--
-- PostgreSQL database dump
--

\restrict Ly00aEK2qpdRlrAqnK5xeTZGJmucfbbYiXmhhIfuCwkzBVVVweHwOb84aFe4gdv

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

-- Started on 2026-11-22 15:47:01 UTC

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

DROP DATABASE IF EXISTS dump_shop;
--
-- TOC entry 3369 (class 1262 OID 16384)
-- Name: dump_shop; Type: DATABASE; Schema: -; Owner: postgres
--

CREATE DATABASE dump_shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';


ALTER DATABASE dump_shop OWNER TO postgres;

\unrestrict Ly00aEK2qpdRlrAqnK5xeTZGJmucfbbYiXmhhIfuCwkzBVVVweHwOb84aFe4gdv
\connect dump_shop
\restrict Ly00aEK2qpdRlrAqnK5xeTZGJmucfbbYiXmhhIfuCwkzBVVVweHwOb84aFe4gdv

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
-- TOC entry 219 (class 1255 OID 16414)
-- Name: begin(integer); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.begin(x integer) RETURNS integer
    LANGUAGE sql
    BEGIN ATOMIC
 SELECT
         CASE
             WHEN (x > 0) THEN 1
             ELSE 2
         END AS "case";
 SELECT 1;
END;


ALTER FUNCTION public.begin(x integer) OWNER TO postgres;

--
-- TOC entry 220 (class 1255 OID 16415)
-- Name: dollars(); Type: FUNCTION; Schema: public; Owner: postgres
--

CREATE FUNCTION public.dollars() RETURNS text
    LANGUAGE plpgsql
    AS $_$
BEGIN
  -- a comment; with $$ and '
  RETURN $x$;\.$x$ || '\';
END
$_$;


ALTER FUNCTION public.dollars() OWNER TO postgres;

SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- TOC entry 214 (class 1259 OID 16385)
-- Name: customers; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.customers (
    id integer NOT NULL,
    name text,
    note text
);


ALTER TABLE public.customers OWNER TO postgres;

--
-- TOC entry 217 (class 1259 OID 16405)
-- Name: empty; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.empty (
    x integer
);


ALTER TABLE public.empty OWNER TO postgres;

--
-- TOC entry 218 (class 1259 OID 16408)
-- Name: odd; "name" -- x; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public."odd; ""name"" -- x" (
    "a;b" text DEFAULT ';'::text
);


ALTER TABLE public."odd; ""name"" -- x" OWNER TO postgres;

--
-- TOC entry 216 (class 1259 OID 16393)
-- Name: orders; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.orders (
    id integer NOT NULL,
    customer integer,
    total numeric
);


ALTER TABLE public.orders OWNER TO postgres;

--
-- TOC entry 3370 (class 0 OID 0)
-- Dependencies: 216
-- Name: TABLE orders; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.orders IS '-- PostgreSQL database dump complete';


--
-- TOC entry 215 (class 1259 OID 16392)
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
-- TOC entry 3359 (class 0 OID 16385)
-- Dependencies: 214
-- Data for Name: customers; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.customers (id, name, note) FROM stdin;
1	Ada	a\\.b
2	Grüße; 表	two\nlines
3	\N	\\.
4	it's	$$
\.


--
-- TOC entry 3362 (class 0 OID 16405)
-- Dependencies: 217
-- Data for Name: empty; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.empty (x) FROM stdin;
\.


--
-- TOC entry 3363 (class 0 OID 16408)
-- Dependencies: 218
-- Data for Name: odd; "name" -- x; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public."odd; ""name"" -- x" ("a;b") FROM stdin;
\\
'
\.


--
-- TOC entry 3361 (class 0 OID 16393)
-- Dependencies: 216
-- Data for Name: orders; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.orders (id, customer, total) FROM stdin;
1	2	1.5
2	3	3.0
3	4	4.5
4	1	6.0
5	2	7.5
6	3	9.0
7	4	10.5
8	1	12.0
9	2	13.5
10	3	15.0
11	4	16.5
12	1	18.0
13	2	19.5
14	3	21.0
15	4	22.5
16	1	24.0
17	2	25.5
18	3	27.0
19	4	28.5
20	1	30.0
\.


--
-- TOC entry 3371 (class 0 OID 0)
-- Dependencies: 215
-- Name: orders_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.orders_id_seq', 20, true);


--
-- TOC entry 3213 (class 2606 OID 16391)
-- Name: customers customers_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.customers
    ADD CONSTRAINT customers_pkey PRIMARY KEY (id);


--
-- TOC entry 3215 (class 2606 OID 16399)
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);


--
-- TOC entry 3216 (class 2606 OID 16400)
-- Name: orders orders_customer_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer) REFERENCES public.customers(id);


-- Completed on 2026-11-22 15:47:01 UTC

--
-- PostgreSQL database dump complete
--

\unrestrict Ly00aEK2qpdRlrAqnK5xeTZGJmucfbbYiXmhhIfuCwkzBVVVweHwOb84aFe4gdv

