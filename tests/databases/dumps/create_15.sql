--
-- PostgreSQL database dump
--

\restrict every

-- Dumped from database version 15.20 (Debian 15.20-0+deb12u1)
-- Dumped by pg_dump version 15.20 (Debian 15.20-0+deb12u1)

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

DROP DATABASE IF EXISTS every_kind;
--
-- Name: every_kind; Type: DATABASE; Schema: -; Owner: postgres
--

CREATE DATABASE every_kind WITH TEMPLATE = template0 ENCODING = 'UTF8' LOCALE_PROVIDER = libc LOCALE = 'C';


ALTER DATABASE every_kind OWNER TO postgres;

\unrestrict every
\connect every_kind
\restrict every

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
-- Name: public; Type: SCHEMA; Schema: -; Owner: pg_database_owner
--

CREATE SCHEMA public;


ALTER SCHEMA public OWNER TO pg_database_owner;

--
-- Name: SCHEMA public; Type: COMMENT; Schema: -; Owner: pg_database_owner
--

COMMENT ON SCHEMA public IS 'standard public schema';


SET default_tablespace = '';

SET default_table_access_method = heap;

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


ALTER TABLE public."dollar$name_id_seq" OWNER TO "Rôle ""quoted""; -- odd";

--
-- Name: dollar$name_id_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: Rôle "quoted"; -- odd
--

ALTER SEQUENCE public."dollar$name_id_seq" OWNED BY public."dollar$name".id;


--
-- Name: dollar$name id; Type: DEFAULT; Schema: public; Owner: Rôle "quoted"; -- odd
--

ALTER TABLE ONLY public."dollar$name" ALTER COLUMN id SET DEFAULT nextval('public."dollar$name_id_seq"'::regclass);


--
-- Name: dollar$name dollar$name_pkey; Type: CONSTRAINT; Schema: public; Owner: Rôle "quoted"; -- odd
--

ALTER TABLE ONLY public."dollar$name"
    ADD CONSTRAINT "dollar$name_pkey" PRIMARY KEY (id);


--
-- PostgreSQL database dump complete
--

\unrestrict every

