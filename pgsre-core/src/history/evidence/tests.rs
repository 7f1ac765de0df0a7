#![expect(clippy::unwrap_used, reason = "tests")]

use jiff::Timestamp;

use super::*;
use crate::archive::{ArchiveSummary, DumpScope, ObjectName, Preamble};
use crate::backup::{Backup, BackupFormat, BackupPart, Compression};
use crate::drill::{CleanupReport, ManifestProof, ObjectivesReport, Provenance, Stage};
use crate::finding::FindingCode;
use crate::fingerprint::{
    Aspect, Compared, DiffLine, Difference, DifferenceKind, Level, ObjectKind,
};
use crate::history::{Listing, ReportSummary, index, to_json};
use crate::restore::{DatabaseLoad, RunId};

/// A report with something in every part.
pub(in crate::history) fn sample(id: &str, verdict: Verdict) -> DrillReport {
    let run: RunId = id.parse().unwrap();
    let began = run.started();
    let stage = |name, seconds| StageReport { name, seconds, outcome: StageOutcome::Done };
    DrillReport {
        schema: 1,
        id: run,
        verdict,
        cancelled: false,
        started_at: began,
        finished_at: began + std::time::Duration::from_secs(52),
        pgsre_version: "0.1.0".into(),
        source: "s3://acme-backups/shop/".into(),
        target: "ephemeral cluster".into(),
        backup: Some(backup(began)),
        archive: Some(preamble()),
        stages: vec![
            stage(Stage::Find, 0.412),
            stage(Stage::Prepare, 3.1),
            stage(Stage::Restore, 37.5),
            stage(Stage::Validate, 8.2),
            stage(Stage::Cleanup, 0.7),
            stage(Stage::Notify, 0.2),
        ],
        validations: validations(verdict),
        findings: findings(verdict),
        rto_seconds: Some(41.0),
        objectives: ObjectivesReport { rto_seconds: Some(7_200.0), rpo_seconds: Some(93_600.0) },
        manifest: None,
        load: Some(load()),
        swept: Vec::new(),
        cleanup: CleanupReport {
            outcome: CleanupOutcome::Done,
            place: Some(format!("/tmp/pgsre_{run}")),
            access: None,
            error: None,
        },
        alerts: vec![
            Delivery {
                alerter: "slack".into(),
                outcome: DeliveryOutcome::Sent,
                attempts: 2,
                error: None,
            },
            Delivery {
                alerter: "pager".into(),
                outcome: DeliveryOutcome::Failed,
                attempts: 4,
                error: Some("cannot connect to https://pager.example".into()),
            },
        ],
        provenance: Provenance {
            user: "postgres-drills".into(),
            host: "sre-runner-3".into(),
            restored_on: Some("15.18 (Debian 15.18-0+deb12u1)".into()),
        },
    }
}

fn backup(modified: Timestamp) -> Backup {
    let part = BackupPart {
        key: "shop-2026-11-22.sql.gz".into(),
        size: 401_604_608,
        modified,
        etag: Some("\"9b2cf535f27731c974343645a3985328-24\"".into()),
    };
    Backup {
        checksum: None,
        manifest: None,
        key: part.key.clone(),
        format: BackupFormat::Plain,
        size: part.size,
        modified,
        parts: vec![part],
    }
}

fn preamble() -> Preamble {
    Preamble {
        format: BackupFormat::Plain,
        compression: Compression::Gzip,
        scope: DumpScope::Database,
        server_version: Some("15.18 (Debian 15.18-0+deb12u1)".into()),
        dumped_by: Some("15.18 (Debian 15.18-0+deb12u1)".into()),
        client_encoding: Some("UTF8".into()),
        creates_database: None,
        started_on: None,
        started_locally: None,
    }
}

fn validations(verdict: Verdict) -> Vec<ValidationReport> {
    let check = |name: &str, examined, outcome, unproved: Vec<String>| ValidationReport {
        name: name.into(),
        examined,
        outcome,
        unproved,
        sections: Vec::new(),
    };
    let unproved = match verdict {
        Verdict::Inconclusive => vec!["the live server could not be reached".to_owned()],
        _ => vec![],
    };
    vec![
        check("rows loaded", 14, Verdict::Passed, vec![]),
        check("schema", 212, verdict, vec![]),
        check("live row counts", 0, verdict, unproved),
        check("ledger balances", 1, Verdict::Passed, vec![]),
    ]
}

