//! The loader against a real server, driven by items made by hand.
#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::VecDeque;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use jiff::Timestamp;

use super::*;
mod apart;
mod behind;
mod beside;
mod cancel;
mod few;
mod in_order;

use crate::archive::{
    ArchiveErrorKind, ArchiveSummary, CopyEnd, CopyStart, DumpScope, LargeObjectEnd,
    LargeObjectStart, Preamble, SqlDialect,
};
use crate::archive::{Provenance, Section, classify, parse_copy};
use crate::backup::{BackupFormat, Compression};
use crate::postgres::Database;
use crate::restore::{
    EphemeralCluster, LoadEvent, RestoreRequest, RestoreSession, RestoreTarget, RunId,
    TargetErrorKind,
};

#[derive(Debug)]
struct Quiet;

impl LoadObserver for Quiet {
    fn on_load(&self, _: &LoadEvent) {}
}

struct Items(VecDeque<Result<ArchiveItem, ArchiveError>>, u64);

impl Items {
    fn new() -> Self {
        Self(VecDeque::new(), 0)
    }

    fn item(mut self, item: ArchiveItem) -> Self {
        self.0.push_back(Ok(item));
        self
    }

    fn sql(self, sql: impl AsRef<[u8]>) -> Self {
        self.of(Section::PreData, sql)
    }

    /// Behind the data, as `pg_dump` sorts it.
    fn post(self, sql: impl AsRef<[u8]>) -> Self {
        self.of(Section::PostData, sql)
    }

    fn of(mut self, section: Section, sql: impl AsRef<[u8]>) -> Self {
        self.1 += 1;
        let sql = Bytes::copy_from_slice(sql.as_ref());
        let dialect = SqlDialect { provenance: Provenance::HandWritten, ..SqlDialect::default() };
        let kind = classify(&sql, dialect).unwrap();
        let statement =
            Statement { sql, line: self.1, kind, entry: None, section, dependencies: None };
        self.item(ArchiveItem::Statement(statement))
    }

    fn copy(mut self, sql: impl AsRef<[u8]>, rows: &[&[u8]]) -> Self {
        self.1 += 1;
        let sql = Bytes::copy_from_slice(sql.as_ref());
        let head = parse_copy(&sql, SqlDialect::default()).unwrap();
        let (table, columns) = (head.table.unwrap(), head.columns);
        let start =
            CopyStart { sql, line: self.1, table, columns, entry: None, dependencies: None };
        self.0.push_back(Ok(ArchiveItem::CopyStart(start)));
        let mut bytes = 0;
        for row in rows {
            let mut line = row.to_vec();
            line.push(b'\n');
            bytes += line.len() as u64;
            self.0.push_back(Ok(ArchiveItem::CopyData(line.into())));
        }
        let rows = rows.len() as u64;
        self.item(ArchiveItem::CopyEnd(CopyEnd { rows, bytes }))
    }

    fn end(self) -> Self {
        self.item(ArchiveItem::End(ArchiveSummary::default()))
    }

    /// The archive breaks off here.
    fn cut(mut self) -> Self {
        self.0.push_back(Err(ArchiveError::new(ArchiveErrorKind::Truncated, "it breaks off")));
        self
    }
}

#[async_trait]
impl ArchiveItems for Items {
    async fn next(&mut self) -> Result<Option<ArchiveItem>, ArchiveError> {
        self.0.pop_front().transpose()
    }

    fn key(&self) -> &str {
        "shop.sql"
    }

    fn bytes_read(&self) -> u64 {
        0
    }
}

fn preamble(client_encoding: Option<&str>) -> Preamble {
    Preamble {
        format: BackupFormat::Plain,
        compression: Compression::None,
        scope: DumpScope::Database,
        server_version: Some("15.1".to_owned()),
        dumped_by: None,
        client_encoding: client_encoding.map(str::to_owned),
        creates_database: None,
        started_on: None,
        started_locally: None,
    }
}

fn manner(jobs: usize) -> Manner {
    Manner { jobs, asked: jobs, counted: Counted::Lines, writer: None }
}

/// A throw-away server with an empty database, as a drill has it.
struct Server {
    session: Box<dyn RestoreSession>,
    place: Place,
}

impl Server {
    async fn start(encoding: Option<&str>) -> Self {
        let request = RestoreRequest {
            run: RunId::new(Timestamp::now()),
            preamble: preamble(encoding),
            jobs: 1,
        };
        let mut session = EphemeralCluster::new().session(&request).unwrap();
        session.prepare().await.unwrap();
        let config = session.connect("restored").await.unwrap().config().clone();
        let place = Place {
            config,
            database: "restored".to_owned(),
            owns_server: true,
            locale_known: false,
            superuser: "postgres".to_owned(),
        };
        Self { session, place }
    }

    /// In order, over one connection.
    async fn load(&self, items: Items) -> LoadReport {
        self.load_over(1, items).await
    }

    async fn load_over(&self, jobs: usize, items: Items) -> LoadReport {
        self.load_as(manner(jobs), items).await
    }

