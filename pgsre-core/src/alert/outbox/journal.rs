//! The file of an outbox: one JSON record a line, appended and synchronised, rewritten from time to
//! time.

use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::OutboxError;
use super::queue::Merged;
use crate::alert::Alert;
use crate::durable::{self, Bounded};

/// The version of the file. A newer one is refused, not misread.
const VERSION: u32 = 1;

/// The file is rewritten when so much was appended.
const APPENDED_BYTES: usize = 4 << 20;

/// A file that is larger is not this program's.
const LARGEST: u64 = 256 << 20;

#[derive(Serialize, Deserialize)]
struct Header {
    pgsre_outbox: u32,
}

/// What happened to the queues.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Record {
    /// An alert was accepted.
    Accepted {
        id: u64,
        shares: Vec<Share>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        closed: Vec<String>,
        alert: Alert,
    },
    /// A sink took alerts.
    Told { sink: String, ids: Vec<u64>, at: Timestamp },
    /// A sink refused alerts for good.
    Refused { sink: String, ids: Vec<u64> },
    /// Alerts are only counted from now on, or that count was told.
    Merged { sink: String, ids: Vec<u64>, merged: Option<Merged> },
    /// A sink has heard that this fires.
    Open { sink: String, alert: Alert, at: Timestamp },
}

/// What an accepted alert does to one sink's queue.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Share {
    pub(super) sink: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) replaces: Vec<u64>,
    #[serde(default)]
    pub(super) untold: bool,
}

impl Record {
    pub(super) fn sinks(&self) -> impl Iterator<Item = &str> {
        let (many, one): (&[Share], _) = match self {
            Self::Accepted { shares, .. } => (shares, None),
            Self::Told { sink, .. }
            | Self::Refused { sink, .. }
            | Self::Merged { sink, .. }
            | Self::Open { sink, .. } => (&[], Some(sink.as_str())),
        };
        many.iter().map(|share| share.sink.as_str()).chain(one)
    }

    pub(super) fn is_alert(&self) -> bool {
        matches!(self, Self::Accepted { .. } | Self::Open { .. })
    }
}

/// What a file held.
#[derive(Debug, Default)]
pub(super) struct Held {
    pub(super) records: Vec<Record>,
    pub(super) was_there: bool,
}

/// The file that follows the queues.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: Option<File>,
    appended: usize,
    writing: Bounded,
}

impl Journal {
    /// What the file holds. Lines that are no records are left out and reported, with a copy of the
    /// file beside it; a file that is not there holds nothing.
    pub(super) fn read(path: &Path) -> Result<Held, OutboxError> {
        let Some(text) = text(path)? else { return Ok(Held::default()) };
        let mut lines = text.split('\n').filter(|line| !line.is_empty());
        let header = lines.next().unwrap_or_default();
        let version = serde_json::from_str::<Header>(header).map(|header| header.pgsre_outbox);
        if version.as_ref().is_ok_and(|version| *version > VERSION) {
            return Err(OutboxError::newer(path));
        }
        let mut damaged = usize::from(version.is_err());
        let mut records = Vec::new();
        for line in lines {
            match serde_json::from_str(line) {
                Ok(record) => records.push(record),
                Err(_) => damaged += 1,
            }
        }
        if damaged > 0 {
            set_aside(path, damaged);
        }
        Ok(Held { records, was_there: version.is_ok() })
    }

    pub(super) fn at(path: PathBuf) -> Self {
        Self { path, file: None, appended: 0, writing: Bounded::default() }
    }

    /// Whether it is time to rewrite the file: it has grown, or a line may be torn.
    pub(super) fn is_due(&self) -> bool {
        self.file.is_none() || self.appended > APPENDED_BYTES
    }

    /// Replaces the file at once by these records.
    pub(super) fn rewrite(&mut self, records: &[Record]) -> Result<(), OutboxError> {
        self.file = None;
        let failed =
            |error| OutboxError::io("cannot write the alerts that wait to", &self.path, error);
        let bytes = content(records).map_err(failed)?;
        let path = self.path.clone();
        let replacing = move || durable::replace(&path, |file| file.write_all(&bytes));
        let file = self.writing.run(replacing).map_err(failed)?;
        self.file = Some(file);
        self.appended = 0;
        Ok(())
    }

    /// Adds records and waits until they are on disk.
    pub(super) fn append(&mut self, records: &[Record]) -> Result<(), OutboxError> {
        if records.is_empty() {
            return Ok(());
        }
        let Some(mut file) = self.file.take() else { return Ok(()) };
        let appended = lines(records).and_then(|lines| {
            self.writing.run(move || {
                file.write_all(&lines)?;
                file.sync_data()?;
                Ok((file, lines.len()))
            })
        });
        // After a failure the last line may be torn: without the file, the next write starts anew.
        let (file, bytes) = appended
            .map_err(|e| OutboxError::io("cannot write the alerts that wait to", &self.path, e))?;
        self.appended += bytes;
        self.file = Some(file);
        Ok(())
    }
}

fn text(path: &Path) -> Result<Option<String>, OutboxError> {
    let failed = |error| OutboxError::io("cannot read the alerts that wait from", path, error);
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file.map_err(failed)?,
    };
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// Keeps a copy of a damaged file, for who wants to know what was in it.
fn set_aside(path: &Path, damaged: usize) {
    let aside = beside(path, ".damaged");
    let kept = fs::copy(path, &aside).is_ok();
    tracing::warn!(
        file = %path.display(),
        damaged,
        copy = kept.then(|| aside.display().to_string()),
        "lines of the alerts that wait cannot be read and are left out; the rest is told"
    );
}

/// What the file is to hold.
fn content(records: &[Record]) -> std::io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(&Header { pgsre_outbox: VERSION })?;
    bytes.push(b'\n');
    bytes.extend(lines(records)?);
    Ok(bytes)
}

fn lines(records: &[Record]) -> std::io::Result<Vec<u8>> {
    let mut lines = Vec::new();
    for record in records {
        serde_json::to_writer(&mut lines, record)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
