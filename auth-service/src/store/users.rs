//! `auth.users`. Statements for a caller find nothing unless the caller's session is alive, the caller is not disabled and
//! is the user, or an admin now (not when the token was signed).

use service_kit::postgres::{Database, Error};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::passwords::Stored;
use super::row::{UserRow, role_texts, state_text, user_in};
use crate::session::Key;
use crate::user::{Changes, DisplayName, Email, Identifier, User, Username};

/// What a caller is to a user that a statement did not find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The caller's session is over, or the caller was disabled.
    Ended,
    /// The user is not there for this caller.
    Stranger,
    /// The caller may read and change the user.
    Permitted,
}

/// Adds a user. [`Error::Conflict`] with [`super::constraint::USERS_USERNAME_KEY`] if the name is taken.
pub async fn insert(c: &mut PgConnection, user: &User, password_hash: &str) -> Result<(), Error> {
    let query = sqlx::query!(
        "INSERT INTO auth.users (id, username, display_name, email, password_hash, roles, state, epoch, revision,
                                 created_at, updated_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        user.id,
        user.username.as_str(),
        user.display_name.as_str(),
        user.email.as_ref().map(Email::as_str),
        password_hash,
        &role_texts(&user.roles),
        state_text(user.state),
        user.epoch,
        user.revision,
        user.created,
        user.updated,
    );
    query.execute(c).await?;
    Ok(())
}

/// The user of a username or of a verified email address, and the password.
pub async fn by_identifier(database: &Database, identifier: Identifier) -> Result<Option<(User, Stored)>, Error> {
    database
        .read(move |c| {
            Box::pin(async move {
                let query = sqlx::query!(
                    "SELECT id, username, display_name, email, email_verified_at, roles, state, epoch, revision,
                            created_at, updated_at, password_hash, password_revision
                     FROM auth.users
                     WHERE lower(username) = $1 OR (lower(email) = $1 AND email_verified_at IS NOT NULL)",
                    identifier.as_str(),
                );
                let Some(found) = query.fetch_optional(c).await? else { return Ok(None) };
                let stored = Stored { phc: found.password_hash, revision: found.password_revision };
                Ok(Some((user_in!(found)?, stored)))
            })
        })
        .await
}

/// Locks a user until the transaction ends. False if the user is gone, disabled, or has another password.
pub async fn lock_unchanged(c: &mut PgConnection, user: Uuid, password_revision: i64) -> Result<bool, Error> {
    let query = sqlx::query!(
        r#"SELECT state = 'active' AND password_revision = $2 AS "unchanged!"
           FROM auth.users WHERE id = $1 FOR NO KEY UPDATE"#,
        user,
        password_revision,
    );
    Ok(query.fetch_optional(c).await?.is_some_and(|row| row.unchanged))
}

/// The user `target`, for a caller.
pub async fn get(database: &Database, caller: Key, target: Uuid, now: OffsetDateTime) -> Result<Option<User>, Error> {
    database
        .read(move |c| {
            Box::pin(async move {
                let query = sqlx::query_as!(
                    UserRow,
                    "SELECT u.id, u.username, u.display_name, u.email, u.email_verified_at, u.roles, u.state, u.epoch,
                            u.revision, u.created_at, u.updated_at
                     FROM auth.sessions s
                     JOIN auth.users c ON c.id = s.user_id AND c.state = 'active'
                     JOIN auth.users u ON u.id = $3 AND (u.id = c.id OR 'admin' = ANY (c.roles))
                     WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $4",
                    caller.user,
                    caller.session,
                    target,
                    now,
                );
                query.fetch_optional(c).await?.map(UserRow::meaning).transpose()
            })
        })
        .await
}

