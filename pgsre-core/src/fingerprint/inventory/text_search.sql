SELECT 'text search', 'parser ' || quote_ident(n.nspname) || '.' || quote_ident(p.prsname),
       concat_ws(E'\n', 'start ' || p.prsstart::regproc, 'gettoken ' || p.prstoken::regproc,
           'end ' || p.prsend::regproc, 'headline ' || nullif(p.prsheadline::oid, 0)::regproc,
           'lextypes ' || p.prslextype::regproc),
       NULL::oid, NULL::aclitem[], NULL, obj_description(p.oid, 'pg_ts_parser')
  FROM pg_ts_parser p JOIN pg_namespace n ON n.oid = p.prsnamespace
 WHERE <<user_schema n>> AND <<own pg_ts_parser p.oid>>
UNION ALL
SELECT 'text search', 'template ' || quote_ident(n.nspname) || '.' || quote_ident(t.tmplname),
       concat_ws(E'\n', 'init ' || nullif(t.tmplinit::oid, 0)::regproc, 'lexize ' || t.tmpllexize::regproc),
       NULL, NULL, NULL, obj_description(t.oid, 'pg_ts_template')
  FROM pg_ts_template t JOIN pg_namespace n ON n.oid = t.tmplnamespace
 WHERE <<user_schema n>> AND <<own pg_ts_template t.oid>>
UNION ALL
SELECT 'text search', 'dictionary ' || d.oid::regdictionary,
       concat_ws(E'\n',
           (SELECT 'template ' || quote_ident(s.nspname) || '.' || quote_ident(t.tmplname)
              FROM pg_ts_template t JOIN pg_namespace s ON s.oid = t.tmplnamespace
             WHERE t.oid = d.dicttemplate),
           'options ' || d.dictinitoption),
       d.dictowner, NULL, NULL, obj_description(d.oid, 'pg_ts_dict')
  FROM pg_ts_dict d JOIN pg_namespace n ON n.oid = d.dictnamespace
 WHERE <<user_schema n>> AND <<own pg_ts_dict d.oid>>
UNION ALL
SELECT 'text search', 'configuration ' || c.oid::regconfig,
       concat_ws(E'\n',
           (SELECT 'parser ' || quote_ident(s.nspname) || '.' || quote_ident(p.prsname)
              FROM pg_ts_parser p JOIN pg_namespace s ON s.oid = p.prsnamespace
             WHERE p.oid = c.cfgparser),
           (SELECT string_agg('map ' || k.alias || ' to ' || m.dictionaries, E'\n' ORDER BY k.alias COLLATE "C")
              FROM (SELECT maptokentype, string_agg(mapdict::regdictionary::text, ', ' ORDER BY mapseqno)
                      FROM pg_ts_config_map WHERE mapcfg = c.oid GROUP BY 1) m (token, dictionaries)
              JOIN ts_token_type(c.cfgparser) k ON k.tokid = m.token)),
       c.cfgowner, NULL, NULL, obj_description(c.oid, 'pg_ts_config')
  FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
 WHERE <<user_schema n>> AND <<own pg_ts_config c.oid>>
