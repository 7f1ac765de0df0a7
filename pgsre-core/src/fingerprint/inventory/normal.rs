//! One form for texts that PostgreSQL writes in several.

use super::tokens::{is_blank, is_name, tokens};
use super::{ObjectKind, ObjectPrint};

/// From 16 on, a view of one relation names its columns alone.
const VIEWS_WITHOUT_QUALIFIERS: u32 = 16;

/// From 18 on, a subscription streams in parallel unless it is told otherwise, which `pg_dump` before
/// it does not do.
const SUBSCRIPTIONS_STREAM_IN_PARALLEL: u32 = 18;

/// A definition as it is once it was dumped and restored.
///
/// `status IN ('a', 'b')` of a `varchar` is `(ARRAY['a'::character varying, …])::text[]` at first, and
/// `ARRAY[('a'::character varying)::text, …]` when that text was read again: the cast of the array
/// becomes one of its elements.
pub(super) fn normal_form(definition: String) -> String {
    if !definition.contains("(ARRAY[") {
        return definition;
    }
    push_casts_into_arrays(&tokens(&definition)).concat()
}

fn push_casts_into_arrays<'a>(tokens: &[&'a str]) -> Vec<&'a str> {
    let mut normal = Vec::with_capacity(tokens.len());
    let mut at = 0;
    while at < tokens.len() {
        if let Some(cast) = CastOfArray::at(&tokens[at..]) {
            cast.write(&mut normal);
            at += cast.length;
        } else {
            normal.push(tokens[at]);
            at += 1;
        }
    }
    normal
}

/// `(ARRAY[…])::type[]`
struct CastOfArray<'t, 'a> {
    elements: &'t [&'a str],
    /// The type of an element.
    element_type: &'t [&'a str],
    length: usize,
}

impl<'t, 'a> CastOfArray<'t, 'a> {
    fn at(tokens: &'t [&'a str]) -> Option<Self> {
        if !tokens.starts_with(&["(", "ARRAY", "["]) {
            return None;
        }
        let close = 3 + closing(&tokens[3..])?;
        let elements = &tokens[3..close];
        if !tokens[close..].starts_with(&["]", ")", "::"]) || elements.contains(&"ARRAY") {
            return None;
        }
        let begin = close + 3;
        let end = begin + tokens[begin..].iter().position(|&token| token == "[")?;
        let element_type = &tokens[begin..end];
        let is_type = element_type.iter().all(|token| {
            is_name(token) || is_blank(token) || matches!(*token, "." | "(" | ")" | ",")
        });
        (is_type && tokens.get(end + 1) == Some(&"]")).then_some(Self {
            elements,
            element_type,
            length: end + 2,
        })
    }

    fn write(&self, normal: &mut Vec<&'a str>) {
        normal.extend(["ARRAY", "["]);
        for (number, element) in split_at_commas(self.elements).into_iter().enumerate() {
            normal.extend((number > 0).then_some(", "));
            normal.push("(");
            normal.extend(push_casts_into_arrays(element));
            normal.extend([")", "::"]);
            normal.extend(self.element_type);
        }
        normal.push("]");
    }
}

/// Where the bracket closes that was opened before these tokens.
fn closing(tokens: &[&str]) -> Option<usize> {
    let mut depth = 0_usize;
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "(" | "[" => depth += 1,
            ")" | "]" if depth == 0 => return Some(at),
            ")" | "]" => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The parts between the commas outside of brackets, without the blanks around.
fn split_at_commas<'t, 'a>(tokens: &'t [&'a str]) -> Vec<&'t [&'a str]> {
    let mut depth = 0_usize;
    tokens
        .split(|token| {
            match *token {
                "(" | "[" => depth += 1,
                ")" | "]" => depth = depth.saturating_sub(1),
                _ => {}
            }
            depth == 0 && *token == ","
        })
        .map(|part| match part {
            [blank, rest @ ..] if is_blank(blank) => rest,
            part => part,
        })
        .collect()
}

impl ObjectPrint {
    /// The definition as it can be compared between servers of these two major versions: without
    /// what only the version decides.
    ///
    /// Within one version that is the definition itself. From before 16 to later, views lose the
    /// qualifiers of their columns.
    #[must_use]
    pub fn comparable(&self, one_major: u32, other_major: u32) -> String {
        let (older, newer) = (one_major.min(other_major), one_major.max(other_major));
        let across = |version: u32| older < version && version <= newer;
        match self.kind {
            ObjectKind::View | ObjectKind::MaterializedView if across(VIEWS_WITHOUT_QUALIFIERS) => {
                without_qualifiers(&self.definition)
            }
            ObjectKind::Subscription if across(SUBSCRIPTIONS_STREAM_IN_PARALLEL) => {
                without_line(&self.definition, "streaming parallel")
            }
            _ => self.definition.clone(),
        }
    }
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
