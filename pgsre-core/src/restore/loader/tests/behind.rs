//! What stands behind the data: side by side, and yet in an order that is right.

use super::*;
use crate::archive::Dependencies;

const COPY: &str = "COPY public.t (id) FROM stdin";

fn two_tables() -> Items {
    Items::new()
        .sql("CREATE TABLE public.t (id integer NOT NULL, u integer)")
        .sql("CREATE TABLE public.u (id integer NOT NULL, t integer)")
        .copy("COPY public.t (id, u) FROM stdin", &[b"1\t1", b"2\t2"])
        .copy("COPY public.u (id, t) FROM stdin", &[b"1\t1", b"2\t2"])
}

fn key(table: &str) -> String {
    format!("ALTER TABLE ONLY public.{table} ADD CONSTRAINT {table}_pkey PRIMARY KEY (id)")
}

fn foreign_key(table: &str, other: &str, name: &str) -> String {
    format!(
        "ALTER TABLE ONLY public.{table} ADD CONSTRAINT {name} FOREIGN KEY ({other}) REFERENCES \
         public.{other}(id)"
    )
}

/// As a reader of a table of contents hands statements out.
impl Items {
    fn entry(mut self, id: i32, needs: &[i32], sql: &str) -> Self {
        self = self.post(sql);
        if let Some(Ok(ArchiveItem::Statement(statement))) = self.0.back_mut() {
            statement.dependencies = Some(Dependencies { id, needs: needs.into() });
        }
        self
    }
}

fn entries(jobs: usize) -> Manner {
    Manner { counted: Counted::Entries, ..manner(jobs) }
}

#[tokio::test]
async fn tables_in_a_circle_of_foreign_keys_are_loaded() {
    let server = Server::start(None).await;
    let mut items = two_tables().post(key("t")).post(key("u"));
    for n in 0..5 {
        items = items.post(foreign_key("t", "u", &format!("to_u{n}")));
        items = items.post(foreign_key("u", "t", &format!("to_t{n}")));
    }
    let report = server.load_over(4, items.end()).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    let valid = "SELECT count(*)::text FROM pg_constraint WHERE contype = 'f' AND convalidated";
    assert_eq!(server.text(valid).await, "10");
    server.stop().await;
}

#[tokio::test]
async fn what_fails_is_told_in_the_archives_order_with_what_follows_from_it() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer NOT NULL)")
        .sql("CREATE TABLE public.u (id integer NOT NULL, t integer)")
        .copy(COPY, &[b"1", b"1"])
        .copy("COPY public.u (id, t) FROM stdin", &[b"1\t1", b"2\t3"])
        .post(key("t"))
        .post(key("u"))
        .post(foreign_key("u", "t", "to_t"))
        .post("CREATE INDEX i ON public.t USING btree (no_such_column)")
        .post("COMMENT ON INDEX public.i IS 'of a index that is not there'")
        .end();
    let report = server.load_over(4, items).await;
    let places: Vec<_> = report.findings.iter().map(|f| f.subject.split(':').next()).collect();
    assert_eq!(places, [Some("line 5"), Some("line 7"), Some("line 8"), Some("line 9")]);
    assert!(report.findings[0].message.contains("could not create unique index"));
    server.stop().await;
}

#[tokio::test]
async fn statements_about_an_index_wait_for_it() {
    let server = Server::start(None).await;
    let many: Vec<_> = (0..60_000).map(|n: u32| n.to_string().into_bytes()).collect();
    let many: Vec<_> = many.iter().map(Vec::as_slice).collect();
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer NOT NULL)")
        .sql("CREATE TABLE public.p (id integer NOT NULL) PARTITION BY LIST (id)")
        .sql("CREATE TABLE public.q (id integer NOT NULL)")
        .sql("ALTER TABLE ONLY public.p ATTACH PARTITION public.q FOR VALUES IN (1)")
        .copy(COPY, &many)
        .post(key("t"))
        .post("CREATE INDEX i ON public.t USING btree (id)")
        .post("COMMENT ON INDEX public.i IS 'the index'")
        .post("ALTER TABLE public.t CLUSTER ON i")
        .post("ALTER TABLE ONLY public.t REPLICA IDENTITY USING INDEX t_pkey")
        .post("COMMENT ON CONSTRAINT t_pkey ON public.t IS 'the key'")
        .post("CREATE INDEX pi ON ONLY public.p USING btree (id)")
        .post("CREATE INDEX qi ON public.q USING btree (id)")
        .post("ALTER INDEX public.pi ATTACH PARTITION public.qi")
        .post(
            "CREATE MATERIALIZED VIEW public.m AS SELECT count(*) AS n FROM public.t WITH NO DATA",
        )
        .post("CREATE INDEX mi ON public.m USING btree (n)")
        .post("REFRESH MATERIALIZED VIEW public.m")
        .end();
    let report = server.load_over(4, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    let valid = "SELECT bool_and(indisvalid)::text || ' ' || (SELECT n FROM m) FROM pg_index \
                 WHERE indrelid::regclass::text IN ('t', 'p', 'q', 'm')";
    assert_eq!(server.text(valid).await, "true 60000");
    server.stop().await;
}

