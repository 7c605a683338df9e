//! The order of `auth.events`. The statements that read it stand in files of their own, so that their plans are tested as
//! they are sent.

use service_kit::postgres::{Database, Error};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::event::{Effect, Kind};
use crate::feed::{Change, Cursor, Revocation, What};

/// Most events that one statement numbers.
const MOST: i32 = 1_000;

/// The channel on which replicas tell each other that there are new numbers.
pub const CHANNEL: &str = "auth_feed";

/// How far the events are numbered.
#[derive(Clone, Copy, Debug)]
pub struct Numbered {
    /// The highest number.
    pub head: Cursor,
    /// How many events got theirs now.
    pub count: i64,
    /// When the oldest of these happened.
    pub oldest: Option<OffsetDateTime>,
}

impl Numbered {
    /// Whether there may be more to number.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.count >= MOST.into()
    }
}

/// Numbers the oldest events that are committed and have no number. Replicas that do so at once take turns.
pub async fn number(database: &Database) -> Result<Numbered, Error> {
    database
        .write(|c| {
            Box::pin(async move {
                let query = sqlx::query!(
                    r#"SELECT head AS "head!", numbered AS "numbered!", oldest FROM auth.number_events($1)"#,
                    MOST,
                );
                let row = query.fetch_one(c).await?;
                Ok(Numbered { head: Cursor::new(row.head), count: row.numbered, oldest: row.oldest })
            })
        })
        .await
}

/// Tells the other replicas that there are new numbers: a hint, which may be lost.
pub async fn ring(database: &Database) -> Result<(), Error> {
    database
        .write(|c| {
            Box::pin(async move {
                sqlx::query!("SELECT pg_notify($1, '')", CHANNEL).execute(c).await?;
                Ok(())
            })
        })
        .await
}

/// The place of the last event.
pub async fn head(database: &Database) -> Result<Cursor, Error> {
    database
        .read(|c| {
            Box::pin(
                async move { Ok(Cursor::new(sqlx::query_scalar!("SELECT head FROM auth.feed").fetch_one(c).await?)) },
            )
        })
        .await
}

/// The place before the first event since a time; the head, if there is none.
pub async fn since(database: &Database, time: OffsetDateTime) -> Result<Cursor, Error> {
    database
        .read(move |c| {
            Box::pin(async move {
                let query = sqlx::query_file_scalar!("src/store/feed/since.sql", time);
                Ok(Cursor::new(query.fetch_one(c).await?))
            })
        })
        .await
}

/// What the events after one place, up to another, mean to those who follow, in order. Of those from before `since` only
/// what is never out of date.
pub async fn between(
    database: &Database,
    after: Cursor,
    upto: Cursor,
    since: OffsetDateTime,
) -> Result<Vec<Change>, Error> {
    let read = database.read(move |c| {
        Box::pin(async move {
            let (after, upto) = (after.get(), upto.get());
            let query = sqlx::query_file_as!(ChangeRow, "src/store/feed/between.sql", after, upto, &followed(), since,);
            Ok(query.fetch_all(c).await?)
        })
    });
    read.await?.into_iter().map(ChangeRow::meaning).collect()
}

/// The deletions of users after one place, up to another, in order, and how far they go: there may be more than `most`.
pub async fn deletions(
    database: &Database,
    after: Cursor,
    upto: Cursor,
    most: i64,
) -> Result<(Cursor, Vec<Change>), Error> {
    let read = database.read(move |c| {
        Box::pin(async move {
            let (after, upto) = (after.get(), upto.get());
            let query = sqlx::query_file_as!(ChangeRow, "src/store/feed/deletions.sql", after, upto, most);
            Ok(query.fetch_all(c).await?)
        })
    });
    let found: Vec<_> = read.await?.into_iter().map(ChangeRow::meaning).collect::<Result<_, _>>()?;
    let full = i64::try_from(found.len()).is_ok_and(|count| count >= most);
    let last = found.last().filter(|_| full).map_or(upto, |last| last.place);
    Ok((last, found))
}

fn followed() -> Vec<String> {
    let followed = Kind::ALL.iter().filter(|kind| kind.effect() != Effect::None);
    followed.map(|kind| kind.as_str().to_owned()).collect()
}

/// A numbered row of `auth.events`.
struct ChangeRow {
    id: Uuid,
    seq: i64,
    at: OffsetDateTime,
    kind: String,
    user_id: Option<Uuid>,
    session_id: Option<Uuid>,
    details: String,
}

/// What those who follow need of the details.
#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Details {
    epoch: i64,
    sessions: Vec<Uuid>,
}

impl ChangeRow {
    fn meaning(self) -> Result<Change, Error> {
        let corrupt = |column| Error::Corrupt { table: "auth.events", column, id: self.id.to_string() };
        let effect = Kind::from_text(&self.kind).ok_or_else(|| corrupt("kind"))?.effect();
        let (id, place, at) = (self.id, Cursor::new(self.seq), self.at);
        if effect == Effect::ChangesKeys {
            return Ok(Change { id, place, at, what: What::Keys });
        }
        let details: Details = serde_json::from_str(&self.details).map_err(|_| corrupt("details"))?;
        let mut sessions = details.sessions;
        if effect == Effect::EndsItsSession {
            sessions.extend(self.session_id);
        }
        let user = self.user_id.ok_or_else(|| corrupt("user_id"))?;
        let deleted = self.kind == Kind::UserDeleted.as_str();
        let revocation = Revocation { user, sessions, least_epoch: details.epoch, deleted };
        Ok(Change { id, place, at, what: What::Revoked(revocation) })
    }
}
