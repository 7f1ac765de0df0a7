//! What `pgsre doctor` found.

use super::findings::indented;
use crate::command::doctor::{Check, Status};
use crate::face::Face;
use crate::render::clean;

/// One line a check, with how to mend what is missing.
#[must_use]
pub fn checks(face: &Face, checks: &[Check]) -> String {
    let palette = face.palette();
    let width = checks.iter().map(|check| check.name.chars().count()).max().unwrap_or(0);
    let mut text = String::new();
    for check in checks {
        let mark = match check.status {
            Status::Ok => palette.good.apply_to("✓"),
            Status::Warning => palette.warning.apply_to("!"),
            Status::Failed => palette.critical.apply_to("✗"),
        };
        let blanks = " ".repeat(width - check.name.chars().count());
        let name = palette.heading.apply_to(clean(&check.name));
        text.push_str(&format!("{mark} {name}{blanks}  {}\n", clean(&check.detail)));
        if !check.hint.is_empty() {
            let hint = format!("→ {}", clean(&check.hint));
            let indent = " ".repeat(width + 4);
            indented(&mut text, &indent, &hint, face.width(), &palette.hint);
        }
    }
    let failed = checks.iter().filter(|check| check.status == Status::Failed).count();
    let verdict = match failed {
        0 => palette.good.apply_to("Ready to drill.".to_owned()),
        1 => palette.critical.apply_to("One thing is missing.".to_owned()),
        many => palette.critical.apply_to(format!("{many} things are missing.")),
    };
    text.push_str(&format!("\n{verdict}\n"));
    text
}
