//! Rules that can never fire, or always would: found when they are read, not when they are needed.

use std::time::Duration;

use super::{Bound, Rule, Threshold};
use crate::monitor::{Metric, Unit};

/// Longer than this nobody waits for an alert.
const LONGEST: Duration = Duration::from_secs(30 * 86_400);

impl Rule {
    /// Why the rule makes no sense, in one sentence; `None` where it does: a bound that no figure
    /// can reach or that every figure is beyond, a critical bound that is weaker than the warning's.
    #[must_use]
    pub fn nonsense(&self) -> Option<String> {
        let thresholds = [("warning", self.warning), ("critical", self.critical)];
        let wrong = thresholds.into_iter().find_map(|(name, threshold)| {
            let why = nonsense(self.metric, &threshold?)?;
            Some(format!("`{name}` {why}"))
        });
        wrong.or_else(|| match (self.warning, self.critical) {
            (Some(warning), Some(critical)) => order(warning.bound, critical.bound),
            (None, None) if self.no_data.is_none() => {
                Some("it can never fire: give it `warning` or `critical`".to_owned())
            }
            _ => None,
        })
    }
}

fn nonsense(metric: Metric, threshold: &Threshold) -> Option<String> {
    let (Bound::Above(bound) | Bound::Below(bound)) = threshold.bound;
    if ![bound, threshold.clear.unwrap_or(bound)].into_iter().all(f64::is_finite) {
        return Some("is no figure".to_owned());
    }
    let most = most(metric);
    let is_wrong_side = threshold.clear.is_some_and(|clear| match threshold.bound {
        Bound::Above(bound) => clear > bound,
        Bound::Below(bound) => clear < bound,
    });
    match threshold.bound {
        _ if threshold.hold > LONGEST || threshold.keep > LONGEST => {
            Some("waits for longer than 30 days".to_owned())
        }
        _ if is_wrong_side => Some("is sound again where it is still out of bounds".to_owned()),
        Bound::Above(bound) if most.is_some_and(|most| bound >= most) => {
            Some(format!("can never fire: {metric} is at most 1{}", percent(metric, bound)))
        }
        Bound::Below(bound) if most.is_some_and(|most| bound > most) => {
            Some(format!("would always fire: {metric} is at most 1{}", percent(metric, bound)))
        }
        Bound::Below(bound) if bound <= 0.0 => {
            Some(format!("can never fire: {metric} is never below 0"))
        }
        Bound::Above(bound) if bound < 0.0 => {
            Some(format!("would always fire: {metric} is never below 0"))
        }
        _ => None,
    }
}

/// The largest figure that can be.
fn most(metric: Metric) -> Option<f64> {
    match metric.unit() {
        // Its reserve takes a pool beyond its size.
        Unit::Ratio if metric == Metric::PoolSaturation => None,
        Unit::Bool | Unit::Ratio => Some(1.0),
        _ => None,
    }
}

fn percent(metric: Metric, bound: f64) -> String {
    match metric.unit() {
        Unit::Ratio if bound > 1.0 && bound <= 100.0 => {
            format!("; write {} for {bound} %", bound / 100.0)
        }
        _ => String::new(),
    }
}

fn order(warning: Bound, critical: Bound) -> Option<String> {
    let is_weaker = match (warning, critical) {
        (Bound::Above(warning), Bound::Above(critical)) => critical < warning,
        (Bound::Below(warning), Bound::Below(critical)) => critical > warning,
        _ => return Some("`warning` and `critical` look to different sides".to_owned()),
    };
    is_weaker.then(|| "`critical` is weaker than `warning`".to_owned())
}
