//! Columns that are added, and columns that get another type.

use super::super::expression;
use super::super::statement::{Column, ConstraintKind};
use super::super::types::DataType;
use super::alter_table::Altered;
use super::{Derivation, LockMode};

/// ALTER COLUMN … TYPE.
#[derive(Clone, Copy)]
pub(super) struct TypeChange<'a> {
    pub(super) column: &'a str,
    pub(super) to: &'a str,
    pub(super) collation: &'a str,
    pub(super) using: Option<&'a [String]>,
}

impl Derivation<'_> {
    pub(super) fn add_column(&mut self, altered: Altered<'_>, column: &Column) {
        let family = altered.family;
        let filled = self.fills_rows(column);
        if filled {
            self.rewrite(family);
        }
        let null = |words: &[String]| words.len() == 1 && words[0].eq_ignore_ascii_case("null");
        let default = column.default.as_deref().filter(|words| !null(words));
        let empty = default.is_none() && (!filled || self.is_domain(column));
        let in_use = !self.holders(family).is_empty();
        let not_null = column.not_null || self.refuses_null(column);
        if not_null && empty && !column.generated && in_use {
            let reason = format!("column {} may not be null and has no default", column.name);
            self.facts.fails_on_rows.push(reason);
            self.scan(family);
        }
        if column.generated && column.not_null && !filled {
            self.scan(family);
        }
        for constraint in &column.constraints {
            match &constraint.kind {
                ConstraintKind::Check { .. } if !constraint.not_enforced => self.scan(family),
                ConstraintKind::Foreign { parent, .. } => {
                    let parents = self.family(parent);
                    self.lock_all(&parents, LockMode::ShareRowExclusiveLock);
                    // A column of NULLs has nothing to check (ATAddForeignKeyConstraint is told so).
                    if !empty && !constraint.not_enforced {
                        self.validate_foreign_key(family);
                    }
                }
                ConstraintKind::Primary { .. } | ConstraintKind::Unique { .. } => {
                    self.build_index(family);
                    if default.is_some() && !filled && in_use {
                        let reason = format!("every row gets the same {}", column.name);
                        self.facts.fails_on_rows.push(reason);
                    }
                }
                _ => {}
            }
        }
    }

    fn is_domain(&self, column: &Column) -> bool {
        self.schema.is_constrained_domain(DataType::parse(&column.data_type).name())
    }

    fn refuses_null(&self, column: &Column) -> bool {
        let data_type = DataType::parse(&column.data_type);
        !data_type.is_array() && self.schema.refuses_null(data_type.name())
    }

    /// Whether adding a column writes a value into every row.
    fn fills_rows(&self, column: &Column) -> bool {
        let data_type = DataType::parse(&column.data_type);
        let virtual_one = column.generated && self.version >= 18;
        if data_type.is_serial() || column.identity || column.stored {
            return true;
        }
        if column.generated {
            return !virtual_one;
        }
        if !data_type.is_array() && self.is_domain(column) {
            return true;
        }
        let default = column.default.as_deref().unwrap_or_default();
        expression::volatile(default, |name| self.schema.is_volatile(name)).is_some()
    }

    pub(super) fn set_type(&mut self, altered: Altered<'_>, change: TypeChange<'_>) {
        let Altered { table, family, .. } = altered;
        let known = self.schema.table(table).and_then(|known| known.columns.get(change.column));
        let from = known.map(|known| known.data_type.clone()).filter(|name| !name.is_empty());
        if from.is_none() {
            self.assume(format!("the type of {table}.{} is not known", change.column));
        }
        let keeps_rows = from.as_deref().is_some_and(|from| self.keeps_rows(table, from, change));
        if keeps_rows {
            let checked: Vec<String> = family
                .iter()
                .filter(|table| self.has_check_on(table, change.column))
                .cloned()
                .collect();
            self.scan(&checked);
        } else {
            self.rewrite(family);
        }
        let collation = known.map(|known| known.collation.clone()).unwrap_or_default();
        // The indexes of partitions are made anew with that of their parent, however alike they are.
        let partitioned = self.schema.table(table).is_some_and(|known| known.partitioned);
        let sorts_alike = from.as_deref().is_some_and(|from| self.sorts_alike(from, change.to));
        for table in family {
            let stays = sorts_alike && collation == change.collation && !partitioned;
            self.indexes_after_type_change(table, change, stays);
            self.keys_after_type_change(table, change.column, sorts_alike);
        }
    }

    /// Whether no row changes.
    fn keeps_rows(&mut self, table: &str, from: &str, change: TypeChange<'_>) -> bool {
        let Some(casts) = casts(change.using.unwrap_or_default(), table, change.column) else {
            return false;
        };
        if self.schema.is_constrained_domain(change.to) {
            return false;
        }
        let mut from = self.schema.base_type(from);
        for to in casts.iter().map(String::as_str).chain([change.to]) {
            let to = match self.schema.base_type(to) {
                // A domain over a type with a length is of that length.
                domain if domain != DataType::parse(to) => self.schema.domain_base(to),
                plain => plain,
            };
            let is_time = |one: &DataType| ["timestamp", "timestamptz"].contains(&one.name());
            if is_time(&from)
                && is_time(&to)
                && from.name() != to.name()
                && self.schema.utc().is_none()
            {
                self.assume("the session's time zone is not known to be UTC".to_owned());
            }
            if !from.becomes(&to, self.schema.utc() == Some(true)) {
                return false;
            }
            from = to;
        }
        true
    }

    fn sorts_alike(&self, from: &str, to: &str) -> bool {
        let (from, to) = (self.schema.base_type(from), self.schema.base_type(to));
        from.operator_class() == to.operator_class()
    }

    /// An index with an expression or a predicate is always built anew.
    fn indexes_after_type_change(&mut self, table: &str, change: TypeChange<'_>, alike: bool) {
        let uses = self.schema.indexes_of(table).map(|(_, index)| index);
        // The words of expressions are folded, quoted or not.
        let column = change.column.to_lowercase();
        let mut built = uses.filter(|index| index.words.contains(&column));
        if built.any(|index| index.computed || !alike) {
            self.build_index(&[table.to_owned()]);
        }
    }

    /// Foreign keys at either end of the column are made again, and checked where it sorts otherwise.
    fn keys_after_type_change(&mut self, table: &str, column: &str, alike: bool) {
        let is_it = |columns: &[String]| columns.iter().any(|name| name == column);
        self.lock_referred(table, is_it);
        let referring = self.referring(table, is_it);
        self.lock_all(&referring, LockMode::AccessExclusiveLock);
        if alike {
            return;
        }
        self.validate_foreign_key(&referring);
        let mut own = self.schema.foreign_keys_of(table);
        if own.any(|key| is_it(key.columns) && !key.constraint.not_valid) {
            self.validate_foreign_key(&[table.to_owned()]);
        }
    }

    /// A type change adds the checks on its column again, and verifies them.
    fn has_check_on(&self, table: &str, column: &str) -> bool {
        let folded = column.to_lowercase();
        let constraints = self.schema.table(table).map(|known| known.constraints.as_slice());
        constraints.unwrap_or_default().iter().any(|known| match &known.kind {
            ConstraintKind::Check { columns, .. } => {
                !known.not_valid && columns.iter().any(|name| name.to_lowercase() == folded)
            }
            _ => false,
        })
    }
}

