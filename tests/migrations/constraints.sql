-- Constraints of a table's own rows.
create table orders (
    id bigint primary key,
    a int not null,
    b int,
    c int,
    d int,
    e text,
    during tsrange,
    constraint proved check (b is not null),
    constraint both_proved check (c > 0 and d is not null),
    constraint not_proved check (c is not null or d > 0)
);
create unique index orders_a on orders (a);
create unique index orders_b on orders (b);
create unique index orders_e on orders (e);
create unique index orders_ab on orders (a, b);
create table keyless (id bigint not null, a int, b int not null);
create unique index keyless_id on keyless (id);
create unique index keyless_a on keyless (a);
alter table orders add constraint unproved check (e is not null) not valid;
alter table orders add constraint waiting check (a > 0) not valid;
insert into orders select n, n, n, n, n, 'e' || n from generate_series(1, 100) n;
insert into keyless select n, n, n from generate_series(1, 100) n;
-- cases
alter table orders add check (a > 0);
alter table orders add constraint k check (a > 0);
alter table orders add constraint k check (a > 0) not valid;
alter table orders add check (a > 0) not valid;
alter table orders add check (a > 0) no inherit;
alter table orders add constraint k check (a is not null);
alter table orders add constraint k check (e is not null) not valid;
alter table orders add constraint k check (a > 0), add constraint l check (c > 0);
alter table orders add constraint k check (a > 0) not valid, add constraint l check (c > 0);
alter table orders add constraint k check (a > 0) not valid, validate constraint k;
alter table orders validate constraint waiting;
alter table orders validate constraint unproved;
alter table orders validate constraint proved;
alter table orders validate constraint waiting, validate constraint unproved;
alter table orders alter column b set not null;
alter table orders alter column c set not null;
alter table orders alter column d set not null;
alter table orders alter column e set not null;
alter table orders alter column a set not null;
alter table orders alter column b set not null, drop constraint proved;
alter table orders alter column b set not null, alter column d set not null;
alter table orders alter column b set not null, alter column e set not null;
-- given alter table orders validate constraint unproved;
alter table orders alter column e set not null;
-- given alter table orders add constraint k check (e is not null) not valid; alter table orders validate constraint k;
alter table orders alter column e set not null;
-- given alter table orders add constraint k check (not (e is null));
alter table orders alter column e set not null;
-- given alter table orders add constraint k check ((e is not null) and (c is not null));
alter table orders alter column c set not null;
-- given alter table orders add constraint k check (e <> '');
alter table orders alter column e set not null;
-- given alter table orders add constraint k check (coalesce(e, '') <> '');
alter table orders alter column e set not null;
-- given alter table orders add constraint k check (e is not null); alter table orders drop constraint k;
alter table orders alter column e set not null;
-- given alter table orders add constraint k check (e is not null); alter table orders rename column e to f;
alter table orders alter column f set not null;
-- given alter table orders add constraint k check (e is not null); alter table orders rename constraint k to l; alter table orders drop constraint l;
alter table orders alter column e set not null;
-- given alter table orders alter column e set not null; alter table orders alter column e drop not null;
alter table orders alter column e set not null;
-- since 18
alter table orders add constraint k not null e;
-- since 18
alter table orders add constraint k not null e not valid;
-- since 18
alter table orders add constraint k not null b;
-- since 18
-- given alter table orders add constraint k not null e not valid;
alter table orders validate constraint k;
-- since 18
-- given alter table orders add constraint k not null e not valid;
alter table orders alter column e set not null;
-- since 18
-- given alter table orders add constraint k not null e not valid; alter table orders validate constraint k;
alter table orders alter column e set not null;
-- since 18
-- given alter table orders add constraint k not null e;
alter table orders drop constraint k;
-- since 18
alter table orders add constraint k check (a > 0) not enforced;
alter table orders add unique (c);
alter table orders add constraint k unique (c);
alter table orders add constraint k unique (c, d);
alter table orders add constraint k unique (c) include (d);
alter table orders add constraint k unique (c) deferrable initially deferred;
alter table orders add constraint k unique (c) with (fillfactor = 70);
-- since 15
alter table orders add unique nulls not distinct (c);
alter table orders add constraint k unique using index orders_a;
alter table orders add constraint k unique using index orders_e;
alter table orders add unique using index orders_ab;
alter table orders add constraint orders_a unique using index orders_a;
alter table keyless add primary key (id);
alter table keyless add constraint k primary key (id);
alter table keyless add primary key (id, b);
alter table keyless add primary key (a);
alter table keyless add primary key (a, id);
alter table keyless add primary key using index keyless_id;
alter table keyless add constraint k primary key using index keyless_id;
alter table keyless add primary key using index keyless_a;
alter table keyless add column k bigserial primary key;
alter table keyless add column k bigint generated always as identity primary key;
alter table keyless add column k int primary key;
alter table keyless add column k int default 1 unique;
-- given alter table keyless add constraint k check (a is not null) not valid; alter table keyless validate constraint k;
alter table keyless add primary key using index keyless_a;
-- given alter table keyless add constraint k check (a is not null);
alter table keyless add primary key (a);
alter table orders add exclude using gist (during with &&);
alter table orders add constraint k exclude using gist (int4range(a, a + 1) with &&, during with &&);
alter table orders add constraint k exclude using gist (during with &&) where (a > 0);
alter table orders drop constraint proved;
alter table orders drop constraint if exists proved;
alter table orders drop constraint if exists nothing;
alter table orders drop constraint orders_pkey;
alter table orders drop constraint orders_pkey cascade;
alter table orders drop constraint waiting, drop constraint proved;
alter table orders drop constraint proved, add constraint proved check (b is not null) not valid;
alter table orders drop constraint orders_pkey, add primary key (a);
alter table orders drop constraint orders_pkey, add constraint k primary key using index orders_a;
alter table orders rename constraint proved to b_there;
alter table orders rename constraint orders_pkey to orders_key;
-- since 18
-- given alter table orders add constraint k not null e;
alter table orders alter constraint k no inherit;
