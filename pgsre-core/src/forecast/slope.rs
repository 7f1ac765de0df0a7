//! The slope of Theil and Sen, and its interval.

/// The normal quantile of an interval that holds the truth nine times of ten.
const Z90: f64 = 1.645;

/// Neighbours that resemble each other say less than their number: no more than this is believed.
const MOST_ALIKE: f64 = 0.98;

/// A robust line.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slope {
    /// The median of the slopes between all pairs.
    pub(super) median: f64,
    pub(super) low: f64,
    pub(super) high: f64,
    intercept: f64,
}

impl Slope {
    /// Where the line is at this moment.
    pub(super) fn level_at(&self, moment: f64) -> f64 {
        self.intercept + self.median * moment
    }
}

/// The line through points whose moments differ. At least two points.
///
/// The interval is Sen's: ranks of the sorted slopes around the median by Kendall's variance
/// n(n−1)(2n+5)/18, widened by how much neighbours resemble each other, as independent points
/// would not (the variance inflation (1+ρ)/(1−ρ) of a first-order autoregression).
pub(super) fn theil_sen(points: &[(f64, f64)]) -> Slope {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (index, (moment, value)) in points.iter().enumerate() {
        for (later, then) in &points[index + 1..] {
            slopes.push((then - value) / (later - moment));
        }
    }
    slopes.retain(|slope| slope.is_finite());
    slopes.sort_by(f64::total_cmp);
    let median = median_of_sorted(&slopes);
    let mut rest: Vec<f64> = points.iter().map(|(moment, value)| value - median * moment).collect();
    let alike = alike(&rest);
    rest.sort_by(f64::total_cmp);
    let n = points.len() as f64;
    let deviation = (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0 * inflation(alike)).sqrt();
    let half = Z90 * deviation / 2.0;
    let middle = slopes.len() as f64 / 2.0;
    let rank = |rank: f64| {
        let last = slopes.len().saturating_sub(1);
        slopes.get((rank.max(0.0) as usize).min(last)).copied().unwrap_or(median)
    };
    Slope {
        median,
        low: rank((middle - half).floor()),
        high: rank((middle + half).ceil()),
        intercept: median_of_sorted(&rest),
    }
}

fn inflation(alike: f64) -> f64 {
    let alike = alike.clamp(0.0, MOST_ALIKE);
    (1.0 + alike) / (1.0 - alike)
}

/// The correlation of neighbours; 0 where nothing varies.
fn alike(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    let variance: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    let together: f64 = values.windows(2).map(|pair| (pair[0] - mean) * (pair[1] - mean)).sum();
    if variance > 0.0 { together / variance } else { 0.0 }
}

pub(super) fn median_of_sorted(sorted: &[f64]) -> f64 {
    match sorted.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => sorted[odd / 2],
        even => f64::midpoint(sorted[even / 2 - 1], sorted[even / 2]),
    }
}

/// At most so many points: those of one stretch of time become their medians.
pub(super) fn thinned(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    if points.len() <= most || last.0 <= first.0 {
        return points.to_vec();
    }
    let width = (last.0 - first.0) / most as f64;
    let stretch = |point: &(f64, f64)| (((point.0 - first.0) / width) as usize).min(most - 1);
    points
        .chunk_by(|one, next| stretch(one) == stretch(next))
        .map(|chunk| {
            let middle = |at: fn(&(f64, f64)) -> f64| {
                let mut values: Vec<f64> = chunk.iter().map(at).collect();
                values.sort_by(f64::total_cmp);
                median_of_sorted(&values)
            };
            (middle(|point| point.0), middle(|point| point.1))
        })
        .collect()
}
