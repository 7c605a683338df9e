//! The passwords in `auth.users`.

use service_kit::postgres::{Database, Error};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::session::Key;

/// A stored password.
pub struct Stored {
    /// Its hash, as a PHC string.
    pub phc: String,
    /// Which one it is of all that the user chose: tells whether it has changed.
    pub revision: i64,
}

/// The caller's password, if their session is alive and they are not disabled.
pub async fn of_caller(database: &Database, caller: Key, now: OffsetDateTime) -> Result<Option<Stored>, Error> {
    database
        .read(move |c| {
            Box::pin(async move {
                let query = sqlx::query_as!(
                    Stored,
                    "SELECT c.password_hash AS phc, c.password_revision AS revision
                     FROM auth.sessions s JOIN auth.users c ON c.id = s.user_id AND c.state = 'active'
                     WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $3",
                    caller.user,
                    caller.session,
                    now,
                );
                Ok(query.fetch_optional(c).await?)
            })
        })
        .await
}

/// Replaces the password of a user, whose row is locked, and returns the new epoch.
pub async fn replace(c: &mut PgConnection, user: Uuid, hash: &str, now: OffsetDateTime) -> Result<i64, Error> {
    let query = sqlx::query_scalar!(
        "UPDATE auth.users SET password_hash = $2, password_revision = password_revision + 1, epoch = epoch + 1, updated_at = $3
         WHERE id = $1 RETURNING epoch",
        user,
        hash,
        now,
    );
    Ok(query.fetch_one(c).await?)
}

/// Replaces the hash of the same password of a user, whose row is locked.
pub async fn renew(c: &mut PgConnection, user: Uuid, hash: &str) -> Result<(), Error> {
    sqlx::query!("UPDATE auth.users SET password_hash = $2 WHERE id = $1", user, hash).execute(c).await?;
    Ok(())
}
