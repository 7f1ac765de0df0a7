#![expect(clippy::unwrap_used, reason = "tests")]

use super::super::fixture::{Fixture, object};
use super::*;
use crate::backup::BackupFormat;
use crate::finding::Severity;

/// One object of every kind that a dump declares.
const EVERY_KIND: &str = r#"
    CREATE SCHEMA shop;
    CREATE TABLE shop.t (id int PRIMARY KEY, "odd ""name" text, CONSTRAINT positive CHECK (id > 0));
    CREATE TABLE shop.root (a int) PARTITION BY LIST (a);
    CREATE INDEX t_odd ON shop.t ("odd ""name");
    CREATE SEQUENCE shop.s;
    CREATE VIEW shop.v AS SELECT 1 AS one;
    CREATE MATERIALIZED VIEW shop.mv AS SELECT 1 AS one;
    CREATE FUNCTION shop.f() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER touch BEFORE INSERT ON shop.t FOR EACH ROW EXECUTE FUNCTION shop.f();
    CREATE TYPE shop.mood AS ENUM ('good');
    CREATE DOMAIN shop.d AS int CONSTRAINT small CHECK (VALUE < 9);
    CREATE POLICY mine ON shop.t USING (true);
    CREATE RULE quiet AS ON DELETE TO shop.t DO INSTEAD NOTHING;
    CREATE FUNCTION shop.e() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';
    CREATE EVENT TRIGGER watch ON ddl_command_end EXECUTE FUNCTION shop.e();
    CREATE PUBLICATION pub;
    CREATE STATISTICS shop.st ON id, "odd ""name" FROM shop.t;
"#;

fn every_kind() -> Vec<Declaration> {
    let t = || object("shop.t");
    let named = |name: &str| name.to_owned();
    vec![
        Declaration::Schema(named("shop")),
        Declaration::Table {
            name: t(),
            columns: vec![named("id"), named("odd \"name")],
            kind: TableKind::Ordinary,
        },
        Declaration::Table {
            name: object("shop.root"),
            columns: vec![named("a")],
            kind: TableKind::Partitioned,
        },
        Declaration::Index { name: object("shop.t_odd"), table: t() },
        Declaration::Constraint { table: t(), name: named("t_pkey"), not_valid: false },
        Declaration::Constraint { table: t(), name: named("positive"), not_valid: false },
        Declaration::Constraint { table: object("shop.d"), name: named("small"), not_valid: false },
        Declaration::Sequence(object("shop.s")),
        Declaration::View(object("shop.v")),
        Declaration::MaterializedView(object("shop.mv")),
        Declaration::Routine(object("shop.f")),
        Declaration::Trigger { table: t(), name: named("touch") },
        Declaration::Type(object("shop.mood")),
        Declaration::Type(object("shop.d")),
        Declaration::Policy { table: t(), name: named("mine") },
        Declaration::Rule { table: t(), name: named("quiet") },
        Declaration::EventTrigger(named("watch")),
        Declaration::Extension(named("plpgsql")),
        Declaration::Publication(named("pub")),
        Declaration::Statistics(object("shop.st")),
    ]
}

async fn validation(fixture: &Fixture) -> Validation {
    DeclaredObjects.validate(&fixture.context()).await.unwrap()
}

#[tokio::test]
async fn every_kind_of_object_is_found_where_it_is_and_missed_where_it_is_not() {
    let mut sound = Fixture::new(EVERY_KIND).await;
    for object in every_kind() {
        sound.declare(object);
    }
    assert_eq!(validation(&sound).await, Validation::sound(every_kind().len() as u64));

    let mut bare = Fixture::new("DROP EXTENSION plpgsql").await;
    for object in every_kind() {
        bare.declare(object);
    }
    let findings = validation(&bare).await.findings;
    assert_eq!(findings.len(), every_kind().len(), "{findings:#?}");
    assert!(findings.iter().all(|finding| finding.severity == Severity::Critical));
}

#[tokio::test]
async fn names_without_a_schema_are_found_in_any() {
    let mut fixture = Fixture::new(EVERY_KIND).await;
    fixture.declare_table("*.t", &["id"]);
    fixture.declare(Declaration::View(object("*.v")));
    fixture.declare(Declaration::View(object("*.w")));
    let findings = validation(&fixture).await.findings;
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].subject, "view w");
}

#[tokio::test]
async fn what_the_environment_rejected_is_excused() {
    let mut fixture = Fixture::new("").await;
    fixture.declare_table("places", &["where"]).excused = true;
    assert!(validation(&fixture).await.findings.is_empty());
}

