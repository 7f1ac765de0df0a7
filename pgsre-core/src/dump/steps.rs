//! The steps of taking a backup.

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::run::Run;
use super::single::Output;
use super::{
    BackupEvent, BackupObserver, BackupStep, DumpError, DumpErrorKind, DumpFormat, clean,
    directory, globals, verify,
};
use crate::backup::{BackupFormat, BackupPart};
use crate::fingerprint::{
    Fingerprint, FingerprintError, FingerprintEvent, FingerprintObserver, FingerprintRequest,
};
use crate::manifest::{MANIFEST_SUFFIX, Manifest, ManifestPart};
use crate::postgres::{Database, Running, Snapshot};
use crate::source::SourceErrorKind;

/// Seconds that are tried when others take backups of the same name.
const ATTEMPTS: usize = 5;

/// Objects that a warning names.
const NAMED: usize = 5;

/// Nothing may end the transaction that holds the snapshot before `pg_dump` is done with it.
const HOLD: &str = "\
    SET LOCAL statement_timeout = 0; \
    SET LOCAL idle_in_transaction_session_timeout = 0";
const HOLD_SINCE_17: &str = "SET LOCAL transaction_timeout = 0";

/// An object that was written, and the SHA-256 of what was sent.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub(super) listed: BackupPart,
    pub(super) sha256: String,
}

impl Part {
    fn manifest(&self) -> ManifestPart {
        let key = &self.listed.key;
        ManifestPart {
            name: key.rsplit_once('/').map_or(key.as_str(), |(_, name)| name).to_owned(),
            size: self.listed.size,
            sha256: self.sha256.clone(),
        }
    }
}

/// What was taken in the one snapshot.
struct Taken {
    parts: Vec<Part>,
    fingerprint: Option<Result<Fingerprint, FingerprintError>>,
}

