WITH space AS MATERIALIZED (
    SELECT oid, nspname::text AS nspname FROM pg_namespace
     WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), member AS MATERIALIZED (
    SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), relation AS MATERIALIZED (
    SELECT c.oid, s.nspname, c.relname::text AS relname, c.relkind, c.relispartition,
           EXISTS (SELECT FROM member m
                    WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid) AS of_extension
      FROM pg_class c JOIN space s ON s.oid = c.relnamespace
     WHERE c.relpersistence <> 't'
)
SELECT CASE relkind WHEN 'S' THEN 'sequence' WHEN 'v' THEN 'view' ELSE 'materialized view' END,
       nspname, NULL::text, relname, NOT of_extension,
       NULL::text
  FROM relation WHERE relkind IN ('S', 'v', 'm')
UNION ALL
-- pg_dump leaves out invalid indexes; one behind a constraint is compared as the constraint
SELECT 'index', i.nspname, NULL, i.relname,
       x.indisvalid AND NOT i.relispartition AND NOT t.of_extension
       AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = x.indexrelid
                          AND k.contype IN ('p', 'u', 'x') AND k.conrelid = x.indrelid),
       t.relname
  FROM pg_index x JOIN relation i ON i.oid = x.indexrelid JOIN relation t ON t.oid = x.indrelid
UNION ALL
-- the names of NOT NULL constraints (18) are nobody's choice, as are those of cloned foreign keys
SELECT CASE k.contype WHEN 'p' THEN 'primary key' ELSE 'constraint' END,
       t.nspname, t.relname, k.conname::text,
       k.conparentid = 0 AND k.contype IN ('p', 'u', 'x', 'f', 'c') AND NOT t.of_extension,
       t.relname
  FROM pg_constraint k JOIN relation t ON t.oid = k.conrelid
UNION ALL
SELECT 'constraint', s.nspname, d.typname::text, k.conname::text,
       k.contype = 'c' AND NOT EXISTS (SELECT FROM member m
                    WHERE m.classid = 'pg_type'::regclass AND m.objid = d.oid),
       NULL
  FROM pg_constraint k JOIN pg_type d ON d.oid = k.contypid JOIN space s ON s.oid = d.typnamespace
UNION ALL
SELECT 'trigger', t.nspname, t.relname, g.tgname::text,
       NOT g.tgisinternal AND NOT t.relispartition AND NOT t.of_extension
       AND NOT EXISTS (SELECT FROM member m
                        WHERE m.classid = 'pg_trigger'::regclass AND m.objid = g.oid),
       t.relname
  FROM pg_trigger g JOIN relation t ON t.oid = g.tgrelid
UNION ALL
SELECT 'policy', t.nspname, t.relname, p.polname::text, NOT t.of_extension, t.relname
  FROM pg_policy p JOIN relation t ON t.oid = p.polrelid
UNION ALL
SELECT 'rule', t.nspname, t.relname, r.rulename::text,
       r.rulename <> '_RETURN' AND NOT t.of_extension, t.relname
  FROM pg_rewrite r JOIN relation t ON t.oid = r.ev_class
UNION ALL
SELECT 'type', s.nspname, NULL, t.typname::text,
       t.typtype IN ('b', 'c', 'd', 'e', 'r')
       AND (t.typrelid = 0 OR EXISTS (SELECT FROM relation c
                                       WHERE c.oid = t.typrelid AND c.relkind = 'c'))
       AND NOT EXISTS (SELECT FROM member m
                        WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid),
       NULL
  FROM pg_type t JOIN space s ON s.oid = t.typnamespace
 WHERE NOT EXISTS (SELECT FROM pg_type e WHERE e.oid = t.typelem AND e.typarray = t.oid)
UNION ALL
SELECT 'routine', s.nspname, NULL, f.proname::text,
       NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass
                      AND d.objid = f.oid AND d.deptype IN ('e', 'i')),
       NULL
  FROM pg_proc f JOIN space s ON s.oid = f.pronamespace
UNION ALL
SELECT 'statistics', s.nspname, NULL, e.stxname::text, true, NULL
  FROM pg_statistic_ext e JOIN space s ON s.oid = e.stxnamespace
UNION ALL
SELECT 'event trigger', NULL, NULL, evtname::text, false, NULL FROM pg_event_trigger
UNION ALL
SELECT 'publication', NULL, NULL, pubname::text, false, NULL FROM pg_publication
UNION ALL
SELECT 'extension', NULL, NULL, extname::text, true, NULL FROM pg_extension
UNION ALL
SELECT 'schema', NULL, NULL, n.nspname::text,
       NOT EXISTS (SELECT FROM member m
                    WHERE m.classid = 'pg_namespace'::regclass AND m.objid = n.oid)
       AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema',
       NULL
  FROM pg_namespace n