    async fn load_as(&self, manner: Manner, mut items: Items) -> LoadReport {
        let cancel = CancellationToken::new();
        Loader::load(&self.place, manner, &mut items, &Quiet, &cancel).await.unwrap()
    }

    async fn database(&self) -> Database {
        self.session.connect("restored").await.unwrap()
    }

    async fn text(&self, query: &str) -> String {
        let client = self.database().await.client().await.unwrap();
        client.query_one(query, &[]).await.unwrap().get(0)
    }

    async fn stop(mut self) {
        self.session.cleanup().await.unwrap();
    }
}

fn codes(report: &LoadReport) -> Vec<&'static str> {
    report.findings.iter().map(|finding| finding.code.as_str()).collect()
}

#[tokio::test]
async fn statements_data_and_sequences_are_loaded_and_counted() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql("SET transaction_timeout = 0")
        .sql("SET row_security = off")
        .sql("CREATE SCHEMA public")
        .sql("CREATE TABLE public.t (id integer, name text)")
        .sql("ALTER TABLE public.t OWNER TO \"Shop Owner\"")
        .sql("CREATE SEQUENCE public.s")
        .copy("COPY public.t (id, name) FROM stdin", &[b"1\ta", b"2\tb"])
        .sql("INSERT INTO public.t VALUES (3, 'c')")
        .sql("INSERT INTO public.t VALUES (4, 'd')")
        .sql("SELECT pg_catalog.setval('public.s', 4, true)")
        .sql("ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id)")
        .end();
    let report = server.load(items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    let load = &report.databases[0];
    assert_eq!((load.name.as_str(), load.tables.len()), ("restored", 1));
    assert_eq!((load.tables[0].rows, load.inserts), (4, true));
    assert_eq!(load.sequences[0].value, 4);
    assert!(report.archive.is_some());
    assert!(report.notes.iter().any(|note| note.contains("role Shop Owner")), "{:?}", report.notes);
    assert_eq!(server.text("SELECT count(*)::text FROM public.t").await, "4");
    server.stop().await;
}

#[tokio::test]
async fn a_rejected_statement_is_a_finding_with_its_line() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer)")
        .copy("COPY public.t (id) FROM stdin", &[b"1", b"1"])
        .sql("ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id)")
        .copy("COPY public.t (id) FROM stdin", &[b"2", b"x"])
        .copy("COPY public.nowhere (id) FROM stdin", &[b"2", b"x"])
        .sql("INSERT INTO public.t VALUES (7)")
        .sql("INSERT INTO public.t VALUES ('x')")
        .sql("INSERT INTO public.t VALUES (8)")
        .end();
    let report = server.load(items).await;
    let subjects: Vec<_> = report.findings.iter().map(|f| f.subject.as_str()).collect();
    assert_eq!(
        subjects,
        [
            "line 3: ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id)",
            "line 4: COPY public.t (id) FROM stdin",
            "line 5: COPY public.nowhere (id) FROM stdin",
            "line 7: INSERT INTO public.t",
        ]
    );
    let tables = &report.databases[0].tables;
    assert_eq!((tables[0].rows, tables[0].failed, tables[0].excused), (4, true, false));
    assert_eq!((tables[1].rows, tables[1].failed), (0, true));
    server.stop().await;
}

#[tokio::test]
async fn what_the_server_says_at_length_is_cut() {
    let server = Server::start(None).await;
    let long = "x".repeat(100_000);
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer)")
        .copy("COPY public.t (id) FROM stdin", &[long.as_bytes()])
        .end();
    let report = server.load(items).await;
    assert_eq!(codes(&report), ["restore.statement_failed"]);
    assert!(report.findings[0].message.contains("invalid input syntax"));
    assert!(report.findings[0].message.len() < 1_200);
    server.stop().await;
}

#[tokio::test]
async fn a_missing_extension_excuses_what_depends_on_it() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql("CREATE EXTENSION IF NOT EXISTS no_such_thing WITH SCHEMA public")
        .sql("COMMENT ON EXTENSION no_such_thing IS 'x'")
        .sql("CREATE TABLE public.t (g public.no_such_type)")
        .copy("COPY public.t (g) FROM stdin", &[b"1"])
        .sql("CREATE TABLE public.u (id integer)")
        .copy("COPY public.u (id) FROM stdin", &[b"1"])
        .end();
    let report = server.load(items).await;
    assert_eq!(codes(&report), ["environment.missing_extension", "restore.statement_failed"]);
    assert_eq!(report.findings[1].severity, crate::finding::Severity::Info);
    let load = &report.databases[0];
    assert!(load.tables[0].failed && load.tables[0].excused);
    assert!(!load.tables[1].failed);
    server.stop().await;
}

