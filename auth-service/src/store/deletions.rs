//! The deletions of users among `auth.events`, beside `auth.consumers`.

use service_kit::postgres::{Database, Error};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::accounts::UserDeletion;
use crate::event::Kind;
use crate::session::Key;

/// The deletion of a user for a caller; nothing unless the caller is an admin now.
pub async fn get(
    database: &Database,
    caller: Key,
    target: Uuid,
    now: OffsetDateTime,
) -> Result<Option<UserDeletion>, Error> {
    database
        .read(move |c| {
            Box::pin(async move {
                // An event without a number has been told to nobody.
                let query = sqlx::query!(
                    r#"SELECT e.at,
                              ARRAY(SELECT name FROM auth.consumers WHERE cursor >= e.seq ORDER BY name) AS "completed!",
                              ARRAY(SELECT name FROM auth.consumers WHERE coalesce(cursor < e.seq, true) ORDER BY name)
                              AS "residual!"
                       FROM auth.sessions s
                       JOIN auth.users c ON c.id = s.user_id AND c.state = 'active' AND 'admin' = ANY (c.roles)
                       JOIN auth.events e ON e.user_id = $3 AND e.kind = $5
                       WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $4"#,
                    caller.user,
                    caller.session,
                    target,
                    now,
                    Kind::UserDeleted.as_str(),
                );
                let deletion = query.map(|row| {
                    let (completed, residual) = (row.completed, row.residual);
                    UserDeletion { user: target, at: row.at, completed, residual }
                });
                Ok(deletion.fetch_optional(c).await?)
            })
        })
        .await
}
