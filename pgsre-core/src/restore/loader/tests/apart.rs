//! Data that is read by itself.

use std::sync::Arc;

use futures::future::BoxFuture;

use super::*;
use crate::archive::{CopyEnd, DataItems, OpensData, TableData};

/// A table's data, made as it is read.
#[derive(Clone, Debug)]
struct Made {
    rows: u64,
    next: u64,
    cut_at: Option<u64>,
}

impl OpensData for Made {
    fn open(&self) -> BoxFuture<'_, Result<Box<dyn DataItems>, ArchiveError>> {
        let items: Box<dyn DataItems> = Box::new(self.clone());
        Box::pin(async { Ok(items) })
    }
}

impl DataItems for Made {
    fn next(&mut self) -> BoxFuture<'_, Result<Option<ArchiveItem>, ArchiveError>> {
        let item = self.item();
        Box::pin(async { item })
    }
}

impl Made {
    fn item(&mut self) -> Result<Option<ArchiveItem>, ArchiveError> {
        if self.cut_at.is_some_and(|at| self.next >= at) {
            return Err(ArchiveError::new(ArchiveErrorKind::Truncated, "it breaks off"));
        }
        if self.next > self.rows {
            return Ok(None);
        }
        if self.next == self.rows {
            self.next += 1;
            return Ok(Some(ArchiveItem::CopyEnd(CopyEnd { rows: self.rows, bytes: self.rows })));
        }
        let end = (self.next + 100).min(self.rows);
        let data: String =
            (self.next..end).map(|id| format!("{id}\t{}\n", "x".repeat(900))).collect();
        self.next = end;
        Ok(Some(ArchiveItem::CopyData(data.into())))
    }
}

impl Items {
    fn apart(self, table: &str, rows: u64, cut_at: Option<u64>) -> Self {
        self.sql(format!("CREATE TABLE public.{table} (id integer, name text)"))
            .data_apart(table, rows, cut_at)
    }

    pub(super) fn data_apart(self, table: &str, rows: u64, cut_at: Option<u64>) -> Self {
        let sql = Bytes::from(format!("COPY public.{table} (id, name) FROM stdin"));
        let head = parse_copy(&sql, SqlDialect::default()).unwrap();
        let start = CopyStart {
            sql,
            line: self.1 + 100,
            table: head.table.unwrap(),
            columns: head.columns,
            entry: None,
            dependencies: None,
        };
        let data = TableData::new(start, rows * 900, Arc::new(Made { rows, next: 0, cut_at }));
        self.item(ArchiveItem::TableData(data))
    }
}

fn entries(jobs: usize) -> Manner {
    Manner { counted: Counted::Entries, ..manner(jobs) }
}

const SUM: &str = "SELECT count(*) || ' ' || coalesce(sum(id), 0) FROM public.t";

#[tokio::test]
async fn each_table_has_a_connection_and_the_largest_has_those_that_are_left() {
    let server = Server::start(None).await;
    for jobs in [3, 1] {
        let items = Items::new()
            .sql("DROP TABLE IF EXISTS public.t, public.u, public.v")
            .apart("t", 40_000, None)
            .apart("u", 100, None)
            .apart("v", 0, None)
            .end();
        let report = server.load_as(entries(jobs), items).await;
        assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
        let tables = &report.databases[0].tables;
        assert_eq!(tables.iter().map(|table| table.rows).collect::<Vec<_>>(), [40_000, 100, 0]);
        assert_eq!(tables[0].connections > 1, jobs > 1, "{tables:?}");
        assert_eq!(server.text(SUM).await, "40000 799980000");
    }
    server.stop().await;
}

#[tokio::test]
async fn data_that_breaks_off_in_one_place_ends_the_load_whatever_the_others_do() {
    let server = Server::start(None).await;
    for jobs in [3, 1] {
        let items = Items::new()
            .sql("DROP TABLE IF EXISTS public.t, public.u")
            .apart("t", 200_000, None)
            .apart("u", 5_000, Some(2_000))
            .end();
        let report = server.load_as(entries(jobs), items).await;
        assert_eq!(codes(&report), ["archive.truncated"]);
        assert!(report.archive.is_none());
    }
    server.stop().await;
}

#[tokio::test]
async fn an_index_is_built_when_its_tables_data_is_in_and_not_before() {
    let server = Server::start(None).await;
    let items = Items::new()
        .apart("t", 5_000, None)
        .apart("u", 5_000, None)
        .post("CREATE INDEX ti ON public.t USING btree (id)")
        .post("CREATE INDEX ui ON public.u USING btree (id)")
        .end();
    // What an index was built over is counted; one that was there before its data knows of none.
    let report = server.load_as(entries(3), items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    let rows = "SELECT string_agg(reltuples::bigint::text, ' ') FROM pg_class \
                WHERE relname IN ('ti', 'ui')";
    assert_eq!(server.text(rows).await, "5000 5000");
    server.stop().await;
}

#[tokio::test]
async fn small_tables_that_wait_for_a_connection_do_not_starve_those_that_have_one() {
    let server = Server::start(None).await;
    let row = [b"1\t".as_slice(), &[b'y'; 100_000]].concat();
    let rows = [row.as_slice(); 30];
    let small = || (0..10).map(|number| format!("small{number}"));
    let mut items = Items::new();
    for table in ["t", "u"].map(str::to_owned).into_iter().chain(small()) {
        items = items.sql(format!("CREATE TABLE public.{table} (id integer, name text)"));
    }
    items = items.data_apart("t", 100_000, None).data_apart("u", 100_000, None);
    // More than may wait, and no more of each than one connection sends.
    for table in small() {
        items = items.copy(format!("COPY public.{table} (id, name) FROM stdin"), &rows);
    }
    let report = server.load_as(entries(2), items.end()).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    let total: u64 = report.databases[0].tables.iter().map(|table| table.rows).sum();
    assert_eq!(total, 200_300);
    server.stop().await;
}
