//! One form for texts that the versions of PostgreSQL write in several.

use std::collections::BTreeSet;

use super::tokens::{is_blank, is_name, tokens};
use super::{ObjectKind, ObjectPrint};

/// From 16 on, a view of one relation names its columns alone.
const VIEWS_WITHOUT_QUALIFIERS: u32 = 16;

/// From 18 on, a subscription streams in parallel unless it is told otherwise, which `pg_dump` before
/// it does not do.
const SUBSCRIPTIONS_STREAM_IN_PARALLEL: u32 = 18;

impl ObjectPrint {
    /// The definition as it can be compared between servers of these two major versions: without
    /// what only the version decides.
    ///
    /// Within one version that is the definition itself. Between two, brackets that mean nothing are
    /// taken out; from before 16 to later, views lose the qualifiers of their columns.
    #[must_use]
    pub fn comparable(&self, one_major: u32, other_major: u32) -> String {
        let (older, newer) = (one_major.min(other_major), one_major.max(other_major));
        if older == newer {
            return self.definition.clone();
        }
        let across = |version: u32| older < version && version <= newer;
        match self.kind {
            ObjectKind::View | ObjectKind::MaterializedView if across(VIEWS_WITHOUT_QUALIFIERS) => {
                without_qualifiers(&without_needless(&self.definition))
            }
            ObjectKind::Subscription if across(SUBSCRIPTIONS_STREAM_IN_PARALLEL) => {
                without_line(&self.definition, "streaming parallel")
            }
            _ => without_needless(&self.definition),
        }
    }
}

/// Takes away what one version writes and another does not. Only from 14 on: the `IN` of a procedure's
/// arguments. Only up to 15: brackets around brackets (`((a AT TIME ZONE b))` in indexes),
/// `FETCH FIRST (3) ROWS`, the `AS` in `DELETE FROM a AS b`.
fn without_needless(definition: &str) -> String {
    let all = tokens(definition);
    let mut needless = double_brackets(&all);
    let solid: Vec<usize> = (0..all.len()).filter(|&at| !is_blank(all[at])).collect();
    let word = |at: usize| solid.get(at).map_or("", |&at| all[at]);
    for at in 0..solid.len() {
        if word(at) == "FIRST" && word(at + 1) == "(" && word(at + 3) == ")" {
            needless.extend([solid[at + 1], solid[at + 3]]);
        }
        if word(at) == "IN" && at > 0 && matches!(word(at - 1), "(" | ",") {
            needless.extend([solid[at], solid[at] + 1]);
        }
        let is_target = matches!((word(at), word(at + 1)), ("DELETE", "FROM") | ("MERGE", "INTO"));
        let name = if is_target { at + 2 } else { at + 1 };
        if is_target || word(at) == "UPDATE" {
            let mut behind = name + 1;
            while word(behind) == "." {
                behind += 2;
            }
            if word(behind) == "AS" {
                needless.extend([solid[behind], solid[behind] + 1]);
            }
        }
    }
    let kept = all.iter().enumerate().filter(|(at, _)| !needless.contains(at));
    kept.map(|(_, token)| *token).collect()
}

/// Where brackets open and close that have nothing but other brackets inside.
fn double_brackets(tokens: &[&str]) -> BTreeSet<usize> {
    let mut open = Vec::new();
    let mut pairs = BTreeSet::new();
    let mut double = BTreeSet::new();
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "(" => open.push(at),
            ")" => {
                let Some(begin) = open.pop() else { continue };
                if at > 0 && pairs.contains(&(begin + 1, at - 1)) {
                    double.extend([begin, at]);
                }
                pairs.insert((begin, at));
            }
            _ => {}
        }
    }
    double
}

fn without_line(definition: &str, unwanted: &str) -> String {
    let lines: Vec<_> = definition.lines().filter(|line| *line != unwanted).collect();
    lines.join("\n")
}

