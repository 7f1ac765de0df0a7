//! What the documentation promises is what the code has.

use pgsre_core::finding::FindingCode;
use pgsre_core::migrate::RULES;
use pgsre_core::watch::exposed;
use pgsre_tests::harness::readme;

#[test]
fn the_readme_explains_every_finding_code() {
    let mut table = String::from("| code | meaning |\n|---|---|\n");
    for code in FindingCode::ALL {
        table.push_str(&format!("| `{code}` | {} |\n", code.meaning()));
    }
    readme::assert_shows("finding codes", &table);
}

#[test]
fn the_readme_explains_every_rule_of_migrations() {
    let mut table =
        String::from("| rule | severity | whom it harms | what is wrong |\n|---|---|---|---|\n");
    for rule in RULES {
        let sized = if rule.sized { ", by size" } else { "" };
        table.push_str(&format!(
            "| `{}` | {}{sized} | {} | {} |\n",
            rule.name, rule.severity, rule.kind, rule.why
        ));
    }
    readme::assert_shows("rules of migrations", &table);
}

#[test]
fn the_readme_explains_every_metric_that_prometheus_reads() {
    let mut table = String::from("| metric | meaning |\n|---|---|\n");
    for (name, meaning) in exposed() {
        table.push_str(&format!("| `{name}` | {meaning} |\n"));
    }
    readme::assert_shows("metrics", &table);
}
