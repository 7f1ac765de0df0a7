#![expect(clippy::unwrap_used, reason = "tests")]
use jiff::Timestamp;
use pgsre_core::dashboard::{
    BackupsBoard, Figure, Panel, PanelKind, QueriesBoard, QueryRow, ServerBoard,
};
use pgsre_core::monitor::Unit;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent};

use super::*;

fn panel(kind: PanelKind, state: State, headline: &str) -> Panel {
    let figure = Figure {
        name: "of usable".to_owned(),
        value: Some(0.5),
        unit: Unit::Ratio,
        text: "50 %".to_owned(),
        state,
        note: String::new(),
    };
    let at = Timestamp::from_second(1_800_000_000).unwrap();
    Panel {
        kind,
        state,
        headline: headline.to_owned(),
        caption: "what it is".to_owned(),
        figures: vec![figure],
        why: None,
        at: Some(at),
    }
}

fn query(text: &str, share: f64, mean_ms: f64) -> QueryRow {
    QueryRow {
        query_id: "42".to_owned(),
        origin: "shop by app".to_owned(),
        share,
        share_text: format!("{:.0} %", share * 100.0),
        calls: 1.0,
        calls_text: "1 /s".to_owned(),
        mean_ms,
        mean_text: format!("{mean_ms} ms"),
        regression: String::new(),
        text: text.to_owned(),
    }
}

fn board(name: &str, second: i64) -> ServerBoard {
    let states =
        [State::Ok, State::Warning, State::Critical, State::Stale, State::NoData, State::Ok];
    let headlines = ["12 of 97", "20 ms", "db3 disconnected", "100 /s", "no data", "40 % used"];
    let panels = PanelKind::ALL.into_iter().zip(states).zip(headlines);
    let at = Timestamp::from_second(1_800_000_000 + second).unwrap();
    let mut panels: Vec<Panel> =
        panels.map(|((kind, state), headline)| panel(kind, state, headline)).collect();
    panels.iter_mut().for_each(|panel| panel.at = Some(at));
    ServerBoard {
        name: name.to_owned(),
        version: None,
        role: None,
        state: State::Critical,
        summary: "replication.disconnected: replica db3".to_owned(),
        at: Some(at),
        age_seconds: Some(4.0),
        patience_seconds: 15.0,
        panels,
        alerts: Vec::new(),
        past_alerts: Vec::new(),
        backups: BackupsBoard::default(),
        migrations: Vec::new(),
        queries: QueriesBoard {
            seconds: Some(60.0),
            why: String::new(),
            queries: vec![query("SELECT heavy", 0.8, 2.0), query("UPDATE slow", 0.2, 900.0)],
        },
        forecasts: Vec::new(),
        unseen: Vec::new(),
    }
}

fn view() -> View {
    let mut view = View::new(true);
    view.take(vec![board("shop", 0)]);
    view
}

fn drawn(view: &mut View, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| screen(frame, view)).unwrap();
    let buffer = terminal.backend().buffer().clone();
    let lines = buffer
        .content
        .chunks(usize::from(width))
        .map(|line| line.iter().map(|cell| cell.symbol()).collect::<String>());
    lines.collect::<Vec<_>>().join("\n")
}

fn press(view: &mut View, keys: impl IntoIterator<Item = KeyCode>) {
    for key in keys {
        view.press(KeyEvent::from(key));
    }
}

#[test]
fn everything_that_counts_is_on_the_smallest_terminal() {
    let text = drawn(&mut view(), 80, 24);
    let wanted = [
        "CRITICAL",
        "shop",
        "replica db3",
        "4 s ago",
        "12 of 97",
        "db3 disconnected",
        "stale",
        "no data",
        "warning",
        "40 % used",
        "SELECT heavy",
        "q end",
        "Connections",
        "Disk",
    ];
    for wanted in wanted {
        assert!(text.contains(wanted), "no {wanted:?} in\n{text}");
    }
}

#[test]
fn no_size_breaks_it() {
    for (width, height) in [(1, 1), (39, 24), (40, 12), (80, 24), (200, 60), (500, 13), (40, 200)] {
        drop(drawn(&mut view(), width, height));
    }
    let mut nothing = View::new(false);
    assert!(drawn(&mut nothing, 80, 24).contains("nothing was read yet"));
}

#[test]
fn a_large_terminal_has_charts_with_gaps() {
    let mut view = view();
    view.take(vec![board("shop", 2)]);
    assert!(drawn(&mut view, 200, 60).contains('█'));
    let line = |past: &[Option<f64>]| chart(past, 10, 1)[0].to_string();
    assert_eq!(line(&[Some(4.0), None, Some(2.0), Some(0.0)]), "█ ▄▁");
}

