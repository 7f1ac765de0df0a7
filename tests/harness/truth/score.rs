//! How often what was said is true, and how much of the truth was said.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use pgsre_core::migrate::Facts;

use super::{Mode, Truth};

/// Counts for each aspect, and what was not agreed on.
#[derive(Clone, Debug, Default)]
pub struct Score {
    counts: BTreeMap<&'static str, Counts>,
    /// One line each.
    pub disagreements: Vec<String>,
}

/// What was said and true, said and false, true and not said.
#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    agreed: u32,
    wrong: u32,
    missed: u32,
}

impl Score {
    /// Compares what was said of one aspect of a statement with the truth.
    pub fn compare(
        &mut self,
        statement: &str,
        aspect: &'static str,
        said: &BTreeSet<String>,
        truth: &BTreeSet<String>,
    ) {
        let counts = self.counts.entry(aspect).or_default();
        let number = |set: Vec<&String>| u32::try_from(set.len()).unwrap_or(u32::MAX);
        let wrong: Vec<&String> = said.difference(truth).collect();
        let missed: Vec<&String> = truth.difference(said).collect();
        if !(wrong.is_empty() && missed.is_empty()) {
            let line =
                format!("{aspect}: wrong {wrong:?}, missed {missed:?}: {}", statement.trim());
            self.disagreements.push(line);
        }
        counts.agreed += number(said.intersection(truth).collect());
        counts.wrong += number(wrong);
        counts.missed += number(missed);
    }

    /// Compares all that the linter says of a statement.
    pub fn judge(&mut self, statement: &str, facts: &Facts, truth: &Truth) {
        let fails = yes("fails", !facts.fails_on_rows.is_empty());
        self.compare(statement, "failures", &fails, &yes("fails", truth.failure.is_some()));
        if truth.failure.is_some() {
            return;
        }
        let refuses = yes("refuses", facts.refuses_transactions);
        let truly = yes("refuses", truth.refuses_transactions);
        self.compare(statement, "transactions", &refuses, &truly);
        let (said, locks) = locks(facts, truth);
        self.compare(statement, "locks", &said, &locks);
        self.compare(statement, "rewrites", &facts.rewrites, &truth.rewrites);
        self.compare(statement, "scans", &facts.scans, &truth.scans);
        self.compare(statement, "index builds", &facts.index_builds, &truth.index_builds);
    }
}

/// A set of one word, or of none.
pub fn yes(word: &str, is: bool) -> BTreeSet<String> {
    is.then(|| word.to_owned()).into_iter().collect()
}

/// The locks that were said and the true ones, without those that nobody needs to say.
fn locks(facts: &Facts, truth: &Truth) -> (BTreeSet<String>, BTreeSet<String>) {
    let said: BTreeMap<&String, Mode> = facts
        .locks
        .iter()
        .filter_map(|(object, mode)| Some((object, Mode::parse(&format!("{mode:?}"))?)))
        .collect();
    let needed = truth
        .locks
        .iter()
        .filter(|(object, _)| !truth.implied.contains(*object) || said.contains_key(object));
    let show = |(object, mode): (&String, Mode)| format!("{object} {mode}");
    let truth = needed.map(|(object, mode)| show((object, *mode))).collect();
    (said.into_iter().map(show).collect(), truth)
}

impl fmt::Display for Score {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ratio = |part: u32, rest: u32| match part + rest {
            0 => "-".to_owned(),
            whole => format!("{:.3}", f64::from(part) / f64::from(whole)),
        };
        writeln!(f, "| | true | wrong | missed | precision | recall |\n|---|---|---|---|---|---|")?;
        for (aspect, Counts { agreed, wrong, missed }) in &self.counts {
            let (precision, recall) = (ratio(*agreed, *wrong), ratio(*agreed, *missed));
            writeln!(f, "| {aspect} | {agreed} | {wrong} | {missed} | {precision} | {recall} |")?;
        }
        Ok(())
    }
}
