//! Standard output and standard error: the only place that writes to them.

use std::io::{self, ErrorKind, IsTerminal, Write};

use console::Style;
use indicatif::{MultiProgress, ProgressBar};

use crate::environment::Environment;

/// How and where the user reads what is said.
#[derive(Clone, Debug)]
pub struct Face {
    quiet: bool,
    terminal: bool,
    /// Whether standard output is a terminal.
    shown: bool,
    coloured_messages: bool,
    coloured_results: bool,
    width: usize,
    output: Palette,
    messages: Palette,
    /// The bars on standard error: what is written there goes above them.
    bars: MultiProgress,
}

impl Face {
    /// The process's own standard output and standard error.
    #[must_use]
    pub fn of_process(quiet: bool, environment: &Environment) -> Self {
        let coloured = |terminal: bool| {
            terminal
                && environment.set("NO_COLOR").is_none()
                && environment.variable("TERM") != Some("dumb")
        };
        let terminal = io::stderr().is_terminal();
        let shown = io::stdout().is_terminal();
        let columns = console::Term::stdout().size_checked().map(|(_, columns)| columns);
        Self {
            quiet,
            terminal: terminal && environment.variable("TERM") != Some("dumb"),
            shown,
            coloured_messages: coloured(terminal),
            coloured_results: coloured(shown),
            width: columns.map_or(100, usize::from).clamp(40, 120),
            output: Palette::new(coloured(shown)),
            messages: Palette::new(coloured(terminal)),
            bars: MultiProgress::new(),
        }
    }

    /// The same that never draws: a line for each step, as beside other output.
    #[must_use]
    pub fn plain(&self) -> Self {
        Self { terminal: false, ..self.clone() }
    }

    /// Whether progress bars can be drawn.
    #[must_use]
    pub fn draws(&self) -> bool {
        self.terminal && !self.quiet
    }

    /// Whether standard output is a terminal, so that a picture is welcome.
    #[must_use]
    pub fn is_shown(&self) -> bool {
        self.shown
    }

    /// Whether progress is not wanted.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Whether standard error is coloured.
    #[must_use]
    pub fn colours_messages(&self) -> bool {
        self.coloured_messages
    }

    /// Whether standard output is coloured.
    #[must_use]
    pub fn colours_results(&self) -> bool {
        self.coloured_results
    }

    /// Columns to lay out for.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// The colours of standard output.
    #[must_use]
    pub fn palette(&self) -> &Palette {
        &self.output
    }

    /// The colours of standard error.
    #[must_use]
    pub fn messages(&self) -> &Palette {
        &self.messages
    }

    /// Writes a result to standard output.
    ///
    /// A reader that went away, as in `pgsre … | head`, is no error.
    ///
    /// # Errors
    /// Where it could not be written, as to a full disk.
    pub fn print(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }

    /// Writes a line of progress to standard error, unless the user wants quiet.
    pub fn note(&self, line: &str) {
        if !self.quiet {
            self.say(line);
        }
    }

    /// Writes a warning to standard error.
    pub fn warn(&self, line: &str) {
        let label = self.messages.warning.apply_to("warning:");
        self.say(&format!("{label} {line}"));
    }

    /// Writes an error, with what to do next, to standard error.
    pub fn error(&self, line: &str, hint: &str) {
        let label = self.messages.critical.apply_to("error:");
        self.say(&format!("{label} {line}"));
        if !hint.is_empty() {
            let label = self.messages.hint.apply_to("hint:");
            self.say(&format!("{label} {hint}"));
        }
    }

    /// Writes a line to standard error. Where that fails there is nobody left to tell.
    pub fn say(&self, line: &str) {
        let mut text = String::with_capacity(line.len() + 1);
        text.push_str(line);
        text.push('\n');
        self.write_message(text.as_bytes());
    }

    /// Draws a bar on standard error until it is finished.
    pub fn show(&self, bar: ProgressBar) -> ProgressBar {
        self.bars.add(bar)
    }

    /// Standard error for the log: its lines go above the bars.
    #[must_use]
    pub fn log(&self) -> Log {
        Log(self.clone())
    }

    fn write_message(&self, bytes: &[u8]) {
        let write = || io::stderr().lock().write_all(bytes);
        let _ = if self.draws() { self.bars.suspend(write) } else { write() };
    }
}

/// Standard error as a [writer](Write) of whole lines.
#[derive(Clone, Debug)]
pub struct Log(Face);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_message(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The colours by what they mean; none where colours are not wanted.
#[derive(Clone, Debug)]
pub struct Palette {
    /// Passed, present, sound.
    pub good: Style,
    /// Worth a look.
    pub warning: Style,
    /// Failed, missing, damaged.
    pub critical: Style,
    /// A heading.
    pub heading: Style,
    /// What to do next.
    pub hint: Style,
    /// What is less important.
    pub faint: Style,
}

impl Palette {
    /// Colours, or none.
    #[must_use]
    pub fn new(coloured: bool) -> Self {
        let style = || Style::new().force_styling(coloured);
        Self {
            good: style().green().bold(),
            warning: style().yellow().bold(),
            critical: style().red().bold(),
            heading: style().bold(),
            hint: style().cyan(),
            faint: style().dim(),
        }
    }
}