#[test]
fn keys_sort_filter_pause_and_look_closer() {
    let mut view = view();
    let first = |view: &View| view.rows().first().map(|row| row.cells[3].clone());
    assert_eq!(first(&view).as_deref(), Some("SELECT heavy"));
    press(&mut view, [KeyCode::Char('s')]);
    assert_eq!(first(&view).as_deref(), Some("UPDATE slow"), "by mean");
    press(&mut view, [KeyCode::Enter]);
    assert!(drawn(&mut view, 80, 24).contains("shop by app"));
    press(&mut view, [KeyCode::Esc]);
    press(&mut view, "/HEAVY".chars().map(KeyCode::Char).chain([KeyCode::Enter]));
    assert_eq!(view.rows().len(), 1);
    press(&mut view, [KeyCode::Esc]);
    assert_eq!(view.rows().len(), 2);
    press(&mut view, [KeyCode::Char('p')]);
    view.take(vec![board("other", 5)]);
    assert!(drawn(&mut view, 80, 24).contains("PAUSED") && view.board().unwrap().name == "shop");
    press(&mut view, [KeyCode::Char('p'), KeyCode::Tab]);
    view.take(vec![board("other", 5)]);
    let text = drawn(&mut view, 80, 24);
    assert!(text.contains("nothing fires") && text.contains("other"), "{text}");
}

#[test]
fn migrations_under_way_are_counted_in_their_title_and_none_is_said_to_be_none() {
    let mut view = view();
    press(&mut view, [KeyCode::Tab; 4]);
    let text = drawn(&mut view, 80, 24);
    assert!(text.contains("none is under way") && text.contains(" Migrations ─"), "{text}");
    let mut next = board("shop", 2);
    next.migrations = vec![Figure {
        name: "add_email".to_owned(),
        value: Some(0.375),
        unit: Unit::Ratio,
        text: "37.5 %".to_owned(),
        state: State::Ok,
        note: "step 2 of 4; got on 3 s ago".to_owned(),
    }];
    view.take(vec![next]);
    let text = drawn(&mut view, 80, 24);
    for wanted in ["Migrations 1", "37.5 %", "step 2 of 4; got on 3 s ago", "add_email"] {
        assert!(text.contains(wanted), "no {wanted:?} in\n{text}");
    }
    press(&mut view, [KeyCode::Enter]);
    assert!(drawn(&mut view, 80, 24).contains("37.5 % done"));
}

#[test]
fn a_long_name_does_not_push_out_what_is_wrong_and_what_is_cut_is_seen_to_be_cut() {
    let mut long = board(&format!("/tmp/{}/socket/shop", "x".repeat(200)), 0);
    long.panels[0].caption = "client connections of those that ordinary roles may hold".to_owned();
    let mut view = View::new(true);
    view.take(vec![long]);
    let text = drawn(&mut view, 80, 24);
    for wanted in ["x/socket/shop", "replica db3", "4 s ago", "of th…│", "Replication lag─critical"]
    {
        assert!(text.contains(wanted), "no {wanted:?} in\n{text}");
    }
    assert_eq!(ending("日本語サーバー", 7), "…ーバー");
    assert_eq!(ending("short", 7), "short");
}

#[test]
fn no_name_moves_the_cursor_or_turns_the_line() {
    let hostile = "\u{1b}[2J\u{1b}]0;title\u{7}\u{9b}31m\u{202e}evil\r\nnext";
    let mut worst = board(hostile, 0);
    worst.summary = hostile.to_owned();
    worst.queries.queries[0].text = hostile.to_owned();
    for panel in &mut worst.panels {
        panel.headline = hostile.to_owned();
        panel.caption = hostile.to_owned();
        panel.figures[0].name = hostile.to_owned();
    }
    let mut view = View::new(true);
    view.take(vec![worst]);
    for keys in [vec![], vec![KeyCode::Enter], vec![KeyCode::Esc, KeyCode::Tab, KeyCode::Tab]] {
        press(&mut view, keys);
        for (width, height) in [(40, 12), (80, 24), (200, 60)] {
            let text = drawn(&mut view, width, height);
            assert!(text.contains("[2J"), "{text}");
            let mut lines = text.split('\n');
            assert!(lines.all(|line| line == crate::render::clean(line)), "{text:?}");
        }
    }
}

#[test]
fn servers_are_gone_through_by_name() {
    let mut view = View::new(true);
    view.take(vec![board("b", 0), board("a", 0)]);
    assert_eq!(view.board().unwrap().name, "b", "the worst");
    press(&mut view, [KeyCode::Right]);
    assert_eq!(view.board().unwrap().name, "a");
    press(&mut view, [KeyCode::Left]);
    assert_eq!(view.board().unwrap().name, "b");
}
