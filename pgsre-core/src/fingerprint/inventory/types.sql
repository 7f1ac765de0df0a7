-- Without the types of tables' rows, of arrays and of multiranges, which follow from others.
SELECT 'type', t.oid::regtype::text,
       CASE WHEN NOT t.typisdefined THEN 'shell' ELSE CASE t.typtype
           WHEN 'e' THEN concat_ws(E'\n', 'enum',
               (SELECT string_agg('label ' || quote_literal(e.enumlabel), E'\n' ORDER BY e.enumsortorder)
                  FROM pg_enum e WHERE e.enumtypid = t.oid))
           WHEN 'c' THEN concat_ws(E'\n', 'composite',
               (SELECT string_agg(concat_ws(' ', 'attribute', quote_ident(a.attname),
                                            format_type(a.atttypid, a.atttypmod),
                                            CASE WHEN a.attcollation <> b.typcollation
                                                 THEN 'collation ' || a.attcollation::regcollation END,
                                            'comment ' || quote_literal(col_description(a.attrelid, a.attnum))),
                                  E'\n' ORDER BY a.attnum)
                  FROM pg_attribute a JOIN pg_type b ON b.oid = a.atttypid
                 WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped))
           WHEN 'r' THEN (SELECT concat_ws(E'\n', 'range', 'subtype ' || r.rngsubtype::regtype,
                                 'operator class ' || quote_ident(s.nspname) || '.' || quote_ident(o.opcname),
                                 'collation ' || nullif(r.rngcollation, 0)::regcollation,
                                 'canonical ' || nullif(r.rngcanonical, 0)::regproc,
                                 'difference ' || nullif(r.rngsubdiff, 0)::regproc,
                                 <<multirange>>)
                            FROM pg_range r JOIN pg_opclass o ON o.oid = r.rngsubopc
                            JOIN pg_namespace s ON s.oid = o.opcnamespace
                           WHERE r.rngtypid = t.oid)
           ELSE concat_ws(E'\n', 'base',
               'input ' || t.typinput::regproc, 'output ' || t.typoutput::regproc,
               'receive ' || nullif(t.typreceive, 0)::regproc, 'send ' || nullif(t.typsend, 0)::regproc,
               'modifier input ' || nullif(t.typmodin, 0)::regproc,
               'modifier output ' || nullif(t.typmodout, 0)::regproc,
               'analyze ' || nullif(t.typanalyze, 0)::regproc,
               <<subscript>>,
               'length ' || t.typlen,
               CASE WHEN t.typbyval THEN 'passed by value' END,
               'alignment ' || t.typalign::text, 'storage ' || t.typstorage::text,
               'category ' || quote_literal(t.typcategory::text),
               CASE WHEN t.typispreferred THEN 'preferred' END,
               'default ' || quote_literal(t.typdefault),
               'element ' || nullif(t.typelem, 0)::regtype,
               'delimiter ' || quote_literal(t.typdelim::text),
               CASE WHEN t.typcollation <> 0 THEN 'collatable' END)
           END END,
       t.typowner, t.typacl, 'T', obj_description(t.oid, 'pg_type')
  FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
  LEFT JOIN pg_class c ON c.oid = t.typrelid
 WHERE (t.typtype IN ('b', 'e', 'r') OR t.typtype = 'c' AND c.relkind = 'c'
        OR t.typtype = 'p' AND NOT t.typisdefined)
   AND NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
   AND <<user_schema n>> AND <<own pg_type t.oid>>
UNION ALL
SELECT 'domain', t.oid::regtype::text,
       concat_ws(E'\n',
           'type ' || format_type(t.typbasetype, t.typtypmod),
           CASE WHEN t.typcollation <> b.typcollation
                THEN 'collation ' || t.typcollation::regcollation END,
           CASE WHEN t.typnotnull THEN 'not null' END,
           'default ' || coalesce(pg_get_expr(t.typdefaultbin, 0), quote_literal(t.typdefault))),
       t.typowner, t.typacl, 'T', obj_description(t.oid, 'pg_type')
  FROM pg_type t
  JOIN pg_namespace n ON n.oid = t.typnamespace
  JOIN pg_type b ON b.oid = t.typbasetype
 WHERE t.typtype = 'd' AND <<user_schema n>> AND <<own pg_type t.oid>>
UNION ALL
SELECT 'collation', c.oid::regcollation::text,
       concat_ws(E'\n',
           'provider ' || CASE c.collprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu'
                                              WHEN 'b' THEN 'builtin' ELSE 'default' END,
           <<collation_locale>>,
           'ctype ' || quote_literal(nullif(c.collctype, c.collcollate)),
           <<collation_rules>>,
           CASE WHEN NOT c.collisdeterministic THEN 'not deterministic' END,
           'encoding ' || CASE WHEN c.collencoding >= 0 THEN pg_encoding_to_char(c.collencoding) END,
           'version ' || c.collversion),
       c.collowner, NULL, NULL, obj_description(c.oid, 'pg_collation')
  FROM pg_collation c JOIN pg_namespace n ON n.oid = c.collnamespace
 WHERE <<user_schema n>> AND <<own pg_collation c.oid>>
