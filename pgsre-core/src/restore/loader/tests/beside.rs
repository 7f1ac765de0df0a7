//! Data over several connections.

use super::*;
use crate::archive::CopyEnd;

/// So many rows, numbered from 1, each so long.
pub(super) fn rows(count: usize, length: usize) -> Vec<Vec<u8>> {
    let row = |id: usize| [format!("{id}\t").into_bytes(), vec![b'x'; length]].concat();
    (1..=count).map(row).collect()
}

impl Items {
    pub(super) fn table(self, table: &str, rows: &[Vec<u8>]) -> Self {
        let rows: Vec<_> = rows.iter().map(Vec::as_slice).collect();
        self.sql(format!("CREATE TABLE public.{table} (id integer, name text)"))
            .copy(format!("COPY public.{table} (id, name) FROM stdin"), &rows)
    }

    /// Data in large pieces that are not aligned to rows.
    pub(super) fn data(mut self, rows: &[Vec<u8>], cut: bool) -> Self {
        let data: Vec<u8> = rows.iter().flat_map(|row| [row.as_slice(), b"\n"].concat()).collect();
        for piece in data.chunks(100_003) {
            self.0.push_back(Ok(ArchiveItem::CopyData(Bytes::copy_from_slice(piece))));
        }
        let end = CopyEnd { rows: rows.len() as u64, bytes: data.len() as u64 };
        if cut { self.cut() } else { self.item(ArchiveItem::CopyEnd(end)) }
    }

    pub(super) fn start(mut self, sql: &str) -> Self {
        self.1 += 1;
        let sql = Bytes::copy_from_slice(sql.as_bytes());
        let head = parse_copy(&sql, SqlDialect::default()).unwrap();
        let (table, columns) = (head.table.unwrap(), head.columns);
        let start =
            CopyStart { sql, line: self.1, table, columns, entry: None, dependencies: None };
        self.item(ArchiveItem::CopyStart(start))
    }
}

pub(super) const SUM: &str = "SELECT count(*) || ' ' || coalesce(sum(id), 0) FROM public.t";

#[tokio::test]
async fn a_large_table_goes_over_several_connections_and_arrives_whole() {
    let server = Server::start(None).await;
    let rows = rows(20_000, 1_000);
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer, name text)")
        .start("COPY public.t (id, name) FROM stdin")
        .data(&rows, false)
        .table("u", &rows[..10])
        .end();
    let report = server.load_over(3, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    let tables = &report.databases[0].tables;
    assert_eq!((tables[0].rows, tables[1].rows), (20_000, 10));
    assert!(tables[0].connections > 1, "{tables:?}");
    assert_eq!(tables[1].connections, 1);
    assert_eq!(server.text(SUM).await, "20000 200010000");
    server.stop().await;
}

#[tokio::test]
async fn a_rejected_row_is_told_as_the_table_counts_it_and_the_table_failed() {
    let server = Server::start(None).await;
    let mut rows = rows(20_000, 1_000);
    rows[15_999] = b"x\ty".to_vec();
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer, name text)")
        .start("COPY public.t (id, name) FROM stdin")
        .data(&rows, false)
        .end();
    let report = server.load_over(3, items).await;
    assert_eq!(codes(&report), ["restore.statement_failed"]);
    let message = &report.findings[0].message;
    assert!(message.starts_with("the server rejected row 16000 of it: invalid input"), "{message}");
    let table = &report.databases[0].tables[0];
    assert!(table.failed && !table.excused);
    server.stop().await;
}

#[tokio::test]
async fn data_that_breaks_off_in_one_table_ends_the_load_while_others_are_sent() {
    let server = Server::start(None).await;
    let rows = rows(20_000, 1_000);
    let items = Items::new()
        .table("u", &rows[..100])
        .sql("CREATE TABLE public.t (id integer, name text)")
        .start("COPY public.t (id, name) FROM stdin")
        .data(&rows, true)
        .end();
    let report = server.load_over(3, items).await;
    assert_eq!(codes(&report), ["archive.truncated"]);
    assert!(report.archive.is_none());
    server.stop().await;
}

#[tokio::test]
async fn rows_are_compared_over_all_connections() {
    let server = Server::start(None).await;
    let rows = rows(20_000, 1_000);
    let mut items = Items::new()
        .sql("CREATE TABLE public.t (id integer, name text)")
        .start("COPY public.t (id, name) FROM stdin")
        .data(&rows, false);
    items.0.pop_back();
    let end = CopyEnd { rows: 20_001, bytes: 1 };
    let report = server.load_over(2, items.item(ArchiveItem::CopyEnd(end)).end()).await;
    assert_eq!(codes(&report), ["rows.mismatch"]);
    server.stop().await;
}

