//! `auth.events`.

use std::sync::Arc;

use service_kit::postgres::{Database, Error};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::event::listing::{Filter, Mark};
use crate::event::{Event, Kind};
use crate::origin::Origin;
use crate::session::Key;

/// Records an act, in the transaction of the act.
pub async fn record(c: &mut PgConnection, event: &Event) -> Result<(), Error> {
    let query = sqlx::query!(
        "INSERT INTO auth.events (id, at, kind, user_id, actor_id, session_id, peer, address, request_id, details)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10::text::jsonb)",
        event.id,
        event.at,
        event.kind.as_str(),
        event.user,
        event.actor,
        event.session,
        event.origin.peer.as_deref(),
        event.origin.address.map(|address| address.to_string()),
        event.origin.request_id.as_deref(),
        serde_json::Value::Object(event.details.clone()).to_string(),
    );
    query.execute(c).await?;
    Ok(())
}

/// The first `rows` events after `after` for a caller, the latest first; none at all unless the caller is an admin now.
pub async fn page(
    database: &Database,
    caller: Key,
    filter: Filter,
    after: Option<Mark>,
    rows: i64,
    now: OffsetDateTime,
) -> Result<Vec<Event>, Error> {
    let (below, below_id) = filter.below(after);
    let kinds: Vec<_> = filter.kinds.iter().map(|kind| kind.as_str().to_owned()).collect();
    let kinds = (!kinds.is_empty()).then_some(kinds);
    let read = database.read(move |c| {
        Box::pin(async move {
            let query = sqlx::query_file_as!(
                EventRow,
                "src/store/events/page.sql",
                caller.user,
                caller.session,
                now,
                filter.from(),
                below,
                below_id,
                filter.user,
                filter.actor,
                filter.session.map(|key| key.session),
                filter.session.map(|key| key.user),
                kinds.as_deref(),
                rows,
            );
            Ok(query.fetch_all(c).await?)
        })
    });
    read.await?.into_iter().map(EventRow::meaning).collect()
}

/// A row of `auth.events`.
struct EventRow {
    id: Uuid,
    at: OffsetDateTime,
    kind: String,
    user_id: Option<Uuid>,
    actor_id: Option<Uuid>,
    session_id: Option<Uuid>,
    peer: Option<String>,
    address: Option<String>,
    request_id: Option<String>,
    details: String,
}

impl EventRow {
    fn meaning(self) -> Result<Event, Error> {
        let corrupt = |column| Error::Corrupt { table: "auth.events", column, id: self.id.to_string() };
        let address = self.address.as_deref().map(|text| text.parse().map_err(|_| corrupt("address")));
        Ok(Event {
            id: self.id,
            at: self.at,
            kind: Kind::from_text(&self.kind).ok_or_else(|| corrupt("kind"))?,
            user: self.user_id,
            actor: self.actor_id,
            session: self.session_id,
            origin: Origin {
                peer: self.peer.as_deref().map(Arc::from),
                address: address.transpose()?,
                user_agent: None,
                request_id: self.request_id.as_deref().map(Arc::from),
            },
            details: serde_json::from_str(&self.details).map_err(|_| corrupt("details"))?,
        })
    }
}
