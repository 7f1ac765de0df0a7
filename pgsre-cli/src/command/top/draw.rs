//! Drawing the screen: as much of it as there is room for.

use console::{measure_text_width, truncate_str};
use pgsre_core::dashboard::{Panel, State};
use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, Cell, Paragraph, Row, Table as Grid, TableState, Wrap};

use super::view::{Sorted, Table, View};
use crate::render::clean;

/// The height of a panel where there is little room.
const LOW: u16 = 4;

/// The least and the greatest height with a small chart.
const HIGH: (u16, u16) = (8, 16);

/// From this height of the screen on.
const ROOMY: u16 = 36;

/// What the tables are left of a roomy screen: ten queries and what stands around them.
const TABLE: u16 = 16;

const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// The least that anything can be read on.
const SMALLEST: (u16, u16) = (40, 12);

pub(super) fn screen(frame: &mut Frame<'_>, view: &mut View) {
    let area = frame.area();
    if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
        return frame.render_widget(Paragraph::new("too small: 40x12 at least"), area);
    }
    let columns = if area.width >= 78 { 3 } else { 2 };
    let rows = 6 / columns;
    let height = match area.height {
        ..ROOMY => LOW,
        height => (height.saturating_sub(TABLE) / rows).clamp(HIGH.0, HIGH.1),
    };
    let parts = Layout::vertical([
        Constraint::Length(1),
        Constraint::Length(height * rows),
        Constraint::Min(3),
        Constraint::Length(1),
    ]);
    let [top, panels, below, keys] = parts.areas(area);
    header(frame, top, view);
    for (at, area) in grid(panels, columns, rows).into_iter().enumerate() {
        if let Some(panel) = view.board().and_then(|board| board.panels.get(at)) {
            draw_panel(frame, area, panel, view);
        }
    }
    match &view.closer {
        Some(text) => closer(frame, below, text),
        None => table(frame, below, view),
    }
    footer(frame, keys, view);
}

fn grid(area: Rect, columns: u16, rows: u16) -> Vec<Rect> {
    let lines = Layout::vertical(vec![Constraint::Ratio(1, u32::from(rows)); usize::from(rows)]);
    let cells =
        Layout::horizontal(vec![Constraint::Ratio(1, u32::from(columns)); usize::from(columns)]);
    lines.split(area).iter().flat_map(|line| cells.split(*line).to_vec()).collect()
}

fn header(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let Some(board) = view.board() else {
        return frame.render_widget(Paragraph::new("nothing was read yet"), area);
    };
    let state = Span::styled(
        format!(" {} ", board.state.as_str().to_uppercase()),
        style(board.state, view.colours).add_modifier(Modifier::REVERSED | Modifier::BOLD),
    );
    let age = board.age_seconds.map_or("not read yet".to_owned(), |age| format!("{age:.0} s ago"));
    let more = match view.boards.len() {
        0 | 1 => String::new(),
        many => format!(" (1 of {many})"),
    };
    let paused = if view.paused { "PAUSED  " } else { "" };
    let right = format!("{paused}{age} ");
    // A long name must not push out what is wrong.
    let room = usize::from(area.width / 4).max(NAME);
    let name = Span::styled(ending(&clean(&board.name), room), Modifier::BOLD);
    let summary = format!("{more}  {}", clean(&board.summary));
    let line = Line::from(vec![state, Span::raw(" "), name, Span::raw(summary)]);
    let width = u16::try_from(right.chars().count()).unwrap_or(area.width);
    let [left, end] =
        Layout::horizontal([Constraint::Min(0), Constraint::Length(width)]).areas(area);
    frame.render_widget(Paragraph::new(line), left);
    frame.render_widget(Paragraph::new(right), end);
}

/// The columns that a server's name has at least.
const NAME: usize = 16;

/// The end of a text that is too wide: of an address it says the most.
fn ending(text: &str, room: usize) -> String {
    if measure_text_width(text) <= room {
        return text.to_owned();
    }
    let mut kept = text;
    while measure_text_width(kept) >= room {
        let mut characters = kept.chars();
        if characters.next().is_none() {
            break;
        }
        kept = characters.as_str();
    }
    format!("…{kept}")
}

fn draw_panel(frame: &mut Frame<'_>, area: Rect, panel: &Panel, view: &View) {
    let of_state = style(panel.state, view.colours);
    let mark = match panel.state {
        State::Ok => String::new(),
        state => state.to_string(),
    };
    let block = Block::new()
        .borders(Borders::ALL)
        .border_style(of_state)
        // Without a blank behind it, so that the longest stands beside "critical" in 80 columns.
        .title(format!(" {}", panel.title()))
        .title_top(
            Line::from(Span::styled(mark, of_state.add_modifier(Modifier::BOLD))).right_aligned(),
        );
    let inner = block.inner(area);
    frame.render_widget(block, area);
    let fitting =
        |text: &str| truncate_str(&clean(text), usize::from(inner.width), "…").into_owned();
    let caption = panel.why.as_ref().unwrap_or(&panel.caption);
    let mut lines = vec![
        Line::from(Span::styled(fitting(&panel.headline), of_state.add_modifier(Modifier::BOLD))),
        Line::from(fitting(caption)),
    ];
    if inner.height > 3 {
        let rest = usize::from(inner.height) - 2;
        lines.extend(chart(&view.past(panel.kind), usize::from(inner.width), rest));
    }
    frame.render_widget(Paragraph::new(lines), inner);
}

