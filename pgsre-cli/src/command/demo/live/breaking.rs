//! What the buttons do.

use std::sync::Arc;
use std::time::Duration;

use pgsre_core::dashboard::Control;
use pgsre_core::finding::chain;
use tokio::sync::mpsc::{self, Receiver};

use super::stage::Stage;
use crate::error::CommandError;
use crate::face::Face;

/// Presses that wait; who presses more often is not waited for.
const WAITING: usize = 8;

/// What fills the disk: 16 MiB at a time, so that one sees it fill, up to 98 %.
const STEP: &str = "INSERT INTO ballast SELECT repeat('x', 1048576) FROM generate_series(1, 16)";
const STEPS: usize = 20;
const BETWEEN: Duration = Duration::from_millis(200);

/// What can be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Press {
    CutReplica,
    MendReplica,
    DropIndex,
    RebuildIndex,
    FillDisk,
    EmptyDisk,
}

const BUTTONS: [(Press, &str, &str); 6] = [
    (Press::CutReplica, "cut-replica", "Cut off replica2"),
    (Press::MendReplica, "mend-replica", "Mend replica2"),
    (Press::DropIndex, "drop-index", "Drop an index"),
    (Press::RebuildIndex, "rebuild-index", "Rebuild it"),
    (Press::FillDisk, "fill-disk", "Fill the disk"),
    (Press::EmptyDisk, "empty-disk", "Empty it"),
];

/// The buttons, and where one hears of them.
pub(super) fn controls() -> (Vec<Control>, Receiver<Press>) {
    let (say, pressed) = mpsc::channel(WAITING);
    let button = |(press, name, label)| {
        let say = say.clone();
        let press: Arc<dyn Fn() + Send + Sync> = Arc::new(move || {
            let _ = say.try_send(press);
        });
        Control { name, label, press }
    };
    (BUTTONS.map(button).into(), pressed)
}

/// Does what is pressed, one after the other. What fails is said, and the demo goes on.
pub(super) async fn break_and_mend(pressed: &mut Receiver<Press>, stage: &mut Stage, face: &Face) {
    while let Some(press) = pressed.recv().await {
        if let Err(error) = apply(press, stage).await {
            face.warn(&format!("{press:?} failed: {}", chain(&error)));
        }
    }
}

async fn apply(press: Press, stage: &mut Stage) -> Result<(), CommandError> {
    match press {
        Press::CutReplica => cut(stage).await,
        Press::MendReplica => mend(stage).await,
        Press::DropIndex => stage.run("DROP INDEX IF EXISTS orders_by_customer").await,
        Press::RebuildIndex => {
            let index = "CREATE INDEX IF NOT EXISTS orders_by_customer ON orders (customer_id)";
            stage.run(index).await
        }
        Press::FillDisk => fill(stage).await,
        Press::EmptyDisk => stage.run("TRUNCATE ballast").await,
    }
}

async fn cut(stage: &mut Stage) -> Result<(), CommandError> {
    let Some(replica) = stage.replica() else { return Ok(()) };
    replica.stop().await.map_err(failed)
}

async fn mend(stage: &mut Stage) -> Result<(), CommandError> {
    let Some(replica) = stage.replica() else { return Ok(()) };
    if replica.is_running() {
        return Ok(());
    }
    replica.start_again().await.map_err(failed)
}

async fn fill(stage: &Stage) -> Result<(), CommandError> {
    // However often it is pressed.
    stage.run("TRUNCATE ballast").await?;
    for _ in 0..STEPS {
        stage.run(STEP).await?;
        tokio::time::sleep(BETWEEN).await;
    }
    Ok(())
}

fn failed(error: pgsre_core::postgres::PostgresError) -> CommandError {
    CommandError::inconclusive("the demo's replica").with_cause(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_button_says_its_own_and_too_many_presses_are_not_waited_for() {
        let (controls, mut pressed) = controls();
        for (control, (press, name, _)) in controls.iter().zip(BUTTONS) {
            (control.press)();
            assert_eq!((control.name, pressed.recv().await), (name, Some(press)));
        }
        for _ in 0..WAITING + 5 {
            (controls[0].press)();
        }
        assert_eq!(pressed.len(), WAITING);
    }
}
