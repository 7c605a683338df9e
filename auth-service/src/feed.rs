//! The feed: what ends access tokens before their time, told to the services that check them, as it happens.
//!
//! The table of events is the log and the buffer. Every act writes its event in its own transaction; [`Pump`] gives the
//! committed ones their numbers, reads each once, and hands them to all [`Follower`]s of the process. A follower that is
//! new, or was too slow, reads from the table by its own cursor until it has caught up: it misses nothing, and costs no
//! memory.

mod figures;
mod follower;
mod pump;
mod told;

use std::str::FromStr;
use std::sync::Arc;

use service_kit::clock::Clock;
use time::{Duration, OffsetDateTime};
use tokio::sync::{broadcast, watch};
use uuid::Uuid;

pub use self::follower::{Follower, Interrupted};
pub use self::pump::Pump;
pub use self::told::{Item, Revoked, Told};

/// How much longer than the life of an access token a revocation may matter: the leeway of those who check tokens, and
/// what lies between the times at which an act and a token are said to have happened and those at which they did.
const MARGIN: Duration = Duration::minutes(1);
/// Most events that are read from the table at once: one message of a snapshot holds what they say, 2 MiB at most.
const STEP: i64 = 1_000;

/// A place in the order of the events: after the event of this number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor(i64);

/// The text is not a cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidCursor;

/// An event as it matters to those who follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its id.
    pub id: Uuid,
    /// Its place.
    pub place: Cursor,
    /// When it happened.
    pub at: OffsetDateTime,
    /// What it says.
    pub what: What,
}

/// What an event says to those who follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// There are other keys.
    Keys,
    /// Tokens have ended.
    Revoked(Revocation),
}

/// Access tokens that are not valid from now on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Whose.
    pub user: Uuid,
    /// Those of these sessions.
    pub sessions: Vec<Uuid>,
    /// Those of a lower epoch.
    pub least_epoch: i64,
    /// All, for the user is gone.
    pub deleted: bool,
}

/// How far the feed goes, and until when it is complete: every event that was committed by that time is at or before that
/// place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The place of the last event.
    pub head: Cursor,
    /// The time.
    pub time: OffsetDateTime,
}

/// What goes to all followers at once.
#[derive(Debug)]
struct Batch {
    /// The batch holds all that matters after this place …
    after: Cursor,
    /// … up to this one, and is complete until this time.
    upto: Position,
    changes: Vec<Change>,
    /// Whether the followers are to say how far they are.
    bookmark: bool,
}

/// The feed, for those who want to follow it. It ends with its [`Pump`].
#[derive(Clone)]
pub struct Feed {
    position: watch::Receiver<Option<Position>>,
    lag: watch::Receiver<Duration>,
    batches: broadcast::WeakSender<Arc<Batch>>,
    /// How long a revocation matters.
    window: Duration,
    clock: Clock,
}

impl Cursor {
    /// The place after the event of this number, or before the first for 0.
    #[must_use]
    pub fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    #[must_use]
    pub fn get(self) -> i64 {
        self.0
    }

    /// The place so many events further on, but not beyond `end`.
    fn advance(self, by: i64, end: Self) -> Self {
        Self(self.0.saturating_add(by)).min(end)
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    /// One place has one text.
    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        let number = text.parse().map_err(|_| InvalidCursor)?;
        if number >= 0 && text == i64::to_string(&number) { Ok(Self(number)) } else { Err(InvalidCursor) }
    }
}
