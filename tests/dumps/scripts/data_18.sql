--
-- PostgreSQL database dump
--

\restrict key

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

--
-- Name: archive_shop; Type: DATABASE; Schema: -; Owner: archive_owner
--

CREATE DATABASE archive_shop WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';


ALTER DATABASE archive_shop OWNER TO archive_owner;

\unrestrict key
\connect archive_shop
\restrict key

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

--
-- Name: archive_shop; Type: DATABASE PROPERTIES; Schema: -; Owner: archive_owner
--

ALTER DATABASE archive_shop SET work_mem TO '8MB';


\unrestrict key
\connect archive_shop
\restrict key

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
-- Name: 430001..430003; Type: BLOB METADATA; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('430001');
SELECT pg_catalog.lo_create('430002');
SELECT pg_catalog.lo_create('430003');

ALTER LARGE OBJECT 430001 OWNER TO postgres;
ALTER LARGE OBJECT 430002 OWNER TO postgres;
ALTER LARGE OBJECT 430003 OWNER TO postgres;

--
-- Name: 430004; Type: BLOB METADATA; Schema: -; Owner: postgres
--

SELECT pg_catalog.lo_create('430004');

ALTER LARGE OBJECT 430004 OWNER TO postgres;

--
-- Name: LARGE OBJECT 430004; Type: COMMENT; Schema: -; Owner: postgres
--

COMMENT ON LARGE OBJECT 430004 IS 'a large object';


--
-- Data for Name: 430001..430003; Type: BLOBS; Schema: -; Owner: postgres
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

COMMIT;

--
-- Data for Name: 430004; Type: BLOBS; Schema: -; Owner: postgres
--

BEGIN;

SELECT pg_catalog.lo_open('430004', 131072);
SELECT pg_catalog.lowrite(0, '\x616c6f6e65');
SELECT pg_catalog.lo_close(0);

COMMIT;

--
-- Name: LARGE OBJECTS 430001..430003; Type: ACL; Schema: -; Owner: postgres
--

GRANT SELECT ON LARGE OBJECT 430001 TO "archive ""reader""";
GRANT SELECT ON LARGE OBJECT 430002 TO "archive ""reader""";
GRANT SELECT ON LARGE OBJECT 430003 TO "archive ""reader""";

GRANT SELECT ON LARGE OBJECT 430001 TO archive_owner;
GRANT SELECT ON LARGE OBJECT 430002 TO archive_owner;
GRANT SELECT ON LARGE OBJECT 430003 TO archive_owner;

--
-- PostgreSQL database dump complete
--

\unrestrict key

