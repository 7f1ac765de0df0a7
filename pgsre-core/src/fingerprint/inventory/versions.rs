//! What differs between the servers' versions in the queries: one table.

use super::Reader;

/// A piece of SQL that queries name as `<<name argument argument>>`.
struct Fragment {
    name: &'static str,
    /// The first major version that this text is for.
    since: u32,
    /// Whether the role that reads must see the connections of subscriptions for it.
    privileged: bool,
    /// `{1}` and `{2}` stand for the arguments.
    sql: &'static str,
}

const fn any(name: &'static str, sql: &'static str) -> Fragment {
    since(0, name, sql)
}

const fn since(since: u32, name: &'static str, sql: &'static str) -> Fragment {
    Fragment { name, since, privileged: false, sql }
}

/// The last one of a name that fits is taken.
const FRAGMENTS: &[Fragment] = &[
    any("user_schema", "{1}.nspname !~ '^pg_' AND {1}.nspname <> 'information_schema'"),
    // FirstNormalObjectId of access/transam.h
    any("not_of_system", "{1} >= 16384"),
    any(
        "own",
        "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{1}'::regclass AND e.objid = {2} \
                        AND e.deptype = 'e')",
    ),
    // Constructors and casts of ranges, which belong to their types, too.
    any(
        "not_internal",
        "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{1}'::regclass AND e.objid = {2} \
                        AND e.deptype IN ('e', 'i'))",
    ),
    any(
        "parameters",
        "(SELECT string_agg('{1} ' || p, E'\\n' ORDER BY p COLLATE \"C\") FROM unnest({2}) p)",
    ),
    // Since the minor releases of November 2026 servers keep a version of the row type there.
    any(
        "column_parameters",
        "(SELECT string_agg('parameter ' || p, E'\\n' ORDER BY p COLLATE \"C\") \
            FROM unnest(a.attoptions) p WHERE p NOT LIKE 'pg\\_attver=%')",
    ),
    // Secrets stay where they are.
    any(
        "options",
        "(SELECT string_agg('option ' || quote_ident(option_name) || ' ' \
                   || CASE WHEN option_name ~* 'pass|secret|key|token|credential' THEN '***' \
                           ELSE quote_nullable(option_value) END, \
                   E'\\n' ORDER BY option_name COLLATE \"C\") FROM pg_options_to_table({1}))",
    ),
    any(
        "enabled",
        "CASE {1} WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'enabled in replicas' \
                  WHEN 'A' THEN 'enabled always' END",
    ),
    any(
        "index",
        "pg_get_indexdef({1}.indexrelid), \
         CASE WHEN NOT {1}.indisvalid THEN 'invalid' END, \
         (SELECT 'partition of ' || i.inhparent::regclass FROM pg_inherits i \
           WHERE i.inhrelid = {1}.indexrelid), \
         (SELECT string_agg('statistics of column ' || a.attnum || ' ' || a.attstattarget, E'\\n' \
                            ORDER BY a.attnum) \
            FROM pg_attribute a \
           WHERE a.attrelid = {1}.indexrelid AND a.attnum > 0 AND a.attstattarget >= 0)",
    ),
    any("compression", "NULL"),
    since(
        14,
        "compression",
        "CASE a.attcompression WHEN 'p' THEN 'compression pglz' WHEN 'l' THEN 'compression lz4' END",
    ),
    any("not_null", "''"),
    since(
        18,
        "not_null",
        "coalesce((SELECT CASE WHEN NOT k.convalidated THEN ' not valid' ELSE '' END \
                          || CASE WHEN k.connoinherit THEN ' no inherit' ELSE '' END \
                     FROM pg_constraint k WHERE k.conrelid = a.attrelid AND k.contype = 'n' \
                      AND k.conkey[1] = a.attnum), '')",
    ),
    any("identity", "a.attidentity"),
    // A partition has that of the partitioned table, which it did not have before.
    since(17, "identity", "CASE WHEN NOT c.relispartition THEN a.attidentity END"),
    any("multirange", "NULL"),
    since(14, "multirange", "'multirange ' || r.rngmultitypid::regtype"),
    any("subscript", "NULL"),
    since(14, "subscript", "'subscript ' || nullif(t.typsubscript::oid, 0)::regproc"),
    any(
        "collation_locale",
        "'locale ' || quote_literal(c.collcollate), \
                             'ctype ' || quote_literal(nullif(c.collctype, c.collcollate))",
    ),
    since(
        15,
        "collation_locale",
        "'locale ' || quote_literal(coalesce(c.colliculocale, c.collcollate)), \
                                   'ctype ' || quote_literal(nullif(c.collctype, c.collcollate))",
    ),
    since(
        17,
        "collation_locale",
        "'locale ' || quote_literal(coalesce(c.colllocale, c.collcollate)), \
                                   'ctype ' || quote_literal(nullif(c.collctype, c.collcollate))",
    ),
    any("collation_rules", "NULL"),
    since(16, "collation_rules", "'rules ' || quote_literal(c.collicurules)"),
    any("database_provider", "'provider libc'"),
    since(
        15,
        "database_provider",
        "'provider ' || CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' \
                                              ELSE 'libc' END, \
         'version ' || d.datcollversion",
    ),
    any("database_locale", "NULL"),
    since(15, "database_locale", "'locale ' || quote_literal(d.daticulocale)"),
    since(17, "database_locale", "'locale ' || quote_literal(d.datlocale)"),
    any("database_rules", "NULL"),
    since(16, "database_rules", "'rules ' || quote_literal(d.daticurules)"),
    // The superuser of initdb, until 15 gave the schema to pg_database_owner.
    any("owner_of_public", "10"),
    since(15, "owner_of_public", "'pg_database_owner'::regrole"),
    any("generated_columns", "NULL"),
    since(
        18,
        "generated_columns",
        "CASE p.pubgencols WHEN 's' THEN 'generated columns stored' END",
    ),
    any("published_part", "NULL"),
    since(
        15,
        "published_part",
        "(SELECT '(' || string_agg(quote_ident(a.attname), ', ' ORDER BY a.attname COLLATE \"C\") || ')' \
            FROM unnest(r.prattrs) u JOIN pg_attribute a ON a.attrelid = r.prrelid AND a.attnum = u), \
         'where (' || pg_get_expr(r.prqual, r.prrelid) || ')'",
    ),
    any("published_schemas", "NULL"),
    since(
        15,
        "published_schemas",
        "(SELECT string_agg('schema ' || quote_ident(n.nspname), E'\\n' ORDER BY n.nspname COLLATE \"C\") \
            FROM pg_publication_namespace s JOIN pg_namespace n ON n.oid = s.pnnspid \
           WHERE s.pnpubid = p.oid)",
    ),
    any("connection", "NULL::text"),
    Fragment {
        name: "connection",
        since: 0,
        privileged: true,
        sql: "regexp_replace(regexp_replace(s.subconninfo, \
                  '(pass\\w*|secret\\w*|sslpassword|\\w*token)(\\s*=\\s*)(''(\\\\.|[^''\\\\])*''|[^\\s&]+)', \
                  '\\1\\2***', 'gi'), '(//[^:/?@]*):[^@/]*@', '\\1:***@')",
    },
    any("streaming", "NULL"),
    since(14, "streaming", "CASE WHEN s.substream THEN 'streaming on' END"),
    since(
        16,
        "streaming",
        "CASE s.substream WHEN 't' THEN 'streaming on' WHEN 'p' THEN 'streaming parallel' END",
    ),
    any("subscription_14", "NULL"),
    since(14, "subscription_14", "CASE WHEN s.subbinary THEN 'binary' END"),
    any("subscription_15", "NULL"),
    since(
        15,
        "subscription_15",
        "CASE WHEN s.subtwophasestate <> 'd' THEN 'two phase' END, \
         CASE WHEN s.subdisableonerr THEN 'disable on error' END",
    ),
    any("subscription_16", "NULL"),
    since(
        16,
        "subscription_16",
        "CASE WHEN NOT s.subpasswordrequired THEN 'password not required' END, \
         CASE WHEN s.subrunasowner THEN 'run as owner' END, \
         'origin ' || nullif(s.suborigin, 'any')",
    ),
    any("subscription_17", "NULL"),
    since(17, "subscription_17", "CASE WHEN s.subfailover THEN 'failover' END"),
];

