select h.inhparent::bigint, h.inhrelid::bigint
from pg_inherits h
join pg_class c on c.oid = h.inhrelid
where c.relkind in ('r', 'p', 'f')