fn findings(verdict: Verdict) -> Vec<Finding> {
    let info = Finding::info(FindingCode::SourceStale, "shop-2026-11-22.sql.gz", "is 11 h old");
    match verdict {
        Verdict::Passed => vec![info],
        Verdict::Inconclusive => vec![
            Finding::critical(
                FindingCode::EnvironmentMissingExtension,
                "postgis",
                "extension \"postgis\" is not available",
            )
            .with_hint("install postgresql-15-postgis-3 where the drill runs"),
            info,
        ],
        Verdict::Failed => vec![
            Finding::critical(
                FindingCode::ConstraintMissing,
                "public.orders.orders_pkey",
                "the backup declares it, the server refused it: could not create unique index",
            )
            .with_hint("look for doubled rows in the source: id 4711 <script>alert(1)</script>"),
            Finding::warning(FindingCode::SequenceBehind, "public.\"größe & co\"", "behind"),
            info,
        ],
    }
}

fn load() -> LoadReport {
    let table = |name: &str, rows, bytes, seconds| TableLoad {
        connections: 1,
        table: ObjectName { schema: Some("public".into()), name: name.into() },
        rows,
        bytes,
        seconds,
        line: 812,
        failed: false,
        excused: false,
    };
    let statement = |head: &str, line, seconds| SlowStatement { head: head.into(), line, seconds };
    LoadReport {
        databases: vec![DatabaseLoad {
            name: "shop".into(),
            tables: vec![
                table("customers", 120_000, 14_200_000, 0.61),
                table("order_items", 5_000_000, 385_875_968, 12.4),
                table("orders", 1_250_000, 90_000_000, 3.2),
                table(
                    "a_table_with_a_name_as_long_as_postgresql_allows_it_to_be_63xx",
                    9,
                    99,
                    0.01,
                ),
            ],
            ..DatabaseLoad::default()
        }],
        notes: vec!["role \"shop_owner\" was created without a login".into()],
        archive: Some(ArchiveSummary { bytes_unpacked: 1_181_116_006, ..Default::default() }),
        slowest: vec![
            statement(
                "CREATE INDEX order_items_order_id_idx ON public.order_items USING btree (order_id)",
                5_120_044,
                6.1,
            ),
            statement(
                "ALTER TABLE ONLY public.order_items ADD CONSTRAINT order_items_pkey PRIMARY KEY (id)",
                5_120_012,
                4.4,
            ),
            statement(
                "ALTER TABLE ONLY public.orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY",
                5_120_080,
                0.9,
            ),
        ],
        seconds: 37.5,
        ..LoadReport::default()
    }
}

fn manifest() -> ManifestProof {
    let compared = Compared {
        objects: 212,
        tables: 14,
        rows: 6_370_009,
        contents: 14,
        sequences: 9,
        large_objects: 3,
    };
    ManifestProof {
        key: "shop-2026-11-22.sql.gz.pgsre.json".into(),
        taken_at: Some("2026-11-22T01:00:03Z".parse().unwrap()),
        level: Some(Level::Content),
        bytes: true,
        compared,
        differences: vec![Difference {
            code: FindingCode::SchemaChanged,
            severity: crate::finding::Severity::Critical,
            kind: DifferenceKind::Object(ObjectKind::View),
            aspect: Aspect::Definition,
            subject: "public.<b>totals</b>".into(),
            expected: None,
            found: None,
            lines: vec![
                DiffLine::Same(" SELECT sum(amount) AS total".into()),
                DiffLine::Expected("   FROM public.orders".into()),
                DiffLine::Found("   FROM public.\"<script>\"".into()),
                DiffLine::Omitted(4),
            ],
            consequences: 0,
        }],
        more_differences: 0,
    }
}

const ID: &str = "20261122t030000z_1a2b3c4d";

fn html(report: &DrillReport) -> String {
    page(report, &to_json(report.id, report).unwrap(), &[]).unwrap()
}

#[test]
fn a_page_says_the_verdict_and_everything_that_an_auditor_asks() {
    let page = html(&sample(ID, Verdict::Failed));
    for text in [
        "Failed",
        "Do not rely on it",
        "shop-2026-11-22.sql.gz",
        "383.0\u{a0}MiB",
        "2026-11-22 03:00:00 UTC",
        "constraint.missing",
        "look for doubled rows",
        "postgres-drills",
        "sre-runner-3",
        "15.18 (Debian 15.18-0+deb12u1)",
        "41.0\u{a0}s",
        "not delivered, 4 attempts: cannot connect to https://pager.example",
        "role &#34;shop_owner&#34; was created",
        "9b2cf535f27731c974343645a3985328-24",
        "A 8.13",
    ] {
        assert!(page.contains(text), "{text} is missing");
    }
}

