//! What `pgsre top` shows, and what keys change of it.

use std::collections::{BTreeMap, VecDeque};

use pgsre_core::dashboard::{PanelKind, QueryRow, ServerBoard};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// Headline figures that are kept for the small charts.
const KEPT: usize = 240;

/// The longest filter.
const LONGEST: usize = 80;

/// Whether it goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    On,
    End,
}

/// The tables below the panels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Queries,
    Alerts,
    Figures,
    Forecasts,
    Migrations,
}

impl Table {
    pub(super) const ALL: [Self; 5] =
        [Self::Queries, Self::Alerts, Self::Figures, Self::Forecasts, Self::Migrations];

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Queries => "Queries",
            Self::Alerts => "Alerts",
            Self::Figures => "Figures",
            Self::Forecasts => "Forecasts",
            Self::Migrations => "Migrations",
        }
    }

    /// The title, with how many there are of what one would want to know of without turning to it.
    pub(super) fn counted(self, board: Option<&ServerBoard>) -> String {
        let many = board.map_or(0, |board| match self {
            Self::Alerts => board.alerts.len(),
            Self::Migrations => board.migrations.len(),
            Self::Queries | Self::Figures | Self::Forecasts => 0,
        });
        if many == 0 { self.title().to_owned() } else { format!("{} {many}", self.title()) }
    }

    fn next(self) -> Self {
        let at = Self::ALL.iter().position(|one| *one == self).unwrap_or(0);
        Self::ALL[(at + 1) % Self::ALL.len()]
    }
}

/// What queries are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sorted {
    Load,
    Mean,
    Calls,
}

impl Sorted {
    const fn next(self) -> Self {
        match self {
            Self::Load => Self::Mean,
            Self::Mean => Self::Calls,
            Self::Calls => Self::Load,
        }
    }

    fn of(self, row: &QueryRow) -> f64 {
        match self {
            Self::Load => row.share,
            Self::Mean => row.mean_ms,
            Self::Calls => row.calls,
        }
    }
}

/// A row of a table: its cells, and what is shown when somebody looks closer.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    pub(super) cells: Vec<String>,
    pub(super) closer: String,
}

/// The whole state of the screen.
#[derive(Debug)]
pub(super) struct View {
    pub(super) colours: bool,
    pub(super) boards: Vec<ServerBoard>,
    pub(super) table: Table,
    pub(super) sorted: Sorted,
    pub(super) filter: String,
    pub(super) typing: bool,
    pub(super) paused: bool,
    pub(super) chosen: usize,
    pub(super) closer: Option<String>,
    /// The server that is shown; the worst where `None`.
    server: Option<String>,
    past: BTreeMap<(String, PanelKind), VecDeque<Option<f64>>>,
    seen: BTreeMap<String, jiff::Timestamp>,
}

impl View {
    pub(super) fn new(colours: bool) -> Self {
        Self {
            colours,
            boards: Vec::new(),
            table: Table::Queries,
            sorted: Sorted::Load,
            filter: String::new(),
            typing: false,
            paused: false,
            chosen: 0,
            closer: None,
            server: None,
            past: BTreeMap::new(),
            seen: BTreeMap::new(),
        }
    }

    /// What is known now. While it is paused the screen stays; the small charts go on.
    pub(super) fn take(&mut self, boards: Vec<ServerBoard>) {
        for board in &boards {
            self.remember(board);
        }
        if !self.paused {
            self.boards = boards;
        }
    }

    fn remember(&mut self, board: &ServerBoard) {
        let Some(at) = board.at else { return };
        if self.seen.insert(board.name.clone(), at) == Some(at) {
            return;
        }
        for panel in &board.panels {
            let past = self.past.entry((board.name.clone(), panel.kind)).or_default();
            // A panel that shows an older reading has nothing new: a gap.
            let is_new = panel.at == Some(at);
            past.push_back(headline(panel).filter(|_| is_new));
            if past.len() > KEPT {
                past.pop_front();
            }
        }
    }

