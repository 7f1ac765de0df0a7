//! What one drill is asked for: the configuration's word, and the command line's, which wins.

use std::time::Duration;

use pgsre_core::drill::DrillRequest;

use crate::args::DrillArgs;
use crate::config::{Backups, CompareTo, Config, DrillConfig, Secret, Server, ValidatorConfig};
use crate::error::CommandError;

/// One drill, resolved.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The server's name; `None` for a SOURCE of the command line.
    pub(crate) name: Option<String>,
    pub(crate) source: Secret,
    pub(crate) backup: Option<String>,
    pub(crate) max_age: Option<Duration>,
    pub(crate) min_size: Option<u64>,
    pub(crate) max_shrink: Option<f64>,
    pub(crate) allow_untrailed: bool,
    /// Ephemeral where `None`.
    pub(crate) target: Option<Secret>,
    pub(crate) jobs: Option<u16>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) keep: bool,
    pub(crate) live: Option<Secret>,
    pub(crate) max_missing_rows: Option<u64>,
    pub(crate) max_missing_ratio: Option<f64>,
    pub(crate) min_tables: Option<u64>,
    pub(crate) min_rows: Option<u64>,
    pub(crate) min_database_size: Option<u64>,
    pub(crate) expect_empty: Vec<String>,
    pub(crate) rto: Option<Duration>,
    pub(crate) rpo: Option<Duration>,
    pub(crate) validators: Vec<ValidatorConfig>,
}

impl Settings {
    /// What [`Drill::plan`](pgsre_core::drill::Drill::plan) is asked for.
    pub(crate) fn request(&self) -> DrillRequest {
        let usual = DrillRequest::default();
        DrillRequest {
            backup: self.backup.clone(),
            jobs: self.jobs.map_or(usual.jobs, usize::from),
            keep: self.keep,
            timeout: self.timeout,
        }
    }
}

/// The drills that the command line asks for.
///
/// # Errors
/// Where it asks for none, or for a server that is not configured.
pub(crate) fn of(args: &DrillArgs, config: &Config) -> Result<Vec<Settings>, CommandError> {
    if let Some(name) = &args.server {
        let server = named(config, name)?;
        return Ok(vec![resolve(args, Some(server))?]);
    }
    if let Some(source) = &args.source {
        return Ok(vec![resolve(args, of_source(source, config))?]);
    }
    if args.backup.backup.is_some() && config.servers.len() > 1 {
        return Err(CommandError::usage("--backup names a backup of one server")
            .with_hint("say which with --server NAME"));
    }
    let with_backups = config.servers.iter().filter(|server| server.backups.is_some());
    let all =
        with_backups.map(|server| resolve(args, Some(server))).collect::<Result<Vec<_>, _>>()?;
    if all.is_empty() { Err(nothing_to_do(config)) } else { Ok(all) }
}

/// The server whose settings a SOURCE takes: the one whose backups lie there, else the only one of
/// a configuration that was named on the command line.
pub(crate) fn of_source<'c>(source: &str, config: &'c Config) -> Option<&'c Server> {
    let lies_there = |server: &&Server| {
        server.backups.as_ref().is_some_and(|backups| backups.source.expose() == source)
    };
    config.servers.iter().find(lies_there).or(match config.servers.as_slice() {
        [only] if config.named => Some(only),
        _ => None,
    })
}

/// The configured server of this name.
pub(crate) fn named<'c>(config: &'c Config, name: &str) -> Result<&'c Server, CommandError> {
    config.server(name).ok_or_else(|| {
        let known: Vec<&str> = config.servers.iter().map(|server| server.name.as_str()).collect();
        let hint = match known.as_slice() {
            [] => "there is no configuration; write one with `pgsre init`".to_owned(),
            known => format!("configured are {}", known.join(", ")),
        };
        CommandError::usage(format!("no server called {name:?} is configured")).with_hint(hint)
    })
}

/// The one server of the configuration that can be connected to.
pub(crate) fn the_only(config: &Config) -> Result<&Server, CommandError> {
    let known: Vec<&Server> = config.servers.iter().filter(|server| server.url.is_some()).collect();
    match known.as_slice() {
        [only] => Ok(only),
        [] => Err(CommandError::usage("no URL, and no configured server has one")
            .with_hint("give a connection string, or write a configuration with `pgsre init`")),
        several => {
            let names: Vec<&str> = several.iter().map(|server| server.name.as_str()).collect();
            Err(CommandError::usage("several servers are configured")
                .with_hint(format!("say which with --server: {}", names.join(", "))))
        }
    }
}

/// How a server of the configuration is connected to.
pub(crate) fn url(server: &Server) -> Result<&Secret, CommandError> {
    server.url.as_ref().ok_or_else(|| {
        CommandError::usage(format!("server {:?} has no url in the configuration", server.name))
    })
}

/// That neither the command line nor the configuration names a source.
pub(crate) fn nothing_to_do(config: &Config) -> CommandError {
    let why = match &config.path {
        Some(path) => format!("no SOURCE, and no server in {} has backups", path.display()),
        None => "no SOURCE and no configuration".to_owned(),
    };
    CommandError::usage(why)
        .with_hint("give the place where backups lie, or write a configuration with `pgsre init`")
}

