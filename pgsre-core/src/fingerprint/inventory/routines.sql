SELECT 'function', p.oid::regprocedure::text, pg_get_functiondef(p.oid),
       p.proowner, p.proacl, 'f', obj_description(p.oid, 'pg_proc')
  FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE p.prokind <> 'a' AND <<user_schema n>> AND <<not_internal pg_proc p.oid>>
UNION ALL
SELECT 'aggregate', p.oid::regprocedure::text,
       concat_ws(E'\n',
           'arguments ' || pg_get_function_arguments(p.oid),
           'returns ' || pg_get_function_result(p.oid),
           CASE a.aggkind WHEN 'o' THEN 'ordered set' WHEN 'h' THEN 'hypothetical set' END,
           'sfunc ' || a.aggtransfn::regprocedure,
           'stype ' || a.aggtranstype::regtype,
           'sspace ' || nullif(a.aggtransspace, 0),
           'initcond ' || quote_literal(a.agginitval),
           'finalfunc ' || nullif(a.aggfinalfn, 0)::regprocedure
               || CASE WHEN a.aggfinalextra THEN ' extra' ELSE '' END,
           'finalfunc_modify ' || CASE WHEN a.aggfinalfn <> 0 THEN a.aggfinalmodify::text END,
           'combinefunc ' || nullif(a.aggcombinefn, 0)::regprocedure,
           'serialfunc ' || nullif(a.aggserialfn, 0)::regprocedure,
           'deserialfunc ' || nullif(a.aggdeserialfn, 0)::regprocedure,
           'msfunc ' || nullif(a.aggmtransfn, 0)::regprocedure,
           'minvfunc ' || nullif(a.aggminvtransfn, 0)::regprocedure,
           'mstype ' || nullif(a.aggmtranstype, 0)::regtype,
           'msspace ' || nullif(a.aggmtransspace, 0),
           'minitcond ' || quote_literal(a.aggminitval),
           'mfinalfunc ' || nullif(a.aggmfinalfn, 0)::regprocedure
               || CASE WHEN a.aggmfinalextra THEN ' extra' ELSE '' END,
           'mfinalfunc_modify ' || CASE WHEN a.aggmfinalfn <> 0 THEN a.aggmfinalmodify::text END,
           'sortop ' || nullif(a.aggsortop, 0)::regoperator,
           'parallel ' || p.proparallel::text),
       p.proowner, p.proacl, 'f', obj_description(p.oid, 'pg_proc')
  FROM pg_aggregate a
  JOIN pg_proc p ON p.oid = a.aggfnoid
  JOIN pg_namespace n ON n.oid = p.pronamespace
 WHERE <<user_schema n>> AND <<own pg_proc p.oid>>
