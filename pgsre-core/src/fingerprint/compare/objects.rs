//! Comparing inventories.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::diff;
use super::{Aspect, Comparison, Difference, DifferenceKind, Pair};
use crate::finding::{FindingCode, Severity};
use crate::fingerprint::{ObjectKind, ObjectPrint};

type Objects<'a> = BTreeMap<(ObjectKind, &'a str), &'a ObjectPrint>;

/// Compares the inventories. Returns the names of what is missing, or hidden by a gap: what was in
/// them need not be missed again.
pub(super) fn compare(pair: &Pair<'_>, comparison: &mut Comparison) -> BTreeSet<String> {
    let expected = by_name(pair, &pair.expected.objects);
    let found = by_name(pair, &pair.found.objects);
    let missing: Vec<_> = absent_from(pair, &found, &expected);
    let extra: Vec<_> = absent_from(pair, &expected, &found);
    let names = missing.iter().map(|object| object.name.clone()).collect();
    comparison.differences.extend(fold(&missing).map(|(object, more)| missing_one(object, more)));
    comparison.differences.extend(fold(&extra).map(|(object, more)| extra_one(object, more)));
    for (key, one) in &expected {
        if let Some(other) = found.get(key) {
            comparison.compared.objects += 1;
            comparison.differences.extend(changes(pair, one, other));
        }
    }
    comparison.compared.objects += missing.len() as u64;
    names
}

/// The database itself goes by no name: it is restored under another.
fn by_name<'a>(pair: &Pair<'_>, objects: &'a [ObjectPrint]) -> Objects<'a> {
    let readable = objects.iter().filter(|object| !is_gap(pair, object));
    readable
        .map(|object| {
            let name = if object.kind == ObjectKind::Database { "" } else { &object.name };
            ((object.kind, name), object)
        })
        .collect()
}

fn is_gap(pair: &Pair<'_>, object: &ObjectPrint) -> bool {
    let mut gaps = pair.expected.gaps.iter().chain(&pair.found.gaps);
    gaps.any(|gap| gap.hides(object.kind, &object.name))
}

fn absent_from<'a>(
    pair: &Pair<'_>,
    place: &Objects<'_>,
    all: &Objects<'a>,
) -> Vec<&'a ObjectPrint> {
    let absent = all.iter().filter(|(key, _)| !place.contains_key(*key));
    absent.map(|(_, object)| *object).filter(|object| !is_gap(pair, object)).collect()
}

/// Leaves out what is there, or not, only because another object is: the columns, indexes and
/// constraints of a table, everything in a schema. Each with the number of its consequences.
fn fold<'a>(objects: &[&'a ObjectPrint]) -> impl Iterator<Item = (&'a ObjectPrint, u64)> {
    let mut owners: BTreeMap<&str, usize> = BTreeMap::new();
    for (at, object) in objects.iter().enumerate() {
        if is_owner(object.kind) {
            owners.entry(&object.name).or_insert(at);
        }
    }
    let mut consequences = vec![0_u64; objects.len()];
    let mut kept = Vec::new();
    for (at, object) in objects.iter().enumerate() {
        match owner_of(object, &owners) {
            Some(owner) if owner != at => consequences[owner] += 1,
            _ => kept.push(at),
        }
    }
    let kept: Vec<_> = kept.into_iter().map(|at| (objects[at], consequences[at])).collect();
    kept.into_iter()
}

/// The outermost of the absent objects that this one lies in.
fn owner_of(object: &ObjectPrint, owners: &BTreeMap<&str, usize>) -> Option<usize> {
    let enclosing = dots(&object.name).map(|dot| &object.name[..dot]);
    let on = table_of(object);
    let of_table = on.into_iter().flat_map(|table| {
        dots(table).map(|dot| &table[..dot]).chain(std::iter::once(table)).collect::<Vec<_>>()
    });
    let found = enclosing.chain(of_table).find_map(|name| owners.get(name).copied());
    found.filter(|_| object.kind != ObjectKind::Schema)
}

fn is_owner(kind: ObjectKind) -> bool {
    use ObjectKind as Kind;
    matches!(
        kind,
        Kind::Schema
            | Kind::Table
            | Kind::View
            | Kind::MaterializedView
            | Kind::ForeignTable
            | Kind::Type
            | Kind::Domain
    )
}

/// The places of the dots that part a qualified name: those outside of quotes and arguments.
fn dots(name: &str) -> impl Iterator<Item = usize> {
    let mut quoted = false;
    let plain = name.char_indices().take_while(|(_, c)| *c != '(');
    plain.filter_map(move |(at, c)| {
        quoted ^= c == '"';
        (c == '.' && !quoted).then_some(at)
    })
}

/// The table that an index is on, out of its definition.
fn table_of(object: &ObjectPrint) -> Option<&str> {
    if object.kind != ObjectKind::Index {
        return None;
    }
    let (_, behind) = object.definition.split_once(" ON ")?;
    let behind = behind.strip_prefix("ONLY ").unwrap_or(behind);
    behind.split_once(" USING ").map(|(table, _)| table)
}

