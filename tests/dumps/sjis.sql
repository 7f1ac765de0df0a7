--
-- PostgreSQL database dump
--

\restrict dQFkmq1eTPHTQSJI8Sq09SCp4bo9hZwBJSgZSXpb30L6YScxhp5MhO7fPwyeT8B

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'SJIS';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
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
-- Name: empty; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.empty (
    x integer
);


ALTER TABLE public.empty OWNER TO postgres;

--
-- Name: odd; "name" -- x; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public."odd; ""name"" -- x" (
    "a;b" text DEFAULT ';'::text
);


ALTER TABLE public."odd; ""name"" -- x" OWNER TO postgres;

--
-- Name: orders; Type: TABLE; Schema: public; Owner: postgres
--

CREATE TABLE public.orders (
    id integer NOT NULL,
    customer integer,
    total numeric
);


ALTER TABLE public.orders OWNER TO postgres;

--
-- Name: TABLE orders; Type: COMMENT; Schema: public; Owner: postgres
--

COMMENT ON TABLE public.orders IS '-- PostgreSQL database dump complete';


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
-- Data for Name: empty; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public.empty (x) FROM stdin;
\.


--
-- Data for Name: odd; "name" -- x; Type: TABLE DATA; Schema: public; Owner: postgres
--

COPY public."odd; ""name"" -- x" ("a;b") FROM stdin;
\\
'
\.


--
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
-- Name: orders_id_seq; Type: SEQUENCE SET; Schema: public; Owner: postgres
--

SELECT pg_catalog.setval('public.orders_id_seq', 20, true);


--
-- Name: orders orders_pkey; Type: CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_pkey PRIMARY KEY (id);


--
-- Name: orders orders_customer_fkey; Type: FK CONSTRAINT; Schema: public; Owner: postgres
--

ALTER TABLE ONLY public.orders
    ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer) REFERENCES public.customers(id);


--
-- PostgreSQL database dump complete
--

\unrestrict dQFkmq1eTPHTQSJI8Sq09SCp4bo9hZwBJSgZSXpb30L6YScxhp5MhO7fPwyeT8B

