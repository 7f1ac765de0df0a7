-- Statements that run others: DO blocks, functions that are called, triggers that are fired.
create table orders (id bigint primary key, note text, number int);
create table ledger (id bigint generated always as identity primary key, what text);
create table archive (id bigint primary key);
insert into archive values (2001), (2002);
insert into orders select n, 'n' || n, n from generate_series(1, 50) n;
create function widen() returns void language plpgsql as $$
begin
    alter table orders alter column number type bigint;
end
$$;
create function add_note() returns void language sql as 'alter table ledger add column note text';
create function outer_one() returns void language plpgsql as $body$
begin
    perform widen();
    alter table ledger add column seen boolean;
end
$body$;
create procedure tidy() language plpgsql as $$ begin create index orders_note on orders (note); end $$;
create function counted() returns int language plpgsql as $$
begin
    lock table ledger in exclusive mode;
    return 7;
end
$$;
create function nothing() returns int language sql as 'select 1';
create function log_change() returns trigger language plpgsql as $$
begin
    lock table ledger in share row exclusive mode;
    insert into ledger (what) values (tg_op);
    return new;
end
$$;
create trigger logged after update on orders for each row execute function log_change();
-- cases
do $$ begin alter table orders add column paid boolean; end $$;
do $$ begin alter table orders alter number type bigint; alter table ledger add column c int; end $$;
do $$ begin if true then create index on orders (number); end if; end $$;
do $$ declare n int; begin select count(*) into n from orders; end $$;
do 'begin alter table orders add constraint positive check (number > 0); end';
do $$ begin perform widen(); end $$;
do $$ begin create trigger t before insert on orders for each row execute function log_change(); end $$;
select widen();
select outer_one();
select add_note();
call tidy();
select nothing();
select nothing(), widen();
update orders set note = 'x' where id = 1;
delete from orders where id = 1;
insert into orders values (1000, 'n', 1);
insert into archive select id from orders;
do $$ declare n int := counted(); begin null; end $$;
do $$ declare n int; begin n := counted(); end $$;
do $$ begin if counted() > 0 then null; end if; end $$;
do $$ declare n int; begin for n in 1..counted() loop null; end loop; end $$;
do $$ begin insert into archive values (counted()); end $$;
do $$ begin assert counted() > 0; end $$;
do $$ declare n int; begin select counted() into n; return; end $$;
do $$ begin alter table orders add column paid boolean; exception when duplicate_column then null; end $$;
update archive set id = counted() where id = 2001;
insert into archive select counted();
insert into archive values (counted());
delete from archive where id = counted();
insert into orders (id, number) values (1, 2) on conflict (id) do update set number = 3;
insert into orders (id, number) values (1, 2) on conflict (id) do nothing;
with changed as (update orders set note = 'y' where id = 2 returning id) select count(*) from changed;
with changed as (update orders set note = 'y' where id = 2 returning id) insert into archive select id from changed;
with widened as materialized (select counted() as n) select n from widened;
-- since 15
merge into orders o using archive a on a.id = o.id + 2000 when matched then update set note = 'z' when not matched then insert (id) values (a.id + 5000);
-- since 15
merge into orders o using archive a on a.id = o.id + 2000 when matched then delete;
-- given alter table orders disable trigger logged;
update orders set note = 'x' where id = 1;
-- given alter table orders disable trigger all; alter table orders enable always trigger logged;
update orders set note = 'x' where id = 1;
-- given alter table orders disable trigger user; alter table orders enable replica trigger logged;
update orders set note = 'x' where id = 1;
-- given drop trigger logged on orders; create trigger logged after update of number on orders for each row execute function log_change();
update orders set note = 'x' where id = 1;
-- given drop trigger logged on orders; create trigger logged after update of number, id on orders for each row execute function log_change();
update orders set note = 'x', number = 4 where id = 1;
-- given drop trigger logged on orders; create trigger logged after truncate on orders for each statement execute function log_change();
truncate orders;
-- given drop function counted(); create function counted() returns int language sql as 'select 1';
select counted();
-- given create function counted(n int) returns int language sql as 'select 1';
select counted();
-- given create or replace function counted() returns int language sql as 'select 2';
select counted();
-- since 14
-- given create procedure atomic_one() begin atomic insert into archive values (counted()); update orders set note = 'q' where id = 3; end;
call atomic_one();
create function nothing_yet() returns int language sql as 'select 1';
-- given create table parts (id int, note text) partition by range (id); create table parts1 partition of parts for values from (0) to (10); insert into parts values (1, 'a'); create trigger logged after update on parts for each row execute function log_change();
update parts1 set note = 'b';
-- given create table parts (id int, note text) partition by range (id); create table parts1 partition of parts for values from (0) to (10); insert into parts values (1, 'a'); create trigger logged after update on parts1 for each row execute function log_change();
update parts set note = 'b';
