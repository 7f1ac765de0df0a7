//! Which alerts an alerter wants, and how it is told.

use std::time::Duration;

use super::Routing;
use crate::config::error::ConfigError;
use crate::config::reader::Reader;
use crate::config::shape;

/// What alerts share that are told in one message, unless told otherwise.
const GROUP_BY: &str = "server";

pub(super) fn resolve(reader: &Reader<'_>, shape: &shape::Alerter) -> Result<Routing, ConfigError> {
    let rules = shape.rules.as_ref().map(|rules| reader.strings(rules)).transpose()?;
    let labels = shape
        .labels
        .iter()
        .map(|(name, value)| Ok((name.clone(), reader.string(value)?)))
        .collect::<Result<_, ConfigError>>()?;
    let group_by = match &shape.group_by {
        Some(labels) => reader.strings(labels)?,
        None => vec![GROUP_BY.to_owned()],
    };
    Ok(Routing {
        rules,
        labels,
        resolved: shape.resolved.unwrap_or(true),
        pace: shape.rate.as_ref().map(|rate| pace(reader, rate)).transpose()?,
        repeat: repeat(reader, shape)?,
        group_by,
        group_wait: reader.duration(&shape.group_wait)?.unwrap_or_default(),
    })
}

fn repeat(reader: &Reader<'_>, shape: &shape::Alerter) -> Result<Option<Duration>, ConfigError> {
    let repeat = reader.duration(&shape.repeat)?;
    match (&shape.repeat, repeat) {
        (Some(value), Some(every)) if every < Duration::from_secs(60) => {
            let error = reader.error(value.span(), "`repeat` is a minute at least");
            Err(error.with_hint("\"4h\" tells every four hours what still fires"))
        }
        _ => Ok(repeat),
    }
}

/// `1/s`, `30/m`, `100/h`: the time between two messages.
fn pace(reader: &Reader<'_>, value: &shape::Text) -> Result<Duration, ConfigError> {
    let text = reader.string(value)?;
    let parsed = text.split_once('/').and_then(|(number, unit)| {
        let number: u32 = number.trim().parse().ok().filter(|number| *number > 0)?;
        let unit = match unit.trim() {
            "s" => 1,
            "m" => 60,
            "h" => 3_600,
            _ => return None,
        };
        Some(Duration::from_secs(unit) / number)
    });
    parsed.ok_or_else(|| {
        let error = reader.error(value.span(), "a rate is a number of messages per s, m or h");
        error.with_hint("\"1/s\" is one a second, \"30/m\" thirty a minute")
    })
}