#[tokio::test]
async fn data_and_statements_in_latin1_arrive_as_they_were() {
    let server = Server::start(Some("LATIN1")).await;
    let items = Items::new()
        .sql("SET client_encoding = 'LATIN1'")
        .sql(b"CREATE TABLE public.\"caf\xe9\" (name text DEFAULT 'th\xe9')")
        .copy(b"COPY public.\"caf\xe9\" (name) FROM stdin", &[b"cr\xe8me", b"\\N"])
        .sql(b"INSERT INTO public.\"caf\xe9\" VALUES ('na\xefve')")
        .end();
    let report = server.load(items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    assert_eq!(report.databases[0].tables[0].table.name, "café");
    let names = "SELECT string_agg(name, ',' ORDER BY name) FROM public.\"café\"";
    assert_eq!(server.text(names).await, "crème,naïve");
    assert_eq!(server.text("SHOW server_encoding").await, "LATIN1");
    server.stop().await;
}

#[tokio::test]
async fn bytes_of_no_known_encoding_arrive_as_they_were() {
    let server = Server::start(Some("SQL_ASCII")).await;
    let items = Items::new()
        .sql("SET client_encoding = 'SQL_ASCII'")
        .sql(b"CREATE TABLE public.t (name text DEFAULT 'th\xe9')")
        .copy("COPY public.t (name) FROM stdin", &[b"cr\xe8me"])
        .sql(b"INSERT INTO public.t VALUES ('na\xefve')")
        .end();
    let report = server.load(items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    let bytes = "SELECT string_agg(encode(name::bytea, 'escape'), ',' ORDER BY name) FROM t";
    assert_eq!(server.text(bytes).await, "cr\\350me,na\\357ve");
    assert_eq!(report.databases[0].tables[0].rows, 2);
    server.stop().await;
}

#[tokio::test]
async fn a_client_only_encoding_is_converted_by_the_server() {
    let server = Server::start(Some("SJIS")).await;
    // 表, whose second byte in SJIS is a backslash's.
    let items = Items::new()
        .sql("SET client_encoding = 'SJIS'")
        .sql(b"CREATE TABLE public.\"\x95\x5c\" (name text)")
        .copy(b"COPY public.\"\x95\x5c\" (name) FROM stdin", &[b"\x95\x5c"])
        .end();
    let report = server.load(items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    assert_eq!(server.text("SELECT name FROM public.\"表\"").await, "表");
    server.stop().await;
}

#[tokio::test]
async fn invalid_bytes_are_a_finding() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql("CREATE TABLE public.t (name text)")
        .copy("COPY public.t (name) FROM stdin", &[b"caf\xe9"])
        .sql(b"COMMENT ON TABLE public.t IS 'caf\xe9'")
        .end();
    let report = server.load(items).await;
    assert_eq!(codes(&report), ["restore.statement_failed"; 2]);
    server.stop().await;
}

#[tokio::test]
async fn a_failed_transaction_is_skipped_to_its_end() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer)")
        .sql("BEGIN")
        .sql("INSERT INTO public.t VALUES (1)")
        .sql("INSERT INTO public.nowhere VALUES (1)")
        .sql("INSERT INTO public.t VALUES (2)")
        .sql("COMMIT")
        .sql("INSERT INTO public.t VALUES (3)")
        .end();
    let report = server.load(items).await;
    assert_eq!(codes(&report), ["restore.statement_failed"]);
    assert_eq!(server.text("SELECT string_agg(id::text, ',') FROM t").await, "3");
    server.stop().await;
}

#[tokio::test]
async fn a_transaction_that_is_never_committed_is_a_finding() {
    let server = Server::start(None).await;
    let items = Items::new().sql("BEGIN").sql("CREATE TABLE public.t (id integer)").end();
    assert_eq!(codes(&server.load(items).await), ["restore.statement_failed"]);
    server.stop().await;
}

#[tokio::test]
async fn large_objects_are_loaded_in_their_transaction() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql("SELECT pg_catalog.lo_create('16414')")
        .sql("ALTER LARGE OBJECT 16414 OWNER TO shop")
        .sql("BEGIN")
        .sql("SELECT pg_catalog.lo_open('16414', 131072)")
        .sql(r"SELECT pg_catalog.lowrite(0, '\x68656c6c6f')")
        .sql("SELECT pg_catalog.lo_close(0)")
        .sql("COMMIT")
        .end();
    let report = server.load(items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    assert_eq!(report.databases[0].large_objects, 1);
    assert_eq!(server.text("SELECT convert_from(lo_get(16414), 'UTF8')").await, "hello");
    server.stop().await;
}

#[tokio::test]
async fn a_load_is_cancelled_in_the_middle_of_a_long_statement() {
    let server = Server::start(None).await;
    let mut items = Items::new().sql("SELECT pg_sleep(60)").end();
    let cancel = CancellationToken::new();
    let soon = async {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cancel.cancel();
    };
    let begun = std::time::Instant::now();
    let load = Loader::load(&server.place, manner(1), &mut items, &Quiet, &cancel);
    let (result, ()) = tokio::join!(load, soon);
    assert_eq!(result.unwrap_err().kind(), TargetErrorKind::Cancelled);
    assert!(begun.elapsed() < Duration::from_secs(10));
    server.stop().await;
}
