//! auth-service's feed, followed: one task owns the stream and keeps the keys and the revocations of this process as
//! auth-service has them. No call waits for this.

mod messages;
mod purge;

use std::convert::Infallible;
use std::time::Duration;

use proto::auth::v1::watch_security_events_response::Content;
use proto::auth::v1::{WatchSecurityEventsRequest, WatchSecurityEventsResponse};
use service_kit::clock::Clock;
use service_kit::entropy::Entropy;
use service_kit::postgres::Database;
use service_kit::token::{KeySet, Keys, Revocations, UnusableKey};
use time::OffsetDateTime;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::timeout;
use uuid::Uuid;

use self::messages::Told;
use self::purge::{Deleted, Purger};
use super::upstream::Upstream;

/// A stream that says nothing for longer is cut off: a bookmark comes every two seconds.
const SILENCE: Duration = Duration::from_secs(5);
/// How often auth-service is told how far we are, although nobody was deleted: what it must tell us again stays short.
const ACKNOWLEDGE: Duration = Duration::from_mins(1);
/// Bounds of the time before another try, which doubles: when auth-service is back, the gap is to be closed within a second.
const RETRY: (Duration, Duration) = (Duration::from_millis(50), Duration::from_millis(500));

/// Follows the feed.
pub struct Follower {
    upstream: Upstream,
    keys: Keys,
    revocations: Revocations,
    clock: Clock,
    entropy: Entropy,
    deleted: UnboundedSender<Deleted>,
    purger: Purger,
}

/// How far a stream was followed, to go on from there.
#[derive(Default)]
struct Progress {
    cursor: String,
    /// Keys that wait until something is known of what is revoked: no token passes before.
    keys: Option<KeySet>,
    /// The parts of a snapshot that have come so far.
    snapshot: Told,
    /// When auth-service was last told how far we are.
    acknowledged: Option<OffsetDateTime>,
    /// Streams in a row that ended before they said that nothing is missing.
    failures: u32,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("nothing was heard for {SILENCE:?}")]
    Silent(#[from] tokio::time::error::Elapsed),
    #[error(transparent)]
    Refused(#[from] Box<tonic::Status>),
    #[error(transparent)]
    Unusable(#[from] UnusableKey),
    #[error("the stream ended")]
    Ended,
    #[error("a message does not say what the contract promises: {0}")]
    Meaningless(&'static str),
}

impl Follower {
    /// Will keep `keys` and `revocations` as the feed tells them, and purge from `database` the users who were deleted.
    #[must_use]
    pub fn new(
        upstream: Upstream,
        keys: Keys,
        revocations: Revocations,
        database: Database,
        clock: Clock,
        entropy: Entropy,
    ) -> Self {
        let (deleted, purger) = Purger::new(upstream.clone(), database);
        Self { upstream, keys, revocations, clock, entropy, deleted, purger }
    }

    /// Follows, and when a stream ends goes on from its last message, at another replica if there is one. What is known
    /// stays as it is meanwhile. Runs until it is dropped.
    pub async fn run(self) -> Infallible {
        let Self { upstream, keys, revocations, clock, entropy, deleted, purger } = self;
        let (mut progress, mut listener) = (Progress::default(), Listener { keys, revocations, clock, deleted });
        let follow = async {
            loop {
                let failure = listener.listen(&upstream, &mut progress).await;
                tracing::warn!(%failure, failures = progress.failures, "the feed of auth-service was interrupted");
                upstream.fail_over();
                tokio::time::sleep(pause(progress.failures, &entropy)).await;
                progress.failures += 1;
            }
        };
        tokio::select! {
            never = follow => never,
            never = purger.run(&entropy) => never,
        }
    }
}

/// What hears the messages of a stream.
struct Listener {
    keys: Keys,
    revocations: Revocations,
    clock: Clock,
    deleted: UnboundedSender<Deleted>,
}

impl Listener {
    /// Hears one stream to its end, which is never wanted.
    async fn listen(&mut self, upstream: &Upstream, progress: &mut Progress) -> Failure {
        // The parts of a snapshot belong to one stream.
        progress.snapshot = Told::default();
        let Err(failure) = self.follow(upstream, progress).await;
        failure
    }

    async fn follow(&mut self, upstream: &Upstream, progress: &mut Progress) -> Result<Infallible, Failure> {
        let mut client = upstream.tokens().ok_or(Failure::Ended)?;
        let request = WatchSecurityEventsRequest { cursor: progress.cursor.clone() };
        let answer = timeout(SILENCE, client.watch_security_events(request)).await?;
        let mut stream = answer.map_err(Box::new)?.into_inner();
        loop {
            let message = timeout(SILENCE, stream.message()).await?.map_err(Box::new)?;
            self.hear(message.ok_or(Failure::Ended)?, progress)?;
        }
    }

    /// Makes a message known to this process, and only then moves the cursor.
    fn hear(&mut self, message: WatchSecurityEventsResponse, progress: &mut Progress) -> Result<(), Failure> {
        let WatchSecurityEventsResponse { cursor, content, .. } = message;
        let now = self.clock.now();
        match content.ok_or(Failure::Meaningless("no content"))? {
            Content::Keys(keys) => {
                let (keys, life) =
                    messages::keys(keys).ok_or(Failure::Meaningless("no keys, or no lifetime of tokens"))?;
                progress.keys = Some(KeySet::new(&keys)?);
                self.revocations.set_life(life);
            }
            Content::Snapshot(part) => {
                let added: Option<()> = part.events.into_iter().map(|event| progress.snapshot.add(event)).collect();
                added.ok_or(Failure::Meaningless("a snapshot"))?;
                if part.complete {
                    let Told { revocations, deleted } = std::mem::take(&mut progress.snapshot);
                    self.revocations.replace(revocations, now);
                    self.pass_on(deleted, &cursor, progress);
                }
            }
            Content::Event(event) => {
                let mut told = Told::default();
                told.add(event).ok_or(Failure::Meaningless("an event"))?;
                self.revocations.extend(told.revocations, now);
                if !told.deleted.is_empty() {
                    self.pass_on(told.deleted, &cursor, progress);
                }
            }
            Content::Bookmark(_) => {
                self.revocations.confirm(now);
                progress.failures = 0;
                if progress.acknowledged.is_none_or(|at| now >= at + ACKNOWLEDGE) {
                    self.pass_on(Vec::new(), &cursor, progress);
                }
            }
        }
        if let Some(keys) = progress.keys.take_if(|_| self.revocations.heard().is_some()) {
            self.keys.replace(keys);
        }
        progress.cursor = cursor;
        Ok(())
    }

    /// Leaves purge and acknowledgement to their own task: the next revocation does not wait for them.
    fn pass_on(&self, users: Vec<Uuid>, cursor: &str, progress: &mut Progress) {
        progress.acknowledged = Some(self.clock.now());
        // The purger lives as long as we do.
        drop(self.deleted.send(Deleted { users, cursor: cursor.to_owned() }));
    }
}

/// Up to a time that doubles with each failure.
fn pause(failures: u32, entropy: &Entropy) -> Duration {
    let (least, most) = RETRY;
    entropy.jitter(least.saturating_mul(2_u32.saturating_pow(failures)).min(most))
}
