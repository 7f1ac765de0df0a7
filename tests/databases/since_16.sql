-- What 16, 17 and 18 brought. Run by psql 18, as a superuser, in an empty UTF8 database of a server of
-- 18 that has the role new_reader.

SET client_min_messages = error;
CREATE COLLATION plain (provider = builtin, locale = 'C.UTF-8');
CREATE TABLE virtual (id integer PRIMARY KEY, twice integer GENERATED ALWAYS AS (id * 2) VIRTUAL, stored integer GENERATED ALWAYS AS (id * 3) STORED,
  name text CONSTRAINT given NOT NULL NO INHERIT, late text, CONSTRAINT unenforced CHECK (id > 0) NOT ENFORCED);
ALTER TABLE virtual ADD CONSTRAINT late_given NOT NULL late NOT VALID;
COMMENT ON CONSTRAINT given ON virtual IS 'c';
CREATE TABLE heir () INHERITS (virtual);
CREATE TABLE other (id integer, FOREIGN KEY (id) REFERENCES virtual NOT ENFORCED);
CREATE TABLE temporal (id int4range, valid daterange, PRIMARY KEY (id, valid WITHOUT OVERLAPS));
CREATE TABLE referring (id int4range, valid daterange, FOREIGN KEY (id, PERIOD valid) REFERENCES temporal (id, PERIOD valid));
CREATE TABLE measured (id bigint GENERATED ALWAYS AS IDENTITY, at date NOT NULL) PARTITION BY RANGE (at);
CREATE TABLE measured_1 PARTITION OF measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE measured_2 PARTITION OF measured DEFAULT;
ALTER TABLE measured ADD PRIMARY KEY (id, at);
GRANT MAINTAIN ON virtual TO new_reader;
GRANT ALL ON other TO new_reader;
CREATE VIEW json AS SELECT j.*, JSON_VALUE('{"a": 1}', '$.a' RETURNING integer) AS v, JSON_OBJECT('a' VALUE id) AS o, '[1]' IS JSON ARRAY AS i, any_value(id) OVER () AS x FROM virtual, JSON_TABLE('[{"a": 1}]', '$[*]' COLUMNS (a integer PATH '$.a', NESTED PATH '$.b[*]' COLUMNS (c text))) j;
CREATE VIEW simple AS SELECT id, twice FROM virtual WHERE id > 1;
CREATE FUNCTION old_and_new() RETURNS SETOF integer LANGUAGE sql BEGIN ATOMIC UPDATE virtual SET name = 'x' RETURNING old.id + new.id; END;
CREATE STATISTICS numbers ON id, stored FROM virtual;
CREATE PUBLICATION generated FOR TABLE virtual WITH (publish_generated_columns = stored);
CREATE INDEX parallel_brin ON virtual USING gin ((ARRAY[name]));
