//! Rows that the server compares with other rows when it takes them.

use super::beside::rows;
use super::*;

/// Its last row takes a while, and it is not there before. Of data this large nothing locks it.
const SLOW: &str = "CREATE TABLE public.a (id integer NOT NULL, name text, \
                    CHECK (id < 10 OR pg_sleep(0.3) IS NOT NULL))";
const LOOKS: &str = "CREATE FUNCTION public.known(integer) RETURNS boolean LANGUAGE sql AS \
                     'SELECT EXISTS (SELECT 1 FROM public.a WHERE id = $1)'";
/// What it reads is only seen in what it calls.
const CALLS: &str = "CREATE FUNCTION public.calls(integer) RETURNS boolean LANGUAGE plpgsql \
                     IMMUTABLE AS 'BEGIN RETURN public.known($1); END'";

/// Ways in which a table `b` may look at `a` while it is filled.
fn looking_tables() -> [Vec<&'static str>; 6] {
    [
        vec!["CREATE TABLE public.b (id integer CHECK (public.known(id)), name text)"],
        vec!["CREATE TABLE public.b (id integer CHECK (public.calls(id)), name text)"],
        vec![
            "CREATE DOMAIN public.id AS integer CHECK (public.known(VALUE))",
            "CREATE DOMAIN public.own_id AS public.id",
            "CREATE TABLE public.b (id public.own_id, name text)",
        ],
        vec![
            "CREATE TABLE public.b (id integer, name text, \
             seen boolean NOT NULL GENERATED ALWAYS AS (nullif(public.calls(id), false)) STORED)",
        ],
        vec![
            "CREATE TABLE public.b (id integer, name text)",
            "CREATE FUNCTION public.check_b() RETURNS trigger LANGUAGE plpgsql AS \
             'BEGIN ASSERT public.known(NEW.id); RETURN NEW; END'",
            "CREATE TRIGGER look BEFORE INSERT ON public.b FOR EACH ROW \
             EXECUTE FUNCTION public.check_b()",
        ],
        vec![
            "CREATE TABLE public.b (id integer, name text) PARTITION BY RANGE (id)",
            "CREATE TABLE public.b0 PARTITION OF public.b FOR VALUES FROM (0) TO (99999)",
            "ALTER TABLE public.b0 ADD CHECK (public.known(id))",
        ],
    ]
}

fn copy(table: &str) -> String {
    format!("COPY public.{table} (id, name) FROM stdin")
}

/// `b` behind `a`, and this row of `b`.
fn stream(tables: &[&str], row: &[u8]) -> Items {
    let mut items = Items::new().sql(SLOW);
    for sql in [LOOKS, CALLS].iter().chain(tables) {
        items = items.sql(sql);
    }
    items.start(&copy("a")).data(&rows(10, 600_000), false).copy(copy("b"), &[row]).end()
}

#[tokio::test]
async fn a_table_that_looks_at_another_is_filled_behind_it() {
    let server = Server::start(None).await;
    for tables in looking_tables() {
        let report = server.load_over(3, stream(&tables, b"10\tx")).await;
        assert_eq!(codes(&report), Vec::<&str>::new(), "{tables:?}: {:?}", report.findings);
        assert_eq!(server.text("SELECT count(*)::text FROM public.b").await, "1");
        again(&server).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn a_row_that_is_wrong_in_that_order_too_is_a_finding() {
    let server = Server::start(None).await;
    for tables in looking_tables() {
        let report = server.load_over(3, stream(&tables, b"11\tx")).await;
        assert_eq!(codes(&report), ["restore.statement_failed"], "{tables:?}");
        again(&server).await;
    }
    server.stop().await;
}

async fn again(server: &Server) {
    let client = server.database().await.client().await.unwrap();
    client.batch_execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public").await.unwrap();
}

#[tokio::test]
async fn data_that_is_read_apart_keeps_that_order() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql("CREATE TABLE public.a (id integer, name text)")
        .sql(LOOKS)
        .sql("CREATE TABLE public.b (id integer CHECK (public.known(id + 19000)), name text)")
        .data_apart("a", 20_000, None)
        .data_apart("b", 20, None)
        .end();
    let manner = Manner { counted: Counted::Entries, ..manner(3) };
    let report = server.load_as(manner, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    server.stop().await;
}

#[tokio::test]
async fn a_schema_before_its_data_has_its_keys_already() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql(SLOW)
        .sql("CREATE TABLE public.b (id integer NOT NULL, name text)")
        .post("ALTER TABLE ONLY public.a ADD CONSTRAINT a_pkey PRIMARY KEY (id)")
        .post("ALTER TABLE ONLY public.b ADD CONSTRAINT to_a FOREIGN KEY (id) REFERENCES public.a")
        .start(&copy("a"))
        .data(&rows(10, 600_000), false)
        .copy(copy("b"), &[b"10\tx"])
        .end();
    let report = server.load_over(3, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    server.stop().await;
}

#[tokio::test]
async fn a_function_that_reads_nothing_costs_no_connection() {
    let server = Server::start(None).await;
    let items = Items::new()
        .sql(
            "CREATE FUNCTION public.fine(text) RETURNS boolean LANGUAGE plpgsql AS \
              'BEGIN RETURN $1 ~ ''^x''; END'",
        )
        .sql("CREATE TABLE public.t (id integer, name text CHECK (public.fine(name)))")
        .start(&copy("t"))
        .data(&rows(20_000, 1_000), false)
        .end();
    let report = server.load_over(3, items).await;
    assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
    assert!(report.databases[0].tables[0].connections > 1);
    server.stop().await;
}
