//! Hazards that are known and not told again.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{LintedFile, LintedStatement};

/// The shape of the file.
const SCHEMA: u32 = 1;

/// The hazards that a history had when it was written down: only what is new is told. A hazard is known
/// again by its file, its rule and its statement's text, wherever in the file that stands.
///
/// As JSON: `{"schema":1,"hazards":[{"path","rule","statement","sha256"}]}`, where `statement` is the
/// beginning of the text, for people, and `sha256` that of the whole with each run of blanks as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    schema: u32,
    hazards: BTreeSet<KnownHazard>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KnownHazard {
    /// Of its file, as it was given.
    pub path: String,
    /// The rule's name; `unparsed` for a statement that could not be parsed.
    pub rule: String,
    /// The beginning of the statement.
    pub statement: String,
    sha256: String,
}

/// The longest beginning of a statement that is kept, in characters.
const SHOWN: usize = 80;

impl Baseline {
    /// All that is wrong in these files, whose texts are given in the same order.
    #[must_use]
    pub fn of(files: &[LintedFile], texts: &[String]) -> Self {
        let all = files.iter().zip(texts).flat_map(|(file, text)| {
            file.statements.iter().flat_map(move |statement| {
                let rules = statement.hazards.iter().map(|hazard| hazard.rule);
                let unparsed = statement.unparsed.as_ref().map(|_| "unparsed");
                rules.chain(unparsed).map(move |rule| known(&file.path, text, statement, rule))
            })
        });
        Self { schema: SCHEMA, hazards: all.collect() }
    }

    /// Whether this version can read it.
    #[must_use]
    pub fn is_readable(&self) -> bool {
        self.schema == SCHEMA
    }

    /// How many hazards it knows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hazards.len()
    }

    /// Whether it knows none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hazards.is_empty()
    }

    /// Takes what is known out of the files, and returns what of these files is known and no longer
    /// there: fixed, or its statement changed.
    pub fn apply(&self, files: &mut [LintedFile], texts: &[String]) -> Vec<KnownHazard> {
        let mut met: BTreeSet<KnownHazard> = BTreeSet::new();
        for (file, text) in files.iter_mut().zip(texts) {
            for statement in &mut file.statements {
                let mut is_known = |rule: &str, statement: &LintedStatement| {
                    let hazard = known(&file.path, text, statement, rule);
                    self.hazards.contains(&hazard) && {
                        met.insert(hazard);
                        true
                    }
                };
                if statement.unparsed.is_some() && is_known("unparsed", statement) {
                    statement.unparsed = None;
                }
                let mut hazards = std::mem::take(&mut statement.hazards);
                hazards.retain(|hazard| !is_known(hazard.rule, statement));
                statement.hazards = hazards;
            }
        }
        let paths: BTreeSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        let judged = self.hazards.iter().filter(|known| paths.contains(known.path.as_str()));
        judged.filter(|known| !met.contains(known)).cloned().collect()
    }
}

fn known(path: &str, text: &str, statement: &LintedStatement, rule: &str) -> KnownHazard {
    let text = text.get(statement.range.clone()).unwrap_or_default();
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    KnownHazard {
        path: path.to_owned(),
        rule: rule.to_owned(),
        sha256: Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect(),
        statement: text.chars().take(SHOWN).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::Linter;
    use super::*;

    const OLD: &str = "create index on t (a);\nalter tabel t;\n";

    fn linted(text: &str) -> (Vec<LintedFile>, Vec<String>) {
        (vec![Linter::new(17).file("1.sql", text)], vec![text.to_owned()])
    }

    fn told(baseline: &Baseline, text: &str) -> (Vec<&'static str>, usize, Vec<String>) {
        let (mut files, texts) = linted(text);
        let stale = baseline.apply(&mut files, &texts);
        let statements = &files[0].statements;
        let rules = statements.iter().flat_map(|one| &one.hazards).map(|hazard| hazard.rule);
        let unparsed = statements.iter().filter(|one| one.unparsed.is_some()).count();
        (rules.collect(), unparsed, stale.into_iter().map(|known| known.rule).collect())
    }

    fn baseline() -> Baseline {
        let (files, texts) = linted(OLD);
        Baseline::of(&files, &texts)
    }

    #[test]
    fn what_is_known_is_not_told_again_wherever_it_stands() {
        assert_eq!(told(&baseline(), OLD), (vec![], 0, vec![]));
        let moved = format!("-- more\n\nselect 1;\n{}", OLD.replace("on t", "on\n  t"));
        assert_eq!(told(&baseline(), &moved), (vec![], 0, vec![]));
    }

    #[test]
    fn what_is_new_is_told() {
        let more = format!("{OLD}create index on t (b);\n");
        let (rules, unparsed, _) = told(&baseline(), &more);
        assert!(rules.contains(&"blocking-index-build") && unparsed == 0, "{rules:?}");
        let (files, texts) = linted("select 1;");
        let nothing = Baseline::of(&files, &texts);
        assert!(nothing.is_empty());
        assert_eq!(told(&nothing, OLD).1, 1);
    }

    #[test]
    fn what_is_no_longer_there_is_named() {
        let (_, _, stale) = told(&baseline(), "create index on t (a);\n");
        assert_eq!(stale, ["unparsed"]);
        let (mut files, texts) = (vec![Linter::new(17).file("2.sql", "")], vec![String::new()]);
        let other = baseline().apply(&mut files, &texts);
        assert_eq!(other, [], "the file was not judged");
    }
}