    /// The server that is shown.
    pub(super) fn board(&self) -> Option<&ServerBoard> {
        let named = self.boards.iter().find(|board| Some(&board.name) == self.server.as_ref());
        named.or(self.boards.first())
    }

    /// The last headline figures of a panel, the newest last.
    pub(super) fn past(&self, kind: PanelKind) -> Vec<Option<f64>> {
        let Some(board) = self.board() else { return Vec::new() };
        let past = self.past.get(&(board.name.clone(), kind));
        past.map(|past| past.iter().copied().collect()).unwrap_or_default()
    }

    /// The rows of the table that is shown, filtered and sorted.
    pub(super) fn rows(&self) -> Vec<Row> {
        let Some(board) = self.board() else { return Vec::new() };
        let rows = match self.table {
            Table::Queries => self.queries(board),
            Table::Alerts => alerts(board),
            Table::Figures => figures(board),
            Table::Forecasts => forecasts(board),
            Table::Migrations => migrations(board),
        };
        let wanted = self.filter.to_lowercase();
        let holds = |row: &Row| row.cells.iter().any(|cell| cell.to_lowercase().contains(&wanted));
        rows.into_iter().filter(holds).collect()
    }

    fn queries(&self, board: &ServerBoard) -> Vec<Row> {
        let mut queries: Vec<&QueryRow> = board.queries.queries.iter().collect();
        queries.sort_by(|a, b| self.sorted.of(b).total_cmp(&self.sorted.of(a)));
        let row = |query: &&QueryRow| {
            let text = if query.text.is_empty() { "(text not known)" } else { &query.text };
            let worse = match query.regression.as_str() {
                "" => String::new(),
                regression => format!("[{regression}] "),
            };
            let figures = [&query.share_text, &query.mean_text, &query.calls_text];
            let mut cells: Vec<String> = figures.into_iter().cloned().collect();
            cells.push(format!("{worse}{text}"));
            let closer = format!(
                "{text}\n\n{} · id {}\nload {} · mean {} · calls {}\n{}",
                query.origin,
                query.query_id,
                query.share_text,
                query.mean_text,
                query.calls_text,
                query.regression
            );
            Row { cells, closer }
        };
        queries.iter().map(row).collect()
    }

    pub(super) fn press(&mut self, key: KeyEvent) -> Next {
        if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) {
            return Next::End;
        }
        if self.typing {
            self.typed(key.code);
            return Next::On;
        }
        match key.code {
            KeyCode::Char('q') => return Next::End,
            KeyCode::Esc if self.closer.is_none() && self.filter.is_empty() => {}
            KeyCode::Esc if self.closer.is_some() => self.closer = None,
            KeyCode::Esc => self.filter.clear(),
            KeyCode::Char('p') => self.paused = !self.paused,
            KeyCode::Char('s') => self.sorted = self.sorted.next(),
            KeyCode::Char('/') => self.typing = true,
            KeyCode::Tab => self.turn_to(self.table.next()),
            KeyCode::Up => self.chosen = self.chosen.saturating_sub(1),
            KeyCode::Down => {
                self.chosen = (self.chosen + 1).min(self.rows().len().saturating_sub(1))
            }
            KeyCode::Enter => {
                self.closer = self.rows().get(self.chosen).map(|row| row.closer.clone())
            }
            KeyCode::Right => self.another(1),
            KeyCode::Left => self.another(-1),
            _ => {}
        }
        Next::On
    }

    fn typed(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.typing = false,
            KeyCode::Esc => {
                self.typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(c) if self.filter.chars().count() < LONGEST => self.filter.push(c),
            _ => {}
        }
        self.chosen = 0;
    }

    fn turn_to(&mut self, table: Table) {
        self.table = table;
        self.chosen = 0;
        self.closer = None;
    }

    /// Another server, by name: the order by state may change at any time.
    fn another(&mut self, step: isize) {
        let mut names: Vec<&String> = self.boards.iter().map(|board| &board.name).collect();
        names.sort();
        let now = self.board().map(|board| &board.name);
        let Some(at) = names.iter().position(|name| Some(*name) == now) else { return };
        let next = (at as isize + step).rem_euclid(names.len() as isize);
        self.server = usize::try_from(next).ok().map(|next| names[next].clone());
        self.chosen = 0;
        self.closer = None;
    }
}

