//! `auth.sessions`.

use service_kit::peer::Thumbprint;
use service_kit::postgres::{Database, Error};
use service_kit::token::Role;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::row::{SessionRow, roles, user_in};
use crate::session::{EndReason, Fingerprint, Key, Lineage, MOST_PER_USER, Session};
use crate::user::{State, User};

/// A session whose row is locked until the transaction ends, and its user.
pub struct Locked {
    /// What decides about its tokens.
    pub lineage: Lineage,
    /// Of the latest token.
    pub counter: i64,
    /// The session.
    pub session: Session,
    /// Its user.
    pub user: User,
}

/// Adds a session whose first token has the given fingerprint and the counter 1.
pub async fn insert(c: &mut PgConnection, session: &Session, first: &Fingerprint) -> Result<(), Error> {
    let query = sqlx::query!(
        "INSERT INTO auth.sessions (id, user_id, device_name, created_at, current_hash, counter, rotated_at,
                                    idle_expires_at, absolute_expires_at, last_seen_at, peer, address, user_agent,
                                    certificate)
         VALUES ($1, $2, $3, $4, $5, 1, $4, $6, $7, $4, $8, $9, $10, $11)",
        session.key.session,
        session.key.user,
        session.device_name.as_str(),
        session.created,
        first.as_bytes(),
        session.expires,
        session.ends,
        session.origin.peer.as_deref(),
        session.origin.address.map(|address| address.to_string()),
        session.origin.user_agent.as_deref(),
        session.bound_to.as_ref().map(Thumbprint::as_bytes),
    );
    query.execute(c).await?;
    Ok(())
}

/// Ends the oldest live sessions of a user, whose row is locked, so that one more fits, and returns which.
pub async fn end_oldest(c: &mut PgConnection, user: Uuid, now: OffsetDateTime) -> Result<Vec<Uuid>, Error> {
    let query = sqlx::query_scalar!(
        "UPDATE auth.sessions SET ended_at = $2, end_reason = $4
         WHERE id IN (SELECT id FROM auth.sessions
                      WHERE user_id = $1 AND ended_at IS NULL AND idle_expires_at > $2
                      ORDER BY created_at DESC, id DESC OFFSET $3)
           AND ended_at IS NULL
         RETURNING id",
        user,
        now,
        MOST_PER_USER - 1,
        EndReason::Superseded.as_str(),
    );
    Ok(query.fetch_all(c).await?)
}

/// Locks a session and reads it with its user.
pub async fn lock(c: &mut PgConnection, session: Uuid) -> Result<Option<Locked>, Error> {
    let query = sqlx::query!(
        "SELECT s.device_name, s.created_at AS session_created_at, s.current_hash, s.previous_hash, s.counter,
                s.rotated_at, s.idle_expires_at, s.absolute_expires_at, s.ended_at, s.last_seen_at, s.peer, s.address,
                s.user_agent, s.certificate,
                u.id, u.username, u.display_name, u.email, u.email_verified_at, u.roles, u.state, u.epoch, u.revision,
                u.created_at, u.updated_at
         FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id
         WHERE s.id = $1
         FOR NO KEY UPDATE OF s",
        session,
    );
    let Some(row) = query.fetch_optional(c).await? else { return Ok(None) };
    let corrupt = |column| Error::Corrupt { table: "auth.sessions", column, id: session.to_string() };
    let hash = |bytes: &[u8], column| Fingerprint::from_bytes(bytes).ok_or_else(|| corrupt(column));
    let current = hash(&row.current_hash, "current_hash")?;
    let previous = row.previous_hash.map(|bytes| hash(&bytes, "previous_hash")).transpose()?;
    let (counter, rotated_at, over) = (row.counter, row.rotated_at, row.ended_at.is_some());
    let described = SessionRow {
        id: session,
        user_id: row.id,
        device_name: row.device_name,
        created_at: row.session_created_at,
        idle_expires_at: row.idle_expires_at,
        absolute_expires_at: row.absolute_expires_at,
        last_seen_at: row.last_seen_at,
        peer: row.peer,
        address: row.address,
        user_agent: row.user_agent,
        certificate: row.certificate,
    };
    let (user, session) = (user_in!(row)?, described.meaning()?);
    let ended = over || user.state == State::Disabled;
    let lineage = Lineage { current, previous, rotated_at, expires: session.expires, ended };
    Ok(Some(Locked { lineage, counter, session, user }))
}

/// Puts a successor in the place of the latest token.
pub async fn rotate(
    c: &mut PgConnection,
    session: &Session,
    counter: i64,
    successor: &Fingerprint,
    now: OffsetDateTime,
) -> Result<(), Error> {
    let query = sqlx::query!(
        "UPDATE auth.sessions
         SET previous_hash = current_hash, current_hash = $2, counter = $3, rotated_at = $4, idle_expires_at = $5,
             last_seen_at = $6, peer = $7, address = $8, user_agent = $9
         WHERE id = $1",
        session.key.session,
        successor.as_bytes(),
        counter,
        now,
        session.expires,
        session.seen,
        session.origin.peer.as_deref(),
        session.origin.address.map(|address| address.to_string()),
        session.origin.user_agent.as_deref(),
    );
    query.execute(c).await?;
    Ok(())
}

/// Ends a session; false if it is not there or has ended already.
pub async fn end(c: &mut PgConnection, key: Key, reason: EndReason, now: OffsetDateTime) -> Result<bool, Error> {
    let query = sqlx::query!(
        "UPDATE auth.sessions SET ended_at = $3, end_reason = $4 WHERE id = $2 AND user_id = $1 AND ended_at IS NULL",
        key.user,
        key.session,
        now,
        reason.as_str(),
    );
    Ok(query.execute(c).await?.rows_affected() > 0)
}

/// Ends the live sessions of a user, whose row is locked, but for `kept`, and returns which.
pub async fn end_all(
    c: &mut PgConnection,
    user: Uuid,
    kept: Option<Uuid>,
    reason: EndReason,
    now: OffsetDateTime,
) -> Result<Vec<Uuid>, Error> {
    let query = sqlx::query_scalar!(
        "UPDATE auth.sessions SET ended_at = $3, end_reason = $4
         WHERE user_id = $1 AND ended_at IS NULL AND idle_expires_at > $3 AND id IS DISTINCT FROM $2
         RETURNING id",
        user,
        kept,
        now,
        reason.as_str(),
    );
    Ok(query.fetch_all(c).await?)
}

/// The roles that a user has now, if the session is alive, the user active, and the epoch of the token not over.
pub async fn roles_now(
    database: &Database,
    key: Key,
    epoch: i64,
    now: OffsetDateTime,
) -> Result<Option<Vec<Role>>, Error> {
    database
        .read(move |c| {
            Box::pin(async move {
                let query = sqlx::query_scalar!(
                    "SELECT u.roles
                     FROM auth.sessions s JOIN auth.users u ON u.id = s.user_id AND u.state = 'active' AND u.epoch <= $3
                     WHERE s.id = $2 AND s.user_id = $1 AND s.ended_at IS NULL AND s.idle_expires_at > $4",
                    key.user,
                    key.session,
                    epoch,
                    now,
                );
                let corrupt = || Error::Corrupt { table: "auth.users", column: "roles", id: key.user.to_string() };
                query.fetch_optional(c).await?.map(|texts| roles(&texts).ok_or_else(corrupt)).transpose()
            })
        })
        .await
}
