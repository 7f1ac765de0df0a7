//! Drivers that cannot connect.

use super::super::{Hit, LintContext, PoolRule};
use crate::finding::Severity;

pub(super) const RULE: PoolRule = PoolRule {
    name: "extra-float-digits",
    severity: Severity::Warning,
    reason: "PgBouncer refuses a client that sends a start-up parameter that it does not track: JDBC and other drivers send extra_float_digits, and cannot connect.",
    fix: "add extra_float_digits to ignore_startup_parameters",
    bad: &["-ignore_startup_parameters"],
    good: &[
        "ignore_startup_parameters = options, extra_float_digits",
        "-ignore_startup_parameters\ntrack_extra_parameters = IntervalStyle, extra_float_digits",
    ],
    check,
};

fn check(cx: &LintContext<'_>) -> Vec<Hit> {
    let names = ["ignore_startup_parameters", "track_extra_parameters"];
    let known = names.iter().any(|name| {
        cx.list(name).iter().any(|parameter| parameter.eq_ignore_ascii_case("extra_float_digits"))
    });
    if known {
        return Vec::new();
    }
    let value = cx.value("ignore_startup_parameters");
    Hit::on(&value, "drivers that send extra_float_digits cannot connect")
}
