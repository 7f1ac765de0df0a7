#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::HashMap;

use bytes::Bytes;
use proptest::prelude::*;

use super::super::lexer::Lexer;
use super::super::plain::PlainParser;
use super::super::toc::{ArchiveVersion, DataPlace};
use super::super::{
    ArchiveErrorKind, Connect, EntryComment, LargeObjectCall, Section, SqlDialect, Statement,
};
use super::*;

/// What `tests/dumps/scripts/make.sh` wrote, with the text that `pg_restore --create` makes of it.
const ARCHIVES: &[(&[u8], &[u8])] = &[
    (
        include_bytes!("../../../../tests/dumps/scripts/whole_15.dump"),
        include_bytes!("../../../../tests/dumps/scripts/whole_15.sql"),
    ),
    (
        include_bytes!("../../../../tests/dumps/scripts/inserts_15.dump"),
        include_bytes!("../../../../tests/dumps/scripts/inserts_15.sql"),
    ),
    (
        include_bytes!("../../../../tests/dumps/scripts/whole_16.dump"),
        include_bytes!("../../../../tests/dumps/scripts/whole_16.sql"),
    ),
    (
        include_bytes!("../../../../tests/dumps/scripts/whole_17.dump"),
        include_bytes!("../../../../tests/dumps/scripts/whole_17.sql"),
    ),
    (
        include_bytes!("../../../../tests/dumps/scripts/whole_18.dump"),
        include_bytes!("../../../../tests/dumps/scripts/whole_18.sql"),
    ),
    (
        include_bytes!("../../../../tests/dumps/scripts/data_18.dump"),
        include_bytes!("../../../../tests/dumps/scripts/data_18.sql"),
    ),
];

const WHOLE_15: &[u8] = ARCHIVES[0].0;
const INSERTS_15: &[u8] = ARCHIVES[1].0;
const WHOLE_18: &[u8] = ARCHIVES[4].0;

fn toc(archive: &[u8]) -> Toc {
    Toc::read(&mut &archive[..], &ReadOptions::default()).unwrap()
}

fn script(toc: Toc) -> Script {
    Script::of(toc, &ReadOptions::default()).unwrap()
}

/// All that is handed out around the data.
fn items(script: &Script) -> Result<Vec<ArchiveItem>, ArchiveError> {
    script.before_data().chain(script.after_data()).collect()
}

fn statements(toc: Toc) -> Vec<Statement> {
    let found = items(&script(toc)).unwrap().into_iter();
    found
        .filter_map(|item| match item {
            ArchiveItem::Statement(statement) => Some(statement),
            _ => None,
        })
        .collect()
}

fn refused(toc: Toc) -> ArchiveError {
    match Script::of(toc, &ReadOptions::default()) {
        Err(error) => error,
        Ok(script) => items(&script).unwrap_err(),
    }
}

fn entry<'a>(toc: &'a mut Toc, description: &str) -> &'a mut Entry {
    toc.entries.iter_mut().find(|entry| entry.description == description).unwrap()
}

/// What an item tells a server to do, whatever quotes its names have. `ALTER TABLE` gives any
/// relation to an owner, and did so up to `pg_restore` 15.
fn said(item: &ArchiveItem) -> Option<String> {
    let sql = match item {
        ArchiveItem::Statement(statement) => match statement.kind {
            // The data of large objects and of tables.
            StatementKind::Begin | StatementKind::Commit | StatementKind::Insert { .. } => None,
            StatementKind::LargeObject(
                LargeObjectCall::Open(_) | LargeObjectCall::Write | LargeObjectCall::Close,
            ) => None,
            _ => Some(&statement.sql),
        },
        ArchiveItem::CopyStart(start) => Some(&start.sql),
        ArchiveItem::Connect(Connect { database, .. }) => {
            return Some(format!("connect {database}"));
        }
        _ => None,
    }?;
    let words = Lexer::new(sql, SqlDialect::default()).map(|token| {
        token.identifier().unwrap_or_else(|| String::from_utf8_lossy(token.text).into_owned())
    });
    let words = words.collect::<Vec<_>>().join(" ");
    let relation = ["alter view ", "alter materialized view ", "alter sequence "]
        .iter()
        .find_map(|kind| words.strip_prefix(kind))
        .filter(|rest| rest.contains(" owner to "));
    Some(relation.map_or(words.clone(), |rest| format!("alter table {rest}")))
}