#[tokio::test]
async fn a_table_of_contents_hands_out_before_the_data_what_runs_behind_it() {
    let server = Server::start(None).await;
    for jobs in [1, 4] {
        let items = Items::new()
            .sql("DROP TABLE IF EXISTS public.t")
            .sql("DROP FUNCTION IF EXISTS public.no")
            .sql("CREATE TABLE public.t (id integer NOT NULL)")
            .sql(
                "CREATE FUNCTION public.no() RETURNS trigger LANGUAGE plpgsql AS \
                  'BEGIN RAISE EXCEPTION ''fired''; END'",
            )
            .entry(10, &[], &key("t"))
            .entry(11, &[10], "COMMENT ON CONSTRAINT t_pkey ON public.t IS 'x'")
            .entry(12, &[], "CREATE TRIGGER no BEFORE INSERT ON public.t EXECUTE FUNCTION no()")
            .entry(13, &[], "CREATE VIEW public.v AS SELECT id, count(*) FROM t GROUP BY id")
            .sql("GRANT SELECT ON TABLE public.v TO PUBLIC")
            .copy(COPY, &[b"1", b"2"])
            .sql("DROP VIEW public.v")
            .end();
        let report = server.load_as(entries(jobs), items).await;
        assert_eq!(codes(&report), Vec::<&str>::new(), "{jobs}: {:?}", report.findings);
        assert_eq!(report.databases[0].tables[0].rows, 2);
    }
    server.stop().await;
}

#[tokio::test]
async fn event_triggers_are_made_last_and_are_there_at_the_end() {
    let server = Server::start(None).await;
    let mut items = two_tables()
        .sql(
            "CREATE FUNCTION public.no() RETURNS event_trigger LANGUAGE plpgsql AS \
              'BEGIN RAISE EXCEPTION ''no DDL''; END'",
        )
        .post("CREATE EVENT TRIGGER no ON ddl_command_start EXECUTE FUNCTION public.no()");
    if let Some(Ok(ArchiveItem::Statement(statement))) = items.0.back_mut() {
        let (name, kind) = ("no".to_owned(), "EVENT TRIGGER".to_owned());
        statement.entry = Some(EntryComment { name, kind, schema: None, owner: None });
    }
    let report = server.load_over(3, items.post(key("t")).end()).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    assert_eq!(server.text("SELECT count(*)::text FROM pg_event_trigger").await, "1");
    server.stop().await;
}

#[tokio::test]
async fn an_entry_of_a_table_of_contents_is_named_so() {
    let server = Server::start(None).await;
    let items =
        Items::new().sql("CREATE TABLE public.t (id integer)").entry(7, &[], &key("nowhere")).end();
    let report = server.load_as(entries(2), items).await;
    assert!(report.findings[0].subject.starts_with("entry 2: ALTER TABLE"));
    server.stop().await;
}

