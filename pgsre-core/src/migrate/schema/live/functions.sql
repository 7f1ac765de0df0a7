-- The bodies are needed of languages that hold SQL.
select n.nspname::text, p.proname::text, p.provolatile = 'v' as volatile,
       case when l.lanname in ('sql', 'plpgsql') then pg_get_functiondef(p.oid) end as definition,
       l.lanname not in ('sql', 'plpgsql', 'c', 'internal') as opaque
from pg_proc p
join pg_namespace n on n.oid = p.pronamespace
join pg_language l on l.oid = p.prolang
where p.prokind in ('f', 'p') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by n.nspname, p.proname, p.oid
