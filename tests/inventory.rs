//! The inventory of a database: the same after a sound restore, and another after any change.

use std::collections::{BTreeMap, BTreeSet};

use pgsre_core::fingerprint::{
    Fingerprint, FingerprintRequest, Level, ObjectKind, ObjectPrint, Unobserved,
};
use pgsre_core::postgres::{ConnectConfig, Database};
use pgsre_tests::harness::server::Server;
use tokio_util::sync::CancellationToken;

const EVERY_KIND: &str = include_str!("databases/every_kind.sql");

const EXPRESSIONS: &str = include_str!("databases/expressions.sql");

const ROLES: &str = "create role every_owner; create role every_reader; create role \"Rôle \"\"quoted\"\"; -- odd\"";

#[tokio::test]
async fn a_sound_restore_into_any_version_has_the_same_inventory() {
    let source = Server::start(15).await;
    source.create("every kind", "", EVERY_KIND.as_bytes());
    source.create("no extension", "", without_extension().as_bytes());
    source.create("expressions", "", EXPRESSIONS.as_bytes());
    for major in [15, 16, 17, 18] {
        let target = Server::start(major).await;
        target.sql("postgres", ROLES.as_bytes());
        let every_kind = if major == 15 { "every kind" } else { "no extension" };
        for database in [every_kind, "expressions"] {
            target.create(database, "", &unrestricted(&source.dump(database, &[])));
            let expected = inventory(&source, database).await;
            let differences = differences(&expected, &inventory(&target, database).await, major);
            assert!(differences.is_empty(), "15 to {major}:\n{}", differences.join("\n"));
        }
    }
}

#[tokio::test]
async fn every_change_of_an_object_is_one_difference() {
    let server = Server::start(15).await;
    server.create("every kind", "", EVERY_KIND.as_bytes());
    server.sql("every kind", b"create type main.pair as (a integer, b text)");
    let mut before = inventory(&server, "every kind").await;
    assert_eq!(differing(&before, &inventory(&server, "every kind").await), []);
    for round in rounds() {
        let sql: Vec<_> = round.values().copied().collect();
        server.sql("every kind", sql.join(";\n").as_bytes());
        let after = inventory(&server, "every kind").await;
        let found: BTreeSet<_> = differing(&before, &after).into_iter().collect();
        let expected: BTreeSet<_> =
            round.keys().map(|&(kind, name)| (kind, name.to_owned())).collect();
        let missed: Vec<_> = expected.difference(&found).collect();
        let invented: Vec<_> = found.difference(&expected).collect();
        assert!(missed.is_empty() && invented.is_empty(), "missed {missed:?}, saw {invented:?}");
        before = after;
    }
}

