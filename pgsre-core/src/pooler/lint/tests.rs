#![expect(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;

use super::example::findings;
use super::*;

fn rules(changes: &str) -> BTreeSet<&'static str> {
    findings(changes).into_iter().map(|finding| finding.rule).collect()
}

#[test]
fn the_sound_configuration_breaks_no_rule() {
    assert_eq!(findings(""), []);
}

#[test]
fn each_bad_example_breaks_its_own_rule_and_no_other() {
    let mut wrong = Vec::new();
    for rule in RULES {
        assert!(!rule.bad.is_empty(), "{} has no bad example", rule.name);
        for changes in rule.bad {
            let broken = rules(changes);
            if broken != BTreeSet::from([rule.name]) {
                wrong.push(format!("{}: {changes:?} breaks {broken:?}", rule.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_good_example_breaks_any_rule() {
    let mut wrong = Vec::new();
    for rule in RULES {
        assert!(!rule.good.is_empty(), "{} has no good example", rule.name);
        for changes in rule.good {
            let broken = rules(changes);
            if !broken.is_empty() {
                wrong.push(format!("{}: {changes:?} breaks {broken:?}", rule.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn there_are_at_least_forty_configurations_with_a_fault_and_each_rule_explains_itself() {
    let bad: usize = RULES.iter().map(|rule| rule.bad.len()).sum();
    assert!(bad >= 40, "{bad}");
    let names: BTreeSet<_> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(names.len(), RULES.len(), "two rules have one name");
    for rule in RULES {
        assert!(rule.reason.ends_with('.') && rule.reason.len() > 40, "{}", rule.name);
        assert!(!rule.fix.is_empty() && !rule.fix.ends_with('.'), "{}", rule.name);
    }
}

#[test]
fn a_finding_names_its_line_and_a_missing_setting_its_section() {
    let found = findings("pool_mode = session");
    assert_eq!((found[0].path.as_str(), found[0].line), ("p.ini", 11));
    let found = findings("-idle_transaction_timeout");
    assert_eq!(found[0].line, 4, "{found:?}");
}

#[test]
fn the_heaviest_comes_first() {
    let found = findings("pool_mode = session\nauth_type = any");
    let weights: Vec<_> = found.iter().map(|finding| finding.severity).collect();
    let mut sorted = weights.clone();
    sorted.sort_by(|a, b| b.cmp(a));
    assert_eq!(weights, sorted);
    assert_eq!(found.first().unwrap().rule, "auth-any");
}
