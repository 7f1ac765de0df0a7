//! The connection that loads: it sends, it can be cancelled, and it knows the dump's encoding.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use tokio_postgres::SimpleQueryMessage;
use tokio_postgres::types::ToSql;
use tokio_util::sync::CancellationToken;

use super::super::{TargetError, TargetErrorKind};
use super::Place;
use super::cancel::{Unanswered, cancelled, until_cancelled};
use super::encoding::{Decoded, Encoding};
use super::place::from_postgres;
use super::rejection::{Rejection, rejection};
use crate::postgres::{Database, PostgresError, Session};

/// How long a server may take to let go of a session that was ended, before another is one too many.
const LET_GO_WITHIN: Duration = Duration::from_secs(15);
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// What a role, a database or the server may have set, and what would make a sound backup fail.
const OPENING: &str = "\
    SET client_encoding = 'UTF8'; SET standard_conforming_strings = on; \
    SET default_transaction_read_only = off; \
    SET default_transaction_isolation = 'read committed'; SET statement_timeout = 0; SET lock_timeout = 0; \
    SET idle_in_transaction_session_timeout = 0; SET synchronous_commit = off; \
    SET client_min_messages = error";

/// Runs the text that `$1` holds in the database's own encoding; answers with the rows it touched.
const RUN_RAW: &str = "\
    CREATE OR REPLACE FUNCTION pg_temp.pgsre_run(statement bytea) RETURNS bigint \
    LANGUAGE plpgsql AS 'DECLARE touched bigint; BEGIN \
    EXECUTE pg_catalog.convert_from(statement, pg_catalog.getdatabaseencoding()); \
    GET DIAGNOSTICS touched = ROW_COUNT; RETURN touched; END'";

/// A statement's text, ready to be sent.
#[derive(Debug)]
pub(super) enum Text {
    /// In UTF-8.
    Utf8(String),
    /// Bytes that a `SQL_ASCII` database takes as they are.
    Raw(Bytes),
}

impl Text {
    /// The text as people see it.
    pub(super) fn shown(&self) -> std::borrow::Cow<'_, str> {
        match self {
            Self::Utf8(text) => text.into(),
            Self::Raw(bytes) => String::from_utf8_lossy(bytes),
        }
    }
}

/// What the server answered.
pub(super) type Answer<T> = Result<T, Rejection>;

/// What an archive has set, by parameter, in order.
pub(super) type Settings = Arc<[(String, String)]>;

/// How a statement ended that ran beside others of ours.
#[derive(Debug)]
pub(super) enum Beside<T> {
    Answered(Answer<T>),
    /// It and another of ours got into each other's way: that says nothing about the backup.
    Collided,
}

/// A session that loads into one database.
#[derive(Debug)]
pub(super) struct Connection {
    session: Session,
    database: String,
    server_encoding: String,
    major: u32,
    runs_raw: bool,
    encoding: Encoding,
    cancel: CancellationToken,
    connected: Database,
    /// What the archive has set, by parameter, in order.
    settings: Vec<(String, String)>,
    /// The same, to be handed on; or what was taken over last.
    shared: Option<Settings>,
}

impl Connection {
    pub(super) async fn open(
        place: &Place,
        database: &str,
        cancel: &CancellationToken,
    ) -> Result<Self, TargetError> {
        let connected = until_cancelled(cancel, place.connect(database)).await??;
        let mut connection = Self {
            session: session_in_time(&connected, cancel).await?,
            database: database.to_owned(),
            server_encoding: String::new(),
            major: connected.version().major(),
            runs_raw: false,
            encoding: Encoding::default(),
            cancel: cancel.clone(),
            connected,
            settings: Vec::new(),
            shared: None,
        };
        connection.must("setting up the session", OPENING).await?;
        let encoding = connection.column("SHOW server_encoding").await?;
        connection.server_encoding = encoding.into_iter().next().unwrap_or_default();
        Ok(connection)
    }

    /// Takes a new session, set as the old one was.
    ///
    /// The driver loses count of the server's answers when the server rejects a COPY before it has
    /// read any of its data (the driver sends Sync twice), also behind its consent to take data: as
    /// a trigger for the statement does. So a session is not used again after a COPY that failed.
    pub(super) async fn reopen(&mut self) -> Result<(), TargetError> {
        // The role, the database or the server may allow no more than there are.
        self.session.break_off().await;
        self.session = session_in_time(&self.connected, &self.cancel).await?;
        self.runs_raw = false;
        self.must("setting up the session", OPENING).await?;
        for (_, sql) in self.settings.clone() {
            self.must("setting up the session again", &sql).await?;
        }
        Ok(())
    }

