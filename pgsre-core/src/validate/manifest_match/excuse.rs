//! What the load says that the environment kept from being restored.
//!
//! Such a difference says nothing about the backup, and keeps a drill from passing all the same.

use std::collections::BTreeSet;

use super::super::ValidationContext;
use crate::archive::Declaration;
use crate::finding::{FindingCode, Severity};
use crate::fingerprint::{Aspect, Comparison, Difference, DifferenceKind, ObjectKind};

/// What the load says was not restored because of where it was restored.
#[derive(Debug, Default)]
pub(super) struct Excuses {
    /// Roles that the server lacks.
    roles: Vec<String>,
    /// Statements were rejected because the user who restores lacks a privilege.
    unprivileged: bool,
    /// Statements failed as a consequence of what the environment lacks.
    environment: bool,
    /// Objects, without quotes, whose statements failed so or were not sent.
    objects: BTreeSet<String>,
    /// What was not sent, in sentences.
    notes: Vec<String>,
}

impl Excuses {
    pub(super) fn of(cx: &ValidationContext<'_>) -> Self {
        let of_code = |code| cx.report.findings.iter().filter(move |finding| finding.code == code);
        let declared = cx.load.declared.iter().filter(|declared| declared.excused);
        let tables = cx.load.tables.iter().filter(|table| table.excused);
        Self {
            roles: of_code(FindingCode::EnvironmentMissingRole)
                .map(|finding| finding.subject.clone())
                .collect(),
            unprivileged: of_code(FindingCode::EnvironmentPrivilege).next().is_some(),
            environment: cx.environment_failed(),
            objects: declared
                .map(|declared| name_of(&declared.object))
                .chain(tables.map(|table| table.table.to_string()))
                .collect(),
            notes: cx.report.notes.clone(),
        }
    }

    /// Makes differences that the environment explains into doubts.
    pub(super) fn apply(&self, comparison: &mut Comparison) {
        let mut doubts = Vec::new();
        for difference in &mut comparison.differences {
            if difference.severity == Severity::Info {
                continue;
            }
            if self.was_left_out(difference) {
                difference.severity = Severity::Info;
                continue;
            }
            if let Some(code) = self.excuse(difference) {
                difference.severity = Severity::Warning;
                difference.code = code;
                doubts.push(difference.subject.clone());
            }
        }
        if let Some(first) = doubts.first() {
            comparison.unproved.push(format!(
                "{} differences may come from what the environment lacks; the first is {first}",
                doubts.len()
            ));
        }
    }

    /// The code of a difference that the environment explains.
    fn excuse(&self, difference: &Difference) -> Option<FindingCode> {
        use Aspect::{Comment, Missing, Owner, Privileges};
        let expected = difference.expected.as_deref().unwrap_or_default();
        if self.roles.iter().any(|role| mentions(expected, role)) {
            return Some(FindingCode::EnvironmentMissingRole);
        }
        let is_about_rights = matches!(difference.aspect, Owner | Privileges);
        if difference.kind == DifferenceKind::LargeObjects && is_about_rights {
            let is_missing = !self.roles.is_empty();
            return is_missing.then_some(FindingCode::EnvironmentMissingRole);
        }
        if self.unprivileged && (is_about_rights || difference.aspect == Comment) {
            return Some(FindingCode::EnvironmentPrivilege);
        }
        let is_excused = match difference.kind {
            DifferenceKind::Contents => self.has(&difference.subject),
            DifferenceKind::Object(kind) if difference.aspect == Missing => {
                self.has(&difference.subject) || self.environment && !is_declared(kind)
            }
            _ => false,
        };
        is_excused.then_some(difference.code)
    }

    fn has(&self, name: &str) -> bool {
        let name = name.split('(').next().unwrap_or_default();
        self.objects.contains(&name.replace('"', ""))
    }

    /// Subscriptions are not made where they would reach out, which is no doubt about the backup.
    fn was_left_out(&self, difference: &Difference) -> bool {
        let kind = DifferenceKind::Object(ObjectKind::Subscription);
        let statement = format!("CREATE SUBSCRIPTION {}", difference.subject.trim_matches('"'));
        difference.kind == kind
            && difference.aspect == Aspect::Missing
            && self.notes.iter().any(|note| note.ends_with(&statement))
    }
}

/// Whether the load keeps account of objects of this kind one by one.
fn is_declared(kind: ObjectKind) -> bool {
    use ObjectKind as Kind;
    matches!(
        kind,
        Kind::Table
            | Kind::ForeignTable
            | Kind::Index
            | Kind::Constraint
            | Kind::Sequence
            | Kind::View
            | Kind::MaterializedView
            | Kind::Function
            | Kind::Aggregate
            | Kind::Trigger
            | Kind::Type
            | Kind::Domain
            | Kind::Policy
            | Kind::Rule
            | Kind::EventTrigger
            | Kind::Extension
            | Kind::Schema
            | Kind::Publication
            | Kind::Statistics
    )
}

/// The name as an inventory has it, without quotes; that of a function without its arguments.
fn name_of(declared: &Declaration) -> String {
    match declared {
        Declaration::Table { name, .. }
        | Declaration::Index { name, .. }
        | Declaration::Sequence(name)
        | Declaration::View(name)
        | Declaration::MaterializedView(name)
        | Declaration::Routine(name)
        | Declaration::Type(name)
        | Declaration::Statistics(name) => name.to_string(),
        Declaration::Constraint { table, name, .. }
        | Declaration::Trigger { table, name }
        | Declaration::Policy { table, name }
        | Declaration::Rule { table, name } => format!("{table}.{name}"),
        Declaration::EventTrigger(name)
        | Declaration::Extension(name)
        | Declaration::Schema(name)
        | Declaration::Publication(name) => name.clone(),
    }
}

/// Whether a text names a role, as a word of its own.
fn mentions(text: &str, role: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    text.match_indices(role).any(|(at, _)| {
        !text[..at].ends_with(is_part) && !text[at + role.len()..].starts_with(is_part)
    })
}
