-- Statements that run others: DO blocks, functions that are called, triggers that are fired.
create table orders (id bigint primary key, note text, number int);
create table ledger (id bigint generated always as identity primary key, what text);
create table archive (id bigint primary key);
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
