//! What was deleted goes for good when its time is over, in the background. Any replica may do it, one at a time, in batches
//! so small that no lock is held for long. Nothing depends on it being done in time: until then it can be brought back.

use std::convert::Infallible;

use service_kit::clock::Clock;
use service_kit::postgres::{self, Database};
use time::Duration;

use crate::store::purges::{self, Purge};

/// Rest between two sweeps.
const EVERY: std::time::Duration = std::time::Duration::from_mins(1);
/// Rows that one transaction deletes at most, and what is below them.
const BATCH: i64 = 500;

/// What is purged, how long after its end, and by what.
const PURGES: [(&str, Duration, Purge); 3] = [
    ("todos", Duration::ZERO, purges::todos),
    ("lists", Duration::ZERO, purges::lists),
    ("batches", Duration::days(7), purges::batches),
];

/// Deletes what is over.
pub struct Housekeeping {
    database: Database,
    clock: Clock,
}

impl Housekeeping {
    /// Of the rows in `database`.
    #[must_use]
    pub fn new(database: Database, clock: Clock) -> Self {
        Self { database, clock }
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
        for (what, kept, purge) in PURGES {
            match self.drain(kept, purge).await {
                Ok(0) => {}
                Ok(rows) => tracing::info!(what, rows, "purged"),
                Err(error) => tracing::warn!(what, %error, "cannot purge"),
            }
        }
    }

    /// Batch after batch, until one is not full.
    async fn drain(&self, kept: Duration, purge: Purge) -> Result<i64, postgres::Error> {
        let before = self.clock.now() - kept;
        let mut deleted = 0;
        loop {
            let batch = self.database.transaction(move |c| {
                Box::pin(async move { if purges::take_turn(c).await? { purge(c, before, BATCH).await } else { Ok(0) } })
            });
            let batch = batch.await?;
            deleted += batch;
            if batch < BATCH {
                return Ok(deleted);
            }
        }
    }
}
