//! Large objects whose data comes as such: written in transactions of bounded size, and counted.

use bytes::Bytes;
use tokio_postgres::types::Type;

use super::connection::answer_of;
use super::rejection::Rejection;
use super::{ArchiveItems, Loader, Task};
use crate::archive::{
    ArchiveError, ArchiveItem, EntryComment, LargeObjectCall, LargeObjectEnd, LargeObjectStart,
    StatementKind,
};
use crate::finding::{Finding, FindingCode};
use crate::restore::TargetError;
use crate::restore::loader::connection::{Answer, Text};

/// What is sent at a time.
const PIECE: usize = 256 << 10;
/// A transaction is committed after so many large objects, or so many bytes: each large object
/// takes a lock up to its end.
const MOST_OBJECTS: u32 = 256;
const MOST_BYTES: u64 = 64 << 20;

/// A transaction that large objects are written in.
#[derive(Debug, Default)]
pub(super) struct LargeObjects {
    open: bool,
    objects: u32,
    bytes: u64,
}

impl Loader<'_> {
    /// Writes one large object. Whether there is more to do behind it.
    pub(super) async fn large_object(
        &mut self,
        start: LargeObjectStart,
        items: &mut dyn ArchiveItems,
    ) -> Result<bool, TargetError> {
        self.flush_inserts().await?;
        self.begin_large_objects().await?;
        // Most are short, and then the way to the server and back is what they cost.
        let mut first = Bytes::new();
        let mut opened = None;
        let mut written = 0;
        let end = loop {
            match self.next_item(items).await? {
                Ok(Some(ArchiveItem::LargeObjectData(data))) => {
                    if opened.is_none() && first.is_empty() && data.len() <= PIECE {
                        first = data;
                        continue;
                    }
                    let answer = match opened.take() {
                        Some(answer) => answer,
                        None => self.open_and_write(start.oid, &first, &mut written).await?,
                    };
                    opened = Some(match answer {
                        Ok(descriptor) => {
                            self.write(descriptor, &data, &mut written).await?.map(|()| descriptor)
                        }
                        rejected => rejected,
                    });
                }
                Ok(Some(ArchiveItem::LargeObjectEnd(end))) => break end,
                other => return self.large_object_broken(other).await,
            }
        };
        match opened {
            None => self.write_at_once(start, end, &first).await?,
            Some(answer) => self.close_large_object(start, end, answer, written).await?,
        }
        Ok(true)
    }

    /// Whether the main connection is in the middle of them.
    pub(super) fn writes_large_objects(&self) -> bool {
        self.large_objects.open
    }

    /// Commits what was written.
    pub(super) async fn commit_large_objects(&mut self) -> Result<(), TargetError> {
        if std::mem::take(&mut self.large_objects).open {
            self.connection.must("committing large objects", "COMMIT").await?;
        }
        Ok(())
    }

    async fn begin_large_objects(&mut self) -> Result<(), TargetError> {
        let now = &self.large_objects;
        if now.objects >= MOST_OBJECTS || now.bytes >= MOST_BYTES {
            self.commit_large_objects().await?;
        }
        if !self.large_objects.open {
            self.connection.must("beginning with large objects", "BEGIN").await?;
            self.large_objects.open = true;
        }
        self.large_objects.objects += 1;
        Ok(())
    }

    /// Writes all of one in a single round trip.
    async fn write_at_once(
        &mut self,
        start: LargeObjectStart,
        end: LargeObjectEnd,
        content: &Bytes,
    ) -> Result<(), TargetError> {
        self.large_objects.bytes += end.bytes;
        // The escapes mean the same whatever the archive says of backslashes.
        let sql = format!(
            "SAVEPOINT pgsre; SELECT pg_catalog.lo_put('{}', 0, E'\\\\x{}'); RELEASE pgsre",
            start.oid,
            hexadecimal(content)
        );
        match self.connection.run_sql(&sql).await? {
            Ok(_) => {
                self.compare_large_object(start, end, content.len() as u64);
                Ok(())
            }
            Err(rejection) => self.large_object_rejected(start, &rejection).await,
        }
    }

    async fn open_and_write(
        &mut self,
        oid: u32,
        first: &Bytes,
        written: &mut u64,
    ) -> Result<Answer<i32>, TargetError> {
        self.connection.must("marking a large object", "SAVEPOINT pgsre").await?;
        match self.open_large_object(oid).await? {
            Ok(descriptor) => {
                Ok(self.write(descriptor, first, written).await?.map(|()| descriptor))
            }
            rejected => Ok(rejected),
        }
    }

    /// `INV_WRITE` (`libpq/libpq-fs.h`).
    async fn open_large_object(&mut self, oid: u32) -> Result<Answer<i32>, TargetError> {
        let opening = async {
            let row = self
                .connection
                .session()
                .query_typed_one("SELECT pg_catalog.lo_open($1, 131072)", &[(&oid, Type::OID)])
                .await?;
            row.try_get::<_, i32>(0)
        };
        answer_of("a large object", self.connection.cancellable(opening).await?)
    }

    async fn write(
        &mut self,
        descriptor: i32,
        data: &Bytes,
        written: &mut u64,
    ) -> Result<Answer<()>, TargetError> {
        for piece in data.chunks(PIECE) {
            let writing = async {
                let row = self
                    .connection
                    .session()
                    .query_typed_one(
                        "SELECT pg_catalog.lowrite($1, $2)",
                        &[(&descriptor, Type::INT4), (&piece, Type::BYTEA)],
                    )
                    .await?;
                row.try_get::<_, i32>(0)
            };
            match answer_of("a large object", self.connection.cancellable(writing).await?)? {
                Ok(bytes) => *written += u64::try_from(bytes).unwrap_or_default(),
                Err(rejection) => return Ok(Err(rejection)),
            }
        }
        Ok(Ok(()))
    }

    async fn close_large_object(
        &mut self,
        start: LargeObjectStart,
        end: LargeObjectEnd,
        answer: Answer<i32>,
        written: u64,
    ) -> Result<(), TargetError> {
        self.large_objects.bytes += end.bytes;
        match answer {
            Ok(descriptor) => {
                let close = format!("SELECT pg_catalog.lo_close({descriptor}); RELEASE pgsre");
                self.connection.must("closing a large object", &close).await?;
                self.compare_large_object(start, end, written);
                Ok(())
            }
            Err(rejection) => self.large_object_rejected(start, &rejection).await,
        }
    }

    async fn large_object_rejected(
        &mut self,
        start: LargeObjectStart,
        rejection: &Rejection,
    ) -> Result<(), TargetError> {
        let undo = "ROLLBACK TO pgsre; RELEASE pgsre";
        self.connection.must("rolling back a large object", undo).await?;
        let sql = format!("SELECT pg_catalog.lo_open({}, 131072)", start.oid);
        let task = Task {
            kind: StatementKind::LargeObject(LargeObjectCall::Open(start.oid)),
            text: Text::Utf8(sql),
            line: start.line,
            counted: self.manner.counted,
            // Where the archive makes none at all, it is a part of a backup: its data.
            entry: (!self.record.has_large_objects()).then(block_of_large_objects),
        };
        // Judging asks the server, which nothing of this may disturb.
        self.commit_large_objects().await?;
        self.rejected(&task, rejection, &[]).await?;
        Ok(())
    }

    fn compare_large_object(&mut self, start: LargeObjectStart, end: LargeObjectEnd, written: u64) {
        if written == end.bytes {
            return;
        }
        let finding = Finding::critical(
            FindingCode::LargeObjectsMismatch,
            format!("large object {}", start.oid),
            format!("{} bytes in the backup, {written} taken by the server", end.bytes),
        );
        self.record.finding(start.line, finding);
    }

    async fn large_object_broken(
        &mut self,
        item: Result<Option<ArchiveItem>, ArchiveError>,
    ) -> Result<bool, TargetError> {
        self.large_objects = LargeObjects::default();
        self.connection.must("rolling back a large object", "ROLLBACK").await?;
        match item {
            Err(error) => Ok(self.archive_error(&error).await),
            // The reader promises neither.
            Ok(_) => {
                self.data_without_end("a large object's").await;
                Ok(false)
            }
        }
    }
}

/// The entry that holds the data of large objects.
fn block_of_large_objects() -> EntryComment {
    let name = "BLOBS".to_owned();
    EntryComment { kind: name.clone(), name, schema: None, owner: None }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = |byte: &u8| [byte >> 4, byte & 0xf].map(|d| char::from(DIGITS[usize::from(d)]));
    bytes.iter().flat_map(digits).collect()
}
