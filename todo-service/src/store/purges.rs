//! The ends of rows, batch by batch. Each waits for nobody.

use service_kit::postgres::{Error, Work};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Deletes at most about so many of the rows that were over before a time, the oldest first, and says how many there were.
pub type Purge = for<'c> fn(&'c mut PgConnection, OffsetDateTime, i64) -> Work<'c, i64, Error>;

/// Takes the turn of purging until the transaction ends; false if another replica has it.
pub async fn take_turn(c: &mut PgConnection) -> Result<bool, Error> {
    let query = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('todo.housekeeping', 0)) AS "taken!""#
    );
    Ok(query.fetch_one(c).await?)
}

/// Todos that were deleted. Their lists are told up to which revision they are not complete any more.
pub fn todos(c: &mut PgConnection, before: OffsetDateTime, rows: i64) -> Work<'_, i64, Error> {
    Box::pin(async move {
        let call = sqlx::query_scalar!(r#"SELECT todo.purge_todos($1, $2) AS "rows!""#, before, rows);
        Ok(call.fetch_one(c).await?)
    })
}

/// Lists that were deleted, with all that is in them.
pub fn lists(c: &mut PgConnection, before: OffsetDateTime, rows: i64) -> Work<'_, i64, Error> {
    Box::pin(async move {
        let call = sqlx::query_scalar!(r#"SELECT todo.purge_lists($1, $2) AS "rows!""#, before, rows);
        Ok(call.fetch_one(c).await?)
    })
}

/// What is known of batches, for those who repeat them.
pub fn batches(c: &mut PgConnection, before: OffsetDateTime, rows: i64) -> Work<'_, i64, Error> {
    Box::pin(async move {
        let delete = sqlx::query!(
            "DELETE FROM todo.batches WHERE (user_id, request_id) IN (
                SELECT b.user_id, b.request_id FROM todo.batches b WHERE b.create_time < $1
                ORDER BY b.create_time LIMIT $2 FOR UPDATE SKIP LOCKED)",
            before,
            rows,
        );
        Ok(i64::try_from(delete.execute(c).await?.rows_affected()).unwrap_or(rows))
    })
}
