//! `auth.throttles`.

use service_kit::postgres::Error;
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::throttle::{Attempt, DELAYS, MEMORY, Subject};

/// What became of an attempt.
pub enum Reserved {
    /// It is admitted; the next one is from this time on.
    Next(OffsetDateTime),
    /// None is until this time.
    Blocked(OffsetDateTime),
}

/// Counts an attempt now, if one is admitted, by one statement. A refused one writes nothing: a guesser who does not
/// wait costs a look at an index.
pub async fn reserve(c: &mut PgConnection, subject: Subject, now: OffsetDateTime) -> Result<Reserved, Error> {
    let query = sqlx::query!(
        r#"WITH blocked AS (
               SELECT blocked_until FROM auth.throttles WHERE key = $1 AND blocked_until > $2
           ), reserved AS (
               INSERT INTO auth.throttles AS t (key, failures, blocked_until, last_at)
               SELECT $1, 1, $2 + make_interval(secs => ($3::float8[])[1]), $2 WHERE NOT EXISTS (SELECT FROM blocked)
               ON CONFLICT ON CONSTRAINT throttles_pkey DO UPDATE
               SET (failures, blocked_until, last_at) = (
                   SELECT failure, $2 + make_interval(secs => ($3::float8[])[failure]), $2
                   FROM (SELECT CASE WHEN t.last_at > $4 THEN least(t.failures + 1, cardinality($3::float8[])) ELSE 1 END
                        ) AS this (failure)
               )
               WHERE t.blocked_until <= $2
               RETURNING t.blocked_until
           )
           SELECT (SELECT blocked_until FROM blocked) AS blocked, (SELECT blocked_until FROM reserved) AS next"#,
        subject.as_bytes(),
        now,
        &DELAYS,
        now - MEMORY,
    );
    let row = query.fetch_one(c).await?;
    // Neither: another attempt came first at this very moment, and began a delay, of which the least is a second.
    let blocked = row.blocked.unwrap_or(now + Duration::SECOND);
    Ok(row.next.map_or(Reserved::Blocked(blocked), Reserved::Next))
}

/// Takes back an attempt. The delay that it began ends with it, unless another attempt has begun one since.
pub async fn give_back(c: &mut PgConnection, attempt: Attempt) -> Result<(), Error> {
    let query = sqlx::query!(
        "UPDATE auth.throttles
         SET failures = failures - 1, blocked_until = CASE blocked_until WHEN $2 THEN last_at ELSE blocked_until END
         WHERE key = $1 AND failures > 0",
        attempt.subject.as_bytes(),
        attempt.next,
    );
    query.execute(c).await?;
    Ok(())
}

/// Forgets the failures of those who have shown who they are.
pub async fn clear(c: &mut PgConnection, subjects: &[Subject]) -> Result<(), Error> {
    let keys: Vec<_> = subjects.iter().map(|subject| subject.as_bytes().to_vec()).collect();
    sqlx::query!("DELETE FROM auth.throttles WHERE key = ANY ($1)", &keys).execute(c).await?;
    Ok(())
}
