//! Contents and definitions, compared with what the backup's manifest says they must be.

use async_trait::async_trait;

use super::{Validation, ValidationContext, Validator, ValidatorError};
use crate::finding::{Finding, FindingCode};
use crate::fingerprint::{Comparison, Fingerprint, FingerprintRequest, Level, Unobserved, compare};
use crate::manifest::Manifest;

mod excuse;
#[cfg(test)]
mod tests;

use excuse::Excuses;

/// Findings of one code that are told one by one.
const FINDINGS: usize = 20;

/// Workers that the server may add to each of our sessions: nobody else uses it.
const WORKERS: u32 = 2;

/// The restored database holds what the source held at the snapshot of the backup: every object as
/// defined, every row, sequence and large object, at the level of the manifest's fingerprint.
#[derive(Clone, Copy, Debug, Default)]
pub struct ManifestMatch;

#[async_trait]
impl Validator for ManifestMatch {
    fn name(&self) -> &str {
        "contents compared with the manifest"
    }

    fn needs_manifest(&self) -> bool {
        true
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let mut validation = Validation::of_optional(0);
        let Some(manifest) = cx.manifest.filter(|manifest| !manifest.databases.is_empty()) else {
            return Ok(validation);
        };
        validation.findings = lost_databases(manifest, cx);
        let Some(expected) = database_of(manifest, cx) else {
            let name = &cx.load.name;
            validation.unproved.push(format!("the manifest says nothing of database {name}"));
            return Ok(validation);
        };
        let found = look(expected, cx).await?;
        let mut comparison = compare(expected, &found);
        Excuses::of(cx).apply(&mut comparison);
        Ok(judge(validation, comparison))
    }
}

/// The fingerprint of the restored database, as closely as the expected one looks.
async fn look(
    expected: &Fingerprint,
    cx: &ValidationContext<'_>,
) -> Result<Fingerprint, ValidatorError> {
    let mut request = FingerprintRequest {
        level: expected.level,
        jobs: cx.jobs,
        parallel_workers: WORKERS,
        ..FingerprintRequest::default()
    };
    if let (Level::Sample, Some(one_in)) = (expected.level, expected.sample_one_in) {
        request.sample_one_in = one_in.max(1);
    }
    Fingerprint::take(cx.restored, &request, &Unobserved, cx.cancel).await.map_err(|error| {
        ValidatorError::new("take the fingerprint of the restored database").with_cause(error)
    })
}

fn judge(mut validation: Validation, comparison: Comparison) -> Validation {
    let compared = comparison.compared;
    validation.examined = compared.objects
        + compared.tables
        + compared.sequences
        + u64::from(compared.large_objects > 0);
    validation.nothing_to_examine = false;
    validation.findings.extend(comparison.findings(FINDINGS));
    validation.unproved.extend(comparison.unproved.iter().cloned());
    validation.comparison = Some(comparison);
    validation
}

/// What the manifest says of this database. A backup of one database may be restored under any
/// name.
fn database_of<'m>(manifest: &'m Manifest, cx: &ValidationContext<'_>) -> Option<&'m Fingerprint> {
    match manifest.databases.as_slice() {
        [only] if !cx.is_cluster() => Some(only),
        several => several.iter().find(|database| database.database == cx.load.name),
    }
}

/// The databases of the manifest that were not restored; said with the first that was.
fn lost_databases(manifest: &Manifest, cx: &ValidationContext<'_>) -> Vec<Finding> {
    let first = cx.report.databases.first().is_none_or(|first| first.name == cx.load.name);
    if !first || manifest.databases.len() < 2 {
        return Vec::new();
    }
    let restored = |name: &str| cx.report.databases.iter().any(|database| database.name == name);
    let lost = manifest.databases.iter().filter(|database| !restored(&database.database));
    lost.map(|database| {
        Finding::critical(
            FindingCode::SchemaMissing,
            &database.database,
            "the manifest says that the backup holds this database, and it was not restored",
        )
        .with_hint("look for rejected statements in the report, then take a new backup")
    })
    .collect()
}