#[tokio::test]
async fn a_lost_column_is_named() {
    let mut fixture = Fixture::new("CREATE TABLE t (a int)").await;
    fixture.declare_table("t", &["a", "b"]);
    let findings = validation(&fixture).await.findings;
    assert_eq!(findings[0].message, "the table lacks declared columns: b");
}

#[tokio::test]
async fn a_view_in_place_of_a_table_is_a_change_unless_a_rule_made_it_one() {
    let mut fixture = Fixture::new("CREATE VIEW t AS SELECT 1 AS a").await;
    fixture.declare_table("t", &["a"]);
    assert_eq!(validation(&fixture).await.findings[0].code, FindingCode::SchemaChanged);
    fixture.declare(Declaration::Rule { table: object("t"), name: "_RETURN".to_owned() });
    assert!(validation(&fixture).await.findings.is_empty());
}

#[tokio::test]
async fn an_invalid_index_is_found_whether_it_was_declared_or_not() {
    let fixture = Fixture::new(
        "CREATE TABLE t (a int); CREATE INDEX t_a ON t (a);
         UPDATE pg_index SET indisvalid = false WHERE indexrelid = 't_a'::regclass",
    )
    .await;
    let findings = validation(&fixture).await.findings;
    assert_eq!(findings[0].code, FindingCode::IndexInvalid);
    assert_eq!(findings[0].severity, Severity::Critical);
}

#[tokio::test]
async fn a_partitioned_index_that_lacks_a_part_is_only_a_doubt() {
    let fixture = Fixture::new(
        "CREATE TABLE root (a int) PARTITION BY LIST (a);
         CREATE TABLE one PARTITION OF root FOR VALUES IN (1);
         CREATE INDEX root_a ON ONLY root (a)",
    )
    .await;
    let validation = validation(&fixture).await;
    assert_eq!(validation.findings[0].severity, Severity::Warning);
    assert_eq!(validation.unproved.len(), 1);
}

#[tokio::test]
async fn an_unvalidated_constraint_is_invalid_unless_declared_so() {
    let mut fixture = Fixture::new(
        "CREATE TABLE parent (a int); CREATE TABLE child () INHERITS (parent);
         ALTER TABLE parent ADD CONSTRAINT positive CHECK (a > 0) NOT VALID",
    )
    .await;
    let findings = validation(&fixture).await.findings;
    assert_eq!(findings.len(), 2);
    assert_eq!(findings[0].code, FindingCode::ConstraintInvalid);
    fixture.declare(Declaration::Constraint {
        table: object("parent"),
        name: "positive".to_owned(),
        not_valid: true,
    });
    assert!(validation(&fixture).await.findings.is_empty());
}

#[tokio::test]
async fn absence_proves_nothing_in_sql_of_another_origin() {
    let mut fixture = Fixture::new("").await;
    fixture.declare_table("renamed_later", &[]);
    fixture.report.archive = Some(crate::archive::ArchiveSummary {
        unproved: vec!["no trailer".to_owned()],
        ..crate::archive::ArchiveSummary::default()
    });
    let validation = validation(&fixture).await;
    assert_eq!(validation.findings[0].severity, Severity::Warning);
    assert_eq!(validation.unproved.len(), 1);
}

#[tokio::test]
async fn a_hundred_thousand_objects_take_seconds() {
    let mut fixture = Fixture::new(
        "DO $$ BEGIN FOR i IN 1..2000 LOOP
             EXECUTE format('CREATE FUNCTION f%s() RETURNS int LANGUAGE sql AS ''SELECT 1''', i);
         END LOOP; END $$",
    )
    .await;
    for i in 0..100_000 {
        let name = format!("f{}", 1 + i % 2000);
        fixture.declare(Declaration::Routine(object(&name)));
    }
    let began = std::time::Instant::now();
    assert_eq!(validation(&fixture).await, Validation::sound(100_000));
    assert!(began.elapsed() < std::time::Duration::from_secs(10));
}

#[tokio::test]
async fn where_something_is_declared_is_said_as_the_archive_counts() {
    let mut fixture = Fixture::new("").await;
    fixture.declare_table("shop.t", &[]);
    fixture.declare(Declaration::View(object("shop.v")));
    for (format, place) in [(BackupFormat::Plain, "on line 10"), (BackupFormat::Tar, "in entry 10")]
    {
        fixture.backup.format = format;
        let validation = DeclaredObjects.validate(&fixture.context()).await.unwrap();
        let messages: Vec<_> = validation.findings.iter().map(|found| &found.message).collect();
        assert_eq!(messages.len(), 2);
        assert!(messages.iter().all(|message| message.contains(place)), "{messages:?}");
    }
}
