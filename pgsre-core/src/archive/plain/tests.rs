#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use proptest::prelude::*;

use super::*;

const PLAIN: &[u8] = include_bytes!("../../../../tests/dumps/plain.sql");
const CREATE: &[u8] = include_bytes!("../../../../tests/dumps/create.sql");
const INSERTS: &[u8] = include_bytes!("../../../../tests/dumps/inserts.sql");
const ROWS_PER_INSERT: &[u8] = include_bytes!("../../../../tests/dumps/rows_per_insert.sql");
const SJIS: &[u8] = include_bytes!("../../../../tests/dumps/sjis.sql");
const CLUSTER: &[u8] = include_bytes!("../../../../tests/dumps/cluster.sql");
const ALL: [&[u8]; 6] = [PLAIN, CREATE, INSERTS, ROWS_PER_INSERT, SJIS, CLUSTER];

const HEADER: &str = "--\n-- PostgreSQL database dump\n--\n\n";
const TRAILER: &str = "--\n-- PostgreSQL database dump complete\n--\n\n";

fn parsed(
    text: &[u8],
    size: usize,
    options: &ReadOptions,
) -> (Vec<ArchiveItem>, Preamble, Result<ArchiveSummary, ArchiveError>) {
    let mut parser = PlainParser::new(Compression::None, options);
    let mut items = Vec::new();
    let mut outcome = Ok(());
    for chunk in text.chunks(size.max(1)) {
        outcome = parser.feed(Bytes::copy_from_slice(chunk), &mut items);
        if outcome.is_err() {
            break;
        }
    }
    let outcome = outcome.and_then(|()| parser.finish(text.len() as u64, &mut items));
    let preamble = parser.preamble();
    let summary = outcome.map(|()| match items.last() {
        Some(ArchiveItem::End(summary)) => summary.clone(),
        other => panic!("ends in {other:?}"),
    });
    (items, preamble, summary)
}

fn read(text: &[u8]) -> Result<ArchiveSummary, ArchiveError> {
    parsed(text, text.len(), &ReadOptions::default()).2
}

fn framed(body: &str) -> Vec<u8> {
    format!("{HEADER}{body}\n{TRAILER}").into_bytes()
}

fn read_framed(body: &str) -> Result<ArchiveSummary, ArchiveError> {
    read(&framed(body))
}

fn untrailed(text: &str) -> Result<ArchiveSummary, ArchiveError> {
    let options = ReadOptions { allow_untrailed: true, ..ReadOptions::default() };
    parsed(text.as_bytes(), text.len(), &options).2
}

fn kind(result: Result<ArchiveSummary, ArchiveError>) -> ArchiveErrorKind {
    match result {
        Ok(summary) => panic!("was accepted: {summary:?}"),
        Err(error) => error.kind(),
    }
}

/// Everything that was read, with COPY data put together.
fn transcript(items: &[ArchiveItem]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let mut data = Vec::new();
    for item in items {
        match item {
            ArchiveItem::CopyData(piece) => data.extend_from_slice(piece),
            other => {
                if !data.is_empty() {
                    lines.push(format!("{:?}", Bytes::from(std::mem::take(&mut data))));
                }
                lines.push(format!("{other:?}"));
            }
        }
    }
    lines
}

fn statements(text: &str) -> Vec<String> {
    let (items, _, outcome) = parsed(&framed(text), usize::MAX, &ReadOptions::default());
    outcome.unwrap();
    items
        .iter()
        .filter_map(|item| match item {
            ArchiveItem::Statement(statement) => {
                Some(String::from_utf8_lossy(&statement.sql).into_owned())
            }
            _ => None,
        })
        .collect()
}

#[test]
fn every_small_dump_reads_to_its_end_with_all_its_rows() {
    for (dump, copies, rows) in [
        (PLAIN, 4, 26),
        (CREATE, 4, 26),
        (INSERTS, 0, 0),
        (ROWS_PER_INSERT, 0, 0),
        (SJIS, 3, 22),
        (CLUSTER, 4, 26),
    ] {
        let summary = read(dump).unwrap();
        assert_eq!((summary.copies, summary.copy_rows), (copies, rows));
        assert_eq!(summary.bytes_unpacked, dump.len() as u64);
        assert!(summary.unproved.is_empty());
        assert!(summary.statements > 10);
    }
}