/// Bars over several lines, the newest at the right; a gap where nothing is known.
fn chart(past: &[Option<f64>], width: usize, height: usize) -> Vec<Line<'static>> {
    let shown = &past[past.len().saturating_sub(width)..];
    let most = shown.iter().flatten().copied().fold(0.0, f64::max);
    let levels = height * BARS.len();
    let level = |value: f64| {
        let share = if most > 0.0 { value / most } else { 0.0 };
        // What is known is never without a mark.
        ((share * levels as f64).round() as usize).clamp(1, levels)
    };
    let line = |from_below: usize| {
        let floor = from_below * BARS.len();
        let text: String = shown
            .iter()
            .map(|value| match value.map(level) {
                Some(level) if level > floor => BARS[(level - floor).min(BARS.len()) - 1],
                _ => ' ',
            })
            .collect();
        Line::from(Span::styled(text, Modifier::DIM))
    };
    (0..height).rev().map(line).collect()
}

fn table(frame: &mut Frame<'_>, area: Rect, view: &mut View) {
    let rows = view.rows();
    view.chosen = view.chosen.min(rows.len().saturating_sub(1));
    let (names, widths) = columns(view);
    let mut titles = Vec::new();
    for one in Table::ALL {
        let of_title = if one == view.table { Modifier::REVERSED } else { Modifier::DIM };
        titles.push(Span::styled(format!(" {} ", one.counted(view.board())), of_title));
    }
    let block = Block::new().borders(Borders::TOP).title(Line::from(titles));
    if rows.is_empty() {
        let why = empty(view);
        return frame
            .render_widget(Paragraph::new(why).wrap(Wrap { trim: true }).block(block), area);
    }
    let cells = |row: &super::view::Row| {
        Row::new(row.cells.iter().map(|cell| Cell::from(clean(cell))).collect::<Vec<_>>())
    };
    let head = Row::new(names).style(Modifier::BOLD);
    let grid = Grid::new(rows.iter().map(cells), widths)
        .header(head)
        .block(block)
        .row_highlight_style(Modifier::REVERSED);
    let mut chosen = TableState::default().with_selected(Some(view.chosen));
    frame.render_stateful_widget(grid, area, &mut chosen);
}

fn columns(view: &View) -> (Vec<String>, Vec<Constraint>) {
    let named = |names: [&str; 4]| names.map(str::to_owned).to_vec();
    let fixed = |widths: [u16; 3]| {
        let mut all: Vec<_> = widths.into_iter().map(Constraint::Length).collect();
        all.push(Constraint::Min(10));
        all
    };
    match view.table {
        Table::Queries => {
            let mark =
                |name: &str, by| format!("{name}{}", if view.sorted == by { "▾" } else { "" });
            let names = vec![
                mark("load", Sorted::Load),
                mark("mean", Sorted::Mean),
                mark("calls", Sorted::Calls),
                "query".to_owned(),
            ];
            (names, fixed([7, 9, 10]))
        }
        Table::Alerts => (named(["state", "figure", "for", "rule"]), fixed([9, 10, 9])),
        Table::Figures => (named(["value", "state", "panel", "figure"]), fixed([13, 9, 15])),
        Table::Forecasts => {
            let names = named(["state", "when", "what", "method"]);
            let shares = [2, 3, 2].map(Constraint::Fill);
            (names, [Constraint::Length(8)].into_iter().chain(shares).collect())
        }
        Table::Migrations => (named(["done", "state", "how far", "migration"]), fixed([7, 9, 33])),
    }
}

fn empty(view: &View) -> String {
    if !view.filter.is_empty() {
        return format!("nothing holds {:?}", view.filter);
    }
    let why = view.board().map_or("", |board| board.queries.why.as_str());
    match view.table {
        Table::Queries if !why.is_empty() => clean(why),
        Table::Queries => "no statement was executed".to_owned(),
        Table::Alerts => "nothing fires".to_owned(),
        Table::Figures => "nothing is known".to_owned(),
        Table::Forecasts => "no history to look ahead from yet".to_owned(),
        Table::Migrations => "none is under way".to_owned(),
    }
}

fn closer(frame: &mut Frame<'_>, area: Rect, text: &str) {
    let lines: Vec<Line<'_>> = text.lines().map(|line| Line::from(clean(line))).collect();
    let block = Block::new().borders(Borders::TOP).title(" closer: escape goes back ");
    frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(block), area);
}

fn footer(frame: &mut Frame<'_>, area: Rect, view: &View) {
    let text = if view.typing {
        format!("filter: {}_   (enter keeps it, escape ends it)", view.filter)
    } else {
        let filter = match view.filter.as_str() {
            "" => "/ filter".to_owned(),
            filter => format!("/{filter} (escape ends it)"),
        };
        let servers = if view.boards.len() > 1 { "  ←→ server" } else { "" };
        format!("q end  p pause  tab table  s sort  {filter}  ↑↓ choose  enter closer{servers}")
    };
    frame.render_widget(Paragraph::new(Span::styled(text, Modifier::DIM)), area);
}

fn style(state: State, colours: bool) -> Style {
    if !colours {
        return match state {
            State::Critical => Style::new().add_modifier(Modifier::BOLD),
            _ => Style::new(),
        };
    }
    Style::new().fg(match state {
        State::Ok => Color::Green,
        State::Warning => Color::Yellow,
        State::Critical => Color::Red,
        State::Stale => Color::Magenta,
        State::NoData => Color::DarkGray,
    })
}

#[cfg(test)]
mod tests;