    /// Remembers what the archive has set.
    pub(super) fn remember(&mut self, parameter: &str, sql: &str) {
        self.settings.retain(|(known, _)| known != parameter);
        self.settings.push((parameter.to_owned(), sql.to_owned()));
        self.shared = None;
    }

    /// What the archive has set so far.
    pub(super) fn settings(&mut self) -> Settings {
        let settings = &self.settings;
        Arc::clone(self.shared.get_or_insert_with(|| settings.as_slice().into()))
    }

    /// Sets what the archive has set elsewhere.
    pub(super) async fn adopt(&mut self, settings: &Settings) -> Result<(), TargetError> {
        if self.shared.as_ref().is_some_and(|shared| Arc::ptr_eq(shared, settings)) {
            return Ok(());
        }
        for setting in settings.iter() {
            if !self.settings.contains(setting) {
                let (parameter, sql) = setting;
                self.must("setting up the session as the archive says", sql).await?;
                self.remember(parameter, sql);
            }
        }
        self.shared = Some(Arc::clone(settings));
        Ok(())
    }

    /// Another connection like this one, that ends with `stop`; `None` where the server gives no
    /// more.
    pub(super) async fn beside(
        &self,
        stop: &CancellationToken,
    ) -> Result<Option<Self>, TargetError> {
        let session = match until_cancelled(stop, self.connected.session()).await? {
            Ok(session) => session,
            Err(error) if is_one_too_many(&error) => return Ok(None),
            Err(error) => return Err(from_postgres(&error)),
        };
        let mut connection = Self {
            session,
            database: self.database.clone(),
            server_encoding: self.server_encoding.clone(),
            major: self.major,
            runs_raw: false,
            encoding: Encoding::default(),
            cancel: stop.clone(),
            connected: self.connected.clone(),
            settings: Vec::new(),
            shared: None,
        };
        connection.must("setting up the session", OPENING).await?;
        Ok(Some(connection))
    }

    /// The name of the database.
    pub(super) fn database(&self) -> &str {
        &self.database
    }

    /// The server's major version.
    pub(super) fn major(&self) -> u32 {
        self.major
    }

    /// What follows is encoded so.
    pub(super) fn set_encoding(&mut self, encoding: Encoding) {
        self.encoding = encoding;
    }

    /// How what follows is encoded.
    pub(super) fn encoding(&self) -> &Encoding {
        &self.encoding
    }

    /// The encoding to declare for COPY data, where the session's own is wrong.
    pub(super) fn copy_encoding(&self) -> Option<&str> {
        self.encoding.of_copy(&self.server_encoding)
    }

    /// A statement's bytes as text.
    pub(super) async fn decode(&mut self, bytes: &Bytes) -> Result<Answer<Text>, TargetError> {
        match self.encoding.decode(bytes) {
            Decoded::Text(text) => Ok(Ok(Text::Utf8(text))),
            Decoded::Convert(from) => self.convert(bytes, &from).await,
            Decoded::Raw if self.server_encoding == "SQL_ASCII" => Ok(Ok(Text::Raw(bytes.clone()))),
            Decoded::Raw | Decoded::Invalid => Ok(Err(Rejection::new(
                "22021",
                "the statement holds bytes that its encoding does not allow",
            ))),
        }
    }

    /// Runs statements; the rows that each of them touched, in order.
    pub(super) async fn run(&mut self, text: &Text) -> Result<Answer<Vec<u64>>, TargetError> {
        match text {
            Text::Utf8(sql) => self.run_sql(sql).await,
            Text::Raw(bytes) => self.run_raw(bytes).await,
        }
    }

    /// Runs statements in UTF-8; the rows that each of them touched, in order.
    pub(super) async fn run_sql(&mut self, sql: &str) -> Result<Answer<Vec<u64>>, TargetError> {
        let answer = self.cancellable(self.session.simple_query(sql)).await?;
        answer_of("a statement", answer.map(|messages| counts(&messages)))
    }

    /// Runs a statement while others of ours run.
    pub(super) async fn run_beside(
        &mut self,
        text: &Text,
    ) -> Result<Beside<Vec<u64>>, TargetError> {
        let Text::Utf8(sql) = text else { return self.run(text).await.map(Beside::Answered) };
        let answer = self.cancellable(self.session.simple_query(sql)).await?;
        match answer {
            Err(error) if is_collision(&error) => Ok(Beside::Collided),
            answer => {
                let counted = answer.map(|messages| counts(&messages));
                answer_of("a statement", counted).map(Beside::Answered)
            }
        }
    }

    /// Runs statements of our own, which must succeed.
    pub(super) async fn must(&mut self, what: &str, sql: &str) -> Result<(), TargetError> {
        let answer = self.run_sql(sql).await?;
        answer.map(|_| ()).map_err(|rejection| {
            TargetError::new(
                TargetErrorKind::Failed,
                format!("{what} failed: {}", rejection.quoted()),
            )
        })
    }

