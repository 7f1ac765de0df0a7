//! Customers who look and buy all the time.

use std::time::Duration;

use pgsre_core::postgres::{ConnectConfig, Database, PostgresError, Session};
use tokio::task::JoinSet;

use crate::command::demo::server::broken;
use crate::error::CommandError;

/// How many there are.
const CUSTOMERS: usize = 3;

/// How long each thinks.
const PAUSE: Duration = Duration::from_millis(25);

/// Some customers at once: the cache is judged by what asks for many blocks.
const BY_CUSTOMER: &str = "SELECT id, amount FROM orders WHERE customer_id BETWEEN $1 AND $1 + 9";
const BY_NUMBER: &str = "SELECT customer_id, state FROM orders WHERE id = $1";
const PAY: &str = "UPDATE orders SET state = 'paid' WHERE id = $1";

/// The load; it ends with this value.
#[derive(Debug)]
pub(super) struct Load {
    _customers: JoinSet<()>,
}

impl Load {
    /// Begins.
    pub(super) async fn on(shop: ConnectConfig) -> Result<Self, CommandError> {
        let database = Database::connect(shop).await.map_err(broken)?;
        let mut customers = JoinSet::new();
        for number in 0..CUSTOMERS {
            customers.spawn(shopping(database.clone(), number));
        }
        Ok(Self { _customers: customers })
    }
}

/// Shops, and comes back after a break.
async fn shopping(database: Database, number: usize) {
    loop {
        if let Ok(session) = database.session().await {
            let _ = visits(&session, number).await;
        }
        tokio::time::sleep(PAUSE * 20).await;
    }
}

async fn visits(session: &Session, number: usize) -> Result<(), PostgresError> {
    let by_customer = session.prepare(BY_CUSTOMER).await?;
    let by_number = session.prepare(BY_NUMBER).await?;
    let pay = session.prepare(PAY).await?;
    // Each begins elsewhere; steps that share no factor with the rows come to all of them.
    for visit in (number * 61_813..).step_by(7_919) {
        let customer = i32::try_from(visit % 20_000).unwrap_or(0) + 1;
        let order = i32::try_from(visit % 200_000).unwrap_or(0) + 1;
        session.query(&by_customer, &[&customer]).await?;
        session.query(&by_number, &[&order]).await?;
        session.execute(&pay, &[&order]).await?;
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}