/// The changes by their objects, each object at most once a round.
fn rounds() -> Vec<BTreeMap<(ObjectKind, &'static str), &'static str>> {
    let mut rounds: Vec<BTreeMap<_, _>> = Vec::new();
    for &(sql, kind, name) in CHANGES {
        let key = (kind, name);
        match rounds.iter_mut().find(|round| !round.contains_key(&key)) {
            Some(round) => drop(round.insert(key, sql)),
            None => rounds.push(BTreeMap::from([(key, sql)])),
        }
    }
    rounds
}

/// A change, and the one object that is another then.
const CHANGES: &[(&str, ObjectKind, &str)] = {
    use ObjectKind::*;
    &[
        ("alter database \"every kind\" set work_mem = '5MB'", Database, DATABASE),
        (
            "alter role every_reader in database \"every kind\" set work_mem = '6MB'",
            Database,
            DATABASE,
        ),
        ("alter database \"every kind\" connection limit 7", Database, DATABASE),
        ("alter database \"every kind\" owner to every_owner", Database, DATABASE),
        ("revoke connect on database \"every kind\" from public", Database, DATABASE),
        ("comment on database \"every kind\" is 'c'", Database, DATABASE),
        ("alter schema main owner to postgres", Schema, "main"),
        ("revoke create on schema main from every_reader", Schema, "main"),
        ("comment on schema parts is 'c'", Schema, "parts"),
        ("alter schema public owner to every_owner", Schema, "public"),
        ("grant create on schema public to public", Schema, "public"),
        ("create schema fresh", Schema, "fresh"),
        ("comment on extension hstore is 'c'", Extension, "hstore"),
        ("alter language every_language owner to postgres", Language, "every_language"),
        ("revoke usage on language every_language from public", Language, "every_language"),
        ("comment on collation main.german is null", Collation, "main.german"),
        ("alter type main.mood add value 'new' before 'froh – ü'", Type, "main.mood"),
        ("alter type main.mood rename value 'new' to 'newer'", Type, "main.mood"),
        ("alter type main.pair alter attribute b type varchar(9)", Type, "main.pair"),
        ("comment on column main.address.street is 'c'", Type, "main.address"),
        ("alter type main.celsius set (analyze = array_typanalyze)", Type, "main.celsius"),
        ("revoke usage on type main.span from public", Type, "main.span"),
        ("alter domain main.percent set default 1", Domain, "main.percent"),
        ("alter domain main.percent drop not null", Domain, "main.percent"),
        (
            "alter domain main.percent drop constraint percent_low; alter domain main.percent \
          add constraint percent_low check (value >= -1)",
            Constraint,
            "main.percent.percent_low",
        ),
        (
            "alter domain main.percent validate constraint percent_late",
            Constraint,
            "main.percent.percent_late",
        ),
        ("alter table main.animal set (fillfactor = 80)", Table, "main.animal"),
        ("alter table main.orders set (toast.autovacuum_enabled = true)", Table, "main.orders"),
        ("alter table main.orders replica identity full", Table, "main.orders"),
        ("alter table main.orders set without cluster", Table, "main.orders"),
        ("alter table main.orders no force row level security", Table, "main.orders"),
        ("alter table main.customers disable row level security", Table, "main.customers"),
        (
            "alter table main.notes owner to every_owner; alter table main.notes owner to postgres; \
          grant truncate on main.notes to every_reader",
            Table,
            "main.notes",
        ),
        ("comment on table main.orders is 'c'", Table, "main.orders"),
        ("alter table main.other_heap set access method heap", Table, "main.other_heap"),
        ("alter table main.no_columns set unlogged", Table, "main.no_columns"),
        ("alter table main.local_column no inherit main.animal", Table, "main.local_column"),
        (
            "alter table parts.by_mood detach partition parts.by_mood_sad",
            Table,
            "parts.by_mood_sad",
        ),
        ("alter table main.notes alter seen set default true", Column, "main.notes.seen"),
        ("alter table main.notes alter seen drop not null", Column, "main.notes.seen"),
        ("alter table main.every_type alter vc type varchar(30)", Column, "main.every_type.vc"),
        ("alter table main.orders alter note set statistics 300", Column, "main.orders.note"),
        ("alter table main.orders alter note set storage extended", Column, "main.orders.note"),
        ("alter table main.orders alter note set compression default", Column, "main.orders.note"),
        ("alter table main.orders alter amount reset (n_distinct)", Column, "main.orders.amount"),
        (
            "alter table main.customers alter full_label drop expression",
            Column,
            "main.customers.full_label",
        ),
        (
            "alter table main.customers alter id set generated by default",
            Column,
            "main.customers.id",
        ),
        (
            "alter table main.every_type alter t type text collate \"C\"",
            Column,
            "main.every_type.t",
        ),
        ("revoke update (name) on main.customers from every_reader", Column, "main.customers.name"),
        ("comment on column main.orders.note is null", Column, "main.orders.note"),
        (
            "alter view main.big_orders alter note set default 'other'",
            Column,
            "main.big_orders.note",
        ),
        (
            "alter foreign table main.far_away alter id options (set column_name 'other')",
            Column,
            "main.far_away.id",
        ),
        ("alter table main.bookings add column tail boolean", Column, "main.bookings.tail"),
        ("alter index main.orders_placed set (fillfactor = 60)", Index, "main.orders_placed"),
        (
            "drop index main.orders_partial; create index orders_partial on main.orders (amount) \
          where amount > 101",
            Index,
            "main.orders_partial",
        ),
        (
            "alter index main.\"orders; expression\" alter column 1 set statistics 100",
            Index,
            "main.\"orders; expression\"",
        ),
        ("drop index main.orders_hash", Index, "main.orders_hash"),
        ("comment on index main.orders_placed is null", Index, "main.orders_placed"),
        (
            "update pg_index set indisvalid = false where indexrelid = 'main.orders_brin'::regclass",
            Index,
            "main.orders_brin",
        ),
        (
            "alter table main.orders validate constraint orders_amount_check",
            Constraint,
            "main.orders.orders_amount_check",
        ),
        (
            "alter table main.customers alter constraint customers_invited_by_fkey deferrable",
            Constraint,
            "main.customers.customers_invited_by_fkey",
        ),
        (
            "alter table main.customers drop constraint customers_name_check",
            Constraint,
            "main.customers.customers_name_check",
        ),
        (
            "alter table main.egg drop constraint egg_chicken, add constraint egg_chicken \
          foreign key (chicken) references main.chicken on delete cascade",
            Constraint,
            "main.egg.egg_chicken",
        ),
        (
            "alter index main.orders_pkey set (fillfactor = 50)",
            Constraint,
            "main.orders.orders_pkey",
        ),
        (
            "comment on constraint orders_amount_check on main.orders is 'c'",
            Constraint,
            "main.orders.orders_amount_check",
        ),
        ("alter sequence main.order_number increment by 6", Sequence, "main.order_number"),
        (
            "alter sequence main.order_number owned by main.orders.number",
            Sequence,
            "main.order_number",
        ),
        (
            "revoke usage on sequence main.order_number from every_reader",
            Sequence,
            "main.order_number",
        ),
        ("alter table main.notes alter id set cache 2", Sequence, "main.\"notes; ids\""),
        (
            "create or replace view main.writable as select id, body from main.notes where id > 0",
            View,
            "main.writable",
        ),
        ("alter view main.big_orders reset (security_barrier)", View, "main.big_orders"),
        ("refresh materialized view main.unpopulated", MaterializedView, "main.unpopulated"),
        (
            "drop materialized view main.top_totals; \
          create materialized view main.top_totals as select * from main.totals where total > 1001",
            MaterializedView,
            "main.top_totals",
        ),
        (
            "alter foreign table main.far_away options (set table_name 'further')",
            ForeignTable,
            "main.far_away",
        ),
        (
            "create or replace function main.add(a integer, b integer default 1) returns integer \
          language sql immutable strict parallel safe as 'SELECT a + b + 0'",
            Function,
            "main.add(integer,integer)",
        ),
        (
            "alter function main.in_out(integer) set work_mem = '9MB'",
            Function,
            "main.in_out(integer)",
        ),
        ("alter function main.twice(integer) volatile", Function, "main.twice(integer)"),
        ("alter procedure main.remember(text) owner to postgres", Function, "main.remember(text)"),
        (
            "grant execute on function main.add(integer, integer) to public",
            Function,
            "main.add(integer,integer)",
        ),
        (
            "create or replace aggregate main.total(integer) (sfunc = int4_sum, stype = bigint, \
          initcond = '1')",
            Aggregate,
            "main.total(integer)",
        ),
        (
            "comment on aggregate main.first(anyelement) is null",
            Aggregate,
            "main.first(anyelement)",
        ),
        (
            "alter operator main.< (main.celsius, main.celsius) set (join = none)",
            Operator,
            "main.<(main.celsius,main.celsius)",
        ),
        (
            "alter operator class main.int_too using every_btree owner to every_owner",
            OperatorClass,
            "main.int_too using every_btree",
        ),
        (
            "alter operator family main.empty_family using hash add function 1 (integer) hashint4(integer)",
            OperatorFamily,
            "main.empty_family using hash",
        ),
        ("comment on access method every_btree is 'c'", AccessMethod, "every_btree"),
        (
            "drop cast (main.mood as text); create cast (main.mood as text) with inout as assignment",
            Cast,
            "(main.mood as text)",
        ),
        ("comment on conversion main.latin is null", Conversion, "main.latin"),
        (
            "comment on transform for integer language sql is null",
            Transform,
            "for integer language sql",
        ),
        (
            "alter table main.customers disable trigger customers_touch",
            Trigger,
            "main.customers.customers_touch",
        ),
        (
            "alter table main.customers enable trigger customers_late",
            Trigger,
            "main.customers.customers_late",
        ),
        (
            "create or replace trigger measure_touch after insert on parts.measure \
          for each row execute function main.touch()",
            Trigger,
            "parts.measure.measure_touch",
        ),
        (
            "alter table parts.measure_2025 disable trigger measure_touch",
            Trigger,
            "parts.measure_2025.measure_touch",
        ),
        ("alter event trigger every_disabled enable always", EventTrigger, "every_disabled"),
        ("alter table main.notes disable rule notes_log", Rule, "main.notes.notes_log"),
        (
            "create or replace rule notes_log as on delete to main.notes do also notify other",
            Rule,
            "main.notes.notes_log",
        ),
        (
            "alter policy customers_read on main.customers using (name <> 'other')",
            Policy,
            "main.customers.customers_read",
        ),
        (
            "alter policy customers_read on main.customers to every_owner",
            Policy,
            "main.customers.customers_read",
        ),
        ("alter statistics main.orders_stats set statistics 60", Statistics, "main.orders_stats"),
        (
            "alter text search configuration main.every_configuration drop mapping for word",
            TextSearch,
            "configuration main.every_configuration",
        ),
        (
            "comment on text search dictionary main.every_dictionary is null",
            TextSearch,
            "dictionary main.every_dictionary",
        ),
        (
            "alter foreign data wrapper every_wrapper options (set debug 'false')",
            ForeignDataWrapper,
            "every_wrapper",
        ),
        ("alter server every_server version '2'", ForeignServer, "every_server"),
        ("alter server every_server owner to postgres", ForeignServer, "every_server"),
        (
            "alter user mapping for every_reader server every_server options (set \"user\" 'v')",
            UserMapping,
            "every_reader on every_server",
        ),
        ("alter publication every_pub drop table only main.animal", Publication, "every_pub"),
        (
            "alter publication every_pub set table main.orders (id, number) where (number > 10)",
            Publication,
            "every_pub",
        ),
        ("alter publication schema_pub drop tables in schema parts", Publication, "schema_pub"),
        ("alter publication all_pub owner to postgres", Publication, "all_pub"),
        (
            "alter subscription every_sub set publication every_pub with (refresh = false)",
            Subscription,
            "every_sub",
        ),
        (
            "alter subscription every_sub connection 'host=other.invalid password=p'",
            Subscription,
            "every_sub",
        ),
        (
            "alter default privileges for role every_owner in schema main \
             grant update on sequences to every_reader",
            DefaultPrivileges,
            "of every_owner in main on sequences",
        ),
        (
            "alter default privileges for role every_owner in schema main \
             revoke select on tables from every_reader",
            DefaultPrivileges,
            "of every_owner in main on tables",
        ),
        (
            "alter default privileges in schema parts revoke usage on sequences from \"Rôle \"\"quoted\"\"; -- odd\"",
            DefaultPrivileges,
            "of postgres in parts on sequences",
        ),
    ]
};

const DATABASE: &str = "\"every kind\"";

/// The kinds and names of what differs within one version.
fn differing(one: &[ObjectPrint], other: &[ObjectPrint]) -> Vec<(ObjectKind, String)> {
    let (one, other) = (by_name(one, 15), by_name(other, 15));
    let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let differing = keys.into_iter().filter(|key| one.get(*key) != other.get(*key));
    differing.map(|&(kind, name)| (kind, name.to_owned())).collect()
}

#[tokio::test]
async fn a_sound_restore_of_what_is_new_in_18_has_the_same_inventory() {
    let server = Server::start(18).await;
    server.sql("postgres", b"create role new_reader");
    let utf8 = "encoding 'UTF8' template template0";
    server.create("source", utf8, include_bytes!("databases/since_16.sql"));
    server.create("target", utf8, &server.dump("source", &[]));
    let expected = inventory(&server, "source").await;
    let differing = differing(&expected, &inventory(&server, "target").await);
    // The two databases themselves have their names.
    assert!(differing.iter().all(|(kind, _)| *kind == ObjectKind::Database), "{differing:?}");
    let definition = |kind: ObjectKind, name: &str| {
        let found = expected.iter().find(|object| object.kind == kind && object.name == name);
        found.map_or("", |object| object.definition.as_str())
    };
    let column = |name| definition(ObjectKind::Column, name);
    assert_eq!(
        column("public.virtual.twice"),
        "type integer\ngenerated always as ((id * 2)) virtual"
    );
    assert_eq!(column("public.virtual.name"), "type text\nnot null no inherit");
    assert_eq!(column("public.virtual.late"), "type text\nnot null not valid");
    assert!(
        definition(ObjectKind::Constraint, "public.virtual.unenforced").contains("NOT ENFORCED")
    );
}

#[tokio::test]
async fn what_a_role_may_not_see_is_a_gap_and_no_hole() {
    let server = Server::start(15).await;
    server.create("every kind", "", EVERY_KIND.as_bytes());
    server.sql(
        "every kind",
        br#"create role plain login bypassrls;
            grant usage on schema main, parts, "Odd; schema ""quoted"" $$" to plain;
            grant select on all tables in schema main, parts, public, "Odd; schema ""quoted"" $$" to plain;
            grant select on all sequences in schema main, public to plain"#,
    );
    let url = server.url("every kind").replace(" user=postgres ", " user=plain ");
    let config = ConnectConfig::parse(&url).expect("a connection string");
    let database = Database::connect(config).await.expect("a connection");
    let fingerprint = take(&database).await;
    let all = inventory(&server, "every kind").await;
    let hidden = |object: &ObjectPrint| {
        fingerprint.gaps.iter().any(|gap| gap.hides(object.kind, &object.name))
    };
    let (hidden, seen): (Vec<_>, Vec<_>) = all.into_iter().partition(hidden);
    let names: Vec<_> = hidden.iter().map(|object| object.name.as_str()).collect();
    assert_eq!(names, ["PUBLIC on every_server", "every_reader on every_server", "every_sub"]);
    assert_eq!(differing(&seen, &fingerprint.objects), []);
}

#[tokio::test]
async fn secrets_of_connections_are_not_in_the_inventory() {
    let server = Server::start(15).await;
    server.create(
        "secrets",
        "",
        b"create foreign data wrapper w; \
          create server s foreign data wrapper w options (host 'h', \"sslkey\" 'hidden1'); \
          create user mapping for public server s options (\"user\" 'u', password 'hidden2'); \
          create subscription a connection 'host=h password=hidden3 user=u' publication p \
            with (connect = false, slot_name = none); \
          create subscription b connection 'postgres://u:hidden4@h/d?sslpassword=hidden5&application_name=y' \
            publication p with (connect = false, slot_name = none); \
          create subscription c connection 'password = ''hidden \\'' 6'' host=h' publication p \
            with (connect = false, slot_name = none)",
    );
    let objects = inventory(&server, "secrets").await;
    let text: String = objects.iter().map(|object| format!("{}\n", object.definition)).collect();
    assert!(!text.contains("hidden"), "{text}");
    for kept in ["connection host=h password=*** user=u", "postgres://u:***@h/d", "option host 'h'"]
    {
        assert!(text.contains(kept), "{kept} is not in {text}");
    }
}

/// Not every server that the tests have comes with contrib.
fn without_extension() -> String {
    let replaced = EVERY_KIND
        .replace(
            "CREATE EXTENSION hstore SCHEMA extensions;",
            "CREATE TYPE extensions.hstore AS (key text, value text); \
             CREATE FUNCTION extensions.hstore(text, text) RETURNS extensions.hstore LANGUAGE sql \
             AS 'SELECT ROW($1, $2)::extensions.hstore';",
        )
        .replace("COMMENT ON EXTENSION hstore", "COMMENT ON TYPE extensions.hstore");
    assert!(!replaced.contains("EXTENSION hstore"));
    replaced
}

/// The script without the commands that an older psql does not know.
fn unrestricted(dump: &[u8]) -> Vec<u8> {
    let is_restriction =
        |line: &[u8]| line.starts_with(b"\\restrict ") || line.starts_with(b"\\unrestrict ");
    dump.split_inclusive(|&byte| byte == b'\n')
        .filter(|line| !is_restriction(line))
        .flatten()
        .copied()
        .collect()
}

async fn inventory(server: &Server, database: &str) -> Vec<ObjectPrint> {
    let fingerprint = take(&server.connect(database).await).await;
    assert_eq!(fingerprint.gaps, []);
    fingerprint.objects
}

async fn take(database: &Database) -> Fingerprint {
    let request = FingerprintRequest { level: Level::Counts, ..FingerprintRequest::default() };
    let cancel = CancellationToken::new();
    Fingerprint::take(database, &request, &Unobserved, &cancel)
        .await
        .unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)))
}

/// `kind name`, and both sides, of what differs between 15 and another version.
fn differences(expected: &[ObjectPrint], found: &[ObjectPrint], major: u32) -> Vec<String> {
    let (one, other) = (by_name(expected, major), by_name(found, major));
    let keys: BTreeSet<_> = one.keys().chain(other.keys()).collect();
    let differing = keys.into_iter().filter(|key| one.get(*key) != other.get(*key));
    differing
        .map(|key| format!("{} {}\n{:#?}\n{:#?}", key.0, key.1, one.get(key), other.get(key)))
        .collect()
}

fn by_name(objects: &[ObjectPrint], major: u32) -> BTreeMap<(ObjectKind, &str), ObjectPrint> {
    let comparable = |object: &ObjectPrint| {
        let mut definition = object.comparable(15, major);
        if major != 15 {
            // The versions of libraries and extensions are those of the machine.
            definition = definition.lines().filter(|line| !line.starts_with("version ")).collect();
        }
        ObjectPrint { definition, ..object.clone() }
    };
    let unique: BTreeMap<_, _> = objects
        .iter()
        .map(|object| ((object.kind, object.name.as_str()), comparable(object)))
        .collect();
    assert_eq!(unique.len(), objects.len(), "two objects of one name");
    unique
}
