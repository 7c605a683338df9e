//! `auth.consumers`.

use std::sync::Arc;

use service_kit::postgres::{Database, Error};
use time::OffsetDateTime;

use crate::consumers::Consumer;
use crate::feed::Cursor;

/// How far a consumer has come, if it is registered.
pub async fn acted_on(database: &Database, name: Arc<str>) -> Result<Option<Cursor>, Error> {
    database
        .read(move |c| {
            Box::pin(async move {
                let query = sqlx::query_scalar!("SELECT cursor FROM auth.consumers WHERE name = $1", &*name);
                Ok(query.fetch_optional(c).await?.map(Cursor::new))
            })
        })
        .await
}

/// Notes how far a consumer has come, unless that is beyond the head of the feed: then false.
pub async fn acknowledge(
    database: &Database,
    name: Arc<str>,
    cursor: Cursor,
    now: OffsetDateTime,
) -> Result<bool, Error> {
    database
        .write(move |c| {
            Box::pin(async move {
                let query = sqlx::query!(
                    "INSERT INTO auth.consumers (name, cursor, seen_at) SELECT $1, $2, $3 FROM auth.feed WHERE head >= $2
                     ON CONFLICT (name) DO UPDATE
                     SET cursor = greatest(consumers.cursor, excluded.cursor), seen_at = excluded.seen_at",
                    &*name,
                    cursor.get(),
                    now,
                );
                Ok(query.execute(c).await?.rows_affected() > 0)
            })
        })
        .await
}

/// All consumers, by name.
pub async fn all(database: &Database) -> Result<Vec<Consumer>, Error> {
    database
        .read(|c| {
            Box::pin(async move {
                let query = sqlx::query!("SELECT name, cursor, seen_at FROM auth.consumers ORDER BY name");
                let consumer = query.map(|row| {
                    let (name, cursor, seen) = (row.name, Cursor::new(row.cursor), row.seen_at);
                    Consumer { name, cursor, seen }
                });
                Ok(consumer.fetch_all(c).await?)
            })
        })
        .await
}

/// Forgets a consumer; false if there is none of this name.
pub async fn forget(database: &Database, name: String) -> Result<bool, Error> {
    database
        .write(move |c| {
            Box::pin(async move {
                let query = sqlx::query!("DELETE FROM auth.consumers WHERE name = $1", name);
                Ok(query.execute(c).await?.rows_affected() > 0)
            })
        })
        .await
}
