//! `pgsre top`: the six panels and their tables in a terminal.

use std::io::{self, IsTerminal};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use pgsre_core::alert::Outbox;
use pgsre_core::dashboard::Dashboard;
use pgsre_core::history::samples::MemorySamples;
use pgsre_core::queries::WorstQueries;
use pgsre_core::watch::{DEFAULT_INTERVAL, Watcher};
use ratatui::crossterm::event::{self, Event, KeyEventKind};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::args::{Format, StatusArgs, TopArgs};
use crate::command::{dashboard, status};
use crate::config::Config;
use crate::environment::Environment;
use crate::error::CommandError;
use crate::exit_code;

mod draw;
mod view;

use view::{Next, View};

/// How often the screen is drawn where no key is pressed: ages count seconds.
const REDRAW: Duration = Duration::from_millis(500);

/// How often the keyboard's reader looks whether it is still wanted.
const LOOK: Duration = Duration::from_millis(100);

/// For how long samples are kept.
const KEPT: Duration = Duration::from_secs(3_600);

pub(crate) async fn run(
    args: &TopArgs,
    config: &Config,
    environment: &Environment,
) -> Result<u8, CommandError> {
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        return Err(CommandError::usage("pgsre top needs a terminal")
            .with_hint("`pgsre status` prints one reading, `pgsre dashboard` serves pages"));
    }
    let worst = WorstQueries::default();
    let asked = StatusArgs {
        url: args.database.clone(),
        server: None,
        standby: args.standby.clone(),
        window: DEFAULT_INTERVAL,
        format: Format::default(),
    };
    let monitors = status::monitors(&asked, config, environment, Some(&worst))?;
    let samples = Arc::new(MemorySamples::new(KEPT));
    let outbox = Outbox::open(Vec::new(), None).map_err(|error| {
        CommandError::inconclusive("the watcher cannot start").with_cause(error)
    })?;
    let watcher = Watcher::new(status::rules(&config.rules)?, outbox)
        .every(args.interval)
        .silencing(config.silences.clone())
        .with_samples(Arc::clone(&samples) as _)
        .watching(monitors);
    let shown = dashboard::shown(&watcher, config, samples, &worst, environment)?;
    let cancel = CancellationToken::new();
    let following = shown.clone();
    tokio::spawn(async move { following.follow().await });
    let watching = tokio::spawn({
        let cancel = cancel.clone();
        async move { watcher.run(&cancel).await }
    });
    let view = View::new(environment.set("NO_COLOR").is_none());
    let shown = show(&shown, view, &cancel).await;
    cancel.cancel();
    // It waits for no reading that is under way.
    watching.abort();
    shown?;
    Ok(exit_code::PASSED)
}

/// Draws until a key ends it. The terminal is as it was afterwards, also after a panic.
async fn show(
    dashboard: &Dashboard,
    mut view: View,
    cancel: &CancellationToken,
) -> Result<(), CommandError> {
    let failed = |error: io::Error| {
        CommandError::inconclusive("the terminal cannot be used").with_cause(error)
    };
    let mut terminal = ratatui::try_init().map_err(failed)?;
    let mut keys = keys(cancel.clone());
    let drawn = loop {
        view.take(dashboard.overview(Timestamp::now()));
        if let Err(error) = terminal.draw(|frame| draw::screen(frame, &mut view)) {
            break Err(error);
        }
        let key = tokio::select! {
            key = keys.recv() => key,
            () = tokio::time::sleep(REDRAW) => continue,
        };
        match key {
            Some(Event::Key(key)) if key.kind == KeyEventKind::Press => {
                if view.press(key) == Next::End {
                    break Ok(());
                }
            }
            Some(_) => {}
            None => break Ok(()),
        }
    };
    let restored = ratatui::try_restore();
    drawn.and(restored).map_err(failed)
}

/// What is pressed, read on a thread of its own: reading blocks.
fn keys(cancel: CancellationToken) -> mpsc::Receiver<Event> {
    let (pressed, keys) = mpsc::channel(16);
    std::thread::spawn(move || {
        while !cancel.is_cancelled() {
            let heard = match event::poll(LOOK) {
                Ok(true) => event::read(),
                Ok(false) => continue,
                Err(error) => Err(error),
            };
            let Ok(event) = heard else { return };
            if pressed.blocking_send(event).is_err() {
                return;
            }
        }
    });
    keys
}
