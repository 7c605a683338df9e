//! The ends of rows, batch by batch. The statements stand in files of their own, so that their plans are tested as they
//! are sent: each reads one range of an index, and waits for nobody.

use service_kit::postgres::{Error, Work};
use sqlx::PgConnection;
use time::OffsetDateTime;

/// Deletes at most so many of the rows that were over before a time, the oldest first, and says how many there were.
pub type Purge = for<'c> fn(&'c mut PgConnection, OffsetDateTime, i64) -> Work<'c, u64, Error>;

/// Takes the turn of purging until the transaction ends; false if another replica has it.
pub async fn take_turn(c: &mut PgConnection) -> Result<bool, Error> {
    let query = sqlx::query_scalar!(
        r#"SELECT pg_try_advisory_xact_lock(hashtextextended('auth.housekeeping', 0)) AS "taken!""#
    );
    Ok(query.fetch_one(c).await?)
}

/// Sessions that ended or expired.
pub fn sessions(c: &mut PgConnection, before: OffsetDateTime, rows: i64) -> Work<'_, u64, Error> {
    Box::pin(async move {
        Ok(sqlx::query_file!("src/store/purges/sessions.sql", before, rows).execute(c).await?.rows_affected())
    })
}

/// Events.
pub fn events(c: &mut PgConnection, before: OffsetDateTime, rows: i64) -> Work<'_, u64, Error> {
    Box::pin(async move {
        Ok(sqlx::query_file!("src/store/purges/events.sql", before, rows).execute(c).await?.rows_affected())
    })
}

/// Failed attempts that count for nothing any more.
pub fn throttles(c: &mut PgConnection, before: OffsetDateTime, rows: i64) -> Work<'_, u64, Error> {
    Box::pin(async move {
        Ok(sqlx::query_file!("src/store/purges/throttles.sql", before, rows).execute(c).await?.rows_affected())
    })
}

/// Tokens that went out by mail and were not used.
pub fn mail_tokens(c: &mut PgConnection, before: OffsetDateTime, rows: i64) -> Work<'_, u64, Error> {
    Box::pin(async move {
        Ok(sqlx::query_file!("src/store/purges/mail_tokens.sql", before, rows).execute(c).await?.rows_affected())
    })
}

/// Counts of mail.
pub fn mail_allowances(c: &mut PgConnection, before: OffsetDateTime, rows: i64) -> Work<'_, u64, Error> {
    Box::pin(async move {
        Ok(sqlx::query_file!("src/store/purges/mail_allowances.sql", before, rows).execute(c).await?.rows_affected())
    })
}
