#![expect(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::fingerprint::{
    LargeObjectsPrint, ObjectPrint, SequencePrint, SequenceState, TablePrint, Taken,
};

fn object(kind: ObjectKind, name: &str, definition: &str) -> ObjectPrint {
    ObjectPrint {
        kind,
        name: name.to_owned(),
        definition: definition.to_owned(),
        owner: Some("shop".to_owned()),
        privileges: None,
        comment: None,
    }
}

fn table(name: &str, rows: u64, hash: &str) -> TablePrint {
    TablePrint {
        name: name.to_owned(),
        partition_of: None,
        rows: Some(rows),
        content: Some(hash.parse().unwrap()),
        sampled: None,
        key: vec!["id".to_owned()],
    }
}

fn partition(name: &str, of: &str, rows: u64, hash: &str) -> TablePrint {
    TablePrint { partition_of: Some(of.to_owned()), ..table(name, rows, hash) }
}

fn sequence(value: i64, is_called: bool) -> SequencePrint {
    let state = SequenceState { last_value: value, is_called };
    SequencePrint { name: "public.s".to_owned(), state, later: None }
}

/// A database with one of everything that is compared.
fn shop() -> Fingerprint {
    Fingerprint {
        schema: 1,
        level: Level::Content,
        sample_one_in: None,
        database: "shop".to_owned(),
        taken: Taken {
            at: "2026-06-15T03:00:00Z".parse().unwrap(),
            server_version_num: 150_018,
            lsn: None,
            standby: false,
        },
        objects: vec![
            object(ObjectKind::Database, "shop", "encoding UTF8\ncollation C"),
            object(ObjectKind::Schema, "public", ""),
            object(ObjectKind::Extension, "hstore", "schema public\nversion 1.8"),
            object(ObjectKind::Table, "public.orders", "permanent"),
            object(ObjectKind::Column, "public.orders.id", "type bigint\nnot null"),
            object(ObjectKind::Column, "public.orders.total", "type numeric(8,2)\ndefault 0"),
            object(
                ObjectKind::Index,
                "public.orders_total",
                "CREATE INDEX orders_total ON public.orders USING btree (total)",
            ),
            object(ObjectKind::Constraint, "public.orders.positive", "CHECK ((total > 0))"),
        ],
        tables: vec![
            table("public.events", 30, "60"),
            partition("public.events_a", "public.events", 10, "20"),
            partition("public.events_b", "public.events", 20, "40"),
            table("public.orders", 1000, "12345"),
        ],
        sequences: vec![sequence(1000, true)],
        large_objects: LargeObjectsPrint {
            count: 2,
            bytes: Some(10),
            content: Some("7".parse().unwrap()),
            properties: Some("8".parse().unwrap()),
        },
        gaps: Vec::new(),
    }
}

/// What is found where the restored database differs from the shop by this change.
fn after(change: impl FnOnce(&mut Fingerprint)) -> Comparison {
    let expected = shop();
    let mut found = expected.clone();
    change(&mut found);
    compare(&expected, &found)
}

fn said(comparison: &Comparison) -> Vec<(&'static str, &str)> {
    comparison.differences.iter().map(|one| (one.code.as_str(), one.subject.as_str())).collect()
}

fn named<'a>(print: &'a mut Fingerprint, name: &str) -> &'a mut ObjectPrint {
    print.objects.iter_mut().find(|object| object.name == name).unwrap()
}

fn table_named<'a>(print: &'a mut Fingerprint, name: &str) -> &'a mut TablePrint {
    print.tables.iter_mut().find(|table| table.name == name).unwrap()
}

#[test]
fn equal_fingerprints_differ_in_nothing_and_say_how_much_was_compared() {
    let comparison = after(|_| ());
    assert!(comparison.differences.is_empty() && comparison.unproved.is_empty());
    let compared = comparison.compared;
    assert_eq!((compared.objects, compared.tables, compared.rows), (8, 2, 1030));
    assert_eq!((compared.contents, compared.sequences, compared.large_objects), (2, 1, 2));
    assert!(comparison.is_equal() && comparison.findings(5).is_empty());
}

