select i.indrelid::bigint, n.nspname::text, c.relname::text, pg_get_indexdef(c.oid),
       i.indisvalid or exists (select from pg_inherits where inhparent = c.oid) as valid,
       c.relkind = 'I' and not exists (select from pg_inherits where inhparent = c.oid) as only_parent
from pg_index i
join pg_class c on c.oid = i.indexrelid
join pg_namespace n on n.oid = c.relnamespace
where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