/// Without settings that are in force already: each section makes its own.
fn without_repeats(said: impl Iterator<Item = String>) -> Vec<String> {
    let mut in_force: HashMap<String, String> = HashMap::new();
    said.filter(|words| {
        if words.starts_with("connect ") {
            in_force.clear();
        }
        match words.split_once(" = ") {
            Some((name, value)) if name.starts_with("set default_") => {
                in_force.insert(name.to_owned(), value.to_owned()).as_deref() != Some(value)
            }
            _ => true,
        }
    })
    .collect()
}

/// In the order of `pg_restore`: what is of the data stands where the table of contents has it.
fn in_order(script: &Script) -> Vec<String> {
    let mut found: Vec<((u8, u64), ArchiveItem)> = Vec::new();
    for (late, items) in
        [(false, script.before_data().collect::<Vec<_>>()), (true, script.after_data().collect())]
    {
        for item in items {
            let item = item.unwrap();
            let place = match &item {
                ArchiveItem::Statement(statement) => match statement.section {
                    Section::PreData => (0, 0),
                    Section::Data => (1, statement.line),
                    Section::PostData => (2 + u8::from(late), 0),
                },
                _ => (0, 0),
            };
            found.push((place, item));
        }
    }
    for data in script.data() {
        if let DataKind::Copy(start) = &data.kind {
            found.push(((1, data.line), ArchiveItem::CopyStart(start.clone())));
        }
    }
    found.sort_by_key(|(place, _)| *place);
    without_repeats(found.iter().filter_map(|(_, item)| said(item)))
}

fn plain(text: &[u8]) -> Vec<ArchiveItem> {
    let mut parser = PlainParser::new(Compression::None, &ReadOptions::default());
    let mut items = Vec::new();
    parser.feed(Bytes::copy_from_slice(text), &mut items).unwrap();
    parser.finish(text.len() as u64, &mut items).unwrap();
    items
}

#[test]
fn a_script_says_what_pg_restore_says_in_its_order() {
    for (archive, text) in ARCHIVES {
        let theirs = without_repeats(plain(text).iter().filter_map(said));
        assert_eq!(in_order(&script(toc(archive))), theirs);
    }
}

#[test]
fn a_statement_stands_under_the_comment_that_a_plain_dump_has() {
    for (archive, text) in ARCHIVES {
        let comments = |items: Vec<ArchiveItem>| -> Vec<(String, EntryComment)> {
            let of = |item: &ArchiveItem| match item {
                // A plain dump has settings above the comment of the entry that they are for.
                ArchiveItem::Statement(Statement { kind: StatementKind::Set { .. }, .. }) => None,
                ArchiveItem::Statement(statement) => statement.entry.clone(),
                _ => None,
            };
            items.iter().filter_map(|item| Some((said(item)?, of(item)?))).collect()
        };
        let theirs = comments(plain(text));
        let ours: HashMap<_, _> =
            comments(items(&script(toc(archive))).unwrap()).into_iter().collect();
        for (sql, comment) in theirs {
            // Not its own: the settings of a new session stand under the last entry.
            if sql.starts_with("select pg_catalog . set_config") {
                continue;
            }
            assert_eq!(ours.get(&sql), Some(&comment), "{sql}");
        }
    }
}

#[test]
fn the_data_that_must_come_is_announced() {
    let kinds = |archive| {
        let script = script(toc(archive));
        let kind = |data: &DataEntry| match &data.kind {
            DataKind::Copy(start) => format!("COPY {} {:?}", start.table.name, start.columns),
            DataKind::Insert(how) => format!("INSERT {}", how.table.name),
            DataKind::LargeObjects { oids } => format!("{oids:?}"),
        };
        script.data().iter().map(kind).collect::<Vec<_>>()
    };
    let odd = "new\nline; \"; Type: TABLE";
    let copies = [
        format!("COPY {odd} [\"x\"]"),
        "COPY customers [\"id\", \"name\"]".to_owned(),
        "COPY empty [\"x\"]".to_owned(),
        "COPY events_2026 [\"day\", \"note\"]".to_owned(),
        "COPY orders [\"id\", \"customer\", \"total\"]".to_owned(),
    ];
    let with = |more: &[&str]| {
        let more = more.iter().map(|more| (*more).to_owned());
        copies.iter().cloned().chain(more).collect::<Vec<_>>()
    };
    assert_eq!(kinds(WHOLE_15), with(&["Some([430001, 430002, 430003, 430004])"]));
    let groups = with(&["Some([430001, 430002, 430003])", "Some([430004])"]);
    assert_eq!(kinds(WHOLE_18), groups);
    assert_eq!(kinds(ARCHIVES[5].0), groups);
    // The partition's data goes through its root, which the archive says.
    let inserts = [
        format!("INSERT {odd}"),
        "INSERT customers".to_owned(),
        "INSERT empty".to_owned(),
        "INSERT events".to_owned(),
        "INSERT orders".to_owned(),
        "Some([430001, 430002, 430003, 430004])".to_owned(),
    ];
    assert_eq!(kinds(INSERTS_15), inserts);
}

