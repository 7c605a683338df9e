//! What administrators do to users, under locks that keep an active admin.

use service_kit::postgres::Error;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{UserRow, role_texts, state_text};
use crate::user::{Role, State, User};

/// Locks the user `target` and all active admins until the transaction ends, in one order, and returns them as they are
/// then. Whoever wants to demote, disable or delete waits here for whoever is doing so.
pub async fn lock(c: &mut PgConnection, target: Uuid) -> Result<Vec<User>, Error> {
    let admins =
        sqlx::query_scalar!("SELECT id FROM auth.users WHERE state = 'active' AND ('admin' = ANY (roles)) = true");
    let mut ids = admins.fetch_all(&mut *c).await?;
    ids.push(target);
    let query = sqlx::query_as!(
        UserRow,
        "SELECT id, username, display_name, email, email_verified_at, roles, state, epoch, revision, created_at, updated_at
         FROM auth.users WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE",
        &ids,
    );
    query.fetch_all(c).await?.into_iter().map(UserRow::meaning).collect()
}

/// Replaces the roles of a user, whose row is locked.
pub async fn set_roles(c: &mut PgConnection, user: Uuid, roles: &[Role], now: OffsetDateTime) -> Result<User, Error> {
    let query = sqlx::query_as!(
        UserRow,
        "UPDATE auth.users SET roles = $2, epoch = epoch + 1, revision = revision + 1, updated_at = $3 WHERE id = $1
         RETURNING id, username, display_name, email, email_verified_at, roles, state, epoch, revision, created_at,
                   updated_at",
        user,
        &role_texts(roles),
        now,
    );
    query.fetch_one(c).await?.meaning()
}

/// Disables or enables a user, whose row is locked.
pub async fn set_state(c: &mut PgConnection, user: Uuid, state: State, now: OffsetDateTime) -> Result<User, Error> {
    let query = sqlx::query_as!(
        UserRow,
        "UPDATE auth.users SET state = $2, epoch = epoch + 1, revision = revision + 1, updated_at = $3 WHERE id = $1
         RETURNING id, username, display_name, email, email_verified_at, roles, state, epoch, revision, created_at,
                   updated_at",
        user,
        state_text(state),
        now,
    );
    query.fetch_one(c).await?.meaning()
}

/// Deletes a user, whose row is locked, with everything of theirs.
pub async fn delete(c: &mut PgConnection, user: Uuid) -> Result<(), Error> {
    sqlx::query!("DELETE FROM auth.users WHERE id = $1", user).execute(c).await?;
    Ok(())
}
