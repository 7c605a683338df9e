//! What nobody needs any more goes, in the background. Any replica may do it, one at a time, in batches so small that no
//! lock is held for long. Nothing depends on it being done in time: what is over counts for nothing while it is there.

use std::convert::Infallible;

use service_kit::clock::Clock;
use service_kit::postgres::{self, Database};
use time::Duration;

use crate::store::purges::{self, Purge};
use crate::throttle;

/// Rest between two sweeps.
const EVERY: std::time::Duration = std::time::Duration::from_mins(1);
/// Rows that one statement deletes at most.
const BATCH: u16 = 500;
/// How long a session is kept after its end: whoever comes back late is still told that it expired, or that its token was
/// used twice. Far longer than an access token lives, whose session must be found.
pub const SESSIONS_KEPT: Duration = Duration::days(30);

/// How long things are kept.
#[derive(Clone, Debug, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Retention")]
pub struct Settings {
    /// Days that the audit trail goes back
    #[arg(long, env = "AUDIT_RETENTION_DAYS", default_value_t = 365,
          value_parser = clap::value_parser!(u16).range(1..=3650))]
    pub audit_retention_days: u16,
}

/// Deletes what is over.
pub struct Housekeeping {
    database: Database,
    clock: Clock,
    /// What is purged, how long after its end, and by what.
    purges: Vec<(&'static str, Duration, Purge)>,
}

impl Housekeeping {
    /// Of the rows in `database`.
    #[must_use]
    pub fn new(database: Database, clock: Clock, settings: &Settings) -> Self {
        let purges: Vec<(_, _, Purge)> = vec![
            ("sessions", SESSIONS_KEPT, purges::sessions),
            ("mail tokens", Duration::ZERO, purges::mail_tokens),
            ("mail allowances", Duration::HOUR, purges::mail_allowances),
            ("events", Duration::days(settings.audit_retention_days.into()), purges::events),
            ("throttles", throttle::MEMORY, purges::throttles),
        ];
        Self { database, clock, purges }
    }

    /// Sweeps at once, and then every minute, until it is dropped.
    pub async fn run(self) -> Infallible {
        loop {
            self.sweep().await;
            tokio::time::sleep(EVERY).await;
        }
    }

    /// Deletes all that is over, unless another replica is at it. What fails waits for the next sweep.
    pub async fn sweep(&self) {
        for (what, kept, purge) in &self.purges {
            match self.drain(*kept, *purge).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(what, rows, "purged"),
                Err(error) => tracing::warn!(what, %error, "cannot purge"),
            }
        }
    }

    /// Batch after batch, until one is not full.
    async fn drain(&self, kept: Duration, purge: Purge) -> Result<u64, postgres::Error> {
        let before = self.clock.now() - kept;
        let mut deleted = 0;
        loop {
            let batch = self.database.transaction(move |c| {
                Box::pin(async move {
                    if purges::take_turn(c).await? { purge(c, before, BATCH.into()).await } else { Ok(0) }
                })
            });
            let batch = batch.await?;
            deleted += batch;
            if batch < BATCH.into() {
                return Ok(deleted);
            }
        }
    }
}