#[test]
fn privileges_on_a_group_of_large_objects_are_given_on_each() {
    let granted = statements(toc(WHOLE_18)).into_iter().filter(|statement| {
        statement.entry.as_ref().is_some_and(|entry| entry.name.starts_with("LARGE OBJECTS"))
    });
    let granted: Vec<String> =
        granted.map(|statement| String::from_utf8(statement.sql.to_vec()).unwrap()).collect();
    for oid in 430_001..=430_003 {
        for role in ["archive_owner", "\"archive \"\"reader\"\"\""] {
            let expected = format!("GRANT SELECT ON LARGE OBJECT {oid} TO {role}");
            assert!(granted.contains(&expected), "{expected}: {granted:?}");
        }
    }
    assert_eq!(granted.len(), 6);
}

#[test]
fn what_is_known_of_the_whole_comes_first() {
    let preamble = script(toc(WHOLE_18)).preamble(BackupFormat::Custom, Compression::Gzip);
    assert_eq!(preamble.server_major(), Some(18));
    let locally = preamble.started_locally.unwrap();
    let latest = preamble.started_by().unwrap();
    assert_eq!(latest.to_string(), format!("{}Z", locally + jiff::Span::new().hours(14)));
    assert_eq!(preamble.client_encoding.as_deref(), Some("UTF8"));
    let creates = preamble.creates_database.unwrap();
    assert_eq!((creates.name.as_str(), creates.locale.as_deref()), ("archive_shop", Some("C")));
    assert_eq!(preamble.scope, DumpScope::Database);
}

#[test]
fn statements_say_where_they_stand_and_what_they_need() {
    let toc = toc(WHOLE_15);
    let at = |tag: &str, kind: &str| {
        let found = |e: &Entry| e.tag == tag.as_bytes() && e.description == kind;
        toc.entries.iter().position(found).unwrap()
    };
    let index = at("orders_total", "INDEX");
    let table = toc.entries[at("orders", "TABLE")].dump_id;
    let (line, dump_id) = (index as u64 + 1, toc.entries[index].dump_id);
    let statements = statements(toc);
    let made = statements.iter().filter(|statement| statement.line == line).collect::<Vec<_>>();
    // Its setting, and itself.
    assert_eq!(made.len(), 2);
    for statement in made {
        assert_eq!(statement.section, Section::PostData);
        let dependencies = statement.dependencies.as_ref().unwrap();
        assert_eq!(dependencies.id, dump_id);
        assert!(dependencies.needs.contains(&table));
    }
}

/// Before 10.3 there was no entry for the search path, and no statement named a schema.
#[test]
fn an_archive_without_a_search_path_runs_each_entry_in_its_schema() {
    let mut old = toc(INSERTS_15);
    old.header.version = ArchiveVersion { major: 1, minor: 12, revision: 0 };
    old.entries.retain(|entry| entry.description != "SEARCHPATH");
    let orders = |entry: &&mut Entry| entry.description == "TABLE DATA" && entry.tag == b"orders";
    let copied = old.entries.iter_mut().find(orders).unwrap();
    copied.copy_statement = b"COPY orders (id) FROM stdin;\n".to_vec();
    let script = script(old);
    let set = items(&script).unwrap().into_iter().filter_map(|item| said(&item));
    let set: Vec<String> = set.filter(|words| words.starts_with("set search_path")).collect();
    assert!(set.contains(&"set search_path = public , pg_catalog".to_owned()), "{set:?}");
    for data in script.data() {
        match &data.kind {
            DataKind::Copy(start) => {
                assert_eq!(start.sql, "COPY \"public\".orders (id) FROM stdin");
                assert_eq!(start.table.schema.as_deref(), Some("public"));
            }
            DataKind::Insert(how) => {
                let path = how.search_path.as_ref().unwrap();
                assert!(path.sql.starts_with(b"SET search_path = "));
                assert_eq!(path.section, Section::Data);
            }
            DataKind::LargeObjects { .. } => {}
        }
    }
    // Its twin names schemas itself.
    let twin = self::script(toc(INSERTS_15));
    assert!(
        twin.data()
            .iter()
            .all(|data| !matches!(&data.kind, DataKind::Insert(how) if how.search_path.is_some()))
    );
}

