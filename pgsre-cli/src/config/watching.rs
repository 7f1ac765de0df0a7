//! `[watch]`: how `pgsre watch` does its work; `[history]`: where its samples are kept, and how long.

use std::path::PathBuf;
use std::time::Duration;

use pgsre_core::history::samples::SampleRetention;

use super::error::ConfigError;
use super::reader::Reader;
use super::secret::Secret;
use super::shape;
use crate::args::interval;

/// Where samples are kept, and how long.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HistoryConfig {
    /// The database that keeps them in place of a file.
    pub store: Option<Secret>,
    /// How long.
    pub retention: SampleRetention,
}

/// How `pgsre watch` does its work.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WatchConfig {
    /// The time between two readings of a server.
    pub interval: Option<Duration>,
    /// Where pages are served; "none" for nowhere.
    pub listen: Option<String>,
    /// Where incidents and undelivered alerts are kept.
    pub state: Option<PathBuf>,
    /// A monitor that raises the alarm when it is not called after each whole cycle.
    pub deadman: Option<Secret>,
    /// The file of the token that viewers of the dashboard must know.
    pub token_file: Option<PathBuf>,
}

pub(super) fn resolve(
    reader: &Reader<'_>,
    shape: &shape::Watch,
) -> Result<WatchConfig, ConfigError> {
    let interval = shape.interval.as_ref().map(|value| {
        interval(&reader.string(value)?).map_err(|why| reader.error(value.span(), why))
    });
    Ok(WatchConfig {
        interval: interval.transpose()?,
        listen: shape.listen.as_ref().map(|value| reader.string(value)).transpose()?,
        state: shape.state.as_ref().map(|value| reader.string(value)).transpose()?.map(Into::into),
        deadman: shape.deadman.as_ref().map(|value| reader.http_url(value)).transpose()?,
        token_file: shape
            .token_file
            .as_ref()
            .map(|value| reader.string(value))
            .transpose()?
            .map(Into::into),
    })
}

pub(super) fn history(
    reader: &Reader<'_>,
    shape: &shape::History,
) -> Result<HistoryConfig, ConfigError> {
    let usual = SampleRetention::default();
    Ok(HistoryConfig {
        store: shape.store.as_ref().map(|value| reader.secret(value)).transpose()?,
        retention: SampleRetention {
            raw: reader.duration(&shape.raw)?.unwrap_or(usual.raw),
            medium: reader.duration(&shape.medium)?.unwrap_or(usual.medium),
            long: reader.duration(&shape.long)?.unwrap_or(usual.long),
        },
    })
}
