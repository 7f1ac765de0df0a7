-- What a cluster holds beside its databases: roles, memberships, settings of roles, tablespaces.
-- For dumps by pg_dumpall: run by psql 15 to 18 as a superuser, once in a cluster of its own.

SET allow_in_place_tablespaces = true;
CREATE ROLE globals_admin SUPERUSER CREATEDB CREATEROLE REPLICATION BYPASSRLS LOGIN PASSWORD 'secret; ''quoted''' CONNECTION LIMIT 7 VALID UNTIL '2030-01-01 00:00:00+00';
CREATE ROLE "globals ""member""; $$" NOLOGIN INHERIT;
CREATE ROLE globals_group;
COMMENT ON ROLE globals_group IS 'a group; of roles';
GRANT globals_group TO "globals ""member""; $$" WITH ADMIN OPTION;
GRANT globals_group, "globals ""member""; $$" TO globals_admin;
GRANT pg_read_all_data TO globals_group;
ALTER ROLE globals_admin SET search_path = main, "Odd; schema", public;
ALTER ROLE globals_admin SET work_mem = '16MB';
CREATE TABLESPACE globals_space OWNER globals_admin LOCATION '' WITH (random_page_cost = 1.1);
COMMENT ON TABLESPACE globals_space IS 'a tablespace';
GRANT CREATE ON TABLESPACE globals_space TO globals_group;
GRANT SET ON PARAMETER log_min_messages TO globals_group;
CREATE DATABASE "globals ""odd""; db" TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C';
COMMENT ON DATABASE "globals ""odd""; db" IS 'a database';
ALTER DATABASE "globals ""odd""; db" SET work_mem = '5MB';
ALTER DATABASE "globals ""odd""; db" CONNECTION LIMIT 20;
ALTER ROLE globals_admin IN DATABASE "globals ""odd""; db" SET statement_timeout = '5min';
GRANT CONNECT ON DATABASE "globals ""odd""; db" TO globals_group;
REVOKE CONNECT ON DATABASE "globals ""odd""; db" FROM PUBLIC;
\connect "globals ""odd""; db"
CREATE TABLE in_space (id serial PRIMARY KEY, body text) TABLESPACE globals_space;
INSERT INTO in_space (body) SELECT 'row ' || i FROM generate_series(1, 10) i;
CREATE INDEX in_space_body ON in_space (body) TABLESPACE globals_space;
