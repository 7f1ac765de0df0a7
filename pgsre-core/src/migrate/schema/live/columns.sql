select a.attrelid::bigint, a.attname::text, format_type(a.atttypid, a.atttypmod),
       a.attnotnull, a.attidentity <> '' as identity, a.attgenerated::text,
       coalesce(case when l.collnamespace <> 'pg_catalog'::regnamespace
                then quote_ident(m.nspname) || '.' else '' end || quote_ident(l.collname), '') as collation,
       case a.attgenerated when '' then pg_get_expr(d.adbin, d.adrelid) end as default_expression
from pg_attribute a
join pg_class c on c.oid = a.attrelid
join pg_namespace n on n.oid = c.relnamespace
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
left join pg_collation l on l.oid = a.attcollation and a.attcollation <> t.typcollation
left join pg_namespace m on m.oid = l.collnamespace
where a.attnum > 0 and not a.attisdropped
  and c.relkind in ('r', 'p', 'f', 'm') and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
order by a.attrelid, a.attnum
