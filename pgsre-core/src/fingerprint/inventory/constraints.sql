-- NOT NULL is a property of its column, with or without a constraint's name (18); the foreign keys
-- of partitions follow from that of the partitioned table, and their names are nobody's choice.
SELECT 'constraint', c.oid::regclass || '.' || quote_ident(k.conname),
       concat_ws(E'\n', pg_get_constraintdef(k.oid), <<index x>>,
           'index comment ' || quote_literal(obj_description(x.indexrelid, 'pg_class'))),
       NULL::oid, NULL::aclitem[], NULL, obj_description(k.oid, 'pg_constraint')
  FROM pg_constraint k
  JOIN pg_class c ON c.oid = k.conrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
  LEFT JOIN pg_index x ON x.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')
 WHERE (k.contype IN ('c', 'p', 'u', 'x') OR k.contype = 'f' AND k.conparentid = 0)
   AND c.relpersistence <> 't' AND <<user_schema n>> AND <<own pg_class c.oid>>
UNION ALL
SELECT 'constraint', t.oid::regtype || '.' || quote_ident(k.conname),
       pg_get_constraintdef(k.oid),
       NULL, NULL, NULL, obj_description(k.oid, 'pg_constraint')
  FROM pg_constraint k
  JOIN pg_type t ON t.oid = k.contypid
  JOIN pg_namespace n ON n.oid = t.typnamespace
 WHERE k.contype = 'c' AND <<user_schema n>> AND <<own pg_type t.oid>>
