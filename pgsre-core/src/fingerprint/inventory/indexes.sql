-- What enforces a constraint is part of the constraint.
SELECT 'index', x.indexrelid::regclass::text,
       concat_ws(E'\n', <<index x>>),
       NULL::oid, NULL::aclitem[], NULL, obj_description(x.indexrelid, 'pg_class')
  FROM pg_index x
  JOIN pg_class c ON c.oid = x.indrelid
  JOIN pg_namespace n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'm') AND c.relpersistence <> 't'
   AND <<user_schema n>> AND <<own pg_class c.oid>>
   AND NOT EXISTS (SELECT FROM pg_constraint k
                    WHERE k.conindid = x.indexrelid AND k.conrelid = x.indrelid
                      AND k.contype IN ('p', 'u', 'x'))
