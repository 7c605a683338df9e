//! The one task of a process that finds out which lists have moved, and the one that tells the other replicas.

use std::collections::HashMap;
use std::convert::Infallible;
use std::time::Duration;

use service_kit::entropy::Entropy;
use service_kit::postgres::{self, Database};
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::Watches;
use crate::store::watch as store;

/// Most lists that one statement asks about.
const AT_ONCE: usize = 1_000;
/// How long a change may wait whose bell was lost.
const POLL: Duration = Duration::from_secs(5);
/// The shortest time between two looks: commits that come faster share one. Beyond that a look is followed by a rest of its
/// own length, so that however much is watched, it takes half of one connection.
const REST: Duration = Duration::from_millis(5);
/// How often the other replicas are told at most: more often, and their looks would be what the database does.
const TELL: Duration = Duration::from_millis(20);

/// Wakes the watches of its process whose lists have moved.
pub struct Doorbell {
    database: Database,
    watches: Watches,
    entropy: Entropy,
    bells: [watch::Receiver<()>; 2],
}

impl Doorbell {
    /// A doorbell that looks when one of these bells rings: after commits of this process, and when another one says so.
    #[must_use]
    pub fn new(database: Database, watches: Watches, bells: [watch::Receiver<()>; 2], entropy: Entropy) -> Self {
        Self { database, watches, entropy, bells }
    }

    /// Runs until it is dropped.
    pub async fn run(mut self) -> Infallible {
        let mut failing = false;
        loop {
            let began = Instant::now();
            let looked = self.look().await;
            if let (Err(error), false) = (&looked, failing) {
                tracing::warn!(%error, "watches stand still: changes are not told");
            }
            failing = looked.is_err();
            sleep(began.elapsed().max(REST)).await;
            self.wait().await;
        }
    }

    /// Asks how far every watched list is.
    async fn look(&self) -> Result<(), postgres::Error> {
        for lists in self.watches.lists().chunks(AT_ONCE) {
            let found: HashMap<_, _> = store::revisions(&self.database, lists).await?.into_iter().collect();
            self.watches.tell(lists.iter().map(|list| (*list, found.get(list).copied())));
        }
        Ok(())
    }

    /// Until a bell rings, or it is time to look without one. Replicas do not look together.
    async fn wait(&mut self) {
        let [commits, others] = &mut self.bells;
        tokio::select! {
            Ok(()) = commits.changed() => {}
            Ok(()) = others.changed() => {}
            () = sleep(self.entropy.jitter(POLL)) => {}
        }
    }
}

/// Tells the other replicas after each of `commits`, or once for several. `database` has connections of its own: what is
/// written here does not ring, and never inside a transaction that writes. Runs until it is dropped.
pub async fn tell_others(database: Database, mut commits: watch::Receiver<()>) -> Infallible {
    let mut failing = false;
    loop {
        if commits.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
        let told = store::ring(&database).await;
        if let (Err(error), false) = (&told, failing) {
            tracing::warn!(%error, "other replicas are not told of changes: they notice them later");
        }
        failing = told.is_err();
        sleep(TELL).await;
    }
}
