SELECT 'foreign-data wrapper', quote_ident(w.fdwname),
       concat_ws(E'\n', 'handler ' || nullif(w.fdwhandler, 0)::regproc,
           'validator ' || nullif(w.fdwvalidator, 0)::regproc, <<options w.fdwoptions>>),
       w.fdwowner, w.fdwacl, 'F', obj_description(w.oid, 'pg_foreign_data_wrapper')
  FROM pg_foreign_data_wrapper w
 WHERE <<own pg_foreign_data_wrapper w.oid>>
UNION ALL
SELECT 'foreign server', quote_ident(s.srvname),
       concat_ws(E'\n', 'wrapper ' || quote_ident(w.fdwname), 'type ' || quote_literal(s.srvtype),
           'server version ' || quote_literal(s.srvversion), <<options s.srvoptions>>),
       s.srvowner, s.srvacl, 'S', obj_description(s.oid, 'pg_foreign_server')
  FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw
 WHERE <<own pg_foreign_server s.oid>>
UNION ALL
-- The view hides the options of others from all but superusers.
SELECT 'user mapping',
       CASE m.umuser WHEN 0 THEN 'PUBLIC' ELSE quote_ident(m.usename) END || ' on ' || quote_ident(m.srvname),
       CASE WHEN m.umoptions IS NOT NULL OR current_setting('is_superuser') = 'on'
            THEN concat_ws(E'\n', <<options m.umoptions>>) END,
       NULL, NULL, NULL, NULL
  FROM pg_user_mappings m