#[test]
fn a_page_says_how_the_backup_was_proved() {
    let mut report = sample(ID, Verdict::Failed);
    let page = html(&report);
    assert!(page.contains("No manifest lay beside the backup"));
    report.manifest = Some(manifest());
    let page = html(&report);
    for text in [
        "What was restored was compared with what the source held",
        "shop-2026-11-22.sql.gz.pgsre.json",
        "2026-11-22 01:00:03 UTC",
        "every definition, and a hash of every row",
        "14 tables, 6\u{202f}370\u{202f}009 rows",
        "held against the SHA-256 in the manifest",
        "<i class=\"expected\">−    FROM public.orders</i>",
        "public.&#60;b&#62;totals&#60;/b&#62;",
        "… 4 more lines",
    ] {
        assert!(page.contains(text), "{text} is missing");
    }
    assert!(!page.contains("<script"), "{page}");
}

#[test]
fn objectives_stand_beside_what_was_measured() {
    let mut report = sample(ID, Verdict::Passed);
    let held = |page: &str, word: &str| page.matches(&format!(">{word}</span>")).count();
    let page = html(&report);
    assert_eq!((held(&page, "held"), held(&page, "missed")), (2, 0));
    report.objectives = ObjectivesReport { rto_seconds: Some(10.0), rpo_seconds: None };
    let page = html(&report);
    assert_eq!((held(&page, "held"), held(&page, "missed")), (0, 1));
    assert!(page.contains("nothing promised"));
    report.rto_seconds = None;
    assert_eq!(held(&html(&report), "not measured"), 1);
}

#[test]
fn a_page_shows_the_recovery_times_of_past_drills_and_their_objective() {
    let mut report = sample(ID, Verdict::Passed);
    report.objectives.rto_seconds = Some(60.0);
    let past = ["20261115t030000z_00000001", "20261108t030000z_00000001"];
    let past = past.map(|id| ReportSummary::from(&sample(id, Verdict::Failed)));
    let json = to_json(report.id, &report).unwrap();
    let dots = |page: &str| page.matches("<circle").count();
    let page = page(&report, &json, &past).unwrap();
    assert_eq!(dots(&page), 3);
    assert!(page.contains("objective 60.0\u{a0}s"));
    assert_eq!(dots(&html(&report)), 0, "nothing to compare it with");
}

#[test]
fn what_could_not_be_proved_stands_on_the_page() {
    let report = sample(ID, Verdict::Inconclusive);
    let page = html(&report);
    assert!(page.contains("What could not be proved"));
    assert!(page.contains("live row counts: the live server could not be reached"));
    assert!(!html(&sample(ID, Verdict::Passed)).contains("What could not be proved"));
}

#[test]
fn nothing_from_a_backup_becomes_markup() {
    let mut report = sample(ID, Verdict::Failed);
    let evil = "\"><script>alert('x')</script><img src=//evil>";
    report.source = evil.into();
    report.target = evil.into();
    report.backup.iter_mut().for_each(|backup| backup.key = evil.into());
    report.findings.iter_mut().for_each(|finding| finding.subject = evil.into());
    report.validations.iter_mut().for_each(|check| check.name = evil.into());
    report.alerts.iter_mut().for_each(|alert| alert.alerter = evil.into());
    for table in report.load.iter_mut().flat_map(|load| &mut load.databases[0].tables) {
        table.table.name = evil.into();
    }
    let listing = Listing { reports: vec![ReportSummary::from(&report)], damaged: vec![] };
    for page in [html(&report), index(&listing, evil).unwrap()] {
        assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    }
}

#[test]
fn a_page_needs_nothing_beside_it() {
    let page = html(&sample(ID, Verdict::Passed));
    for reference in ["<script", "<link", "<img", "src=", "url(", "@import", "http://"] {
        assert!(!page.contains(reference), "{reference}");
    }
}

#[test]
fn a_drill_that_found_no_backup_has_a_page_too() {
    let report = DrillReport {
        backup: None,
        archive: None,
        load: None,
        rto_seconds: None,
        stages: vec![],
        validations: vec![],
        ..sample(ID, Verdict::Failed)
    };
    let page = html(&report);
    assert!(page.contains("no backup found") && page.contains("No check ran"));
    assert!(page.contains("not reached"));
}

#[test]
fn a_page_stays_small_whatever_a_drill_found() {
    let mut report = sample(ID, Verdict::Failed);
    let finding = report.findings[0].clone();
    report.findings = vec![finding; 10_000];
    let page = html(&report);
    assert!(page.contains("9700 more are in the JSON report"));
    assert!(page.len() < 400_000, "{}", page.len());
}
