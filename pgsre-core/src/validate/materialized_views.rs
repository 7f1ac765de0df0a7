//! Materialized views: filled, not only there.

use async_trait::async_trait;

use super::catalogue::{RelationKind, Relations};
use super::{Validation, ValidationContext, Validator, ValidatorError};
use crate::archive::ObjectName;
use crate::finding::{Finding, FindingCode, Severity};
use crate::postgres::Snapshot;

/// Every materialized view is populated.
///
/// `pg_dump` writes `WITH NO DATA` for all of them and refreshes at the end those that the source
/// had populated. One that is left empty was empty in the source, or its refresh is missing from
/// the dump: a live source can tell which. Without one it is a warning only, because nothing is lost
/// that a refresh would not bring back, and an unpopulated view is as legitimate as any.
#[derive(Clone, Copy, Debug, Default)]
pub struct MaterializedViews;

#[async_trait]
impl Validator for MaterializedViews {
    fn name(&self) -> &str {
        "materialized views"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let restored = views(cx.restored, cx).await?;
        let empty: Vec<_> = restored.iter().filter(|(_, populated)| !populated).collect();
        let mut validation = Validation::of_optional(restored.len() as u64);
        let live = match cx.live {
            Some(live) if !empty.is_empty() => views(live, cx).await?,
            _ => Vec::new(),
        };
        for (name, _) in empty {
            let in_source = live.iter().find(|(other, _)| other == name);
            judge(name, in_source.map(|(_, populated)| *populated), cx, &mut validation);
        }
        Ok(validation)
    }
}

/// Judges a view that is not populated; `in_source` says whether the live one is.
fn judge(
    name: &ObjectName,
    in_source: Option<bool>,
    cx: &ValidationContext<'_>,
    validation: &mut Validation,
) {
    let subject = match &name.schema {
        Some(schema) => format!("{schema}.{}", name.name),
        None => name.name.clone(),
    };
    let finding = |message: &str| {
        Finding::critical(FindingCode::RowsMismatch, &subject, message)
            .with_hint("look for its REFRESH MATERIALIZED VIEW in the dump")
    };
    match in_source {
        Some(false) => {
            let message = "the materialized view is not populated, nor is it in the live database";
            validation.findings.push(Finding::info(FindingCode::RowsMismatch, subject, message));
        }
        Some(true) => validation.report(
            finding("the materialized view is not populated, in the live database it is"),
            cx.environment_failed(),
        ),
        None => validation.findings.push(Finding {
            severity: Severity::Warning,
            ..finding(
                "the materialized view is not populated: either it was not in the source, or the \
                 dump leaves out its refresh; a REFRESH fills it",
            )
        }),
    }
}

/// The materialized views of a database, and whether each is populated.
async fn views(
    database: &crate::postgres::Database,
    cx: &ValidationContext<'_>,
) -> Result<Vec<(ObjectName, bool)>, ValidatorError> {
    let snapshot = Snapshot::open(database, cx.cancel).await?;
    let relations = Relations::read(&snapshot).await?;
    Ok(relations
        .iter()
        .filter(|relation| relation.kind == RelationKind::MaterializedView)
        .map(|view| {
            let name = ObjectName { schema: Some(view.schema.clone()), name: view.name.clone() };
            (name, view.populated)
        })
        .collect())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::fixture::Fixture;
    use super::*;

    const EMPTY: &str = "CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one WITH NO DATA";
    const FILLED: &str = "CREATE MATERIALIZED VIEW mv AS SELECT 1 AS one";

    #[tokio::test]
    async fn a_view_that_was_never_refreshed_is_worth_a_warning() {
        let fixture = Fixture::new(EMPTY).await;
        let validation = MaterializedViews.validate(&fixture.context()).await.unwrap();
        assert_eq!(validation.findings[0].severity, Severity::Warning);
        assert!(validation.unproved.is_empty());
    }

    #[tokio::test]
    async fn a_view_that_the_live_source_has_filled_is_a_mismatch() {
        let (fixture, live) = (Fixture::new(EMPTY).await, Fixture::new(FILLED).await);
        let validation = MaterializedViews.validate(&fixture.beside(&live)).await.unwrap();
        assert_eq!(validation.findings[0].severity, Severity::Critical);
    }

    #[tokio::test]
    async fn a_view_that_is_empty_in_the_live_source_too_is_sound() {
        let (fixture, live) = (Fixture::new(EMPTY).await, Fixture::new(EMPTY).await);
        let validation = MaterializedViews.validate(&fixture.beside(&live)).await.unwrap();
        assert!(validation.unproved.is_empty());
    }

    #[tokio::test]
    async fn a_refreshed_view_is_sound() {
        let fixture = Fixture::new(FILLED).await;
        assert_eq!(
            MaterializedViews.validate(&fixture.context()).await.unwrap(),
            Validation::sound(1)
        );
    }
}
