//! What the messages of the feed mean here.

use std::time::Duration;

use proto::auth::v1::{SecurityEvent, TokenKeys};
use service_kit::token::{Jwk, Revocation};
use time::OffsetDateTime;
use uuid::Uuid;

/// What events say.
#[derive(Default)]
pub(super) struct Told {
    /// Which tokens are refused from now on, and since when.
    pub(super) revocations: Vec<(OffsetDateTime, Revocation)>,
    /// Whose things are to be deleted.
    pub(super) deleted: Vec<Uuid>,
}

impl Told {
    /// One more event; `None` if it has no meaning.
    pub(super) fn add(&mut self, event: SecurityEvent) -> Option<()> {
        let SecurityEvent { event_time, user, ended_sessions, least_epoch, user_deleted, .. } = event;
        let at = OffsetDateTime::from_unix_timestamp(event_time?.seconds).ok()?;
        let user: Uuid = user.strip_prefix("users/")?.parse().ok()?;
        for session in ended_sessions {
            let session = session.rsplit_once("/sessions/")?.1.parse().ok()?;
            self.revocations.push((at, Revocation::Session(session)));
        }
        if least_epoch > 0 {
            self.revocations.push((at, Revocation::Epoch(user, least_epoch)));
        }
        if user_deleted {
            self.revocations.push((at, Revocation::User(user)));
            self.deleted.push(user);
        }
        Some(())
    }
}

/// The keys, one at least, and how long a token by them lives.
pub(super) fn keys(keys: TokenKeys) -> Option<(Vec<Jwk>, Duration)> {
    let TokenKeys { keys, token_lifetime } = keys;
    let life = Duration::from_secs(token_lifetime?.seconds.try_into().ok()?);
    (!keys.is_empty()).then(|| (keys.into_iter().map(key).collect(), life))
}

fn key(key: proto::auth::v1::Jwk) -> Jwk {
    let proto::auth::v1::Jwk { kty, crv, alg, r#use, kid, x } = key;
    Jwk { kty, crv, alg, use_: r#use, kid, x }
}
