//! Large objects: as many as the archive created.

use async_trait::async_trait;

use super::{Validation, ValidationContext, Validator, ValidatorError};
use crate::finding::{Finding, FindingCode};
use crate::postgres::Snapshot;

pub(super) const COUNT: &str = "SELECT count(*) FROM pg_largeobject_metadata";

/// The large objects of the restored database are exactly as many as the archive created.
#[derive(Clone, Copy, Debug, Default)]
pub struct LargeObjects;

#[async_trait]
impl Validator for LargeObjects {
    fn name(&self) -> &str {
        "large objects"
    }

    async fn validate(&self, cx: &ValidationContext<'_>) -> Result<Validation, ValidatorError> {
        let snapshot = Snapshot::open(cx.restored, cx.cancel).await?;
        let there = count(&snapshot).await?;
        let created = cx.load.large_objects;
        let mut validation = Validation::of_optional(created.max(there));
        if there != created {
            let finding = Finding::critical(
                FindingCode::LargeObjectsMismatch,
                &cx.load.name,
                format!("the archive created {created} large objects, the database holds {there}"),
            )
            .with_hint("look for rejected statements in the report, then take a new backup");
            validation.report(finding, cx.is_untrailed() || cx.environment_failed());
        }
        Ok(validation)
    }
}

/// The number of large objects.
pub(super) async fn count(snapshot: &Snapshot<'_>) -> Result<u64, ValidatorError> {
    let rows = snapshot.rows("count the large objects", COUNT, &[]).await?;
    Ok(rows.first().map_or(0, |row| row.get::<_, i64>(0).unsigned_abs()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::super::fixture::Fixture;
    use super::*;

    const TWO: &str = "SELECT lo_create(4711); SELECT lo_create(4712)";

    #[tokio::test]
    async fn a_lost_large_object_is_found() {
        let mut fixture = Fixture::new(TWO).await;
        fixture.load.large_objects = 3;
        let validation = LargeObjects.validate(&fixture.context()).await.unwrap();
        assert_eq!(validation.findings[0].code, FindingCode::LargeObjectsMismatch);
    }

    #[tokio::test]
    async fn all_large_objects_there_is_sound() {
        let mut fixture = Fixture::new(TWO).await;
        fixture.load.large_objects = 2;
        assert_eq!(LargeObjects.validate(&fixture.context()).await.unwrap(), Validation::sound(2));
    }
}