fn resolve(args: &DrillArgs, server: Option<&Server>) -> Result<Settings, CommandError> {
    let backups = server.and_then(|server| server.backups.as_ref());
    let usual = DrillConfig::default();
    let drill = server.map_or(&usual, |server| &server.drill);
    let (backup, restore, proof) = (&args.backup, &args.restore, &args.proof);
    let target = restore.target.as_ref().map(Secret::new).or_else(|| drill.target.clone());
    Ok(Settings {
        name: server.map(|server| server.name.clone()),
        source: source(args, server, backups)?,
        backup: backup.backup.clone(),
        max_age: backup.max_age.or(backups.and_then(|b| b.max_age)),
        min_size: backup.min_size.or(backups.and_then(|b| b.min_size)),
        max_shrink: backup.max_shrink.or(backups.and_then(|b| b.max_shrink)),
        allow_untrailed: backup.allow_untrailed || drill.allow_untrailed,
        target: target.filter(|target| target.expose() != "ephemeral"),
        jobs: restore.jobs.or(drill.jobs),
        timeout: restore.timeout.or(drill.timeout),
        keep: restore.keep,
        live: live(proof.compare_to.as_deref(), server, &drill.compare_to)?,
        max_missing_rows: proof.max_missing_rows.or(drill.max_missing_rows),
        max_missing_ratio: proof.max_missing_ratio.or(drill.max_missing_ratio),
        min_tables: proof.min_tables.or(drill.min_tables),
        min_rows: proof.min_rows.or(drill.min_rows),
        min_database_size: drill.min_size,
        expect_empty: [drill.expect_empty.as_slice(), proof.expect_empty.as_slice()].concat(),
        rto: proof.rto.or(drill.rto),
        rpo: proof.rpo.or(drill.rpo),
        validators: drill.validators.clone(),
    })
}

fn source(
    args: &DrillArgs,
    server: Option<&Server>,
    backups: Option<&Backups>,
) -> Result<Secret, CommandError> {
    if let Some(source) = &args.source {
        return Ok(Secret::new(source));
    }
    backups.map(|backups| backups.source.clone()).ok_or_else(|| {
        let name = server.map_or("", |server| server.name.as_str());
        CommandError::usage(format!("the server {name:?} has no backups configured"))
            .with_hint("set `source` in its [server.backups], or give a SOURCE")
    })
}

fn live(
    flag: Option<&str>,
    server: Option<&Server>,
    configured: &CompareTo,
) -> Result<Option<Secret>, CommandError> {
    let own = || server.and_then(|server| server.url.clone());
    match (flag, configured) {
        (Some("none"), _) | (None, CompareTo::None) => Ok(None),
        (Some("live"), _) => own().map(Some).ok_or_else(|| {
            CommandError::usage("--compare-to live needs a configured server with its `url`")
                .with_hint("give --server NAME, or a connection string instead of live")
        }),
        (Some(url), _) => Ok(Some(Secret::new(url))),
        (None, CompareTo::Live) => Ok(own()),
        (None, CompareTo::Url(url)) => Ok(Some(url.clone())),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use std::path::Path;

    use super::*;
    use crate::environment::Environment;

    const CONFIG: &str = "
        [[server]]
        name = 'shop'
        url = 'postgres://live/shop'
        [server.backups]
        source = '/backups/shop/'
        max_age = '26h'
        [server.drill]
        compare_to = 'live'
        expect_empty = ['audit']
        min_rows = 5
        [[server]]
        name = 'bare'";

    fn config() -> Config {
        Config::parse(Path::new("pgsre.toml"), CONFIG, &Environment::default()).unwrap()
    }

    #[test]
    fn flags_win_over_the_configuration() {
        let mut args = DrillArgs { server: Some("shop".into()), ..DrillArgs::default() };
        args.backup.max_age = Some(Duration::from_secs(60));
        args.proof.expect_empty = vec!["sessions".into()];
        let settings = of(&args, &config()).unwrap().remove(0);
        assert_eq!(settings.max_age, Some(Duration::from_secs(60)));
        assert_eq!(settings.min_rows, Some(5));
        assert_eq!(settings.expect_empty, ["audit", "sessions"]);
        assert_eq!(settings.live.unwrap().expose(), "postgres://live/shop");
    }

    #[test]
    fn comparing_can_be_switched_off_for_once() {
        let mut args = DrillArgs { server: Some("shop".into()), ..DrillArgs::default() };
        args.proof.compare_to = Some("none".into());
        assert!(of(&args, &config()).unwrap()[0].live.is_none());
    }

    #[test]
    fn a_source_elsewhere_takes_no_settings_of_any_server() {
        let args = DrillArgs { source: Some("/elsewhere".into()), ..DrillArgs::default() };
        let settings = of(&args, &config()).unwrap().remove(0);
        assert_eq!((settings.name, settings.max_age, settings.min_rows), (None, None, None));
    }

    #[test]
    fn a_source_takes_the_settings_of_the_server_that_it_is_of() {
        let args = DrillArgs { source: Some("/backups/shop/".into()), ..DrillArgs::default() };
        assert_eq!(of(&args, &config()).unwrap()[0].name.as_deref(), Some("shop"));
    }

    #[test]
    fn the_only_server_of_a_named_configuration_is_meant() {
        let args = DrillArgs { source: Some("/elsewhere".into()), ..DrillArgs::default() };
        let mut one = config();
        one.servers.truncate(1);
        assert_eq!(of(&args, &one).unwrap()[0].name, None);
        one.named = true;
        let settings = of(&args, &one).unwrap().remove(0);
        assert_eq!(settings.min_rows, Some(5));
        assert_eq!(settings.source.expose(), "/elsewhere");
    }

    #[test]
    fn without_a_source_every_server_with_backups_is_drilled() {
        let all = of(&DrillArgs::default(), &config()).unwrap();
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].source.expose(), "/backups/shop/");
    }

    #[test]
    fn a_server_that_is_not_configured_is_named_with_those_that_are() {
        let args = DrillArgs { server: Some("shpo".into()), ..DrillArgs::default() };
        let error = of(&args, &config()).unwrap_err();
        assert!(error.hint().contains("shop, bare"), "{}", error.hint());
        assert!(of(&DrillArgs::default(), &Config::default()).is_err());
    }
}
