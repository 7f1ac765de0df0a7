//! Figures over time in a terminal, drawn with braille: two by four dots a character.

use console::{Style, measure_text_width};

use crate::units;

/// Lines of text that a plot is high.
const HEIGHT: usize = 8;

/// Seconds over time, with a limit.
#[derive(Clone, Debug)]
pub struct Plot<'a> {
    /// When, in any unit, and how many seconds; in the order of time.
    pub points: &'a [(f64, f64)],
    /// A limit that is drawn as a line.
    pub limit: Option<f64>,
    /// The least and the greatest time, in words.
    pub ends: (String, String),
    /// Columns, labels included.
    pub width: usize,
}

/// The colours of a plot.
#[derive(Clone, Debug)]
pub struct Ink<'s> {
    /// The line.
    pub line: &'s Style,
    /// The limit.
    pub limit: &'s Style,
    /// Axes and labels.
    pub axis: &'s Style,
}

impl Plot<'_> {
    /// The plot as lines, each indented by two; empty without two points.
    #[must_use]
    pub fn render(&self, ink: &Ink<'_>) -> String {
        if self.points.len() < 2 {
            return String::new();
        }
        let highest = self.points.iter().map(|(_, seconds)| *seconds).fold(0.0, f64::max);
        // A limit far above would press the line flat on the ground.
        let limit = self.limit.filter(|limit| *limit <= highest * 4.0);
        let top = ceiling(highest.max(limit.unwrap_or(0.0)));
        let labels = labels(top, limit);
        let gutter = labels.iter().map(|label| measure_text_width(label)).max().unwrap_or(0);
        let columns = self.width.saturating_sub(gutter + 4).max(10);
        let canvas = self.drawn(columns, top);
        let limit_row = limit.map(|limit| row_of(limit, top));
        let mut text = String::new();
        for (row, label) in labels.iter().enumerate() {
            let is_limit = limit_row == Some(row);
            let style = if is_limit { ink.limit } else { ink.axis };
            let blanks = " ".repeat(gutter - measure_text_width(label));
            let axis = ink.axis.apply_to(if label.is_empty() { "│" } else { "┤" });
            text.push_str(&format!("  {blanks}{} {axis}", style.apply_to(label)));
            text.push_str(&canvas.row(row, is_limit, ink));
            text.truncate(text.trim_end().len());
            text.push('\n');
        }
        text.push_str(&self.foot(gutter, columns, ink.axis));
        text
    }

    fn drawn(&self, columns: usize, top: f64) -> Canvas {
        let mut canvas = Canvas::new(columns);
        let (first, last) = match self.points {
            [first, .., last] => (first.0, last.0),
            _ => (0.0, 0.0),
        };
        let dots = self.points.iter().enumerate().map(|(at, (time, seconds))| {
            let share = if last > first {
                (time - first) / (last - first)
            } else {
                at as f64 / (self.points.len() - 1) as f64
            };
            let x = share * (columns * 2 - 1) as f64;
            let y = (1.0 - (seconds / top).clamp(0.0, 1.0)) * (HEIGHT * 4 - 1) as f64;
            (x, y)
        });
        let dots: Vec<(f64, f64)> = dots.collect();
        for pair in dots.windows(2) {
            if let [from, to] = pair {
                canvas.line(*from, *to);
            }
        }
        canvas
    }

    fn foot(&self, gutter: usize, columns: usize, axis: &Style) -> String {
        let (first, last) = &self.ends;
        let ground = format!("{} └{}", " ".repeat(gutter), "─".repeat(columns));
        let between = columns.saturating_sub(measure_text_width(first) + measure_text_width(last));
        let ends = format!("{}  {first}{}{last}", " ".repeat(gutter), " ".repeat(between.max(1)));
        format!("  {}\n  {}\n", axis.apply_to(ground), axis.apply_to(ends))
    }
}

/// The labels of the rows: top, middle, ground and limit.
fn labels(top: f64, limit: Option<f64>) -> Vec<String> {
    let mut labels = vec![String::new(); HEIGHT];
    for (row, seconds) in [(0, top), (HEIGHT / 2, top / 2.0)] {
        labels[row] = units::duration(seconds);
    }
    labels[HEIGHT - 1] = "0".to_owned();
    if let Some(limit) = limit {
        labels[row_of(limit, top)] = units::duration(limit);
    }
    labels
}

fn row_of(seconds: f64, top: f64) -> usize {
    let from_top = (1.0 - (seconds / top).clamp(0.0, 1.0)) * (HEIGHT * 4 - 1) as f64;
    (from_top as usize / 4).min(HEIGHT - 1)
}

