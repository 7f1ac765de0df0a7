//! Loads that are cancelled, or dropped.

use super::beside::rows;
use super::*;

/// A source that is silent behind its last item.
struct Silent(Items);

#[async_trait]
impl ArchiveItems for Silent {
    async fn next(&mut self) -> Result<Option<ArchiveItem>, ArchiveError> {
        match self.0.next().await? {
            Some(item) => Ok(Some(item)),
            None => std::future::pending().await,
        }
    }

    fn key(&self) -> &str {
        self.0.key()
    }

    fn bytes_read(&self) -> u64 {
        0
    }
}

/// Cancels a load as soon as `busy` finds a session that is where it should be: nothing runs when
/// the load has ended.
async fn cancel_when(server: &Server, manner: Manner, items: &mut dyn ArchiveItems, busy: &str) {
    let cancel = CancellationToken::new();
    let when = async {
        while server.text(&sessions(busy)).await == "0" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        cancel.cancel();
    };
    let load = Loader::load(&server.place, manner, items, &Quiet, &cancel);
    let (result, ()) = tokio::join!(load, when);
    assert_eq!(result.unwrap_err().kind(), TargetErrorKind::Cancelled);
    // The server is told at once, and does it when it looks up.
    while server.text(&sessions("state = 'active'")).await != "0" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.text(&sessions("state LIKE 'idle in transaction%'")).await, "0");
}

fn sessions(are: &str) -> String {
    format!(
        "SELECT count(*)::text FROM pg_stat_activity WHERE datname = 'restored' AND {are} \
         AND application_name <> 'reader' AND pid <> pg_backend_pid()"
    )
}

const SLOW: &str = "CREATE FUNCTION public.slow(i integer) RETURNS integer LANGUAGE plpgsql \
                    IMMUTABLE AS 'BEGIN PERFORM pg_sleep(3600); RETURN i; END'";

#[tokio::test]
async fn cancelling_ends_data_on_all_connections() {
    let server = Server::start(None).await;
    let rows = rows(30_000, 1_000);
    let mut items = Items::new()
        .sql(SLOW)
        .sql("CREATE TABLE public.t (id integer CHECK (public.slow(id) > 0), name text)")
        .start("COPY public.t (id, name) FROM stdin")
        .data(&rows, false)
        .end();
    let busy = "query LIKE 'COPY%' AND wait_event = 'PgSleep'";
    cancel_when(&server, manner(3), &mut items, busy).await;
    server.stop().await;
}

#[tokio::test]
async fn cancelling_ends_an_index_build_on_the_server() {
    let server = Server::start(None).await;
    let mut items = Items::new()
        .sql(SLOW)
        .sql("CREATE TABLE public.t (id integer, name text)")
        .start("COPY public.t (id, name) FROM stdin")
        .data(&rows(2, 10), false)
        .post("CREATE INDEX i ON public.t USING btree (public.slow(id))")
        .end();
    let busy = "query LIKE 'CREATE INDEX%' AND wait_event = 'PgSleep'";
    cancel_when(&server, manner(3), &mut items, busy).await;
    let left = "SELECT count(*)::text FROM pg_class WHERE relname = 'i'";
    assert_eq!(server.text(left).await, "0");
    server.stop().await;
}

/// Drops a load as soon as `busy` finds a session that is where it should be: soon nothing runs, and
/// nobody asked for it.
async fn drop_when(server: &Server, manner: Manner, items: &mut dyn ArchiveItems, busy: &str) {
    let cancel = CancellationToken::new();
    let when = async {
        while server.text(&sessions(busy)).await == "0" {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::select! {
        loaded = Loader::load(&server.place, manner, items, &Quiet, &cancel) => {
            loaded.unwrap();
        }
        () = when => {}
    }
    while server.text(&sessions("true")).await != "0" {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_load_that_is_dropped_leaves_nothing_running_on_the_server() {
    let server = Server::start(None).await;
    for jobs in [1, 3] {
        let mut items = Items::new()
            .sql("DROP TABLE IF EXISTS public.t; DROP FUNCTION IF EXISTS public.slow")
            .sql(SLOW)
            .sql("CREATE TABLE public.t (id integer, name text)")
            .start("COPY public.t (id, name) FROM stdin")
            .data(&rows(2, 10), false)
            .post("CREATE INDEX i ON public.t USING btree (public.slow(id))")
            .end();
        let busy = "query LIKE 'CREATE INDEX%' AND wait_event = 'PgSleep'";
        drop_when(&server, manner(jobs), &mut items, busy).await;
    }
    server.stop().await;
}

#[tokio::test]
async fn cancelling_ends_a_statement_that_waits_for_a_lock() {
    let server = Server::start(None).await;
    let reader = server.database().await.session().await.unwrap();
    for sql in [
        "SET application_name = 'reader'",
        "CREATE TABLE public.t (id integer, name text)",
        "BEGIN; LOCK TABLE public.t IN ACCESS SHARE MODE",
    ] {
        reader.batch_execute(sql).await.unwrap();
    }
    let mut items = Items::new()
        .start("COPY public.t (id, name) FROM stdin")
        .data(&rows(2, 10), false)
        .post("ALTER TABLE ONLY public.t ADD CONSTRAINT t_pkey PRIMARY KEY (id)")
        .end();
    cancel_when(&server, manner(3), &mut items, "wait_event_type = 'Lock'").await;
    reader.close().await;
    server.stop().await;
}

#[tokio::test]
async fn cancelling_among_large_objects_leaves_no_transaction_open() {
    let server = Server::start(None).await;
    let start = LargeObjectStart { oid: 16414, line: 9 };
    let items = Items::new()
        .of(Section::Data, "SELECT pg_catalog.lo_create('16414')")
        .item(ArchiveItem::LargeObjectStart(start))
        .item(ArchiveItem::LargeObjectData(vec![b'x'; 1 << 20].into()));
    // More than is kept back for a single round trip, so something of it was sent.
    let busy = "state = 'idle in transaction' AND query LIKE '%lowrite%'";
    cancel_when(&server, manner(2), &mut Silent(items), busy).await;
    assert_eq!(server.text("SELECT length(lo_get(16414))::text").await, "0");
    server.stop().await;
}
