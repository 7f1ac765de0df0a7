//! A connection whose messages are kept.

use futures::StreamExt;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio_postgres::{AsyncMessage, Client, NoTls, SimpleQueryMessage};

use crate::harness::server::Server;

/// A connection, and what the server told it beside results.
#[derive(Debug)]
pub struct Session {
    client: Client,
    messages: UnboundedReceiver<String>,
}

/// Where the clocks are turned twice a year, a timestamp with and one without its zone differ; a server
/// in a container mostly runs in UTC, where they do not.
pub const ZONE: &str = "Europe/Berlin";

/// A row's columns as text.
pub type Row = Vec<Option<String>>;

impl Session {
    /// Connects to a database as its superuser.
    pub async fn connect(server: &Server, database: &str) -> Self {
        let connected = tokio_postgres::connect(&server.url(database), NoTls).await;
        let (client, mut connection) = connected.expect("a connection");
        let (keep, messages) = unbounded_channel();
        let mut told = futures::stream::poll_fn(move |cx| connection.poll_message(cx));
        tokio::spawn(async move {
            while let Some(Ok(message)) = told.next().await {
                if let AsyncMessage::Notice(notice) = message
                    && keep.send(notice.message().to_owned()).is_err()
                {
                    return;
                }
            }
        });
        let session = Self { client, messages };
        session.run(&format!("set timezone = '{ZONE}'")).await;
        session
    }

    /// Runs statements that must succeed.
    pub async fn run(&self, sql: &str) {
        self.client.batch_execute(sql).await.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// Runs a statement that may fail.
    pub async fn attempt(&self, sql: &str) -> Result<(), tokio_postgres::Error> {
        self.client.batch_execute(sql).await
    }

    /// The rows of a query.
    pub async fn rows(&self, sql: &str) -> Vec<Row> {
        let answer = self.client.simple_query(sql).await;
        let answer = answer.unwrap_or_else(|error| panic!("{sql}: {error:?}"));
        let text = |row: &tokio_postgres::SimpleQueryRow| {
            (0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect()
        };
        answer
            .iter()
            .filter_map(|message| match message {
                SimpleQueryMessage::Row(row) => Some(text(row)),
                _ => None,
            })
            .collect()
    }

    /// What the server told since the last call.
    pub fn told(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.messages.try_recv().ok()).collect()
    }
}
