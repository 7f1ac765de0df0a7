-- A partition's copy of a trigger is one of its own only where it is enabled otherwise.
SELECT 'trigger', c.oid::regclass || '.' || quote_ident(g.tgname),
       concat_ws(E'\n', <<enabled g.tgenabled>>, pg_get_triggerdef(g.oid)),
       NULL::oid, NULL::aclitem[], NULL, obj_description(g.oid, 'pg_trigger')
  FROM pg_trigger g
  JOIN pg_class c ON c.oid = g.tgrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_trigger p ON p.oid = g.tgparentid
  LEFT JOIN pg_constraint k ON k.oid = g.tgconstraint
 WHERE CASE WHEN g.tgparentid = 0 THEN NOT g.tgisinternal
            ELSE g.tgenabled <> p.tgenabled AND k.contype IS DISTINCT FROM 'f' END
   AND c.relpersistence <> 't' AND <<user_schema n>>
   AND <<own pg_class c.oid>> AND <<own pg_trigger g.oid>>
UNION ALL
SELECT 'rule', c.oid::regclass || '.' || quote_ident(r.rulename),
       concat_ws(E'\n', <<enabled r.ev_enabled>>, pg_get_ruledef(r.oid)),
       NULL, NULL, NULL, obj_description(r.oid, 'pg_rewrite')
  FROM pg_rewrite r
  JOIN pg_class c ON c.oid = r.ev_class
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE r.rulename <> '_RETURN' AND c.relpersistence <> 't' AND <<user_schema n>>
   AND <<own pg_class c.oid>> AND <<own pg_rewrite r.oid>>
UNION ALL
SELECT 'policy', c.oid::regclass || '.' || quote_ident(p.polname),
       concat_ws(E'\n',
           CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END,
           'for ' || CASE p.polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert'
                                   WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete' ELSE 'all' END,
           'to ' || (SELECT string_agg(CASE r WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(r)) END, ', '
                                       ORDER BY pg_get_userbyid(r) COLLATE "C")
                       FROM unnest(p.polroles) r),
           'using (' || pg_get_expr(p.polqual, p.polrelid) || ')',
           'with check (' || pg_get_expr(p.polwithcheck, p.polrelid) || ')'),
       NULL, NULL, NULL, obj_description(p.oid, 'pg_policy')
  FROM pg_policy p
  JOIN pg_class c ON c.oid = p.polrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relpersistence <> 't' AND <<user_schema n>> AND <<own pg_class c.oid>>
UNION ALL
SELECT 'statistics', quote_ident(n.nspname) || '.' || quote_ident(s.stxname),
       concat_ws(E'\n', pg_get_statisticsobjdef(s.oid), 'statistics ' || nullif(s.stxstattarget, -1)),
       s.stxowner, NULL, NULL, obj_description(s.oid, 'pg_statistic_ext')
  FROM pg_statistic_ext s JOIN pg_namespace n ON n.oid = s.stxnamespace
 WHERE <<user_schema n>> AND <<own pg_statistic_ext s.oid>>
