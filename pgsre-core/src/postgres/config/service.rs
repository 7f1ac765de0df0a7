//! The connection service file (`~/.pg_service.conf`).

use std::path::{Path, PathBuf};

use super::parameters::{Parameters, invalid};
use crate::postgres::environment::Environment;
use crate::postgres::error::PostgresError;

/// Fills what is still open from the service that is named, if one is.
pub(super) fn complete(
    parameters: &mut Parameters,
    environment: &Environment,
) -> Result<(), PostgresError> {
    let named = parameters.value("service").or_else(|| environment.variable("PGSERVICE"));
    let Some(service) = named.filter(|name| !name.is_empty()).map(str::to_owned) else {
        return Ok(());
    };
    for file in files(parameters, environment) {
        let Some(text) = read(&file)? else { continue };
        if let Some(section) = section(&text, &service) {
            return apply(section, &file, parameters);
        }
    }
    Err(invalid(format!("no service file defines the service {service:?}")))
}

fn files(parameters: &Parameters, environment: &Environment) -> Vec<PathBuf> {
    let named = parameters.value("servicefile").or_else(|| environment.variable("PGSERVICEFILE"));
    let own = named
        .map(PathBuf::from)
        .or_else(|| environment.home.as_ref().map(|home| home.join(".pg_service.conf")));
    let shared = environment
        .variable("PGSYSCONFDIR")
        .map_or_else(|| "/etc/postgresql-common".into(), PathBuf::from)
        .join("pg_service.conf");
    own.into_iter().chain([shared]).collect()
}

fn read(file: &Path) -> Result<Option<String>, PostgresError> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(PostgresError::io(
            format!("cannot read the service file {}", file.display()),
            error,
        )),
    }
}

/// The lines of a section.
fn section<'a>(text: &'a str, service: &str) -> Option<impl Iterator<Item = &'a str>> {
    let header = format!("[{service}]");
    let mut lines = text.lines().map(str::trim);
    lines.by_ref().find(|line| *line == header)?;
    Some(
        lines
            .take_while(|line| !line.starts_with('['))
            .filter(|line| !line.is_empty() && !line.starts_with('#')),
    )
}

fn apply<'a>(
    lines: impl Iterator<Item = &'a str>,
    file: &Path,
    parameters: &mut Parameters,
) -> Result<(), PostgresError> {
    for line in lines {
        let (name, value) = line.split_once('=').ok_or_else(|| {
            invalid(format!("a line of the service file {} has no '='", file.display()))
        })?;
        parameters.set_default(name.trim(), value)?;
    }
    Ok(())
}
