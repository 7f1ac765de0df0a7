//! `[migrate]`: what `pgsre migrate lint` takes for granted, and which hazards a team has accepted.

use std::collections::BTreeMap;

use pgsre_core::finding::Severity;
use pgsre_core::migrate::RULES;
use toml::Spanned;

use super::error::ConfigError;
use super::reader::Reader;
use super::shape;
use crate::args::FailOn;

const SEVERITIES: [(&str, Severity); 3] =
    [("info", Severity::Info), ("warning", Severity::Warning), ("critical", Severity::Critical)];

const FAIL_ON: [(&str, FailOn); 3] =
    [("info", FailOn::Info), ("warning", FailOn::Warning), ("critical", FailOn::Critical)];

/// How migrations are linted.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LintConfig {
    /// The server's major version.
    pub pg_version: Option<u32>,
    /// Whether the migration tool runs each file as one transaction.
    pub in_transaction: bool,
    /// The least hazard that fails.
    pub fail_on: Option<FailOn>,
    /// How bad a rule's hazards are, whatever the rule says.
    pub severity: BTreeMap<String, Severity>,
    /// Hazards that are accepted.
    pub allowed: Vec<Allowed>,
}

/// A rule whose hazards are accepted.
#[derive(Clone, Debug, PartialEq)]
pub struct Allowed {
    /// The rule.
    pub rule: String,
    /// Only in files whose path has this in it.
    pub path: Option<String>,
}

pub(super) fn resolve(
    reader: &Reader<'_>,
    shape: &shape::Migrate,
) -> Result<LintConfig, ConfigError> {
    let fail_on = shape.fail_on.as_ref().map(|text| reader.one_of(text, &FAIL_ON)).transpose()?;
    let mut severity = BTreeMap::new();
    for (rule, text) in &shape.severity {
        known(reader, rule, text.span())?;
        severity.insert(rule.clone(), reader.one_of(text, &SEVERITIES)?);
    }
    let allowed = shape.allow.iter().map(|one| allowed(reader, one)).collect::<Result<_, _>>()?;
    Ok(LintConfig {
        pg_version: shape.pg_version.as_ref().map(|value| version(reader, value)).transpose()?,
        in_transaction: shape.in_transaction,
        fail_on,
        severity,
        allowed,
    })
}

/// A hazard is accepted for a reason, which is written down beside it.
fn allowed(reader: &Reader<'_>, shape: &shape::Allow) -> Result<Allowed, ConfigError> {
    let rule = reader.string(&shape.rule)?;
    known(reader, &rule, shape.rule.span())?;
    if reader.string(&shape.reason)?.trim().is_empty() {
        return Err(reader.error(shape.reason.span(), "`reason` says why the hazard is accepted"));
    }
    let path = shape.path.as_ref().map(|path| reader.string(path)).transpose()?;
    Ok(Allowed { rule, path })
}

fn known(reader: &Reader<'_>, rule: &str, span: std::ops::Range<usize>) -> Result<(), ConfigError> {
    if RULES.iter().any(|one| one.name == rule) {
        return Ok(());
    }
    let error = reader.error(span, format!("there is no rule {rule}"));
    Err(error.with_hint("pgsre migrate explain lists them"))
}

fn version(reader: &Reader<'_>, value: &Spanned<u32>) -> Result<u32, ConfigError> {
    match value.get_ref() {
        version @ 13..=18 => Ok(*version),
        _ => Err(reader.error(value.span(), "`pg_version` is from 13 to 18")),
    }
}
