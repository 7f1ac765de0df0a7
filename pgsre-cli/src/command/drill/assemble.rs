//! From settings to the core's parts: source, target, validators.

use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use pgsre_core::alert::Dispatcher;
use pgsre_core::archive::ReadOptions;
use pgsre_core::drill::{Drill, Objectives, PlanError};
use pgsre_core::postgres::ConnectConfig;
use pgsre_core::restore::{EphemeralCluster, RestoreTarget, ScratchDatabase};
use pgsre_core::source::ObjectStoreSource;
use pgsre_core::source::catalogue::CatalogueRules;
use pgsre_core::validate::{
    EpochUnit, Expectation, Floors, Freshness, RowTolerance, RowsLoaded, SqlAssertion, Validator,
    default_validators,
};

use super::settings::Settings;
pub(crate) use crate::command::alert::routes::{dispatcher, routes, unusable};
use crate::config::{self, Secret, ValidatorConfig};
use crate::error::CommandError;

/// The drill that the settings describe.
pub(super) fn drill(
    settings: &Settings,
    target: Arc<dyn RestoreTarget>,
    alerters: Option<Dispatcher>,
) -> Result<Drill, CommandError> {
    let source = Arc::new(source(&settings.source)?);
    let read = ReadOptions { allow_untrailed: settings.allow_untrailed, ..ReadOptions::default() };
    let objectives = Objectives { rto: settings.rto, rpo: settings.rpo };
    let mut drill = Drill::new(source, target)
        .with_validators(validators(settings))
        .with_catalogue_rules(rules(settings.max_age, settings.min_size, settings.max_shrink))
        .with_read_options(read)
        .with_objectives(objectives);
    if let Some(live) = &settings.live {
        let tolerance = RowTolerance {
            max_missing_rows: settings.max_missing_rows,
            max_missing_ratio: settings.max_missing_ratio,
        };
        drill = drill.with_live(connection("--compare-to", live)?, tolerance);
    }
    if let Some(alerters) = alerters {
        drill = drill.with_dispatcher(alerters);
    }
    Ok(drill)
}

/// A path or URL as a source.
pub(crate) fn source(source: &Secret) -> Result<ObjectStoreSource, CommandError> {
    ObjectStoreSource::parse(source.expose())
        .map_err(|error| CommandError::usage("the source cannot be used").with_cause(error))
}

/// What the catalogue of backups is held against.
pub(crate) fn rules(
    max_age: Option<Duration>,
    min_size: Option<u64>,
    max_shrink: Option<f64>,
) -> CatalogueRules {
    let max_age = max_age.map(|age| SignedDuration::try_from(age).unwrap_or(SignedDuration::MAX));
    CatalogueRules { max_age, min_size, max_shrink }
}

/// Where to restore: a throw-away server on this machine where `None`.
pub(crate) fn target(target: Option<&Secret>) -> Result<Arc<dyn RestoreTarget>, CommandError> {
    match target {
        None => Ok(Arc::new(EphemeralCluster::new())),
        Some(url) => Ok(Arc::new(ScratchDatabase::new(connection("--target", url)?))),
    }
}

/// A connection string.
pub(crate) fn connection(what: &str, url: &Secret) -> Result<ConnectConfig, CommandError> {
    ConnectConfig::parse(url.expose()).map_err(|error| {
        CommandError::usage(format!("{what} is no connection string"))
            .with_hint(error.hint())
            .with_cause(error)
    })
}

/// The default validators, those of them that the settings speak of replaced, and the user's own.
fn validators(settings: &Settings) -> Vec<Box<dyn Validator>> {
    let mut validators = default_validators();
    let loaded = RowsLoaded::default().expect_empty(settings.expect_empty.iter().cloned());
    replace(&mut validators, Box::new(loaded));
    replace(&mut validators, Box::new(floors(settings)));
    for own in &settings.validators {
        match own {
            ValidatorConfig::Sql { name, query, no_rows } => {
                let expectation = if *no_rows { Expectation::NoRows } else { Expectation::True };
                validators.push(Box::new(SqlAssertion::new(name, query).expect(expectation)));
            }
            ValidatorConfig::Freshness { table, column, max_age, unit } => {
                let freshness = Freshness::new(table, column, *max_age);
                validators.push(Box::new(match unit {
                    Some(unit) => freshness.epoch(epoch(*unit)),
                    None => freshness,
                }));
            }
            ValidatorConfig::Floor { .. } => {}
        }
    }
    validators
}

fn replace(validators: &mut Vec<Box<dyn Validator>>, ours: Box<dyn Validator>) {
    match validators.iter_mut().find(|other| other.name() == ours.name()) {
        Some(place) => *place = ours,
        None => validators.push(ours),
    }
}

fn floors(settings: &Settings) -> Floors {
    let mut floors = Floors::default();
    if let Some(tables) = settings.min_tables {
        floors = floors.tables(tables);
    }
    if let Some(rows) = settings.min_rows {
        floors = floors.rows(rows);
    }
    if let Some(size) = settings.min_database_size {
        floors = floors.database_size(size);
    }
    for own in &settings.validators {
        if let ValidatorConfig::Floor { table, min_rows } = own {
            floors = floors.table(table, *min_rows);
        }
    }
    floors
}

fn epoch(unit: config::EpochUnit) -> EpochUnit {
    match unit {
        config::EpochUnit::Seconds => EpochUnit::Seconds,
        config::EpochUnit::Milliseconds => EpochUnit::Milliseconds,
        config::EpochUnit::Microseconds => EpochUnit::Microseconds,
    }
}

/// A request that is wrong in itself.
pub(crate) fn plan_error(error: PlanError) -> CommandError {
    CommandError::usage("the drill cannot be planned").with_cause(error)
}
