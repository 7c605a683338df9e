//! One consumer of the feed, at its own pace.

use std::collections::VecDeque;
use std::sync::Arc;

use service_kit::postgres::{self, Database};
use tokio::sync::broadcast::{self, error::RecvError};

use super::told::{Item, Revoked, Told};
use super::{Batch, Change, Cursor, Feed, Position, STEP};
use crate::store::feed as store;

/// Why a follower is told no more.
#[derive(Debug, thiserror::Error)]
pub enum Interrupted {
    /// The service stops.
    #[error("the feed has ended")]
    Stopped,
    /// The table cannot be read.
    #[error(transparent)]
    Database(#[from] postgres::Error),
}

/// What one consumer gets, message by message. Nothing is read before it is asked for.
pub struct Follower {
    feed: Feed,
    database: Database,
    batches: broadcast::Receiver<Arc<Batch>>,
    /// Everything up to here is told, or due.
    told: Cursor,
    /// Of the events up to here only the deletions of users matter.
    recent: Cursor,
    /// The table holds everything up to here.
    known: Position,
    /// Whether a snapshot is being told.
    snapshot: bool,
    due: VecDeque<Told>,
}

impl Feed {
    /// Begins to follow after `cursor`; without one, or with one that was never given out, after a snapshot, which also
    /// tells of all users who were deleted since the place that the consumer has acted on.
    pub async fn follow(
        &self,
        database: Database,
        cursor: Option<Cursor>,
        acted_on: Cursor,
    ) -> Result<Follower, Interrupted> {
        // The batches first: whatever the position leaves out will come as one.
        let batches = self.batches.upgrade().ok_or(Interrupted::Stopped)?.subscribe();
        let mut known = self.position(Cursor::new(0)).await?;
        let mut resumed = cursor;
        if let Some(cursor) = cursor.filter(|cursor| *cursor > known.head) {
            // Another replica may have told what this one has not read yet: that is no reason to begin anew.
            if cursor <= store::head(&database).await? {
                known = self.position(cursor).await?;
            } else {
                resumed = None;
            }
        }
        let recent = store::since(&database, self.clock.now() - self.window).await?.min(known.head);
        let told = resumed.unwrap_or(recent.min(acted_on));
        let keys = Told { cursor: resumed, time: known.time, item: Item::Keys };
        let (feed, due, snapshot) = (self.clone(), VecDeque::from([keys]), resumed.is_none());
        Ok(Follower { feed, database, batches, told, recent, known, snapshot, due })
    }

    /// How far it goes, as soon as it goes as far as `least`.
    async fn position(&self, least: Cursor) -> Result<Position, Interrupted> {
        let (mut position, reaches) = (self.position.clone(), |known: &Position| known.head >= least);
        let known = position.wait_for(|known| known.as_ref().is_some_and(reaches)).await;
        known.ok().and_then(|known| *known).ok_or(Interrupted::Stopped)
    }
}

impl Follower {
    /// The next message.
    pub async fn next(&mut self) -> Result<Told, Interrupted> {
        loop {
            if let Some(told) = self.due.pop_front() {
                return Ok(told);
            }
            if self.snapshot || self.told < self.known.head {
                self.read().await?;
            } else {
                self.receive().await?;
            }
        }
    }

    /// The next events from the table, and where it has no more, that everything is told.
    async fn read(&mut self) -> Result<(), Interrupted> {
        let (upto, changes) = self.changes().await?;
        let (time, complete) = (self.known.time, upto == self.known.head);
        self.told = upto;
        if self.snapshot {
            let cursor = complete.then_some(upto);
            // The keys were told before.
            let revoked = changes.into_iter().filter_map(Revoked::of).collect();
            self.due.push_back(Told { cursor, time, item: Item::Snapshot { revoked, complete } });
            self.snapshot = !complete;
        } else {
            self.due.extend(changes.into_iter().map(Told::from));
        }
        if complete {
            self.due.push_back(Told::bookmark(self.known));
        }
        Ok(())
    }

    /// The next events from the table, and how far they go.
    async fn changes(&self) -> Result<(Cursor, Vec<Change>), Interrupted> {
        if self.told < self.recent {
            return Ok(store::deletions(&self.database, self.told, self.recent, STEP).await?);
        }
        let upto = self.told.advance(STEP, self.known.head);
        let since = self.feed.clock.now() - self.feed.window;
        Ok((upto, store::between(&self.database, self.told, upto, since).await?))
    }

    /// The next batch. One that does not follow on what was told is read from the table, with what is missing before it.
    async fn receive(&mut self) -> Result<(), Interrupted> {
        let batch = match self.batches.recv().await {
            Ok(batch) => batch,
            Err(RecvError::Lagged(_)) => return Ok(()),
            Err(RecvError::Closed) => return Err(Interrupted::Stopped),
        };
        if batch.upto.head < self.told {
            return Ok(());
        }
        self.known = batch.upto;
        if batch.after <= self.told {
            let new = batch.changes.iter().filter(|change| change.place > self.told);
            self.due.extend(new.cloned().map(Told::from));
            self.told = batch.upto.head;
            if batch.bookmark {
                self.due.push_back(Told::bookmark(batch.upto));
            }
        }
        Ok(())
    }
}
