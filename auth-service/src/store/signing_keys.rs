//! `auth.signing_keys`.

use service_kit::postgres::{Database, Error};
use time::OffsetDateTime;

use crate::signing_key::Sealed;

/// The key that signs.
pub async fn active(database: &Database) -> Result<Option<Sealed>, Error> {
    database
        .read(|c| {
            Box::pin(async move {
                let query = sqlx::query_as!(
                    Sealed,
                    "SELECT kid, public_key, sealed_key FROM auth.signing_keys WHERE state = 'active'",
                );
                Ok(query.fetch_optional(c).await?)
            })
        })
        .await
}

/// Name and public key of every key, the oldest first.
pub async fn published(database: &Database) -> Result<Vec<(String, Vec<u8>)>, Error> {
    database
        .read(|c| {
            Box::pin(async move {
                let query = sqlx::query!("SELECT kid, public_key FROM auth.signing_keys ORDER BY created_at, kid");
                Ok(query.map(|row| (row.kid, row.public_key)).fetch_all(c).await?)
            })
        })
        .await
}

/// Makes a key the active one, unless there is one.
pub async fn offer(database: &Database, key: Sealed, now: OffsetDateTime) -> Result<(), Error> {
    database
        .write(move |c| {
            Box::pin(async move {
                let query = sqlx::query!(
                    "INSERT INTO auth.signing_keys (kid, state, public_key, sealed_key, created_at)
                     VALUES ($1, 'active', $2, $3, $4)
                     ON CONFLICT (state) WHERE state = 'active' DO NOTHING",
                    key.kid,
                    key.public_key,
                    key.sealed_key,
                    now,
                );
                query.execute(c).await?;
                Ok(())
            })
        })
        .await
}
