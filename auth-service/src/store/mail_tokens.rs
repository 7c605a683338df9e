//! `auth.mail_tokens`. Whoever changes a user's token has locked the user first: a token, a new address and a new
//! password take turns.

use service_kit::postgres::{Database, Error};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::UserRow;
use crate::mail::{Purpose, TokenHash};
use crate::user::User;

/// A token that goes out, without the token.
pub struct Minted<'a> {
    /// Whose it is.
    pub user: Uuid,
    /// What it is good for.
    pub purpose: Purpose,
    /// What is stored of it.
    pub hash: TokenHash,
    /// The address that it goes to.
    pub email: &'a str,
    /// When it was made.
    pub created: OffsetDateTime,
}

/// Stores a token in the place of the user's one before for the same purpose.
pub async fn replace(c: &mut PgConnection, minted: &Minted<'_>) -> Result<(), Error> {
    let query = sqlx::query!(
        "INSERT INTO auth.mail_tokens (user_id, purpose, hash, email, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (user_id, purpose) DO UPDATE
         SET hash = excluded.hash, email = excluded.email, created_at = excluded.created_at,
             expires_at = excluded.expires_at",
        minted.user,
        minted.purpose.as_str(),
        minted.hash.as_bytes(),
        minted.email,
        minted.created,
        minted.created + minted.purpose.life(),
    );
    query.execute(c).await?;
    Ok(())
}

/// Whose a token is, while it is good and its user active. Asked before work that costs; the answer may be out of date.
pub async fn holder(
    database: &Database,
    hash: TokenHash,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<Option<User>, Error> {
    database
        .read(move |c| {
            Box::pin(async move {
                let query = sqlx::query_as!(
                    UserRow,
                    "SELECT u.id, u.username, u.display_name, u.email, u.email_verified_at, u.roles, u.state, u.epoch,
                            u.revision, u.created_at, u.updated_at
                     FROM auth.mail_tokens t JOIN auth.users u ON u.id = t.user_id AND u.state = 'active'
                     WHERE t.hash = $1 AND t.purpose = $2 AND t.expires_at > $3",
                    hash.as_bytes(),
                    purpose.as_str(),
                    now,
                );
                query.fetch_optional(c).await?.map(UserRow::meaning).transpose()
            })
        })
        .await
}

/// Uses a token up, and returns the address that it went to: one statement, so that of many uses at once one succeeds.
pub async fn take(
    c: &mut PgConnection,
    hash: TokenHash,
    purpose: Purpose,
    now: OffsetDateTime,
) -> Result<Option<String>, Error> {
    let query = sqlx::query_scalar!(
        "DELETE FROM auth.mail_tokens WHERE hash = $1 AND purpose = $2 AND expires_at > $3 RETURNING email",
        hash.as_bytes(),
        purpose.as_str(),
        now,
    );
    Ok(query.fetch_optional(c).await?)
}

/// Ends every token of a user.
pub async fn end_all(c: &mut PgConnection, user: Uuid) -> Result<(), Error> {
    sqlx::query!("DELETE FROM auth.mail_tokens WHERE user_id = $1", user).execute(c).await?;
    Ok(())
}
