//! How backups are taken and which of them stay: a part of `[server.backups]`.

use pgsre_core::dump::{Compress, DumpFormat, Retention};
use pgsre_core::fingerprint::Level;
use toml::Spanned;

use super::error::ConfigError;
use super::reader::Reader;
use super::{Taking, shape};

const FORMATS: [(&str, DumpFormat); 3] = [
    ("custom", DumpFormat::Custom),
    ("directory", DumpFormat::Directory),
    ("plain", DumpFormat::Plain),
];

const LEVELS: [(&str, Option<Level>); 4] = [
    ("none", None),
    ("counts", Some(Level::Counts)),
    ("sample", Some(Level::Sample)),
    ("content", Some(Level::Content)),
];

pub(super) fn resolve(reader: &Reader<'_>, shape: &shape::Backups) -> Result<Taking, ConfigError> {
    let format = shape.dump_format.as_ref().map(|text| reader.one_of(text, &FORMATS));
    let level = shape.level.as_ref().map(|text| reader.one_of(text, &LEVELS));
    Ok(Taking {
        dump_format: format.transpose()?,
        compress: shape.compress.as_ref().map(|text| compress(reader, text)).transpose()?,
        level: level.transpose()?,
        verify: shape.verify,
        retention: Retention {
            last: count(reader, shape.keep_last.as_ref())?,
            hourly: count(reader, shape.keep_hourly.as_ref())?,
            daily: count(reader, shape.keep_daily.as_ref())?,
            weekly: count(reader, shape.keep_weekly.as_ref())?,
            monthly: count(reader, shape.keep_monthly.as_ref())?,
            yearly: count(reader, shape.keep_yearly.as_ref())?,
            within: reader.duration(&shape.keep_within)?,
        },
    })
}

fn compress(reader: &Reader<'_>, text: &shape::Text) -> Result<Compress, ConfigError> {
    reader.string(text)?.parse().map_err(|message: String| reader.error(text.span(), message))
}

/// A rule that keeps none is no rule, and surely not meant.
fn count(reader: &Reader<'_>, value: Option<&Spanned<u32>>) -> Result<Option<u32>, ConfigError> {
    match value {
        Some(count) if *count.get_ref() == 0 => {
            Err(reader.error(count.span(), "expected a number from 1; leave the rule out"))
        }
        count => Ok(count.map(|count| *count.get_ref())),
    }
}
