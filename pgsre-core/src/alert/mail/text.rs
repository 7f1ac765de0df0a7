//! What a mail says.

use std::fmt::Write;

use crate::alert::{Alert, AlertEvent};
use crate::finding::Verdict;

/// Longer subjects are cut: they are for a list.
const SUBJECT_CHARS: usize = 150;

/// One line for a list: what it is, and the summary or what the alerts share.
pub(super) fn subject(alerts: &[Alert]) -> String {
    let line = match alerts {
        [alert] => format!("[{}] {}", word(alert), alert.summary),
        alerts => format!("[{}] {} alerts{}", heaviest(alerts), alerts.len(), shared(alerts)),
    };
    // A line break would begin a header of the summary's own.
    let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    match line.char_indices().nth(SUBJECT_CHARS) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// `CRITICAL`, `RESOLVED`, `DRILL PASSED`.
fn word(alert: &Alert) -> String {
    match (alert.event, alert.verdict()) {
        (AlertEvent::Drill, Some(Verdict::Passed)) => "DRILL PASSED".into(),
        (AlertEvent::Resolved, _) => "RESOLVED".into(),
        _ => alert.severity.to_string().to_uppercase(),
    }
}

fn heaviest(alerts: &[Alert]) -> String {
    let open = alerts.iter().filter(|alert| !alert.is_end());
    open.max_by_key(|alert| alert.severity).map_or_else(|| "RESOLVED".into(), word)
}

/// The server, where all alerts are about the same.
fn shared(alerts: &[Alert]) -> String {
    let first = alerts.first().and_then(|alert| alert.labels.get("server"));
    let same =
        |server: &&String| alerts.iter().all(|alert| alert.labels.get("server") == Some(server));
    first.filter(same).map(|server| format!(" on {server}")).unwrap_or_default()
}

/// The mail as text.
pub(super) fn plain(alerts: &[Alert]) -> String {
    let mut text = String::new();
    for alert in alerts {
        let _ = writeln!(text, "{}: {}\n{}\n", word(alert), alert.rule, alert.summary);
        for (name, value) in facts(alert) {
            let _ = writeln!(text, "  {name:<12} {value}");
        }
        text.push('\n');
    }
    text
}

/// The mail as HTML that needs nothing from elsewhere.
pub(super) fn html(alerts: &[Alert]) -> String {
    let mut html = String::from("<!DOCTYPE html><html><body style=\"font-family:sans-serif\">");
    for alert in alerts {
        let color = color(alert);
        let (word, rule, summary) =
            (escape(&word(alert)), escape(&alert.rule), escape(&alert.summary));
        let _ = write!(
            html,
            "<h3 style=\"color:{color};margin-bottom:0\">{word}: {rule}</h3><p>{summary}</p><table>"
        );
        for (name, value) in facts(alert) {
            let _ = write!(
                html,
                "<tr><td style=\"color:#666;padding-right:1em\">{}</td><td>{}</td></tr>",
                escape(&name),
                escape(&value)
            );
        }
        html.push_str("</table>");
    }
    html.push_str("</body></html>");
    html
}

fn color(alert: &Alert) -> &'static str {
    match (alert.is_end(), alert.severity) {
        (true, _) => "#2e7d32",
        (false, crate::finding::Severity::Critical) => "#c62828",
        (false, crate::finding::Severity::Warning) => "#ef6c00",
        (false, crate::finding::Severity::Info) => "#546e7a",
    }
}

fn facts(alert: &Alert) -> Vec<(String, String)> {
    let labels = alert.labels.iter().map(|(name, value)| (name.clone(), value.clone()));
    let more = [
        ("severity", Some(alert.severity.to_string())),
        ("value", alert.value.map(|value| value.to_string())),
        ("since", Some(alert.starts_at.to_string())),
        ("until", alert.ends_at.map(|end| end.to_string())),
        ("told by", Some(alert.source.clone())),
        ("fingerprint", Some(alert.fingerprint.clone())),
    ];
    let more = more.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?)));
    labels.chain(more).collect()
}

fn escape(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;")
}