#[tokio::test]
async fn what_gets_into_each_others_way_is_run_again_alone() {
    let server = Server::start(None).await;
    // Each locks what the other has, and nothing in their text says so.
    let function = |name: &str, first: u32, second: u32| {
        format!(
            "CREATE FUNCTION public.{name}(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS \
             'BEGIN PERFORM pg_advisory_xact_lock({first}); PERFORM pg_sleep(1); \
             PERFORM pg_advisory_xact_lock({second}); RETURN 1; END'"
        )
    };
    let items = Items::new()
        .sql("CREATE TABLE public.t (id integer)")
        .sql("CREATE TABLE public.u (id integer)")
        .sql(function("f", 1, 2))
        .sql(function("g", 2, 1))
        .copy(COPY, &[b"1"])
        .copy("COPY public.u (id) FROM stdin", &[b"1"])
        .post("CREATE INDEX ti ON public.t USING btree (public.f(id))")
        .post("CREATE INDEX ui ON public.u USING btree (public.g(id))")
        .end();
    let report = server.load_over(2, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    assert_eq!(
        server.text("SELECT count(*)::text FROM pg_index WHERE indrelid >= 16384").await,
        "2"
    );
    server.stop().await;
}

#[tokio::test]
async fn what_is_run_again_leaves_the_settings_as_they_were() {
    let server = Server::start(None).await;
    let function = |name: &str, first: u32, second: u32| {
        format!(
            "CREATE FUNCTION public.{name}(integer) RETURNS integer LANGUAGE plpgsql IMMUTABLE AS \
             'BEGIN PERFORM pg_advisory_xact_lock({first}); PERFORM pg_sleep(1); \
             PERFORM pg_advisory_xact_lock({second}); RETURN 1; END'"
        )
    };
    // As `pg_dump` before 10.3 has it: names without schemas.
    let items = Items::new()
        .sql("CREATE SCHEMA one")
        .sql("CREATE SCHEMA other")
        .sql("CREATE TABLE public.t (id integer)")
        .sql("CREATE TABLE public.u (id integer)")
        .sql("CREATE TABLE other.v (id integer)")
        .sql(function("f", 1, 2))
        .sql(function("g", 2, 1))
        .sql("SET search_path = one, pg_catalog")
        .copy(COPY, &[b"1"])
        .copy("COPY public.u (id) FROM stdin", &[b"1"])
        .post("CREATE INDEX ti ON public.t USING btree (public.f(id))")
        .post("CREATE INDEX ui ON public.u USING btree (public.g(id))")
        .post("SET search_path = other, pg_catalog")
        // It waits for all before it.
        .post("DROP TABLE IF EXISTS public.nothing")
        .post("CREATE INDEX vi ON v USING btree (id)")
        .end();
    let report = server.load_over(2, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    server.stop().await;
}

#[tokio::test]
async fn large_objects_whose_data_comes_as_such_are_written_and_counted() {
    let server = Server::start(None).await;
    let object = |items: Items, oid: u32, data: &[u8], bytes: u64| {
        items
            .item(ArchiveItem::LargeObjectStart(LargeObjectStart { oid, line: 9 }))
            .item(ArchiveItem::LargeObjectData(Bytes::copy_from_slice(data)))
            .item(ArchiveItem::LargeObjectEnd(LargeObjectEnd { bytes }))
    };
    let long = vec![b'x'; 700_000];
    let items = Items::new()
        .of(Section::Data, "SELECT pg_catalog.lo_create('16414')")
        .of(Section::Data, "SELECT pg_catalog.lo_create('16415')");
    let items = object(object(object(items, 16414, &long, 700_000), 999, b"x", 1), 16415, b"y", 2);
    let report = server.load_as(entries(2), items.end()).await;
    assert_eq!(codes(&report), ["restore.statement_failed", "large_objects.mismatch"]);
    assert_eq!(report.databases[0].large_objects, 2);
    assert_eq!(server.text("SELECT length(lo_get(16414))::text").await, "700000");
    assert_eq!(server.text("SELECT length(lo_get(16415))::text").await, "1");
    server.stop().await;
}

#[tokio::test]
async fn large_objects_that_a_part_of_a_backup_does_not_make_are_no_fault_of_it() {
    let server = Server::start(None).await;
    let items = Items::new()
        .item(ArchiveItem::LargeObjectStart(LargeObjectStart { oid: 16414, line: 9 }))
        .item(ArchiveItem::LargeObjectData(Bytes::from_static(b"x")))
        .item(ArchiveItem::LargeObjectEnd(LargeObjectEnd { bytes: 1 }));
    let report = server.load_as(entries(2), items.end()).await;
    assert_eq!(codes(&report), ["archive.unsupported"]);
    server.stop().await;
}

#[tokio::test]
async fn large_objects_of_no_one_and_several_pieces_are_written_whatever_backslashes_mean() {
    let server = Server::start(None).await;
    let pieces: [(u32, Vec<usize>); 4] =
        [(16414, vec![]), (16415, vec![3]), (16416, vec![262_144, 5]), (4_294_967_295, vec![9])];
    let mut items = Items::new().of(Section::PreData, "SET standard_conforming_strings = off");
    for (oid, _) in &pieces {
        items = items.of(Section::Data, format!("SELECT pg_catalog.lo_create('{oid}')"));
    }
    for (oid, lengths) in &pieces {
        items = items.item(ArchiveItem::LargeObjectStart(LargeObjectStart { oid: *oid, line: 9 }));
        for length in lengths {
            items = items.item(ArchiveItem::LargeObjectData(vec![0xa5; *length].into()));
        }
        let bytes = lengths.iter().sum::<usize>() as u64;
        items = items.item(ArchiveItem::LargeObjectEnd(LargeObjectEnd { bytes }));
    }
    let report = server.load_as(entries(2), items.end()).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    for (oid, lengths) in &pieces {
        let expected = "a5".repeat(lengths.iter().sum());
        let found = format!("SELECT encode(lo_get('{oid}'), 'hex')");
        assert_eq!(server.text(&found).await, expected, "{oid}");
    }
    server.stop().await;
}
