//! Which events a list is of, and where its pages end.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use super::{Event, Kind};
use crate::session::Key;

/// Before all events.
const FIRST: OffsetDateTime = datetime!(0001-01-01 00:00 UTC);
/// After all events.
const LAST: OffsetDateTime = datetime!(9999-12-31 23:59:59 UTC);

/// Which events. Every condition must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Which happened to this user.
    pub user: Option<Uuid>,
    /// Which this user did.
    pub actor: Option<Uuid>,
    /// In or to this session.
    pub session: Option<Key>,
    /// Of these kinds, each named once; none means all.
    pub kinds: Vec<Kind>,
    /// At this time or later.
    pub start: Option<OffsetDateTime>,
    /// Before this time.
    pub end: Option<OffsetDateTime>,
}

/// Where a page ends: the time of its last event in microseconds since the epoch, and the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark(i64, Uuid);

impl Mark {
    /// Where a page ends whose last event this is.
    #[must_use]
    pub fn of(last: &Event) -> Self {
        Self(i64::try_from(last.at.unix_timestamp_nanos() / 1_000).unwrap_or(i64::MAX), last.id)
    }

    fn at(self) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000).unwrap_or(FIRST)
    }
}

impl Filter {
    /// The time of the first event that is asked for.
    #[must_use]
    pub fn from(&self) -> OffsetDateTime {
        self.start.unwrap_or(FIRST)
    }

    /// Time and id below which the events of a page after `after` are.
    #[must_use]
    pub fn below(&self, after: Option<Mark>) -> (OffsetDateTime, Uuid) {
        let end = (self.end.unwrap_or(LAST), Uuid::nil());
        after.map_or(end, |mark| end.min((mark.at(), mark.1)))
    }
}
