//! What a backup is asked for: the configuration's word, and the command line's, which wins.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use pgsre_core::dump::{BackupJob, Compress, DumpFormat, Retention};
use pgsre_core::fingerprint::Level;
use pgsre_core::source::ObjectStoreSource;

use super::proved;
use crate::args::TakeArgs;
use crate::command::drill::{assemble, settings};
use crate::config::{Config, Secret, Server, Taking};
use crate::environment::Environment;
use crate::error::CommandError;
use crate::face::Face;

/// One backup, resolved.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    url: Secret,
    dest: Secret,
    format: DumpFormat,
    compress: Option<Compress>,
    jobs: Option<u16>,
    level: Option<Level>,
    globals: bool,
    verify: bool,
    timeout: Option<Duration>,
    retention: Retention,
    proved: BTreeSet<String>,
}

/// The backup that the command line asks for.
pub(super) fn of(args: &TakeArgs, config: &Config) -> Result<Settings, CommandError> {
    let server = server(args, config)?;
    let backups = server.and_then(|server| server.backups.as_ref());
    let configured = backups.map(|backups| backups.taking).unwrap_or_default();
    let url = args.url.as_ref().map(Secret::new).or_else(|| server.and_then(|s| s.url.clone()));
    let dest = args.dest.as_ref().map(Secret::new).or_else(|| backups.map(|b| b.source.clone()));
    let missing = |what: &str, hint: &str| CommandError::usage(what.to_owned()).with_hint(hint);
    let dump = &args.dump;
    Ok(Settings {
        url: url.ok_or_else(|| {
            missing("no database to back up", "give its URL, or --server NAME with a `url`")
        })?,
        dest: dest.ok_or_else(|| {
            missing(
                "no place to write the backup to",
                "give DEST, or set `source` in the server's [server.backups]",
            )
        })?,
        format: dump.dump_format.map(Into::into).or(configured.dump_format).unwrap_or_default(),
        compress: dump.compress.or(configured.compress),
        jobs: dump.jobs,
        level: match (dump.level, configured.level) {
            (Some(level), _) => level.level(),
            (None, Some(level)) => level,
            (None, None) => Some(Level::Content),
        },
        globals: !dump.no_globals,
        verify: dump.verify || configured.verify,
        timeout: dump.timeout,
        retention: retention(args, configured),
        proved: BTreeSet::new(),
    })
}

/// The server that is named, or the only one where a URL or DEST is left to the configuration.
fn server<'c>(args: &TakeArgs, config: &'c Config) -> Result<Option<&'c Server>, CommandError> {
    if let Some(name) = &args.server {
        return settings::named(config, name).map(Some);
    }
    if args.url.is_some() && args.dest.is_some() {
        return Ok(args.dest.as_deref().and_then(|dest| settings::of_source(dest, config)));
    }
    match config.servers.as_slice() {
        [only] => Ok(Some(only)),
        [] => Ok(None),
        _ => Err(CommandError::usage("several servers are configured")
            .with_hint("say which with --server NAME, or give URL and DEST")),
    }
}

/// Rules on the command line replace all of the configuration's.
fn retention(args: &TakeArgs, configured: Taking) -> Retention {
    let keep = &args.keep;
    let given = Retention {
        last: keep.keep_last,
        hourly: keep.keep_hourly,
        daily: keep.keep_daily,
        weekly: keep.keep_weekly,
        monthly: keep.keep_monthly,
        yearly: keep.keep_yearly,
        within: keep.keep_within,
    };
    if given.keeps_all() { configured.retention } else { given }
}

impl Settings {
    /// Looks up which backups are proved. Where that cannot be known no older backup is removed,
    /// which is said; the new one is taken all the same.
    pub(super) async fn spare_what_may_be_proved(
        &mut self,
        args: &TakeArgs,
        face: &Face,
        environment: &Environment,
    ) -> bool {
        if self.retention.keeps_all() {
            return false;
        }
        match proved::keys(args.keep.reports.as_deref(), environment).await {
            Ok(proved) => {
                self.proved = proved;
                false
            }
            Err(error) => {
                self.retention = Retention::default();
                let why = pgsre_core::finding::chain(&error);
                face.warn(&format!("no older backup will be removed: {why}; {}", error.hint()));
                true
            }
        }
    }

