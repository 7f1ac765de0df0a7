//! A server with a database for each group of statements, copied for those that leave something behind.

use pgsre_core::migrate::{Facts, Schema, parse};
use pgsre_core::postgres::Database;
use tokio_util::sync::CancellationToken;

use super::corpus::{Case, Group};
use super::session::Session;
use super::within::{Run, observe};
use super::{Truth, apart};
use crate::harness::server::Server;

/// A group's database, and a copy to work in.
#[derive(Debug)]
pub struct Scene<'a> {
    server: &'a Server,
    group: &'a Group,
    version: u32,
    session: Session,
    /// The group's schema as its database has it.
    live: Schema,
    copies: u32,
}

impl<'a> Scene<'a> {
    /// Makes the group's database.
    pub async fn of(server: &'a Server, group: &'a Group, version: u32) -> Self {
        server.create(&group.name, "", group.schema.as_bytes());
        copy(server, &group.name, 0).await;
        let database = format!("{}_0", group.name);
        let session = Session::connect(server, &database).await;
        let live = read(server, &database).await;
        Self { server, group, version, session, live, copies: 0 }
    }

    /// What the statement really does.
    pub async fn truth(&mut self, case: &Case) -> Result<Truth, String> {
        let how = Run { first: &case.session, ..Run::default() };
        let truth = if case.given.is_empty() {
            observe(&mut self.session, &case.statement, how).await?
        } else {
            let database = self.copy(case).await?;
            let mut session = Session::connect(self.server, &database).await;
            observe(&mut session, &case.statement, how).await?
        };
        if !truth.refuses_transactions {
            return Ok(truth);
        }
        let database = self.copy(case).await?;
        apart::observe(self.server, &database, &case.statement).await
    }

    /// What the linter says of it with the statements before it.
    pub fn facts(&self, case: &Case) -> Result<Facts, String> {
        let mut schema = Schema::default();
        parse(&self.group.schema).iter().for_each(|located| schema.apply(&located.statement));
        schema.settle();
        self.facts_on(schema, case)
    }

    /// What the linter says of it with the schema read from the database.
    pub fn facts_live(&self, case: &Case) -> Result<Facts, String> {
        self.facts_on(self.live.clone(), case)
    }

    fn facts_on(&self, mut schema: Schema, case: &Case) -> Result<Facts, String> {
        parse(&case.given).iter().for_each(|located| schema.apply(&located.statement));
        schema.settle();
        parse(&case.session).iter().for_each(|located| schema.apply(&located.statement));
        match parse(&case.statement).as_slice() {
            [one] => Ok(Facts::of(&one.statement, &schema, self.version)),
            several => Err(format!("{} statements: {several:?}", several.len())),
        }
    }

    async fn copy(&mut self, case: &Case) -> Result<String, String> {
        self.copies += 1;
        let database = copy(self.server, &self.group.name, self.copies).await;
        let session = Session::connect(self.server, &database).await;
        for located in parse(&case.given) {
            let ran = session.attempt(&case.given[located.range]).await;
            ran.map_err(|error| format!("given: {:?}", error.as_db_error()))?;
        }
        Ok(database)
    }
}

async fn read(server: &Server, database: &str) -> Schema {
    let database: Database = server.connect(database).await;
    Schema::read(&database, &CancellationToken::new()).await.expect("the schema")
}

async fn copy(server: &Server, name: &str, number: u32) -> String {
    let session = Session::connect(server, "postgres").await;
    session.run(&format!("create database {name}_{number} template {name}")).await;
    format!("{name}_{number}")
}
