//! `[[rule]]`: when a metric is worth an alert. Kept for the monitor.

use std::collections::BTreeMap;
use std::time::Duration;

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
