-- A shop of :rows orders, and as many rows again in its other tables; about 2 GB for 5,000,000 of
-- them, a third of it indexes. Nothing is random: each run makes the same.
create table customers (
  id bigint not null, name text, email text not null, city text, since timestamptz, profile jsonb);
create table products (
  sku text not null, title text, price numeric(10,2), tags text[], updated timestamptz);
create table orders (
  id bigint not null, customer_id bigint not null, sku text not null, reference text,
  total numeric(12,2), placed_at timestamptz, note text);
create table events (
  id bigint not null, customer_id bigint, at timestamptz, kind text, body jsonb);

insert into customers
  select i, 'Customer ' || md5(i::text), 'c' || i * 7919 % 1000003 || '.' || i || '@example.com',
    'City ' || i % 997, timestamptz '2015-01-01Z' + i * 37 % 250000000 * interval '1 second',
    jsonb_build_object('plan', i % 5, 'language', 'l' || i % 40, 'newsletter', i % 3 = 0)
  from generate_series(1, :rows::bigint / 5) i;
insert into products
  select 'SKU-' || lpad(i::text, 9, '0'), 'Product ' || md5((i * 3)::text), i % 100000 * 0.01,
    array['t' || i % 500, 't' || i * 31 % 500, 'u' || i % 20],
    timestamptz '2024-01-01Z' + i * interval '1 second'
  from generate_series(1, :rows::bigint / 5) i;
insert into orders
  select i, 1 + i * 7919 % (:rows::bigint / 5),
    'SKU-' || lpad((1 + i * 104729 % (:rows::bigint / 5))::text, 9, '0'),
    substr(md5(i::text), 1, 16), i % 1000000 * 0.37,
    timestamptz '2020-01-01Z' + (i * 7 + i * 7907 % 86400) * interval '1 second',
    case when i % 3 = 0 then 'Deliver to the neighbour, ' || md5((i % 5000)::text) else 'paid' end
  from generate_series(1, :rows::bigint) i;
insert into events
  select i, 1 + i * 15485863 % (:rows::bigint / 5),
    timestamptz '2020-01-01Z' + i * interval '11 seconds', 'kind' || i % 20,
    jsonb_build_object('order', i * 613 % 100000, 'by', 'user' || i % 9973, 'page', '/p/' || i % 2000)
  from generate_series(1, :rows::bigint * 3 / 5) i;

alter table customers add primary key (id);
alter table customers add constraint customers_email unique (email);
alter table products add primary key (sku);
alter table orders add primary key (id);
alter table events add primary key (id);
create index orders_placed_at on orders (placed_at);
create index orders_reference on orders (reference);
create index orders_customer on orders (customer_id);
create index products_tags on products using gin (tags);
create index events_at on events (kind, at);
create index events_body on events using gin (body jsonb_path_ops);
alter table orders add foreign key (customer_id) references customers;
alter table orders add foreign key (sku) references products;
alter table events add foreign key (customer_id) references customers;
