//! Restore drills on schedule: one after the other, each as `pgsre drill --server NAME` would run
//! it.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pgsre_core::durable;
use tokio::sync::watch::Receiver;
use tokio_util::sync::CancellationToken;

use super::lines::Lines;
use crate::command::drill;
use crate::config::{Config, Schedule};
use crate::environment::Environment;
use crate::face::Face;

/// The longest sleep: a configuration may have changed, or a clock been set.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Runs drills when they are due.
#[derive(Debug)]
pub(super) struct Drills {
    pub(super) config: Receiver<Arc<Config>>,
    /// Only these servers; all where it is empty.
    pub(super) only: Vec<String>,
    pub(super) face: Face,
    pub(super) environment: Environment,
    pub(super) lines: Arc<Lines>,
    pub(super) times: Times,
}

impl Drills {
    /// Runs drills until it is cancelled; one under way is cancelled and cleaned up.
    pub(super) async fn run(mut self, cancel: &CancellationToken) {
        while !cancel.is_cancelled() {
            let config = Arc::clone(&self.config.borrow_and_update());
            let now = Timestamp::now();
            self.meet(&config, now);
            match self.next(&config) {
                Some((server, at)) if at <= now => self.drill(&server, &config, cancel).await,
                next => {
                    let pause = next.map_or(LOOK_EVERY, |(_, at)| until(at, now).min(LOOK_EVERY));
                    tokio::select! {
                        () = tokio::time::sleep(pause) => {}
                        // Without a sender no other configuration comes: then time alone counts.
                        Ok(()) = self.config.changed() => {}
                        () = cancel.cancelled() => {}
                    }
                }
            }
        }
    }

    /// A server that is new here has missed nothing; from now on it may.
    fn meet(&mut self, config: &Config, now: Timestamp) {
        let known = self.times.last.len();
        for (server, _) in self.scheduled(config) {
            self.times.last.entry(server.to_owned()).or_insert(now);
        }
        if self.times.last.len() > known {
            self.keep_times();
        }
    }

    fn keep_times(&self) {
        if let Err(error) = self.times.save() {
            self.lines.trouble(&format!("when drills ran is not kept over a restart: {error}"));
        }
    }

    /// The server whose drill comes first. One that was missed while nobody watched is due at once,
    /// and once.
    fn next(&self, config: &Config) -> Option<(String, Timestamp)> {
        let due = self.scheduled(config).filter_map(|(server, schedule)| {
            let at = schedule.after(*self.times.last.get(server)?)?;
            Some((server.to_owned(), at))
        });
        due.min_by_key(|(_, at)| *at)
    }

    fn scheduled<'c>(
        &self,
        config: &'c Config,
    ) -> impl Iterator<Item = (&'c str, &'c Schedule)> + use<'c> {
        let only = self.only.clone();
        config
            .servers
            .iter()
            .filter(move |server| only.is_empty() || only.contains(&server.name))
            .filter(|server| server.backups.is_some())
            .filter_map(|server| Some((server.name.as_str(), server.drill.schedule.as_ref()?)))
    }

    async fn drill(&mut self, server: &str, config: &Config, cancel: &CancellationToken) {
        // Noted before it runs: a drill that takes the process down is not tried for ever.
        self.times.last.insert(server.to_owned(), Timestamp::now());
        self.keep_times();
        self.lines.drill_begins(server);
        let (face, environment) = (&self.face, &self.environment);
        let drill = drill::of_server(server, config, face, environment, cancel);
        match Box::pin(drill).await {
            Ok(Some(report)) => self.lines.drill_ended(server, &report),
            Ok(None) => self.lines.trouble(&format!("the drill of {server} was interrupted")),
            Err(error) => {
                let why = pgsre_core::finding::chain(&error);
                self.lines.trouble(&format!("the drill of {server} could not be tried: {why}"));
            }
        }
    }
}

fn until(at: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(at.duration_since(now)).unwrap_or_default()
}

/// When each server's drill was last begun on schedule.
#[derive(Debug)]
pub(super) struct Times {
    path: PathBuf,
    last: BTreeMap<String, Timestamp>,
}

