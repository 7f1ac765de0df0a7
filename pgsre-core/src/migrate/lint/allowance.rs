//! `-- pgsre: allow RULE: reason`, on the line before a statement or within it.

/// The allowances of a file.
#[derive(Debug)]
pub(super) struct Allowances(Vec<(usize, String)>);

impl Allowances {
    /// One without a reason allows nothing.
    pub(super) fn read(text: &str) -> Self {
        let numbered = text.lines().enumerate();
        Self(numbered.filter_map(|(index, line)| Some((index + 1, rule(line)?))).collect())
    }

    pub(super) fn allow(&self, rule: &str, line: usize, end_line: usize) -> bool {
        let near = |at: usize| at + 1 >= line && at <= end_line;
        self.0.iter().any(|(at, allowed)| near(*at) && allowed == rule)
    }
}

fn rule(line: &str) -> Option<String> {
    let (_, comment) = line.split_once("-- pgsre: allow ")?;
    let (rule, reason) = comment.split_once(':')?;
    (!reason.trim().is_empty()).then(|| rule.trim().to_owned())
}
