//! A table of text, aligned by what the terminal shows.

use console::{Style, measure_text_width};

/// Which side of its column a cell leans on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Text.
    Left,
    /// Figures.
    Right,
}

/// A table without rules: a heading, columns two blanks apart.
#[derive(Clone, Debug)]
pub struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
    heading: Style,
    indent: usize,
}

impl Table {
    /// A table of these columns.
    #[must_use]
    pub fn new(columns: &[(&str, Align)], heading: &Style) -> Self {
        let columns = columns.iter().map(|(name, align)| ((*name).to_owned(), *align)).collect();
        Self { columns, rows: Vec::new(), heading: heading.clone(), indent: 2 }
    }

    /// Adds a row. Cells may be coloured; control characters must be [cleaned](super::clean).
    pub fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table as lines.
    #[must_use]
    pub fn render(&self) -> String {
        let widths = self.widths();
        let heading: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        let mut text = String::new();
        if heading.iter().any(|name| !name.is_empty()) {
            let line = self.line(&heading, &widths);
            text.push_str(&self.heading.apply_to(line).to_string());
            text.push('\n');
        }
        for row in &self.rows {
            text.push_str(&self.line(row, &widths));
            text.push('\n');
        }
        text
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> =
            self.columns.iter().map(|(name, _)| measure_text_width(name)).collect();
        for row in &self.rows {
            for (width, cell) in widths.iter_mut().zip(row) {
                *width = (*width).max(measure_text_width(cell));
            }
        }
        widths
    }

    fn line(&self, cells: &[String], widths: &[usize]) -> String {
        let mut line = " ".repeat(self.indent);
        for (at, cell) in cells.iter().enumerate() {
            let width = widths.get(at).copied().unwrap_or(0);
            let blanks = " ".repeat(width.saturating_sub(measure_text_width(cell)));
            if at > 0 {
                line.push_str("  ");
            }
            match self.columns.get(at).map(|(_, align)| *align) {
                Some(Align::Right) => line.extend([blanks.as_str(), cell]),
                _ => line.extend([cell.as_str(), blanks.as_str()]),
            }
        }
        line.truncate(line.trim_end().len());
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_lean_right_and_colours_take_no_room() {
        let plain = Style::new();
        let mut table = Table::new(&[("key", Align::Left), ("size", Align::Right)], &plain);
        let red = Style::new().force_styling(true).red();
        table.row(vec![red.apply_to("é.sql").to_string(), "7 B".into()]);
        table.row(vec!["longer.sql".into(), "12 MiB".into()]);
        let lines: Vec<_> = table
            .render()
            .lines()
            .map(|line| console::strip_ansi_codes(line).into_owned())
            .collect();
        assert_eq!(lines, ["  key           size", "  é.sql          7 B", "  longer.sql  12 MiB"]);
    }
}
