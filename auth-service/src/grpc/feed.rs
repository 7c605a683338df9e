//! The feed, as messages.

use futures_util::Stream;
use futures_util::stream;
use proto::auth::v1 as wire;
use proto::auth::v1::watch_security_events_response::Content;
use service_kit::field::{self, Fields};
use service_kit::timestamp::timestamp;
use tonic::Status;

use super::{auth, errors, names};
use crate::access_token::Signer;
use crate::feed::{Cursor, Follower, Item, Revoked, Told};
use crate::session::Key;

/// Longest cursor that is looked at, in characters.
const MAX_CURSOR: usize = 64;

/// A cursor in a request; none where it is empty and `least` is 0.
pub(super) fn cursor(text: &str, least: usize) -> Result<Option<Cursor>, Status> {
    let mut fields = Fields::default();
    let checked = fields.take("cursor", field::length(text, least, MAX_CURSOR));
    fields.all((checked,))?;
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| errors::cursor_invalid()) }
}

/// What a follower is told, until it is interrupted.
pub(super) fn stream(
    follower: Follower,
    signer: Signer,
) -> impl Stream<Item = Result<wire::WatchSecurityEventsResponse, Status>> {
    stream::unfold(Some((follower, signer)), async |state| {
        let (mut follower, signer) = state?;
        match follower.next().await {
            Ok(told) => Some((Ok(message(told, &signer)), Some((follower, signer)))),
            Err(interrupted) => Some((Err(errors::feed(&interrupted)), None)),
        }
    })
}

fn message(told: Told, signer: &Signer) -> wire::WatchSecurityEventsResponse {
    let Told { cursor, time, item } = told;
    let content = match item {
        Item::Keys => Content::Keys(keys(signer)),
        Item::Snapshot { revoked, complete } => {
            Content::Snapshot(wire::SecuritySnapshot { events: revoked.iter().map(event).collect(), complete })
        }
        Item::Revoked(revoked) => Content::Event(event(&revoked)),
        Item::Bookmark => Content::Bookmark(wire::Bookmark {}),
    };
    wire::WatchSecurityEventsResponse {
        cursor: cursor.map(|cursor| cursor.to_string()).unwrap_or_default(),
        time: Some(timestamp(time)),
        content: Some(content),
    }
}

fn keys(signer: &Signer) -> wire::TokenKeys {
    let seconds = signer.lifetime().whole_seconds();
    wire::TokenKeys {
        keys: signer.published().iter().map(auth::jwk).collect(),
        token_lifetime: Some(prost_types::Duration { seconds, nanos: 0 }),
    }
}

fn event(Revoked { event, at, revocation }: &Revoked) -> wire::SecurityEvent {
    let session = |session: &uuid::Uuid| names::session(Key { user: revocation.user, session: *session });
    wire::SecurityEvent {
        event_id: event.to_string(),
        event_time: Some(timestamp(*at)),
        user: names::user(revocation.user),
        ended_sessions: revocation.sessions.iter().map(session).collect(),
        least_epoch: revocation.least_epoch,
        user_deleted: revocation.deleted,
    }
}