/// The next figure that reads well: so many milliseconds, seconds, minutes or hours.
fn ceiling(seconds: f64) -> f64 {
    const STEPS: [f64; 12] = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 20.0, 30.0, 40.0, 60.0, 100.0];
    let unit = match seconds {
        ..=0.06 => 0.001,
        ..=1.0 => 0.01,
        ..=60.0 => 1.0,
        ..=3_600.0 => 60.0,
        ..=360_000.0 => 3_600.0,
        _ => seconds,
    };
    let step = STEPS.into_iter().find(|step| step * unit >= seconds).unwrap_or(1.0);
    step * unit
}

/// Dots in characters: eight a character.
struct Canvas {
    columns: usize,
    cells: Vec<u8>,
}

impl Canvas {
    fn new(columns: usize) -> Self {
        Self { columns, cells: vec![0; columns * HEIGHT] }
    }

    fn line(&mut self, from: (f64, f64), to: (f64, f64)) {
        let (across, down) = (to.0 - from.0, to.1 - from.1);
        let steps = across.abs().max(down.abs()).ceil().max(1.0);
        for step in 0..=(steps as usize) {
            let share = step as f64 / steps;
            self.dot(from.0 + across * share, from.1 + down * share);
        }
    }

    /// The bits of a braille character (Unicode, block U+2800), by column and row within it.
    fn dot(&mut self, x: f64, y: f64) {
        const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
        let (x, y) = (x.round().max(0.0) as usize, y.round().max(0.0) as usize);
        let bit = BITS[x % 2][y % 4];
        if let Some(cell) = self.cells.get_mut(y / 4 * self.columns + x / 2) {
            *cell |= bit;
        }
    }

    /// A row of characters; where nothing is drawn, the limit's line shows.
    fn row(&self, row: usize, is_limit: bool, ink: &Ink<'_>) -> String {
        let from = row * self.columns;
        let cells = self.cells.get(from..from + self.columns).unwrap_or_default();
        let mut text = String::new();
        for run in cells.chunk_by(|one, other| (*one == 0) == (*other == 0)) {
            let drawn: String = match run.first() {
                Some(0) if is_limit => "┄".repeat(run.len()),
                Some(0) => " ".repeat(run.len()),
                _ => run
                    .iter()
                    .filter_map(|bits| char::from_u32(0x2800 + u32::from(*bits)))
                    .collect(),
            };
            let style = if run.first() == Some(&0) { ink.limit } else { ink.line };
            match drawn.trim().is_empty() {
                true => text.push_str(&drawn),
                false => text.push_str(&style.apply_to(drawn).to_string()),
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(points: &[(f64, f64)], limit: Option<f64>, width: usize) -> String {
        let style = Style::new().force_styling(false);
        let ends = ("2026-01-01".to_owned(), "2026-11-22".to_owned());
        let plot = Plot { points, limit, ends, width };
        plot.render(&Ink { line: &style, limit: &style, axis: &style })
    }

    #[test]
    fn a_line_climbs_from_the_ground_to_the_top() {
        let plot = plain(&[(0.0, 0.0), (1.0, 10.0)], None, 20);
        let lines: Vec<&str> = plot.lines().collect();
        assert_eq!(lines.len(), HEIGHT + 2, "{plot}");
        assert!(lines[0].starts_with("  10.0s ┤ ") && lines[0].ends_with('⠎'), "{plot}");
        assert!(lines[HEIGHT - 1].starts_with("      0 ┤⡰"), "{plot}");
    }

    #[test]
    fn a_limit_is_a_line_with_its_figure() {
        let plot = plain(&[(0.0, 10.0), (1.0, 12.0)], Some(30.0), 40);
        let line = plot.lines().find(|line| line.starts_with("  30.0s ┤┄┄┄"));
        assert!(line.is_some(), "{plot}");
        assert!(plot.contains("2026-01-01") && plot.contains("2026-11-22"), "{plot}");
    }

    #[test]
    fn a_limit_far_above_does_not_press_the_line_flat() {
        assert!(!plain(&[(0.0, 1.0), (1.0, 2.0)], Some(7_200.0), 40).contains('┄'));
    }

    #[test]
    fn a_plot_fits_a_narrow_terminal_and_bears_odd_figures() {
        for points in [
            &[(0.0, 0.0), (0.0, 0.0)][..],
            &[(5.0, 1e9), (5.0, 0.1), (5.0, 3.0)],
            &[(0.0, 59.0), (1.0, 61.0)],
        ] {
            let plot = plain(points, Some(60.0), 40);
            assert!(plot.lines().all(|line| measure_text_width(line) <= 42), "{plot}");
        }
        assert_eq!(plain(&[(0.0, 1.0)], None, 40), "");
    }
}
