//! What squawk says of a statement, in the words of the facts: only what its rules claim.

use std::collections::BTreeSet;

use squawk_linter::{Linter, Rule};
use squawk_syntax::SourceFile;

use super::Truth;
use super::score::{Score, yes};

/// Scores what squawk says of a statement. It names no tables, so each aspect is said or not.
pub fn judge(score: &mut Score, statement: &str, truth: &Truth) {
    let rules = rules(statement);
    let says = |claims: &[Rule]| rules.iter().any(|rule| claims.contains(rule));
    let mut compare = |aspect, claims: &[Rule], truth| {
        score.compare(statement, aspect, &yes(aspect, says(claims)), &yes(aspect, truth));
    };
    compare("failures", FAILURES, truth.failure.is_some());
    if truth.failure.is_some() {
        return;
    }
    let under_lock = |tables: &BTreeSet<String>| {
        tables.iter().any(|table| truth.locks.get(table).is_some_and(|mode| mode.stops_writes()))
    };
    compare("rewrites", REWRITES, !truth.rewrites.is_empty());
    compare("scans that stop writes", SCANS, under_lock(&truth.scans));
    compare("index builds that stop writes", BUILDS, under_lock(&truth.index_builds));
    let harm = [REWRITES, SCANS, BUILDS, &[Rule::RequireConcurrentReindex]].concat();
    compare("any of the three", &harm, truth.harms());
}

fn rules(statement: &str) -> Vec<Rule> {
    let file = SourceFile::parse(statement);
    let found = Linter::with_default_rules().lint(&file, statement);
    found.into_iter().map(|violation| violation.code).collect()
}

const FAILURES: &[Rule] = &[Rule::AddingRequiredField];

const REWRITES: &[Rule] = &[Rule::AddingFieldWithDefault, Rule::ChangingColumnType];

const SCANS: &[Rule] = &[
    Rule::AddingNotNullableField,
    Rule::ConstraintMissingNotValid,
    Rule::AddingForeignKeyConstraint,
];

const BUILDS: &[Rule] = &[
    Rule::RequireConcurrentIndexCreation,
    Rule::DisallowedUniqueConstraint,
    Rule::AddingSerialPrimaryKeyField,
];
