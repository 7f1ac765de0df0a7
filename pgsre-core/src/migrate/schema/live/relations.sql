-- Tables of all kinds: where they lie, how their rows are kept, how large they are by the last
-- VACUUM or ANALYZE. The pages of out-of-line values count too.
select c.oid::bigint, n.nspname::text, c.relname::text, c.relkind::text, c.relpersistence::text,
       coalesce(s.spcname::text, '') as tablespace,
       coalesce(pg_get_partkeydef(c.oid), '') as partition_key,
       coalesce(pg_get_expr(c.relpartbound, c.oid), '') as bound,
       c.reltuples::float8,
       (c.relpages::bigint + coalesce(t.relpages, 0)) * current_setting('block_size')::bigint as bytes
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_class t on t.oid = c.reltoastrelid
left join pg_tablespace s on s.oid = c.reltablespace
where c.relkind in ('r', 'p', 'f', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
