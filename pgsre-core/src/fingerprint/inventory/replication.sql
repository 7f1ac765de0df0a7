SELECT 'publication', quote_ident(p.pubname),
       concat_ws(E'\n', CASE WHEN p.puballtables THEN 'all tables' END,
           'publish ' || concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END,
               CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END,
               CASE WHEN p.pubtruncate THEN 'truncate' END),
           CASE WHEN p.pubviaroot THEN 'via partition root' END,
           <<generated_columns>>,
           (SELECT string_agg(concat_ws(' ', 'table', r.prrelid::regclass, <<published_part>>), E'\n'
                              ORDER BY r.prrelid::regclass::text COLLATE "C")
              FROM pg_publication_rel r WHERE r.prpubid = p.oid),
           <<published_schemas>>),
       p.pubowner, NULL::aclitem[], NULL, obj_description(p.oid, 'pg_publication')
  FROM pg_publication p
 WHERE <<own pg_publication p.oid>>
UNION ALL
-- Without whether it is enabled: a dump never says so.
SELECT 'subscription', quote_ident(s.subname),
       CASE WHEN <<connection>> IS NOT NULL THEN concat_ws(E'\n', 'connection ' || <<connection>>,
           'publications ' || (SELECT string_agg(quote_ident(p), ', ' ORDER BY p COLLATE "C")
                                 FROM unnest(s.subpublications) p),
           'slot ' || quote_ident(s.subslotname), 'synchronous commit ' || s.subsynccommit,
           <<streaming>>, <<subscription_14>>, <<subscription_15>>, <<subscription_16>>,
           <<subscription_17>>) END,
       s.subowner, NULL, NULL, obj_description(s.oid, 'pg_subscription')
  FROM pg_subscription s
 WHERE s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
