//! A history of migrations, replayed file by file: what the linter says of each statement, and what
//! the server does.

use std::path::Path;

use pgsre_core::migrate::statement::Statement;
use pgsre_core::migrate::{Facts, Schema, parse};

use super::catalogue::Catalogue;
use super::rival;
use super::score::Score;
use super::session::Session;
use super::within::{Run, observe};
use crate::harness::server::Server;

/// How a replay went.
#[derive(Debug, Default)]
pub struct Replay {
    /// Of the linter.
    pub ours: Score,
    /// Of squawk.
    pub squawk: Score,
    /// Statements that were compared.
    pub statements: usize,
    /// What the server would not have, in this order; it is not compared.
    pub refused: Vec<String>,
}

/// Replays the files in their order on a database of their own. Tables hold no rows, so that failures
/// on rows are not seen; what runs outside of transactions is not watched.
pub async fn replay(server: &Server, database: &str, version: u32, files: &[&Path]) -> Replay {
    server.create(database, "", b"");
    let mut session = Session::connect(server, database).await;
    let (mut replay, mut schema) = (Replay::default(), Schema::default());
    for file in files {
        schema.settle();
        let old = Catalogue::read(&session).await;
        let Ok(text) = std::fs::read_to_string(file) else { continue };
        for located in parse(&text) {
            if matches!(located.statement, Statement::Begin | Statement::Commit) {
                continue;
            }
            let sql = &text[located.range];
            let facts = Facts::of(&located.statement, &schema, version);
            let run = Run { old: Some(&old), commit: true, empty: true, ..Run::default() };
            let label = format!("{}: {sql}", file.display());
            match observe(&mut session, sql, run).await {
                Ok(truth) if truth.refuses_transactions => session.run(sql).await,
                Ok(truth) => {
                    replay.statements += 1;
                    replay.ours.judge(&label, &facts, &truth);
                    rival::judge(&mut replay.squawk, sql, &truth);
                }
                Err(why) => {
                    replay.refused.push(format!("{why}: {label}"));
                    continue;
                }
            }
            schema.apply(&located.statement);
        }
    }
    replay
}