#[test]
fn forbidden_statements_in_a_definition_are_refused_where_they_stand() {
    for (sql, kind) in [
        ("ALTER SYSTEM SET fsync = off;\n", ArchiveErrorKind::ForbiddenCommand),
        (
            "CREATE TABLE a (x text);\nCOPY a FROM PROGRAM 'id';\n",
            ArchiveErrorKind::ForbiddenCommand,
        ),
        ("\\! id\n", ArchiveErrorKind::ForbiddenCommand),
        ("BEGIN;\n", ArchiveErrorKind::ForbiddenCommand),
        ("COPY a FROM stdin;\n", ArchiveErrorKind::Corrupt),
        ("CREATE TABLE a (x text)\n", ArchiveErrorKind::Corrupt),
        ("CREATE TABLE a (x text DEFAULT '\n", ArchiveErrorKind::Corrupt),
    ] {
        let mut toc = toc(WHOLE_15);
        let place = toc.entries.iter().position(|entry| entry.description == "TABLE").unwrap();
        toc.entries[place].definition = sql.as_bytes().to_vec();
        let error = refused(toc);
        assert_eq!(error.kind(), kind, "{sql}: {error}");
        assert_eq!(error.line(), Some(place as u64 + 1), "{error}");
    }
}

#[test]
fn a_statement_cannot_hide_in_a_name_or_in_a_drop_statement() {
    let hide = |change: fn(&mut Entry)| {
        let mut toc = toc(WHOLE_15);
        change(entry(&mut toc, "FUNCTION"));
        items(&script(toc)).map_err(|error| error.kind())
    };
    let evil = |entry: &mut Entry| {
        entry.drop_statement = b"DROP FUNCTION f(); ALTER SYSTEM RESET ALL;".to_vec()
    };
    assert_eq!(hide(evil).unwrap_err(), ArchiveErrorKind::ForbiddenCommand);
    let strange = |entry: &mut Entry| entry.drop_statement = b"REMOVE FUNCTION f();".to_vec();
    assert_eq!(hide(strange).unwrap_err(), ArchiveErrorKind::Corrupt);
    // In quotes it is a name.
    assert!(hide(|entry| entry.owner = Some(b"a\"; ALTER SYSTEM RESET ALL; --".to_vec())).is_ok());
}

#[test]
fn an_archive_says_how_it_is_encoded_exactly_once() {
    for description in ["ENCODING", "STDSTRINGS", "SEARCHPATH"] {
        let mut without = toc(WHOLE_15);
        without.entries.retain(|entry| entry.description != description);
        assert_eq!(refused(without).kind(), ArchiveErrorKind::Corrupt);

        let mut twice = toc(WHOLE_15);
        let mut again = entry(&mut twice, description).clone();
        again.dump_id = 1_000_000;
        twice.entries.push(again);
        assert_eq!(refused(twice).kind(), ArchiveErrorKind::Corrupt);

        let mut other = toc(WHOLE_15);
        entry(&mut other, description).definition = b"SET work_mem = '1MB';\n".to_vec();
        assert_eq!(refused(other).kind(), ArchiveErrorKind::Corrupt);
    }
}

#[test]
fn strings_with_backslashes_are_read_as_the_archive_says() {
    let mut toc = toc(WHOLE_15);
    entry(&mut toc, "STDSTRINGS").definition =
        b"SET standard_conforming_strings = 'off';\n".to_vec();
    let index = entry(&mut toc, "INDEX");
    index.definition = br"CREATE INDEX i ON orders (total) WHERE 'it\'s; one' = 'a';".to_vec();
    index.definition.push(b'\n');
    let statements = statements(toc);
    let made = |part: &str| {
        statements.iter().any(|s| s.sql.windows(part.len()).any(|w| w == part.as_bytes()))
    };
    assert!(made("it\\'s; one"));
    assert!(made("escape_string_warning"));
}

#[test]
fn data_of_an_unknown_type_is_not_passed_over() {
    let mut toc = toc(WHOLE_15);
    let entry = toc.entries.iter_mut().find(|entry| entry.had_dumper).unwrap();
    entry.description = "COLUMN DATA".to_owned();
    assert_eq!(refused(toc).kind(), ArchiveErrorKind::Unsupported);
}

