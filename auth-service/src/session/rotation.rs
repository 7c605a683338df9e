//! What becomes of a session when one of its refresh tokens is presented: safe against retries, and against thieves.
//!
//! A client that lost the answer repeats its call and must get in; a thief who holds the same token must not.
//! Until the successor is first used nobody can tell them apart, so until then, and for 30 seconds at most, the
//! old token gives the same successor. After that one of the two parties is a thief, and the session ends for both.

use time::{Duration, OffsetDateTime};

use super::Fingerprint;

/// How long a replaced token gives its successor again, from the moment that it was replaced.
pub const GRACE: Duration = Duration::seconds(30);

/// What a session row says about its tokens.
#[derive(Clone, Debug)]
pub struct Lineage {
    /// The latest token.
    pub current: Fingerprint,
    /// The one before; none before the first refresh.
    pub previous: Option<Fingerprint>,
    /// When the latest token replaced the one before.
    pub rotated_at: OffsetDateTime,
    /// When the session ends if nobody refreshes it.
    pub expires: OffsetDateTime,
    /// Whether the session was ended, or its user disabled.
    pub ended: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The latest token: replace it.
    Rotate,
    /// A retry: give the successor that was given before.
    RepeatSuccessor,
    /// Two parties hold the token: end the session.
    Reused,
    /// The session's time is over.
    Expired,
    /// The session has ended already.
    Ended,
}

/// Decides about a token that is known to be of this session and made by us.
///
/// A successor that is used becomes the previous token itself, which ends the grace of the one before it.
#[must_use]
pub fn decide(session: &Lineage, presented: &Fingerprint, now: OffsetDateTime) -> Decision {
    let replaced = session.previous.as_ref() == Some(presented);
    if session.ended {
        Decision::Ended
    } else if now >= session.expires {
        Decision::Expired
    } else if session.current == *presented {
        Decision::Rotate
    } else if replaced && now < session.rotated_at + GRACE {
        Decision::RepeatSuccessor
    } else {
        Decision::Reused
    }
}
