//! The email addresses in `auth.users`: whose they are, and whether that is proven.

use service_kit::postgres::Error;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::UserRow;
use crate::session::Key;
use crate::user::{Email, User};

/// Locks an active user until the transaction ends.
pub async fn lock(c: &mut PgConnection, user: Uuid) -> Result<Option<User>, Error> {
    let query = sqlx::query_as!(
        UserRow,
        "SELECT id, username, display_name, email, email_verified_at, roles, state, epoch, revision, created_at, updated_at
         FROM auth.users WHERE id = $1 AND state = 'active' FOR NO KEY UPDATE",
        user,
    );
    query.fetch_optional(c).await?.map(UserRow::meaning).transpose()
}

/// Locks the active user whose verified address this is, until the transaction ends.
pub async fn lock_owner(c: &mut PgConnection, email: &Email) -> Result<Option<User>, Error> {
    let query = sqlx::query_as!(
        UserRow,
        "SELECT id, username, display_name, email, email_verified_at, roles, state, epoch, revision, created_at, updated_at
         FROM auth.users WHERE lower(email) = lower($1) AND email_verified_at IS NOT NULL AND state = 'active'
         FOR NO KEY UPDATE",
        email.as_str(),
    );
    query.fetch_optional(c).await?.map(UserRow::meaning).transpose()
}

/// Whether somebody has verified the address.
pub async fn is_owned(c: &mut PgConnection, email: &Email) -> Result<bool, Error> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM auth.users
                          WHERE lower(email) = lower($1) AND email_verified_at IS NOT NULL) AS "owned!""#,
        email.as_str(),
    );
    Ok(query.fetch_one(c).await?)
}

/// Locks the user `target` until the transaction ends, for a caller who may change it, and returns it as it then is.
pub async fn lock_for(
    c: &mut PgConnection,
    caller: Key,
    target: Uuid,
    now: OffsetDateTime,
) -> Result<Option<User>, Error> {
    let query = sqlx::query_as!(
        UserRow,
        "SELECT u.id, u.username, u.display_name, u.email, u.email_verified_at, u.roles, u.state, u.epoch, u.revision,
                u.created_at, u.updated_at
         FROM auth.sessions s
         JOIN auth.users c ON c.id = s.user_id AND c.state = 'active'
         JOIN auth.users u ON u.id = $3 AND (u.id = c.id OR 'admin' = ANY (c.roles))
         WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $4
         FOR NO KEY UPDATE OF u",
        caller.user,
        caller.session,
        target,
        now,
    );
    query.fetch_optional(c).await?.map(UserRow::meaning).transpose()
}

/// Notes that a user, whose row is locked, has answered mail to this address; false if it is not theirs any more.
/// [`Error::Conflict`] with [`super::constraint::USERS_VERIFIED_EMAIL_KEY`] if somebody else has done so before.
pub async fn verify(c: &mut PgConnection, user: Uuid, email: &str, now: OffsetDateTime) -> Result<bool, Error> {
    let query = sqlx::query!(
        "UPDATE auth.users SET email_verified_at = $3, revision = revision + 1, updated_at = $3
         WHERE id = $1 AND email = $2 AND email_verified_at IS NULL",
        user,
        email,
        now,
    );
    Ok(query.execute(c).await?.rows_affected() > 0)
}
