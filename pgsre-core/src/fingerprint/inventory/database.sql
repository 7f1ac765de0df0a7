SELECT 'database', quote_ident(d.datname),
       concat_ws(E'\n', 'encoding ' || pg_encoding_to_char(d.encoding),
           'collate ' || quote_literal(d.datcollate), 'ctype ' || quote_literal(d.datctype),
           <<database_provider>>, <<database_locale>>, <<database_rules>>,
           'connection limit ' || nullif(d.datconnlimit, -1),
           (SELECT string_agg(concat_ws(' ', 'role ' || quote_ident(pg_get_userbyid(nullif(s.setrole, 0))),
                                        'set', o), E'\n'
                              ORDER BY pg_get_userbyid(nullif(s.setrole, 0)) COLLATE "C" NULLS FIRST, o COLLATE "C")
              FROM pg_db_role_setting s, unnest(s.setconfig) o WHERE s.setdatabase = d.oid)),
       d.datdba, d.datacl, 'd', shobj_description(d.oid, 'pg_database')
  FROM pg_database d WHERE d.datname = current_database()
UNION ALL
-- Until somebody changes them, the owner and the privileges of `public` are those of a new database.
SELECT 'schema', quote_ident(n.nspname), '',
       CASE WHEN n.nspname <> 'public' OR n.nspowner <> <<owner_of_public>> THEN n.nspowner END,
       CASE WHEN n.nspname <> 'public' OR n.nspacl IS DISTINCT FROM
                 (SELECT i.initprivs FROM pg_init_privs i
                   WHERE i.classoid = 'pg_namespace'::regclass AND i.objoid = n.oid)
            THEN n.nspacl END,
       'n', nullif(obj_description(n.oid, 'pg_namespace'),
                   CASE n.nspname WHEN 'public' THEN 'standard public schema' END)
  FROM pg_namespace n
 WHERE <<user_schema n>> AND <<own pg_namespace n.oid>>
UNION ALL
SELECT 'extension', quote_ident(e.extname),
       concat_ws(E'\n', 'schema ' || quote_ident(n.nspname), 'version ' || e.extversion),
       NULL, NULL, NULL, obj_description(e.oid, 'pg_extension')
  FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
UNION ALL
SELECT 'language', quote_ident(l.lanname),
       concat_ws(E'\n', CASE WHEN l.lanpltrusted THEN 'trusted' END,
           'handler ' || l.lanplcallfoid::regproc, 'inline ' || nullif(l.laninline, 0)::regproc,
           'validator ' || nullif(l.lanvalidator, 0)::regproc),
       l.lanowner, l.lanacl, 'l', obj_description(l.oid, 'pg_language')
  FROM pg_language l
 WHERE l.lanispl AND <<own pg_language l.oid>>
UNION ALL
SELECT 'access method', quote_ident(m.amname),
       concat_ws(E'\n', CASE m.amtype WHEN 't' THEN 'type table' ELSE 'type index' END,
                        'handler ' || m.amhandler),
       NULL, NULL, NULL, obj_description(m.oid, 'pg_am')
  FROM pg_am m WHERE <<not_of_system m.oid>> AND <<own pg_am m.oid>>
UNION ALL
SELECT 'event trigger', quote_ident(t.evtname),
       concat_ws(E'\n', 'on ' || t.evtevent, <<enabled t.evtenabled>>,
           'tags ' || array_to_string(t.evttags, ', '), 'function ' || t.evtfoid::regprocedure),
       t.evtowner, NULL, NULL, obj_description(t.oid, 'pg_event_trigger')
  FROM pg_event_trigger t WHERE <<own pg_event_trigger t.oid>>
UNION ALL
SELECT 'default privileges',
       concat_ws(' ', 'of ' || quote_ident(pg_get_userbyid(a.defaclrole)),
           'in ' || quote_ident(n.nspname),
           'on ' || CASE a.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
                         WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas'
                         WHEN 'L' THEN 'large objects' ELSE a.defaclobjtype::text END),
       '', NULL, a.defaclacl, CASE a.defaclobjtype WHEN 'S' THEN 's' ELSE a.defaclobjtype::text END,
       NULL
  FROM pg_default_acl a LEFT JOIN pg_namespace n ON n.oid = a.defaclnamespace
UNION ALL
SELECT 'security label', concat_ws(' ', l.provider, 'on', i.type, i.identity),
       quote_literal(l.label), NULL, NULL, NULL, NULL
  FROM pg_seclabel l, pg_identify_object(l.classoid, l.objoid, l.objsubid) i
UNION ALL
SELECT 'security label', concat_ws(' ', l.provider, 'on', i.type, i.identity),
       quote_literal(l.label), NULL, NULL, NULL, NULL
  FROM pg_shseclabel l, pg_identify_object(l.classoid, l.objoid, 0) i
 WHERE l.classoid = 'pg_database'::regclass
   AND l.objoid = (SELECT oid FROM pg_database WHERE datname = current_database())
