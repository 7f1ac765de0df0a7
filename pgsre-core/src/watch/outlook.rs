//! What follows from history: how fast disks fill, and how long it takes until something runs out.

use std::collections::HashMap;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use crate::forecast::{self, Forecast, Refusal};
use crate::history::samples::{SampleStore, Series, SeriesQuery};
use crate::monitor::{Metric, Reading, Sample};

/// How often it is looked anew: growth over days does not change within minutes.
const RENEWAL: SignedDuration = SignedDuration::from_mins(10);

const HOUR: Duration = Duration::from_secs(3_600);

const DAY: Duration = Duration::from_secs(86_400);

/// The farthest that is looked ahead.
const HORIZON: Duration = Duration::from_secs(90 * 86_400);

/// Data: the last month by hours.
const SLOWLY: View = View { span: Duration::from_secs(30 * 86_400), step: HOUR };

/// Write-ahead log, and a disk that something fills right now: the last hours by minutes.
const QUICKLY: View = View { span: Duration::from_secs(6 * 3_600), step: Duration::from_secs(120) };

/// Connections: the peaks of the days.
const DAILY: View = View { span: Duration::from_secs(60 * 86_400), step: DAY };

const BY_DAYS: &str = "Theil-Sen over days";
const BY_HOURS: &str = "Theil-Sen over hours";

/// How far back, and how closely.
#[derive(Clone, Copy, Debug)]
struct View {
    span: Duration,
    step: Duration,
}

/// Forecasts as samples, made from what a [`SampleStore`] holds and looked at anew every ten
/// minutes.
///
/// Where there is too little to say the sample is unknown, and its method says why. A store that
/// cannot be read makes all of them unknown.
#[derive(Debug, Default)]
pub struct Outlook {
    known: HashMap<String, (Timestamp, Vec<Sample>)>,
}

impl Outlook {
    /// What follows for the server of this reading, at its time.
    pub async fn samples(&mut self, store: &dyn SampleStore, reading: &Reading) -> Vec<Sample> {
        let server = &reading.server.name;
        let is_recent = |at: Timestamp| reading.at.duration_since(at) < RENEWAL;
        if !self.known.get(server).is_some_and(|(at, _)| is_recent(*at)) {
            let samples = look(store, server, reading.at).await;
            self.known.insert(server.clone(), (reading.at, samples));
        }
        let known = self.known.get(server).map(|(_, samples)| samples.as_slice());
        let mut samples = known.map(<[Sample]>::to_vec).unwrap_or_default();
        samples.iter_mut().for_each(|sample| sample.at = reading.at);
        samples
    }

    /// Forgets a server that is watched no longer.
    pub fn forget(&mut self, server: &str) {
        self.known.remove(server);
    }
}

async fn look(store: &dyn SampleStore, server: &str, now: Timestamp) -> Vec<Sample> {
    let history = History { store, server, now };
    let mut samples = Vec::new();
    samples.extend(history.disks().await);
    samples.extend(history.databases().await);
    samples.extend(history.slots().await);
    samples.extend(history.wraparound().await);
    samples.extend(history.connections().await);
    samples
}

struct History<'a> {
    store: &'a dyn SampleStore,
    server: &'a str,
    now: Timestamp,
}