/// Changes the user `target`, for a caller, if it is at `revision` where one is given. One that is so already keeps its
/// revision and its time. [`Error::Conflict`] with [`super::constraint::USERS_USERNAME_KEY`] if the new name is taken.
pub async fn update(
    c: &mut PgConnection,
    caller: Key,
    target: Uuid,
    changes: &Changes,
    revision: Option<i64>,
    now: OffsetDateTime,
) -> Result<Option<User>, Error> {
    let query = sqlx::query_as!(
        UserRow,
        "UPDATE auth.users u
         SET username = coalesce($9, u.username),
             display_name = coalesce($6, u.display_name),
             email = CASE WHEN $7 THEN $8 ELSE u.email END,
             email_verified_at = CASE WHEN $7 AND $8 IS DISTINCT FROM u.email THEN NULL ELSE u.email_verified_at END,
             revision = u.revision + CASE WHEN coalesce($6, u.display_name) = u.display_name AND coalesce($9, u.username) = u.username
                               AND (NOT $7 OR $8 IS NOT DISTINCT FROM u.email)
                                          THEN 0 ELSE 1 END,
             updated_at = CASE WHEN coalesce($6, u.display_name) = u.display_name AND coalesce($9, u.username) = u.username
                               AND (NOT $7 OR $8 IS NOT DISTINCT FROM u.email)
                               THEN u.updated_at ELSE $4 END
         FROM auth.sessions s
         JOIN auth.users c ON c.id = s.user_id AND c.state = 'active'
         WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $4
           AND u.id = $3 AND (u.id = c.id OR 'admin' = ANY (c.roles))
           AND ($5::bigint IS NULL OR u.revision = $5)
         RETURNING u.id, u.username, u.display_name, u.email, u.email_verified_at, u.roles, u.state,
                   u.epoch, u.revision, u.created_at, u.updated_at",
        caller.user,
        caller.session,
        target,
        now,
        revision,
        changes.display_name.as_ref().map(DisplayName::as_str),
        changes.email.is_some(),
        changes.email.as_ref().and_then(Option::as_ref).map(Email::as_str),
        changes.username.as_ref().map(Username::as_str),
    );
    query.fetch_optional(c).await?.map(UserRow::meaning).transpose()
}

/// What a caller is to the user `target`: asked when a statement found nothing.
pub async fn standing(database: &Database, caller: Key, target: Uuid, now: OffsetDateTime) -> Result<Standing, Error> {
    database.read(move |c| Box::pin(standing_in(c, caller, target, now))).await
}

/// What a caller is to the user `target`, whether or not there is one.
pub async fn standing_in(
    c: &mut PgConnection,
    caller: Key,
    target: Uuid,
    now: OffsetDateTime,
) -> Result<Standing, Error> {
    let query = sqlx::query_scalar!(
        r#"SELECT EXISTS (SELECT FROM auth.users u
                          WHERE u.id = $3 AND (u.id = c.id OR 'admin' = ANY (c.roles))) AS "permitted!"
           FROM auth.sessions s
           JOIN auth.users c ON c.id = s.user_id AND c.state = 'active'
           WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $4"#,
        caller.user,
        caller.session,
        target,
        now,
    );
    Ok(Standing::of(query.fetch_optional(c).await?))
}

/// What a caller is to users in general: permitted as an admin, a stranger otherwise.
pub async fn standing_among_admins(database: &Database, caller: Key, now: OffsetDateTime) -> Result<Standing, Error> {
    database
        .read(move |c| {
            Box::pin(async move {
                let query = sqlx::query_scalar!(
                    r#"SELECT 'admin' = ANY (c.roles) AS "permitted!"
                       FROM auth.sessions s
                       JOIN auth.users c ON c.id = s.user_id AND c.state = 'active'
                       WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $3"#,
                    caller.user,
                    caller.session,
                    now,
                );
                Ok(Standing::of(query.fetch_optional(c).await?))
            })
        })
        .await
}

impl Standing {
    /// Whether the caller is permitted; nothing if their session is over.
    fn of(permitted: Option<bool>) -> Self {
        match permitted {
            None => Self::Ended,
            Some(true) => Self::Permitted,
            Some(false) => Self::Stranger,
        }
    }
}
