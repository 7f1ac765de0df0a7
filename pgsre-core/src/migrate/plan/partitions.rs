//! Partitions that come and go without a scan under a lock.

use super::super::statement::{Action, ConstraintKind};
use super::super::words::Words;
use super::Work;
use super::alter_table::{Target, Written};
use super::columns::unnamed;
use super::planner::{About, Planner};
use super::source::{Source, sql_name};

const INSTEAD: &str = "Before a table is attached, let a validated CHECK prove its bound, give it the indexes \
    and foreign keys of its parent, and let a CHECK on the default partition rule out its rows";

impl Planner<'_> {
    /// A validated CHECK proves the bound, so that nothing is read under the lock.
    pub(super) fn attach(
        &mut self,
        target: &Target,
        written: Written<'_>,
        partition: &str,
        bound: &[String],
    ) {
        let child = Target::of(partition);
        let check =
            sql_name(&format!("pgsre_{}_bound", partition.rsplit('.').next().unwrap_or_default()));
        let proof = self.proof(target, &written);
        let alone =
            Action::AttachPartition { partition: partition.to_owned(), bound: bound.to_vec() };
        let proven = self.facts_of(target, &alone).scans.is_empty();
        let proof = proof.filter(|_| !proven);
        if let Some(proof) = &proof {
            self.add_then_validate(&child, &check, &format!("CHECK ({proof})"));
        }
        let sql = format!("ALTER TABLE {} {}", target.sql, written.text());
        let detach = format!("ALTER TABLE {} DETACH PARTITION {}", target.sql, child.table);
        let title = format!("Attach {} to {}; no row is read", child.table, target.table);
        self.transaction(About::undone_by(title, detach).instead(INSTEAD), vec![sql]);
        if proof.is_some() {
            let drop = format!("ALTER TABLE {} DROP CONSTRAINT {check}", child.sql);
            let title = format!("Drop the check that proved the bound of {}", child.table);
            self.transaction(About::harmless(title), vec![drop]);
        }
    }

    /// The bound as a condition; none where the key is no single column.
    fn proof(&self, target: &Target, written: &Written<'_>) -> Option<String> {
        let known = self.schema.table(&target.name)?;
        let [key] = known.partition_key.as_slice() else { return None };
        let key = sql_name(key);
        let mut words = written.words.clone();
        words.take("attach partition");
        words.name();
        words.take("for values").then_some(())?;
        let source = written.source;
        let mut parts = vec![format!("{key} IS NOT NULL")];
        if words.take("in") {
            let values = words.parenthesised();
            let nulls = values.clone().split(",").iter().any(|value| value.peek_is("null"));
            parts.push(format!("{key} IN ({})", source.text(values.rest())));
            return (!nulls).then(|| parts.join(" AND "));
        }
        words.take("from").then_some(())?;
        let from = limit(source, words.parenthesised())?;
        words.take("to").then_some(())?;
        let to = limit(source, words.parenthesised())?;
        parts.extend(from.map(|from| format!("{key} >= {from}")));
        parts.extend(to.map(|to| format!("{key} < {to}")));
        Some(parts.join(" AND "))
    }

    /// Since 14 without a lock that stops anybody, but where there is a default partition.
    pub(super) fn detach(&mut self, target: &Target, written: Written<'_>) {
        let Action::DetachPartition { partition: name, .. } = written.action else { return };
        let known = self.schema.table(&target.name);
        let has_default = known.is_some_and(|known| known.default_partition.is_some());
        let key = known.map(|known| known.partition_key.clone()).unwrap_or_default();
        let text = written.text();
        if self.version < 14 || has_default {
            let about = About::final_step(text.clone()).instead(
                "Where PostgreSQL is older than 14 or there is a default partition, DETACH cannot be \
                 CONCURRENTLY: do this while nobody uses the table",
            );
            return self.transaction(about, vec![format!("ALTER TABLE {} {text}", target.sql)]);
        }
        let mut words = written.words.clone();
        words.take("detach partition");
        let partition = written.source.name(&mut words);
        let statement =
            format!("ALTER TABLE {} DETACH PARTITION {partition} CONCURRENTLY", target.sql);
        let title = format!("Detach {partition} from {}; reads and writes go on", target.table);
        self.step(About::final_step(title), Work::Alone { statement, index: None });
        let kind = ConstraintKind::Check {
            proves: Vec::new(),
            columns: key,
            expression: Vec::new(),
            of: None,
        };
        let check = sql_name(&self.schema.name_of_constraint(name, &unnamed(kind, "")));
        let drop = format!("ALTER TABLE {partition} DROP CONSTRAINT IF EXISTS {check}");
        let title = format!("Drop the check of its bound, which {partition} keeps otherwise");
        self.transaction(About::final_step(title), vec![drop]);
    }
}

/// A bound's value; none inside where there is no limit.
fn limit(source: &Source<'_>, words: Words<'_>) -> Option<Option<String>> {
    let parts = words.split(",");
    let [value] = parts.as_slice() else { return None };
    let open = value.peek_is("minvalue") || value.peek_is("maxvalue");
    Some((!open).then(|| source.text(value.rest()).to_owned()))
}
