//! `auth.outbox`.

use service_kit::postgres::{Database, Error};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// An errand on its way into the outbox.
pub struct Entry {
    /// Ordered by time.
    pub id: Uuid,
    /// The errand, sealed with the id as context.
    pub sealed: Vec<u8>,
    /// When it was left.
    pub created: OffsetDateTime,
    /// From when on it is not worth doing.
    pub expires: OffsetDateTime,
}

/// An errand that is being worked on.
pub struct Claimed {
    /// Which one.
    pub id: Uuid,
    /// The errand, sealed with the id as context.
    pub sealed: Vec<u8>,
    /// From when on it is not worth doing.
    pub expires: OffsetDateTime,
    /// How often it was begun, this time included.
    pub attempts: i32,
    /// Whether the limits on mail have let it pass.
    pub admitted: bool,
}

/// Leaves an errand, in the transaction of its cause. It is due at once.
pub async fn insert(c: &mut PgConnection, entry: &Entry) -> Result<(), Error> {
    let query = sqlx::query!(
        "INSERT INTO auth.outbox (id, sealed, created_at, due_at, expires_at, attempts) VALUES ($1, $2, $3, $3, $4, 0)",
        entry.id,
        entry.sealed,
        entry.created,
        entry.expires,
    );
    query.execute(c).await?;
    Ok(())
}

/// Takes up to `most` errands that are due, the longest waiting first. Nobody else gets them before `until`, and nobody
/// waits for who is taking others.
pub async fn claim(
    database: &Database,
    now: OffsetDateTime,
    until: OffsetDateTime,
    most: i64,
) -> Result<Vec<Claimed>, Error> {
    database
        .write(move |c| {
            Box::pin(async move {
                let query = sqlx::query_file_as!(Claimed, "src/store/outbox/claim.sql", now, until, most);
                Ok(query.fetch_all(c).await?)
            })
        })
        .await
}

/// Notes that the limits on mail have let an errand pass.
pub async fn admit(c: &mut PgConnection, id: Uuid, now: OffsetDateTime) -> Result<(), Error> {
    sqlx::query!("UPDATE auth.outbox SET admitted_at = $2 WHERE id = $1", id, now).execute(c).await?;
    Ok(())
}

/// Puts an errand off until `due`, unless somebody else has begun it meanwhile.
pub async fn defer(database: &Database, id: Uuid, attempts: i32, due: OffsetDateTime) -> Result<(), Error> {
    database
        .write(move |c| {
            Box::pin(async move {
                let query = sqlx::query!(
                    "UPDATE auth.outbox SET due_at = $3 WHERE id = $1 AND attempts = $2",
                    id,
                    attempts,
                    due,
                );
                query.execute(c).await?;
                Ok(())
            })
        })
        .await
}

/// Forgets an errand: it is done, or will never be.
pub async fn remove(database: &Database, id: Uuid) -> Result<(), Error> {
    database
        .write(move |c| {
            Box::pin(async move {
                sqlx::query!("DELETE FROM auth.outbox WHERE id = $1", id).execute(c).await?;
                Ok(())
            })
        })
        .await
}