#[test]
fn a_row_more_less_or_changed_is_found_in_its_table() {
    let more = after(|found| table_named(found, "public.orders").rows = Some(1001));
    assert_eq!(said(&more), [("rows.mismatch", "public.orders")]);
    let message = &more.findings(5)[0].message;
    assert_eq!(message, "the backup's manifest says 1000 rows, found is 1001 rows");
    let changed = after(|found| {
        table_named(found, "public.orders").content = Some("12346".parse().unwrap());
    });
    assert_eq!(said(&changed), [("content.mismatch", "public.orders")]);
    assert!(!changed.is_equal());
}

#[test]
fn rows_that_moved_to_another_partition_are_news_and_a_lost_one_is_damage() {
    let moved = after(|found| {
        *table_named(found, "public.events_a") =
            partition("public.events_a", "public.events", 11, "23");
        *table_named(found, "public.events_b") =
            partition("public.events_b", "public.events", 19, "37");
    });
    assert!(moved.is_equal());
    assert_eq!(moved.differences[0].severity, Severity::Info);
    let lost = after(|found| {
        *table_named(found, "public.events") = table("public.events", 29, "57");
        *table_named(found, "public.events_b") =
            partition("public.events_b", "public.events", 19, "37");
    });
    assert_eq!(said(&lost), [("rows.mismatch", "public.events")]);
    assert_eq!(lost.differences[0].found.as_deref(), Some("29 rows (in public.events_b)"));
}

#[test]
fn a_changed_definition_owner_privilege_and_comment_are_found_with_their_lines() {
    let default = after(|found| {
        named(found, "public.orders.total").definition = "type numeric(8,2)\ndefault 1".to_owned();
    });
    assert_eq!(said(&default), [("schema.changed", "public.orders.total")]);
    assert_eq!(
        default.findings(5)[0].message,
        "the column is not as it was: - default 0 + default 1"
    );
    let owner = after(|found| named(found, "public.orders").owner = Some("eve".to_owned()));
    assert_eq!(owner.findings(5)[0].message, "the table belongs to eve instead of shop");
    let privilege = after(|found| {
        named(found, "public.orders").privileges = Some(vec!["eve=SELECT/shop".to_owned()]);
    });
    assert_eq!(privilege.differences[0].aspect, Aspect::Privileges);
    let comment = after(|found| named(found, "public.orders").comment = Some("mine".to_owned()));
    assert_eq!(comment.findings(5)[0].message, "the table's comment is mine instead of none");
}

#[test]
fn a_missing_table_is_one_finding_and_names_no_consequence() {
    let comparison = after(|found| {
        found.objects.retain(|object| !object.name.starts_with("public.orders"));
        found.tables.retain(|table| table.name != "public.orders");
    });
    assert_eq!(said(&comparison), [("schema.missing", "public.orders")]);
    assert_eq!(
        comparison.findings(5)[0].message,
        "the table is missing; 4 objects more are missing with it"
    );
}

#[test]
fn a_missing_constraint_and_one_not_validated_have_their_own_codes() {
    let missing =
        after(|found| found.objects.retain(|object| object.kind != ObjectKind::Constraint));
    assert_eq!(said(&missing), [("constraint.missing", "public.orders.positive")]);
    let invalid = after(|found| {
        named(found, "public.orders.positive").definition.push_str(" NOT VALID");
    });
    assert_eq!(said(&invalid), [("constraint.invalid", "public.orders.positive")]);
}

#[test]
fn an_invalid_index_of_the_source_may_be_missing_and_a_valid_one_may_not() {
    let mut expected = shop();
    named(&mut expected, "public.orders_total").definition.push_str("\ninvalid");
    let mut found = expected.clone();
    found.objects.retain(|object| object.kind != ObjectKind::Index);
    assert!(compare(&expected, &found).is_equal());
    assert_eq!(said(&compare(&shop(), &found)), [("schema.missing", "public.orders_total")]);
    assert_eq!(said(&compare(&shop(), &expected)), [("index.invalid", "public.orders_total")]);
}

