//! Takes errands out of the outbox and does them.
//!
//! An errand is claimed by a lease, written in one transaction, sent outside of any, and deleted once it was taken. Who
//! dies in between leaves it to whoever looks after the lease: at least once, and more than once only if the death comes
//! between the server's answer and the deletion. A token that was not sent is replaced by the next attempt's.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context as _;
use futures_util::future::join_all;
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::{self, Database};
use service_kit::secret::Secret;
use time::{Duration, OffsetDateTime};

use super::allowance::Counter;
use super::compose::compose;
use super::letter::Letter;
use super::preparation::Preparation;
use super::transport::{Failure, Transport};
use super::{Errand, Outbox, Settings};
use crate::store::outbox::{self as store, Claimed};

/// Errands that are done at once.
const BATCH: i64 = 16;
/// How long nobody else looks at an errand that is being done; longer than a mail may take.
const LEASE: Duration = Duration::minutes(2);
/// How long an errand rests after the first attempt; twice as long after each further one.
const FIRST_REST: Duration = Duration::seconds(5);
/// The longest rest.
const LONGEST_REST: Duration = Duration::HOUR;
/// The longest time that the outbox is not looked at because nobody rang.
const ROUND: std::time::Duration = std::time::Duration::from_secs(2);

/// The one who delivers. Several, in several replicas, share the work.
pub struct Postman {
    database: Database,
    outbox: Outbox,
    clock: Clock,
    entropy: Entropy,
    settings: Settings,
    transport: Transport,
    counter: Arc<Counter>,
    /// Whether the outbox could not be read when it was looked at last: that is logged once, not every second.
    locked_out: AtomicBool,
}

impl Postman {
    /// Fails where the settings cannot be used: a directory that cannot be made, a file that cannot be read.
    pub fn new(
        database: Database,
        outbox: Outbox,
        secret: &Secret,
        clock: Clock,
        entropy: Entropy,
        settings: Settings,
    ) -> anyhow::Result<Self> {
        let transport = Transport::new(&settings).context("mail cannot be sent")?;
        let counter = Arc::new(Counter::new(secret));
        Ok(Self { database, outbox, clock, entropy, settings, transport, counter, locked_out: AtomicBool::new(false) })
    }

    /// Delivers whatever is due, and whatever will be.
    pub async fn run(self) -> Infallible {
        loop {
            while self.deliver().await > 0 {}
            // Either way it is time to look.
            drop(tokio::time::timeout(self.entropy.jitter(ROUND), self.outbox.rung()).await);
        }
    }

    /// Does what is due now, at most one batch, and says how many errands that were.
    pub async fn deliver(&self) -> usize {
        let now = self.clock.now();
        match store::claim(&self.database, now, now + LEASE, BATCH).await {
            Ok(claimed) => {
                self.locked_out.store(false, Ordering::Relaxed);
                join_all(claimed.iter().map(|errand| self.settle(errand))).await.len()
            }
            Err(error) => {
                if !self.locked_out.swap(true, Ordering::Relaxed) {
                    tracing::warn!(%error, "the outbox cannot be read: mail waits");
                }
                0
            }
        }
    }

    /// Does an errand, and says so in the outbox.
    async fn settle(&self, claimed: &Claimed) {
        let (id, attempts) = (claimed.id, claimed.attempts);
        let kept = match self.attempt(claimed).await {
            Ok(()) => store::remove(&self.database, id).await,
            Err(Failure::Never(why)) => {
                tracing::error!(errand = %id, attempts, why, "a mail was given up");
                store::remove(&self.database, id).await
            }
            Err(Failure::Later(why)) => {
                tracing::warn!(errand = %id, attempts, why, "a mail was not sent; it will be tried again");
                store::defer(&self.database, id, attempts, self.clock.now() + rest(attempts)).await
            }
        };
        if let Err(error) = kept {
            tracing::warn!(errand = %id, %error, "what became of a mail was not written down: it may be sent again");
        }
    }

    async fn attempt(&self, claimed: &Claimed) -> Result<(), Failure> {
        let now = self.clock.now();
        if now >= claimed.expires {
            return Err(Failure::Never("its time is over".to_owned()));
        }
        let errand = self.outbox.open(claimed.id, &claimed.sealed);
        let errand = errand.ok_or_else(|| Failure::Later("it was sealed under another KEY_FILE".to_owned()))?;
        let kind = errand.kind();
        let letter = self.prepare(claimed, errand, now).await.map_err(|error| Failure::Later(error.to_string()))?;
        let Some(letter) = letter else { return Ok(()) };
        let text = letter.write(&self.settings.mail_link_base);
        let message = compose(claimed.id, &self.settings.mail_from, &letter.to, text, now);
        let message = message.map_err(|_| Failure::Never("mail has no form for its address".to_owned()))?;
        self.transport.send(claimed.id, &message).await?;
        tracing::info!(errand = %claimed.id, kind, attempts = claimed.attempts, "a mail was sent");
        Ok(())
    }

    async fn prepare(
        &self,
        claimed: &Claimed,
        errand: Errand,
        now: OffsetDateTime,
    ) -> Result<Option<Letter>, postgres::Error> {
        let (id, admitted) = (claimed.id, claimed.admitted);
        let (counter, entropy) = (Arc::clone(&self.counter), self.entropy.clone());
        self.database
            .transaction(move |c| {
                Box::pin(async move {
                    let preparation = Preparation { id, admitted, counter: &counter, entropy: &entropy, now };
                    preparation.letter(c, &errand).await
                })
            })
            .await
    }
}

/// How long an errand rests after so many attempts.
fn rest(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(20);
    (FIRST_REST * 2_i32.pow(doublings)).min(LONGEST_REST)
}
