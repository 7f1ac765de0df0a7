-- Changes of a column's type.
create domain plain_text as text;
create domain short_text as varchar(10);
create domain checked_text as text check (length(value) > 0);
create domain checked_int as int check (value > 0);
create type mood as enum ('sad', 'ok', 'happy');
create table facts (
    id int primary key,
    big bigint,
    small smallint,
    v varchar(10),
    vv varchar,
    c char(10),
    t text,
    n numeric(10, 2),
    nn numeric,
    ts timestamp,
    tstz timestamptz,
    ts3 timestamp(3),
    d date,
    tm time,
    iv interval,
    iv3 interval(3),
    r real,
    dp double precision,
    bo boolean,
    b bit(4),
    bv bit varying(4),
    j json,
    jb jsonb,
    x xml,
    u uuid,
    ip inet,
    net cidr,
    o oid,
    m mood,
    ints int[],
    vs varchar(10)[],
    pt plain_text,
    st short_text,
    checked int,
    constraint checked_positive check (checked > 0),
    keyed varchar(10),
    indexed varchar(10),
    indexed_int int,
    defaulted varchar(10) default 'x',
    viewed varchar(10)
);
alter table facts add constraint facts_keyed unique (keyed);
create index facts_indexed on facts (indexed);
create index facts_indexed_int on facts (indexed_int);
create index facts_expression on facts (lower(v));
create index facts_partial on facts (id) where vv <> '';
create table parents (id int primary key, code varchar(10) unique);
create table children (id int primary key, parent int references parents, code varchar(10) references parents (code));
insert into parents select n, 'p' || n from generate_series(1, 100) n;
insert into children select n, n, 'p' || n from generate_series(1, 100) n;
insert into facts (id, big, small, v, vv, c, t, n, nn, ts, tstz, d, checked, keyed, indexed, indexed_int, o, b, bv, j, jb, ip, net, m, bo, dp, r)
select n, n, n, n, n, n, n, n, n, now(), now(), current_date, n, n, n, n, n, b'1010', b'101', '{}', '{}', '10.0.0.1', '10.0.0.0/8', 'ok', true, n, n
from generate_series(1, 100) n;
-- cases
alter table facts alter id type bigint;
alter table facts alter column id set data type bigint;
alter table facts alter id type int;
alter table facts alter id type integer;
alter table facts alter big type int;
alter table facts alter big type numeric;
alter table facts alter big type text;
alter table facts alter small type int;
alter table facts alter small type int4;
alter table facts alter v type varchar(20);
alter table facts alter v type varchar(10);
alter table facts alter v type character varying(11);
alter table facts alter v type varchar;
alter table facts alter v type text;
alter table facts alter v type varchar(5);
alter table facts alter v type char(10);
alter table facts alter v type name;
alter table facts alter v type plain_text;
alter table facts alter v type short_text;
alter table facts alter v type checked_text;
alter table facts alter v type int using v::int;
alter table facts alter v type text using v;
alter table facts alter v type text using v::text;
alter table facts alter v type text using (v);
alter table facts alter v type text using (v::text);
alter table facts alter v type text using cast(v as text);
alter table facts alter v type text using lower(v);
alter table facts alter v type text using v || '';
alter table facts alter v type text using v::varchar(5);
alter table facts alter v type text using vv;
alter table facts alter v type text using "v"::text;
alter table facts alter v type text using facts.v;
alter table facts alter vv type varchar(100);
alter table facts alter vv type text;
alter table facts alter c type char(20);
alter table facts alter c type char(10);
alter table facts alter c type varchar(10);
alter table facts alter c type text;
alter table facts alter t type varchar;
alter table facts alter t type varchar(100);
alter table facts alter t type char(100);
alter table facts alter t type plain_text;
alter table facts alter t type checked_text;
alter table facts alter t type short_text;
alter table facts alter t type text;
alter table facts alter t type text collate "C";
alter table facts alter t type jsonb using to_jsonb(t);
alter table facts alter t type bytea using t::bytea;
alter table facts alter t type integer using t::integer;
alter table facts alter t type boolean using t = 'x';
alter table facts alter t type timestamptz using now();
alter table facts alter n type numeric(12, 2);
alter table facts alter n type numeric(10, 2);
alter table facts alter n type numeric(12, 3);
alter table facts alter n type numeric(8, 2);
alter table facts alter n type numeric;
alter table facts alter n type decimal(12, 2);
alter table facts alter n type bigint;
alter table facts alter n type double precision;
alter table facts alter nn type numeric(20, 2);
alter table facts alter nn type numeric;
alter table facts alter ts type timestamptz;
alter table facts alter ts type timestamp with time zone;
alter table facts alter ts type timestamptz using ts at time zone 'UTC';
alter table facts alter ts type timestamptz using ts::timestamptz;
alter table facts alter ts type timestamp(3);
alter table facts alter ts type timestamp(6);
alter table facts alter ts type timestamp without time zone;
alter table facts alter ts type date;
alter table facts alter tstz type timestamp;
alter table facts alter tstz type timestamp without time zone;
alter table facts alter tstz type timestamp using tstz at time zone 'UTC';
alter table facts alter tstz type timestamptz(0);
alter table facts alter tstz type timestamptz;
alter table facts alter ts3 type timestamp;
alter table facts alter ts3 type timestamp(6);
alter table facts alter ts3 type timestamp(0);
alter table facts alter ts3 type timestamptz;
alter table facts alter d type timestamp;
alter table facts alter d type date;
alter table facts alter tm type time(6);
alter table facts alter tm type time(3);
alter table facts alter tm type interval;
alter table facts alter iv type interval(6);
alter table facts alter iv type interval(3);
alter table facts alter iv3 type interval;
alter table facts alter iv3 type interval(6);
alter table facts alter r type double precision;
alter table facts alter dp type real;
alter table facts alter dp type float8;
alter table facts alter dp type numeric;
alter table facts alter bo type int using bo::int;
alter table facts alter bo type bool;
alter table facts alter b type bit(4);
alter table facts alter b type bit(8) using b::bit(8);
alter table facts alter b type bit varying(4);
alter table facts alter b type bit varying(8);
alter table facts alter bv type bit varying(8);
alter table facts alter bv type bit varying;
alter table facts alter bv type varbit(2) using bv::varbit(2);
alter table facts alter j type jsonb;
alter table facts alter j type jsonb using j::jsonb;
alter table facts alter j type text;
alter table facts alter j type json;
alter table facts alter jb type json;
alter table facts alter jb type text;
alter table facts alter x type text;
alter table facts alter u type text;
alter table facts alter u type uuid using u::uuid;
alter table facts alter ip type text;
alter table facts alter ip type cidr using ip::cidr;
alter table facts alter net type inet;
alter table facts alter o type int;
alter table facts alter o type bigint;
alter table facts alter o type regclass;
alter table facts alter checked type oid;
alter table facts alter id type oid;
alter table facts alter m type text;
alter table facts alter m type text using m::text;
alter table facts alter t type mood using 'ok'::mood;
alter table facts alter ints type bigint[];
alter table facts alter ints type int[];
alter table facts alter ints type integer array;
alter table facts alter vs type varchar(20)[];
alter table facts alter vs type text[];
alter table facts alter vs type varchar[];
alter table facts alter pt type text;
alter table facts alter pt type varchar;
alter table facts alter pt type varchar(10);
alter table facts alter pt type checked_text;
alter table facts alter st type text;
alter table facts alter st type varchar(10);
alter table facts alter st type varchar(20);
alter table facts alter st type varchar(5);
alter table facts alter checked type bigint;
alter table facts alter checked type int;
alter table facts alter checked type checked_int;
alter table facts alter keyed type varchar(20);
alter table facts alter keyed type text;
alter table facts alter keyed type text collate "C";
alter table facts alter keyed type varchar(10) collate "C";
alter table facts alter indexed type text;
alter table facts alter indexed type varchar(20);
alter table facts alter indexed type varchar(20) collate "C";
alter table facts alter indexed type varchar(10) collate "C";
alter table facts alter indexed type char(10);
alter table facts alter indexed_int type bigint;
alter table facts alter indexed_int type oid;
alter table facts alter defaulted type varchar(20);
alter table facts alter defaulted type text;
alter table facts alter defaulted drop default, alter defaulted type int using 1;
alter table facts alter v type varchar(20), alter keyed type varchar(20);
alter table facts alter v type varchar(20), alter id type bigint;
alter table facts alter v type varchar(20), alter t set not null;
alter table facts alter id type bigint, alter t set not null;
alter table facts alter id type bigint, add check (id > 0);
alter table facts alter v type varchar(20), add check (id > 0) not valid;
alter table children alter parent type bigint;
alter table children alter code type varchar(20);
alter table children alter code type text;
alter table parents alter id type bigint;
alter table parents alter code type varchar(20);
alter table parents alter code type text;
alter table children alter id type bigint;
alter table facts alter d type timestamptz;
-- session set local timezone = 'UTC'
alter table facts alter ts type timestamptz;
-- session set local time zone 'utc'
alter table facts alter tstz type timestamp;
-- session set local timezone to 'Etc/UTC'
alter table facts alter tstz type timestamp(3);
-- session set local timezone = 'UTC'
alter table facts alter ts type timestamptz using ts::timestamptz;
-- session set local timezone = 'UTC'
alter table facts alter ts type timestamptz using ts at time zone 'UTC';
-- session set local timezone = 'Europe/London'
alter table facts alter ts type timestamptz;
