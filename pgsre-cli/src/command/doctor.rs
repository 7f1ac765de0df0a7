//! `pgsre doctor`: everything that a drill needs, and how to mend it.

use serde::Serialize;

use crate::args::{DoctorArgs, Format};
use crate::config::Config;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::{human, json, progress};

mod machine;
mod server;

/// One thing that was looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// What was looked at.
    pub name: String,
    /// How it is.
    pub status: Status,
    /// What was seen.
    pub detail: String,
    /// How to mend it; empty where nothing is to be mended.
    pub hint: String,
}

/// How a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// As it must be.
    Ok,
    /// Drills run, but not all of them or not as well.
    Warning,
    /// Drills do not run.
    Failed,
}

impl Check {
    fn new(status: Status, name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { name: name.into(), status, detail: detail.into(), hint: String::new() }
    }

    fn ok(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Status::Ok, name, detail)
    }

    fn warning(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Status::Warning, name, detail)
    }

    fn failed(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(Status::Failed, name, detail)
    }

    /// A check that could not be made: the error with its causes.
    fn error(name: impl Into<String>, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::failed(name, pgsre_core::finding::chain(error))
    }

    fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// What `pgsre doctor` found: its JSON.
#[derive(Serialize)]
struct Examination {
    schema: u32,
    ok: bool,
    checks: Vec<Check>,
}

pub(crate) async fn run(
    args: &DoctorArgs,
    config: &Config,
    face: &Face,
    environment: &Environment,
) -> Result<u8, CommandError> {
    let spinner = face.draws().then(|| progress::spinner(face));
    let checks = examine(config, environment).await;
    if let Some(spinner) = spinner {
        spinner.finish_and_clear();
    }
    let ok = checks.iter().all(|check| check.status != Status::Failed);
    face.print(&match args.format {
        Format::Human => human::checks(face, &checks),
        Format::Json => json::object(&Examination { schema: 1, ok, checks })?,
    })?;
    Ok(if ok { exit_code::PASSED } else { exit_code::FAILED })
}

async fn examine(config: &Config, environment: &Environment) -> Vec<Check> {
    let mut checks = vec![configuration(config)];
    checks.extend(machine::programs().await);
    checks.push(machine::space(environment));
    checks.push(machine::reports(environment));
    for server in &config.servers {
        checks.extend(server::checks(server).await);
    }
    if !config.alerters.is_empty() {
        checks.push(alerters(config));
    }
    checks.extend(machine::leftovers(config).await);
    checks
}

fn configuration(config: &Config) -> Check {
    let name = "configuration";
    let Some(path) = &config.path else {
        return Check::warning(name, "none: drills need a SOURCE on the command line")
            .with_hint("`pgsre init` writes one");
    };
    let servers: Vec<&str> = config.servers.iter().map(|server| server.name.as_str()).collect();
    let detail = format!("{} ({})", path.display(), servers.join(", "));
    if config.servers.iter().any(|server| server.backups.is_some()) {
        return Check::ok(name, detail);
    }
    Check::warning(name, detail).with_hint("no server in it has [server.backups]: nothing to drill")
}

fn alerters(config: &Config) -> Check {
    let name = "alerters";
    let kinds: Vec<&str> = config.alerters.iter().map(|alerter| alerter.kind.name()).collect();
    match super::drill::assemble::dispatcher(&config.alerters) {
        Ok(_) => Check::ok(name, format!("{} (no test alert was sent)", kinds.join(", "))),
        Err(error) => Check::error(name, &error),
    }
}
