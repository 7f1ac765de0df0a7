//! Whether a table's CHECK constraints prove that its rows lie within the bound of a partition
//! (`ConstraintImpliedByRelConstraint`). Where it cannot be seen, they do not.

use super::super::super::schema::{Schema, Table};
use super::super::super::statement::ConstraintKind;

/// A comparison of a column with a constant, as `>=`, `<`, `=` or `in`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Comparison {
    column: String,
    operator: String,
    values: Vec<String>,
}

/// Whether the partition's constraints prove its bound and the bounds above it.
pub(super) fn is_proved(schema: &Schema, parent: &str, partition: &str, bound: &[String]) -> bool {
    let Some(known) = schema.table(partition) else { return false };
    let facts = checks(known);
    let mut wanted = required(schema.table(parent), bound);
    let mut above = parent;
    let mut depth = 0;
    while let Some(next) = schema.partitioned_parent(above).filter(|_| depth < 32) {
        let own = schema.table(above).map(|table| table.bound.clone()).unwrap_or_default();
        wanted = wanted.zip(required(schema.table(next), &own)).map(|(mut all, more)| {
            all.extend(more);
            all
        });
        above = next;
        depth += 1;
    }
    wanted.is_some_and(|wanted| {
        wanted.iter().all(|one| {
            known.proves_not_null(&one.column, &[]) && facts.iter().any(|fact| proves(fact, one))
        })
    })
}

/// What a bound asks of the rows; none where it is not understood.
fn required(parent: Option<&Table>, bound: &[String]) -> Option<Vec<Comparison>> {
    let [column] = parent?.partition_key.as_slice() else { return None };
    let text: Vec<String> = bound.iter().map(|word| word.to_lowercase()).collect();
    let words: Vec<&str> = text.iter().map(String::as_str).collect();
    let comparison = |operator: &str, values: Vec<String>| Comparison {
        column: column.clone(),
        operator: operator.to_owned(),
        values,
    };
    match words.as_slice() {
        ["for", "values", "in", "(", values @ .., ")"] => {
            let values = values.split(|word| *word == ",").map(constant).collect::<Option<_>>()?;
            Some(vec![comparison("in", values)])
        }
        ["for", "values", "from", "(", rest @ ..] => {
            let to = rest.iter().position(|word| *word == "to")?;
            let (from, to) = (rest.get(..to)?, rest.get(to + 1..)?);
            let from = constant(from.strip_suffix(&[")"])?)?;
            let to = constant(to.strip_prefix(&["("])?.strip_suffix(&[")"])?)?;
            Some(vec![comparison(">=", vec![from]), comparison("<", vec![to])])
        }
        _ => None,
    }
}

/// The comparisons that the valid CHECK constraints of a table are made of.
fn checks(table: &Table) -> Vec<Comparison> {
    let valid = table.constraints.iter().filter(|one| !one.not_valid && !one.not_enforced);
    let conjuncts = valid.flat_map(|one| match &one.kind {
        ConstraintKind::Check { expression, .. } => conjuncts(expression),
        _ => Vec::new(),
    });
    conjuncts.filter_map(|words| comparison(&words)).collect()
}

/// The parts of an expression between AND; none where there is an OR.
fn conjuncts(expression: &[String]) -> Vec<Vec<String>> {
    let words: Vec<String> = expression.iter().map(|word| word.to_lowercase()).collect();
    if words.iter().any(|word| ["or", "case", "between"].contains(&word.as_str())) {
        return Vec::new();
    }
    words.split(|word| word == "and").map(<[String]>::to_vec).collect()
}

fn comparison(words: &[String]) -> Option<Comparison> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut words = words.as_slice();
    while let [first, rest @ ..] = words
        && *first == "("
    {
        words = rest;
    }
    let (column, rest) = words.split_first()?;
    let column = column.trim_matches('"').to_owned();
    let (operator, values) = match rest {
        [first, second, value @ ..] if [">", "<"].contains(first) && *second == "=" => {
            (format!("{first}="), vec![constant(without_end(value))?])
        }
        ["in", "(", values @ ..] => {
            let values = without_end(values).split(|word| *word == ",");
            ("in".to_owned(), values.map(constant).collect::<Option<_>>()?)
        }
        ["=", value @ ..] => ("in".to_owned(), vec![constant(without_end(value))?]),
        [operator, value @ ..] => ((*operator).to_owned(), vec![constant(without_end(value))?]),
        [] => return None,
    };
    Some(Comparison { column, operator, values })
}

fn without_end<'a, 'b>(words: &'a [&'b str]) -> &'a [&'b str] {
    let mut words = words;
    while let [rest @ .., ")"] = words {
        words = rest;
    }
    words
}

/// A literal, without its type.
fn constant(words: &[&str]) -> Option<String> {
    match words {
        ["-", number] => Some(format!("-{number}")),
        [value] | [_, value] if value.starts_with('\'') => {
            Some(value.trim_matches('\'').to_owned())
        }
        [value] => Some((*value).to_owned()),
        [value, cast, ..] if cast.starts_with(':') => Some(value.trim_matches('\'').to_owned()),
        _ => None,
    }
}

fn proves(fact: &Comparison, wanted: &Comparison) -> bool {
    if fact.column != wanted.column {
        return false;
    }
    let first = |comparison: &Comparison| comparison.values.first().cloned().unwrap_or_default();
    let order = compare(&first(fact), &first(wanted));
    match (fact.operator.as_str(), wanted.operator.as_str()) {
        ("in", "in") => fact.values.iter().all(|value| wanted.values.contains(value)),
        (">=" | ">", ">=") => order.is_some_and(std::cmp::Ordering::is_ge),
        ("<", "<") => order.is_some_and(std::cmp::Ordering::is_le),
        ("<=", "<") => order.is_some_and(std::cmp::Ordering::is_lt),
        _ => false,
    }
}

/// Numbers as numbers, dates of one form as text, anything else only where it is the same.
fn compare(left: &str, right: &str) -> Option<std::cmp::Ordering> {
    if let (Ok(left), Ok(right)) = (left.parse::<i128>(), right.parse::<i128>()) {
        return Some(left.cmp(&right));
    }
    let is_date = |text: &str| {
        text.len() == 10 && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit())
    };
    if left == right || (is_date(left) && is_date(right)) {
        return Some(left.cmp(right));
    }
    None
}
