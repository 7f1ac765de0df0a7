//! [`SnapshotStore`]: snapshots in files, so that a later run can look back.

use std::collections::BTreeSet;
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::error::{QueriesError, QueriesErrorKind};
use super::histogram::Histograms;
use super::statements::{Counters, Hidden, Snapshot, StatementKey};
use super::window::Window;
use crate::durable;

const SUFFIX: &str = ".json.zst";

/// The largest snapshot that is read: some 100,000 statements.
const LARGEST: u64 = 64 << 20;

/// How many of the newest are kept, whatever their age.
const NEWEST: usize = 16;

/// One an hour is kept for this long, one a day for the other.
const HOURLY: SignedDuration = SignedDuration::from_hours(48);
const DAILY: SignedDuration = SignedDuration::from_hours(14 * 24);

/// The snapshots of one server in a directory: the newest 16, one an hour for two days and one a day
/// for two weeks; with 5,000 statements each takes some 200 kB.
///
/// All of it blocks for as long as the files take.
#[derive(Clone, Debug)]
pub struct SnapshotStore {
    directory: PathBuf,
}

/// A snapshot as it is kept.
#[derive(Serialize, Deserialize)]
struct Kept {
    schema: u32,
    at: Timestamp,
    version: (u32, u32),
    max: Option<u64>,
    started_us: i64,
    reset_us: Option<i64>,
    evictions: Option<u64>,
    hidden: Hidden,
    statements: Vec<(StatementKey, Counters)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    histograms: Option<Histograms>,
}

impl SnapshotStore {
    /// The snapshots in a directory, which is made when the first is kept.
    pub fn at(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// Keeps a snapshot, and removes those whose time is over.
    ///
    /// # Errors
    /// Where it cannot be written. What was kept before is whole in any case.
    pub fn keep(&self, snapshot: &Snapshot) -> Result<(), QueriesError> {
        let path = self.path(snapshot.at);
        self.write(&path, snapshot).map_err(|error| failed("cannot keep", &path, error))?;
        let moments = self.moments()?;
        let kept = retained(&moments, snapshot.at);
        for at in moments.iter().filter(|at| !kept.contains(at)) {
            let path = self.path(*at);
            fs::remove_file(&path).map_err(|error| failed("cannot remove", &path, error))?;
        }
        Ok(())
    }

    /// When the kept snapshots were taken, in order; none where there is no directory yet.
    ///
    /// # Errors
    /// Where the directory cannot be read.
    pub fn moments(&self) -> Result<Vec<Timestamp>, QueriesError> {
        let entries = match fs::read_dir(&self.directory) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed("cannot read", &self.directory, error)),
        };
        let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let mut moments: Vec<Timestamp> = names
            .filter_map(|name| name.strip_suffix(SUFFIX)?.parse().ok())
            .filter_map(|microseconds| Timestamp::from_microsecond(microseconds).ok())
            .collect();
        moments.sort();
        Ok(moments)
    }

    /// The newest snapshot that is as old as this, else the oldest; `None` where there is none.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub fn before(&self, at: Timestamp) -> Result<Option<Snapshot>, QueriesError> {
        let moments = self.moments()?;
        let found = moments.iter().rev().find(|moment| **moment <= at).or(moments.first());
        found.map(|found| self.read(*found)).transpose()
    }

    /// The last windows that ended at this moment or earlier, the oldest first.
    ///
    /// # Errors
    /// Where a snapshot cannot be read.
    pub fn windows(&self, until: Timestamp, most: usize) -> Result<Vec<Window>, QueriesError> {
        let moments = self.moments()?;
        let mut past: Vec<Timestamp> =
            moments.into_iter().filter(|moment| *moment <= until).collect();
        let past = past.split_off(past.len().saturating_sub(most + 1));
        let snapshots: Vec<Snapshot> =
            past.into_iter().map(|at| self.read(at)).collect::<Result<_, _>>()?;
        let pairs = snapshots.windows(2);
        Ok(pairs
            .filter_map(|pair| match pair {
                [from, to] => Some(Window::between(from, to)),
                _ => None,
            })
            .collect())
    }

    fn path(&self, at: Timestamp) -> PathBuf {
        // Digits sort as the moments do.
        self.directory.join(format!("{:020}{SUFFIX}", at.as_microsecond()))
    }

    fn write(&self, path: &Path, snapshot: &Snapshot) -> std::io::Result<()> {
        fs::create_dir_all(&self.directory)?;
        durable::replace(path, |file| {
            let mut encoder = zstd::Encoder::new(file, 3)?;
            serde_json::to_writer(&mut encoder, &Kept::of(snapshot))?;
            encoder.finish()?.flush()
        })?;
        Ok(())
    }

    fn read(&self, at: Timestamp) -> Result<Snapshot, QueriesError> {
        let path = self.path(at);
        let kept = read(&path).map_err(|error| failed("cannot read", &path, error))?;
        if kept.schema != 1 {
            let why = format!("it is of schema {}, and only 1 is known", kept.schema);
            return Err(failed("cannot read", &path, std::io::Error::other(why)));
        }
        Ok(kept.into_snapshot())
    }
}

