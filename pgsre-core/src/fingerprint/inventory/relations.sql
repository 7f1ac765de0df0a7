SELECT CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view'
                      WHEN 'f' THEN 'foreign table' ELSE 'table' END,
       c.oid::regclass::text,
       concat_ws(E'\n',
           CASE c.relpersistence WHEN 'u' THEN 'unlogged' END,
           'access method ' || quote_ident(m.amname),
           'of type ' || nullif(c.reloftype, 0)::regtype,
           'partition by ' || pg_get_partkeydef(c.oid),
           (SELECT CASE WHEN c.relispartition THEN 'partition of ' ELSE 'inherits ' END
                   || string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
                   || coalesce(' ' || pg_get_expr(c.relpartbound, c.oid), '')
              FROM pg_inherits i WHERE i.inhrelid = c.oid),
           CASE WHEN c.relrowsecurity THEN 'row level security' END,
           CASE WHEN c.relforcerowsecurity THEN 'row level security forced' END,
           CASE WHEN c.relkind IN ('r', 'p') THEN CASE c.relreplident
                               WHEN 'f' THEN 'replica identity full'
                               WHEN 'n' THEN 'replica identity nothing'
                               WHEN 'i' THEN 'replica identity using index ' || (
                SELECT quote_ident(r.relname) FROM pg_index x JOIN pg_class r ON r.oid = x.indexrelid
                 WHERE x.indrelid = c.oid AND x.indisreplident) END END,
           (SELECT 'clustered on ' || quote_ident(r.relname)
              FROM pg_index x JOIN pg_class r ON r.oid = x.indexrelid
             WHERE x.indrelid = c.oid AND x.indisclustered),
           <<parameters parameter c.reloptions>>,
           <<parameters toast_parameter t.reloptions>>,
           'server ' || quote_ident(s.srvname),
           <<options f.ftoptions>>,
           CASE WHEN c.relkind = 'm' AND NOT c.relispopulated THEN 'not populated' END,
           CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END),
       c.relowner, c.relacl, 'r', obj_description(c.oid, 'pg_class')
  FROM pg_class c
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_am m ON m.oid = c.relam
  LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
  LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid
  LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver
 WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't'
   AND <<user_schema n>> AND <<own pg_class c.oid>>
UNION ALL
SELECT 'sequence', c.oid::regclass::text,
       concat_ws(E'\n',
           CASE WHEN c.relpersistence = 'u' AND o.deptype IS DISTINCT FROM 'i' THEN 'unlogged' END,
           'type ' || format_type(q.seqtypid, NULL),
           'start ' || q.seqstart, 'increment ' || q.seqincrement,
           'minimum ' || q.seqmin, 'maximum ' || q.seqmax, 'cache ' || q.seqcache,
           CASE WHEN q.seqcycle THEN 'cycle' END,
           CASE o.deptype WHEN 'i' THEN 'identity of ' WHEN 'a' THEN 'owned by ' END
               || o.refobjid::regclass || '.' || quote_ident(a.attname)),
       c.relowner, c.relacl, 's', obj_description(c.oid, 'pg_class')
  FROM pg_sequence q
  JOIN pg_class c ON c.oid = q.seqrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = c.oid AND o.objsubid = 0
                       AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0
                       AND o.deptype IN ('a', 'i')
  LEFT JOIN pg_attribute a ON a.attrelid = o.refobjid AND a.attnum = o.refobjsubid
 WHERE c.relpersistence <> 't' AND <<user_schema n>> AND <<own pg_class c.oid>>
