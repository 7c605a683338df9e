//! `auth.sessions` as users see them.

use service_kit::postgres::{Database, Error};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::SessionRow;
use crate::session::{Key, Session};

/// The first `rows` live sessions of the user `target` older than `after`, for a caller: the user, or an admin now.
pub async fn page(
    database: &Database,
    caller: Key,
    target: Uuid,
    after: Option<Uuid>,
    rows: i64,
    now: OffsetDateTime,
) -> Result<Vec<Session>, Error> {
    let read = database.read(move |c| {
        Box::pin(async move {
            let query = sqlx::query_as!(
                SessionRow,
                "SELECT t.id, t.user_id, t.device_name, t.created_at, t.idle_expires_at, t.absolute_expires_at,
                        t.last_seen_at, t.peer, t.address, t.user_agent, t.certificate
                 FROM auth.sessions s
                 JOIN auth.users c ON c.id = s.user_id AND c.state = 'active'
                 JOIN auth.sessions t ON t.user_id = $3 AND (t.user_id = c.id OR 'admin' = ANY (c.roles))
                 WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $4
                   AND t.ended_at IS NULL AND t.idle_expires_at > $4 AND ($5::uuid IS NULL OR t.id < $5)
                 ORDER BY t.id DESC LIMIT $6",
                caller.user,
                caller.session,
                target,
                now,
                after,
                rows,
            );
            Ok(query.fetch_all(c).await?)
        })
    });
    read.await?.into_iter().map(SessionRow::meaning).collect()
}

/// Whether there is a session, live or not.
pub async fn exists(c: &mut PgConnection, target: Key) -> Result<bool, Error> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM auth.sessions WHERE id = $2 AND user_id = $1) AS "exists!""#,
        target.user,
        target.session,
    );
    Ok(query.fetch_one(c).await?)
}

/// Locks a user until the transaction ends: what works on several sessions of one user takes turns by it.
pub async fn lock_user(c: &mut PgConnection, user: Uuid) -> Result<(), Error> {
    sqlx::query!("SELECT id FROM auth.users WHERE id = $1 FOR NO KEY UPDATE", user).fetch_optional(c).await?;
    Ok(())
}
