//! `auth.signing_keys`.

use service_kit::postgres::{Database, Error};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::signing_key::{Sealed, Stage, Stored};

/// All keys, the oldest first.
pub async fn all(database: &Database) -> Result<Vec<Stored>, Error> {
    database.read(|c| Box::pin(all_in(c))).await
}

/// All keys, the oldest first, inside a unit of work.
pub async fn all_in(c: &mut PgConnection) -> Result<Vec<Stored>, Error> {
    let query = sqlx::query_as!(
        KeyRow,
        "SELECT kid, public_key, sealed_key, created_at, activated_at, retired_at
         FROM auth.signing_keys ORDER BY created_at, kid",
    );
    Ok(query.fetch_all(c).await?.into_iter().map(KeyRow::meaning).collect())
}

/// Keeps everybody else from changing keys until the transaction ends. Reading goes on.
pub async fn lock(c: &mut PgConnection) -> Result<(), Error> {
    sqlx::query!("LOCK TABLE auth.signing_keys IN SHARE ROW EXCLUSIVE MODE").execute(c).await?;
    Ok(())
}

/// Makes a key the active one, unless there is one.
pub async fn offer(database: &Database, key: Sealed, now: OffsetDateTime) -> Result<(), Error> {
    database
        .write(move |c| {
            Box::pin(async move {
                let query = sqlx::query!(
                    "INSERT INTO auth.signing_keys (kid, state, public_key, sealed_key, created_at, activated_at)
                     VALUES ($1, 'active', $2, $3, $4, $4)
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

/// Adds a key that waits.
pub async fn publish(c: &mut PgConnection, key: &Sealed, now: OffsetDateTime) -> Result<(), Error> {
    let query = sqlx::query!(
        "INSERT INTO auth.signing_keys (kid, state, public_key, sealed_key, created_at)
         VALUES ($1, 'pending', $2, $3, $4)",
        key.kid,
        key.public_key,
        key.sealed_key,
        now,
    );
    query.execute(c).await?;
    Ok(())
}

/// Retires the key that signs, if there is one.
pub async fn retire(c: &mut PgConnection, now: OffsetDateTime) -> Result<(), Error> {
    sqlx::query!("UPDATE auth.signing_keys SET state = 'retired', retired_at = $1 WHERE state = 'active'", now)
        .execute(c)
        .await?;
    Ok(())
}

/// Lets a key sign that waits.
pub async fn activate(c: &mut PgConnection, kid: &str, now: OffsetDateTime) -> Result<(), Error> {
    let query = sqlx::query!(
        "UPDATE auth.signing_keys SET state = 'active', activated_at = $2 WHERE kid = $1 AND state = 'pending'",
        kid,
        now,
    );
    query.execute(c).await?;
    Ok(())
}

/// Deletes a key.
pub async fn delete(c: &mut PgConnection, kid: &str) -> Result<(), Error> {
    sqlx::query!("DELETE FROM auth.signing_keys WHERE kid = $1", kid).execute(c).await?;
    Ok(())
}

/// A row of `auth.signing_keys`; its state follows from its times.
struct KeyRow {
    kid: String,
    public_key: Vec<u8>,
    sealed_key: Vec<u8>,
    created_at: OffsetDateTime,
    activated_at: Option<OffsetDateTime>,
    retired_at: Option<OffsetDateTime>,
}

impl KeyRow {
    fn meaning(self) -> Stored {
        let stage = match (self.activated_at, self.retired_at) {
            (None, _) => Stage::Pending { since: self.created_at },
            (Some(since), None) => Stage::Active { since },
            (Some(_), Some(since)) => Stage::Retired { since },
        };
        let Self { kid, public_key, sealed_key, .. } = self;
        Stored { key: Sealed { kid, public_key, sealed_key }, stage }
    }
}