    pub(super) fn job(&self) -> Result<BackupJob, CommandError> {
        let config = assemble::connection("the database", &self.url)?;
        let destination = ObjectStoreSource::parse_destination(self.dest.expose());
        let destination = destination.map_err(|error| {
            CommandError::usage("the destination cannot be used").with_cause(error)
        })?;
        let mut job = BackupJob::new(config, Arc::new(destination))
            .with_format(self.format)
            .with_level(self.level)
            .with_globals(self.globals)
            .with_verification(self.verify)
            .with_timeout(self.timeout)
            .with_retention(self.retention, self.proved.clone());
        if let Some(compress) = self.compress {
            job = job.with_compression(compress);
        }
        if let Some(jobs) = self.jobs {
            job = job.with_jobs(usize::from(jobs));
        }
        Ok(job)
    }

    pub(super) fn level(&self) -> Option<Level> {
        self.level
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use std::path::Path;

    use super::*;
    use crate::args::DumpFormatArg;

    const CONFIG: &str = "
        [[server]]
        name = 'shop'
        url = 'postgres://db1/shop'
        [server.backups]
        source = '/backups/shop/'
        dump_format = 'directory'
        level = 'none'
        keep_daily = 7
        keep_within = '14d'";

    fn config(text: &str) -> Config {
        Config::parse(Path::new("pgsre.toml"), text, &Environment::default()).unwrap()
    }

    #[test]
    fn the_only_server_of_the_configuration_is_backed_up_to_where_its_backups_lie() {
        let settings = of(&TakeArgs::default(), &config(CONFIG)).unwrap();
        assert_eq!(settings.url.expose(), "postgres://db1/shop");
        assert_eq!(settings.dest.expose(), "/backups/shop/");
        assert_eq!((settings.format, settings.level), (DumpFormat::Directory, None));
        assert_eq!(settings.retention.daily, Some(7));
        assert_eq!(settings.retention.within, Some(Duration::from_secs(14 * 86_400)));
    }

    #[test]
    fn flags_win_and_one_rule_of_theirs_replaces_all_that_are_configured() {
        let mut args = TakeArgs::default();
        args.dump.dump_format = Some(DumpFormatArg::Plain);
        args.keep.keep_last = Some(3);
        let settings = of(&args, &config(CONFIG)).unwrap();
        assert_eq!(settings.format, DumpFormat::Plain);
        assert_eq!(settings.retention, Retention { last: Some(3), ..Retention::default() });
    }

    #[test]
    fn a_place_of_one_s_own_takes_no_rules_of_the_configuration() {
        let args = TakeArgs {
            url: Some("postgres://db2/crm".into()),
            dest: Some("/elsewhere/".into()),
            ..TakeArgs::default()
        };
        let settings = of(&args, &config(CONFIG)).unwrap();
        assert!(settings.retention.keeps_all() && settings.level == Some(Level::Content));
    }

    #[test]
    fn without_a_database_or_a_place_it_is_said_what_is_missing() {
        let none = of(&TakeArgs::default(), &Config::default()).unwrap_err();
        assert!(none.to_string().contains("no database"), "{none}");
        let args = TakeArgs { url: Some("postgres://db2/crm".into()), ..TakeArgs::default() };
        assert!(of(&args, &Config::default()).unwrap_err().to_string().contains("no place"));
    }

    #[test]
    fn a_rule_that_is_misspelled_or_keeps_nothing_is_refused() {
        let parse = |line: &str| {
            let text = format!("[[server]]\nname='a'\n[server.backups]\nsource='/b/'\n{line}");
            Config::parse(Path::new("pgsre.toml"), &text, &Environment::default())
        };
        assert!(parse("keep_last = 3").is_ok());
        assert!(parse("keep_last = 0").is_err());
        assert!(parse("keep_lsat = 3").unwrap_err().hint().contains("keep_last"));
    }
}