    /// The first column of a query of our own.
    pub(super) async fn column(&mut self, sql: &str) -> Result<Vec<String>, TargetError> {
        let answer = self.cancellable(self.session.simple_query(sql)).await?;
        let messages = answer.map_err(|error| {
            TargetError::new(TargetErrorKind::Failed, format!("cannot ask the server: {sql}"))
                .with_cause(error)
        })?;
        let first = |message| match message {
            SimpleQueryMessage::Row(row) => row.get(0).map(str::to_owned),
            _ => None,
        };
        Ok(messages.into_iter().filter_map(first).collect())
    }

    /// The session, for COPY.
    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    /// Waits for the server; a cancelled run cancels what runs there, and so does a dropped future.
    pub(super) async fn cancellable<F: Future>(&self, work: F) -> Result<F::Output, TargetError> {
        let mut unanswered = Unanswered::of(&self.session);
        tokio::select! {
            biased;
            done = work => {
                unanswered.answered();
                Ok(done)
            }
            () = self.cancel.cancelled() => {
                unanswered.answered();
                if let Err(error) = self.session.cancel_token().cancel().await {
                    tracing::debug!(%error, "the server could not be asked to cancel");
                }
                Err(cancelled())
            }
        }
    }

    /// Ends the session in good order.
    pub(super) async fn close(self) {
        self.session.close().await;
    }

    async fn convert(&mut self, bytes: &Bytes, from: &str) -> Result<Answer<Text>, TargetError> {
        const TO_UTF8: &str = "SELECT pg_catalog.convert(\
            $1::pg_catalog.bytea, $2::pg_catalog.text::pg_catalog.name, 'UTF8')";
        let work = async {
            let row = self.session.query_one(TO_UTF8, &[&bytes.as_ref(), &from]).await?;
            row.try_get::<_, Vec<u8>>(0)
        };
        let answer = answer_of("converting a statement", self.cancellable(work).await?)?;
        Ok(answer.and_then(|converted| {
            String::from_utf8(converted).map(Text::Utf8).map_err(|_| {
                Rejection::new("22021", format!("the statement cannot be converted from {from}"))
            })
        }))
    }

    async fn run_raw(&mut self, bytes: &Bytes) -> Result<Answer<Vec<u64>>, TargetError> {
        if !self.runs_raw {
            self.must("preparing for text of no known encoding", RUN_RAW).await?;
            self.runs_raw = true;
        }
        let statement = bytes.as_ref();
        let arguments: [&(dyn ToSql + Sync); 1] = [&statement];
        let work = self.session.query_one("SELECT pg_temp.pgsre_run($1)", &arguments);
        let answer = self.cancellable(work).await?.and_then(|row| row.try_get::<_, i64>(0));
        let counted = answer.map(|rows| vec![u64::try_from(rows).unwrap_or_default()]);
        answer_of("a statement", counted)
    }
}

/// A session, where one of ours ended just before: the server may count that for a moment longer.
async fn session_in_time(
    connected: &Database,
    cancel: &CancellationToken,
) -> Result<Session, TargetError> {
    let begun = Instant::now();
    loop {
        let opened = until_cancelled(cancel, connected.session()).await?;
        match opened {
            Err(error) if is_one_too_many(&error) && begun.elapsed() < LET_GO_WITHIN => {
                until_cancelled(cancel, tokio::time::sleep(LOOK_AGAIN)).await?;
            }
            opened => return opened.map_err(|error| from_postgres(&error)),
        }
    }
}

/// Tells what the server says of a statement from a connection that breaks.
pub(super) fn answer_of<T>(
    attempt: &str,
    answer: Result<T, tokio_postgres::Error>,
) -> Result<Answer<T>, TargetError> {
    match answer {
        Ok(value) => Ok(Ok(value)),
        Err(error) => rejection(attempt, error).map(Err),
    }
}

/// Whether the server, the database or the role may have no more connections.
fn is_one_too_many(error: &PostgresError) -> bool {
    error.sqlstate().is_some_and(|state| state.code() == "53300")
}

/// A deadlock, a lock that was not had in time, or two changes of one row of a catalogue.
fn is_collision(error: &tokio_postgres::Error) -> bool {
    error.as_db_error().is_some_and(|error| match error.code().code() {
        "40P01" | "55P03" | "40001" => true,
        "XX000" => error.message().contains("concurrently"),
        _ => false,
    })
}

fn counts(messages: &[SimpleQueryMessage]) -> Vec<u64> {
    let count = |message: &SimpleQueryMessage| match message {
        SimpleQueryMessage::CommandComplete(rows) => Some(*rows),
        _ => None,
    };
    messages.iter().filter_map(count).collect()
}
