-- Views and what their queries read: tables, and columns where they are named.
select n.nspname::text, c.relname::text, r.relname::text as read, a.attname::text as column
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
left join pg_rewrite w on w.ev_class = c.oid
left join pg_depend d on d.classid = 'pg_rewrite'::regclass and d.objid = w.oid
  and d.refclassid = 'pg_class'::regclass and d.refobjid <> c.oid
left join pg_class r on r.oid = d.refobjid
left join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid and d.refobjsubid > 0
where c.relkind in ('v', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
