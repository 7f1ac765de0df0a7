//! Whether the reports are those that were saved.

use pgsre_core::drill::Verdict;

use super::findings::indented;
use crate::command::report::VerifyResult;
use crate::face::Face;
use crate::render::clean;
use crate::units;

/// Problems that are shown; the JSON has them all.
const SHOWN: usize = 50;

/// What looking at a store of reports came to.
#[must_use]
pub fn verification(face: &Face, result: &VerifyResult) -> String {
    let (palette, found) = (face.palette(), &result.found);
    let (mark, sentence) = match found.outcome {
        Verdict::Passed => (palette.good.apply_to("✓"), "every report is as it was saved"),
        Verdict::Failed => (palette.critical.apply_to("✗"), "reports are not as they were saved"),
        Verdict::Inconclusive => (palette.warning.apply_to("?"), "it could not be judged"),
    };
    let place = palette.heading.apply_to(clean(&result.place));
    let mut text = format!("{mark} {place}: {sentence}\n");
    text.push_str(&format!("  {}\n", palette.faint.apply_to(counts(result))));
    for problem in found.problems.iter().take(SHOWN) {
        let head = palette.critical.apply_to(format!("✗ {}", problem.kind));
        text.push_str(&format!("  {head}  {}\n", clean(&problem.subject)));
        let plain = console::Style::new();
        indented(&mut text, "    ", &clean(&problem.message), face.width(), &plain);
    }
    if found.problems.len() > SHOWN {
        text.push_str(&format!("    … and {} more\n", found.problems.len() - SHOWN));
    }
    for sentence in &found.unproved {
        let line = format!("? {}", clean(sentence));
        indented(&mut text, "  ", &line, face.width(), &palette.warning);
    }
    for note in &found.notes {
        indented(&mut text, "  ", &format!("· {}", clean(note)), face.width(), &palette.faint);
    }
    if let (Some(head), Verdict::Passed) = (&found.head, found.outcome) {
        text.push_str(&format!("  last report {}\n  head {}\n", head.id, head.sha256));
        let advice = "→ keep the head elsewhere: `pgsre report verify --head …` then shows whether \
                      the newest reports were cut off";
        indented(&mut text, "  ", advice, face.width(), &palette.hint);
    }
    text
}

fn counts(result: &VerifyResult) -> String {
    let found = &result.found;
    let count = |many: usize| units::count(many as u64);
    let mut text = match found.reports {
        1 => "1 report".to_owned(),
        many => format!("{} reports", count(many)),
    };
    text.push_str(&format!(", {} in the chain", count(found.chained)));
    if found.before_chain > 0 {
        text.push_str(&format!(", {} from before it", count(found.before_chain)));
    }
    if found.signed > 0 {
        text.push_str(&format!(", {} with a signature that holds", count(found.signed)));
    }
    text
}
