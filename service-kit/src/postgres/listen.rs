//! The doorbell between processes. NOTIFY carries nothing and may be lost, so whoever waits for it also looks by itself from
//! time to time; and it is never rung inside a transaction that writes: there it costs 85 % of the throughput, for all
//! commits then take turns.

use std::convert::Infallible;
use std::time::Duration;

use sqlx::ConnectOptions;
use sqlx::postgres::{PgListener, PgPoolOptions};
use tokio::sync::watch;
use tokio::time::sleep;

use super::Settings;

/// How long a listener that lost its connection rests before it tries again.
const REST: Duration = Duration::from_secs(1);

/// Rings `bell` at every NOTIFY on `channel`, and when it listens again after a loss: something may have been missed then.
/// It holds one connection of its own. Runs until it is dropped.
pub async fn listen(settings: &Settings, channel: &str, bell: watch::Sender<()>) -> Infallible {
    loop {
        let Err(error) = follow(settings, channel, &bell).await;
        tracing::warn!(%error, channel, "not listening: what other replicas write is noticed later");
        sleep(REST).await;
    }
}

async fn follow(settings: &Settings, channel: &str, bell: &watch::Sender<()>) -> Result<Infallible, sqlx::Error> {
    // sqlx listens on connections of its pools alone. This one never serves a request.
    let pool = PgPoolOptions::new().max_connections(1).max_lifetime(None).idle_timeout(None);
    let pool = pool.connect_with(settings.options().disable_statement_logging()).await?;
    let mut listener = PgListener::connect_with(&pool).await?;
    listener.listen(channel).await?;
    loop {
        bell.send_replace(());
        listener.try_recv().await?;
    }
}