fn read(path: &Path) -> std::io::Result<Kept> {
    let decoder = zstd::Decoder::new(fs::File::open(path)?)?;
    Ok(serde_json::from_reader(std::io::BufReader::new(decoder.take(LARGEST)))?)
}

impl Kept {
    fn of(snapshot: &Snapshot) -> Self {
        Self {
            schema: 1,
            at: snapshot.at,
            version: snapshot.version,
            max: snapshot.max,
            started_us: snapshot.started_us,
            reset_us: snapshot.reset_us,
            evictions: snapshot.evictions,
            hidden: snapshot.hidden,
            statements: snapshot.statements.iter().map(|(key, of)| (*key, *of)).collect(),
            histograms: snapshot.histograms.clone(),
        }
    }

    fn into_snapshot(self) -> Snapshot {
        Snapshot {
            at: self.at,
            version: self.version,
            max: self.max,
            started_us: self.started_us,
            reset_us: self.reset_us,
            evictions: self.evictions,
            hidden: self.hidden,
            statements: self.statements.into_iter().collect(),
            histograms: self.histograms,
        }
    }
}

/// Those that stay: the newest, and the last of each hour and each day.
fn retained(moments: &[Timestamp], now: Timestamp) -> BTreeSet<Timestamp> {
    let mut kept: BTreeSet<Timestamp> = moments.iter().rev().take(NEWEST).copied().collect();
    let mut seen = BTreeSet::new();
    for at in moments.iter().rev() {
        let age = now.duration_since(*at);
        let hour = at.as_second().div_euclid(3600);
        let is_first_seen = (age <= HOURLY && seen.insert((1, hour)))
            | (age <= DAILY && seen.insert((24, hour.div_euclid(24))));
        if is_first_seen {
            kept.insert(*at);
        }
    }
    kept
}

fn failed(what: &str, path: &Path, error: std::io::Error) -> QueriesError {
    let context = format!("{what} the earlier reading {}", path.display());
    QueriesError::new(QueriesErrorKind::History, context).with_cause(error)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::expect_used, reason = "tests")]
    use super::*;

    fn snapshot(second: i64, calls: u64) -> Snapshot {
        let key = StatementKey { database: 5, user: 10, toplevel: true, query_id: i64::MIN };
        let counters =
            Counters { calls, total_ms: 0.1 + calls as f64 / 3.0, ..Counters::default() };
        Snapshot {
            at: Timestamp::from_second(second).expect("a moment"),
            version: (1, 10),
            max: Some(5000),
            started_us: 1,
            reset_us: Some(1),
            evictions: Some(0),
            statements: [(key, counters)].into(),
            hidden: Hidden::default(),
            histograms: None,
        }
    }

    #[test]
    fn what_is_kept_is_read_again_and_makes_windows() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = SnapshotStore::at(directory.path().join("shop"));
        assert_eq!(store.before(Timestamp::now()).expect("no error"), None);
        for second in 1..=4 {
            store.keep(&snapshot(second * 60, second as u64 * 10)).expect("kept");
        }
        let at = |second| Timestamp::from_second(second).expect("a moment");
        let found = |second| store.before(at(second)).expect("no error").map(|found| found.at);
        assert_eq!(found(150), Some(at(120)));
        assert_eq!(found(30), Some(at(60)), "the oldest, where none is as old");
        let windows = store.windows(at(180), 8).expect("windows");
        assert_eq!(windows.len(), 2);
        assert!(windows.iter().all(|window| window.queries[0].counted.calls == 10));
        assert!(windows.iter().all(|window| window.gaps.is_empty()), "{windows:?}");
    }

    #[test]
    fn a_damaged_file_is_an_error_that_names_it() {
        let directory = tempfile::tempdir().expect("a directory");
        let store = SnapshotStore::at(directory.path());
        store.keep(&snapshot(60, 1)).expect("kept");
        let path = store.path(snapshot(60, 1).at);
        for damage in [&b""[..], b"no zstd", &[0x28, 0xb5, 0x2f, 0xfd, 0, 1]] {
            fs::write(&path, damage).expect("damage");
            let error = store.before(Timestamp::now()).expect_err("damage");
            assert!(error.to_string().contains(SUFFIX), "{error}");
        }
    }

    #[test]
    fn the_number_of_kept_snapshots_is_bounded() {
        let minutes = 30 * 24 * 60;
        let all: Vec<Timestamp> =
            (0..minutes).map(|at| Timestamp::from_second(at * 60).expect("a moment")).collect();
        let kept = retained(&all, *all.last().expect("a last"));
        assert!(kept.len() <= NEWEST + 49 + 15, "{}", kept.len());
        assert!(kept.contains(all.last().expect("a last")));
        let oldest = all.last().expect("a last").duration_since(*kept.first().expect("a first"));
        assert!(oldest > SignedDuration::from_hours(13 * 24), "{oldest:?}");
    }
}