fn missing_one(object: &ObjectPrint, consequences: u64) -> Difference {
    let legitimate = object.kind == ObjectKind::Index && is_invalid(&object.definition);
    Difference {
        code: match object.kind {
            ObjectKind::Constraint => FindingCode::ConstraintMissing,
            _ => FindingCode::SchemaMissing,
        },
        // pg_dump leaves out an index that is not valid.
        severity: if legitimate { Severity::Info } else { Severity::Critical },
        aspect: Aspect::Missing,
        expected: Some(object.definition.clone()),
        consequences,
        ..of(object)
    }
}

fn extra_one(object: &ObjectPrint, consequences: u64) -> Difference {
    Difference {
        aspect: Aspect::Extra,
        found: Some(object.definition.clone()),
        consequences,
        ..of(object)
    }
}

/// A change of an object that weighs; to be made more precise.
fn of(object: &ObjectPrint) -> Difference {
    Difference {
        code: FindingCode::SchemaChanged,
        severity: Severity::Critical,
        kind: DifferenceKind::Object(object.kind),
        aspect: Aspect::Definition,
        subject: object.name.clone(),
        expected: None,
        found: None,
        lines: Vec::new(),
        consequences: 0,
    }
}

/// In what two objects of one name differ.
fn changes(pair: &Pair<'_>, expected: &ObjectPrint, found: &ObjectPrint) -> Vec<Difference> {
    let mut changes: Vec<_> = definition(pair, expected, found).into_iter().collect();
    let mut differ = |aspect, one: Option<String>, other: Option<String>| {
        if one != other {
            changes.push(Difference { aspect, expected: one, found: other, ..of(expected) });
        }
    };
    differ(Aspect::Owner, expected.owner.clone(), found.owner.clone());
    let (one, other) = privileges(pair, expected, found);
    differ(Aspect::Privileges, one, other);
    differ(Aspect::Comment, expected.comment.clone(), found.comment.clone());
    if is_news_only(pair, expected) {
        changes.iter_mut().for_each(|change| change.severity = Severity::Info);
    }
    changes
}

/// What a dump carries only with `--create`, or what its major version decides.
fn is_news_only(pair: &Pair<'_>, object: &ObjectPrint) -> bool {
    let (from, to) = pair.majors();
    // From 15 on `pg_database_owner` owns the schema `public`, and nobody else may create in it.
    let public = object.kind == ObjectKind::Schema && object.name == "public";
    object.kind == ObjectKind::Database || public && from < 15 && to >= 15
}

fn definition(pair: &Pair<'_>, expected: &ObjectPrint, found: &ObjectPrint) -> Option<Difference> {
    let (from, to) = pair.majors();
    let (one, other) = (expected.comparable(from, to), found.comparable(from, to));
    if one == other {
        return None;
    }
    let mut difference = Difference {
        lines: diff(&one, &other),
        expected: Some(one),
        found: Some(other),
        ..of(expected)
    };
    weigh(&mut difference, expected, found);
    Some(difference)
}

/// MAINTAIN came with 17: a server before it cannot grant it.
fn privileges(
    pair: &Pair<'_>,
    expected: &ObjectPrint,
    found: &ObjectPrint,
) -> (Option<String>, Option<String>) {
    let (from, to) = pair.majors();
    let across = (from < 17) != (to < 17);
    let joined = |object: &ObjectPrint| {
        let items = object.privileges.as_ref()?.iter();
        let kept = items.map(|item| if across { without_maintain(item) } else { item.clone() });
        Some(kept.collect::<Vec<_>>().join("; "))
    };
    (joined(expected), joined(found))
}

fn without_maintain(item: &str) -> String {
    let Some((grantee, rest)) = item.split_once('=') else { return item.to_owned() };
    let (rights, grantor) = rest.rsplit_once('/').unwrap_or((rest, ""));
    let kept: Vec<_> =
        rights.split(", ").filter(|right| right.trim_end_matches('*') != "MAINTAIN").collect();
    format!("{grantee}={}/{grantor}", kept.join(", "))
}

/// What the change of a definition comes to.
fn weigh(difference: &mut Difference, expected: &ObjectPrint, found: &ObjectPrint) {
    let not_valid = |object: &ObjectPrint| object.definition.contains("NOT VALID");
    match expected.kind {
        ObjectKind::Constraint if not_valid(found) && !not_valid(expected) => {
            difference.code = FindingCode::ConstraintInvalid;
        }
        ObjectKind::Index if is_invalid(&found.definition) && !is_invalid(&expected.definition) => {
            difference.code = FindingCode::IndexInvalid;
        }
        ObjectKind::Collation if differs_in_version_only(difference) => {
            difference.code = FindingCode::EnvironmentCollation;
            difference.severity = Severity::Info;
        }
        ObjectKind::Extension if differs_in_version_only(difference) => {
            difference.severity = Severity::Info;
        }
        _ => {}
    }
}

fn is_invalid(definition: &str) -> bool {
    definition.lines().any(|line| line == "invalid")
}

/// The version of an extension or of a collation's library is that of the machine.
fn differs_in_version_only(difference: &Difference) -> bool {
    let rest = |text: &Option<String>| -> Vec<String> {
        let lines = text.iter().flat_map(|text| text.lines());
        lines.filter(|line| !line.starts_with("version ")).map(str::to_owned).collect()
    };
    rest(&difference.expected) == rest(&difference.found)
}
