//! The loader: an archive's statements and COPY data, in order, over one connection.
//!
//! Every statement that the server rejects is judged: it speaks about the backup, about the
//! environment, or is to be expected. Only a target that breaks ends a load before the archive
//! does.

use std::collections::BTreeSet;

use tokio_util::sync::CancellationToken;

use super::{LoadEvent, LoadObserver, LoadReport, TableLoad, TargetError};
use crate::archive::{
    ArchiveError, ArchiveItem, Connect, EntryComment, ObjectName, Statement, StatementKind,
};
use crate::finding::{Finding, FindingCode};

mod adapt;
mod cancel;
mod collation;
mod conduct;
mod connection;
mod copy;
mod data;
mod encoding;
mod event_triggers;
mod head;
mod insert;
mod items;
mod judge;
mod lanes;
mod large_objects;
mod manner;
mod order;
mod place;
mod post;
mod record;
mod reject;
mod rejection;
mod roles;
mod spelling;
mod statement;
#[cfg(test)]
mod tests;

use connection::{Connection, Text};
use data::Fills;
use insert::Inserts;
use judge::Judge;
use lanes::Lanes;
use large_objects::LargeObjects;
use manner::Counted;
use order::InOrder;
use post::Post;
use record::Record;
use reject::Stash;
use roles::Roles;

pub(super) use cancel::until_cancelled;
pub(super) use encoding::is_server_encoding;
pub(super) use items::ArchiveItems;
pub(super) use manner::Manner;
pub(super) use place::{Place, from_postgres};

/// Progress is told each time that this many more bytes were read.
const READ_STEP: u64 = 1 << 20;

/// Loads one archive.
pub(super) struct Loader<'a> {
    place: &'a Place,
    observer: &'a dyn LoadObserver,
    cancel: &'a CancellationToken,
    manner: Manner,
    /// What runs in order, and what is asked in between, runs here.
    connection: Connection,
    /// What runs beside it.
    lanes: Lanes,
    fills: Fills,
    post: Post,
    in_order: InOrder,
    stash: Stash,
    large_objects: LargeObjects,
    /// The backup's key.
    key: String,
    /// Whether the archive turned out to be damaged: then nothing more is begun.
    broken: bool,
    transaction: Transaction,
    inserts: Inserts,
    judge: Judge,
    roles: Roles,
    record: Record,
    told: u64,
    /// Whether this database has the locale of the source.
    locale_known: bool,
    /// What makes this database's event triggers.
    event_triggers: Vec<Statement>,
    /// Databases that the archive made as it says.
    made: BTreeSet<String>,
}

/// The transaction that the archive itself began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Transaction {
    None,
    Open {
        line: u64,
    },
    /// A statement of it was rejected: the rest is skipped up to its end.
    Failed {
        excused: bool,
    },
}

/// A statement as the loader passes it on.
#[derive(Debug)]
struct Task {
    kind: StatementKind,
    text: Text,
    line: u64,
    counted: Counted,
    /// The entry of the dump that it stands in.
    entry: Option<EntryComment>,
}

impl Task {
    fn head(&self) -> String {
        head::head(&self.kind, &self.text.shown())
    }

    fn subject(&self) -> String {
        format!("{}: {}", self.counted.at(self.line), self.head())
    }
}

impl<'a> Loader<'a> {
    /// Loads everything.
    ///
    /// # Errors
    /// Where the target breaks or the run is cancelled. What is wrong with the archive is in the
    /// report. Nothing runs on any connection afterwards.
    pub(super) async fn load(
        place: &'a Place,
        manner: Manner,
        items: &mut dyn ArchiveItems,
        observer: &'a dyn LoadObserver,
        cancel: &'a CancellationToken,
    ) -> Result<LoadReport, TargetError> {
        let connection = Connection::open(place, &place.database, cancel).await?;
        let mut loader = Self {
            place,
            observer,
            cancel,
            manner,
            connection,
            lanes: Lanes::new(manner.jobs, cancel),
            fills: Fills::default(),
            post: Post::default(),
            in_order: InOrder::default(),
            stash: Stash::default(),
            large_objects: LargeObjects::default(),
            key: items.key().to_owned(),
            broken: false,
            transaction: Transaction::None,
            inserts: Inserts::default(),
            judge: Judge::default(),
            roles: Roles::default(),
            record: Record::new(&place.database),
            told: 0,
            locale_known: place.locale_known,
            event_triggers: Vec::new(),
            made: BTreeSet::new(),
        };
        loader.next_post();
        match loader.run(items).await {
            Ok(()) => loader.finish().await,
            Err(error) => {
                loader.lanes.abandon().await;
                loader.connection.close().await;
                Err(error)
            }
        }
    }

