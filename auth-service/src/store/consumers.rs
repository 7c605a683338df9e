//! `auth.consumers`.

use std::sync::Arc;

use service_kit::postgres::{Database, Error};
use time::OffsetDateTime;

use crate::feed::Cursor;

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
