//! [`Latency`]: percentiles from what is counted, each with its source and its bounds.
//!
//! The server keeps mean and standard deviation of each statement, no distribution. An estimate
//! takes each statement's times as lognormal, and those of several statements as a mixture of such.
//! What is certain is a bound: by Cantelli's inequality no more than 1/(1 + k²) of all executions take longer than
//! mean + k·sd, so that p99 ≤ mean + 9.95·sd, p95 ≤ mean + 4.36·sd, p50 ≤ mean + sd, whatever the
//! distribution.
//!
//! How far off an estimate is depends on the truth. Of 300 simulated runs each, of 60 statements with
//! means from 0.1 to 100 ms, the median and the greatest error, and how many of the bounds held (the
//! ignored test beside this file prints it):
//!
//! | truth | p50 | p95 | p99 | bounds that hold |
//! |---|---|---|---|---|
//! | lognormal | 1 %, 12 % | 1 %, 6 % | 3 %, 11 % | 900 of 900 |
//! | exponential | 22 %, 61 % | 8 %, 14 % | 7 %, 15 % | 900 of 900 |
//! | two humps, 1 in 20 forty times as long | 23 %, 79 % | 116 %, 288 % | 37 %, 104 % | 900 of 900 |
//!
//! Where pg_stat_monitor has counted the executions of the window in buckets, percentiles are measured:
//! the bounds are those of the bucket, and the figure lies between them.

use serde::Serialize;

use super::histogram::Histogram;
use super::moments::Moments;
use super::window::QueryWindow;

/// Halvings of an interval when a percentile is looked for: 2⁻³⁰ of it is exact enough.
const HALVINGS: u32 = 30;

/// How percentiles were come by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// From a histogram of the executions.
    Measured,
    /// From means and standard deviations.
    Estimated,
}

impl Method {
    /// The name as reports have it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Measured => "measured",
            Self::Estimated => "estimated",
        }
    }
}

/// A percentile of execution times, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Percentile {
    /// The figure.
    pub ms: f64,
    /// It is certainly not below this.
    pub at_least: f64,
    /// It is certainly not above this.
    pub at_most: f64,
}

impl Percentile {
    /// By how much the figure may be wrong.
    #[must_use]
    pub fn error(&self) -> f64 {
        (self.at_most - self.ms).max(self.ms - self.at_least)
    }
}

/// Percentiles of execution times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Latency {
    /// How they were come by.
    pub method: Method,
    /// The median.
    pub p50: Percentile,
    /// What 95 of 100 executions do not exceed.
    pub p95: Percentile,
    /// What 99 of 100 executions do not exceed.
    pub p99: Percentile,
}

impl Latency {
    /// Of all executions of these queries together: measured where a histogram has counted them,
    /// else estimated; `None` where there are none.
    #[must_use]
    pub fn of_queries(queries: &[&QueryWindow]) -> Option<Self> {
        let parts: Vec<Moments> = queries.iter().map(|query| query.moments).collect();
        let estimated = Self::of(&parts)?;
        let calls: u64 = parts.iter().map(|part| part.calls).sum();
        let histogram = Histogram::merged(queries.iter().filter_map(|q| q.histogram.as_ref()));
        let measured = histogram.filter(|histogram| histogram.covers(calls));
        Some(measured.map_or(estimated, |histogram| {
            let floor = parts.iter().map(|part| part.low).fold(f64::INFINITY, f64::min);
            estimated.measured(&histogram, calls, floor)
        }))
    }

    /// The same by a histogram of these executions.
    fn measured(self, histogram: &Histogram, calls: u64, floor: f64) -> Self {
        let of = |p: f64, estimated: Percentile| {
            let span = histogram.percentile(p, calls, floor);
            if span.at_most.is_finite() {
                return Percentile { ms: span.ms, at_least: span.at_least, at_most: span.at_most };
            }
            // The last bucket is open: how far it reaches, mean and deviation say.
            let at_most = estimated.at_most.max(span.at_least);
            let ms = estimated.ms.clamp(span.at_least, at_most);
            Percentile { ms, at_least: span.at_least, at_most }
        };
        Self {
            method: Method::Measured,
            p50: of(0.5, self.p50),
            p95: of(0.95, self.p95),
            p99: of(0.99, self.p99),
        }
    }