/// The figure that a panel's small chart is of.
fn headline(panel: &pgsre_core::dashboard::Panel) -> Option<f64> {
    let named = |name: &str| panel.figures.iter().find(|one| one.name == name)?.value;
    match panel.kind {
        PanelKind::Connections => named("of usable"),
        PanelKind::Latency => named("p95"),
        PanelKind::Transactions => named("commits"),
        PanelKind::Cache => named("hits"),
        PanelKind::Replication => {
            let lags =
                panel.figures.iter().filter(|one| one.unit == pgsre_core::monitor::Unit::Seconds);
            lags.filter_map(|one| one.value).reduce(f64::max)
        }
        PanelKind::Disk => {
            let databases = panel.figures.iter().filter(|one| one.name.starts_with("database "));
            databases.filter_map(|one| one.value).reduce(|a, b| a + b)
        }
    }
}

fn alerts(board: &ServerBoard) -> Vec<Row> {
    let open = board.alerts.iter().map(|alert| Row {
        cells: vec![
            match alert.state {
                pgsre_core::monitor::IncidentState::Firing => alert.severity.to_string(),
                pgsre_core::monitor::IncidentState::Pending => "pending".to_owned(),
                pgsre_core::monitor::IncidentState::NoData => "no data".to_owned(),
            },
            alert.text.clone(),
            alert.lasts.clone(),
            format!("{} {}", alert.rule, alert.about),
        ],
        closer: format!(
            "{}\n\nsince {:.0}\nnow {}\n{}",
            named(&alert.rule, &alert.about),
            alert.since,
            alert.text,
            alert.note
        ),
    });
    let past = board.past_alerts.iter().map(|alert| Row {
        cells: vec![
            "over".to_owned(),
            String::new(),
            alert.lasted.clone(),
            format!("{} {}", alert.rule, alert.about),
        ],
        closer: format!(
            "{}\n\n{:.0} to {:.0}",
            named(&alert.rule, &alert.about),
            alert.since,
            alert.until
        ),
    });
    open.chain(past).collect()
}

fn named(rule: &str, about: &str) -> String {
    if about.is_empty() { rule.to_owned() } else { format!("{rule}\n{about}") }
}

fn figures(board: &ServerBoard) -> Vec<Row> {
    let rows = board.panels.iter().flat_map(|panel| {
        panel.figures.iter().map(|one| Row {
            cells: vec![
                one.text.clone(),
                one.state.to_string(),
                panel.title().to_owned(),
                match one.note.as_str() {
                    "" => one.name.clone(),
                    note => format!("{} ({note})", one.name),
                },
            ],
            closer: format!("{}, {}\n\n{}\n{}", panel.title(), one.name, one.text, one.note),
        })
    });
    rows.collect()
}

fn forecasts(board: &ServerBoard) -> Vec<Row> {
    let rows = board.forecasts.iter().map(|row| Row {
        cells: vec![row.state.to_string(), row.text.clone(), row.what.clone(), row.method.clone()],
        closer: format!("{}\n\n{}\n{}", row.what, row.text, row.method),
    });
    rows.collect()
}

fn migrations(board: &ServerBoard) -> Vec<Row> {
    let rows = board.migrations.iter().map(|one| Row {
        cells: vec![one.text.clone(), one.state.to_string(), one.note.clone(), one.name.clone()],
        closer: format!("{}\n\n{} done\n{}", one.name, one.text, one.note),
    });
    rows.collect()
}
