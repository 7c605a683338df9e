//! `auth.events`.

use service_kit::postgres::Error;
use sqlx::PgConnection;

use crate::event::Event;

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
