//! The grammar of domains, and what a function is.

use super::super::super::expression;
use super::super::super::statement::DomainChange;
use super::super::super::words::Words;

/// Whether a domain refuses NULL, and the names of its checks.
pub(super) fn domain_constraints(mut words: Words<'_>, domain: &str) -> (bool, Vec<String>) {
    let (mut not_null, mut checks, mut name) = (false, Vec::new(), None);
    while !words.is_empty() {
        if words.take("constraint") {
            name = Some(words.name());
        } else if words.take("check") {
            words.parenthesised();
            let bare = domain.rsplit('.').next().unwrap_or(domain);
            checks.push(name.take().unwrap_or_else(|| format!("{bare}_check")));
        } else if words.take("not null") {
            not_null = true;
        } else {
            words.next();
        }
    }
    (not_null, checks)
}

pub(super) fn domain_change(mut words: Words<'_>, domain: &str) -> DomainChange {
    if words.take("set not null") {
        return DomainChange::SetNotNull;
    }
    if words.take("drop not null") {
        return DomainChange::DropNotNull;
    }
    if words.take("validate") {
        return DomainChange::Validate;
    }
    if words.take("drop constraint") {
        words.take("if exists");
        return DomainChange::DropConstraint { name: words.name() };
    }
    if words.take("rename to") {
        return DomainChange::Rename { to: words.name() };
    }
    if words.take("add") {
        let not_valid = words.has("not valid");
        let (not_null, mut names) = domain_constraints(words, domain);
        return match names.pop() {
            Some(name) => DomainChange::AddCheck { name, not_valid },
            None if not_null => DomainChange::SetNotNull,
            None => DomainChange::Catalogue,
        };
    }
    DomainChange::Catalogue
}

/// A function of SQL whose body is one expression is taken for that expression (`inline_function`).
pub(super) fn is_volatile(words: &Words<'_>) -> bool {
    if words.has("immutable") || words.has("stable") {
        return false;
    }
    let mut behind = words.clone();
    behind.until(&["as"]);
    behind.take("as");
    let body = behind.next().and_then(|word| unquoted(&word.text));
    let Some(body) = body.filter(|_| words.has("language sql")) else { return true };
    let text = body.trim_matches([' ', '\n', '\r', '\t', ';']);
    let Some(expression) = text.get(7..).filter(|_| text.to_lowercase().starts_with("select "))
    else {
        return true;
    };
    let separate = expression.replace('(', " ( ");
    let expression: Vec<String> = separate.split_whitespace().map(str::to_owned).collect();
    let reads = expression.iter().any(|word| word.eq_ignore_ascii_case("from"));
    reads || expression::volatile(&expression, |_| None).is_some()
}

/// What a string constant means: between quotes, with E before them, or between dollars.
pub(super) fn unquoted(literal: &str) -> Option<String> {
    if let Some(rest) = literal.strip_prefix('$') {
        let (tag, rest) = rest.split_once('$')?;
        return Some(rest.strip_suffix(&format!("${tag}$"))?.to_owned());
    }
    let quoted = literal.strip_prefix(['e', 'E']).unwrap_or(literal);
    let text = quoted.strip_prefix('\'')?.strip_suffix('\'')?;
    Some(text.replace("''", "'"))
}
