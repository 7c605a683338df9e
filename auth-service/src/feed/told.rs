//! What followers of the feed are told.

use time::OffsetDateTime;
use uuid::Uuid;

use super::{Change, Cursor, Position, Revocation, What};

/// What a follower is told.
#[derive(Debug)]
pub struct Told {
    /// Where to go on after it; none before a snapshot is complete.
    pub cursor: Option<Cursor>,
    /// When it happened, or until when everything is told.
    pub time: OffsetDateTime,
    /// What.
    pub item: Item,
}

/// See [`Told`].
#[derive(Debug)]
pub enum Item {
    /// All public keys, now.
    Keys,
    /// What was revoked before, and may still matter.
    Snapshot {
        /// In order.
        revoked: Vec<Revoked>,
        /// Whether this is the last part.
        complete: bool,
    },
    /// Something was revoked.
    Revoked(Revoked),
    /// Nothing was revoked that has not been told.
    Bookmark,
}

/// A revocation, and the event that it is from.
#[derive(Debug)]
pub struct Revoked {
    /// The event's id.
    pub event: Uuid,
    /// When it happened.
    pub at: OffsetDateTime,
    /// What is over.
    pub revocation: Revocation,
}

impl Told {
    /// That everything is told up to a position.
    pub(super) fn bookmark(at: Position) -> Self {
        Self { cursor: Some(at.head), time: at.time, item: Item::Bookmark }
    }
}

impl From<Change> for Told {
    fn from(change: Change) -> Self {
        let (cursor, time) = (Some(change.place), change.at);
        Self { cursor, time, item: Revoked::of(change).map_or(Item::Keys, Item::Revoked) }
    }
}

impl Revoked {
    /// What a change revokes; nothing if it is about keys.
    pub(super) fn of(change: Change) -> Option<Self> {
        match change.what {
            What::Keys => None,
            What::Revoked(revocation) => Some(Self { event: change.id, at: change.at, revocation }),
        }
    }
}
