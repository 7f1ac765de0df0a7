//! `pgsre init`: a commented `pgsre.toml`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::Path;

use crate::args::InitArgs;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;

/// What is written.
const TEMPLATE: &str = include_str!("init/pgsre.toml");

pub(crate) fn run(args: &InitArgs, face: &Face) -> Result<u8, CommandError> {
    if args.output.as_os_str() == "-" {
        face.print(TEMPLATE)?;
        return Ok(exit_code::PASSED);
    }
    write(&args.output, args.force)?;
    let path = args.output.display();
    face.note(&format!("wrote {path}: set `source` in it, then run `pgsre doctor`"));
    Ok(exit_code::PASSED)
}

fn write(path: &Path, force: bool) -> Result<(), CommandError> {
    let context = || format!("cannot write {}", path.display());
    let mut options = OpenOptions::new();
    options.write(true);
    if force {
        options.create(true).truncate(true)
    } else {
        options.create_new(true)
    };
    let mut file = options.open(path).map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => CommandError::usage(format!("{} is there", path.display()))
            .with_hint("--force overwrites it, --output PATH writes another"),
        ErrorKind::NotFound => CommandError::usage(context())
            .with_hint("make the directory first, or give another --output")
            .with_cause(error),
        _ => CommandError::usage(context()).with_cause(error),
    })?;
    file.write_all(TEMPLATE.as_bytes())
        .map_err(|error| CommandError::usage(context()).with_cause(error))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use crate::config::Config;
    use crate::environment::Environment;

    #[test]
    fn what_init_writes_is_a_sound_configuration() {
        let config = Config::parse(Path::new("pgsre.toml"), TEMPLATE, &Environment::default());
        assert_eq!(config.unwrap().servers.len(), 1);
    }

    #[test]
    fn every_commented_setting_is_sound_too() {
        let uncommented: String = TEMPLATE
            .lines()
            .map(|line| match line.strip_prefix('#') {
                // A comment for people has a blank behind its sign, a setting has none.
                Some(setting) if !setting.starts_with(' ') => format!("{setting}\n"),
                _ => format!("{line}\n"),
            })
            .collect();
        let names = [
            "DEADMAN_URL",
            "PAGER_URL",
            "SLACK_URL",
            "HEALTHCHECK_URL",
            "PAGERDUTY_KEY",
            "OPSGENIE_KEY",
            "SMTP_PASSWORD",
        ];
        let environment = Environment::of(names.map(|name| (name, "https://host")));
        let config = Config::parse(Path::new("pgsre.toml"), &uncommented, &environment).unwrap();
        assert_eq!(config.servers[0].drill.validators.len(), 3);
        assert_eq!(config.alerters.len(), 9);
    }

    #[test]
    fn init_never_overwrites_unless_told_to() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pgsre.toml");
        std::fs::write(&path, "mine").unwrap();
        assert!(write(&path, false).unwrap_err().hint().contains("--force"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "mine");
        write(&path, true).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), TEMPLATE);
    }
}
