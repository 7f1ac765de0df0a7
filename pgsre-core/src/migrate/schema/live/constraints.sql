-- A foreign key to a partitioned table has a row for each partition that it reaches; the first says all.
select k.conrelid::bigint, k.conname::text, pg_get_constraintdef(k.oid), k.convalidated
from pg_constraint k
join pg_namespace n on n.oid = k.connamespace
where k.conrelid <> 0 and k.contype in ('c', 'f', 'p', 'u', 'x', 'n')
  and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
  and not exists (select from pg_constraint u where u.oid = k.conparentid and u.conrelid = k.conrelid)
order by k.conrelid, k.conname
