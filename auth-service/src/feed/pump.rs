//! The one task of a process that numbers and reads events.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::{self, Database};
use tokio::sync::{broadcast, watch};
use tokio::time::{Instant, sleep};

use super::{Batch, Cursor, Feed, MARGIN, Position, STEP, What};
use crate::signing_key::{self, Keychain};
use crate::store::feed as store;

/// Batches that a follower may be behind before it reads from the table.
const BACKLOG: usize = 64;
/// How often the followers are told how far the feed is complete.
const BOOKMARK: Duration = Duration::from_secs(2);
/// How long an event may wait whose bell was lost, while somebody follows and while nobody does.
const POLL: (Duration, Duration) = (Duration::from_millis(250), Duration::from_secs(2));
/// The shortest time between two looks: commits that come faster share one.
const REST: Duration = Duration::from_millis(5);

/// Numbers events and tells them to the followers of its process. Any number of processes may do so at once.
pub struct Pump {
    database: Database,
    clock: Clock,
    entropy: Entropy,
    bells: [watch::Receiver<()>; 2],
    window: time::Duration,
    keychain: Keychain,
    position: watch::Sender<Option<Position>>,
    lag: watch::Sender<time::Duration>,
    batches: broadcast::Sender<Arc<Batch>>,
    bookmarked: Option<Instant>,
}

impl Pump {
    /// A pump that looks when one of these bells rings: after commits of this process, and when another one says so.
    /// `database` has connections of its own, so that what the pump writes does not ring; `life` is that of an access token. The
    /// keychain is reloaded before anybody is told that there are other keys.
    #[must_use]
    pub fn new(
        database: Database,
        bells: [watch::Receiver<()>; 2],
        life: time::Duration,
        keychain: Keychain,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        let (position, batches) = (watch::Sender::new(None), broadcast::Sender::new(BACKLOG));
        let (window, lag) = (life + MARGIN, watch::Sender::new(time::Duration::ZERO));
        Self { database, clock, entropy, bells, window, keychain, position, lag, batches, bookmarked: None }
    }

    /// The feed that it feeds.
    #[must_use]
    pub fn feed(&self) -> Feed {
        Feed {
            position: self.position.subscribe(),
            lag: self.lag.subscribe(),
            batches: self.batches.downgrade(),
            window: self.window,
            clock: self.clock.clone(),
        }
    }

    /// Runs until it is dropped.
    pub async fn run(mut self) -> Infallible {
        let mut failing = false;
        loop {
            let looked = self.look().await;
            if let (Err(error), false) = (&looked, failing) {
                tracing::warn!(%error, "the feed stands still: revocations are not told");
            }
            failing = looked.is_err();
            self.wait().await;
        }
    }

    /// Numbers what is new, and tells everything from where it last was.
    async fn look(&mut self) -> Result<(), postgres::Error> {
        // Before the numbers are given: whatever is committed by then gets one.
        let time = self.clock.now();
        let upto = Position { head: self.number().await?, time };
        let bookmark = self.bookmarked.is_none_or(|at| at.elapsed() >= BOOKMARK);
        let Some(told) = *self.position.borrow() else {
            // What changed before the first look was not read as an event.
            self.reload().await?;
            self.publish(Batch { after: upto.head, upto, changes: Vec::new(), bookmark });
            return Ok(());
        };
        self.tell(told, upto, bookmark).await?;
        if bookmark {
            self.bookmarked = Some(Instant::now());
        }
        Ok(())
    }

    /// Numbers every event that is committed by now, and lets the other replicas know.
    async fn number(&self) -> Result<Cursor, postgres::Error> {
        let mut new = 0;
        let head = loop {
            let numbered = store::number(&self.database).await?;
            new += numbered.count;
            if let Some(oldest) = numbered.oldest {
                self.lag.send_replace(self.clock.now() - oldest);
            }
            if !numbered.is_full() {
                break numbered.head;
            }
        };
        if new > 0 {
            store::ring(&self.database).await?;
        }
        Ok(head)
    }

    /// Everything after one position, up to another.
    async fn tell(&self, told: Position, upto: Position, bookmark: bool) -> Result<(), postgres::Error> {
        let since = upto.time - self.window;
        let mut after = told.head;
        while after < upto.head {
            let head = after.advance(STEP, upto.head);
            let changes = store::between(&self.database, after, head, since).await?;
            if changes.iter().any(|change| change.what == What::Keys) {
                self.reload().await?;
            }
            // Complete by the later time is only the last batch.
            let time = if head == upto.head { upto.time } else { told.time };
            self.publish(Batch { after, upto: Position { head, time }, changes, bookmark });
            after = head;
        }
        if told.head == upto.head {
            self.publish(Batch { after, upto, changes: Vec::new(), bookmark });
        }
        Ok(())
    }

    /// Takes other keys into use. Keys that cannot be used are no reason to tell nobody of revocations.
    async fn reload(&self) -> Result<(), postgres::Error> {
        match self.keychain.reload().await {
            Ok(()) => Ok(()),
            Err(signing_key::Error::Database(error)) => Err(error),
            Err(error) => {
                tracing::error!(%error, "the signing keys have changed, and those before stay in force here");
                Ok(())
            }
        }
    }

    /// The position first: who begins to follow between the two gets the batch from the table.
    fn publish(&self, batch: Batch) {
        self.position.send_replace(Some(batch.upto));
        if batch.bookmark || batch.after < batch.upto.head {
            // Nobody may be following.
            drop(self.batches.send(Arc::new(batch)));
        }
    }

    /// Until a bell rings, or it is time to look without one. Replicas do not look together.
    async fn wait(&mut self) {
        sleep(REST).await;
        let longest = if self.batches.receiver_count() > 0 { POLL.0 } else { POLL.1 };
        let [commits, others] = &mut self.bells;
        tokio::select! {
            Ok(()) = commits.changed() => {}
            Ok(()) = others.changed() => {}
            () = sleep(self.entropy.jitter(longest)) => {}
        }
    }
}
