select n.nspname::text, t.typname::text, format_type(t.typbasetype, t.typtypmod), t.typnotnull,
       coalesce(array(select k.conname::text from pg_constraint k
                      where k.contypid = t.oid and k.contype = 'c'), '{}') as checks
from pg_type t
join pg_namespace n on n.oid = t.typnamespace
where t.typtype = 'd' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