impl Run<'_> {
    pub(super) async fn steps(&mut self, stop: &CancellationToken) -> Result<(), DumpError> {
        let database = self.job.connect().await?;
        self.claim().await?;
        let taken = self.in_one_snapshot(&database, stop).await?;
        database.close();
        let fingerprint = self.fingerprinted(taken.fingerprint);
        let globals = self.save_globals(stop).await?;
        let verified_at = self.verify(taken.parts.iter().chain(&globals), stop).await?;
        self.finish(Manifest {
            schema: 1,
            pgsre_version: env!("CARGO_PKG_VERSION").to_owned(),
            key: self.key.clone(),
            format: format(self.job.format),
            started_at: self.report.started_at,
            finished_at: (self.job.clock)(),
            dumped_by: Some(self.plan.program.described().to_owned()),
            parts: taken.parts.iter().map(Part::manifest).collect(),
            globals: globals.as_ref().map(Part::manifest),
            databases: fingerprint.into_iter().collect(),
            verified_at,
        })
        .await
    }

    /// Makes the name ours: two that begin in the same second must not write the same objects.
    async fn claim(&mut self) -> Result<(), DumpError> {
        for _ in 0..ATTEMPTS {
            match clean::begin(&*self.job.destination, &self.key).await {
                Ok(()) => {
                    self.claimed = true;
                    return Ok(());
                }
                Err(error) if error.kind() == SourceErrorKind::Exists => {
                    self.plan.name = self.plan.name.later();
                    self.key = self.plan.name.key(self.job.format, self.job.compress);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Err(DumpError::new(
            DumpErrorKind::Destination(SourceErrorKind::Exists),
            "several others take a backup of this database at this very moment",
        ))
    }

    /// The dump and the fingerprint at the same time, in a snapshot that is held until both are done.
    async fn in_one_snapshot(
        &mut self,
        database: &Database,
        stop: &CancellationToken,
    ) -> Result<Taken, DumpError> {
        let snapshot = Snapshot::open(database, stop).await?;
        snapshot.execute("hold the snapshot", HOLD).await?;
        if database.version().major() >= 17 {
            snapshot.execute("hold the snapshot", HOLD_SINCE_17).await?;
        }
        let id = snapshot.export().await?;
        let request = self.job.level.map(|level| FingerprintRequest {
            level,
            jobs: self.job.jobs,
            snapshot: Some(id.clone()),
            ..FingerprintRequest::default()
        });
        let (beside, outlined) = (stop.child_token(), CancellationToken::new());
        let watch = Watch { observer: self.observer, outlined: outlined.clone() };
        let fingerprint = async {
            // However it ends, the dump need not wait for it any longer.
            let _outlined = outlined.clone().drop_guard();
            match &request {
                Some(request) => Some(Fingerprint::take(database, request, &watch, &beside).await),
                None => None,
            }
        };
        let dump = async {
            // Sequences are no part of the snapshot: they must be read before `pg_dump` reads them.
            outlined.cancelled().await;
            let dumped = self.dump(&id, stop).await;
            if dumped.is_err() {
                beside.cancel();
            }
            dumped
        };
        let (parts, mut fingerprint) = tokio::join!(dump, fingerprint);
        snapshot.close().await;
        let parts = parts?;
        if let Some(Ok(print)) = &mut fingerprint
            && let Err(error) = print.look_at_sequences_again(database, stop).await
        {
            fingerprint = Some(Err(error));
        }
        Ok(Taken { parts, fingerprint })
    }

    async fn dump(
        &mut self,
        snapshot: &str,
        stop: &CancellationToken,
    ) -> Result<Vec<Part>, DumpError> {
        self.started(BackupStep::Dump, format!("{} to {}", self.report.database, self.key));
        self.report.dumped_by = Some(self.plan.program.described().to_owned());
        if self.job.format == DumpFormat::Directory {
            return self.dump_directory(snapshot, stop).await;
        }
        self.written.push(self.key.clone());
        let output = Output {
            running: self.pg_dump(&self.arguments(snapshot))?,
            program: "pg_dump",
            destination: &*self.job.destination,
            key: &self.key,
            about: Some(self.plan.database_bytes),
            observer: self.observer,
        };
        Ok(vec![output.write(stop).await?])
    }

    async fn dump_directory(
        &mut self,
        snapshot: &str,
        stop: &CancellationToken,
    ) -> Result<Vec<Part>, DumpError> {
        let place = directory::place()?;
        let path = place.path().join("dump");
        let mut arguments = self.arguments(snapshot);
        arguments.push(format!("--jobs={}", self.job.jobs));
        arguments.push(format!("--file={}", path.display()));
        directory::run(self.pg_dump(&arguments)?, "pg_dump", stop).await?;
        self.written = directory::keys(&path, &self.key);
        self.started(BackupStep::Upload, format!("to {}", self.key));
        let destination = &*self.job.destination;
        directory::upload(&path, &self.key, destination, self.observer, stop).await
    }

    fn arguments(&self, snapshot: &str) -> Vec<String> {
        let format = match self.job.format {
            DumpFormat::Custom => "custom",
            DumpFormat::Directory => "directory",
            DumpFormat::Plain => "plain",
        };
        let mut arguments = vec![
            format!("--format={format}"),
            format!("--snapshot={snapshot}"),
            "--no-password".to_owned(),
        ];
        arguments.extend(self.plan.compress.clone());
        if self.plan.standby {
            // They have no rows there, and reading one is an error.
            arguments.push("--no-unlogged-table-data".to_owned());
        }
        arguments
    }

    fn pg_dump(&self, arguments: &[String]) -> Result<Running, DumpError> {
        Ok(Running::start(self.plan.program.path(), arguments, &self.plan.config)?)
    }

    /// A backup without a fingerprint is still one: it is said, and not thrown away.
    fn fingerprinted(
        &mut self,
        taken: Option<Result<Fingerprint, FingerprintError>>,
    ) -> Option<Fingerprint> {
        match taken? {
            Ok(fingerprint) => {
                let summary = super::FingerprintSummary::from(&fingerprint);
                self.say_gaps(&summary);
                self.report.fingerprint = Some(summary);
                Some(fingerprint)
            }
            Err(error) => {
                let why = crate::finding::chain(&error);
                self.lacks(format!("the manifest has no fingerprint: {why}"));
                None
            }
        }
    }

    /// That a standby has no rows of unlogged tables is known, and no more to be had from it.
    fn say_gaps(&mut self, summary: &super::FingerprintSummary) {
        let is_unlogged = |subject: &str| {
            let table = subject.strip_prefix("table ").unwrap_or(subject);
            self.plan.standby && self.plan.unlogged.iter().any(|unlogged| unlogged == table)
        };
        let subjects = summary.gaps.iter().map(|gap| gap.subject.as_str());
        let (known, gaps): (Vec<_>, Vec<_>) = subjects.partition(|subject| is_unlogged(subject));
        if !known.is_empty() {
            self.warn(&format!("a standby has no rows of unlogged tables: {}", some_of(&known)));
        }
        if !gaps.is_empty() {
            self.lacks(format!("the fingerprint lacks {}", some_of(&gaps)));
        }
    }

    /// As with the fingerprint: the backup is worth having without them.
    async fn save_globals(&mut self, stop: &CancellationToken) -> Result<Option<Part>, DumpError> {
        if !self.job.globals {
            return Ok(None);
        }
        let key = format!("{}{}", self.key, globals::SUFFIX);
        self.started(BackupStep::Globals, key.clone());
        self.written.push(key.clone());
        match globals::save(self.job, &self.plan, &self.key, self.observer, stop).await {
            Ok(part) => {
                if !self.plan.reads_passwords {
                    self.warn(
                        "the roles were saved without passwords: this role may not read pg_authid",
                    );
                }
                self.report.globals = Some(key);
                Ok(Some(part))
            }
            Err(error) if error.kind() == DumpErrorKind::Dump => {
                self.lacks(format!(
                    "the globals were not saved: {}",
                    crate::finding::chain(&error)
                ));
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    async fn verify(
        &mut self,
        parts: impl Iterator<Item = &Part>,
        stop: &CancellationToken,
    ) -> Result<Option<Timestamp>, DumpError> {
        if !self.job.verify {
            return Ok(None);
        }
        self.started(BackupStep::Verify, self.key.clone());
        verify::verify(&*self.job.destination, parts, self.observer, stop).await?;
        self.report.verified = true;
        Ok(Some((self.job.clock)()))
    }

    /// Writes the manifest: from here on the backup counts.
    async fn finish(&mut self, manifest: Manifest) -> Result<(), DumpError> {
        let key = format!("{}{MANIFEST_SUFFIX}", self.key);
        self.started(BackupStep::Manifest, key.clone());
        let text = serde_json::to_vec(&manifest).map_err(|error| {
            DumpError::new(DumpErrorKind::Io, "the manifest cannot be written").with_cause(error)
        })?;
        self.written.push(key.clone());
        self.job.destination.put(&key, text.into()).await?;
        self.report.key = Some(self.key.clone());
        self.report.manifest = Some(key);
        self.report.bytes = manifest.parts.iter().map(|part| part.size).sum();
        self.report.parts = manifest.parts.len();
        self.report.sha256 = match manifest.parts.as_slice() {
            [only] if manifest.format != BackupFormat::Directory => Some(only.sha256.clone()),
            _ => None,
        };
        Ok(())
    }
}

/// The first few, and how many more.
fn some_of(subjects: &[&str]) -> String {
    let named = subjects.get(..NAMED).unwrap_or(subjects).join(", ");
    match subjects.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

pub(super) fn format(format: DumpFormat) -> BackupFormat {
    match format {
        DumpFormat::Custom => BackupFormat::Custom,
        DumpFormat::Directory => BackupFormat::Directory,
        DumpFormat::Plain => BackupFormat::Plain,
    }
}

pub(super) fn cancelled() -> DumpError {
    DumpError::new(DumpErrorKind::Cancelled, "interrupted")
}

/// Hands on what happens to the fingerprint, and says when the dump may begin.
#[derive(Debug)]
struct Watch<'a> {
    observer: &'a dyn BackupObserver,
    outlined: CancellationToken,
}

impl FingerprintObserver for Watch<'_> {
    fn on_event(&self, event: &FingerprintEvent) {
        if matches!(event, FingerprintEvent::Planned { .. }) {
            self.outlined.cancel();
        }
        self.observer.on_event(&BackupEvent::Fingerprint(event.clone()));
    }
}
