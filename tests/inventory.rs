//! The inventory of a database: the same after a sound restore, and another after any change.

use std::collections::{BTreeMap, BTreeSet};

use pgsre_core::fingerprint::{
    Fingerprint, FingerprintRequest, Level, ObjectKind, ObjectPrint, Unobserved,
};
use pgsre_tests::harness::server::Server;
use tokio_util::sync::CancellationToken;

const EVERY_KIND: &str = include_str!("databases/every_kind.sql");

const ROLES: &str = "create role every_owner; create role every_reader; create role \"Rôle \"\"quoted\"\"; -- odd\"";

#[tokio::test]
async fn a_sound_restore_into_any_version_has_the_same_inventory() {
    let source = Server::start(15).await;
    source.create("every kind", "", EVERY_KIND.as_bytes());
    source.create("no extension", "", without_extension().as_bytes());
    for (database, major) in
        [("every kind", 15), ("no extension", 16), ("no extension", 17), ("no extension", 18)]
    {
        let expected = inventory(&source, database).await;
        let target = Server::start(major).await;
        target.sql("postgres", ROLES.as_bytes());
        target.create(database, "", &unrestricted(&source.dump(database, &[])));
        let differences = differences(&expected, &inventory(&target, database).await, major);
        assert!(differences.is_empty(), "15 to {major}:\n{}", differences.join("\n"));
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
    let database = server.connect(database).await;
    let request = FingerprintRequest { level: Level::Counts, ..FingerprintRequest::default() };
    let cancel = CancellationToken::new();
    let fingerprint = Fingerprint::take(&database, &request, &Unobserved, &cancel).await;
    let fingerprint = fingerprint
        .unwrap_or_else(|error| panic!("{error}: {:?}", std::error::Error::source(&error)));
    assert_eq!(fingerprint.gaps, []);
    fingerprint.objects
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
