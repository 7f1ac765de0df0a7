-- A shell operator only stands for one to come.
SELECT 'operator', o.oid::regoperator::text,
       concat_ws(E'\n', 'function ' || o.oprcode::regprocedure,
           'commutator ' || nullif(o.oprcom, 0)::regoperator,
           'negator ' || nullif(o.oprnegate, 0)::regoperator,
           'restrict ' || nullif(o.oprrest::oid, 0)::regproc,
           'join ' || nullif(o.oprjoin::oid, 0)::regproc,
           CASE WHEN o.oprcanhash THEN 'hashes' END, CASE WHEN o.oprcanmerge THEN 'merges' END),
       o.oprowner, NULL::aclitem[], NULL, obj_description(o.oid, 'pg_operator')
  FROM pg_operator o JOIN pg_namespace n ON n.oid = o.oprnamespace
 WHERE o.oprcode <> 0 AND <<user_schema n>> AND <<own pg_operator o.oid>>
UNION ALL
SELECT 'operator class',
       quote_ident(n.nspname) || '.' || quote_ident(o.opcname) || ' using ' || quote_ident(m.amname),
       concat_ws(E'\n', 'type ' || o.opcintype::regtype, CASE WHEN o.opcdefault THEN 'default' END,
           'family ' || quote_ident(s.nspname) || '.' || quote_ident(f.opfname),
           'storage ' || nullif(o.opckeytype, 0)::regtype),
       o.opcowner, NULL, NULL, obj_description(o.oid, 'pg_opclass')
  FROM pg_opclass o
  JOIN pg_namespace n ON n.oid = o.opcnamespace
  JOIN pg_am m ON m.oid = o.opcmethod
  JOIN pg_opfamily f ON f.oid = o.opcfamily
  JOIN pg_namespace s ON s.oid = f.opfnamespace
 WHERE <<user_schema n>> AND <<own pg_opclass o.oid>>
UNION ALL
SELECT 'operator family',
       quote_ident(n.nspname) || '.' || quote_ident(f.opfname) || ' using ' || quote_ident(m.amname),
       concat_ws(E'\n',
           (SELECT string_agg('operator ' || p.amopstrategy || ' ' || p.amopopr::regoperator
                              || coalesce(' for order by ' || quote_ident(s.nspname) || '.' || quote_ident(b.opfname), ''),
                              E'\n' ORDER BY p.amopstrategy, p.amopopr::regoperator::text COLLATE "C")
              FROM pg_amop p LEFT JOIN pg_opfamily b ON b.oid = p.amopsortfamily
              LEFT JOIN pg_namespace s ON s.oid = b.opfnamespace WHERE p.amopfamily = f.oid),
           (SELECT string_agg('function ' || p.amprocnum || ' (' || p.amproclefttype::regtype || ', '
                              || p.amprocrighttype::regtype || ') ' || p.amproc::regprocedure, E'\n'
                              ORDER BY p.amprocnum, p.amproclefttype::regtype::text COLLATE "C",
                                       p.amprocrighttype::regtype::text COLLATE "C")
              FROM pg_amproc p WHERE p.amprocfamily = f.oid)),
       f.opfowner, NULL, NULL, obj_description(f.oid, 'pg_opfamily')
  FROM pg_opfamily f
  JOIN pg_namespace n ON n.oid = f.opfnamespace
  JOIN pg_am m ON m.oid = f.opfmethod
 WHERE <<user_schema n>> AND <<own pg_opfamily f.oid>>
UNION ALL
SELECT 'cast', '(' || c.castsource::regtype || ' as ' || c.casttarget::regtype || ')',
       concat_ws(E'\n',
           CASE c.castmethod WHEN 'f' THEN 'with function ' || c.castfunc::regprocedure
                             WHEN 'i' THEN 'with inout' ELSE 'without function' END,
           CASE c.castcontext WHEN 'i' THEN 'as implicit' WHEN 'a' THEN 'as assignment' END),
       NULL, NULL, NULL, obj_description(c.oid, 'pg_cast')
  FROM pg_cast c
 WHERE <<not_of_system c.oid>> AND <<not_internal pg_cast c.oid>>
UNION ALL
SELECT 'transform', 'for ' || t.trftype::regtype || ' language ' || quote_ident(l.lanname),
       concat_ws(E'\n', 'from sql ' || nullif(t.trffromsql::oid, 0)::regprocedure,
                        'to sql ' || nullif(t.trftosql::oid, 0)::regprocedure),
       NULL, NULL, NULL, obj_description(t.oid, 'pg_transform')
  FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang
 WHERE <<not_of_system t.oid>> AND <<own pg_transform t.oid>>
UNION ALL
SELECT 'conversion', quote_ident(n.nspname) || '.' || quote_ident(c.conname),
       concat_ws(E'\n', CASE WHEN c.condefault THEN 'default' END,
           'for ' || pg_encoding_to_char(c.conforencoding) || ' to ' || pg_encoding_to_char(c.contoencoding),
           'function ' || c.conproc::regproc),
       c.conowner, NULL, NULL, obj_description(c.oid, 'pg_conversion')
  FROM pg_conversion c JOIN pg_namespace n ON n.oid = c.connamespace
 WHERE <<user_schema n>> AND <<own pg_conversion c.oid>>