#[test]
fn large_objects_are_announced_once_and_by_number() {
    let mut doubled = toc(WHOLE_15);
    let mut again = entry(&mut doubled, "BLOB").clone();
    again.dump_id = 1_000_000;
    doubled.entries.push(again);
    assert_eq!(refused(doubled).kind(), ArchiveErrorKind::Corrupt);

    for list in ["430001\n\n430002\n", "43x\n", "0\n", "430001\n430001\n", "99999999999\n"] {
        let mut toc = toc(WHOLE_18);
        entry(&mut toc, "BLOB METADATA").definition = list.as_bytes().to_vec();
        assert_eq!(refused(toc).kind(), ArchiveErrorKind::Corrupt, "{list:?}");
    }
}

#[test]
fn a_group_of_large_objects_has_its_data_once() {
    for again in [true, false] {
        let mut toc = toc(WHOLE_18);
        let entry = entry(&mut toc, "BLOBS");
        if again {
            entry.dependencies.extend(entry.dependencies.clone());
        }
        let script = Script::of(toc, &ReadOptions::default());
        assert_eq!(script.map(drop).map_err(|error| error.kind()).is_err(), again);
    }
}

/// A short table of contents must not become a long script.
#[test]
fn privileges_on_more_large_objects_than_pg_dump_groups_are_not_spelled_out() {
    let mut toc = toc(WHOLE_18);
    let listed: String = (430_001..730_000).map(|oid| format!("{oid}\n")).collect();
    entry(&mut toc, "BLOB METADATA").definition = listed.into_bytes();
    let group = toc.entries.iter_mut().find(|entry| entry.tag.starts_with(b"LARGE OBJECTS "));
    let role = "r".repeat(60);
    let grants = format!("GRANT SELECT ON LARGE OBJECT 430001 TO {role}, {role};\n");
    group.unwrap().definition = grants.into_bytes();
    assert_eq!(refused(toc).kind(), ArchiveErrorKind::Unsupported);
}

#[test]
fn privileges_on_large_objects_that_are_not_there_are_corrupt() {
    let mut toc = toc(WHOLE_18);
    let group = toc.entries.iter_mut().find(|entry| entry.tag.starts_with(b"LARGE OBJECTS "));
    group.unwrap().dependencies = vec![1_000_000];
    assert_eq!(refused(toc).kind(), ArchiveErrorKind::Corrupt);
}

/// Nobody walks along dependencies here, so a circle is no trap.
#[test]
fn a_circle_of_dependencies_is_handed_on() {
    let mut toc = toc(WHOLE_18);
    let all: Vec<i32> = toc.entries.iter().map(|entry| entry.dump_id).collect();
    for entry in &mut toc.entries {
        if entry.description == "TABLE" {
            entry.dependencies.clone_from(&all);
        }
    }
    assert!(items(&script(toc)).is_ok());
}

#[test]
fn a_longest_statement_is_kept_to() {
    let options = ReadOptions { max_statement_bytes: 100, ..ReadOptions::default() };
    let error = Toc::read(&mut &WHOLE_15[..], &options).unwrap_err();
    assert_eq!(error.kind(), ArchiveErrorKind::Unsupported);
}

#[test]
fn an_entry_without_a_place_has_no_data() {
    let script = script(toc(WHOLE_15));
    assert!(script.data().iter().all(|data| data.place != DataPlace::None));
    assert_eq!(script.header().version.minor, 14);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    /// Flipped, doubled and lost bytes anywhere: an error or a script, and an end.
    #[test]
    fn no_change_to_a_real_archive_makes_it_panic_or_hang(
        which in 0..ARCHIVES.len(),
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>(), 0..3_u8), 1..8),
    ) {
        let archive = ARCHIVES[which].0;
        let mut rest = archive;
        Toc::read(&mut rest, &ReadOptions::default()).unwrap();
        let mut harmed = archive[..archive.len() - rest.len()].to_vec();
        for (at, byte, how) in changes {
            let at = at.index(harmed.len());
            match how {
                0 => harmed[at] = byte,
                1 => harmed.insert(at, byte),
                _ => drop(harmed.remove(at)),
            }
        }
        let options = ReadOptions::default();
        let script = Toc::read(&mut &harmed[..], &options).and_then(|toc| Script::of(toc, &options));
        if let Ok(script) = script {
            drop(items(&script));
        }
    }
}
