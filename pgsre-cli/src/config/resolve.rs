//! From the file's shape to what it means.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::Spanned;

use super::error::ConfigError;
use super::reader::Reader;
use super::shape::Text;
use super::{
    Backups, CompareTo, Config, DrillConfig, ReportConfig, Server, alerter, linting, rule,
    schedule, shape, taking, validator, watching,
};

pub(super) fn config(reader: &Reader<'_>, shape: shape::Config) -> Result<Config, ConfigError> {
    let mut servers: Vec<Server> = Vec::with_capacity(shape.server.len());
    for shape in shape.server {
        let span = shape.name.span();
        let server = server(reader, shape)?;
        if servers.iter().any(|other| other.name == server.name) {
            return Err(reader.error(span, "two servers have this name"));
        }
        servers.push(server);
    }
    Ok(Config {
        path: Some(reader.path().to_owned()),
        named: false,
        servers,
        rules: shape
            .rule
            .into_iter()
            .map(|r| rule::resolve(reader, r))
            .collect::<Result<_, _>>()?,
        alerters: alerter::resolve_all(reader, &shape.alerter)?,
        report: ReportConfig {
            sign_key: shape
                .report
                .sign_key
                .map(|path| reader.string(&path))
                .transpose()?
                .map(Into::into),
        },
        silences: shape
            .silence
            .iter()
            .map(|silence| rule::silence(reader, silence))
            .collect::<Result<_, _>>()?,
        history: watching::history(reader, &shape.history)?,
        watch: watching::resolve(reader, &shape.watch)?,
        migrate: linting::resolve(reader, &shape.migrate)?,
    })
}

fn server(reader: &Reader<'_>, shape: shape::Server) -> Result<Server, ConfigError> {
    let url = shape.url.as_ref().map(|url| reader.secret(url)).transpose()?;
    let compare_to = compare_to(reader, &shape.drill, url.is_some())?;
    Ok(Server {
        name: reader.string(&shape.name)?,
        url,
        standbys: reader.strings(&shape.standbys)?,
        apply_delays: apply_delays(reader, shape.apply_delays)?,
        pgbouncer: shape.pgbouncer.as_ref().map(|url| reader.secret(url)).transpose()?,
        backups: shape.backups.map(|backups| self::backups(reader, &backups)).transpose()?,
        drill: drill(reader, shape.drill, compare_to)?,
    })
}

fn apply_delays(
    reader: &Reader<'_>,
    shape: BTreeMap<String, Text>,
) -> Result<BTreeMap<String, Duration>, ConfigError> {
    let read = |(standby, delay)| {
        let delay = reader.duration(&Some(delay))?.unwrap_or_default();
        Ok((standby, delay))
    };
    shape.into_iter().map(read).collect()
}

fn backups(reader: &Reader<'_>, shape: &shape::Backups) -> Result<Backups, ConfigError> {
    Ok(Backups {
        source: reader.secret(&shape.source)?,
        max_age: reader.duration(&shape.max_age)?,
        min_size: reader.size(&shape.min_size)?,
        max_shrink: reader.ratio(&shape.max_shrink)?,
        taking: taking::resolve(reader, shape)?,
    })
}

fn drill(
    reader: &Reader<'_>,
    shape: shape::Drill,
    compare_to: CompareTo,
) -> Result<DrillConfig, ConfigError> {
    Ok(DrillConfig {
        target: shape.target.as_ref().map(|target| reader.secret(target)).transpose()?,
        schedule: schedule::resolve(reader, shape.schedule.as_ref(), shape.timezone.as_ref())?,
        compare_to,
        max_age: reader.duration(&shape.max_age)?,
        rto: reader.duration(&shape.rto)?,
        rpo: reader.duration(&shape.rpo)?,
        jobs: jobs(reader, shape.jobs.as_ref())?,
        timeout: reader.duration(&shape.timeout)?,
        allow_untrailed: shape.allow_untrailed,
        expect_empty: reader.strings(&shape.expect_empty)?,
        max_missing_rows: shape.max_missing_rows,
        max_missing_ratio: reader.ratio(&shape.max_missing_ratio)?,
        min_tables: shape.min_tables,
        min_rows: shape.min_rows,
        min_size: reader.size(&shape.min_size)?,
        validators: shape
            .validator
            .iter()
            .map(|v| validator::resolve(reader, v))
            .collect::<Result<_, _>>()?,
    })
}

fn compare_to(
    reader: &Reader<'_>,
    shape: &shape::Drill,
    has_url: bool,
) -> Result<CompareTo, ConfigError> {
    let Some(value) = &shape.compare_to else { return Ok(CompareTo::None) };
    match reader.string(value)?.as_str() {
        "none" => Ok(CompareTo::None),
        "live" if has_url => Ok(CompareTo::Live),
        "live" => {
            let message = "`compare_to = \"live\"` needs the server's `url`";
            Err(reader.error(value.span(), message))
        }
        url if url.contains("://") || url.contains('=') => {
            Ok(CompareTo::Url(super::Secret::new(url)))
        }
        _ => {
            let message = "expected \"live\", \"none\" or postgres://…";
            Err(reader.error(value.span(), message))
        }
    }
}

fn jobs(reader: &Reader<'_>, value: Option<&Spanned<u16>>) -> Result<Option<u16>, ConfigError> {
    match value {
        Some(jobs) if !(1..=256).contains(jobs.get_ref()) => {
            Err(reader.error(jobs.span(), "`jobs` is from 1 to 256"))
        }
        Some(jobs) => Ok(Some(*jobs.get_ref())),
        None => Ok(None),
    }
}
