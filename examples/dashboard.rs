//! A service of one's own with the dashboard under `/db`, live and with history.
//!
//! `cargo run -p pgsre-examples --example dashboard -- postgres://pgsre@db1/shop 127.0.0.1:3000`

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use pgsre_core::alert::Outbox;
use pgsre_core::dashboard::{Dashboard, WebOptions};
use pgsre_core::history::samples::MemorySamples;
use pgsre_core::monitor::{ServerMonitor, default_rules};
use pgsre_core::postgres::ConnectConfig;
use pgsre_core::queries::{QueryLoad, WorstQueries};
use pgsre_core::watch::Watcher;
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let url = arguments.next().unwrap_or_else(|| "postgres://localhost/postgres".to_owned());
    let listen = arguments.next().unwrap_or_else(|| "127.0.0.1:3000".to_owned());

    // One watcher reads the server; every viewer sees what it read.
    let queries = WorstQueries::default();
    let load = QueryLoad::default().telling("shop", queries.clone());
    let server = ServerMonitor::new("shop", ConnectConfig::parse(&url)?).and(Box::new(load));
    let samples = Arc::new(MemorySamples::new(Duration::from_secs(6 * 3_600)));
    let watcher = Watcher::new(default_rules(), Outbox::open(Vec::new(), None)?)
        .with_samples(samples.clone())
        .watching([server]);

    let dashboard = Dashboard::new(watcher.watched()).with_samples(samples).with_queries(queries);
    let app = Router::new()
        .route("/", get(async || "my service; its database: /db\n"))
        .nest("/db", dashboard.router(WebOptions::default()));

    let listener = tokio::net::TcpListener::bind(&listen).await?;
    println!("http://{}/db", listener.local_addr()?);
    tokio::spawn(async move { watcher.run(&CancellationToken::new()).await });
    axum::serve(listener, app).await?;
    Ok(())
}
