//! When and whence sessions are seen. No call waits for it: sightings are kept in memory, the latest of each session, and
//! written together every few seconds, each session at most once a minute. So what is stored is right to the minute; what
//! a replica has not written when it stops is lost.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;

use parking_lot::Mutex;
use service_kit::clock::Clock;
use service_kit::postgres::Database;
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::origin::Origin;
use crate::store::sightings as store;

/// Rest between two writes.
const EVERY: std::time::Duration = std::time::Duration::from_secs(5);
/// Time in which a session is written once at most.
pub const RESOLUTION: Duration = Duration::minutes(1);
/// Sessions that are remembered at most, some hundred bytes each. While there are more, those are not seen.
pub const MOST: usize = 10_000;

/// One session, seen.
#[derive(Debug)]
pub struct Sighting {
    /// Which.
    pub session: Uuid,
    /// When.
    pub at: OffsetDateTime,
    /// Whence.
    pub origin: Origin,
}

/// What has been seen and is not written yet. Clones share it.
#[derive(Clone)]
pub struct Sightings {
    sessions: Arc<Mutex<HashMap<Uuid, Seen>>>,
    clock: Clock,
}

/// What is remembered of a session.
#[derive(Default)]
struct Seen {
    /// The latest sighting since then.
    latest: Option<Sighting>,
    written: Option<OffsetDateTime>,
}

impl Sightings {
    /// None yet.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { sessions: Arc::default(), clock }
    }

    /// Remembers that a session is seen now.
    pub fn saw(&self, session: Uuid, origin: Origin) {
        let mut sessions = self.sessions.lock();
        if sessions.len() < MOST || sessions.contains_key(&session) {
            let at = self.clock.now();
            sessions.entry(session).or_default().latest = Some(Sighting { session, at, origin });
        }
    }

    /// Writes what is due, every few seconds, until it is dropped.
    pub async fn run(self, database: Database) -> Infallible {
        loop {
            tokio::time::sleep(EVERY).await;
            self.flush(&database).await;
        }
    }

    /// Writes what is due, in one statement. What cannot be written is told once and forgotten: the session will be seen
    /// again.
    pub async fn flush(&self, database: &Database) {
        let now = self.clock.now();
        let due = self.due(now);
        let count = due.len();
        if count > 0
            && let Err(error) = store::write(database, due, now - RESOLUTION).await
        {
            tracing::warn!(count, %error, "cannot write when sessions were seen");
        }
    }

    /// The sightings of sessions that were not written for a minute. Sessions that nobody sees any more are forgotten.
    fn due(&self, now: OffsetDateTime) -> Vec<Sighting> {
        let mut due = Vec::new();
        self.sessions.lock().retain(|_, seen| {
            if seen.written.is_some_and(|written| now < written + RESOLUTION) {
                return true;
            }
            let latest = seen.latest.take();
            let goes_on = latest.is_some();
            seen.written = Some(now);
            due.extend(latest);
            goes_on
        });
        due
    }
}