impl Times {
    /// Those of a file; none where there is no file. One that cannot be read is told, and what is in
    /// it forgotten: then nothing is made up.
    pub(super) fn load(path: &Path, lines: &Lines) -> Self {
        let last = match fs::read(path) {
            Ok(bytes) => serde_json::from_slice(&bytes).unwrap_or_else(|error| {
                let path = path.display();
                lines.trouble(&format!("{path} is damaged, missed drills are unknown: {error}"));
                BTreeMap::new()
            }),
            Err(_) => BTreeMap::new(),
        };
        Self { path: path.to_owned(), last }
    }

    fn save(&self) -> std::io::Result<()> {
        let bytes = serde_json::to_vec_pretty(&self.last)?;
        durable::replace(&self.path, |file| file.write_all(&bytes)).map(drop)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use tokio::sync::watch;

    use super::*;
    use crate::args::WatchFormat;

    const CONFIG: &str = "
        [[server]]
        name = 'shop'
        backups = { source = '/backups/' }
        drill = { schedule = '0 3 * * *' }
        [[server]]
        name = 'ledger'
        backups = { source = '/backups/' }
        drill = { schedule = '0 4 * * *' }
        [[server]]
        name = 'bare'
        drill = { schedule = '* * * * *' }";

    fn drills(directory: &Path, only: &[&str]) -> (Drills, Arc<Config>) {
        let environment = Environment::default();
        let config = Config::parse(Path::new("pgsre.toml"), CONFIG, &environment).unwrap();
        let config = Arc::new(config);
        let face = Face::of_process(true, &environment);
        let lines = Arc::new(Lines::new(&face, WatchFormat::Human));
        let drills = Drills {
            config: watch::Sender::new(Arc::clone(&config)).subscribe(),
            only: only.iter().map(|&name| name.to_owned()).collect(),
            times: Times::load(&directory.join("drills.json"), &lines),
            face,
            environment,
            lines,
        };
        (drills, config)
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn next(drills: &Drills, config: &Config) -> (String, String) {
        let (server, at) = drills.next(config).unwrap();
        (server, at.to_string())
    }

    #[test]
    fn a_server_that_is_new_has_missed_nothing_and_one_without_backups_is_never_due() {
        let directory = tempfile::tempdir().unwrap();
        let (mut drills, config) = drills(directory.path(), &[]);
        assert_eq!(drills.next(&config), None);
        drills.meet(&config, at("2026-11-23T03:30:00Z"));
        assert_eq!(next(&drills, &config), ("ledger".into(), "2026-11-23T04:00:00Z".into()));
    }

    #[test]
    fn drills_that_were_missed_are_due_once_after_a_restart() {
        let directory = tempfile::tempdir().unwrap();
        let (mut before, config) = drills(directory.path(), &[]);
        before.meet(&config, at("2026-11-20T03:30:00Z"));

        let (mut after, config) = drills(directory.path(), &[]);
        let now = at("2026-11-23T03:30:00Z");
        after.meet(&config, now);
        assert_eq!(next(&after, &config), ("ledger".into(), "2026-11-20T04:00:00Z".into()));
        after.times.last.insert("ledger".into(), now);
        assert_eq!(next(&after, &config), ("shop".into(), "2026-11-21T03:00:00Z".into()));
        after.times.last.insert("shop".into(), now);
        assert_eq!(next(&after, &config), ("ledger".into(), "2026-11-23T04:00:00Z".into()));
    }

    #[test]
    fn only_servers_that_are_watched_are_drilled() {
        let directory = tempfile::tempdir().unwrap();
        let (mut drills, config) = drills(directory.path(), &["shop"]);
        drills.meet(&config, at("2026-11-23T03:30:00Z"));
        assert_eq!(next(&drills, &config).0, "shop");
    }

    #[test]
    fn a_damaged_file_of_times_is_forgotten_and_no_panic() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("drills.json"), "{\"shop\":\"soon\"").unwrap();
        let (drills, config) = drills(directory.path(), &[]);
        assert_eq!(drills.next(&config), None);
    }
}