#[test]
fn a_sequence_behind_and_one_ahead_are_told_apart() {
    let behind = after(|found| found.sequences[0].state.last_value = 999);
    assert_eq!(said(&behind), [("sequence.behind", "public.s")]);
    let ahead = after(|found| found.sequences[0].state.last_value = 1001);
    assert_eq!(said(&ahead), [("content.mismatch", "public.s")]);
    let uncalled = after(|found| found.sequences[0].state.is_called = false);
    assert_eq!(said(&uncalled), [("sequence.behind", "public.s")]);
}

#[test]
fn a_sequence_that_moved_on_during_the_dump_may_be_anywhere_between() {
    let mut expected = shop();
    expected.sequences[0].later = Some(SequenceState { last_value: 1010, is_called: true });
    let at = |value| {
        let mut found = shop();
        found.sequences[0].state.last_value = value;
        compare(&expected, &found).is_equal()
    };
    assert!(at(1000) && at(1005) && at(1010));
    assert!(!at(999) && !at(1011));
}

#[test]
fn large_objects_are_compared_by_number_content_and_properties() {
    for change in [
        (|large: &mut LargeObjectsPrint| large.count = 1) as fn(&mut LargeObjectsPrint),
        |large| large.content = Some("9".parse().unwrap()),
        |large| large.bytes = Some(11),
        |large| large.properties = Some("9".parse().unwrap()),
    ] {
        let comparison = after(|found| change(&mut found.large_objects));
        assert_eq!(said(&comparison), [("large_objects.mismatch", "large objects")]);
    }
}

#[test]
fn what_the_machine_decides_is_news() {
    let comparison = after(|found| {
        named(found, "hstore").definition = "schema public\nversion 1.9".to_owned();
        named(found, "shop").definition = "encoding UTF8\ncollation de_DE".to_owned();
    });
    assert_eq!(comparison.differences.len(), 2);
    assert!(comparison.is_equal());
    let elsewhere =
        after(|found| named(found, "hstore").definition = "schema x\nversion 1.9".to_owned());
    assert!(!elsewhere.is_equal());
}

#[test]
fn maintain_is_not_missed_where_the_server_does_not_know_it() {
    let mut expected = shop();
    expected.taken.server_version_num = 170_000;
    named(&mut expected, "public.orders").privileges =
        Some(vec!["bob=MAINTAIN, SELECT/shop".to_owned()]);
    let mut found = shop();
    named(&mut found, "public.orders").privileges = Some(vec!["bob=SELECT/shop".to_owned()]);
    assert!(compare(&expected, &found).is_equal());
    found.taken.server_version_num = 170_000;
    assert!(!compare(&expected, &found).is_equal());
}

#[test]
fn what_cannot_be_compared_is_said_and_never_taken_for_equal() {
    let version = after(|found| found.schema = 2);
    assert_eq!((version.unproved.len(), version.compared), (1, Compared::default()));
    let level = after(|found| found.level = Level::Counts);
    assert!(level.unproved[0].contains("level content, the other of level counts"));
    let encoding = after(|found| {
        named(found, "shop").definition = "encoding LATIN1".to_owned();
        table_named(found, "public.orders").content = Some("1".parse().unwrap());
    });
    assert!(encoding.unproved[0].contains("LATIN1") && encoding.is_equal());
    let gap = after(|found| {
        table_named(found, "public.orders").rows = None;
        found
            .gaps
            .push(Gap { subject: "public.orders".to_owned(), why: "permission denied".to_owned() });
    });
    assert_eq!(
        gap.unproved,
        ["public.orders could not be read in the restored database: permission denied"]
    );
    let silent = after(|found| table_named(found, "public.orders").content = None);
    assert_eq!(silent.unproved.len(), 1);
}

#[test]
fn many_differences_of_a_kind_are_counted() {
    let comparison = after(|found| {
        for at in 0..30 {
            found.objects.push(object(ObjectKind::View, &format!("public.v{at}"), ""));
        }
    });
    let findings = comparison.findings(10);
    assert_eq!(findings.len(), 11);
    assert_eq!(findings[10].message, "20 more of these differences are left out");
}
