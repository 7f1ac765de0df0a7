--
-- PostgreSQL database cluster dump
--

\restrict every

SET default_transaction_read_only = off;

SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;

--
-- Drop tablespaces
--

DROP TABLESPACE IF EXISTS globals_space;


--
-- Drop roles
--

DROP ROLE IF EXISTS "Rôle ""quoted""; -- odd";
DROP ROLE IF EXISTS every_owner;
DROP ROLE IF EXISTS every_reader;
DROP ROLE IF EXISTS "globals ""member""; $$";
DROP ROLE IF EXISTS globals_admin;
DROP ROLE IF EXISTS globals_group;
DROP ROLE IF EXISTS postgres;


--
-- Roles
--

CREATE ROLE "Rôle ""quoted""; -- odd";
ALTER ROLE "Rôle ""quoted""; -- odd" WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE every_owner;
ALTER ROLE every_owner WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE every_reader;
ALTER ROLE every_reader WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE "globals ""member""; $$";
ALTER ROLE "globals ""member""; $$" WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
CREATE ROLE globals_admin;
ALTER ROLE globals_admin WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS CONNECTION LIMIT 7 PASSWORD 'SCRAM-SHA-256$4096:HgDxEiHhmbsICKiFZfvXZg==$1vf5fxgpH2D4DMsDjM83qrOET+qWjVI1wPTok6JIvAE=:lbEyI0fn9utsPU9AH1Jnu+exQMiVdb3VNWaa+C0oAmw=' VALID UNTIL '2030-01-01 00:00:00+00';
CREATE ROLE globals_group;
ALTER ROLE globals_group WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB NOLOGIN NOREPLICATION NOBYPASSRLS;
COMMENT ON ROLE globals_group IS 'a group; of roles';
CREATE ROLE postgres;
ALTER ROLE postgres WITH SUPERUSER INHERIT CREATEROLE CREATEDB LOGIN REPLICATION BYPASSRLS;

--
-- User Configurations
--

--
-- User Config "globals_admin"
--

ALTER ROLE globals_admin SET search_path TO 'main', 'Odd; schema', 'public';
ALTER ROLE globals_admin SET work_mem TO '16MB';


--
-- Role memberships
--

GRANT "globals ""member""; $$" TO globals_admin WITH INHERIT TRUE GRANTED BY postgres;
GRANT globals_group TO "globals ""member""; $$" WITH ADMIN OPTION, INHERIT TRUE GRANTED BY postgres;
GRANT globals_group TO globals_admin WITH INHERIT TRUE GRANTED BY postgres;
GRANT pg_read_all_data TO globals_group WITH INHERIT TRUE GRANTED BY postgres;


--
-- Role privileges on configuration parameters
--

GRANT SET ON PARAMETER log_min_messages TO globals_group;


--
-- Tablespaces
--

CREATE TABLESPACE globals_space OWNER globals_admin LOCATION '';
ALTER TABLESPACE globals_space SET (random_page_cost=1.1);
GRANT ALL ON TABLESPACE globals_space TO globals_group;
COMMENT ON TABLESPACE globals_space IS 'a tablespace';


\unrestrict every

--
-- PostgreSQL database cluster dump complete
--