/// Takes the qualifiers away from columns, not from relations, functions, types and operators.
fn without_qualifiers(definition: &str) -> String {
    let all = tokens(definition);
    let mut solid: Vec<&str> = Vec::with_capacity(all.len());
    let mut scopes = Scopes::default();
    let mut normal = String::with_capacity(definition.len());
    let mut at = 0;
    while at < all.len() {
        let length = chain(&all[at..]);
        if !is_blank(all[at]) {
            scopes.enter(&solid, all[at]);
        }
        let lost = is_qualified(&all[at..]) && !scopes.expects_relation(&solid) && !keeps(&solid);
        normal.push_str(&all[at + if lost { 2 } else { 0 }..at + length].concat());
        solid.extend(all[at..at + length].iter().filter(|token| !is_blank(token)));
        at += length;
    }
    normal
}

/// How many tokens are one name, with its qualifiers; one where it is something else.
fn chain(tokens: &[&str]) -> usize {
    match tokens {
        [name, ".", rest @ ..] if is_name(name) && !rest.is_empty() => 2 + chain(rest),
        _ => 1,
    }
}

/// `relation.column`, and no function's name. All columns of a row, `relation.*`, stay as they are.
fn is_qualified(tokens: &[&str]) -> bool {
    matches!(tokens, [relation, ".", column, rest @ ..]
        if is_name(relation) && is_name(column) && !matches!(rest, ["(" | ".", ..]))
}

/// Whether the name of something else than a column follows: a type, a collation, an operator.
fn keeps(before: &[&str]) -> bool {
    matches!(before, [.., "::" | "COLLATE"] | [.., "OPERATOR", "("])
}

/// Where in its clauses each nested query is.
#[derive(Default)]
struct Scopes(Vec<Scope>);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scope {
    /// A list of relations.
    From,
    /// `EXTRACT(… FROM …)`, where that word begins no list.
    Arguments,
    /// Anything else.
    Expression,
}

impl Scopes {
    fn enter(&mut self, before: &[&str], token: &str) {
        if self.0.is_empty() {
            self.0.push(Scope::Expression);
        }
        match token {
            "(" | "[" => self.0.push(self.inside(before)),
            ")" | "]" => drop(self.0.pop()),
            _ => self.clause(before, token),
        }
    }

    fn inside(&self, before: &[&str]) -> Scope {
        match before.last() {
            Some(&("FROM" | "JOIN" | "(" | ",")) if self.0.last() == Some(&Scope::From) => {
                Scope::From
            }
            Some(name) if is_name(name) && !name.chars().all(|c| c.is_ascii_uppercase()) => {
                Scope::Arguments
            }
            Some(&("EXTRACT" | "SUBSTRING" | "TRIM" | "OVERLAY" | "POSITION" | "BOTH")) => {
                Scope::Arguments
            }
            _ => Scope::Expression,
        }
    }

    fn clause(&mut self, before: &[&str], token: &str) {
        let Some(scope) = self.0.last_mut() else { return };
        if *scope == Scope::Arguments && token != "SELECT" {
            return;
        }
        match token {
            "FROM" if before.last() != Some(&"DISTINCT") => *scope = Scope::From,
            "SELECT" | "WHERE" | "GROUP" | "HAVING" | "ORDER" | "WINDOW" | "LIMIT" | "OFFSET"
            | "FETCH" | "UNION" | "INTERSECT" | "EXCEPT" | "FOR" | "TABLESAMPLE" => {
                *scope = Scope::Expression;
            }
            _ => {}
        }
    }

    /// Whether a relation's name is due after these tokens.
    fn expects_relation(&self, before: &[&str]) -> bool {
        self.0.last() == Some(&Scope::From)
            && matches!(before.last(), Some(&("FROM" | "JOIN" | "ONLY" | "LATERAL" | "," | "(")))
    }
}

#[cfg(test)]
mod tests;