/// The types that USING casts the column to, one after the other; none where it is more than that.
fn casts(using: &[String], table: &str, column: &str) -> Option<Vec<String>> {
    let lower: Vec<String> =
        using.iter().map(|word| word.trim_matches('"').to_lowercase()).collect();
    let words: Vec<&str> = lower.iter().map(String::as_str).collect();
    let words = enclosed(&words);
    let bare = table.rsplit('.').next().unwrap_or(table);
    match words {
        [] => Some(Vec::new()),
        ["cast", "(", inner @ .., ")"] => {
            let at = inner.iter().rposition(|word| *word == "as")?;
            let mut casts = casts(&owned(&inner[..at]), table, column)?;
            casts.push(inner[at + 1..].concat());
            Some(casts)
        }
        [own, rest @ ..] if *own == column => types(rest),
        [own, ".", name, rest @ ..] if *own == bare && *name == column => types(rest),
        ["(", ..] => {
            let end = words.iter().rposition(|word| *word == ")")?;
            let mut casts = casts(&owned(&words[1..end]), table, column)?;
            casts.extend(types(&words[end + 1..])?);
            Some(casts)
        }
        _ => None,
    }
}

fn owned(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Without parentheses around all of it.
fn enclosed<'a, 'b>(words: &'a [&'b str]) -> &'a [&'b str] {
    match words {
        ["(", inner @ .., ")"] if !inner.contains(&"(") && !inner.contains(&")") => inner,
        words => words,
    }
}

/// `::a::b(1)` as `a` and `b(1)`.
fn types(words: &[&str]) -> Option<Vec<String>> {
    let text = words.join(" ").replace(": :", "::");
    if text.is_empty() {
        return Some(Vec::new());
    }
    let casts = text.strip_prefix("::")?;
    let is_type = |text: &&str| text.chars().all(|c| c.is_alphanumeric() || " _()[],.".contains(c));
    casts.split("::").map(|one| Some(one.trim()).filter(is_type).map(str::to_owned)).collect()
}
