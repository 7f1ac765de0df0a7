//! What each connection of a restore does: one line each, under the bar.

use std::collections::HashMap;
use std::time::Instant;

use indicatif::ProgressBar;
use pgsre_core::archive::ObjectName;

use super::line;
use crate::face::Face;
use crate::render::clean;
use crate::units;

/// Lines that are drawn; a restore over more connections shows the first.
const SHOWN: usize = 8;

/// The connections that load, and how far the tables are that they fill.
#[derive(Debug, Default)]
pub(super) struct Connections {
    lines: Vec<Line>,
    tables: HashMap<String, Filled>,
}

#[derive(Debug)]
struct Line {
    bar: ProgressBar,
    on: Option<String>,
}

/// How far a table is.
#[derive(Debug)]
struct Filled {
    since: Instant,
    bytes: u64,
}

impl Connections {
    /// A connection begins something, or waits.
    pub(super) fn working(&mut self, face: &Face, connection: usize, on: Option<&str>) {
        if connection >= SHOWN {
            return;
        }
        while self.lines.len() <= connection {
            let bar = line(face);
            bar.set_prefix(format!("{}", self.lines.len() + 1));
            self.lines.push(Line { bar, on: None });
        }
        self.lines[connection].on = on.map(str::to_owned);
        self.draw();
    }

    /// A table's data begins.
    pub(super) fn started(&mut self, table: &ObjectName) {
        self.tables.insert(table.to_string(), Filled { since: Instant::now(), bytes: 0 });
    }

    /// Some more of a table's data is in.
    pub(super) fn filled(&mut self, table: &ObjectName, bytes: u64) {
        let fresh = || Filled { since: Instant::now(), bytes: 0 };
        self.tables.entry(table.to_string()).or_insert_with(fresh).bytes = bytes;
        self.draw();
    }

    /// A table's data is in.
    pub(super) fn finished(&mut self, table: &ObjectName) {
        self.tables.remove(&table.to_string());
    }

    /// Removes the lines.
    pub(super) fn clear(&mut self) {
        for line in self.lines.drain(..) {
            line.bar.finish_and_clear();
        }
        self.tables.clear();
    }

    fn draw(&self) {
        for line in &self.lines {
            line.bar.set_message(match &line.on {
                Some(on) => self.message(on),
                None => "waits".to_owned(),
            });
        }
    }

    fn message(&self, on: &str) -> String {
        let Some(filled) = self.tables.get(on).filter(|filled| filled.bytes > 0) else {
            return clean(on);
        };
        let seconds = filled.since.elapsed().as_secs_f64().max(0.001);
        let rate = units::size((filled.bytes as f64 / seconds) as u64);
        format!("{}  {}, {rate}/s", clean(on), units::size(filled.bytes))
    }
}

impl Drop for Connections {
    fn drop(&mut self) {
        self.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(name: &str) -> ObjectName {
        ObjectName { schema: Some("public".to_owned()), name: name.to_owned() }
    }

    #[test]
    fn a_table_that_is_filled_shows_how_far_it_is() {
        let mut connections = Connections::default();
        connections.started(&table("orders"));
        assert_eq!(connections.message("public.orders"), "public.orders");
        connections.filled(&table("orders"), 3 << 20);
        assert!(connections.message("public.orders").starts_with("public.orders  3.0 MiB, "));
        connections.finished(&table("orders"));
        assert_eq!(connections.message("public.orders"), "public.orders");
    }

    #[test]
    fn a_name_cannot_steer_the_terminal() {
        let connections = Connections::default();
        assert!(!connections.message("a\u{1b}[2Jb").contains('\u{1b}'));
    }
}