    async fn run(&mut self, items: &mut dyn ArchiveItems) -> Result<(), TargetError> {
        loop {
            let item = self.next_item(items).await?;
            let more = match item {
                Ok(Some(item)) => self.item(item, items).await?,
                Ok(None) => false,
                Err(error) => self.archive_error(&error).await,
            };
            if !more {
                return self.settle_database().await;
            }
        }
    }

    /// Whether there is more to do behind this item.
    async fn item(
        &mut self,
        item: ArchiveItem,
        items: &mut dyn ArchiveItems,
    ) -> Result<bool, TargetError> {
        if !matches!(item, ArchiveItem::LargeObjectStart(_)) {
            self.commit_large_objects().await?;
        }
        match item {
            ArchiveItem::Statement(statement) => self.statement(statement).await?,
            ArchiveItem::CopyStart(start) => return self.copy_start(start, items).await,
            ArchiveItem::TableData(data) => return self.table_data(data).await,
            ArchiveItem::EmptyData(entry) => {
                let EntryComment { schema, name, .. } = entry;
                self.record.empty_table(ObjectName { schema, name });
            }
            ArchiveItem::LargeObjectStart(start) => {
                return self.large_object(start, items).await;
            }
            ArchiveItem::Connect(connect) => self.connect(&connect).await?,
            ArchiveItem::End(summary) => {
                self.record.archive(summary);
                return Ok(false);
            }
            // Data without a start: what its start was rejected for is said already.
            ArchiveItem::CopyData(_)
            | ArchiveItem::CopyEnd(_)
            | ArchiveItem::LargeObjectData(_)
            | ArchiveItem::LargeObjectEnd(_) => {}
        }
        Ok(true)
    }

    async fn connect(&mut self, to: &Connect) -> Result<(), TargetError> {
        self.settle_database().await?;
        let database = adapt::connect(self.place, to).to_owned();
        if database == self.connection.database() {
            return Ok(());
        }
        self.lanes.close().await;
        let encoding = self.connection.encoding().clone();
        match Connection::open(self.place, &database, self.cancel).await {
            Ok(mut connection) => {
                connection.set_encoding(encoding);
                std::mem::replace(&mut self.connection, connection).close().await;
            }
            Err(error) => return Err(error),
        }
        self.transaction = Transaction::None;
        self.locale_known = self.made.contains(&database);
        self.judge.next_database();
        self.record.enter(&database);
        Ok(())
    }

    /// The archive is broken: that is a finding, and the end. What runs beside is given up, for
    /// what is not whole is not judged.
    async fn archive_error(&mut self, error: &ArchiveError) -> bool {
        self.archive_is_broken(error.to_finding(&self.key)).await;
        false
    }

    /// The archive broke its promise in another way.
    async fn data_without_end(&mut self, whose: &str) {
        self.archive_is_broken(Finding::critical(
            FindingCode::ArchiveTruncated,
            &self.key,
            format!("{whose} data ends without its end mark"),
        ))
        .await;
    }

    async fn archive_is_broken(&mut self, finding: Finding) {
        // What follows from the first fault is no other.
        if !self.broken {
            self.record.finding(u64::MAX, finding);
        }
        self.record.archive_is_broken();
        self.give_up().await;
    }

    /// Ends what belongs to the present database: everything that was handed out is done.
    async fn settle_database(&mut self) -> Result<(), TargetError> {
        self.flush_inserts().await?;
        self.commit_large_objects().await?;
        self.settle_handed_out().await?;
        self.make_event_triggers().await?;
        self.next_post();
        Ok(())
    }

    async fn finish(mut self) -> Result<LoadReport, TargetError> {
        if let Transaction::Open { line } = self.transaction {
            self.record.finding(
                line,
                Finding::critical(
                    FindingCode::RestoreStatementFailed,
                    format!("{}: BEGIN", self.manner.counted.at(line)),
                    "the transaction is never committed, so nothing of it remains",
                ),
            );
        }
        if let Some(summary) = self.judge.summary() {
            self.record.finding(u64::MAX, summary);
        }
        self.note_lanes();
        self.lanes.close().await;
        self.connection.close().await;
        Ok(self.record.finish())
    }

    fn note_lanes(&mut self) {
        let (asked, got) = (self.manner.asked, self.lanes.most().max(1));
        if got < asked {
            self.record.note(format!(
                "loaded over {got} connections instead of {asked}: the server gives no more"
            ));
        }
    }

    fn tell_read(&mut self, bytes: u64) {
        if bytes >= self.told + READ_STEP {
            self.told = bytes;
            self.observer.on_load(&LoadEvent::Read { bytes });
        }
    }

    fn tell_table(&mut self, piece: TableLoad) {
        self.record.table(&piece);
        self.observer.on_load(&LoadEvent::TableFinished { table: piece });
    }
}
