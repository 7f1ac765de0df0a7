//! `pgsre pool lint`.

use std::path::Path;

use pgsre_core::pooler::{
    LintOptions, PoolFinding, PoolerConfig, PoolerVersion, RULES, ServerEvidence, lint,
};
use pgsre_core::postgres::Database;
use serde::Serialize;

use crate::args::{LintFormat, PoolLintArgs};
use crate::command::drill::assemble::connection;
use crate::config::Secret;
use crate::error::CommandError;
use crate::exit_code;
use crate::face::Face;
use crate::render::sarif::{self, SarifResult, SarifRule};
use crate::render::{human, json};

/// The JSON of `pgsre pool lint`.
#[derive(Debug, Serialize)]
struct Linted {
    schema: u32,
    files: Vec<String>,
    findings: Vec<PoolFinding>,
}

pub(super) async fn run(args: &PoolLintArgs, face: &Face) -> Result<u8, CommandError> {
    // A file that cannot be read is said before a server is asked.
    let configs = args.files.iter().map(|path| read(path)).collect::<Result<Vec<_>, _>>()?;
    let options = LintOptions {
        version: args.pgbouncer_version.unwrap_or(PoolerVersion::NEWEST),
        open_files: args.open_files,
        server: server(args, face).await?,
    };
    let mut linted = Linted { schema: 1, files: Vec::new(), findings: Vec::new() };
    for config in &configs {
        linted.files.extend(config.files().iter().map(|file| file.display().to_string()));
        linted.findings.extend(lint(config, &options));
    }
    face.print(&match args.format {
        LintFormat::Human => human::pool_findings(face, &linted.files, &linted.findings),
        LintFormat::Json => json::object(&linted)?,
        LintFormat::Sarif => json::object(&as_sarif(&linted))?,
    })?;
    Ok(if linted.findings.is_empty() { exit_code::PASSED } else { exit_code::FAILED })
}

fn read(path: &Path) -> Result<PoolerConfig, CommandError> {
    PoolerConfig::read(path).map_err(|error| {
        CommandError::usage(format!("cannot read {}", path.display()))
            .with_hint("give the path of a pgbouncer.ini that you may read")
            .with_cause(error)
    })
}

async fn server(args: &PoolLintArgs, face: &Face) -> Result<Option<ServerEvidence>, CommandError> {
    let Some(url) = &args.database else { return Ok(None) };
    let config = connection("--database", &Secret::new(url))?;
    let reading = async {
        let database = Database::connect(config).await?;
        ServerEvidence::read(&database).await
    };
    let (evidence, unseen) = reading.await.map_err(|error| {
        CommandError::inconclusive("the server of --database cannot be read")
            .with_hint(error.hint())
            .with_cause(error)
    })?;
    for unseen in unseen {
        face.warn(&unseen);
    }
    Ok(Some(evidence))
}

fn as_sarif(linted: &Linted) -> serde_json::Value {
    let rules: Vec<SarifRule<'_>> = RULES
        .iter()
        .map(|rule| SarifRule { name: rule.name, reason: rule.reason, fix: rule.fix })
        .collect();
    let results: Vec<SarifResult<'_>> = linted
        .findings
        .iter()
        .map(|finding| SarifResult {
            rule: finding.rule,
            level: finding.severity.into(),
            message: &finding.message,
            path: &finding.path,
            line: finding.line,
            column: None,
            end_line: None,
        })
        .collect();
    sarif::log(&rules, &results)
}
