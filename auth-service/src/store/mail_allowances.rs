//! `auth.mail_allowances`.

use service_kit::postgres::Error;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

/// Counts a mail, and says whether it may go: `most` an hour from the first of them on, and where there is a `spacing` none
/// sooner after another. One statement, so that mails at once count one after the other.
pub async fn take(
    c: &mut PgConnection,
    key: &[u8],
    most: i32,
    spacing: Option<Duration>,
    now: OffsetDateTime,
) -> Result<bool, Error> {
    let query = sqlx::query_scalar!(
        "INSERT INTO auth.mail_allowances AS a (key, opened_at, last_at, count) VALUES ($1, $2, $2, 1)
         ON CONFLICT (key) DO UPDATE
         SET opened_at = CASE WHEN a.opened_at <= $3 THEN $2 ELSE a.opened_at END,
             count = CASE WHEN a.opened_at <= $3 THEN 1 ELSE a.count + 1 END,
             last_at = $2
         WHERE ($4::timestamptz IS NULL OR a.last_at <= $4) AND (a.opened_at <= $3 OR a.count < $5)
         RETURNING count",
        key,
        now,
        now - Duration::HOUR,
        spacing.map(|spacing| now - spacing),
        most,
    );
    Ok(query.fetch_optional(c).await?.is_some())
}
