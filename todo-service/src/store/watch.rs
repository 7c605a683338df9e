//! How far lists are, for those who watch them, and the hint that one has moved.

use service_kit::postgres::{Database, Error};
use uuid::Uuid;

use crate::list::ListId;
use crate::revision::Revision;
use crate::watch::Head;

/// The channel on which replicas tell each other that something was committed.
pub const CHANNEL: &str = "todo_watch";

struct HeadRow {
    id: Uuid,
    revision: i64,
    own_revision: i64,
    purged_revision: i64,
}

impl From<HeadRow> for Head {
    fn from(row: HeadRow) -> Self {
        Self {
            list: ListId::new(row.id),
            revision: Revision::new(row.revision),
            own_revision: Revision::new(row.own_revision),
            purged_revision: Revision::new(row.purged_revision),
        }
    }
}

/// How far a list is, if the user is a member.
pub async fn head(database: &Database, user: Uuid, list: ListId) -> Result<Option<Head>, Error> {
    let found = database.read(move |c| {
        Box::pin(async move {
            let query = sqlx::query_as!(
                HeadRow,
                "SELECT l.id, l.revision, l.own_revision, l.purged_revision
                FROM todo.list_members m JOIN todo.lists l ON l.id = m.list_id
                WHERE m.user_id = $1 AND m.list_id = $2",
                user,
                list.uuid(),
            );
            Ok(query.fetch_optional(c).await?)
        })
    });
    Ok(found.await?.map(Head::from))
}

/// How far all lists are of which the user is a member, in the order of their ids.
pub async fn heads(database: &Database, user: Uuid) -> Result<Vec<Head>, Error> {
    let found = database.read(move |c| {
        Box::pin(async move {
            let query = sqlx::query_as!(
                HeadRow,
                "SELECT l.id, l.revision, l.own_revision, l.purged_revision
                FROM todo.list_members m JOIN todo.lists l ON l.id = m.list_id
                WHERE m.user_id = $1
                ORDER BY m.list_id",
                user,
            );
            Ok(query.fetch_all(c).await?)
        })
    });
    Ok(found.await?.into_iter().map(Head::from).collect())
}

/// The revisions of these lists, whoever may see them; of one that is gone, none.
pub async fn revisions(database: &Database, lists: &[ListId]) -> Result<Vec<(ListId, Revision)>, Error> {
    let ids: Vec<Uuid> = lists.iter().map(|list| list.uuid()).collect();
    let found = database.read(move |c| {
        Box::pin(async move {
            let query = sqlx::query!("SELECT id, revision FROM todo.lists WHERE id = ANY ($1)", &ids);
            Ok(query.fetch_all(c).await?)
        })
    });
    Ok(found.await?.into_iter().map(|row| (ListId::new(row.id), Revision::new(row.revision))).collect())
}

/// Tells the other replicas that something was committed: a hint, which may be lost.
pub async fn ring(database: &Database) -> Result<(), Error> {
    let rung = database.write(|c| {
        Box::pin(async move {
            sqlx::query!("SELECT pg_notify($1, '')", CHANNEL).execute(c).await?;
            Ok(())
        })
    });
    rung.await
}
