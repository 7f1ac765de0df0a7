-- Foreign keys, and the tables at both of their ends.
create table parents (id bigint primary key, code text unique, other int);
create table grandparents (id bigint primary key);
create table children (
    id bigint primary key,
    parent bigint,
    second bigint,
    code text,
    own bigint,
    third bigint constraint children_third references parents
);
create table others (id bigint primary key, parent bigint references parents on delete cascade);
create table loners (id bigint primary key, parent bigint);
create view parent_codes as select id, code from parents;
alter table children add constraint waiting foreign key (parent) references parents not valid;
insert into grandparents select n from generate_series(1, 100) n;
insert into parents select n, 'p' || n, n from generate_series(1, 100) n;
insert into children select n, n, n, 'p' || n, n, n from generate_series(1, 100) n;
insert into others select n, n from generate_series(1, 100) n;
insert into loners select n, n from generate_series(1, 100) n;
-- cases
alter table loners add foreign key (parent) references parents;
alter table loners add foreign key (parent) references parents (id);
alter table loners add constraint k foreign key (parent) references parents;
alter table loners add constraint k foreign key (parent) references parents not valid;
alter table loners add constraint k foreign key (parent) references parents (id) on delete cascade not valid;
alter table loners add constraint k foreign key (parent) references parents on delete set null;
alter table loners add constraint k foreign key (parent) references parents deferrable initially deferred;
alter table children add constraint k foreign key (code) references parents (code);
alter table children add constraint k foreign key (own) references children;
alter table children add constraint k foreign key (own) references children (id) not valid;
alter table children add constraint k foreign key (second) references parents, add constraint l foreign key (own) references grandparents;
alter table children add constraint k foreign key (second) references parents not valid, add constraint l foreign key (own) references grandparents not valid;
alter table children add constraint k foreign key (second) references parents not valid, validate constraint waiting;
alter table children add constraint k foreign key (second) references parents, alter column code set not null;
alter table children add constraint k foreign key (second) references parents, alter column code type varchar;
alter table only loners add constraint k foreign key (parent) references parents (id);
alter table public.loners add constraint k foreign key (parent) references public.parents (id);
alter table children validate constraint waiting;
alter table children validate constraint children_third;
alter table loners add column p bigint, add constraint k foreign key (p) references parents;
alter table loners add column p bigint default 1, add constraint k foreign key (p) references parents;
alter table loners add column p bigint references parents, add column q bigint references grandparents;
-- since 18
alter table loners add constraint k foreign key (parent) references parents not enforced;
-- since 18
-- given alter table loners add constraint k foreign key (parent) references parents not enforced;
alter table loners alter constraint k enforced;
-- since 18
alter table children alter constraint children_third not enforced;
alter table children alter constraint children_third deferrable;
alter table children alter constraint children_third deferrable initially deferred;
alter table children drop constraint children_third;
alter table children drop constraint waiting;
alter table children drop constraint children_third, drop constraint waiting;
alter table children drop constraint children_third, add constraint children_third foreign key (third) references parents on delete cascade not valid;
alter table children rename constraint children_third to renamed;
alter table children drop column third;
alter table children drop column second;
alter table parents drop column other;
alter table parents drop column id cascade;
alter table parents drop column code cascade;
alter table parents drop constraint parents_pkey cascade;
alter table parents drop constraint parents_code_key;
alter table parents rename to ancestors;
alter table parents rename column id to key;
alter table parents alter column other type bigint;
alter table parents add column extra int;
drop table others;
drop table loners;
drop table if exists loners;
drop table if exists nothing;
drop table children;
drop table children, others;
drop table parents cascade;
drop table grandparents;
drop table parents, children, others cascade;
drop table loners, grandparents;
truncate loners;
truncate table loners, grandparents;
truncate grandparents cascade;
truncate parents cascade;
truncate parents, children, others;
truncate children restart identity;
truncate only loners continue identity;
create table n (id bigint primary key, parent bigint references parents);
create table n (id bigint primary key, parent bigint, foreign key (parent) references parents (id));
create table n (id bigint primary key, parent bigint references parents, g bigint references grandparents);
create table n (id bigint primary key, own bigint references n);
create table n (id bigint primary key);
create table if not exists n (id bigint references parents);
create table if not exists others (id bigint references grandparents);
create table n (like parents);
create table n (like parents including all);
create table n as select * from parents;
create table n as table parents;
create unlogged table n (id bigint references parents);
create temp table n (id bigint primary key);
select * into n from parents;
-- given alter table children drop constraint children_third;
alter table children drop column third;
-- given alter table children rename constraint children_third to renamed;
alter table children drop constraint renamed;
-- given alter table children rename column third to fourth;
alter table children drop column fourth;
-- given alter table parents rename to ancestors;
alter table children drop constraint children_third;
-- given alter table parents rename to ancestors;
drop table others;
-- given alter table others rename to strangers;
drop table strangers;
-- given drop table others;
drop table loners;
-- given alter table loners add constraint k foreign key (parent) references parents not valid;
alter table loners validate constraint k;
-- given alter table loners add foreign key (parent) references parents not valid;
alter table loners validate constraint loners_parent_fkey;
-- given alter table loners add foreign key (parent) references parents not valid;
drop table loners;
