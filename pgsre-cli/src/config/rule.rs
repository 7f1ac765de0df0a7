//! `[[rule]]`: when a metric is worth an alert. Kept for the monitor.

use std::collections::BTreeMap;
use std::time::Duration;

use pgsre_core::finding::Severity;
use pgsre_core::monitor::{Needs, Silence};
use toml::Spanned;

use super::error::ConfigError;
use super::reader::Reader;
use super::shape;

/// A rule of the user's own, or one that overrides a default of the same name.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// Its name; the same as a default rule's overrides that.
    pub name: String,
    /// The metric that it watches; the default rule's where `None`.
    pub metric: Option<String>,
    /// Whether it is in force.
    pub enabled: bool,
    /// Only samples with these labels.
    pub labels: BTreeMap<String, String>,
    /// When it warns.
    pub warning: Option<Threshold>,
    /// When it is critical.
    pub critical: Option<Threshold>,
    /// How many of the last readings must be out of bounds; the default rule's where `None`.
    pub needs: Option<Needs>,
    /// For how long it goes on after the figure is sound again; the default rule's where `None`.
    pub keep: Option<Duration>,
    /// What an unknown figure weighs, and after how long; the default rule's where `None`.
    pub no_data: Option<NoData>,
    /// Rules that follow from it; the default rule's where `None`.
    pub inhibits: Option<Vec<String>>,
}

/// What an unknown figure comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoData {
    /// Nothing.
    Ignore,
    /// An alert of this weight, after this time.
    Told(Severity, Duration),
}

/// When a value is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Threshold {
    /// Which side, and where.
    pub bound: Bound,
    /// For how long before it fires.
    pub hold: Option<Duration>,
    /// Where it is sound again; the bound itself where `None`.
    pub clear: Option<f64>,
}

/// Which side of a figure is out of bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// Larger values are.
    Above(f64),
    /// Smaller values are.
    Below(f64),
}

pub(super) fn resolve(reader: &Reader<'_>, shape: shape::Rule) -> Result<Rule, ConfigError> {
    let labels = shape
        .labels
        .iter()
        .map(|(name, value)| Ok((name.clone(), reader.string(value)?)))
        .collect::<Result<_, ConfigError>>()?;
    let threshold = |spanned: Option<Spanned<shape::Threshold>>| {
        spanned.map(|spanned| self::threshold(reader, &spanned)).transpose()
    };
    Ok(Rule {
        name: reader.string(&shape.name)?,
        metric: shape.metric.as_ref().map(|metric| reader.string(metric)).transpose()?,
        enabled: shape.enabled.unwrap_or(true),
        labels,
        warning: threshold(shape.warning)?,
        critical: threshold(shape.critical)?,
        needs: shape.needs.as_ref().map(|needs| self::needs(reader, needs)).transpose()?,
        keep: reader.duration(&shape.keep)?,
        no_data: shape
            .no_data
            .as_ref()
            .map(|no_data| self::no_data(reader, no_data))
            .transpose()?,
        inhibits: shape.inhibits.as_ref().map(|names| reader.strings(names)).transpose()?,
    })
}

/// `3 of 5`.
fn needs(reader: &Reader<'_>, value: &shape::Text) -> Result<Needs, ConfigError> {
    let text = reader.string(value)?;
    let parts: Vec<&str> = text.split_whitespace().collect();
    let needs = match parts.as_slice() {
        [readings, "of", of] => readings
            .parse()
            .ok()
            .zip(of.parse().ok())
            .and_then(|(readings, of)| Needs::new(readings, of)),
        _ => None,
    };
    needs.ok_or_else(|| {
        let message = "expected so many of the last readings, from \"1 of 1\" to \"32 of 32\"";
        reader.error(value.span(), message).with_hint("write it like needs = \"3 of 5\"")
    })
}

fn no_data(reader: &Reader<'_>, shape: &shape::NoData) -> Result<NoData, ConfigError> {
    const WEIGHTS: [(&str, Option<Severity>); 3] = [
        ("ignore", None),
        ("warning", Some(Severity::Warning)),
        ("critical", Some(Severity::Critical)),
    ];
    let hold = reader.duration(&shape.r#for)?.unwrap_or_default();
    Ok(match reader.one_of(&shape.severity, &WEIGHTS)? {
        Some(severity) => NoData::Told(severity, hold),
        None => NoData::Ignore,
    })
}

/// `[[silence]]`: of what nobody is told for a while.
pub(super) fn silence(reader: &Reader<'_>, shape: &shape::Silence) -> Result<Silence, ConfigError> {
    let moment = |value: &shape::Text| {
        reader.string(value)?.parse().map_err(|_| {
            reader
                .error(value.span(), "expected a moment with its offset")
                .with_hint("write it like 2026-11-30T06:00:00Z or 2026-11-30T07:00:00+01:00")
        })
    };
    let labels = shape.labels.iter().map(|(name, value)| Ok((name.clone(), reader.string(value)?)));
    Ok(Silence {
        rule: shape.rule.as_ref().map_or(Ok("*".to_owned()), |rule| reader.string(rule))?,
        labels: labels.collect::<Result<_, ConfigError>>()?,
        starts_at: shape.from.as_ref().map(moment).transpose()?,
        ends_at: moment(&shape.until)?,
        reason: reader.string(&shape.reason)?,
    })
}

fn threshold(
    reader: &Reader<'_>,
    spanned: &Spanned<shape::Threshold>,
) -> Result<Threshold, ConfigError> {
    let shape = spanned.get_ref();
    let hold = reader.duration(&shape.r#for)?;
    let error = |message: &str| Err(reader.error(spanned.span(), message));
    match (shape.above, shape.below, shape.clear_below, shape.clear_above) {
        (Some(above), None, clear, None) if clear.is_none_or(|clear| clear <= above) => {
            Ok(Threshold { bound: Bound::Above(above), hold, clear })
        }
        (None, Some(below), None, clear) if clear.is_none_or(|clear| clear >= below) => {
            Ok(Threshold { bound: Bound::Below(below), hold, clear })
        }
        (Some(_), None, _, None) => error("`clear_below` must not lie above `above`"),
        (None, Some(_), None, _) => error("`clear_above` must not lie below `below`"),
        (Some(_), None, _, Some(_)) => error("`above` is cleared by `clear_below`"),
        (None, Some(_), Some(_), _) => error("`below` is cleared by `clear_above`"),
        _ => error("a threshold needs one of `above` and `below`"),
    }
}
