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

--
-- Statistics for Name: notes; Type: STATISTICS DATA; Schema: main; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'main',
	'relname', 'notes',
	'relpages', '1'::integer,
	'reltuples', '9'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'main',
	'relname', 'notes',
	'attname', 'body',
	'inherited', 'f'::boolean,
	'null_frac', '0.11111111'::real,
	'avg_width', '6'::integer,
	'n_distinct', '-0.8888889'::real,
	'histogram_bounds', '{"","$$ dollars $x$",--,"\\.","\\N","a	tab",first,"semi; colon"}'::text,
	'correlation', '-0.45238096'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'main',
	'relname', 'notes',
	'attname', 'id',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '4'::integer,
	'n_distinct', '-1'::real,
	'histogram_bounds', '{10,20,30,40,50,60,70,80,90}'::text,
	'correlation', '1'::real
);
SELECT * FROM pg_catalog.pg_restore_attribute_stats(
	'version', '180006'::integer,
	'schemaname', 'main',
	'relname', 'notes',
	'attname', 'seen',
	'inherited', 'f'::boolean,
	'null_frac', '0'::real,
	'avg_width', '1'::integer,
	'n_distinct', '-0.22222222'::real,
	'most_common_vals', '{f,t}'::text,
	'most_common_freqs', '{0.5555556,0.44444445}'::real[],
	'correlation', '0.4'::real
);


--
-- Statistics for Name: notes_pkey; Type: STATISTICS DATA; Schema: main; Owner: -
--

SELECT * FROM pg_catalog.pg_restore_relation_stats(
	'version', '180006'::integer,
	'schemaname', 'main',
	'relname', 'notes_pkey',
	'relpages', '2'::integer,
	'reltuples', '9'::real,
	'relallvisible', '0'::integer,
	'relallfrozen', '0'::integer
);


--
-- PostgreSQL database dump complete
--

\unrestrict every