#[tokio::test]
async fn a_row_that_is_larger_than_what_is_sent_at_a_time_stays_one() {
    let server = Server::start(None).await;
    let mut rows = rows(6_000, 1_000);
    rows.insert(10, [b"7000\t".to_vec(), vec![b'y'; 5 << 20]].concat());
    rows.insert(20, [b"8000\t".to_vec(), vec![b'y'; 30 << 20]].concat());
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer, name text)")
        .start("COPY public.t (id, name) FROM stdin")
        .data(&rows, false)
        .end();
    let report = server.load_over(3, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    let long = "SELECT string_agg(length(name)::text, ' ' ORDER BY id) FROM t WHERE id > 6000";
    assert_eq!(server.text(long).await, "5242880 31457280");
    server.stop().await;
}

#[tokio::test]
async fn what_the_archive_sets_holds_on_every_connection() {
    let server = Server::start(None).await;
    let rows = vec![b"1\t31/12/2020".to_vec(); 100];
    let mut items = Items::new();
    for table in ["t", "u"] {
        items = items.sql(format!("CREATE TABLE public.{table} (id integer, day date)"));
    }
    let copy = |items: Items, table: &str| {
        items.start(&format!("COPY public.{table} (id, day) FROM stdin")).data(&rows, false)
    };
    items = copy(items.sql("SET DateStyle = 'ISO, DMY'"), "t");
    items = copy(items.sql("SET DateStyle = 'ISO, MDY'"), "u").end();
    let report = server.load_over(3, items).await;
    let subjects: Vec<_> = report.findings.iter().map(|f| f.subject.as_str()).collect();
    assert_eq!(subjects, ["line 6: COPY public.u (id, day) FROM stdin"]);
    assert_eq!(report.databases[0].tables[0].rows, 100);
    server.stop().await;
}

#[tokio::test]
async fn several_pieces_go_through_one_partitioned_table_at_once() {
    let server = Server::start(None).await;
    let rows = rows(1_000, 10);
    let copy = "COPY public.t (id, name) FROM stdin";
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer, name text) PARTITION BY HASH (id)")
        .sql(
            "CREATE TABLE public.t0 PARTITION OF public.t FOR VALUES WITH (MODULUS 2, REMAINDER 0)",
        )
        .sql(
            "CREATE TABLE public.t1 PARTITION OF public.t FOR VALUES WITH (MODULUS 2, REMAINDER 1)",
        )
        .start(copy)
        .data(&rows[..500], false)
        .start(copy)
        .data(&rows[500..], false)
        .post("CREATE INDEX i ON public.t1 USING btree (id)")
        .end();
    let report = server.load_over(3, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    assert_eq!(server.text(SUM).await, "1000 500500");
    server.stop().await;
}

#[tokio::test]
async fn generated_and_identity_columns_and_sequences_are_as_they_were() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql(
            "CREATE TABLE public.t (id integer, twice integer GENERATED ALWAYS AS (id * 2) STORED)",
        )
        .sql("ALTER TABLE public.t ALTER COLUMN id SET NOT NULL")
        .sql(
            "ALTER TABLE public.t ALTER COLUMN id ADD GENERATED ALWAYS AS IDENTITY \
              (SEQUENCE NAME public.s)",
        )
        .copy("COPY public.t (id) FROM stdin", &[b"1", b"2"])
        .of(Section::Data, "SELECT pg_catalog.setval('public.s', 2, true)")
        .end();
    let report = server.load_over(2, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    let all = "SELECT string_agg(twice::text, ',') || ' ' || nextval('s') FROM t";
    assert_eq!(server.text(all).await, "2,4 3");
    server.stop().await;
}

#[tokio::test]
async fn inserts_that_give_way_are_sent_in_order() {
    let server = Server::start(None).await;
    let insert = |items: Items, id: u32| {
        let sql = format!("INSERT INTO public.t VALUES ({id}) ON CONFLICT DO NOTHING");
        items.of(Section::Data, sql)
    };
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer UNIQUE)")
        .copy("COPY public.t (id) FROM stdin", &[b"1"]);
    let items = insert(insert(items, 1), 2).end();
    let report = server.load_over(3, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    assert_eq!(server.text(SUM).await, "2 3");
    server.stop().await;
}

#[tokio::test]
async fn a_transaction_of_the_archive_stays_on_one_connection() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer)")
        .of(Section::Data, "BEGIN")
        .copy("COPY public.t (id) FROM stdin", &[b"1"])
        .of(Section::Data, "INSERT INTO public.nowhere VALUES (1)")
        .of(Section::Data, "COMMIT")
        .end();
    let report = server.load_over(3, items).await;
    assert_eq!(codes(&report), ["restore.statement_failed"]);
    assert_eq!(server.text(SUM).await, "0 0");
    server.stop().await;
}