    /// Of all these executions together, from means and deviations; `None` where there are none.
    #[must_use]
    pub fn of(parts: &[Moments]) -> Option<Self> {
        let parts: Vec<&Moments> = parts.iter().filter(|part| is_sound(part)).collect();
        let pooled = Moments::pooled(parts.iter().copied());
        if pooled.calls == 0 {
            return None;
        }
        let mixture = Mixture::of(&parts, &pooled);
        let at = |p: f64| {
            let (at_least, at_most) = bounds(&parts, &pooled, p);
            let ms = mixture.quantile(p).clamp(at_least, at_most);
            Percentile { ms, at_least, at_most }
        };
        Some(Self { method: Method::Estimated, p50: at(0.5), p95: at(0.95), p99: at(0.99) })
    }
}

fn is_sound(part: &Moments) -> bool {
    part.calls > 0 && [part.mean, part.variance, part.variance_error].iter().all(|x| x.is_finite())
}

/// Between what the percentile certainly lies.
fn bounds(parts: &[&Moments], pooled: &Moments, p: f64) -> (f64, f64) {
    let sd = pooled.stddev_at_most();
    let at_least = (pooled.mean - sd * ((1.0 - p) / p).sqrt()).max(pooled.low).max(0.0);
    let at_most = (pooled.mean + sd * (p / (1.0 - p)).sqrt()).min(pooled.high);
    if parts.len() == 1 {
        return (at_least, at_most.max(at_least));
    }
    // More than 1 − p of all executions take as long as the percentile or longer. So it lies below
    // every time that, by the sum of the parts' own bounds, at most 1 − p of them can reach.
    let calls = pooled.calls as f64;
    let reach = |x: f64| {
        parts.iter().map(|part| part.calls as f64 / calls * tail(part, x)).sum::<f64>() <= 1.0 - p
    };
    let (mut below, mut above) = (at_least, at_most.max(at_least));
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(below, above);
        if reach(middle) { above = middle } else { below = middle }
    }
    (at_least, above)
}

/// The largest share of a part's executions that can take `x` or longer (Cantelli).
fn tail(part: &Moments, x: f64) -> f64 {
    match () {
        () if x <= part.mean => 1.0,
        () if x > part.high => 0.0,
        () => {
            let variance = part.variance + part.variance_error;
            variance / (variance + (x - part.mean).powi(2))
        }
    }
}

/// Lognormal parts with their weights.
struct Mixture {
    parts: Vec<Lognormal>,
    /// Between what logarithms everything lies that matters.
    span: (f64, f64),
}

struct Lognormal {
    weight: f64,
    mu: f64,
    sigma: f64,
}

impl Mixture {
    fn of(parts: &[&Moments], pooled: &Moments) -> Self {
        // A time of 0 has no logarithm; a nanosecond is as short.
        let parts: Vec<Lognormal> = parts
            .iter()
            .map(|part| {
                let mean = part.mean.max(1e-6);
                let spread = (part.variance / (mean * mean)).ln_1p();
                Lognormal {
                    weight: part.calls as f64 / pooled.calls as f64,
                    mu: mean.ln() - spread / 2.0,
                    sigma: spread.sqrt(),
                }
            })
            .collect();
        let end = |sign: f64| parts.iter().map(move |part| part.mu + sign * 6.0 * part.sigma);
        let span = (
            end(-1.0).fold(f64::INFINITY, f64::min) - 1e-3,
            end(1.0).fold(f64::NEG_INFINITY, f64::max) + 1e-3,
        );
        Self { parts, span }
    }

    fn quantile(&self, p: f64) -> f64 {
        let (mut below, mut above) = self.span;
        for _ in 0..HALVINGS {
            let middle = f64::midpoint(below, above);
            if self.share_below(middle) < p { below = middle } else { above = middle }
        }
        above.exp()
    }

    /// The share of executions whose logarithm is at most this.
    fn share_below(&self, logarithm: f64) -> f64 {
        self.parts.iter().map(|part| part.weight * part.share_below(logarithm)).sum()
    }
}

impl Lognormal {
    fn share_below(&self, logarithm: f64) -> f64 {
        let apart = logarithm - self.mu;
        if self.sigma < 1e-9 {
            return if apart >= 0.0 { 1.0 } else { 0.0 };
        }
        normal(apart / self.sigma)
    }
}

/// The normal distribution, by formula 26.2.17 of Abramowitz and Stegun: wrong by 7.5e-8 at most.
fn normal(z: f64) -> f64 {
    const B: [f64; 5] =
        [0.319_381_530, -0.356_563_782, 1.781_477_937, -1.821_255_978, 1.330_274_429];
    let t = 1.0 / (1.0 + 0.231_641_9 * z.abs());
    let series = B.iter().rev().fold(0.0, |sum, b| (sum + b) * t);
    let upper = series * (-z * z / 2.0).exp() / (2.0 * std::f64::consts::PI).sqrt();
    if z >= 0.0 { 1.0 - upper } else { upper }
}

#[cfg(test)]
mod tests;
