//! Reading values: `${NAME}`, units, and errors that name the line.

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use pgsre_core::finding::nearest;

use super::error::ConfigError;
use super::secret::Secret;
use super::shape::Text;
use crate::environment::Environment;
use crate::units;

/// What values are read with.
pub(super) struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    environment: &'a Environment,
}

impl<'a> Reader<'a> {
    pub(super) fn new(path: &'a Path, text: &'a str, environment: &'a Environment) -> Self {
        Self { path, text, environment }
    }

    pub(super) fn path(&self) -> &Path {
        self.path
    }

    pub(super) fn error(&self, span: Range<usize>, message: impl Into<String>) -> ConfigError {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
        ConfigError::at(self.path, line, message)
    }

    /// What the TOML reader or serde has to say, without any value and with the nearest name.
    pub(super) fn shape_error(&self, error: &toml::de::Error) -> ConfigError {
        let message = without_values(error.message());
        let said = self.error(error.span().unwrap_or(0..0), message.clone());
        match suggestion(&message) {
            Some(name) => said.with_hint(format!("did you mean `{name}`?")),
            None => said,
        }
    }

    /// A value with each `${NAME}` replaced; `$$` stands for one dollar sign before a brace.
    pub(super) fn string(&self, value: &Text) -> Result<String, ConfigError> {
        interpolate(value.get_ref(), self.environment).map_err(|problem| {
            let error = self.error(value.span(), problem.message());
            error.with_hint(problem.hint())
        })
    }

    pub(super) fn strings(&self, values: &[Text]) -> Result<Vec<String>, ConfigError> {
        values.iter().map(|value| self.string(value)).collect()
    }

    pub(super) fn secret(&self, value: &Text) -> Result<Secret, ConfigError> {
        self.string(value).map(Secret::new)
    }

    /// A URL to post to.
    pub(super) fn http_url(&self, value: &Text) -> Result<Secret, ConfigError> {
        let url = self.secret(value)?;
        if url.expose().starts_with("https://") || url.expose().starts_with("http://") {
            return Ok(url);
        }
        Err(self.error(value.span(), "expected a URL that begins with https:// or http://"))
    }

    pub(super) fn duration(&self, value: &Option<Text>) -> Result<Option<Duration>, ConfigError> {
        self.optional(value, units::parse_duration)
    }

    pub(super) fn size(&self, value: &Option<Text>) -> Result<Option<u64>, ConfigError> {
        self.optional(value, units::parse_size)
    }

    pub(super) fn ratio(&self, value: &Option<Text>) -> Result<Option<f64>, ConfigError> {
        self.optional(value, units::parse_ratio)
    }

    /// One of a few names.
    pub(super) fn one_of<T: Copy>(
        &self,
        value: &Text,
        choices: &[(&str, T)],
    ) -> Result<T, ConfigError> {
        let text = self.string(value)?;
        if let Some((_, choice)) = choices.iter().find(|(name, _)| *name == text) {
            return Ok(*choice);
        }
        let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
        let message = format!("expected one of {}", quoted(&names));
        let error = self.error(value.span(), message);
        Err(match nearest(&text, names.iter().copied()) {
            Some(name) => error.with_hint(format!("did you mean \"{name}\"?")),
            None => error,
        })
    }

    fn optional<T>(
        &self,
        value: &Option<Text>,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Result<Option<T>, ConfigError> {
        let Some(value) = value else { return Ok(None) };
        let text = self.string(value)?;
        parse(&text).map(Some).map_err(|message| self.error(value.span(), message))
    }
}

fn quoted(names: &[&str]) -> String {
    names.iter().map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ")
}

/// serde says ``unknown field `max_agee`, expected one of `a`, `b` ``.
fn suggestion(message: &str) -> Option<&str> {
    let rest = message.strip_prefix("unknown field `")?;
    let (unknown, rest) = rest.split_once('`')?;
    nearest(unknown, rest.split('`').skip(1).step_by(2))
}

/// serde quotes a string of the wrong kind, and it may be a secret.
fn without_values(message: &str) -> String {
    match message.strip_prefix("invalid type: string \"").and_then(|rest| rest.rsplit_once('"')) {
        Some((_, expected)) => format!("invalid type: string{expected}"),
        None => message.to_owned(),
    }
}

enum Problem {
    Unset(String),
    Unclosed,
}

impl Problem {
    fn message(&self) -> String {
        match self {
            Self::Unset(name) => format!("the environment variable {name} is not set"),
            Self::Unclosed => "`${` without its `}`".to_owned(),
        }
    }

    fn hint(&self) -> String {
        match self {
            Self::Unset(name) => format!("export {name}, or write the value instead"),
            Self::Unclosed => "write `$${` for the characters themselves".to_owned(),
        }
    }
}

fn interpolate(text: &str, environment: &Environment) -> Result<String, Problem> {
    let mut done = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        let (before, from) = rest.split_at(at);
        if let Some(escaped) = before.strip_suffix('$') {
            done.push_str(escaped);
            done.push_str("${");
            rest = from.strip_prefix("${").unwrap_or_default();
            continue;
        }
        done.push_str(before);
        let inner = from.strip_prefix("${").unwrap_or_default();
        let (name, after) = inner.split_once('}').ok_or(Problem::Unclosed)?;
        let value = environment.variable(name).ok_or_else(|| Problem::Unset(name.to_owned()))?;
        done.push_str(value);
        rest = after;
    }
    done.push_str(rest);
    Ok(done)
}