impl History<'_> {
    async fn series(&self, metric: Metric, view: View) -> Option<Vec<Series>> {
        let query = SeriesQuery::last(self.server, metric, view.span, self.now).by(view.step);
        self.store.series(&query).await.ok()
    }

    /// File systems run full as their free space says: whatever it is that fills them.
    async fn disks(&self) -> Vec<Sample> {
        let free = Metric::DiskFreeBytes;
        let (Some(slowly), Some(quickly)) =
            (self.series(free, SLOWLY).await, self.series(free, QUICKLY).await)
        else {
            return vec![self.unreadable(Metric::DiskDaysUntilFull)];
        };
        let mut samples = Vec::new();
        for series in &slowly {
            let points = series.known();
            if let Ok(growth) = forecast::growth(&points) {
                let rate = Sample::exact(Metric::DiskGrowthRate, -growth.per_second, self.now);
                let error = (growth.between.1 - growth.between.0) / 2.0;
                samples.push(like(series, rate).by(BY_DAYS, Some(error)));
            }
            let soon = quickly.iter().find(|quick| quick.labels == series.labels);
            let soon = soon.and_then(|quick| forecast::until(&quick.known(), 0.0, HORIZON).ok());
            // The last hours count where they leave no doubt: else every bulk load is an alarm.
            let soon = soon.filter(|soon| soon.latest.is_some());
            let late = forecast::until(&points, 0.0, HORIZON);
            let (forecast, method) = match (soon, late) {
                (Some(soon), Ok(late)) if soon.at >= late.at => (Ok(late), BY_DAYS),
                (Some(soon), _) => (Ok(soon), BY_HOURS),
                (None, late) => (late, BY_DAYS),
            };
            let until = self.until(Metric::DiskDaysUntilFull, &forecast, DAY, method);
            samples.push(like(series, until));
            let earliest = forecast.map(|forecast| Forecast { at: forecast.earliest, ..forecast });
            let metric = Metric::DiskDaysUntilFullEarliest;
            samples.push(like(series, self.until(metric, &earliest, DAY, method)));
        }
        samples
    }

    /// Which database it is that grows.
    async fn databases(&self) -> Vec<Sample> {
        let used = self.series(Metric::DiskUsedBytes, SLOWLY).await.unwrap_or_default();
        let growing = used.iter().filter_map(|series| {
            let growth = forecast::growth(&series.known()).ok()?;
            let rate = Sample::exact(Metric::DiskGrowthRate, growth.per_second, self.now);
            let error = (growth.between.1 - growth.between.0) / 2.0;
            Some(like(series, rate).by(BY_DAYS, Some(error)))
        });
        growing.collect()
    }

    async fn slots(&self) -> Vec<Sample> {
        let metric = Metric::SlotSecondsUntilLost;
        let second = Duration::from_secs(1);
        self.each(Metric::SlotSafeBytes, QUICKLY, metric, second, BY_HOURS).await
    }

    async fn wraparound(&self) -> Vec<Sample> {
        let kinds =
            [(Metric::WraparoundXidLeft, "xid"), (Metric::WraparoundMultixactLeft, "multixact")];
        let mut samples = Vec::new();
        for (left, kind) in kinds {
            let of = self.each(left, SLOWLY, Metric::WraparoundDaysLeft, DAY, BY_DAYS).await;
            samples.extend(of.into_iter().map(|sample| sample.about("kind", kind)));
        }
        samples
    }

    /// The peaks of the days against what may be used.
    async fn connections(&self) -> Vec<Sample> {
        let metric = Metric::ConnectionsDaysUntilFull;
        let Some(saturation) = self.series(Metric::ConnectionsSaturation, DAILY).await else {
            return vec![self.unreadable(metric)];
        };
        let of = saturation.iter().map(|series| {
            // A day that is not over has not seen its peak.
            let is_over =
                |at: Timestamp| self.now.duration_since(at) >= SignedDuration::from_hours(24);
            let over = series.points.iter().filter(|point| is_over(point.at));
            let peaks: Vec<_> = over.filter_map(|point| Some((point.at, point.max?))).collect();
            let forecast = forecast::until(&peaks, 1.0, HORIZON);
            like(series, self.until(metric, &forecast, DAY, BY_DAYS))
        });
        of.collect()
    }

    /// When each series of a metric is at 0.
    async fn each(
        &self,
        of: Metric,
        view: View,
        metric: Metric,
        unit: Duration,
        method: &'static str,
    ) -> Vec<Sample> {
        let Some(all) = self.series(of, view).await else { return vec![self.unreadable(metric)] };
        let known = all.iter().filter(|series| !series.known().is_empty());
        let until = known.map(|series| {
            let forecast = forecast::until(&series.known(), 0.0, HORIZON);
            like(series, self.until(metric, &forecast, unit, method))
        });
        until.collect()
    }

    fn until(
        &self,
        metric: Metric,
        forecast: &Result<Forecast, Refusal>,
        unit: Duration,
        method: &'static str,
    ) -> Sample {
        let units =
            |at: Timestamp| at.duration_since(self.now).as_secs_f64().max(0.0) / unit.as_secs_f64();
        match forecast {
            Ok(forecast) => {
                let latest = forecast.latest.map(units);
                let error = latest.map(|latest| (latest - units(forecast.earliest)) / 2.0);
                Sample::exact(metric, units(forecast.at), self.now).by(method, error)
            }
            Err(refusal) => Sample::unknown(metric, self.now).by(refused(refusal), None),
        }
    }

    fn unreadable(&self, metric: Metric) -> Sample {
        Sample::unknown(metric, self.now).by("the history cannot be read", None)
    }
}

const fn refused(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::TooFew { .. } => "too little history",
        Refusal::NotGrowing => "does not grow",
        Refusal::NotWithin { .. } => "not as far as the history reaches",
    }
}

/// About the same as the series.
fn like(series: &Series, mut sample: Sample) -> Sample {
    sample.labels.clone_from(&series.labels);
    sample
}

#[cfg(test)]
mod tests;
