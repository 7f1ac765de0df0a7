#![expect(clippy::expect_used, reason = "tests")]

use super::RULES;
use crate::migrate::Linter;

fn found(files: &[&str], rule: &str) -> bool {
    let mut linter = Linter::new(17);
    let mut last = None;
    for text in files {
        last = Some(linter.file("a.sql", text));
    }
    let statements = last.expect("a file").statements;
    assert!(statements.iter().all(|statement| statement.unparsed.is_none()), "{files:?}");
    statements.iter().flat_map(|statement| &statement.hazards).any(|hazard| hazard.rule == rule)
}

#[test]
fn every_rule_finds_its_bad_example() {
    for rule in RULES {
        assert!(found(rule.bad, rule.name), "{}", rule.name);
    }
}

#[test]
fn no_rule_finds_anything_in_its_good_example() {
    for rule in RULES {
        assert!(!found(rule.good, rule.name), "{}", rule.name);
    }
}
