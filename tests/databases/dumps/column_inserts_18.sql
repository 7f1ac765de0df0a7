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

SET SESSION AUTHORIZATION 'postgres';

--
-- Data for Name: animal; Type: TABLE DATA; Schema: main; Owner: postgres
--

SET SESSION AUTHORIZATION DEFAULT;

ALTER TABLE "main"."animal" DISABLE TRIGGER ALL;

SET SESSION AUTHORIZATION 'postgres';

INSERT INTO "main"."animal" ("id", "name") VALUES (1, 'worm');
INSERT INTO "main"."animal" ("id", "name") VALUES (2, 'snake');


SET SESSION AUTHORIZATION DEFAULT;

ALTER TABLE "main"."animal" ENABLE TRIGGER ALL;

SET SESSION AUTHORIZATION 'postgres';

--
-- Name: animal_id_seq; Type: SEQUENCE SET; Schema: main; Owner: postgres
--

SELECT pg_catalog.setval('"main"."animal_id_seq"', 5, true);


--
-- PostgreSQL database dump complete
--

\unrestrict every