#[test]
fn the_preamble_says_versions_encoding_and_the_database() {
    let preamble = parsed(CREATE, 100, &ReadOptions::default()).1;
    assert_eq!(preamble.scope, DumpScope::Database);
    assert_eq!(preamble.server_major(), Some(15));
    assert_eq!(preamble.client_encoding.as_deref(), Some("UTF8"));
    assert!(preamble.dumped_by.unwrap().starts_with("15."));
    assert!(preamble.started_on.is_some());
    let creates = preamble.creates_database.unwrap();
    assert_eq!((creates.name.as_str(), creates.locale.as_deref()), ("dump_shop", Some("C")));
    let preamble = parsed(CLUSTER, 100, &ReadOptions::default()).1;
    assert_eq!((preamble.scope, preamble.server_major()), (DumpScope::Cluster, Some(15)));
    assert_eq!(preamble.creates_database, None);
}

#[test]
fn a_cluster_connects_to_databases_of_any_name() {
    let (items, ..) = parsed(CLUSTER, usize::MAX, &ReadOptions::default());
    let databases: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            ArchiveItem::Connect(connect) => Some(connect.database.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(databases, ["template1", "dump \"odd\" shop's", "postgres"]);
}

#[test]
fn every_prefix_of_every_dump_is_refused() {
    for dump in ALL {
        let whole = dump.trim_ascii_end().len();
        for end in 0..whole {
            let outcome = read(&dump[..end]);
            assert!(outcome.is_err(), "accepted {end} of {} bytes", dump.len());
        }
        assert!(read(&dump[..whole]).is_ok());
    }
}

#[test]
fn a_dump_cut_inside_copy_data_fails_as_truncated_and_says_where() {
    let text = String::from_utf8_lossy(PLAIN);
    let cut = text.find("7\t4\t10.5").unwrap();
    let error = read(&PLAIN[..cut]).unwrap_err();
    assert_eq!(error.kind(), ArchiveErrorKind::Truncated);
    assert!(error.to_string().contains("public.orders, behind row 6"), "{error}");
    let cut = text.find("-- Name: customers customers_pkey").unwrap() - 4;
    assert_eq!(kind(read(&PLAIN[..cut])), ArchiveErrorKind::Truncated);
    let cut = text.rfind(");").unwrap() + 1;
    assert_eq!(kind(read(&PLAIN[..cut])), ArchiveErrorKind::Truncated);
}

#[test]
fn a_doubled_dump_is_corrupt() {
    for dump in ALL {
        let doubled = [dump, dump].concat();
        assert_eq!(kind(read(&doubled)), ArchiveErrorKind::Corrupt);
        let behind = [dump, b"SELECT 1;\n"].concat();
        let error = read(&behind).unwrap_err();
        assert!(error.to_string().contains("behind the end"), "{error}");
    }
}

#[test]
fn a_doubled_or_missing_part_of_a_cluster_is_corrupt() {
    let text = String::from_utf8_lossy(CLUSTER).into_owned();
    let shop = text.find("-- Database \"dump").unwrap();
    let postgres = text.find("-- Database \"postgres\"").unwrap();
    let missing = format!("{}{}", &text[..shop + 40], &text[postgres - 3..]);
    assert_eq!(kind(read(missing.as_bytes())), ArchiveErrorKind::Corrupt);
    let half = format!("{}{}", &text[..shop + 400], &text[postgres - 3..]);
    assert!(read(half.as_bytes()).is_err());
}

#[test]
fn table_data_that_is_there_twice_is_corrupt() {
    let text = String::from_utf8_lossy(PLAIN).into_owned();
    let from = text.find("--\n-- Data for Name: orders;").unwrap();
    let to = text.find("--\n-- Name: orders_id_seq; Type: SEQUENCE SET").unwrap();
    let doubled = format!("{}{}{}", &text[..to], &text[from..to], &text[to..]);
    let error = read(doubled.as_bytes()).unwrap_err();
    assert!(error.to_string().contains("public.orders is there twice"), "{error}");
}

#[test]
fn partitions_loaded_through_their_root_are_no_doubled_data() {
    let part = |name: &str| {
        format!(
            "--\n-- Data for Name: {name}; Type: TABLE DATA; Schema: public; Owner: a\n--\n\n\
             COPY public.root (x) FROM stdin;\n1\n\\.\n\n"
        )
    };
    assert_eq!(read_framed(&format!("{}{}", part("a"), part("b"))).unwrap().copy_rows, 2);
}

#[test]
fn a_dump_with_windows_line_ends_is_sound() {
    let crlf = |dump: &[u8]| String::from_utf8_lossy(dump).replace('\n', "\r\n").into_bytes();
    for dump in [PLAIN, INSERTS, CLUSTER] {
        assert_eq!(read(&crlf(dump)).unwrap().copy_rows, read(dump).unwrap().copy_rows);
    }
}

#[test]
fn a_file_of_blanks_and_comments_is_empty() {
    for text in ["", "\n \n", "-- nothing\n/* at all */\n", ";;\n"] {
        assert_eq!(kind(read(text.as_bytes())), ArchiveErrorKind::Empty, "{text}");
    }
}

#[test]
fn text_without_a_header_is_no_dump() {
    for text in [
        "CREATE TABLE t (x integer);",
        "pg_dump: error: connection to server failed\n",
        "pg_dump: error: C:\\x\n",
        "-- MySQL dump 10.13\nCREATE TABLE `t` (x int);",
        TRAILER,
    ] {
        let error = read(text.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ArchiveErrorKind::Corrupt, "{text}: {error}");
    }
}

#[test]
fn hand_written_sql_is_accepted_where_allowed_and_said_to_be_unproved() {
    let summary = untrailed("CREATE TABLE t (x integer);\nCOPY t FROM stdin;\n1\n\\.\n").unwrap();
    assert_eq!((summary.statements, summary.copy_rows), (1, 1));
    assert_eq!(summary.unproved.len(), 1);
    let whole = untrailed(&String::from_utf8_lossy(PLAIN)).unwrap();
    assert!(whole.unproved.is_empty());
    let behind = untrailed(&format!("{}SELECT 1;", String::from_utf8_lossy(&framed(""))));
    assert_eq!(behind.unwrap().unproved.len(), 1);
}

#[test]
fn a_header_without_its_trailer_is_truncated_even_where_hand_written_sql_is_allowed() {
    let text = format!("{HEADER}CREATE TABLE t (x integer);\n");
    assert_eq!(kind(untrailed(&text)), ArchiveErrorKind::Truncated);
    assert_eq!(kind(untrailed("CREATE TABLE t (x integer)")), ArchiveErrorKind::Truncated);
    assert_eq!(kind(untrailed("COPY t FROM stdin;\n1\n")), ArchiveErrorKind::Truncated);
}

#[test]
fn a_backslash_command_that_no_dump_holds_is_forbidden() {
    for body in [
        "\\! touch /tmp/owned\n",
        "SELECT 1 \\! id\n;",
        "SELECT 1; \\! id\n",
        "/* */ \\! id\n",
        "\\restrict k\n\\connect x\n\\unrestrict k\n",
        "\\restrict k\n\\unrestrict other\n",
        "\\restrict k\n\\unrestrict k`id`\n",
        "\\unrestrict k\n",
        "CREATE TABLE t (x integer) \\g | sh\n",
        "\\copy t from program 'id'\n",
    ] {
        assert_eq!(kind(read_framed(body)), ArchiveErrorKind::ForbiddenCommand, "{body}");
    }
    assert_eq!(kind(read(b"\\! id\n")), ArchiveErrorKind::ForbiddenCommand);
}

#[test]
fn sql_that_reaches_out_of_the_database_is_forbidden() {
    for body in
        ["COPY t FROM PROGRAM 'id';", "COPY t FROM '/etc/passwd';", "ALTER SYSTEM SET a = 1;"]
    {
        assert_eq!(kind(read_framed(body)), ArchiveErrorKind::ForbiddenCommand, "{body}");
        assert_eq!(kind(untrailed(body)), ArchiveErrorKind::ForbiddenCommand, "{body}");
    }
}

#[test]
fn a_restrict_that_is_never_lifted_is_truncated() {
    assert_eq!(kind(read_framed("\\restrict k\n")), ArchiveErrorKind::Truncated);
}

#[test]
fn every_nul_byte_is_corrupt() {
    for at in [0, 10, 700, PLAIN.len() / 2, PLAIN.len() - 1] {
        let mut dump = PLAIN.to_vec();
        dump[at] = 0;
        assert_eq!(kind(read(&dump)), ArchiveErrorKind::Corrupt, "at {at}");
    }
}

#[test]
fn a_statement_longer_than_allowed_is_unsupported() {
    let options = ReadOptions { max_statement_bytes: 100, ..ReadOptions::default() };
    let text = framed(&format!("COMMENT ON TABLE t IS '{}';", "x".repeat(200)));
    let error = parsed(&text, text.len(), &options).2.unwrap_err();
    assert_eq!(error.kind(), ArchiveErrorKind::Unsupported);
}

#[test]
fn a_row_without_a_line_end_is_streamed() {
    let mut parser = PlainParser::new(Compression::None, &ReadOptions::default());
    let mut items = Vec::new();
    let head = format!("{HEADER}COPY t FROM stdin;\n");
    parser.feed(Bytes::from(head), &mut items).unwrap();
    for _ in 0..100 {
        items.clear();
        parser.feed(Bytes::from(vec![b'x'; 1 << 20]), &mut items).unwrap();
        assert_eq!(items.len(), 1);
    }
    assert!(parser.splitter.pending().is_empty());
}

#[test]
fn lines_are_counted_through_copy_data_literals_and_comments() {
    let (items, ..) = parsed(PLAIN, 7, &ReadOptions::default());
    let text = String::from_utf8_lossy(PLAIN);
    let lines: Vec<&str> = text.lines().collect();
    for item in &items {
        let (sql, line) = match item {
            ArchiveItem::Statement(statement) => (&statement.sql, statement.line),
            ArchiveItem::CopyStart(copy) => (&copy.sql, copy.line),
            _ => continue,
        };
        let first = String::from_utf8_lossy(sql);
        let first = first.lines().next().unwrap();
        let there = lines[usize::try_from(line).unwrap() - 1];
        assert!(there.starts_with(first), "line {line}: {there:?} is not {first:?}");
    }
}

#[test]
fn statements_stand_under_their_entries() {
    let (items, ..) = parsed(PLAIN, usize::MAX, &ReadOptions::default());
    let entry = items.iter().find_map(|item| match item {
        ArchiveItem::CopyStart(copy) if copy.table.name == "orders" => copy.entry.clone(),
        _ => None,
    });
    let entry = entry.unwrap();
    assert_eq!((entry.name.as_str(), entry.kind.as_str()), ("orders", "TABLE DATA"));
}

#[test]
fn an_entry_without_its_statement_is_corrupt() {
    let entry =
        |name| format!("--\n-- Name: {name}; Type: INDEX; Schema: public; Owner: shop\n--\n\n");
    let (one, two) = (entry("one"), entry("two"));
    let (statement, set) = ("CREATE INDEX one ON t (a);\n\n", "SET default_tablespace = '';\n\n");
    assert!(read_framed(&format!("{one}{statement}{set}{two}{statement}")).is_ok());
    for harmed in
        [format!("{one}{set}{two}{statement}"), format!("{one}{statement}{two}"), two.clone()]
    {
        assert_eq!(kind(read_framed(&harmed)), ArchiveErrorKind::Corrupt, "{harmed}");
    }
    let public = "--\n-- Name: public; Type: SCHEMA; Schema: -; Owner: shop\n--\n\n\
                  -- *not* creating schema, since initdb creates it\n\n";
    assert!(read_framed(&format!("{public}{one}{statement}")).is_ok());
}

#[test]
fn an_entry_without_data_is_an_empty_table_only_where_data_is_in_inserts() {
    let entry = |name| {
        format!("--\n-- Data for Name: {name}; Type: TABLE DATA; Schema: s; Owner: shop\n--\n\n")
    };
    let (bare, full) = (entry("bare"), entry("full"));
    let insert = "INSERT INTO s.full VALUES (1);\n\n";
    let text = framed(&format!("{bare}{full}{insert}"));
    let (items, ..) = parsed(&text, text.len(), &ReadOptions::default());
    let empty: Vec<_> = items
        .iter()
        .filter_map(|item| match item {
            ArchiveItem::EmptyData(entry) => Some(entry.name.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(empty, ["bare"]);
    let copy = "COPY s.full (a) FROM stdin;\n1\n\\.\n\n";
    assert!(read_framed(&format!("{full}{copy}")).is_ok());
    for harmed in [format!("{bare}{full}{copy}"), format!("{full}{copy}{bare}")] {
        assert_eq!(kind(read_framed(&harmed)), ArchiveErrorKind::Corrupt, "{harmed}");
    }
}

#[test]
fn semicolons_inside_of_quotes_bodies_and_parentheses_end_no_statement() {
    let bodies = [
        "COMMENT ON TABLE a IS 'x;''y;'",
        "COMMENT ON TABLE a IS E'x\\';y'",
        "COMMENT ON TABLE a IS E'x'\n 'it\\'s; '",
        "COMMENT ON TABLE a IS U&'x\\'",
        "CREATE TABLE a (\"x;\"\"y;\" integer)",
        "CREATE FUNCTION a() RETURNS text LANGUAGE sql AS $a$b$;$$;$a $a$",
        "CREATE FUNCTION a$b$() RETURNS text LANGUAGE sql AS $é$;$é$",
        "CREATE VIEW a AS SELECT /* ; /* ; */ ; */ 1 -- ;\n",
        "CREATE RULE a AS ON INSERT TO b DO ALSO (SELECT 1; SELECT 2)",
        "CREATE FUNCTION a() RETURNS integer\n BEGIN ATOMIC\n SELECT CASE WHEN true THEN 1 END;\n END",
        "CREATE PROCEDURE begin()\n LANGUAGE sql AS $$;$$",
        "CREATE VIEW a AS SELECT 1 - 2 / 3",
    ];
    for body in bodies {
        assert_eq!(statements(&format!("{body};")), [body], "{body}");
    }
    assert_eq!(statements("SET a = 1;SET b = 2;;").len(), 2);
}

#[test]
fn backslashes_escape_where_standard_conforming_strings_are_off() {
    let body = "SET standard_conforming_strings = off;\n\
                COMMENT ON TABLE a IS 'x\\';y';\n\
                SET standard_conforming_strings = on;\n\
                COMMENT ON TABLE a IS 'x\\';\nSET a = 1;";
    assert_eq!(statements(body).len(), 5);
}

#[test]
fn the_second_byte_of_a_character_is_no_backslash() {
    // 0x83 0x5C is one katakana in SJIS.
    let mut text = framed("SET client_encoding = 'SJIS';\nCOMMENT ON TABLE a IS E'??';\n");
    let at = text.windows(2).position(|pair| pair == b"??").unwrap();
    text[at..at + 2].copy_from_slice(b"\x83\x5c");
    assert_eq!(read(&text).unwrap().statements, 2);
}

#[test]
fn nothing_may_stand_behind_copy_from_stdin_in_its_line() {
    assert_eq!(kind(read_framed("COPY t FROM stdin; SELECT 1;\n\\.\n")), ArchiveErrorKind::Corrupt);
    assert_eq!(read_framed("COPY t FROM stdin;  \n\\.\n").unwrap().copies, 1);
}

proptest! {
    #[test]
    fn any_chunking_gives_the_same_items(which in 0_usize..6, size in 1_usize..2000) {
        let dump = ALL[which];
        let (whole, preamble, _) = parsed(dump, dump.len(), &ReadOptions::default());
        let (cut, cut_preamble, outcome) = parsed(dump, size, &ReadOptions::default());
        prop_assert!(outcome.is_ok());
        prop_assert_eq!(preamble, cut_preamble);
        prop_assert_eq!(transcript(&whole), transcript(&cut));
    }

    #[test]
    fn any_chunking_of_any_text_gives_the_same_items(
        words in proptest::collection::vec(proptest::sample::select(vec![
            "'", "\"", "$", "$a$", "E'", "\\", "\\.", "\n", "\r\n", ";", "--", "/*", "*/", "(", ")",
            "COPY t FROM stdin;\n", "x", " ", "1", "U&'", "\u{e9}", "BEGIN ATOMIC ", "END ",
            "CREATE FUNCTION f", "SET standard_conforming_strings = off;",
            "SET client_encoding = 'SJIS';", "\\restrict k\n", "\\unrestrict k\n",
            "-- PostgreSQL database dump complete\n--\n",
        ]), 0..40),
        size in 1_usize..9,
        allow_untrailed: bool,
    ) {
        let text = format!("{HEADER}{}", words.concat());
        let options = ReadOptions { allow_untrailed, ..ReadOptions::default() };
        let (whole, _, first) = parsed(text.as_bytes(), text.len(), &options);
        let (cut, _, second) = parsed(text.as_bytes(), size, &options);
        prop_assert_eq!(transcript(&whole), transcript(&cut));
        prop_assert_eq!(first.map_err(|e| e.to_string()), second.map_err(|e| e.to_string()));
    }

    #[test]
    fn a_mutated_dump_never_panics(
        which in 0_usize..6,
        at in any::<proptest::sample::Index>(),
        byte: u8,
        take in 0_usize..50,
    ) {
        let mut dump = ALL[which].to_vec();
        let at = at.index(dump.len());
        let end = (at + take).min(dump.len());
        dump.splice(at..end, [byte]);
        drop(read(&dump));
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes: Vec<u8>) {
        let text = [HEADER.as_bytes(), &bytes].concat();
        prop_assert!(read(&text).is_err());
        drop(untrailed(&String::from_utf8_lossy(&bytes)));
    }
}
