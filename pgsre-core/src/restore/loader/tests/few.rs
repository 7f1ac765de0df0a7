//! Servers that give few connections.

use super::beside::{SUM, rows};
use super::*;
use crate::postgres::ConnectConfig;

/// A role that may have only so many connections.
async fn limited(server: &Server, limit: i32) -> Place {
    let client = server.database().await.client().await.unwrap();
    let sql = format!(
        "CREATE ROLE few LOGIN CONNECTION LIMIT {limit}; GRANT ALL ON DATABASE restored TO few; \
         GRANT ALL ON SCHEMA public TO few"
    );
    client.batch_execute(&sql).await.unwrap();
    let host = &server.place.config.hosts()[0];
    let directory = std::path::Path::new(&host.host);
    let config = ConnectConfig::socket(directory, host.port, "few", "restored");
    Place { config, superuser: "few".to_owned(), ..server.place.clone() }
}

#[tokio::test]
async fn a_server_that_gives_few_connections_is_loaded_over_few() {
    let mut server = Server::start(None).await;
    for limit in [1, 2] {
        server.place = limited(&server, limit).await;
        let rows = rows(6_000, 1_000);
        let items = Items::new()
            .sql("CREATE TABLE public.t (id integer, name text)")
            .start("COPY public.t (id, name) FROM stdin")
            .data(&rows, false)
            .post("CREATE INDEX i ON public.t USING btree (id)")
            .end();
        let report = server.load_over(3, items).await;
        assert_eq!(codes(&report), Vec::<&str>::new(), "{:?}", report.findings);
        let note = "loaded over 1 connections instead of 3: the server gives no more";
        assert!(report.notes.iter().any(|found| found == note), "{:?}", report.notes);
        assert_eq!(server.text(SUM).await, "6000 18003000");
        let drop = "DROP TABLE public.t; DROP OWNED BY few; DROP ROLE few";
        let admin = server.session.connect("restored").await.unwrap().client().await.unwrap();
        admin.batch_execute(drop).await.unwrap();
        server.place.config = server.session.connect("restored").await.unwrap().config().clone();
    }
    server.stop().await;
}

#[tokio::test]
async fn a_bad_row_is_a_finding_where_the_role_may_have_no_connection_more() {
    for (limit, jobs) in [(1, 1), (1, 3), (2, 3), (-1, 3)] {
        let mut server = Server::start(None).await;
        server.place = limited(&server, limit).await;
        let good = rows(6_000, 1_000);
        let mut bad = good.clone();
        bad[5_000] = b"x\ty".to_vec();
        let items = Items::new().table("u", &bad).table("v", &bad[5_000..5_001]);
        let report = server.load_over(jobs, items.table("t", &good).end()).await;
        let subjects: Vec<_> = report.findings.iter().map(|f| f.subject.as_str()).collect();
        let copy = |line: u32, table: &str| {
            format!("line {line}: COPY public.{table} (id, name) FROM stdin")
        };
        assert_eq!(subjects, [copy(2, "u"), copy(4, "v")], "{limit} {jobs}");
        assert_eq!(server.text(SUM).await, "6000 18003000");
        server.stop().await;
    }
}
