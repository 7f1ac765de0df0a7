-- What stands on tables: triggers, policies, rules, statistics, publications.
select 'trigger' as kind, g.tgrelid::bigint as relation, g.tgname::text as name,
       case n.nspname when 'public' then '' else n.nspname || '.' end || p.proname as what,
       concat_ws(' ', case when g.tgtype & 4 > 0 then 'insert' end,
         case when g.tgtype & 8 > 0 then 'delete' end, case when g.tgtype & 16 > 0 then 'update' end,
         case when g.tgtype & 32 > 0 then 'truncate' end) as events,
       array(select a.attname::text from pg_attribute a
             where a.attrelid = g.tgrelid and a.attnum = any (g.tgattr)) as columns,
       g.tgtype & 1 > 0 as each_row, g.tgenabled in ('O', 'A') as fires
from pg_trigger g
join pg_proc p on p.oid = g.tgfoid
join pg_namespace n on n.oid = p.pronamespace
where not g.tgisinternal
union all
select 'policy', polrelid::bigint, polname::text, '', '', '{}', false, false from pg_policy
union all
select 'rule', ev_class::bigint, rulename::text, '',
       case ev_type when '2' then 'update' when '3' then 'insert' when '4' then 'delete' else '' end,
       '{}', false, ev_enabled in ('O', 'A')
from pg_rewrite where rulename <> '_RETURN'
union all
select 'statistics', s.stxrelid::bigint,
       case n.nspname when 'public' then '' else n.nspname || '.' end || s.stxname, '', '', '{}', false, false
from pg_statistic_ext s
join pg_namespace n on n.oid = s.stxnamespace
union all
select 'publication', r.prrelid::bigint, p.pubname::text, '', '', '{}', false, false
from pg_publication_rel r
join pg_publication p on p.oid = r.prpubid