/// A query as this reader's server takes it.
pub(super) fn expand(sql: &str, reader: Reader) -> String {
    let mut expanded = String::with_capacity(sql.len() * 2);
    let mut rest = sql;
    while let Some((before, named)) = rest.split_once("<<") {
        let Some((call, after)) = named.split_once(">>") else { break };
        expanded.push_str(before);
        expanded.push_str(&fragment(call, reader));
        rest = after;
    }
    expanded + rest
}

/// A name that is not in the table is the server's error to report; the tests know them all.
fn fragment(call: &str, reader: Reader) -> String {
    let mut words = call.split(' ');
    let name = words.next().unwrap_or_default();
    let sql = FRAGMENTS
        .iter()
        .rev()
        .find(|fragment| {
            fragment.name == name
                && fragment.since <= reader.major
                && (!fragment.privileged || reader.sees_connections)
        })
        .map_or(name, |fragment| fragment.sql);
    let first = words.next().unwrap_or_default();
    sql.replace("{1}", first).replace("{2}", words.next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const READER: Reader = Reader { major: 15, sees_connections: false };

    #[test]
    fn a_fragment_is_that_of_the_newest_version_the_server_has() {
        let multirange = |major| expand("<<multirange>>", Reader { major, ..READER });
        assert_eq!(multirange(13), "NULL");
        assert_eq!(multirange(18), "'multirange ' || r.rngmultitypid::regtype");
    }

    #[test]
    fn arguments_take_their_places() {
        let sql = expand("a <<not_of_system c.oid>> b", READER);
        assert_eq!(sql, "a c.oid >= 16384 b");
        assert!(expand("<<own pg_cast c.oid>>", READER).contains("'pg_cast'::regclass"));
    }

    #[test]
    fn a_connection_is_read_only_by_whom_may_see_it() {
        assert_eq!(expand("<<connection>>", READER), "NULL::text");
        let sees = Reader { sees_connections: true, ..READER };
        assert!(expand("<<connection>>", sees).contains("subconninfo"));
    }
}
